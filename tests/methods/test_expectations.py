"""Expected Gradients and GradientSHAP: closed forms, a loop from the paper, error bars, Captum."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from xaicourse.core.row_guard import is_asking
from xaicourse.methods.integrated.draws import draw

eg = xc.expected_gradients


def row(*numbers: float) -> Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


W = normal(7, 4, seed=1), normal(3, 7, seed=2)
X = normal(5, 4, seed=3)
REFERENCES = normal(6, 4, seed=4)


def net(x: Tensor) -> Tensor:
    return torch.tanh(x @ W[0].T + 0.3) @ W[1].T


# ---- closed forms --------------------------------------------------------------------------------


def test_quadratic_is_exact_where_pairs_meet_every_baseline(close):
    """A gradient linear in alpha: alpha and 1 - alpha have the mean of the midpoint."""
    model = lambda x: x[:, 0] * x[:, 1] + 3 * x[:, 2] ** 2 - x[:, 3]  # noqa: E731
    b, x = REFERENCES, X[:, None]
    expected = torch.stack(
        [
            (x[..., 0] - b[:, 0]) * (x[..., 1] + b[:, 1]) / 2,
            (x[..., 1] - b[:, 1]) * (x[..., 0] + b[:, 0]) / 2,
            3 * (x[..., 2] ** 2 - b[:, 2] ** 2),
            b[:, 3] - x[..., 3],
        ],
        dim=-1,
    ).mean(1)
    for samples in (12, 24):
        found = eg(model, X, baselines=b, samples=samples, antithetic=True, return_details=True)
        close(found.values, expected, 1e-12)
        close(found.gap, torch.zeros(5), 1e-12)
        close(found.f_start, model(b).mean().expand(5), 1e-12)
        close(found.f_end, model(X), 1e-12)


def test_linear_is_exact_where_every_baseline_is_drawn_equally_often(close):
    w = row(1, -2, 3, 0.5)[0]
    found = eg(lambda x: x @ w + 5, X, baselines=REFERENCES, samples=18)
    close(found, w * (X - REFERENCES.mean(0)), 1e-12)


def test_normal_baselines(close):
    """f = x^2: x^2 - m^2 - s^2. f = x1 x2, zero means, correlation rho: (x1 x2 - rho) / 2 each."""
    m, s, rho = 0.7, 0.5, 0.8
    drawn = normal(4000, 2, seed=5)
    one = eg(lambda x: x[:, 0] ** 2, row(1.5), baselines=m + s * drawn[:, :1], samples=4000,
             return_details=True)  # fmt: skip
    assert abs(float(one.values) - (1.5**2 - m**2 - s**2)) < 4 * float(one.standard_error)
    drawn[:, 1] = rho * drawn[:, 0] + (1 - rho**2) ** 0.5 * drawn[:, 1]
    two = eg(lambda x: x[:, 0] * x[:, 1], row(1, 2), baselines=drawn, samples=4000,
             return_details=True)  # fmt: skip
    assert float(two.standard_error.max()) < 0.05
    close(two.values, row(0.6, 0.6), 4 * float(two.standard_error.max()))


def test_baselines_around_x_measure_how_f_bends(close):
    """By Stein's lemma x' ~ N(x, s^2) gives -s^2 for x^2, not +s^2, and 0 for a linear model."""
    x = row(1.0, -2.0)
    around = xc.baselines.gaussian(x, sigma=0.5, draws=8000, clip=None)
    how = {"baselines": around, "samples": 8000, "antithetic": True, "return_details": True}
    bent = eg(lambda x: (x**2).sum(1), x, **how)
    close(bent.values, row(-0.25, -0.25), 4 * float(bent.standard_error.max()) / 0.25)
    linear = eg(lambda x: x @ row(3, 1)[0], x, **how)
    assert bool((linear.values.abs() < 4 * linear.standard_error).all())


def test_a_single_baseline_is_integrated_gradients(close):
    exact = xc.integrated_gradients(net, X, 1, baseline=0.4, steps=60)
    close(eg(net, X, 1, baselines=0.4, samples=4000), exact, 1e-3)
    two = (exact + xc.integrated_gradients(net, X, 1, baseline=-1.0, steps=60)) / 2
    close(eg(net, X, 1, baselines=(0.4, -1.0), samples=8000), two, 1e-3)


# ---- the paper's loop, from the draws that were made --------------------------------------------


def paper_loop(model, x: Tensor, sets: Tensor, line: Tensor, alpha: Tensor) -> Tensor:
    """(x - x'_j) * dF(x'_j + alpha_j (x - x'_j)) for each draw j of one row x: (S, d)."""
    found = []
    for j, a in zip(line.tolist(), alpha.tolist(), strict=True):
        point = (sets[j] + a * (x - sets[j])).requires_grad_(True)
        model(point[None]).sum().backward()
        found.append((x - sets[j]) * point.grad)
    return torch.stack(found)


@pytest.mark.parametrize("antithetic", [False, True])
@pytest.mark.parametrize("stratified", [False, True])
def test_against_the_papers_loop(stratified, antithetic, close):
    each = torch.stack([REFERENCES + k for k in range(5)], dim=1)  # (M, N, 4): a set for each row
    for sets in (REFERENCES, each):
        found = eg(
            net, X, 2, baselines=sets, samples=20, seed=7, batch_size=7,
            stratified=stratified, antithetic=antithetic, return_details=True,
        )  # fmt: skip
        for i in range(5):
            mine = sets if sets.dim() == 2 else sets[:, i]
            values = paper_loop(
                lambda z: net(z)[:, 2], X[i], mine, found.extra["line"], found.extra["alpha"]
            )
            close(found.values[i], values.mean(0), 1e-12)
            if antithetic:  # a pair is one value
                values = values.view(10, 2, 4).mean(1)
            error = values.std(0, correction=1) / len(values) ** 0.5
            close(found.standard_error[i], error, 1e-10)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(M=st.integers(1, 9), n=st.integers(1, 40), seed=st.integers(0, 99), mirror=st.booleans())
def test_stratified_draws_fill_the_line_and_use_all_baselines(M, n, seed, mirror):
    samples = 2 * n if mirror else n
    drawn = draw(M, samples, seed, stratified=True, antithetic=mirror)
    parts = (drawn.alpha * samples).floor().long().sort().values
    assert parts.tolist() == list(range(samples))  # one in each part of [0, 1]
    counts = torch.bincount(drawn.line, minlength=M) // (2 if mirror else 1)
    assert int(counts.max() - counts.min()) <= 1
    if mirror:
        assert torch.equal(drawn.alpha[::2] + drawn.alpha[1::2], torch.ones(n).double())
        assert torch.equal(drawn.line[::2], drawn.line[1::2])


def test_error_bars_hold(close):
    """Over 100 seeds |A - truth| is as large as the error bars say, or smaller if stratified."""
    truth = torch.stack(
        [xc.integrated_gradients(net, X[:1], 1, baseline=b, steps=40) for b in REFERENCES]
    ).mean(0)

    def ratio(**how) -> float:
        squares = []
        for seed in range(100):
            found = eg(net, X[:1], 1, baselines=REFERENCES, samples=120, seed=seed,
                       return_details=True, **how)  # fmt: skip
            squares.append(((found.values - truth) / found.standard_error) ** 2)
        return float(torch.stack(squares).mean().sqrt())

    assert 0.85 < ratio(stratified=False) < 1.15
    assert 0.85 < ratio(stratified=False, antithetic=True) < 1.15
    assert ratio(stratified=True) < 0.4


# ---- a training prior ---------------------------------------------------------------------------


def test_the_map_can_be_trained(close):
    """Linear: A_i = w_i (x_i - mean b_i), so d(sum A^2) / dw_i = 2 w_i (x_i - mean b_i)^2."""
    w = torch.tensor([1.0, -2, 3, 0.5], dtype=torch.float64, requires_grad=True)
    found = eg(lambda x: x @ w, X, baselines=REFERENCES, samples=6, differentiable=True)
    (slope,) = torch.autograd.grad((found**2).sum(), w)
    distance = X - REFERENCES.mean(0)
    close(slope, 2 * w.detach() * (distance**2).sum(0), 1e-12)


def test_a_prior_frees_a_model_from_a_feature():
    """Feature 3 repeats the label in training; punished, the net learns from the others."""
    x = normal(64, 4, seed=8)
    label = (x[:, 0] > 0).double()
    x[:, 3] = 2 * label - 1
    torch.manual_seed(0)
    shares = []
    for strength in (0.0, 10.0):
        layer = torch.nn.Sequential(
            torch.nn.Linear(4, 8), torch.nn.Softplus(), torch.nn.Linear(8, 1)
        ).double()
        optimiser = torch.optim.Adam(layer.parameters(), lr=0.05)
        for step in range(40):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(layer(x)[:, 0], label)
            if strength:
                maps = eg(layer, x, 0, baselines=x, samples=1, seed=step, differentiable=True)
                loss = loss + strength * (maps[:, 3] ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        final = eg(layer, x, 0, baselines=x, samples=50).abs().mean(0)
        shares.append(float(final[3] / final.sum()))
    assert shares[0] > 0.4
    assert shares[1] < 0.1


# ---- GradientSHAP --------------------------------------------------------------------------------


def test_without_noise_it_is_expected_gradients(close):
    how = {"baselines": REFERENCES, "samples": 30, "seed": 3}
    close(xc.gradient_shap(net, X, 1, **how), eg(net, X, 1, stratified=False, **how), 0.0)


def test_noise_by_a_closed_form(close):
    """f = x^2, baseline 0: E (x + s z)^2 = x^2 + s^2."""
    found = xc.gradient_shap(
        lambda x: x[:, 0] ** 2, row(1.5), sigma=0.5, samples=8000, return_details=True
    )
    assert abs(float(found.values) - 2.5) < 4 * float(found.standard_error) < 0.15
    close(found.f_end, torch.tensor([2.5]).double(), 0.02)


def test_against_captum():
    """Two Monte Carlo means of the same expectation: they agree within their error bars."""
    from captum.attr import GradientShap

    torch.manual_seed(0)
    theirs = GradientShap(net).attribute(X, REFERENCES, n_samples=3000, stdevs=0.3, target=1)
    ours = xc.gradient_shap(
        net, X, 1, baselines=REFERENCES, samples=3000, sigma=0.3, return_details=True
    )
    z = (ours.values - theirs.double()) / ours.standard_error / 2**0.5
    assert float(z.abs().max()) < 4
    assert float(ours.standard_error.max() / ours.values.abs().max()) < 0.02


# ---- how it works --------------------------------------------------------------------------------


def test_no_more_rows_at_once_than_asked():
    most = 0

    def watched(x: Tensor) -> Tensor:
        nonlocal most
        if not is_asking():
            most = max(most, len(x))
        return net(x)

    found = eg(watched, X, 1, baselines=REFERENCES, samples=50, batch_size=3, return_details=True)
    assert most == 3
    assert found.gradients.tolist() == [50] * 5


BAD = {
    "no samples": ({"samples": 0}, ValueError, "samples must be at least 1"),
    "odd pairs": ({"samples": 5, "antithetic": True}, ValueError, "must be even, got 5"),
    "seed": ({"seed": 0.5}, TypeError, "seed must be a whole number"),
    "stratified": ({"stratified": "yes"}, TypeError, "stratified must be True or False"),
    "set": ({"baselines": ()}, ValueError, "baselines is empty"),
}


@pytest.mark.parametrize(("bad", "error", "says"), BAD.values(), ids=BAD)
def test_bad_settings(bad, error, says):
    with pytest.raises(error, match=says):
        eg(net, X, 1, **bad)


def test_other_bad_input():
    with pytest.raises(ValueError, match="sigma must be at least 0 and finite, got -1"):
        xc.gradient_shap(net, X, 1, sigma=-1)
    with pytest.raises(ValueError, match=r"gradient of row 0 is NaN or infinite at draw 0, alpha"):
        eg(lambda x: (0 * x).sum(1).sqrt(), X)
    with pytest.raises(ValueError, match="F of row 0 is -inf on average over the baselines"):
        eg(lambda x: x.abs().sum(1).log(), X)
