"""Meta-attributions of Integrated Gradients (2026): how much of a share is owed to whom."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import factorial
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int, check_seed
from xaicourse.core.gradients import Question, ask
from xaicourse.core.moments import Moments
from xaicourse.core.near_names import did_you_mean
from xaicourse.core.path import Nodes, StraightPath, path_integral
from xaicourse.core.quadrature import quadrature
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_smooth_classifier
from xaicourse.methods.integrated.groups import Groups, make_groups

__all__ = ["meta_ig"]

STEPS, COALITIONS = 8, 64
ITSELF = ("player", "always")
AT_ONCE = 2**22  # numbers of x whose maps are in memory together


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs: few features need fewer coalitions."""
    return settings.get("coalitions", COALITIONS) * settings.get("steps", STEPS)


def example() -> Example:
    """Return the small net without kinks, with two orders of its six features."""
    return replace(small_smooth_classifier(), settings={"coalitions": 11})


@attribution_method(
    title="Meta-attributions of Integrated Gradients",
    year=2026,
    paper="arXiv:2605.06295",
    family="integrated",
    result="pair",
    unit="share",
    claims={"completeness", "dummy", "implementation_invariance", "linearity"},
    cost=gradients_per_row,
    example=example,
    stochastic=True,
)
def meta_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    itself: str = "player",
    baseline: Baseline = 0.0,
    groups: Tensor | int | None = None,
    coalitions: int = COALITIONS,
    steps: int = STEPS,
    seed: int = 0,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Share out the attribution of each feature among all features, by Shapley's value.

    .. math::
        A_{ij} = \sum_{S \not\ni j} \frac{|S|!\, (n - |S| - 1)!}{n!}\,
        \big[v_i(S \cup j) - v_i(S)\big], \qquad v_i(S) = \mathrm{IG}_i(x_S;\, x')

    :math:`x_S` is x on the features of S and x' elsewhere. Integrated Gradients itself is the game,
    in which the features are the players.

    Parameters
    ----------
    itself : str
        ``"player"``: feature i is a player in the game about its own share, which is 0 without it.
        ``"always"``: it is in every coalition, and the others are the players; then
        :math:`A_{ii} = v_i(\{i\})`, what i is worth alone. The abstract leaves this open.
    groups : Tensor, int or None
        What one feature is. None: each number, if there are at most 64, else one of 4 x 4 patches
        of an image. A whole number is the side of square patches; a tensor (...) of the shape of a
        row, or of its pixels, holds the numbers of the groups.
    coalitions : int
        The most coalitions whose Integrated Gradients are taken. If all are that few, the result is
        exact; otherwise orders of the features are drawn, each with its reverse, at least one pair.
    steps : int
        Nodes of the Gauss-Legendre rule for each coalition.
    seed : int
        Of the orders, which all rows share.

    Returns
    -------
    Tensor (N, G, G)
        In units of F; row i sums to the Integrated Gradients of feature i, column j is what j has a
        hand in. Not symmetric. `standard_error` tells how far drawn orders may be off; it is NaN
        for a single pair of them, and 0 where all coalitions were taken.

    Raises
    ------
    ValueError, TypeError
        Also for groups that do not fit, and for ``itself="always"`` with more coalitions than
        `coalitions`.

    Notes
    -----
    Keeps completeness, dummy, implementation invariance and linearity. For F = x1 + I with
    I = x1 x2^2 "player" gives ((x1 + I/6, I/6), (I/3, I/3)) and "always"
    ((x1, I/3), (2I/3, 0)); Integrated Hessians ((x1 + I/9, 2I/9), (2I/9, 4I/9)).

    **Cost.** 512 gradients a row at most: 8 for each of 64 coalitions.

    **Fails when** the coalitions are inputs that make no sense, half a picture say: what the model
    does there is counted like what it does at x.

    References
    ----------
    .. [fumagalli2026] F. Fumagalli, H. Baniecki, P. Biecek, 2026, arXiv:2605.06295.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[2.0, 3.0]])
    >>> xc.meta_ig(lambda x: x[:, 0] + x[:, 0] * x[:, 1] ** 2, x, itself="always")
    tensor([[[ 2.0000,  6.0000],
             [12.0000,  0.0000]]])
    """
    always, coalitions = _is_always(itself), check_positive_int(coalitions, "coalitions")
    steps = check_positive_int(steps, "steps")
    question = ask(model, x, target, **asked)
    made = make_groups(groups, question.x)
    start = make_baseline(baseline, question.x)
    f_end, f_start = question.scores_at_x, question.scores(start, question.rows)
    moments, spent = Moments(question.x.new_zeros(len(x), made.count, made.count)), 0
    for game in games(made.count, coalitions, always, seed):
        shares = group_shares(question, start, made, game.members, steps)
        moments.add(game.shapley(shares))  # (N, G, G)
        spent += len(game.members) * steps
    total = moments.mean
    f_start, f_end = f_start.to(total), f_end.to(total)
    return Attribution.of(
        question,
        total,
        kind="pair",
        f_start=f_start,
        f_end=f_end,
        gap=total.flatten(1).sum(1) - (f_end - f_start),
        standard_error=0 * total if 2**made.count - 1 <= coalitions else moments.error_of_mean,
        gradients=torch.full_like(question.rows, spent),
        endpoints=(start, question.x),
        extra={"groups": made.labels},
    )


@dataclass(frozen=True, eq=False)
class Game:
    """Coalitions, and the marginal contributions among them that are summed."""

    members: Tensor  # (C, G) bool, who is in
    joined: Tensor  # (M,) the coalition with the player; -1 is the empty one
    without: Tensor  # (M,) the same without it
    player: Tensor  # (M,)
    weight: Tensor  # (M,)
    alone: bool  # whether the diagonal is what a feature is worth alone

    def shapley(self, shares: Tensor) -> Tensor:
        """Return A (N, G, G) for the shares v_i(S) of all coalitions, (N, C, G)."""
        device = shares.device
        joined, without, player = (t.to(device) for t in (self.joined, self.without, self.player))
        nobody = torch.zeros_like(shares[:, :1])
        table = torch.cat([shares, nobody], dim=1)  # coalition -1 has no share of anything
        gain = table[:, joined] - table[:, without]  # (N, M, G)
        gain = gain * self.weight.to(shares)[:, None]
        if self.alone:  # of i's share only where i is in both
            both = self.members.to(device)[without.clamp_min(0)] & (without >= 0)[:, None]
            gain = gain * both
        total = torch.zeros(len(shares), shares.shape[2], shares.shape[2]).to(shares)
        total.index_add_(1, player, gain)
        total = total.transpose(1, 2)
        if self.alone:
            single = (self.members.sum(1) == 1).nonzero()[:, 0]
            order = self.members[single].long().argmax(1).argsort()
            worth = shares[:, single[order].to(device)]  # (N, G, G), each alone
            total = total + torch.diag_embed(worth.diagonal(dim1=1, dim2=2))
        return total


def _is_always(itself: Any) -> bool:
    if not isinstance(itself, str) or itself not in ITSELF:
        raise ValueError(f"itself {itself!r} is unknown; {did_you_mean(itself, ITSELF)}")
    return itself == "always"


def games(n: int, coalitions: int, always: bool, seed: int) -> Iterator[Game]:
    """Yield one game with all coalitions, or one for each pair of orders that are drawn."""
    if 2**n - 1 <= coalitions:
        yield whole_game(n, always)
        return
    if always:
        raise ValueError(
            f"itself='always' needs all {2**n - 1} coalitions of {n} features, but coalitions="
            f"{coalitions}; allow as many, join features by groups, or take itself='player'"
        )
    generator = torch.Generator().manual_seed(check_seed(seed))
    for _ in range(max(1, coalitions // (2 * n))):
        order = torch.randperm(n, generator=generator)
        yield drawn_game([order, order.flip(0)], n)


def whole_game(n: int, always: bool) -> Game:
    """Return the game with all coalitions of n features; number S - 1 is the set of bits S."""
    bits = torch.arange(1, 2**n)
    members = (bits[:, None] >> torch.arange(n)) & 1 > 0
    joined, player = members.nonzero(as_tuple=True)
    without = bits[joined] - (1 << player) - 1
    size = members.sum(1)[joined] - 1  # |S| without the player
    players, before = (n - 1, size - 1) if always else (n, size)
    each = torch.tensor(
        [
            factorial(s) * factorial(players - s - 1) / factorial(players) if s >= 0 else 0.0
            for s in before.tolist()
        ],
        dtype=torch.float64,
    )
    return Game(members, joined, without, player, each, always)


def drawn_game(orders: list[Tensor], n: int) -> Game:
    """Return the game in which features join in some orders; whoever joins gets what changes."""
    members, joined, without = [torch.ones(1, n, dtype=torch.bool)], [], []
    for order in orders:
        first = sum(len(part) for part in members)
        place = torch.empty_like(order).scatter(0, order, torch.arange(n))
        members.append(place[None, :] < torch.arange(1, n)[:, None])  # sizes 1 to n - 1
        chain = [-1, *range(first, first + n - 1), 0]  # from nobody to all
        for before, after in pairwise(chain):
            without.append(before)
            joined.append(after)
    weight = torch.full((len(joined),), 1 / len(orders), dtype=torch.float64)
    after, before = torch.tensor(joined), torch.tensor(without)
    return Game(torch.cat(members), after, before, torch.cat(orders), weight, False)


class _Copies:
    """A question about C copies of each row, one after the other."""

    def __init__(self, question: Question, copies: int) -> None:
        self.question, self.copies = question, copies

    def gradients(self, points: Any, rows: Tensor, receive: Any) -> None:
        self.question.gradients(points, rows // self.copies, receive)


def group_shares(
    question: Question, start: Tensor, groups: Groups, members: Tensor, steps: int
) -> Tensor:
    """Return the Integrated Gradients of each group, (N, C, G), for coalitions (C, G)."""
    n, found = len(question.rows), list[Tensor]()
    most = max(1, AT_ONCE // (n * question.x[0].numel()))
    for part in members.to(question.x.device).split(most):
        inside = groups.spread(part)[None]  # (1, C, ...)
        ends = torch.where(inside, question.x[:, None], start[:, None]).flatten(0, 1)
        path = StraightPath(start.repeat_interleave(len(part), dim=0), ends)
        nodes = Nodes.from_rule(*quadrature("gauss_legendre", steps), n_rows=n * len(part))
        copies: Any = _Copies(question, len(part))
        values = path_integral(copies, path, nodes, description="coalitions").values
        found.append(groups.sums(values).view(n, len(part), -1))
    return torch.cat(found, dim=1)
