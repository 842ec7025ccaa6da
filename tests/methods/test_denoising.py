"""SmoothGrad, SmoothGrad squared, VarGrad: closed forms, Stein's identity, and another's code."""

import functools
import math
import weakref

import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.attribution import Attribution
from xaicourse.core.moments import Moments
from xaicourse.core.registry import attribution_method
from xaicourse.core.row_guard import is_asking
from xaicourse.methods.denoising.input_noise import standard_normal
from xaicourse.methods.denoising.nested import other_seed
from xaicourse.methods.examples import small_classifier

H = torch.tensor([[2.0, 1.0], [1.0, -3.0]], dtype=torch.float64)
X = torch.tensor([[0.5, -1.0]], dtype=torch.float64)
SIGMA = 0.3
ABSOLUTE = {"sigma": SIGMA, "relative": False}


def quadratic(x: Tensor) -> Tensor:
    """f = x' H x / 2, with gradient H x."""
    return 0.5 * torch.einsum("ni,ij,nj->n", x, H.to(x), x)


def draws(samples: int, seed: int = 0, antithetic: bool = False) -> Tensor:
    return torch.stack(list(standard_normal(samples, (2,), seed, antithetic))).double()


def within(details: Attribution, truth, errors: float = 4.5) -> None:
    """Assert that each value lies within a few of its own standard errors, and that they say it."""
    truth = torch.as_tensor(truth, dtype=torch.float64)
    assert details.standard_error is not None
    assert bool(((details.values - truth).abs() <= errors * details.standard_error).all())
    assert bool((details.standard_error < 0.15 * truth.abs().max()).all())  # not by being wide


# ---- closed forms --------------------------------------------------------------------------------


def test_quadratic_in_its_own_draws(close):
    """The gradient at x + sigma z is H x + sigma H z, so all three are known draw by draw."""
    n = 40
    g = X @ H + SIGMA * draws(n) @ H  # (n, 2)
    settings = {**ABSOLUTE, "samples": n}
    close(xc.smoothgrad(quadratic, X, **settings), g.mean(0, keepdim=True))
    close(xc.smoothgrad_squared(quadratic, X, **settings), g.square().mean(0, keepdim=True))
    close(xc.vargrad(quadratic, X, **settings), g.var(0, correction=0, keepdim=True))


def test_quadratic_in_the_limit():
    """Reviews E11: SmoothGrad H x, VarGrad sigma^2 sum_j H_ij^2, SmoothGrad squared their sum."""
    settings = {**ABSOLUTE, "samples": 4000, "return_details": True}
    within(xc.smoothgrad(quadratic, X, **settings), [[0.0, 3.5]])
    within(xc.vargrad(quadratic, X, **settings), [[0.45, 0.90]])
    within(xc.smoothgrad_squared(quadratic, X, **settings), [[0.45, 13.15]])


def test_squared_is_the_square_plus_the_variance(close):
    model, x = xc.zoo.toy(), xc.zoo.toy_input()
    for sigma in (0.2, 1.0):
        one = {"sigma": sigma, "samples": 30, "seed": 3}
        mean, square = xc.smoothgrad(model, x, **one), xc.smoothgrad_squared(model, x, **one)
        close(square, mean**2 + xc.vargrad(model, x, **one))


def normal_cdf(z: float) -> float:
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def test_a_relu_smooths_into_the_normal_distribution():
    """relu(m), m = w x + b: SmoothGrad w Phi(m / (sigma |w|)), VarGrad w^2 Phi (1 - Phi)."""
    w = torch.tensor([1.0, 2.0], dtype=torch.float64)
    model = lambda x: torch.relu(x @ w.to(x) + 0.3)  # noqa: E731
    m = float(X @ w + 0.3)  # -1.2
    open_share = normal_cdf(m / (SIGMA * math.sqrt(5)))
    assert w[0] * open_share == pytest.approx(0.0368, abs=1e-4)
    settings = {**ABSOLUTE, "samples": 20000, "batch_size": 1000, "return_details": True}
    within(xc.smoothgrad(model, X, **settings), [(w * open_share).tolist()])
    within(
        xc.vargrad(model, X, **settings),
        [(w**2 * open_share * (1 - open_share)).tolist()],
    )


