"""Write docs/cheat_sheet.md: one page to choose a method by, and what to check after.

python docs/make_cheat_sheet.py

What it lists of methods comes from the registry; what to ask and to check is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from make_ledger import ROOT, table

import xaicourse as xc
from xaicourse.core.registry import Claim, InputKind, MethodRecord, Need, ResultKind, Unit

PAGE = ROOT / "docs" / "cheat_sheet.md"
ANY_X = (InputKind.ANY, InputKind.IMAGE)
FEW, SOME = 2, 64  # gradients a row
OTHER_INPUTS = {
    InputKind.EMBEDDINGS: "words, as embeddings",
    InputKind.GRAPH: "a graph",
    InputKind.TREE: "an ensemble of trees",
    InputKind.GP: "a Gaussian process",
}


def page() -> str:
    """Return the text of docs/cheat_sheet.md."""
    return f"""# Cheat sheet

Written by `python docs/make_cheat_sheet.py`; do not edit. Every name is a method, called as
`xc.NAME(model, x, target)`; its [page](methods/index.md) has the equation and where it fails.

## What do you ask?

{table(("you ask", "take"), asked())}

## What is your model?

{table(("it is", "take"), model())}

[Which method explains which family of nets](architectures.md) · [recipes](own_model.md)

## How many gradients can you pay, for one row?

{table(("gradients", "what you get for them"), paid())}

## What must you check after?

1. **The question.** Logit, probability or margin? Which class, and compared with what baseline?
2. **The sum.** Of a complete method, with `return_details=True`: is the gap small? A small gap
   does not prove the map right.
3. **The map error.** Four times the steps or samples: does the map stay?
4. **A control.** Another class, random weights, a random map: does the map know the difference?
5. **The baseline.** Another one: what stays of what you would say?
6. **The score.** Delete the highest pixels, and as many random ones: which fall is larger, under
   two imputers? Other [metrics](metrics/index.md) see other faults.

Lessons [05](../notebooks/05_integrated_gradients.ipynb),
[15](../notebooks/15_test_the_metric.ipynb) and
[16](../notebooks/16_sanity_and_robustness.ipynb) do all of this. Words: [glossary](glossary.md).
"""


def asked() -> list[list[str]]:
    """Return what a number of the map can be, and the methods whose numbers are that."""
    complete = {Claim.COMPLETENESS, Claim.IMPLEMENTATION_INVARIANCE, Claim.DUMMY}
    return [
        ["what would change the score a little?", those(lambda r: r.unit is Unit.SLOPE)],
        [
            "what did each feature add, from a baseline to x? (complete, the same for equal nets, "
            "0 for what is not used)",
            those(lambda r: complete <= r.claims and r.input in ANY_X and r.result == "input"),
        ],
        [
            "roughly where does it look? (a map of cells; `eigen_cam` knows no class)",
            those(lambda r: Need.LAYER in r.needs and r.result == "map"),
        ],
        ["which regions?", "[`xrai`](methods/xrai.md), [`occlusion`](methods/occlusion.md)"],
        ["which pairs work together?", those(lambda r: r.result is ResultKind.PAIR)],
        ["what do the biases bring?", those(lambda r: r.family == "bias")],
        ["what makes a model right, on a data set?",
         those(lambda r: r.result is ResultKind.DATASET)],
    ]  # fmt: skip


def model() -> list[list[str]]:
    """Return kinds of models, and the methods for them."""
    free = sum(set(r.needs) <= {Need.GRADIENT} and r.input in ANY_X for r in records())
    return [
        ["a function without gradients", those(lambda r: r.name == "occlusion")],
        ["any net with gradients", f"the {free} methods that need nothing else, such as "
         "[`integrated_gradients`](methods/integrated_gradients.md)"],
        ["a net whose parts have rules (ReLU and kin)",
         those(lambda r: Need.RELU_ONLY in r.needs and Need.PATTERNS not in r.needs)],
        ["a net with patterns or an autoencoder of its data",
         those(lambda r: bool({Need.PATTERNS, Need.FIT} & r.needs))],
        ["an `nn.Module` whose weights may be varied", those(lambda r: Need.WEIGHTS in r.needs)],
        *([text, those(lambda r, kind=kind: r.input is kind)]
          for kind, text in OTHER_INPUTS.items()),
    ]  # fmt: skip


def paid() -> list[list[str]]:
    """Return classes of cost, by the registry at default settings, with how many each has."""
    cost = {r.name: r.cost({}) for r in records()}
    return [
        ["0", those(lambda r: cost[r.name] == 0) + " (forward passes or sums instead)"],
        [f"1 to {FEW}", f"{count(1, FEW)} methods: slopes, rules, class activation maps, biases"],
        [f"{FEW + 1} to {SOME}", f"{count(FEW + 1, SOME)} methods: one path or one average over "
         "noise, mostly 50 nodes or draws"],
        [f"more than {SOME}", f"{count(SOME + 1, 10**9)} methods: paths that are searched for, "
         "several baselines, nets with noise, pairs"],
    ]  # fmt: skip


def count(least: int, most: int) -> int:
    """Return how many methods cost so many gradients."""
    return sum(least <= r.cost({}) <= most for r in records())


def records() -> Iterable[MethodRecord]:
    """Return all records, oldest first."""
    return sorted(xc.METHODS.values(), key=lambda record: (record.year, record.name))


def those(chosen: Callable[[MethodRecord], bool]) -> str:
    """Return links to the pages of those methods."""
    return ", ".join(f"[`{r.name}`](methods/{r.name}.md)" for r in records() if chosen(r))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
