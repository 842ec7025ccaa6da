"""Execution: limits of time and memory, environment, strict checks, errors that name cells."""

import os
import subprocess
import sys

import pytest
from builder import environment as environment_module
from builder.environment import FIRST, SECOND, environment
from builder.errors import CourseError
from builder.execute import execute, strict
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = pytest.mark.notebook


def run(tmp_path, *codes, tags=(), **limits):
    cells = [new_code_cell(code, metadata={"tags": list(tags)}) for code in codes]
    return execute(new_notebook(cells=cells), tmp_path, limits.pop("variables", FIRST), **limits)


def said(result, cell=0):
    return "".join(output.get("text", "") for output in result.notebook.cells[cell].outputs)


def test_a_kernel_gets_this_python_the_folder_and_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    code = "import os, sys\nprint(sys.executable, os.getcwd(), os.environ['OMP_NUM_THREADS'],"
    code += " os.environ['PYTHONHASHSEED'], os.environ['XAICOURSE_TEST'],"
    code += " os.environ['XAICOURSE_BATCH_SIZE'], os.environ.get('MPLBACKEND') == 'agg')"
    import sys

    result = run(tmp_path, code, variables=SECOND)
    assert said(result).split() == [
        sys.executable,
        os.path.realpath(tmp_path),
        "2",
        "1",
        "1",
        "10",
        "False",
    ]


def test_cells_are_counted_and_costs_measured(tmp_path):
    result = run(tmp_path, "x = 1", "import time; time.sleep(0.5); b = bytearray(200_000_000)")
    assert [cell.execution_count for cell in result.notebook.cells] == [1, 2]
    assert 0.5 <= result.seconds < 20
    assert result.slowest[0] == 2
    assert result.peak_bytes > 200_000_000
    assert result.cpu_seconds > 0


def test_the_time_limit_holds_for_all_cells_together(tmp_path):
    with pytest.raises(
        CourseError, match=r"cell 2: still running when the 2 s .* time.sleep\(1.9\)"
    ):
        run(tmp_path, "import time; time.sleep(1.9)", "time.sleep(1.9)", seconds=2)


def test_a_kernel_that_holds_too_much_is_ended(tmp_path):
    code = "b = bytearray(b'1') * 400_000_000\nimport time; time.sleep(20)"
    with pytest.raises(CourseError, match=r"more than 0\.3 GB"):
        run(tmp_path, code, memory=3e8)


def test_a_kernel_that_dies_says_so(tmp_path):
    with pytest.raises(CourseError, match="the kernel died"):
        run(tmp_path, "import os; os._exit(1)")


def test_an_error_names_its_cell(tmp_path):
    with pytest.raises(CourseError, match="cell 2 raised ZeroDivisionError"):
        run(tmp_path, "x = 0", "1 / x")


def test_an_expected_error_goes_on(tmp_path):
    result = run(tmp_path, "1 / 0", "print('on')", tags=["raises-exception"])
    assert said(result, 1) == "on\n"


def test_a_stalled_start_is_tried_once_more(tmp_path, monkeypatch, capsys):
    from nbclient import NotebookClient

    real, calls = NotebookClient.start_new_kernel_client, []

    def stall(self):
        calls.append(1)
        if len(calls) == 1:
            self._cleanup_kernel()
            raise RuntimeError("Kernel didn't respond in 120 seconds")
        return real(self)

    monkeypatch.setattr(NotebookClient, "start_new_kernel_client", stall)
    assert said(run(tmp_path, "print('here')")) == "here\n"
    assert len(calls) == 2
    assert "trying once more" in capsys.readouterr().out


def test_two_stalled_starts_are_an_error(tmp_path, monkeypatch):
    from nbclient import NotebookClient

    def stall(self):
        self._cleanup_kernel()
        raise RuntimeError("Kernel didn't respond in 120 seconds")

    monkeypatch.setattr(NotebookClient, "start_new_kernel_client", stall)
    with pytest.raises(CourseError, match="did not start twice"):
        run(tmp_path, "1")


def test_checks_run_strictly_and_keep_their_text(tmp_path):
    define = (
        "class xc:\n    @staticmethod\n    def check(task, answer, strict=False): print(strict)"
    )
    result = execute(
        new_notebook(
            cells=[
                new_code_cell(define),
                new_code_cell("xc.check('1', 2)", metadata={"tags": ["check"]}),
            ]
        ),
        tmp_path,
        FIRST,
        strict_checks=True,
    )
    assert said(result, 1) == "True\n"
    assert result.notebook.cells[1].source == "xc.check('1', 2)"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('xc.check("1", f)', 'xc.check("1", f, strict=True)'),
        ('v = xc.check("1", answer=f)', 'v = xc.check("1", answer=f, strict=True)'),
        ('xc.check("1", f, strict=False)', 'xc.check("1", f, strict=False)'),
        ('xc.check("é", (f))', None),
        (
            'xc.check("ß", f)\nxc.check("2", g(h(1)))',
            'xc.check("ß", f, strict=True)\nxc.check("2", g(h(1)), strict=True)',
        ),
        ('check("1", f)', 'check("1", f, strict=True)'),
    ],
)
def test_strict_is_added_to_the_call(source, expected):
    if expected is None:
        with pytest.raises(CourseError, match="write this check plainly"):
            strict(source)
    else:
        assert strict(source) == expected


@pytest.mark.fault("S11")
@pytest.mark.parametrize("where", ["no_folder/at/all", "a_file"])
def test_matplotlib_finds_a_folder_without_a_home(tmp_path, monkeypatch, where):
    (tmp_path / "a_file").write_text("")
    (tmp_path / "no_folder").write_text("")  # nothing can be made in it, whoever asks
    monkeypatch.setenv("HOME", str(tmp_path / where))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"):
        monkeypatch.delenv(name, raising=False)
    if hasattr(environment_module, "_writable_places"):
        environment_module._writable_places.cache_clear()
    command = [sys.executable, "-c", "import matplotlib; print(matplotlib.get_cachedir())"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    if hasattr(environment_module, "_writable_places"):
        environment_module._writable_places.cache_clear()


def test_the_environment_of_a_build_is_not_this_one(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    made = environment()
    assert "MPLBACKEND" not in made
    assert made["PATH"] == os.environ["PATH"]
    assert {name: made[name] for name in FIRST} == FIRST
