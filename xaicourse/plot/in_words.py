"""What a picture shows, in words: a folded line below it, which every viewer of notebooks has.

JupyterLab gives an image/png output no alt attribute, so the words follow as an output of their
own: folded for those who see the picture, read aloud to those who do not.
"""

from __future__ import annotations

import html
from typing import Any

NAME = "xai-in-words"  # of the line's class: a live panel has its own line and hides this one
SMALL = "font-size:12px"
FOLD = f'<summary style="{SMALL};opacity:0.75;cursor:pointer">In words</summary>'


def in_words(alt: str) -> dict[str, str]:
    """Return the line as a notebook stores it; the same words give the same text."""
    folded = (
        f'<details class="{NAME}">{FOLD}<div style="{SMALL}">{html.escape(alt)}</div></details>'
    )
    return {"text/html": folded, "text/plain": f"In words: {alt}"}


def display_in_words(data: dict[str, Any], metadata: dict[str, Any], alt: str) -> None:
    """Show a picture and, in a notebook, its words below; a terminal has shown them already."""
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    display(data, metadata=metadata, raw=True)
    if hasattr(get_ipython(), "kernel"):
        display(in_words(alt), raw=True)
