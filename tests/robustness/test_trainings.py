"""Training against attacks, and training that fools: the papers' loops, and what stays as it is."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from tests.plain import near, refused
from tests.pretend_gpu import DEVICE, PretendGPU
from tests.robustness.helpers import images, smooth_net
from xaicourse.core.quadrature import quadrature
from xaicourse.robustness import (
    adversarial_training,
    attack_model,
    attributional_training,
    fool_by_fine_tuning,
)
from xaicourse.robustness.attributional_training import loss_attribution
from xaicourse.robustness.goals import shares
from xaicourse.robustness.training import draw_anew

LABELS = torch.tensor([0, 2, 1, 1, 0])
HOW = {"epochs": 2, "batch": 2, "rate": 0.01, "seed": 3}
FRAME = torch.ones(6, 6, dtype=torch.bool)
FRAME[1:-1, 1:-1] = False


def weights(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def by_gradient(net, x, labels, **more):
    return attributional_training(net, x, labels, penalty="gradient", **more)


def with_prior(net, x, labels, **more):
    prior = lambda phi, rows: phi.square().flatten(1).sum(1)  # noqa: E731
    return attributional_training(net, x, labels, penalty=prior, **more)


def fooled(net, x, labels, **more):
    return fool_by_fine_tuning(net, x, region=FRAME, **more)


WAYS = {
    "adversarial_training": adversarial_training,
    "ig_norm": attributional_training,
    "gradient": by_gradient,
    "prior": with_prior,
    "fool_by_fine_tuning": fooled,
}


# ---- the papers' loops --------------------------------------------------------------------------


def plain_training(net, x, y, loss):
    """Train a copy with AdamW and a one-cycle schedule, as HOW says; `loss` gets the generator."""
    draw = torch.Generator().manual_seed(HOW["seed"])
    net = copy.deepcopy(net).requires_grad_(True)
    steps = HOW["epochs"] * 3
    optimiser = torch.optim.AdamW(net.parameters(), lr=HOW["rate"], weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, HOW["rate"], total_steps=steps)
    for _ in range(HOW["epochs"]):
        for rows in torch.randperm(5, generator=draw).split(HOW["batch"]):
            optimiser.zero_grad()
            loss(net, x[rows], y[rows], draw).backward()
            optimiser.step()
            schedule.step()
    return net


def climbed(x, eps, alpha, steps, draw, value):
    """Return x + delta by projected sign ascent of a value, from a random start."""
    u = torch.rand(x.shape, generator=draw).to(x.dtype)
    here = (x + eps * (2 * u - 1)).clamp(0, 1)
    for _ in range(steps):
        leaf = here.clone().requires_grad_(True)
        (g,) = torch.autograd.grad(value(leaf), leaf)
        here = (here + alpha * g.sign()).clamp(x - eps, x + eps).clamp(0, 1)
    return here


def test_adversarial_training_is_madrys_loop():
    net, x = smooth_net(), images(5)

    def loss(net, x, y, draw):
        moved = climbed(x, 0.2, 0.1, 2, draw, lambda p: F.cross_entropy(net(p), y))
        return F.cross_entropy(net(moved), y)

    expected = plain_training(net, x, LABELS, loss)
    found = adversarial_training(net, x, LABELS, eps=0.2, step=0.1, steps=2, **HOW)
    assert near(weights(found), weights(expected))
    assert not near(weights(found), weights(net))


def plain_ig(net, x, moved, y, nodes):
    """Return the attribution of the loss from x to x', by the nodes of Gauss and Legendre."""
    alphas, w = quadrature("gauss_legendre", nodes)
    total = 0
    for alpha, weight in zip(alphas.tolist(), w.tolist(), strict=True):
        point = x + alpha * (moved - x)
        point = point if point.requires_grad else point.requires_grad_(True)
        value = F.cross_entropy(net(point), y, reduction="sum")
        (g,) = torch.autograd.grad(value, point, create_graph=True)
        total = total + weight * g
    return (moved - x) * total


