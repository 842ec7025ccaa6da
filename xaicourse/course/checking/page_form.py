"""The form of a page of docs/ in work/: links to what only the clone has become plain words."""

import re
from pathlib import Path

from xaicourse.core.places import ISSUED, pages

__all__ = ["page_form"]

LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


def page_form(text: str, file: Path, root: Path) -> str:
    """Return the page without the links that lead nowhere in work/; their words stay.

    Parameters
    ----------
    text : str
        The page, Markdown.
    file, root : Path
        Where it lies, and the clone of the course or what a wheel ships.
    """
    copied = {page.resolve() for page in pages(root)}

    def shown(link: re.Match[str]) -> str:
        words, target = link.groups()
        if target.startswith("#") or re.match(r"[a-z]+:", target):
            return link[0]
        place = (file.parent / target.partition("#")[0]).resolve()
        lesson = any(place.is_relative_to((root / folder).resolve()) for folder in ISSUED)
        return link[0] if place in copied or (lesson and place.exists()) else words

    return LINK.sub(shown, text)
