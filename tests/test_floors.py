"""The picture of the floors: in step with the imports, and no arrow goes up."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def floors():
    specification = importlib.util.spec_from_file_location("floors", ROOT / "tools/draw_floors.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def build(folder, files):
    """Write a package of {"core/a.py": source, ...} into a folder."""
    for name, source in files.items():
        file = folder / "xaicourse" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)


@pytest.fixture
def small(floors, tmp_path, monkeypatch):
    """Return the script, at work on a package of four files."""
    monkeypatch.setattr(floors, "ROOT", tmp_path)
    monkeypatch.setattr(floors, "PACKAGE", tmp_path / "xaicourse")
    monkeypatch.setattr(floors, "PICTURE", tmp_path / "floors.svg")
    files = {
        "__init__.py": "from xaicourse.cli import main",
        "core/a.py": "import torch",
        "methods/b.py": "def f():\n    from xaicourse.core.a import g",
        "cli.py": "import_module('xaicourse.methods.b')\nimport xaicourse.core.a",
        "course/lessons/l01_x/lesson.py": "import xaicourse.nothing",
        "course/lessons/l01_x/panel.py": "",
    }
    build(tmp_path, files)
    return floors


def test_the_picture_is_in_step(floors, capsys):
    assert floors.main(["--check"]) == 0, capsys.readouterr().out


def test_boxes_and_arrows_are_those_of_the_files(small):
    house = small.look()
    assert house.sizes == {
        "cli": "", "course.lessons": "1 rooms", "methods": "1 files", "core": "1 files",
    }  # fmt: skip
    assert house.arrows == [("cli", "methods"), ("methods", "core")]  # cli -> core is implied


def test_a_change_of_the_imports_is_seen(small, tmp_path, capsys):
    assert small.main(["--check"]) == 1
    assert small.main([]) == 0
    assert small.main(["--check"]) == 0
    build(tmp_path, {"cli.py": "import xaicourse.core.a  # one arrow more is needed"})
    assert small.main(["--check"]) == 1
    assert "run python tools/draw_floors.py" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("core/a.py", "from xaicourse.methods import b", "go down: core -> methods$"),
        ("methods/b.py", "if TYPE_CHECKING:\n    import xaicourse.zoo.c", "methods -> zoo"),
        ("core/a.py", "import_module(f'xaicourse.course.lessons.{name}')", "-> course.lessons"),
        ("attic/a.py", "", "xaicourse.attic.a stands on no floor"),
    ],
)
def test_an_arrow_up_and_a_file_without_a_floor_are_refused(small, tmp_path, name, source, message):
    build(tmp_path, {name: source})
    with pytest.raises(ValueError, match=message):
        small.look()


def test_arrows_are_drawn_downwards_and_boxes_apart(floors):
    house = floors.House({}, [])
    places = [floors.centre(box) for box in floors.BOXES]
    assert len(set(places)) == len(places)
    for above in floors.BOXES:
        for below in floors.BOXES:
            if floors.BOXES[above][0] > floors.BOXES[below][0]:
                _, y1, _, y2 = floors.ends((above, below))
                assert y1 < y2
    assert "<desc>" in floors.draw(house)


def test_the_page_describes_every_box(floors):
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (alt,) = re.findall(r"!\[([^\]]+)\]\(docs/floors\.svg\)", page)
    for box in floors.look().sizes:
        assert re.search(rf"\b{box.removeprefix('course.')}\b", alt)
