"""Draw the floors of the package, docs/floors.svg, from the imports in its files.

python tools/draw_floors.py [--check]
"""

import argparse
import ast
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "xaicourse"
PICTURE = ROOT / "docs" / "floors.svg"
TEXTS = {"lesson.py", "sheet.py"}  # the texts of the lessons: never imported

# folder or file -> its floor, the column where it is drawn, and what is in it
BOXES: dict[str, tuple[int, int, str]] = {
    "cli": (9, 2, "the command line"),
    "explain": (8, 3, "photos, explained"),
    "measure": (8, 4, "what each method costs"),
    "course.checking": (7, 1, "check, hint, work copies"),
    "course.progress": (6, 2, "records, review, pre-test"),
    "course.lessons": (6, 1, "text, tasks, panel of each"),
    "course.timeline": (6, 4, "pictures of the table"),
    "course.table": (5, 4, "the lessons and tracks"),
    "course.grading": (5, 0, "how answers are judged"),
    "widgets": (4, 1, "how panels work"),
    "study": (4, 3, "many runs, resumed"),
    "plot": (3, 2, "figures, one scale"),
    "robustness": (2, 1, "attacks and defences"),
    "evaluation": (2, 2, "metrics with controls"),
    "theory": (2, 3, "axioms, one theory"),
    "people": (2, 4, "people as judges"),
    "methods": (1, 1, "one idea a file"),
    "zoo": (1, 2, "models"),
    "datasets": (1, 3, "pictures and data"),
    "core": (0, 2, "models and tensors; knows no method, no lesson"),
}
NEIGHBOURS = {("zoo", "datasets")}  # the zoo knows on which data its nets were trained

Arrow = tuple[str, str]  # who imports, what


# ---------------------------------------------------------------- what is there


@dataclass(frozen=True)
class House:
    """What the picture shows: box -> how many files or rooms are in it, and the arrows."""

    sizes: dict[str, str]
    arrows: list[Arrow]


