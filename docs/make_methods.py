"""Write the pages of the methods, docs/methods/*.md, gallery, timeline, cheat sheet and glossary.

python docs/make_methods.py

Everything comes from the registry, the docstrings, docs/references.bib, tests/legs.toml and, for
the glossary, xaicourse/course/glossary.toml; make_method_pictures.py draws the pictures.
"""

import inspect
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from make_ledger import LEGS, leg, paper, read_legs, table, taught
from make_method_pictures import ON, stored, why_none

import xaicourse as xc
from xaicourse.core.registry import MethodRecord
from xaicourse.course.table import LESSONS

DOCS = Path(__file__).parent
FOLDER = DOCS / "methods"
GLOSSARY = DOCS.parent / "xaicourse" / "course" / "glossary.toml"
BIBLIOGRAPHY = DOCS / "references.bib"
ACROSS = 3  # pictures side by side in the gallery
EDITED = "<!-- Written by python docs/make_methods.py from the registry; do not edit. -->"
FAMILIES = {
    "vanilla": "Vanilla gradients and rules",
    "integrated": "Integrated gradients",
    "bias": "Biases",
    "denoising": "Against noise",
}
UNITS = {
    "share": "a share of F, in units of F",
    "slope": "a slope: units of F per unit of x",
    "score": "a score, to be compared within the map only",
}
INPUTS = {"any": "any tensor", "image": "images", "embeddings": "words as embeddings",
          "graph": "features of a graph's nodes", "tree": "rows of a table",
          "gp": "rows of a table"}  # fmt: skip


def records() -> list[MethodRecord]:
    """Return all methods, oldest first."""
    return sorted(xc.METHODS.values(), key=lambda r: (r.year, r.lesson, r.name))


# ---------------------------------------------------------------- a docstring as Markdown


def sections(text: str) -> dict[str, str]:
    """Return heading -> text of a docstring; what comes before the first stands under ""."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", text, flags=re.M)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def markdown(text: str) -> str:
    """Return a piece of a docstring as Markdown: equations, code and lists."""

    def equation(found: re.Match[str]) -> str:
        lines = [line.strip() for line in (found[1] + found[2]).splitlines()]
        return "$$\n" + "\n".join(line for line in lines if line) + "\n$$\n\n"

    text = re.sub(r"^\.\. math::(.*\n)((?:(?: .*)?\n)*)", equation, text + "\n", flags=re.M)
    text = re.sub(r":math:`([^`]+)`", lambda f: f"${' '.join(f[1].split())}$", text)
    return text.replace("``", "`").strip()


def parameters(text: str) -> str:
    """Return the parameters of a docstring as a list."""
    found = re.split(r"^(\S[^\n]*)\n", text, flags=re.M)
    lines = []
    for head, body in zip(found[1::2], found[2::2], strict=True):
        name, _, kind = head.partition(" : ")
        names = ", ".join(f"`{one.strip()}`" for one in name.split(","))
        said = " ".join(markdown(inspect.cleandoc(body)).split())
        lines.append(f"- {names}" + (f" ({kind})" if kind else "") + f": {said}")
    return "\n".join(lines)


def returned(text: str) -> str:
    """Return what is returned or raised: a type, and what is to be known of it."""
    head, _, body = text.strip().partition("\n")
    return f"**{head}**: " + " ".join(markdown(inspect.cleandoc(body)).split())


def signature(record: MethodRecord) -> str:
    """Return how a method is called, a line each for what has a name."""
    lines, named = [], False
    for one in inspect.signature(record.method).parameters.values():
        if one.kind is one.KEYWORD_ONLY and not named:
            named = True
            lines.append("    *,")
        default = "" if one.default is one.empty else f"={one.default!r}"
        lines.append(f"    {one.name}{default},")
    return "\n".join([f"xc.{record.name}(", *lines, ")"])


# ---------------------------------------------------------------- the page of a method


def page(record: MethodRecord) -> str:
    """Return the page of a method."""
    parts = sections(inspect.getdoc(record.method) or "")
    first, _, rest = parts[""].partition("\n")
    rest = re.sub(r"^Lesson \d\d\.\n", "", rest, flags=re.M)
    blocks = [
        f"# {record.title} ({record.year})",
        EDITED,
        markdown(first),
        markdown(rest),
        picture(record),
        facts(record),
        "## Call",
        f"```python\n{signature(record)}\n```",
        parameters(parts["Parameters"]),
        "Returns " + returned(parts["Returns"]),
        "Raises " + returned(parts["Raises"]) if "Raises" in parts else "",
        "## What it keeps, what it costs, when it fails",
        markdown(parts["Notes"]),
        "## Example",
        f"```python\n{example(parts['Examples'])}\n```",
        "## Proved by",
        proofs(record),
        "## Cite",
        f"```bibtex\n{bibtex(parts['References'])}\n```",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def picture(record: MethodRecord) -> str:
    """Return the picture of a method with its caption, or why there is none."""
    if why := why_none(record):
        return f"*No picture: {why[0].lower()}{why[1:]}*"
    return f"![{alt(record)}](pictures/{record.name}.png)\n\n*{caption(record)}*"


def alt(record: MethodRecord) -> str:
    """Return what a picture shows."""
    facts = stored()[record.name]
    return f"The map of {ON[facts['on']]} by {record.title}: {facts['colours']}"


def caption(record: MethodRecord) -> str:
    """Return the line below a picture."""
    facts = stored()[record.name]
    net = "EfficientNet-Lite0" if facts["on"] == "coffee" else "the small net of Fashion-MNIST"
    what = "What speaks for" if record.unit != "slope" else "What moves"
    name = '"espresso"' if facts["on"] == "coffee" else '"ankle boot"'
    return f"{what} {name}, {net}, default settings: {facts['colours']}."


def facts(record: MethodRecord) -> str:
    """Return what the registry knows, as a table."""
    cost = record.cost({})
    draws = "yes, by `seed`" if record.stochastic else "no"
    rows = [
        ("Paper", paper(record.paper)),
        ("Family", FAMILIES[str(record.family)]),
        ("Lesson", taught(record).replace("](../", "](../../")),
        ("x", INPUTS[str(record.input)]),
        ("Needs", ", ".join(sorted(need.replace("_", " ") for need in record.needs)) or "nothing"),
        ("A number of the map", UNITS[str(record.unit)]),
        ("Cost", f"{cost} gradient{'s' * (cost != 1)} a row with default settings"),
        ("Keeps", ", ".join(sorted(map(axiom, record.claims))) or "no axiom"),
        ("Draws at random", draws),
        ("Which nets", "[method x architecture](../architectures.md)"),
    ]
    return table(("what", "is"), rows)


def example(text: str) -> str:
    """Return a docstring's example as code, with what it gives as comments."""
    lines = []
    for line in text.strip().splitlines():
        if line.startswith((">>> ", "... ")):
            lines.append(line[4:])
        elif line.strip():
            lines.append(f"# {line}")
    return "\n".join(lines)


