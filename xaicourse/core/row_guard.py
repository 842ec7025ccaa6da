"""A row in, its score out: what a model says of a row may depend on nothing but that row.

The scores of a batch are added up before they are differentiated, and rows go through a model in
chunks of any size. Both are right only if a row's score is the same beside other rows, in another
place, in a batch of another size and at every call. So before a model's first answer counts, one
of its rows is asked again, beside a row made of it, twice. A model is asked once for each form of
input; that never changes a result.
"""

from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, ref

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from xaicourse.core.chunks import is_out_of_memory
from xaicourse.core.model_form import form_of
from xaicourse.core.training_mode import batch_statistics

__all__ = [
    "DependentRowsError",
    "check_function",
    "check_rows",
    "is_asking",
    "is_known",
    "remember",
    "vouch_for",
    "weakly",
]

# (points (p, ...), original row numbers (p,)) -> what the model says of them (p, ...)
Ask = Callable[[Tensor, Tensor], Tensor]

# relative: what is left to rounding, which differs between batch sizes
_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
_HALF = 1e-2
_MOST_ROUNDING = 2e-2  # of sums in 16 bits or TF32 inside a model that returns float32

_SMALL = 0.05  # how much less that is of the largest number beside one

_DRAWS = 7  # of a model that draws random numbers

_known: WeakKeyDictionary[Any, tuple[list, set]] = WeakKeyDictionary()
_vouched: WeakSet = WeakSet()

_asking: ContextVar[bool] = ContextVar("asking", default=False)


def is_asking() -> bool:
    """Tell whether a forward pass is this file's question and no part of an explanation."""
    return _asking.get()


class DependentRowsError(ValueError):
    """A row's score depends on more than the row: on other rows, on chance, on earlier calls."""


# ---- what was asked before -----------------------------------------------------------------------


def is_known(model: Any, form: tuple, many: bool) -> bool:
    """Tell whether a model, built as it is, has been asked about inputs of this form.

    One row alone tells less than many of them.
    """
    owner, form = _owner(model, form)
    try:
        if owner in _vouched:
            return True
        built, forms = _known.get(owner, (None, ()))
    except TypeError:  # neither hashable nor to be referred to weakly
        return False
    asked = (form, True) in forms or (form, many) in forms
    return asked and built == form_of(model)


def remember(model: Any, form: tuple, many: bool) -> None:
    """Note that the rows of such inputs do not depend on each other in a model."""
    owner, form = _owner(model, form)
    now = form_of(model)
    try:
        built, forms = _known.get(owner, (None, set()))
        _known[owner] = (now, {*(forms if built == now else ()), (form, many)})
    except TypeError:
        return


def vouch_for(model: Any) -> Any:
    """Return a model that we made ourselves of one that was asked; it need not be asked again."""
    _vouched.add(model)
    return model


def weakly(value: Any) -> Any:
    """Return a name for a function of the caller's, by which it is not kept alive."""
    value = getattr(value, "function", value)  # of a target that is one
    try:
        return value if isinstance(value, str) else ref(value)
    except TypeError:
        return object()  # unlike anything else: it is asked about each time


def _owner(model: Any, form: tuple) -> tuple[Any, tuple]:
    """A bound method is a new object at each look: what lasts is the object it belongs to."""
    owner = getattr(model, "__self__", None)
    if owner is None or isinstance(model, type(torch.relu)):
        return model, form
    return owner, (*form, getattr(model, "__name__", ""))


# ---- asking --------------------------------------------------------------------------------------


def check_rows(
    ask: Ask, points: Tensor, rows: Tensor, answers: Tensor, by_the_batch: bool = False
) -> bool:
    """Raise unless a row's answer is the same beside another row, in another place, and again.

    `answers` (P, ...) are what the model said of the points (P, ...). Asked about are the row of
    the largest numbers, which others may depend on, and that of the smallest, which may depend on
    others. Returns False where the points tell nothing (they are all 0); then other points are
    asked about. `by_the_batch` says that the model has met a batch norm without running
    statistics, which is named then.

    Raises
    ------
    DependentRowsError
        It says on what the answer depends.
    TrainingModeError
        It depends on the batch, by a batch norm.
    """
    answers, ask = _real(answers), partial(_ask_real, ask)
    told = bool(points.any())
    if not told:
        ramp = torch.linspace(0.1, 1, points[0].numel(), device=points.device)
        points = points + ramp.to(points.dtype).reshape(points[0].shape)
    try:
        if not told:
            answers = ask(points.clone(), rows)  # a model may work in place
        for place in _places(points):
            _check_row(ask, points, rows, answers, place)
    except DependentRowsError as error:
        if by_the_batch:
            raise batch_statistics() from error
        raise
    return told


