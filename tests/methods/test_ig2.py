"""IG2: where its way is straight, a loop from the paper, units, and where the search ends."""

import functools
import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import xaicourse as xc
from tests.methods.path_net import BASE, X, gradient, net, row, smooth
from xaicourse.methods.integrated.ig2 import gradient_path

ig2 = functools.partial(xc.ig2, quadrature="midpoint")


def itself(x: Tensor) -> Tensor:
    return x


def parabola(x: Tensor) -> Tensor:
    return x[:, 0] ** 2 + 2 * x[:, 1]


HERE, THERE = row(3, 1), row(0, -3)


# ---- closed forms: x is its own representation --------------------------------------------------


def test_a_straight_way_is_integrated_gradients(close):
    found = ig2(
        parabola, HERE, references=THERE, representation=itself, return_details=True, steps=100
    )
    close(found.values, row(9, 8), 1e-12)
    close(found.endpoints[0], THERE, 1e-12)
    close(found.extra["distance"], torch.tensor([5.0]).double(), 1e-12)
    assert float(found.extra["distance_left"]) < 1e-12
    straight = ig2(smooth, X, 1, references=BASE[None], representation=itself, search=50, steps=50)
    line = xc.integrated_gradients(smooth, X, 1, baseline=BASE, quadrature="midpoint", steps=50)
    close(straight, line, 1e-12)


def test_the_numbers_of_the_authors_code(close):
    """eta = 0.01 in 500 and in 200 steps, with its rule: each gradient at the point nearer to x."""
    how = {"references": THERE, "representation": itself, "quadrature": "right"}
    close(ig2(parabola, HERE, search=500, steps=500, **how), row(9.018, 8), 1e-6)
    short = ig2(parabola, HERE, search=200, steps=200, length=0.4, return_details=True, **how)
    close(short.endpoints[0], row(1.8, -0.6), 1e-12)
    assert abs(float(short.values.sum()) - 8.967) < 1e-3
    assert abs(float(short.f_end - short.f_start) - 8.96) < 1e-12


def test_a_longer_way_does_not_swing_around_the_reference(close):
    found = ig2(parabola, HERE, references=THERE, representation=itself, search=50, length=1.7,
                   return_details=True)  # fmt: skip
    path = found.extra["path"][0]
    left = (path - THERE).norm(dim=1)
    assert bool((left.diff() <= 0).all())
    close(found.endpoints[0], THERE, 2e-2)
    close(found.values, row(9, 8), 2e-2)


def test_a_linear_model_has_no_gap_on_any_way(close):
    weight = X[0]
    found = ig2(lambda x: x @ weight, X, references=BASE[None], representation=smooth, search=9,
                   steps=4, return_details=True)  # fmt: skip
    close(found.values, weight * (X - found.endpoints[0]), 1e-12)
    assert float(found.gap.abs().max()) < 1e-12


def test_units_of_x_do_not_matter(close):
    """In bytes instead of [0, 1] the same way is found, 255 times as long."""
    one = ig2(smooth, X, 1, references=BASE[None], search=20, length=0.4)
    bytes_ = ig2(lambda x: smooth(x / 255), 255 * X, 1, references=255 * BASE[None], search=20,
                    length=0.4)  # fmt: skip
    close(bytes_, one, 1e-10)


def test_at_the_reference_there_is_nothing_to_share_out():
    found = ig2(net, X, 1, references=X[2:3], search=5, return_details=True)
    assert torch.equal(found.values[2], torch.zeros(5).double())
    assert found.gradients.tolist() == [105, 105, 100, 105]
    assert torch.equal(found.endpoints[0][2], X[2])
    flat = ig2(net, X, 1, references=0.3, representation=lambda x: torch.relu(x - 99))
    assert torch.equal(flat, torch.zeros_like(X))  # no gradient to go along


# ---- the loop ------------------------------------------------------------------------------------


