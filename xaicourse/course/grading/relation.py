"""How a wrong result is related to the right one: said only where it holds in every case."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import show_apart

__all__ = ["relation", "rounded"]

SAME = 1e-3  # of the larger norm
ASKED = 4  # digits: results count as right up to 1e-4 of the larger norm
ENOUGH = 4  # so many numbers are not the right ones with few decimals by chance
FEWEST = 2  # a result that is right to one digit only may be so by chance
COARSE = {torch.bfloat16: "bfloat16", torch.float16: "float16"}  # the coarser first

Results = Sequence[Tensor]


def relation(given: Results, expected: Results, asked: int = ASKED) -> str:
    """Return a sentence that is true of the results of all cases, or an empty one.

    It is no diagnosis: it says what can be seen in the numbers, not which mistake made them.
    `asked` is the number of digits that an answer must have.
    """
    given = [g.detach().double().squeeze() for g in given]
    expected = [e.detach().double().squeeze() for e in expected]
    if any(g.shape != e.shape for g, e in zip(given, expected, strict=True)):
        return ""
    digits = rounded(given, expected, asked) or _decimals(given, expected)
    if _all(given, expected):
        return digits
    if sum(e.numel() for e in expected) < 2:
        return digits  # one number has any other relation to any other
    for says in (_factor, _sizes, _other_order, _offset, _constant):
        text = says(given, expected)
        if text:
            return text
    return digits


def rounded(given: Results, expected: Results, asked: int = ASKED) -> str:
    """Say to how many digits the results are right, if that is too few and no chance."""
    digits = _right_digits(given, expected)
    if not FEWEST <= digits < asked:
        return ""
    for kind, name in COARSE.items():
        if _held_by(kind, given) and not _held_by(kind, expected):
            return messages.text("general/relation_type", digits=digits, asked=asked, type=name)
    return messages.text("general/relation_digits", digits=digits, asked=asked)


def _decimals(given: Results, expected: Results) -> str:
    """Say to how many decimals the results were rounded."""
    if sum(e.numel() for e in expected) < ENOUGH or all(_whole(e) for e in expected):
        return ""
    for decimals in (1, 2, 3):
        pairs = [(g, e.round(decimals=decimals)) for g, e in zip(given, expected, strict=True)]
        if all(torch.allclose(g, e, rtol=1e-6, atol=1e-6) for g, e in pairs):
            return messages.text("general/relation_decimals", decimals=decimals)
    return ""


def _whole(result: Tensor) -> bool:
    return bool((result == result.round()).all())


def _held_by(kind: torch.dtype, results: Results) -> bool:
    """Say whether a type of numbers holds these results without rounding."""
    return all(torch.equal(t, t.to(kind).double()) for t in results)


def _right_digits(given: Results, expected: Results) -> int:
    """Return to how many digits the results of all cases are right; 0 for whole numbers."""
    if all(map(_whole, (*given, *expected))):
        return 0  # a count that is one too high is not the right one with few digits
    errors = [
        float((g - e).norm()) / max(float(g.norm()), float(e.norm()), 1e-12)
        for g, e in zip(given, expected, strict=True)
    ]
    worst = max(errors, default=1.0)
    if not 0 < worst < 1:  # NaN, too
        return 0
    return math.floor(-math.log10(worst) + 1e-9)


def _factor(given: Results, expected: Results) -> str:
    """The right result times a number, one for all cases or one for each."""
    pairs = [(g, e) for g, e in zip(given, expected, strict=True) if float(e.norm()) > 0]
    factors = [float((g * e).sum() / (e * e).sum()) for g, e in pairs]
    if not _all(given, [_times(g, e) for g, e in zip(given, expected, strict=True)]):
        return ""
    if not factors or min(map(abs, factors)) < SAME:
        return ""
    low, high = min(factors), max(factors)
    if high - low <= SAME * max(abs(low), abs(high)):
        if abs(low + 1) <= SAME:
            return messages.text("general/relation_signs")
        factor = show_apart(low, math.copysign(1.0, low))[0]  # 1.004, never 1
        return messages.text("general/relation_factor", factor=factor)
    if min(e.numel() for _, e in pairs) < 2:
        return ""  # one number is always another one times something
    shown = dict(zip(("low", "high"), show_apart(low, high), strict=True))
    return messages.text("general/relation_factors", **shown)


def _times(given: Tensor, expected: Tensor) -> Tensor:
    """Return the multiple of the right result that is nearest to the given one."""
    size = float((expected * expected).sum())
    return expected * (float((given * expected).sum()) / size if size else 0.0)


def _sizes(given: Results, expected: Results) -> str:
    """The right result without its signs, or with its negative numbers cut off, or squared."""
    changes: list[tuple[str, Callable[[Tensor], Tensor]]] = [
        ("general/relation_sizes", torch.abs),
        ("general/relation_positive", torch.relu),
        ("general/relation_squares", torch.square),
    ]
    for key, change in changes:
        if _all(given, [change(e) for e in expected]):
            return messages.text(key)
    return ""


def _other_order(given: Results, expected: Results) -> str:
    """The right numbers, elsewhere."""
    if min(g.numel() for g in given) < 2:
        return ""
    ordered = [[t.flatten().sort().values for t in results] for results in (given, expected)]
    return messages.text("general/relation_order") if _all(*ordered) else ""


def _offset(given: Results, expected: Results) -> str:
    """The right result plus one number."""
    if min(g.numel() for g in given) < 2:
        return ""
    moved = [e + (g - e).mean() for g, e in zip(given, expected, strict=True)]
    return messages.text("general/relation_offset") if _all(given, moved) else ""


def _constant(given: Results, expected: Results) -> str:
    """The same result in all cases, which have different right ones."""
    if len(given) < 2 or any(g.shape != given[0].shape for g in given):
        return ""
    if not _all(given, [given[0]] * len(given)) or _all(expected, [expected[0]] * len(given)):
        return ""
    return messages.text("general/relation_constant")


def _all(given: Results, others: Results) -> bool:
    """Say whether two results agree in every case."""
    return all(
        float((g - o).norm()) <= SAME * max(float(g.norm()), float(o.norm()), 1e-12)
        for g, o in zip(given, others, strict=True)
    )