def _real(answers: Tensor) -> Tensor:
    """Return answers as real numbers in a dense tensor, so that they can be compared."""
    if answers.is_complex():
        return torch.view_as_real(answers.resolve_conj())
    return answers.to_dense() if answers.layout is not torch.strided else answers


def _ask_real(ask: Ask, points: Tensor, rows: Tensor) -> Tensor:
    return _real(ask(points, rows))


def _places(points: Tensor) -> list[int]:
    """Return the places of the largest row, and of the smallest that is not 0."""
    sizes = points.flatten(1).abs().amax(1)
    smallest = sizes.where(sizes > 0, torch.inf).argmin()
    return list(dict.fromkeys((int(sizes.argmax()), int(smallest))))


def _check_row(ask: Ask, points: Tensor, rows: Tensor, answers: Tensor, place: int) -> None:
    beside = _Beside(ask, points, rows, place)
    state = _random_state(points.device)
    first = beside.answer(strange=1.5)
    if first is None:  # the model takes no other input at all
        return
    answer, row = answers[place], int(rows[place])
    if first[1].shape != answer.shape:  # a similarity of each row to each other row, say
        raise _coupled(row)
    second = beside.answer(strange=-0.5, elsewhere=True) or first
    drawn = not torch.equal(state, _random_state(points.device))
    size, share = max(_size(answer), _size(first[0])), _precision(answer)
    close = partial(_close, share=share, least=_SMALL * share * size)
    if close(answer, first[1]) and close(first[1], second[1]) and not drawn:
        return
    for _ in range(_DRAWS if drawn else 1):  # two draws may happen to agree
        again = beside.answer(strange=1.5)
        if again is None or not close(first[1], again[1]):
            raise _unsteady(row)
    other = beside.answer(strange=-0.5)
    if other is not None and not close(first[1], other[1]):
        raise _coupled(row)
    rounded = partial(_close, share=0.0, least=max(_MOST_ROUNDING, share) * size)
    if not (rounded(answer, first[1]) and rounded(first[1], second[1])):
        raise _placed(row, len(points), len(first[0]))


class _Beside:
    """Asks about one of the points again, beside others that are made of it."""

    def __init__(self, ask: Ask, points: Tensor, rows: Tensor, place: int) -> None:
        self.ask, self.rows = ask, rows
        self.row = points[place].detach()
        self.place = place
        P = len(points)
        other_number = 3 if P == 2 else 2
        # where a model takes no other number of rows, the same; where it takes no strange values
        # (indices, say), the row itself beside itself
        self.ways = [(other_number, True), (P, True), (other_number, False), (P, False)]

    def answer(self, strange: float, elsewhere: bool = False) -> tuple[Tensor, Tensor] | None:
        """Return all answers and that about the row; None if the model fails in every way."""
        while self.ways:
            number, changed = self.ways[0]
            try:
                return self._answer(number, strange if changed else None, elsewhere)
            except Exception as error:
                if is_out_of_memory(error) and len(self.ways) == 1:
                    raise
                self.ways.pop(0)
        return None

    def _answer(self, number: int, strange: float | None, elsewhere: bool) -> tuple[Tensor, Tensor]:
        place = 0 if (self.place > 0) != elsewhere else number - 1
        other = (
            self.row if strange is None else strange * self.row.flatten().roll(1).view_as(self.row)
        )
        points = torch.stack([other] * number)
        points[place] = self.row
        token = _asking.set(True)
        try:
            found = self.ask(points, self.rows[self.place].expand(number))
        finally:
            _asking.reset(token)
        if len(found) != number:
            raise ValueError("one output a row is needed")
        return found, found[place]