def test_a_sine_is_damped():
    model = lambda x: torch.sin(x).sum(1)  # noqa: E731
    found = xc.smoothgrad(model, X, **ABSOLUTE, samples=4000, return_details=True)
    within(found, torch.cos(X) * math.exp(-(SIGMA**2) / 2))


def test_a_linear_model_is_its_own_average(close):
    w = torch.tensor([3.0, -2.0], dtype=torch.float64)
    model = lambda x: x @ w.to(x)  # noqa: E731
    close(xc.smoothgrad(model, X, samples=5), w[None])
    close(xc.vargrad(model, X, samples=5), torch.zeros(1, 2))


def test_stein_smoothgrad_is_the_gradient_of_the_smoothed_function():
    """E[F(x + e) e] / sigma^2 = grad of E[F(x + e)]: differences of averages, on the TOY net.

    The smoothed function itself is integrated on a grid, so nothing here is random.
    """
    toy, x, sigma = xc.zoo.toy(), xc.zoo.toy_input(), 1.0
    grid = torch.linspace(-6, 6, 601, dtype=torch.float64)
    weight = torch.exp(-grid.square() / 2)
    weight = (weight[:, None] * weight[None, :]).flatten()
    noise = torch.cartesian_prod(grid, grid)  # (P, 2)

    def smoothed(point: Tensor) -> Tensor:
        return (toy(point + sigma * noise) * weight).sum() / weight.sum()

    h = 1e-3
    slope = [
        (smoothed(x + h * e) - smoothed(x - h * e)) / (2 * h)
        for e in torch.eye(2, dtype=torch.float64)
    ]
    stein = (toy(x + sigma * noise)[:, None] * noise * weight[:, None]).sum(0) / weight.sum()
    assert float((torch.stack(slope) - stein / sigma).norm()) < 1e-3
    found = xc.smoothgrad(
        toy, x, sigma=sigma, relative=False, samples=20000, batch_size=1000, return_details=True
    )
    within(found, torch.stack(slope)[None])


# ---- the error -----------------------------------------------------------------------------------


def test_error_falls_with_the_root_of_samples_and_is_the_one_reported():
    errors = {}
    for n in (25, 100, 400):
        found = [
            xc.smoothgrad(quadratic, X, **ABSOLUTE, samples=n, seed=seed, return_details=True)
            for seed in range(30)
        ]
        miss = torch.cat([f.values for f in found]) - X @ H
        errors[n] = float(miss.square().mean().sqrt())
        reported = torch.cat([f.standard_error for f in found]).square().mean().sqrt()
        assert float(reported) == pytest.approx(errors[n], rel=0.3)
    assert errors[25] / errors[100] == pytest.approx(2, rel=0.35)
    assert errors[100] / errors[400] == pytest.approx(2, rel=0.35)


def test_antithetic_noise_cancels_what_is_odd(close):
    found = xc.smoothgrad(quadratic, X, **ABSOLUTE, samples=4, antithetic=True, return_details=True)
    close(found.values, X @ H)  # exact: the gradient is linear in the noise
    assert float(found.standard_error.max()) < 1e-12
    pairs = draws(6, antithetic=True)
    close(pairs[::2], -pairs[1::2])
    close(pairs[::2], draws(3))
    with pytest.raises(ValueError, match="samples must be even, got 5"):
        xc.smoothgrad(quadratic, X, samples=5, antithetic=True)


def test_a_single_sample_has_no_standard_error():
    found = xc.smoothgrad(quadratic, X, samples=1, return_details=True)
    assert bool(torch.isnan(found.standard_error).all())
    with pytest.raises(ValueError, match="samples must be at least 2"):
        xc.vargrad(quadratic, X, samples=1)


@pytest.mark.parametrize("samples", [2, 3])
def test_the_error_of_a_variance_needs_four_values(samples):
    """Of two values m4 = var^2: the error would be 0."""
    found = xc.vargrad(quadratic, X, **ABSOLUTE, samples=samples, return_details=True)
    assert bool(found.standard_error.isnan().all())
    assert bool((found.values > 0).all())


def test_moments_agree_with_torch_far_from_zero(close):
    values = 1e6 + torch.sin(torch.arange(60, dtype=torch.float64)).view(20, 3) ** 3
    moments = Moments(values[0], order=4)
    for value in values:
        moments.add(value)
    close(moments.mean, values.mean(0), 1e-14)
    close(moments.variance, values.var(0, correction=0), 1e-8)
    centred = values - values.mean(0)
    expected = (((centred**4).mean(0) - (centred**2).mean(0) ** 2) / 20).sqrt()
    close(moments.error_of_variance, expected, 1e-7)
    close(moments.error_of_mean, values.std(0) / 20**0.5, 1e-8)