def proofs(record: MethodRecord) -> str:
    """Return the tests that prove a method."""
    legs = read_legs()[record.name]
    lines = [
        f"- {kind.replace('_', ' ')}: {leg(legs, kind).replace('](../', '](../../')}"
        for kind in LEGS
    ]
    return "\n".join(lines)


def bibtex(references: str) -> str:
    """Return the entry of docs/references.bib for the first paper that a docstring cites."""
    key = re.search(r"^\.\. \[(\w+)\]", references, re.M)
    assert key is not None
    text = BIBLIOGRAPHY.read_text(encoding="utf-8")
    entry = re.search(rf"^@\w+\{{{key[1]},\n.*?^\}}$", text, re.M | re.S)
    assert entry is not None, key[1]
    return entry[0]


# ---------------------------------------------------------------- gallery, timeline, cheat sheet


def gallery() -> str:
    """Return the page of all pictures, family by family."""
    blocks = [
        "# Gallery of the methods",
        EDITED,
        "One cup of coffee and one boot, explained by every method with its default settings. Maps "
        "that look sharper are not truer: each page says what its method promises, what it costs "
        "and when it fails, and [lesson 15](../../notebooks/15_test_the_metric.ipynb) tests maps.",
    ]
    for family, title in FAMILIES.items():
        group = [r for r in records() if r.family == family]
        with_one = [r for r in group if not why_none(r)]
        blocks += [f"## {title}", grid(with_one)]
        if rest := [r for r in group if why_none(r)]:
            blocks.append("\n".join(f"- {link(r)} ({r.year}): {why_none(r)}" for r in rest))
    return "\n\n".join(blocks) + "\n"


def grid(group: list[MethodRecord]) -> str:
    """Return pictures side by side, each with its name and year."""
    cells = [f"![{alt(r)}](pictures/{r.name}.png) {link(r)} ({r.year})" for r in group]
    cells += [" "] * (-len(cells) % ACROSS)
    rows = [cells[k : k + ACROSS] for k in range(0, len(cells), ACROSS)]
    return table([" "] * ACROSS, rows)


def link(record: MethodRecord, place: str = "") -> str:
    """Return a link to a method's page."""
    return f"[{record.title}]({place}{record.name}.md)"


def timeline() -> str:
    """Return the table of all methods by year."""
    rows = [
        (str(r.year), link(r, "methods/"), FAMILIES[str(r.family)], paper(r.paper), lesson(r))
        for r in records()
    ]
    head = ("year", "method", "family", "paper", "lesson")
    return f"""# Timeline

{EDITED}

The year is that of the first public version.

{table(head, rows)}
"""


def lesson(record: MethodRecord) -> str:
    """Return the number of the lesson that introduces a method, as a link where it is ready."""
    number = record.lesson
    if LESSONS[number].status != "ready":
        return f"{number}, planned"
    (notebook,) = (DOCS.parent / "notebooks").glob(f"{number}_*.ipynb")
    return f"[{number}](../notebooks/{notebook.name})"