@pytest.mark.parametrize("penalty", ["ig_norm", "ig_sum_norm"])
def test_attributional_training_is_chens_loop(penalty):
    net, x = smooth_net(), images(5)

    def added(net, x, y, moved):
        ig = plain_ig(net, x, moved, y, 3)
        return 0.5 * ig.abs().sum() + (ig.sum() if penalty == "ig_sum_norm" else 0)

    def loss(net, x, y, draw):
        moved = climbed(x, 0.2, 0.1, 2, draw, lambda p: added(net, x, y, p))
        return F.cross_entropy(net(x), y) + added(net, x, y, moved) / len(x)

    expected = plain_training(net, x, LABELS, loss)
    found = attributional_training(
        net, x, LABELS, penalty=penalty, weight=0.5, eps=0.2, step=0.1, steps=2, nodes=3, **HOW
    )
    assert near(weights(found), weights(expected))


def test_the_attribution_of_the_loss_sums_to_its_rise():
    net, x, moved = smooth_net(), images(5), images(10)[5:]
    found = loss_attribution(net, x, moved, LABELS, *quadrature("gauss_legendre", 24))
    before, after = (F.cross_entropy(net(p), LABELS, reduction="none") for p in (x, moved))
    assert near(found.flatten(1).sum(1).detach(), after - before)
    line = nn.Sequential(nn.Flatten(), nn.Linear(108, 3)).double()
    two = line[1].weight.detach()
    half = loss_attribution(line, x, x, LABELS, *quadrature("midpoint", 1))
    assert not bool(half.any()), "from x to x there is nothing to share out"
    assert two.shape == (3, 108)


def test_the_sum_alone_is_adversarial_training():
    net, x = smooth_net(), images(5)
    settings = {"eps": 0.2, "step": 0.1, "steps": 2, **HOW}
    found = attributional_training(
        net, x, LABELS, penalty="ig_sum_norm", weight=0.0, nodes=24, **settings
    )
    assert near(weights(found), weights(adversarial_training(net, x, LABELS, **settings)))


def test_a_gradient_penalty_is_a_loop_with_a_double_backward():
    net, x = smooth_net(), images(5)

    def loss(net, x, y, draw):
        leaf = x.clone().requires_grad_(True)
        each = [
            F.cross_entropy(net(one), label)
            for one, label in zip(leaf.split(1), y.split(1), strict=True)
        ]
        slopes = [torch.autograd.grad(v, leaf, create_graph=True)[0].square().sum() for v in each]
        return torch.stack(each).mean() + 0.3 * torch.stack(slopes).mean()

    expected = plain_training(net, x, LABELS, loss)
    found = by_gradient(net, x, LABELS, weight=0.3, **HOW)
    assert near(weights(found), weights(expected))


def test_of_a_linear_net_without_data_the_penalty_shrinks_the_weights():
    """For two classes it is |w_1 - w_2|^2 (1 - p)^2: the stronger, the shorter w_1 - w_2."""
    x = torch.linspace(0, 1, 40, dtype=torch.float64).view(20, 2)
    y = (x.sum(1) > 1).long()
    net = nn.Linear(2, 2).double().eval()
    lengths = []
    for weight in (0.0, 0.1, 1.0):
        found = by_gradient(net, x, y, weight=weight, epochs=60, batch=20, rate=0.1, anew=True)
        lengths.append(float((found.weight[0] - found.weight[1]).norm()))
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 2 * lengths[2]


def test_a_prior_sees_the_maps_of_its_own_rows():
    net, x = smooth_net(), images(5)
    masks = torch.rand(5, 3, 6, 6, generator=torch.Generator().manual_seed(0)) > 0.5

    def loss(net, x, y, draw):
        rows = torch.tensor(
            [int((x[i] == images(5)).flatten(1).all(1).nonzero()) for i in range(len(x))]
        )
        leaf = x.clone().requires_grad_(True)
        (phi,) = torch.autograd.grad(net(leaf).gather(1, y[:, None]).sum(), leaf, create_graph=True)
        return F.cross_entropy(net(x), y) + 2 * ((phi * masks[rows]) ** 2).sum() / len(x)

    expected = plain_training(net, x, LABELS, loss)
    found = attributional_training(
        net, x, LABELS, weight=2.0, **HOW,
        penalty=lambda phi, rows: (phi * masks[rows]).square().flatten(1).sum(1),
    )  # fmt: skip
    assert near(weights(found), weights(expected))
    with refused(ValueError, "penalty must return one number a row"):
        attributional_training(net, x, LABELS, penalty=lambda phi, rows: phi, **HOW)


