"""The lessons of the course: title, what each one needs, and whether it is there yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["LESSONS", "TRACKS", "Lesson", "depths"]


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes
    ----------
    number : str
        Two digits, in the order of the ideas.
    title : str
        A few words.
    needs : tuple of str
        Numbers of the lessons that must come first.
    status : str
        "ready" or "planned".
    """

    number: str
    title: str
    needs: tuple[str, ...] = ()
    status: Literal["ready", "planned"] = "planned"


_TABLE = (
    Lesson("00", "Start here", (), "ready"),
    Lesson("01", "Saliency", ("00",), "ready"),
    Lesson("02", "DeconvNet, Guided Backprop", ("01",), "ready"),
    Lesson("03", "Relevance", ("02",), "ready"),
    Lesson("04", "Class activation maps", ("01",), "ready"),
    Lesson("05", "Integrated Gradients", ("01",), "ready"),
    Lesson("06", "Patterns", ("02",), "ready"),
    Lesson("07", "Noise", ("01",), "ready"),
    Lesson("08", "Biases", ("01",), "ready"),
    Lesson("09", "Baselines", ("05",)),
    Lesson("10", "Scale, patterns, saturation", ("05", "06")),
    Lesson("11", "Paths that look where they go", ("05",)),
    Lesson("12", "Beyond pixels", ("05",)),
    Lesson("13", "Transformers", ("03", "05")),
    Lesson("14", "What is inside", ("05",)),
    Lesson("15", "Axioms", ("05",)),
    Lesson("16", "Where the model decides", ("05",)),
    Lesson("17", "Counterfactual paths", ("11",)),
    Lesson("18", "Geometry", ("11",)),
    Lesson("19", "Test the metric first", ("05",)),
    Lesson("20", "Faithfulness", ("19",)),
    Lesson("21", "Sanity and robustness", ("02", "20")),
    Lesson("22", "Ground truth and people", ("04", "20")),
    Lesson("23", "One theory of many methods", ("03", "15")),
    Lesson("24", "Capstone: choose a method", ("09", "20")),
    Lesson("25", "Trust, but verify", ("20",)),
)
LESSONS: dict[str, Lesson] = {lesson.number: lesson for lesson in _TABLE}

# Ways through the course. No lesson of a track needs one that the track skips.
_SIX = ("00", "01", "02", "05", "07", "09", "19", "20", "24")
TRACKS: dict[str, tuple[str, ...]] = {
    "six labs": _SIX,
    "twelve labs": tuple(sorted((*_SIX, "03", "04", "11", "13", "15", "22"))),
    "all": tuple(LESSONS),
}


def depths(lessons: Mapping[str, Lesson] | Sequence[Lesson] = LESSONS) -> dict[str, int]:
    """Return number -> how many lessons stand one behind the other before it.

    >>> depths()["05"]
    2
    """
    table = lessons if isinstance(lessons, Mapping) else {one.number: one for one in lessons}
    found: dict[str, int] = {}

    def depth(number: str, path: tuple[str, ...]) -> int:
        if number in path:
            raise ValueError(f"lessons need each other in a circle: {' -> '.join((*path, number))}")
        if number not in table:
            raise ValueError(f"lesson {path[-1]} needs lesson {number}, which does not exist")
        if number not in found:
            before = [depth(needed, (*path, number)) for needed in table[number].needs]
            found[number] = 1 + max(before, default=-1)
        return found[number]

    for number in table:
        depth(number, ())
    return found
