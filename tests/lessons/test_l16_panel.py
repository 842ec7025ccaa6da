"""The attack lab, against the package."""

import pytest
import torch

import xaicourse as xc
from xaicourse.course.lessons.l16_sanity_and_robustness.panel import still_strongest
from xaicourse.widgets import AttackPanel
from xaicourse.widgets.plates import png_of

EPS = 8 / 255


@pytest.fixture(scope="module")
def net():
    return xc.zoo.load("fashion_cnn", device="cpu")


@pytest.fixture(scope="module")
def x():
    return xc.datasets.fashion_mnist(n=4).x[3:4]


@pytest.fixture
def panel(net, x):
    return AttackPanel(net, x, labels=xc.datasets.FASHION_MNIST_CLASSES)


def test_the_twin_and_its_maps_are_those_of_the_package(panel, net, x, close):
    target = int(net(x).argmax())
    attack = xc.robustness.attack_map(net, x, target, k=50, eps=EPS, steps=20, beta=20.0)
    view = panel.result
    close(view.attack.x, attack.x, 1e-6)
    close(view.maps[1], attack.after[0].sum(0), 1e-5)
    random = xc.robustness.random_twin(x, EPS)
    close(view.maps[2], xc.gradient(net, random, target=target)[0].sum(0), 1e-5)


def test_one_who_knows_the_method_attacks_the_method(panel, net, x, close):
    target = int(net(x).argmax())
    smooth = xc.spec("smoothgrad", samples=8, sigma=0.1)
    before = panel.result.attack.x
    panel.set(method="SmoothGrad")
    assert torch.equal(panel.result.attack.x, before)  # the attacker knows the gradient
    panel.set(knows="the method itself")
    attack = xc.robustness.attack_map(
        net, x, target, method=smooth, k=50, eps=EPS, steps=20, beta=20.0
    )
    close(panel.result.attack.x, attack.x, 1e-6)
    close(panel.result.maps[0], smooth(net, x, target=target)[0].sum(0), 1e-5)


@pytest.mark.parametrize("goal", ["centre of mass", "into the left half"])
def test_each_goal_keeps_ball_and_class(panel, net, x, goal):
    panel.set(goal=goal, eps=4)
    assert panel.error is None
    found = panel.result.attack.x
    assert float((found - x).abs().max()) < 4.001 / 255
    assert int(net(found).argmax()) == int(net(x).argmax())


def test_a_search_is_kept(panel):
    first = panel.result.attack
    panel.set(eps=2)
    panel.set(eps=8)
    assert panel.result.attack is first


def test_strongest_pixels_by_hand():
    a = torch.tensor([[3.0, -2.0], [1.0, 0.0]])
    assert still_strongest(a, a) == 1
    assert still_strongest(a, torch.tensor([[0.0, 2.0], [1.0, -3.0]])) == pytest.approx(2 / 3)


def test_words_and_picture_follow_the_settings(panel):
    words = " ".join(panel.words(panel.result))
    assert "random twin" in words
    before = png_of(panel.size, panel.plates(panel.result))
    panel.set(method="Integrated Gradients")
    assert png_of(panel.size, panel.plates(panel.result)) != before
    assert "Integrated Gradients" in panel.intro(panel.result)


def test_what_is_wrong_is_said(net):
    with pytest.raises(ValueError, match="one image"):
        AttackPanel(torch.nn.Linear(2, 3).eval(), torch.ones(1, 2))
    with pytest.raises(ValueError, match="one input"):
        AttackPanel(net, xc.datasets.fashion_mnist(n=2).x)
    with pytest.raises(ValueError, match="method must be one of"):
        AttackPanel(net, xc.datasets.fashion_mnist(n=1).x, method="magic")
