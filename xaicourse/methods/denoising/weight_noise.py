"""NoiseGrad and FusionGrad (2021): explain noisy copies of the model."""

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int, describe
from xaicourse.core.gradients import ask
from xaicourse.core.inputs import BoundModel, PackedModel
from xaicourse.core.moments import Moments
from xaicourse.core.progress import progress
from xaicourse.core.registry import attribution_method
from xaicourse.methods.denoising.input_noise import (
    check_seed,
    noise_scale,
    noisy_values,
    standard_normal,
)
from xaicourse.methods.denoising.nested import explained, other_seed, read_method
from xaicourse.methods.examples import small_classifier

__all__ = ["fusiongrad", "noisegrad"]


# ---- the noise on the weights --------------------------------------------------------------------


def find_module(model: Any) -> nn.Module:
    """Return the module whose weights are varied, also inside `bind` and `pack`, or raise."""
    inside = model
    while isinstance(inside, BoundModel | PackedModel):
        inside = inside.model
    if not isinstance(inside, nn.Module) or isinstance(inside, torch.jit.ScriptModule):
        raise TypeError(
            "model must be a torch.nn.Module in eager mode, whose weights can be varied, got "
            f"{describe(model)} ({type(inside).__name__}); write a function as the forward() of a "
            "module that holds the weights"
        )
    if not any(p.is_floating_point() for p in inside.parameters()):
        raise ValueError(f"model {describe(inside)} has no parameters, so there is none to vary")
    return inside


def with_weights(model: Any, weights: Mapping[str, Tensor]) -> Callable[..., Any]:
    """Return the model as a function that uses other weights; the model's own stay untouched."""
    if isinstance(model, BoundModel | PackedModel):
        outer = copy.copy(model)
        outer.model = with_weights(model.model, weights)
        return outer
    # without tie_weights: it names a layer that is used twice twice, and so fails to put its own
    # weights back; `noisy_weights` names every place of a weight itself
    return lambda *inputs, **extras: functional_call(
        model, dict(weights), inputs, extras, tie_weights=False
    )


def noisy_weights(
    module: nn.Module, sigma: float, noise: str, samples: int, seed: int
) -> Iterator[dict[str, Tensor]]:
    """Yield the parameters with noise on them, a set for each sample.

    The draws are made on the CPU and in float32, one parameter after the other, so that they are
    the same on every device and in every precision. Buffers (the statistics of batch norms) stay.
    A parameter that several layers share gets one draw, and is in the set at each of its places.
    """
    places: dict[Tensor, list[str]] = {}  # each layer once, also where the model uses it twice
    for prefix, layer in module.named_modules():
        for name, W in layer.named_parameters(prefix, recurse=False, remove_duplicate=False):
            if W.is_floating_point():
                places.setdefault(W, []).append(name)

    generator = torch.Generator().manual_seed(seed)
    for _ in range(samples):
        weights = {}
        for parameter, names in places.items():
            W = parameter.detach()
            z = torch.randn(W.shape, generator=generator, dtype=torch.float32).to(W)
            noisy = W * (1 + sigma * z) if noise == "multiplicative" else W + sigma * z
            weights.update(dict.fromkeys(names, noisy))
        yield weights


def _explain_noisy_models(
    model: Callable[..., Any],
    x: Tensor,
    target: Any,
    settings: dict[str, Any],
    batch_size: int | None,
    description: str,
) -> Attribution:
    """Average over the noise on the weights and, inside, over the noise on the input.

    The standard error is that of the outer average: maps of one set of weights belong together.
    """
    inner = read_method(settings["method"])
    samples = check_positive_int(settings["samples"], "samples")
    copies = check_positive_int(settings.get("input_samples", 1), "input_samples")
    sigma, noise, seed = settings["weight_sigma"], settings["noise"], check_seed(settings["seed"])
    if isinstance(sigma, bool) or not isinstance(sigma, int | float):
        raise TypeError(f"weight_sigma must be a number, got {sigma!r}")
    if not math.isfinite(sigma) or sigma < 0:
        raise ValueError(f"weight_sigma must be at least 0 and finite, got {sigma}")
    if noise not in ("multiplicative", "additive"):
        raise ValueError(f"noise must be 'multiplicative' or 'additive', got {noise!r}")
    if inner.looks_inside:
        raise ValueError(
            f"method {inner.record.name} looks for a layer or for weights in the model, which is "
            "a function here (the model with other weights); choose a method that does not"
        )
    question = ask(model, x, target, settings["output"], batch_size)
    module = find_module(model)
    score = question.scores_at_x  # now the class is chosen and the model has been watched once
    what = explained(question)
    scale = noise_scale(question.x, settings.get("sigma", 0.0), settings.get("relative", False))

    shape = tuple(x.shape[1:])
    draws = standard_normal(samples * copies, shape, other_seed(seed, 0), antithetic=False)

    moments: Moments | None = None
    bar = progress(samples * copies, description)
    try:
        for i, weights in enumerate(noisy_weights(module, sigma, noise, samples, seed)):
            noisy_model = with_weights(model, weights)
            xi = islice(draws, copies)
            total: Tensor | float = 0.0
            for phi in noisy_values(inner, noisy_model, question, what, scale, xi, i * copies):
                moments = moments or Moments(phi)
                total = total + phi.to(moments.mean.dtype)
                bar.update(1)
            assert moments is not None  # copies >= 1
            moments.add(total / copies)  # type: ignore[arg-type]
    finally:
        bar.close()
    assert moments is not None  # samples >= 1
    return Attribution(
        values=moments.mean.to(x.dtype),
        kind=inner.record.result,
        target=question.target,
        f_end=score,
        standard_error=moments.error_of_mean,
        gradients=question.rows.new_full((len(x),), samples * copies * inner.cost()),
        settings=settings,
    )


