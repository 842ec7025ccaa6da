"""The table of operations against PyTorch itself: no alias is missing, nothing is forgotten."""

import ast
import re
import warnings
from functools import cache
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F
from torch.overrides import get_overridable_functions

from xaicourse.core import known

PACKAGE = Path(known.__file__).parents[1]

# What is not read, as families ...
FAMILIES = re.compile(
    "(is|fft|linalg|special|fbgemm|quantize|quantized|q|fake_quantize|sparse|cudnn|miopen|mkldnn|to"
    "|as|bitwise|logical|conv|rnn|gru|lstm|new)(_.*)?"
    "|.*_(loss|cell|copy|scatter|storage|backward|norm|hook)"
)
# ... and one by one: each of these was looked at
NOT_READ = set((Path(__file__).parent / "not_read.txt").read_text(encoding="utf-8").split())
# names that are called, but that torch.overrides does not list
UNLISTED = {
    *("alias", "slice"),  # of torch.ops.aten
    *("boolean_dispatch", "fn"),  # what a pooling with indices is called on its way
    *("hardsigmoid", "hardswish", "logsigmoid", "upsample", "pos", "rtruediv", "stride"),
    *("new_ones", "new_zeros", "new_full", "new_empty", "new_empty_strided", "new_tensor"),
    *("rand_like", "randn_like", "randint_like"),
    "pad_in_a_circle",  # ours
}


@cache
def functions():
    """Return all that torch lets a function mode see, and the methods of its tensors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [f for group in get_overridable_functions().values() for f in group]
        methods = [getattr(torch.Tensor, n) for n in dir(torch.Tensor) if not n.startswith("_")]
    found += [m for m in methods if callable(m) and hasattr(m, "__name__")]
    added = torch._C._get_privateuse1_backend_name()  # our pretended GPU, in some sessions
    return [f for f in found if f.__name__ != added]


def original(func):
    """Return the function that func's documentation calls it an alias of, or None."""
    text = re.search(
        r"^\s*(?:In-place )?[Aa]lias (?:for|of) :\w+:`~?([\w.]+)", documented(func), re.M
    )
    if text is None:
        return None
    place = torch.Tensor if text[1].startswith("Tensor.") or "." not in text[1] else torch
    for part in text[1].removeprefix("Tensor.").removeprefix("torch.").split("."):
        place = getattr(place, part)
    return place


def documented(func):
    return getattr(func, "__doc__", None) or ""


def test_every_alias_that_torch_knows_is_in_the_row_of_its_operation():
    pairs = [(f, original(f)) for f in functions() if original(f) is not None]
    assert len(pairs) > 60
    apart = [f.__name__ for f, o in pairs if known.name_of(f) != known.name_of(o)]
    assert apart == []


def test_every_function_of_torch_is_known_or_was_decided_against():
    undecided, both = set(), set()
    for f in functions():
        name = known._called(f)
        left_out = name in NOT_READ or FAMILIES.fullmatch(name) is not None
        if not known.kind_of(f) and not left_out:
            undecided.add(name)
        if known.kind_of(f) and name in NOT_READ:
            both.add(name)
    assert undecided == set()
    assert both == set()


def test_no_name_of_the_table_is_invented():
    called = {known._called(f) for f in functions()}
    assert set(known._ROWS) - called <= UNLISTED
    assert called >= NOT_READ


@pytest.mark.parametrize("kind", known.OPERATIONS)
def test_other_names_compute_the_same(kind):
    """Functions of one tensor that share a row agree on a matrix of both signs, below 1."""
    z = torch.sin(torch.arange(1.0, 10.0, dtype=torch.float64)).view(3, 3)
    for func in functions():
        name = known.name_of(func)
        if known.kind_of(func) != kind or not hasattr(torch, name) or name == func.__name__:
            continue
        try:
            there = getattr(torch, name)(z.clone())
            here = func(z.clone())
        except (TypeError, RuntimeError):
            continue  # takes more than one tensor
        if isinstance(there, torch.Tensor):
            assert torch.equal(here.nan_to_num(7), there.nan_to_num(7)), func


@pytest.mark.parametrize(
    ("func", "name"),
    [
        *((f, "mul") for f in (torch.mul, torch.Tensor.__imul__, torch.Tensor.__rmul__)),
        *((f, "div") for f in (torch.divide, torch.true_divide, torch.Tensor.__truediv__)),
        *((f, "relu") for f in (F.relu, F.relu_, torch.relu_, torch.Tensor.relu)),
        *((f, "sigmoid") for f in (torch.special.expit, F.sigmoid, torch.Tensor.sigmoid_)),
        *((f, "transpose") for f in (torch.swapdims, torch.swapaxes, torch.Tensor.transpose_)),
        (torch.Tensor.T.__get__, "t"),
        (torch.Tensor.__rsub__, "rsub"),
        (torch.Tensor.__rdiv__, "rdiv"),
        (torch.Tensor.__index__, ""),
        (torch.Tensor.__invert__, ""),
        (torch.fft.fft, ""),
    ],
)
def test_spellings(func, name):
    assert known.name_of(func) == name


def test_groups_are_made_of_kinds():
    groups = [
        g for g in vars(known).values() if isinstance(g, frozenset) and g != known.TRANSPARENT
    ]
    assert len(groups) > 8
    for group in groups:
        assert group - {"attribute"} <= set(known.OPERATIONS)


# ---- the only table ------------------------------------------------------------------------------


def listed(node):
    """Return the names that a list, set, tuple, dict or split text of a file spells out."""
    if isinstance(node, ast.List | ast.Set | ast.Tuple | ast.Dict):
        for entry in node.keys if isinstance(node, ast.Dict) else node.elts:
            if isinstance(entry, ast.Constant) and isinstance(entry.value, str):
                yield entry.value
            elif isinstance(entry, ast.Attribute):
                yield entry.attr
    split = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "split"
    if split and isinstance(node.func.value, ast.Constant):
        yield from str(node.func.value.value).split()


def lists_of_operations(code):
    """Return the lines of lists of more than five operations."""
    names = {known.plain_name(f) for f in functions()} | set(known._ROWS)
    found = [
        (n, [w for w in listed(n) if w.strip("_") in names]) for n in ast.walk(ast.parse(code))
    ]
    return [node.lineno for node, words in found if len(words) > 5]


# where a call's arguments say that it is training: facts of its own
ALLOWED = {"core/known.py", "core/training_mode.py"}


def test_no_other_file_lists_operations():
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if lists_of_operations(path.read_text(encoding="utf-8"))
    }
    assert found == ALLOWED


@pytest.mark.parametrize(
    "code",
    [
        "X = 'add sub mul div relu tanh'.split()",
        "X = {torch.add, torch.sub, torch.mul, torch.div, F.relu, F.tanh}",
        "X = ['add_', '__sub__', 'mul', 'div', 'relu', 'tanh']",
    ],
)
def test_a_list_is_found(code):
    assert lists_of_operations(code) == [1]
    assert lists_of_operations(code.replace("tanh", "nothing")) == []
