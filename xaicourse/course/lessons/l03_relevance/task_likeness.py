"""Task 03.4: how alike the maps of different classes are."""

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.lessons.l03_relevance.nets import numbers

__all__ = ["LIKENESS"]


def products(maps):
    """Return the product of each map with each, (K, K)."""
    return maps.flatten(1) @ maps.flatten(1).T


def cosines(maps):
    """Return the cosine of each map with each, (K, K)."""
    lengths = products(maps).diagonal().sqrt()
    return products(maps) / (lengths[:, None] * lengths)


def each_pair(table):
    """Return the entries of a table (K, K) above its diagonal."""
    return table[torch.ones_like(table).triu(1).bool()]


def likeness(maps, *, table=cosines, pairs=each_pair, size=torch.abs, join=torch.mean):
    """Return the mean |cosine| over all pairs of different maps."""
    return join(size(pairs(table(maps))))


# ---------------------------------------------------------------- cases


def maps(turn: float, *shape: int) -> torch.Tensor:
    """Return maps of mixed signs and sizes, none of which has the mean 0."""
    sizes = (1.0 + torch.arange(shape[0]) ** 2).view(-1, *[1] * (len(shape) - 1))
    return sizes * (numbers(turn, *shape) + 0.4)


CASES = (
    case("two", "two maps with three numbers", maps=maps(0.7, 2, 3)),
    case("four", "four maps (2, 3)", maps=maps(1.9, 4, 2, 3)),
    case("pictures", "five maps (2, 3, 4)", maps=maps(2.9, 5, 2, 3, 4)),
    case(
        "opposite",
        "three maps, two of them opposite",
        maps=torch.tensor([[1.0, 2.0], [-2.0, -4.0], [1.0, 3.0]]),
    ),
)


def last_axis_only(maps):
    """Return the mean cosine along the last axis alone."""
    pairs = torch.combinations(torch.arange(len(maps)))
    return torch.cosine_similarity(*maps[pairs].unbind(1), dim=-1).abs().mean()


# ---------------------------------------------------------------- the task

MISTAKES = [
    # signs
    swap(
        "with_signs",
        "You average cosines with signs, so opposite maps cancel. Take their sizes first.",
        size=lambda pairs: pairs,
    ),
    swap(
        "sign_at_the_end",
        "You take the size after the mean. Take the size of each cosine before.",
        size=lambda pairs: pairs,
        join=lambda a: a.mean().abs(),
    ),
    before(
        "sizes_first",
        "You take sizes of the maps first. Then any two maps look alike. Take the size of the "
        "cosine.",
        maps=torch.abs,
    ),
    swap("squared", "You average squared cosines. Asked is their size.", size=torch.square),
    swap(
        "positive_only",
        "You set negative cosines to 0. A map and its negative show the same picture: take sizes.",
        size=torch.relu,
    ),
    # which pairs
    swap(
        "with_itself",
        "You count each map against itself as well. That is always 1 and tells nothing.",
        pairs=torch.flatten,
    ),
    swap(
        "neighbours_only",
        "You compare neighbours only: 0 with 1, 1 with 2. Compare all pairs.",
        pairs=lambda table: table.diagonal(1),
    ),
    swap(
        "first_against_the_rest",
        "You compare only the first map with the others. Compare all pairs.",
        pairs=lambda table: table[0, 1:],
    ),
    # what is made of them
    swap("pairs_added", "You add up the pairs. Asked is their mean.", join=torch.sum),
    swap("pairs_added", "", join=lambda a: 2 * a.sum()),
    swap(
        "pairs_halved",
        "You get half of the mean: count each pair as often in the sum as in the number you divide "
        "by.",
        join=lambda a: a.mean() / 2,
    ),
    swap(
        "empty_half_counted",
        "You take the mean over the whole table, with the zeros below and on its diagonal. Divide "
        "by the number of pairs.",
        pairs=lambda table: table.triu(1),
    ),
    after(
        "divided_by_all",
        "You left the diagonal out of the sum, but divide by all K * K entries. K * (K - 1) "
        "are left.",
        lambda mean, maps: mean * (len(maps) - 1) / len(maps),
    ),
    swap("largest", "You return the largest pair. Asked is the mean over all.", join=torch.amax),
    swap("smallest", "You return the smallest pair. Asked is the mean over all.", join=torch.amin),
    after("difference", "You return 1 minus the likeness.", lambda mean: 1 - mean),
    # no cosine of whole maps
    swap(
        "not_normalised",
        "These are products of maps, not cosines: divide by the lengths of both.",
        table=products,
    ),
    before(
        "centred",
        "You subtract the mean of each map: that is a correlation. Asked is the cosine.",
        maps=lambda maps: maps.flatten(1) - maps.flatten(1).mean(1, True),
    ),
    own(
        "last_axis_only",
        "You take the cosine along the last axis alone. A map is one long vector: flatten it "
        "first.",
        last_axis_only,
    ),
]

LIKENESS = function_task(
    "03.4",
    likeness,
    cases=CASES,
    mistakes=MISTAKES,
    passed="1 means: the same picture for every class. Put it beside each map that 'adds up'.",
    hints=(
        "Flatten each map to one vector and give it length 1. The cosine of two maps is then "
        "the sum of their products.",
        "All cosines at once: a product of a (K, D) matrix and its transpose, a table (K, K). "
        "Its diagonal compares each map with itself: leave it out. Take sizes before the mean.",
        "flat = maps.flatten(1); flat = flat / flat.norm(dim=1, keepdim=True); table = (flat @ "
        "flat.T).abs(); K = len(maps); return (table.sum() - table.trace()) / (K * (K - 1)).",
    ),
)
