"""Noise on weights never touches the caller's module, whatever it is made of, in no thread."""

import copy
import functools
import threading
import types

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, weight_norm
from torch.utils import checkpoint

import xaicourse as xc
from xaicourse.methods.denoising.model_copies import shallow_copy

pytestmark = pytest.mark.fault("K1", "T6")


class Base(nn.Module):
    """Two layers; how the second one is held is the subclass's."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.head = nn.Linear(3, 5), nn.Linear(5, 5), nn.Linear(5, 2)

    def second(self, h: Tensor) -> Tensor:
        return self.b(h)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.tanh(self.second(torch.tanh(self.a(x)))))


class Tied(Base):
    def second(self, h: Tensor) -> Tensor:
        return torch.tanh(h @ self.b.weight) @ self.b.weight.T + self.b.bias


class Listed(Base):
    def __init__(self) -> None:
        super().__init__()
        self.also = [(self.b,)]

    def second(self, h: Tensor) -> Tensor:
        return self.also[0][0](h)


class Bound(Base):
    def __init__(self) -> None:
        super().__init__()
        self.steps = {"second": self.b.forward}

    def second(self, h: Tensor) -> Tensor:
        return self.steps["second"](h)


class Patched(Base):
    def __init__(self) -> None:
        super().__init__()
        old = self.b.forward
        self.b.forward = types.MethodType(
            lambda layer, h: 2 * type(layer).forward(layer, h), self.b
        )
        self.part = functools.partial(old)

    def second(self, h: Tensor) -> Tensor:
        return self.b(h) + self.part(h)


class Holder:
    """No module, but holds one: only a deep copy reaches it."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer


class Held(Base):
    def __init__(self) -> None:
        super().__init__()
        self.holder = Holder(self.b)

    def second(self, h: Tensor) -> Tensor:
        return self.holder.layer(h)


class Sliced(Base):
    """Keeps views of its own weight (made once, without a graph)."""

    def __init__(self) -> None:
        super().__init__()
        self.holder = types.SimpleNamespace(layer=self.b)

    def second(self, h: Tensor) -> Tensor:
        return h @ self.holder.layer.weight[:, :5].T


class Hooked(Base):
    def __init__(self) -> None:
        super().__init__()
        self.b.register_forward_hook(self.twice)

    def twice(self, module: nn.Module, inputs: tuple, output: Tensor) -> Tensor:
        return output + self.a.weight.sum()


class Recurrent(Base):
    def __init__(self) -> None:
        super().__init__()
        self.b = nn.LSTM(5, 5, batch_first=True)

    def second(self, h: Tensor) -> Tensor:
        return self.b(h[:, None])[0][:, 0]


class Parametrized(Base):
    def __init__(self) -> None:
        super().__init__()
        parametrizations.weight_norm(self.b)
        parametrizations.orthogonal(self.head)


class OldWeightNorm(Base):
    def __init__(self) -> None:
        super().__init__()
        weight_norm(self.b)


class Recomputed(Base):
    def second(self, h: Tensor) -> Tensor:
        return checkpoint.checkpoint(self.b, h, use_reentrant=False)


class Circle(Base):
    def __init__(self) -> None:
        super().__init__()
        self.__dict__["parent"] = self
        self.b.__dict__["parent"] = [self]

    def second(self, h: Tensor) -> Tensor:
        return self.b.parent[0].parent.b(h)


KINDS = [
    Base, Tied, Listed, Bound, Held, Sliced, Hooked, Recurrent, Parametrized, Recomputed, Circle,
]  # fmt: skip
X = torch.cos(torch.arange(6, dtype=torch.float64)).view(2, 3)


def made(kind: type[nn.Module]) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return kind().double().eval()


def loop(net: nn.Module, samples: int, seed: int, x: Tensor = X) -> Tensor:
    """The slow way: the noise written into a deep copy, whose layers are its own."""
    generator = torch.Generator().manual_seed(seed)
    maps = []
    for _ in range(samples):
        other = copy.deepcopy(net)
        with torch.no_grad():
            for W in other.parameters():
                W.mul_(1 + 0.2 * torch.randn(W.shape, generator=generator).double())
        leaf = x.clone().requires_grad_(True)
        maps.append(torch.autograd.grad(other(leaf)[:, 1].sum(), leaf)[0])
    return torch.stack(maps).mean(0)


