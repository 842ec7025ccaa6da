"""lab.py: the commands of each target, and the run of them. Nothing is installed here."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
MADE_TARGETS = ("lab", "test", "notebooks", "check", "bench")


def load_script():
    specification = importlib.util.spec_from_file_location("lab_script", ROOT / "lab.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules["lab_script"] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


lab = load_script()


@pytest.fixture
def venv(tmp_path):
    """Return an environment that is there, with nothing installed in it."""
    venv = lab.Venv(tmp_path / ".venv")
    venv.python.parent.mkdir(parents=True)
    venv.python.write_text("", encoding="utf-8")
    venv.xaicourse.write_text("", encoding="utf-8")
    (tmp_path / ".venv/lib/python3.11/site-packages/pip").mkdir(parents=True)
    return venv


def dry_run(*arguments, **environment):
    environment = {"EXTRAS": "", "XAICOURSE_VENV": ".venv-dry", **environment}
    command = [sys.executable, "lab.py", "--dry-run", *arguments]
    result = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


# ---------------------------------------------------------------- which commands


def test_lab_makes_the_environment_installs_and_opens():
    make, install, start = dry_run("lab", "--no-browser")
    assert make.endswith("-m venv " + str(ROOT / ".venv-dry"))
    assert install.endswith("-m pip install -c constraints.txt -e '.[lab]'")
    assert start.endswith("xaicourse open --no-browser")
    assert dry_run("lab", "05", "--sheet")[-1].endswith("xaicourse open 05 --sheet")
    assert not (ROOT / ".venv-dry").exists()


def test_wheels_are_of_the_versions_that_make_lab_asks_for():
    make, download = dry_run("wheels")
    *_, install, _ = dry_run("lab")
    assert make.endswith("-m venv " + str(ROOT / ".venv-dry"))
    words = "-m pip download -d wheels -c constraints.txt '.[lab]' 'hatchling>=1.27' editables"
    assert download.endswith(words)
    assert install.partition("install ")[2].replace("-e ", "") in download
    requires = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert requires == ["hatchling>=1.27"]


def test_test_runs_the_package_then_the_notebooks():
    *_, package, contracts, course, press, attacks, forms, browser, site, slowed, notebooks = (
        dry_run("test")
    )
    assert package.endswith("--ignore=tests/course --ignore=tests/lessons tests")
    assert contracts.endswith("tests/contract")
    assert course.endswith("--ignore=tests/lessons/test_forms.py tests/course tests/lessons")
    assert press.endswith("tests/notebooks tests/test_new_lesson.py tests/test_wheel.py")
    assert attacks.endswith("tests/course/attacks tests/course/campaign")
    assert forms.endswith("tests/lessons/test_forms.py")
    assert browser.endswith("tests/browser")
    assert site.endswith("tests/site")
    assert "OMP_NUM_THREADS=1" in package
    assert slowed.endswith("tools/slowed.py 01 05")
    assert "tools/rerun.py" in notebooks
    assert "PYTEST_PLUGINS=tests.no_skips" in notebooks  # no skips there either


@pytest.mark.parametrize(
    ("system", "machine", "compared"),
    [
        ("linux", "x86_64", True),
        ("linux", "aarch64", False),
        ("darwin", "arm64", False),
        ("win32", "AMD64", False),
    ],
)
def test_outputs_are_compared_only_where_they_were_made(monkeypatch, system, machine, compared):
    monkeypatch.setattr(lab.sys, "platform", system)
    monkeypatch.setattr(lab.platform, "machine", lambda: machine)
    *before, notebooks = lab.test_steps("python")
    assert ("--lax" in notebooks.command) != compared
    assert any("tools/slowed.py" in step.command for step in before) == compared
    assert ("compared" in notebooks.title) == compared  # and the run says which


def test_check_looks_at_products_format_lint_and_types():
    commands = " ".join(dry_run("check"))
    for command in ("build.py --check", "ruff format --check", "ruff check", "pyright"):
        assert command in commands


def test_bench_runs_each_benchmark_alone(monkeypatch, tmp_path, venv):
    (tmp_path / "benchmarks").mkdir()
    for name in ("speed.py", "accuracy.py", "_common.py", "notes.md"):
        (tmp_path / "benchmarks" / name).write_text("", encoding="utf-8")
    monkeypatch.setattr(lab, "ROOT", tmp_path)
    steps = lab.target_steps("bench", [], venv)
    assert [step.command[1] for step in steps] == ["benchmarks/accuracy.py", "benchmarks/speed.py"]


def test_the_command_line_is_handed_its_arguments():
    *_, command = dry_run("xaicourse", "reset", "05", "--task", "05.2")
    assert command.endswith("xaicourse reset 05 --task 05.2")
    *_, command = dry_run("python", "-m", "pytest", "-k", "path")
    assert command.endswith("python -m pytest -k path")


def test_extras_can_be_chosen():
    assert "'.[browser,lab,test]'" in dry_run("test", EXTRAS="lab, test,browser")[1]


@pytest.mark.parametrize("target", MADE_TARGETS)
def test_make_does_exactly_what_the_script_does(target):
    if shutil.which("make") is None:
        pytest.skip("not on this platform: make is missing")
    # As a person types it, also while `make test` is what runs this test: no outer make's flags.
    outer = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES"}
    environment = {name: value for name, value in os.environ.items() if name not in outer}
    command = ["make", "-n", target, "PYTHON=mypython"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.stdout.split() == ["mypython", "lab.py", target]


@pytest.mark.parametrize("arguments", [[], ["fly"], ["test", "-k", "x"], ["check", "now"]])
def test_wrong_usage_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        lab.parse(arguments)
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_dry_run_may_stand_behind_the_target():
    assert lab.parse(["test", "--dry-run"]).dry_run
    assert lab.parse(["lab", "--dry-run", "--no-browser"]).arguments == ["--no-browser"]


def test_an_old_python_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(lab.sys, "version_info", (3, 9, 0))
    assert lab.main(["--dry-run", "test"]) == 2
    assert "needs Python 3.11 or newer" in capsys.readouterr().err


def test_windows_has_other_places(monkeypatch, tmp_path):
    with monkeypatch.context() as windows:
        windows.setattr(lab.os, "name", "nt")
        venv = lab.Venv(tmp_path)
    assert venv.python == tmp_path / "Scripts" / "python.exe"
    assert venv.xaicourse == tmp_path / "Scripts" / "xaicourse.exe"


# ---------------------------------------------------------------- when to install


def test_nothing_is_installed_twice(venv):
    assert len(lab.install_steps(venv, {"lab"})) == 1
    venv.write_stamp({"lab", "test"})
    assert lab.install_steps(venv, {"lab"}) == []
    assert lab.install_steps(venv, {"lab", "test"}) == []


def test_a_further_extra_is_added_to_those_that_are_there(venv):
    venv.write_stamp({"lab"})
    (step,) = lab.install_steps(venv, {"test"})
    assert step.command[-1] == ".[lab,test]"


def test_a_changed_project_file_or_a_moved_clone_installs_again(venv, monkeypatch, tmp_path):
    venv.write_stamp({"lab"})
    assert lab.install_steps(venv, {"lab"}) == []
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    monkeypatch.setattr(lab, "ROOT", moved)
    assert len(lab.install_steps(venv, {"lab"})) == 1
    venv.write_stamp({"lab"})
    (moved / "pyproject.toml").write_text("changed", encoding="utf-8")
    assert len(lab.install_steps(venv, {"lab"})) == 1


def test_the_versions_that_were_tried_are_installed(venv, monkeypatch):
    (step,) = lab.install_steps(venv, {"lab"})
    assert step.command[4:6] == ("-c", "constraints.txt")
    monkeypatch.setenv("XAICOURSE_NEWEST", "1")
    (step,) = lab.install_steps(venv, {"lab"})
    assert "-c" not in step.command


def test_the_list_of_versions_fits_the_project_file():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    fixed = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert all(re.fullmatch(r"[\d.]+(post\d+)?", version) for version in fixed.values())
    assert not any("/" in line or "@" in line for line in lines if not line.startswith("#"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    asked = [*project["dependencies"], *(name for extra in extras for name in extra)]
    for requirement in map(Requirement, asked):
        if requirement.name != "xaicourse":
            assert fixed[requirement.name.lower().replace("_", "-")] in requirement.specifier


@pytest.mark.fault("S9")
def test_a_half_deleted_environment_installs_again(venv):
    venv.write_stamp({"lab"})
    assert lab.install_steps(venv, {"lab"}) == []
    venv.xaicourse.unlink()
    assert len(lab.install_steps(venv, {"lab"})) == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"wanted": 1, "extras": 2}'])
def test_a_broken_stamp_installs_again(venv, text):
    venv.write_stamp({"lab"})
    venv.stamp.write_text(text, encoding="utf-8")
    assert len(lab.install_steps(venv, {"lab"})) == 1


def test_an_environment_without_pip_is_made_again(venv):
    shutil.rmtree(venv.folder / "lib")
    assert [step.command[1:3] for step in lab.install_steps(venv, {"lab"})] == [
        ("-m", "venv"),
        ("-m", "pip"),
    ]


# ---------------------------------------------------------------- running


def python_step(code, **settings):
    return lab.Step("step", (sys.executable, "-c", code), **settings)


def test_all_steps_run_and_one_failure_is_enough(venv, tmp_path, capfd):
    write = "import sys, pathlib; pathlib.Path(sys.argv[1]).touch()"
    last = lab.Step("last", (sys.executable, "-c", write, str(tmp_path / "done")))
    code = lab.run_all([python_step("raise SystemExit(5)"), last], venv, set())
    assert code == 1
    assert (tmp_path / "done").exists()
    assert "FAILED (exit code 5): step" in capfd.readouterr().err


def test_after_a_failed_installation_nothing_runs_and_nothing_is_stamped(venv, tmp_path, capfd):
    touch = f"import pathlib; pathlib.Path({str(tmp_path / 'done')!r}).touch()"
    broken = python_step("raise SystemExit(1)", essential=True)
    assert lab.run_all([broken, python_step(touch)], venv, {"lab"}) == 1
    assert not (tmp_path / "done").exists()
    assert venv.installed() == set()


def test_a_good_installation_is_stamped(venv):
    install = lab.Step("install", (sys.executable, "-c", "", "pip", "install"), essential=True)
    assert lab.run_all([install], venv, {"lab"}) == 0
    assert venv.installed() == {"lab"}


def test_the_exit_code_of_a_single_command_is_its_own(venv, capfd):
    assert lab.run_all([python_step("raise SystemExit(3)")], venv, set()) == 3
    assert lab.run_all([python_step("")], venv, set()) == 0


def test_steps_get_their_environment_and_run_in_the_clone(venv, capfd):
    code = "import os; print(os.environ['OMP_NUM_THREADS'], os.getcwd())"
    lab.run_all([python_step(code, environment={"OMP_NUM_THREADS": "1"})], venv, set())
    assert capfd.readouterr().out.splitlines()[-1] == f"1 {ROOT}"


def test_the_command_line_runs_where_it_was_typed(venv, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (step,) = lab.target_steps("xaicourse", ["explain", "cat.jpg"], venv)
    assert step.folder == tmp_path


# ---------------------------------------------------------------- the seconds of each part


def test_the_seconds_of_each_part_are_printed():
    steps = [(lab.Step("Install", ("pip",), minutes=4), 61.0), (lab.Step("Look", ("ls",)), 2.4)]
    install, look, total = lab.table_of(steps).splitlines()
    assert install.split() == ["61", "s", "of", "240", "Install"]
    assert look.split() == ["2", "s", "Look"]
    assert total.split() == ["63", "s", "all"]


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_a_part_that_takes_too_long_fails_in_continuous_integration(monkeypatch, capsys, ci, code):
    slow = lab.Step("Long", (sys.executable, "-c", "pass"), minutes=1e-9)
    monkeypatch.setenv("CI", ci)
    assert lab.run_all([slow, slow], lab.Venv(Path("nowhere")), set()) == code
    assert ("over 1e-09 minutes" in capsys.readouterr().err) == bool(code)