def test_fooling_is_heos_loop():
    net, x = smooth_net(), images(5)
    y = net(x).argmax(1)

    def loss(now, x, y, draw):
        leaf = x.clone().requires_grad_(True)
        (phi,) = torch.autograd.grad(now(leaf).gather(1, y[:, None]).sum(), leaf, create_graph=True)
        size = phi.abs().sum(1)
        share = (size * FRAME).sum((1, 2)) / size.sum((1, 2))
        p, q = net(x).softmax(1), now(x).softmax(1)
        return (p * (p.log() - q.log())).sum(1).mean() + 0.7 * (1 - share).mean()

    expected = plain_training(net, x, y, loss)
    found = fooled(net, x, None, weight=0.7, **HOW)
    assert near(weights(found), weights(expected))


# ---- what they do -------------------------------------------------------------------------------


def test_a_map_is_moved_into_a_frame_while_the_predictions_stay():
    x, labels = xc.datasets.digits(n=300)
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)).eval()
    net = adversarial_training(net, x, labels, eps=0.0, epochs=30, anew=True, rate=5e-3)
    frame = torch.ones(8, 8, dtype=torch.bool)
    frame[1:-1, 1:-1] = False
    y = net(x).argmax(1)

    def mass(net):
        return float((shares(xc.gradient(net, x, y)) * frame).flatten(1).sum(1).mean())

    moved = fool_by_fine_tuning(net, x, region=frame, epochs=15, rate=5e-3)
    plain = fool_by_fine_tuning(net, x, region=frame, weight=0.0, epochs=2, rate=5e-3)
    assert mass(moved) > mass(net) + 0.2
    assert abs(mass(plain) - mass(net)) < 0.05, "the control: fine-tuning alone"
    assert float((moved(x).argmax(1) == y).float().mean()) > 0.95


def test_adversarial_training_makes_attacks_harder():
    x, labels = xc.datasets.digits(n=800)
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).eval()
    right = {}
    for eps in (0.0, 0.15):
        found = adversarial_training(
            net, x[:600], labels[:600], eps=eps, epochs=20, rate=5e-3, anew=True
        )
        right[eps] = float(
            (~attack_model(found, x[600:], labels[600:], eps=0.15).fooled).float().mean()
        )
    assert right[0.15] > right[0.0] + 0.1


def test_the_warm_up_begins_without_an_attack():
    net, x = smooth_net(), images(5)
    settings = {"eps": 0.3, "steps": 1, "epochs": 1, "batch": 5}
    plain = adversarial_training(net, x, LABELS, **{**settings, "eps": 0.0})
    assert near(
        weights(adversarial_training(net, x, LABELS, warm_up=1.0, **settings)), weights(plain)
    )
    assert not near(weights(adversarial_training(net, x, LABELS, **settings)), weights(plain))


# ---- promises of all ----------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_what_is_the_callers_stays_as_it_is(way):
    net, x = smooth_net().train(), images(5).requires_grad_(True)
    before, state = weights(net), torch.get_rng_state()
    found = WAYS[way](net, x, LABELS, **HOW)
    assert torch.equal(weights(net), before)
    assert net.training
    assert torch.equal(x.detach(), images(5))
    assert x.grad is None
    assert all(p.grad is None for p in net.parameters())
    assert torch.equal(state, torch.get_rng_state())
    assert not found.training
    assert not any(p.requires_grad for p in found.parameters())
    assert found is not net


@pytest.mark.parametrize("way", WAYS)
def test_the_seed_decides(way):
    net, x = smooth_net(), images(5)
    one, two, other = (WAYS[way](net, x, LABELS, **{**HOW, "seed": s}) for s in (3, 3, 4))
    assert torch.equal(weights(one), weights(two))
    assert not torch.equal(weights(one), weights(other))
    with torch.inference_mode():
        there = WAYS[way](net, images(5), LABELS.clone(), **HOW)
    assert torch.equal(weights(there), weights(one))


