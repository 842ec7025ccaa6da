"""A tiny course in a temporary folder, and the builder that lives in tools/."""

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLES = Path(__file__).parent / "samples"
sys.path.insert(0, str(ROOT / "tools"))

import build  # noqa: E402
from builder.course import Registry, lint, load  # noqa: E402
from builder.source import read  # noqa: E402

LESSON, SHEET = "lesson.py", "sheet.py"
ROOM = "xaicourse/course/lessons/l90_sample"


class Course:
    """The sample course, to be changed by a test and built."""

    registry = Registry(tasks=frozenset({"90.1", "90.2", "90.3"}))

    def __init__(self, root: Path):
        self.root = root

    def change(self, name: str, old: str, new: str) -> None:
        path = self.root / ROOM / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def append(self, name: str, text: str) -> None:
        path = self.root / ROOM / name
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")

    def load(self):
        return load(self.root, "90_sample", self.registry)

    def lint(self):
        return lint(self.load(), self.root, self.registry)

    def read(self, name: str):
        return read(self.root / ROOM / name)

    def build(self, *arguments: str) -> int:
        return build.main(list(arguments), self.root, self.registry)


def _copy(root: Path) -> Course:
    shutil.copytree(SAMPLES / ROOM, root / ROOM)
    (root / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "sanitize.cfg", root / "tools")
    return Course(root)


@pytest.fixture
def course(tmp_path, monkeypatch) -> Course:
    """The sample course, not built."""
    monkeypatch.setenv("PYTHONPATH", str(SAMPLES))
    return _copy(tmp_path)


@pytest.fixture(scope="session")
def _built(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(SAMPLES))
        assert _copy(root).build() == 0
    return root


@pytest.fixture
def built(_built, tmp_path, monkeypatch) -> Course:
    """The sample course with all its products."""
    monkeypatch.setenv("PYTHONPATH", str(SAMPLES))
    shutil.copytree(_built, tmp_path, dirs_exist_ok=True)
    return Course(tmp_path)
