"""The pages as they lie on the disk: links, pictures, nothing from other hosts."""

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from xaicourse.course.table import LESSONS

ROOT = Path(__file__).parents[2]
# what a browser fetches by itself: element -> attribute
FETCHED = {"script": "src", "link": "href", "img": "src", "source": "src", "iframe": "src",
           "video": "src", "audio": "src", "object": "data", "embed": "src"}  # fmt: skip
PAGES_OF = {
    "docs/site": 7,
    "notebooks": 17,
    "exercises": 16,
    "solutions": 32,
    "docs": 11,
    "docs/methods": 60,
    "docs/metrics": 40,
}


@pytest.fixture(scope="session")
def pages(site):
    """Return path below the site -> the parsed page."""
    soup = pytest.importorskip("bs4").BeautifulSoup
    return {
        file.relative_to(site).as_posix(): soup(file.read_text(encoding="utf-8"), "html.parser")
        for file in sorted(site.rglob("*.html"))
        if "_static" not in file.relative_to(site).parts
    }


def other_hosts(address: str) -> bool:
    return bool(urlsplit(address).netloc)


def fetched(page):
    """Yield each address that a browser fetches to show a page."""
    for name, attribute in FETCHED.items():
        for element in page.find_all(name):
            if element.get(attribute):
                yield element[attribute]
            yield from re.findall(r"\S*//\S+", element.get("srcset", ""))
    for style in page.find_all("style"):
        yield from re.findall(r"url\(['\"]?([^'\")]+)", style.get_text())


def test_the_pages_are_there(pages):
    folders = [page.rpartition("/")[0] for page in pages]
    assert {
        name: folders.count(name) >= least for name, least in PAGES_OF.items()
    } == dict.fromkeys(PAGES_OF, True)
    assert "index.html" in pages
    assert "search.html" in pages


def test_a_page_fetches_nothing_from_another_host(pages):
    wrong = {(name, one) for name, page in pages.items() for one in fetched(page)
             if other_hosts(one)}  # fmt: skip
    assert wrong == set()


def test_no_style_sheet_fetches_from_another_host(site):
    foreign = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])(?:https?:)?//[^)'\"]+")
    wrong = {file.name: found for file in site.rglob("*.css")
             if (found := foreign.findall(file.read_text(encoding="utf-8")))}  # fmt: skip
    assert wrong == {}


def test_a_foreign_address_would_be_seen():
    soup = pytest.importorskip("bs4").BeautifulSoup
    page = soup(
        '<script src="//a.org/x.js"></script><img src="data:image/png;base64,x">'
        '<style>@font-face{src:url("http://b.org/f.woff")}</style>',
        "html.parser",
    )
    foreign = [one for one in fetched(page) if other_hosts(one)]
    assert foreign == ["//a.org/x.js", "http://b.org/f.woff"]


def ids(page):
    return {element["id"] for element in page.find_all(id=True)}


def broken(pages, site):
    """Yield (page, link) where the file or the place in it does not exist."""
    known = cache(lambda name: ids(pages[name]) if name in pages else None)
    for name, page in pages.items():
        for anchor in page.find_all("a", href=True):
            link = urlsplit(anchor["href"])
            if link.scheme or link.netloc:
                continue
            place = (site / name).parent / unquote(link.path) if link.path else site / name
            target = place.resolve()
            if not target.is_file():
                yield name, anchor["href"]
                continue
            there = known(target.relative_to(site.resolve()).as_posix())
            if link.fragment and there is not None and unquote(link.fragment) not in there:
                yield name, anchor["href"]


def test_every_link_inside_the_site_leads_somewhere(pages, site):
    assert sorted(set(broken(pages, site))) == []


def test_a_broken_link_would_be_seen(site):
    soup = pytest.importorskip("bs4").BeautifulSoup
    links = "".join(f'<a href="{link}">' for link in ("#b", "no.html", "#a", "https://a.org/"))
    page = soup(f'<p id="a">{links}', "html.parser")
    assert [link for _, link in broken({"index.html": page}, site)] == ["#b", "no.html"]


def same_titles(pages):
    """Return title -> the pages that share it."""
    found = {}
    for name, page in pages.items():
        found.setdefault(" ".join(page.find("title").get_text().split()), []).append(name)
    return {title: names for title, names in found.items() if len(names) > 1}


def test_no_two_pages_have_the_same_title(pages):
    assert same_titles(pages) == {}


def test_a_title_that_is_there_twice_would_be_seen():
    soup = pytest.importorskip("bs4").BeautifulSoup
    texts = {"a.html": "Noise", "b.html": " Noise\n", "c.html": "Noise (solved)"}
    made = {name: soup(f"<title>{text}</title>", "html.parser") for name, text in texts.items()}
    assert same_titles(made) == {"Noise": ["a.html", "b.html"]}


def test_every_picture_says_what_it_shows(pages):
    mute = {(name, str(picture)[:120]) for name, page in pages.items()
            for picture in page.find_all("img") if not picture.get("alt", "").strip()}  # fmt: skip
    assert mute == set()


def stored_alts(file):
    """Return what the pictures of a notebook show, those of panels aside."""
    notebook = json.loads(file.read_text(encoding="utf-8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    return [output["metadata"]["image/png"]["alt"] for output in pictures
            if not "".join(output["data"]["text/plain"]).startswith("Panel")]  # fmt: skip


@pytest.mark.parametrize("folder", ["notebooks", "solutions"])
def test_the_words_of_each_picture_arrive(pages, folder):
    for file in sorted((ROOT / folder).glob("*.ipynb")):
        page = pages[f"{folder}/{file.stem}.html"]
        said = {" ".join(picture["alt"].split()) for picture in page.find_all("img")}
        assert {" ".join(alt.split()) for alt in stored_alts(file)} <= said, file.name


def test_lessons_stand_in_the_order_of_the_course(pages):
    article = pages["docs/site/lessons.html"].find("article")
    first = article.find("table")
    numbers = [row.find("td").get_text() for row in first.find("tbody").find_all("tr")]
    assert numbers == list(LESSONS)
    links = [
        a["href"].rpartition("/")[2][:2] for a in first.find_all("a") if "notebooks" in a["href"]
    ]
    assert links == [number for number, one in LESSONS.items() if one.status == "ready"]


def test_a_panel_says_how_to_move_it(pages):
    for name, page in pages.items():
        if re.match(r"notebooks/\d\d", name):
            said = [one.get_text() for one in page.select(".move-it")]
            assert said, name
            assert all("make lab" in one for one in said), name


def test_there_are_films(pages):
    films = [film for page in pages.values() for film in page.select(".film")]
    assert len(films) >= 3
    for film in films:
        alts = [picture["alt"] for picture in film.find_all("img")]
        assert 5 <= len(set(alts)) == len(alts) <= 8
        assert [picture.has_attr("hidden") for picture in film.find_all("img")].count(False) == 1


def test_formulas_are_drawn_and_none_is_left_as_tex(pages):
    formulas = [formula for page in pages.values() for formula in page.find_all("math")]
    assert len(formulas) > 1000
    assert [str(one) for one in formulas if "\\" in one.get_text()] == []
    for name, page in pages.items():
        for code in page.find_all(["pre", "code"]):
            code.extract()
        text = page.find("article").get_text() if page.find("article") else ""
        assert not re.search(r"\$\$|\\(frac|mathrm|alpha|sum|cdot)\b", text), name


def test_the_site_is_of_a_size_that_can_be_hosted(site):
    sizes = {file: file.stat().st_size for file in site.rglob("*") if file.is_file()}
    assert sum(sizes.values()) < 40e6
    assert max(sizes.values()) < 2e6
