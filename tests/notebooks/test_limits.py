"""The limits of time and memory hold for the first run; the second only has to print the same."""

from types import SimpleNamespace

import build
from builder.environment import FIRST, SECOND
from builder.execute import MEMORY, Run
from nbformat.v4 import new_notebook


def test_only_the_first_run_has_the_students_limits(monkeypatch, tmp_path):
    limits = []

    def record(notebook, folder, variables, *, seconds, memory, strict_checks):
        limits.append((seconds, memory))
        return Run(notebook)

    monkeypatch.setattr(build, "execute", record)
    options = SimpleNamespace(seconds=60.0)
    for variables in (FIRST, SECOND):
        build._run(tmp_path, "notebooks/a.ipynb", new_notebook(), variables, options)
    assert limits[0] == (60.0, MEMORY)
    assert limits[1][0] > 60.0
    assert limits[1][1] > 2e9  # chunks of 10 take 1.6 GB
