"""Task 12.3: the next point of a path of words, which never turns back in any coordinate."""

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap

__all__ = ["POINT"]


def between(word, point, baseline):
    """Return in which coordinates the word lies between baseline and point."""
    return (word - baseline) * (word - point) <= 0


def a_part(point, baseline, m):
    """Return the point moved by one m-th of its way to the baseline."""
    return point - (point - baseline) / m


def next_point(word, point, baseline, m, *, keep=between, step=a_part):
    """Return the next point towards the baseline, (D,)."""
    return torch.where(keep(word, point, baseline), word, step(point, baseline, m))


# ---------------------------------------------------------------- cases


def rows(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


CASES = (
    case("small", "three coordinates, towards 0", word=rows(1.0, 5.0, -1.0),
         point=rows(4.0, 4.0, 2.0), baseline=rows(0.0, 0.0, 0.0), m=4),
    case("below", "coordinates below 0", word=rows(-1.0, -5.0, 1.0, -0.5),
         point=rows(-3.0, -2.0, -4.0, 2.5), baseline=rows(0.0, 0.0, 0.0, 0.0), m=5),
    case("off", "a baseline that is not 0", word=rows(2.0, 2.0, 0.4, -3.0, -1.6),
         point=rows(3.0, 1.5, -1.0, -4.0, 0.5), baseline=rows(1.0, 5.0, 0.8, 0.5, -1.1), m=3),
    case("equal", "coordinates that are equal", word=rows(2.0, 0.5, 1.0, 7.0, -2.0),
         point=rows(2.0, 3.0, 1.5, 1.5, 0.5), baseline=rows(-1.0, 0.5, 1.5, 1.5, 0.5), m=6),
    case("inside", "a word that lies between in each coordinate", word=rows(0.4, -2.0, 3.1),
         point=rows(1.0, -3.5, 5.0), baseline=rows(-0.5, 0.5, 2.0), m=4),
    case("many", "twelve coordinates", word=waves(1.3, 12).double(), point=waves(0.7, 12).double(),
         baseline=0.4 * waves(2.1, 12).double(), m=7),
)  # fmt: skip

# ---------------------------------------------------------------- mistakes


def towards_zero(word, point, baseline):
    return word * (word - point) <= 0


def beyond(word, point, baseline):
    return ~between(word, point, baseline)


def not_past_the_baseline(word, point, baseline):
    """Only the side of the baseline is looked at."""
    return (word - baseline) * (point - baseline) >= 0


def nearer(word, point, baseline):
    return (word - baseline).abs() <= (point - baseline).abs()


def smaller(word, point, baseline):
    return word <= point


def all_or_nothing(word, point, baseline, m):
    """The whole word if it lies between in each coordinate, else a step."""
    if bool(between(word, point, baseline).all()):
        return word
    return a_part(point, baseline, m)


MISTAKES = [
    # no path that is monotone
    own("the_word", "You return the word itself. Where it does not lie between baseline and point "
        "the path would turn back.", lambda word, point, baseline, m: word),
    own("straight", "You go straight: the word has no influence.",
        lambda word, point, baseline, m: a_part(point, baseline, m)),
    own("all_or_nothing", "You decide for the whole word at once. Each coordinate is decided by "
        "itself.", all_or_nothing),
    own("clamped", "Where the word lies outside you take the nearer end. Then this coordinate may "
        "stop, or arrive at once; asked is a step of 1 / m.",
        lambda word, point, baseline, m: torch.minimum(
            torch.maximum(word, torch.minimum(point, baseline)), torch.maximum(point, baseline))),
    own("halfway", "You go to the middle of word and point. Take the word's coordinate, or a step.",
        lambda word, point, baseline, m: (word + point) / 2),
    # which coordinates
    swap("baseline_forgotten", "Between 0 and the point is right for a baseline of 0 only.",
         keep=towards_zero),
    swap("exchanged", "Exchanged: you keep the coordinates of the word that do NOT lie between.",
         keep=beyond),
    swap("one_side", "You only ask whether the word lies on the point's side of the baseline. It "
         "may also lie beyond the point.", keep=not_past_the_baseline),
    swap("nearer", "You ask whether the word is nearer to the baseline than the point. On the "
         "other side of the baseline it is past it.", keep=nearer),
    swap("smaller", "You ask whether the word is smaller. Where point or baseline are below it, "
         "'between' has another side.", keep=smaller),
    swap("strictly", "A coordinate that equals an end lies between, too: it stays.",
         keep=lambda word, point, baseline: (word - baseline) * (word - point) < 0),
    # the step
    swap("stays", "Where the word does not lie between, the point must go on: a step of 1 / m.",
         step=lambda point, baseline, m: point),
    swap("from_the_baseline", "Your step starts at the baseline. It starts at the point and leads "
         "towards the baseline.", step=lambda p, b, m: b + (p - b) / m),
    swap("away", "Your step leads away from the baseline.", step=lambda p, b, m: p + (p - b) / m),
    swap("to_zero", "Your step leads to 0. It leads to the baseline.",
         step=lambda point, baseline, m: point - point / m),
    swap("whole_way", "You go to the baseline at once. Go 1 / m of the way.",
         step=lambda point, baseline, m: baseline),
    swap("one_over_m", "You go by 1 / m, whatever the distance. Go by 1 / m OF THE WAY that is "
         "left.", step=lambda point, baseline, m: point - (point - baseline).sign() / m),
    own("step_of_the_word", "You step from the word. The step starts at the point.",
        lambda word, point, baseline, m: torch.where(
            between(word, point, baseline), word, a_part(word, baseline, m))),
    after("m_plus_one", "You go 1 / (m + 1) of the way. Asked is 1 / m.",
          lambda found, word, point, baseline, m: torch.where(
              between(word, point, baseline), found, a_part(point, baseline, m + 1))),
]  # fmt: skip

POINT = function_task(
    "12.3",
    next_point,
    cases=CASES,
    mistakes=MISTAKES,
    passed="No coordinate ever turns back, whatever the word is.",
    hints=(
        "Decide each coordinate by itself: does the word's number lie between the baseline's and "
        "the point's?",
        "Between, whichever of the two ends is larger: (word - baseline) * (word - point) is below "
        "0, or 0 at an end.",
        "between = (word - baseline) * (word - point) <= 0; return torch.where(between, word, "
        "point - (point - baseline) / m).",
    ),
)
