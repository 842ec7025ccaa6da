"""Grading a path method: accept every legal rule, reject the rest, name known mistakes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call, require_function
from xaicourse.course.grading.compare import (
    as_numbers,
    distance,
    largest_difference,
    refuse,
    show,
    show_apart,
    to_tensor,
)
from xaicourse.course.grading.leaves import asks_for_gradients, filled_in_training
from xaicourse.course.grading.mistakes import Mistake
from xaicourse.course.grading.path import Path, Probe, right
from xaicourse.course.grading.random_alphas import integrates_at_random
from xaicourse.course.grading.relation import rounded
from xaicourse.course.grading.rules import RULES
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = ["PathGrader", "as_answer", "path_task"]

EXACT = 1e-4  # float32 passes
BETTER = 3.0  # and at least this much better than with a tenth of the steps ...
NOTHING = 1e-3  # results smaller than this share of the right one are as good as 0
PERFECT = 2e-5  # ... unless nothing is left to improve in float32
SAME = 5e-3  # an answer this close to a misconception on every probe agrees with it
CLASSES = 6  # no probe has more
WASTEFUL = 4.0  # a note for answers that use this many times the model inputs they need

Wrong = Callable[[Path], Tensor]


def as_answer(wrong: Wrong, rule: str = "midpoint", path: type[Path] = Path):
    """Turn a wrong (or right) way of integrating into what a student would hand in."""

    def my_ig(model, x, target, baseline, steps):
        probe = Probe("", "", model, x, baseline, target, steps)
        return wrong(path(probe, rule)).to(x.dtype)

    return my_ig


@cache
def _path(path: type[Path], probe: Probe, rule: str) -> Path:
    return path(probe, rule)


@cache
def _result(wrong: Wrong, path: Path) -> Tensor:
    """Return what a misconception answers; remembered, because most checks ask for all of them."""
    return wrong(path)


@cache
def _truth(path: type[Path], probe: Probe) -> Tensor:
    """Return the right answer to a probe, by 200 Gauss-Legendre nodes (the probes are smooth)."""
    return right(path(probe, "gauss_legendre", 200))


@dataclass(frozen=True)
class PathGrader:
    """Grades ``answer(model, x, target, baseline, steps)``.

    `core` probes decide about the concept; `shapes` (a target for each row, image-shaped x) are
    tried when these are right, so that an error there gets a message of its own.
    """

    task: str
    core: Sequence[Probe]
    shapes: Sequence[Probe]
    misconceptions: Mapping[str, Wrong]
    path: type[Path] = Path

    def __call__(self, answer: Any) -> Outcome:
        """Return the outcome for one answer."""
        require_function(answer, self._name)
        results = {probe: self._ask(answer, probe) for probe in self.core}
        failed = self._failed(answer, results)
        if not failed:
            results |= {probe: self._ask(answer, probe) for probe in self.shapes}
            failed = self._failed(answer, results)
        elif not any(probe.exact for probe in failed) and integrates_at_random(
            lambda probe: self._ask(answer, probe), failed, self.path
        ):
            return self._passed(answer, [messages.text("notes/random_alphas")])
        if failed:
            return self._not_right(answer, failed[0], results)
        return self._passed(answer, [])

    # ------------------------------------------------------------ asking

    def _ask(
        self, answer: Any, probe: Probe, steps: int | None = None, given: dict | None = None
    ) -> Tensor:
        given = probe.arguments(steps) if given is None else given
        where = self._where(probe, given["steps"])
        shape, value = tuple(probe.x.shape), call(answer, given, where)
        got = to_tensor(value, shape, where)
        if len(probe.x) == 1 and as_numbers(value).shape != probe.x.shape:  # squeeze()
            refuse("general/batch_axis", shape=tuple(as_numbers(value).shape), expected=shape)
        for name, before in (("x", probe.x), ("baseline", probe.baseline)):
            if not torch.equal(given[name].detach(), before):
                refuse("general/changes_input", name=name)
        if not bool(torch.isfinite(got).all()):
            refuse("general/not_finite", where=where)
        return got

    def _expected(self, probe: Probe) -> Tensor:
        return _truth(self.path, probe)

    # ------------------------------------------------------------ judging

    def _is_right(self, answer: Any, probe: Probe, got: Tensor) -> bool:
        expected = self._expected(probe)
        error = distance(got, expected)
        if probe.exact:
            return error <= EXACT
        if error > probe.tolerance:
            return False
        return (
            error <= PERFECT
            or not probe.fewer
            or error * BETTER <= distance(self._ask(answer, probe, probe.fewer), expected)
        )

    def _failed(self, answer: Any, results: Mapping[Probe, Tensor]) -> list[Probe]:
        return [probe for probe, got in results.items() if not self._is_right(answer, probe, got)]

    def diagnose(self, results: Mapping[Probe, Tensor]) -> str | None:
        """Return the one misconception that fits on every probe, under whichever rule.

        None when nothing fits or when two fit: no mistake is named that was not made.
        """
        fits = [
            name
            for name, wrong in self.misconceptions.items()
            if any(self._fits(wrong, rule, results) for rule in RULES)
        ]
        return fits[0] if len(fits) == 1 else None

    def _as_good_as_zero(self, results: Mapping[Probe, Tensor]) -> bool:
        return all(
            float(got.norm()) <= NOTHING * float(self._expected(probe).norm())
            for probe, got in results.items()
        )

    def _with_own_targets(self, answer: Any) -> dict[Probe, Tensor]:
        probe = next(probe for probe in self.shapes if isinstance(probe.target, Tensor))
        try:
            return {probe: self._ask(answer, probe)}
        except Settled:
            return {}

    def _fixed_class(self, results: Mapping[Probe, Tensor]) -> int | None:
        """Return the class whose right maps these are on every core probe, if there is one."""
        for fixed in range(CLASSES):
            probes = {probe: replace(probe, target=fixed) for probe in self.core}
            try:
                far = [
                    distance(results[p], self._expected(q)) - p.tolerance for p, q in probes.items()
                ]
            except (IndexError, RuntimeError):
                return None  # a probe has no such class
            if max(far) <= 0:
                return fixed
        return None

    def _right_up_to_size(self, results: Mapping[Probe, Tensor]) -> bool:
        """Say whether every map is the right one times a positive factor, in each probe not 1."""
        for probe, got in results.items():
            a, b = got.flatten(1), self._expected(probe).flatten(1)  # (N, D)
            factors = a.norm(dim=1) / b.norm(dim=1)
            if float(torch.cosine_similarity(a, b, dim=1).min()) < 1 - SAME**2:
                return False
            if float((factors - 1).abs().max()) < 4 * probe.tolerance:
                return False
        return True

    def _fits(self, wrong: Wrong, rule: str, results: Mapping[Probe, Tensor]) -> bool:
        return all(
            distance(
                got,
                _result(wrong, _path(self.path, probe, rule)),
                at_least=NOTHING * float(self._expected(probe).flatten(1).norm(dim=1).max()),
            )
            <= SAME
            for probe, got in results.items()
        )

    # ------------------------------------------------------------ saying

    def _not_right(self, answer: Any, failed: Probe, results: dict[Probe, Tensor]) -> Outcome:
        evidence = self._evidence(failed, results[failed])
        if self._as_good_as_zero(results):
            results = results | self._with_own_targets(answer)  # they may show what happens
            if self._as_good_as_zero(results):
                return Outcome("not_right", messages.text("general/all_zero"), evidence)
        name = self.diagnose(results)
        if name is None and self._right_up_to_size(results):
            name = "wrong_size"
        if name is not None:
            text = self._text(f"misconceptions/{name}")
            return Outcome("not_right", text, evidence, diagnosis=name)
        fixed = self._fixed_class(results)
        if fixed is not None:
            text = messages.text("general/fixed_class", fixed=fixed)
            return Outcome("not_right", text, evidence, diagnosis="fixed_class")
        if (
            not failed.exact
            and distance(results[failed], self._expected(failed)) <= failed.tolerance
        ):
            ignored = all(
                distance(self._ask(answer, failed, steps), results[failed]) < 1e-7
                for steps in (failed.fewer, 2)  # rounded results differ when steps = 2
            )
            key = "general/steps_ignored" if ignored else "general/not_converging"
            fields = {"few": failed.fewer, "many": failed.steps}
            diagnosis = "steps_ignored" if ignored else None
            return Outcome("not_right", messages.text(key, **fields), evidence, diagnosis)
        place = largest_difference(results[failed], self._expected(failed))
        text = messages.text(
            "general/differs",
            where=self._where(failed, failed.steps),
            row=place[0] + 1,
            entry=", ".join(str(i + 1) for i in place[1:]),
        )
        return Outcome("not_right", f"{text} {self._few_digits(results)}".rstrip(), evidence)

    def _few_digits(self, results: Mapping[Probe, Tensor]) -> str:
        """Say that the results are the right ones, rounded, if they are."""
        exact = [probe for probe in results if probe.exact]
        near = all(
            distance(got, self._expected(probe)) <= probe.tolerance
            for probe, got in results.items()
            if not probe.exact
        )
        if not near:
            return ""
        return rounded([results[p] for p in exact], [self._expected(p) for p in exact])

    def _evidence(self, probe: Probe, got: Tensor) -> str:
        expected = self._expected(probe)
        row = largest_difference(got, expected)[0]
        targets = torch.as_tensor(probe.target).expand(len(probe.x))
        yours, right_one = show_apart(got[row].flatten(), expected[row].flatten())
        return messages.text(
            "general/evidence_path",
            row=row + 1,
            x=show(probe.x[row].flatten()),
            baseline=show(probe.baseline[row].flatten()),
            target=int(targets[row]),
            steps=probe.steps,
            yours=yours,
            expected=right_one,
        )

    def _passed(self, answer: Any, notes: list[str]) -> Outcome:
        exact = next((probe for probe in self.core if probe.exact), self.core[0])
        self._refuse_memory_of_last_call(answer, exact)
        self._refuse_mixed_rows(answer)
        notes += self._what_stays(answer, exact)
        if exact.exact and not self._exact_with_one_step(answer, exact):
            notes.append(messages.text("notes/one_step"))
        exact.model.forget()
        self._ask(answer, exact)
        if torch.float64 in exact.model.dtypes_seen:
            notes.append(messages.text("notes/float64"))
        factor = exact.model.inputs_seen / (exact.steps * len(exact.x))
        if factor >= WASTEFUL:
            notes.append(messages.text("notes/slow", factor=round(factor)))
        return Outcome("passed", self._text("passed"), notes=tuple(notes))

    def _refuse_memory_of_last_call(self, answer: Any, probe: Probe) -> None:
        """Two calls with the very same tensors must agree: .grad must not add up."""
        given = probe.arguments()
        first = self._ask(answer, probe, given=given)
        second = self._ask(answer, probe, given=given)
        if distance(first, second) > EXACT:
            refuse("general/second_call", diagnosis="second_call")
        for name in ("x", "baseline"):
            if asks_for_gradients(given[name], getattr(probe, name)):
                refuse("general/leaves_grad", diagnosis="leaves_grad", name=name)

    def _refuse_mixed_rows(self, answer: Any) -> None:
        """With few steps, an input must get the same map alone as in a batch."""
        probe = next(probe for probe in self.core if not probe.exact)
        few, first = probe.arguments(6), probe.arguments(6)
        first |= {"x": first["x"][:1].clone(), "baseline": first["baseline"][:1].clone()}
        try:
            together, again = self._ask(answer, probe, given=few), self._ask(answer, probe, 6)
            where, shape = self._where(probe, 6), tuple(first["x"].shape)
            alone = to_tensor(call(answer, first, where), shape, where)
        except Settled:
            return  # a rule that cannot take so few steps
        drawn_at_random = distance(together, again) > EXACT
        if not drawn_at_random and distance(together[:1], alone) > 10 * EXACT:
            refuse("general/rows_together")

    def _what_stays(self, answer: Any, probe: Probe) -> list[str]:
        """Note a .grad that stays on the weights."""
        filled = filled_in_training(
            probe.arguments(), lambda given: self._ask(answer, probe, given=given)
        )
        return [messages.text(f"notes/{filled[0]}", name=filled[1])] if filled else []

    def _exact_with_one_step(self, answer: Any, probe: Probe) -> bool:
        """A trapezoid needs two nodes, so an answer that fails here still passes, with a note."""
        try:
            got = self._ask(answer, probe, 1)
        except Exception:
            return False
        return distance(got, self._expected(probe)) <= EXACT

    @property
    def _name(self) -> str:
        return messages.entry(f"tasks/{self.task}/name")

    def _where(self, probe: Probe, steps: int) -> str:
        text = messages.text(f"tasks/{self.task}/probes/{probe.name}")
        return messages.text("general/probe_with_steps", probe=text, steps=steps)

    def _text(self, key: str) -> str:
        return messages.text(f"tasks/{self.task}/{key}")


def path_task(
    id: str,
    reference: Callable[..., Tensor],
    *,
    core: Sequence[Probe],
    shapes: Sequence[Probe],
    mistakes: Sequence[Mistake],
    passed: str,
    hints: tuple[str, str, str],
    path: type[Path] = Path,
) -> Task:
    """Return the task.

    Parameters
    ----------
    id : str
        Lesson and number, such as "05.2".
    reference : callable
        The right function, ``reference(model, x, target, baseline, steps)``.
    core : sequence of Probe
        What decides about the concept, the smallest first; at least one is not exact.
    shapes : sequence of Probe
        What is tried when these are right; one has a target for each input.
    mistakes : sequence of Mistake
        Those of `right` with another step: see `WRONG_PATHS` and `WRONG_CLASSES`.
    passed : str
        What is said of a right answer.
    hints : tuple of str
        Three hints, from a nudge to almost the solution.
    path : class
        `Path`, or one made from it: the path that is walked, and what is explained.

    Returns
    -------
    Task
        Its wrong answers integrate by the midpoint rule.
    """
    wrong = {mistake.name: mistake.make(right) for mistake in mistakes}
    return Task(
        id,
        PathGrader(id, core, shapes, wrong, path),
        reference=reference,
        misconceptions={name: as_answer(way, path=path) for name, way in wrong.items()},
        words={
            "name": reference.__name__,
            "passed": passed,
            "hints": list(hints),
            "probes": {probe.name: probe.says for probe in (*core, *shapes)},
            "misconceptions": {mistake.name: mistake.says for mistake in mistakes},
        },
    )
