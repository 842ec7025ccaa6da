"""Grading a function by cases: arguments, the right result, and wrong ones that have a name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call, require_function
from xaicourse.course.grading.compare import as_numbers, refuse, show, show_apart
from xaicourse.course.grading.leaves import Modules, asks_for_gradients, filled_in_training
from xaicourse.course.grading.normalised import normalised
from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.course.grading.relation import relation
from xaicourse.course.grading.unused import unused
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = ["Case", "CaseGrader", "Reply", "WatchedModel", "apart", "case", "waves"]

RIGHT = 1e-4  # float32 passes
RANGE = 1e-3  # how far values may leave [0, 1]
SAME = 1e-3  # an answer this close to a misconception in every case agrees with it
MOVED = 0.05  # another target must change the right result by this much to be a test
CLASSES = 6  # no probe has more
LARGE = 1e9  # stands for infinity in a task in which None is an answer
FEWEST = 2  # results that are needed to name a mistake, where a later case could not be judged


class WatchedModel(ProbeModel):
    """A probe model that remembers the range of the values it got and the shape it refused."""

    def forget(self) -> None:
        """Begin anew."""
        super().forget()
        self.refused: tuple[int, ...] | None = None
        self.lowest, self.highest = 0.0, 1.0

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, K)."""
        if isinstance(x, Tensor) and tuple(x.shape[1:]) != self.shape:
            self.refused = tuple(x.shape)
        scores = super().forward(x)
        if x.numel():
            self.lowest = min(self.lowest, float(x.detach().min()))
            self.highest = max(self.highest, float(x.detach().max()))
        return scores

    def stray(self) -> tuple[float, float] | None:
        """Return the range of the values that it was given, if that leaves [0, 1]."""
        inside = self.lowest >= -RANGE and self.highest <= 1 + RANGE
        return None if inside else (self.lowest, self.highest)


@dataclass(frozen=True, eq=False)
class Case:
    """One call of the student's function.

    Its name is a key of the catalogue, in which `says` is entered: what a student calls this case.
    """

    name: str
    values: Mapping[str, Any]
    says: str = ""

    def arguments(self) -> dict[str, Any]:
        """Return the arguments: tensors as fresh copies, models without memory of earlier calls."""
        for value in self.values.values():
            if isinstance(value, ProbeModel):
                value.forget()
        return {name: fresh(value) for name, value in self.values.items()}


def case(name: str, says: str, /, **values: Any) -> Case:
    """Return a case with its arguments: ``case("one", "one input", x=waves(1.1, 1, 3))``."""
    return Case(name, values, says)


def waves(turn: float, *shape: int, size: float = 1.0) -> Tensor:
    """Return numbers of mixed signs that follow no simple rule, the same on every machine."""
    count = torch.Size(shape).numel()
    return size * torch.sin(turn * torch.arange(1.0, count + 1) ** 1.5).reshape(shape)


