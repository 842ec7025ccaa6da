"""Task 05.5: two baselines for the camera photo, the share of the coat, and two questions.

The function is tried on small pictures; the shares are held to what the baselines give.
"""

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import require_function
from xaicourse.course.grading.compare import refuse, show, to_number
from xaicourse.course.grading.mistakes import without_steps
from xaicourse.course.grading.own_words import require_own_words, words_of
from xaicourse.course.grading.submission import is_missing, parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome
from xaicourse.course.lessons.l05_integrated_gradients.camera import shares_from
from xaicourse.course.lessons.l05_integrated_gradients.coat import (
    CASES,
    GRADERS,
    SHARES,
    WRONG_SHARES,
    coat_share,
)

__all__ = ["TWO_BASELINES"]

LOW, HIGH = 0.05, 0.20
NEAR, NEAR_BLACK = 0.03, 0.02  # a share near 0 cannot be off by as much
SLACK = 0.01  # between two rules with 16 steps


def grade(answer):
    """Judge the share function, then the two reported shares and their questions."""
    part = parts(answer, ("coat_share", "low", "high"), "05.5")
    if is_missing(part["coat_share"]):
        refuse("general/not_done", status="not_done")
    require_function(part["coat_share"], "coat_share")
    wrong = [judge(part["coat_share"]) for judge in GRADERS]
    if all(outcome.status != "passed" for outcome in wrong):
        return wrong[0]
    low, high = read_side(part["low"], "low"), read_side(part["high"], "high")
    require_limits(low["share"], high["share"])
    notes = require_true(low, "low") + require_true(high, "high")
    for given in (low, high):
        require_own_words(given["question"], "question", "05.5", given["what"])
    if words_of(low["question"]) == words_of(high["question"]):
        refuse("tasks/05.5/same_question")
    return Outcome("passed", messages.text("tasks/05.5/passed"), notes=tuple(notes))


def require(part, what):
    """Say which of these parts is still open."""
    for name, value in part.items():
        if is_missing(value):
            refuse("general/part_missing", status="not_done", part=name, what=what)


def read_side(given, side):
    """Return baseline, share and question of one side."""
    what = f"the part {side!r} of 05.5"
    require({side: given}, "05.5")
    part = parts(given, ("baseline", "share", "question"), what)
    require({key: part[key] for key in ("baseline", "share")}, what)
    if isinstance(part["share"], str):
        refuse("general/hand_text", given=part["share"][:40])
    share = to_number(part["share"], what)
    if not 0 <= share <= 1:
        off_limits(side, share, "between 0 and 1")
    return {**part, "what": what, "share": share, "measured": shares_from(part["baseline"], side)}


def off_limits(side, share, limit):
    refuse("tasks/05.5/out_of_limits", side=side, share=show(share), limit=limit)


def require_limits(low, high):
    """Refuse shares that are not small or large enough."""
    if low >= HIGH and high < LOW:
        refuse("tasks/05.5/misconceptions/swapped", diagnosis="swapped")
    if low >= LOW:
        off_limits("low", low, "below 0.05")
    if high <= HIGH:
        off_limits("high", high, "above 0.20")


def require_true(given, side):
    """Hold a share to what its baseline gives; return a note if that is unknown."""
    share, (baseline, measured) = given["share"], given["measured"]
    if measured is None:
        return [messages.text("tasks/05.5/not_recomputed", side=side)]
    far = all(abs(share - right) > (NEAR_BLACK if right < LOW else NEAR) for right in measured)
    reached = min(measured) <= LOW + SLACK if side == "low" else max(measured) >= HIGH - SLACK
    if far or not reached:
        refuse("tasks/05.5/not_measured", side=side, share=show(share), baseline=baseline)
    return []


LIGHT = "Which pixels raise the score when light is added to a black photo?"
SHADE = "Which pixels raise the score when a white photo gets its dark parts?"
RIGHT = {
    "coat_share": without_steps(coat_share),
    "low": {"baseline": "black", "share": 0.03, "question": LIGHT},
    "high": {"baseline": "white", "share": 0.36, "question": SHADE},
}
WRONG = {name: {"coat_share": function} for name, function in WRONG_SHARES.items()}
WRONG["swapped"] = {"low": RIGHT["high"], "high": RIGHT["low"]}

TWO_BASELINES = Task(
    "05.5",
    grade,
    reference=RIGHT,
    misconceptions={name: RIGHT | change for name, change in WRONG.items()},
    words={
        "name": "05.5",
        "passed": "coat_share is right and both numbers are within the limits. No program can tell "
        "whether your questions are good ones: read them to a neighbour.",
        "cases": {each.name: each.says for each in CASES},
        "misconceptions": {mistake.name: mistake.says for mistake in SHARES}
        | {"swapped": "Exchange the parts: 'low' is the share below 0.05, 'high' above 0.20."},
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
        "hints": [
            "A pixel that equals its baseline gets exactly 0. Which baseline is near the dark "
            "coat, and which is far from it?",
            "brightness = photo.mean(dim=1, keepdim=True); dark = brightness <= "
            "brightness.quantile(0.2). Take absolute values before you add up.",
            "size = attribution.abs(); return float((size * dark).sum() / size.sum()). Try "
            "'black' and 'white'. Ask: which pixels make the difference between the photo and ...?",
        ],
    },
)
