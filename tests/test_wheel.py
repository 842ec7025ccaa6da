"""A wheel is the whole course: lessons, sheets, data and checks, without the clone around it."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.course.test_page_form import leads_nowhere

ROOT = Path(__file__).resolve().parents[1]

LOOK = """
import sys
from pathlib import Path
import xaicourse as xc
from xaicourse.core import places
from xaicourse.course.table import LESSONS
site = Path(sys.argv[1])
assert Path(xc.__file__).is_relative_to(site), xc.__file__
assert places.course_folder() == site / "xaicourse" / "_shipped"
assert places.issued_folder() == places.course_folder()
assert places.work_home(places.issued_folder()) == Path.cwd()
ready = [one.number for one in LESSONS.values() if one.status == "ready"]
assert ready == [room.name[1:3] for room in places.rooms()] and len(ready) >= 9
for folder in ("notebooks", "exercises"):
    found = sorted(f.name[:2] for f in (places.course_folder() / folder).glob("[0-9][0-9]_*.ipynb"))
    assert found == ready, found
assert {name[:2] for name in xc.exercise.TASKS} == set(ready)
assert len(xc.METHODS) >= 31 and xc.widgets.NoisePanel and xc.plot.timeline
xc.zoo.load("fashion_cnn")(xc.datasets.fashion_mnist(n=2).x)
assert xc.datasets.photo("chelsea").shape[1] == 3
assert Path(places.refresher_page()).read_text(encoding="utf-8").startswith("# Refresher")
assert "Goals of lesson 05" in str(xc.progress("05"))
assert xc.check("05.2", xc.exercise.TASKS["05.2"].reference).passed
"""


WANTED = """
from importlib.metadata import distribution, version
from packaging.requirements import Requirement
wanted = [Requirement(line) for line in distribution("xaicourse").requires]
lab = [one for one in wanted if not one.marker or one.marker.evaluate({"extra": "lab"})]
assert {"torch", "jupyterlab"} <= {one.name.lower() for one in lab}
for one in lab:
    assert one.specifier.contains(version(one.name), prereleases=True), one
"""

# The first cells of a copied lesson, in the kernel that JupyterLab would start.
CELLS = """
import sys
import nbformat
from nbclient import NotebookClient
lesson = nbformat.read(sys.argv[1], as_version=4)
code = [cell for cell in lesson.cells if cell.cell_type == "code"][:4]
where = nbformat.v4.new_code_cell("import xaicourse; print(xaicourse.__file__)")
lesson.cells = [*code, where]
NotebookClient(lesson, kernel_name="python3", timeout=60).execute()
print(where.outputs[0].text)
"""


@pytest.fixture(scope="module")
def venv(tmp_path_factory):
    """An empty environment that holds the wheel, by pip; what it needs is lent by a path.

    The .pth files of that path are not read, so that an editable install of the clone stays out.
    """
    folder = tmp_path_factory.mktemp("wheel")
    venv = folder / "venv"
    for command in (
        ["hatchling", "build", "-t", "wheel", "-d", str(folder)],
        ["venv", "--without-pip", str(venv)],
    ):
        command = [sys.executable, "-m", *command]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    (wheel,) = folder.glob("*.whl")
    pip = ["pip", "--python", str(venv), "install", "--no-deps", "--no-index", "--no-compile"]
    command = [sys.executable, "-m", *pip, str(wheel)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    (site_of(venv) / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return venv


def site_of(venv):
    (site,) = venv.glob("[Ll]ib/**/site-packages")
    return site


def program(venv, name):
    return str(venv / ("Scripts" if os.name == "nt" else "bin") / name)


def outside():
    """Return an environment that leads to no clone, neither to its code nor to its data."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "XAICOURSE_DATA")}


