"""What is asked of predictions: no letter is right too often, and every choice has its sentence.

For the tests and the linter; no function that a lesson calls is here.
"""

import re
from collections import Counter
from collections.abc import Mapping
from math import ceil
from typing import Any

__all__ = ["course_shares", "course_spread", "lesson_spread", "sentences"]

LEAST, MOST = 0.22, 0.45  # share of the course's questions in which a, b or c is right
SHORTEST, LONGEST = 8, 60  # words of what is said to a choice
# What tells that a letter is right, or wrong: it is for the reader to find out.
VERDICT = re.compile(
    r"\([a-h]\)|\b(?:choice|letter|answer|not) [a-h]\b|\b[a-h] (?:is|was)\b"
    r"|\b(?:correct|incorrect|correctly|well done|exactly so|indeed)\b"
    r"|\b(?:is|are|was|were|you are|not) (?:right|wrong|true|false)\b|^(?:yes|no|right|wrong)\b",
    re.IGNORECASE,
)


def lesson_spread(right: Mapping[str, str]) -> list[str]:
    """Say which lessons have one letter right too often: more than ceil(n / 3) + 1 of n times.

    >>> lesson_spread({"05.P1": "b", "05.P2": "b", "05.P3": "b"})
    ['lesson 05: b is right in 3 of 3 questions, at most 2']
    """
    lessons: dict[str, Counter[str]] = {}
    for question, letter in right.items():
        lessons.setdefault(question[:2], Counter())[letter] += 1
    problems = []
    for lesson, count in lessons.items():
        (letter, often), number = count.most_common(1)[0], count.total()
        if often > (most := ceil(number / 3) + 1):
            text = f"{letter} is right in {often} of {number} questions, at most {most}"
            problems.append(f"lesson {lesson}: {text}")
    return problems


def course_shares(right: Mapping[str, str]) -> dict[str, float]:
    """Return the shares of the questions in which a, b and c are right.

    >>> course_shares({"05.P1": "b", "05.P2": "a", "05.P3": "b", "05.P4": "d"})
    {'a': 0.25, 'b': 0.5, 'c': 0.0}
    """
    count = Counter(right.values())
    return {letter: count[letter] / max(1, len(right)) for letter in "abc"}


def course_spread(right: Mapping[str, str]) -> list[str]:
    """Say which of a, b and c is right in too few or in too many questions of the course.

    >>> course_spread({"05.P1": "b", "05.P2": "a", "05.P3": "c", "05.P4": "b"})
    ['b is right in 50 % of the questions; a, b and c are to have 22 to 45 % each']
    """
    asked = f"a, b and c are to have {100 * LEAST:.0f} to {100 * MOST:.0f} % each"
    return [
        f"{letter} is right in {100 * share:.0f} % of the questions; {asked}"
        for letter, share in course_shares(right).items()
        if not LEAST <= share <= MOST
    ]


def sentences(name: str, question: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the sentences of one question.

    >>> sentences("05.P1", {"choices": {"a": "evenly"}, "said": {"a": "Choice a is right."}})
    ['05.P1, a: 4 words, 8 to 60 are asked', "05.P1, a: 'Choice a' tells which one is right"]
    """
    said = question.get("said", {})
    problems = [f"{name}, {letter}: said to a choice that there is not"
                for letter in said if letter not in question["choices"]]  # fmt: skip
    for letter in question["choices"]:
        text = said.get(letter, "")
        words = len(text.split())
        if not SHORTEST <= words <= LONGEST:
            problems.append(f"{name}, {letter}: {words} words, {SHORTEST} to {LONGEST} are asked")
        if verdict := VERDICT.search(text):
            problems.append(f"{name}, {letter}: {verdict[0]!r} tells which one is right")
    return problems
