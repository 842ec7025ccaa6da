"""Every public name says what it is, what it takes, what it returns and what it refuses."""

import ast
import doctest
import inspect
import re
import sys
import textwrap
import time
from pathlib import Path
from types import ModuleType

import pytest

import xaicourse as xc
from xaicourse.core.registry import MethodRecord
from xaicourse.course.table import in_words
from xaicourse.evaluation import controls

HOMES = {
    "xc": xc,
    "xc.baselines": xc.baselines,
    "xc.datasets": xc.datasets,
    "xc.evaluation": xc.evaluation,
    "xc.evaluation.controls": controls,
    "xc.exercise": xc.exercise,
    "xc.people": xc.people,
    "xc.plot": xc.plot,
    "xc.robustness": xc.robustness,
    "xc.targets": xc.targets,
    "xc.widgets": xc.widgets,
    "xc.zoo": xc.zoo,
}
SECTION = re.compile(r"^(\w+)\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", re.M | re.S)
IDENTIFIED = re.compile(r"arXiv:\d{4}\.\d{4,5}|10\.\d{4,}/\S+|PMLR \d+:\d+")


def public() -> dict[str, object]:
    """Return name -> thing, each thing once: functions, classes and modules, no tables."""
    found: dict[str, object] = {}
    for home, module in HOMES.items():
        for name in module.__all__:
            thing = getattr(module, name)
            seen = any(thing is other for other in found.values())
            if not seen and (callable(thing) or isinstance(thing, ModuleType)):
                found[f"{home}.{name}"] = thing
    return found


PUBLIC = public()
RECORDS = {
    **{name: (record, record.method) for name, record in xc.METHODS.items()},
    **{name: (record, record.metric) for name, record in xc.METRICS.items()},
}


def sections(thing: object) -> dict[str, str]:
    return dict(SECTION.findall(inspect.getdoc(thing) or ""))


def entries(text: str) -> list[tuple[list[str], str, str]]:
    """Return (names, type, description) of each entry of a Parameters section."""
    text = re.sub(r",\n(?=\S)", ", ", text)  # a list of names may go on in the next line
    found = []
    for head, body in re.findall(r"^(\S.*)\n((?:[ ]+.*\n?|\n)*)", text + "\n", re.M):
        names, _, kind = head.partition(" : ")
        found.append((names.split(", "), kind.strip(), body.strip()))
    return found


def parameters(thing: object) -> list[str]:
    try:
        signature = inspect.signature(thing)  # type: ignore[arg-type]
    except ValueError:  # an exception class has none
        return []
    return [name for name in signature.parameters if not name.startswith("_")]


def described(thing: object) -> list[tuple[list[str], str, str]]:
    there = sections(thing)
    return entries(there.get("Parameters", "") + "\n" + there.get("Attributes", ""))


def raises(thing: object) -> bool:
    """Whether the function's own body, or the class's own __init__, has a raise."""
    body = vars(thing).get("__init__") if isinstance(thing, type) else thing
    body = inspect.unwrap(body) if callable(body) else body
    # a dataclass makes its own __init__, which has no source
    if not inspect.isfunction(body) or not body.__code__.co_filename.endswith(".py"):
        return False
    tree = ast.parse(textwrap.dedent(inspect.getsource(body)))
    return any(isinstance(node, ast.Raise) for node in ast.walk(tree))


def problems(thing: object) -> list[str]:
    """Say what is missing in the docstring of a function, class or module."""
    text = inspect.getdoc(thing) or ""
    found = []
    if not re.match(r"[^\n]+[.?](\s|$)", text):
        found.append("it does not begin with one sentence in one line")
    if isinstance(thing, ModuleType):
        return found
    listed = described(thing)
    names = [name.lstrip("*") for heads, _, _ in listed for name in heads]
    found += [f"{name} is not described" for name in parameters(thing) if name not in names]
    for heads, kind, body in listed:
        if not kind and "as for" not in body.lower() and not heads[0].startswith("**"):
            found.append(f"{', '.join(heads)} has no type")
    there = sections(thing)
    if inspect.isfunction(thing):
        given = inspect.signature(thing).return_annotation
        picture = "Picture" if "Picture" in str(given) else ""
        if given not in (None, "None") and picture not in there.get("Returns", ""):
            found.append("Returns does not say Picture")
        if given not in (None, "None") and "Returns" not in there:
            found.append("Returns is missing")
    if raises(thing) and "Raises" not in there:
        found.append("Raises is missing")
    return found


