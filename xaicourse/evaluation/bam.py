r"""BAM's three measures (2019): how much is given to a region, by two models or in two pictures.

All compare the region's mean, of maps that are first brought to one scale:

.. math::
    g = \frac{1}{|M|} \sum_{i \in M} \mathrm{clip}_{[0, 1]}
    \frac{\phi_i^+ - \min \phi^+}{q_{99}(\phi^+) - \min \phi^+}

They are measures of maps, made of pairs, and thus no entries of METRICS. Use pictures that both
models get right: what is asked is whether a map shows what a right answer rests on.
"""

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.near_names import suggest_names
from xaicourse.core.path import column
from xaicourse.evaluation.maps import locate
from xaicourse.evaluation.protocol import Protocol
from xaicourse.evaluation.result import MetricResult

__all__ = [
    "input_dependence",
    "input_independence",
    "insignificant_patch",
    "model_contrast",
    "region_mean",
]


@suggest_names
def region_mean(attribution: Tensor, mask: Tensor, *, channels: str = "sum") -> Tensor:
    """Return the mean of a map's positive part in a region, on a scale that is the map's own.

    Parameters
    ----------
    attribution : Tensor (N, C, H, W) or (N, ...)
        The maps.
    mask : Tensor (N, 1, H, W), (H, W) or of the map's shape
        The region: what is not 0.
    channels : str
        How an image's channels become one number a pixel: sum, abs_sum, max_abs, l2 or mean.

    Returns
    -------
    Tensor (N,)
        From 0 to 1: 0 is the map's smallest value, 1 its 99 % quantile. NaN for a map whose
        quantile is its smallest value, as a constant one, and for an empty region.

    Raises
    ------
    ValueError, TypeError
        If map and mask do not fit, or there is no such way to join channels.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.0, 0.5], [0.5, 1.0]]]], dtype=torch.float64)
    >>> xc.evaluation.region_mean(heat, heat > 0.7)
    tensor([1.], dtype=torch.float64)
    """
    both = locate(attribution, None, mask, channels, sign="positive")
    least = both.found.amin(dim=1, keepdim=True)  # (N, 1)
    most = both.found.quantile(0.99, dim=1, keepdim=True)
    scaled = ((both.found - least) / (most - least)).clamp(0, 1)
    scaled = scaled.masked_fill(most == least, torch.nan)
    return (scaled * both.inside).sum(dim=1) / both.inside.sum(dim=1)


@suggest_names
def model_contrast(
    of_object: Tensor, of_scene: Tensor, mask: Tensor, *, channels: str = "sum"
) -> MetricResult:
    r"""Measure how much more the object gets from a model that names it than from another.

    .. math::
        \mathrm{MCS} = g(\phi^{\text{object model}}) - g(\phi^{\text{scene model}})

    Parameters
    ----------
    of_object, of_scene : Tensor (N, C, H, W) or (N, ...)
        Maps of the same pictures, of the model that names the object and the one that names the
        scene, each for its own answer.
    mask : Tensor (N, 1, H, W), (H, W) or of the map's shape
        The object.
    channels : str
        How an image's channels become one number a pixel: sum, abs_sum, max_abs, l2 or mean.

    Returns
    -------
    MetricResult
        One difference an image, from -1 to 1, **higher is better**. A map that does not see the
        model has exactly 0. The two means stand in `details`.

    Raises
    ------
    ValueError, TypeError
        If maps and mask do not fit.

    Notes
    -----
    BAM takes the positive part of each channel before it adds them; for one channel it is the
    same.

    **Cost.** Two sorts a row, no forward pass.

    **Fails when** the scene model looks at the object all the same: show first that it answers
    as before without it.

    References
    ----------
    .. [yang2019] M. Yang, B. Kim, 2019, arXiv:1907.09701.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.0, 0.5], [0.5, 1.0]]]], dtype=torch.float64)
    >>> xc.evaluation.model_contrast(heat, 1 - heat, mask=heat > 0.7).values
    tensor([1.], dtype=torch.float64)
    """
    first, second = _two_means(mask, channels, of_object=of_object, of_scene=of_scene)
    details = {"object model": first, "scene model": second}
    return _result("model_contrast", first - second, channels, details)


