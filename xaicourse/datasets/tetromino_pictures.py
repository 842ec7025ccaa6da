r"""Tetrominoes under noise: the truth is known, and so is the best linear answer.

After XAI-TRIS of B. Clark, R. Wilming and S. Haufe (2023), arXiv:2306.12816. A picture
is the pattern a of its class and a background :math:`\eta`, which is white or smoothed noise:

.. math::
    x = \alpha \, a / \lVert a \rVert + (1 - \alpha) \, \eta / \sqrt{64}

Smoothed noise makes suppressors: pixels without signal that help all the same, because they tell
what the noise of their neighbours is. A filter needs them, and the truth is elsewhere.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from xaicourse.core.brief import brief
from xaicourse.core.near_names import suggest_names
from xaicourse.datasets.planted_patches import check_number_and_seed

TETROMINO_CLASSES = ("T", "L")

SIDE = 8  # of a picture
PIXELS = SIDE * SIDE
# scenario -> the paper's alpha: a share that leaves a few errors even to the best answer
SCENARIOS = {"linear": 0.25, "multiplicative": 0.7, "translated": 0.6, "xor": 0.3}
FLOOR = 0.01  # share of smoothed noise's variance that stays white: no pixel can be told exactly

# where each stands in all scenarios but "translated": T upper left, L lower right
_PLACED = (
    "........ .###.... ..#..... ........ ........ ........ ........ ........",
    "........ ........ ........ ........ .....#.. .....#.. .....##. ........",
)


class TetrominoImages(NamedTuple):
    """Pictures with a tetromino in noise, their classes and masks of the signal.

    Parameters
    ----------
    x : Tensor (N, 1, 8, 8)
        float32, about 0.1 in size, around 0.
    labels : Tensor (N,)
        Class numbers, int64.
    masks : Tensor (N, 1, 8, 8)
        Booleans: True where the classes differ.
    """

    x: Tensor
    labels: Tensor
    masks: Tensor

    def __repr__(self) -> str:
        return brief(self)


class BayesAnswer(NamedTuple):
    """The best answer to the linear scenario, in closed form, float64.

    Parameters
    ----------
    weight : Tensor (1, 8, 8)
        Of the log odds of class 1: weight . x + bias. It depends on the noise.
    bias : float
        Of the log odds.
    pattern : Tensor (1, 8, 8)
        Covariance times weight: how the signal looks, exactly 0 outside the mask.
    covariance : Tensor (64, 64)
        Of the background, as it is in x.
    accuracy : float
        The share that the best answer gets right.
    """

    weight: Tensor
    bias: float
    pattern: Tensor
    covariance: Tensor
    accuracy: float

    def __repr__(self) -> str:
        return brief(self)


@suggest_names
def tetrominoes(
    n: int = 500,
    seed: int = 0,
    *,
    scenario: str = "linear",
    smoothing: float = 0.0,
    alpha: float | None = None,
    device: str | torch.device | None = None,
) -> TetrominoImages:
    r"""Make pictures of a T or an L in noise, with the pixels where the classes differ.

    Parameters
    ----------
    n : int
        How many. ``tetrominoes(10, seed)`` are the first ten of ``tetrominoes(500, seed)``.
    seed : int
        The same seed gives the same pictures, on every device; no global random state is used.
    scenario : str
        ``"linear"``: T or L, each at its place. ``"multiplicative"``: the noise is
        :math:`1 - \alpha` times as large there. ``"translated"``: anywhere, turned at will.
        ``"xor"``: both, with signs; the class is whether the signs differ.
    smoothing : float
        Standard deviation, in pixels, of the Gaussian that smooths the noise; 0 is white noise.
        Each pixel has the same variance, whatever the smoothing.
    alpha : float, optional
        Signal to noise: :math:`\alpha`, above 0 and below 1. Unless told otherwise, one with
        which the scenario can be learnt.
    device : str or torch.device, optional
        Where to put the tensors; the CPU unless told otherwise.

    Returns
    -------
    TetrominoImages
        x (N, 1, 8, 8), float32; labels (N,), int64, in the order of
        ``xc.datasets.TETROMINO_CLASSES`` (for "xor" 1 where the signs differ); masks
        (N, 1, 8, 8). The absence of one shape tells as much as the presence of the other, so the
        mask holds both, 8 pixels of 64; for "translated" it is the shape itself, 4 pixels.

    Raises
    ------
    ValueError, TypeError
        If n is not a whole number above 0, the seed is not whole, there is no such scenario, or
        smoothing or alpha are out of range.

    Examples
    --------
    >>> import xaicourse as xc
    >>> made = xc.datasets.tetrominoes(100, scenario="xor", smoothing=1.0)
    >>> made.x.shape, made.masks[0].sum()
    (torch.Size([100, 1, 8, 8]), tensor(8))
    """
    check_number_and_seed(n, seed)
    alpha = _checked(scenario, smoothing, alpha)
    generator = torch.Generator().manual_seed(seed)
    draws = torch.rand(n, 2 * PIXELS + 4, generator=generator, dtype=torch.float64)
    noise = torch.special.ndtri(draws[:, : 2 * PIXELS].clamp_min(1e-12))  # normal
    labels, shapes, masks = _patterns(scenario, draws[:, 2 * PIXELS :])  # (N, 8, 8) the last two

    eta = noise[:, PIXELS:]  # (N, 64)
    if smoothing > 0:
        smooth = noise[:, :PIXELS] @ smoother(smoothing).T
        eta = math.sqrt(1 - FLOOR) * smooth + math.sqrt(FLOOR) * eta
    eta = eta.view(-1, SIDE, SIDE)
    if scenario == "multiplicative":
        x = (1 - alpha * shapes) * eta / SIDE
    else:
        length = shapes.flatten(1).norm(dim=1)[:, None, None]  # the same for all
        x = alpha * shapes / length + (1 - alpha) * eta / SIDE
    place = device or "cpu"
    made = (x[:, None].float(), labels, masks[:, None])
    return TetrominoImages(*(part.to(place) for part in made))


@suggest_names
def tetromino_answer(*, smoothing: float = 0.0, alpha: float | None = None) -> BayesAnswer:
    r"""Return the best answer to the linear scenario, and the pattern that it picks up.

    .. math::
        w = \Sigma^{-1} (\mu_1 - \mu_0), \qquad a = \Sigma w = \mu_1 - \mu_0, \qquad
        \mathrm{accuracy} = \Phi\Big(\tfrac{1}{2} \sqrt{(\mu_1 - \mu_0)^\top w}\Big)

    The weight is a filter: it has to cancel the noise as well as to find the signal, so with
    smoothed noise it is not 0 on pixels where the classes are equal. The pattern is.

    Parameters
    ----------
    smoothing : float
        Standard deviation, in pixels, of the Gaussian that smooths the noise; 0 is white noise.
    alpha : float, optional
        Signal to noise, as that of `tetrominoes`.

    Returns
    -------
    BayesAnswer
        Weight, bias, pattern, covariance and accuracy, float64.

    Raises
    ------
    ValueError
        If smoothing or alpha are out of range.

    References
    ----------
    .. [haufe2014] S. Haufe and others, 2014, "On the interpretation of weight vectors of linear
       models in multivariate neuroimaging", NeuroImage 87.

    Examples
    --------
    >>> import xaicourse as xc
    >>> best = xc.datasets.tetromino_answer(smoothing=1.0)
    >>> truth = best.pattern.abs() > 1e-9
    >>> truth.sum(), bool(best.weight[~truth].abs().max() > best.weight[truth].abs().min())
    (tensor(8), True)
    """
    alpha = _checked("linear", smoothing, alpha)
    both = placed_shapes().double()  # (2, 8, 8)
    means = alpha * both.flatten(1) / both.flatten(1).norm(dim=1, keepdim=True)
    covariance = torch.eye(PIXELS, dtype=torch.float64)
    if smoothing > 0:
        matrix = smoother(smoothing)
        covariance = (1 - FLOOR) * matrix @ matrix.T + FLOOR * covariance
    covariance = covariance * ((1 - alpha) / SIDE) ** 2
    apart = means[1] - means[0]
    weight = torch.linalg.solve(covariance, apart)
    bias = -float(weight @ (means[0] + means[1]) / 2)
    accuracy = float(torch.special.ndtr((apart @ weight).sqrt() / 2))
    pattern = apart.view(1, SIDE, SIDE)
    return BayesAnswer(weight.view(1, SIDE, SIDE), bias, pattern, covariance, accuracy)


def smoother(smoothing: float) -> Tensor:
    """Return the matrix (64, 64) that smooths white noise; each pixel keeps variance 1."""
    place = torch.arange(SIDE, dtype=torch.float64)
    line = torch.exp(-0.5 * ((place[:, None] - place) / smoothing) ** 2)  # (8, 8)
    matrix = torch.kron(line, line)
    return matrix / matrix.norm(dim=1, keepdim=True)


def placed_shapes() -> Tensor:
    """Return T and L at their places, (2, 8, 8) booleans."""
    return torch.tensor([[[p == "#" for p in row] for row in one.split()] for one in _PLACED])


def _patterns(scenario: str, draws: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return labels (N,), the pattern a (N, 8, 8) and the truth (N, 8, 8), from draws (N, 4)."""
    both = placed_shapes()
    everywhere = both.any(0).expand(len(draws), SIDE, SIDE).clone()
    first, second = (draws[:, :2] < 0.5).unbind(1)  # (N,) booleans
    if scenario == "xor":
        signs = torch.stack([first, second], dim=1).double() * 2 - 1  # (N, 2)
        return (first != second).long(), (signs[..., None, None] * both).sum(1), everywhere
    labels = first.long()
    if scenario != "translated":
        return labels, both[labels].double(), everywhere
    turned = turned_shapes()[labels, (draws[:, 1] * 4).long()]  # (N, 8, 8), upper left corner
    shapes = torch.zeros(len(draws), SIDE, SIDE, dtype=torch.bool)
    for row, (shape, moves) in enumerate(zip(turned, draws[:, 2:].tolist(), strict=True)):
        height, width = (int(shape.any(axis).sum()) for axis in (1, 0))
        down = int(moves[0] * (SIDE - height + 1))
        right = int(moves[1] * (SIDE - width + 1))
        shapes[row] = shape.roll((down, right), (0, 1))
    return labels, shapes.double(), shapes


def turned_shapes() -> Tensor:
    """Return T and L in their four turns, in the upper left corner, (2, 4, 8, 8) booleans."""
    return torch.stack(
        [torch.stack([_in_corner(one.rot90(k)) for k in range(4)]) for one in placed_shapes()]
    )


def _in_corner(shape: Tensor) -> Tensor:
    down, right = (int(shape.any(axis).long().argmax()) for axis in (1, 0))
    return shape.roll((-down, -right), (0, 1))


def _checked(scenario: str, smoothing: float, alpha: float | None) -> float:
    """Return alpha, or raise where an argument is out of range."""
    if scenario not in SCENARIOS:
        raise ValueError(f"scenario: expected one of {', '.join(SCENARIOS)}, got {scenario!r}.")
    if not _is_number(smoothing) or not 0 <= smoothing < math.inf:
        raise ValueError(f"smoothing: expected a number of pixels from 0, got {smoothing!r}.")
    if alpha is None:
        return SCENARIOS[scenario]
    if not _is_number(alpha) or not 0 < alpha < 1:
        raise ValueError(f"alpha: expected a number above 0 and below 1, got {alpha!r}.")
    return alpha


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
