"""NoiseGrad and FusionGrad (2021): explain noisy copies of the model."""

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Unpack

import torch
from torch import Tensor, nn

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int, check_seed, describe
from xaicourse.core.gradients import Question, ask
from xaicourse.core.inputs import Adapter, call
from xaicourse.core.registry import Need, attribution_method
from xaicourse.core.row_guard import vouch_for
from xaicourse.core.shared import Asked
from xaicourse.methods.denoising.input_noise import (
    gather,
    noise_scale,
    noisy_values,
    standard_normal,
)
from xaicourse.methods.denoising.model_copies import (
    UsesOriginal,
    deep_copy,
    refusal,
    shallow_copy,
)
from xaicourse.methods.denoising.nested import Inner, explained, other_seed, read_method
from xaicourse.methods.examples import small_classifier

__all__ = ["fusiongrad", "noisegrad"]


# ---- the noise on the weights --------------------------------------------------------------------


def find_module(model: Any) -> nn.Module:
    """Return the module whose weights are varied, also inside `bind` and `pack`, or raise."""
    inside = model
    while isinstance(inside, Adapter):
        inside = inside.model
    if not isinstance(inside, nn.Module) or isinstance(inside, torch.jit.ScriptModule):
        raise TypeError(
            "model must be a torch.nn.Module in eager mode, whose weights can be varied, got "
            f"{describe(model)} ({type(inside).__name__}); write a function as the forward() of a "
            "module that holds the weights"
        )
    if isinstance(inside, nn.DataParallel | nn.parallel.DistributedDataParallel):
        raise TypeError(
            f"model is a {type(inside).__name__}, which keeps copies of its weights on several "
            "devices; pass model.module"
        )
    scripted = next((m for m in inside.modules() if isinstance(m, torch.jit.ScriptModule)), None)
    if scripted is not None:
        raise TypeError(
            f"model {describe(inside)} has a scripted or traced part, whose weights cannot be "
            f"varied ({getattr(scripted, 'original_name', '')}); use the original module there"
        )
    if not any(p.is_floating_point() for p in inside.parameters()):
        raise ValueError(f"model {describe(inside)} has no parameters, so there is none to vary")
    return inside


def varied_weights(module: nn.Module) -> dict[Tensor, str]:
    """Return the parameters that get noise, each once, with the name of its first place."""
    found: dict[Tensor, str] = {}
    for prefix, layer in module.named_modules():
        for name, W in layer.named_parameters(prefix, recurse=False, remove_duplicate=False):
            if W.is_floating_point():
                found.setdefault(W, name)
    return found


def noisy_weights(
    module: nn.Module, sigma: float, noise: str, samples: int, seed: int
) -> Iterator[dict[Tensor, Tensor]]:
    """Yield parameter -> parameter with noise on it, a set for each sample.

    The draws are made on the CPU and in float32, one parameter after the other, so that they are
    the same on every device and in every precision. Buffers (the statistics of batch norms) stay.
    A parameter that several layers share gets one draw.
    """
    generator = torch.Generator().manual_seed(seed)
    for _ in range(samples):
        weights = {}
        for parameter in varied_weights(module):
            W = parameter.detach()
            z = torch.randn(W.shape, generator=generator, dtype=torch.float32).to(W)
            weights[parameter] = W * (1 + sigma * z) if noise == "multiplicative" else W + sigma * z
        yield weights


# how a copy of a module is made that has other weights
Copy = Callable[[nn.Module, Mapping[Tensor, Tensor]], nn.Module]


def with_weights(
    model: Any, weights: Mapping[Tensor, Tensor], make_copy: Copy = shallow_copy
) -> Callable[..., Any]:
    """Return a copy of the model, also inside `bind` and `pack`, with other weights."""
    if isinstance(model, Adapter):
        return model.around(with_weights(model.model, weights, make_copy))  # type: ignore[return-value]
    return make_copy(model, weights)


