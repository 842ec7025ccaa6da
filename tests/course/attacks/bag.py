"""A bag of answers to the tasks of one lesson, wrong ones and right ones, and what becomes of them.

An attacker filled the bags (answers_05.py, answers_08.py) before the checkers were mended against
them. What each checker said then, and how the attacker judged it, is kept in
answers_*_first_run.txt; what it says now in answers_*_now.txt. After a change on purpose:
``python -m tests.course.attacks.bag`` writes the second, and its differences are to be read.
"""

import warnings
from collections import Counter
from importlib import import_module
from pathlib import Path

from xaicourse.course.checking import TASKS
from xaicourse.course.grading.verdict import Settled

__all__ = ["LESSONS", "Bag", "bag_of", "line_of", "stored"]

LESSONS = ("05", "08")
HERE = Path(__file__).parent


class Bag(list):
    """Answers: kind (wrong or right), task, name, what is done, and the answer."""

    def add(self, kind, task, name, truth, answer):
        assert (task, name) not in {(a["task"], a["name"]) for a in self}
        self.append({"kind": kind, "task": task, "name": name, "truth": truth, "answer": answer})

    def W(self, task, truth):
        """Decorate a wrong function."""

        def enter(function):
            self.add("wrong", task, function.__name__, truth, function)
            return function

        return enter

    def R(self, task, truth=""):
        """Decorate a right function."""

        def enter(function):
            self.add("right", task, function.__name__, truth, function)
            return function

        return enter

    def w(self, task, name, truth, *answer):
        """Add a wrong answer; of several parts it is a tuple."""
        self.add("wrong", task, name, truth, answer[0] if len(answer) == 1 else answer)

    def r(self, task, name, truth, *answer):
        """Add a right answer."""
        self.add("right", task, name, truth, answer[0] if len(answer) == 1 else answer)


def bag_of(lesson):
    """Return the answers to the tasks of a lesson."""
    return import_module(f"tests.course.attacks.answers_{lesson}").B


def judged(task, answer):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a student's code may warn of
            return TASKS[task].grade(answer)
    except Settled as settled:
        return settled.outcome


def line_of(entry):
    """Return (task and name, kind, status, diagnosis, message) of one answer."""
    outcome = judged(entry["task"], entry["answer"])
    key = f"{entry['task']} {entry['name']}"
    return (
        f"{entry['kind']:6}{key}: {outcome.status}; {outcome.diagnosis or '-'}; {outcome.message}"
    )


def stored(lesson):
    """Return what is stored of each answer to a lesson, under its task and name."""
    lines = (HERE / f"answers_{lesson}_now.txt").read_text(encoding="utf-8").splitlines()
    return {line[6:].split(":")[0]: line for line in lines}


def main():
    for lesson in LESSONS:
        lines = [line_of(entry) for entry in bag_of(lesson)]
        (HERE / f"answers_{lesson}_now.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        what = Counter((line[:5].strip(), line.split(": ")[1].split(";")[0]) for line in lines)
        print(lesson, dict(what))


if __name__ == "__main__":
    main()
