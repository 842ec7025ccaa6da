"""Print how long tasks, panels, methods and metrics are, so that growth is seen.

python tools/lines.py

A task is its part of a task file, of what only task files of its room import, and its words. A
panel is panel.py and what it imports from its room. What a file holds several of is shared evenly.
Characters are counted, since lines can be made long.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = "xaicourse/course/lessons"
TASK = re.compile(r"^ +(?:id=)?\"(\d\d\.\d+)\",$", re.M)  # the first line of a task or a grader
METHOD, METRIC = r"^@(attribution_method|class_activation_map)\(", r"^@metric\("


@dataclass(frozen=True)
class Size:
    """How long one thing is."""

    name: str
    lines: float = 0
    characters: float = 0

    def plus(self, texts: Iterable[str], shared: int = 1) -> "Size":
        """Return this with a part of some texts, which are shared by so many."""
        texts = list(texts)
        lines = self.lines + sum(text.count("\n") for text in texts) / shared
        return Size(self.name, lines, self.characters + sum(map(len, texts)) / shared)


def rooms(root: Path) -> list[Path]:
    """Return the rooms of the lessons."""
    return sorted((root / ROOMS).glob("l[0-9][0-9]_*/"))


def imported(room: Path, files: Iterable[Path]) -> set[Path]:
    """Return these files and all that they import from their room, also through one another."""
    found, waiting = set(), list(files)
    home = rf"from xaicourse\.course\.lessons\.{room.name}"
    while waiting:
        file = waiting.pop()
        if file in found or not file.exists():
            continue
        found.add(file)
        text = read(file)
        names = re.findall(rf"^{home}\.(\w+) import", text, re.M)
        for group in re.findall(rf"^{home} import (\([^)]*\)|.*)", text, re.M):
            names += re.findall(r"\w+", re.sub(r"\bas \w+", "", group))
        waiting += [room / f"{name}.py" for name in names]
    return found


def read(file: Path) -> str:
    """Return the text of a file."""
    return file.read_text(encoding="utf-8")


def tasks(root: Path = ROOT) -> list[Size]:
    """Return the size of each task: its code, and its words wherever they stand."""
    found: dict[str, Size] = {}
    for room in rooms(root):
        files = sorted(room.glob("task_*.py"))
        ids = {file: sorted(set(TASK.findall(read(file)))) for file in files}
        for file in files:
            for task in ids[file]:
                found[task] = found.get(task, Size(task)).plus([read(file)], len(ids[file]))
        for helper in imported(room, files) - set(files) - imported(room, [room / "panel.py"]):
            users = [
                task for file in files if helper in imported(room, [file]) for task in ids[file]
            ]
            for task in users:
                found[task] = found[task].plus([read(helper)], len(users))
        for task, tables in words(room / "words.toml").items():
            found[task] = found.get(task, Size(task)).plus(tables)
    return [found[task] for task in sorted(found)]


def words(file: Path) -> dict[str, list[str]]:
    """Return task -> its tables in a words.toml, as they are written."""
    found: dict[str, list[str]] = {}
    for table in re.split(r"^(?=\[)", read(file) if file.exists() else "", flags=re.M):
        if head := re.match(r'\[tasks\."(\d\d\.\d+)"', table):
            found.setdefault(head[1], []).append(table)
    return found


def panels(root: Path = ROOT) -> list[Size]:
    """Return the size of each room's panel, with what it computes and draws."""
    found = []
    for room in rooms(root):
        files = imported(room, [room / "panel.py"])
        if files:
            found.append(Size(room.name).plus(map(read, files)))
    return found


def records(root: Path, folder: str, mark: str) -> list[Size]:
    """Return the size of each thing that a mark registers, such as METHOD."""
    found = []
    for file in sorted((root / folder).rglob("*.py")):
        text = read(file)
        count = len(re.findall(mark, text, re.M))
        name = f"{file.relative_to(root / folder)}, {count} in it"
        found += [Size(name).plus([text], max(count, 1))] * count
    return found


def show(title: str, sizes: Sequence[Size]) -> None:
    """Print a table under its mean."""
    lines = sum(size.lines for size in sizes) / max(len(sizes), 1)
    characters = sum(size.characters for size in sizes) / max(len(sizes), 1)
    print(f"{title}: {len(sizes)}, on average {lines:.0f} lines, {characters:,.0f} characters")
    for size in dict.fromkeys(sizes):
        print(f"  {size.name:45} {size.lines:5.0f} {size.characters:8,.0f}")


def main(root: Path = ROOT) -> None:
    """Print all tables."""
    show("Tasks with their words", tasks(root))
    show("Panels with what they compute", panels(root))
    show("Methods", records(root, "xaicourse/methods", METHOD))
    show("Metrics", records(root, "xaicourse/evaluation", METRIC))


if __name__ == "__main__":
    main()
