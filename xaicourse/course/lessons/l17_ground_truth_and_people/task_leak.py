"""Task 17.7: what four studies of simulatability show."""

from xaicourse.course.grading.paper import WordPart, paper_task, row

__all__ = ["LEAK"]

WORDS = {
    "gain": "gain",
    "leak": "leak",
    "any_map": "any map",
    "anymap": "any map",
    "nothing": "nothing",
}

LEAK = paper_task(
    "17.7",
    WordPart(
        "A",
        "leak",
        row(
            "A_gain",
            "A: the map of ONE class for all pictures brings nothing, and with a drawn class "
            "readers name that class. What did they read off the map?",
            "gain",
        ),
        row("A_any", "A: the blind map brings nothing. So it is not any map.", "any map"),
        words=WORDS,
    ),
    WordPart(
        "B",
        "any map",
        row(
            "B_gain",
            "B: the map of the network brings what a map brings that never saw it.",
            "gain",
        ),
        row("B_leak", "B: with a drawn class, readers do not name that class.", "leak"),
        words=WORDS,
    ),
    WordPart(
        "C",
        "gain",
        row("C_leak", "C: with a drawn class, hardly anybody names that class.", "leak"),
        row("C_any", "C: the blind map brings nothing.", "any map"),
        words=WORDS,
    ),
    WordPart(
        "D",
        "nothing",
        row("D_gain", "D: compare with the picture alone first.", "gain"),
        row("D_leak", "D: the readers are as good with the picture alone.", "leak"),
        words=WORDS,
    ),
    differs="Study {part} is not read right. Compare its columns from left to right.",
    evidence="For {part}: yours {yours}.",
    passed="Four studies, four readings.",
    hints=(
        "First: is the map better than the picture alone at all? Then: is a blind map as good?",
        "If the map helps and a blind map does not, ask what readers say when the map was drawn "
        "for another class. If they name that class, they read the class off the map.",
        "One of each: D shows nothing, B helps with any map, A names the drawn class, C does not.",
    ),
)
