"""The site in a real Chromium: readable in light and dark and on a phone; nobody else is asked."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(280)]

PAGES = {
    "home": "docs/site/index.html",
    "lessons": "docs/site/lessons.html",
    "lesson": "notebooks/05_integrated_gradients.html",
    "sheet": "exercises/05_integrated_gradients.html",
    "api": "docs/api.html",
    "recipes": "docs/own_model.html",
    "gallery": "docs/methods/index.html",
    "method": "docs/methods/integrated_gradients.html",
    "metrics": "docs/metrics/index.html",
    "metric": "docs/metrics/road.html",
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Visit:
    """A window of its own, and what was asked for and said in it."""

    def __init__(self, browser, address, *, theme="light", width=1400, height=1000):
        self.address, self.foreign, self.problems = address, [], []
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme
        )
        self.context.route("**/*", self.hear)
        self.page = self.context.new_page()
        self.page.on("console", lambda m: m.type == "error" and self.problems.append(m.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def hear(self, route):
        """Refuse what goes to another host, and remember it."""
        if route.request.url.startswith((self.address, "data:", "blob:")):
            route.continue_()
        else:
            self.foreign.append(route.request.url)
            route.abort()

    def open(self, path):
        """Open a page of the site and wait until all of it is there."""
        self.page.goto(f"{self.address}/{path}", wait_until="load")
        return self.page


@pytest.fixture
def visit(browser, address):
    visits = []

    def start(**settings):
        visits.append(Visit(browser, address, **settings))
        return visits[-1]

    yield start
    for one in visits:
        one.context.close()


def violations(page):
    """Return what axe-core finds against the WCAG, A and AA, one line each."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, options={"runOnly": {"type": "tag", "values": RULES},
                                   "resultTypes": ["violations"]})  # fmt: skip
    return [f"{one['id']}: {node['target']} {node['html'][:150]} {node['failureSummary'][:300]}"
            for one in found.response["violations"] for node in one["nodes"]]  # fmt: skip


def unfold(page):
    """Open all that is folded, at once: what fades in is pale on its way."""
    page.add_style_tag(content="* { animation: none !important; transition: none !important }")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_read_it(visit, name, theme):
    page = visit(theme=theme).open(PAGES[name])
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    unfold(page)
    assert violations(page) == []


def test_axe_would_see_pale_words(visit):
    page = visit().open(PAGES["home"])
    page.add_style_tag(content=".bd-article p { color: #ddd !important }")
    assert any(line.startswith("color-contrast") for line in violations(page))


def too_wide(page):
    """Return by how many pixels the page, or the theme's box of the article, scrolls sideways."""
    unfold(page)
    return page.evaluate(
        """() => Math.max(...[document.documentElement,
            document.querySelector('.bd-article-container')]
            .map(one => one ? one.scrollWidth - one.clientWidth : 0))"""
    )


def test_on_a_phone_no_page_scrolls_sideways(visit, site):
    seen = visit(width=390, height=844)
    names = [file.relative_to(site).as_posix() for file in sorted(site.rglob("*/*.html"))]
    pages = [name for name in names if not name.startswith("_")]
    assert len(pages) > 80
    assert [(name, wide) for name in pages if (wide := too_wide(seen.open(name)))] == []


def test_a_page_that_is_too_wide_would_be_seen(visit):
    page = visit(width=390, height=844).open(PAGES["home"])
    page.evaluate("document.querySelector('h1').textContent = 'n'.repeat(300)")
    page.add_style_tag(content=".bd-article h1 { overflow-wrap: normal !important }")
    assert too_wide(page) > 300


@pytest.mark.parametrize("name", PAGES)
def test_nobody_else_is_asked_and_nothing_fails(visit, name):
    seen = visit()
    page = seen.open(PAGES[name])
    page.mouse.wheel(0, 3000)
    page.wait_for_load_state("networkidle")
    assert seen.foreign == []
    assert seen.problems == []


def test_a_foreign_request_would_be_heard(visit):
    seen = visit()
    page = seen.open(PAGES["home"])
    page.evaluate("fetch('http://example.org/x.js').catch(() => 0)")
    assert seen.foreign == ["http://example.org/x.js"]


def test_search_finds_integrated_gradients(visit):
    seen = visit()
    page = seen.open("search.html?q=integrated+gradients")
    page.wait_for_selector("#search-results li a")
    page.wait_for_function(
        "/found \\d+ page/.test(document.querySelector('#search-results').textContent)"
    )
    links = page.locator("#search-results li > a").evaluate_all("all => all.map(one => one.href)")
    assert any("notebooks/05_integrated_gradients" in link for link in links[:5])
    assert seen.foreign == []


def test_search_says_when_there_is_nothing(visit):
    page = visit().open("search.html?q=zwieback")
    page.wait_for_function(
        "/did not match/.test(document.querySelector('#search-results').textContent)"
    )


def test_figures_keep_their_colours_in_the_dark(visit):
    page = visit(theme="dark").open(PAGES["lesson"])
    looks = page.locator(".bd-article img").evaluate_all(
        "all => all.map(one => getComputedStyle(one)).map(s => [s.backgroundColor, s.filter])"
    )
    assert len(looks) > 5
    assert {tuple(look) for look in looks} == {("rgb(255, 255, 255)", "none")}


def test_every_picture_is_loaded(visit):
    page = visit().open(PAGES["lesson"])
    empty = page.locator(".bd-article img:not([hidden])").evaluate_all(
        "all => Promise.all(all.map(one => {one.loading = 'eager'; return one.decode()"
        ".then(() => 0, () => one.src)})).then(found => found.filter(one => one))"
    )
    assert empty == []


def test_a_film_moves_by_the_arrow_keys(visit):
    page = visit().open(PAGES["lesson"])
    film = page.locator(".film")
    seen = film.locator("img:visible")
    before = (
        seen.get_attribute("src"),
        seen.get_attribute("alt"),
        film.locator(".film-line").inner_text(),
    )
    film.get_by_label("alpha").focus()
    page.keyboard.press("ArrowRight")
    assert seen.count() == 1
    after = (
        seen.get_attribute("src"),
        seen.get_attribute("alt"),
        film.locator(".film-line").inner_text(),
    )
    assert all(new != old for new, old in zip(after, before, strict=True))
    place = film.locator("output").inner_text()
    assert film.locator("input").get_attribute("aria-valuetext") == place
    assert re.search(rf"α = {float(place):.2f}", after[2])
    film.locator("summary").click()
    assert film.locator("details p").inner_text() == after[1]


def test_the_first_address_leads_home(visit):
    page = visit().open("index.html")
    page.wait_for_url("**/docs/site/index.html")
    assert page.locator("h1").count() == 1
