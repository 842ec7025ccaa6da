"""Hooks of other libraries that change gradients are named, and those that look on are let be."""

import functools
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.foreign_hooks import ForeignHookError
from xaicourse.core.rules import UnsupportedOperationError

pytestmark = pytest.mark.fault("K8")


def small_net() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Flatten(),
            nn.Linear(16, 3),
        ).double().eval()  # fmt: skip


X = torch.cos(torch.arange(72, dtype=torch.float64)).view(2, 1, 6, 6)


def positive(grad: Tensor) -> Tensor:
    return grad.clamp(min=0)


def positive_in_place(grad: Tensor) -> None:
    grad.clamp_(min=0)


def doubled(grad: Tensor, by: float) -> Tensor:
    return by * grad


def set_on_outputs(hook: Any) -> Any:
    def forward_hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
        if output.requires_grad:
            output.register_hook(hook)

    return forward_hook


METHODS = {
    "gradient": {}, "integrated_gradients": {"steps": 3}, "smoothgrad": {"samples": 3},
    "guided_backprop": {}, "lrp": {}, "deeplift": {}, "grad_cam": {"layer": "1"},
    "noisegrad": {"samples": 2}, "beta_smoothing": {}, "fullgrad": {}, "bias_backprop": {},
}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(
    "hook",
    [positive, positive_in_place, functools.partial(doubled, by=2.0)],
    ids=["positive", "positive_in_place", "partial"],
)
def test_a_tensor_hook_that_changes_a_gradient_is_refused(name, hook, close):
    net = small_net()
    method, settings = getattr(xc, name), METHODS[name]
    expected = method(net, X, 1, **settings)
    handle = net[3].register_forward_hook(set_on_outputs(hook))
    with pytest.raises(ValueError, match=r"hook changes the gradient.*(positive|doubled)") as found:
        method(net, X, 1, **settings)
    assert "test_foreign_hooks.py:" in str(found.value)
    handle.remove()  # the advice
    close(method(net, X, 1, **settings), expected)


@pytest.mark.parametrize("name", METHODS)
def test_a_hook_that_looks_on_is_let_be(name, close):
    net, seen = small_net(), []
    method, settings = getattr(xc, name), METHODS[name]
    expected = method(net, X, 1, **settings)
    net[1].register_forward_hook(set_on_outputs(lambda grad: seen.append(grad.norm())))
    net[1].register_forward_hook(set_on_outputs(lambda grad: grad))
    for weight in net.parameters():
        weight.register_hook(lambda grad: 0 * grad)
    close(method(net, X, 1, **settings), expected)
    assert seen or name == "grad_cam"  # there the layer begins behind the hook


def test_a_hook_inside_forward_and_one_that_strikes_late():
    def model(z: Tensor) -> Tensor:
        h = z * 1
        if h.requires_grad:
            h.register_hook(lambda grad: grad * (1 if bool((z > -0.5).all()) else 2))
        return h.tanh().flatten(1)

    with pytest.raises(ForeignHookError, match=r"<lambda>.*MulBackward0"):
        xc.integrated_gradients(model, X - 0.1, 0, steps=8, batch_size=1)


def change(module: nn.Module, grad_in: Any, grad_out: Any) -> Any:
    return (2 * grad_in[0],)


def look_on(module: nn.Module, *grads: Any) -> None:
    return None


@pytest.mark.parametrize("hook", [change, look_on])
@pytest.mark.parametrize("bound", [False, True])
def test_hooks_on_modules_are_named(hook, bound):
    net = small_net()
    handles = [net[1].register_full_backward_hook(hook)]
    model = xc.bind(lambda x: net(x)) if bound else net
    model = xc.pack(net, [X])[0] if bound else net
    x = X.flatten(1) if bound else X
    named = rf"ReLU\(\) has a backward hook, {hook.__name__} \(.*test_foreign_hooks.py"
    with pytest.warns(UserWarning, match=named):
        xc.gradient(model, x, 1)
    with pytest.raises(UnsupportedOperationError, match=f"{named}.*guided_backprop cannot see"):
        xc.guided_backprop(model, x, 1)
    handles.pop().remove()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xc.gradient(model, x, 1)
        xc.guided_backprop(model, x, 1)


def test_hooks_on_all_modules_are_named():
    handle = nn.modules.module.register_module_full_backward_hook(look_on)
    try:
        with pytest.warns(UserWarning, match="every module has a backward hook, look_on"):
            xc.gradient(small_net(), X, 1)
    finally:
        handle.remove()


@pytest.mark.parametrize("name", ["occlusion", "score_cam", "eigen_cam"])
def test_hooks_are_no_matter_where_no_gradient_is_taken(name):
    net = small_net()
    net[1].register_full_backward_hook(change)
    settings = {"patch": 2} if name == "occlusion" else {"layer": net[1]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(xc, name)(net, X, 1, **settings)
        xc.scores(net, X, 1)
        xc.evaluation.deletion(net, X, X, 1, imputer=0.0)


@pytest.mark.parametrize("name", ["smoothgrad", "vargrad", "noisegrad", "fusiongrad"])
def test_hooks_are_named_where_another_method_takes_the_gradients(name):
    net = small_net()
    net[1].register_full_backward_hook(change)
    with pytest.warns(UserWarning, match="has a backward hook, change"):
        getattr(xc, name)(net, X, 1, samples=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(xc, name)(net, X, 1, samples=2, method=xc.spec("occlusion", patch=2))


def test_the_packages_own_hooks_are_no_foreign_ones(close):
    net = small_net()
    close(xc.fullgrad_decomposition(net, X, 1), xc.fullgrad_decomposition(lambda x: net(x), X, 1))
