"""The house keeps its order: floors, rooms, no circles, and nothing that grows unseen."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "xaicourse"
ROOMS = sorted((PACKAGE / "course" / "lessons").glob("l[0-9][0-9]_*/"))
TEXTS = ("lesson.py", "sheet.py")  # the texts of a lesson: never imported

# A file imports from floors below its own, and from its own folder: the floors of the picture.
_SPECIFICATION = spec_from_file_location("draw_floors", ROOT / "tools" / "draw_floors.py")
_PICTURE = module_from_spec(_SPECIFICATION)
_SPECIFICATION.loader.exec_module(_PICTURE)
FLOORS = {name: floor for name, (floor, _, _) in _PICTURE.BOXES.items()}
NEIGHBOURS = _PICTURE.NEIGHBOURS
# They hand names on to whoever asks, so they stand above all floors.
DOORS = {"__init__.py", "__main__.py", "plot/__init__.py", "widgets/__init__.py"}
TOP = {"__version__", "_from_course"}  # what a file may ask of the package itself


# ---------------------------------------------------------------- imports


def modules_in(source: str) -> set[str]:
    """Return the modules of the package that a source names in an import, anywhere in it.

    Imports inside functions count, those for type checkers, and those by text; an f-string counts
    up to its first hole.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and called(node) == "import_module" and node.args:
            found |= {text for text in texts(node.args[0]) if text}
    return {name for name in found if name.split(".")[0] == "xaicourse"}


def called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def texts(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        return [str(node.values[0].value)]
    return []


@cache
def sources() -> dict[str, str]:
    """Return path below the package -> text, of all files but the texts of lessons."""
    return {
        file.relative_to(PACKAGE).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(PACKAGE.rglob("*.py"))
        if file.name not in TEXTS
    }


def floor_of(dotted: str) -> str:
    """Return the key of FLOORS that a path or a dotted name belongs to."""
    parts = dotted.removeprefix("xaicourse.").removesuffix(".py").replace("/", ".").split(".")
    name = ".".join(parts[:2]) if parts[0] == "course" else parts[0]
    return "" if name in ("course", "course.__init__") else name


def arrows_up(path: str, source: str) -> list[str]:
    """Return the imports of a file that lead to its own floor or above it."""
    here = floor_of(path)
    wrong = []
    for module in modules_in(source):
        if module.count(".") == 0 or module.split(".")[1] in TOP:
            if module == "xaicourse":
                wrong.append(f"{path} imports the whole package")
            continue
        there = floor_of(module)
        if there in ("", here) or (here, there) in NEIGHBOURS:
            continue
        if there not in FLOORS or FLOORS[there] >= FLOORS[here]:
            wrong.append(f"{path} imports {module}")
    return wrong


def test_every_folder_stands_on_a_floor():
    homeless = {
        path for path in sources() if floor_of(path) not in {*FLOORS, "", "__init__", "__main__"}
    }
    assert homeless == set()


def test_arrows_go_down_only():
    files = {path: text for path, text in sources().items() if path not in DOORS}
    wrong = [arrow for path, text in files.items() if floor_of(path) for arrow in
             arrows_up(path, text)]  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("core/a.py", "from xaicourse.methods import gradient"),
        ("core/a.py", "def f():\n    import_module('xaicourse.methods.all')"),
        ("core/a.py", "def f():\n    from xaicourse.plot.images import maps"),
        ("core/a.py", "if TYPE_CHECKING:\n    import xaicourse.zoo.toy_net"),
        ("plot/a.py", "importlib.import_module(f'xaicourse.course.lessons.{name}')"),
        ("course/grading/a.py", "from xaicourse.course.lessons.tasks import TASKS"),
        ("course/lessons/l01_a/b.py", "from xaicourse.course.checking import check"),
        ("methods/a.py", "import xaicourse as xc"),
        ("datasets/a.py", "from xaicourse.zoo import load"),
    ],
)
def test_an_arrow_up_is_seen(path, source):
    assert len(arrows_up(path, source)) == 1


def test_an_arrow_down_is_none():
    assert arrows_up("zoo/a.py", "from xaicourse.datasets.cards import card, check") == []
    assert arrows_up("cli.py", "from xaicourse import __version__\nimport torch") == []


# ---------------------------------------------------------------- rooms


def room_of(dotted: str) -> str | None:
    match = re.search(r"course[./]lessons[./](l\d\d_\w+)", dotted)
    return match[1] if match else None


def test_no_room_imports_a_room():
    wrong = [
        f"{path} imports {module}"
        for path, text in sources().items()
        for module in modules_in(text)
        if room_of(path) and room_of(module) not in (None, room_of(path))
    ]
    assert wrong == []


def test_nothing_imports_the_text_of_a_lesson():
    imported = {module for text in sources().values() for module in modules_in(text)}
    assert [m for m in imported if re.search(r"\.l\d\d_\w+\.(lesson|sheet)\b", m)] == []


