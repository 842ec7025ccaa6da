"""Task 05.5: two baselines for the camera photo, the share of the coat, and two questions.

The student's share function is tried on small pictures. The reported shares are held to the limits
and to what the baseline gives.
"""

import re
from typing import Any

from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.card import card
from xaicourse.course.grading.compare import refuse, show, to_number
from xaicourse.course.grading.mistakes import without_steps
from xaicourse.course.grading.submission import is_missing, parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome
from xaicourse.course.lessons.l05_integrated_gradients.camera import MEASURED, kind_of, shares_from
from xaicourse.course.lessons.l05_integrated_gradients.coat import SHARES, WRONG_SHARES, coat_share
from xaicourse.course.lessons.l05_integrated_gradients.coat_grader import SAYS, judge_share

__all__ = ["TWO_BASELINES"]

LOW, HIGH = 0.05, 0.20
NEAR = 0.03
NEAR_BLACK = 0.02  # a share near 0 cannot be off by as much
SLACK = 0.01  # between two rules with 16 steps
WORDS_IN_QUESTION = 4
PLACEHOLDERS = {"todo", "tbd", "fixme", "xxx", "lorem", "ipsum", "placeholder", "bla", "blah"}


def grade(answer: Any) -> Outcome:
    """Judge the share function, then the two reported shares and their questions."""
    part = parts(answer, ("coat_share", "low", "high"), messages.entry("tasks/05.5/name"))
    if is_missing(part["coat_share"]):
        refuse("general/not_done", status="not_done")
    wrong = judge_share(part["coat_share"])
    if wrong is not None:
        return wrong
    sides = {side: read_side(part[side], side) for side in ("low", "high")}
    kinds = {side: kind_of(given["baseline"], side) for side, given in sides.items()}
    shares = {side: given["share"] for side, given in sides.items()}
    require_limits(shares["low"], shares["high"])
    notes = [note for side in sides for note in require_true(shares[side], kinds[side], side)]
    for side, given in sides.items():
        judge_question(given["question"], side)
    if words_of(sides["low"]["question"]) == words_of(sides["high"]["question"]):
        refuse("tasks/05.5/same_question")
    return Outcome("passed", messages.text("tasks/05.5/passed"), notes=tuple(notes))


def read_side(given: Any, side: str) -> dict[str, Any]:
    """Return baseline, share and question of one side."""
    what = messages.text("tasks/05.5/side", side=side)
    if is_missing(given):
        refuse("tasks/05.5/side_missing", status="not_done", side=side)
    part = parts(given, ("baseline", "share", "question"), what)
    for key in ("baseline", "share"):
        if is_missing(part[key]):
            refuse("general/part_missing", status="not_done", part=key, what=what)
    if isinstance(part["share"], str):
        refuse("tasks/05.5/share_is_text", side=side, given=part["share"][:40])
    share = to_number(part["share"], what)
    if not 0 <= share <= 1:
        refuse("tasks/05.5/no_share", side=side, share=show(share))
    return {**part, "share": share}


def require_limits(low: float, high: float) -> None:
    if low >= HIGH > LOW > high or (low > HIGH and high < LOW):
        refuse("tasks/05.5/misconceptions/swapped", diagnosis="swapped")
    if low >= LOW:
        refuse("tasks/05.5/low_too_high", share=show(low))
    if high <= HIGH:
        refuse("tasks/05.5/high_too_low", share=show(high))


def require_true(share: float, kind: str | Tensor, side: str) -> list[str]:
    """Hold a share to what its baseline gives; return a note if that cannot be computed."""
    measured = MEASURED[kind] if isinstance(kind, str) else shares_from(kind)
    if measured is None:
        return [messages.text("tasks/05.5/not_recomputed", side=side)]
    far = all(abs(share - right) > (NEAR_BLACK if right < LOW else NEAR) for right in measured)
    if isinstance(kind, str):
        if far:
            refuse("tasks/05.5/not_measured", side=side, share=show(share), baseline=kind)
    elif far or (min(measured) > LOW + SLACK if side == "low" else max(measured) < HIGH - SLACK):
        fields = {"share": show(share), "right": show(measured[0])}
        refuse("tasks/05.5/own_differs", side=side, **fields)
    return []


