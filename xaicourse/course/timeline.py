"""Two pictures of the course, drawn from its tables: methods over the years, lessons by need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from xaicourse.core.near_names import suggest_names
from xaicourse.course.table import LESSONS, TRACKS, Lesson, depths
from xaicourse.plot.picture import Picture
from xaicourse.plot.style import BLUE, GREY, INK, PALE, PARTS, new_figure, styled

__all__ = ["prerequisites", "timeline"]

LINE = 0.24  # inches between two names of one year
LETTER = 0.042  # years that a letter is wide
FAMILY_COLOURS: dict[str, str] = dict(
    zip(("vanilla", "integrated", "bias", "denoising"), PARTS, strict=False)
)


@suggest_names
@styled
def timeline(methods: Iterable[Any] | None = None, *, alt: str) -> Picture:
    """Draw the year of every method, one band for each family.

    Parameters
    ----------
    methods : iterable of MethodRecord, optional
        Records of methods; those of the registry if left out.
    alt : str
        What is drawn, for a reader who cannot see it.

    Returns
    -------
    Picture
        Shown by a notebook as it is; ``.save("figure.pdf")`` writes it.

    Raises
    ------
    ValueError
        If there are no methods, or `alt` is empty.
    """
    records = sorted(
        registered() if methods is None else methods, key=lambda r: (r.year, r.lesson, r.name)
    )
    if not records:
        raise ValueError("methods is empty; there is nothing to draw")
    bands: dict[str, list[Any]] = defaultdict(list)
    for record in records:
        bands[str(record.family)].append(record)
    rows = {name: free_lines(group) for name, group in bands.items()}
    heights = {name: 1 + max(lines) for name, lines in rows.items()}
    first, last = records[0].year, records[-1].year

    figure = new_figure(max(8.0, 1.55 * (last - first + 1)), LINE * sum(heights.values()) + 1.0)
    axis = figure.subplots()
    top = 0.0
    for name, group in bands.items():
        colour = FAMILY_COLOURS.get(name, INK)
        for record, line in zip(group, rows[name], strict=True):
            draw_method(axis, record.year, top - line, record, colour)
        axis.annotate(
            name, (first - 0.15, top), ha="right", va="center", color=colour, weight="bold"
        )
        top -= heights[name]
        axis.axhline(top + 0.5, color=PALE, lw=0.8, zorder=0)
        top -= 0.4
    axis.set_xlim(first - 0.9, last + 1.0)
    axis.set_ylim(top + 0.2, 0.7)
    axis.set_xticks(range(first, last + 1))
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    axis.set_xlabel("year of the paper; in brackets the lesson")
    return Picture(figure, alt)


def free_lines(records: list[Any]) -> list[int]:
    """Return a line for each record, oldest first: the first line with room for its name."""
    ends: list[float] = []  # where the last name of each line ends, in years
    lines = []
    for record in records:
        line = next((k for k, end in enumerate(ends) if end <= record.year), len(ends))
        ends[line:] = [record.year + LETTER * len(label(record)) + 0.1, *ends[line + 1 :]]
        lines.append(line)
    return lines


def label(record: Any) -> str:
    """Return what is written beside a dot."""
    return f"{record.title} ({record.lesson})"


def registered() -> list[Any]:
    """Return the records of all methods of the package."""
    from xaicourse.methods import all_methods

    return list(all_methods().values())


def draw_method(axis: Axes, year: int, height: float, record: Any, colour: str) -> None:
    """Draw one method: a dot and its name."""
    axis.plot([year], [height], "o", color=colour, ms=5)
    axis.annotate(label(record), (year + 0.07, height), va="center", fontsize=8, color=INK)


@suggest_names
@styled
def prerequisites(
    lessons: Mapping[str, Lesson] = LESSONS, *, alt: str, track: str = "six labs"
) -> Picture:
    """Draw which lesson needs which: an arrow leads from a lesson to those that need it.

    Parameters
    ----------
    lessons : dict of str to Lesson
        Number -> lesson.
    alt : str
        What is drawn, for a reader who cannot see it.
    track : str
        The way through the course whose lessons get a thick frame: a key of TRACKS.

    Returns
    -------
    Picture
        Shown by a notebook as it is; ``.save("figure.pdf")`` writes it.

    Raises
    ------
    ValueError
        If there is no such track, or `alt` is empty.
    """
    if track not in TRACKS:
        raise ValueError(f"track must be one of {', '.join(TRACKS)}, got {track!r}")
    places = grid(lessons)
    columns = 1 + max(x for x, _ in places.values())
    lines = 1 + max(y for _, y in places.values())
    figure = new_figure(1.95 * columns + 0.2, 0.47 * lines + 0.5)
    axis = figure.subplots()
    for lesson in lessons.values():
        for needed in lesson.needs:
            draw_arrow(axis, places[needed], places[lesson.number])
    for number, place in places.items():
        draw_lesson(axis, place, lessons[number], number in TRACKS[track])
    axis.set_xlim(-0.5, columns - 0.5)
    axis.set_ylim(lines - 0.4, -0.6)
    axis.axis("off")
    text = f"thick frame: the track of {track}   ·   blue: ready   ·   grey: planned"
    figure.supxlabel(text, fontsize=8, color=INK)
    return Picture(figure, alt)


def grid(lessons: Mapping[str, Lesson]) -> dict[str, tuple[int, float]]:
    """Return number -> (column, line): the column is the depth, columns are centred."""
    columns: dict[int, list[str]] = defaultdict(list)
    for number, depth in depths(lessons).items():
        columns[depth].append(number)
    tallest = max(len(numbers) for numbers in columns.values())
    places: dict[str, tuple[int, float]] = {}
    for column in sorted(columns):
        numbers = sorted(columns[column], key=lambda n: (mean_line(lessons[n], places), n))
        start = (tallest - len(numbers)) / 2
        for line, number in enumerate(numbers):
            places[number] = (column, start + line)
    return places


def mean_line(lesson: Lesson, places: Mapping[str, tuple[int, float]]) -> float:
    """Return the mean height of what a lesson needs, so that few arrows cross."""
    lines = [places[needed][1] for needed in lesson.needs]
    return sum(lines) / len(lines) if lines else 0.0


def draw_arrow(axis: Axes, start: tuple[int, float], end: tuple[int, float]) -> None:
    """Draw an arrow between two boxes."""
    axis.add_patch(
        FancyArrowPatch(
            (start[0] + 0.39, start[1]), (end[0] - 0.39, end[1]), arrowstyle="-|>",
            mutation_scale=8, color=GREY, lw=0.8, shrinkA=0, shrinkB=0, zorder=1,
        )
    )  # fmt: skip


def draw_lesson(axis: Axes, place: tuple[int, float], lesson: Lesson, in_track: bool) -> None:
    """Draw one lesson as a box with number and title."""
    ready = lesson.status == "ready"
    x, y = place
    axis.add_patch(
        FancyBboxPatch(
            (x - 0.37, y - 0.32), 0.74, 0.64, boxstyle="round,pad=0.02,rounding_size=0.06",
            fc="#dcebf5" if ready else "white", ec=BLUE if ready else GREY,
            lw=2.2 if in_track else 0.8, ls="-" if ready or in_track else (0, (4, 3)), zorder=2,
        )
    )  # fmt: skip
    text = f"{lesson.number} {lesson.title}{' (optional)' if lesson.optional else ''}"
    axis.text(
        x, y, two_lines(text), ha="center", va="center", fontsize=7.2, color=INK,
        weight="bold" if ready else "normal", linespacing=1.0, zorder=3,
    )  # fmt: skip


def two_lines(text: str, most: int = 20) -> str:
    """Break a long text once, at the space nearest to its middle."""
    spaces = [k for k, letter in enumerate(text) if letter == " " and k > 2]
    if len(text) <= most or not spaces:
        return text
    cut = min(spaces, key=lambda k: abs(k - len(text) / 2))
    return f"{text[:cut]}\n{text[cut + 1 :]}"