@pytest.mark.parametrize("name", PUBLIC)
def test_docstring_is_complete(name):
    assert problems(PUBLIC[name]) == []


@pytest.mark.parametrize("name", RECORDS)
def test_method_says_its_equation_its_axioms_and_its_paper(name):
    record, function = RECORDS[name]
    text, there = inspect.getdoc(function) or "", sections(function)
    assert problems(function) == []
    assert ".. math::" in text
    assert len(there["Notes"].split()) >= 5
    assert there["Raises"]
    assert IDENTIFIED.search(there["References"])
    assert re.search(rf"Lessons? {record.lesson}\b", text)


def test_every_method_and_metric_has_a_public_name():
    for name, (_, function) in RECORDS.items():
        assert any(function is thing for thing in PUBLIC.values()), name


WITH_EXAMPLE = [name for name, thing in PUBLIC.items() if ">>>" in (inspect.getdoc(thing) or "")]


@pytest.mark.parametrize("name", WITH_EXAMPLE)
def test_example_gives_what_it_says(name, capsys):
    """The example stands alone: it may be pasted as it is."""
    text = inspect.getdoc(PUBLIC[name]) or ""
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    wrong = doctest.DocTestRunner(verbose=False).run(test, out=sys.stdout.write).failed
    assert wrong == 0, capsys.readouterr().out


# ---- the checks themselves: each gap is seen ---------------------------------------------------


def whole(a: int, *, b: float = 0.0) -> int:
    """Return a number.

    Parameters
    ----------
    a : int
        One.
    b : float
        Two.

    Returns
    -------
    int
        Three.

    Raises
    ------
    ValueError
        Always.
    """
    raise ValueError(a, b)


def changed(old: str, new: str):
    def function(a: int, *, b: float = 0.0) -> int:
        raise ValueError(a, b)

    assert old in whole.__doc__
    function.__doc__ = whole.__doc__.replace(old, new)
    return function


def test_a_whole_docstring_has_no_problem():
    assert problems(whole) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Return a number.", "Return a number", "it does not begin with one sentence in one line"),
        ("    b : float\n        Two.\n", "", "b is not described"),
        ("b : float", "b", "b has no type"),
        ("Returns\n    -------\n", "Gives\n    -----\n", "Returns is missing"),
        (": int\n        One.", ": int\n        One.\n    c\n        Four.", "c has no type"),
        ("Raises\n    ------\n", "Refuses\n    -------\n", "Raises is missing"),
    ],
)
def test_each_gap_is_seen(old, new, said):
    assert said in problems(changed(old, new))


def test_names_on_one_line_count_when_another_function_describes_them():
    function = changed(
        "    a : int\n        One.\n    b : float\n        Two.", "    a, b\n        As for `f`."
    )
    assert problems(function) == []


# ---- what the docstring of a method has besides -------------------------------------------------

METHODS: dict[str, MethodRecord] = dict(xc.METHODS)
BIBLIOGRAPHY = Path(__file__).parents[1] / "docs" / "references.bib"
CITED = re.compile(r"^\.\. \[(\w+)\] ", re.M)
SECONDS = 0.5  # an example takes at most; the nets that it loads are warm


def bibliography() -> dict[str, dict[str, str]]:
    """Return key -> field -> value of docs/references.bib."""
    text = BIBLIOGRAPHY.read_text(encoding="utf-8")
    return {
        key: dict(re.findall(r"^  (\w+) = \{(.*)\},$", body, re.M))
        for key, body in re.findall(r"^@misc\{(\w+),\n(.*?)^\}$", text, re.M | re.S)
    }


