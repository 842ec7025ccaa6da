"""Write the stubs (``__init__.pyi``) from which editors complete and type checkers read.

Some public names exist only once they are asked for (``xaicourse.__getattr__``), or are found by
folder; no editor can see those. Here they are looked up and written down: a method and a metric
with every parameter and its docstring, all else as the import that it is. The table that `xaicourse
explain` reads before torch is imported is written here, too.

python tools/make_stub.py [--check]
"""

import argparse
import ast
import builtins
import inspect
import json
import sys
import textwrap
import types
import typing
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the package beside this script, wherever it is started

from torch import Tensor  # noqa: E402

from xaicourse.core.attribution import Attribution  # noqa: E402
from xaicourse.methods import all_methods  # noqa: E402
from xaicourse.methods.baselines import BASELINES  # noqa: E402
from xaicourse.zoo import MODELS  # noqa: E402

# Each home of public names that has a stub, and the name of its table: public name ->
# "module:attribute", or "module:" for a module itself. Without a table a name is one that the home
# imports, or a function or class, which says itself where it is from.
HOMES = {
    "xaicourse": "_NAMES",
    "xaicourse.evaluation": "",
    "xaicourse.plot": "",
    "xaicourse.widgets": "",
}

TABLE = ROOT / "xaicourse" / "explain" / "methods.json"  # what is known of methods without torch


def stub(home: ModuleType, table: dict[str, str]) -> str:
    """Return the text of a home's stub."""
    writer, written = Writer(), []
    places = imported(home) | table
    for name in home.__all__:
        thing = getattr(home, name)
        if name == "__version__":
            written.append("__version__: str\n")
        elif inspect.isfunction(thing) and hasattr(thing, "record"):  # a method or a metric
            written.append(writer.registered(thing))
        else:
            writer.hand_on(name, place_of(thing, name, places))
    written += [writer.function(own, inspect.signature(own)) for own in private_functions(home)]
    names = "".join(f'    "{name}",\n' for name in home.__all__)
    head = "# Written by `python tools/make_stub.py`; do not edit.\n# ruff: noqa\n# fmt: off"
    return "\n".join([head, *writer.needed(), f"\n__all__ = [\n{names}]\n", *written])


def imported(home: ModuleType) -> dict[str, str]:
    """Return the places of the names that a home imports."""
    return {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for node in ast.parse(inspect.getsource(home)).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def place_of(thing: Any, name: str, places: dict[str, str]) -> str:
    """Return where a public thing is from."""
    if name in places:
        return places[name]
    if isinstance(thing, ModuleType):
        return f"{thing.__name__}:"
    if not inspect.isroutine(thing) and not inspect.isclass(thing):
        raise LookupError(f"{name} says not where it is from: put it into its home's table")
    return f"{thing.__module__}:{name}"


def private_functions(home: ModuleType) -> list[Any]:
    """Return the functions that a home defines for the package's own use."""
    return [
        function
        for name, function in vars(home).items()
        if inspect.isfunction(function)
        and function.__module__ == home.__name__
        and name.startswith("_")
        and not name.startswith("__")
    ]


class Writer:
    """Writes signatures as source, and remembers what has to be imported for them."""

    def __init__(self) -> None:
        self.imports: set[str] = set()

    def needed(self) -> list[str]:
        """Return the imports; one that hands its name on also serves this file."""
        handed_on = {line.partition(" as ")[0] for line in self.imports if " as " in line}
        return sorted(self.imports - handed_on)

    def hand_on(self, name: str, place: str) -> None:
        """Import a public name, ``as`` itself: so a stub says that it is handed on."""
        module, _, attribute = place.partition(":")
        if not attribute:
            module, _, attribute = module.rpartition(".")
        self.imports.add(f"from {module} import {attribute} as {name}")

    def registered(self, thing: Any) -> str:
        """Write a metric, or a method in its two forms: values alone, or with details."""
        signature, text = inspect.signature(thing), inspect.getdoc(thing) or ""
        details = signature.parameters.get("return_details")
        if details is None:
            return self.function(thing, signature, text)
        *others, _ = signature.parameters.values()
        must = details.replace(annotation=Literal[True], default=inspect.Parameter.empty)
        forms = (
            (details.replace(annotation=Literal[False]), Tensor, text),
            (must, Attribution, ""),
        )
        overload = self.named("typing", "overload")
        return "\n".join(
            f"@{overload}\n"
            + self.function(
                thing, signature.replace(parameters=[*others, last], return_annotation=given), doc
            )
            for last, given, doc in forms
        )

    def function(self, function: Any, signature: inspect.Signature, doc: str = "") -> str:
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
        given = self.annotation(resolved(signature.return_annotation, names))
        head = f"def {function.__name__}(\n{inside}) -> {given}:"
        return f"{head}\n{textwrap.indent(quoted(doc), '    ')}\n" if doc else f"{head} ...\n"

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


def quoted(doc: str) -> str:
    """Write a docstring as source."""
    raw = "r" if "\\" in doc else ""
    return f'{raw}"""{doc}' + ("\n" if "\n" in doc else "") + '"""'


def value(parameter: inspect.Parameter) -> str:
    """Write a default; one that has no short form is left out."""
    default = parameter.default
    if isinstance(default, str):
        return json.dumps(default)  # in double quotes
    plain = isinstance(default, int | float | None) or default == ()
    return repr(default) if plain else "..."


def stubs() -> dict[Path, str]:
    """Return each stub's file and its text."""
    homes = {import_module(name): table for name, table in HOMES.items()}
    for home in homes:  # all is read first: what is read late adds to what others say (lessons)
        for name in home.__all__:
            getattr(home, name)
    found = {}
    for home, table in homes.items():
        file = Path(str(home.__file__)).with_suffix(".pyi")
        found[file] = stub(home, getattr(home, table) if table else {})
    return found | {TABLE: known_before_torch()}


def known_before_torch() -> str:
    """Write what `xaicourse explain` asks before torch is imported: methods, a line for each."""
    facts = {
        name: {
            "title": record.title,
            "input": record.input,
            "result": record.result,
            "needs": sorted(record.needs),
            "settings": list(inspect.signature(record.method).parameters)[3:],
        }
        for name, record in sorted(all_methods().items())
    }
    models = {name: list(record.input_shape) for name, record in MODELS.items()}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(one)}" for name, one in facts.items())
    start = f' "baselines": {json.dumps(list(BASELINES))},\n "models": {json.dumps(models)},\n'
    return f'{{\n{start} "methods": {{\n{lines}\n }}\n}}\n'


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
