"""Task 11.4: one function along three ways, on paper."""

from xaicourse.course.grading.paper import Part, paper_task, row

__all__ = ["THREE_WAYS"]

THREE_WAYS = paper_task(
    "11.4",
    Part(
        "x1_first",
        (0, 4),
        row(
            "x2_first",
            "This is the way on which x2 moves first. While x1 moves alone, x2 is still 0: what is "
            "the slope then?",
            (4, 0),
        ),
        row("straight_here", "This is the straight way. Here x1 moves first.", (8 / 3, 4 / 3)),
        row("half_each", "Half each: find the slope on each of the two pieces.", (2, 2)),
        row(
            "slopes_at_the_end",
            "These are slope times way, with the slopes at the END. Take the slope on the piece.",
            (8, 4),
        ),
        row("score_lost", "x2 moves last, while x1 is 2. Then f grows with x2 by 4.", (0, 0)),
        row("no_square", "The slope for x2 is x1 SQUARED, 4 while x2 moves.", (0, 2)),
        differs="While x1 moves, x2 is 0; while x2 moves, x1 is 2.",
    ),
    Part(
        "straight",
        (8 / 3, 4 / 3),
        row("exchanged", "Right, but exchanged: the first number belongs to x1.", (4 / 3, 8 / 3)),
        row(
            "slopes_at_the_end_straight",
            "These are slopes at the end times the way. Take the mean slope along the way.",
            (8, 4),
        ),
        row("halved", "Half each is true of x1 x2. Here x1 is squared.", (2, 2)),
        row(
            "middle_only",
            "You took the slopes in the middle of the way. They are curved: integrate them.",
            (2, 1),
        ),
        row("no_way", "This is the mean slope. Multiply by the ways 2 and 1.", (4 / 3, 4 / 3)),
        row("a_corner_way", "This is the way round a corner. Both inputs move together here.",
            (0, 4)),
        row("another_corner", "This is the way round a corner. Both inputs move together here.",
            (4, 0)),
        differs="At alpha the inputs are 2 alpha and alpha: integrate way times slope from 0 to 1.",
    ),
    Part(
        "loop",
        (-4, 4),
        row(
            "nothing",
            "The SUM is 0, because f ends where it began. The two shares need not be 0.",
            (0, 0),
        ),
        row("other_direction", "Both signs are turned: the loop the other way round.", (4, -4)),
        row("all_positive", "A step back counts with its sign.", (4, 4)),
        row("end_slope_back", "On the way back the slope of x1 falls from 4 to 0: take its mean.",
            (-8, 4)),
        row("half_of_the_loop", "You stopped half way, at (2, 1). Go back over (0, 1).", (0, 4)),
        row("only_the_way_back", "This is the way back alone. Add the way there.", (-4, 0)),
        differs="Four pieces: on two of them the slope of the input that moves is 0.",
    ),
    rounding=0.004,
    passed="Three ways, three answers, and a loop that adds up to 0 but gives shares.",
    hints=(
        "The slopes are 2 x1 x2 and x1 squared. On a piece where one input moves, the other one is "
        "a constant.",
        "x1 first: x2 is 0, so the first piece gives 0. Straight: integrate 2 * 2a * a * 2 and "
        "(2a)^2 * 1 over a from 0 to 1. Loop: only two pieces have a slope.",
        "x1 first (0, 4). Straight (8 / 3, 4 / 3). Loop: x2 gains 4 on the way up, x1 loses 4 on "
        "the way back at x2 = 1.",
    ),
)  # fmt: skip
