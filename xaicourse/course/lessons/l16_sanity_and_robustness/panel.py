"""Attack lab: move the map of one picture, with a defence that is known to the attacker or not."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor

from xaicourse.course.lessons.l16_sanity_and_robustness.stored import (
    CollageTwin,
    collage_twins,
    digit_nets,
    fooled_nets,
)
from xaicourse.methods.spec import Spec, spec
from xaicourse.plot.scale import shared_limits
from xaicourse.robustness.attack_map import MapAttack, attack_map
from xaicourse.robustness.ball import random_twin
from xaicourse.widgets.controls import Choice, WholeSlider, is_image
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.given import InputPanel
from xaicourse.widgets.plates import Map, Photo, Plate
from xaicourse.widgets.words import number
from xaicourse.widgets.work import Memory

__all__ = [
    "AttackPanel",
    "AttackView",
    "CollageTwin",
    "collage_twins",
    "digit_nets",
    "fooled_nets",
]

STEPS = 20
LARGEST = 32
MOST_ATTACKS = 40
STRONGEST = 50
INTEGRATED = "Integrated Gradients"
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "gradient": ("gradient", {}),
    INTEGRATED: ("integrated_gradients", {"steps": 8}),
    "SmoothGrad": ("smoothgrad", {"samples": 8, "sigma": 0.1}),
}
GOALS = {
    "away from the strongest": "top_k",
    "centre of mass": "mass_centre",
    "into the left half": "region",
}
GRADIENT, METHOD = "the gradient", "the method itself"


@documented
class AttackView:
    """What the panel shows."""

    settings: Settings
    attack: Annotated[MapAttack, "What the search found, on the map that the attacker knows."]
    random: Annotated[Tensor, "(1, C, H, W): As large a change, with random signs."]
    maps: Annotated[Sequence[Tensor], "The method's maps (H, W) of x, the twin, the random twin."]
    kept: Annotated[float, "Share of the 50 strongest pixels of x that are still among them."]
    by_chance: Annotated[float, "The same for the random twin."]
    probabilities: Annotated[Sequence[float], "Of the class, at x and at the twin."]
    random_keeps: Annotated[bool, "Whether the random twin keeps the class."]
    score_name: Annotated[str, "What is explained, for example 'logit of coat'."]


class AttackPanel(InputPanel):
    """Attack the map of one picture, and see what a random change of that size does.

    The search keeps the predicted class. It moves the map that the attacker knows; what is shown is
    the map of the method.

    Parameters
    ----------
    model, x, target, batch_size
        As for `xc.robustness.attack_map`; x holds one image in [0, 1].
    eps : int
        By how many grey levels of 255 a pixel may change, at first.
    method, knows : str
        The method whose maps are shown, and what the attacker knows, at first.
    labels : sequence of str, optional
        Names of the classes, used in words.

    Raises
    ------
    ValueError, TypeError
        As for `xc.robustness.attack_map`; x that is no single image.

    Examples
    --------
    >>> import xaicourse as xc
    >>> x = xc.datasets.fashion_mnist(n=1).x
    >>> panel = xc.widgets.AttackPanel(xc.zoo.load("fashion_cnn", device="cpu"), x)
    >>> bool(panel.result.attack.kept)
    True
    """

    title = "attack lab, who can move the map"
    size = (9.9, 2.1)
    eps = WholeSlider(1, LARGEST, label="eps, grey levels", live=False)
    goal = Choice(list(GOALS))
    method = Choice(list(METHODS))
    knows = Choice([GRADIENT, METHOD], label="attacker knows")
    beta = Choice(["20", "2", "1000"])

    def __init__(
        self,
        model: Callable[..., Any],
        x: Tensor,
        target: Any = None,
        *,
        eps: int = 8,
        method: str = "gradient",
        knows: str = GRADIENT,
        labels: Sequence[str] | None = None,
        batch_size: int | None = None,
    ) -> None:
        question = self.look_at(model, x, target, "logit", labels, batch_size)
        if not is_image(x):
            raise ValueError(f"x must be one image (1, C, H, W), got shape {tuple(x.shape)}")
        with torch.no_grad():
            self.at_x = question.model(x)[0].softmax(0)
        self.class_ = int(self.at_x.argmax()) if target is None else target
        self.memory = Memory(MOST_ATTACKS)
        super().__init__({"eps": eps, "method": method, "knows": knows})

    def compute(self, settings: Mapping[str, Any]) -> Generator[AttackView | None, None, None]:
        """Yield the view; each search is kept."""
        known = "gradient" if settings["knows"] == GRADIENT else settings["method"]
        key = known, settings["eps"], settings["goal"], settings["beta"]
        attack = yield from self.memory.walk(key, self._search(*key))
        yield self._view(settings, attack)

    def _search(
        self, known: str, eps: int, goal: str, beta: str
    ) -> Generator[None, None, MapAttack]:
        """Search for a twin; a move of a control is heard before and after it."""
        yield
        left = torch.zeros(self.x.shape[-2:], dtype=torch.bool)
        left[:, : self.x.shape[-1] // 2] = True
        kind = GOALS[goal]
        found = attack_map(
            self.model, self.x, self.class_, method=made(known), goal=kind,
            k=min(STRONGEST, left.numel() - 1), region=left if kind == "region" else None,
            eps=eps / 255, steps=STEPS, beta=float(beta), batch_size=self.batch_size,
        )  # fmt: skip
        yield
        return found

    def _view(self, settings: Mapping[str, Any], attack: MapAttack) -> AttackView:
        random = random_twin(self.x, settings["eps"] / 255)
        method = made(settings["method"])
        points = torch.cat([self.x, attack.x, random])
        found = method(self.model, points, target=self.class_, batch_size=self.batch_size)
        maps = list(found.detach().sum(1).cpu())
        with torch.no_grad():
            twin, by_chance = self.model(points[1:]).softmax(1)
        return AttackView(
            settings=dict(settings),
            attack=attack,
            random=random,
            maps=maps,
            kept=still_strongest(maps[0], maps[1]),
            by_chance=still_strongest(maps[0], maps[2]),
            probabilities=(float(self.at_x[self.class_]), float(twin[self.class_])),
            random_keeps=int(by_chance.argmax()) == int(self.at_x.argmax()),
            score_name=self.score_name("logit"),
        )

    def plates(self, result: AttackView) -> Iterator[Plate]:
        places = [(0.06 + 1.54 * k, 0.2, 1.44, 1.44) for k in range(6)]
        pictures = {"x": self.x, "twin": result.attack.x, "random twin": result.random}
        for place, (name, picture) in zip(places, pictures.items(), strict=False):
            yield Photo(place, name, picture.cpu(), says=f"the picture {name}")
        limit = shared_limits([result.maps[0]], 99.0)[1]
        unit = "share of logit" if result.settings["method"] == INTEGRATED else "logit per unit"
        for k, (name, values) in enumerate(zip(pictures, result.maps, strict=True)):
            bar = (9.3, 0.25, 0.1, 1.34) if k == 2 else None
            yield Map(
                places[3 + k], f"map: {name}", values,
                limit=limit, bar_at=bar, unit=unit, clipped=True,
                says=f"the map of {name}, on the scale of the map of x",
            )  # fmt: skip

    def words(self, result: AttackView) -> Iterator[str]:
        yield f"eps {result.settings['eps']} grey levels"
        yield (
            f"{result.settings['method']}: of the 50 strongest pixels {number(result.kept)} are "
            f"kept (random twin: {number(result.by_chance)})"
        )
        before, after = result.probabilities
        yield f"the class is kept, its probability {number(before)} becomes {number(after)}"
        yield f"attacker knows {result.settings['knows']}"
        if not result.random_keeps:
            yield "the random twin has another class"
        if int(result.attack.step) == 0:
            yield "no twin was found"

    def intro(self, result: AttackView) -> str:
        s = result.settings
        return (
            f"Attack lab, {result.score_name}, eps {s['eps']} grey levels, {s['goal']}, "
            f"{s['method']}, attacker knows {s['knows']}, beta {s['beta']}."
        )


def made(name: str) -> Spec:
    """Return one of the methods with its settings."""
    method, settings = METHODS[name]
    return spec(method, **settings)


def still_strongest(a: Tensor, b: Tensor) -> float:
    """Return which part of the strongest pixels of one map (H, W) are strongest in another."""
    k = min(STRONGEST, a.numel() - 1)
    first, second = (set(m.abs().flatten().topk(k).indices.tolist()) for m in (a, b))
    return len(first & second) / k
