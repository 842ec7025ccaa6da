"""Task 12.4: crossings on paper: one walk, all orders, and a tie."""

from xaicourse.course.grading.paper import Part, paper_task, row

__all__ = ["ON_PAPER"]

ON_PAPER = paper_task(
    "12.4",
    Part(
        "walk",
        (3, 0),
        row("all_orders", "These are Shapley values. The walk has one order: who crosses first, "
            "who second?", (2.5, 0.5)),
        row("exchanged", "Right, but exchanged: the first number belongs to x1.", (0, 3)),
        row("second_crosses_last", "Compute both alphas: x2 reaches 2 at 2 / 5, x1 reaches 1 at "
            "1 / 2.", (2, 1)),
        row("by_distance", "You share the rise by how far the features move. Only jumps count.",
            (6 / 7, 15 / 7)),
        row("equal", "You share equally. Who crosses when the score jumps?", (1.5, 1.5)),
        row("alone", "x1 alone would bring 2. But when x1 crosses, x2 has crossed already.",
            (2, 0)),
        row("counted_twice", "The sum is too large: it must be 3. The part with both is counted "
            "twice.", (3, 1)),
    ),
    Part(
        "orders",
        (2.5, 0.5),
        row("one_walk", "This is the order of the walk alone. Take the mean over both orders.",
            (3, 0)),
        row("other_order", "This is one order, x1 first. Take the mean over both.", (2, 1)),
        row("exchanged_orders", "Right, but exchanged: the first number belongs to x1.",
            (0.5, 2.5)),
        row("sum_of_orders", "You added up both orders. Take their mean.", (5, 1)),
        row("equal_orders", "Equal shares forget that x1 alone brings 2 already.", (1.5, 1.5)),
        row("deletion", "You took away one feature at x. That is being the last one; take the mean "
            "with being the first.", (3, 1)),
    ),
    Part(
        "tie",
        (2.5, 0.5),
        row("whole_to_each", "Each gets the whole jump: the sum is 6. The rise is 3.", (3, 3)),
        row("first_takes_all", "x1 takes all. At a tie nobody is first: take the mean over both "
            "orders.", (3, 0)),
        row("x1_first", "You let x1 cross first. Take the mean over both orders.", (2, 1)),
        row("equal_tie", "Equal shares: x1 alone would bring 2, x2 alone nothing.", (1.5, 1.5)),
        row("no_jump", "There is a jump, at alpha = 1 / 2, and both cross.", (0, 0)),
    ),
    rounding=0.01,
    differs="{part}: list who crosses, at which alpha, and what the score is before and after.",
    passed="One walk, all orders, and a tie, in which the walk has to ask all orders.",
    hints=(
        "Where is alpha when x1 passes 1, and when x2 passes 2? What is f before and after?",
        "walk: x2 crosses at 2 / 5, x1 at 1 / 2. orders: x1 first gives (2, 1), x2 first (3, 0).",
        "walk (3, 0). orders: the mean of (2, 1) and (3, 0). tie: both cross at 1 / 2, the whole "
        "jump of 3 is shared in the same way.",
    ),
)  # fmt: skip
