"""Messages as they are printed: lines of at most 88 characters, which end at spaces.

JupyterLab breaks a longer line wherever its output area ends, also in the middle of a word.
"""

import re
import textwrap

__all__ = ["WIDTH", "printable", "say", "wrapped"]

WIDTH = 88
BOUND = "\0"  # stands for a space at which no line ends
CODE = re.compile(
    r"""
    `[^`]+`                                            # `xaicourse doctor`
  | \w[(\[](?:[^()\[\]]|[(\[][^()\[\]]*[)\]])*[)\]]      # a call: clamp(x, min=max(a, b))
  | [(\[][-+.,/\d\s]*\d[-+.,/\d\s]*[)\]]                 # numbers in brackets: (3, -1)
  | \d\s(?=%|of\s\d)                                   # 5 %, 2 of 3
    """,
    re.VERBOSE,
)
FORMULA = re.compile(r"\s(?:[-+*/=<>@]|[<>=!+*]=)\s")  # x - x'


def say(text: str) -> None:
    """Print a message, wrapped."""
    print(wrapped(printable(text)))


def printable(text: str) -> str:
    """Return a text without half characters, which no stream can write: "?" stands for each."""
    return text.encode(errors="replace").decode()


def wrapped(text: str) -> str:
    """Return a message of one line as several; joined by spaces they are the message again.

    Code, formulas and numbers in brackets stay in one line where they fit into one. A line is
    longer only where a single word is, a path for example.

    >>> print(wrapped("05.1 passed. " + "And so on. " * 8))
    05.1 passed. And so on. And so on. And so on. And so on. And so on. And so on. And so
    on. And so on.
    """
    whole = _bind(FORMULA, _bind(CODE, " ".join(text.split())))
    parts = [_bind(CODE, _free(part)) if len(part) > WIDTH else part for part in whole.split(" ")]
    pieces = [_free(p) if len(p) > WIDTH else p for p in " ".join(parts).split(" ")]
    lines = textwrap.wrap(" ".join(pieces), WIDTH, break_long_words=False, break_on_hyphens=False)
    return _free("\n".join(lines))


def _bind(what: re.Pattern[str], text: str) -> str:
    return what.sub(lambda found: found[0].replace(" ", BOUND), text)


def _free(text: str) -> str:
    return text.replace(BOUND, " ")