def _tensors(found: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(found) if isinstance(leaf, Tensor)]


def _random_state(device: torch.device) -> Tensor:
    """Return the state of torch's own generator, which a model that draws has moved on."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _size(answers: Tensor) -> float:
    """Return the largest finite number of the answers."""
    found = (
        answers.detach().double() if answers.dtype == torch.float64 else answers.detach().float()
    )
    return float(torch.nan_to_num(found, 0.0, 0.0, 0.0).abs().max()) if found.numel() else 0.0


def _precision(answer: Tensor) -> float:
    """Return the share of a number that is left to rounding."""
    if torch.is_autocast_enabled(answer.device.type):
        return _HALF
    return _TOLERANCE.get(answer.dtype, _HALF)


def _close(a: Tensor, b: Tensor, share: float, least: float) -> bool:
    """Tell whether numbers are the same up to a share of each; infinite ones must be the same."""
    a, b = (t.detach().double() if t.dtype == torch.float64 else t.detach().float() for t in (a, b))
    same = (a == b) | (a.isnan() & b.isnan())
    return bool((same | ((a - b).abs() <= share * b.abs() + least)).all())


def check_function(pick: Callable[[Any, Tensor], Tensor], outputs: Any, rows: Tensor) -> None:
    """Raise if a function of the caller's gives a row another number when it is alone.

    `pick` is (outputs, rows) -> (P,): a scale and a target, at least one of which is a function.
    """
    if not isinstance(outputs, Tensor) or outputs.layout is not torch.strided:
        return
    strange = 1.5 * outputs[:1].reshape(1, -1).roll(1, 1).view_as(outputs[:1]) + 1
    try:
        alone = pick(outputs[:1], rows[:1])
        together = pick(torch.cat([outputs[:1], strange]), rows[:1].repeat(2))
        pairs = zip(_tensors(together), _tensors(alone), strict=True)
    except Exception:  # a function for one number of rows alone
        return
    for many, one in pairs:
        comparable = one.dim() > 0 and one.shape == many[:1].shape
        tolerance = _TOLERANCE.get(one.dtype, _HALF) * _size(many)
        if not comparable or _close(many[:1], one, 0.0, tolerance):
            continue
        raise DependentRowsError(
            f"the function given as target or output gives row {int(rows[0])} another number when "
            "it is alone: it must look at each row by itself (softmax over dim=1, not dim=0; no "
            "mean over the rows)"
        )


# ---- what is said --------------------------------------------------------------------------------


def _unsteady(row: int) -> DependentRowsError:
    return DependentRowsError(
        f"model answers differently about row {row} when it is asked the same again: it draws "
        "random numbers, or keeps something from one call to the next, so that its score has no "
        "gradient of its own. Use a fixed draw (a generator that forward() seeds anew), or let "
        "forward() begin with a fresh state"
    )


def _coupled(row: int) -> DependentRowsError:
    return DependentRowsError(
        f"the model's output for row {row} depends on the other rows of the batch, so that no row "
        "has an explanation of its own. Common causes: statistics over the batch axis (x.mean(0); "
        "use fixed numbers, or the axes of a row), a time axis first (nn.LSTM, nn.GRU and "
        "transformer layers need batch_first=True), numbers that are rounded by the largest of the "
        "batch (dynamic quantisation: explain the net before it), nodes of one graph as rows (give "
        "the whole graph as one row: x[None], and a target such as (node, class))"
    )


def _placed(row: int, number: int, other: int) -> DependentRowsError:
    tried = f"on the row's place in the batch ({number} rows both times)"
    if number != other:
        tried = (
            "on the row's place in the batch, or on how many rows are in it "
            f"({number} and {other} were tried)"
        )
    return DependentRowsError(
        f"the model's output for row {row} depends {tried}, but methods send rows in chunks of any "
        "size. If the model uses another tensor with an entry for each row, hand that over by "
        "xaicourse.bind(model, name=tensor), so that it goes with its rows; if it divides by the "
        "number of rows, leave that out"
    )
