"""Task 16.7: why the centre of mass hardly moves, on paper."""

from xaicourse.course.grading.paper import Part, WordPart, paper_task, row

__all__ = ["CENTRE"]

CENTRE = paper_task(
    "16.7",
    Part(
        "centre",
        (4, 5),
        row("exchanged", "Right, but exchanged: first A, then B.", (5, 4)),
        row("not_divided", "Divide by the sum of the map, which is 10.", (40, 50)),
        row("counted_from_one", "Places are counted from 0.", (5, 6)),
        row("unweighed", "You take the middle of the places. Weigh each by its share of the map.",
            (4, 17 / 3)),
        row("how_far", "This is how far the centre moved. Asked is where it is.", (0, 1)),
        row("middle_of_the_line", "This is the middle of the line. Weigh each place by its share.",
            (4.5, 4.5)),
    ),
    Part(
        "kept",
        (0, 1),
        row("gone", "Asked is the share that is still among them; first A, then B.", (1, 0)),
        row("counts", "Right as counts. Asked are shares of the two strongest.", (0, 2)),
        row("mass", "This is the mass that stayed. Asked is how many of the two strongest PLACES "
            "are still the two strongest.", (0, 0.8)),
        row("both", "In A, which two places are the strongest afterwards?", (1, 1)),
        row("half", "In B, which two places are the strongest afterwards?", (0, 0.5)),
    ),
    WordPart(
        "sees",
        "kept",
        row("the_centre", "In A everything changed places, and the centre stayed.", "centre"),
        row("both_see", "In A one of the two numbers did not move.", "both"),
        row("none_sees", "In A one of the two numbers moved as far as it can.", "none"),
        words={
            "kept": "kept", "strongest": "kept", "top": "kept", "centre": "centre",
            "center": "centre", "both": "both", "none": "none", "neither": "none",
        },
    ),
    rounding=0.01,
    differs="{part}: write down the map before and after, place by place.",
    passed="A mean place can stay while every pixel changes, and it moves only if much mass goes "
    "far.",
    hints=(
        "The centre is the sum of place times share. Which changes leave such a sum as it is?",
        "A: (5 * 1 + 5 * 7) / 10. B: (4 * 3 + 4 * 5 + 2 * 9) / 10. Then list the two strongest "
        "places of each.",
        "centre (4, 5). kept: the strongest were 3 and 5; in A they are 1 and 7, in B 3 and 5. So "
        "(0, 1). In A only kept sees that everything moved.",
    ),
)  # fmt: skip
