"""A grader for answers of two parts: where no mistake fits, it says which part is right."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from torch import Tensor

from xaicourse.course.grading.cases import RIGHT, CaseGrader, apart

__all__ = ["PairGrader"]

ONE_RIGHT = "Of the two parts, {right} is right in every case, {wrong} is not."


@dataclass(frozen=True)
class PairGrader(CaseGrader):
    """Knows the two parts by their names, and how to take them out of a result."""

    names: tuple[str, str] = ("", "")
    part: Callable[[Tensor, int], Tensor] = field(default=lambda result, k: result[k], repr=False)

    def _unnamed(self, text, evidence, given, expected):
        """Say which of the two parts is right, if one is."""
        outcome = super()._unnamed(text, evidence, given, expected)
        if outcome.diagnosis is None:
            right = [self._is_right(k, given, expected) for k in (0, 1)]
            if any(right) and not all(right):
                first, second = self.names if right[0] else self.names[::-1]
                said = ONE_RIGHT.format(right=first, wrong=second)
                return replace(outcome, message=f"{outcome.message} {said}")
        return outcome

    def _is_right(self, k, given, expected):
        pairs = zip(given, expected, strict=True)
        return all(apart(self.part(got, k), self.part(right, k)) <= RIGHT for got, right in pairs)
