"""The stored verdicts of architectures.py as tables: for the results folder and for the docs."""

import re
from collections.abc import Mapping
from typing import Any

from _common import table
from families import FAMILIES

__all__ = ["COLUMNS", "cell", "page", "result_text"]

# methods that share a mechanism share a column: head -> (methods, one sentence)
COLUMNS: dict[str, tuple[tuple[str, ...], str]] = {
    "gradient": (
        ("gradient", "saliency", "input_x_gradient"),
        "asks for no rule: right wherever autograd is; compared with autograd row by row.",
    ),
    "IG": (
        ("integrated_gradients",),
        "asks for no rule; compared with a loop over the same nodes, not with the exact integral.",
    ),
    "SmoothGrad": (
        ("smoothgrad", "smoothgrad_squared", "vargrad"),
        "averages another method's maps, here the gradient's, over noisy inputs; compared with "
        "autograd at the inputs that the net was seen to get.",
    ),
    "NoiseGrad": (
        ("noisegrad", "fusiongrad"),
        "puts noise on copies of the weights; compared with autograd on nets with the weights that "
        "were seen.",
    ),
    "ReLU rules": (
        ("guided_backprop", "deconvnet", "rectgrad", "beta_smoothing"),
        "are defined for the ReLU family alone, so nets with GELU, SiLU or gates are refused; "
        "compared with another implementation.",
    ),
    "DeepLIFT": (
        ("deeplift", "deep_shap"),
        "compares with a reference: Rescale for every element-wise function, products exactly. "
        "Compared with another implementation of its rules; where that has none (MaxViT), by its "
        "sum, which does not see how the sum is shared out.",
    ),
    "LRP": (
        ("lrp", "deep_taylor"),
        "shares the score out layer by layer. Compared with gradient x input of a net with fixed "
        "gates and scales where that is the same (LRP-0), else by what is conserved, which does "
        "not see how it is shared out. Deep Taylor is checked by conservation alone.",
    ),
    "FullGrad": (
        ("fullgrad", "fullgrad_decomposition", "bias_backprop"),
        "splits the score into input and biases. The input's part is compared with autograd, the "
        "sum with the score; the picture with hooks on convolutional nets with ReLUs. How bias "
        "backpropagation shares the biases' part among pixels is checked in the tests alone.",
    ),
    "CAM": (
        (
            *("grad_cam", "grad_cam_plus_plus", "hires_cam", "layer_cam", "xgrad_cam"),
            *("eigen_cam", "score_cam"),
        ),
        "chooses its layer itself; the maps are compared with the papers' formulas on what a hook "
        "sees there. Whether another layer would show more is not asked. Not run is what would "
        "take too many forward passes here.",
    ),
    "CAM (2016)": (
        ("cam",),
        "is defined only where an average and one linear layer follow the maps; other nets are "
        "refused, and rightly so.",
    ),
    "Guided Grad-CAM": (
        ("guided_grad_cam",),
        "needs both a layer and ReLUs alone.",
    ),
    "occlusion": (
        ("occlusion",),
        "needs forward passes alone: right for every model; compared with a loop over the patches.",
    ),
    "patterns": (
        ("pattern_net", "pattern_attribution"),
        "fits patterns to data first. Only the first layer's patterns are compared, with "
        "covariances; beyond it the map is only seen to be finite.",
    ),
}

INTRO = """Which method explains which kind of net, on small nets with random weights in float64.
**right**: the answer agrees to 1e-6 with a second opinion that does not use the method.
**refused**: one error says what cannot be explained, and what to do. Where the methods of a column
differ, the cell counts the right ones; the others stand in the results. Right means that the
numbers are those of the method's definition, not that the map shows what the net does.
"""


