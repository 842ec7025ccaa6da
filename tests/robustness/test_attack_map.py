"""Attacks on maps: closed forms, the papers' loops, and what must stay as it is."""

import warnings
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from tests.plain import near, refused
from tests.pretend_gpu import DEVICE, PretendGPU, without_float64
from tests.robustness.helpers import images, quadratic, relu_net, smooth_net
from xaicourse.robustness import attack_map, random_twin
from xaicourse.robustness.ball import box
from xaicourse.robustness.goals import centre, shares, strongest
from xaicourse.robustness.maps import MAPS, graph_map
from xaicourse.robustness.stand_in import StandIn

EPS = 0.1


# ---- closed forms -------------------------------------------------------------------------------


def test_of_a_quadratic_the_best_corner_is_found():
    a, x = [3.0, 1.0, -2.0, 0.5], torch.tensor([[0.5, 0.6, 0.4, 0.7]], dtype=torch.float64)
    found = attack_map(quadratic(a), x, k=2, eps=EPS, keep=None)
    best = torch.tensor([[0.4, 0.7, 0.3, 0.8]], dtype=torch.float64)  # top 2: 1.5 and 0.8
    size = torch.tensor(a, dtype=torch.float64).abs() * best
    assert near(found.x, best)
    assert near(found.loss.amin(), float(size[0, [0, 2]].sum() / size.sum()))
    assert near(found.loss[0], [(1.5 + 0.8) / (1.5 + 0.6 + 0.8 + 0.35)])


def test_of_a_quadratic_the_region_gets_all_that_it_can():
    x = torch.full((1, 4), 0.5, dtype=torch.float64)
    region = torch.tensor([False, True, False, True])
    found = attack_map(quadratic([1.0, 2.0, 3.0, 4.0]), x, goal="region", region=region, eps=EPS)
    assert near(found.x, [[0.4, 0.6, 0.4, 0.6]])
    assert near(found.loss.amin(), -(2 * 0.6 + 4 * 0.6) / (1.2 + 2.4 + 0.4 + 1.2))


def test_of_a_quadratic_the_centre_goes_as_far_as_it_can():
    x = torch.full((1, 3), 0.5, dtype=torch.float64)
    found = attack_map(quadratic([1.0, 1.0, 1.0]), x, goal="mass_centre", eps=EPS)
    ends = torch.tensor([[0.4, 0.4, 0.6], [0.4, 0.5, 0.6], [0.4, 0.6, 0.6]])
    centres = (ends @ torch.arange(3.0)) / ends.sum(dim=1)
    assert near(-found.loss.amin(), float(((centres - 1) ** 2).max()))
    mirrored = [attack_map(quadratic([1.0] * 3), x, goal="mass_centre", seed=s).x for s in range(8)]
    assert len({tuple(m[0].tolist()) for m in mirrored}) > 1, "both ends are as far"


def test_a_map_that_can_be_reached_is_reached():
    x = torch.full((1, 3), 0.5, dtype=torch.float64)
    aim = torch.tensor([[0.45, 0.5, 0.55]], dtype=torch.float64)
    found = attack_map(
        quadratic([1.0] * 3), x, goal="toward", toward=aim, eps=0.1, step=0.002, steps=60
    )
    assert float(found.loss.amin()) < 1e-3 * float(found.loss[0])


def test_the_map_of_a_linear_model_cannot_be_moved():
    w = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    x = torch.full((2, 3), 0.5, dtype=torch.float64)
    with pytest.warns(UserWarning, match="moved nothing"):
        found = attack_map(lambda x: x @ w, x, k=1, keep=None)
    assert torch.equal(found.x, x)
    assert torch.equal(found.before, found.after)
    assert bool((found.loss == 0.5).all())
    assert found.step.tolist() == [0, 0]


