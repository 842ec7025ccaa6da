"""Task 12.6: a step function for which the walk and Shapley values name another first feature."""

from xaicourse.course.grading.claims import claim_task, wrong
from xaicourse.course.lessons.l12_beyond_pixels.steps_claim import UNFIT_STEPS, Steps

__all__ = ["BREAK_IT"]


class Disagreement(Steps):
    """(f, thresholds, x, baseline): who is first on the walk, and who over all orders."""

    lead = 0.1  # of the sum of all sizes: by so much the first must be ahead of the second
    least = 0.5  # size of the rise

    def first(self, shares):
        return int(shares.abs().argmax())

    def ahead(self, shares):
        """How far the first is ahead of the second, as a part of all sizes."""
        sizes = shares.abs().sort(descending=True).values
        return float((sizes[0] - sizes[1]) / sizes.sum()) if len(sizes) > 1 else 1.0

    @property
    def of_walk(self):
        return self.first(self.truth)

    @property
    def of_orders(self):
        return self.first(self.shapley)

    @property
    def walk_lead(self):
        return self.ahead(self.truth)

    @property
    def orders_lead(self):
        return self.ahead(self.shapley)

    @property
    def equal(self):
        return bool((self.truth - self.shapley).abs().max() < 1e-9)


def above(points, feature, theta):
    return (points[:, feature] > theta).to(points.dtype)


def last_takes_all(points):
    return above(points, 0, 0.9) * above(points, 1, 0.1) + 0.3 * above(points, 1, 0.5)


def additive(points):
    return above(points, 0, 0.9) + 2 * above(points, 1, 0.1)


def narrow(points):
    return above(points, 0, 0.9) * above(points, 1, 0.1) + 0.02 * above(points, 1, 0.5)


def narrow_walk(points):
    return above(points, 0, 0.9) * above(points, 1, 0.1) + 0.95 * above(points, 1, 0.5)


def same_first(points):
    return above(points, 0, 0.9) * above(points, 1, 0.1) + 0.3 * above(points, 0, 0.5)


def smooth(points):
    return last_takes_all(points) + 0.5 * points[:, 1]


def small(points):
    return 0.1 * last_takes_all(points)


RIGHT = {
    "f": last_takes_all,
    "thresholds": [[0.9], [0.1, 0.5]],
    "x": [1.0, 1.0],
    "baseline": [0.0, 0.0],
}

MISTAKES = [
    wrong(
        "one_feature",
        "One feature alone gets everything, in any order. Take two or more.",
        lambda its: its.features == 1,
        {"f": lambda p: above(p, 0, 0.5), "thresholds": [[0.5]], "x": [1.0], "baseline": [0.0]},
    ),
    wrong(
        "not_a_step",
        "f changes by {slope} between two crossings. It may only jump, and thresholds must name "
        "all places where it does.",
        lambda its: its.slope > 1e-9,
        RIGHT | {"f": smooth},
    ),
    wrong(
        "small_rise",
        "The rise of f is {whole}. Its size must be at least {least}.",
        lambda its: abs(its.whole) < its.least,
        RIGHT | {"f": small},
    ),
    wrong(
        "all_at_once",
        "All features cross at one place. There the walk asks all orders, and both are equal.",
        lambda its: its.equal and len(its.places) == 1,
        RIGHT | {"thresholds": [[0.5], [0.5]], "f": lambda p: above(p, 0, 0.5) + above(p, 1, 0.5)},
    ),
    wrong(
        "additive",
        "Both methods give the same: {truth}. Let a feature's jump depend on whether another one "
        "has crossed.",
        lambda its: its.equal,
        RIGHT | {"f": additive},
    ),
    wrong(
        "same_first",
        "Both name the same feature first. The walk gives {truth}, the mean over all orders "
        "{shapley}.",
        lambda its: its.of_walk == its.of_orders and its.walk_lead >= its.lead,
        RIGHT | {"f": same_first, "thresholds": [[0.5, 0.9], [0.1]]},
    ),
    wrong(
        "narrow_walk",
        "On the walk the first two are nearly equal: {truth}. Let the first one be clearly ahead.",
        lambda its: its.walk_lead < its.lead,
        RIGHT | {"f": narrow_walk},
    ),
    wrong(
        "narrow_orders",
        "Over all orders the first two are nearly equal: {shapley}. Let the first one be clearly "
        "ahead.",
        lambda its: its.orders_lead < its.lead,
        RIGHT | {"f": narrow},
    ),
]

BREAK_IT = claim_task(
    "12.6",
    Disagreement,
    name="12.6",
    right=RIGHT,
    unfit=[wrong(*line) for line in UNFIT_STEPS],
    mistakes=MISTAKES,
    passed="Both add up to the same rise and name another feature first: walk {truth}, all orders "
    "{shapley}.",
    hints=(
        "On a walk the last one to cross takes the whole effect of an AND. What does it get over "
        "all orders?",
        "Let x1 complete an AND late, and let x2 have a small effect of its own as well.",
        "f = 1[x1 > .9] 1[x2 > .1] + 0.3 1[x2 > .5] from (0, 0) to (1, 1): the walk gives (1, .3), "
        "all orders (.5, .8).",
    ),
)
