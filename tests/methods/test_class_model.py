"""Class model visualisation: closed forms of the ascent, and a small net that gets its class."""

import pytest
import torch
from torch import Tensor

import xaicourse as xc
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.vanilla.ascent import class_model

W = torch.tensor([1.0, -2.0], dtype=torch.float64)


def linear(x: Tensor) -> Tensor:
    return x @ W.to(x)


def test_linear_score_ends_at_w_over_two_lambda(close):
    start = torch.zeros(1, 2, dtype=torch.float64)
    found = class_model(linear, start, (), penalty=0.1, step_size=0.5, steps=400)
    close(found, W[None] / 0.2)
    assert not bool(start.any())  # the caller's picture is not climbed on


def test_each_step_is_the_papers(close):
    """x after k steps from x0: w / (2 l) + (1 - 2 l s)^k (x0 - w / (2 l))."""
    start = torch.tensor([[3.0, 1.0]], dtype=torch.float64)
    found = class_model(linear, start, (), penalty=0.1, step_size=0.5, steps=3)
    close(found, W / 0.2 + 0.9**3 * (start - W / 0.2))


def test_bounds_are_kept_in_every_step(close):
    start = torch.full((1, 2), 0.5, dtype=torch.float64)
    found = class_model(linear, start, (), penalty=0.0, steps=5, bounds=(0.0, 1.0))
    close(found, [[1.0, 0.0]])


@pytest.mark.parametrize("target", [0, 1, 2])
def test_score_minus_penalty_rises_on_a_small_net(target):
    made = small_classifier()

    def height(x: Tensor) -> Tensor:
        return xc.scores(made.model, x, target) - 0.05 * x.square().sum(1)

    heights = [
        height(class_model(made.model, made.x, target, penalty=0.05, step_size=0.02, steps=n))
        for n in (1, 20, 200)
    ]
    climb = torch.stack([height(made.x), *heights])
    assert bool((climb.diff(dim=0) > 0).all())
    assert bool((climb[-1] - climb[0] > 0.2).all())


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"target": None}, "target must name the class"),
        ({"penalty": -1.0}, "penalty must be finite"),
        ({"step_size": 0.0}, "step_size must be finite and above 0"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"bounds": (1.0, 0.0)}, "bounds must be"),
        ({"bounds": (1.0,)}, "bounds must be"),
        ({"penalty": "none"}, "penalty must be a number"),
        ({"penalty": 10.0, "steps": 1000}, "the steps are too long.*here it is 10"),
    ],
)
def test_bad_settings(setting, says):
    made = small_classifier()
    target = setting.pop("target", 0)
    with pytest.raises((TypeError, ValueError), match=says):
        class_model(made.model, made.x, target, **setting)
