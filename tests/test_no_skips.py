"""The plugin tests/no_skips.py, run in a pytest of its own on small test files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

FORBIDDEN = {
    "marked": '@pytest.mark.skip(reason="no browser")\ndef test_it(): pass',
    "called": 'def test_it(): pytest.skip("no browser")',
    "in a fixture": (
        '@pytest.fixture\ndef page(): pytest.skip("no browser")\ndef test_it(page): pass'
    ),
    "module": 'pytest.skip("no browser", allow_module_level=True)',
    "import": 'pytest.importorskip("there_is_no_such_package")\ndef test_it(): pass',
    "without a reason": "def test_it(): pytest.skip()",
    "reason in the middle": 'def test_it(): pytest.skip("it needs a GPU: really")',
}
ALLOWED = {
    "platform": 'def test_it(): pytest.skip("not on this platform: no spawn")',
    "gpu": '@pytest.mark.skipif(True, reason="needs a GPU: memory")\ndef test_it(): pass',
    "expected failure": "@pytest.mark.xfail(strict=True)\ndef test_it(): assert False",
    "nothing skipped": "def test_it(): pass",
}


def run_pytest(folder, source, *options, no_skips="1"):
    file = folder / "test_small.py"
    file.write_text(f"import pytest\n{source}\ndef test_other(): pass\n", encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XAICOURSE_NO_SKIPS": no_skips}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-m", "pytest", "-p", "tests.no_skips", *options, str(file)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("source", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_skipped_test_fails_the_run_and_is_named(tmp_path, source):
    result = run_pytest(tmp_path, source)
    assert result.returncode == 1, result.stdout
    assert "skipped tests fail this run" in result.stdout
    assert "test_small.py" in result.stdout.split("skipped tests fail this run")[1]


@pytest.mark.parametrize("source", FORBIDDEN.values(), ids=FORBIDDEN)
def test_it_does_so_in_parallel_processes_too(tmp_path, source):
    result = run_pytest(tmp_path, source, "-p", "xdist", "-n", "1")
    assert result.returncode == 1, result.stdout
    assert "test_small.py" in result.stdout.split("skipped tests fail this run")[1]


def test_a_deselected_test_fails_a_parallel_run(tmp_path):
    options = ("-p", "xdist", "-n", "1", "-k", "other")
    assert run_pytest(tmp_path, "def test_it(): pass", *options).returncode == 1


def test_a_deselected_test_fails_the_run(tmp_path):
    assert run_pytest(tmp_path, "def test_it(): pass", "-k", "other").returncode == 1


@pytest.mark.parametrize("source", ALLOWED.values(), ids=ALLOWED)
def test_the_allowed_reasons_pass(tmp_path, source):
    result = run_pytest(tmp_path, source)
    assert result.returncode == 0, result.stdout


def test_without_the_variable_skips_are_skips(tmp_path):
    assert run_pytest(tmp_path, FORBIDDEN["called"], no_skips="").returncode == 0


def test_failures_keep_their_own_exit_code(tmp_path):
    result = run_pytest(tmp_path, "def test_it(): assert False")
    assert result.returncode == 1
    assert "skipped tests fail this run" not in result.stdout
