"""The family of Integrated Gradients: which method descends from which, over the years."""

from __future__ import annotations

from collections import defaultdict

from xaicourse.core.near_names import suggest_names
from xaicourse.course.table import LESSON_OF
from xaicourse.methods import all_methods
from xaicourse.plot.picture import Picture
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, new_figure, styled

__all__ = ["PARENTS", "draw_family"]

IG = "integrated_gradients"
PARENTS: dict[str, str] = {  # what a method changes: the one that it changes
    "path_attribution": IG,
    "expected_gradients": "gradient_shap",
    "gradient_shap": IG,
    "weighted_ig": "expected_gradients",
    "xrai": IG,
    "blur_ig": IG,
    "left_ig": IG,
    "split_ig": "left_ig",
    "integrated_decision_gradients": "left_ig",
    "path_weighted_ig": "left_ig",
    "path_sampled_ig": "path_weighted_ig",
    "important_direction_ig": IG,
    "guided_ig": IG,
    "greedy_path_ig": IG,
    "geodesic_ig": IG,
    "spectral_ig": IG,
    "boundary_ig": IG,
    "adversarial_gradient_integration": IG,
    "ig2": "adversarial_gradient_integration",
    "pattern_guided_ig": IG,
    "manifold_ig": IG,
    "manifold_aligned_guided_ig": "guided_ig",
    "tangentially_aligned_ig": "manifold_ig",
    "geometrically_guided_ig": IG,
    "gradient_artificial_distancing": IG,
    "discretized_ig": IG,
    "integrated_directional_gradients": IG,
    "generalized_ig": IG,
    "gaussian_process_ig": IG,
    "graph_ig": IG,
    "ig_correlation": IG,
    "integrated_hessians": IG,
    "meta_ig": "integrated_hessians",
}
LINE = 0.225  # inches between two methods


def family() -> dict[str, list[str]]:
    """Return parent -> its children, oldest first; every integrated method has its place."""
    records = {n: r for n, r in all_methods().items() if str(r.family) == "integrated"}
    missing = sorted(set(records) - set(PARENTS) - {IG})
    if missing:
        raise ValueError(f"no parent is known for {', '.join(missing)}")
    children: dict[str, list[str]] = defaultdict(list)
    for name, parent in PARENTS.items():
        if name in records:
            children[parent].append(name)
    for names in children.values():
        names.sort(key=lambda name: (records[name].year, name))
    return children


def places(children: dict[str, list[str]]) -> dict[str, int]:
    """Return name -> line: a method stands right above its own descendants."""
    found: dict[str, int] = {}

    def visit(name: str) -> None:
        found[name] = len(found)
        for child in children.get(name, ()):
            visit(child)

    visit(IG)
    return found


@suggest_names
@styled
def draw_family(lesson: str, *, alt: str) -> Picture:
    """Draw the family tree of all integrated methods of the registry.

    Parameters
    ----------
    lesson : str
        Number of the lesson whose methods are drawn in orange, such as "11".
    alt : str
        What is drawn, for a reader who cannot see it.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If the registry has an integrated method of which no parent is known.
    """
    records, children = all_methods(), family()
    line = places(children)
    figure = new_figure(9.4, LINE * len(line) + 0.7)
    axis = figure.subplots()
    for parent, names in children.items():
        for name in names:
            start, end = records[parent].year, records[name].year
            axis.plot(
                [start, start + 0.12, start + 0.12, end], [line[parent]] * 2 + [line[name]] * 2,
                color=GREY, lw=0.8, zorder=1,
            )  # fmt: skip
    for name, height in line.items():
        record = records[name]
        taught = LESSON_OF.get(name, "")
        own = taught == lesson
        colour = ORANGE if own else BLUE
        axis.plot([record.year], [height], "o", color=colour, ms=5.5, zorder=3)
        axis.annotate(
            f"{record.title.split(' (after')[0]} ({taught})", (record.year + 0.18, height),
            va="center", fontsize=7.5, color=INK, weight="bold" if own else "normal", zorder=3,
            bbox={"fc": "white", "ec": "none", "pad": 0.6, "alpha": 0.8},
        )  # fmt: skip
    axis.set(xlim=(2016.6, 2028.9), ylim=(len(line) - 0.4, -0.7), yticks=[])
    axis.set_xticks(range(2017, 2027))
    axis.spines["left"].set_visible(False)
    axis.set_xlabel("year of the paper; in brackets the lesson")
    return Picture(figure, alt)
