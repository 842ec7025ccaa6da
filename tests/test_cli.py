"""The command line: what it prints, and errors in one line without a traceback."""

import json
import os
import subprocess
import sys

import pytest

from xaicourse import cli
from xaicourse.course.checking import doctor
from xaicourse.course.checking.doctor import Finding


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """Be inside a small clone: one lesson with its sheet."""
    for folder in ("xaicourse", "notebooks", "exercises"):
        (tmp_path / folder).mkdir()
    for folder in ("notebooks", "exercises"):
        cells = [{"id": "a", "cell_type": "code", "source": folder, "metadata": {}}]
        text = json.dumps({"cells": cells})
        (tmp_path / folder / "05_paths.ipynb").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_open_copies_and_says_so(clone, capsys):
    assert cli.main(["open", "--copy-only"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "copied   work/notebooks/05_paths.ipynb",
        "copied   work/exercises/05_paths.ipynb",
    ]
    assert cli.main(["open", "--copy-only"]) == 0
    assert capsys.readouterr().out.startswith("work/ is up to date")


def test_open_starts_jupyterlab_on_the_copies(clone, monkeypatch):
    started = []
    monkeypatch.setattr("jupyterlab.labapp.main", lambda arguments: started.append(arguments))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    monkeypatch.setenv("PATH", "")
    assert cli.main(["open", "--no-browser", "--port", "8931"]) == 0
    (arguments,) = started
    assert f"--ServerApp.root_dir={clone / 'work'}" in arguments
    assert {"--no-browser", "--port=8931"} <= set(arguments)


def opened(monkeypatch, capsys, *arguments):
    """Return the address on which JupyterLab would be started, and the line that says so."""
    started = []
    monkeypatch.setattr("jupyterlab.labapp.main", started.extend)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    monkeypatch.setenv("PATH", "")
    capsys.readouterr()
    assert cli.main(["open", *arguments]) == 0
    (address,) = [a for a in started if a.startswith("--LabApp.default_url=")]
    return address.partition("=")[2], capsys.readouterr().out.splitlines()[-1]


@pytest.mark.fault("J1")
@pytest.mark.parametrize(
    ("arguments", "file", "why"),
    [
        ([], "notebooks/05_paths.ipynb", " (the first lesson)"),
        (["05"], "notebooks/05_paths.ipynb", ""),
        (["5"], "notebooks/05_paths.ipynb", ""),
        (["05", "--sheet"], "exercises/05_paths.ipynb", ""),
        (["--sheet"], "exercises/05_paths.ipynb", " (the first lesson)"),
    ],
)
def test_open_lands_on_the_notebook_that_it_names(clone, monkeypatch, capsys, arguments, file, why):
    address, line = opened(monkeypatch, capsys, *arguments)
    assert address == f"/lab/tree/{file}"
    assert line == f"opening  work/{file}{why}"


@pytest.mark.fault("J1")
def test_open_lands_where_one_left_off(clone, monkeypatch, capsys):
    cli.main(["open", "--copy-only"])
    sheet = clone / "work/exercises/05_paths.ipynb"
    sheet.write_text("mine", encoding="utf-8")
    address, line = opened(monkeypatch, capsys)
    assert address == "/lab/tree/exercises/05_paths.ipynb"
    assert line.endswith(" (you changed it last)")


@pytest.mark.parametrize("lesson", ["07", "x", "005", ""])
def test_open_refuses_an_unknown_lesson_in_one_line_and_copies_nothing(clone, capsys, lesson):
    assert cli.main(["open", lesson]) == 2
    output = capsys.readouterr()
    assert output.err == (
        f"xaicourse: error: lesson must be one of those in notebooks/ (05), got {lesson!r}\n"
    )
    assert not (clone / "work").exists()


def test_open_switches_the_question_about_news_off(clone, monkeypatch):
    monkeypatch.setattr("jupyterlab.labapp.main", lambda arguments: None)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    monkeypatch.setenv("PATH", "")
    cli.main(["open"])
    code = (
        "from jupyterlab_server.config import ConfigManager\n"
        "found = ConfigManager(config_dir_name='labconfig').get('default_setting_overrides')\n"
        "print(found['@jupyterlab/apputils-extension:notification'])\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "{'fetchNews': 'false', 'checkForUpdates': False}"


def test_reset_restores_and_names_the_backup(clone, capsys):
    cli.main(["open", "--copy-only"])
    sheet = clone / "work/exercises/05_paths.ipynb"
    sheet.write_text("mine", encoding="utf-8")
    assert cli.main(["reset", "05"]) == 0
    assert "your version is kept in work/backups/exercises/05_paths_" in capsys.readouterr().out
    assert sheet.read_text(encoding="utf-8") != "mine"


def test_reset_of_the_lesson(clone):
    cli.main(["open", "--copy-only"])
    for folder in ("notebooks", "exercises"):
        (clone / f"work/{folder}/05_paths.ipynb").write_text("mine", encoding="utf-8")
    assert cli.main(["reset", "05", "--lesson"]) == 0
    assert (clone / "work/exercises/05_paths.ipynb").read_text(encoding="utf-8") == "mine"
    assert (clone / "work/notebooks/05_paths.ipynb").read_text(encoding="utf-8") != "mine"


def test_reset_of_a_task_finds_the_lesson_that_holds_it(clone, capsys):
    cli.main(["open", "--copy-only"])
    issued = clone / "notebooks/05_paths.ipynb"
    notebook = json.loads(issued.read_text(encoding="utf-8"))
    notebook["cells"][0]["metadata"] = {"xaicourse": {"task": "05.1", "in_work": "..."}}
    issued.write_text(json.dumps(notebook), encoding="utf-8")
    assert cli.main(["reset", "05", "--task", "05.1"]) == 0
    assert "restored work/notebooks/05_paths.ipynb: task 05.1" in capsys.readouterr().out
    restored = json.loads((clone / "work/notebooks/05_paths.ipynb").read_text(encoding="utf-8"))
    assert [cell["source"] for cell in restored["cells"]] == ["..."]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reset", "07"], "lesson must be one of those in exercises/ (05), got '07'"),
        (["reset", "05", "--task", "06.1"], "task must belong to lesson 05"),
        (["reset", "05", "--task", "05.1"], "task must be one of none, got '05.1'"),
    ],
)
def test_errors_are_one_line(clone, capsys, arguments, message):
    cli.main(["open", "--copy-only"])
    capsys.readouterr()
    assert cli.main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("xaicourse: error: ")
    assert message in output.err
    assert output.err.count("\n") == 1


