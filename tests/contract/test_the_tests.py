"""Deliberately wrong methods must be caught: the contract's checks are tested themselves.

Each mutant is a copy of Integrated Gradients or of the gradient with one mistake, registered for
the length of a test. Its row says which check must notice it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor

import xaicourse as xc
from tests.contract import checks
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.registry import attribution_method
from xaicourse.methods.examples import small_classifier

CLAIMS = {"completeness", "sensitivity_a", "dummy", "linearity", "symmetry"}
MISTAKES: dict[str, tuple[str, Callable[..., Tensor]]] = {}


def caught_by(check: str) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    def note(mistake: Callable[..., Tensor]) -> Callable[..., Tensor]:
        MISTAKES[f"{mistake.__name__} -> {check}"] = (check, mistake)
        return mistake

    return note


def mutant(values_of: Callable[..., Tensor], name: str = "mutant") -> Any:
    """Register Integrated Gradients with another way to its values."""

    def body(
        model, x, target=None, *, baseline=0.0, steps=50, quadrature="gauss_legendre",
        output="logit", batch_size=None,
    ):  # fmt: skip
        settings = {"baseline": baseline, "steps": steps, "quadrature": quadrature}
        settings |= {"output": output}
        right = xc.integrated_gradients(
            model, x, target, **settings, batch_size=batch_size, return_details=True
        )
        values = values_of(right=right.values, model=model, x=x, target=target, **settings)
        return replace(right, values=values, settings=settings)

    body.__name__ = name
    return attribution_method(
        title="A mutant", year=2000, paper="none", family="integrated",
        claims=CLAIMS, cost=lambda settings: 50, example=small_classifier,
    )(body)  # fmt: skip


@caught_by("claims")
def wrong_sign(right, **_):
    return -right


@caught_by("linear_model")
def wrong_sign_on_a_linear_model(right, **_):
    return -right


@caught_by("claims")
def forgets_the_difference(right, x, **_):
    return right / x


@caught_by("claims")
def misses_a_twentieth(right, **_):
    return right * 0.95


@caught_by("claims")
def gives_everyone_a_little(right, **_):
    return right + 1e-7


@caught_by("details")
def values_are_not_those_of_the_gap(right, **_):
    return right * (1 + 1e-6)


@caught_by("row_independence")
def mixes_the_batch(right, **_):
    return right - 1e-6 * right.mean(dim=0, keepdim=True)


@caught_by("row_order")
def counts_rows(right, **_):
    return right * (1 + 1e-6 * torch.arange(len(right), dtype=right.dtype))[:, None]


CALLS: list[int] = []


@caught_by("repeatable")
def leaks_state(right, **_):
    CALLS.append(1)
    return right * (1 + 1e-6 * len(CALLS))


@caught_by("repeatable")
def seeds_the_world(right, **_):
    torch.manual_seed(0)
    return right + 1e-6 * torch.randn(right.shape, dtype=right.dtype)


@caught_by("repeatable")
def draws_from_the_world(right, **_):
    return right + 1e-6 * torch.randn(right.shape, dtype=right.dtype)


@caught_by("pretend_gpu")
def leaks_the_device(right, **_):
    return right + torch.zeros(right.shape[1:], dtype=right.dtype)


@caught_by("pretend_gpu")
def answers_on_the_cpu(right, **_):
    return right.cpu()


@caught_by("without_float64")
def adds_up_in_float64(right, **_):
    return (1 * right.double()).to(right.dtype)


@caught_by("without_float64")
def makes_weights_in_float64(right, **_):
    weights = torch.ones(right.shape[1:], dtype=torch.float64, device=right.device)
    return right * weights.to(right.dtype)


@caught_by("inputs_untouched")
def changes_x(right, x, **_):
    x.detach().mul_(1.0000001)
    return right


@caught_by("inputs_untouched")
def fills_the_gradient_of_x(right, model, x, **_):
    if x.requires_grad:
        with torch.enable_grad():
            model(x).sum().backward()
    return right


@caught_by("inputs_untouched")
def changes_the_baseline(right, baseline, **_):
    if isinstance(baseline, Tensor):
        baseline.detach().add_(1)
    return right


@caught_by("model_restored")
def leaves_a_hook(right, model, **_):
    if isinstance(model, torch.nn.Module):
        model.register_forward_hook(lambda module, inputs, output: None)
    return right


@caught_by("model_restored")
def calls_eval(right, model, **_):
    if isinstance(model, torch.nn.Module):
        model.eval()
    return right


@caught_by("model_restored")
def fills_the_parameters_gradients(right, model, x, **_):
    with torch.enable_grad():
        outputs = model(x)
        if outputs.requires_grad:
            outputs.sum().backward()
    return right


@caught_by("model_restored")
def zeroes_the_parameters_gradients(right, model, **_):
    if isinstance(model, torch.nn.Module):
        model.zero_grad()
    return right


@caught_by("target_fixed_once")
def chooses_the_class_again(right, model, x, target, steps, baseline, **_):
    if target is not None:
        return right
    parts = [
        xc.input_x_gradient(model, x * (k + 0.5) / steps, None) / (k + 0.5) for k in range(steps)
    ]
    return sum(parts)


@caught_by("form")
def returns_float32(right, **_):
    return right.float()


@caught_by("form")
def sums_the_last_axis(right, **_):
    return right.sum(-1)


@caught_by("form")
def keeps_the_graph(right, x, **_):
    with torch.enable_grad():
        return right + 0 * x


@caught_by("flat_memory")
def takes_all_points_at_once(right, model, x, steps, **_):
    model(x.detach().repeat(steps, 1))
    return right


@caught_by("layout")
def reads_the_memory_as_it_lies(right, x, **_):
    return right + 1e-6 * x.detach().as_strided(x.shape, (x.shape[1], 1))


@caught_by("precisions")
def has_a_constant_of_single_precision(right, **_):
    return right * (1 + (3e-3 if right.dtype == torch.float32 else 0))


@caught_by("output_scales")
def forgets_the_scale(right, model, x, target, output, **_):
    return xc.integrated_gradients(model, x, target) if output != "logit" else right


@pytest.mark.parametrize(("check", "mistake"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_caught(check, mistake):
    with checks.registered(mutant(mistake)) as record:
        assert xc.METHODS["mutant"] is record
        with pytest.raises((AssertionError, RuntimeError)):
            checks.CHECKS[check](record)


def test_the_copy_without_a_mistake_passes():
    with checks.registered(mutant(lambda right, **_: right.clone())) as record:
        for name, check in checks.CHECKS.items():
            if name != "signature":  # it has no docstring
                check(record)
    assert "mutant" not in xc.METHODS


@dataclass(frozen=True)
class WrongModel:
    """What a method might wrap around the model: it leaves its trace only when the model fails."""

    model: Any

    def __call__(self, x):
        self.model.training = True
        outputs = self.model(x)
        self.model.training = False
        return outputs


def test_a_mode_that_is_not_restored_after_an_exception_is_caught():
    def body(model, x, target=None, *, output="logit", batch_size=None):
        wrong = WrongModel(model) if isinstance(model, torch.nn.Module) else model
        return xc.gradient(
            wrong, x, target, output=output, batch_size=batch_size, return_details=True
        )

    body.__name__ = "mutant"
    method = register_gradient(body)
    with checks.registered(method), pytest.raises(AssertionError, match="training was changed"):
        checks.check_model_restored(method.record)


def test_a_map_that_lost_its_graph_is_caught():
    def body(model, x, target=None, *, output="logit", batch_size=None, differentiable=False):
        question = ask(model, x, target, output, batch_size, differentiable)
        grad, _ = gradients(question, differentiable=differentiable)
        return xc.Attribution(grad.detach() * question.x, kind="input", target=question.target)

    body.__name__ = "mutant"
    method = register_gradient(body, differentiable=True)
    with checks.registered(method), pytest.raises(AssertionError, match="derivative of the map"):
        checks.check_differentiable(method.record)


def test_a_method_without_documentation_is_caught():
    method = mutant(lambda right, **_: right)
    with checks.registered(method), pytest.raises(AssertionError, match="docstring"):
        checks.check_signature(method.record)


def register_gradient(body: Callable[..., Any], **facts: Any) -> Any:
    def cost(settings: Mapping[str, Any]) -> int:
        return 1

    return attribution_method(
        title="A mutant", year=2000, paper="none", family="vanilla",
        cost=cost, example=small_classifier, **facts,
    )(body)  # fmt: skip
