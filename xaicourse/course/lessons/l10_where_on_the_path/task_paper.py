"""Task 10.4: a stop and a weight on the TOY net, on paper."""

from xaicourse.course.grading.paper import Part, paper_task, row

__all__ = ["STOP_AND_WEIGH"]

STOP_AND_WEIGH = paper_task(
    "10.4",
    Part(
        "stop",
        1 / 8,
        row("half_of_the_path", "1 / 2 is half of the path. Asked is half of the rise.", 1 / 2),
        row("the_kink", "At 1 / 4 the whole rise is reached. Asked is half of it.", 1 / 4),
        row(
            "half_of_the_end",
            "At 0 the score is 1, half of the last score. Asked is half of the RISE, which begins "
            "at 1.",
            0,
        ),
        row(
            "stop_of_the_lesson",
            "This is the stop for 0.9 of the rise, the lesson's. Here s = 0.5.",
            0.225,
        ),
        row("the_input", "This is x1 at the stop. Asked is alpha, the part of the path.", 3 / 8),
        row(
            "sum_for_stop",
            "1 / 16 is what the weighted map adds up to. The stop is a place on the path.",
            1 / 16,
        ),
        row("the_score", "1.5 is the score there. Asked is alpha, where it is reached.", 1.5),
        row("in_percent", "alpha runs from 0 to 1. Is your number in percent?", 12.5),
        row("upside_down", "8 is no alpha: it runs from 0 to 1. Solve 4 alpha = 1 / 2.", 8),
        differs="The stop is where the score has risen by half of 1: 1 + 4 alpha = 1.5. "
        "Hand in a fraction, or three digits.",
    ),
    Part(
        "left",
        (3 / 4, -1 / 4),
        row(
            "up_to_the_kink",
            "This is collected up to the kink, the whole rise. The stop for half of it is earlier.",
            (1.5, -0.5),
        ),
        row(
            "no_distance",
            "These are the slopes times the part of the path. Multiply by the distances 3 and 1.",
            (0.25, -0.25),
        ),
        row(
            "not_stopped", "These are slope times distance. Only 1 / 8 of the path counts.", (6, -2)
        ),
        row(
            "half_of_ig",
            "This is half of Integrated Gradients. Left-IG collects up to the stop only.",
            (1.875, -1.375),
        ),
        row(
            "whole_path",
            "This is Integrated Gradients, the whole path. Left-IG collects up to the stop only.",
            (3.75, -2.75),
        ),
        row(
            "left_of_the_lesson",
            "This is Left-IG for 0.9 of the rise, the lesson's. Here s = 0.5.",
            (1.35, -0.45),
        ),
        row(
            "the_point",
            "This is the point where the path stops. Asked is what is collected there.",
            (3 / 8, 1 / 8),
        ),
        row(
            "slopes_at_the_end",
            "You took the slopes after the kink. The stop lies before it.",
            (3 / 8, -3 / 8),
        ),
        row(
            "the_rest",
            "This is what is collected after the stop. Left-IG is what comes before.",
            (3, -2.5),
        ),
        row(
            "no_sign",
            "A sign is lost: the slope of the second input is -2, so its share is below 0.",
            (0.75, 0.25),
        ),
        row("exchanged", "Right, but exchanged: the first number belongs to x1.", (-0.25, 0.75)),
        differs="Distance times slope times the part of the path up to the stop, for each input.",
    ),
    Part(
        "weighted_sum",
        1 / 16,
        row("weight_forgotten", "This is the sum for w = 1: the rise.", 1),
        row(
            "over_the_whole_path",
            "4 is the integral of w F' if F rose on the whole path. It is flat after 1 / 4.",
            4,
        ),
        row("slope_forgotten", "You integrated w alone, up to 1 / 4. Multiply by F' = 4.", 1 / 64),
        row(
            "weight_at_the_kink",
            "3 / 16 is the weight at the kink times the rise. The weight grows on the way there.",
            3 / 16,
        ),
        row(
            "other_weight",
            "1 / 4 belongs to w = 2 alpha. Here the weight is 3 alpha squared.",
            1 / 4,
        ),
        row(
            "weight_without_three",
            "You took alpha squared. The weight is three times that, so that its mean is 1.",
            1 / 48,
        ),
        row(
            "weighted_score",
            "You integrated w F, the score itself. Asked is w F', its slope along the path.",
            511 / 256,
        ),
        row("weight_in_the_middle", "You took w in the middle of the piece: integrate it.", 3 / 64),
        row(
            "up_to_the_stop",
            "You integrated up to 1 / 8. The weight replaces the stop: F rises up to 1 / 4.",
            1 / 128,
        ),
        row(
            "slope_times_weight",
            "This is slope times weight, both at 1 / 4. Integrate their product from 0 to 1 / 4.",
            3 / 4,
        ),
        row(
            "rest_of_the_rise",
            "15 / 16 is 1 minus it. The late part counts most here, and there F is flat.",
            15 / 16,
        ),
        differs="Integrate w(alpha) F'(alpha): F' is 4 up to 1 / 4, and 0 after it. "
        "Hand in a fraction, or four digits.",
    ),
    rounding=0.0006,
    passed="Half of the rise before the stop, and a sixteenth under the late weight.",
    hints=(
        "F' = 4 before alpha = 1 / 4 and 0 after it. Where has the score risen by 1 / 2?",
        "Left-IG: distance x slope x length of the part before the stop. Weighted sum: integrate 3 "
        "alpha^2 times 4 from 0 to 1 / 4.",
        "The stop is 1 / 8. Left-IG: 3 * 2 / 8 and 1 * (-2) / 8. Weighted sum: 4 * (1 / 4)^3.",
    ),
)
