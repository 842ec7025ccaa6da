"""Task 01.2: what a call leaves behind on its input and on the model."""

import copy
from dataclasses import dataclass, replace

import torch

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call
from xaicourse.course.grading.cases import RIGHT, CaseGrader, apart
from xaicourse.course.grading.compare import as_numbers, refuse
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = ["GradientGrader"]


@dataclass(frozen=True)
class GradientGrader(CaseGrader):
    """Right numbers first; then what the call leaves behind."""

    def __call__(self, answer):
        """Return the outcome for one answer, which is given its own copies of the models."""
        copies = replace(self, cases=[_with_own_model(case) for case in self.cases])
        outcome = CaseGrader.__call__(copies, answer)
        if outcome.status != "passed":
            return outcome
        for own_case, before in zip(copies.cases, self.cases, strict=True):
            self._look_for_traces(answer, own_case, before.values["model"])
        notes = () if self._works_without_grad(answer) else (messages.text("tasks/01.2/no_grad"),)
        return Outcome("passed", outcome.message, notes=notes)

    def _look_for_traces(self, answer, own_case, before):
        """Call twice with the same x; x and the model must stay as they were."""
        arguments, where = own_case.arguments(), self._where(own_case)
        model, x = copy.deepcopy(before).requires_grad_(), arguments["x"]  # as in training
        arguments["model"] = model
        value = call(answer, arguments, where)
        if isinstance(value, tuple) and len(value) == 1 < len(x):
            self._refuse("tuple_of_one")
        first = as_numbers(value).clone()  # the second call may add to it
        second = as_numbers(call(answer, arguments, where))
        if apart(first, second) > RIGHT:
            if apart(2 * first, second) <= RIGHT:
                self._refuse("accumulates")
            refuse("general/second_call")
        if x.requires_grad or x.grad is not None:
            self._refuse("leaves_grad")
        pairs = zip(model.parameters(), before.parameters(), strict=True)
        same = all(torch.equal(a, b) and a.requires_grad for a, b in pairs)
        if model.training or not same:
            self._refuse("model_left_changed")
        if any(weight.grad is not None for weight in model.parameters()):
            self._refuse("fills_weights")

    def _ask(self, answer, case):
        """Say more about None: it may be the .grad of a tensor that has none."""
        try:
            return super()._ask(answer, case)
        except Settled as settled:
            if settled.outcome.message == messages.text("general/returned_none"):
                refuse("tasks/01.2/returned_none", status="not_done")
            raise

    def _works_without_grad(self, answer):
        """Say whether the answer is right when its caller has switched gradients off."""
        first = _with_own_model(self.cases[0])
        try:
            with torch.no_grad():
                got = as_numbers(call(answer, first.arguments(), self._where(first)))
        except Exception:
            return False
        return apart(got, self.result(self.right, first)) <= RIGHT

    def _refuse(self, name):
        refuse(f"tasks/{self.task}/misconceptions/{name}", diagnosis=name)


def _with_own_model(case):
    return replace(case, values={**case.values, "model": copy.deepcopy(case.values["model"])})
