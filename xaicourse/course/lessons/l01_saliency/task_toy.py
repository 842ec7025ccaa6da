"""Task 01.1: gates and gradient of the TOY net on paper, and how far the promise is exact."""

from xaicourse.course.grading.paper import Part, paper_task, row

__all__ = ["TOY_BY_HAND"]

# At x = (1, 3) the hidden sums are (-2, 4, 3). With x1 = 1 they are (1 - x2, 2 x2 - 2, x2).
TOY_BY_HAND = paper_task(
    "01.1",
    Part(
        "gates",
        (0, 1, 1),
        row(
            "gates_reversed",
            "Your gates are the wrong way round: a gate is on (1) where the sum inside the "
            "relu is positive.",
            (1, 0, 0),
        ),
        row(
            "gates_all_on",
            "All your gates are on. The first sum is x1 - x2 = -2: that relu returns 0, its "
            "gate is off.",
            (1, 1, 1),
        ),
        row(
            "gates_of_the_lesson",
            "These are the gates at the lesson's point (3, 1). Here x = (1, 3).",
            (1, 0, 1),
        ),
        row(
            "sums_for_gates",
            "These are the sums inside the relus. A gate is 1 where its sum is positive, and "
            "0 otherwise.",
            (-2, 4, 3),
        ),
        row(
            "values_for_gates",
            "These are the values of the relus. A gate is 1 where the sum inside is "
            "positive, and 0 otherwise.",
            (0, 4, 3),
        ),
        row(
            "third_gate_off",
            "The third sum is 3, so its gate is on. An output weight below 0 closes no gate.",
            (0, 1, 0),
        ),
        differs=(
            "The gates are not right. Put x = (1, 3) into each of the three sums: a gate is on "
            "where the sum is positive. See {section_hand}."
        ),
    ),
    Part(
        "gradient",
        (-4, 5),
        row(
            "no_gates",
            "You added all three units. A unit whose gate is off passes no slope on: leave "
            "it out. See {section_hand}.",
            (-2, 3),
        ),
        row(
            "inverted_gates",
            "You added the units whose gate is off. The open ones count. See {section_hand}.",
            (2, -2),
        ),
        row(
            "times_activation",
            "You multiplied each unit's slope by its value. The slope of relu is 1 where the "
            "gate is on, whatever the value. See {section_hand}.",
            (-15, 21),
        ),
        row(
            "output_weights_forgotten",
            "You added the hidden weights of the open units. Each has to be multiplied by "
            "its output weight: 3 and -1. See {section_hand}.",
            (0, 3),
        ),
        row(
            "output_weights_only",
            "These are the output weights of the open units. Each has to be multiplied by "
            "the slope of its sum: (-1, 2) and (1, 1). See {section_hand}.",
            (3, -1),
        ),
        row(
            "minus_lost",
            "The third unit enters f with a minus. Its slope has to be subtracted.",
            (-2, 7),
        ),
        row(
            "third_unit_forgotten",
            "This is the second unit alone. The gate of the third is on, too.",
            (-3, 6),
        ),
        row(
            "second_unit_forgotten",
            "This is the third unit alone. The gate of the second is on, too.",
            (-1, -1),
        ),
        row(
            "times_input",
            "This is gradient x input. Asked is the gradient itself. See {section_times}.",
            (-4, 15),
        ),
        row(
            "sign_reversed",
            "Every sign is reversed. The gradient points to where f rises.",
            (4, -5),
        ),
        row(
            "factor_lost",
            "In the second unit you lost the 2: its hidden weights are (-1, 2), not (-1, 1).",
            (-4, 2),
        ),
        row("features_swapped", "The right numbers, but x1 and x2 are exchanged.", (5, -4)),
        row(
            "no_signs",
            "The sizes are right, but the slope with respect to x1 is negative: f falls when "
            "x1 rises.",
            (4, 5),
        ),
        row(
            "point_of_the_lesson",
            "This is the gradient at the lesson's point (3, 1). Here x = (1, 3), and other "
            "gates are on.",
            (1, -3),
        ),
        differs=(
            "The gates are right, the gradient is not. Add up (output weight) times (hidden "
            "weights) over the open units. See {section_hand}."
        ),
    ),
    Part(
        "exact_to",
        1,
        row(
            "third_gate_only",
            "At x2 = 0 the third gate closes. But another one changes before that.",
            0,
        ),
        row(
            "x1_forgotten",
            "In the second sum you left out x1: with x1 = 1 it is 2 x2 - 2, not 2 x2 - 1.",
            0.5,
        ),
        row(
            "not_the_place",
            "2 is how far x2 moves. Asked is the value of x2 itself at which the promise "
            "ends. (With x1 = 3 the place would be 2, but here x1 = 1.)",
            2,
        ),
        row(
            "fall_not_place",
            "-2 is by how much x2 moves (or a value of x1). Asked is the value of x2 itself at "
            "which the promise ends; x1 stays 1.",
            -2,
        ),
        row(
            "start",
            "3 is where x2 starts. The promise holds for a while on the way down from there.",
            3,
        ),
        differs=(
            "Gates and gradient are right. Which sum is the first to change its sign when x2 "
            "falls from 3, with x1 = 1? See {section_promise}."
        ),
    ),
    evidence="Yours: gates {gates}, gradient {gradient}, exact_to {exact_to}.",
    passed="Gates, gradient, and how far it holds.",
    hints=(
        "Put x = (1, 3) into the three sums first. A gate is on where the sum is positive; "
        "only units with an open gate pass a slope on.",
        "The gradient is the sum over the open units of (output weight) times (hidden "
        "weights): here 3 times (-1, 2), minus (1, 1).",
        "With x1 = 1 the three sums are 1 - x2, 2 x2 - 2 and x2. The promise is exact until "
        "the first of them changes its sign on the way down from 3.",
    ),
    handed_in=tuple,
)
