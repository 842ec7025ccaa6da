"""Search in a ball for the input of the lowest score that keeps its class (task 16.2)."""

import torch


def by_signs(p, slope, step):
    """Step against the slope, by its signs."""
    return p - step * slope(p).sign()


def into_ball(p, x, eps):
    """Lead back into the ball around x, and into [0, 1]."""
    return torch.minimum(torch.maximum(p, x - eps), x + eps).clamp(0, 1)


def each_row(same, before):
    """Return which rows kept their class, (N,)."""
    return same


def where(rows, new, old):
    """Return the new points in some rows, the old ones in the others."""
    return torch.where(rows.view(-1, *[1] * (new.ndim - 1)), new, old)


def move(
    x,
    slope,
    score,
    same_class,
    eps,
    step,
    n,
    *,
    go=by_signs,
    back=into_ball,
    watch=each_row,
    better=torch.lt,
    start=lambda x: x,
):
    """Return the point with the lowest score that keeps its class, for each row, (N, ...)."""
    p = start(x)
    best, lowest = x, score(x)
    kept = torch.ones(len(x), dtype=torch.bool)
    for _ in range(n):
        p = back(go(p, slope, step), x, eps)
        value = score(p)
        kept = watch(same_class(p), kept)
        chosen = better(value, lowest) & kept
        best, lowest = where(chosen, p, best), torch.where(chosen, value, lowest)
    return best


# ---------------------------------------------------------------- wrong ones


def slope_at_x(x, slope, score, same_class, eps, step, n):
    """Ask the slope once."""
    once = slope(x)
    return move(x, lambda p: once, score, same_class, eps, step, n)


def greedy(x, slope, score, same_class, eps, step, n):
    """Go on from the best point alone."""
    best, lowest = x, score(x)
    for _ in range(n):
        p = into_ball(by_signs(best, slope, step), x, eps)
        value = score(p)
        chosen = (value < lowest) & same_class(p)
        best, lowest = where(chosen, p, best), torch.where(chosen, value, lowest)
    return best


def ball_around_the_last(x, slope, score, same_class, eps, step, n):
    """Keep near the point before, not near x."""
    best, lowest, p = x, score(x), x
    for _ in range(n):
        p = into_ball(by_signs(p, slope, step), p, eps)
        value = score(p)
        chosen = (value < lowest) & same_class(p)
        best, lowest = where(chosen, p, best), torch.where(chosen, value, lowest)
    return best


def one_step_for_all(x, slope, score, same_class, eps, step, n):
    """Choose one step for the whole batch, by the sum of the scores."""
    best, lowest, p = x, score(x).sum(), x
    for _ in range(n):
        p = into_ball(by_signs(p, slope, step), x, eps)
        value = score(p).sum()
        if value < lowest and same_class(p).all():
            best, lowest = p, value
    return best


def lowest_of_all(x, slope, score, same_class, eps, step, n):
    """Remember the lowest score even where its class is lost: no kept point beats it later."""
    best, lowest, p = x, score(x), x
    for _ in range(n):
        p = into_ball(by_signs(p, slope, step), x, eps)
        value = score(p)
        best = where((value < lowest) & same_class(p), p, best)
        lowest = torch.minimum(value, lowest)
    return best


def below_the_first(x, slope, score, same_class, eps, step, n):
    """Compare with the score of x only: the last point below it."""
    best, p = x, x
    for _ in range(n):
        p = into_ball(by_signs(p, slope, step), x, eps)
        best = where((score(p) < score(x)) & same_class(p), p, best)
    return best


def last_point(x, slope, score, same_class, eps, step, n):
    """Return where the search ends."""
    p = x
    for _ in range(n):
        p = into_ball(by_signs(p, slope, step), x, eps)
    return p


def last_kept(x, slope, score, same_class, eps, step, n):
    """Return the last point that kept its class."""
    best, p = x, x
    for _ in range(n):
        p = into_ball(by_signs(p, slope, step), x, eps)
        best = where(same_class(p), p, best)
    return best


def score_before(x, slope, score, same_class, eps, step, n):
    """Compare the score from before the step."""
    best, lowest, p = x, torch.full((len(x),), torch.inf, dtype=x.dtype), x
    for _ in range(n):
        value = score(p)
        p = into_ball(by_signs(p, slope, step), x, eps)
        chosen = (value < lowest) & same_class(p)
        best, lowest = where(chosen, p, best), torch.where(chosen, value, lowest)
    return best


def stopped(keep):
    """Return a search in which a row stops where it loses its class; `keep` says of which rows."""

    def search(x, slope, score, same_class, eps, step, n):
        best, lowest, p = x, score(x), x
        going = torch.ones(len(x), dtype=torch.bool)
        for _ in range(n):
            new = into_ball(by_signs(p, slope, step), x, eps)
            going = going & keep(same_class(new))
            p = where(going, new, p)
            value = score(p)
            chosen = (value < lowest) & going
            best, lowest = where(chosen, p, best), torch.where(chosen, value, lowest)
        return best

    return search


def refused(x, slope, score, same_class, eps, step, n):
    """Take no step that loses the class, and try again from the same point."""
    best, lowest, p = x, score(x), x
    for _ in range(n):
        new = into_ball(by_signs(p, slope, step), x, eps)
        p = where(same_class(new), new, p)
        value = score(p)
        chosen = value < lowest
        best, lowest = where(chosen, p, best), torch.where(chosen, value, lowest)
    return best
