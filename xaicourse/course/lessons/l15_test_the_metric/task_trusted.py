"""Task 15.6: from intervals under several questions to one verdict."""

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap
from xaicourse.course.lessons.l15_test_the_metric.verdicts import (
    DEPENDS,
    UNDECIDED,
    WORSE,
    both_fail,
    by_the_middle,
    control_first,
    control_without_winner,
    first_question,
    not_worse,
    of_the_mean,
    one_fails,
    opposite_middles,
    trusted,
    undecided_depends,
    winner_above,
)

__all__ = ["TRUSTED"]

CASES = (
    case(
        "clear",
        "three pairs under two questions, controls beaten",
        low=torch.tensor([[0.1, 0.2], [-0.4, -0.3], [-0.1, -0.2]]).double(),
        high=torch.tensor([[0.3, 0.4], [-0.2, -0.1], [0.2, 0.1]]).double(),
        above=torch.tensor([[0.1, 0.2], [0.1, 0.2], [0.3, 0.1]]).double(),
    ),
    case(
        "questions",
        "seven pairs under three questions",
        low=torch.tensor(
            [
                [0.1, 0.2, -0.1],
                [0.1, -0.4, 0.1],
                [-0.3, -0.3, -0.3],
                [0.2, 0.1, 0.1],
                [-0.2, -0.5, -0.1],
                [-0.1, 0.2, -0.4],
                [0.1, -0.2, -0.1],
            ]
        ).double(),
        high=torch.tensor(
            [
                [0.4, 0.4, 0.6],
                [0.3, -0.1, 0.4],
                [-0.1, 0.5, -0.2],
                [0.4, 0.3, 0.2],
                [-0.1, -0.2, -0.05],
                [0.3, 0.3, -0.2],
                [0.3, 0.1, 0.2],
            ]
        ).double(),
        above=torch.tensor(
            [[0.2, 0.1], [0.2, 0.1], [0.2, 0.3], [-0.1, 0.4], [0.3, -0.2], [-0.2, 0.1], [0.1, 0.2]]
        ).double(),
    ),
    case(
        "one_question",
        "four pairs under one question, an end at 0 among them",
        low=torch.tensor([[0.0], [0.2], [-0.3], [0.1]]).double(),
        high=torch.tensor([[0.3], [0.3], [0.0], [0.2]]).double(),
        above=torch.tensor([[0.1, 0.1], [0.0, 0.2], [0.1, 0.1], [0.2, -0.3]]).double(),
    ),
    case(
        "controls_win",
        "five pairs under two questions, most of them behind their controls",
        low=torch.tensor(
            [[-0.1, -0.2], [0.1, -0.1], [0.1, 0.2], [0.2, -0.4], [0.1, -0.5]]
        ).double(),
        high=torch.tensor([[0.2, 0.1], [0.3, 0.2], [0.3, 0.4], [0.3, -0.1], [0.4, -0.2]]).double(),
        above=torch.tensor(
            [[-0.1, -0.2], [0.3, -0.1], [-0.1, -0.3], [-0.2, -0.1], [0.2, -0.1]]
        ).double(),
    ),
)

MISTAKES = [
    swap(
        "by_the_middle",
        "You read the middle of the interval. A is surely better only if the whole interval is "
        "above 0.",
        sure=by_the_middle,
    ),
    swap(
        "zero_inside",
        "You call A better although 0 lies inside the interval. Ask for low > 0.",
        sure=not_worse,
    ),
    swap(
        "end_at_zero",
        "An interval that ends at 0 decides nothing: ask for low > 0 and high < 0.",
        sure=lambda low, high: (low >= 0, high <= 0),
    ),
    swap(
        "one_is_enough",
        "You call A better if it is so under one question. It must be so under every one.",
        needed=lambda sure: sure.any(dim=1),
    ),
    swap(
        "most",
        "You take the vote of most questions. Better is what is better under every one.",
        needed=lambda sure: sure.double().mean(1) > 0.5,
    ),
    own("first_question", "You look at the first question only.", first_question),
    own(
        "averaged",
        "You average over the questions. Opposite answers then cancel, and nobody sees them.",
        of_the_mean,
    ),
    swap(
        "never_depends",
        "A pair with opposite sure verdicts is 2: it depends on the question.",
        mixed=False,
    ),
    own(
        "opposite_middles",
        "You say 2 as soon as the middles have two signs. Both verdicts must be SURE.",
        opposite_middles,
    ),
    swap(
        "no_control",
        "You never look at above. A winner that is not above its controls is 3.",
        against=lambda verdict, above: torch.ones(len(above), dtype=torch.bool),
    ),
    swap(
        "control_of_a",
        "You always ask for the control of A. If B wins, B has to be above its own.",
        against=lambda verdict, above: above[:, 0] > 0,
    ),
    swap(
        "both_controls",
        "You ask for both controls. Only the winner has to be above its own.",
        against=lambda verdict, above: (above > 0).all(dim=1),
    ),
    swap(
        "either_control",
        "You take either control. The winner has to be above its own.",
        against=lambda verdict, above: (above > 0).any(dim=1),
    ),
    swap(
        "control_at_zero",
        "You let a number of exactly 0 in above pass. It has to be above 0.",
        against=lambda verdict, above: winner_above(verdict, above + 1e-9),
    ),
    swap(
        "control_turned",
        "You ask for the loser's control. The winner has to be above its own.",
        against=lambda verdict, above: winner_above(-verdict, above),
    ),
    own(
        "control_first",
        "You say 3 although nobody won. Only a winner is asked for its control.",
        control_first,
    ),
    *(
        own("control_first", "", control_without_winner(verdicts, fails))
        for verdicts in ([UNDECIDED], [DEPENDS], [UNDECIDED, DEPENDS])
        for fails in (one_fails, both_fail)
    ),
    own(
        "undecided_depends",
        "You say 2 where one question decides and another does not. 2 asks for two opposite "
        "verdicts, both sure.",
        undecided_depends,
    ),
    after(
        "turned",
        "Your signs are turned: 1 is for A, -1 for B.",
        lambda v: torch.where(v.abs() == 1, -v, v),
    ),
    after(
        "loser_lost",
        "You never return -1: B may win, too.",
        lambda v: torch.where(v == WORSE, 0, v),
    ),
]


TRUSTED = function_task(
    "15.6",
    trusted,
    cases=CASES,
    mistakes=MISTAKES,
    passed="One verdict for each pair, and it says when there is none.",
    hints=(
        "Two tables of booleans first: where is A surely better, where is it surely worse?",
        "better = low > 0, worse = high < 0. Then .all(dim=1) for 1 and -1, and .any(dim=1) of "
        "both for 2.",
        "In this order: zeros; 1 where better.all(1); -1 where worse.all(1); 3 where the winner's "
        "number in above is not > 0; 2 where better.any(1) & worse.any(1).",
    ),
)