def noisegrad_cost(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs: samples times those of the method inside."""
    return settings.get("samples", 25) * read_method(settings.get("method", "gradient")).cost()


def fusiongrad_cost(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs: both numbers of samples, and the method inside."""
    samples = settings.get("samples", 10) * settings.get("input_samples", 10)
    return samples * read_method(settings.get("method", "gradient")).cost()


# ---- the methods ---------------------------------------------------------------------------------


@attribution_method(
    title="NoiseGrad",
    year=2021,
    paper="arXiv:2106.10185",
    family="denoising",
    unit="slope",
    lesson="07",
    needs={"gradient", "weights"},
    stochastic=True,
    cost=noisegrad_cost,
    example=small_classifier,
)
def noisegrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    weight_sigma: float = 0.2,
    noise: str = "multiplicative",
    samples: int = 25,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
) -> Attribution:
    r"""Average a method's map over models with noise on their weights.

    .. math::
        A = \frac1N \sum_{i=1}^N \Phi(x;\, W \odot \eta_i), \qquad
        \eta_i \sim \mathcal N(1, \sigma^2 I)

    Parameters
    ----------
    model : torch.nn.Module
        Its parameters are never written to: each noisy copy is a functional call.
    x, target, output, batch_size, return_details
        As for `gradient`. The class is chosen once, by the model as it is.
    method : str, Spec, method or functools.partial
        :math:`\Phi`, any registered method that does not look for a layer of the model.
    weight_sigma : float
        :math:`\sigma`, the standard deviation of the noise. The authors' code has 0.2 as default;
        a net may not bear that much, so look at its accuracy under noise.
    noise : str
        ``"multiplicative"``, or ``"additive"`` for :math:`W + \sigma z`.
    samples : int
        N, the number of noisy models.
    seed : int
        The same seed gives the same noise, in every row, on every device and for every batch_size.

    Returns
    -------
    Tensor (N, ...)
        As the method inside. The details hold the standard error of each value.

    Raises
    ------
    TypeError
        If the model is not a module.
    ValueError
        If it has no parameters; otherwise as for `gradient`.

    Notes
    -----
    All parameters get noise, biases and the scales of batch norms as well (as in the authors'
    code, which leaves the last noise in the caller's model; here nothing is left). It keeps none of
    the axioms: two nets that compute the same function with other weights get other maps, and a
    feature that the net ignores because two weights cancel gets a share.

    References
    ----------
    K. Bykov, A. Hedstrom, S. Nakajima, M. M.-C. Hohne, 2021, arXiv:2106.10185. Lesson 07.
    """
    settings = {
        "method": method, "weight_sigma": weight_sigma, "noise": noise, "samples": samples,
        "seed": seed, "output": output,
    }  # fmt: skip
    return _explain_noisy_models(model, x, target, settings, batch_size, "NoiseGrad")


@attribution_method(
    title="FusionGrad",
    year=2021,
    paper="arXiv:2106.10185",
    family="denoising",
    unit="slope",
    lesson="07",
    needs={"gradient", "weights"},
    stochastic=True,
    cost=fusiongrad_cost,
    example=small_classifier,
)
def fusiongrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    weight_sigma: float = 0.2,
    noise: str = "multiplicative",
    samples: int = 10,
    sigma: float = 0.1,
    relative: bool = True,
    input_samples: int = 10,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
) -> Attribution:
    r"""Average a method's map over noisy models and, for each of them, over noisy inputs.

    .. math::
        A = \frac1{NM} \sum_{i=1}^N \sum_{j=1}^M \Phi(x + \xi_{ij};\, W \odot \eta_i)

    Parameters
    ----------
    model : torch.nn.Module
        As for `noisegrad`.
    x, target, output, batch_size, return_details
        As for `gradient`.
    method, weight_sigma, noise, samples
        As for `noisegrad`; `samples` is N.
    sigma, relative
        The noise on the input, as for `smoothgrad`. (The authors' code has 0.4 on images
        normalised to a range of about 4.5, which is about 0.1 of the range.)
    input_samples : int
        M, the noisy inputs for each noisy model, drawn anew for each.
    seed : int
        The same seed gives the same noise, in every row, on every device and for every batch_size.

    Returns
    -------
    Tensor (N, ...)
        As the method inside. The details hold the standard error of each value, from the spread
        between the noisy models.

    Raises
    ------
    ValueError, TypeError
        As for `noisegrad` and `smoothgrad`.

    Notes
    -----
    SmoothGrad for ``weight_sigma=0``, NoiseGrad for ``sigma=0``. Keeps none of the axioms, for the
    reasons given there.

    References
    ----------
    K. Bykov, A. Hedstrom, S. Nakajima, M. M.-C. Hohne, 2021, arXiv:2106.10185. Lesson 07.
    """
    settings = {
        "method": method, "weight_sigma": weight_sigma, "noise": noise, "samples": samples,
        "sigma": sigma, "relative": relative, "input_samples": input_samples, "seed": seed,
        "output": output,
    }  # fmt: skip
    return _explain_noisy_models(model, x, target, settings, batch_size, "FusionGrad")
