"""Weighted Integrated Gradients (2025): a mean over baselines in which fit ones count more."""

from collections.abc import Callable, Mapping
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import Question, ask
from xaicourse.core.quadrature import check_quadrature
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baseline_sets import Baselines, baseline_set, set_size
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path
from xaicourse.methods.integrated.from_each import from_each

__all__ = ["weighted_ig"]

GREYS = (0.0, 0.5, 1.0)
LEVELS = 32  # shares of the units at which a fall is looked for, before it is found exactly


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs."""
    return set_size(settings.get("baselines", GREYS)) * of_one_path(settings)


def example() -> Example:
    """Return the small net with a set of three constant baselines."""
    e = small_classifier()
    return Example(e.model, e.x, e.target, {"baselines": (0.0, 0.3, -0.5), "steps": 8})


@attribution_method(
    title="Weighted Integrated Gradients",
    year=2025,
    paper="arXiv:2505.03201",
    family="integrated",
    unit="share",
    claims={"dummy", "implementation_invariance", "symmetry"},
    cost=gradients_per_row,
    example=example,
)
def weighted_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Baselines = GREYS,
    neutral: Baseline | None = None,
    remaining: float = 0.5,
    threshold: float = 0.0,
    steps: int = 50,
    quadrature: str = "gauss_legendre",
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Average Integrated Gradients over baselines, weighted by how fit each baseline is.

    .. math::
        A = \sum_b w_b\, \mathrm{IG}(x;\, x'_b), \qquad w_b = \frac{1 / d_b}{\sum_c 1 / d_c}

    :math:`d_b` is how many of the units that IG from :math:`x'_b` ranks first must be replaced by
    something neutral, until F has fallen far enough on its way from F(x) to F(all neutral).

    Parameters
    ----------
    baselines : Tensor (M, ...), Tensor (M, N, ...), sequence or number
        The set: rows of the data, a set for each row of x, or a sequence of what `baseline` of
        `integrated_gradients` may be. By default 0, 0.5 and 1: black, grey and white images.
    neutral : number, Tensor, name or None
        What replaces a unit, as a baseline. None is the mean colour of an image's corners (a tenth
        of each side), and 0 for other inputs. A unit is a pixel of an image, or a single number.
    remaining : float
        The share of F(x) - F(all neutral) at which the fall is far enough, in (0, 1).
    threshold : float
        Leave out baselines whose weight is below this share of the mean weight; the authors'
        filtered form has 0.25.
    steps : int
        Nodes of the quadrature for each baseline; intervals of the trapezoid.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) minus the weighted mean of F over the baselines. The
        details hold ``weights`` and ``fitness`` (d), (N, M), and the ``baselines``.

    Raises
    ------
    ValueError, TypeError
        Also for an empty set, a baseline that does not fit x, or a share outside of its range.

    Notes
    -----
    Each part is an integral, not a single random gradient, and its fitness is measured on the
    model's own input and scale. The units are found by their first crossing in steps of 1/32, then
    by bisection: deleting is not monotone. Keeps dummy, implementation invariance and symmetry;
    the weights depend on F, so it is not linear.

    **Cost.** 150 gradients a row, `steps` for each baseline, and about 45 forward passes for each.

    **Fails when** it is judged by deletion: the weights reward just that, so the verdict is
    circular. One baseline alone can do better than the weighted set.

    References
    ----------
    .. [tuan2025] K. T. D. Tuan, T. N. Trong, S. N. Hoang, K. Than, A. N. Duc, 2025,
       arXiv:2505.03201.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.weighted_ig(xc.zoo.toy(), xc.zoo.toy_input(), quadrature="midpoint").round(decimals=1)
    tensor([[ 2.8000, -1.4000]], dtype=torch.float64)
    """
    check_quadrature(quadrature, also=())
    _check_shares(remaining, threshold)
    question = ask(model, x, target, **asked)
    starts = baseline_set(baselines, question.x)  # (M, 1 or N, ...)
    fill = corners(question.x) if neutral is None else neutral

    maps, f = from_each(
        question, starts, steps, quadrature, "Weighted IG"
    )  # (M, N, ...) and (M, N)
    d = fitness(question, maps, make_baseline(fill, question.x, "neutral"), remaining)  # (M, N)
    w = weights(d, threshold).to(maps)
    values = (w.view(*w.shape, *[1] * (x.dim() - 1)) * maps).sum(0)

    f_start, f_end = (w * f).sum(0), question.scores_at_x.to(maps)
    return Attribution.of(
        question,
        values,
        f_start=f_start,
        f_end=f_end,
        gap=values.flatten(1).sum(1) - (f_end - f_start),
        gradients=question.rows.new_full(
            (len(x),), len(starts) * of_one_path({"steps": steps, "quadrature": quadrature})
        ),
        extra={"weights": w.T, "fitness": d.T.to(w), "baselines": starts},
    )