@suggest_names
def input_dependence(
    with_object: Tensor, without: Tensor, mask: Tensor, *, channels: str = "sum"
) -> MetricResult:
    r"""Ask whether a scene model's map gives the region less where an object hides the scene.

    .. math::
        \mathrm{IDR} = \frac{1}{N} \sum_n
        \big[\, g(\phi(x_n)) < g(\phi(x_n^{\text{scene alone}})) \,\big]

    Parameters
    ----------
    with_object, without : Tensor (N, C, H, W) or (N, ...)
        Maps of one model, for the scene: of the pictures with the object, and of the scenes alone.
    mask : Tensor (N, 1, H, W), (H, W) or of the map's shape
        Where the object is.
    channels : str
        How an image's channels become one number a pixel: sum, abs_sum, max_abs, l2 or mean.

    Returns
    -------
    MetricResult
        1 (less) or 0 an image; their mean is the rate, **higher is better**.

    Raises
    ------
    ValueError, TypeError
        If maps and mask do not fit.

    Notes
    -----
    **Cost.** Two sorts a row, no forward pass.

    **Fails when** the model needs the object to find the scene, or an empty place is brighter.

    References
    ----------
    .. [yang2019] M. Yang, B. Kim, 2019, arXiv:1907.09701.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.0, 0.5], [0.5, 1.0]]]], dtype=torch.float64)
    >>> xc.evaluation.input_dependence(1 - heat, heat, mask=heat > 0.7).values
    tensor([1.], dtype=torch.float64)
    """
    first, second = _two_means(mask, channels, with_object=with_object, without=without)
    less = (first < second).to(first.dtype).masked_fill(torch.isnan(first - second), torch.nan)
    details = {"with object": first, "scene alone": second}
    return _result("input_dependence", less, channels, details)


@suggest_names
def input_independence(
    with_patch: Tensor,
    without: Tensor,
    mask: Tensor,
    *,
    tolerance: float = 0.1,
    channels: str = "sum",
) -> MetricResult:
    r"""Ask whether a map stays as it is where a patch changed the picture and not the answer.

    .. math::
        \mathrm{IIR} = \frac{1}{N} \sum_n
        \big[\, |g(\phi(x_n + \delta)) - g(\phi(x_n))| < t \, g(\phi(x_n)) \,\big]

    Parameters
    ----------
    with_patch, without : Tensor (N, C, H, W) or (N, ...)
        Maps of one model, of pictures with an `insignificant_patch` and without it.
    mask : Tensor (N, 1, H, W), (H, W) or of the map's shape
        Where the patch is.
    tolerance : float
        t, as a share of what the region got before.
    channels : str
        How an image's channels become one number a pixel: sum, abs_sum, max_abs, l2 or mean.

    Returns
    -------
    MetricResult
        1 (as before) or 0 an image; their mean is the rate, **higher is better**.

    Raises
    ------
    ValueError, TypeError
        If maps and mask do not fit, or the tolerance is not above 0.

    Notes
    -----
    **Cost.** Two sorts a row, no forward pass.

    **Fails when** a map does not see the picture at all: it has 1. Read it beside the other two.

    References
    ----------
    .. [yang2019] M. Yang, B. Kim, 2019, arXiv:1907.09701.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.0, 0.5], [0.5, 1.0]]]], dtype=torch.float64)
    >>> xc.evaluation.input_independence(3 * heat, heat, mask=heat > 0.7).values
    tensor([1.], dtype=torch.float64)
    """
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not tolerance > 0:
        raise ValueError(f"tolerance must be a number above 0, got {tolerance!r}")
    first, second = _two_means(mask, channels, with_patch=with_patch, without=without)
    same = ((first - second).abs() < tolerance * second).to(first.dtype)
    same = same.masked_fill(torch.isnan(first - second), torch.nan)
    details = {"with patch": first, "without": second}
    return _result("input_independence", same, channels, details, (("tolerance", tolerance),))


