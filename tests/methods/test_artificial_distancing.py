"""Gradient Artificial Distancing: what must hold whatever the paper's definition is."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import xaicourse as xc
from tests.contract.checks import model_state, same_state
from tests.plain import relative_error
from xaicourse.methods.integrated.artificial_distancing import agreed

gad = xc.gradient_artificial_distancing


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def linear() -> nn.Linear:
    net = nn.Linear(4, 3, dtype=torch.float64)
    net.weight.data, net.bias.data = normal(3, 4, seed=1), normal(3, seed=2)
    return net.eval()


X, DATA = normal(2, 4, seed=3), normal(12, 4, seed=4)
PAIR = {"data": DATA, "classes": (0, 2)}


def test_no_shift_leaves_the_map_of_the_model(close):
    net = linear()
    found = gad(net, X, 0, shifts=(0.0,), return_details=True, **PAIR)
    close(found.values, xc.integrated_gradients(net, X, 0), 1e-12)
    assert found.extra["errors"].tolist() == [0, 0]
    assert found.gradients.tolist() == [100, 100]


def test_linear_net_goes_to_its_least_squares_fit(close):
    """W_alpha = W + alpha (e_A - e_B) r^T, with r the regression of which class leads."""
    net, alpha = linear(), 0.7
    found = gad(
        net, X[:1].repeat(3, 1), torch.tensor([0, 1, 2]), shifts=(alpha,), iterations=1200,
        rate=0.03, method="gradient", return_details=True, **PAIR,
    )  # fmt: skip
    outputs = net(DATA).detach()
    leads = torch.where(outputs[:, 0] >= outputs[:, 2], 1.0, -1.0).double()
    design = torch.cat([DATA, torch.ones(12, 1).double()], 1)
    r = torch.linalg.lstsq(design, leads[:, None]).solution[:, 0]
    moved = alpha * torch.tensor([[1.0], [0.0], [-1.0]]) * r[:4]
    close(found.extra["maps"][1], net.weight.detach() + moved, 1e-3)
    residual = leads - design @ r
    close(found.extra["errors"][1], 2 / 3 * (alpha * residual).square().mean(), 1e-3)


def test_shift_drives_two_classes_apart():
    net = linear()
    found = gad(net, X, 0, shifts=(0.5, 2.0), method="gradient", return_details=True, **PAIR)
    assert found.extra["maps"].shape == (3, 2, 4)
    change = (found.extra["maps"][1:] - found.extra["maps"][0]).flatten(1).norm(dim=1)
    assert bool((change > 0).all())


def test_agreement_by_hand():
    maps = torch.tensor([[[1.0, -2, 3, 0]], [[2.0, -1, -3, 1]]])
    assert agreed(maps).tolist() == [[1, -1, 0, 0]]


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_agreement_is_never_larger_and_symmetric(seed):
    maps = normal(4, 2, 5, seed=seed)
    merged = agreed(maps)
    assert bool((merged.abs() <= maps.abs().amin(0)).all())
    assert torch.equal(merged, agreed(maps.flip(0)))
    assert torch.equal(agreed(maps[:1].expand(3, -1, -1)), maps[0])


def test_the_model_is_not_trained():
    net = linear()
    before = model_state(net)
    gad(net, X, 0, iterations=3, **PAIR)
    same_state(before, model_state(net))
    frozen = linear().requires_grad_(False)
    assert (
        relative_error(
            gad(frozen, X, 0, iterations=3, **PAIR), gad(net, X, 0, iterations=3, **PAIR)
        )
        == 0
    )


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"data": None}, TypeError, "data must be samples of the two classes"),
        ({"data": DATA[:, :3]}, ValueError, r"data has shape \(12, 3\), x has \(2, 4\)"),
        ({"classes": None}, TypeError, r"classes must be two class numbers.*None"),
        ({"classes": (1, 1)}, TypeError, r"classes must be two class numbers"),
        ({"classes": (0, 3)}, ValueError, r"classes are \(0, 3\).*returns \(12, 3\)"),
        ({"shifts": 0.5}, TypeError, "shifts must be a list of numbers"),
        ({"shifts": (-1.0,)}, ValueError, "shifts must be at least 0"),
        ({"rate": True}, TypeError, "rate must be a number"),
        ({"method": "grad_cam"}, ValueError, "grad_cam looks for a layer"),
    ],
)
def test_what_is_refused(wrong, error, says):
    with pytest.raises(error, match=f"(?s){says}"):
        gad(linear(), X, 0, **{**PAIR, **wrong})


def test_bound_inputs_are_refused():
    class Two(nn.Linear):
        def forward(self, x: Tensor, extra: Tensor) -> Tensor:
            return super().forward(x) + extra

    net = xc.bind(Two(4, 3, dtype=torch.float64).eval(), extra=torch.zeros(2, 3).double())
    with pytest.raises(ValueError, match="other inputs bound to it"):
        gad(net, X, 0, **PAIR)
