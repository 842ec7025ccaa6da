"""True words about a map: what it adds up to, and how far it is from what the method defines."""

import inspect
import math
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution, relative_gap
from xaicourse.core.registry import MethodRecord
from xaicourse.course.table import in_words

__all__ = [
    "count_words",
    "error_share",
    "error_words",
    "gap_words",
    "percent",
    "rise_words",
    "same_digits",
]

GOOD_GAP, FAIR_GAP = 0.02, 0.10
GOOD_ERROR, FAIR_ERROR = 0.05, 0.15
SAME = 2e-4  # of the scores that are compared: what rounding does to them in 32 bits
EFFORT = ("steps", "samples", "climb")  # settings of which more gives another map


# ---------------------------------------------------------------- the rise


def rise_words(result: Attribution, score: float, at_baseline: float | None) -> str:
    """Say from where to where F goes along the method's path; "" where there is none.

    `at_baseline` is F of the baseline in the settings, if there is one: some paths begin elsewhere.
    """
    if result.f_start is None or result.f_end is None:
        return ""
    start, end = _first(result.f_start), _first(result.f_end)
    if at_baseline is not None and _same(start, at_baseline, score):
        place = baseline_words(result.settings["baseline"])
    elif "baselines" in result.settings:
        place = "its baselines, on average,"
    else:
        place = "where its path starts"
    first, last, photo = same_digits(start, end, score)
    text = f"from {first} for {place} to {last}".replace("for where", "where")
    return text if _same(end, score, start) else f"{text} where it ends; the photo has {photo}"


def baseline_words(baseline: Any) -> str:
    """Say what a photo is compared with."""
    words = {
        "black": "a black image",
        "white": "a white image",
        "mean": "an image of the photo's mean colour",
        "blur": "the blurred photo",
        "uniform": "uniform noise",
        "max_distance": "the image farthest from the photo",
    }
    greys = {0.0: "black", 1.0: "white"}
    name = baseline if isinstance(baseline, str) else greys.get(float(baseline))
    return words[name] if name is not None else f"an image of grey {baseline:g}"


# ---------------------------------------------------------------- the gap


def gap_words(record: MethodRecord, result: Attribution, quantity: str = "logit") -> str:
    """Say what the map adds up to, and what it should; `quantity` is what F is."""
    if result.gap is None:
        return "none to report; this method does not promise that its map adds up to anything"
    total, gap = _sum(result.values), _first(result.gap)
    end = None if result.f_end is None else _first(result.f_end)
    if "parts" in result.extra:  # FullGrad: the picture is drawn from them
        return (
            f"{percent(_share(gap, end))} for the decomposition, whose parts add up to the "
            f"{quantity}; this picture of them adds up to nothing"
        )
    if "input" in result.extra:  # bias backpropagation: its map is the biases' part
        other = _sum(result.extra["input"])
        return (
            f"the map holds {total:.2f} of {end:.2f}, what the biases bring; gradient x input has "
            f"the other {other:.2f}{_unexplained(gap, end)}"
        )
    if "absorbed" in result.extra:  # relevance
        lesson = f" (lesson {in_words(record.lesson)})" if record.lesson else ""
        return (
            f"the map holds {total:.2f} of {end:.2f}; biases and constants absorbed the other "
            f"{_first(result.extra['absorbed']):.2f}{lesson}{_unexplained(gap, end)}"
        )
    return _path_words(record, result, total, gap)


def _path_words(record: MethodRecord, result: Attribution, total: float, gap: float) -> str:
    """Say how well the map adds up to the rise, or to what the method shares out of it."""
    start = 0.0 if result.f_start is None else _first(result.f_start)
    end = 0.0 if result.f_end is None else _first(result.f_end)
    promised, rise = total - gap, end - start
    share = _share(gap, end, end - promised)
    if abs(promised - rise) <= 1e-3 * abs(rise) + 1e-5 * max(abs(end), abs(start)):
        what = "the rise"
    else:
        what = f"{promised:.2f}, which its weights share out of a rise of {rise:.2f}"
    if share <= GOOD_GAP:
        verdict = f"the map adds up to {what}"
    elif share <= FAIR_GAP:
        verdict = f"the map adds up to {what} only roughly{more(record)}"
    else:
        verdict = f"the map does not add up to {what}{more(record)}"
    text = percent(share)
    raw = result.extra.get("raw_gap")
    if raw is not None:
        before = _share(_first(raw), end, end - promised)
        text += f" (closed at the end; it was {percent(before)})" if before > share else ""
    return f"{text}: {verdict}"


