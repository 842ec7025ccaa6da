"""Looks at the start: the right one with named steps, and what students write instead."""

import torch

from xaicourse.course.grading.shared_mistakes import pick

__all__ = [
    "against_x",
    "all_targets",
    "at_the_start",
    "by_place",
    "by_two_sorts",
    "column",
    "each_score_once",
    "larger",
    "rank_at_x",
    "scores_of",
    "share_of_score",
    "winner",
]


def larger(z, own):
    """Return how many classes have a larger score than the target, (N,)."""
    return (z > own[:, None]).sum(1)


def at_the_start(model, x, target, baseline, *, score=pick, ahead=larger, first=1):
    """Return the rise and the rank of the target at the baseline, (N, 2)."""
    z = model(baseline)
    own = score(z, target)
    rank = first + ahead(z, pick(z, target))
    return torch.stack([score(model(x), target) - own, rank.to(own)], 1)


def column(place, change):
    """Return a change of one column of the result (N, 2)."""

    def changed(result, **given):
        result = result.clone()
        result[:, place] = change(result[:, place], **given)
        return result

    return changed


def scores_of(where):
    """Return an answer that has a score in the place of the rise."""

    def answer(model, x, target, baseline):
        right = at_the_start(model, x, target, baseline)
        right[:, 0] = pick(model({"x": x, "baseline": baseline}[where]), target)
        return right

    return answer


def all_targets(model, x, target, baseline):
    """Return the rises and ranks of all targets, added up for every input."""
    found = [at_the_start(model, x, one.expand(len(x)), baseline) for one in target]
    return torch.stack(found).sum(0)


def rank_at_x(model, x, target, baseline):
    """Return the right rise, and the rank at x."""
    right = at_the_start(model, x, target, baseline)
    return torch.stack([right[:, 0], at_the_start(model, x, target, x)[:, 1]], 1)


def by_place(model, x, target, baseline, first=0):
    """Return the right rise, and a number of a class in the place of the rank."""
    right, z = at_the_start(model, x, target, baseline), model(baseline)
    rank = z.argsort(1, descending=True)[torch.arange(len(z)), target] + first
    return torch.stack([right[:, 0], rank.to(right)], 1)


def winner(model, x, target, baseline):
    """Return the right rise, and the best class at the baseline."""
    right = at_the_start(model, x, target, baseline)
    return torch.stack([right[:, 0], model(baseline).argmax(1).to(right)], 1)


def by_two_sorts(model, x, target, baseline, behind=False):
    """Return the right rise, and the place in the sorted scores: equal ones are ahead by number."""
    right, z = at_the_start(model, x, target, baseline), model(baseline)
    z = z.flip(1) if behind else z
    places = (-z).argsort(stable=True, dim=1).argsort(1)
    own = z.shape[1] - 1 - target if behind else target
    return torch.stack([right[:, 0], 1 + places[torch.arange(len(z)), own].to(right)], 1)


def against_x(model, x, target, baseline):
    """Return the right rise, and the rank of the score that the target has at x."""
    right, own = at_the_start(model, x, target, baseline), pick(model(x), target)
    return torch.stack([right[:, 0], 1 + larger(model(baseline), own).to(right)], 1)


def share_of_score(where):
    """Return an answer that divides the rise by a score."""

    def answer(model, x, target, baseline):
        right = at_the_start(model, x, target, baseline)
        score = pick(model({"x": x, "baseline": baseline}[where]), target)
        return torch.stack([right[:, 0] / score, right[:, 1]], 1)

    return answer


def each_score_once(z, own):
    """Return how many different scores are larger than the target's, (N,)."""
    pairs = zip(z.tolist(), own.tolist(), strict=True)
    return torch.tensor([len({v for v in line if v > mine}) for line, mine in pairs])
