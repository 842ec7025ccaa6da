"""One verdict from many intervals, and wrong ways to find it (task 15.6)."""

import torch

BETTER, WORSE, UNDECIDED, DEPENDS, NOT_ABOVE = 1, -1, 0, 2, 3


def by_both_ends(low, high):
    """Return where A is surely better and where it is surely worse, (K, Q) each."""
    return low > 0, high < 0


def every(sure):
    """Ask for all questions, (K,)."""
    return sure.all(dim=1)


def winner_above(verdict, above):
    """Return whether the winner beats its controls, (K,)."""
    return torch.where(verdict == BETTER, above[:, 0] > 0, above[:, 1] > 0)


def trusted(low, high, above, *, sure=by_both_ends, needed=every, against=winner_above, mixed=True):
    """Return one verdict for each pair of maps, (K,)."""
    better, worse = sure(low, high)
    verdict = torch.zeros(len(low))
    verdict[needed(better)] = BETTER
    verdict[needed(worse)] = WORSE
    wins = verdict.abs() == 1
    verdict[wins & ~against(verdict, above)] = NOT_ABOVE
    if mixed:
        verdict[better.any(dim=1) & worse.any(dim=1)] = DEPENDS
    return verdict


# ---------------------------------------------------------------- wrong ways


def by_the_middle(low, high):
    """Compare the middle of the interval with 0."""
    middle = (low + high) / 2
    return middle > 0, middle < 0


def not_worse(low, high):
    """Hold an interval with 0 in it for a win."""
    return (high > 0), (high < 0)


def first_question(low, high, above):
    """Look at the first question only."""
    return trusted(low[:, :1], high[:, :1], above)


def of_the_mean(low, high, above):
    """Average the ends over the questions."""
    return trusted(low.mean(1, keepdim=True), high.mean(1, keepdim=True), above)


def opposite_middles(low, high, above):
    """Call it a matter of the question as soon as the middles have two signs."""
    found = trusted(low, high, above)
    middle = low + high
    found[(middle > 0).any(dim=1) & (middle < 0).any(dim=1)] = DEPENDS
    return found


def control_first(low, high, above):
    """Ask the controls before anything else."""
    found = trusted(low, high, above)
    found[(above <= 0).any(dim=1)] = NOT_ABOVE
    return found


def control_without_winner(verdicts, fails):
    """Return 3 for pairs that nobody won, too, if their controls fail."""

    def asked(low, high, above):
        found = trusted(low, high, above)
        open_ = (found[:, None] == torch.tensor(verdicts)).any(dim=1)
        found[open_ & fails(above)] = NOT_ABOVE
        return found

    return asked


def one_fails(above):
    """Return whose controls fail for A or B, (K,)."""
    return (above <= 0).any(dim=1)


def both_fail(above):
    """Return whose controls fail for A and B, (K,)."""
    return (above <= 0).all(dim=1)


def undecided_depends(low, high, above):
    """Call it a matter of the question as soon as one question decides and not all do."""
    found = trusted(low, high, above)
    decided = ((low > 0) | (high < 0)).any(dim=1)
    found[(found == UNDECIDED) & decided] = DEPENDS
    return found
