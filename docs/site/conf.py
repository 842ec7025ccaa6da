"""Settings of the site (`make site`); Sphinx, MyST-NB and the theme do the work.

The sources are the repository's own pages, where they lie: lessons, sheets, solutions, docs/*.md.
So links between them work here as they do in a clone, and a link to any other file (a test, a
table of measurements) becomes a download.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

from words import WORDS  # noqa: E402

from xaicourse import __version__  # noqa: E402

project, author, release = "xaicourse", "the authors of xaicourse", __version__
extensions = ["myst_nb", "mathml", "films"]  # the last two lie beside this file
root_doc = "docs/site/index"
include_patterns = [
    "docs/*.md",
    "docs/site/*.md",
    "docs/methods/*.md",
    "docs/metrics/*.md",
    "notebooks/*.ipynb",
    "exercises/*.ipynb",
    "solutions/*",
    "tools/README.md",
    "data/*.md",
    "benchmarks/README.md",
    "benchmarks/results/*.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "ERRATA.md",
]
exclude_patterns = ["**/.*", "work", "build", "xaicourse", "tests", "carried"]

# ---------------------------------------------------------------- text and notebooks
myst_enable_extensions = ["dollarmath", "amsmath", "substitution"]
myst_heading_anchors = 4
myst_substitutions = WORDS
nb_execution_mode = "off"  # the stored outputs are shown: CI proves that they hold
nb_custom_formats = {".ipynb": ("reading.read", {}, False)}
nb_ipywidgets_js = {}  # no scripts from other hosts
nb_merge_streams = True
nb_execution_show_tb = False
nb_append_css = True

suppress_warnings = [
    "myst.mathjax",  # formulas are MathML here
    "myst.header",  # a cell may begin with ### where the cell above has no ##
    "misc.highlighting_failure",  # printed output that looks like code of a broken kind
]

# ---------------------------------------------------------------- what it looks like
html_theme = "pydata_sphinx_theme"
html_title = "xaicourse"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = [("film.js", {"defer": "defer"})]
html_extra_path = ["extra"]  # index.html, which leads to the home page
html_math_renderer = "mathml"
html_copy_source = html_show_sourcelink = False
html_show_sphinx = False
WIDE_TABLES = ("api", "architectures", "claims", "ledger", "metrics", "metrics/index")
WIDE = [f"docs/{name}" for name in WIDE_TABLES]
html_theme_options = {
    "logo": {"text": "xaicourse"},
    "navbar_end": ["theme-switcher"],
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    # pages of wide tables take the room of the right bar
    "secondary_sidebar_items": {"**": ["page-toc"], **{page: [] for page in WIDE}},
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_context = {"default_mode": "auto"}