def method_problems(record: MethodRecord, text: str) -> list[str]:
    """Say what is missing in a method's docstring, and what disagrees with its record."""
    there = dict(SECTION.findall(text))
    notes, cited = there.get("Notes", ""), CITED.findall(there.get("References", ""))
    found = []
    signature = list(inspect.signature(record.method).parameters)
    listed = [name for heads, _, _ in entries(there.get("Parameters", "")) for name in heads]
    if sorted(listed) != sorted(signature):
        found.append("Parameters and signature differ")
    lines = len(re.findall(r"^(?:>>>|\.\.\.) ", there.get("Examples", ""), re.M))
    if not 2 <= lines <= 5:
        found.append(f"the example has {lines} lines")
    if not re.search(rf"^\*\*Cost\.\*\* {record.cost({})} gradients? a row", notes, re.M):
        found.append("Notes do not say **Cost.** as the registry does")
    if not re.search(r"^\*\*Fails when\*\* (?:\S+\s+){5,}", notes, re.M):
        found.append("Notes do not say **Fails when**")
    if re.search(r"\bAs for\b", text):
        found.append("it sends the reader elsewhere with 'As for'")
    if not cited:
        found.append("References have no key")
    if record.lesson and f"\nLesson {in_words(record.lesson)}.\n" not in text:
        found.append("it does not name its lesson")
    return found


@pytest.mark.parametrize("name", METHODS)
def test_method_says_cost_failure_example_and_paper(name):
    record = METHODS[name]
    text = inspect.getdoc(record.method) or ""
    assert method_problems(record, text) == []
    key = CITED.findall(text)[0]
    entry = bibliography()[key]
    identifiers = [entry.get(field) for field in ("eprint", "doi", "howpublished")]
    assert record.paper.removeprefix("arXiv:").removeprefix("doi:") in identifiers
    assert int(entry["year"]) == record.year


@pytest.mark.parametrize("name", METHODS)
def test_example_of_a_method_is_quick(name):
    test = doctest.DocTestParser().get_doctest(METHODS[name].method.__doc__ or "", {}, name, "", 0)
    doctest.DocTestRunner(verbose=False).run(test, out=lambda text: None)
    start = time.perf_counter()
    doctest.DocTestRunner(verbose=False).run(test, out=lambda text: None)
    assert time.perf_counter() - start < SECONDS


def test_every_key_is_cited_and_every_citation_has_an_entry():
    functions = [function for _, function in RECORDS.values()]
    functions += [getattr(xc.robustness, name) for name in xc.robustness.__all__]
    texts = [inspect.getdoc(function) or "" for function in functions]
    assert {key for text in texts for key in CITED.findall(text)} <= set(bibliography())
    for entry in bibliography().values():
        assert {"author", "title", "year"} <= set(entry)
        assert {"eprint", "doi", "howpublished"} & set(entry)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("x : Tensor (N, ...)\n    Inputs.\n", "", "Parameters and signature differ"),
        ("output : str or", "outputs : str or", "Parameters and signature differ"),
        (">>> ", "", "the example has 0 lines"),
        (
            "1 gradient",
            "2 gradients",
            "Notes do not say **Cost.** as the registry does",
        ),
        ("**Fails when** F", "F", "Notes do not say **Fails when**"),
        (".. [simonyan2013]", "", "References have no key"),
        ("    Inputs.", "    As for `saliency`.", "it sends the reader elsewhere with 'As for'"),
        ("Lesson 01.", "Lesson 02.", "it does not name its lesson"),
    ],
)
def test_each_gap_of_a_method_is_seen(old, new, said):
    text = inspect.getdoc(xc.gradient) or ""
    assert old in text
    assert method_problems(METHODS["gradient"], text) == []
    assert method_problems(METHODS["gradient"], text.replace(old, new)) == [said]


def test_no_docstring_in_a_file_of_methods_names_a_lesson():
    folder = Path(xc.__file__).parent / "methods"
    for file in folder.rglob("*.py"):
        assert not re.search(r"[Ll]essons? \d\d", file.read_text(encoding="utf-8")), file
