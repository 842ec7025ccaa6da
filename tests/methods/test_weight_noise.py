"""NoiseGrad and FusionGrad: closed forms, loops over changed copies, and untouched weights."""

import copy
import math

import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.row_guard import is_asking
from xaicourse.methods.denoising.input_noise import standard_normal
from xaicourse.methods.denoising.nested import other_seed
from xaicourse.methods.denoising.weight_noise import noisy_weights, with_weights


class Gate(nn.Module):
    """f = relu(w x) of one number."""

    def __init__(self, w: float) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(w, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.w * x)[:, 0]


def small_net() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 3)
        )
        net[1].running_mean.uniform_(-1, 1)
    return net.double().eval()


X = torch.cos(torch.arange(64, dtype=torch.float64)).view(2, 2, 4, 4)
TARGET = torch.tensor([2, 0])


def noisy_copies(net: nn.Module, sigma: float, samples: int, seed: int, additive: bool = False):
    """The slow way: a deep copy of the net for each sample, with its weights overwritten."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(samples):
        other = copy.deepcopy(net)
        for W in other.parameters():
            z = torch.randn(W.shape, generator=generator).double()
            W.data = W.data + sigma * z * (1 if additive else W.data)
        yield other


def test_closed_form_of_a_single_weight():
    """E[w eta 1(w eta x > 0)] = w (Phi(1 / sigma) + sigma phi(1 / sigma)): 1.70722."""
    w, sigma = 1.7, 0.5
    phi = math.exp(-1 / (2 * sigma**2)) / math.sqrt(2 * math.pi)
    truth = w * (0.5 * (1 + math.erf(1 / sigma / math.sqrt(2))) + sigma * phi)
    assert truth == pytest.approx(1.70722, abs=1e-5)
    x = torch.ones(1, 1, dtype=torch.float64)
    found = xc.noisegrad(Gate(w), x, weight_sigma=sigma, samples=4000, return_details=True)
    assert float((found.values - truth).abs()) <= 4 * float(found.standard_error)
    assert float(found.standard_error) < 0.02


@pytest.mark.parametrize("noise", ["multiplicative", "additive"])
def test_noisegrad_equals_a_loop_over_changed_copies(noise, close):
    net = small_net()
    copies = list(noisy_copies(net, 0.2, 6, seed=3, additive=noise == "additive"))
    maps = torch.stack([xc.gradient(other, X, TARGET) for other in copies])
    found = xc.noisegrad(net, X, TARGET, noise=noise, samples=6, seed=3, return_details=True)
    close(found.values, maps.mean(0))
    close(found.standard_error, maps.std(0) / math.sqrt(6))


def test_fusiongrad_equals_two_loops(close):
    net = small_net()
    scale = 0.1 * (X.flatten(1).amax(1) - X.flatten(1).amin(1)).view(-1, 1, 1, 1)
    outer = []
    draws = standard_normal(20, (2, 4, 4), other_seed(3, 0), False)
    for other in noisy_copies(net, 0.2, 4, seed=3):
        noise = [next(draws) for _ in range(5)]
        maps = [xc.gradient(other, X + scale * z.double(), TARGET) for z in noise]
        outer.append(torch.stack(maps).mean(0))
    for batch_size in (1, 7, 100):
        found = xc.fusiongrad(
            net, X, TARGET, samples=4, input_samples=5, seed=3, batch_size=batch_size,
            return_details=True,
        )  # fmt: skip
        close(found.values, torch.stack(outer).mean(0))
        close(found.standard_error, torch.stack(outer).std(0) / 2)
    assert found.gradients.tolist() == [20, 20]


def test_without_noise_it_is_the_method_inside(close):
    net = small_net()
    inner = xc.spec("integrated_gradients", steps=5)
    close(xc.noisegrad(net, X, 1, method=inner, weight_sigma=0, samples=2), inner(net, X, 1))
    close(
        xc.fusiongrad(net, X, 1, weight_sigma=0, sigma=0, samples=2, input_samples=2),
        xc.gradient(net, X, 1),
    )


def test_a_linear_model_keeps_its_weights_on_average():
    net = nn.Linear(3, 1).double()
    x = torch.ones(1, 3, dtype=torch.float64)
    found = xc.noisegrad(net, x, samples=2000, return_details=True)
    apart = (found.values - net.weight.detach()).abs()
    assert bool((apart <= 4 * found.standard_error).all())
    # the gradient is w (1 + sigma z): its standard error is known
    expected = 0.2 * net.weight.detach().abs() / math.sqrt(2000)
    assert float((found.standard_error / expected - 1).abs().max()) < 0.1


class Failing(nn.Module):
    def __init__(self, inner: nn.Module, fails_at: int) -> None:
        super().__init__()
        self.inner, self.fails_at = inner, fails_at
        self.seen: list[Tensor] = []  # shared with the copies that get noise

    def forward(self, x: Tensor) -> Tensor:
        if is_asking():
            return self.inner(x)
        self.seen.append(self.inner[0].weight.detach().clone())
        if len(self.seen) == self.fails_at:
            raise ArithmeticError("on purpose")
        return self.inner(x)


@pytest.mark.parametrize("method", [xc.noisegrad, xc.fusiongrad])
@pytest.mark.parametrize("fails_at", [0, 1, 2, 3])
def test_weights_are_never_written_to(method, fails_at):
    """Bit for bit, with version counters and identities, also after an exception inside."""
    model = Failing(small_net(), fails_at)
    before = {
        k: (id(t), t._version, t.clone()) for k, t in model.state_dict(keep_vars=True).items()
    }
    try:
        method(model, X, TARGET, samples=3, batch_size=2)
        assert fails_at == 0
    except ValueError as error:
        assert "on purpose" in str(error)  # noqa: PT017
    after = model.state_dict(keep_vars=True)
    for name, (identity, version, value) in before.items():
        assert id(after[name]) == identity
        assert after[name]._version == version
        assert torch.equal(after[name], value)
        assert after[name].grad is None
    assert torch.equal(model.seen[0], model.inner[0].weight)  # the first call: without noise
    if fails_at == 0:
        assert not torch.equal(model.seen[-1], model.inner[0].weight)


def test_buffers_stay_and_tied_weights_stay_tied():
    net = small_net()
    (weights,) = noisy_weights(net, 0.2, "multiplicative", 1, 0)
    assert list(weights) == list(net.parameters())
    tied = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)).double()
    tied[1].weight = tied[0].weight
    (weights,) = noisy_weights(tied, 0.2, "multiplicative", 1, 0)
    x = torch.eye(2, dtype=torch.float64)
    (W,) = weights.values()
    torch.testing.assert_close(with_weights(tied, weights)(x), W.T @ W.T, rtol=1e-12, atol=0)


class Unrolled(nn.Module):
    """The same layer three times: under two names in a Sequential, and once by hand."""

    def __init__(self) -> None:
        super().__init__()
        cell = nn.Linear(3, 3)
        self.steps = nn.Sequential(cell, nn.ReLU(), cell)
        self.cell, self.head = cell, nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cell(self.steps(x)))


@pytest.mark.parametrize("noise", ["multiplicative", "additive"])
def test_a_layer_that_is_used_twice_keeps_its_weights_and_gets_one_noise(noise, close):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Unrolled().double().eval()
    before = {k: (id(t), t.clone()) for k, t in net.state_dict(keep_vars=True).items()}
    x = torch.cos(torch.arange(6, dtype=torch.float64)).view(2, 3)
    copies = noisy_copies(net, 0.2, 4, seed=3, additive=noise == "additive")
    maps = torch.stack([xc.gradient(other, x, 1) for other in copies])
    close(xc.noisegrad(net, x, 1, noise=noise, samples=4, seed=3), maps.mean(0))
    after = net.state_dict(keep_vars=True)
    assert [id(t) for t in after.values()] == [i for i, _ in before.values()]
    assert all(torch.equal(after[k], t) for k, (_, t) in before.items())


def test_what_is_bound_to_the_model_stays(close):
    net = nn.Linear(2, 1).double()

    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, x: Tensor, scale: Tensor) -> Tensor:
            return self.net(x) * scale[:, None]

    x = torch.ones(2, 2, dtype=torch.float64)
    bound = xc.bind(Scaled(), scale=torch.tensor([1.0, 10.0], dtype=torch.float64))
    got = xc.noisegrad(bound, x, samples=3)
    close(got[1], 10 * got[0])
    close(got[:1], xc.noisegrad(net, x[:1], samples=3))


def test_models_without_weights_are_refused():
    toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    for method in (xc.noisegrad, xc.fusiongrad):
        with pytest.raises(TypeError, match=r"model must be a torch.nn.Module.*function"):
            method(lambda x: toy(x), x)
        with pytest.raises(ValueError, match="model Flatten has no parameters"):
            method(nn.Flatten(), x, 0)


@pytest.mark.parametrize(
    ("setting", "error", "says"),
    [
        ({"weight_sigma": -1}, ValueError, "weight_sigma must be at least 0"),
        ({"weight_sigma": None}, TypeError, "weight_sigma must be a number"),
        ({"noise": "gaussian"}, ValueError, "noise must be 'multiplicative' or 'additive'"),
        ({"samples": 0}, ValueError, "samples must be at least 1"),
        ({"method": "noisegrad"}, ValueError, "noisegrad looks for a layer or for weights"),
    ],
)
def test_bad_settings(setting, error, says):
    with pytest.raises(error, match=says):
        xc.noisegrad(xc.zoo.toy(), xc.zoo.toy_input(), **setting)


def test_smoothgrad_of_noisegrad_takes_the_module_itself(close):
    """The other way round: each noisy input gets weights of its own."""
    net, x = small_net(), X[:1]
    got = xc.smoothgrad(net, x, 1, method=xc.spec("noisegrad", samples=2), samples=3, seed=9)
    scale = 0.15 * float(x.max() - x.min())
    maps = [
        xc.noisegrad(net, x + scale * z.double(), 1, samples=2, seed=other_seed(0, s))
        for s, z in enumerate(standard_normal(3, (2, 4, 4), 9, False))
    ]
    close(got, torch.stack(maps).mean(0))