def judge_question(question: Any, side: str) -> None:
    """Refuse what is plainly no question. Whether it is a good one, only a reader can say."""
    words = words_of(question) if isinstance(question, str) else []
    if is_missing(question) or PLACEHOLDERS & set(words):
        refuse("tasks/05.5/question_missing", status="not_done", side=side)
    if len(set(words)) < WORDS_IN_QUESTION:
        refuse("tasks/05.5/question_short", side=side)
    if " ".join(words) in " ".join(words_of(card("05.5"))):
        refuse("tasks/05.5/question_copied", side=side)


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters: no digits, no marks."""
    return re.findall(r"[^\W\d_]+", text.lower())


# ---------------------------------------------------------------- the task

RIGHT = {
    "coat_share": without_steps(coat_share),
    "low": {
        "baseline": "black",
        "share": 0.03,
        "question": "Which pixels raise the score when light is added to a black photo?",
    },
    "high": {
        "baseline": "white",
        "share": 0.36,
        "question": "Which pixels raise the score when a white photo gets its dark parts?",
    },
}

TWO_BASELINES = Task(
    "05.5",
    grade,
    reference=RIGHT,
    misconceptions={
        **{name: {**RIGHT, "coat_share": function} for name, function in WRONG_SHARES.items()},
        "swapped": {**RIGHT, "low": RIGHT["high"], "high": RIGHT["low"]},
    },
    words={
        "name": "the answer to 05.5",
        "side": "the part {side!r} of 05.5",
        "passed": (
            "coat_share is right and both numbers are within the limits. No program can tell "
            "whether your questions are good ones: read them to a neighbour."
        ),
        # the share function
        "share_differs": (
            "coat_share is not the right share. Check the three steps one by one: (1) brightness "
            "= mean over the channels, (2) dark = brightness <= its 0.2 quantile, (3) sum of "
            "|attribution| where dark, divided by the sum of |attribution| everywhere. See "
            "{section_baseline}."
        ),
        "evidence": "On five pictures: yours {yours}; expected {expected}.",
        "probes": SAYS,
        "misconceptions": {mistake.name: mistake.says for mistake in SHARES}
        | {
            "swapped": (
                "The two parts are exchanged: 'low' is the baseline with the share below 0.05, "
                "'high' the one above 0.20."
            ),
        },
        # a reported share
        "side_missing": "The part {side!r} is still open.",
        "share_is_text": (
            "The share of {side!r} is the text {given!r}. Write the number without quotes."
        ),
        "no_share": "The share of {side!r} is {share}. A share lies between 0 and 1.",
        "low_too_high": (
            "The share of 'low' is {share}, it must be below 0.05. Which baseline gives dark "
            "pixels no distance to travel? See {section_baseline}."
        ),
        "high_too_low": (
            "The share of 'high' is {share}, it must be above 0.20. Which baseline is far away "
            "from dark pixels? See {section_baseline}."
        ),
        "not_measured": (
            "A share of {share} for {side!r} is far from what the baseline '{baseline}' gives on "
            "the camera photo. Run it once more: xc.integrated_gradients(model, camera, "
            "target=872, baseline='{baseline}', steps=16), then coat_share."
        ),
        "own_differs": (
            "With your own baseline of {side!r} the share is about {right} (class 872, tripod, 16 "
            "steps). You gave {share}. Compute the map with this baseline and call coat_share "
            "once more."
        ),
        "not_recomputed": (
            "the baseline of {side!r} is your own, and the network is not here. So your number "
            "for it was not computed again."
        ),
        # a baseline
        "unknown_baseline": (
            "The baseline {given!r} of {side!r} is not known. The names are: {known}. A number or "
            "a tensor is fine, too."
        ),
        "no_baseline": (
            "The baseline of {side!r} must be a name ({known}), a number or a tensor, not {kind}."
        ),
        "baseline_shape": (
            "The baseline of {side!r} has shape {shape}. It should have the shape of the photo, "
            "{expected}, or be one number."
        ),
        "baseline_range": (
            "The baseline of {side!r} must hold numbers from 0 to 1, as the photo does."
        ),
        "photo_itself": (
            "The baseline of {side!r} is the photo itself, or almost. Then (almost) nothing "
            "travels, and there is (almost) no attribution to share out."
        ),
        # a question
        "question_missing": "The numbers are right. The question of {side!r} is still open.",
        "question_short": (
            "Write the question of {side!r} as a sentence with at least four different words: "
            "which pixels ... compared with what?"
        ),
        "question_copied": (
            "The question of {side!r} is the text of the task. Write it in your own words: which "
            "pixels ... compared with what?"
        ),
        "same_question": (
            "Both baselines have the same question. What does each one compare the photo with?"
        ),
        "hints": [
            "A pixel that equals its baseline gets exactly 0. Which baseline equals the dark "
            "coat, and which one is far away from it?",
            "Brightness: photo.mean(dim=1, keepdim=True). The darkest fifth: brightness <= "
            "brightness.quantile(0.2). Take absolute values before you add up.",
            "size = attribution.abs(); return float((size * dark).sum() / size.sum()). Try the "
            "baselines 'black' and 'white'. The question begins with: which pixels make the "
            "difference between the photo and ...?",
        ],
    },
)