def _unexplained(gap: float, end: float | None) -> str:
    share = _share(gap, end)
    return "" if share <= GOOD_GAP else f"; {percent(share)} of it was lost on the way"


def more(record: MethodRecord) -> str:
    """Return what the caller can do about a gap or an error."""
    known = inspect.signature(record.method).parameters
    if "steps" in known:
        return "; take more steps"
    return "; take more samples" if "samples" in known else ""


# ---------------------------------------------------------------- the error


def error_share(result: Attribution) -> float | None:
    """Return the error of the map as a share of its length: an estimate, or its standard error."""
    if result.map_error is not None:
        return _first(result.map_error)
    if result.standard_error is None:
        return None
    error, values = (_long(t).norm() for t in (result.standard_error, result.values))
    return float(error / values) if float(values) > 0 else float("nan")


def error_words(record: MethodRecord, result: Attribution, tol: float | None) -> str:
    """Say how far the map may be from the one that endless steps or draws would give."""
    error = error_share(result)
    if error is None:
        return _without_estimate(record, result)
    drawn = result.map_error is None
    if error != error and not bool(result.values.any()):
        return "unknown; the map is 0 everywhere"
    if error != error:
        one = "draw" if drawn else "step"
        return f"unknown; a single {one} cannot be compared with anything"
    text = percent(error) if error < 0.0005 else f"about {percent(error)}"
    if drawn:  # of stratified draws it is measured as if they were independent
        text = f"at most {text}" if result.settings.get("stratified") else text
        text += " of the map's length (standard error over its random draws)"
    if tol is not None and error > tol:
        return f"{text}: the wanted {100 * tol:g} % was not reached"
    if error <= GOOD_ERROR:
        verdict = f"more {'draws' if drawn else 'steps'} would hardly change the picture"
    elif error <= FAIR_ERROR:
        verdict = "large areas hold, single pixels do not"
    elif drawn:
        verdict = f"another draw gives another fine grain; read no single pixels{more(record)}"
    else:
        verdict = f"do not trust this picture{more(record)}"
    return f"{text}: {verdict}"


def _without_estimate(record: MethodRecord, result: Attribution) -> str:
    """Say what is known without an estimate: "exactly" only where there is nothing to estimate."""
    known = inspect.signature(record.method).parameters
    if "steps" in known:
        steps = result.settings.get("steps")
        again = f"; compare it with --steps {4 * steps}" if isinstance(steps, int) else ""
        return f"not estimated; the map is a sum over {steps} steps{again}"
    if record.stochastic or any(name in known for name in EFFORT):
        cost = (
            "" if result.gradients is None else f" from {int(_first(result.gradients))} gradients"
        )
        return f"not estimated; the map was searched for{cost}, and more of them can change it"
    return "none; nothing is drawn or summed over steps: the map is exactly what the method defines"


# ---------------------------------------------------------------- numbers


def percent(share: float) -> str:
    """Return a share with two digits, in percent; never 100 % for less."""
    if share < 0.0005:
        return "0 %" if share < 1e-5 else "< 0.1 %"
    if share >= 0.0995:
        return f"{100 * share:.0f} %" if share < 0.995 or share >= 1 else "> 99 %"
    return f"{100 * share:.1f} %"


def same_digits(*values: float) -> list[str]:
    """Return numbers with two decimals, or with more where two would leave nothing of all.

    >>> same_digits(0, 12.3456)
    ['0.00', '12.35']
    >>> same_digits(0.00012, 0.0034567)
    ['0.0001', '0.0035']
    """
    largest = max(map(abs, values))
    decimals = 2 if largest == 0 else min(12, max(2, 1 - math.floor(math.log10(largest))))
    return [f"{value:.{decimals}f}" for value in values]


def count_words(number: int, noun: str) -> str:
    """Return "1 step" or "2 steps"."""
    return f"{number} {noun}{'s' * (number != 1)}"


def _first(values: Tensor) -> float:
    return float(values.detach().flatten()[0])


def _long(values: Tensor) -> Tensor:
    return values.detach().cpu().double()  # Apple's GPUs have no float64


def _sum(values: Tensor) -> float:
    return float(_long(values).sum())


def _share(gap: float, end: float | None, start: float = 0.0) -> float:
    """Return a gap as a share of what F rose by: see `relative_gap`."""
    numbers = (torch.tensor([v], dtype=torch.float64) for v in (gap, start, end or 0.0))
    return float(relative_gap(*numbers)[0])


def _same(a: float, b: float, *others: float) -> bool:
    return abs(a - b) <= SAME * max(map(abs, (a, b, *others)))
