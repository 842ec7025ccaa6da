"""The recipes of docs/own_model.md: each block runs, in order, and says what it should."""

import re
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "own_model.md"
HEADING = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)


def blocks():
    """Return the code of the page in order: [(heading, code)]."""
    parts = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    return [
        (part.splitlines()[0], "\n".join(re.findall(r"```python\n(.*?)```", part, re.DOTALL)))
        for part in parts
        if "```python" in part
    ]


@pytest.mark.fault("P2")
def test_every_recipe_runs(capsys):
    names = {}
    for heading, code in blocks():
        try:
            exec(compile(code, heading, "exec"), names)  # our own page
        except Exception as error:
            raise AssertionError(f"the recipe {heading!r} stops: {error}") from error
    said = capsys.readouterr().out
    assert "Attribution by integrated_gradients" in said
    assert "random" in said  # the report's controls


@pytest.mark.fault("P2")
def test_there_are_thirteen_with_code():
    numbers = [int(number) for number, _title in HEADING.findall(PAGE.read_text())]
    assert numbers == list(range(1, 14))
    assert len(blocks()) == 14  # and the first lines


@pytest.mark.fault("P1")
def test_the_lines_of_the_readme_end_with_a_saved_picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(code) == 1
    exec(compile(code[0], "README.md", "exec"), {})  # our own page
    saved = list(tmp_path.glob("*.png"))
    assert len(saved) == 1
    with Image.open(saved[0]) as picture:
        assert min(picture.size) > 200
