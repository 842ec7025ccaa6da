"""Generalized IG: jumps by hand, games by brute force, smoothed steps, scikit-learn's ensembles."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.plain import relative_error
from xaicourse.methods.integrated.generalized import shapley

pytestmark = pytest.mark.filterwarnings("ignore:the model ends in ")  # closed forms of it

gig = xc.generalized_ig


def row(*numbers: float) -> Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


def step(x: Tensor, theta: float = 0.5) -> Tensor:
    return (x > theta).to(x.dtype)


# ---- closed forms --------------------------------------------------------------------------------

HANDS = {
    "a jump times a slope": (
        lambda x: step(x[:, 0], 0.25) * x[:, 1], [(0, 0.25)], row(1, 1), 0.0, row(0.25, 0.75)
    ),
    "a tie": (
        lambda x: step(x[:, 0]) * (1 + step(x[:, 1])), [(0, 0.5), (1, 0.5)], row(1, 1), 0.0,
        row(1.5, 0.5),
    ),
    "a tie beside a threshold that does not matter": (
        lambda x: step(x[:, 0]) * (1 + step(x[:, 1])), [(0, 0.5), (1, 0.5), (0, 0.9), (1, 0.9)],
        row(1, 1), 0.0, row(1.5, 0.5),
    ),
    "and": (
        lambda x: step(x[:, 0]) * step(x[:, 1]), [(0, 0.5), (1, 0.5)], row(1, 1), 0.0,
        row(0.5, 0.5),
    ),
    "from a baseline that is not 0": (
        lambda x: step(x[:, 0]) + 2 * step(x[:, 1], 0.9), [(0, 0.5), (1, 0.9)], row(1, 1), 0.2,
        row(1, 2),
    ),
    "down, and twice on one feature": (
        lambda x: (
            3 * step(x[:, 0]) + 0.5 * step(x[:, 0], 0.8) - 0.5 * step(x[:, 1]) + 1.5 * x[:, 2]
        ),
        [(0, 0.5), (0, 0.8), (1, 0.5)], row(0, 0, 1), row(1, 1, 0), row(-3.5, 0.5, 1.5),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("model", "thresholds", "x", "base", "right"), HANDS.values(), ids=HANDS)
def test_by_hand(model, thresholds, x, base, right, close):
    found = gig(model, x, thresholds=thresholds, baseline=base, return_details=True)
    close(found.values, right, 1e-12)
    assert float(found.gap.abs().max()) < 1e-12


@pytest.mark.parametrize("upward", [True, False])
@pytest.mark.parametrize("strict", [True, False])
def test_an_end_on_the_threshold_is_on_the_models_side(upward, strict, close):
    """x > .5 and x >= .5, from .5 or to .5: the jump is there only if F itself sees it."""
    model = (lambda x: step(x[:, 0])) if strict else (lambda x: (x[:, 0] >= 0.5).to(x.dtype))
    for a, b in ((0.5, 1.0), (0.0, 0.5)):
        x, base = (row(b), row(a)) if upward else (row(a), row(b))
        found = gig(model, x, thresholds=[(0, 0.5)], baseline=base, return_details=True)
        close(found.values.sum(1), model(x) - model(base), 0)


def test_without_jumps_it_is_integrated_gradients(close):
    model = lambda x: torch.sin(x[:, 0]) * x[:, 1].square()  # noqa: E731
    x = row(1.2, -0.7)
    close(gig(model, x, thresholds=[]), xc.integrated_gradients(model, x, steps=64), 1e-10)
    # announced thresholds at which nothing jumps only cut the path
    close(gig(model, x, thresholds=[(0, 0.3), (1, -0.2)]), gig(model, x, thresholds=[]), 1e-8)


def test_a_forgotten_threshold_leaves_a_gap():
    model = lambda x: step(x[:, 0], 0.25) + 2 * step(x[:, 1])  # noqa: E731
    found = gig(model, row(1, 1), thresholds=[(0, 0.25)], return_details=True)
    assert found.values.tolist() == [[1, 0]]
    assert found.gap.tolist() == [-2]


def test_details_tell_the_staircase(close):
    x = torch.cat([row(1, 1), row(0.6, 0)])
    model = lambda x: step(x[:, 0]) + 2 * step(x[:, 1], 0.9)  # noqa: E731
    found = gig(model, x, thresholds=[(0, 0.5), (1, 0.9)], return_details=True)
    close(found.extra["places"][0], row(0.5, 0.9)[0], 1e-12)
    close(found.extra["places"][1, 0], 0.5 / 0.6, 1e-12)
    assert bool(found.extra["places"][1, 1].isnan())
    assert found.extra["jumps"][0].tolist() == [[1, 0], [0, 2]]
    assert found.extra["evaluations"].tolist() == [4, 2]


# ---- properties ----------------------------------------------------------------------------------


def random_trees(seed: int, d: int = 4, n: int = 12, grid=()) -> xc.TreeEnsemble:
    """Return trees of depth two; with `grid` its thresholds are of these."""
    draw = np.random.default_rng(seed)
    trees = []
    for _ in range(n):
        feature = [*draw.integers(0, d, 3), 0, 0, 0, 0]
        theta = draw.choice(grid, 3) if grid else draw.normal(size=3)
        value = np.concatenate([np.zeros((3, 1)), draw.normal(size=(4, 1))])
        left, right = [1, 3, 5, 3, 4, 5, 6], [2, 4, 6, 3, 4, 5, 6]
        trees.append(xc.Tree(feature, [*theta, 0, 0, 0, 0], left, right, value))
    return xc.TreeEnsemble(trees, features=d)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.booleans())
def test_trees_are_complete_without_quadrature(seed, grid):
    model = random_trees(seed, grid=(-0.4, 0.1, 0.3) if grid else ())
    x, base = torch.from_numpy(np.random.default_rng(seed).normal(size=(2, 3, 4)))
    if grid:
        x, base = x.round(decimals=1), base.round(decimals=1)  # some lie on a threshold
    found = gig(model, x, baseline=base, return_details=True)
    assert float(found.gap.abs().max()) < 1e-13
    assert found.gradients.tolist() == [0, 0, 0]
    back = gig(model, base, baseline=x)
    assert relative_error(back, -found.values) < 1e-12 or grid  # on a threshold sides differ


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_of_zeros_and_ones_it_is_the_shapley_value(seed):
    """All cross at one half: every order of switching on, averaged."""
    model = random_trees(seed, grid=(0.5,))
    x = row(1, 1, 1, 1)
    right = torch.zeros_like(x)
    for order in itertools.permutations(range(4)):
        point = torch.zeros_like(x)
        for feature in order:
            before = model(point)
            point[0, feature] = 1
            right[0, feature] += float(model(point) - before) / math.factorial(4)
    assert relative_error(gig(model, x), right) < 1e-12


def test_shapley_of_a_game_by_its_orders(close):
    v = torch.from_numpy(np.random.default_rng(0).normal(size=16))
    right = torch.zeros(4, dtype=torch.float64)
    for order in itertools.permutations(range(4)):
        inside = 0
        for i in order:
            right[i] += (v[inside | 1 << i] - v[inside]) / 24
            inside |= 1 << i
    close(shapley(v), right, 1e-12)


# ---- oracles -------------------------------------------------------------------------------------


def test_smoothed_steps_have_its_integrated_gradients(close):
    """With sigmoids in place of steps, ever steeper, IG goes to Generalized IG, ties included."""

    def model(step):
        def f(x: Tensor) -> Tensor:
            a, b, c = (step(x[:, k] - t) for k, t in ((0, 0.4), (1, 0.4), (2, 0.7)))
            return a * (1 + b) * (1 - 0.3 * c) + torch.sin(x[:, 0]) * (1 + 2 * c)

        return f

    pairs = [(0, 0.4), (1, 0.4), (2, 0.7)]
    exact = gig(model(lambda z: (z > 0).to(z)), row(1, 1, 1), thresholds=pairs)
    steep = lambda z: torch.sigmoid(4000 * z)  # noqa: E731
    smooth = xc.integrated_gradients(
        model(steep), row(1, 1, 1), steps=100_000, quadrature="midpoint", batch_size=50_000
    )
    close(smooth, exact, 1e-3)


def test_walk_along_the_path(close):
    """Ten thousand points; each change goes to the feature that has crossed since the last."""
    model = random_trees(3)
    x, base = torch.from_numpy(np.random.default_rng(3).normal(size=(2, 1, 4)))
    alpha = torch.linspace(0, 1, 10_001, dtype=torch.float64)[:, None]
    points = base + alpha * (x - base)
    scores, right = model(points)[:, 0], torch.zeros(4, dtype=torch.float64)
    for k in scores.diff().nonzero()[:, 0].tolist():
        low, high = points[k : k + 2].sort(0).values
        movers = {f for f, t in model.thresholds() if low[f] < t <= high[f]}
        assert len(movers) == 1
        right[movers.pop()] += scores[k + 1] - scores[k]
    close(gig(model, x, baseline=base), right[None], 1e-10)


# ---- scikit-learn --------------------------------------------------------------------------------


def fitted(name: str):
    import sklearn.ensemble
    import sklearn.tree

    home = sklearn.tree if name.startswith("Decision") else sklearn.ensemble
    draw = np.random.default_rng(0)
    x = draw.normal(size=(80, 5)).astype(np.float32)
    y = x[:, 0] * (x[:, 1] > 0) + x[:, 2]
    if name.endswith("Classifier"):
        y = np.digitize(y, [-0.5, 0.7])
    size = {} if name.startswith("Decision") else {"n_estimators": 6}
    return getattr(home, name)(max_depth=3, random_state=0, **size).fit(x, y), x


ESTIMATORS = [
    *("DecisionTreeRegressor", "DecisionTreeClassifier"),
    *("RandomForestRegressor", "RandomForestClassifier", "ExtraTreesRegressor"),
    *("GradientBoostingRegressor", "GradientBoostingClassifier"),
]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimator_and_module_agree(name, close):
    estimator, x = fitted(name)
    model = xc.TreeEnsemble(estimator)
    said = next(
        getattr(estimator, how)
        for how in ("decision_function", "predict_proba", "predict")
        if hasattr(estimator, how)
    )(x)
    rows = torch.from_numpy(x).double()
    close(model(rows), torch.from_numpy(said.reshape(len(x), -1)), 1e-12)
    target = None if model(rows).shape[1] == 1 else 1
    found = gig(model, rows[:5], target, baseline=rows.mean(0), return_details=True)
    assert float(found.gap.abs().max()) < 1e-13
    assert float(found.values.abs().max()) > 0


def test_on_a_threshold_both_go_left():
    from sklearn.tree import DecisionTreeRegressor

    x = np.array([[0.0], [1.0]], dtype=np.float32)
    estimator = DecisionTreeRegressor().fit(x, x[:, 0])
    model = xc.TreeEnsemble(estimator)
    assert model.thresholds() == [(0, 0.5)]
    on = torch.tensor([[0.5]], dtype=torch.float64)
    assert float(model(on)) == estimator.predict(on.float().numpy())[0] == 0
    found = gig(model, on, baseline=1.0, return_details=True)  # from above the jump is there
    assert (float(found.values), float(found.gap)) == (-1, 0)


def test_a_mixture_of_trees_and_a_net(close):
    """sigmoid(trees + net): jumps of the whole and slopes between them."""
    estimator, data = fitted("GradientBoostingRegressor")
    trees = xc.TreeEnsemble(estimator)
    weight = torch.linspace(-1, 1, 15, dtype=torch.float64).view(5, 3)
    model = lambda x: torch.sigmoid(trees(x)[:, 0] + torch.tanh(x @ weight).sum(1))  # noqa: E731
    x, base = torch.from_numpy(data[:3]).double(), torch.from_numpy(data[3:4]).double()
    found = gig(model, x, thresholds=trees.thresholds(), baseline=base, return_details=True)
    assert float(found.gap.abs().max()) < 1e-9
    blind = xc.integrated_gradients(model, x, baseline=base, steps=256, return_details=True)
    assert float(blind.gap.abs().min()) > 0.02  # the jumps are missing
    slopes = found.values - found.extra["jumps"].nansum(1)
    close(slopes, blind.values, 0.05)
    assert bool((gig(model, x, thresholds=trees.thresholds(), smooth=False) != found.values).any())


def test_a_hidden_init_estimator_and_other_estimators_are_refused():
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.linear_model import LinearRegression

    _, x = fitted("DecisionTreeRegressor")
    own = GradientBoostingRegressor(n_estimators=2, init=LinearRegression()).fit(x, x[:, 0])
    with pytest.raises(ValueError, match="init estimator of its own"):
        xc.TreeEnsemble(own)
    with pytest.raises(TypeError, match="got LinearRegression"):
        xc.TreeEnsemble(LinearRegression())
    with pytest.raises(ValueError, match="at least one Tree"):
        xc.TreeEnsemble([])


@pytest.mark.parametrize(
    ("thresholds", "error", "says"),
    [
        (None, TypeError, r"thresholds is None.*xc\.TreeEnsemble"),
        ([0.25], TypeError, "list of pairs"),
        (3, TypeError, "list of pairs.*got int"),
        ([(2, 0.5)], ValueError, "thresholds names feature 2, but x has 0 to 1"),
    ],
)
def test_what_is_refused(thresholds, error, says):
    with pytest.raises(error, match=f"(?s){says}"):
        gig(lambda x: step(x[:, 0]), row(1, 1), thresholds=thresholds)


def test_too_many_at_one_place_are_refused():
    pairs = [(k, 0.5) for k in range(13)]
    with pytest.raises(ValueError, match=r"13 features of row 0 cross.*alpha = 0\.5"):
        gig(lambda x: step(x).sum(1), torch.ones(1, 13), thresholds=pairs)