def failing(error):
    def find_root():
        raise error

    return find_root


def test_an_unforeseen_error_is_one_line_with_its_type(monkeypatch, capsys):
    monkeypatch.setattr("xaicourse.cli.issued_folder", failing(KeyError("two\nlines")))
    assert cli.main(["reset", "05"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("xaicourse: error: KeyError: ")
    assert "XAICOURSE_DEBUG=1" in error
    assert error.count("\n") == 1


def test_a_maintainer_can_see_the_traceback(monkeypatch):
    monkeypatch.setattr("xaicourse.cli.issued_folder", failing(KeyError("why")))
    monkeypatch.setenv("XAICOURSE_DEBUG", "1")
    with pytest.raises(KeyError, match="why"):
        cli.main(["reset", "05"])


def test_ctrl_c_ends_without_a_message(monkeypatch, capsys):
    monkeypatch.setattr("xaicourse.cli.issued_folder", failing(KeyboardInterrupt()))
    assert cli.main(["reset", "05"]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("arguments", [["fly"], ["reset"], ["open", "--port", "x"]])
def test_wrong_usage_ends_with_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "usage: xaicourse" in capsys.readouterr().err


def test_no_command_prints_the_help(capsys):
    assert cli.main([]) == 0
    output = capsys.readouterr()
    assert "usage: xaicourse" in output.out
    assert "\n    explain " in output.out
    assert output.err == ""


def test_what_is_advised_at_the_shell_is_typed_at_the_shell(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("XAICOURSE_PROGRESS", str(tmp_path / "progress.json"))
    for command in ("review", "status", "pretest"):
        monkeypatch.setattr("builtins.input", lambda question: "")
        assert cli.main([command]) == 0
        said = capsys.readouterr().out
        assert "xc." not in said
        assert ("xaicourse review 05" in " ".join(said.split())) == (command == "review")


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out
    for add in cli._SUBCOMMANDS:
        assert f"\n    {add.__name__.removeprefix('_add_')} " in text


def test_help_is_quick_because_torch_stays_out():
    code = "import sys; from xaicourse import cli; cli._parser(); print('torch' in sys.modules)"
    environment = {**os.environ, "XAICOURSE_TEST": "1"}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert result.stdout.strip() == "False", result.stderr


# ---------------------------------------------------------------- doctor


FINE = Finding("torch", True, "2.14.1")
BROKEN = Finding("data", False, "photos/coffee.png has changed\n; get it back")


def test_doctor_reports_each_check(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", lambda: [FINE, BROKEN])
    assert cli.main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ok", "torch", "2.14.1"]
    assert lines[1].split()[:3] == ["PROBLEM", "data", "photos/coffee.png"]
    assert lines[-1] == "1 problem(s)"


def test_doctor_for_a_lab_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", lambda: [FINE, BROKEN])
    assert cli.main(["doctor", "--lab"]) == 1
    output = capsys.readouterr().out
    assert output.count("\n") == 1
    assert "NOT READY" in output
    assert "torch: 2.14.1 | data: PROBLEM, photos/coffee.png has changed" in output

    monkeypatch.setattr(doctor, "examine", lambda: [FINE])
    assert cli.main(["doctor", "--lab"]) == 0
    assert " READY" in capsys.readouterr().out


def test_a_check_that_crashes_is_a_finding():
    assert doctor._look("data", lambda: {}["x"]) == Finding("data", False, "'x'")
    assert doctor._look("data", failing(RuntimeError())) == Finding("data", False, "RuntimeError")


def test_the_real_checks_pass_here():
    problems = [finding for finding in doctor.examine() if not finding.ok]
    assert [finding for finding in problems if finding.name != "lessons"] == []


def test_doctor_counts_lessons_and_sheets(clone):
    assert doctor._look("lessons", doctor._lessons) == Finding("lessons", True, "1 with 1 sheets")
    (clone / "exercises/05_paths.ipynb").unlink()
    finding = doctor._look("lessons", doctor._lessons)
    assert not finding.ok
    assert "make notebooks" in finding.text


def test_doctor_sees_damaged_data(monkeypatch, tmp_path):
    monkeypatch.setenv("XAICOURSE_DATA", str(tmp_path))
    assert not doctor._look("data", doctor._data).ok


def test_doctor_sees_missing_weights(monkeypatch):
    def load(name):
        raise FileNotFoundError("the package with the weights is not installed")

    monkeypatch.setattr("xaicourse.zoo.load", load)
    assert doctor._look("weights", doctor._weights).text.endswith("is not installed")


def test_doctor_sees_another_torch(monkeypatch):
    monkeypatch.setattr("torch.__version__", "2.1.0")
    finding = doctor._look("torch", doctor._torch)
    assert not finding.ok
    assert "2.14 is needed, this is 2.1.0" in finding.text


def test_doctor_sees_a_missing_front_end(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    finding = doctor._look("panels", doctor._widgets)
    assert not finding.ok
    assert "half of ipywidgets" in finding.text
