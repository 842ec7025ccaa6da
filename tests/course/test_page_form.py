"""Pages of docs/ in work/: no link leads nowhere, and none is lost that leads somewhere."""

import re
from pathlib import Path

import pytest

from xaicourse import cli
from xaicourse.core.places import ISSUED, pages
from xaicourse.course.checking.page_form import page_form

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$", re.DOTALL)
TARGET = re.compile(r"\]\(([^)\s]+)(?: \"[^\"]*\")?\)|(?:src|href)=\"([^\"]+)\"")
NAMES = [page.relative_to(ROOT).as_posix() for page in pages(ROOT) if page.suffix == ".md"]


def targets(text):
    """Return what the links and pictures of a page lead to, without those of the web."""
    found = [a or b for a, b in TARGET.findall(CODE.sub("", text))]
    return [one.partition("#")[0] for one in found if not re.match(r"[a-z]+:|#", one)]


def leads_nowhere(folder):
    """Return the links of all pages below a folder that lead to no file."""
    return [
        (page.relative_to(folder).as_posix(), target)
        for page in folder.rglob("*.md")
        for target in targets(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small clone: one lesson, and pages with links inside, outside and to nowhere."""
    (tmp_path / "xaicourse").mkdir()
    for folder in ISSUED:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "05_paths.ipynb").write_text("{}")
    (tmp_path / "docs" / "methods" / "pictures").mkdir(parents=True)
    (tmp_path / "docs" / "methods" / "pictures" / "a.png").write_bytes(b"a")
    (tmp_path / "docs" / "methods" / "a.md").write_text("![a map](pictures/a.png)")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a](methods/a.md)", None),
        ("[a](methods/a.md#sec)", None),
        ("[five](../notebooks/05_paths.ipynb)", None),
        ("[the sheet](../exercises/05_paths.ipynb#x)", None),
        ("[here](#below) and [paper](https://arxiv.org/abs/1703.01365)", None),
        ("[`proof`](../tests/test_a.py)", "`proof`"),
        ("[six](../notebooks/06_later.ipynb)", "six"),
        ("[none](methods/b.md), [a](methods/a.md)", "none, [a](methods/a.md)"),
        ("see [x [1]](../README.md).", "see x [1]."),
        ("![a map](methods/pictures/a.png)", None),
    ],
)
def test_links_to_what_is_not_copied_become_words(course, text, shown):
    page = course / "docs" / "page.md"
    page.write_text(text)
    assert page_form(text, page, course) == (text if shown is None else shown)


def test_open_says_in_one_line_how_many_pages_it_copied(course, capsys):
    (course / "docs" / "own_model.md").write_text("[test](../tests/test_a.py), [a](methods/a.md)")
    assert cli.main(["open", "--copy-only"]) == 0
    *_, last = capsys.readouterr().out.splitlines()
    assert last == (
        "copied   3 pages and pictures in work/docs: your own model, methods, glossary ..."
    )
    work = course / "work"
    assert (work / "docs" / "own_model.md").read_text() == "test, [a](methods/a.md)"
    assert leads_nowhere(work) == []
    assert cli.main(["open", "--copy-only"]) == 0
    assert "docs" not in capsys.readouterr().out


@pytest.fixture(scope="module")
def copied():
    """All that lies in work/ after `xaicourse open` in this clone."""
    lessons = [file for folder in ISSUED for file in (ROOT / folder).glob("*.ipynb")]
    return {file.resolve() for file in [*lessons, *pages(ROOT)] if file.is_file()}


@pytest.mark.parametrize("name", NAMES)
def test_every_link_of_a_page_leads_to_a_file_in_work(copied, name):
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    left = targets(page_form(text, page, ROOT))
    assert [one for one in left if (page.parent / one).resolve() not in copied] == []
    lost = set(targets(text)) - set(left)
    assert [one for one in lost if (page.parent / one).resolve() in copied] == []


def test_there_are_pages_and_links():
    assert {"docs/own_model.md", "docs/methods/index.md", "docs/refresher.md"} <= set(NAMES)
    found = [one for name in NAMES for one in targets((ROOT / name).read_text(encoding="utf-8"))]
    assert len(found) > 500


def test_every_page_goes_along_but_those_of_the_site():
    docs = ROOT / "docs"
    written = {page for page in docs.rglob("*.md") if docs / "site" not in page.parents}
    assert written == {page for page in pages(ROOT) if page.suffix == ".md"}