def find_copy(question: Question, module: nn.Module) -> Copy:
    """Return the cheapest way to copy the model that leads every use of a weight to the copy.

    A forward pass through a copy is watched for the caller's own weights.
    """
    weights = varied_weights(module)
    points, rows = (t[: question.batch_size] for t in (question.x, question.rows))
    found = None
    for make_copy in (shallow_copy, deep_copy):
        copied = with_weights(question.model, {W: W.detach().clone() for W in weights}, make_copy)
        inputs = points.to(question.model_dtype, copy=True)
        with torch.inference_mode(False), torch.no_grad(), UsesOriginal(weights) as watch:
            try:
                call(copied, inputs, rows)
            except Exception as error:
                raise ValueError(f"model {describe(module)} failed as a copy: {error}") from error
        found = watch.found
        if found is None:
            return make_copy
    raise refusal(module, found)


def over_noisy_models(
    description: str,
    model: Callable[..., Any],
    x: Tensor,
    target: Any,
    *,
    method: Any,
    weight_sigma: float,
    noise: str,
    samples: int,
    seed: int,
    sigma: float = 0.0,
    relative: bool = False,
    input_samples: int = 1,
    **asked: Unpack[Asked],
) -> Attribution:
    """Average over the noise on the weights and, inside, over the noise on the input.

    The standard error is that of the outer average: maps of one set of weights belong together.
    """
    inner = read_method(method)
    samples = check_positive_int(samples, "samples")
    input_samples = check_positive_int(input_samples, "input_samples")
    check_seed(seed)
    check_weight_noise(weight_sigma, noise)
    check_outside(inner)
    question = ask(model, x, target, **asked)
    module = find_module(model)
    if Need.GRADIENT in inner.record.needs:
        question.module_hooks.notice()  # the copies' questions do not see the modules
    score = question.scores_at_x  # now the class is chosen and the model has been watched once
    what = explained(question)
    scale = noise_scale(question.x, sigma, relative)
    total = samples * input_samples
    draws = standard_normal(total, tuple(x.shape[1:]), other_seed(seed, 0), antithetic=False)

    make_copy = find_copy(question, module)

    def maps() -> Iterator[Tensor]:
        weights = noisy_weights(module, weight_sigma, noise, samples, seed)
        for i, W in enumerate(weights):
            xi, first = islice(draws, input_samples), i * input_samples
            noisy = vouch_for(with_weights(question.model, W, make_copy))
            yield from noisy_values(inner, noisy, question, what, scale, xi, first)

    moments = gather(maps(), total, input_samples, description)
    return Attribution.of(
        question,
        moments.mean,
        kind=inner.record.result,
        f_end=score,
        standard_error=moments.error_of_mean,
        gradients=question.rows.new_full((len(x),), total * inner.cost()),
    )


def check_weight_noise(sigma: Any, noise: Any) -> None:
    """Raise unless this is noise that can be put on weights."""
    if isinstance(sigma, bool) or not isinstance(sigma, int | float):
        raise TypeError(f"weight_sigma must be a number, got {sigma!r}")
    if not math.isfinite(sigma) or sigma < 0:
        raise ValueError(f"weight_sigma must be at least 0 and finite, got {sigma}")
    if noise not in ("multiplicative", "additive"):
        raise ValueError(f"noise must be 'multiplicative' or 'additive', got {noise!r}")


