"""Spectral Integrated Gradients (2026): the coarse parts of an image come before the fine ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_images
from xaicourse.core.chunks import sum_dtype
from xaicourse.core.gradients import Question, ask
from xaicourse.core.path import Path, StraightPath, rows_of
from xaicourse.core.path_weights import Weight
from xaicourse.core.registry import attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import smooth_image_classifier
from xaicourse.methods.integrated.along import Rule, along
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path

__all__ = ["SpectralPath", "spectral", "spectral_ig"]

OVERLAP = 0.4
STEPS = 128


@dataclass(frozen=True, eq=False)
class SpectralPath:
    """gamma(alpha) = x' + sum_i phi_i(alpha) sigma_i u_i v_i, phi_i rising from 0 to 1.

    It is kept as the straight line and what it leaves it by, so that both ends are exact.
    """

    start: Tensor  # (N, C, H, W)
    end: Tensor  # (N, C, H, W)
    left: Tensor  # sigma_i u_i (N, C, H, K)
    right: Tensor  # v_i (N, C, K, W)
    begin: Tensor  # (N, C, K)  alpha at which a component begins to come
    overlap: float

    @classmethod
    def between(cls, start: Tensor, end: Tensor, overlap: float) -> "SpectralPath":
        """Cut the difference of two images into singular components, channel by channel."""
        u, s, v = torch.linalg.svd((end - start).to(sum_dtype(end.device)), full_matrices=False)
        strength = s / s[..., :1].clamp_min(torch.finfo(s.dtype).tiny)  # (N, C, K), from 1 to 0
        begin = (1 - overlap) * (1 - strength)
        left, right = (u * s[..., None, :]).to(end.dtype), v.to(end.dtype)
        return cls(start, end, left, right, begin, overlap)

    def point(self, alpha: Tensor, row: Tensor) -> Tensor:
        straight = StraightPath(self.start, self.end).point(alpha, row)
        return straight + self._image(self._phi(alpha, row) - alpha[:, None, None], row)

    def step(self, left: Tensor, right: Tensor, row: Tensor) -> Tensor:
        straight = StraightPath(self.start, self.end).step(left, right, row)
        rise = self._phi(right, row) - self._phi(left, row)
        return straight + self._image(rise - (right - left)[:, None, None], row)

    def _phi(self, alpha: Tensor, row: Tensor) -> Tensor:
        return ((alpha[:, None, None] - rows_of(self.begin, row)) / self.overlap).clamp(0, 1)

    def _image(self, share: Tensor, row: Tensor) -> Tensor:
        """Return the sum of the components, each times its share (P, C, K): (P, C, H, W)."""
        left = rows_of(self.left, row) * share[..., None, :].to(self.left.dtype)
        return left @ rows_of(self.right, row)


def spectral(overlap: float = OVERLAP) -> Callable[[Question, Tensor, Tensor], Path]:
    """Return the path of `spectral_ig`, which `path=` of `path_attribution` takes."""
    overlap = check_overlap(overlap)

    def make(question: Question, start: Tensor, end: Tensor) -> Path:
        check_images(end)
        return SpectralPath.between(start, end, overlap)

    return make


def check_overlap(overlap: Any) -> float:
    """Return the part of the path that each component takes, above 0 and at most 1."""
    if isinstance(overlap, bool) or not isinstance(overlap, int | float) or not 0 < overlap <= 1:
        raise ValueError(
            f"overlap must be a number above 0 and at most 1, such as 0.4, got {overlap!r}"
        )
    return float(overlap)


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs; the most that it may cost where that adapts."""
    return of_one_path(settings, STEPS)


@attribution_method(
    title="Spectral Integrated Gradients",
    year=2026,
    paper="arXiv:2605.19607",
    family="integrated",
    input="image",
    unit="share",
    claims={"completeness", "sensitivity_a", "dummy", "implementation_invariance", "linearity"},
    cost=gradients_per_row,
    example=smooth_image_classifier,
)
def spectral_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    overlap: float = OVERLAP,
    baseline: Baseline = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Integrate gradients while the singular components of the image come, the largest first.

    .. math::
        x - x' = \sum_i \sigma_i u_i v_i^\top, \qquad
        \gamma(\alpha) = x' + \sum_i \phi_i(\alpha)\, \sigma_i u_i v_i^\top, \qquad
        \phi_i(\alpha) = \operatorname{clip}\Big(\frac{\alpha - a_i}{\omega},\, 0,\, 1\Big)

    in each channel for itself. A component begins at :math:`a_i = (1 - \omega)(1 - \sigma_i /
    \sigma_1)`: the first ones are the best coarse pictures of the difference, the last its detail.

    Parameters
    ----------
    overlap : float
        :math:`\omega`, the part of the path on which a component grows. 1 is the straight line:
        all grow at once. Near 0 they come one after the other.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 128 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.

    Returns
    -------
    Tensor (N, C, H, W)
        Signed, in units of F; sums to F(x) - F(x').

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance and linearity. Breaks
    symmetry, and with it what else the straight line has: a component mixes pixels, so that a pixel
    can move back and forth, one that equals its baseline can get a share, and a share can be
    negative though F grows in every pixel. The map follows any reordering of rows or columns.

    **Cost.** 128 gradients a row, and a singular value decomposition of each channel.

    **Fails when** the difference is of rank 1 in every channel, such as bars or a constant colour:
    then it is Integrated Gradients, with a part of the path on which nothing happens.

    References
    ----------
    .. [kim2026] S. Kim, S. Lim, K. Lee, J. Choi, 2026, arXiv:2605.19607.

    Examples
    --------
    The last pixel equals its baseline, 0, and still gets a share:

    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[[[1.0, 2.0], [0.5, 0.0]]]])
    >>> xc.spectral_ig(lambda x: x[:, 0, 0, 0] * x[:, 0, 1, 1], x).round(decimals=2)
    tensor([[[[ 0.1000,  0.0000],
              [ 0.0000, -0.1000]]]])
    """
    overlap = check_overlap(overlap)
    check_images(x)
    question = ask(model, x, target, **asked)
    path = SpectralPath.between(make_baseline(baseline, question.x), question.x, overlap)
    return along(question, path, Weight(), Rule.of(quadrature, steps, tol, default=STEPS))
