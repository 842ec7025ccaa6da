"""The stubs that tools/make_stub.py writes are in step and hold every public name."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def read_module(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_stub = read_module(ROOT / "tools" / "make_stub.py")


def test_the_stubs_are_in_step():
    assert make_stub.main(["--check"]) == 0, "run: python tools/make_stub.py"


def test_an_old_stub_is_seen_and_mended(tmp_path, monkeypatch, capsys):
    file = tmp_path / "__init__.pyi"
    monkeypatch.setattr(make_stub, "ROOT", tmp_path)
    monkeypatch.setattr(make_stub, "stubs", lambda: {file: "new\n"})
    file.write_text("old\n", encoding="utf-8")
    assert make_stub.main(["--check"]) == 1
    assert "is out of step" in capsys.readouterr().out
    assert file.read_text(encoding="utf-8") == "old\n"
    assert make_stub.main([]) == 0
    assert file.read_text(encoding="utf-8") == "new\n"
    assert make_stub.main(["--check"]) == 0


@pytest.mark.parametrize("home", make_stub.HOMES)
def test_every_public_name_is_in_the_stub(home):
    module = importlib.import_module(home)
    text = Path(str(module.__file__)).with_suffix(".pyi").read_text(encoding="utf-8")
    for name in module.__all__:
        assert f'    "{name}",\n' in text, name
        forms = (f"def {name}(", f" as {name}\n", f"\n{name}: str\n")
        assert any(form in text for form in forms), name


# ---- a home with doors: some of its names come from elsewhere when they are asked for -----------

MADE_UP_HOME = """
from collections import Counter as Panel
from torch import Tensor
import xaicourse as xc

__all__ = [NAMES]

def _door(name: str) -> "Tensor | None":
    return getattr(xc.datasets, name, None) or getattr(xc.zoo, name)

__getattr__ = _door
"""


def test_a_name_behind_a_door_is_written_as_an_import(tmp_path, monkeypatch):
    home = made_up_home(tmp_path, monkeypatch, '"Panel", "photo"')
    text = make_stub.stub(home, {})
    assert "from collections import Counter as Panel\n" in text
    assert "from xaicourse.datasets.photos import photo as photo\n" in text
    assert "def _door(\n    name: str,\n) -> Tensor | None: ...\n" in text


def test_a_value_behind_a_door_needs_a_table(tmp_path, monkeypatch):
    home = made_up_home(tmp_path, monkeypatch, '"TOY_INPUT"')
    with pytest.raises(LookupError, match="TOY_INPUT says not where it is from"):
        make_stub.stub(home, {})
    text = make_stub.stub(home, {"TOY_INPUT": "xaicourse.zoo:TOY_INPUT"})
    assert "from xaicourse.zoo import TOY_INPUT as TOY_INPUT\n" in text


def made_up_home(folder: Path, monkeypatch: pytest.MonkeyPatch, names: str) -> ModuleType:
    file = folder / "made_up_home.py"
    file.write_text(MADE_UP_HOME.replace("NAMES", names), encoding="utf-8")
    home = read_module(file)
    monkeypatch.setitem(sys.modules, home.__name__, home)
    return home
