"""Attacks on whole lessons: answers written by someone who had not seen the checkers.

answers_NN.py holds them as they were written. answers_first_run.txt (lessons 01 and 02) and
answers_NN_first_run.txt are what the checkers said then, judged by that person; answers_now.txt is
what they say now.

``python -m tests.course.attacks.answers`` writes answers_now.txt anew: look at the difference.
"""

import importlib
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from tests.course.attacks.kinds import judged

HERE = Path(__file__).parent
LESSONS = ("01", "02", "05", "08", "09", "10", "15", "15_again", "16", "17")
# Called wrong by their author, but right: what is asked for has more than one form.
RIGHT = {
    ("02.6", "r_lower"),  # no product lies between the lower rank and the threshold
    ("01.3", "m_keepdim"),  # passes with a note that says it
    ("01.5", "column"),  # the cards now allow (N, 1), and x without its second brackets
    ("01.5", "flat_x"),
    ("02.5", "column"),
    ("02.5", "flat_x"),
    ("05.4", "b_column"),
    ("05.4", "flat_x"),
    ("05.4", "c_baseline_one_row"),
    ("05.6", "sheet_shape"),
    ("05.6", "flat_x"),
    ("08.4", "keepdim"),  # passes with a note that says it
    ("09.2", "fills_grad"),  # passes with a note that says it
    ("09.2", "freeze"),  # the weights of the probes are frozen already: nothing changes
    ("09.4", "list_not_dict"),  # in the order a, b, c: it can only be meant so
    ("09.4", "upper_keys"),
    ("09.4", "f_column"),
    ("09.4", "f_column_d1"),
    ("09.5", "f_column"),
    ("09.5", "nested_x"),
    ("09.5", "dict_"),  # with the names of the card
    ("09.5", "jump_off_path"),  # far from both paths: no finite number of points shows it
    ("09.7", "shape1"),  # passes with a note that says it; can be trained
    ("10.2", "batch_shape"),  # the same
    ("10.7", "batch_shape"),
    ("10.5", "b_lengths"),  # one number is a baseline for all inputs, as in the package
    ("15.2", "extra_axes"),  # passes with a note that says it
    ("15.5", "flat_x"),  # one flat list is one input
    ("16.4", "index_of_rows"),  # moves in jumps only, which is allowed
    ("17.5", "a_mask_two"),  # any number but 0 is on the mark
    ("17.5", "a_flat"),  # one line is a grid, too
    ("17.6", "keepdim"),  # passes with a note that says it
}


def answers(lesson: str) -> list[dict[str, Any]]:
    """Return the answers of one attack: task, kind, name, args, why."""
    return importlib.import_module(f"tests.course.attacks.answers_{lesson}").ANSWERS


def fate(answer: dict[str, Any]) -> tuple[str, Any]:
    """Return what becomes of an answer, and the outcome."""
    arguments = answer["args"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a student's code may warn of
        outcome = judged(answer["task"], arguments[0] if len(arguments) == 1 else arguments)
    wrong = answer["kind"] == "wrong" and (answer["task"], answer["name"]) not in RIGHT
    if outcome.status == "passed":
        return ("accepted" if wrong else "right"), outcome
    if not wrong:
        return "refused", outcome
    return ("named" if outcome.diagnosis else "said"), outcome


def table() -> list[str]:
    """Return a line for each answer, and the counts of each lesson."""
    lines = []
    for lesson in LESSONS:
        counts: Counter[str] = Counter()
        for answer in answers(lesson):
            what, outcome = fate(answer)
            counts[what] += 1
            said = " ".join(outcome.message.split())[:110]
            lines.append(f"{what:9} {answer['task']} {answer['name']}: {outcome.diagnosis}; {said}")
        lines.append(f"{lesson}: {dict(sorted(counts.items()))}")
    return lines


if __name__ == "__main__":
    (HERE / "answers_now.txt").write_text("\n".join(table()) + "\n", encoding="utf-8")
