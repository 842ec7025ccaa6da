"""Which names a piece of code binds, and which it needs from the cells before it."""

import ast
import builtins
import symtable

# What a notebook has without any import.
GIVEN = {*dir(builtins), "display", "get_ipython", "__name__"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
OWN_SCOPE = (*FUNCTIONS, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _top_level(node: ast.AST):
    """Walk a tree without entering functions, classes and comprehensions."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, OWN_SCOPE):
            yield from _top_level(child)


def bound(code: str) -> set[str]:
    """Return the names that exist after the code ran."""
    names = set()
    for node in _top_level(ast.parse(code)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names


def needed(code: str) -> set[str]:
    """Return the names that the code reads and does not bind itself."""
    tree = ast.parse(code)
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return read - bound(code)


def missing(code: str) -> set[str]:
    """Return the global names that the code reads, at once or in its functions, and never binds."""
    read, tables = set(), [symtable.symtable(code, "<cell>", "exec")]
    for table in tables:
        tables += table.get_children()
        is_module = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (is_module or symbol.is_global()):
                read.add(symbol.get_name())
    return read - bound(code) - GIVEN


def calls(code: str, function: str) -> list[ast.Call]:
    """Return the calls of `function` or `xc.function` in the code."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            name = node.func
            own = isinstance(name, ast.Name) and name.id == function
            of_package = (
                isinstance(name, ast.Attribute)
                and name.attr == function
                and isinstance(name.value, ast.Name)
                and name.value.id in ("xc", "xaicourse")
            )
            if own or of_package:
                found.append(node)
    return found


def can_read(code: str) -> bool:
    """Tell whether the code is plain Python."""
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


def first_text(call: ast.Call) -> str | None:
    """Return the first argument of a call when it is a plain string."""
    if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
        return call.args[0].value
    return None
