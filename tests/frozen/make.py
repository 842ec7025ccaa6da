"""What may not change by accident: every diagnosis, signature, docstring heading and panel.

``python -m tests.frozen.make NAME ...`` stores the tables NAME (answers, signatures, headings,
panels; all without a name) as they are now. Do so only for a change that is wanted, and read the
difference before it is committed.
"""

import base64
import inspect
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image

import xaicourse as xc

FOLDER = Path(__file__).parent
HOMES = (
    "", "baselines", "datasets", "evaluation", "exercise", "people", "plot", "targets", "widgets",
    "zoo",
)  # fmt: skip
HEADING = re.compile(r"^(\S.*)\n-{3,}$", re.M)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
SMALL = 160  # pixels across of a stored panel


# ---------------------------------------------------------------- answers to tasks


def answers() -> dict[str, dict[str, Any]]:
    """Return task -> mistake -> its diagnosis and the norms of what it gives."""
    tasks = xc.exercise.TASKS
    return {
        name: {
            "right": judged(task, task.reference),
            **{mistake: judged(task, wrong) for mistake, wrong in task.misconceptions.items()},
        }
        for name, task in sorted(tasks.items())
    }


def judged(task: Any, answer: Any) -> dict[str, Any]:
    """Return what the task's grader says of an answer: its verdict, its name and its numbers."""
    try:
        outcome = task.grade(answer)
    except Exception as settled:  # `Settled`, whose home may move
        outcome = settled.outcome  # type: ignore[attr-defined]
    return {
        "status": outcome.status,
        "diagnosis": outcome.diagnosis,
        "norms": norms(task, answer),
        "evidence": [float(number) for number in NUMBER.findall(outcome.evidence)],
    }


def norms(task: Any, answer: Any) -> list[float | None]:
    """Return the norm of the result in each case, or those of an answer that is no function."""
    cases = getattr(task.grade, "cases", None)
    if callable(answer) and cases is not None and hasattr(task.grade, "result"):
        results = [task.grade.result(answer, case) for case in cases]
        return [None if r is None or r.isnan().any() else norm(r) for r in results]
    if callable(answer):
        return []
    parts = list(answer.values()) if isinstance(answer, dict) else [answer]
    return [None if (numbers := as_tensor(part)) is None else norm(numbers) for part in parts]


