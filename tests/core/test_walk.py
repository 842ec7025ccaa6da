"""Walks: rows step together, a row that rests costs nothing, and the polyline is exact."""

import itertools

import pytest
import torch
from torch import Tensor

from xaicourse.core.gradients import ask
from xaicourse.core.path import Nodes, path_integral
from xaicourse.core.quadrature import quadrature
from xaicourse.core.walk import Polyline, follow, slope

X = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]], dtype=torch.float64)
LAST = [3, 0, 5]  # how many steps each row takes


def model(x: Tensor) -> Tensor:
    return x[:, 0] ** 2 * x[:, 1] + torch.sin(x[:, 1])


def down(x: Tensor, steps: list[int]):
    """Go down the gradient, each row so often as `steps` says."""
    place, left = x.clone(), torch.tensor(steps)
    felt = yield place, left > 0
    while True:
        going = left > 0
        place = torch.where(going[:, None], place - 0.1 * felt, place)
        left = left - going.long()
        felt = yield place, left > 0


def walked(x: Tensor, steps: list[int], backwards: bool = False, most: int = 8) -> Polyline:
    return follow(slope(ask(model, x)), down(x, steps), most, "down", backwards)


def by_hand(x: Tensor, steps: int) -> Tensor:
    """Return the points of one row (K+1, d)."""
    points = [x]
    for _ in range(steps):
        z = points[-1].clone().requires_grad_(True)
        (grad,) = torch.autograd.grad(model(z[None])[0], z)
        points.append((z - 0.1 * grad).detach())
    return torch.stack(points)


def at(path: Polyline, alpha: float, row: int) -> Tensor:
    return path.point(torch.tensor([alpha], dtype=torch.float64), torch.tensor([row]))[0]


def moved(path: Polyline, left: float, right: float, row: int) -> Tensor:
    ends = (torch.tensor([a], dtype=torch.float64) for a in (left, right))
    return path.step(*ends, torch.tensor([row]))[0]


def test_each_row_goes_its_own_way_and_pays_for_it(close):
    path = walked(X, LAST)
    assert path.pieces.tolist() == LAST
    assert path.spent.tolist() == LAST
    for i, n in enumerate(LAST):
        points = by_hand(X[i], n)
        close(path.start[i], points[0], 0.0)
        close(path.end[i], points[-1], 1e-14)
        for k in range(n + 1):
            close(at(path, k / max(n, 1), i), points[k], 1e-14)
        alone = walked(X[i : i + 1], [n])
        close(alone.end, path.end[i : i + 1], 0.0)


def test_a_walk_ends_at_the_most_steps():
    path = walked(X, [9, 2, 9], most=4)
    assert path.pieces.tolist() == [4, 2, 4]
    assert len(path.points) == 5
    still = walked(X, [0, 0, 0])
    assert still.pieces.tolist() == still.spent.tolist() == [0, 0, 0]
    assert torch.equal(still.end, X)
    assert torch.equal(at(still, 0.3, 1), X[1])


@pytest.mark.parametrize("backwards", [False, True])
def test_steps_add_up_wherever_the_path_is_cut(backwards, close):
    path = walked(X, LAST, backwards)
    assert torch.equal(path.end if backwards else path.start, X)
    for cuts in ([0, 1], [0, 0.07, 0.2, 0.45, 0.9, 1], [0, 1 / 3, 2 / 3, 1]):
        for i in range(3):
            steps = [moved(path, a, b, i) for a, b in itertools.pairwise(cuts)]
            for step, (a, b) in zip(steps, itertools.pairwise(cuts), strict=True):
                close(step, at(path, b, i) - at(path, a, i), 1e-13)
            close(sum(steps), path.end[i] - path.start[i], 1e-14)


def test_backwards_is_the_same_integral_with_the_other_sign(close):
    nodes = Nodes.from_rule(*quadrature("midpoint", 30), n_rows=3)
    there, back = (
        path_integral(ask(model, X), walked(X, LAST, way), nodes).values for way in (False, True)
    )
    close(back, -there, 1e-12)
    assert torch.equal(there[1], torch.zeros(2).double())  # this row never moved
    ends = walked(X, LAST)
    close(there.sum(1), model(ends.end) - model(ends.start), 1e-2)


@pytest.mark.parametrize("rule", ["left", "right", "midpoint", "gauss_legendre"])
@pytest.mark.parametrize("steps", [2, 5, 7, 30])
def test_segments_are_cut_where_pieces_end(rule, steps, close):
    path = walked(X, LAST)
    nodes = path.fit(Nodes.from_rule(*quadrature(rule, steps), n_rows=3))
    assert bool((nodes.left[:, 0] == 0).all())
    assert bool((nodes.right[:, -1] == 1).all())
    assert torch.equal(nodes.left[:, 1:], nodes.right[:, :-1])
    assert bool((nodes.weight > 0).all())
    assert float((nodes.alpha - nodes.alpha.clamp(nodes.left, nodes.right)).abs().max()) < 1e-15
    for i, n in enumerate(LAST):
        knots = torch.arange(max(n, 1) + 1).double() / max(n, 1)
        if steps >= n:  # each knot is an edge, and pieces have equally many segments but one
            nearest = (nodes.right[i][:, None] - knots[1:]).abs().amin(0)
            assert float(nearest.max()) < 1e-15
            each = torch.bucketize((nodes.left + nodes.right)[i] / 2, knots[1:-1]).bincount(
                minlength=max(n, 1)
            )
            assert int(each.max() - each.min()) <= 1
        else:  # each edge is a knot
            assert float((nodes.right[i][:, None] - knots).abs().amin(1).max()) < 1e-15
    # on a single piece it stays as it is
    one = Polyline(path.points[:2], torch.tensor([1, 1, 1]), path.spent)
    plain = Nodes.from_rule(*quadrature(rule, steps), n_rows=3)
    close(one.fit(plain).alpha, plain.alpha, 1e-15)


def test_no_corner_is_left_out_however_many_steps(close):
    """Three pieces around two corners, seven steps: exact where F is linear on each piece."""
    points = torch.tensor([[[0.0, 0]], [[0, 1]], [[1, 1]], [[1, 5]]], dtype=torch.float64)
    path = Polyline(points, torch.tensor([3]), torch.tensor([0]))
    question = ask(lambda x: x[:, 0] * x[:, 1], torch.ones(1, 2, dtype=torch.float64))
    plain = Nodes.from_rule(*quadrature("midpoint", 7), n_rows=1)
    close(path_integral(question, path, path.fit(plain)).values, torch.tensor([[1.0, 4]]), 1e-14)
    assert abs(float(path_integral(question, path, plain).values[0, 1]) - 4) > 0.01


def test_short_pieces_keep_their_digits_in_single_precision():
    """Differences of nearly equal float32 points would lose four digits here."""
    points = torch.stack([torch.full((1, 2), 100.0), torch.tensor([[100.1, 101.0]])])
    path = Polyline(points, torch.tensor([1]), torch.tensor([0]))
    alpha = torch.arange(1001, dtype=torch.float64) / 1000
    steps = path.step(alpha[:-1], alpha[1:], torch.zeros(1000).long())
    wanted = (points[1] - points[0]) / 1000
    assert float((steps - wanted).abs().max() / wanted.abs().min()) < 1e-6


def test_a_gradient_that_is_no_number_is_refused():
    feel = slope(ask(lambda x: x.prod(1).sqrt(), torch.ones(2, 2)))
    with pytest.raises(ValueError, match="gradient of row 7 is NaN or infinite on the way"):
        feel(torch.tensor([[1.0, 1.0], [0.0, 1.0]]), torch.tensor([1, 7]))
