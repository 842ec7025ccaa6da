"""F that is NaN or infinite is refused by every method, even if its gradient is finite."""

import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc

pytestmark = pytest.mark.fault("K9")

with torch.random.fork_rng():
    torch.manual_seed(1)
    NET = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 3)).double()
X = torch.cos(torch.arange(48, dtype=torch.float64)).view(3, 1, 4, 4)


class Spoilt(nn.Module):
    """One row's first logit is not finite; its gradient is."""

    def __init__(self, value: float, masked: bool = False) -> None:
        super().__init__()
        self.net, self.value, self.masked = NET, value, masked

    def forward(self, x: Tensor) -> Tensor:
        scores = self.net(x)
        first = torch.tensor([True, False, False])
        bad = (x.flatten(1)[:, :1] < -0.5) & first
        if self.masked:
            return scores.masked_fill(bad, self.value)
        return scores + torch.where(bad, self.value, 0.0)


SPOILT_ROW = 1 + int((X[1:].flatten(1)[:, 0] < -0.5).nonzero()[0])
METHODS = {
    "gradient": {}, "saliency": {}, "input_x_gradient": {}, "integrated_gradients": {"steps": 3},
    "smoothgrad": {"samples": 2, "sigma": 0.01}, "vargrad": {"samples": 2, "sigma": 0.01},
    "noisegrad": {"samples": 2}, "fusiongrad": {"samples": 2, "input_samples": 1, "sigma": 0.01},
    "guided_backprop": {}, "rectgrad": {}, "lrp": {}, "deeplift": {}, "deep_shap": {},
    "deep_taylor": {"low": -1.0, "high": 1.0}, "beta_smoothing": {}, "grad_cam": {"layer": "net.1"},
    "hires_cam": {"layer": "net.1"}, "layer_cam": {"layer": "net.1"},
    "eigen_cam": {"layer": "net.1"}, "score_cam": {"layer": "net.1"}, "fullgrad": {},
    "fullgrad_decomposition": {}, "bias_backprop": {}, "guided_grad_cam": {"layer": "net.1"},
}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(
    ("value", "masked"), [(torch.nan, False), (torch.inf, False), (-torch.inf, True)]
)
def test_a_score_that_is_not_finite_is_refused_by_row(name, value, masked):
    model = Spoilt(value, masked)
    allow = {"allow": ("comparison", "masked_fill", "where")}
    settings = METHODS[name]
    ruled = name in ("guided_backprop", "rectgrad", "lrp", "deeplift", "deep_shap")
    ruled = ruled or name in ("deep_taylor", "beta_smoothing", "guided_grad_cam")
    settings = settings | (allow if ruled else {})
    row = SPOILT_ROW
    if masked and name == "bias_backprop":
        return  # has no rule for masks
    says = rf"(?i)(row {row}|input of row {row}).*(is (nan|inf|-inf)|NaN or infinite)|in row {row}"
    with pytest.raises(ValueError, match=f"{says}|F of row {row}|F is .* row {row}"):
        getattr(xc, name)(model, X, 0, **settings)
    if not ruled and "full" not in name and "bias" not in name:  # 0 times inf inside
        getattr(xc, name)(model, X, 1, **settings)


def test_at_the_reference_of_deeplift():
    model = lambda z: torch.log(z.flatten(1)[:, :1] * 1)  # noqa: E731
    with pytest.raises(ValueError, match="F of row 0 is -inf at the reference"):
        xc.deeplift(model, X.abs() + 0.1, 0, allow=("log",))


def test_metrics_refuse_infinite_maps_and_give_nan_no_value():
    for name in ("deletion", "insertion"):
        metric = getattr(xc.evaluation, name)
        for value in (torch.inf, -torch.inf):
            spoilt = X.clone()
            spoilt[1, 0, 2, 2] = value
            with pytest.raises(ValueError, match="attribution of row 1 holds infinite values"):
                metric(NET, X, spoilt, 0)
        spoilt[1, 0, 2, 2] = torch.nan
        assert torch.isnan(metric(NET, X, spoilt, 0, imputer=0.0).values).tolist() == [
            False,
            True,
            False,
        ]


@pytest.mark.parametrize("name", ["integrated_gradients", "geodesic_ig", "guided_ig"])
def test_a_score_that_is_nan_on_a_path_is_named_before_its_slope(name):
    model = lambda z: NET(z) * (z.flatten(1)[:, :1] * 0) / (z.flatten(1)[:, :1] * 0)  # noqa: E731
    with pytest.raises(ValueError, match=r"F of row 0 is nan (at step|at x|on the way)"):
        getattr(xc, name)(model, X, 0)


@pytest.mark.parametrize("name", ["integrated_gradients", "expected_gradients", "saliency"])
def test_a_model_under_no_grad_is_told_so_whatever_the_steps(name):
    """A row has many points on a path; the target is not to blame."""

    @torch.no_grad()
    def predict(z):
        return NET(z)

    with pytest.raises(ValueError, match="not connected to x by a graph: it is detached"):
        getattr(xc, name)(predict, X, 0)


@pytest.mark.parametrize("name", ["gradient", "saliency", "input_x_gradient", "grad_cam"])
def test_where_both_overflow_the_score_is_named_first(name):
    """exp(1000 x) is infinite, and so is its slope: nothing there is to be kept away from 0."""
    model = nn.Sequential(NET[:2], nn.Flatten(), Exploding())
    settings = {"layer": "0"} if name == "grad_cam" else {}
    with pytest.raises(ValueError, match=r"F of row 0 is inf at x.*overflow"):
        getattr(xc, name)(model, X, 0, **settings)


class Exploding(nn.Module):
    def forward(self, h: Tensor) -> Tensor:
        return (1000 + 1000 * h[:, :2]).exp()


@pytest.mark.parametrize("name", ["deeplift", "fullgrad_decomposition", "bias_backprop"])
def test_a_score_that_is_nan_is_named_by_methods_with_rules(name):
    """0 / 0 is no product of two rows, and no operation that was missed."""
    model = lambda z: NET(z)[:, :2] * (z.flatten(1)[:, :2] * 0) / (z.flatten(1)[:, :2] * 0)  # noqa: E731
    with pytest.raises(ValueError, match="F of row 0 is nan"):
        getattr(xc, name)(model, X, 0)
