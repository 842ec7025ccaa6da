"""The path integral: exact where it must be, whatever the path, the nodes and the chunks."""

import pytest
import torch
from torch import Tensor

from tests.conftest import relative_error
from xaicourse.core.gradients import ask
from xaicourse.core.path import Curve, Nodes, StraightPath, path_integral
from xaicourse.core.quadrature import QUADRATURES, quadrature
from xaicourse.core.row_guard import is_asking

START = torch.tensor([[0.2, 0.1, 0.1], [1, -1, 0.5]], dtype=torch.float64)
END = torch.tensor([[1.0, 2, -1], [3, 1, 2]], dtype=torch.float64)
WEIGHT = torch.tensor([2.0, -1, 3], dtype=torch.float64)


def linear(x: Tensor) -> Tensor:
    return x @ WEIGHT.to(x)


def wavy(x: Tensor) -> Tensor:
    return torch.sin(x[:, 0] * x[:, 1]) + x[:, 2] ** 3


def spiral(start: Tensor, end: Tensor) -> Curve:
    """Return a curve that leaves the straight line and comes back."""

    def function(alpha: Tensor, row: Tensor) -> Tensor:
        a = alpha[:, None]
        straight = start[row] + a * (end[row] - start[row])
        bow = torch.cat([torch.sin(torch.pi * a), a * (1 - a), -torch.sin(3 * torch.pi * a)], 1)
        return straight + (row[:, None] + 1) * bow

    return Curve(start, end, function)


def uneven(n_rows: int, n: int = 13) -> Nodes:
    """Return nodes that no rule would choose: other edges in each row, nodes off the middle."""
    k = torch.arange(n + 1, dtype=torch.float64) / n
    edges = torch.stack([k ** (1.5 + i) for i in range(n_rows)])
    left, right = edges[:, :-1], edges[:, 1:]
    return Nodes(left + 0.3 * (right - left), left, right)


def integrate(model, path, nodes, batch_size=None, **more):
    return path_integral(ask(model, path.end, batch_size=batch_size), path, nodes, **more)


@pytest.mark.parametrize("batch_size", [1, 5, None])
def test_the_sum_telescopes_for_a_linear_model(batch_size, close):
    """Exact on any curve with any nodes: sum of steps = end - start."""
    for path in (StraightPath(START, END), spiral(START, END)):
        for nodes in (uneven(2), Nodes.from_rule(*quadrature("left", 3), n_rows=2)):
            found = integrate(linear, path, nodes, batch_size)
            close(found.values, WEIGHT * (END - START), 1e-12)


@pytest.mark.parametrize("batch_size", [1, 2, 7, None])
def test_chunks_never_matter(batch_size, close):
    for path in (StraightPath(START, END), spiral(START, END)):
        expected = integrate(wavy, path, uneven(2))
        got = integrate(wavy, path, uneven(2), batch_size)
        close(got.values, expected.values, 1e-13)
        close(got.slopes, expected.slopes, 1e-13)
        close(got.node_scores, expected.node_scores, 1e-13)
        close(got.map_error, expected.map_error, 1e-10)


def test_a_plain_loop_gives_the_same(close):
    path, nodes = spiral(START, END), uneven(2)
    expected = torch.zeros_like(END)
    for i in range(2):
        row = torch.tensor([i])
        for alpha, left, right in zip(nodes.alpha[i], nodes.left[i], nodes.right[i], strict=True):
            point = path.point(alpha[None], row).requires_grad_(True)
            (grad,) = torch.autograd.grad(wavy(point).sum(), point)
            expected[i] += (
                (path.function(right[None], row) - path.function(left[None], row)) * grad
            )[0]
    close(integrate(wavy, path, nodes).values, expected, 1e-13)


def test_any_curve_is_complete_in_the_limit(close):
    nodes = Nodes.from_rule(*quadrature("midpoint", 2000), n_rows=2)
    found = integrate(wavy, spiral(START, END), nodes)
    close(found.values.sum(1), wavy(END) - wavy(START), 1e-4)


def test_straight_path_is_exact_at_both_ends():
    start, end = torch.tensor([[0.1, 1e8]]), torch.tensor([[0.3, 1.0]])
    row = torch.tensor([0, 0])
    points = StraightPath(start, end).point(torch.tensor([0.0, 1.0]), row)
    assert torch.equal(points, torch.cat([start, end]))