def run(venv, where, name, *given):
    command = [program(venv, name), *given]
    done = subprocess.run(command, cwd=where, env=outside(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_is_found_in_a_wheel(venv, tmp_path):
    run(venv, tmp_path, "python", "-c", LOOK, str(site_of(venv)))


def test_what_lab_asks_for_is_what_was_lent(venv, tmp_path):
    run(venv, tmp_path, "python", "-c", WANTED)


def test_lessons_of_a_wheel_are_copied_to_work_in_this_folder(venv, tmp_path):
    said = run(venv, tmp_path, "xaicourse", "open", "--copy-only")
    assert "copied   work/exercises/05_integrated_gradients.ipynb" in said
    assert (tmp_path / "work" / "notebooks" / "00_start_here.ipynb").is_file()
    for page in ("refresher.md", "own_model.md", "api.md", "methods/pictures/gradient.png"):
        assert (tmp_path / "work" / "docs" / page).is_file()
    assert leads_nowhere(tmp_path / "work") == []
    sheet = tmp_path / "work" / "exercises" / "05_integrated_gradients.ipynb"
    issued = sheet.read_bytes()
    sheet.write_bytes(b"{}")
    assert "your version is kept in work/backups/" in run(
        venv, tmp_path, "xaicourse", "reset", "05"
    )
    assert sheet.read_bytes() == issued
    assert [f.read_bytes() for f in (tmp_path / "work/backups/exercises").iterdir()] == [b"{}"]


def test_a_lesson_of_a_wheel_runs_in_its_kernel(venv, tmp_path):
    run(venv, tmp_path, "xaicourse", "open", "--copy-only")
    lesson = tmp_path / "work" / "notebooks" / "05_integrated_gradients.ipynb"
    said = run(venv, lesson.parent, "python", "-c", CELLS, lesson.name)
    assert Path(said.strip()).is_relative_to(site_of(venv))


def asked(address):
    """Return what a server answers that may not listen yet."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urlopen(address) as answer:
                return json.load(answer)
        except URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_the_course_opens_from_a_wheel(venv, tmp_path):
    """`xaicourse open` in an empty folder: JupyterLab serves the lessons and the sheets."""
    command = [program(venv, "xaicourse"), "open", "05", "--no-browser"]
    server = subprocess.Popen(
        command, cwd=tmp_path, env=outside(), text=True, stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        address_of = re.compile(r"(http://127\S+?)/lab/tree/(\S+)\?token=(\w+)")
        lines = map(address_of.search, server.stdout)
        address, opened, token = next(found for found in lines if found).groups()
        assert opened == "notebooks/05_integrated_gradients.ipynb"
        for folder in ("notebooks", "exercises"):
            content = asked(f"{address}/api/contents/{folder}?token={token}")["content"]
            names = sorted(one["name"] for one in content)
            shipped = (site_of(venv) / "xaicourse" / "_shipped" / folder).glob("*.ipynb")
            assert names == sorted(file.name for file in shipped)
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()


def test_a_photo_and_a_net_of_ones_own_are_explained_from_a_wheel(venv, tmp_path):
    photo = site_of(venv) / "xaicourse" / "_shipped" / "data" / "photos" / "coffee.png"
    (tmp_path / "mine.png").write_bytes(photo.read_bytes())
    (tmp_path / "shop.py").write_text(
        "import torch\n\ndef net():\n    torch.manual_seed(0)\n    pool = torch.nn.AvgPool2d(56)\n"
        "    return torch.nn.Sequential(pool, torch.nn.Flatten(), torch.nn.Linear(48, 3))\n"
    )
    (tmp_path / "names.txt").write_text("cup\nplate\nspoon\n")
    own = ("--model", "shop:net", "--labels", "names.txt", "--target", "plate", "--steps", "4")
    said = run(venv, tmp_path, "xaicourse", "explain", "mine.png", *own)
    assert 'the logit of "plate" (class 1)' in said
    assert (tmp_path / "mine_integrated_gradients.png").stat().st_size > 1000
