"""How an answer to 05.3 is judged: cases, and a grader for results that are a number or None."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call, require_function
from xaicourse.course.grading.cases import Case, case
from xaicourse.course.grading.compare import refuse, show, to_number
from xaicourse.course.grading.verdict import Outcome

__all__ = ["CASES", "WORDS", "StepsGrader"]


def tried(name: str, says: str, gaps: dict[int, float], rise: float, limit: float) -> Case:
    """Return a case: numbers of steps with their signed gaps."""
    return case(name, says, gaps=gaps, rise=rise, limit=limit)


CASES = (
    tried(
        "plain",
        "gaps that become smaller and smaller",
        {4: 3.0, 8: 1.0, 16: 0.3, 32: 0.1},
        10.0,
        0.05,
    ),
    tried(
        "lucky",
        "a gap that is small by luck and grows again",
        {4: 4.0, 8: 0.02, 16: 1.5, 32: 0.4, 64: 0.08},
        5.0,
        0.05,
    ),
    tried("negative_gaps", "negative gaps", {8: -2.5, 16: -0.9, 32: -0.2, 64: -0.05}, 4.0, 0.1),
    tried(
        "negative_rise",
        "a negative rise",
        {8: 1.2, 16: -0.7, 32: 0.2, 64: 0.1, 128: 0.02},
        -6.0,
        0.05,
    ),
    tried(
        "small_rise",
        "a rise that is smaller than 1",
        {8: 0.04, 16: 0.03, 32: 0.004, 64: 0.001},
        0.1,
        0.1,
    ),
    tried(
        "none",
        "gaps that never stay within the limit",
        {8: 0.9, 16: 0.05, 32: -0.6, 64: 0.4},
        2.0,
        0.1,
    ),
    tried(
        "first_tried",
        "gaps that are all within the limit",
        {10: 0.1, 20: 0.15, 40: 0.05},
        20.0,
        0.02,
    ),
    tried("percent", "a rise of 50", {5: 9.0, 10: 4.0, 20: 0.01, 40: 0.005}, 50.0, 0.1),
    tried("equal", "a gap that is exactly limit * |rise|", {8: 4.0, 16: 2.0, 32: 1.0}, 8.0, 0.25),
    tried("no_rise", "a rise of 0", {8: 0.0, 16: 0.0, 32: 0.0}, 0.0, 0.05),
    tried(
        "lucky_twice",
        "gaps that are small by luck at two n one after the other",
        {8: 0.02, 16: 0.01, 32: 1.5, 64: 0.08, 128: 0.03},
        4.0,
        0.05,
    ),
    tried(
        "uneven",
        "numbers of steps that do not double",
        {3: 2.0, 7: 0.6, 24: 0.5, 25: 0.4},
        -7.0,
        0.1,
    ),
    tried(
        "small_product",
        "a rise of 0.002 with a limit of 0.0004",
        {8: 9e-6, 16: 6e-7, 32: 4e-7},
        0.002,
        4e-4,
    ),
    tried(
        "just_a_rise",
        "a rise of 3e-06, which is not below 1e-06",
        {8: 2e-6, 16: 1e-6, 32: -1e-7},
        3e-6,
        0.5,
    ),
    tried("tiny_rise", "a rise of 1e-10", {8: 1e-12, 16: -1e-13, 32: 1e-14}, 1e-10, 0.05),
)


WORDS = {
    "evidence": (
        "For gaps = {gaps}, rise = {rise}, limit = {limit}: yours {yours}; expected {expected}."
    ),
    "always_none": (
        "Your function returns None in every case. If you have written it, check that it ends "
        "with `return`."
    ),
    "always_the_same": (
        "Your function returns {yours} in every case. The answer depends on gaps, rise and limit."
    ),
    "text": ("Your function returns the text {given!r}. Return a number, or None, without quotes."),
    "differs": "{wrong} of {cases} cases differ, the first one is {where}.",
}


@dataclass(frozen=True)
class StepsGrader:
    """Judges ``answer(gaps, rise, limit)``, whose result is a number or None, on all cases."""

    task: str
    tried: Sequence[Case]
    right: Callable[..., Any]
    misconceptions: Mapping[str, Callable[..., Any]]
    also: Mapping[str, Any]

    def __call__(self, answer: Any) -> Outcome:
        """Return the outcome for one answer."""
        require_function(answer, "steps_needed")
        given = [self._ask(answer, case) for case in self.tried]
        expected = [self.right(**case.values) for case in self.tried]
        wrong = [k for k in range(len(given)) if given[k] != expected[k]]
        if not wrong:
            return Outcome("passed", self._text("passed"))
        first = self.tried[wrong[0]]
        shown = {"yours": show(given[wrong[0]]), "expected": show(expected[wrong[0]])}
        evidence = self._text("evidence", **first.values, **shown)
        if len(set(given)) == 1:
            same = "always_none" if given[0] is None else "always_the_same"
            return Outcome("not_right", self._text(same, yours=show(given[0])), evidence)
        name = self.diagnose(given)
        if name is not None:
            return Outcome("not_right", self._text(f"misconceptions/{name}"), evidence, name)
        cases = {"wrong": len(wrong), "cases": len(given), "where": first.says}
        return Outcome("not_right", self._text("differs", **cases), evidence)

    def diagnose(self, given: Sequence[float | None]) -> str | None:
        """Return the one misconception that gives the same answer in every case."""
        without_n = [self.right(**case.values) is None for case in self.tried]
        given = [  # 0, -1 or infinity where there is no n
            -1 if none and n in (0, -1, float("inf")) else n
            for n, none in zip(given, without_n, strict=True)
        ]
        fits = [
            name
            for name, wrong in self.misconceptions.items()
            if [wrong(**case.values) for case in self.tried] == given
        ]
        return fits[0] if len(fits) == 1 else None

    def _ask(self, answer: Any, case: Case) -> float | None:
        gaps = dict(case.values["gaps"])
        got = call(answer, {**case.values, "gaps": gaps}, case.says)
        if gaps != case.values["gaps"]:
            refuse("general/changes_input", name="gaps")
        if got is None:
            return None
        if isinstance(got, str):
            refuse("tasks/05.3/text", given=got[:40])
        number = to_number(got, case.says)
        return None if number != number else number  # NaN says "none" as well

    def _text(self, key: str, **fields: Any) -> str:
        return messages.text(f"tasks/{self.task}/{key}", **fields)
