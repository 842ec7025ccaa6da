"""Measure maps where the truth is known: tags, mosaics, tetrominoes, clothes on textures.

    OMP_NUM_THREADS=1 python data/measure_ground_truth.py           all, about ten minutes
    OMP_NUM_THREADS=1 python data/measure_ground_truth.py mosaics   only this part; the rest is kept

Each number is a mean over pictures, for each of three starts or seeds, and has the numbers of maps
beside it that know no model. A claim is "seen" if it holds in all three, "not seen" if in none.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import xaicourse as xc
from xaicourse.core.files import write_atomically
from xaicourse.datasets.cards import card_for, write_cards
from xaicourse.evaluation import controls
from xaicourse.zoo.mosaic_net import MosaicNet

DATA = Path(__file__).resolve().parent
TABLE, LOG = DATA / "ground_truth.json", DATA / "GROUND_TRUTH_LOG.md"
SEEDS = (0, 1, 2)
MOSAICS = 16  # a seed, with four cells each
EVALUATE = xc.evaluation

Maps = Callable[[nn.Module, Tensor, Tensor], Tensor]


def laplace(x: Tensor) -> Tensor:
    """Return the size of the picture's Laplacian, (N, 1, H, W)."""
    kernel = x.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None]
    padded = F.pad(x.sum(dim=1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, kernel).abs()


def methods(layer: str | None = None, steps: int = 32) -> dict[str, Maps]:
    """Return the methods that are measured everywhere, and CAMs where there is a layer."""
    specs = {
        "gradient": xc.spec("gradient"),
        "input x gradient": xc.spec("input_x_gradient"),
        "IG": xc.spec("integrated_gradients", steps=steps),
        "guided backprop": xc.spec("guided_backprop"),
    }
    if layer:
        specs |= {
            "Grad-CAM": xc.spec("grad_cam", layer=layer),
            "LayerCAM": xc.spec("layer_cam", layer=layer),
        }
    return dict(specs)


def blind(x: Tensor) -> dict[str, Tensor]:
    """Return the maps that see no model."""
    return {
        "edges (Sobel)": controls.edges(x),
        "edges (Laplace)": laplace(x),
        "brightness": x.abs(),
        "random": controls.random(x).expand(len(x), -1, -1, -1),
    }


def verdict(holds: list[bool]) -> str:
    """Return in how many of the three it was seen."""
    if all(holds):
        return "seen"
    return f"seen in {sum(holds)} of {len(holds)}" if any(holds) else "not seen"


def tags() -> dict[str, Any]:
    """Where maps of a cheating and an honest net lie: on the mark, the tag, the strip."""
    table: dict[str, Any] = {}
    hits: dict[str, Any] = {}
    for name in ("tagged_cheating", "tagged_honest"):
        for seed in SEEDS:
            made = xc.datasets.tagged(100, seed=50 + seed)
            net = xc.zoo.load(name, seed=seed)
            maps = {key: f(net, made.x, made.labels) for key, f in methods("relu2").items()}
            for key, heat in (maps | blind(made.x)).items():
                places = {"mark": made.masks, "tag": made.tag_masks, "strip": made.strip_masks}
                line = table.setdefault(name, {}).setdefault(key, {p: [] for p in places})
                for place, mask in places.items():
                    line[place].append(EVALUATE.relevance_mass(None, None, heat, mask=mask).mean())
                    hit = EVALUATE.pointing_game(None, None, heat, mask=mask, sign="abs").mean()
                    hits.setdefault(name, {}).setdefault(key, {p: [] for p in places})[
                        place
                    ].append(hit)
    cheating = table["tagged_cheating"]
    return {
        "shares of |map|": table,
        "share of peaks": hits,
        "areas": {"mark": 25 / 1024, "tag": 18 / 1024, "strip": 96 / 1024},
        "IG of the cheating net has less on the mark than an edge filter": verdict(
            [
                ours < edge
                for ours, edge in zip(
                    cheating["IG"]["mark"], cheating["edges (Sobel)"]["mark"], strict=True
                )
            ]
        ),
    }


def mosaics() -> dict[str, Any]:
    """C.1 row 12: GridPG, DiPart and DiFull on mosaics that the net is sure of."""
    x, labels = xc.datasets.fashion_mnist()
    net = xc.zoo.load("fashion_residual")
    logits = torch.cat([net(part) for part in x.split(500)])
    table: dict[str, dict[str, list[float]]] = {}
    for heads in ("one", "part", "full"):
        model = xc.zoo.load("fashion_mosaic", heads=heads)
        assert isinstance(model, MosaicNet)
        for seed in SEEDS:
            made = xc.datasets.mosaics(x, labels, MOSAICS, seed, logits=logits)
            found: dict[str, list[float]] = {}
            for cell in range(4):
                target = model.output_of(cell, made.labels[:, cell])
                known = methods("assembled", steps=16)
                maps = {key: f(model, made.x, target) for key, f in known.items()}
                for key, heat in (maps | blind(made.x)).items():
                    game = EVALUATE.grid_pointing_game(
                        None, None, heat, mask=made.masks[cell, 0], grid=2
                    )
                    found.setdefault(key, []).append(game.mean())
            for key, values in found.items():
                table.setdefault(heads, {}).setdefault(key, []).append(sum(values) / 4)
    one, full = table["one"], table["full"]
    local = ("gradient", "input x gradient", "IG", "guided backprop")
    near = [abs(value - 0.25) < 0.1 for value in one["gradient"]]
    return {
        "share in the own cell": table,
        "chance": 0.25,
        "mosaics a seed": MOSAICS,
        "claims": {
            "DiFull: backward maps have all in their cell": verdict(
                [all(full[key][k] == 1.0 for key in local) for k in range(3)]
            ),
            "DiFull: Grad-CAM has all in its cell": verdict([v > 0.99 for v in full["Grad-CAM"]]),
            "GridPG: gradient within 0.1 of chance": verdict(near),
            "GridPG: guided backprop within 0.1 of chance": verdict(
                [abs(value - 0.25) < 0.1 for value in one["guided backprop"]]
            ),
            "GridPG: Grad-CAM of the last layer above 0.5": verdict(
                [value > 0.5 for value in one["Grad-CAM"]]
            ),
        },
    }


class Scaled(nn.Module):
    """Bring the small numbers of tetrominoes to about 1."""

    def forward(self, x: Tensor) -> Tensor:
        """Return 8 x."""
        return 8 * x


def small_net(kind: str) -> nn.Module:
    """Return an untrained net for 8 x 8 pictures."""
    if kind == "linear":
        return nn.Sequential(Scaled(), nn.Flatten(), nn.Linear(64, 2))
    return nn.Sequential(
        Scaled(), nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(),
        nn.Linear(32, 2),
    )  # fmt: skip


def fitted(kind: str, scenario: str, smoothing: float, seed: int) -> nn.Module:
    """Train a net on 20,000 pictures, in 20 epochs of AdamW."""
    torch.manual_seed(seed)
    net = small_net(kind)
    data = xc.datasets.tetrominoes(20_000, 100 + seed, scenario=scenario, smoothing=smoothing)
    epochs, batch, rate = 20, 500, 5e-3
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, epochs * 40)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for chosen in torch.randperm(len(data.x), generator=generator).split(batch):
            loss = F.cross_entropy(net(data.x[chosen]), data.labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return net.eval().requires_grad_(False)


def tetrominoes() -> dict[str, Any]:
    """C.1 row 13: precision at |mask| of maps, white and correlated noise, two scenarios."""
    lines: list[dict[str, Any]] = []
    for kind, scenario in (("linear", "linear"), ("MLP", "linear"), ("MLP", "xor")):
        for smoothing in (0.0, 0.75, 1.0, 2.0):
            line: dict[str, Any] = {"net": kind, "scenario": scenario, "smoothing": smoothing}
            precision: dict[str, list[float]] = {}
            for seed in SEEDS:
                net = fitted(kind, scenario, smoothing, seed)
                made = xc.datasets.tetrominoes(
                    400, 900 + seed, scenario=scenario, smoothing=smoothing
                )
                right = net(made.x).argmax(1) == made.labels
                line.setdefault("accuracy", []).append(float(right.double().mean()))
                x, target, mask = made.x[right], made.labels[right], made.masks[right]
                maps = {key: f(net, x, target) for key, f in methods().items()}
                many = xc.datasets.tetrominoes(
                    5_000, 300 + seed, scenario=scenario, smoothing=smoothing
                )
                patterns = xc.fit_patterns(net, many.x)
                maps["PatternNet"] = xc.pattern_net(net, x, target, patterns=patterns)
                flat = many.x.flatten(1)
                covariance = (flat - flat.mean(0)).T @ (flat - flat.mean(0)) / len(flat)
                slope = xc.gradient(net, x, target).flatten(1)
                maps["covariance x gradient"] = (slope @ covariance).view_as(x)
                for key, heat in (maps | blind(x)).items():
                    rank = EVALUATE.relevance_rank(None, None, heat, mask=mask)
                    precision.setdefault(key, []).append(rank.mean())
            if scenario == "linear":
                best = xc.datasets.tetromino_answer(smoothing=smoothing)
                truth = (best.pattern != 0)[None]
                rank = EVALUATE.relevance_rank(None, None, best.weight[None], mask=truth)
                line["closed form: precision of the filter"] = rank.mean()
                line["closed form: accuracy"] = best.accuracy
            lines.append(line | {"precision at |mask|": precision})
    return {"lines": lines, "chance": 8 / 64, "claims": tetromino_claims(lines)}


def tetromino_claims(lines: list[dict[str, Any]]) -> dict[str, str]:
    """Say what of row 13 was seen, for each net and scenario."""
    found = {}
    for net, scenario in (("linear", "linear"), ("MLP", "linear"), ("MLP", "xor")):
        white, *smooth = (
            line["precision at |mask|"]
            for line in lines
            if (line["net"], line["scenario"]) == (net, scenario)
        )
        where = f"{net} on {scenario}"
        edges = ("edges (Sobel)", "edges (Laplace)")
        for sigma, line in zip((0.75, 1.0, 2.0), smooth, strict=True):
            here = f"{where}, smoothing {sigma:g}"
            three = range(len(SEEDS))
            found[f"{here}: gradient's precision is below that in white noise"] = verdict(
                [line["gradient"][k] < white["gradient"][k] for k in three]
            )
            found[f"{here}: gradient at or below the better edge filter"] = verdict(
                [line["gradient"][k] <= max(line[e][k] for e in edges) for k in three]
            )
            found[f"{here}: IG at or below the better edge filter"] = verdict(
                [line["IG"][k] <= max(line[e][k] for e in edges) for k in three]
            )
            found[f"{here}: covariance x gradient above gradient"] = verdict(
                [line["covariance x gradient"][k] > line["gradient"][k] for k in three]
            )
    return found


def bam() -> dict[str, Any]:
    """C.1 row 14: model contrast, input dependence and independence, on clothes on textures."""
    table: dict[str, dict[str, list[float]]] = {}
    change: list[float] = []
    for seed in SEEDS:
        made = xc.datasets.mini_bam(300, seed=70 + seed)
        of_object, of_scene = (
            xc.zoo.load(f"bam_{what}", seed=seed) for what in ("object", "scene")
        )
        both = (of_object(made.x).argmax(1) == made.objects) & (
            of_scene(made.x).argmax(1) == made.scenes
        )
        both &= of_scene(made.empty).argmax(1) == made.scenes
        made = type(made)(*(part[both][:100] for part in made))
        patched = EVALUATE.insignificant_patch(of_scene, made.empty, made.x, made.masks, steps=40)
        before, pasted, after = (of_scene(x) for x in (made.empty, made.x, patched))
        ratio = (after - before).norm(dim=1) / (pasted - before).norm(dim=1)
        change.append(float(ratio.median()))
        tried = dict(methods("relu2"))
        tried |= {
            "edges (Sobel)": lambda net, x, target: controls.edges(x),
            "brightness": lambda net, x, target: x,
            "random": lambda net, x, target: controls.random(x).expand_as(x),
        }
        for key, f in tried.items():
            with_object = f(of_scene, made.x, made.scenes)
            alone = f(of_scene, made.empty, made.scenes)
            with_patch = f(of_scene, patched, made.scenes)
            seen = f(of_object, made.x, made.objects)
            measured = {
                "MCS": EVALUATE.model_contrast(seen, with_object, made.masks),
                "IDR": EVALUATE.input_dependence(with_object, alone, made.masks),
                "IIR": EVALUATE.input_independence(with_patch, alone, made.masks),
            }
            line = table.setdefault(key, {name: [] for name in measured})
            for name, result in measured.items():
                line[name].append(result.mean())
    guided, cam = table["guided backprop"]["MCS"], table["Grad-CAM"]["MCS"]
    return {
        "measures": table,
        "pictures a seed": 100,
        "output change left by the patch, of that by the object, median": change,
        "claims": {
            "guided backprop's contrast is within 0.05 of 0": verdict([v < 0.05 for v in guided]),
            "guided backprop's contrast is below Grad-CAM's": verdict(
                [a < b for a, b in zip(guided, cam, strict=True)]
            ),
        },
    }


PARTS = {"tags": tags, "mosaics": mosaics, "tetrominoes": tetrominoes, "bam": bam}


def rounded(value: Any) -> Any:
    """Return numbers with four digits, in whatever they stand."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
    """Measure the parts named on the command line, or all, and write table, card and log."""
    torch.set_num_threads(1)
    wanted = sys.argv[1:] or list(PARTS)
    unknown = set(wanted) - set(PARTS)
    if unknown:
        sys.exit(f"There is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}.")
    table = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.is_file() else {}
    for name in wanted:
        started = time.monotonic()
        table[name] = rounded(PARTS[name]()) | {"seconds": round(time.monotonic() - started)}
        print(json.dumps(table[name], indent=1), flush=True)
        text = json.dumps({key: table[key] for key in PARTS if key in table}, indent=1) + "\n"
        write_atomically(TABLE, text.encode())
    lines = [
        "# How the maps with a known truth were measured",
        "",
        f"Made by data/measure_ground_truth.py, one thread, torch {torch.__version__}, seeds 0, 1 "
        "and 2.",
        "",
        "| part | seconds |",
        "|---|---|",
        *(f"| {name} | {table[name]['seconds']} |" for name in PARTS if name in table),
    ]
    write_atomically(LOG, ("\n".join(lines) + "\n").encode())
    card = card_for(
        TABLE,
        title="Maps measured where the truth is known: tags, mosaics, tetrominoes, mini-BAM",
        author="The xaicourse contributors",
        source="this course",
        licence="Apache-2.0",
        made_by="data/measure_ground_truth.py; log in data/GROUND_TRUTH_LOG.md",
    )
    write_cards({TABLE.name: card}, DATA)


if __name__ == "__main__":
    main()
