"""A metric is found by its file, says all that a reader needs, and costs a few lines."""

import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import xaicourse as xc
from xaicourse.core import lesson_of
from xaicourse.core.row_guard import is_asking
from xaicourse.evaluation.removal import additive_example

ROOT = Path(__file__).resolve().parents[2]
IN_NOTES = (r"\*\*Cost\.\*\* \S", r"\*\*Fails when\*\* \S")
KEY = re.compile(r"^\.\. \[([a-z]+\d{4}[a-z]?)\] \S", re.M)
PAPERS = (ROOT / "docs" / "references.bib").read_text(encoding="utf-8")

# What the next removal metric costs: its equation, and four lines (that of pixel flipping, 2015).
NEW_FILE = '''
from xaicourse.evaluation.registry import metric
from xaicourse.core import registry
from xaicourse.core.row_guard import is_asking
from xaicourse.evaluation.removal import Removal, additive_example


@metric(
    title="Mean drop", year=2015, paper="10.1371/journal.pone.0130140", kind="curve",
    direction="higher", rank_only=True, example=additive_example,
)
def mean_drop(model, x, attribution, target=None, *, imputer=0.0, **asked: Unpack[Removing]):
    """Average how far the score has fallen, over all steps."""
    curve = Removal(imputer=imputer, **asked).curve(model, x, attribution, target)
    drop = curve.scores[:, :1] - curve.scores  # (N, T + 1)
    return curve.result("mean_drop", drop.mean(dim=1), area="mean drop")
'''
ASK = """
import torch, xaicourse as xc
assert {"deletion", "insertion", "mean_drop"} <= set(xc.METRICS), list(xc.METRICS)
assert "mean_drop" in xc.evaluation.__all__
e = xc.METRICS["mean_drop"].example()
found = xc.evaluation.mean_drop(e.model, e.x, e.attribution, **e.settings, unit=1)
assert found.values[0] == (0 + 4 + 7 + 9 + 10) / 5, found.values
assert (found.protocol.steps, found.protocol.area) == (4, "mean drop"), found.protocol
print("found")
"""


def test_a_new_file_is_a_metric(tmp_path):
    shutil.copytree(ROOT / "xaicourse", tmp_path / "xaicourse")
    head = "from typing import Unpack\n\nfrom xaicourse.core.shared_of_metrics import Removing"
    file = tmp_path / "xaicourse" / "evaluation" / "mean_drop.py"
    file.write_text(head + NEW_FILE, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, '.')\n{ASK}"],
        cwd=tmp_path, env={"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.stdout == "found\n", run.stderr


def problems(text: str) -> list[str]:
    """Say what a metric's docstring lacks, besides what every public docstring has."""
    sections = dict(re.findall(r"^(\w+)\n-{3,}\n(.*?)(?=^\w+\n-{3,}\n|\Z)", text, re.M | re.S))
    missing = [said for said in IN_NOTES if not re.search(said, sections.get("Notes", ""))]
    keys = KEY.findall(sections.get("References", ""))
    if not keys or not all(f"{{{key}," in PAPERS for key in keys):
        missing.append(f"a key of docs/references.bib in References, not {keys}")
    lines = re.findall(r"^>>> ", sections.get("Examples", ""), re.M)
    if not 2 <= len(lines) <= 3:
        missing.append(f"an example of two or three lines, not {len(lines)}")
    if re.search(r"\bas for\b", text, re.I):
        missing.append("the words themselves: `as for` sends the reader elsewhere")
    return missing


@pytest.mark.parametrize("name", xc.METRICS)
def test_docstring_says_cost_failure_key_and_example(name):
    assert problems(inspect.getdoc(xc.METRICS[name].metric) or "") == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("**Cost.**", "Costs", r"\*\*Cost\.\*\* \S"),
        ("**Fails when**", "Fails where", r"\*\*Fails when\*\* \S"),
        (".. [petsiuk2018] ", "", "a key of docs/references.bib"),
        (".. [petsiuk2018] ", ".. [petsiuk2019] ", "a key of docs/references.bib"),
        (">>> ", "    ", "an example of two or three lines, not 0"),
        ("    Inputs.", "    As for `deletion`.", "the words themselves"),
    ],
)
def test_each_gap_is_seen(old, new, said):
    text = inspect.getdoc(xc.evaluation.deletion) or ""
    assert old in text
    (only,) = problems(text.replace(old, new))
    assert only.startswith(said)


@pytest.mark.parametrize("name", ["deletion", "insertion"])
@pytest.mark.parametrize(("target", "more"), [(0, 0), (None, 1)])
def test_the_cost_is_what_is_said(name, target, more):
    rows = []
    example = additive_example()

    def counted(x):
        if not is_asking():
            rows.append(len(x))
        return torch.stack([example.model(x), 0 * x[:, 0]], dim=1)

    found = getattr(xc.evaluation, name)(
        counted, example.x, example.attribution, target, imputer=0.5, steps=3
    )
    assert sum(rows) == len(example.x) * (len(found.shares) + more)


def test_a_setting_that_is_unknown_is_refused_by_the_metrics_own_name():
    example = additive_example()
    with pytest.raises(TypeError, match=r"^deletion\(\) got an unexpected .* 'stepps'"):
        xc.evaluation.deletion(example.model, example.x, example.attribution, stepps=3)


def test_the_lesson_is_that_of_the_courses_table():
    for name, record in xc.METRICS.items():
        assert record.lesson == lesson_of.LESSON_OF[name]
        said = f"\n\nLesson {record.lesson}.\n\nParameters\n"
        assert said in (inspect.getdoc(record.metric) or ""), name
    assert (xc.METRICS["deletion"].lesson, xc.METRICS["abpc"].lesson) == ("05", "15")


def test_a_metric_that_is_read_later_says_its_lesson_too(monkeypatch):
    monkeypatch.setitem(lesson_of.LESSON_OF, "later", "09")
    monkeypatch.setitem(lesson_of._READ, "later", None)  # forgotten again after the test

    def later():
        """Measure.\n\nParameters\n----------\n"""

    lesson_of.say_lesson(later)
    lesson_of.say_lesson(later)
    assert inspect.getdoc(later) == "Measure.\n\nLesson 09.\n\nParameters\n----------"


def test_what_is_given_in_the_wrong_form_is_named():
    net, x = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 3)), torch.rand(2, 1, 2, 2)
    found = xc.gradient(net, x, 1, return_details=True)
    with pytest.raises(TypeError, match=r"got Attribution; the map is attribution\.values"):
        xc.evaluation.deletion(net, x, found, 1)
    for imputer, says in (
        (lambda x: x, r"a function \(x, keep\), got a lambda"),
        (xc.evaluation.Flip, "the class Flip"),
    ):
        with pytest.raises(TypeError, match=f"imputer .*{says}"):
            xc.evaluation.deletion(net, x, found.values, 1, imputer=imputer)
    for metric in (xc.evaluation.max_sensitivity, xc.evaluation.parameter_randomisation):
        with pytest.raises(TypeError, match=r"method must be a function \(model, x, target\), got"):
            metric(net, x, lambda model, x: x, 1)
        with pytest.raises(TypeError, match=r"got a tensor \(2, 1, 2, 2\)$"):
            metric(net, x, found.values, 1)
