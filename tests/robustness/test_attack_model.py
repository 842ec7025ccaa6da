"""Attacks on models, shifted logits and alignment: closed forms, plain loops, promises."""

import pytest
import torch
from torch.nn import functional as F

import xaicourse as xc
from tests.plain import near, refused
from tests.pretend_gpu import DEVICE, PretendGPU, without_float64
from tests.robustness.helpers import images, smooth_net
from xaicourse.robustness import alignment, attack_model, shift_logits

# ---- closed forms of the attack -----------------------------------------------------------------


def test_a_linear_score_falls_by_eps_times_the_dual_norm():
    w = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    x = torch.full((1, 3), 0.5, dtype=torch.float64)
    linear = lambda x: x @ w + 1  # noqa: E731  a single score, whose loss rises as it falls
    for norm, dual in (("linf", w.abs().sum()), ("l2", w.norm())):
        found = attack_model(linear, x, norm=norm, eps=0.2, random_start=False)
        assert near(linear(found.x), linear(x) - 0.2 * dual)
    assert near(found.x, x - 0.2 * w / w.norm())


def test_of_a_separable_quadratic_the_best_corner_is_found():
    a = torch.tensor([3.0, -1.0, 0.5], dtype=torch.float64)
    x = torch.full((1, 3), 0.5, dtype=torch.float64)
    F = lambda x: 0.5 * (a * x**2).sum(1)  # noqa: E731
    found = attack_model(F, x, eps=0.25)
    assert near(found.x, x - 0.25 * a.sign())
    assert near(F(found.x), 0.5 * (a * (0.5 - 0.25 * a.sign()) ** 2).sum()[None])


def test_at_the_top_of_a_quadratic_the_way_down_is_the_steepest_axis():
    H = torch.tensor([[-2.0, 0.5], [0.5, -1.0]], dtype=torch.float64)
    x = torch.full((1, 2), 0.5, dtype=torch.float64)
    F = lambda x: 1 + 0.5 * ((x - 0.5) @ H * (x - 0.5)).sum(1)  # noqa: E731
    found = attack_model(F, x, norm="l2", eps=0.2, steps=200, step=0.05)
    steepest = torch.linalg.eigvalsh(H)[0]
    assert near(F(found.x), (1 + 0.5 * steepest * 0.2**2)[None])


def test_of_a_ball_shaped_hill_the_l2_attack_goes_straight_out():
    c = torch.tensor([0.4, 0.6], dtype=torch.float64)
    x = torch.tensor([[0.5, 0.5], [0.4, 0.7]], dtype=torch.float64)
    F = lambda x: 1 - ((x - c) ** 2).sum(1)  # noqa: E731
    found = attack_model(F, x, norm="l2", eps=0.1, steps=60, step=0.3)
    assert near(found.x, x + 0.1 * (x - c) / (x - c).norm(dim=1, keepdim=True))


def test_a_constant_model_cannot_be_fooled():
    found = attack_model(lambda x: 0 * x[:, :2] + torch.tensor([1.0, 0.0]), torch.ones(2, 3) / 2)
    assert not bool(found.fooled.any())
    assert torch.equal(found.x, torch.ones(2, 3) / 2)


# ---- the paper's loop ---------------------------------------------------------------------------


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_it_is_the_papers_loop(norm):
    net, x, y = smooth_net(), images(3), torch.tensor([0, 1, 2])
    eps, alpha, steps = 0.3, 0.05, 6
    draw = torch.Generator().manual_seed(4)
    if norm == "linf":
        shift = eps * (2 * torch.rand(1, 3, 6, 6, generator=draw) - 1).double()
    else:
        z = torch.randn(1, 3, 6, 6, generator=draw).double()
        shift = eps * torch.rand(1, generator=draw).double() * z / z.norm()

    def back(here, one):
        if norm == "linf":
            return here.clamp(one - eps, one + eps).clamp(0, 1)
        far = max(float((here - one).norm()), eps)
        return (one + (here - one) * eps / far).clamp(0, 1)

    worst = []
    for one, label in zip(x.split(1), y.split(1), strict=True):
        points = [one, back(one + shift, one)]
        for _ in range(steps):
            leaf = points[-1].clone().requires_grad_(True)
            (g,) = torch.autograd.grad(F.cross_entropy(net(leaf), label), leaf)
            step = g.sign() if norm == "linf" else g / g.norm()
            points.append(back(points[-1] + alpha * step, one))
        losses = [float(F.cross_entropy(net(p), label)) for p in points]
        worst.append(points[losses.index(max(losses))])
    found = attack_model(net, x, y, norm=norm, eps=eps, step=alpha, steps=steps, seed=4)
    assert near(found.x, torch.cat(worst))
    assert found.loss.shape == (steps + 2, 3)
    assert near(found.loss[0], F.cross_entropy(net(x), y, reduction="none"))


