"""Integrated Directional Gradients (2021): how much groups of words are worth."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution, in_dtype
from xaicourse.core.checks import check_axes
from xaicourse.core.path_weights import Weight
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import AlongPath
from xaicourse.methods.examples import small_sentence_classifier
from xaicourse.methods.integrated.along import along, gradients_per_row, straight_line

__all__ = ["integrated_directional_gradients"]


def example() -> Example:
    """Return the small net for sentences, with one group of two words."""
    return replace(small_sentence_classifier(), settings={"groups": [(1, 2)]})


@attribution_method(
    title="Integrated Directional Gradients",
    year=2021,
    paper="doi:10.18653/v1/2021.acl-long.71",
    family="integrated",
    input="embeddings",
    result="tokens",
    unit="score",
    claims={"sensitivity_a", "dummy", "implementation_invariance", "symmetry"},
    cost=gradients_per_row,
    example=example,
)
def integrated_directional_gradients(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    groups: Sequence[Sequence[int]] | None = None,
    **asked: Unpack[AlongPath],
) -> Attribution:
    r"""Value groups of words by the slope of F in the direction in which the group has come.

    .. math::
        \mathrm{IDG}(S) = \int_0^1 \nabla F(\gamma(\alpha)) \cdot
        \frac{\Delta_S}{\|\Delta_S\|}\, d\alpha, \qquad
        d(S) = \frac{|\mathrm{IDG}(S)|}{Z}, \qquad v(S) = \sum_{T \subseteq S} d(T)

    :math:`\Delta_S` is x - x' in the features of S and 0 elsewhere. The groups T are each single
    number of x, each word, and the `groups`; Z makes all dividends d sum to 1.

    Parameters
    ----------
    x : Tensor (N, L, D)
        Sentences: L words, each a point.
    groups : list of lists of int, or None
        Phrases, each as the places of its words, the same for every row; a parse tree gives them.
        None is the whole sentence. A group of one word is that word and counts once.

    Returns
    -------
    Tensor (N, L)
        The value v of each word, from 0 to 1, with the sign of its IDG: for or against. The details
        hold ``group_values`` (N, G) in the same form, the ``idg`` (N, L + G) of words and groups in
        units of F per unit of length, and their ``dividends``. `gap` is that of the integral: IDG
        of the whole sentence times its length, minus F(x) - F(x').

    Raises
    ------
    ValueError, TypeError
        Also where a group is empty or names a word that is not there.

    Notes
    -----
    Keeps sensitivity(a), dummy, implementation invariance and symmetry, for words. v is never
    negative, grows with the group and is 1 for a group of all: by construction, whatever F is. So
    it is not complete, and c F has the map of F.

    **Cost.** 50 gradients a row, `steps` of them: IDG(S) times the length of S is the sum of
    Integrated Gradients in S.

    **Fails when** a dividend is taken for an interaction: an additive F gives every pair one, too.
    A longer list of groups makes every word's value smaller.

    References
    ----------
    .. [sikdar2021] S. Sikdar, P. Bhattacharya, K. Heese, 2021, doi:10.18653/v1/2021.acl-long.71.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net = xc.zoo.load("sentence_cnn")
    >>> x = net.embed(["the plot was not good"])
    >>> xc.integrated_directional_gradients(net, x, 0, groups=[(3, 4), range(5)]).shape
    torch.Size([1, 5])
    """
    check_axes(x, 3, "sentences (N, L, D)")
    question, path, rule = straight_line(model, x, target, asked)
    masks, which = _masks(groups, question.x)
    found = along(question, path, Weight(), rule)
    shares, delta = found.values.to(question.x), path.end - path.start  # (N, L, D)

    numbers = directional(shares, delta).abs().sum(2)  # (N, L), over the single numbers of a word
    idg = directional(shares.sum(2) @ masks.T, (delta.square().sum(2) @ masks.T).sqrt())
    total = (numbers.sum(1) + idg.abs().sum(1))[:, None]  # Z
    total = total.where(total > 0, torch.ones_like(total))
    inside = (masks @ masks.T == masks.sum(1)).to(masks)  # [S, T]: whether T is a subset of S
    value = (idg.abs() @ inside.T + numbers @ masks.T) / total * idg.sign()  # (N, L + unique)

    words = question.x.shape[1]
    extra = {"group_values": value[:, which], "dividends": _with(idg.abs() / total, which, words)}
    extra["idg"] = _with(idg, which, words)
    values = in_dtype(value[:, :words], question.model_dtype)
    return replace(found, values=values, kind="tokens", extra={**found.extra, **extra})


def directional(share: Tensor, length: Tensor) -> Tensor:
    """Return the share of a group divided by the length that it has come; 0 where it has not."""
    come = length != 0
    return torch.where(come, share / length.where(come, torch.ones_like(length)), 0.0)


def _masks(groups: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the different groups (G, L), words first, as 0 and 1, and which one each is."""
    length = x.shape[1]
    if groups is None:
        groups = [range(length)]
    if isinstance(groups, str | Tensor) or not isinstance(groups, Sequence):
        raise TypeError(
            "groups must be a list of lists of the places of words, such as [(3, 4), (0, 1, 2)], "
            f"got {type(groups).__name__}"
        )
    known: dict[tuple[int, ...], int] = {(k,): k for k in range(length)}
    which = list[int]()
    for group in groups:
        members = tuple(sorted(set(_places(group, length))))
        which.append(known.setdefault(members, len(known)))
    masks = torch.zeros(len(known), length, dtype=x.dtype)
    for members, row in known.items():
        masks[row, list(members)] = 1
    return masks.to(x.device), torch.tensor(which, dtype=torch.long, device=x.device)


def _places(group: Any, length: int) -> list[int]:
    """Return the places of a group's words, or raise."""
    if not isinstance(group, Sequence) or isinstance(group, str):
        raise TypeError(f"groups holds {group!r}; a group is a list of the places of its words")
    wrong = [k for k in group if isinstance(k, bool) or not isinstance(k, int)]
    if wrong:
        raise TypeError(f"groups holds {wrong[0]!r}; the place of a word is a whole number")
    outside = [k for k in group if not 0 <= k < length]
    if outside or not group:
        raise ValueError(
            f"groups holds {tuple(group)}; a group has at least one of the places 0 to {length - 1}"
        )
    return list(group)


def _with(numbers: Tensor, which: Tensor, words: int) -> Tensor:
    """Return the numbers of words and then those of groups, (N, L + G), as the caller has them."""
    return torch.cat([numbers[:, :words], numbers[:, which]], dim=1)