@pytest.mark.parametrize("way", WAYS)
def test_it_runs_on_another_device(way):
    net, x = smooth_net().float(), images(5, torch.float32)
    here = WAYS[way](net, x, LABELS, **HOW)
    with PretendGPU():
        there = WAYS[way](net.to(DEVICE), x.to(DEVICE), LABELS.to(DEVICE), **HOW)
        got = torch.cat([p.detach().cpu().flatten() for p in there.parameters()])
        assert next(there.parameters()).device == DEVICE
    assert float((got - weights(here)).norm() / weights(here).norm()) < 1e-2


def test_weights_are_drawn_anew_by_the_seed_alone():
    one, other = (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)) for _ in range(2))
    for net in (one, other):
        draw_anew(net, torch.Generator().manual_seed(1))
    assert torch.equal(weights(one), weights(other))
    assert float(one[0].weight.detach().std()) == pytest.approx((2 / 27) ** 0.5, rel=0.2)
    assert one[1].weight.tolist() == [1, 1, 1, 1]
    assert not bool(one[0].bias.any())


BAD = {
    "net": ({"net": lambda x: x}, TypeError, "net must be a torch.nn.Module"),
    "x": ({"x": [1.0]}, TypeError, "x must"),
    "epochs": ({"epochs": 0}, ValueError, "epochs must be at least 1"),
    "batch": ({"batch": 2.0}, TypeError, "batch must be a whole number"),
    "rate": ({"rate": 0.0}, ValueError, "rate must be above 0"),
    "seed": ({"seed": "0"}, TypeError, "seed must be a whole number"),
}
OWN = {
    "labels": (adversarial_training, {"labels": torch.ones(5)}, TypeError, "labels must be"),
    "labels 2": (adversarial_training, {"labels": LABELS[:2]}, TypeError, "labels must be"),
    "labels list": (by_gradient, {"labels": [0] * 5}, TypeError, "labels must be"),
    "anew": (adversarial_training, {"anew": 1}, TypeError, "anew must be True or False"),
    "norm": (adversarial_training, {"norm": "l1"}, ValueError, "norm must be one of"),
    "eps": (adversarial_training, {"eps": -1.0}, ValueError, "eps must be at least 0"),
    "steps": (adversarial_training, {"steps": 0}, ValueError, "steps must be at least 1"),
    "warm_up": (adversarial_training, {"warm_up": 1.5}, ValueError, "warm_up is a share"),
    "limits": (adversarial_training, {"limits": (0, 0.2)}, ValueError, "limits must hold x"),
    "penalty": (attributional_training, {"penalty": "ig"}, ValueError, "penalty must be one of"),
    "weight": (attributional_training, {"weight": -1.0}, ValueError, "weight must be at least 0"),
    "nodes": (attributional_training, {"nodes": 0}, ValueError, "nodes must be at least 1"),
    "limits 2": (attributional_training, {"limits": 3}, ValueError, "limits must be a pair"),
    "method": (with_prior, {"method": "lrp"}, ValueError, "no map with a graph"),
    "weight 2": (fooled, {"weight": "1"}, TypeError, "weight must be a number"),
    "method 2": (fooled, {"method": "lrp"}, ValueError, "no map with a graph"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", BAD)
def test_bad_arguments_are_refused(way, what):
    settings, kind, said = BAD[what]
    given = {"net": smooth_net(), "x": images(5), **HOW, **settings}
    with refused(kind, said):
        WAYS[way](given.pop("net"), given.pop("x"), LABELS, **given)


@pytest.mark.parametrize("what", OWN)
def test_bad_arguments_of_each_are_refused(what):
    way, settings, kind, said = OWN[what]
    given = {"labels": LABELS, **HOW, **settings}
    with refused(kind, said):
        way(smooth_net(), images(5), given.pop("labels"), **given)


def test_a_region_that_does_not_fit_is_refused():
    with refused(ValueError, "region must be a mask of the map's pixels"):
        fool_by_fine_tuning(smooth_net(), images(5), region=torch.ones(5, 5))
    with refused(TypeError, "region must be a tensor"):
        fool_by_fine_tuning(smooth_net(), images(5), region=3)
