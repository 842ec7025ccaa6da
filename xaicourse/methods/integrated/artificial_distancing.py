"""Gradient Artificial Distancing (2024), after the abstract; its definition is uncertain."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int, describe
from xaicourse.core.gradients import Question, ask
from xaicourse.core.inputs import Adapter
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.row_guard import vouch_for
from xaicourse.core.shared import Asked
from xaicourse.methods.denoising.nested import explained, read_method
from xaicourse.methods.denoising.weight_noise import (
    check_outside,
    find_copy,
    find_module,
    varied_weights,
    with_weights,
)
from xaicourse.methods.examples import small_classifier

__all__ = ["gradient_artificial_distancing"]

SHIFTS = (0.5, 1.0, 2.0)


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs: those of the method inside for each net."""
    nets = 1 + len(settings.get("shifts", SHIFTS))
    return nets * read_method(settings.get("method", "integrated_gradients")).cost()


def example() -> Example:
    """Return the small net, with six samples and one support net."""
    samples = torch.sin(1.3 * torch.arange(36, dtype=torch.float64)).view(6, 6)
    settings = {"data": samples, "classes": (0, 2), "shifts": (1.0,), "iterations": 3}
    return replace(small_classifier(), settings={**settings, "method": "gradient"})


@attribution_method(
    title="Gradient Artificial Distancing (after the abstract; definition uncertain)",
    year=2024,
    paper="arXiv:2401.14434",
    family="integrated",
    unit="score",
    needs={"gradient", "weights", "data"},
    cost=gradients_per_row,
    example=example,
)
def gradient_artificial_distancing(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    data: Tensor | None = None,
    classes: tuple[int, int] | None = None,
    shifts: Sequence[float] = SHIFTS,
    iterations: int = 20,
    rate: float = 1e-3,
    method: Any = "integrated_gradients",
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Keep what a map shows in nets, too, that hold two classes farther apart.

    .. math::
        a'(z) = a(z) + s(z)\, \alpha\, (e_A - e_B), \qquad
        A_i = \operatorname{sign}(\Phi_i)\, \min_r |\Phi_i(N_r)| \;
        \text{where all signs agree, else } 0

    After the abstract; definition uncertain: the paper's text was not at hand. From it: outputs of
    two classes A and B are pushed apart, support nets learn them, and their maps are merged. How
    (s = 1 where A leads and -1 where B does, copies trained on the square error, the smallest value
    of one sign) is our reading.

    Parameters
    ----------
    model : torch.nn.Module
        N, with outputs (N, K). It is never touched: private copies are trained.
    data : Tensor (M, ...)
        Samples of the two classes, on which the support nets are trained.
    classes : (int, int)
        A and B.
    shifts : sequence of float
        :math:`\alpha`, in units of the outputs: one support net each.
    iterations : int
        Steps of Adam for each support net, each on all samples.
    rate : float
        Adam's learning rate.
    method : str, Spec, method or functools.partial
        :math:`\Phi`, any registered method that does not look for a layer of the model.

    Returns
    -------
    Tensor (N, ...)
        As the method inside, never larger than its map of N. The details hold the `shifts`, the
        square ``errors`` (R + 1,) of the nets on their targets and the ``maps`` (R + 1, N, ...), N
        itself first.

    Raises
    ------
    ValueError, TypeError
        Also where data or classes are missing, or the model is no module with outputs (N, K).

    Notes
    -----
    Keeps no axiom: each map is complete for its own net, their smallest values for none.

    **Cost.** 200 gradients a row, those of the method inside for each net, and the training:
    `iterations` passes over the samples for each support net.

    **Fails when** it is read as an explanation of N: the support nets are other functions. Look at
    ``errors``, and at where their classes differ.

    References
    ----------
    .. [rodrigues2024] C. M. Rodrigues, N. Boutry, L. Najman, 2024, arXiv:2401.14434.

    Examples
    --------
    >>> import xaicourse as xc
    >>> pictures, _ = xc.datasets.fashion_mnist()
    >>> net, shirts = xc.zoo.load("fashion_mlp"), {"data": pictures[:9], "classes": (0, 6)}
    >>> quick = {"iterations": 1, "method": "gradient"}
    >>> xc.gradient_artificial_distancing(net, pictures[:1], **quick, **shirts).shape
    torch.Size([1, 1, 28, 28])
    """
    inner = read_method(method)
    check_outside(inner)
    _check(model, shifts, iterations, rate)
    question = ask(model, x, target, **asked)
    module = find_module(model)
    score, what = question.scores_at_x, explained(question)
    samples, pair = _samples(data, question), _pair(classes)

    maps, errors = list[Tensor](), list[Tensor]()
    for net, error in support_nets(question, module, samples, pair, shifts, iterations, rate):
        found = inner.explain(vouch_for(net), question.x, what, question.batch_size, len(maps))
        maps.append(found.values)
        errors.append(error)
    return Attribution.of(
        question,
        agreed(torch.stack(maps)),
        kind=inner.record.result,
        f_end=score,
        gradients=question.rows.new_full((len(x),), len(maps) * inner.cost()),
        extra={"maps": torch.stack(maps), "errors": torch.stack(errors)},
    )


def agreed(maps: Tensor) -> Tensor:
    """Return the smallest value of each number of maps (R, N, ...), 0 where signs differ."""
    same = (maps.sign() == maps[0].sign()).all(dim=0)
    return torch.where(same, maps[0].sign() * maps.abs().amin(dim=0), 0.0)


def support_nets(
    question: Question,
    module: Any,
    samples: Tensor,
    pair: tuple[int, int],
    shifts: Sequence[float],
    iterations: int,
    rate: float,
) -> Iterator[tuple[Any, Tensor]]:
    """Yield the model itself and one trained copy for each shift, with its mean square error."""
    make_copy = find_copy(question, module)
    weights = varied_weights(module)
    targets = None
    for shift in (0.0, *shifts):
        same = {W: W.detach().clone() for W in weights}
        net = with_weights(question.model, same, make_copy)
        net = net.to(samples.dtype) if question.model_dtype != samples.dtype else net
        with torch.no_grad():
            outputs = net(samples.clone())
        if targets is None:  # of the model itself
            targets = _outputs(outputs, pair, question.model)
            yield net, outputs.new_zeros(())
            continue
        direction = torch.zeros_like(targets[:1])
        direction[0, pair[0]], direction[0, pair[1]] = 1, -1
        leads = torch.where(targets[:, pair[0]] >= targets[:, pair[1]], 1.0, -1.0)[:, None]
        wanted = targets + shift * leads.to(targets) * direction
        train(net, samples, wanted, iterations, rate)
        with torch.no_grad():
            error = (net(samples.clone()) - wanted).square().mean()
        yield net, error


def train(net: Any, samples: Tensor, wanted: Tensor, iterations: int, rate: float) -> None:
    """Fit a net in place to outputs (M, K) by Adam on the mean square error; nothing is drawn."""
    weights = [W for W in net.parameters() if W.is_floating_point()]
    with torch.enable_grad():
        for W in weights:
            W.requires_grad_(True)
        optimiser = torch.optim.Adam(weights, lr=rate)
        for _ in range(iterations):
            optimiser.zero_grad()
            (net(samples.clone()) - wanted).square().mean().backward()
            optimiser.step()
        for W in weights:
            W.requires_grad_(False)
            W.grad = None


# ---- what is refused -----------------------------------------------------------------------------


def _check(model: Any, shifts: Any, iterations: Any, rate: Any) -> None:
    """Raise where a setting of the training is none."""
    if isinstance(model, Adapter):
        raise ValueError(
            "model has other inputs bound to it, which the samples in data do not have; give a "
            "module of x alone"
        )
    check_positive_int(iterations, "iterations")
    if not isinstance(shifts, Sequence) or isinstance(shifts, str) or not shifts:
        raise TypeError(f"shifts must be a list of numbers, such as (0.5, 1.0), got {shifts!r}")
    for name, number in (("rate", rate), *(("shifts", shift) for shift in shifts)):
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise TypeError(f"{name} must be a number, got {number!r}")
        if not 0 <= number < float("inf"):
            raise ValueError(f"{name} must be at least 0 and finite, got {number}")


def _samples(data: Any, question: Question) -> Tensor:
    """Return the samples where x is and as x is, or raise."""
    if not isinstance(data, Tensor):
        raise TypeError(
            "data must be samples of the two classes, a tensor (M, ...) like x, got "
            f"{describe(data)}"
        )
    if data.shape[1:] != question.x.shape[1:] or len(data) == 0:
        raise ValueError(
            f"data has shape {tuple(data.shape)}, x has {tuple(question.x.shape)}; needed are "
            "M > 0 samples of the same shape"
        )
    return data.detach().to(question.x)


def _pair(classes: Any) -> tuple[int, int]:
    """Return the numbers of the two classes, or raise."""
    whole = isinstance(classes, Sequence) and all(type(k) is int and k >= 0 for k in classes)
    if not whole or len(classes) != 2 or classes[0] == classes[1]:
        raise TypeError(f"classes must be two class numbers, such as (3, 8), got {classes!r}")
    return classes[0], classes[1]


def _outputs(outputs: Any, pair: tuple[int, int], model: Any) -> Tensor:
    """Return the outputs (M, K) of the samples, or raise."""
    if not isinstance(outputs, Tensor) or outputs.dim() != 2 or max(pair) >= outputs.shape[1]:
        given = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        raise ValueError(
            f"classes are {pair}, but model {describe(model)} returns {given} for the samples; "
            "needed are scores (M, K) of both classes"
        )
    return outputs
