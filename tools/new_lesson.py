"""Add a lesson from the template: `python tools/new_lesson.py 09 "Compared with what?"`.

It writes one room, xaicourse/course/lessons/l09_compared_with_what/, and one test file,
tests/lessons/test_l09.py, and takes the lesson out of planned.toml. It can be built at once:
python tools/build.py --only 09
"""

import argparse
import re
import sys
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = Path(__file__).with_name("template")
TEST = "test_lesson.py.txt"  # the one file that does not go into the room


def slug_of(title: str) -> str:
    """Return a title as part of a file's name: lower case, words joined by underscores."""
    slug = "_".join(re.findall(r"[a-z0-9]+", title.lower()))
    if not slug:
        raise ValueError(f"title must have letters or digits, got {title!r}")
    return slug


def files_of(number: str, title: str) -> dict[str, str]:
    """Return path below the root -> text, for all files of a new lesson."""
    if not re.fullmatch(r"\d\d", number):
        raise ValueError(f"number must have two digits, such as 09; got {number!r}")
    slug = slug_of(title)
    panel = "".join(word.capitalize() for word in slug.split("_")) + "Panel"
    words = {"number": number, "title": title, "slug": slug, "panel": panel}
    room = f"xaicourse/course/lessons/l{number}_{slug}"
    places = {TEST: f"tests/lessons/test_l{number}.py"}
    return {
        places.get(file.name, f"{room}/{file.name.removesuffix('.txt')}"): Template(
            file.read_text(encoding="utf-8")
        ).safe_substitute(words)
        for file in sorted(TEMPLATE.glob("*.txt"))
    }


def without_plan(text: str, number: str) -> str:
    """Return planned.toml without the entry of a lesson that is built now."""
    return re.sub(rf"(?ms)^\[{number}\]\n.*?(?=^\[|\Z)", "", text).rstrip() + "\n"


def add(root: Path, number: str, title: str) -> list[Path]:
    """Write the files of a new lesson, and none if the number is taken."""
    taken = sorted((root / "xaicourse" / "course" / "lessons").glob(f"l{number}_*"))
    if taken:
        raise FileExistsError(f"lesson {number} is there already: {taken[0].name}")
    written = []
    for name, text in files_of(number, title).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    plan = root / "xaicourse" / "course" / "planned.toml"
    plan.write_text(without_plan(plan.read_text(encoding="utf-8"), number), encoding="utf-8")
    return written


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Add a lesson from the template.")
    parser.add_argument("number", help="two digits, such as 09")
    parser.add_argument("title", help='a few words, such as "Compared with what?"')
    options = parser.parse_args(arguments)
    try:
        written = add(ROOT, options.number, options.title)
    except (ValueError, FileExistsError) as error:
        print(f"new_lesson: {error}", file=sys.stderr)
        return 2
    print("\n".join(f"wrote {path.relative_to(ROOT)}" for path in written))
    print(f"now write it, and look: python tools/build.py --only {options.number} --draft")
    print("the lesson before it leads here now: python tools/build.py --no-execute")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
