"""Task 17.4: maps that win the localisation scores without a network."""

from functools import cached_property

import torch

from xaicourse.course.grading.calling import call
from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.compare import distance, refuse, to_tensor
from xaicourse.course.grading.mistakes import without_steps
from xaicourse.course.lessons.l17_ground_truth_and_people.painters import (
    SHAPES,
    all_marks,
    bright,
    bright_part,
    centre,
    corner,
    dots,
    edges_of,
    paint,
)
from xaicourse.course.lessons.l17_ground_truth_and_people.scores import localise
from xaicourse.datasets.planted_patches import planted

__all__ = ["BREAK_IT"]

PICTURES, SEED = 48, 170_400  # not the pictures of the lesson
WANTED = 0.9
ALIKE = 0.02  # two maps of one picture
WHERE = "48 pictures"


class Painter(Claim):
    """A function of pictures, and how its maps lie beside the masks."""

    wanted = WANTED

    def read(self, answer):
        """Ask for the maps, and refuse what is no map."""
        if not callable(answer):
            refuse("general/not_a_function", kind=type(answer).__name__, name=self.what)
        self.function = answer
        x, _, masks = planted(PICTURES, seed=SEED)
        self.x, self.masks = x, masks
        given = x.clone()
        maps = to_tensor(call(answer, {"x": given}, WHERE), tuple(x.shape), WHERE)
        self.changed = not torch.equal(given, x)
        self.finite = bool(torch.isfinite(maps).all())
        self.maps = maps.nan_to_num(0.0)

    def rank_of(self, maps):
        """Return the mean rank; maps of zeros say nothing, and so get their chance."""
        return float(localise(maps.double(), self.masks)[:, 1].mean())

    @property
    def alone_differs(self):
        """Whether the map of a picture depends on the other pictures of the batch."""
        one = call(self.function, {"x": self.x[:1].clone()}, "one picture")
        return distance(to_tensor(one, (1, 1, 32, 32), "one picture"), self.maps[:1]) > ALIKE

    @cached_property
    def rank(self):
        return self.rank_of(self.maps)

    def like(self, function):
        """Whether these are the maps of another function, up to a factor."""
        theirs = function(self.x.double())
        pair = torch.stack([self.maps.flatten(), theirs.flatten()])
        return float(torch.nn.functional.cosine_similarity(*pair, dim=0)) > 0.999


def loose(lit):
    """Count bright pixels of each shape and forget those beside it."""
    return torch.nn.functional.conv2d(lit, SHAPES)


def best_of_all(scores):
    """Take one place in the whole batch."""
    return (scores.amax(1, keepdim=True) == scores.max()).double() * (scores.max() > 0)


def plus_alone(lit):
    return torch.nn.functional.conv2d(lit, 2 * SHAPES[:1] - 1)


MISTAKES = [
    wrong("changed", "paint changes its argument x. Work on a copy.", lambda its: its.changed),
    wrong(
        "not_finite", "Some values of your maps are NaN or infinite.", lambda its: not its.finite
    ),
    wrong(
        "nothing",
        "All your maps are constant: by rank they get their chance, {rank}.",
        lambda its: its.maps.flatten(1).std(1).max() == 0,
        lambda x: 0 * x,
    ),
    wrong(
        "brightness",
        "This is the brightness. The other marks are as bright: rank {rank}. Look at their SHAPE.",
        lambda its: its.like(lambda x: x),
        lambda x: x,
    ),
    wrong(
        "bright",
        "You light every bright pixel, of all four marks: rank {rank}. Which SHAPE decides?",
        lambda its: its.like(bright),
        bright,
    ),
    wrong(
        "all_marks",
        "You light all four marks: rank {rank}. Three of them never decide.",
        lambda its: its.like(all_marks),
        all_marks,
    ),
    wrong(
        "edges",
        "These are edges: all marks have them, and rank is {rank}. Look for the shapes.",
        lambda its: its.like(edges_of),
        edges_of,
    ),
    wrong(
        "centre",
        "Your maps are the same for all pictures: rank {rank}. The mark moves.",
        lambda its: bool((its.maps == its.maps[:1]).all()),
        centre,
    ),
    wrong(
        "dots",
        "You find the mark and light its middle alone. Rank asks for all its 25 pixels.",
        lambda its: its.like(lambda x: paint(x, fill=dots)),
        lambda x: paint(x, fill=dots),
    ),
    wrong(
        "corner",
        "You light the upper left pixel of the mark alone. Rank asks for all its 25 pixels.",
        lambda its: its.like(lambda x: paint(x, fill=corner)),
        lambda x: paint(x, fill=corner),
    ),
    wrong(
        "bright_part",
        "You light the bright pixels of the right mark. Its dark ones count as well: fill 5 x 5.",
        lambda its: its.like(bright_part),
        bright_part,
    ),
    wrong(
        "one_shape",
        "You find the plus alone. Four shapes decide.",
        lambda its: its.like(lambda x: paint(x, scores=plus_alone)),
        lambda x: paint(x, scores=plus_alone),
    ),
    wrong(
        "too_low",
        "The mean rank of your maps is {rank}. Asked is {wanted} or more. Where do they lie when "
        "they miss?",
        lambda its: its.rank < WANTED,
        lambda x: paint(x, scores=loose, choose=lambda s: s.amax(1, keepdim=True)),
    ),
    wrong(
        "batch",
        "The map of the first picture changes when it comes alone. Each picture for itself.",
        lambda its: its.alone_differs,
    ),
]


BREAK_IT = claim_task(
    "17.4",
    Painter,
    name="paint",
    right=without_steps(paint),
    calls=[{"x": planted(3, seed=SEED).x}],
    mistakes=MISTAKES,
    passed="Rank {rank}, without a network, a class or a gradient.",
    hints=(
        "All marks are brighter than 0.5, and no cloud is. So make the pictures 0 or 1 first: what "
        "is left are shapes.",
        "conv2d with 2 * SHAPES - 1 counts bright pixels of a shape, less those that should be "
        "dark. Where a shape fits wholly, the count is 9.",
        "bright = (x > 0.5).float(); fit = conv2d(bright, 2 * SHAPES - 1); place = (fit.amax(1, "
        "keepdim=True) > 8.5).float(); return conv_transpose2d(place, torch.ones(1, 1, 5, 5)).",
    ),
)