# ---- how large the noise is ----------------------------------------------------------------------


def test_sigma_is_a_share_of_each_rows_own_range(close):
    x = torch.cat([X, 10 * X])
    found = xc.smoothgrad(quadratic, x, sigma=0.2, samples=30, return_details=True)
    close(found.extra["sigma"], [0.3, 3.0])  # ranges 1.5 and 15
    for row, sigma in ((0, 0.3), (1, 3.0)):
        alone = xc.smoothgrad(quadratic, x[row : row + 1], sigma=sigma, relative=False, samples=30)
        close(found.values[row : row + 1], alone)


def test_a_constant_row_needs_an_absolute_sigma(close):
    x = torch.cat([X, torch.ones(1, 2, dtype=torch.float64)])
    with pytest.raises(ValueError, match=r"row 1 of x is constant.*relative=False"):
        xc.smoothgrad(quadratic, x)
    xc.smoothgrad(quadratic, x, sigma=0.1, relative=False)
    close(xc.smoothgrad(quadratic, x, sigma=0.0, samples=2), x @ H)


@pytest.mark.parametrize(
    ("setting", "error", "says"),
    [
        ({"sigma": -0.1}, ValueError, "sigma must be at least 0"),
        ({"sigma": float("nan")}, ValueError, "sigma must be .*finite"),
        ({"sigma": "0.1"}, TypeError, "sigma must be a number"),
        ({"samples": 0}, ValueError, "samples must be at least 1"),
        ({"seed": 0.5}, TypeError, "seed must be a whole number"),
        ({"antithetic": "yes"}, TypeError, "antithetic must be True or False"),
        ({"seed": 2**70}, ValueError, "seed must fit into 64 bits"),
        ({"method": "gradent"}, ValueError, "there is no method 'gradent'"),
        ({"method": lambda *a: 0}, TypeError, "method must be the name of a registered"),
        ({"method": xc.spec("gradient", output="logit")}, ValueError, "method fixes output"),
    ],
)
def test_bad_settings(setting, error, says):
    with pytest.raises(error, match=says):
        xc.smoothgrad(quadratic, X, **setting)


# ---- any method inside ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method",
    [
        "input_x_gradient",
        xc.spec("integrated_gradients", steps=6, baseline=0.2),
        functools.partial(xc.integrated_gradients, steps=6, baseline=0.2),
        xc.spec("smoothgrad", samples=3, seed=5),
    ],
    ids=lambda method: getattr(method, "name", str(method)[:20]),
)
def test_equals_a_loop_over_noisy_copies(method, close):
    example = small_classifier()
    model, x, target = example.model, example.x, example.target
    run = (lambda *a, **k: xc.METHODS[method].method(*a, **k)) if method in xc.METHODS else method
    noise = list(standard_normal(7, (6,), 4, False))
    scale = 0.2 * (x.amax(1) - x.amin(1))[:, None]
    expected = 0
    for s, z in enumerate(noise):
        seed = {"seed": other_seed(5, s)} if getattr(method, "name", "") == "smoothgrad" else {}
        call = run if not seed else functools.partial(xc.smoothgrad, samples=3)
        expected = expected + call(model, x + scale * z.double(), target, **seed) / 7
    for batch_size in (1, 5, 100):
        got = xc.smoothgrad(
            model, x, target, method=method, sigma=0.2, samples=7, seed=4, batch_size=batch_size
        )
        close(got, expected)


@pytest.mark.parametrize("rows", [1, 3])
def test_a_baseline_for_each_row_goes_with_its_row(rows, close):
    """However many copies go through the model at once."""
    x = torch.sin(torch.arange(3.0 * rows, dtype=torch.float64)).view(rows, 3)
    baseline = torch.cos(torch.arange(3.0 * rows, dtype=torch.float64)).view(rows, 3)

    def model(x):
        return (x**3).sum(1) * x[:, 0]

    inner = functools.partial(xc.integrated_gradients, baseline=baseline, steps=4)
    noise = standard_normal(6, (3,), 0, antithetic=False)
    maps = torch.stack([inner(model, x + 0.3 * z.double()) for z in noise])
    for batch_size in (1, rows, 4 * rows, None):
        found = xc.smoothgrad(
            model, x, method=inner, sigma=0.3, relative=False, samples=6, batch_size=batch_size
        )
        close(found, maps.mean(0))