def test_a_net_of_relus_is_flat_and_its_stand_in_is_not():
    x = torch.tensor([[0.3, 0.8, 0.1, 0.5]], dtype=torch.float64)
    with pytest.warns(UserWarning, match="beta=20"):
        still = attack_map(relu_net(), x, k=1, eps=0.2)
    assert torch.equal(still.x, x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        moved = attack_map(relu_net(), x, k=1, eps=0.2, beta=5.0)
    assert float(moved.loss.amin()) < float(still.loss[0])
    assert near(moved.after, xc.gradient(relu_net(), moved.x, relu_net()(x).argmax(1)))


# ---- the papers' loops --------------------------------------------------------------------------


def plain_map(net, x, y):
    """Return the gradient of the scores of classes y, with its graph."""
    (slope,) = torch.autograd.grad(net(x).gather(1, y[:, None]).sum(), x, create_graph=True)
    return slope


def plain_shares(phi):
    size = phi.abs().sum(dim=1)
    return size / size.sum(dim=(1, 2), keepdim=True)


def nearest(point, one, eps, norm):
    """Return the nearest point of the ball; of l2 the limits come last, as one is within both."""
    if norm == "linf":
        return point.clamp(one - eps, one + eps).clamp(0, 1)
    shift = point - one
    return (one + shift * min(1.0, eps / float(shift.norm()))).clamp(0, 1)


def plain_loop(net, x, loss, eps, alpha, steps, start=0.0, norm="linf"):
    """Do the iterative attack with one image at a time, and keep the best of its class."""
    best = []
    for one in x.split(1):
        y = net(one).argmax(1)
        here = one.clone()
        found, least = one, None
        R0 = plain_shares(plain_map(net, one.clone().requires_grad_(True), y)).detach()
        for t in range(steps + 1):
            leaf = here.clone().requires_grad_(True)
            value = float(loss(plain_shares(plain_map(net, leaf, y)), R0).detach())
            same = int(net(here).argmax(1)) == int(y)
            if least is None or (same and value < least):
                found, least = here, value
            if t == 0:
                begin = here if isinstance(start, float) else nearest(here + start, one, eps, norm)
                leaf = begin.clone().requires_grad_(True)
            D = loss(plain_shares(plain_map(net, leaf, y)), R0)
            (slope,) = torch.autograd.grad(D, leaf)
            way = slope.sign() if norm == "linf" else slope / slope.norm()
            here = nearest(leaf.detach() - alpha * way, one, eps, norm)
        best.append((found, least))
    return torch.cat([b[0] for b in best]), [b[1] for b in best]


def top_k_loss(R, R0):  # Ghorbani: what was strongest at x
    chosen = R0.flatten(1).topk(5).indices
    return R.flatten(1).gather(1, chosen).sum()


def mass_centre_loss(R, R0):
    rows = torch.arange(6, dtype=R.dtype)
    at = [torch.stack([(r.sum(2) @ rows), (r.sum(1) @ rows)]) for r in (R, R0)]
    return -((at[0] - at[1]) ** 2).sum()


def region_loss(R, R0):
    return -R[:, :3].sum()


AIM = (torch.arange(36, dtype=torch.float64).view(1, 1, 6, 6) - 17.5).square()


def toward_loss(R, R0):  # Dombrowski: the squared distance to a given map
    return ((R - AIM[:, 0] / AIM.sum()) ** 2).sum()


GOALS = {
    "top_k": (top_k_loss, {"k": 5}),
    "mass_centre": (mass_centre_loss, {}),
    "region": (region_loss, {"region": torch.arange(6)[:, None].expand(6, 6) < 3}),
    "toward": (toward_loss, {"toward": AIM}),
}


@pytest.mark.parametrize(("norm", "eps"), [("linf", EPS), ("l2", 0.15)])
@pytest.mark.parametrize("goal", GOALS)
def test_it_is_the_papers_loop(goal, norm, eps):
    net, x = smooth_net(), images(3)
    loss, settings = GOALS[goal]
    start = 0.0
    if goal == "mass_centre":
        u = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(7))
        start = (2 * u - 1) * 0.02
    expected, least = plain_loop(net, x, loss, eps, 0.02, 8, start, norm)
    ask = {"norm": norm, "eps": eps, "step": 0.02, "steps": 8, "seed": 7}
    found = attack_map(net, x, goal=goal, **ask, **settings)
    assert near(found.x, expected)
    assert near(found.loss.gather(0, found.step[None])[0], least)
    assert not near(found.x, x)


def test_shares_centre_and_the_strongest_by_hand():
    phi = torch.tensor([[[[1.0, -1.0], [0.0, 2.0]], [[0.0, 0.0], [0.0, -4.0]]]])
    R = shares(phi)
    assert near(R, [[[0.125, 0.125], [0.0, 0.75]]])
    assert near(centre(R), [[0.75, 0.875]])
    assert strongest(R, 2).tolist() == [[True, False, False, True]]  # of equal ones the first
    assert near(shares(torch.zeros(1, 3)), [[0.0, 0.0, 0.0]])