def as_tensor(part: Any) -> torch.Tensor | None:
    """Return numbers as a tensor; None for words and functions."""
    try:
        return torch.as_tensor(part, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        return None


def norm(values: torch.Tensor) -> float:
    """Return a norm in which every entry has a weight of its own, so that order counts."""
    flat = values.detach().double().flatten()
    return float(f"{float((flat * (1 + torch.arange(len(flat))) ** 0.5).norm()):.4g}")


# ---------------------------------------------------------------- public names


def public() -> dict[str, Any]:
    """Return the public functions and classes by name."""
    found = {}
    for home in HOMES:
        module = getattr(xc, home) if home else xc
        for name in module.__all__:
            thing = getattr(module, name)
            if callable(thing) and not isinstance(thing, ModuleType):
                found[".".join(filter(None, (home, name)))] = thing
    return dict(sorted(found.items()))


def signatures() -> dict[str, list[str]]:
    """Return name -> its parameters with their defaults, in order."""
    found = {}
    for name, thing in public().items():
        try:
            parameters = inspect.signature(thing).parameters.values()
        except ValueError:
            continue
        found[name] = [f"{p.kind.name} {p.name}{default(p)}" for p in parameters]
    return found


def default(parameter: inspect.Parameter) -> str:
    """Return a parameter's default as text that is the same in every run."""
    value = parameter.default
    if value is inspect.Parameter.empty:
        return ""
    text = f"<{getattr(value, '__name__', 'function')}>" if callable(value) else repr(value)
    if isinstance(value, dict):
        return "=<dict>"
    return "=" + re.sub(r" at 0x[0-9a-f]+", "", text)


def headings() -> dict[str, list[str]]:
    """Return name -> the headings of its docstring."""
    return {name: HEADING.findall(inspect.getdoc(thing) or "") for name, thing in public().items()}


# ---------------------------------------------------------------- panels


class Net(torch.nn.Module):
    """A small convolutional net with fixed weights: pictures (N, 3, 16, 16) to five logits."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 6, 3, padding=1)
        self.act1 = torch.nn.ReLU()
        self.conv2 = torch.nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.act2 = torch.nn.ReLU()
        self.head = torch.nn.Linear(8, 5)
        for k, parameter in enumerate(self.parameters()):
            count = torch.arange(1.0, parameter.numel() + 1)
            parameter.data = 0.5 * torch.sin((0.7 + k) * count**1.5).view(parameter.shape)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        x = self.act1(self.conv1(x))
        return self.head(self.act2(self.conv2(x)).mean((2, 3)))


def study_panel(moved: Callable[..., Any]) -> Any:
    """Return the study panel with the third question of a rater."""
    photos = 0.5 + 0.5 * torch.sin(torch.arange(1536.0).view(2, 3, 16, 16) ** 1.2 / 40)
    maps = {"size": photos.square(), "slope": photos - photos.roll(1, 3)}
    panel = moved(xc.widgets.StudyPanel(photos, maps, file=None), rater=2)
    panel.agree()
    for choice in ("left", "cannot tell"):
        panel.answer(choice)
    return panel


def guess_panel(moved: Callable[..., Any]) -> Any:
    """Return the guess panel with the first picture that has a map beside it."""
    photos = 0.5 + 0.5 * torch.sin(torch.arange(1536.0).view(2, 3, 16, 16) ** 1.2 / 40)
    maps = photos.square(), photos - photos.roll(1, 3)
    panel = moved(xc.widgets.GuessPanel(photos, ["cat", "owl"], *maps, file=None), rater=2)
    panel.agree()
    for choice in ("cat", "owl"):
        panel.answer(choice)
    return panel


def panels() -> dict[str, Callable[[], Any]]:
    """Return name -> a panel in a state away from its first one."""
    net, toy, toy_x = Net().eval(), xc.zoo.toy(), torch.tensor([[3.0, 1.0]], dtype=torch.float64)
    photo = 0.5 + 0.5 * torch.sin(torch.arange(768.0).view(1, 3, 16, 16) ** 1.2 / 40)
    labels, classes = ["ant", "cat", "owl", "elk", "dog"], {"cat": 1, "owl": 2}
    photos = {"one": photo, "two": photo.flip(3)}
    five = torch.cat([(0.2 + 0.2 * k) * photo for k in range(5)])
    w = xc.widgets

    def moved(panel: Any, **settings: Any) -> Any:
        panel.set(**settings)
        assert panel.error is None, panel.error
        return panel

    return {
        "attribution": lambda: w.AttributionPanel(net, photos, classes, side=4),
        "tangent": lambda: w.TangentExplorer(net, photo, 2, labels=labels, side=4),
        "tangent_toy": lambda: w.TangentExplorer(toy, toy_x, step=2.0),
        "randomise": lambda: w.RandomisePanel(net, photo, classes),
        "relevance": lambda: w.RelevancePanel({"net": (net, photo, classes)}),
        "relevance_toy": lambda: w.RelevancePanel({"toy": (toy, toy_x, {"f": None})}),
        "layer": lambda: w.LayerPanel(net, photo, classes, layers=["act1", "act2"]),
        "path": lambda: w.PathPanel(net, photo, 2, steps=8, labels=labels, alpha=0.5),
        "path_toy": lambda: w.PathPanel(toy, toy_x, steps=4, alpha=0.25),
        "pattern": lambda: moved(w.PatternPanel(), angle=60, strength=1.0),
        "noise": lambda: w.NoisePanel(net, photo, 2, labels=labels, sigma=0.1, samples=16),
        "noise_toy": lambda: w.NoisePanel(toy, toy_x, sigma=0.01, samples=8),
        "baseline": lambda: w.BaselinePanel(
            net, photo, 2, baselines={"black": "black", "half": 0.5}, labels=labels, samples=16
        ),
        "stops": lambda: moved(w.StopsPanel(net, photo, classes=classes), weight="squares"),
        "stops_toy": lambda: w.StopsPanel(toy, toy_x, weight="before", share=0.5),
        "way": lambda: moved(w.WayPanel({"toy": (toy, toy_x)}, way="x2 first"), up=1.5),
        "words": lambda: moved(
            w.WordsPanel({"net": xc.zoo.load("sentence_cnn")}, ["a dull film"]), way="greedy"
        ),
        "study": lambda: study_panel(moved),
        "study_toy": lambda: moved(
            study_panel(moved), mode="simulated raters", raters=10, spread=1.0, side=0.7
        ),
        "guess_toy": lambda: guess_panel(moved),
        "attack": lambda: moved(w.AttackPanel(net, photo, labels=labels), method="SmoothGrad"),
        "evaluation": lambda: moved(
            w.EvaluationPanel(net, five, maps={"one": five, "two": -five}, a="one", b="two"),
            imputer="grey",
        ),
        "bias": lambda: moved(
            w.BiasPanel({"net": net}, photos, labels=labels), **{"class": "second"}
        ),
    }


def pictures() -> dict[str, dict[str, Any]]:
    """Return name -> the panel's words, the size of its picture, and a small grey copy of it."""
    found = {}
    for name, make in panels().items():
        panel = make()
        picture = Image.open(io.BytesIO(panel.picture.value))
        found[name] = {
            "controls": {key: type(control).__name__ for key, control in panel.controls.items()},
            "caption": panel.describe(panel.result),
            "alt": panel.alt(panel.result),
            "size": picture.size,
            "picture": small(picture),
        }
    return found


def small(picture: Image.Image) -> str:
    """Return a small grey PNG of a picture as text."""
    height = round(SMALL * picture.height / picture.width)
    grey = picture.convert("RGB").convert("L").resize((SMALL, height), Image.Resampling.BOX)
    file = io.BytesIO()
    grey.save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def pixels(text: str) -> np.ndarray:
    """Return the darkness of each pixel of a stored picture, from 0 (white) to 1 (black)."""
    return 1 - np.asarray(Image.open(io.BytesIO(base64.b64decode(text))), dtype=float) / 255


# ---------------------------------------------------------------- the files

TABLES = {
    "answers": answers, "signatures": signatures, "headings": headings, "panels": pictures,
}  # fmt: skip


def stored(name: str) -> dict[str, Any]:
    """Return a table as it was stored."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def one_line_each(table: dict[str, Any]) -> str:
    """Return a table as JSON with one entry a line, so that a difference can be read."""
    lines = []
    for name, value in table.items():
        if isinstance(value, dict):
            inner = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            lines.append(f"{json.dumps(name)}: {{\n{inner}\n }}")
        else:
            lines.append(f"{json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    torch.set_num_threads(1)
    for wanted in sys.argv[1:] or TABLES:
        (FOLDER / f"{wanted}.json").write_text(one_line_each(TABLES[wanted]()), encoding="utf-8")
        print(f"stored {wanted}.json")
