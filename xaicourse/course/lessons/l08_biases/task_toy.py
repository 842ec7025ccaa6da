"""Task 08.1: a score of a small net split twice, on both sides of a gate that opens there."""

from xaicourse.course.grading.paper import Part, paper_task, row

__all__ = ["SPLIT_BY_HAND"]

# g = 3 relu(2 x1 - x2 + 5) - 2 relu(x1 + x2 - 4) + 7. At (3, 1) the sums are (10, 0), and g = 37.
# Gradient (6, -3) where the second gate is off, (4, -5) where it is on.
PLAIN = "These are the biases. Multiply each by the slope of g with respect to it."
SLOPES = "These are the slopes with respect to the biases. Multiply each by its bias."
VALUES = (
    "The share of a hidden bias is bias times slope. The value of its unit (10 for the first) does "
    "not enter it."
)
OUTSIDE = "The 7 stands outside the relus: its slope is 1."
POINT = "Both splits are taken at (3, 1): x1 is 3."
WEIGHT = (
    "The second unit's slope counts in full, with its output weight -2: not -1, nor half of it."
)
GRADIENT = "This is the gradient. A share is slope times input."
SWAPPED = "The two shares are in the wrong order: first that of x1."

SPLIT_BY_HAND = paper_task(
    "08.1",
    Part(
        "inputs_off",
        (18, -3),
        row("gradient_only", GRADIENT, (6, -3)),
        row(
            "no_gates",
            "Here the second gate is off: its unit passes nothing on. (Or are the two splits "
            "exchanged?)",
            (12, -5),
        ),
        row("weight_forgotten", "The first unit enters g with the output weight 3.", (6, -1)),
        row("no_signs", "The sizes are right. The slope of x2 is below 0: keep its sign.", (18, 3)),
        row("inputs_swapped", SWAPPED, (-3, 18)),
        row("factor_inside_lost", "Inside the first relu stands 2 x1, not x1.", (9, -3)),
        row(
            "slopes_swapped", "You multiplied x1 by the slope of x2, and x2 by that of x1.", (-9, 6)
        ),
    ),
    Part(
        "biases_off",
        (15, 0, 7),
        row("plain_biases", PLAIN, (5, -4, 7)),
        row("plain_biases", "", (5, 0, 7)),
        row("slopes_only", SLOPES, (3, 0, 1)),
        row("slopes_only", "", (3, -2, 1)),
        row(
            "closed_gate_counts",
            "The second gate is off: if its bias changes a little, g does not move.",
            (15, 8, 7),
        ),
        row(
            "closed_bias_kept",
            "The second gate is off: the slope of its bias is 0, and so is its share.",
            (15, -4, 7),
        ),
        row("values_of_the_units", VALUES, (30, 0, 7)),
        row("values_of_the_units", "", (50, 0, 7)),
        row("values_of_the_units", "", (150, 0, 7)),
        row("output_bias_times_3", OUTSIDE, (15, 0, 21)),
        row("output_bias_forgotten", "g ends with + 7. Its slope is always 1.", (15, 0, 0)),
        row(
            "output_slope", "1 is the slope of the output bias. Its share is 7 times 1.", (15, 0, 1)
        ),
        row("rest_in_one", "Each bias has its own share: split what is missing.", (0, 0, 22)),
    ),
    Part(
        "inputs_on",
        (12, -5),
        row("gate_still_off", "These are the shares with the second gate off.", (18, -3)),
        row("gradient_on_only", GRADIENT, (4, -5)),
        row("second_unit_only", "This is what the second unit brings. Add the first.", (-6, -2)),
        row("minus_lost", "The second unit is subtracted: its output weight is -2.", (24, -1)),
        row("second_weight_forgotten", WEIGHT, (15, -4)),
        row("other_point", POINT, (16, -5)),
        row("swapped_on", SWAPPED, (-5, 12)),
    ),
    Part(
        "biases_on",
        (15, 8, 7),
        row(
            "bias_still_off",
            "These are the shares with the second gate off. Now the bias -4 has a slope.",
            (15, 0, 7),
        ),
        row("plain_biases_on", PLAIN, (5, -4, 7)),
        row("slopes_only_on", SLOPES, (3, -2, 1)),
        row(
            "bias_sign_lost",
            "The second bias is -4 and its slope -2: the product is positive.",
            (15, -8, 7),
        ),
        row("bias_weight_forgotten", WEIGHT, (15, 4, 7)),
        row("bias_weight_forgotten", "", (15, -4, 7)),
        row("values_on", VALUES, (30, 0, 7)),
        row("values_on", "", (50, 0, 7)),
        row("values_on", "", (150, 0, 7)),
        row("output_bias_weighted", OUTSIDE, (15, 8, 21)),
        row(
            "output_first",
            "The order is: first the hidden biases, then the output bias.",
            (7, 15, 8),
        ),
    ),
    differs="The part {part} is not right. Do all shares add up to the score? See {section_split}.",
    passed=(
        "Both splits add up to the same score. Where a gate opens, the score does not jump, "
        "and its split does."
    ),
    hints=(
        "Write g without the word relu, once for each side: leave out a closed unit, write an open "
        "one as the sum inside. Then read off the shares.",
        "The share of a hidden bias is bias times slope: the slope is the output weight where the "
        "gate is on, and 0 where it is off.",
        "Off: g = 6 x1 - 3 x2 + 15 + 7. On: subtract 2 (x1 + x2 - 4). At (3, 1) all shares of a "
        "split add up to 37.",
    ),
)
