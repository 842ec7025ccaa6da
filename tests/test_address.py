"""One place says where the course is cloned from, and all others follow."""

import importlib.util
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
URL = "https://example.org/owner/course"


@pytest.fixture(scope="module")
def address():
    spec = importlib.util.spec_from_file_location("address", ROOT / "tools" / "address.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clone(address, tmp_path):
    for name in address.PLACES:
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_all_places_say_the_same_here(address):
    assert address.out_of_step(ROOT) == [], "run  python tools/address.py"


def test_an_address_arrives_everywhere_and_can_be_taken_back(address, clone):
    address.main(["--none"], clone)
    before = {name: (clone / name).read_text() for name in address.PLACES}
    assert address.main([URL], clone) == 0
    project = tomllib.loads((clone / "pyproject.toml").read_text())["project"]
    assert project["urls"] == {"Repository": URL}
    assert project["scripts"]
    assert yaml.safe_load((clone / "CITATION.cff").read_text())["repository-code"] == URL
    text = (clone / "README.md").read_text()
    assert f"git clone {URL}\n" in text
    assert "mybinder.org/v2/git/https%3A%2F%2Fexample.org%2Fowner%2Fcourse/HEAD?urlpath=" in text
    assert address.main(["--check"], clone) == 0
    assert address.main([f"{URL}2"], clone) == 0  # another one replaces it
    assert "owner/course2" in (clone / "CITATION.cff").read_text()
    address.main(["--none"], clone)
    assert {name: (clone / name).read_text() for name in address.PLACES} == before


def test_a_place_of_its_own_mind_is_found(address, clone, capsys):
    address.main([URL], clone)
    file = clone / "CITATION.cff"
    file.write_text(file.read_text().replace(URL, "https://example.org/owner/fork"))
    assert address.main(["--check"], clone) == 1
    assert "another address in CITATION.cff" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", ["example.org/a/b", "http://example.org/a/b", "https://x/a", f"{URL}/", f"{URL} x"]
)
def test_what_is_no_address_is_refused_and_nothing_is_written(address, clone, capsys, wrong):
    before = (clone / "README.md").read_text()
    assert address.main([wrong], clone) == 2
    assert "the address must" in capsys.readouterr().err
    assert (clone / "README.md").read_text() == before


def test_what_binder_starts_with_is_there(address):
    """It reads environment.yml, which test_repository.py holds to pyproject.toml."""
    assert (ROOT / address.FIRST.removeprefix("lab/tree/")).is_file()
    assert (ROOT / "environment.yml").is_file()
    others = ("binder", ".binder", "requirements.txt", "Dockerfile", "postBuild", "setup.py")
    assert [name for name in others if (ROOT / name).exists()] == []  # it would read these instead
