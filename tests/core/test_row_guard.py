"""A row in, its score out: models whose rows depend on more than themselves are refused."""

import contextlib
import functools
import gc
import weakref
from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.row_guard import DependentRowsError, is_asking

pytestmark = pytest.mark.fault("K3", "T12")


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


W, Z, SERIES = drawn(4, 2), drawn(5, 4, seed=1), drawn(5, 6, 4, seed=2)
ADJACENCY = drawn(5, 5, seed=3).softmax(1)
TABLE = drawn(5, 4, seed=4)


def seeded(make):
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return make().double().eval()


RNN, GRU = seeded(lambda: nn.RNN(4, 4)), seeded(lambda: nn.GRU(4, 4, batch_first=True))
LAYER = seeded(lambda: nn.TransformerEncoderLayer(4, 2, 8))


class Remembers(nn.Module):
    """Goes on with the state of the last call if that had as many rows."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.state is None or len(self.state) != len(x):
            self.state = torch.zeros_like(x)
        self.state = (0.5 * self.state + x).detach()
        return (x * self.state) @ W


class Counts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros((), dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x @ W * self.calls


COUPLED = {
    "standardised over the batch": (lambda z: ((z - z.mean(0)) / (z.std(0) + 1)) @ W, Z),
    "centred": (lambda z: (z - z.mean(0)) @ W, Z),
    "the largest of all": (lambda z: z / z.abs().max().item() @ W, Z),
    "softmax over rows": (lambda z: (z @ W).softmax(0), Z),
    "normalised over all numbers": (lambda z: nn.functional.normalize(z, dim=0) @ W, Z),
    "nodes as rows": (lambda z: ADJACENCY @ z @ W, Z),
    "time first": (lambda q: RNN(q)[0][:, -1] @ W, SERIES),
    "attention over rows": (lambda q: LAYER(q)[:, -1] @ W, SERIES),
    "layer norm of a turned matrix": (lambda z: nn.functional.layer_norm(z.T, (len(z),)).T @ W, Z),
    "a running sum": (lambda z: z.cumsum(0) @ W, Z),
    "neighbours": (lambda z: (z + z.roll(1, 0)) @ W, Z),
    "similarities of all pairs": (lambda z: z @ z.T, Z),
    "less the first": (lambda z: (z - z[:1]).tanh() @ W, Z),
    "with integers inside": (lambda z: (z - z.mean(0) + TABLE[z.abs().long().sum(1) % 5]) @ W, Z),
}
UNSTEADY = {
    "randn_like": (lambda z: (z + torch.randn_like(z)) @ W, Z),
    "a little noise": (lambda z: (z + 1e-3 * torch.randn_like(z)) @ W, Z),
    "bernoulli": (lambda z: z * torch.bernoulli(torch.full_like(z, 0.5)) @ W, Z),
    "rand": (lambda z: z * (torch.rand(z.shape) > 0.5) @ W, Z),
    "native_dropout": (lambda z: torch.native_dropout(z, 0.5, True)[0] @ W, Z),
    "a random state": (
        lambda q: GRU(q, torch.randn(1, len(q), 4, dtype=q.dtype))[0][:, -1] @ W,
        SERIES,
    ),
    "state between calls": (Remembers(), Z),
    "a count of calls": (Counts(), Z),
}
PLACED = {
    "a table with a row each": (lambda z: (z * TABLE) @ W, Z),
    "the place in the batch": (lambda z: z @ W * torch.arange(len(z))[:, None], Z),
    "divided by the rows": (lambda z: z @ W / len(z), Z),
}


@pytest.mark.filterwarnings("ignore:std", "ignore:the model ends in")
@pytest.mark.parametrize("rows", [5, 1])
@pytest.mark.parametrize("name", [*COUPLED, *UNSTEADY, *PLACED])
def test_refused_by_every_kind_of_method(name, rows):
    model, x = (COUPLED | UNSTEADY | PLACED)[name]
    if rows == 1 and ("row each" in name or "nodes" in name or "pairs" in name):
        return  # one row is no longer what they take
    says = "depends on|answers differently"
    for method in (xc.gradient, xc.saliency):
        with pytest.raises(DependentRowsError, match=says):
            method(model, x[:rows], 1)
    for method in (xc.integrated_gradients, xc.smoothgrad):
        with pytest.raises(ValueError, match=f"{says}|chunks of any size"):
            method(model, x[:rows], 1)


@pytest.mark.filterwarnings("ignore:the model ends in")
def test_messages_tell_the_kinds_apart():
    for cases, says in (
        (COUPLED, "depends on the other rows.*batch_first=True|row's place"),
        (UNSTEADY, "answers differently about row"),
        (PLACED, r"row's place in the batch.*xaicourse\.bind"),
    ):
        for name, (model, x) in cases.items():
            if name == "nodes as rows":  # takes no other number of rows
                continue
            with pytest.raises(DependentRowsError, match=says):
                xc.gradient(model, x, 0)


def test_the_advice_works(close):
    """Fixed statistics, batch_first, bind, one graph as one row, a seeded draw."""
    mean = Z.mean(0)
    close(xc.gradient(lambda z: (z - mean) @ W, Z, 0), W[:, 0].expand(5, 4))
    bound = xc.bind(lambda z, table: (z * table) @ W, table=TABLE)
    close(xc.gradient(bound, Z, 1), TABLE * W[:, 1])
    close(xc.gradient(bound, Z, 1, batch_size=2), TABLE * W[:, 1])
    graph = xc.gradient(lambda v: ADJACENCY @ v @ W, Z[None], (2, 1))
    close(graph[0], ADJACENCY[2][:, None] * W[:, 1])
    first = seeded(lambda: nn.RNN(4, 4, batch_first=True))
    model = lambda q: first(q)[0][:, -1] @ W  # noqa: E731
    whole = xc.gradient(model, SERIES, 0)
    close(whole, torch.cat([xc.gradient(model, SERIES[i : i + 1], 0) for i in range(5)]))

    def seeded_noise(z: Tensor) -> Tensor:
        noise = torch.randn(4, generator=torch.Generator().manual_seed(0), dtype=z.dtype)
        return (z + noise) ** 2 @ W

    assert xc.gradient(seeded_noise, Z, 0, batch_size=2).equal(xc.gradient(seeded_noise, Z, 0))


def exactly_four(z: Tensor) -> Tensor:
    return z.reshape(4, 4).tanh() @ W


def test_a_model_for_a_fixed_number_of_rows_is_asked_with_that_number(close):
    x = Z[:4]
    close(xc.gradient(exactly_four, x, 1), (1 - x.tanh() ** 2) * W[:, 1])
    with pytest.raises(DependentRowsError, match="depends on the other rows"):
        xc.gradient(lambda z: exactly_four(z - z.reshape(4, 4).mean(0)), x, 1)
    with pytest.raises(ValueError, match=r"needs batch_size=k and a wrapper that fills up"):
        xc.integrated_gradients(exactly_four, Z, 1)
    filled = lambda z: exactly_four(z[torch.arange(4) % len(z)])[: len(z)]  # noqa: E731
    close(
        xc.integrated_gradients(filled, Z, 1, batch_size=4, steps=7),
        xc.integrated_gradients(lambda z: z.tanh() @ W, Z, 1, steps=7),
    )


def test_outputs_in_a_dict_and_targets_that_are_functions():
    inside = lambda z: {"a": z @ W, "b": (z - z.mean(0)) @ W}  # noqa: E731
    xc.gradient(inside, Z, xc.targets.item("a", 1))
    xc.gradient(inside, Z, lambda outputs, rows: outputs["a"][:, 0])
    layers_first = lambda z: {"hidden": torch.stack([z @ W] * len(z))}  # noqa: E731
    pick = lambda outputs, rows: outputs[0, :, 0]  # noqa: E731
    xc.gradient(layers_first, Z, xc.targets.item("hidden", pick))
    for target in (xc.targets.item("b", 1), lambda outputs, rows: outputs["b"][:, 0]):
        with pytest.raises(DependentRowsError, match="other rows"):
            xc.gradient(inside, Z, target)
    for rows in (1, 5):
        with pytest.raises(DependentRowsError, match="function given as target or output"):
            xc.gradient(lambda z: z @ W, Z[:rows], lambda o, rows: (o - o.mean(0))[:, 0])
        with pytest.raises(DependentRowsError, match="function given as target or output"):
            xc.gradient(lambda z: z @ W, Z[:rows], 0, output=lambda o: o.softmax(0))


def test_a_function_as_target_of_a_single_score(close):
    single = lambda z: (z @ W)[:, 0]  # noqa: E731
    expected = 2 * xc.gradient(single, Z)
    close(xc.gradient(single, Z, lambda outputs, rows: 2 * outputs), expected)
    close(xc.gradient(single, Z[:1], lambda outputs, rows: 2 * outputs), expected[:1])


LEGAL = {
    "bind": lambda: (xc.bind(lambda z, m: (z * m) @ W, m=TABLE), Z),
    "pack": lambda: xc.pack(lambda a, b: (a @ W) * b[:, :2], [Z, TABLE]),
    "an attention mask": lambda: (
        xc.bind(
            lambda q, padded: seeded(lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True))(
                q, src_key_padding_mask=padded
            )[:, 0],
            padded=torch.arange(6) >= torch.tensor([6, 3, 4, 2, 6])[:, None],
        ),
        SERIES,
    ),
    "partial": lambda: (functools.partial(torch.matmul, other=W), Z),
    "a bound method": lambda: (seeded(lambda: nn.Linear(4, 2)).forward, Z),
    "masked logits": lambda: (lambda z: (z @ W).masked_fill(torch.arange(2) > 0, -torch.inf), Z),
    "a large net": lambda: (
        seeded(lambda: nn.Sequential(*[nn.Linear(4, 4), nn.Tanh()] * 30, nn.Linear(4, 2))),
        Z,
    ),
    "a score near 0": lambda: (lambda z: (1e4 + z @ W - 1e4), Z),
    "float32 inside": lambda: (lambda z: (1e3 + z.float() @ W.float() - 1e3).double(), Z),
    "blank rows": lambda: (lambda z: z @ W, 0 * Z),
}  # fmt: skip


@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("name", LEGAL)
def test_legal_models_are_not_refused(name, rows, close):
    model, x = LEGAL[name]()
    x = x[:rows]
    if type(model).__name__ == "BoundModel":
        model = xc.bind(model.model, **{k: v[:rows] for k, v in model.extras.items()})
    xc.gradient(model, x, 0)
    xc.integrated_gradients(model, x, 0, steps=4)


def test_in_16_bits_and_under_autocast():
    net = seeded(
        lambda: nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 3))
    )
    for dtype in (torch.float16, torch.bfloat16):
        low = seeded(lambda: nn.Linear(64, 3)).to(dtype)
        xc.gradient(low, drawn(7, 64).to(dtype), 1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        xc.gradient(net.float(), drawn(7, 1, 8, 8).float(), 1)


def test_a_model_is_asked_once_for_each_form_of_input():
    calls: deque = deque()  # no list: what a function reads is a part of its form

    def model(z: Tensor) -> Tensor:
        if is_asking():
            calls.append(len(z))
        return z @ W.to(z.dtype)

    for _ in range(3):
        xc.gradient(model, Z, 1)
        xc.integrated_gradients(model, Z, 1, steps=3)
        xc.smoothgrad(model, Z, 1, samples=3)
    assert list(calls) == [2, 2, 2, 2]  # the largest row and the smallest, twice
    xc.gradient(model, Z[:2].float(), 1)
    assert list(calls)[4:] == [3, 3, 3, 3]


def test_a_model_is_asked_once_by_methods_that_watch_its_layers():
    """Guided Grad-CAM runs once with our hooks in the model and once without: one model."""
    calls: deque = deque()

    class Watched(nn.Sequential):
        def forward(self, z: Tensor) -> Tensor:
            if is_asking():
                calls.append(len(z))
            return super().forward(z)

    layers = (nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
    net = seeded(lambda: Watched(*layers))
    x = drawn(3, 1, 8, 8)
    for _ in range(3):
        xc.guided_grad_cam(net, x, 1, layer="1")
        xc.guided_backprop(net, x, 1)
        xc.grad_cam(net, x, 1, layer="1")
    assert list(calls) == [2, 2, 2, 2]


@pytest.mark.fault("K3")
def test_blank_rows_are_asked_about_elsewhere():
    """All zeros tell nothing, and clear no model: other points are asked about."""
    for model in (lambda z: z * z.abs().max() @ W, lambda z: (z - z.mean(0) + 1) ** 2 @ W):
        for x in (0 * Z, Z):
            with pytest.raises(DependentRowsError):
                xc.gradient(model, x, 1)


def small_to_large(z: Tensor) -> Tensor:
    """Softmax over the rows: a row of large numbers attends to itself alone."""
    return torch.softmax(z @ z.T, -1) @ z @ W


def below_the_median(z: Tensor) -> Tensor:
    size = z.abs().sum(1)
    return z @ W * torch.where(size < size.median(), 2.0, 1.0)[:, None]


def beside_a_large_class(z: Tensor) -> Tensor:
    """Only class 0 depends on the other rows, and class 1 is far larger."""
    return torch.stack([(z - z.mean(0)).tanh().sum(1), 1e9 * z.sum(1)], 1)


@pytest.mark.fault("K3")
@pytest.mark.parametrize("model", [small_to_large, below_the_median, beside_a_large_class])
def test_a_dependence_of_small_rows_or_small_outputs_is_found(model):
    large = Z.clone()
    large[0] = 20 * torch.tensor([1.0, -1, 1, -1], dtype=Z.dtype)
    with pytest.raises(DependentRowsError):
        xc.gradient(model, large, 0)


@pytest.mark.fault("K3")
def test_one_row_does_not_clear_a_model_for_many():
    shifted = nn.Linear(4, 4).double().eval()
    shifted.forward = lambda z: z @ W * torch.cat([z[1:].sum(1), z.new_ones(1)])[:, None]
    smallest = lambda z: (z - z.min()) @ W  # noqa: E731
    for model in (shifted, smallest):
        with contextlib.suppress(DependentRowsError):
            xc.gradient(model, Z[:1].abs(), 0)
        with pytest.raises(DependentRowsError):
            xc.gradient(model, Z.abs(), 0)


@pytest.mark.fault("T12")
def test_answers_kept_from_an_earlier_call_are_found():
    kept = {}
    model = lambda z: kept.setdefault(z.shape, (z @ W).tanh())  # noqa: E731
    for rows in (1, 5):
        with pytest.raises(DependentRowsError):
            xc.occlusion(model, Z[:rows], 0, patch=1)


class Settings(nn.Module):
    """Couples rows by an attribute, a global, an array, a buffer or a patched part."""

    def __init__(self):
        super().__init__()
        self.part, self.table = nn.Identity(), np.array([0.0])
        self.centred, self.mean_of = False, SimpleNamespace(rows=False)
        self.register_buffer("switch", torch.tensor(False))

    def forward(self, z: Tensor) -> Tensor:
        on = self.centred or self.mean_of.rows or self.switch or self.table[0] or GLOBAL["on"]
        return self.part(z - z.mean(0) if on else z) ** 2 @ W


GLOBAL = {"on": False}
CHANGES = {
    "an attribute": lambda net: setattr(net, "centred", True),
    "a setting": lambda net: setattr(net.mean_of, "rows", True),
    "a buffer": lambda net: net.switch.fill_(True),
    "an array": lambda net: net.table.fill(1),
    "a global": lambda net: GLOBAL.update(on=True),
    "a hook": lambda net: net.part.register_forward_hook(lambda m, i, o: o - o.mean(0)),
    "a patch": lambda net: setattr(net.part, "forward", lambda z: z - z.mean(0)),
    "a part": lambda net: setattr(net, "part", nn.Softmax(0).eval()),
}


@pytest.mark.fault("K3")
@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_model_that_was_changed_is_asked_again(name, wrapped):
    net = Settings().eval()
    model = (lambda z: net(z)) if wrapped else net
    xc.gradient(model, Z, 0)
    try:
        CHANGES[name](net)
        with pytest.raises(DependentRowsError):
            xc.gradient(model, Z, 0)
    finally:
        GLOBAL["on"] = False


def test_the_guard_never_keeps_a_model_alive():
    net = seeded(lambda: nn.Linear(4, 2))
    gone = weakref.ref(net)
    xc.gradient(net, Z, lambda outputs, rows, net=net: outputs[:, 0] + 0 * net.bias[0])
    xc.gradient(lambda z, net=net: {"a": net(z)}, Z, lambda o, rows, net=net: o["a"][:, 0])
    del net
    gc.collect()
    assert gone() is None