def test_below_the_course_no_file_names_a_room():
    wrong = [p for p, text in sources().items() if not p.startswith("course/")
             and re.search(r"\bl\d\d_[a-z]", text)]  # fmt: skip
    assert wrong == []


def targets() -> dict[str, set[str]]:
    """Return file -> the files of the package that it imports, packages as their __init__."""
    known = {path.removesuffix(".py").replace("/", "."): path for path in sources()}
    known |= {name.removesuffix(".__init__"): path for name, path in known.items()}
    found = {}
    for path, text in sources().items():
        names = {m.removeprefix("xaicourse.") for m in modules_in(text) if m != "xaicourse"}
        hits = {known.get(name) or known.get(name.rpartition(".")[0]) for name in names}
        found[path] = {hit for hit in hits if hit} - {path}
    return found


def circles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """Yield each circle of arrows that a walk from every file meets."""
    done: set[str] = set()

    def walk(path: str, way: list[str]) -> Iterator[list[str]]:
        if path in way:
            yield way[way.index(path) :]
        elif path not in done:
            for other in sorted(graph.get(path, ())):
                yield from walk(other, [*way, path])
            done.add(path)

    for path in sorted(graph):
        yield from walk(path, [])


def test_no_files_import_each_other_in_a_circle():
    graph = {path: others for path, others in targets().items() if path not in DOORS}
    graph = {path: others - DOORS for path, others in graph.items()}
    assert list(circles(graph)) == []


def test_a_circle_is_seen():
    assert list(circles({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == [["a", "b", "c"]]
    assert list(circles({"a": {"b", "c"}, "b": {"c"}, "c": set()})) == []


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_room_is_whole_and_its_ids_agree(room):
    from xaicourse.course.lessons.tasks import TASKS

    number = room.name[1:3]
    card = tomllib.loads((room / "room.toml").read_text(encoding="utf-8"))
    assert {"title", "needs", "status", "minutes", "methods"} <= set(card)
    lesson, sheet = ((room / name).read_text(encoding="utf-8") for name in TEXTS)
    assert (room / "plan.md").read_text(encoding="utf-8").startswith("#")
    assert lesson.count(f"# {number} · ") == 1
    asked = re.findall(r'xc\.predict\("([^"]+)"', lesson)
    assert sorted(asked) == sorted(card.get("predictions", {}))
    cards = re.findall(r"^(?:# )?##{1,2} Task (\d\d\.\d+)", lesson, re.MULTILINE)
    cards += re.findall(r"^(?:# )?## Task (\d\d\.\d+)", sheet, re.MULTILINE)
    assert sorted(cards) == sorted(task for task in TASKS if task.startswith(number))
    others = {name[:2] for name in [*asked, *cards]} - {number}
    assert others == set()
    assert (ROOT / "tests" / "lessons").joinpath(f"test_l{number}.py").is_file() or number == "05"


def test_a_method_belongs_to_one_lesson():
    import xaicourse as xc
    from xaicourse.course.table import LESSONS

    taught = [name for one in LESSONS.values() for name in one.methods]
    assert sorted(taught) == sorted([*xc.METHODS, *xc.METRICS])


# ---------------------------------------------------------------- sizes

LONGEST_TASK = 260  # lines of a task's file
LONGEST_BODY = 25  # lines of a method, its docstring left out
LONGEST_FUNCTION = 50  # lines, its docstring left out
LONGEST_FILE = 400  # lines, in core and methods


def lines_of(node: ast.FunctionDef) -> int:
    """Return the lines of a function's body, its docstring left out."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def functions(source: str) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            yield node


def is_method(node: ast.FunctionDef) -> bool:
    return any(isinstance(d, ast.Call) and called(d) in ("attribution_method", "metric")
               for d in node.decorator_list)  # fmt: skip


def too_long() -> dict[str, int]:
    """Return what is longer than it may be -> its lines."""
    found = {}
    for path, text in sources().items():
        count = text.count("\n")
        if re.search(r"/l\d\d_\w+/task_\w+\.py$", path) and count > LONGEST_TASK:
            found[path] = count
        if path.startswith(("core/", "methods/")) and count > LONGEST_FILE:
            found[path] = count
        for node in functions(text):
            most = LONGEST_BODY if is_method(node) else LONGEST_FUNCTION
            if lines_of(node) > most:
                found[f"{path}:{node.name}"] = lines_of(node)
    return found


# Task files of lessons that are not yet rewritten as data. This list may only shrink.
ALLOWED: dict[str, int] = {}


def test_nothing_grows_too_long():
    found = too_long()
    assert {name: lines for name, lines in found.items() if lines > ALLOWED.get(name, 0)} == {}
    assert {n: m for n, m in ALLOWED.items() if found.get(n, 0) < m} == {}, "shorten ALLOWED"


def test_lines_are_counted_without_the_docstring():
    (node,) = functions('def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n\n    return a\n')
    assert lines_of(node) == 3
