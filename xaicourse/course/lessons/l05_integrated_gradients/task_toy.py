"""Task 05.1: Integrated Gradients of the TOY net on paper, and the alpha of the kink."""

from collections.abc import Mapping
from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.by_hand import finite_number
from xaicourse.course.grading.compare import refuse, show
from xaicourse.course.grading.submission import is_missing
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["TOY_ON_PAPER"]

# Before the kink the slopes are (2, -2), after it (1, -3); x - x' = (3, 1).
IG, KINK = (3.75, -2.75), 0.25
ROUNDED = 0.0051  # two digits after the point are enough

WRONG = {
    "constant_slope": ((3.0, -3.0), KINK),  # also gradient x input, and one step
    "first_slope_only": ((6.0, -2.0), KINK),
    "parts_swapped": ((5.25, -2.25), KINK),
    "half_and_half": ((4.5, -2.5), KINK),
    "no_difference": ((1.25, -2.75), KINK),
    "plain_gradient": ((1.0, -3.0), KINK),
    "sign_reversed": ((-3.75, 2.75), KINK),
    "features_swapped": ((-2.75, 3.75), KINK),
    "no_signs": ((3.75, 2.75), KINK),
    "no_gates": ((-6.0, 3.0), KINK),
    "third_relu_added": ((8.25, -1.25), KINK),
    "no_lengths": ((9.0, -5.0), KINK),
    "distances_swapped": ((1.25, -8.25), KINK),
    "first_part_only": ((1.5, -0.5), KINK),
    "second_part_only": ((2.25, -2.25), KINK),
    "f_at_baseline_added": ((4.25, -2.25), KINK),
    "kink_from_the_end": (IG, 0.75),
    "kink_upside_down": (IG, 4.0),
    "kink_of_second_relu": (IG, -1.0),
    "kink_at_third": ((4.0, -8 / 3), 1 / 3),  # the shares that follow from this kink
}
WRONG_KINKS = ("kink_from_the_end", "kink_upside_down", "kink_of_second_relu", "kink_at_third")


def grade(answer: Any) -> Outcome:
    """Judge two shares and one alpha."""
    shares, kink = _read(answer)
    right_shares, right_kink = _near(shares, IG), _near((kink,), (KINK,))
    if right_shares and right_kink:
        return Outcome("passed", messages.text("tasks/05.1/passed"))
    evidence = messages.text("tasks/05.1/evidence", yours=show(shares), kink=show(kink))
    if not right_shares:
        for name, (wrong, wrong_kink) in WRONG.items():
            goes_with = name not in WRONG_KINKS or _near((kink,), (wrong_kink,))
            if _near(shares, wrong) and goes_with:
                text = messages.text(f"tasks/05.1/misconceptions/{name}")
                return Outcome("not_right", text, evidence, diagnosis=name)
        key = "both_differ"
        if right_kink:
            key = "shares_add_up" if _near((sum(shares),), (sum(IG),)) else "shares_differ"
        text = messages.text(f"tasks/05.1/{key}", total=show(sum(shares)))
        return Outcome("not_right", text, evidence)
    for name in WRONG_KINKS:
        if _near((kink,), (WRONG[name][1],)):
            text = messages.text(f"tasks/05.1/misconceptions/{name}")
            return Outcome("not_right", text, evidence, diagnosis=name)
    return Outcome("not_right", messages.text("tasks/05.1/kink_differs"), evidence)


def _near(given: tuple[float, ...], wanted: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= ROUNDED for a, b in zip(given, wanted, strict=True))


def _read(answer: Any) -> tuple[tuple[float, float], float]:
    """Accept (shares, alpha), a dictionary, or three numbers in a row."""
    if isinstance(answer, Mapping):
        named = [value for key, value in answer.items() if _means_kink(key)]
        others = [value for key, value in answer.items() if not _means_kink(key)]
        if len(named) == 1:
            return _three([*_numbers(others), *_numbers(named)])
        answer = list(answer.values())
    if isinstance(answer, (list, tuple)) and len(answer) == 2:
        first, second = (_numbers(part) for part in answer)
        if len(first) == 1:  # alpha first
            first, second = second, first
        return _three([*first, *second])
    return _three(_numbers(answer))


def _means_kink(key: Any) -> bool:
    return any(word in str(key).lower() for word in ("alpha", "kink"))


def _three(numbers: list[float]) -> tuple[tuple[float, float], float]:
    if len(numbers) == 2:
        refuse("tasks/05.1/kink_missing", status="not_done")
    if len(numbers) != 3:
        refuse("tasks/05.1/how_many", given=len(numbers))
    return (numbers[0], numbers[1]), numbers[2]


def _numbers(value: Any) -> list[float]:
    """Return all numbers in a nested answer; fractions are numbers, texts are not."""
    if is_missing(value):
        refuse("general/not_done", status="not_done")
    if isinstance(value, (list, tuple)):
        return [number for part in value for number in _numbers(part)]
    if hasattr(value, "tolist"):  # tensors and arrays
        return _numbers(value.tolist())
    if isinstance(value, str):  # the sheet goes on with these numbers: a text would stop it there
        refuse("tasks/05.1/text", given=value[:40])
    return [finite_number(value)]


TOY_ON_PAPER = Task(
    id="05.1",
    grade=grade,
    reference=(IG, KINK),
    misconceptions=WRONG,
)
