"""Task 05.5: two baselines for the camera photo, the share of the coat, and two questions.

The function is tried on small pictures; the shares are held to what the baselines give.
"""

from dataclasses import replace

from xaicourse.course.grading import messages
from xaicourse.course.grading.cases import CaseGrader
from xaicourse.course.grading.compare import refuse, show, to_number
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import before, beside
from xaicourse.course.grading.own_words import require_own_words, words_of
from xaicourse.course.grading.submission import is_missing, parts, require_parts
from xaicourse.course.lessons.l05_integrated_gradients.camera import shares_from
from xaicourse.course.lessons.l05_integrated_gradients.coat import (
    CASES,
    MISTAKES,
    coat_share,
    pixels,
)

__all__ = ["TWO_BASELINES"]

LOW, HIGH = 0.05, 0.20
NEAR, NEAR_BLACK = 0.03, 0.02  # a share near 0 cannot be off by as much
SLACK = 0.01  # between two rules with 16 steps


class TwoBaselines(CaseGrader):
    """Judges the share function, then the two reported shares and their questions."""

    def __call__(self, answer):
        part = parts(answer, ("coat_share", "low", "high"), "05.5")
        if is_missing(part["coat_share"]):
            refuse("general/not_done", status="not_done")
        judged = super().__call__(part["coat_share"])
        if judged.status != "passed":
            return judged
        low, high = read_side(part["low"], "low"), read_side(part["high"], "high")
        if low["share"] >= HIGH and high["share"] < LOW:
            refuse("tasks/05.5/misconceptions/swapped", diagnosis="swapped")
        notes = require_true(low, "low") + require_true(high, "high")
        require_limits(low, high)
        for given in (low, high):
            require_own_words(given["question"], "question", "05.5", given["what"])
        if words_of(low["question"]) == words_of(high["question"]):
            refuse("tasks/05.5/same_question")
        return replace(judged, notes=tuple(notes))


def read_side(given, side):
    """Return baseline, share and question of one side."""
    what = f"the part {side!r} of 05.5"
    require_parts({side: given}, "05.5")
    part = parts(given, ("baseline", "share", "question"), what)
    require_parts({key: part[key] for key in ("baseline", "share")}, what)
    if isinstance(part["share"], str):
        refuse("general/hand_text", given=part["share"][:40])
    share = to_number(part["share"], what)
    if not 0 <= share <= 1:
        off_limits(side, share, "between 0 and 1")
    return {**part, "what": what, "share": share, "measured": shares_from(part["baseline"], side)}


def off_limits(side, share, limit):
    refuse("tasks/05.5/out_of_limits", side=side, share=show(share), limit=limit)


def require_limits(low, high):
    """Refuse shares that are not small or large enough, as stated or as measured."""
    if low["share"] >= LOW:
        off_limits("low", low["share"], "below 0.05")
    if high["share"] <= HIGH:
        off_limits("high", high["share"], "above 0.20")
    if min(low["measured"][1] or [LOW]) > LOW + SLACK:
        off_measure("low", low)
    if max(high["measured"][1] or [HIGH]) < HIGH - SLACK:
        off_measure("high", high)


def off_measure(side, given):
    share, (baseline, _) = show(given["share"]), given["measured"]
    refuse("tasks/05.5/not_measured", side=side, share=share, baseline=baseline)


def require_true(given, side):
    """Hold a share to what its baseline gives; return a note if that is unknown."""
    share, (_, measured) = given["share"], given["measured"]
    if measured is None:
        return [messages.text("tasks/05.5/not_recomputed", side=side)]
    if all(abs(share - right) > (NEAR_BLACK if right < LOW else NEAR) for right in measured):
        off_measure(side, given)
    return []


LIGHT = "Which pixels raise the score when light is added to a black photo?"
SHADE = "Which pixels raise the score when a white photo gets its dark parts?"
BLACK = {"baseline": "black", "share": 0.03, "question": LIGHT}
WHITE = {"baseline": "white", "share": 0.36, "question": SHADE}

TWO_BASELINES = function_task(
    "05.5",
    coat_share,
    cases=CASES,
    mistakes=[
        *MISTAKES,
        beside(
            "swapped",
            "Exchange the parts: 'low' is the share below 0.05, 'high' above 0.20.",
            low=WHITE,
            high=BLACK,
        ),
    ],
    or_right=[before("of_pixels", "", attribution=pixels)],  # as the lesson draws it
    parts={"low": BLACK, "high": WHITE},
    grader=TwoBaselines,
    rounding=1e-3,
    passed="coat_share is right and both numbers are within the limits. No program can tell "
    "whether your questions are good ones: read them to a neighbour.",
    words={
        "out_of_limits": "The share {share} of {side!r} is not {limit}. See {section_baseline}.",
        "not_measured": "The share {share} of {side!r} is not what {baseline} gives on the camera "
        "photo. Run it once more: coat_share of xc.integrated_gradients(model, camera, "
        "target=872, baseline=..., steps=16).",
        "not_recomputed": "your number for {side!r} was not computed again: the network is not "
        "here.",
        "odd_baseline": "The baseline of {side!r} is {odd}. It should be one of {known}, a number "
        "from 0 to 1, or a tensor of such numbers in the photo's shape, {shape}.",
        "photo_itself": "The baseline of {side!r} is (almost) the photo itself. Then there is "
        "(almost) no attribution to share out.",
        "same_question": "Both have the same question. What does each compare the photo with?",
    },
    hints=(
        "A pixel that equals its baseline gets exactly 0. Which baseline is near the dark "
        "coat, and which is far from it?",
        "brightness = photo.mean(dim=1, keepdim=True); dark = brightness <= "
        "brightness.quantile(0.2). Take absolute values before you add up.",
        "size = attribution.abs(); return float((size * dark).sum() / size.sum()). Try "
        "'black' and 'white'. Ask: which pixels make the difference between the photo and ...?",
    ),
)
