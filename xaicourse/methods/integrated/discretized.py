"""Discretized Integrated Gradients (2021): a path of words, along points near to other words."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_axes, check_positive_int, describe
from xaicourse.core.gradients import ask
from xaicourse.core.near_names import did_you_mean
from xaicourse.core.path_weights import Weight
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.core.walk import Polyline
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_sentence_classifier
from xaicourse.methods.integrated.along import Rule, along
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path

__all__ = ["discretized_ig"]

STRATEGIES = ("greedy", "maxcount")
AT_ONCE = 2**24  # numbers held while the neighbours of some words are compared


def pieces_of(settings: Mapping[str, Any]) -> int:
    """Return of how many straight pieces the path of each word is."""
    return 2 ** settings.get("upscale", 0) * (settings.get("anchors", 30) + 1)


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs: one at each end of a piece."""
    return of_one_path({"quadrature": "trapezoid", **settings}, default=pieces_of(settings))


def example() -> Example:
    """Return the small net for sentences, with a vocabulary of twelve words."""
    words = torch.sin(2.3 * torch.arange(36, dtype=torch.float64)).view(12, 3)
    settings = {"vocabulary": words, "anchors": 4, "neighbours": 8}
    return replace(small_sentence_classifier(), settings=settings)


@attribution_method(
    title="Discretized Integrated Gradients",
    year=2021,
    paper="arXiv:2108.13654",
    family="integrated",
    input="embeddings",
    unit="share",
    claims={"completeness", "sensitivity_a", "dummy", "implementation_invariance", "linearity"},
    cost=gradients_per_row,
    example=example,
)
def discretized_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    vocabulary: Any = None,
    strategy: str = "greedy",
    anchors: int = 30,
    neighbours: int = 500,
    upscale: int = 0,
    baseline: Baseline = 0.0,
    steps: int | None = None,
    quadrature: str = "trapezoid",
    tol: float | None = None,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Integrate gradients along a path that leads each word past other words to the baseline.

    .. math::
        A_i = \sum_k \frac{\partial_i F(p^k) + \partial_i F(p^{k+1})}{2}\, (p^{k+1}_i - p^k_i),
        \qquad p^0 = x', \; p^{M} = x

    From each word the search goes to a near word a, and on from there. A coordinate of a that lies
    between x' and the word before, v, is kept; any other becomes
    :math:`c_j = v_j - (v_j - x'_j) / m`. "greedy" takes the word that this moves least,
    :math:`\min_a \|a - c(a)\|`, "maxcount" the one with most coordinates kept. The points of the
    path are moved in the same way after the point before, so that every coordinate is monotone.

    Parameters
    ----------
    x : Tensor (N, L, D)
        Sentences: L words, each a point.
    vocabulary : Tensor (V, D)
        The points of all words: `net.embedding.weight`.
    strategy : str
        ``"greedy"`` or ``"maxcount"``.
    anchors : int
        m, the number of words on the path of each word.
    neighbours : int
        Among how many nearest words the next one is chosen.
    upscale : int
        How often the middle of each piece is added as a point, for the quadrature alone.
    steps : int, optional
        Nodes of the quadrature, intervals of the trapezoid; without it as many as there are pieces.
    quadrature : str
        trapezoid; left, as in the authors' code; right, midpoint, gauss_legendre or adaptive.

    Returns
    -------
    Tensor (N, L, D)
        In units of F; sums to F(x) - F(x'), and over D to the share of a word. The details hold the
        ``points`` (N, M + 1, L, D) of the path and the numbers of the ``words`` (N, m, L) that it
        passes, -1 where no word was left.

    Raises
    ------
    ValueError, TypeError
        Also where the vocabulary is no matrix of points as long as those of x.

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance and linearity: the path
    does not depend on F. Not symmetry. All words walk at once, so that point k of every word is one
    sentence. The left rule of the authors' code leaves a gap that the trapezoid closes, and their
    model gives its largest score at each point, which may change its class; here it is fixed.

    **Cost.** 32 gradients a row, `anchors` + 2, and the search, once a word:
    `anchors` times the distances to the vocabulary.

    **Fails when** near words do not mean the same, as in small nets: then the path is no better
    than any other monotone path. The last piece, to x', can be long.

    References
    ----------
    .. [sanyal2021] S. Sanyal, X. Ren, 2021, arXiv:2108.13654.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net = xc.zoo.load("sentence_cnn")
    >>> x = net.embed(["the plot was not good"])
    >>> found = xc.discretized_ig(net, x, 0, vocabulary=net.embedding.weight, anchors=8)
    >>> found.sum(2).shape
    torch.Size([1, 5])
    """
    check_axes(x, 3, "sentences (N, L, D)")
    settings = {"anchors": anchors, "upscale": upscale}
    _check(strategy, anchors, neighbours, upscale)
    rule = Rule.of(quadrature, steps, tol, default=pieces_of(settings))
    question = ask(model, x, target, **asked)
    start = make_baseline(baseline, question.x)
    words = _vocabulary(vocabulary, question.x)
    points, passed = word_paths(question.x, start, words, strategy, anchors, neighbours)
    for _ in range(upscale):
        points = with_middles(points)
    pieces = torch.full((len(points),), points.shape[1] - 1, device=points.device)
    path = Polyline(points.movedim(1, 0), pieces, torch.zeros_like(pieces))
    found = along(question, path, Weight(), rule)
    return replace(found, extra={**found.extra, "points": points, "words": passed})


# ---- the path of words ---------------------------------------------------------------------------


def word_paths(
    x: Tensor, start: Tensor, vocabulary: Tensor, strategy: str, m: int, neighbours: int
) -> tuple[Tensor, Tensor]:
    """Return the points from x' to x, (N, m + 2, L, D), and the numbers of the words passed."""
    n, length, d = x.shape
    at_once = max(1, AT_ONCE // (len(vocabulary) + min(neighbours, len(vocabulary)) * d))
    found = [
        _paths(w, w0, vocabulary, strategy, m, neighbours)
        for w, w0 in zip(
            x.reshape(-1, d).split(at_once), start.reshape(-1, d).split(at_once), strict=True
        )
    ]
    points, words = (torch.cat(parts) for parts in zip(*found, strict=True))
    points = points.view(n, length, m + 2, d).transpose(1, 2)
    return points.contiguous(), words.view(n, length, m).transpose(1, 2).contiguous()


def _paths(
    w: Tensor, w0: Tensor, vocabulary: Tensor, strategy: str, m: int, neighbours: int
) -> tuple[Tensor, Tensor]:
    """Walk from words w (T, D) towards w0 (T, D): points (T, m + 2, D) and words (T, m)."""
    used = (_distances(w, vocabulary) == 0) | (_distances(w0, vocabulary) == 0)  # (T, V)
    word, point = w, w  # the word before, and the point of the path before
    points, passed = [w], list[Tensor]()
    left = torch.ones_like(w[:, 0], dtype=torch.bool)  # whether a word was left so far
    for _ in range(m):
        near = nearest(word, vocabulary, neighbours)  # (T, K)
        a = vocabulary[near]  # (T, K, D)
        price = price_of(a, word[:, None], w0[:, None], strategy, m)
        price = price.masked_fill(used.gather(1, near), torch.inf)
        least, place = price.min(dim=1)
        left = left & torch.isfinite(least)
        chosen = near.gather(1, place[:, None])  # (T, 1)
        used = used.scatter(1, chosen, True)
        word = torch.where(left[:, None], vocabulary[chosen[:, 0]], w0)
        point = monotone_point(word, point, w0, m)
        points.append(point)
        passed.append(chosen[:, 0].masked_fill(~left, -1))
    return torch.stack([*points, w0], dim=1).flip(1), torch.stack(passed, dim=1).flip(1)


def monotone_point(a: Tensor, v: Tensor, w0: Tensor, m: int) -> Tensor:
    """Return c: coordinates of `a` between w0 and v stay, others go from v by 1/m towards w0."""
    kept = (a - w0) * (a - v) <= 0
    return torch.where(kept, a, v - (v - w0) / m)


def price_of(a: Tensor, v: Tensor, w0: Tensor, strategy: str, m: int) -> Tensor:
    """Return how little a word (T, K, D) suits as the next one after v: (T, K)."""
    if strategy == "greedy":
        return (a - monotone_point(a, v, w0, m)).norm(dim=-1)
    return -((a - w0) * (a - v) <= 0).sum(dim=-1).to(a.dtype)


def nearest(word: Tensor, vocabulary: Tensor, neighbours: int) -> Tensor:
    """Return the numbers of the words nearest to points (T, D), not those at the very point."""
    distance = _distances(word, vocabulary)
    distance = distance.masked_fill(distance == 0, torch.inf)
    return distance.topk(min(neighbours, len(vocabulary)), dim=1, largest=False).indices


def _distances(points: Tensor, vocabulary: Tensor) -> Tensor:
    """Return the distances (T, V), each from its two points alone."""
    return torch.cdist(points, vocabulary, compute_mode="donot_use_mm_for_euclid_dist")


def with_middles(points: Tensor) -> Tensor:
    """Add the middle of each piece to points (N, M + 1, ...)."""
    middles = (points[:, :-1] + points[:, 1:]) / 2
    pairs = torch.stack([points[:, :-1], middles], dim=2).flatten(1, 2)
    return torch.cat([pairs, points[:, -1:]], dim=1)


# ---- what is refused -----------------------------------------------------------------------------


def _check(strategy: Any, anchors: Any, neighbours: Any, upscale: Any) -> None:
    """Raise where a setting of the search is none."""
    if strategy not in STRATEGIES:
        raise ValueError(
            f"strategy must be one of {', '.join(STRATEGIES)}, got {strategy!r}; "
            f"{did_you_mean(str(strategy), STRATEGIES)}"
        )
    check_positive_int(anchors, "anchors")
    check_positive_int(neighbours, "neighbours")
    if isinstance(upscale, bool) or not isinstance(upscale, int) or not 0 <= upscale <= 10:
        raise ValueError(f"upscale must be a whole number from 0 to 10, got {upscale!r}")


def _vocabulary(vocabulary: Any, x: Tensor) -> Tensor:
    """Return the points of the words (V, D) where x is and as x is, or raise."""
    if not isinstance(vocabulary, Tensor):
        raise TypeError(
            "vocabulary must be the points of all words, a tensor (V, D) such as "
            f"net.embedding.weight, got {describe(vocabulary)}"
        )
    if vocabulary.dim() != 2 or vocabulary.shape[1] != x.shape[2]:
        raise ValueError(
            f"vocabulary has shape {tuple(vocabulary.shape)}, x has {tuple(x.shape)}; needed are "
            "words (V, D) for sentences (N, L, D)"
        )
    if not bool(torch.isfinite(vocabulary).all()):
        raise ValueError("vocabulary holds NaN or infinity")
    return vocabulary.detach().to(x)
