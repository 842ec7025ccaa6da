"""The scale: the class axis is named, probabilities are noticed, 16 bits are enough or refused."""

import math
import warnings

import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


X, W = drawn(4, 5), drawn(5, 6, seed=1)


# ---- K4: axes and probabilities ------------------------------------------------------------------


@pytest.mark.fault("K4")
@pytest.mark.parametrize("output", ["probability", "log_probability"])
def test_with_three_axes_the_classes_are_named_not_guessed(output, close):
    places = drawn(2, 3, 5)
    for z in (lambda x: x @ W, lambda x: (x @ W).transpose(1, 2)):
        for method in (xc.gradient, xc.scores, xc.integrated_gradients):
            with pytest.raises(ValueError, match=r"on which axis.*lambda z: z\.softmax\(-1\)"):
                method(z, places, (1, 1), output=output)
    named = (lambda o: o.softmax(-1)) if output == "probability" else (lambda o: o.log_softmax(-1))
    got = xc.scores(lambda x: x @ W, places, (2, 5), output=named)
    close(got, named(places @ W)[:, 2, 5])
    grid = drawn(2, 3, 4, 4)  # (N, K, H, W), as in segmentation
    close(xc.scores(lambda x: 2 * x, grid, (1, 0, 2), output="probability"),
          (2 * grid).softmax(1)[:, 1, 0, 2])  # fmt: skip


SQUASHED = {
    "sigmoid of several": (lambda x: torch.sigmoid(x @ W), "sigmoid"),
    "sigmoid of one": (lambda x: (x @ W[:, :1]).sigmoid(), "sigmoid"),
    "sigmoid (N,)": (lambda x: torch.sigmoid(x @ W)[:, 2], "sigmoid"),
    "squeezed": (lambda x: nn.Sigmoid()(x @ W[:, :1]).squeeze(-1), "sigmoid"),
    "hardsigmoid": (lambda x: nn.functional.hardsigmoid(x @ W), "hardsigmoid"),
    "expit": (lambda x: torch.special.expit(x @ W), "expit"),
    "softmax": (lambda x: (x @ W).softmax(1), "sums to 1"),
    "softmax, cut": (lambda x: (x @ W).softmax(1)[:, :4], "softmax"),
}


@pytest.mark.fault("K4")
@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("name", SQUASHED)
@pytest.mark.parametrize("output", ["probability", "log_probability"])
def test_outputs_that_are_probabilities_are_refused_and_the_advice_works(name, rows, output, close):
    model, says = SQUASHED[name]
    target = 0 if model(X).dim() == 2 else None
    for method in (xc.gradient, xc.scores, xc.integrated_gradients):
        with pytest.raises(ValueError, match=rf"{says}.*output=") as refused:
            method(model, X[:rows], target, output=output)
    assert "output=lambda p: p" in str(refused.value)
    plain = model(X)[:, 0] if target == 0 else model(X)
    close(xc.scores(model, X, target, output=lambda p: p), plain)


@pytest.mark.fault("K4")
@pytest.mark.parametrize("name", SQUASHED)
def test_probabilities_are_not_explained_as_logits_without_a_word(name):
    model, _ = SQUASHED[name]
    target = 0 if model(X).dim() == 2 else None
    for method in (xc.gradient, xc.integrated_gradients):
        with pytest.warns(UserWarning, match=r"the model ends in .*\(\).*output=lambda p: p"):
            method(model, X, target)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            method(model, X, target, output=lambda p: p)


@pytest.mark.fault("K4")
def test_what_may_be_probabilities_is_warned_of():
    by_hand = lambda x: 1 / (1 + torch.exp(-(x @ W)))  # noqa: E731
    with pytest.warns(UserWarning, match="24 outputs lie between 0 and 1"):
        xc.scores(by_hand, X, 0, output="probability")
    joined = lambda x: torch.cat([torch.sigmoid(x @ W), torch.sigmoid(x @ W)], 1)  # noqa: E731
    with pytest.warns(UserWarning, match="48 outputs lie between 0 and 1"):
        xc.gradient(joined, X, 0, output="probability")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xc.scores(by_hand, X, 0)
        xc.scores(lambda x: x @ W, X, 0, output="probability")
        xc.scores(lambda x: 3 * torch.sigmoid(x @ W), X, 0, output="probability")
        xc.scores(lambda x: torch.sigmoid(x) @ W, X, 0, output="probability")


# ---- K6: 16 bits ---------------------------------------------------------------------------------