def modules_in(source: str) -> set[str]:
    """Return the modules that a source imports, anywhere in it, also by text."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and str(node.value).startswith("xaicourse."):
            found.add(str(node.value))
    return {name for name in found if name.startswith("xaicourse.")}


def box_of(dotted: str) -> str:
    """Return the box of a dotted name, or "" if it has none.

    >>> box_of("xaicourse.course.grading.task")
    'course.grading'
    """
    parts = dotted.split(".")[1:]
    name = ".".join(parts[:2] if parts[0] == "course" else parts[:1])
    return name if name in BOXES else ""


def files() -> dict[Path, str]:
    """Return file -> its dotted name."""
    found = sorted(file for file in PACKAGE.rglob("*.py") if file.name not in TEXTS)
    return {file: ".".join(file.relative_to(ROOT).with_suffix("").parts) for file in found}


def size(box: str, names: list[str]) -> str:
    """Return how much is in a box."""
    if box == "course.lessons":
        rooms = {name.split(".")[3] for name in names if ".lessons.l" in name}
        return f"{len(rooms)} rooms"
    count = sum(not name.endswith(".__init__") for name in names)
    return "" if names == [f"xaicourse.{box}"] else f"{count} files"


def look() -> House:
    """Return the house as it is; refuse an arrow up, and a file that is in no box."""
    inside: dict[str, list[str]] = {}
    arrows: set[Arrow] = set()
    for file, name in files().items():
        box = box_of(name)
        if not box and file.name not in ("__init__.py", "__main__.py"):
            raise ValueError(f"{name} stands on no floor: give it a place in BOXES")
        if box:
            inside.setdefault(box, []).append(name)
            there = {box_of(module) for module in modules_in(file.read_text(encoding="utf-8"))}
            arrows |= {(box, other) for other in there - {"", box}}
    up = [arrow for arrow in sorted(arrows) if leads_up(arrow)]
    if up:
        raise ValueError(f"arrows that do not go down: {', '.join(map(' -> '.join, up))}")
    sizes = {box: size(box, inside[box]) for box in BOXES if box in inside}
    return House(sizes, needed(arrows))


def leads_up(arrow: Arrow) -> bool:
    """Say whether an arrow ends on its own floor or above it."""
    above, below = (BOXES[box][0] for box in arrow)
    return above <= below and arrow not in NEIGHBOURS


def needed(arrows: set[Arrow]) -> list[Arrow]:
    """Leave out each arrow that others imply.

    >>> needed({("a", "b"), ("b", "c"), ("a", "c")})
    [('a', 'b'), ('b', 'c')]
    """

    def below(box: str) -> set[str]:
        direct = {end for start, end in arrows if start == box}
        return direct.union(*map(below, direct))

    def implied(arrow: Arrow) -> bool:
        start, end = arrow
        return any(end in below(other) for first, other in arrows if first == start)

    return sorted(arrow for arrow in arrows if not implied(arrow))


# ---------------------------------------------------------------- the picture

COLUMN, FLOOR, WIDTH, HEIGHT, EDGE = 182, 74, 158, 46, 24  # pixels
COLUMNS, FLOORS = 5, 10
WIDE = COLUMNS * COLUMN - (COLUMN - WIDTH)  # of core, on which all the others stand
INK, LINE, LIBRARY, COURSE, FRAME = "#222222", "#8a8a8a", "#e3eef8", "#fbe9d5", "#fdf6ee"
STYLE = f"""\
  <style>
    text {{ font-family: Helvetica, Arial, sans-serif; fill: {INK}; text-anchor: middle }}
    .name {{ font-size: 14px; font-weight: bold }}
    .words {{ font-size: 12px }}
    .half {{ font-size: 12px; font-style: italic; text-anchor: end }}
    .arrow {{ stroke: {LINE}; stroke-width: 1.5; fill: none; marker-end: url(#head) }}
  </style>
  <marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"
    orient="auto"><path d="M0 1 L10 5 L0 9 z" fill="{LINE}"/></marker>"""


def centre(box: str) -> tuple[int, int]:
    """Return the middle of a box, from the upper left corner of the picture."""
    floor, column, _ = BOXES[box]
    return EDGE + WIDTH // 2 + COLUMN * column, EDGE + HEIGHT // 2 + FLOOR * (FLOORS - 1 - floor)


def ends(arrow: Arrow) -> tuple[float, float, float, float]:
    """Return where an arrow begins and ends."""
    (x1, y1), (x2, y2) = map(centre, arrow)
    if y1 == y2:  # to the neighbour on the right
        return x1 + WIDTH / 2, y1, x2 - WIDTH / 2, y2
    if arrow[1] == "core":  # straight down on the wide box
        x2 = x1
    lean = max(-0.4, min(0.4, 0.16 * (x2 - x1) / COLUMN)) * WIDTH  # leave on the side it goes to
    return x1 + lean, y1 + HEIGHT / 2, x2 - lean, y2 - HEIGHT / 2


def draw_arrow(arrow: Arrow) -> str:
    x1, y1, x2, y2 = ends(arrow)
    return f'  <path class="arrow" d="M{x1:g} {y1:g} L{x2:g} {y2:g}"/>'


def draw_box(box: str, amount: str) -> str:
    """Draw a box: name and size, and below them what is in it."""
    x, y = centre(box)
    width = WIDE if box == "core" else WIDTH
    colour = COURSE if box.startswith("course.") else LIBRARY
    name = box.removeprefix("course.") + ("" if amount else ".py")
    size = f'<tspan font-weight="normal"> · {amount}</tspan>' if amount else ""
    return f"""\
  <rect x="{x - width / 2:g}" y="{y - HEIGHT / 2:g}" width="{width}" height="{HEIGHT}" rx="6" \
fill="{colour}" stroke="{LINE}"/>
  <text class="name" x="{x}" y="{y - 4}">{name}{size}</text>
  <text class="words" x="{x}" y="{y + 14}">{escape(BOXES[box][2])}</text>"""


def draw_frame() -> str:
    """Draw the ground on which the boxes of the course stand."""
    top, bottom = (EDGE + FLOOR * (FLOORS - 1 - floor) for floor in (7, 5))
    return f"""\
  <rect x="{EDGE - 14}" y="{top - 14}" width="{WIDE + 28}" height="{bottom - top + HEIGHT + 28}" \
rx="10" fill="{FRAME}"/>
  <text class="half" x="{EDGE + WIDE}" y="{top + 6}">the course half: xaicourse/course/</text>"""


def words(house: House) -> str:
    """Return what is drawn, for a reader who cannot see it."""
    boxes = [f"{box} ({amount})" if amount else box for box, amount in house.sizes.items()]
    arrows = [" to ".join(arrow) for arrow in house.arrows]
    return f"From above: {', '.join(boxes)}. Arrows: {', '.join(arrows)}."


def draw(house: House) -> str:
    """Return the picture, the same on every machine."""
    width = WIDE + 2 * EDGE
    height = FLOOR * (FLOORS - 1) + HEIGHT + 2 * EDGE
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img">',
            "  <title>The floors of xaicourse: who imports what</title>",
            f"  <desc>{escape(words(house))}</desc>",
            STYLE,
            f'  <rect width="{width}" height="{height}" fill="white"/>',
            draw_frame(),
            *map(draw_arrow, house.arrows),
            *(draw_box(box, amount) for box, amount in house.sizes.items()),
            "</svg>\n",
        ]
    )


def main(arguments: list[str] | None = None) -> int:
    """Draw, or say whether the picture is in step."""
    parser = argparse.ArgumentParser(description="Draw the floors of the package.")
    parser.add_argument("--check", action="store_true", help="only compare")
    options = parser.parse_args(arguments)
    try:
        picture = draw(look())
    except ValueError as error:
        print(error)
        return 1
    if not options.check:
        PICTURE.write_text(picture, encoding="utf-8", newline="\n")
    elif not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != picture:
        print("docs/floors.svg is out of step: run python tools/draw_floors.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
