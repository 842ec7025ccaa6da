"""Write all sentences that the checks can say, by task and name, as one TOML file.

python tools/words.py [FILE]

They stand beside the mistakes that they name (task files) or in a words.toml; to translate the
checks, translate this file: keep the keys and the words in {braces}.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def sentences() -> dict[str, Any]:
    """Return the whole catalogue: general sentences, places in lessons, and those of all tasks."""
    from xaicourse.course.grading import messages
    from xaicourse.course.lessons.tasks import TASKS

    whole = messages.catalogue()
    return {**whole, "tasks": {task: whole["tasks"][task] for task in sorted(TASKS)}}


def toml(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the lines of a table of texts, lists of texts and tables."""
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    plain = {key: value for key, value in table.items() if key not in inner}
    if plain and path:
        yield f"\n[{'.'.join(map(quoted, path))}]"
    for key, value in plain.items():
        yield f"{quoted(key)} = {json.dumps(value, ensure_ascii=False)}"
    for key, value in inner.items():
        yield from toml(value, (*path, key))


def quoted(key: str) -> str:
    """Return a key as TOML writes it."""
    return key if key.isidentifier() and key.isascii() else json.dumps(key)


if __name__ == "__main__":
    text = "\n".join(toml(sentences())).lstrip() + "\n"
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text, encoding="utf-8")
    else:
        print(text, end="")
