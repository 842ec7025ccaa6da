"""What was read of a model's layers, remembered as long as the model stays as it was.

To find out how a layer's output is laid out, and which layer is the last with a map, the model runs
once (layer_choice.py). The answer depends on how the model is built and on the form of x, not on
weights or on the values of x; so it is kept with the model, weakly, for each form of x. It counts
only while the model is built as it was then, which is compared at each call (model_form.py).
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from xaicourse.core.gradients import Question
from xaicourse.core.layers import Layer
from xaicourse.core.model_form import form_of
from xaicourse.core.target import Index, PerRow
from xaicourse.methods.vanilla.layer_choice import Look
from xaicourse.methods.vanilla.map_axes import Axes

__all__ = ["Layout", "forget", "recall", "remember"]

MOST = 64  # layouts that are kept of one model
_known: WeakKeyDictionary[nn.Module, tuple[list, dict]] = WeakKeyDictionary()


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
