"""For task 00.4: its maps, and a grader that takes any common scale with zero in the middle."""

import torch

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import require_function
from xaicourse.course.grading.cases import CaseGrader, case
from xaicourse.course.grading.compare import show
from xaicourse.course.grading.verdict import Outcome

__all__ = ["CASES", "LimitsGrader", "largest", "min_max", "sizes", "whole"]

SYMMETRIC = 1e-4  # how far low and -high may be apart, relative to high
LEAST, MOST = 0.3, 1.2  # of the largest size: room for every percentile rule, and for a margin


def sizes(maps):
    """Return the largest size of each map."""
    return [float(one.abs().max()) for one in maps]


def largest(maps):
    """Return the largest size of all maps."""
    return max(sizes(maps))


def whole(maps):
    """Return all numbers of all maps, (maps, 4, 6)."""
    return torch.stack(list(maps))


def min_max(maps):
    """Return the smallest and the largest value of all maps."""
    return float(whole(maps).min()), float(whole(maps).max())


def values(turn, strength, shift=0.0):
    """Make a map (4, 6) whose values spread evenly between -strength and strength, if unshifted."""
    evenly = (torch.arange(24.0) * turn + 0.1) % 1  # in [0, 1)
    return strength * (2 * evenly - 1 + shift).reshape(4, 6)


ZERO = torch.zeros(4, 6)
CASES = (
    case("signed", "two maps with both signs", maps=[values(0.618, 2.0), values(0.755, 3.0, 0.4)]),
    case(
        "hundred",
        "three maps, one of them a hundred times stronger than another",
        maps=[values(0.618, 0.05, 0.3), values(0.414, 5.0, -0.3), values(0.755, 0.5)],
    ),
    case(
        "strong_first",
        "two maps, the first a hundred times stronger",
        maps=[values(0.414, 40.0, 0.2), values(0.618, 0.4)],
    ),
    case(
        "below_zero",
        "two maps in which all values are negative",
        maps=[-values(0.618, 1.0, 1.1), -values(0.755, 4.0, 1.2)],
    ),
    case(
        "above_zero",
        "two maps in which all values are positive",
        maps=[values(0.755, 4.0, 1.2), values(0.618, 1.0, 1.1)],
    ),
    case(
        "opposite",
        "two maps, one the negative of the other",
        maps=[values(0.618, 6.0), -values(0.618, 6.0)],
    ),
    case(
        "five",
        "five maps, one of them much stronger than the others",
        maps=[values(0.414, 9.0), *(values(turn, 0.2) for turn in (0.618, 0.755, 0.3, 0.9))],
    ),
    case("one_zero", "two maps, one of them 0 everywhere", maps=[ZERO, values(0.414, 1.5, -0.5)]),
    case("all_zero", "two maps that are 0 everywhere", maps=[ZERO, ZERO]),
)


def fault(got, maps):
    """Return what is wrong with the limits for these maps, or nothing."""
    if got.squeeze().shape != (2,):
        return "not_two"
    (low, high), strongest = got.flatten().tolist(), largest(maps)
    if not high > 0 or not low < high:
        return "no_width"
    if abs(low + high) > SYMMETRIC * high:
        return "not_symmetric"
    if strongest > 0 and not LEAST * strongest <= high <= MOST * strongest:
        return "too_narrow" if high < LEAST * strongest else "too_wide"
    return ""


class LimitsGrader(CaseGrader):
    """Judges two numbers by what they do for all maps: any symmetric common rule is right."""

    def __call__(self, answer):
        """Return the outcome for one answer."""
        require_function(answer, "shared_limits")
        given = [self._ask(answer, each).numbers for each in self.cases]
        pairs = zip(given, self.cases, strict=True)
        faults = {k: fault(got, each.values["maps"]) for k, (got, each) in enumerate(pairs)}
        wrong = [k for k, what in faults.items() if what]
        if not wrong:
            return Outcome("passed", self._text("passed"))
        first, name = wrong[0], self._name(given, wrong)
        maps, where = self.cases[first].values["maps"], self._where(self.cases[first])
        ends = {
            "lows": [min_max([one])[0] for one in maps],
            "highs": [min_max([one])[1] for one in maps],
        }
        shown = {key: show(numbers) for key, numbers in ends.items()}
        evidence = self._text("evidence", **shown, yours=show(given[first]))
        if name is not None:
            return Outcome("not_right", self._text(f"misconceptions/{name}"), evidence, name)
        text = messages.text(f"tasks/00.4/faults/{faults[first]}", where=where)
        return Outcome("not_right", text, evidence)

    def _name(self, given, wrong):
        """Return the one mistake with the same limits wherever no map is 0."""
        if wrong == [len(self.cases) - 1] and not given[-1].any():
            return "zero_map_forgotten"  # whichever rule the other limits follow
        plain_cases = [
            k for k, each in enumerate(self.cases) if all(map(torch.any, each.values["maps"]))
        ]
        of_sizes = LimitsGrader(
            self.task,
            [self.cases[k] for k in plain_cases],
            self.right,
            {k: v for k, v in self.misconceptions.items() if k != "zero_map_forgotten"},
            also=self.also,
        )
        return of_sizes.diagnose([given[k] for k in plain_cases])
