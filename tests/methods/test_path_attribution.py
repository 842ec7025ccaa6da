"""Every combination of path, weight, baselines and rule against a loop that knows no engine."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.methods.path_net import BASE, X, gradient, net, row, wave
from tests.methods.test_guided_ig import loop as led
from xaicourse.core.path import Curve, StraightPath
from xaicourse.core.path_weights import Crossing
from xaicourse.methods.integrated.guided import guided_path
from xaicourse.methods.integrated.paths import monotone
from xaicourse.methods.vanilla.relevance_pass import Relevance

STEPS = 12
CLASSES = [2, 0, 1, 2]


# ---- the loop: one row, one baseline, one step at a time ----------------------------------------


class ReLUWithRule(torch.autograd.Function):
    """max(z, 0) with a backward of its own: rule(whether it was open, what arrives)."""

    @staticmethod
    def forward(ctx, z, rule):
        ctx.save_for_backward(z)
        ctx.rule = rule
        return z.clamp_min(0)

    @staticmethod
    def backward(ctx, g):
        (z,) = ctx.saved_tensors
        return ctx.rule((z > 0).double(), g), None


def clipped(slope, g):
    return slope * g.clamp(-0.5, 0.5)


LOOP_RULES = {
    None: lambda slope, g: slope * g,
    "guided_backprop": lambda slope, g: slope * torch.relu(g),
    "deconvnet": lambda slope, g: torch.relu(g),
    clipped: clipped,
}


def bow(start: Tensor, delta: Tensor, a: float) -> Tensor:
    """Leave the line sideways and come back."""
    side = torch.linspace(-1, 1, len(delta), dtype=torch.float64)
    return start + a * delta + 0.3 * math.sin(math.pi * a) * side


LOOP_PATHS = {
    "straight": lambda start, delta, a: start + a * delta,
    "power": lambda start, delta, a: start + delta * a ** (1 + delta.abs()),
    "corner": lambda start, delta, a: (
        start + delta * (a * len(delta) - torch.arange(len(delta)).double()).clamp(0, 1)
    ),
    "bow": bow,
}


def loop_weights(name, slopes: list[float], scores: list[float], ends: tuple[float, float]):
    """Return omega for each of n equal steps."""
    n = len(slopes)
    if name is None:
        return [1.0] * n
    if name == "decision":
        return slopes
    if name == "linear":
        return [2 * (k + 0.5) / n for k in range(n)]
    if callable(name):  # 3 alpha^2, whose mean over a step is (r^3 - l^3) / (r - l)
        return [(((k + 1) / n) ** 3 - (k / n) ** 3) * n for k in range(n)]
    share = 0.9 if isinstance(name, str) else name.share
    places, levels = [0.0, *((k + 0.5) / n for k in range(n)), 1.0], [ends[0], *scores, ends[1]]
    wanted, sign = share * abs(ends[1] - ends[0]), math.copysign(1, ends[1] - ends[0])
    levels = [(level - ends[0]) * sign for level in levels]
    for k in range(n + 1):
        if levels[k + 1] > wanted:
            part = (wanted - levels[k]) / (levels[k + 1] - levels[k])
            at = places[k] + part * (places[k + 1] - places[k])
            break
    left = [min(1.0, max(0.0, at * n - k)) for k in range(n)]
    return left if name == "left" or not isinstance(name, str) else [1 - part for part in left]


def loop(x: Tensor, starts: Tensor, target: int, path, weight, rule) -> Tensor:
    """Return the mean over the baselines (M, d) of the weighted sum for one row (d,)."""

    def score(point):
        return net(point, lambda z: ReLUWithRule.apply(z, LOOP_RULES[rule]))[:, target]

    total = torch.zeros_like(x)
    for start in starts:
        delta = x - start
        at = [LOOP_PATHS[path](start, delta, k / (2 * STEPS)) for k in range(2 * STEPS + 1)]
        grads = [gradient(score, point) for point in at[1::2]]
        moves = [b - a for a, b in itertools.pairwise(at[::2])]
        f = [float(score(point[None])) for point in at]
        if weight == "important_direction":
            for k, g in enumerate(grads):
                share = g.square() / g.square().sum().clamp_min(1e-300)
                total += share * (f[2 * k + 2] - f[2 * k]) / len(starts)
            continue
        slopes = [float(m @ g) * STEPS for m, g in zip(moves, grads, strict=True)]
        omega = loop_weights(weight, slopes, f[1::2], (f[0], f[-1]))
        total += sum(o * m * g for o, m, g in zip(omega, moves, grads, strict=True)) / len(starts)
    return total


def bow_path(question, start, end):
    def point(alpha, row):
        side = torch.linspace(-1, 1, end.shape[1], dtype=end.dtype)
        a = alpha[:, None].to(end.dtype)
        return start[row] + a * (end - start)[row] + 0.3 * torch.sin(torch.pi * a) * side

    return Curve(start, end, point)


def cubic(alpha):
    return 5.0 * alpha**2  # up to a factor: 3 alpha^2


THREE, EACH = wave(3, 5, step=0.7), wave(2, 4, 5, step=1.3)  # (M, d) for all rows, (M, N, d)
# path, weight, baselines, rule
COMBINATIONS = [
    ("straight", None, 0.0, None),
    ("straight", "left", BASE[None], None),
    ("straight", "right", BASE[None], "guided_backprop"),
    ("straight", "linear", THREE, None),
    ("straight", "decision", EACH, "deconvnet"),
    ("straight", "important_direction", THREE, "guided_backprop"),
    ("straight", cubic, (0.0, 0.5), clipped),
    ("power", None, EACH, "guided_backprop"),
    ("power", "left", THREE, None),
    ("power", "decision", 0.25, clipped),
    ("power", "important_direction", BASE[None], None),
    ("corner", None, THREE, "deconvnet"),
    ("corner", cubic, EACH, None),
    ("corner", "right", 0.0, clipped),
    ("bow", None, BASE[None], None),
    ("bow", "linear", THREE, "deconvnet"),
    ("bow", "decision", EACH, None),
    ("bow", "important_direction", 0.0, clipped),
    ("bow", Crossing(0.5), EACH, None),
]


def starts_for(baselines, k: int) -> Tensor:
    if isinstance(baselines, Tensor):
        return baselines[:, k] if baselines.dim() == 3 else baselines
    numbers = baselines if isinstance(baselines, tuple) else (baselines,)
    return torch.stack([torch.full((5,), n, dtype=torch.float64) for n in numbers])


def test_allow_without_a_rule_is_refused():
    with pytest.raises(ValueError, match="allow is for a backward rule"):
        xc.path_attribution(lambda z: z.sum(1), torch.ones(1, 2), allow=("softmax",))


@pytest.mark.parametrize("number", range(len(COMBINATIONS)))
def test_combination_equals_the_loop(number, close):
    path, weight, baselines, rule = COMBINATIONS[number]
    expected = [
        loop(X[k], starts_for(baselines, k), CLASSES[k], path, weight, rule) for k in range(4)
    ]
    got = xc.path_attribution(
        net,
        X,
        torch.tensor(CLASSES),
        path=bow_path if path == "bow" else path,
        weight=weight,
        baselines=baselines,
        rule=rule,
        steps=STEPS,
        quadrature="midpoint",
        batch_size=7,
    )
    close(got, torch.stack(expected), 1e-10)


@pytest.mark.parametrize(
    ("weight", "rule"),
    [("left", "guided_backprop"), ("decision", clipped), (cubic, None)],
    ids=["left", "decision", "own weight"],
)
def test_on_a_path_that_the_model_leads(weight, rule, close):
    """Under a backward rule it is led by what the rule lets through."""

    def score(x):
        return net(x, lambda z: ReLUWithRule.apply(z, LOOP_RULES[rule]))[:, 2]

    points = led(score, X[0], BASE[0], 6, 0.25, 0.4)
    middles, moves = (points[1:] + points[:-1]) / 2, points.diff(dim=0)
    grads = torch.stack([gradient(score, point) for point in middles])
    slopes = (6 * (moves * grads).sum(1)).tolist()
    ends = tuple(score(points[[0, -1]]).tolist())
    omega = loop_weights(weight, slopes, score(middles).tolist(), ends)
    got = xc.path_attribution(
        net, X[:1], 2, path=guided_path(moves=6, max_dist=0.4), weight=weight, rule=rule,
        baselines=BASE[:1], steps=6, quadrature="midpoint",
    )  # fmt: skip
    close(got[0], (torch.tensor(omega, dtype=torch.float64)[:, None] * moves * grads).sum(0), 1e-10)


def test_there_are_twelve_combinations_and_each_choice_is_among_them():
    paths, weights, _, rules = (set(map(str, column)) for column in zip(*COMBINATIONS, strict=True))
    assert len(COMBINATIONS) >= 12
    assert paths == set(LOOP_PATHS)
    assert len(weights) >= 7
    assert rules == set(map(str, LOOP_RULES))


# ---- what it is at its defaults, and its details -------------------------------------------------


@pytest.mark.parametrize(
    "how", [{}, {"steps": 7, "quadrature": "trapezoid"}, {"tol": 0.05}], ids=str
)
def test_defaults_are_integrated_gradients(how, close):
    got = xc.path_attribution(net, X, 1, baselines=BASE[None], **how, return_details=True)
    expected = xc.integrated_gradients(net, X, 1, baseline=BASE, **how, return_details=True)
    close(got.values, expected.values, 0.0)
    close(got.gap, expected.gap, 0.0)
    assert got.gradients.tolist() == expected.gradients.tolist()


def test_a_set_of_baselines_has_its_ends_and_its_error(close):
    found = xc.path_attribution(
        net, X, 1, baselines=EACH, weight="left", steps=9, return_details=True
    )
    each = [
        xc.path_attribution(net, X, 1, baselines=one[None], weight="left", steps=9,
                            return_details=True)
        for one in EACH
    ]  # fmt: skip
    maps = torch.stack([one.values for one in each])
    close(found.values, maps.mean(0), 1e-13)
    close(found.standard_error, maps.std(0) / math.sqrt(2), 1e-12)
    close(found.extra["starts"], EACH.transpose(0, 1), 0.0)
    close(found.extra["ends"], torch.stack([one.endpoints[1] for one in each], 1), 1e-13)
    close(found.gap, sum(one.gap for one in each) / 2, 1e-12)
    assert found.gradients.tolist() == [18] * 4
    assert found.endpoints is None


# ---- paths ---------------------------------------------------------------------------------------


def product(x):
    return x[:, 0] * x[:, 1]


def test_symmetric_but_not_straight(close):
    """Lerma and Lucas: x1 x2 at (1, 2) is (0.8, 1.2) on it, and (24/7, 18/7) at (3, 2)."""
    for x, expected in ((row(1, 2), row(0.8, 1.2)), (row(3, 2), row(24 / 7, 18 / 7))):
        found = xc.path_attribution(product, x, path="power", steps=200)
        close(found, expected, 1e-4)
    # it is not proportional: (x1 + x2)^2 at (1, 2)
    square = xc.path_attribution(lambda x: x.sum(1) ** 2, row(1, 2), path="power", steps=200)
    close(square, row(2.6, 6.4), 1e-4)


def test_the_corner_path_gives_the_rest_to_whoever_comes_last(close):
    """One after the other: x1 x2 x3 rises only when the last of them moves."""
    found = xc.path_attribution(lambda x: x.prod(1), row(1, 2, 3), path="corner", steps=30,
                                quadrature="midpoint")  # fmt: skip
    close(found, row(0, 0, 6), 1e-12)


vectors = st.lists(st.floats(-2, 2, width=32), min_size=5, max_size=5).map(lambda v: row(*v))
search = settings(max_examples=10, deadline=None, derandomize=True)
PATHS = ["straight", "power", "corner", bow_path, monotone(lambda a, d: a**2)]


@search
@given(x=vectors, base=vectors, path=st.sampled_from(PATHS))
def test_every_path_is_complete_and_exact_for_a_linear_model(x, base, path):
    weight = wave(5)
    found = xc.path_attribution(
        lambda x: x @ weight, x, path=path, baselines=base, steps=3, return_details=True
    )
    exact = weight * (x - base)
    assert float((found.values - exact).abs().max()) < 1e-12
    fine = xc.path_attribution(
        net, x, 0, path=path, baselines=base, steps=1000, quadrature="midpoint", return_details=True
    )
    assert abs(float(fine.gap)) < 0.02


@search
@given(x=vectors, base=vectors, path=st.sampled_from(["straight", "power"]))
def test_symmetric_paths_keep_symmetry_and_the_corner_does_not(x, base, path):
    x[:, 1], base[:, 1] = x[:, 0], base[:, 0]
    swap = [1, 0, 2, 3, 4]

    def model(x):
        return net(x)[:, 0] * net(x[:, swap])[:, 0]

    found = xc.path_attribution(model, x, path=path, baselines=base, steps=9)
    assert float((found[:, 0] - found[:, 1]).abs()) <= 1e-10 * (1 + float(found.abs().max()))


def test_a_path_may_depend_on_the_model():
    """A maker is given the question: here the way goes through a point that F(x) chooses."""

    def detour(question, start, end):
        middle = (start + end) / 2 + 0.1 * question.scores(end, question.rows)[:, None]

        def point(alpha, row):
            a = alpha[:, None].to(end.dtype)
            first, second = 2 * a.clamp(max=0.5), 2 * a.clamp(min=0.5) - 1
            return start[row] + first * (middle - start)[row] + second * (end - middle)[row]

        return Curve(start, end, point)

    found = xc.path_attribution(
        net, X, 0, path=detour, steps=400, quadrature="midpoint", return_details=True
    )
    assert float(found.relative_gap.max()) < 0.02


# ---- refused -------------------------------------------------------------------------------------

REFUSED = [
    ({"path": "strait"}, ValueError, "path 'strait' is unknown; did you mean 'straight'"),
    ({"path": 3}, TypeError, "path must be one of straight, power, corner"),
    ({"path": lambda q, a, b: b}, TypeError, "returned Tensor, which has no 'point'"),
    ({"path": lambda q, a, b: StraightPath(a, b + 1)}, ValueError, "path must end at x"),
    ({"weight": "lef"}, ValueError, "weight 'lef' is unknown; did you mean 'left'"),
    ({"weight": 2.0}, TypeError, "weight must be one of"),
    ({"weight": lambda a: 1 / a}, ValueError, "weight has no integral"),
    ({"weight": "important_direction", "tol": 0.1}, ValueError, "give steps, no tol"),
    ({"rule": "guided"}, ValueError, "rule 'guided' is unknown; did you mean 'guided_backprop'"),
    ({"rule": 1}, TypeError, "rule must be None"),
    ({"baselines": torch.zeros(5).double()}, ValueError, "baselines is a tensor of shape"),
    ({"baselines": ()}, ValueError, "baselines is empty"),
    ({"quadrature": "simpson"}, ValueError, "quadrature must be one of"),
    ({"steps": 0}, ValueError, "steps"),
]


@pytest.mark.parametrize(("bad", "error", "words"), REFUSED, ids=range(len(REFUSED)))
def test_bad_arguments_are_named(bad, error, words):
    with pytest.raises(error, match=words):
        xc.path_attribution(net, X, 0, **bad)


def test_rules_that_carry_relevance_are_refused():
    class Carries(Relevance):
        def __init__(self):
            object.__setattr__(self, "method", "lrp")

    with pytest.raises(ValueError, match="rule of lrp carries relevance"):
        xc.path_attribution(net, X, 0, rule=Carries())
