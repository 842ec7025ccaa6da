"""AGI: numbers of the corrected algorithm, a loop from the paper, and what the restart breaks."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.methods.path_net import BASE, X, gradient, net, row, smooth
from xaicourse.methods.integrated.adversarial import adversarial_path

agi = xc.adversarial_gradient_integration
W = torch.tensor([[1, -0.5, 2], [0.2, 1, -1], [-0.3, 0.4, 0.1]], dtype=torch.float64)
HERE = row(0.5, 0.1, 0.4)


def three(x: Tensor) -> Tensor:
    return x @ W.to(x).T


# ---- closed forms --------------------------------------------------------------------------------


def test_three_linear_classes(close):
    """Class 1 is reached after six steps, at (.2, .4, .1); with the paper's rule to four digits."""
    how = {"classes": [1], "output": "probability", "return_details": True}
    found = agi(three, HERE, 0, quadrature="right", steps=6, **how)
    close(found.endpoints[0], row(0.2, 0.4, 0.1), 1e-12)
    assert float((found.values - row(0.0753, 0.0866, 0.1767)).abs().max()) < 5e-5
    assert found.gradients.tolist() == [12]
    assert found.extra["reached"].tolist() == [True]
    fine = agi(three, HERE, 0, steps=600, **how)
    assert abs(float(fine.gap)) < 1e-7
    assert abs(float(fine.values.sum()) - 0.340) < 1e-3


def test_two_linear_classes(close):
    """p_1 rises against w_0 - w_1: A_j = w_0j eps sign(w_0j - w_1j) times the steps."""
    found = agi(lambda x: three(x)[:, :2], row(0.5, 0.5, 0.5), 0, step=0.01, return_details=True)
    close(found.values, row(0.2, 0.1, 0.4), 1e-12)
    assert float(found.gap.abs()) < 1e-12
    assert found.extra["reached"].tolist() == [False]  # within twenty steps
    score = lambda x: three(x) @ torch.tensor([1.0, -1, 0]).to(x)  # noqa: E731
    for classes in (1, [0]):  # a single score above 0 is class 1
        single = agi(score, row(0.5, 0.5, 0.5), step=0.01, classes=classes)
        close(single, 20 * 0.01 * (W[0] - W[1]).abs()[None], 1e-12)
    with pytest.raises(ValueError, match="no other class than the predicted one"):
        agi(score, row(0.5, 0.5, 0.5), classes=[1])


def test_saturated_probabilities_still_show_the_way(close):
    """p_1 is 0 to all digits, and so is its gradient; its direction is not."""
    steep = lambda x: 1000 * three(x)  # noqa: E731
    assert float(steep(HERE).softmax(1)[0, 1]) == 0
    found = agi(steep, HERE, 0, classes=[1], return_details=True)
    close(found.endpoints[0], row(0.2, 0.4, 0.1), 1e-12)


def test_the_restart_breaks_completeness():
    """The authors' step: always from x, and the whole way credited each time."""
    p = lambda x, c: three(x).softmax(1)[:, c]  # noqa: E731
    z, total = HERE.clone(), torch.zeros(1, 3).double()
    for _ in range(20):
        if int(three(z).argmax()) == 1:
            break
        up, down = (gradient(lambda x, c=c: p(x, c), z[0]) for c in (1, 0))
        z = HERE + 0.05 * up.sign()
        total -= down * (z - HERE)
    drop = float(p(HERE, 0) - p(z, 0))
    assert abs(float(total.sum()) - 1.107) < 1e-3
    assert abs(drop - 0.054) < 1e-3
    moving = agi(three, HERE, 0, classes=[1], output="probability", return_details=True)
    assert abs(float(moving.gap)) < 1e-3


# ---- the loop: one row, one class ----------------------------------------------------------------


def loop(model, x: Tensor, i: int, target: int, search: int, step: float, bounds=None):
    """Return the points of one row from x on, and the midpoint sum of the target's gradient."""
    points = [x]
    for _ in range(search):
        if int(model(points[-1][None]).argmax()) == i:
            break
        g = gradient(lambda z: model(z).softmax(1)[:, i], points[-1])
        new = points[-1] + step * g.sign()
        points.append(new if bounds is None else new.clamp(*bounds))
    points = torch.stack(points)
    middles = [
        gradient(lambda z: model(z)[:, target], (a + b) / 2) for a, b in itertools.pairwise(points)
    ]
    return points, -sum(d * g for d, g in zip(points.diff(dim=0), middles, strict=True))


@pytest.mark.parametrize(
    ("step", "bounds"), [(0.1, None), (0.3, None), (0.1, (-1.2, 1.2))], ids=str
)
def test_each_path_equals_the_loop(step, bounds, close):
    target, predicted = 1, smooth(X).argmax(1)
    others = (predicted + 1) % 3
    for k in range(4):
        points, values = loop(smooth, X[k], int(others[k]), target, 7, step, bounds)
        found = agi(
            smooth, X[k : k + 1], target, classes=others[k : k + 1, None], search=7, step=step,
            bounds=bounds, steps=len(points) - 1, return_details=True,
        )  # fmt: skip
        close(found.extra["path"][0], points, 1e-12)
        close(found.values[0], values, 1e-10)
        assert bool(found.extra["reached"]) == (int(smooth(points[-1:]).argmax()) == int(others[k]))