@pytest.mark.parametrize("kind", KINDS)
def test_noise_reaches_every_weight_and_none_of_the_callers(kind, close):
    net = made(kind)
    before = {k: (id(t), t._version, t.clone()) for k, t in net.state_dict(keep_vars=True).items()}
    close(xc.noisegrad(net, X, 1, samples=4, seed=5), loop(net, 4, 5))
    after = net.state_dict(keep_vars=True)
    assert all((id(after[k]), after[k]._version) == found[:2] for k, found in before.items())
    assert all(torch.equal(after[k], t) for k, (_, _, t) in before.items())


@pytest.mark.filterwarnings("ignore:.*weight_norm.*deprecated")
def test_the_old_weight_norm_leaves_no_noise_behind(close):
    net = made(OldWeightNorm)
    before, weight = net(X), net.b.weight.detach().clone()
    new = made(Base)
    parametrizations.weight_norm(new.b)
    close(xc.noisegrad(net, X, 1, samples=4), xc.noisegrad(new, X, 1, samples=4), 1e-6)
    assert torch.equal(net(X), before)
    assert torch.equal(net.b.weight.detach(), weight)


def test_a_patched_forward_is_the_copys_own():
    net = made(Patched)
    weights = {W: torch.zeros_like(W) for W in net.parameters()}
    assert not shallow_copy(net, weights)(X).any()
    assert net(X).any()


def test_a_closure_is_refused_and_the_advice_works(close):
    net = made(Base)
    layer = net.b
    net.second = lambda h: layer(h)
    with pytest.raises(ValueError, match=r"weight 'b\..*' .*in linear.*self.layer only"):
        xc.noisegrad(net, X, 1)
    del net.second
    close(xc.noisegrad(net, X, 1, samples=4, seed=5), loop(net, 4, 5))


def test_data_parallel_is_told_to_pass_its_module():
    with pytest.raises(TypeError, match=r"pass model\.module"):
        xc.noisegrad(nn.DataParallel(made(Base)), X, 1)


@pytest.mark.filterwarnings("ignore:.*torch.jit.trace.* is deprecated")
def test_a_scripted_part_is_refused():
    net = nn.Sequential(torch.jit.trace(made(Base), X), nn.Linear(2, 2).double())
    with pytest.raises(TypeError, match="scripted or traced part"):
        xc.noisegrad(net, X, 1)


@pytest.mark.parametrize("method", [xc.noisegrad, xc.fusiongrad])
@pytest.mark.parametrize("kind", [Base, Recurrent, Tied])
def test_threads_do_not_see_each_others_noise(method, kind, close):
    """Two noisy runs and a plain gradient on the very same module, all at once."""
    net, x = made(kind), X
    fewer = {"samples": 3} if method is xc.noisegrad else {"samples": 3, "input_samples": 2}
    expected = [method(net, x, 1, seed=s, **fewer) for s in (1, 2)] + [xc.gradient(net, x, 1)]
    before = copy.deepcopy(net.state_dict())
    objects = {k: id(t) for k, t in net.state_dict(keep_vars=True).items()}
    found: list[list[Tensor]] = [[], [], []]

    def work(place: int) -> None:
        for _ in range(15):
            if place == 2:
                found[2] += [xc.gradient(net, x, 1) for _ in range(4)]
            else:
                found[place].append(method(net, x, 1, seed=place + 1, **fewer))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for got, truth in zip(found, expected, strict=True):
        for one in got:
            close(one, truth)
    assert [len(got) for got in found] == [15, 15, 60]
    assert {k: id(t) for k, t in net.state_dict(keep_vars=True).items()} == objects
    assert all(torch.equal(before[k], t) for k, t in net.state_dict().items())


def test_state_that_a_copy_keeps_is_its_own():
    class Remembers(Base):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("last", torch.zeros(1, 5))
            self.seen = None

        def second(self, h: Tensor) -> Tensor:
            self.last.copy_(h.detach()[-1:])
            self.seen = self.b.weight
            return self.b(h)

    net = made(Remembers)
    xc.gradient(net, X, 1)  # now no other forward pass is needed
    xc.noisegrad(net, X, 1, samples=2, batch_size=2)
    assert net.seen is net.b.weight
    assert torch.equal(net.last, torch.tanh(net.a(X[-1:])))