def loop(model, x, reference, represent, search: int, length: float, bounds=None):
    """Return the points of one row from x on, by the paper's equation and the halving rule."""

    def distance(z):
        return (represent(z) - represent(reference[None])).square().sum(1)

    points, eta = [x], length * float((x - reference).norm()) / search
    for _ in range(search):
        g = gradient(distance, points[-1])
        for k in range(6):
            new = points[-1] - eta / 2**k * g / g.norm()
            new = new if bounds is None else new.clamp(*bounds)
            if float(distance(new[None])) < float(distance(points[-1][None])):
                points.append(new)
                break
        else:
            break
    points = torch.stack(points)
    middles = [gradient(model, (a + b) / 2) for a, b in itertools.pairwise(points)]
    return points, -(points.diff(dim=0) * torch.stack(middles)).sum(0)


@pytest.mark.parametrize(
    ("length", "bounds"), [(0.5, None), (3.0, None), (3.0, (-1.0, 1.0))], ids=str
)
def test_path_and_map_equal_the_loop(length, bounds, close):
    how = {"search": 12, "length": length, "bounds": bounds, "representation": net}
    at_the_bounds = 0
    for i in range(4):
        model = lambda x: smooth(x)[:, 1]  # noqa: E731
        points, values = loop(model, X[i], 3 * BASE[i], net, 12, length, bounds)
        found = ig2(smooth, X[i : i + 1], 1, references=3 * BASE[i : i + 1], steps=len(points) - 1,
                       return_details=True, **how)  # fmt: skip
        close(found.extra["path"][0], points, 1e-10)
        close(found.values[0], values, 1e-10)
        at_the_bounds += int((points[1:].abs() == 1).any())
    assert bounds is None or at_the_bounds
    together = ig2(smooth, X, 1, references=3 * BASE[None], steps=30, **how)
    alone = [
        ig2(smooth, X[i : i + 1], 1, references=3 * BASE[i : i + 1], steps=30, **how)
        for i in range(4)
    ]
    close(together, torch.cat(alone), 1e-12)


# ---- a layer, several references, other weights -------------------------------------------------


class Layers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Sequential(nn.Linear(5, 7), nn.Tanh())
        self.last = nn.Linear(7, 3)
        for k, p in enumerate(self.parameters()):
            p.data = torch.sin(1.3 * torch.arange(p.numel()) + k).view_as(p)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.front(x))


MODEL = Layers().double().eval().requires_grad_(False)


def test_a_layer_by_name_itself_or_as_a_function(close):
    how = {"references": BASE[None], "search": 8, "return_details": True}
    named, module, function = (
        ig2(MODEL, X, 1, representation=r, **how)
        for r in ("front", MODEL.front, lambda x: MODEL.front(x))
    )
    for other in (module, function):
        close(other.values, named.values, 0.0)
    wanted = (MODEL.front(X) - MODEL.front(BASE)).norm(dim=1)
    close(named.extra["distance"], wanted, 1e-12)
    assert bool((named.extra["distance_left"] < named.extra["distance"]).all())
    # the same function of x, but through another layer: another way
    whole = ig2(MODEL, X, 1, **how)
    assert float((whole.values - named.values).norm() / named.values.norm()) > 1e-3


def test_a_bound_row_goes_with_its_reference(close):
    """The reference is seen through the extras of the row that it is for."""
    bound = xc.bind(lambda x, scale: smooth(x * scale), scale=BASE)
    found = ig2(bound, X, 1, references=X[:1], search=6)
    for i in range(4):
        alone = ig2(lambda x: smooth(x * BASE[i]), X[i : i + 1], 1, references=X[:1], search=6)  # noqa: B023
        close(found[i : i + 1], alone, 1e-12)


