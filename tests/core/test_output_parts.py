"""Outputs in any object: audited, and explained as the tensor in them would be."""

from collections import ChainMap, OrderedDict, UserDict
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.output_parts import map_tensors, tensors_in
from xaicourse.core.rules import UnsupportedOperationError

pytestmark = pytest.mark.fault("T2")


@dataclass
class Out:
    scores: Tensor
    more: Any = None


@dataclass(frozen=True)
class Frozen:
    scores: Tensor


class Named(NamedTuple):
    scores: Tensor


class MyDict(dict):
    pass


class Attributes(OrderedDict):
    """As the outputs of transformers: a dict whose items are attributes, too."""

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self.__dict__[key] = value


class Slots:
    __slots__ = ("scores",)

    def __init__(self, scores: Tensor) -> None:
        self.scores = scores


class Plain:
    def __init__(self, scores: Tensor) -> None:
        self.inside = [{"deep": (scores,)}]
        self.me = self


class Lazy:
    """Gives the scores only when it is asked."""

    def __init__(self, scores: Tensor) -> None:
        self.give = lambda: scores


def filled(scores: Tensor) -> Attributes:
    found = Attributes()
    found["scores"] = scores
    return found


item = xc.targets.item
FORMS: dict[str, tuple[Any, Any]] = {
    "dataclass": (lambda s: Out(s), item("scores", 1)),
    "with more": (lambda s: Out(s, more=[s * 2, "text", 3, None]), item("scores", 1)),
    "frozen": (lambda s: Frozen(s), item("scores", 1)),
    "namespace": (lambda s: SimpleNamespace(scores=s), item("scores", 1)),
    "named tuple": (lambda s: Named(s), item("scores", 1)),
    "dict subclass": (lambda s: MyDict(a=s), item("a", 1)),
    "a view of a dict": (lambda s: MappingProxyType({"a": s}), item("a", 1)),
    "several dicts": (lambda s: ChainMap({}, {"a": s}), item("a", 1)),
    "user dict": (lambda s: UserDict(a=s), item("a", 1)),
    "dict with attributes": (filled, item("scores", 1)),
    "slots": (lambda s: Slots(s), item("scores", 1)),
    "an object, in circles": (lambda s: Plain(s), lambda o, rows: o.inside[0]["deep"][0][:, 1]),
    "a list in an object": (
        lambda s: SimpleNamespace(all=[s]),
        lambda o, rows: o.all[0][:, 1],
    ),
    "rows": (
        lambda s: [Out(row) for row in s],
        lambda o, rows: torch.stack([one.scores[1] for one in o]),
    ),
}


class Sorted(nn.Module):
    """Has a rule in no method."""

    def forward(self, x: Tensor) -> Tensor:
        return x + x.sort(1).values


def net(activation: Any) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return nn.Sequential(nn.Linear(4, 6), activation, nn.Linear(6, 3)).double().eval()


X = torch.cos(torch.arange(12, dtype=torch.float64)).view(3, 4)
RULED = ["guided_backprop", "deconvnet", "rectgrad", "lrp", "deep_taylor", "beta_smoothing"]
RULED.append("deeplift")
OTHERS = ["gradient", "fullgrad_decomposition", "bias_backprop", "noisegrad"]
SETTINGS: dict[str, dict] = {"deep_taylor": {"low": -1.0, "high": 1.0}, "noisegrad": {"samples": 2}}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [*RULED, *OTHERS])
def test_equals_the_bare_tensor(name, form, close):
    wrap, target = FORMS[form]
    method, settings = getattr(xc, name), SETTINGS.get(name, {})
    relu = net(nn.ReLU())
    if name == "noisegrad":

        class Wrapped(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.net = relu

            def forward(self, x: Tensor) -> Any:
                return wrap(self.net(x))

        model: Any = Wrapped()
    else:
        model = lambda x: wrap(relu(x))  # noqa: E731
    if form == "rows" and name in ("lrp", "deep_taylor", "fullgrad_decomposition", "bias_backprop"):
        return  # they need a batch axis
    close(method(model, X, target, **settings), method(relu, X, 1, **settings))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [name for name in RULED if name != "beta_smoothing"])
def test_what_is_refused_in_a_tensor_is_refused_in_an_object(name, form):
    wrap, target = FORMS[form]
    hard = net(Sorted())
    with pytest.raises(UnsupportedOperationError, match="sort"):
        getattr(xc, name)(lambda x: wrap(hard(x)), X, target, **SETTINGS.get(name, {}))


@pytest.mark.parametrize("name", [*RULED, "fullgrad_decomposition", "bias_backprop"])
def test_what_cannot_be_found_is_refused_and_the_advice_works(name, close):
    relu, settings = net(nn.ReLU()), SETTINGS.get(name, {})
    method = getattr(xc, name)
    with pytest.raises(UnsupportedOperationError, match=r"returns Lazy.*a dataclass of tensors"):
        method(lambda x: Lazy(relu(x)), X, lambda o, rows: o.give()[:, 1], **settings)
    got = method(lambda x: Out(relu(x)), X, item("scores", 1), **settings)
    close(got, method(relu, X, 1, **settings))


def test_the_models_own_objects_are_left_alone():
    scores = torch.ones(2, 3)
    kept = [Out(scores, more={"a": [scores]}), MyDict(a=scores), Slots(scores)]
    found = map_tensors(lambda t: t + 1, kept)
    assert found[0].more["a"][0] is found[0].scores
    assert found[0] is not kept[0]
    assert type(found[1]) is MyDict
    for thing in tensors_in(found):
        assert torch.equal(thing, scores + 1)
    assert len(tensors_in(kept)) == 1
    assert kept[0].scores is kept[1]["a"] is kept[2].scores is scores
    assert map_tensors(lambda t: t, kept) is kept
