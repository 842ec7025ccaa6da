"""Right answers pass wherever torch lies: in a user's folder, on PYTHONPATH, in a lower layer."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

import pytest

import xaicourse
from xaicourse.course.checking.guard import is_installed

COURSE = Path(xaicourse.__file__).parents[1]
HERE = Path(sysconfig.get_paths()["purelib"])
ANSWERS = """
import sys, torch, xaicourse as xc
assert not any(part in torch.__file__ for part in sys.argv[1:]), torch.__file__
scale = torch.tensor([2.0])
outcomes = [
    xc.check("02.1", torch.tensor([-1, 4]), torch.tensor([-3, 6]), "deconvnet"),
    xc.check("05.1", (torch.tensor([3.75, -2.75]), 0.25 * scale[0] / 2)),
]
print([outcome.passed for outcome in outcomes], outcomes[-1].__class__.__module__)
"""


@pytest.fixture
def packages(tmp_path):
    """Make a function that puts links to all installed packages into a folder."""

    def fill(folder):
        folder.mkdir(parents=True)
        for package in HERE.iterdir():
            if package.suffix != ".pth" and not package.name.startswith("_"):
                (folder / package.name).symlink_to(package)
        return folder

    return fill


def on_the_path(packages, tmp_path):
    folder = packages(tmp_path / "modules" / "torch-2")
    return sys._base_executable, {"PYTHONPATH": f"{folder}{os.pathsep}{COURSE}"}


def of_the_user(packages, tmp_path):
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages(tmp_path / "home" / "lib" / version / "site-packages")
    return sys._base_executable, {
        "PYTHONUSERBASE": str(tmp_path / "home"),
        "PYTHONPATH": str(COURSE),
    }


def in_a_lower_layer(packages, tmp_path):
    lower, upper = packages(tmp_path / "lower"), tmp_path / "upper"
    command = (sys._base_executable, "-m", "venv", "--without-pip", str(upper))
    subprocess.run(command, check=True)
    (site,) = upper.glob("lib/python*/site-packages")
    (site / "lower.pth").write_text(f"{lower}\n{COURSE}\n")
    return str(upper / "bin" / "python"), {}


@pytest.mark.fault("N3")
@pytest.mark.slow
@pytest.mark.parametrize("where", [on_the_path, of_the_user, in_a_lower_layer])
def test_right_answers_pass(where, packages, tmp_path):
    python, settings = where(packages, tmp_path)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL", "COV"))}
    environment = {**kept, "XAICOURSE_TEST": "1", **settings}
    command = (python, "-c", ANSWERS, str(HERE))
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert "[True, True]" in done.stdout, done.stdout + done.stderr


# ---------------------------------------------------------------- whose module it is


def module(file, name):
    made = ModuleType(name)
    made.__file__ = str(file)
    return made


@pytest.mark.fault("N3")
def test_a_package_that_an_installer_put_into_any_folder(tmp_path):
    record = "tools/__init__.py,,\nsingle.py,,\ntools-1.0.dist-info/RECORD,,\n"
    (tmp_path / "tools-1.0.dist-info").mkdir()
    (tmp_path / "tools-1.0.dist-info" / "RECORD").write_text(record)
    (tmp_path / "tools-1.0.dist-info" / "METADATA").write_text("Name: tools\nVersion: 1.0\n")
    assert is_installed(module(tmp_path / "tools/deep/part.py", "tools.deep.part"))
    assert is_installed(module(tmp_path / "single.py", "single"))
    assert not is_installed(module(tmp_path / "mine.py", "mine"))
    assert not is_installed(module(tmp_path / "tool/a.py", "tool.a"))


def test_a_students_own_project_is_theirs_even_if_it_is_installed_for_editing(tmp_path):
    (tmp_path / "mine.egg-info").mkdir()
    (tmp_path / "mine.egg-info" / "PKG-INFO").write_text("Name: mine\nVersion: 1.0\n")
    (tmp_path / "mine.egg-info" / "SOURCES.txt").write_text("mine/__init__.py\n")
    assert not is_installed(module(tmp_path / "mine/maps.py", "mine.maps"))
