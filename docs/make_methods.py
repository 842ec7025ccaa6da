"""Write docs/methods/: a page for each method, and index.md, the gallery of all pictures.

python docs/make_methods.py                       the pages
python docs/make_methods.py --pictures [NAME ...]  draws the pictures first: some minutes for all

They are made from the registry, the docstrings, docs/references.bib, tests/legs.toml,
benchmarks/results/methods.json and docs/methods/pictures/pictures.json.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Mapping
from typing import Any

from docstring_markdown import inline, markdown, paragraphs, parameters, sections
from make_api import link
from make_ledger import LEGS, ROOT, read_legs, read_measured, table, taught
from record_pages import CITED, entries, example, refused, returned, signature, standing

import xaicourse as xc
from xaicourse.core.files import write_atomically
from xaicourse.core.near_names import did_you_mean
from xaicourse.core.registry import Claim, Family, InputKind, MethodRecord, Need, ResultKind, Unit
from xaicourse.course.table import LESSONS, Lesson

FOLDER = ROOT / "docs" / "methods"
ACROSS = 4  # pictures in a line of the gallery

FAMILIES = {
    Family.VANILLA: "One or two backward passes, with the gradient's rules or with others",
    Family.INTEGRATED: "Sums of gradients along a path",
    Family.BIAS: "What the biases bring",
    Family.DENOISING: "Averages over noise",
}
INPUTS = {
    InputKind.ANY: "any tensor",
    InputKind.IMAGE: "images",
    InputKind.EMBEDDINGS: "embeddings of words",
    InputKind.GRAPH: "features of a graph's nodes",
    InputKind.TREE: "rows of a table, for ensembles of trees",
    InputKind.GP: "rows of a table, for Gaussian processes",
}
RESULTS = {
    ResultKind.INPUT: "a number for each number of x",
    ResultKind.MAP: "a map, one number a pixel",
    ResultKind.LAYER: "a number for each number of a layer's output",
    ResultKind.PAIR: "a number for each pair of features",
    ResultKind.TOKENS: "a number for each word",
    ResultKind.DATASET: "one map for a whole data set",
    ResultKind.DECOMPOSITION: "a number for each part of F",
}
UNITS = {
    Unit.SHARE: "a share of F, in units of F",
    Unit.SLOPE: "a slope: units of F for one unit of x",
    Unit.SCORE: "a score, to be compared within one map only",
}
NEEDS = {
    Need.GRADIENT: "gradients",
    Need.SECOND_ORDER: "second derivatives",
    Need.LAYER: "a layer with feature maps",
    Need.DATA: "data",
    Need.FIT: "something fitted on data",
    Need.PATTERNS: "patterns fitted on data",
    Need.RELU_ONLY: "a net of parts whose backward rule it knows",
    Need.WEIGHTS: "a model whose weights may be varied",
    Need.LINEAR_HEAD: "an average and a linear layer behind the feature maps",
}
CLAIMS = {
    Claim.COMPLETENESS: "completeness",
    Claim.SENSITIVITY_A: "sensitivity(a)",
    Claim.DUMMY: "dummy",
    Claim.IMPLEMENTATION_INVARIANCE: "implementation invariance",
    Claim.LINEARITY: "linearity",
    Claim.SYMMETRY: "symmetry",
}


def pages() -> dict[str, str]:
    """Return name of a file in docs/methods/ -> its text."""
    found = {f"{name}.md": page(record) for name, record in xc.METHODS.items()}
    return {**found, "index.md": index()}


def oldest_first() -> list[MethodRecord]:
    """Return all records in the order of their years."""
    return sorted(xc.METHODS.values(), key=lambda record: (record.year, record.name))


# ---- one page ------------------------------------------------------------------------------------


def page(record: MethodRecord) -> str:
    """Return the page of one method."""
    said = sections(record.method)
    sentence, _, equation = said[""].partition("\n")
    cost, notes = paragraphs(said["Notes"], "**Cost.**")
    fails, notes = paragraphs(notes, "**Fails when**")
    names = xc.METHODS.keys() - {record.name}
    return f"""# {record.title}

{inline(sentence, names)}

{picture(record)}

{facts(record)}

## The equation

{markdown(equation, names)}

F is the number that is explained, x the input.

## Call

```python
{signature(f"xc.{record.name}", record.method)}
```

{parameters(said["Parameters"], names)}

**Returns** {returned(said["Returns"], names)}

**Refuses** {refused(said["Raises"], names)}

## Try it

{example(said["Examples"], names)}

## What it costs

{markdown(cost, names)}

{measured(record)}

## What it keeps and breaks

{axioms(record)}

{markdown(notes, names)}

## When it fails

It fails when {markdown(fails, names)}

## Where it stands

{standing(taught(record), read_legs()[record.name], LEGS, "ledger.md")}

## Paper

{markdown(CITED.sub("- ", said["References"]), names)}

```bibtex
{entries(record.method)}
```

[All methods](index.md) · [cheat sheet](../cheat_sheet.md) · [glossary](../glossary.md)