def test_the_margin_is_the_best_other_score_minus_the_own():
    net, x = smooth_net(), images(3)
    found = attack_model(net, x, loss="margin", steps=3, random_start=False)
    z = net(x).sort(dim=1).values
    assert near(found.loss[0], z[:, -2] - z[:, -1])
    assert found.loss.shape == (4, 3)
    sure = lambda x: 1e6 * net(x)  # noqa: E731  so sure that its cross-entropy is flat
    settings = {"eps": 0.3, "steps": 5, "random_start": False}
    assert torch.equal(attack_model(sure, x, **settings).x, x)
    moved = attack_model(sure, x, loss="margin", **settings)
    assert bool((moved.loss.amax(dim=0) > moved.loss[0]).all())


# ---- promises -----------------------------------------------------------------------------------


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("eps", [8 / 255, 1 / 3, 0.9, 3.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_the_ball_and_the_limits_are_kept_to_the_last_bit(norm, eps, dtype):
    x = images(5, dtype)
    found = attack_model(smooth_net().to(dtype), x, norm=norm, eps=eps, steps=5, step=eps)
    shift = (found.x.double() - x.double()).flatten(1)
    far = shift.abs().amax(1) if norm == "linf" else shift.norm(dim=1)
    assert float(far.max()) <= eps
    assert 0 <= float(found.x.min()) <= float(found.x.max()) <= 1


def test_it_is_never_worse_than_x_and_reports_what_holds():
    net, x = smooth_net(), images(8)
    y = net(x).argmax(1)
    found = attack_model(net, x, eps=0.4)
    again = F.cross_entropy(net(found.x), y, reduction="none")
    assert near(again, found.loss.amax(dim=0))
    assert bool((again >= found.loss[0]).all())
    classes = torch.cat([net(one).argmax(1) for one in found.x.split(1)])
    assert torch.equal(found.fooled, classes != y)
    assert bool(found.fooled.any())
    assert near(found.outputs_after, net(found.x))
    assert near(found.outputs_before, net(x))


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_neither_batch_mates_nor_order_nor_batch_size_matter(norm):
    net, x, y = smooth_net(), images(5), torch.tensor([0, 1, 2, 0, 1])
    whole = attack_model(net, x, y, norm=norm, eps=0.3, steps=6)
    order = [4, 0, 2]
    some = attack_model(net, x[order], y[order], norm=norm, eps=0.3, steps=6, batch_size=2)
    assert near(some.x, whole.x[order])
    assert near(some.loss, whole.loss[:, order])


def test_the_seed_and_nothing_else_is_chance():
    net, x = smooth_net(), images(2)
    state = torch.get_rng_state()
    one, two, other = (attack_model(net, x, steps=1, eps=0.4, seed=s) for s in (0, 0, 1))
    assert torch.equal(one.x, two.x)
    assert not torch.equal(one.loss[1], other.loss[1])
    assert torch.equal(state, torch.get_rng_state())


def test_what_is_the_callers_stays_as_it_is():
    net, x = smooth_net().requires_grad_(True), images(2).requires_grad_(True)
    weights = {k: v.clone() for k, v in net.state_dict().items()}
    found = attack_model(net, x)
    assert all(torch.equal(v, weights[k]) for k, v in net.state_dict().items())
    assert torch.equal(x.detach(), images(2))
    assert x.grad is None
    assert all(p.grad is None and p.requires_grad for p in net.parameters())
    assert not found.x.requires_grad
    assert not found.loss.requires_grad
    with torch.inference_mode():
        assert near(attack_model(net, images(2)).x, found.x)
    bound = xc.bind(lambda x, s: net(x) * s[:, None], s=torch.tensor([1.0, -1.0]).double())
    assert near(
        attack_model(bound, images(2), batch_size=1).x[1:],
        attack_model(lambda x: -net(x), images(2)[1:]).x,
    )


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_it_runs_on_another_device(norm):
    net, x = smooth_net().float(), images(2, torch.float32)
    here = attack_model(net, x, torch.tensor([0, 2]), norm=norm, steps=2, eps=0.3)
    with PretendGPU(), without_float64():
        there = attack_model(
            net.to(DEVICE), x.to(DEVICE), torch.tensor([0, 2]), norm=norm, steps=2, eps=0.3
        )
        assert there.x.device == there.fooled.device == there.loss.device == DEVICE
        got = there.x.cpu()
    assert float((got.double() - here.x.double()).abs().mean()) < 1e-3


BAD = {
    "norm": ({"norm": "l1"}, ValueError, "norm must be one of linf, l2"),
    "eps": ({"eps": -1.0}, ValueError, "eps must be at least 0"),
    "step": ({"step": "1"}, TypeError, "step must be a number"),
    "steps": ({"steps": 0}, ValueError, "steps must be at least 1"),
    "loss": ({"loss": "hinge"}, ValueError, "loss must be one of cross_entropy, margin"),
    "limits": ({"limits": (0, 0.5)}, ValueError, "limits must hold x"),
    "limits l2": ({"limits": 1, "norm": "l2"}, ValueError, "limits must be a pair"),
    "seed": ({"seed": None}, TypeError, "seed must be a whole number"),
    "target": ({"target": [0, 1, 2]}, TypeError, "target must be a class number, one for each"),
    "target words": ({"target": ["cat", "dog"]}, TypeError, "target must be a class number"),
    "target 3": ({"target": 3}, ValueError, "target must be classes of 0 to 2"),
    "batch_size": ({"batch_size": 1.5}, TypeError, "batch_size must be a whole number"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_arguments_are_refused(what):
    settings, kind, said = BAD[what]
    with refused(kind, said):
        attack_model(smooth_net(), images(2), **settings)


def test_bad_inputs_and_models_are_refused():
    with refused(TypeError, "float32 or float64"):
        attack_model(smooth_net(), images(2).half())
    with refused(ValueError, "scores of classes"):
        attack_model(lambda x: x, images(2))
    with refused(ValueError, "failed on x"):
        attack_model(smooth_net(), images(2)[:, :1])


# ---- shifted logits -----------------------------------------------------------------------------


def test_a_shift_leaves_the_softmax_and_spoils_the_logits_gradient():
    net, x = smooth_net(), images(2)
    picture = torch.linspace(-1, 1, 108).view(3, 6, 6).double()
    other = shift_logits(net, picture, strength=100.0)
    assert near(other(x).softmax(1), net(x).softmax(1))
    assert near(xc.gradient(other, x, 1), xc.gradient(net, x, 1) + 100 * picture)
    by_chance, ours = (
        xc.gradient(m, x, 1, output="log_probability") for m in (other, net)
    )  # fmt: skip
    assert near(by_chance, ours)
    assert near(
        xc.gradient(other, x, output="margin"), xc.gradient(net, x, output="margin")
    )  # fmt: skip


def test_integrated_gradients_share_out_the_shift_too():
    net, x = smooth_net(), images(2)
    g = lambda x: x.flatten(1).square().sum(1)  # noqa: E731
    ours, added = xc.integrated_gradients(net, x, 0), xc.integrated_gradients(g, x)
    assert near(added, x**2)
    assert near(xc.integrated_gradients(shift_logits(net, g), x, 0), ours + added)
    columns = shift_logits(net, lambda x: g(x)[:, None], strength=-2.0)
    assert near(xc.integrated_gradients(columns, x, 0), ours - 2 * added)


def test_the_model_in_a_shift_stays_as_it_is():
    net, x = smooth_net(), images(2)
    weights = {k: v.clone() for k, v in net.state_dict().items()}
    picture = torch.zeros(3, 6, 6).double()
    other = shift_logits(net, picture)
    picture += 1
    assert near(other(x), net(x)), "a later change of the picture changes nothing"
    assert all(torch.equal(v, weights[k]) for k, v in net.state_dict().items())
    in_place = lambda x: net(x.mul_(1.0).add_(0.5))  # noqa: E731
    assert near(
        shift_logits(in_place, lambda x: x.sum((1, 2, 3)))(x),
        net(x + 0.5) + x.sum((1, 2, 3))[:, None],
    )
    assert near(x, images(2))
    bound = xc.bind(lambda x, s: net(x) * s[:, None], s=torch.tensor([1.0, -1.0]).double())
    assert near(xc.gradient(shift_logits(bound, picture), x, 0)[1:],
                1 - xc.gradient(net, x, 0)[1:])  # fmt: skip
    with PretendGPU():
        there = shift_logits(net.float().to(DEVICE), torch.ones(3, 6, 6))
        assert there(x.float().to(DEVICE)).device == DEVICE


def test_bad_shifts_are_refused():
    net, x = smooth_net(), images(2)
    with refused(TypeError, "shift must be a function"):
        shift_logits(net, 3.0)
    with refused(TypeError, "strength must be a number"):
        shift_logits(net, lambda x: x, strength="much")
    with refused(ValueError, "strength must be finite"):
        shift_logits(net, lambda x: x, strength=float("inf"))
    with refused(TypeError, "model must be callable"):
        shift_logits(3, lambda x: x)
    with refused(ValueError, "shift must return one number a row"):
        shift_logits(net, lambda x: x)(x)
    with refused(ValueError, "shift has shape"):
        shift_logits(net, torch.ones(3))(x)
    with refused(ValueError, "logits .N, K. of at least two"):
        shift_logits(lambda x: net(x)[:, 0], lambda x: x.sum((1, 2, 3)))(x)


# ---- alignment ----------------------------------------------------------------------------------


def test_of_a_linear_model_it_is_the_distance_to_the_boundary():
    W = torch.tensor([[1.0, 0.0, -1.0], [2.0, 3.0, 0.5]], dtype=torch.float64)
    x = torch.tensor([[1.0, 2.0], [-3.0, 0.5]], dtype=torch.float64)
    z = x @ W
    best, second = z.topk(2, dim=1).indices.T
    w = W.T[best] - W.T[second]  # (N, 2)
    nearest = x - (x * w).sum(1, keepdim=True) / (w * w).sum(1, keepdim=True) * w
    found = alignment(lambda x: x @ W, x)
    assert near(found, (x - nearest).norm(dim=1))
    cosines = alignment(lambda x: x @ W, x, cosine=True)
    assert near(cosines, torch.cosine_similarity(x, w).abs())


def test_alignment_of_what_has_no_direction_is_nan():
    x = torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    square = lambda x: (x**2).sum(1)  # noqa: E731
    assert alignment(square, x, output="logit").isnan().tolist() == [True, False]
    assert near(alignment(square, x, output="logit", cosine=True)[1:], [1.0])
    net = smooth_net()
    whole = alignment(net, images(3), 1)
    assert near(alignment(net, images(3)[1:], 1, batch_size=1), whole[1:])
    with torch.inference_mode():
        assert near(alignment(net, images(3), 1), whole)
    with PretendGPU(), without_float64():
        there = alignment(net.float().to(DEVICE), images(3, torch.float32).to(DEVICE), 1)
        assert float((there.cpu() - whole).norm() / whole.norm()) < 1e-4
    with refused(TypeError, "cosine must be"):
        alignment(net, images(2), cosine="yes")