# ---- maps with a graph --------------------------------------------------------------------------

SETTINGS = {
    "gradient": {},
    "saliency": {},
    "input_x_gradient": {"baseline": 0.25},
    "integrated_gradients": {"steps": 6, "baseline": "mean"},
    "smoothgrad": {"samples": 4, "sigma": 0.2, "seed": 5, "antithetic": True},
    "beta_smoothing": {"beta": 3.0},
}


@pytest.mark.parametrize("name", MAPS)
def test_maps_are_those_of_the_library(name):
    net = relu_image_net()
    x, y = images(3), torch.tensor([0, 2, 1])
    method = xc.spec(name, **SETTINGS[name])
    beta = None if name == "beta_smoothing" else 10.0
    found = attack_map(net, x, y, method=method, k=5, eps=EPS, steps=3, beta=beta)
    assert near(found.before, method(net, x, y))
    assert near(found.after, method(net, found.x, y))
    assert not near(found.after, found.before)


def relu_image_net():
    net = smooth_net()
    net.features[1], net.features[3] = nn.ReLU(), nn.ReLU()
    return net


@pytest.mark.parametrize("name", MAPS)
def test_the_slope_of_a_map_is_the_slope(name):
    x = 0.1 + 0.8 * images(1)
    y = torch.tensor([1])
    net = StandIn(relu_image_net(), 4.0)
    phi = graph_map(xc.spec(name, **SETTINGS[name]))
    question = xc.core.gradients.ask(net, x, y)
    along = torch.cos(torch.arange(108, dtype=x.dtype)).view(1, 3, 6, 6)

    def number(x):
        return (phi(question, x, question.rows, True) * along).sum()

    leaf = x.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(number(leaf), leaf)
    h, way = 1e-5, torch.sin(torch.arange(108, dtype=x.dtype)).view(1, 3, 6, 6)
    ends = [((x + s * h * way).requires_grad_(True)) for s in (1, -1)]
    up, down = (float(number(end).detach()) for end in ends)
    assert float((slope * way).sum()) == pytest.approx((up - down) / (2 * h), rel=1e-5)


def test_baselines_of_each_row_go_with_their_rows():
    x = images(3)
    method = partial(xc.input_x_gradient, baseline=images(6)[3:])
    whole = attack_map(smooth_net(), x, method=method, k=5, steps=2, batch_size=3)
    parts = attack_map(smooth_net(), x, method=method, k=5, steps=2, batch_size=2)
    assert near(whole.x, parts.x)
    assert near(whole.before, method(smooth_net(), x))


def test_a_function_is_attacked_by_its_own_graph():
    net, x = smooth_net(), images(2)

    def method(model, x, target):
        with torch.enable_grad():
            points = x if x.requires_grad else x.clone().requires_grad_(True)
            return plain_map(model, points, target)

    y = net(x).argmax(1)
    expected = attack_map(net, x, y, k=5, eps=EPS, steps=4)
    assert near(attack_map(net, x, y, method=method, k=5, eps=EPS, steps=4).x, expected.x)
    with refused(ValueError, "without a graph"):
        attack_map(net, x, y, method=lambda *a: method(*a).detach(), k=5)
    with refused(TypeError, "method must return a map"):
        attack_map(net, x, y, method=lambda *a: 3, k=5)


def test_the_stand_in_is_the_softplus_net():
    net, x = relu_net(), torch.tensor([[0.3, 0.8, 0.1, 0.5]], dtype=torch.float64)
    soft = net[2](F.softplus(net[0](x), 7.0))
    assert near(StandIn(net, 7.0)(x), soft)
    assert near(net(x), net[2](net[0](x).relu())), "the net itself is what it was"


# ---- promises -----------------------------------------------------------------------------------


@pytest.mark.parametrize("eps", [8 / 255, 0.1, 1 / 3, 1e-3, 0.7])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_the_ball_and_the_limits_are_kept_to_the_last_bit(eps, dtype):
    x = images(4, dtype)
    low, high = box(x, eps, (0.0, 1.0))
    for end in (low, high, random_twin(x, eps)):
        assert float((end.double() - x.double()).abs().max()) <= eps
        assert float(end.min()) >= 0
        assert float(end.max()) <= 1
    reach = (high.double() - low.double())[(x > eps) & (x < 1 - eps)]
    assert bool((reach > 2 * eps * (1 - 1e-3)).all())
    found = attack_map(smooth_net().to(dtype), x, k=5, eps=eps, step=eps, steps=4)
    assert float((found.x.double() - x.double()).abs().max()) <= eps
    assert 0 <= float(found.x.min()) <= float(found.x.max()) <= 1


