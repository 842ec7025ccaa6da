"""The folded line below every figure: its words are there, safe, and the same each time."""

import pytest
from matplotlib.figure import Figure

from xaicourse.plot.in_words import in_words
from xaicourse.plot.picture import Picture


def test_the_line_holds_the_words_and_nothing_else_of_the_page():
    line = in_words('A line <b> & "more".')
    assert line["text/plain"] == 'In words: A line <b> & "more".'
    assert "A line &lt;b&gt; &amp; &quot;more&quot;." in line["text/html"]
    assert line["text/html"].startswith("<details")
    assert " id=" not in line["text/html"]
    assert " open" not in line["text/html"]
    assert line == in_words('A line <b> & "more".')


class Shell:
    """What IPython asks for; a notebook's has a kernel."""


@pytest.mark.parametrize("in_notebook", [True, False])
def test_a_figure_is_followed_by_its_words_in_a_notebook(monkeypatch, in_notebook):
    shown = []
    shell = Shell()
    if in_notebook:
        shell.kernel = object()
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    monkeypatch.setattr("IPython.display.display", lambda data, **how: shown.append(data))
    Picture(Figure(figsize=(1, 1)), "An empty square.")._ipython_display_()
    kinds = [sorted(data) for data in shown]
    assert kinds == [["image/png", "text/plain"], ["text/html", "text/plain"]][: 1 + in_notebook]
    assert shown[0]["text/plain"] == "Figure: An empty square."
    assert shown[-1]["text/plain"].endswith(": An empty square.")