def fresh(value: Any) -> Any:
    """Return a copy of a tensor, a dictionary, and of the tensors in a list or tuple."""
    if type(value) is dict:
        return {key: fresh(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(fresh(part) for part in value)
    return value.clone() if isinstance(value, Tensor) else value


def unchanged(value: Any, before: Any) -> bool:
    """Say whether a value, or each part of a list, tuple or dictionary, is what it was before."""
    if type(before) is dict:
        return list(value) == list(before) and unchanged([*value.values()], [*before.values()])
    if type(before) in (list, tuple):
        return len(value) == len(before) and all(map(unchanged, value, before))
    if not isinstance(before, Tensor):
        return value is before or (isinstance(before, (int, float)) and value == before)
    if not isinstance(value, Tensor) or value.shape != before.shape:
        return False
    now = value.detach().to(before)
    return bool(((now == before) | (now.isnan() & before.isnan())).all())


def with_class(case: Case, fixed: int | None = None) -> Case:
    """Return the same call with one class for all inputs, or with a neighbour of each class."""
    target = torch.as_tensor(case.values["target"])
    neighbour = torch.where(target > 0, target - 1, target + 1)
    other = neighbour if fixed is None else torch.full_like(target, fixed)
    is_tensor = isinstance(case.values["target"], Tensor)
    return replace(case, values={**case.values, "target": other if is_tensor else int(other)})


def apart(a: Tensor | None, b: Tensor | None) -> float:
    """Return how far two results are apart, relative to the larger; infinite if shapes differ.

    Axes of length 1 do not count.
    """
    if a is None or b is None:
        return float("inf")
    a, b = a.squeeze(), b.squeeze()
    if a.shape != b.shape:
        return float("inf")
    size = max(float(a.norm()), float(b.norm()), 1e-12)
    distance = float((a - b).norm()) / size
    return distance if distance == distance else float("inf")  # NaN is far from everything


class Reply(NamedTuple):
    """What one call gave, and what was seen of it."""

    numbers: Tensor
    stray: tuple[float, float] | None  # the range of the values that its model saw, if wrong
    left: tuple[str, str] | None  # what it left behind, and in which argument


def _scaled_words(size: str) -> str:
    """Return what is said of a result that is divided by one of its sizes."""
    return messages.text("general/normalised", what=messages.text(f"general/{size}"))


def _other_shape(given: Sequence[Tensor], expected: Sequence[Any]) -> tuple[str, ...]:
    """Return a note on right numbers with axes of length 1 that were not asked for, or without."""
    for got, right in zip(given, expected, strict=True):
        if right is not None and right.ndim and got.shape != right.shape:
            shapes = {"shape": tuple(got.shape), "expected": tuple(right.shape)}
            return (messages.text("notes/other_shape", **shapes),)
    return ()


def no_reason(arguments: Mapping[str, Any]) -> str | None:
    """Know nothing about a call that stopped with an error."""
    return None


@dataclass(frozen=True)
class CaseGrader:
    """Grades ``answer(**case.values)`` in every case.

    Attributes
    ----------
    task : str
        Its messages stand under this id: name, passed, cases, misconceptions.
    cases : sequence of Case
        What is tried, the smallest first.
    right : callable
        The right function.
    misconceptions : mapping
        Name to a wrong function.
    also : mapping
        Name to further forms of the same mistake.
    errors : mapping
        A part of an error's text to the misconception that it shows.
    reason : callable
        Says from the arguments of a call that stopped with an error which misconception it was.
    not_finite : str or None
        The misconception that NaN or infinite values show, where only one can.
    left : mapping
        What a call may leave behind (see `Modules`; "no_copy": a changed argument) to the
        misconception that it is, if the names differ.
    traces : bool
        False for a grader that looks itself for what is left behind.
    none : float or None
        A number that stands for the result None (or NaN), in a task in which that is an answer.
    rounding : float
        How far a result may be from the right one, relative to the larger.
    twice : bool
        Whether a second call with the same arguments must give the same: hooks may take notes.
    or_right : sequence of callable
        Further right functions, in a task that leaves a choice.
    near : mapping
        How far a result may be from that of a misconception which has many forms: a sum of few
        steps, for example. At most half of what parts it from the right one.
    """

    task: str
    cases: Sequence[Case]
    right: Callable[..., Any]
    misconceptions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    reason: Callable[[Mapping[str, Any]], str | None] = no_reason
    also: Mapping[str, Sequence[Callable[..., Any]]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    not_finite: str | None = None
    left: Mapping[str, str] = field(default_factory=dict)
    traces: bool = True
    none: float | None = None
    rounding: float = RIGHT
    twice: bool = False
    or_right: Sequence[Callable[..., Any]] = ()
    near: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, answer: Any) -> Outcome:
        """Return the outcome for one answer."""
        require_function(answer, messages.entry(f"tasks/{self.task}/name"))
        expected = self._results(self.right)
        replies: list[Reply] = []
        for case in self.cases:
            try:
                replies.append(self._ask(answer, case))
            except Settled as settled:
                given = [reply.numbers for reply in replies]
                self._name_first(settled.outcome, given, expected)
                raise
        given = [reply.numbers for reply in replies]
        off = self._off(given, expected)
        if off and all(self._off(given, self._results(other)) for other in self.or_right):
            return self._not_right(answer, replies, expected, off[0])
        left = next((reply.left for reply in replies if reply.left), None)
        filled = self._filled_in_training(answer) if self.traces else None
        if filled and filled[0] in self._named():
            left = left or filled
        if left and self.traces:
            return self._left_behind(*left)
        if self.twice and not all(self._same_twice(answer, case) for case in self.cases):
            refuse("general/second_call")
        notes = _other_shape(given, expected)
        if filled:
            notes += (messages.text(f"notes/{filled[0]}", name=filled[1]),)
        return Outcome("passed", self._text("passed"), notes=notes)

    def _results(self, right: Callable[..., Any]) -> list[Any]:
        return [self.result(right, case) for case in self.cases]

    def _off(self, given: Sequence[Tensor], expected: Sequence[Any]) -> list[int]:
        """Return the places of the wrong results."""
        pairs = enumerate(zip(given, expected, strict=True))
        return [place for place, (got, right) in pairs if apart(got, right) > self.rounding]

    def _same_twice(self, answer: Any, case: Case) -> bool:
        """Say whether two calls with the same arguments give the same."""
        arguments, where = case.arguments(), self._where(case)
        first, second = (as_numbers(call(answer, arguments, where)) for _ in range(2))
        return apart(first, second) <= RIGHT

    def _not_right(
        self, answer: Any, replies: Sequence[Reply], expected: Sequence[Any], place: int
    ) -> Outcome:
        """Say what is wrong: the first wrong result is that of the case at this place."""
        case, right = self.cases[place], expected[place]
        given, (got, stray, _) = [reply.numbers for reply in replies], replies[place]
        where, evidence = self._where(case), self._evidence(case, got, right)
        if all(numbers.tolist() == self.none for numbers in given):
            refuse("general/returned_none", status="not_done")
        name = self.diagnose(given)
        fixed = self._fixed_class(given)
        if fixed is not None and self._target_is_ignored(answer, name):
            text = messages.text("general/fixed_class", fixed=fixed)
            return Outcome("not_right", text, evidence, "fixed_class")
        if name is not None:
            return Outcome("not_right", self._text(f"misconceptions/{name}"), evidence, name)
        if stray is not None:  # seen, not guessed
            text = messages.text("general/out_of_range", low=show(stray[0]), high=show(stray[1]))
            return Outcome("not_right", text, evidence, "out_of_range")
        if right is not None and got.squeeze().shape != right.squeeze().shape:
            shapes: dict[str, Any] = {"shape": tuple(got.shape), "expected": tuple(right.shape)}
            text = messages.text("general/wrong_shape", where=where, **shapes)
            asked = messages.entry(f"tasks/{self.task}").get("shape", "")
            raise Settled(Outcome("not_right", f"{text} {asked}".rstrip()))
        if apart(got, self._again(answer, case)) > SAME:
            return Outcome("not_right", messages.text("general/not_repeatable"), evidence)
        text = messages.text("general/differs_case", where=where)
        if any(map(torch.count_nonzero, given)) and self._target_is_ignored(answer, None):
            text += " " + messages.text("general/target_not_used")  # seen: no diagnosis
        text = f"{text} {self._unused(answer)}".rstrip()
        return self._unnamed(text, evidence, given, expected)

    def _evidence(self, case: Case, got: Tensor, right: Any) -> str:
        """Show a wrong result beside the right one; a task's own words may show the arguments."""
        both = zip((got, right), show_apart(got, right), strict=True)
        yours, wanted = ("None" if n.tolist() == self.none else shown for n, shown in both)
        fields = {"where": self._where(case), "yours": yours, "expected": wanted}
        if "evidence" in messages.entry(f"tasks/{self.task}"):
            return self._text("evidence", **case.values, **fields)
        return messages.text("general/evidence_case", **fields)

    def _unnamed(
        self, text: str, evidence: str, given: Sequence[Tensor], expected: Sequence[Tensor | None]
    ) -> Outcome:
        """Say what can be seen in results that no mistake explains."""
        results = [right for right in expected if right is not None]
        if len(results) < len(expected):
            return Outcome("not_right", text, evidence)
        size = normalised(given, results)
        if size is not None:
            return Outcome("not_right", _scaled_words(size), evidence, "normalised")
        return Outcome("not_right", f"{text} {relation(given, results)}".rstrip(), evidence)

    def _left_behind(self, what: str, argument: str) -> Outcome:
        """Say what a call with the right numbers has left on a caller's module."""
        name = self.left.get(what, what)
        if name in self._named():
            return Outcome("not_right", self._text(f"misconceptions/{name}"), diagnosis=name)
        text = messages.text(f"general/{what}", name=argument)
        return Outcome("not_right", text, diagnosis=what)

    def _filled_in_training(self, answer: Any) -> tuple[str, str] | None:
        case = self.cases[0]
        return filled_in_training(
            case.arguments(), lambda arguments: call(answer, arguments, self._where(case))
        )

    def _name_first(self, stopped: Outcome, given: list[Tensor], expected: list[Any]) -> None:
        """Name a mistake that shows in the first cases, before what stopped a later one.

        A variance, for example, is NaN where there is one draw: its name says more than the NaN.
        """
        wrong = any(apart(got, right) > RIGHT for got, right in zip(given, expected, strict=False))
        if stopped.diagnosis is None and wrong and len(given) >= FEWEST:
            name = self.diagnose(given)
            if name is not None:
                refuse(f"tasks/{self.task}/misconceptions/{name}", diagnosis=name)
            size = normalised(given, expected[: len(given)])  # NaN: a later result is 0
            if size is not None:
                raise Settled(Outcome("not_right", _scaled_words(size), diagnosis="normalised"))

    def _fixed_class(self, given: Sequence[Tensor]) -> int | None:
        """Return the class whose right results these are in every case, if there is one."""
        if any("target" not in case.values for case in self.cases):
            return None
        for fixed in range(CLASSES):
            right = [self.result(self.right, with_class(case, fixed)) for case in self.cases]
            if all(apart(g, r) <= SAME for g, r in zip(given, right, strict=True)):
                return fixed
        return None

    def _target_is_ignored(self, answer: Callable[..., Any], name: str | None) -> bool:
        """Say whether the answer does not look at its target.

        A named mistake that does not look at it either says more: the class that it explains.
        """
        if not self._same_for_other_targets(lambda case: self._again(answer, case)):
            return False
        if name is None:
            return True
        named = self.misconceptions[name]
        return not self._same_for_other_targets(lambda case: self.result(named, case))

    def _same_for_other_targets(self, ask: Callable[[Case], Tensor | None]) -> bool:
        """Say whether another target leaves the results as they are, but moves the right ones."""
        pairs = [(case, with_class(case)) for case in self.cases if "target" in case.values]
        moved = [
            pair
            for pair in pairs
            if MOVED < apart(*(self.result(self.right, case) for case in pair)) < float("inf")
        ]
        return bool(moved) and all(apart(ask(case), ask(other)) <= RIGHT for case, other in moved)

    def _unused(self, answer: Any) -> str:
        """Say which arguments the answer does not look at."""
        if len(self.cases[0].values) < 2:
            return ""
        return unused(
            self.cases,
            lambda case: self.result(self.right, case),
            lambda case: self._again(answer, case),
            apart,
        )

    def _again(self, answer: Any, case: Case) -> Tensor | None:
        """Return what a second call with the same arguments gives."""
        try:
            return self._ask(answer, case).numbers
        except Settled:
            return None

    def diagnose(self, given: Sequence[Tensor]) -> str | None:
        """Return the one misconception that gives the same result in every case, or the first.

        One named "always_the_same" fits any number that does not look at its arguments.
        """
        same = len(given) == len(self.cases) and all(apart(g, given[0]) <= SAME for g in given)
        if same and "always_the_same" in self.misconceptions:
            return "always_the_same"
        fits = [
            name
            for name, wrong in self.misconceptions.items()
            if any(
                self._agrees(given, form, self.near.get(name, SAME))
                for form in (wrong, *self.also.get(name, ()))
            )
        ]
        return fits[0] if len(fits) == 1 else None

    def _agrees(
        self, given: Sequence[Tensor], wrong: Callable[..., Any], same: float = SAME
    ) -> bool:
        return all(
            apart(got, self.result(wrong, case)) <= same
            for got, case in zip(given, self.cases[: len(given)], strict=True)
        )

    def result(self, function: Callable[..., Any], case: Case) -> Tensor | None:
        """Return what one of our own functions gives; None if it cannot be called this way."""
        arguments = case.arguments()
        modules = Modules(arguments)
        try:
            return self._tensor(function(**arguments))
        except (ValueError, RuntimeError, IndexError):
            return None
        finally:
            modules.restore()

    def _ask(self, answer: Any, case: Case) -> Reply:
        """Call the student's function. The caller's tensors must stay as they are."""
        where, arguments = self._where(case), case.arguments()
        modules = Modules(arguments)
        try:
            value = call(answer, arguments, where)
        except Settled as settled:
            name = self.reason(arguments)
            if name is not None:
                refuse(f"tasks/{self.task}/misconceptions/{name}", diagnosis=name)
            if settled.outcome.status == "not_done" and case is not self.cases[0]:
                refuse("general/not_written", where=where)
            raise Settled(self._explained(settled.outcome)) from None
        finally:
            left = modules.restore()
        model = arguments.get("model")
        stray = model.stray() if isinstance(model, WatchedModel) else None
        self._refuse_changes(case, arguments)
        asks = (n for n, before in case.values.items() if asks_for_gradients(arguments[n], before))
        left = left or next((("leaves_grad", name) for name in asks), None)
        return Reply(self._numbers(value, where), stray, left)

    def _numbers(self, value: Any, where: str) -> Tensor:
        """Return a result as a tensor, or say why it is none."""
        if value is None and self.none is None:
            refuse("general/returned_none", status="not_done")
        if value is Ellipsis:
            refuse("general/not_done", status="not_done")
        if isinstance(value, str):
            refuse("general/hand_text", given=value[:40])
        try:
            got = self._tensor(value)
        except Exception:
            refuse("general/wrong_type", kind=type(value).__name__, where=where)
        if not bool(torch.isfinite(got).all()):
            name = self.not_finite
            if name is not None:
                refuse(f"tasks/{self.task}/misconceptions/{name}", diagnosis=name)
            refuse("general/not_finite", where=where)
        return got

    def _tensor(self, value: Any) -> Tensor:
        """Return a result as a tensor; None is a number where that is an answer."""
        if self.none is None:
            return as_numbers(value)
        numbers = as_numbers(self.none if value is None else value)
        return torch.nan_to_num(numbers, nan=self.none, posinf=LARGE, neginf=-LARGE)

    def _explained(self, stopped: Outcome) -> Outcome:
        """Add to an error what it means, if this error is known here."""
        for said, name in self.errors.items():
            if said in stopped.message:
                text = self._text(f"misconceptions/{name}")
                return replace(stopped, message=f"{stopped.message} {text}", diagnosis=name)
        return stopped

    def _refuse_changes(self, case: Case, arguments: Mapping[str, Any]) -> None:
        for name, before in case.values.items():
            if not unchanged(arguments[name], before):
                of_modules = isinstance(before, list) and isinstance(before[0], torch.nn.Module)
                what = "changes_model" if of_modules else "no_copy"
                mistake = self.left.get(what, what)
                if mistake in self._named():
                    refuse(f"tasks/{self.task}/misconceptions/{mistake}", diagnosis=mistake)
                refuse("general/changes_input", name=name)

    def _named(self) -> Mapping[str, str]:
        """Return the mistakes that have words."""
        return messages.entry(f"tasks/{self.task}").get("misconceptions", {})

    def _where(self, case: Case) -> str:
        return self._text(f"cases/{case.name}")

    def _text(self, key: str, **fields: Any) -> str:
        return messages.text(f"tasks/{self.task}/{key}", **fields)
