"""Task 06.1: weights and pattern of a linear model whose data are signal plus distractor."""

from xaicourse.course.grading.paper import Part, paper_task, row

__all__ = ["BY_HAND"]

# x = z (2, 1) + e (1, 1), var z = 4, var e = 1, and y = w . x = z. At x = (8, 5): z = 3, e = 2.
BY_HAND = paper_task(
    "06.1",
    Part(
        "weights",
        (1, -1),
        row(
            "weights_along_signal",
            "This is the direction of the signal. With these weights e changes y: (2, 1) . (1, 1) "
            "is not 0.",
            (2, 1),
        ),
        row(
            "weights_unit_signal",
            "These weights lie along the signal. They let e through: their sum is not 0.",
            (0.4, 0.2),
        ),
        row("weights_give_distractor", "These weights give y = e. Asked is y = z.", (-1, 2)),
        row(
            "weights_blind_for_signal",
            "These weights are perpendicular to (2, 1), so z cannot change y. Which part must y "
            "not see?",
            (1, -2),
        ),
        row("weights_reversed", "The sign is reversed: this gives y = -z.", (-1, 1)),
        row("weights_not_scaled", "The direction is right. But w . (2, 1) must be 1.", (0.5, -0.5)),
    ),
    Part(
        "covariances",
        (8, 4),
        row(
            "variances_added",
            "You computed the variances of x1 and x2. Asked are their covariances with y = z.",
            (17, 5),
        ),
        row(
            "standard_deviation",
            "You used the standard deviation 2 of z. Use the variance 4.",
            (4, 2),
        ),
        row(
            "distractor_counted",
            "You added the variance of e. e is independent of y = z: its covariance with y is 0.",
            (9, 5),
        ),
        row(
            "signal_squared",
            "This is the variance that z brings to x1 and to x2. The covariance with z has the "
            "factor 2 only once.",
            (16, 4),
        ),
        row("variance_left_out", "cov[2 z, z] is 2 var[z], and var[z] is 4.", (2, 1)),
    ),
    Part(
        "pattern",
        (2, 1),
        row(
            "pattern_is_weights",
            "These are the weights. The pattern is covariance divided by var[y].",
            (1, -1),
        ),
        row("pattern_not_divided", "These are the covariances. Divide by var[y] = 4.", (8, 4)),
        row(
            "pattern_by_deviation",
            "You divided by the standard deviation of y. Divide by its variance, 4.",
            (4, 2),
        ),
        row(
            "pattern_by_variance_of_x",
            "You divided by the variances of x1 and x2. Divide both covariances by var[y] = 4.",
            (8 / 17, 4 / 5),
        ),
        row(
            "pattern_unit_length",
            "You scaled the pattern to length 1. Its scale has a meaning: w . pattern = 1.",
            (2 / 5**0.5, 1 / 5**0.5),
        ),
        row(
            "pattern_of_distractor",
            "This is the direction of the distractor. Does x move this way when y rises?",
            (1, 1),
        ),
        row(
            "pattern_times_y",
            "This is the signal at (8, 5). The pattern is the signal for y = 1.",
            (6, 3),
        ),
    ),
    Part(
        "signal",
        (6, 3),
        row("whole_input", "This is the whole input. The signal is pattern times y.", (8, 5)),
        row("signal_of_one", "This is the signal for y = 1. At (8, 5), y is 3.", (2, 1)),
        row(
            "filter_signal",
            "This is the part of x along the weights, w (w . x) / (w . w). The signal is pattern "
            "times y.",
            (1.5, -1.5),
        ),
        row(
            "gradient_x_input", "This is gradient x input. The signal is pattern times y.", (8, -5)
        ),
        row(
            "weights_times_y",
            "You multiplied the weights by y. Multiply the pattern by y.",
            (3, -3),
        ),
        row(
            "pattern_times_input",
            "You multiplied the pattern by the input, place by place. Multiply it by the number y.",
            (16, 5),
        ),
    ),
    Part(
        "distractor",
        (2, 2),
        row("distractor_direction", "This is the direction. At (8, 5), e is 2.", (1, 1)),
        row(
            "rest_of_filter",
            "You took away the part along the weights. Take away the signal, pattern times y.",
            (6.5, 6.5),
        ),
        row(
            "rest_of_pattern",
            "You took away the pattern. Take away the signal, pattern times y.",
            (6, 4),
        ),
        row(
            "rest_reversed", "This is the signal minus x. The rest is x minus the signal.", (-2, -2)
        ),
    ),
    Part(
        "relevance",
        (6, -3),
        row(
            "relevance_is_signal",
            "These are the numbers of the signal. The relevance has the weight as one more factor, "
            "with its sign: w_i a_i y.",
            (6, 3),
        ),
        row(
            "relevance_of_input",
            "This is gradient x input: it uses the whole input. Use the signal a_i y in place of "
            "x_i.",
            (8, -5),
        ),
        row("relevance_without_y", "Multiply by y = 3.", (2, -1)),
        row(
            "relevance_without_pattern",
            "This is w_i y. The pattern is missing: w_i a_i y.",
            (3, -3),
        ),
        row(
            "relevance_y_twice", "Here y stands twice: the signal a_i y holds it already.", (18, -9)
        ),
    ),
    differs=(
        "The part {part} is not right. Tests: w . (1, 1) is 0, w . covariances is var[y], w . "
        "pattern is 1, signal and distractor add up to (8, 5), the relevances to y."
    ),
    passed=(
        "The weights cancel the distractor; the pattern is the direction of the signal; the "
        "relevances add up to y."
    ),
    hints=(
        "Two equations for w: w . (1, 1) = 0, so that e has no influence, and w . (2, 1) = 1, "
        "so that y = z.",
        "cov[x1, y] = cov[2 z + e, z] = 2 var[z], because e has nothing to do with z. The "
        "pattern is the covariance divided by var[y] = var[z] = 4.",
        "w = (1, -1), so y at (8, 5) is 3. The signal is pattern times y, the distractor is "
        "the rest of x, and the relevances are (w1 a1 y, w2 a2 y).",
    ),
)