def check_outside(inner: Inner) -> None:
    """Raise if the method inside looks into the model, which is a copy here."""
    if inner.looks_inside:
        raise ValueError(
            f"method {inner.record.name} looks for a layer or for weights in the model, which is "
            "a copy with other weights here; choose a method that does not"
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
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Average a method's map over models with noise on their weights.

    .. math::
        A = \frac1N \sum_{i=1}^N \Phi(x;\, W \odot \eta_i), \qquad
        \eta_i \sim \mathcal N(1, \sigma^2 I)

    Parameters
    ----------
    model : torch.nn.Module
        It is never touched, in no thread: the noise is on private copies of it.
    method : str, Spec, method or functools.partial
        :math:`\Phi`, any registered method that does not look for a layer of the model.
    samples : int
        N, the number of noisy models.

    Returns
    -------
    Tensor (N, ...)
        As the method inside. The details hold the standard error of each value.

    Raises
    ------
    ValueError, TypeError
        Also if the model is not a module, or has no parameters.

    Notes
    -----
    All parameters get noise, biases and the scales of batch norms as well (as in the authors'
    code, which leaves the last noise in the caller's model; here nothing is left). It keeps none of
    the axioms: two nets that compute the same function with other weights get other maps.

    **Cost.** 25 gradients a row: `samples` times those of the method inside.

    **Fails when** two weights cancel, so that the net ignores a feature: noise breaks the balance,
    and the feature gets a share.

    References
    ----------
    .. [bykov2021] K. Bykov, A. Hedstrom, S. Nakajima, M. M.-C. Hohne, 2021, arXiv:2106.10185.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.noisegrad(xc.zoo.toy(), xc.zoo.toy_input(), weight_sigma=0.0)
    tensor([[ 1., -3.]], dtype=torch.float64)
    """
    return over_noisy_models(
        "NoiseGrad", model, x, target, method=method, weight_sigma=weight_sigma, noise=noise,
        samples=samples, seed=seed, **asked,
    )  # fmt: skip


@attribution_method(
    title="FusionGrad",
    year=2021,
    paper="arXiv:2106.10185",
    family="denoising",
    unit="slope",
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
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Average a method's map over noisy models and, for each of them, over noisy inputs.

    .. math::
        A = \frac1{NM} \sum_{i=1}^N \sum_{j=1}^M \Phi(x + \xi_{ij};\, W \odot \eta_i)

    Parameters
    ----------
    model : torch.nn.Module
        It is never touched, in no thread: the noise is on private copies of it.
    method : str, Spec, method or functools.partial
        :math:`\Phi`, any registered method that does not look for a layer of the model.
    samples : int
        N, the number of noisy models.
    sigma : float
        Standard deviation of the noise on the input, as a share of each row's range. (The authors'
        code has 0.4 on images normalised to a range of about 4.5: about 0.1 of the range.)
    input_samples : int
        M, the noisy inputs for each noisy model, drawn anew for each.

    Returns
    -------
    Tensor (N, ...)
        As the method inside. The details hold the standard error of each value, from the spread
        between the noisy models.

    Raises
    ------
    ValueError, TypeError
        Also if the model is not a module or has no parameters, or for a constant row with a
        relative sigma.

    Notes
    -----
    SmoothGrad for ``weight_sigma=0``, NoiseGrad for ``sigma=0``. Keeps none of the axioms: two nets
    that compute the same function with other weights get other maps.

    **Cost.** 100 gradients a row: `samples` times `input_samples` times those of the method inside.

    **Fails when** two weights cancel, so that the net ignores a feature: noise breaks the balance,
    and the feature gets a share.

    References
    ----------
    .. [bykov2021] K. Bykov, A. Hedstrom, S. Nakajima, M. M.-C. Hohne, 2021, arXiv:2106.10185.

    Examples
    --------
    >>> import xaicourse as xc
    >>> still = {"weight_sigma": 0.0, "sigma": 0.01}
    >>> xc.fusiongrad(xc.zoo.toy(), xc.zoo.toy_input(), **still).round(decimals=6)
    tensor([[ 1., -3.]], dtype=torch.float64)
    """
    return over_noisy_models(
        "FusionGrad", model, x, target, method=method, weight_sigma=weight_sigma, noise=noise,
        samples=samples, sigma=sigma, relative=relative, input_samples=input_samples, seed=seed,
        **asked,
    )  # fmt: skip
