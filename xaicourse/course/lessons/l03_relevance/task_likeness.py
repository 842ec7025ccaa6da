"""Task 03.4: how alike the maps of different classes are."""

import torch

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task
from xaicourse.course.lessons.l03_relevance.nets import numbers

__all__ = ["GRADER", "LIKENESS"]


def _maps(turn: float, *shape: int) -> torch.Tensor:
    """Return maps of mixed signs and sizes, none of which has the mean 0."""
    sizes = (1.0 + torch.arange(shape[0]) ** 2).view(-1, *[1] * (len(shape) - 1))
    return sizes * (numbers(turn, *shape) + 0.4)


CASES = (
    Case("two", {"maps": _maps(0.7, 2, 3)}),
    Case("four", {"maps": _maps(1.9, 4, 2, 3)}),
    Case("pictures", {"maps": _maps(2.9, 5, 2, 3, 4)}),
    Case("opposite", {"maps": torch.tensor([[1.0, 2.0], [-2.0, -4.0], [1.0, 3.0]])}),
)


def _cosines(maps):
    rows = maps.flatten(1)
    rows = rows / rows.norm(dim=1, keepdim=True)
    return rows @ rows.T


def _pairs(table):
    """Return the entries of a table (K, K) above its diagonal."""
    return table[torch.triu(torch.ones_like(table), diagonal=1).bool()]


def likeness(maps):
    """Return the mean |cosine| over all pairs of different maps."""
    return _pairs(_cosines(maps)).abs().mean()


def with_signs(maps):
    return _pairs(_cosines(maps)).mean()


def sign_at_the_end(maps):
    return _pairs(_cosines(maps)).mean().abs()


def with_itself(maps):
    return _cosines(maps).abs().mean()


def pairs_added(maps):
    return _pairs(_cosines(maps)).abs().sum()


def _each_pair_twice(maps):
    return 2 * pairs_added(maps)


def pairs_halved(maps):
    """Add up one half of the table and divide by the number of entries of both."""
    return likeness(maps) / 2


def empty_half_counted(maps):
    """Keep one half of the table and take the mean with the zeros of the rest."""
    return _cosines(maps).abs().triu(1).mean()


def divided_by_all(maps):
    """Leave the diagonal out of the sum, but not out of the number of entries."""
    return 2 * pairs_added(maps) / len(maps) ** 2


def sizes_first(maps):
    return likeness(maps.abs())


def not_normalised(maps):
    rows = maps.flatten(1)
    return _pairs(rows @ rows.T).abs().mean()


def centred(maps):
    rows = maps.flatten(1)
    return likeness(rows - rows.mean(1, keepdim=True))


def squared(maps):
    return _pairs(_cosines(maps)).square().mean()


def largest(maps):
    return _pairs(_cosines(maps)).abs().max()


def smallest(maps):
    return _pairs(_cosines(maps)).abs().min()


def neighbours_only(maps):
    return _cosines(maps).diagonal(1).abs().mean()


def first_against_the_rest(maps):
    return _cosines(maps)[0, 1:].abs().mean()


def last_axis_only(maps):
    """The mean cosine along the last axis alone."""
    K = len(maps)
    found = [
        torch.nn.functional.cosine_similarity(maps[a], maps[b], dim=-1).abs().mean()
        for a in range(K)
        for b in range(a + 1, K)
    ]
    return torch.stack(found).mean()


def difference(maps):
    return 1 - likeness(maps)


def positive_only(maps):
    return _pairs(_cosines(maps)).clamp_min(0).mean()


WRONG = {
    function.__name__: function
    for function in (
        with_signs,
        sign_at_the_end,
        with_itself,
        pairs_added,
        pairs_halved,
        empty_half_counted,
        divided_by_all,
        sizes_first,
        not_normalised,
        centred,
        squared,
        largest,
        smallest,
        neighbours_only,
        first_against_the_rest,
        last_axis_only,
        difference,
        positive_only,
    )
}

GRADER = CaseGrader("03.4", CASES, likeness, WRONG, also={"pairs_added": (_each_pair_twice,)})

LIKENESS = Task(
    id="03.4",
    grade=GRADER,
    reference=likeness,
    misconceptions=WRONG,
)
