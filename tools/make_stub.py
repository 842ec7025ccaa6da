"""Write the stubs (``__init__.pyi``) from which editors complete and type checkers read.

Some public names exist only once they are asked for (``xaicourse.__getattr__``), or are found by
folder; no editor can see those. Here they are looked up and written down: a method and a metric
with every parameter and its docstring, all else as the import that it is.

python tools/make_stub.py [--check]
"""

import argparse
import ast
import builtins
import collections.abc
import inspect
import sys
import textwrap
import types
import typing
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the package beside this script, wherever it is started
Places = dict[str, str]  # public name -> "module:attribute", or "module:" for the module itself


def imported(home: ModuleType) -> Places:
    """Return the places of a home's public names: from its imports, else from the thing itself."""
    found = {}
    for node in ast.parse(inspect.getsource(home)).body:
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
    places = {}
    for name in home.__all__:
        thing = getattr(home, name)
        module, attribute = found.get(name) or (getattr(thing, "__module__", None), name)
        if isinstance(thing, ModuleType):
            module, attribute = thing.__name__, ""
        if module is None:
            raise LookupError(f"{home.__name__}.{name} says not where it is from: import it there")
        places[name] = f"{module}:{attribute}"
    return places


# Each home of public names that has a stub, and how their places are known.
HOMES: dict[str, Callable[[ModuleType], Places]] = {
    "xaicourse": lambda home: home._NAMES,
    "xaicourse.evaluation": imported,
}


def stub(home: ModuleType, places: Places) -> str:
    """Return the text of a home's stub."""
    writer = Writer()
    written = []
    for name, place in places.items():
        thing = getattr(home, name)
        if hasattr(thing, "record"):  # a registered method or metric
            written.append(writer.registered(thing))
        else:
            writer.hand_on(name, *place.split(":"))
    own = [f for f in vars(home).values() if getattr(f, "__module__", None) == home.__name__]
    for function in own:
        if inspect.isfunction(function) and not function.__name__.startswith("__"):
            written.append(writer.function(function, inspect.signature(function)))
    if hasattr(home, "__version__"):
        written.insert(0, "__version__: str\n")
    names = "\n".join(f'    "{name}",' for name in sorted(home.__all__))
    head = [
        "# Written by `python tools/make_stub.py`; do not edit.",
        "# ruff: noqa",
        "# fmt: off",
        *sorted(writer.imports),
    ]
    return "\n".join([*head, f"\n__all__ = [\n{names}\n]\n", *written])


class Writer:
    """Writes signatures as source, and remembers what has to be imported for them."""

    def __init__(self) -> None:
        self.imports: set[str] = set()

    def hand_on(self, name: str, module: str, attribute: str) -> None:
        """Import a public name, ``as`` itself: so a stub says that it is handed on."""
        if not attribute:
            module, _, attribute = module.rpartition(".")
        self.imports.add(f"from {module} import {attribute} as {name}")

    def registered(self, thing: Any) -> str:
        """Write a metric, or a method in its two forms: values alone, or with details."""
        signature, text = inspect.signature(thing), inspect.getdoc(thing) or ""
        details = signature.parameters.get("return_details")
        if details is None:
            return self.function(thing, signature, text)
        tensor, attribution = (
            self.named(module, name)
            for module, name in (
                ("torch", "Tensor"),
                ("xaicourse.core.attribution", "Attribution"),
            )
        )
        *others, _ = signature.parameters.values()
        overload = f"@{self.named('typing', 'overload')}\n"
        with_details = details.replace(annotation=Literal[True], default=inspect.Parameter.empty)
        forms = (
            (details.replace(annotation=Literal[False]), tensor, text),
            (with_details, attribution, ""),
        )
        return "\n".join(
            overload
            + self.function(thing, signature.replace(parameters=[*others, last]), doc, given)
            for last, given, doc in forms
        )

    def function(
        self, function: Any, signature: inspect.Signature, doc: str = "", returns: str = ""
    ) -> str:
        """Write a function with one line a parameter, and its docstring."""
        body = inspect.unwrap(function)
        names = vars(sys.modules[body.__module__])
        lines, star = [], False
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY and not star:
                lines, star = [*lines, "*"], True
            kind = self.annotation(resolved(parameter.annotation, names))
            default = "" if parameter.default is parameter.empty else f" = {value(parameter)}"
            lines.append(f"{parameter.name}: {kind}{default}")
        inside = "".join(f"    {line},\n" for line in lines)
        given = returns or self.annotation(resolved(signature.return_annotation, names))
        head = f"def {function.__name__}(\n{inside}) -> {given}:"
        if not doc:
            return f"{head} ...\n"
        quotes = 'r"""' if "\\" in doc else '"""'
        ending = "\n" if "\n" in doc else ""
        return f'{head}\n{textwrap.indent(f"{quotes}{doc}{ending}", "    ")}{"    " if ending else ""}"""\n'

    def annotation(self, kind: Any) -> str:
        """Write a type as source."""
        if kind is inspect.Parameter.empty or kind is Any:
            return self.named("typing", "Any")
        if kind is None or kind is type(None):
            return "None"
        if kind is ...:
            return "..."
        if isinstance(kind, list):  # the arguments of a Callable
            return f"[{', '.join(map(self.annotation, kind))}]"
        origin, parts = typing.get_origin(kind), typing.get_args(kind)
        if origin in (types.UnionType, typing.Union):
            return " | ".join(map(self.annotation, parts))
        if origin is Literal:
            return f"{self.named('typing', 'Literal')}[{', '.join(map(repr, parts))}]"
        if origin is not None:
            return f"{self.annotation(origin)}[{', '.join(map(self.annotation, parts))}]"
        return self.named(kind.__module__, kind.__qualname__)

    def named(self, module: str, name: str) -> str:
        """Write the name of a class, imported for this file's own use."""
        if module != builtins.__name__:
            self.imports.add(f"from {module} import {name}")
        return name


def resolved(annotation: Any, names: dict[str, Any]) -> Any:
    """Return the type that an annotation written as text stands for."""
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    return typing.get_type_hints(holder, globalns=names)["it"]


def value(parameter: inspect.Parameter) -> str:
    """Write a default; one that has no short form is left out."""
    plain = isinstance(parameter.default, int | float | str | None) or parameter.default == ()
    return repr(parameter.default) if plain else "..."


def stubs() -> dict[Path, str]:
    """Return each stub's file and its text."""
    found = {}
    for name, places_of in HOMES.items():
        home = import_module(name)
        file = Path(str(home.__file__)).with_suffix(".pyi")
        found[file] = stub(home, places_of(home))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Write the stubs, or say which are out of step."""
    parser = argparse.ArgumentParser(description="Write the stubs of the package.")
    parser.add_argument("--check", action="store_true", help="write nothing, say what is old")
    options = parser.parse_args(arguments)
    old = []
    for file, text in stubs().items():
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        old.append(file)
        if not options.check:
            file.write_text(text, encoding="utf-8")
    for file in old:
        said = "is out of step: python tools/make_stub.py" if options.check else "is written"
        print(f"{file.relative_to(ROOT)} {said}")
    return 1 if old and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
