"""Reading a sentence that a student writes, in words of their own."""

import re
from typing import Any

from xaicourse.course.grading.card import card
from xaicourse.course.grading.compare import refuse
from xaicourse.course.grading.submission import is_missing

__all__ = ["require_own_words", "words_of"]

FEWEST = 4  # different words
PLACEHOLDERS = {"todo", "tbd", "fixme", "xxx", "lorem", "ipsum", "placeholder", "bla", "blah"}


def require_own_words(text: Any, name: str, task: str, what: str) -> None:
    """Refuse what is plainly no sentence. Whether it is a good one, only a reader can say."""
    words = words_of(text) if isinstance(text, str) else []
    if is_missing(text) or PLACEHOLDERS & set(words):
        refuse("general/part_missing", status="not_done", part=name, what=what)
    copied = " ".join(words) in " ".join(words_of(card(task)))
    if len(set(words)) < FEWEST or copied:
        refuse("general/part_own_words", part=name, what=what, fewest=FEWEST)


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters: no digits, no marks."""
    return re.findall(r"[^\W\d_]+", text.lower())
