"""Write docs/api.md, the list of all public names, from docstrings and registries.

python docs/make_api.py
"""

import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import xaicourse as xc
from xaicourse.core.registry import MethodRecord
from xaicourse.course.table import in_words
from xaicourse.evaluation.registry import MetricRecord

PAGE = Path(__file__).with_name("api.md")
PARTS = {
    "xc.targets": "what is explained",
    "xc.baselines": "compared with what?",
    "xc.evaluation": "how good is a map?",
    "xc.evaluation.controls": "maps to compare with",
    "xc.robustness": "attacks and defences",
    "xc.people": "studies with people",
    "xc.zoo": "models",
    "xc.datasets": "pictures and data",
    "xc.plot": "figures",
    "xc.widgets": "panels",
    "xc.exercise": "tasks and predictions",
}
NOTES = {
    "xc.datasets": "Author, source and licence of every file that ships: "
    "[cards.json](../data/cards.json), [LICENCES.md](../data/LICENCES.md).",
    "xc.widgets": "A panel's view is the record that it shows, for tests and for your own plots.",
}
# Tables and numbers have no docstring of their own.
VALUES = {
    "xc.METHODS": "The registered methods: name -> record.",
    "xc.METRICS": "The registered metrics: name -> record.",
    "xc.datasets.MOTIF_CLASSES": "The names of the places in and outside a house.",
    "xc.__version__": "The version of the package.",
    "xc.targets.OUTPUTS": "The names of the scales on which an output can be explained.",
    "xc.baselines.BASELINES": "The baselines that have a name: name -> function of x.",
    "xc.evaluation.METRICS": "The registered metrics: name -> record.",
    "xc.zoo.MODELS": "The models that the course offers: name -> record.",
    "xc.zoo.TOY_INPUT": "The input x of the TOY net that the lessons explain.",
    "xc.zoo.TOY_OUTPUT": "The TOY net's score at x.",
    "xc.zoo.TOY_OUTPUT_AT_ZERO": "The TOY net's score at the baseline 0.",
    "xc.zoo.TOY_GRADIENT": "The TOY net's gradient at x.",
    "xc.zoo.TOY_INTEGRATED_GRADIENTS": "The TOY net's exact Integrated Gradients from 0 to x.",
    "xc.zoo.TOY_KINK": "Where on the way from 0 to x a gate of the TOY net changes.",
    "xc.datasets.BAM_OBJECTS": "The names of the clothes of `mini_bam`.",
    "xc.datasets.BAM_SCENES": "The names of its textures.",
    "xc.datasets.TAG_LOOKS": "The names of the looks of a tag, in the order of the classes.",
    "xc.datasets.TETROMINO_CLASSES": "The names of the two tetrominoes.",
    "xc.datasets.FASHION_MNIST_CLASSES": "The names of Fashion-MNIST's ten classes.",
    "xc.datasets.PLANTED_CLASSES": "The names of the four planted patches.",
    "xc.exercise.TASKS": "The tasks of the sheets: number -> record.",
}


def page() -> str:
    """Return the text of docs/api.md."""
    registered = {record.method.__name__ for record in xc.METHODS.values()}
    short = [name for name in xc.__all__ if name not in registered]
    blocks = [
        "# Public names",
        "Written by `python docs/make_api.py` from the docstrings; do not edit. Below, `xc` is "
        "`import xaicourse as xc`. `help(xc.integrated_gradients)` shows the equation, every "
        "argument with its shape and units, what is refused, the axioms and the paper.",
        "## Methods",
        "Each is called as `xc.NAME(model, x, target=None, ...)` and returns a map; with "
        "`return_details=True` an `xc.Attribution`. Each has a page with its equation, a picture "
        "of its map, its cost and where it fails: [gallery](methods/index.md).",
        methods(xc.METHODS.values()),
        "## Metrics",
        "Each is called as `xc.evaluation.NAME(model, x, attribution, target=None, ...)`; those "
        "that explain again are given a method, `NAME(model, x, method, target=None, ...)`, and "
        "those that train nets also data, `NAME(train, data, method, ...)`. Each has a page with "
        "its equation, its cost, what its values mean and when it misleads: "
        "[table](metrics/index.md).",
        metrics(xc.METRICS.values()),
        "## Models",
        "Each is loaded by `xc.zoo.load(name)`.",
        models(),
        "## `xc`: everything else",
        names("xc", short),
    ]
    for part, title in PARTS.items():
        blocks += [f"## `{part}`: {title}", names(part, found(part).__all__)]
        blocks += [NOTES[part]] if part in NOTES else []
    return "\n\n".join(blocks) + "\n"


def methods(records: Iterable[MethodRecord]) -> str:
    """Return the table of methods, in the order of the lessons."""
    rows = [
        (
            f"`{r.name}`",
            f"{r.title}. {sentence(r.method, r.name)}",
            r.year,
            link(r.paper),
            in_words(r.lesson),
        )
        for r in sorted(records, key=lambda r: (r.lesson, r.year, r.name))
    ]
    return table(("name", "what it does", "year", "paper", "lesson"), rows)


def metrics(records: Iterable[MetricRecord]) -> str:
    """Return the table of metrics, in the order of the lessons."""
    rows = [
        (
            f"`{r.name}`",
            sentence(r.metric, r.name),
            r.direction,
            r.year,
            link(r.paper),
            in_words(r.lesson),
        )
        for r in sorted(records, key=lambda r: (r.lesson, r.year, r.name))
    ]
    return table(("name", "what it measures", "better", "year", "paper", "lesson"), rows)


def models() -> str:
    """Return the table of models."""
    rows = [
        (f"`{r.name}`", r.title, " x ".join(map(str, r.input_shape)), r.data or "", r.licence)
        for r in xc.zoo.MODELS.values()
    ]
    return table(("name", "what it is", "input", "trained on", "licence"), rows)


def names(part: str, public: Iterable[str]) -> str:
    """Return the table of a module's public names."""
    rows = [
        (f"`{name}`", sentence(getattr(found(part), name), f"{part}.{name}")) for name in public
    ]
    return table(("name", "what it is"), rows)


def found(part: str) -> ModuleType:
    """Return the module behind a name such as "xc.plot"."""
    module = xc
    for name in part.split(".")[1:]:
        module = getattr(module, name)
    return module


def sentence(thing: object, name: str) -> str:
    """Return the first sentence of a docstring, or what `VALUES` says of a table or number."""
    if name in VALUES:
        return VALUES[name]
    if not callable(thing) and not isinstance(thing, ModuleType):
        raise KeyError(f"docs/make_api.py: say in VALUES what {name} is")
    return (inspect.getdoc(thing) or "").partition("\n")[0].replace("``", "`")


def link(paper: str) -> str:
    """Return a paper's identifier as a link, where it is one."""
    if arxiv := re.fullmatch(r"arXiv:(\d{4}\.\d{4,5})", paper):
        return f"[{paper}](https://arxiv.org/abs/{arxiv[1]})"
    if doi := re.fullmatch(r"(?:doi:)?(10\.\d{4,}/\S+)", paper):
        return f"[doi:{doi[1]}](https://doi.org/{doi[1]})"
    return paper


def table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