@suggest_names
def insignificant_patch(
    model: Callable[..., Any],
    x: Tensor,
    patched: Tensor,
    mask: Tensor,
    *,
    steps: int = 100,
    limits: tuple[float, float] = (0.0, 1.0),
    batch_size: int | None = None,
) -> Tensor:
    r"""Change a pasted object as little as the model needs to answer as if it were not there.

    .. math::
        \delta \leftarrow \Pi_M \Big(\delta -
        \frac{\ell}{\lVert \nabla \ell \rVert^2} \nabla \ell \Big), \qquad
        \ell = \lVert f(x + \delta) - f(x) \rVert^2

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K).
    x : Tensor (N, ...)
        The pictures without the object.
    patched : Tensor (N, ...)
        The pictures with it: where :math:`\delta` starts.
    mask : Tensor (N, 1, H, W), (H, W) or of x's shape
        M: only here may anything change.
    steps : int
        How many gradients a row may cost.
    limits : (float, float)
        x's range, which is not left.
    batch_size : int, optional
        Rows that go through the model at once.

    Returns
    -------
    Tensor (N, ...)
        The best of the pictures on the way: of each row the one whose outputs are the nearest.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, or a model in training mode.

    Notes
    -----
    The step is Polyak's, whose best value is known to be 0 here; for a linear model
    :math:`\delta` goes to the nearest patch that the model does not see. BAM's own search also
    rewards large patches; a start at the object keeps ours large.

    **Cost.** `steps` gradients a row.

    **Fails when** no patch is insignificant: look at the outputs before you use it.

    References
    ----------
    .. [yang2019] M. Yang, B. Kim, 2019, arXiv:1907.09701.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.zeros(1, 3, dtype=torch.float64)
    >>> seen = lambda x: x @ torch.tensor([[1.0], [-1.0], [0.0]], dtype=torch.float64)
    >>> xc.evaluation.insignificant_patch(seen, x, x + torch.tensor([0.6, 0.2, 0.7]), x == 0)
    tensor([[0.4000, 0.4000, 0.7000]], dtype=torch.float64)
    """
    steps = check_positive_int(steps, "steps")
    inside = locate(x, None, mask, "sum").inside.view(len(x), *_grid(x))
    if patched.shape != x.shape:
        raise ValueError(
            f"patched must have x's shape {tuple(x.shape)}, got {tuple(patched.shape)}"
        )
    outside = (patched != x) & ~inside
    if bool(outside.any()):
        row = int(outside.flatten(1).any(dim=1).nonzero()[0])
        raise ValueError(f"patched differs from x outside the mask, in row {row}")
    with torch.inference_mode(False):
        return _descend(model, x, patched, inside, steps, limits, batch_size)


def _descend(
    model: Callable[..., Any],
    x: Tensor,
    patched: Tensor,
    inside: Tensor,
    steps: int,
    limits: tuple[float, float],
    batch_size: int | None,
) -> Tensor:
    """Go down with Polyak's step and return the best point of each row."""
    with torch.no_grad():
        before = torch.cat([model(some) for some in x.split(batch_size or len(x))])  # (N, K)

    def loss(outputs: Tensor, rows: Tensor) -> Tensor:
        return (outputs - before[rows]).square().sum(dim=1)

    question = ask(model, patched, loss, batch_size=batch_size)
    at = best = question.x
    least = torch.full_like(question.scores_at_x, torch.inf)
    for _ in range(steps):
        slope, found = gradients(question, at)
        nearer = found < least
        best = torch.where(column(nearer, at) > 0, at, best)
        least = torch.where(nearer, found, least)
        slope = slope * inside
        size = slope.flatten(1).square().sum(dim=1)  # (N,)
        step = torch.where(size > 0, found / size, 0.0)
        at = torch.where(inside, (at - column(step, at) * slope).clamp(*limits), at)
    return best


def _grid(x: Tensor) -> tuple[int, ...]:
    """Return the axes of a mask: one channel for images."""
    return (1, *x.shape[2:]) if x.dim() == 4 else tuple(x.shape[1:])


def _two_means(mask: Tensor, channels: str, **maps: Tensor) -> list[Tensor]:
    """Return the means of two maps, which go by the caller's names."""
    for name, found in maps.items():
        if not isinstance(found, Tensor):
            raise TypeError(f"{name} must be a tensor, got {type(found).__name__}")
    first, second = maps.values()
    if first.shape != second.shape:
        raise ValueError(
            f"{' and '.join(maps)} must have one shape, got {tuple(first.shape)} and "
            f"{tuple(second.shape)}"
        )
    return [region_mean(attribution, mask, channels=channels) for attribution in (first, second)]


def _result(
    name: str,
    values: Tensor,
    channels: str,
    details: dict[str, Tensor],
    own: tuple[tuple[str, Any], ...] = (),
) -> MetricResult:
    direction: Literal["higher"] = "higher"
    protocol = Protocol(
        output="none",
        target="none",
        channels=channels,
        sign="positive",
        unit=1,
        imputer="none",
        ties="none",
        steps=0,
        area="none",
        own=own,
    )
    return MetricResult(name, values, direction, protocol, details=details)