@pytest.mark.fault("K6")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_softmax_is_taken_in_float32(dtype):
    model = lambda z: z * 1  # noqa: E731
    for gap in (9.0, 8.0, 6.0):
        x = torch.tensor([[gap, 0.0]], dtype=dtype)
        p = 1 / (1 + math.exp(-gap))
        slope = float(xc.gradient(model, x, 0, output="probability")[0, 0])
        assert slope == pytest.approx(p * (1 - p), rel=1e-2)
        log_slope = float(xc.gradient(model, x, 0, output="log_probability")[0, 0])
        assert log_slope == pytest.approx(1 - p, rel=1e-2)
    one = lambda z: z[:, 0]  # noqa: E731
    slope = float(xc.gradient(one, x, output="log_probability")[0, 0])
    assert slope == pytest.approx(1 - p, rel=1e-2)


@pytest.mark.fault("K6")
def test_a_map_that_x_dtype_cannot_hold_is_refused_and_the_advice_works(close):
    weight = torch.tensor([[300.0, 1.0], [-299.0, 0.5]], dtype=torch.float16)
    model = lambda z: z @ weight.to(z.dtype)  # noqa: E731
    x = torch.full((1, 2), 300.0, dtype=torch.float16)
    for name in ("input_x_gradient", "integrated_gradients", "deeplift", "deep_shap"):
        method = getattr(xc, name)
        with pytest.raises(
            ValueError, match=r"map of row 0 holds 9e\+04, but torch.float16.*6.55e"
        ):
            method(model, x, 0)
        close(method(model, x.float(), 0), [[90000.0, -89700.0]], 1e-5)
        smaller = method(model, x, 0, output=lambda z: z / 1000)
        close(smaller, [[90.0, -89.7]], 1e-2)


@pytest.mark.fault("K6")
def test_a_map_that_would_vanish_is_refused_and_the_advice_works(close):
    model = lambda z: z * 1e-4  # noqa: E731
    x = torch.tensor([[1e-4, 2e-4]], dtype=torch.float16)
    for name in ("input_x_gradient", "integrated_gradients"):
        method = getattr(xc, name)
        with pytest.raises(ValueError, match=r"would be all 0 in torch\.float16"):
            method(model, x, 1)
        close(method(model, x.float(), 1), [[0.0, 2e-8]], 1e-2)
        close(method(model, x, 1, output=lambda z: z * 1000), [[0.0, 2e-5]], 1e-1)


@pytest.mark.fault("K6")
@pytest.mark.parametrize("inside", [False, True])
def test_the_tolerance_is_that_of_autocast(inside, close):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3),
        ).eval()  # fmt: skip
    x = drawn(3, 3, 12, 12).float()

    def under_autocast(z: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return net(z).float()

    for name in ("fullgrad", "fullgrad_decomposition", "bias_backprop"):
        method = getattr(xc, name)
        expected = method(net, x, 1)
        if inside:
            got = method(under_autocast, x, 1)
        else:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                got = method(net, x, 1)
        close(got, expected, 0.1)


# ---- K7: a set of references ---------------------------------------------------------------------


@pytest.mark.fault("K7")
def test_a_single_row_is_no_set_of_numbers(close):
    net = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)).double()
    row = drawn(5, seed=3)
    with pytest.raises(ValueError, match=r"baselines is a tensor of shape \(5,\).*row\[None\]"):
        xc.deep_shap(net, X, 0, baselines=row)
    with pytest.raises(ValueError, match=r"\(4, 4\).*\(M, ...\)"):
        xc.deep_shap(lambda z: net(z[:, 0, 0]), drawn(2, 1, 1, 5), 0, baselines=drawn(4, 4))
    close(xc.deep_shap(net, X, 0, baselines=row[None]), xc.deeplift(net, X, 0, baseline=row))
    close(xc.deep_shap(net, X, 0, baselines=(0.0, 1.0)),
          (xc.deeplift(net, X, 0) + xc.deeplift(net, X, 0, baseline=1.0)) / 2)  # fmt: skip
    close(
        xc.deep_shap(net, X, 0, baselines=torch.tensor(0.5)), xc.deeplift(net, X, 0, baseline=0.5)
    )


@pytest.mark.fault("K7")
@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("black", "zeros"), r"baselines\[0\] 'black' is for images"),
        (None, r"baselines\[0\] must be a number"),
        (torch.zeros(2, 5).long(), r"baselines\[0\] has dtype torch.int64"),
        (torch.full((2, 5), torch.nan), r"baselines\[0\] holds NaN"),
        (torch.zeros(2, 4), r"baselines\[0\] has shape \(4,\)"),
    ],
    ids=["word", "none", "whole numbers", "NaN", "shape"],
)
def test_a_reference_of_a_set_is_refused_by_the_sets_name(given, says):
    with pytest.raises((TypeError, ValueError), match=says):
        xc.deep_shap(lambda z: z @ W, X, 0, baselines=given)