@pytest.mark.parametrize("eps", [0.0, 1e-3, 0.3, 2.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_a_round_ball_and_the_limits_are_kept_to_the_last_bit(eps, dtype):
    x = images(4, dtype)
    found = attack_map(
        smooth_net().to(dtype), x, k=5, norm="l2", eps=eps, step=2 * eps, steps=4, keep=None
    )
    far = (found.x.double() - x.double()).flatten(1).norm(dim=1)
    assert float(far.max()) <= eps
    assert eps in (0.0, 2.0) or float(far.max()) > 0.9 * eps
    assert 0 <= float(found.x.min()) <= float(found.x.max()) <= 1


def test_of_a_quadratic_the_round_ball_allows_less_than_its_box():
    x = torch.tensor([[0.5, 0.6, 0.4, 0.7]], dtype=torch.float64)
    ask = {"k": 2, "keep": None, "eps": EPS, "steps": 60}
    net = quadratic([3.0, 1.0, -2.0, 0.5])
    box_, ball, wide = (
        float(attack_map(net, x, **(ask | more)).loss.amin())
        for more in ({}, {"norm": "l2"}, {"norm": "l2", "eps": 2 * EPS})  # 2 eps holds the box
    )
    assert wide < box_ < ball


@pytest.mark.parametrize("keep", ["class", 0.01, None])
def test_what_is_reported_kept_is_kept(keep):
    net, x = smooth_net(), images(12)
    found = attack_map(net, x, k=5, eps=0.5, steps=12, keep=keep)
    classes = [torch.cat([net(one).argmax(1) for one in some.split(1)]) for some in (x, found.x)]
    assert torch.equal(found.kept, classes[0] == classes[1])
    assert near(found.outputs_after, net(found.x))
    assert near(found.outputs_before, net(x))
    if keep is not None:
        assert bool(found.kept.all())
    else:
        assert not bool(found.kept.all()), "so large a change loses a class, or this shows nothing"
    if keep == 0.01:
        moved = net(found.x).softmax(1) - net(x).softmax(1)
        assert float(moved.abs().max()) <= 0.01


def test_it_is_never_worse_than_x_and_says_what_it_chose():
    net, x = smooth_net(), images(6)
    found = attack_map(net, x, k=5, eps=0.3, steps=10)
    chosen = found.loss.gather(0, found.step[None])[0]
    assert bool((chosen <= found.loss[0]).all())
    best = found.loss[0].clone()
    for steps in (1, 2, 4, 10):  # a longer search is the same one, gone on
        shorter = attack_map(net, x, k=5, eps=0.3, steps=steps)
        assert near(shorter.loss, found.loss[: steps + 1])
        now = shorter.loss.gather(0, shorter.step[None])[0]
        assert bool((now <= best).all())
        best = now
    R = plain_shares(found.after)
    top = plain_shares(found.before).flatten(1).topk(5).indices
    assert near(R.flatten(1).gather(1, top).sum(1), chosen)


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("name", ["gradient", "integrated_gradients", "smoothgrad"])
def test_neither_batch_mates_nor_order_nor_batch_size_matter(goal, name, norm):
    net, x = smooth_net(), images(5)
    method = xc.spec(name, **SETTINGS[name])
    settings = {"goal": goal, "method": method, "norm": norm, "eps": EPS, **GOALS[goal][1]}
    settings["steps"] = 4
    whole = attack_map(net, x, **settings)
    order = [3, 1, 4]
    some = attack_map(net, x[order], batch_size=2, **settings)
    for part in ("x", "kept", "step", "before", "after", "outputs_before", "outputs_after"):
        assert near(getattr(some, part).double(), getattr(whole, part)[order].double()), part
    assert near(some.loss, whole.loss[:, order])


def test_masks_and_aims_go_with_their_rows():
    net, x = smooth_net(), images(3)
    regions = torch.stack([torch.arange(36).view(6, 6) % 3 == k for k in range(3)])
    whole = attack_map(net, x, goal="region", region=regions, steps=3, batch_size=2)
    for k in range(3):
        one = attack_map(net, x[[k]], goal="region", region=regions[k], steps=3)
        assert near(one.x, whole.x[[k]])
    aims = images(6)[3:]
    whole = attack_map(net, x, goal="toward", toward=aims, steps=3, batch_size=1)
    one = attack_map(net, x[[2]], goal="toward", toward=aims[[2]], steps=3)
    assert near(one.x, whole.x[[2]])


def test_a_bound_model_and_a_target_for_each_row():
    net, x = smooth_net(), images(3)
    scale = torch.tensor([1.0, 2.0, -1.0], dtype=torch.float64)
    bound = xc.bind(lambda x, scale: net(x * scale[:, None, None, None]), scale=scale)
    y = torch.tensor([2, 0, 1])
    whole = attack_map(bound, x, y, k=5, steps=3, batch_size=2)
    one = attack_map(lambda x: net(-x), x[[2]], 1, k=5, steps=3)
    assert near(one.x, whole.x[[2]])
    assert near(whole.before[[2]], xc.gradient(lambda x: net(-x), x[[2]], 1))


def test_the_seed_and_nothing_else_is_chance():
    net, x = smooth_net(), images(2)
    state = torch.get_rng_state()
    one, two, other = (attack_map(net, x, goal="mass_centre", seed=s) for s in (0, 0, 1))
    assert torch.equal(one.x, two.x)
    assert not torch.equal(one.x, other.x)
    assert torch.equal(random_twin(x, seed=4)[0] > x[0], random_twin(x, seed=4)[1] > x[1])
    assert torch.equal(state, torch.get_rng_state())


def test_what_is_the_callers_stays_as_it_is():
    net, x = relu_image_net().requires_grad_(True), images(2).requires_grad_(True)
    weights = {k: v.clone() for k, v in net.state_dict().items()}
    before = x.detach().clone()
    region = torch.ones(6, 6) > 0
    found = attack_map(net, x, goal="region", region=region & (torch.arange(6) < 2), beta=9.0)
    assert all(torch.equal(v, weights[k]) for k, v in net.state_dict().items())
    assert torch.equal(x.detach(), before)
    assert x.grad is None
    assert all(p.grad is None and p.requires_grad for p in net.parameters())
    assert not found.x.requires_grad
    assert not found.after.requires_grad


def test_it_works_inside_inference_mode_and_no_grad():
    net, x = smooth_net(), images(2)
    expected = attack_map(net, x, k=5, steps=3)
    with torch.inference_mode():
        there = attack_map(net, images(2), k=5, steps=3)
        assert near(there.x, expected.x)
        assert random_twin(images(2)).shape == x.shape
        for name in ("integrated_gradients", "smoothgrad"):
            attack_map(net, images(2), k=5, steps=1, method=xc.spec(name, **SETTINGS[name]))
    with torch.no_grad():
        assert near(attack_map(net, x, k=5, steps=3).x, expected.x)


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("name", ["integrated_gradients", "smoothgrad", "beta_smoothing"])
def test_it_runs_on_another_device(goal, name):
    net, x = relu_image_net().float(), images(2, torch.float32)
    settings = {"goal": goal, "method": xc.spec(name, **SETTINGS[name]), "eps": EPS, "steps": 2}
    settings |= {"beta": 5.0, **GOALS[goal][1]}
    here = attack_map(net, x, **settings)
    with PretendGPU(), without_float64():
        there = attack_map(net.to(DEVICE), x.to(DEVICE), **settings)
        assert there.x.device == there.after.device == there.loss.device == DEVICE
        assert random_twin(x.to(DEVICE)).device == DEVICE
        got = there.x.cpu()
    assert float((got.double() - here.x.double()).abs().mean()) < 1e-3 * EPS


def test_a_random_twin_of_given_sizes():
    x = torch.full((1, 4), 0.5)
    sizes = torch.tensor([[0.0, 0.1, 0.2, 0.6]])
    twin = random_twin(x, sizes)
    assert near((twin - x).abs(), [[0.0, 0.1, 0.2, 0.5]])  # as far as the limits let it
    free = random_twin(x, sizes, limits=None)
    assert near((free - x).abs(), sizes)


def test_a_defence_is_weaker_against_one_who_knows_it():
    """Reproduced from lesson 16's plan: a twin of the plain gradient seen by SmoothGrad is safe."""
    net, (x, labels) = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist()
    x = x[:8][net(x[:8]).argmax(1) == labels[:8]]
    y, defence = net(x).argmax(1), xc.spec("smoothgrad", samples=6)

    def kept(points):
        sizes = [defence(net, p, y).abs().flatten(1) for p in (x, points)]
        both = [strongest(s, 50) for s in sizes]
        return float((both[0] & both[1]).sum() / both[0].sum())

    blind = attack_map(net, x, beta=20.0, steps=10)
    knows = attack_map(net, x, beta=20.0, steps=10, method=defence)
    assert kept(knows.x) < kept(blind.x) - 0.05
    assert kept(knows.x) < kept(random_twin(x)) - 0.05


# ---- what is refused ----------------------------------------------------------------------------

BAD = {
    "goal": ({"goal": "worst"}, ValueError, "goal must be one of top_k"),
    "k too large": ({"k": 36}, ValueError, "k must be below the 36"),
    "k zero": ({"k": 0}, ValueError, "k must be at least 1"),
    "k float": ({"k": 2.5}, TypeError, "k must be a whole number"),
    "no region": ({"goal": "region"}, ValueError, "needs region="),
    "region unused": ({"region": torch.ones(6, 6)}, ValueError, "no use for region="),
    "region shape": ({"goal": "region", "region": torch.ones(5)}, ValueError, "region must be"),
    "region weights": (
        {"goal": "region", "region": torch.full((6, 6), 0.5)}, ValueError, "True and False"
    ),
    "region list": ({"goal": "region", "region": [1]}, TypeError, "region must be a tensor"),
    "no toward": ({"goal": "toward"}, ValueError, "needs toward="),
    "toward shape": ({"goal": "toward", "toward": torch.ones(1, 2)}, ValueError, "toward must be"),
    "toward zero": (
        {"goal": "toward", "toward": torch.zeros(1, 3, 6, 6)}, ValueError, "not be 0 everywhere"
    ),
    "norm": ({"norm": "l1"}, ValueError, "norm must be one of linf, l2"),
    "eps negative": ({"eps": -0.1}, ValueError, "eps must be at least 0"),
    "eps text": ({"eps": "small"}, TypeError, "eps must be a number"),
    "eps nan": ({"eps": float("nan")}, ValueError, "eps must be at least 0 and finite"),
    "step": ({"step": -1.0}, ValueError, "step must be at least 0"),
    "steps": ({"steps": 0}, ValueError, "steps must be at least 1"),
    "beta": ({"beta": 0.0}, ValueError, "beta must be above 0"),
    "beta text": ({"beta": "20"}, TypeError, "beta must be a number"),
    "keep": ({"keep": "label"}, ValueError, "keep must be 'class'"),
    "keep 2": ({"keep": 2.0}, ValueError, "keep must be 'class'"),
    "limits": ({"limits": (1, 0)}, ValueError, "limits must be a pair"),
    "x outside": ({"limits": (0, 0.5)}, ValueError, "limits must hold x"),
    "seed": ({"seed": 1.5}, TypeError, "seed must be a whole number"),
    "batch_size": ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
    "method": ({"method": "lrp"}, ValueError, "method lrp has no map with a graph"),
    "method name": ({"method": "gradiant"}, ValueError, "no method 'gradiant'"),
    "method number": ({"method": 3}, TypeError, "method must be the name"),
    "adaptive": (
        {"method": xc.spec("integrated_gradients", tol=0.1)}, ValueError, "give steps in place"
    ),
    "target": ({"target": 7}, ValueError, "7"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_arguments_are_refused(what):
    settings, kind, said = BAD[what]
    with refused(kind, said):
        attack_map(smooth_net(), images(2), **{"k": 5, "steps": 2, **settings})


def test_bad_inputs_and_models_are_refused():
    with refused(TypeError, "float32 or float64"):
        attack_map(smooth_net(), images(2).half())
    with refused(ValueError, "scores of classes"):
        attack_map(lambda x: x, images(2), lambda outputs, rows: outputs.flatten(1).sum(1), k=5)
    with refused(ValueError, "one output for each"):
        attack_map(lambda x: smooth_net()(x)[:1], images(2), 0)
    with refused(ValueError, "eps must be a number of at least 0, or one"):
        random_twin(images(2), torch.ones(3))
