"""Task 05.1: Integrated Gradients of the TOY net on paper, and the alpha of the kink."""

from xaicourse.course.grading.paper import Part, paper_task, row

__all__ = ["TOY_ON_PAPER"]

# Before the kink the slopes are (2, -2), after it (1, -3); x - x' = (3, 1).
IG, KINK = (3.75, -2.75), 0.25

TOY_ON_PAPER = paper_task(
    "05.1",
    Part(
        "shares",
        IG,
        row(
            "constant_slope",
            "(3, -3) is the gradient at x times (x - x'). The gradient is another one on the first "
            "part of the path, before the kink. See {section_area}.",
            (3, -3),
        ),
        row(
            "first_slope_only",
            "(6, -2) uses only the gradient before the kink. After the kink there is another one. "
            "See {section_area}.",
            (6, -2),
        ),
        row(
            "parts_swapped",
            "(5.25, -2.25) has the lengths of the two parts of the path exchanged. Which part is "
            "longer, the one before or the one after the kink? See {section_area}.",
            (5.25, -2.25),
        ),
        row(
            "half_and_half",
            "(4.5, -2.5) is the plain average of the two gradients. The two parts of the path are "
            "not equally long. See {section_area}.",
            (4.5, -2.5),
        ),
        row(
            "no_difference",
            "(1.25, -2.75) is the average gradient. It must still be multiplied by x - x' = (3, "
            "1). See {section_definition}.",
            (1.25, -2.75),
        ),
        row(
            "plain_gradient",
            "(1, -3) is the gradient at x. It must be averaged over the path and multiplied by x - "
            "x'. See {section_definition}.",
            (1, -3),
        ),
        row(
            "sign_reversed",
            "Both shares have the opposite sign. The difference is x - x', not x' - x. See "
            "{section_definition}.",
            (-3.75, 2.75),
        ),
        row(
            "features_swapped",
            "The two numbers are right but exchanged: the first one belongs to x1.",
            (-2.75, 3.75),
        ),
        row(
            "no_signs",
            "The second share is negative: a larger x2 lowers the score on this path. See "
            "{section_area}.",
            (3.75, 2.75),
        ),
        row(
            "no_gates",
            "(-6, 3) treats all three relus as on. The second one is off on the whole path. See "
            "{section_area}.",
            (-6, 3),
        ),
        row(
            "third_relu_added",
            "(8.25, -1.25) adds the third relu. In f it has a minus sign: after the kink its (1, "
            "1) is taken away from the gradient. See {section_area}.",
            (8.25, -1.25),
        ),
        row(
            "second_relu_on",
            "(-3, 1.75) switches on the second relu behind the kink. Its sum is -alpha - 1, "
            "below 0 on the whole path.",
            (-3, 1.75),
        ),
        row(
            "no_lengths",
            "(9, -5) adds the two gradients as if each part of the path had length 1. Weigh each "
            "gradient with the length of its part. See {section_area}.",
            (9, -5),
        ),
        row(
            "distances_swapped",
            "(1.25, -8.25) multiplies by (1, 3). The distance x - x' is (3, 1): 3 for the first "
            "feature, 1 for the second.",
            (1.25, -8.25),
        ),
        row(
            "first_part_only",
            "(1.5, -0.5) is what the path collects up to the kink. Add the part after the kink. "
            "See {section_area}.",
            (1.5, -0.5),
        ),
        row(
            "second_part_only",
            "(2.25, -2.25) is what the path collects after the kink. Add the part before the kink. "
            "See {section_area}.",
            (2.25, -2.25),
        ),
        row(
            "f_at_baseline_added",
            "(4.25, -2.25) sums to 2, which is f(3, 1). The shares add up to the rise f(3, 1) - "
            "f(0, 0) = 1: the value at the baseline is nobody's share. See {section_area}.",
            (4.25, -2.25),
        ),
        differs="Your shares add up to {total}; the rise f(3, 1) - f(0, 0) is 1. Write down the "
        "gradient of each part of the path, weigh it with the length of the part, add, and "
        "multiply by the distance (3, 1). See {section_area}.",
    ),
    Part(
        "kink",
        KINK,
        row(
            "kink_from_the_end",
            "0.75 is not the alpha of the kink, but x1 there, or the length of the way behind it. "
            "alpha is 0 at the baseline and 1 at x. See {section_area}.",
            0.75,
        ),
        row(
            "kink_upside_down",
            "4 is not an alpha, because alpha runs from 0 to 1. Solve 4 alpha - 1 = 0 for alpha.",
            4,
        ),
        row("kink_in_percent", "alpha runs from 0 to 1. Is your number in percent?", 25),
        row(
            "kink_of_second_relu",
            "At alpha = -1 the second relu would switch, but that is not on the path: alpha runs "
            "from 0 to 1. Which relu switches there? See {section_area}.",
            -1,
        ),
        row(
            "kink_at_third",
            "alpha = 1 / 3 solves 3 alpha - 1 = 0. On the path both features grow: x1 + x2 - 1 is "
            "3 alpha + alpha - 1. See {section_area}.",
            1 / 3,
        ),
        differs="Start with the kink: at which alpha is one of the sums inside the relus exactly "
        "0? See {section_area}.",
    ),
    first="kink",
    handed_in=tuple,
    any_form=True,
    rounding=0.0051,  # two digits after the point are enough
    passed="Both shares and the kink are right, and 3.75 - 2.75 = 1 is the rise.",
    hints=(
        "Put the path point (3 alpha, alpha) into each of the three relus. Which of them changes "
        "from off to on, and where?",
        "The slope is constant before the kink and constant after it. Write down both gradients, "
        "and how long each part of the path is.",
        "The average gradient is (length of part 1) x (gradient 1) + (length of part 2) x "
        "(gradient 2). Then multiply by x - x' = (3, 1). Check: the sum must be f(3, 1) - f(0, 0) "
        "= 1.",
    ),
)