def test_several_references_are_averaged(close):
    sets = torch.stack([BASE[0], X[1], -X[2]])
    found = ig2(smooth, X, 1, references=sets, search=10, return_details=True)
    each = [ig2(smooth, X, 1, references=r[None], search=10, return_details=True) for r in sets]
    close(found.values, sum(one.values for one in each) / 3, 1e-12)
    close(found.extra["starts"][:, 2], each[2].endpoints[0], 0.0)
    close(found.extra["distance_left"][:, 0], each[0].extra["distance_left"], 0.0)
    close(found.gap, sum(one.gap for one in each) / 3, 1e-10)
    assert found.gradients.tolist() == sum(one.gradients for one in each).tolist()


def test_nodes_lie_where_the_score_changes():
    """F = exp(8 (x1 - 3)) has fallen to nothing a third of the way to the reference."""
    model = lambda x: torch.exp(8 * (x[:, 0] - 3))  # noqa: E731
    how = {"references": THERE, "representation": itself, "steps": 20, "return_details": True}
    near, even = xc.ig2(model, HERE, **how), ig2(model, HERE, **how)
    assert abs(float(even.values.sum()) - 1) > 0.05
    assert abs(float(near.values.sum()) - 1) < 0.01
    assert near.gradients.tolist() == even.gradients.tolist() == [120]


def test_it_is_a_path_like_any_other(close):
    how = {"search": 10, "length": 0.5}
    path = gradient_path(**how)
    plain = xc.path_attribution(smooth, X, 1, path=path, baselines=BASE[None],
                                quadrature="midpoint", steps=100)  # fmt: skip
    close(plain, ig2(smooth, X, 1, references=BASE[None], **how), 0.0)
    fine = xc.path_attribution(smooth, X, 1, path=path, baselines=BASE[None], tol=0.01)
    close(fine, ig2(smooth, X, 1, references=BASE[None], steps=500, **how), 0.01)
    split = xc.path_attribution(net, X, 1, path=path, baselines=BASE[None], weight="decision",
                                rule="guided_backprop", return_details=True)  # fmt: skip
    assert split.gap is None
    assert split.gradients.tolist() == [60] * 4


# ---- what holds for every reference -------------------------------------------------------------

search = settings(max_examples=10, deadline=None, derandomize=True)
vectors = st.lists(st.floats(-2, 2, width=32), min_size=5, max_size=5).map(lambda v: row(*v))


@search
@given(x=vectors, reference=vectors, length=st.sampled_from([0.3, 1.0, 2.0]))
def test_complete_and_ever_nearer(x, reference, length):
    found = ig2(smooth, x, 1, references=reference, search=12, length=length, steps=240,
                   return_details=True)  # fmt: skip
    path = found.extra["path"][0]  # from x on
    assert torch.equal(path[0], x[0])
    assert torch.equal(found.endpoints[1], x)
    assert torch.equal(path[-1:], found.endpoints[0])
    left = (smooth(path) - smooth(reference)).norm(dim=1)
    assert bool((left.diff() <= 0).all())
    walked = path.diff(dim=0).norm(dim=1)
    eta = length * float((x - reference).norm()) / 12
    assert float(walked.max(0).values if len(walked) else 0) <= eta * (1 + 1e-9)
    assert abs(float(found.gap)) < 2e-3 * (1 + float(walked.sum()))


# ---- refused -------------------------------------------------------------------------------------

REFUSED = [
    ({"search": 0}, ValueError, "search must be at least 1"),
    ({"length": 0}, ValueError, "length must be a number above 0"),
    ({"references": ()}, ValueError, "references is empty"),
    ({"representation": 3}, TypeError, "representation must be a layer's name.*got int"),
    ({"representation": lambda x: (x, x)}, ValueError, "representation must be a tensor.*tuple"),
    ({"representation": lambda x: x.T}, ValueError, r"one entry for each of 4 row.*\(5, 4\)"),
    ({"bounds": (0.0, 1.0)}, ValueError, "bounds must hold x"),
]


@pytest.mark.parametrize(("bad", "error", "words"), REFUSED, ids=range(len(REFUSED)))
def test_bad_arguments_are_named(bad, error, words):
    with pytest.raises(error, match=words):
        ig2(net, X, 1, **bad)
