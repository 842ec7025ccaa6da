"""Task 08.1: the TOY net's score as shares of inputs and biases, at two points of one piece."""

from xaicourse.course.grading.paper import Part, paper_task, row

__all__ = ["SPLIT_BY_HAND"]

# At (1, 3) the hidden sums are (-2, 4, 3): gates off, on, on; gradient (-4, 5), f = 10.
# At (1, 4) they are (-3, 6, 4): the same gates, f = 15.
SPLIT_BY_HAND = paper_task(
    "08.1",
    Part(
        "inputs",
        (-4, 15),
        row("gradient_only", "This is the gradient. A share is slope times input.", (-4, 5)),
        row(
            "gates_of_the_lesson",
            "You used the gates of (3, 1). At (1, 3) other units are open.",
            (1, -9),
        ),
        row(
            "no_gates",
            "You used all three units. A unit whose gate is off passes nothing on.",
            (-2, 9),
        ),
        row(
            "inputs_of_the_lesson",
            "These are the shares at (3, 1), the lesson's point. Here the point is (1, 3).",
            (3, -3),
        ),
        row("no_signs", "The sizes are right. The slope of x1 is below 0: keep its sign.", (4, 15)),
        row(
            "minus_lost",
            "The third unit enters f with the output weight -1: it is subtracted.",
            (-2, 21),
        ),
        row("inputs_swapped", "The two shares are in the wrong order: first that of x1.", (15, -4)),
        row(
            "slopes_swapped",
            "You multiplied x1 by the slope of x2, or the other way round. Write down the gradient "
            "first.",
            (5, -12),
        ),
        row(
            "second_weight_forgotten", "The second unit enters f with the output weight 3.", (-2, 3)
        ),
        row(
            "third_unit_forgotten",
            "You left out the third unit. Its sum at (1, 3) is 3: the gate is on.",
            (-3, 18),
        ),
    ),
    Part(
        "hidden_biases",
        (0, -3, 1),
        row(
            "plain_biases",
            "These are the biases. Multiply each by the slope of f with respect to it.",
            (0, -1, -1),
        ),
        row(
            "slopes_only",
            "These are the slopes with respect to the biases, or shares that have lost their "
            "signs. Multiply each slope by its bias: 3 times -1, and -1 times -1.",
            (0, 3, -1),
        ),
        row(
            "slopes_without_gates",
            "These are the output weights. Multiply by the bias, and mind the gate that is off.",
            (2, 3, -1),
        ),
        row(
            "hidden_of_the_lesson",
            "This is right for (3, 1). At (1, 3) the second unit is open.",
            (0, 0, 1),
        ),
        row("bias_sign_lost", "The bias of the second unit is -1, not 1.", (0, 3, 1)),
        row(
            "hidden_minus_lost",
            "The third unit has the output weight -1 and the bias -1: their product is positive.",
            (0, -3, -1),
        ),
        row(
            "hidden_weight_forgotten",
            "The second unit enters f with the output weight 3: that is the slope with respect to "
            "its bias.",
            (0, -1, 1),
        ),
        row(
            "values_of_the_units",
            "These are the values of the three relus. Asked are the shares of their biases: bias "
            "times slope.",
            (0, 4, 3),
        ),
        row(
            "third_bias_forgotten",
            "The third unit is open at (1, 3): its bias has a share.",
            (0, -3, 0),
        ),
    ),
    Part(
        "output_bias",
        1,
        row("output_bias_forgotten", "f ends with + 1. Its slope is 1, whatever the gates are.", 0),
        row(
            "takes_the_rest",
            "f ends with + 1, and its slope is 1. -1 has another sign, or it is the part of all "
            "four biases together: asked is the output bias alone.",
            -1,
        ),
        row("whole_score", "10 is f itself. Asked is the share of the + 1 at the end.", 10),
    ),
    Part(
        "inputs_moved",
        (-4, 20),
        row(
            "not_moved",
            "These are the shares at (1, 3). The slopes are the same at (1, 4), the inputs are "
            "not.",
            (-4, 15),
        ),
        row(
            "moved_gradient_only",
            "This is the gradient. Multiply it by the new input (1, 4).",
            (-4, 5),
        ),
        row(
            "both_scaled",
            "You scaled both shares. Only x2 has moved: the share of x1 stays.",
            (-16 / 3, 20),
        ),
        row("moved_x1", "You moved x1. The new point is (1, 4): x2 has moved.", (-16, 5)),
        row(
            "only_the_rise",
            "This is what has changed. Asked are the shares at (1, 4): slope times the new input.",
            (0, 5),
        ),
    ),
    Part(
        "biases_moved",
        (0, -3, 1, 1),
        row(
            "biases_grow",
            "You scaled the shares of the biases with the input. Which of (bias, slope) has "
            "changed between the two points?",
            (0, -4, 4 / 3, 4 / 3),
        ),
        row(
            "rise_in_the_bias",
            "The rise of 5 does not belong to the output bias. Which share holds x2?",
            (0, -3, 1, 6),
        ),
        row(
            "moved_of_the_lesson",
            "These are the shares in the piece of (3, 1). Here the second unit is open.",
            (0, 0, 1, 1),
        ),
        row(
            "moved_plain_biases",
            "These are the biases. Multiply each by the slope of f with respect to it.",
            (0, -1, -1, 1),
        ),
        row(
            "moved_slopes",
            "These are the slopes with respect to the biases, or shares that have lost their "
            "signs. Multiply each slope by its bias: 3 times -1, and -1 times -1.",
            (0, 3, -1, 1),
        ),
        row(
            "moved_signs_lost",
            "The sizes are right. The bias of the second unit is -1, its slope 3: keep the sign.",
            (0, 3, 1, 1),
        ),
        row(
            "output_first",
            "These are the right four numbers in another order: first the three hidden biases, "
            "then the output bias.",
            (1, 0, -3, 1),
        ),
    ),
    differs="The part {part} is not right. Do all shares add up to the score? See {section_split}.",
    passed=(
        "Both times the shares add up to the score, and the shares of the biases stay as they are."
    ),
    hints=(
        "Gates first: which sums are positive at (1, 3)? The gradient is made of the open units "
        "only, and so are the shares of the hidden biases.",
        "The share of a hidden bias is bias times slope: the slope is the output weight where the "
        "gate is on, and 0 where it is off. Here the slopes are (0, 3, -1).",
        "The gradient is (-4, 5). Add all six shares: they must give 10. At (1, 4) gates and "
        "gradient are the same, so only (slope times input) can change.",
    ),
)
