"""What was read of a model's layers, remembered as long as the model stays as it was.

To find out how a layer's output is laid out, and which layer is the last with a map, the model runs
once (layer_choice.py). The answer depends on how the model is built and on the form of x, not on
weights or on the values of x; so it is kept with the model, weakly, for each form of x. It counts
only while the model is built as it was then, which is compared at each call: its modules, their
forward functions, their hooks and their plain attributes.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary, ref

from torch import Tensor, nn

from xaicourse.core.gradients import Question
from xaicourse.core.layers import Layer
from xaicourse.core.target import Index, PerRow
from xaicourse.methods.vanilla.layer_choice import Look
from xaicourse.methods.vanilla.map_axes import Axes

__all__ = ["Layout", "forget", "recall", "remember"]

MOST = 64  # layouts that are kept of one model
DEEPEST = 4  # attributes of attributes, as in a configuration
ELSEWHERE = {"_parameters", "_buffers", "_modules"}  # numbers change no layout; modules are walked
PLAIN = {type(None), bool, int, float, str, bytes}
CONTAINERS = {dict, OrderedDict, set, list, tuple}
_known: WeakKeyDictionary[nn.Module, tuple[tuple, dict]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Layout:
    """Which layer a map is made of, and how its output (N, ...) is laid out."""

    name: str
    call: int
    axes: Axes
    shape: tuple[int, ...]  # of its output, one row

    def layer(self, model: nn.Module) -> Layer:
        """Return the layer."""
        return Layer(model.get_submodule(self.name), self.name, self.call)


def recall(question: Question, where: Layer | None) -> Layout | None:
    """Return what is known of a named layer, or of the default one."""
    model = question.model
    if not isinstance(model, nn.Module) or model not in _known:
        return None
    form, layouts = _known[model]
    layout = layouts.get(_key(question, where))
    return layout if layout is not None and form == form_of(model) else None


def remember(question: Question, where: Layer | None, layout: Layout, seen: Look) -> None:
    """Keep a layout, unless it may be another one for other weights, inputs or targets."""
    model = question.model
    if not isinstance(model, nn.Module) or not _named(model, layout, where):
        return
    if where is None and not _same_for_all_scores(question, seen):
        return
    form = form_of(model)
    kept, layouts = _known.get(model, (None, {}))
    if kept != form or len(layouts) >= MOST:
        layouts = {}
    _known[model] = (form, layouts | {_key(question, where): layout})


def forget(question: Question) -> None:
    """Forget what was read of a model."""
    if isinstance(question.model, nn.Module):
        _known.pop(question.model, None)


def _key(question: Question, where: Layer | None) -> tuple:
    x = question.x
    named = _of_class(question) if where is None else (where.name, where.call)
    return named, tuple(x.shape[1:]), question.model_dtype, x.device


def _of_class(question: Question) -> bool:
    """Tell whether the score is that of one class, on a scale that the package knows."""
    return isinstance(question.output, str) and isinstance(question.target, Index | PerRow)


def _same_for_all_scores(question: Question, seen: Look) -> bool:
    """Tell whether any class's score goes through the same layers: logits, and no tokens."""
    tokens = any(len(c.shape) == 3 for c in seen.calls)  # which of them matter depends on numbers
    logits = isinstance(seen.outputs, Tensor) and seen.outputs.dim() == 2
    return logits and not tokens and _of_class(question)


def _named(model: nn.Module, layout: Layout, where: Layer | None) -> bool:
    """Tell whether the model knows the layer by its name."""
    try:
        module = model.get_submodule(layout.name)
    except AttributeError:
        return False
    return where is None or module is where.module


# ---- how a model is built ------------------------------------------------------------------------


def form_of(model: nn.Module) -> tuple:
    """Return what a layout depends on: equal for a model that was not changed in between."""
    found: list[Any] = []
    seen: set[int] = set()
    for name, module in model.named_modules(remove_duplicate=False):
        found += [name, _Same(module)]
        if id(module) not in seen:
            seen.add(id(module))
            found.append(_items(vars(module), seen, 0))
        for kind in type(module).__mro__:
            if kind is nn.Module:
                break
            if id(kind) not in seen:
                seen.add(id(kind))
                found.append(_items(vars(kind), seen, 0))
    return tuple(found)


class _Same:
    """An object, equal to nothing but itself, and not kept alive."""

    def __init__(self, value: Any) -> None:
        self.ref = ref(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.ref() is other.ref() and self.ref() is not None

    __hash__ = None  # type: ignore[assignment]


def _items(values: Mapping[str, Any], seen: set[int], depth: int) -> list:
    found: list[Any] = []
    for key, value in values.items():
        kind = type(value)
        if kind in PLAIN or (kind in CONTAINERS and not value):
            found += [key, kind, value if kind in PLAIN else ()]
        elif key not in ELSEWHERE:
            found += [key, kind, _value(value, seen, depth)]
    return found


def _value(value: Any, seen: set[int], depth: int) -> Any:
    """Return what an attribute is to be compared by."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, tuple | list | set | frozenset) and depth < DEEPEST:
        return [_value(v, seen, depth + 1) for v in value]
    if isinstance(value, Mapping) and depth < DEEPEST:
        return _items(value, seen, depth + 1)
    plain = not isinstance(value, nn.Module | Tensor) and not callable(value)
    if plain and hasattr(value, "__dict__") and depth < DEEPEST and id(value) not in seen:
        seen.add(id(value))  # a configuration, which many modules may share
        return _items(vars(value), seen, depth + 1)
    try:
        return _Same(value)
    except TypeError:
        return type(value)