def test_rows_keep_what_is_bound_to_them(close):
    """Copies stand in one batch: a row's extras and its class must go with each copy."""
    scale = torch.tensor([1.0, 10.0, 100.0], dtype=torch.float64)
    model = xc.bind(lambda x, scale: (x * scale[:, None]).cumsum(1), scale=scale)
    x = torch.cos(torch.arange(6, dtype=torch.float64)).view(3, 2)
    got = xc.smoothgrad(model, x, torch.tensor([0, 1, 1]), samples=4)
    close(got, [[1.0, 0], [10, 10], [100, 100]])


def test_class_is_never_chosen_again(close):
    """Noise this large changes the best class; the map stays that of the class at x."""
    model = lambda x: torch.stack([x[:, 0], 3 * x[:, 1]], 1)  # noqa: E731
    x = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    close(xc.smoothgrad(model, x, sigma=5.0, relative=False), [[1.0, 0.0]])
    close(xc.smoothgrad(model, x, sigma=5.0, relative=False, output="margin"), [[1.0, -3.0]])


def test_memory_is_flat_in_samples():
    example = small_classifier()
    living: list[weakref.ref] = []
    most_rows, most_alive = 0, 0

    def watched(x: Tensor) -> Tensor:
        nonlocal most_rows, most_alive
        outputs = example.model(x)
        if is_asking():
            return outputs
        living.append(weakref.ref(outputs))
        most_rows = max(most_rows, len(x))
        most_alive = max(most_alive, sum(r() is not None for r in living))
        return outputs

    xc.smoothgrad(watched, example.x, example.target, samples=60, batch_size=4)
    assert most_rows == 4  # two copies of two rows
    assert most_alive <= 2


def test_nan_inside_is_reported_with_the_copy():
    def model(x: Tensor) -> Tensor:  # sqrt of a negative number away from x
        return torch.sqrt(x[:, 0])

    x = torch.tensor([[0.01, 1.0]], dtype=torch.float64)
    with pytest.raises(ValueError, match=r"failed on noisy copies 0 to 49 of x.*F of row 1 is nan"):
        xc.smoothgrad(model, x)


def test_a_method_with_one_result_for_the_data_set_is_refused():
    def summary(model, x, target=None, *, output="logit", batch_size=None):
        return Attribution(values=x.mean(0), kind="dataset", target=None)

    registered = attribution_method(
        title="A summary", year=2000, paper="none", family="vanilla",
        result="dataset", cost=lambda settings: 1, example=small_classifier,
    )(summary)  # fmt: skip
    try:
        with pytest.raises(ValueError, match="summary has one result for the whole data set"):
            xc.smoothgrad(quadratic, X, method=registered)
    finally:
        xc.METHODS.pop("summary")


# ---- other people's code -------------------------------------------------------------------------


def test_agrees_with_captum_within_the_errors_of_both():
    """Its draws are its own, so the two agree up to the standard errors of two averages."""
    captum = pytest.importorskip("captum.attr")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)).double().eval()
        x = torch.randn(1, 4, dtype=torch.float64)
        tunnel = captum.NoiseTunnel(captum.Saliency(net))
        n = 8000
        peers = {
            kind: tunnel.attribute(
                x, nt_type=kind, nt_samples=n, nt_samples_batch_size=1000, stdevs=0.4, target=1,
                abs=False,
            ).detach()
            for kind in ("smoothgrad", "smoothgrad_sq", "vargrad")
        }  # fmt: skip
    ours = {"smoothgrad": xc.smoothgrad, "smoothgrad_sq": xc.smoothgrad_squared}
    for kind, method in {**ours, "vargrad": xc.vargrad}.items():
        found = method(net, x, 1, sigma=0.4, relative=False, samples=n, return_details=True)
        apart = (found.values - peers[kind]).abs()
        assert bool((apart <= 4.5 * math.sqrt(2) * found.standard_error).all()), kind
        assert float(found.standard_error.norm() / found.values.norm()) < 0.05