ASKED = {  # question -> methods that answer it
    "What would a small change of each input do?": ("gradient", "saliency"),
    "Which share of the rise from a baseline is each input's?": (
        "integrated_gradients", "expected_gradients", "deeplift", "lrp"),
    "Where in the picture is the evidence, roughly?": (
        "grad_cam", "layer_cam", "hires_cam", "xrai"),
    "What survives if noise is averaged out?": ("smoothgrad", "noisegrad"),
    "What did the biases give?": ("fullgrad", "bias_backprop"),
    "What signal does the net read, its distractor left out?": (
        "pattern_net", "pattern_attribution"),
    "Which words?": ("discretized_ig", "integrated_directional_gradients"),
    "Which two inputs act together?": ("integrated_hessians", "meta_ig"),
    "What happens if I cover it?": ("occlusion",),
}  # fmt: skip
CHECKS = [
    "`return_details=True`: `relative_gap` says how far a sum is from what it should be, "
    "`map_error` and `standard_error` how far the map is from itself with more effort.",
    "Another baseline: does the verdict stay? (`xc.baselines`, lesson 09)",
    "`xc.evaluation.parameter_randomisation`: does the map notice that the net forgot? (lesson 16)",
    "`xc.evaluation.report`: is it better than edges, a centre blob and noise? (lesson 15)",
    "Never compare numbers of maps with different units; never read a sharper map as a truer one.",
]


def cheat_sheet() -> str:
    """Return one page on which to choose a method."""
    questions = [(q, ", ".join(named(xc.METHODS[n] for n in names))) for q, names in ASKED.items()]
    complete = ", ".join(named(r for r in records() if "completeness" in r.claims))
    return f"""# Cheat sheet

{EDITED}

## What do you ask?

{table(("question", "methods"), questions)}

## What can you pay?

Gradients a row with default settings; a forward pass costs less than half of one.

{table(("gradients", "methods"), by_cost())}

## Must it add up?

The map sums to the change of F from the baseline to x (completeness): {complete}.
Which of the other axioms a method keeps stands on its page.

## What is your model?

Gradients, Integrated Gradients and averages take any function of torch; methods with rules need
known layers, class activation maps a layer of feature maps: see
[method x architecture](architectures.md). Several inputs, masks, words, signals, detectors:
[recipes](own_model.md).

## Then check

{bullets(CHECKS)}
"""


def named(group: Iterable[MethodRecord]) -> list[str]:
    """Return the names of methods as links."""
    return [f"[{r.name}](methods/{r.name}.md)" for r in group]


def by_cost() -> list[tuple[str, str]]:
    """Return how many gradients methods cost, in four classes."""
    classes = {"none or 1": 1, "2 to 10": 10, "11 to 60": 60, "more": 10**9}
    found: dict[str, list[MethodRecord]] = defaultdict(list)
    for record in records():
        name = next(name for name, most in classes.items() if record.cost({}) <= most)
        found[name].append(record)
    return [(name, ", ".join(named(found[name]))) for name in classes]


def axiom(claim: str) -> str:
    """Return the name of an axiom as one writes it."""
    return claim.replace("_", " ").replace("sensitivity a", "sensitivity (a)")


def bullets(lines: list[str]) -> str:
    """Return a list."""
    return "\n".join(f"- {line}" for line in lines)


# ---------------------------------------------------------------- glossary


def glossary() -> str:
    """Return the words of the course, each with the lesson in which it comes first."""
    words = tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))
    lines = [
        f"**{word}** ({first_lesson(word)}): {' '.join(said.split())}"
        for word, said in sorted(words.items(), key=lambda item: item[0].lower())
    ]
    head = f"# Glossary\n\n{EDITED.replace('the registry', GLOSSARY.name)}"
    return "\n\n".join([head, "In brackets: the lesson that says the word first.", *lines]) + "\n"


def first_lesson(word: str) -> str:
    """Return the first lesson that says a word, as a link."""
    rooms = sorted((DOCS.parent / "xaicourse" / "course" / "lessons").glob("l*_*"))
    said = re.compile(rf"\b{re.escape(word)}(s|es)?\b", re.I)
    for room in rooms:
        cells = re.split(r"^# %%", (room / "lesson.py").read_text(encoding="utf-8"), flags=re.M)
        text = " ".join(cell for cell in cells if cell.startswith(" [markdown]"))
        if said.search(" ".join(text.split())):
            return f"[{room.name[1:3]}](../notebooks/{room.name[1:]}.ipynb)"
    raise ValueError(f"no lesson says {word!r}: see {GLOSSARY}")


def pages() -> dict[Path, str]:
    """Return file -> text of all pages."""
    made = {FOLDER / f"{record.name}.md": page(record) for record in records()}
    return {
        **made,
        FOLDER / "index.md": gallery(),
        DOCS / "timeline.md": timeline(),
        DOCS / "cheat_sheet.md": cheat_sheet(),
        DOCS / "glossary.md": glossary(),
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file in FOLDER.glob("*.md"):
        file.unlink()
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")
