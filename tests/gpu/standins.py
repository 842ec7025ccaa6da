"""Stand-ins for packages that the package imports and this machine lacks.

They can be imported, and say what is missing when anything of them is called. So the methods run
where there is torch alone, and what truly needs a picture or a photo is told as missing.
"""

import importlib
import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, ClassVar

# what the package itself imports at its head; a lesson's other needs fail on their own
PACKAGES = ("PIL", "ipywidgets", "matplotlib", "safetensors", "torchvision", "tqdm", "traitlets")
# what only lessons, panels and intervals need
OPTIONAL = (*PACKAGES, "IPython", "cloudpickle", "scipy")

_absent: set[str] = set()  # found out once, by stand_in()


class _Absent(type):
    """The type of all names of an absent package: they can be named, not used."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _name(cls.package, name)

    def __call__(cls, *args: Any, **settings: Any) -> Any:
        raise ModuleNotFoundError(f"{cls.package} is not on this machine", name=cls.package)

    package = ""


def _name(package: str, name: str) -> Any:
    return _Absent(name, (), {"package": package})


class _Module(ModuleType):
    __path__: ClassVar[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _name(self.__name__.partition(".")[0], name)


class _Finder(MetaPathFinder, Loader):
    def __init__(self, absent: list[str]) -> None:
        self.absent = absent

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        known = fullname.partition(".")[0] in self.absent
        return ModuleSpec(fullname, self, is_package=True) if known else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module empty."""


def is_here(package: str) -> bool:
    """Tell whether a package can be imported."""
    if package in _absent:
        return False
    try:
        return importlib.util.find_spec(package) is not None
    except ValueError:  # blocked by a None in sys.modules
        return False


def stand_in() -> list[str]:
    """Put stand-ins where packages are absent; return what is absent, optional packages too."""
    _absent.update(package for package in OPTIONAL if not is_here(package))
    replaced = [package for package in PACKAGES if package in _absent]
    for package in replaced:
        sys.modules.pop(package, None)
    sys.meta_path.insert(0, _Finder(replaced))
    if "tqdm" in replaced:
        bars: Any = importlib.import_module("tqdm.auto")
        bars.tqdm = NoBar
    if "traitlets" in replaced:
        traitlets: Any = importlib.import_module("traitlets")
        traitlets.Tuple = traitlets.Unicode = NoTrait
        traitlets.validate = lambda *names: lambda function: function
    return sorted(_absent)


class NoTrait:
    """In the place of a widget's attribute: a class can declare it, and no widget is ever made."""

    def __init__(self, *values: Any) -> None:
        """Take what a trait takes."""

    def tag(self, **marks: Any) -> "NoTrait":
        return self


class NoBar:
    """In the place of a progress bar: it shows nothing."""

    def __init__(self, total: float = 0, **settings: Any) -> None:
        self.n, self.total = 0.0, total

    def update(self, n: float = 1) -> None:
        self.n += n

    def close(self) -> None:
        """Show nothing."""


def is_missing(error: BaseException) -> str | None:
    """Return the optional package that an error says is missing, None for any other error."""
    package = (getattr(error, "name", None) or "").partition(".")[0]
    return package if isinstance(error, ImportError) and package in OPTIONAL else None