def test_straight_steps_lose_no_digits():
    """Differences of float32 points would: 1000 steps of 1e-3 at 100 are off by 1 in 100."""
    start, end = torch.tensor([[100.0]]), torch.tensor([[101.0]])
    left = torch.arange(1000, dtype=torch.float64) / 1000
    row = torch.zeros(1000, dtype=torch.long)
    steps = StraightPath(start, end).step(left, left + 1e-3, row)
    assert float((steps - 1e-3).abs().max()) < 1e-9


def test_slopes_and_scores_are_those_at_the_nodes(close):
    nodes = uneven(2)
    found = integrate(wavy, StraightPath(START, END), nodes)
    points = START[:, None] + nodes.alpha[..., None] * (END - START)[:, None]
    flat = points.reshape(-1, 3).requires_grad_(True)
    score = wavy(flat)
    (grad,) = torch.autograd.grad(score.sum(), flat)
    delta = (END - START)[:, None].expand_as(points).reshape(-1, 3)
    close(found.node_scores, score.detach().view(2, -1), 1e-13)
    close(found.slopes, (grad * delta).sum(1).view(2, -1), 1e-12)
    close((found.slopes * nodes.weight).sum(1), found.values.sum(1), 1e-12)


def test_rows_may_have_fewer_nodes():
    """Segments of width 0 are not computed."""
    full = Nodes.from_rule(*quadrature("midpoint", 4), n_rows=2)
    left, right, alpha = full.left.clone(), full.right.clone(), full.alpha.clone()
    left[0], right[0], alpha[0] = left.new_tensor([[0, 1, 1, 1], [1, 1, 1, 1], [0.5, 1, 1, 1]])
    calls = []

    def model(x: Tensor) -> Tensor:
        if not is_asking():
            calls.append(len(x))
        return wavy(x)

    path = StraightPath(START, END)
    found = integrate(model, path, Nodes(alpha, left, right))
    assert sum(calls) == 2 + 5  # the question looks at both rows once, then 1 + 4 nodes
    assert found.gradients.tolist() == [1, 4]
    assert found.slopes[0].isnan().tolist() == [False, True, True, True]
    assert torch.isnan(found.map_error).tolist() == [True, False]  # one node: nothing to compare
    alone = integrate(wavy, path, full)
    assert relative_error(found.values[1], alone.values[1]) < 1e-13


# ---- combine -----------------------------------------------------------------------------------


def idgi(delta: Tensor, grad: Tensor, f_start: Tensor, f_end: Tensor) -> Tensor:
    """Share each segment's rise by the squared gradient (Important Direction Gradients)."""
    square = grad.square()
    return square / square.sum(1, keepdim=True) * (f_end - f_start)[:, None]


@pytest.mark.parametrize("batch_size", [1, 4, None])
@pytest.mark.parametrize("name", QUADRATURES)
def test_shares_of_the_segments_rise_add_up_exactly(name, batch_size, close):
    """Complete at any number of steps, on any path: the rises of the segments telescope."""
    for path in (StraightPath(START, END), spiral(START, END)):
        nodes = Nodes.from_rule(*quadrature(name, 3), n_rows=2)
        found = integrate(wavy, path, nodes, batch_size, combine=idgi)
        close(found.values.sum(1), wavy(END) - wavy(START), 1e-12)
        assert bool((found.values[0].abs() > 0).any())


def test_shares_of_nothing_are_named():
    """Where the gradient is 0 there is nothing to share by: 0 / 0."""
    nodes = Nodes.from_rule(*quadrature("left", 3), n_rows=2)
    path = StraightPath(torch.zeros_like(END), END)
    with pytest.raises(ValueError, match="contribution of row 0 is NaN or infinite at step 0"):
        integrate(wavy, path, nodes, combine=idgi)


def test_combine_sees_its_own_segment(close):
    seen = []

    def watch(delta, grad, f_start, f_end):
        seen.append((delta, grad, f_start, f_end))
        return delta * grad

    nodes, path = uneven(2), StraightPath(START, END)
    found = integrate(wavy, path, nodes, combine=watch)
    close(found.values, integrate(wavy, path, nodes).values, 1e-14)
    _, _, f_start, f_end = (torch.cat(parts) for parts in zip(*seen, strict=True))
    row = torch.arange(2).repeat_interleave(13)
    close(f_start, wavy(path.point(nodes.left.flatten(), row)), 1e-13)
    close(f_end, wavy(path.point(nodes.right.flatten(), row)), 1e-13)


# ---- the estimate of the map's error -----------------------------------------------------------