def weights(d: Tensor, threshold: float = 0.0) -> Tensor:
    """Return 1 / d as shares over the baselines, those below the threshold left out: (M, N)."""
    w = 1 / d
    w = w / w.sum(0)
    w = torch.where(w < threshold * w.mean(0), 0 * w, w)
    if not bool(w.any(0).all()):
        raise ValueError(f"threshold={threshold} leaves out every baseline; below 1 some remain")
    return w / w.sum(0)


def fitness(question: Question, maps: Tensor, fill: Tensor, remaining: float) -> Tensor:
    """Return how many of the units that come first in each map must go until F has fallen: (M, N).

    The first of the levels k = n g / 32 at which F has fallen far enough, then by bisection the
    first k in between: float64, on the CPU.
    """
    x, (M, N) = question.x, maps.shape[:2]
    image = x.dim() == 4
    score = maps.sum(2) if image else maps  # (M, N, H, W): one number a pixel
    order = score.flatten(2).argsort(dim=2, descending=True, stable=True)
    rank = order.argsort(dim=2).view(M * N, *score.shape[2:])
    n = rank[0].numel()
    f_x, f_fill = (f.cpu().double() for f in (question.scores_at_x, question.scores_at(fill)))
    rise = (f_x - f_fill).repeat(M)

    def fallen(k: Tensor) -> Tensor:
        """Tell whether F has fallen where the first k (M N, K) units of each map are replaced."""
        K = k.shape[1]
        flat, pair = k.flatten().to(x.device), torch.arange(M * N).repeat_interleave(K)
        pair = pair.to(x.device)

        def point(p: Tensor) -> Tensor:
            gone = rank[pair[p]] < flat[p].view(-1, *[1] * (rank.dim() - 1))
            row = pair[p] % N
            return torch.where(gone[:, None] if image else gone, fill[row], x[row])

        f = question.scores(point, question.rows[pair % N]).cpu().double().view(M * N, K)
        return (f_x.repeat(M)[:, None] - f) * rise.sign()[:, None] >= (
            (1 - remaining) * rise.abs()[:, None]
        )

    levels = (torch.arange(LEVELS + 1) * n / LEVELS).ceil().long().unique()  # 0, ..., n
    down = fallen(levels[1:].expand(M * N, -1))
    down[:, -1] = True  # all is replaced: F is F(neutral)
    first = down.int().argmax(dim=1)
    low, high = levels[first], levels[first + 1]
    while bool((high - low > 1).any()):
        middle = (low + high) // 2
        here = fallen(middle[:, None])[:, 0] & (middle > low)
        low, high = torch.where(here, low, middle), torch.where(here, middle, high)
    return high.double().view(M, N)


def corners(x: Tensor) -> Tensor | float:
    """Return the mean colour of an image's four corners, a tenth of each side; else 0."""
    if x.dim() != 4:
        return 0.0
    h, w = (max(1, side // 10) for side in x.shape[2:])
    top, bottom = x[:, :, :h], x[:, :, -h:]
    four = [top[..., :w], top[..., -w:], bottom[..., :w], bottom[..., -w:]]
    four = [corner.mean((2, 3), keepdim=True) for corner in four]
    return torch.stack(four).mean(0).expand_as(x)


def _check_shares(remaining: Any, threshold: Any) -> None:
    for name, value in (("remaining", remaining), ("threshold", threshold)):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{name} must be a number, got {value!r}")
    if not 0 < remaining < 1:
        raise ValueError(f"remaining must be between 0 and 1, both excluded, got {remaining}")
    if not 0 <= threshold < torch.inf:
        raise ValueError(f"threshold must be at least 0 and finite, got {threshold}")