def columns(store: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return head -> methods; methods that no column names come last, under their own name."""
    known = {name for names, _ in COLUMNS.values() for name in names}
    stored = {name for verdicts in store["verdicts"].values() for name in verdicts}
    seen = {head: names for head, (names, _) in COLUMNS.items() if stored & set(names)}
    return seen | {name: (name,) for name in sorted(stored - known)}


def cell(verdicts: Mapping[str, Mapping[str, Any]], names: tuple[str, ...]) -> str:
    """Return what a cell of the table says of some methods."""
    said = [verdicts[name]["verdict"] for name in names if name in verdicts]
    if not said:
        return ""
    if "not run" in said and {"right", "not run"} == set(said):
        return f"right, {said.count('not run')} not run"
    if len(set(said)) == 1:
        return said[0] if said[0] not in ("wrong", "crash", "unchecked") else f"**{said[0]}**"
    bad = [word for word in ("wrong", "crash", "unchecked") if word in said]
    return f"{said.count('right')} of {len(said)}" + "".join(f", **{word}**" for word in bad)


def main_table(store: Mapping[str, Any]) -> str:
    """Return family x column."""
    groups = columns(store)
    lines = [
        [family, *(cell(store["verdicts"][family], names) for names in groups.values())]
        for family in FAMILIES
        if family in store["verdicts"]
    ]
    lines.append(["**families**", *(reach(store, names) for names in groups.values())])
    return table(["family", *groups], lines)


def reach(store: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return for how many of the families that ran each method of a column is right."""
    ran = [v for v in store["verdicts"].values() if any(r["verdict"] != "not installed"
                                                        for r in v.values())]  # fmt: skip
    counts = [sum(v.get(name, {}).get("verdict") == "right" for v in ran) for name in names]
    low, high = min(counts), max(counts)
    return f"{low} of {len(ran)}" if low == high else f"{low} to {high} of {len(ran)}"


def refusals(store: Mapping[str, Any]) -> str:
    """Return a list of what is not right, with the reason's first sentence."""
    lines = []
    for family, verdicts in store["verdicts"].items():
        for name, told in verdicts.items():
            if told["verdict"] in ("right", "not installed"):
                continue
            why = re.sub(r"\s+", " ", told["why"]).replace("|", "/")
            error = f", error {told['error']}" if "error" in told else ""
            lines.append([family, name, told["verdict"] + error, _short(why)])
    return table(["family", "method", "", "why"], lines)


def _short(text: str, most: int = 150) -> str:
    return text if len(text) <= most else text[: text.rindex(" ", 0, most)] + " ..."


def missing(store: Mapping[str, Any]) -> str:
    """Say which families did not run."""
    gone = [f"{family} ({FAMILIES[family][0]})" for family in FAMILIES
            if all(told["verdict"] == "not installed"
                   for told in store["verdicts"].get(family, {}).values())]  # fmt: skip
    return f"\nNot run, their package was not installed: {', '.join(gone)}.\n" if gone else ""


def result_text(store: Mapping[str, Any]) -> str:
    """Return benchmarks/results/architectures.md."""
    opinions = sorted({(name, told["why"]) for v in store["verdicts"].values()
                       for name, told in v.items() if told["verdict"] == "right"})  # fmt: skip
    by_method: dict[str, list[str]] = {}
    for name, why in opinions:
        by_method.setdefault(name, []).append(
            re.sub(r" (on|over|at) \S+( feature maps)?$", "", why)
        )
    said = [[name, "; ".join(dict.fromkeys(words))] for name, words in by_method.items()]
    return f"""# Every method on every architecture

Made by `benchmarks/architectures.py`. {INTRO}{missing(store)}
{main_table(store)}
## What is not right, and what is said

{refusals(store)}
## The second opinions

{table(["method", "compared with"], said)}
{table(["machine", ""], store["machine"])}"""


def page(store: Mapping[str, Any]) -> str:
    """Return docs/architectures.md."""
    sentences = "\n".join(f"- **{head}** {says}" for head, (_, says) in COLUMNS.items())
    return f"""# Method x architecture

Written by `python benchmarks/architectures.py` from
[benchmarks/results/architectures.json](../benchmarks/results/architectures.json); do not edit.
What each refusal says stands in [the results](../benchmarks/results/architectures.md).

{INTRO}{missing(store)}
{main_table(store)}
{sentences}
"""