def test_map_error_is_zero_for_a_linear_model_and_falls_with_the_steps():
    path = StraightPath(START, END)
    nodes = {n: Nodes.from_rule(*quadrature("midpoint", n), n_rows=2) for n in (4, 16, 64, 256)}
    assert float(integrate(linear, path, nodes[16]).map_error.max()) < 1e-14
    errors = torch.stack([integrate(wavy, path, n).map_error for n in nodes.values()])
    assert bool((errors[1:] < errors[:-1]).all())
    assert float(errors[-1].max()) < 1e-2


def test_map_error_is_an_upper_bound_for_a_smooth_model():
    path = StraightPath(START, END)
    exact = integrate(
        wavy, path, Nodes.from_rule(*quadrature("gauss_legendre", 60), n_rows=2)
    ).values
    for n in (8, 16, 32):
        found = integrate(wavy, path, Nodes.from_rule(*quadrature("midpoint", n), n_rows=2))
        error = (found.values - exact).norm(dim=1) / exact.norm(dim=1)
        assert bool((found.map_error >= error).all())


def test_map_error_of_a_map_of_zeros_is_zero():
    def flat(x: Tensor) -> Tensor:
        return (0 * x).sum(1)

    found = integrate(flat, StraightPath(START, END), uneven(2))
    assert found.map_error.tolist() == [0, 0]


def test_the_caller_may_be_in_any_mode(close):
    expected = integrate(wavy, spiral(START, END), uneven(2)).values
    weight = torch.ones(3, dtype=torch.float64, requires_grad=True)
    attached = StraightPath(START * weight, END * weight)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            found = integrate(wavy, spiral(START, END), uneven(2))
        close(found.values, expected, 0.0)
        assert not found.values.is_inference()
    found = integrate(wavy, attached, uneven(2))
    assert not found.values.requires_grad  # a learnt path leaves no graph either


# ---- factors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 2, 5, 13, None])
def test_a_factor_sees_each_node_once_with_the_next(batch_size, close):
    nodes, path = uneven(2), StraightPath(START, END)
    told = []

    def factor(seen):
        told.append(seen)
        return 1 + seen.alpha

    found = integrate(wavy, path, nodes, batch_size, factor=factor)
    place, row, alpha, score, slope, next_alpha, next_score, first = (
        torch.cat([getattr(seen, name) for seen in told])
        for name in "place row alpha score slope next_alpha next_score first".split()
    )
    plain = integrate(wavy, path, nodes)
    assert place.tolist() == list(range(26))
    assert row.tolist() == [0] * 13 + [1] * 13
    assert first.nonzero()[:, 0].tolist() == [0, 13]
    close(alpha, nodes.alpha.flatten(), 1e-14)
    close(score, plain.node_scores.flatten(), 1e-13)
    close(slope, plain.slopes.flatten(), 1e-13)
    for got, all_of_it in ((next_alpha, nodes.alpha), (next_score, plain.node_scores)):
        assert torch.isnan(got.view(2, 13)[:, -1]).all()
        close(got.view(2, 13)[:, :-1], all_of_it[:, 1:], 1e-13)
    close(found.factors, 1 + nodes.alpha, 1e-14)
    each = torch.stack(
        [(path.step(nodes.left[i], nodes.right[i], torch.tensor([i] * 13))) for i in (0, 1)]
    )
    grads = gradient_at(wavy, path, nodes)
    close(found.values, ((1 + nodes.alpha)[..., None] * each * grads).sum(1), 1e-12)


def gradient_at(model, path, nodes) -> Tensor:
    """Return the gradients (N, S, d) at the nodes, by autograd alone."""
    row = torch.arange(2).repeat_interleave(nodes.alpha.shape[1])
    points = path.point(nodes.alpha.flatten(), row).requires_grad_(True)
    (grad,) = torch.autograd.grad(model(points).sum(), points)
    return grad.view(2, nodes.alpha.shape[1], -1)


def test_segments_share_their_ends(close):
    """F at the ends of n segments costs n + 1 forward passes a row, rows of unequal size too."""
    asked = []

    def counted(x):
        if not torch.is_grad_enabled():
            asked.append(len(x))
        return wavy(x)

    nodes = uneven(2)
    short = Nodes(nodes.alpha.clone(), nodes.left.clone(), nodes.right.clone())
    short.right[1, 4], short.left[1, 5:], short.right[1, 5:] = 1.0, 1.0, 1.0
    path = StraightPath(START, END)
    found = integrate(counted, path, short, combine=idgi)
    assert sum(asked[-1:]) == 13 + 1 + 5 + 1
    close(found.values.sum(1), wavy(END) - wavy(START), 1e-12)
