"""A trace agrees with the package's Integrated Gradients and with closed forms."""

import pytest
import torch

import xaicourse as xc
from xaicourse.core.quadrature import QUADRATURES
from xaicourse.widgets import trace_path

TOY_X = torch.tensor([[3.0, 1.0]], dtype=torch.float64)


def small_net():
    torch.manual_seed(3)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(144, 5)
    )
    return net.double().eval().requires_grad_(False)


PHOTO = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)).double()


def test_toy_has_the_answer_of_the_hand():
    trace = trace_path(xc.zoo.toy(), TOY_X, steps=4)
    assert trace.sums[-1].tolist() == pytest.approx([3.75, -2.75])
    assert trace.rise == pytest.approx(1.0)
    assert trace.gap == pytest.approx(0.0, abs=1e-12)
    # the kink: F has risen to 2 at alpha = 1/4 and stays there
    assert trace.score_at(0.25) == pytest.approx(2.0, abs=1e-6)
    assert trace.sum_at(0.25) == pytest.approx(1.0)
    assert trace.map_at(0.25).tolist() == pytest.approx([1.5, -0.5])


@pytest.mark.parametrize("quadrature", QUADRATURES)
@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_a_trace_is_the_packages_integrated_gradients(quadrature, batch_size, close):
    settings = {"baseline": "white", "steps": 7, "quadrature": quadrature, "output": "probability"}
    record = xc.integrated_gradients(small_net(), PHOTO, 2, **settings, return_details=True)
    trace = trace_path(small_net(), PHOTO, 2, **settings, batch_size=batch_size)
    whole = record.values[0].sum(0)
    assert (trace.sums[-1] - whole).norm() < 1e-6 * whole.norm()
    assert trace.gap == pytest.approx(float(record.gap), rel=1e-9)
    assert trace.map_error == pytest.approx(float(record.map_error), rel=1e-6)
    close(trace.scores, record.extra["node_scores"][0], 1e-06)
    close(trace.slopes, record.extra["slopes"][0], 1e-06)
    assert trace.ends == pytest.approx((float(record.f_start), float(record.f_end)))


def wavy(x):
    """So rough along the path that the adaptive rule lays more than one mesh."""
    return torch.sin(200 * x).flatten(1).sum(1) + x.flatten(1).sum(1)


@pytest.mark.filterwarnings("ignore:.*did not reach tol")
@pytest.mark.parametrize(("model", "target"), [(small_net(), 2), (wavy, None)])
def test_the_adaptive_rule_is_listened_to(model, target, close):
    settings = {"steps": 100, "quadrature": "adaptive"}
    record = xc.integrated_gradients(model, PHOTO, target, **settings, return_details=True)
    trace = trace_path(model, PHOTO, target, **settings)
    whole = record.values[0].sum(0)
    assert (trace.sums[-1] - whole).norm() < 1e-6 * whole.norm()
    assert trace.map_error == pytest.approx(float(record.map_error), rel=1e-6)
    assert (len(trace.alphas) > 60) == (model is wavy)
    assert bool((trace.alphas.diff() >= 0).all())
    assert bool((trace.node_edges.diff() >= 0).all())
    # the scores belong to their nodes
    points = torch.lerp(trace.start, trace.end, trace.alphas.view(-1, 1, 1, 1))
    close(trace.scores, xc.scores(model, points, target), 1e-06)


def test_the_sum_of_the_collected_map_is_the_sum_so_far():
    trace = trace_path(small_net(), PHOTO, 2, steps=20)
    for alpha in (0.0, 0.03, 0.5, 0.77, 1.0):
        assert float(trace.map_at(alpha).sum()) == pytest.approx(trace.sum_at(alpha), abs=1e-5)
    assert float(trace.map_at(0.0).abs().sum()) == 0


def test_few_checkpoints_keep_ends_and_bound_memory(close):
    full = trace_path(small_net(), PHOTO, 2, steps=50)
    few = trace_path(small_net(), PHOTO, 2, steps=50, checkpoints=8)
    assert len(full.sums) == 51
    assert len(few.sums) <= 10
    close(few.sums[-1], full.sums[-1], 1e-06)
    k = 3
    close(few.sums[k], full.map_at(float(few.edges[k])), 1e-05)


def test_parts_add_up_and_strips_show_them(close):
    trace = trace_path(small_net(), PHOTO, 2, steps=6)
    left = torch.zeros(8, 8, dtype=torch.bool)
    left[:, :4] = True
    parts = trace.parts({"left": left, "right": ~left})
    close(parts["left"] + parts["right"], (trace.slopes * trace.weights).float(), 1e-06)
    assert float(parts["left"].sum()) == pytest.approx(float(trace.sums[-1][:, :4].sum()), rel=1e-5)
    picture = trace.strips({"left": left, "right": ~left}, alt="Three strips.")
    assert repr(picture) == "Figure: Three strips."
    with pytest.raises(ValueError, match="checkpoints=None"):
        trace_path(small_net(), PHOTO, 2, steps=60, checkpoints=3).parts({"left": left})
    with pytest.raises(ValueError, match="must be a bool tensor"):
        trace.parts({"left": left.float()})


def test_only_one_input():
    with pytest.raises(ValueError, match=r"x has 2 rows.*x\[0:1\]"):
        trace_path(small_net(), PHOTO.repeat(2, 1, 1, 1), 2)


def test_a_gradient_that_is_nan_is_named():
    def root(x):
        return x.sum(1).sqrt()

    with pytest.raises(ValueError, match=r"NaN or infinite at alpha = 0"):
        trace_path(root, TOY_X, steps=4, quadrature="left")