# ---- several classes -----------------------------------------------------------------------------

SEVERAL = {"search": 6, "step": 0.1, "steps": 8, "return_details": True}


def test_a_mean_over_the_classes_that_are_not_predicted(close):
    predicted = net(X).argmax(1)
    assert len(set(predicted.tolist())) > 1
    found = agi(net, X, 1, classes=[0, 1, 2], **SEVERAL)
    others = torch.stack([(predicted + 1) % 3, (predicted + 2) % 3], 1)
    first, second = (agi(net, X, 1, classes=others[:, k : k + 1], **SEVERAL) for k in (0, 1))
    close(found.values, (first.values + second.values) / 2, 1e-12)
    close(found.f_start, (first.f_start + second.f_start) / 2, 1e-12)
    close(found.gap, (first.gap + second.gap) / 2, 1e-10)
    both = agi(net, X, 1, classes=2, **SEVERAL)
    close(both.values, found.values, 1e-12)
    assert both.extra["classes"].shape == both.extra["reached"].shape == (4, 2)
    best = net(X).scatter(1, predicted[:, None], -torch.inf).argmax(1)
    assert both.extra["classes"][:, 0].tolist() == best.tolist()
    assert agi(net, X, 1, classes=9, **SEVERAL).extra["classes"].shape == (4, 2)


def test_it_is_a_path_like_any_other(close):
    other = (net(X).argmax(1) + 1) % 3
    path = adversarial_path(other, search=6, step=0.1)
    plain = xc.path_attribution(net, X, 1, path=path, quadrature="midpoint", steps=8)
    close(plain, agi(net, X, 1, classes=other[:, None], **SEVERAL).values, 0.0)
    more = xc.path_attribution(net, X, 1, path=path, weight="decision", rule="guided_backprop",
                               return_details=True)  # fmt: skip
    assert float((more.endpoints[1] - X).abs().max()) == 0
    tight = xc.path_attribution(smooth, X, 1, path=adversarial_path(0, step=0.1), tol=0.01)
    close(tight, xc.path_attribution(smooth, X, 1, path=adversarial_path(0, step=0.1), steps=900,
                                     quadrature="midpoint"), 0.01)  # fmt: skip


# ---- what holds for every x ----------------------------------------------------------------------

search = settings(max_examples=10, deadline=None, derandomize=True)
vectors = st.lists(st.floats(-1, 1, width=32), min_size=5, max_size=5).map(lambda v: row(*v))


@search
@given(x=vectors, step=st.sampled_from([0.02, 0.1]))
def test_complete_within_bounds_and_up_to_the_class(x, step):
    found = agi(smooth, x, classes=1, search=15, step=step, steps=300, bounds=(-1.0, 1.0),
                return_details=True)  # fmt: skip
    path = found.extra["path"][0]
    assert torch.equal(path[0], x[0])
    assert float(path.abs().max()) <= 1
    assert float((path.diff(dim=0).abs()).max()) <= step * (1 + 1e-9)
    assert float(found.gap.abs()) < 2e-2 * (1 + float(found.values.abs().sum()))
    i = int(found.extra["classes"])
    before = smooth(path[:-1]).argmax(1)
    assert i not in before.tolist()
    if bool(found.extra["reached"]):
        assert int(smooth(path[-1:]).argmax()) == i
    else:
        assert len(path) == 16


def test_where_no_step_leads_on_the_search_ends():
    flat = lambda x: torch.stack([0 * x[:, 0] + 1, torch.relu(x[:, 1] - 9)], 1)  # noqa: E731
    found = agi(flat, BASE, 0, return_details=True)
    assert torch.equal(found.values, torch.zeros_like(BASE))
    assert found.gradients.tolist() == [21] * 4


# ---- refused -------------------------------------------------------------------------------------

REFUSED = [
    ({"classes": 0}, ValueError, "classes must be at least 1"),
    ({"classes": "cat"}, TypeError, "classes must be how many, a sequence.*got 'cat'"),
    ({"classes": [3]}, ValueError, r"classes must be from 0 to 2, got \[3\]"),
    ({"classes": torch.zeros(2, 1).long()}, ValueError, r"classes has shape \(2, 1\)"),
    ({"classes": [0.5]}, ValueError, "whole numbers"),
    ({"search": 0}, ValueError, "search must be at least 1"),
    ({"step": 0}, ValueError, "step must be a number above 0"),
    ({"bounds": (0.0, 1.0)}, ValueError, "bounds must hold x"),
]


@pytest.mark.parametrize(("bad", "error", "words"), REFUSED, ids=range(len(REFUSED)))
def test_bad_arguments_are_named(bad, error, words):
    with pytest.raises(error, match=words):
        agi(net, X, 1, **bad)


def test_models_without_classes_are_refused():
    with pytest.raises(ValueError, match=r"needs their scores, \(N, K\).*returns \(4, 3, 1\)"):
        agi(lambda x: net(x)[:, :, None], X, (0, 0))
    with pytest.raises(ValueError, match="no other class than the predicted one"):
        agi(net, X, 1, classes=[int(net(X).argmax(1)[0])])
