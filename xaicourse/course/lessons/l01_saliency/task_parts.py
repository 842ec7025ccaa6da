"""Task 01.6: where did the 2 go? The TOY net's score as gradient x input plus parts of biases."""

from xaicourse.course.grading.by_hand import near
from xaicourse.course.grading.paper import Part, paper_task, row

__all__ = ["WHERE_IT_WENT"]


class FirstKnown(Part):
    """A part in whose wrong rows None stands for any number."""

    def same(self, given, wanted, rounding):
        """Compare the numbers that are known."""
        known = [(a, b) for a, b in zip(given, wanted, strict=True) if b is not None]
        return near([a for a, _ in known], [b for _, b in known], rounding)

    def handed_in(self, given):
        """Put some number where any will do."""
        return tuple(10.0 if number is None else number for number in given)


# At (3, 1): gradient (1, -3), gates on, off, on; hidden biases (0, -1, -1) have slopes (2, 0, -1).
# Without any bias, at (1, 3): hidden sums (-2, 5, 4), so f = 3 * 5 - 4 = 11, gradient (-4, 5).
WHERE_IT_WENT = paper_task(
    "01.6",
    Part(
        "gradient_x_input",
        0,
        row(
            "whole_score",
            "2 is f itself. Asked is the sum of gradient x input, x1 times its slope plus x2 "
            "times its slope.",
            2,
        ),
        row(
            "absolute_values", "You added absolute values. The two shares have different signs.", 6
        ),
        row(
            "sum_of_gradient",
            "This is the sum of the gradient. Multiply each slope by its input first. See "
            "{section_times}.",
            -2,
        ),
        row(
            "rise_from_zero",
            "1 is the true rise f(3, 1) - f(0, 0). The sum of gradient x input is something "
            "else. See {section_times}.",
            1,
        ),
        row(
            "other_point",
            "11 is the sum at (1, 3). Asked is the point (3, 1), with the gradient (1, -3).",
            11,
        ),
    ),
    Part(
        "hidden_biases",
        (0, 0, 1),
        row(
            "plain_biases",
            "These are the biases. Multiply each by the slope of f with respect to it: the "
            "output weight, if the gate is on.",
            (0, -1, -1),
        ),
        row(
            "slopes_only",
            "These are the slopes of f with respect to the biases. Multiply each by its "
            "bias: 0, -1 and -1.",
            (2, 0, -1),
        ),
        row(
            "output_weight_forgotten",
            "The third unit enters f with the output weight -1: multiply its bias by that, too. "
            "(Or did a sign get lost?)",
            (0, 0, -1),
        ),
        row(
            "gate_forgotten",
            "The gate of the second unit is off at (3, 1), so its bias has no effect here.",
            (0, -3, 1),
        ),
        row(
            "times_value",
            "3 is three times too much: did you multiply by the value of the third unit? The slope "
            "with respect to its bias is output weight times gate, -1.",
            (0, 0, 3),
        ),
        row(
            "no_hidden_part",
            "One hidden bias has an effect: the gate of the third unit is on, and its bias is -1.",
            (0, 0, 0),
        ),
    ),
    Part(
        "output_bias",
        1,
        row(
            "output_bias_forgotten",
            "f ends with + 1. That is the output bias, and its slope is 1.",
            0,
        ),
        row(
            "output_bias_of_two",
            "The output bias is the + 1 at the end of f. The other missing 1 comes from a "
            "hidden bias.",
            2,
        ),
    ),
    # Of the biases -1, -1 and +1 some may stay: f = 8, 9, 12 or 13; with all of them 10.
    FirstKnown(
        "bias_free",
        (11, 11),
        row("biases_kept", "10 is f at (1, 3) with its biases. Set all four to 0.", (10, None)),
        row(
            "one_bias_kept",
            "12 is f with one bias left in: the + 1 at the end, or the -1 of the third unit. "
            "Set all four to 0.",
            (12, None),
        ),
        row(
            "output_bias_removed",
            "9 is f without the + 1 at the end only. Set the biases inside the relus to 0, too.",
            (9, None),
        ),
        row("first_point", "This is right for (3, 1). Asked is the point (1, 3).", (0, 0)),
        row(
            "lesson_kept",
            "2 is f at (3, 1) with its biases. Asked is f at (1, 3), with all four biases "
            "set to 0.",
            (2, None),
        ),
        row(
            "closed_unit_counted",
            "You counted the first unit with its negative sum, -2. Its gate is off at (1, "
            "3): it adds nothing.",
            (7, None),
        ),
        row(
            "gates_of_first_point",
            "You used the gates of (3, 1). At (1, 3) the first gate is off, and the second is on.",
            (-8, None),
        ),
        row(
            "shares_not_sum",
            "-4 and 15 are the two products of slope and input. Asked are f and the sum of "
            "the products.",
            (-4, 15),
        ),
        row(
            "sum_is_not_score",
            "The score is right. Add up gradient x input again: without biases the two "
            "numbers are equal.",
            (11, None),
        ),
    ),
    differs="The part {part} is not right.",
    passed=(
        "All of f is accounted for: input and biases together. Without biases the input explains "
        "all."
    ),
    hints=(
        "A bias is an input like any other, with its own slope. What is the slope of f with "
        "respect to the bias inside each relu, at (3, 1)?",
        "The slope with respect to a hidden bias is the output weight where the gate is on, "
        "and 0 where it is off: here (2, 0, -1). The biases are (0, -1, -1).",
        "The four parts add up to 2. Without biases the sums at (1, 3) are -2, 5 and 4, so f "
        "= 3 * 5 - 4; for the second number add up gradient x input, with the slopes 3 (-1, "
        "2) - (1, 1).",
    ),
)
