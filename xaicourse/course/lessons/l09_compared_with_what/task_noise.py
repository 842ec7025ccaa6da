"""Task 09.6: Expected Gradients with noise around x, on paper."""

from xaicourse.course.grading.paper import Part, paper_task, row

__all__ = ["NOISE_ON_PAPER"]

# f = x1^2 + 3 x2 + x1 x2 at (2, 1), baselines x + z. Second slopes (2, 0), slopes (5, 5).
SLOPES = "This is the gradient at x. From baselines on both sides of x it cancels."
ALPHA = "The integral of alpha from 0 to 1 is 1/2: you left it out."
PRODUCT = (
    "The product x1 x2 adds nothing: only second slopes with respect to ONE input count, and the "
    "noise of two inputs is independent."
)

NOISE_ON_PAPER = paper_task(
    "09.6",
    Part(
        "shares",
        (-1, 0),
        row(
            "slip_for_shares",
            "The sign is that of the slip. Look at the minus of the formula.",
            (1, 0),
        ),
        row("slopes", SLOPES, (5, 5)),
        row("slopes", "", (-5, -5)),
        row("no_integral", ALPHA, (-2, 0)),
        row(
            "other_integral",
            "The integral of alpha is 1/2; 1/3 is that of its square.",
            (-2 / 3, 0),
        ),
        row(
            "all_cancels",
            "The draws cancel only where f is straight. Along x1 it bends.",
            (0, 0),
        ),
        row(
            "slope_for_bend",
            "4 is the slope of x1 * x1 at 2. The formula has its second slope, which is 2.",
            (-4, 0),
        ),
        row("other_sigma", "sigma is 1 here. 0.5 is that of an example in the lesson.", (-0.25, 0)),
        row("times_x", "This is the gradient times x. Nothing is compared with 0 here.", (10, 5)),
        row(
            "from_zero",
            "This is Integrated Gradients from (0, 0). Here the baselines lie around x.",
            (5, 4),
        ),
        row("product_counts", PRODUCT, (-1.5, -0.5)),
        row("product_counts", "", (-2, -1)),
        row("slope_of_x2", "x2 enters f without a bend: its second slope is 0.", (-1, -3)),
        row("slope_of_x2", "", (-1, 3)),
        row("slope_of_x2", "", (-1, -1)),
        row("halved_twice", "The second slope of x1 * x1 is 2, and half of it is 1.", (-0.5, 0)),
        row("order", "The shares are in the wrong order: first that of x1.", (0, -1)),
    ),
    Part(
        "total",
        -1,
        row("sum_of_slip", "f(x) minus the mean: the baselines lie HIGHER on average.", 1),
        row("no_fall", "The mean of f over the baselines is not f(x): squares do not cancel.", 0),
        row("score", "This is f(x) itself. Take away the mean of f over the baselines.", 9),
        row("mean_over_baselines", "This is the mean of f over the baselines.", 10),
        row(
            "total_twice",
            "The mean of z1 squared is sigma squared, here 1; that of z1 times z2 is 0.",
            -2,
        ),
        row("total_halved", "The mean of z1 squared is 1, not 1/2: the half is for shares.", -0.5),
        differs="The total is not right. What is the mean of f at x1 + z1 and x2 + z2?",
    ),
    Part(
        "slip",
        (1, 0),
        row("no_slip", "This is the right map. The slip turns every sign round.", (-1, 0)),
        row("slip_of_slopes", SLOPES, (-5, -5)),
        row("slip_no_integral", ALPHA, (2, 0)),
        row("slip_order", "The shares are in the wrong order: first that of x1.", (0, 1)),
        row("slip_cancels", "The slip turns every sign round. It makes no share 0.", (0, 0)),
        row(
            "slip_in_the_path",
            "The slip stands in the way alone, x' - x. The points stay where they are.",
            (3, 0),
        ),
        differs="The slip is not right. What does x' - x for x - x' do to each share?",
    ),
    differs="The shares are not right. Which second slopes does f have?",
    passed="Noise around x shows how f bends, and only the sum tells the slip.",
    hints=(
        "The formula has second slopes with respect to one input at a time. Write both down: they "
        "are numbers, the same everywhere.",
        "The second slopes are 2 and 0. The integral of alpha from 0 to 1 is 1/2, and sigma is 1.",
        "Share of x1: -1 times 1/2 times 2. For the total: the mean of (x1 + z) squared is x1 "
        "squared plus 1.",
    ),
)
