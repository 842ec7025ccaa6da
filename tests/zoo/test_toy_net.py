import pytest
import torch

import xaicourse.zoo as zoo


def test_values_of_the_lessons():
    f = zoo.toy()
    x = torch.tensor([[3.0, 1.0], [3.0, 2.0], [3.0, 3.0], [0.0, 0.0], [0.0, 1.0]]).double()
    assert f(x).tolist() == [2.0, -1.0, 2.0, 1.0, 4.0]
    assert zoo.TOY_OUTPUT == 2.0
    assert zoo.TOY_OUTPUT_AT_ZERO == 1.0


def test_gates_are_on_off_on():
    net = zoo.toy()
    assert net.hidden(zoo.toy_input()).tolist() == [[2.0, -2.0, 3.0]]


def test_gradient():
    x = zoo.toy_input().requires_grad_()
    (gradient,) = torch.autograd.grad(zoo.toy()(x).sum(), x)
    assert gradient.tolist() == [list(zoo.TOY_GRADIENT)]


def test_integrated_gradients_by_a_dense_midpoint_rule():
    n = 1000  # a multiple of 4: the kink at 1/4 falls between two midpoints
    alphas = (torch.arange(n).double() + 0.5) / n
    points = (alphas[:, None] * zoo.toy_input()).requires_grad_()
    (gradients,) = torch.autograd.grad(zoo.toy()(points).sum(), points)
    ig = (zoo.toy_input() * gradients.mean(0))[0]
    torch.testing.assert_close(
        ig, torch.tensor(zoo.TOY_INTEGRATED_GRADIENTS).double(), rtol=0, atol=1e-10
    )
    assert ig.sum().item() == pytest.approx(zoo.TOY_OUTPUT - zoo.TOY_OUTPUT_AT_ZERO, abs=1e-10)


def test_the_gradient_changes_at_the_kink_only():
    f = zoo.toy()

    def gradient(alpha):
        x = (alpha * zoo.toy_input()).requires_grad_()
        return torch.autograd.grad(f(x).sum(), x)[0].tolist()[0]

    before = {tuple(gradient(a)) for a in (0.01, 0.1, 0.2, zoo.TOY_KINK - 1e-6)}
    after = {tuple(gradient(a)) for a in (zoo.TOY_KINK + 1e-6, 0.3, 0.6, 1.0)}
    assert before == {(2.0, -2.0)}
    assert after == {(1.0, -3.0)}


def test_dtype_mode_and_shapes():
    assert zoo.toy()(torch.zeros(5, 2).double()).shape == (5,)
    assert zoo.toy(torch.float32)(torch.zeros(1, 2)).dtype == torch.float32
    net = zoo.toy()
    assert not net.training
    assert not any(p.requires_grad for p in net.parameters())


def test_building_it_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    zoo.toy()
    zoo.load("efficientnet_lite0")
    assert torch.equal(before, torch.get_rng_state())