*Written by `python docs/make_methods.py` from the registry and the docstring; do not edit.*
"""


def picture(record: MethodRecord) -> str:
    """Return the picture of a map, and what was explained in it."""
    drawn = pictures()[record.name]
    changed = ", ".join(f"{name}: {value}" for name, value in drawn["settings"].items())
    settings = (
        f" Not at their defaults: {changed}." if changed else " All settings at their defaults."
    )
    return f"""![{drawn["alt"]}](pictures/{record.name}.png)

*Explained: {drawn["on"]}.{settings}*"""


@functools.cache
def pictures() -> Mapping[str, Mapping[str, Any]]:
    """Return what was put down of the pictures."""
    from method_pictures import stored

    return stored()


def to_come(lesson: Lesson) -> str:
    """Say so where a reader would look for a lesson that is not there yet."""
    return "" if lesson.status == "ready" else " (to come)"


def facts(record: MethodRecord) -> str:
    """Return the facts of the registry as a table."""
    lesson = LESSONS[record.lesson]
    needs = ", ".join(text for need, text in NEEDS.items() if need in record.needs)
    rows = [
        ["year", f"{record.year}, {link(record.paper)}"],
        ["family", f"{record.family}: {FAMILIES[record.family].lower()}"],
        ["explains", INPUTS[record.input]],
        ["gives", RESULTS[record.result]],
        ["a number is", UNITS[record.unit]],
        ["needs", needs or "forward passes only"],
        ["random", "yes: the seed is a setting" if record.stochastic else "no"],
        ["lesson", f"{lesson.number}, {lesson.title}{to_come(lesson)}"],
    ]
    return table(("", ""), rows)


def measured(record: MethodRecord) -> str:
    """Return what one call cost where it was measured."""
    lines = []
    for one in read_measured()[record.name]:
        if one.refused:
            lines.append(f"- `{one.on}`: refused: {one.refused.strip()} ...")
            continue
        cost = f"{one.gradients} gradient" + "s" * (one.gradients != 1)
        gradients = "" if one.gradients is None else f", {cost} a row"
        gap = "" if one.gap is None else f", gap {share(one.gap)} of the change of F"
        error = ""
        if one.map_error is not None:
            error = f", error of the map {share(one.map_error)} ({one.how})"
        lines.append(f"- on {named(one.on)}: {one.seconds:.2f} s{gradients}{gap}{error}")
    return "Measured, one call on two cores, as in the [ledger](../ledger.md):\n\n" + "\n".join(
        lines
    )


def share(part: float) -> str:
    """Return a share in percent."""
    return f"{part:.1%}" if part >= 5e-4 else "below 0.1%"


def named(net: str) -> str:
    """Return the name of a net as code; "its own example" is words."""
    return net if " " in net else f"`{net}`"


def axioms(record: MethodRecord) -> str:
    """Return which axioms a method claims, each of which the contract tests try."""
    kept = [text for claim, text in CLAIMS.items() if claim in record.claims]
    rest = [text for claim, text in CLAIMS.items() if claim not in record.claims]
    return table(("claims", "does not claim"), [[", ".join(kept) or "-", ", ".join(rest) or "-"]])


# ---- the gallery ---------------------------------------------------------------------------------


def index() -> str:
    """Return the gallery: all pictures, by family and year."""
    return f"""# Gallery of the methods

Written by `python docs/make_methods.py`; do not edit. All {len(xc.METHODS)} methods by family and
year, each with the map that it draws: of the same photo where it can, else of what its page says.
Red speaks for the class, blue against it; each map has a scale of its own, so compare places, not
strengths. A picture leads to the method's page.

By year they stand in the [timeline](../timeline.md); which to take says the
[cheat sheet](../cheat_sheet.md); how to judge a map say the [metrics](../metrics/index.md).

{chr(10).join(map(of_family, FAMILIES))}"""


def of_family(family: Family) -> str:
    """Return the pictures of one family as a table, each over its name."""
    records = [record for record in oldest_first() if record.family is family]
    lines = [[""] * ACROSS, ["---"] * ACROSS]
    for start in range(0, len(records), ACROSS):
        row = records[start : start + ACROSS]
        spare = [""] * (ACROSS - len(row))
        lines.append([
            f"[![{pictures()[r.name]['alt']}](pictures/{r.name}.png)]({r.name}.md)" for r in row
        ] + spare)  # fmt: skip
        lines.append([f"[{r.title}]({r.name}.md), {r.year}" for r in row] + spare)
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"## {FAMILIES[family]}\n\n{text}\n"


def main() -> None:
    """Draw the pictures that are asked for, and write all pages."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", nargs="*", metavar="NAME", help="draw these, or all")
    drawn = parser.parse_args().pictures
    if drawn is not None:
        from method_pictures import make_all

        for name in sorted(set(drawn) - set(xc.METHODS)):
            parser.error(f"no method is called {name!r}; {did_you_mean(name, sorted(xc.METHODS))}")
        make_all(drawn)
    for name, text in pages().items():
        write_atomically(FOLDER / name, text.encode())


if __name__ == "__main__":
    main()
