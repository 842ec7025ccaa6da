"""Task 02.5: a guided map upside down: it shows an unused feature and hides one that f uses."""

from contextlib import contextmanager

import torch
from torch import relu

from xaicourse.core.gradients import ask, gradients
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.rules import Rules
from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.integrate import OwnFunction, feature_place, to_rows
from xaicourse.methods.vanilla.relu_rules import guided_rule

__all__ = ["UPSIDE_DOWN"]

ZERO = 1e-6  # rounding
SAME = {torch.float64: 1e-6, torch.float32: 1e-5}  # a smaller change of f is rounding
FAR = (-1000.0, -100.0, -30.0, -15.0, 15.0, 30.0, 100.0, 1000.0)


class UpsideDown(Claim):
    """f, an input x (1, D), and two of its features: one that f does not use, one that it uses."""

    largest = 10.0  # all numbers of x lie in [-10, 10]
    wanted = 0.5  # a slope or a map above this size shows the feature

    def read(self, answer):
        """Take x and both features."""
        self.answer = self.parts(answer, "f", "x", "unused", "used")
        self.x = to_rows(self.answer["x"], "x", self.what)
        self.shape, self.features = tuple(self.x.shape), self.x.shape[-1]
        self.number = float(self.x.abs().max())
        self.unused, self.used = (feature_place(self.answer[n], self.x) for n in ("unused", "used"))
        self.part = "unused" if self.unused < 0 else "used"
        self.given = str(self.answer[self.part])[:40]

    @contextmanager
    def steady(self):
        """Judge f, with its gradient and its map at x, both (D,)."""
        self.f = OwnFunction(self.answer["f"], self.x, self.what)
        with self.f.steady(self._elsewhere(self.unused)[:5]):
            self.slopes = self.f.gradient(self.x)[0]
            self.map, self.error = self._guided_backprop(self.x)
            self.shown, self.hidden = self.map[[self.unused, self.used]].tolist()
            self.slope = float(self.slopes[self.used])
            yield

    def _guided_backprop(self, x):
        """Return the package's map of x (D,), and the operation for which there is no rule."""
        error, rules = "", Rules("guided backprop", guided_rule)
        try:
            x = x.to(self.f.dtype)
            question = ask(lambda points: self.f.f(points).reshape(-1), x, rules=rules)
            return gradients(question)[0].double()[0], error
        except UnsupportedOperationError as unknown:
            error = str(unknown).split(":")[0].split(";")[0]
        except ValueError:  # x is not in the graph at all
            pass
        return 0 * self.x[0], error

    def shown_elsewhere(self):
        """Say whether the map shows the unused feature where it has another value."""
        others = self.x.repeat(8, 1)
        others[:, self.unused] = torch.tensor([-9.0, -5, -1, -0.1, 0.1, 1, 5, 9]).double()
        maps = [self._guided_backprop(other[None])[0] for other in others]
        return max(abs(float(found[self.unused])) for found in maps) > self.wanted

    def _elsewhere(self, feature):
        """Return x and inputs elsewhere, near and far, each with 49 values of the feature."""
        generator = torch.Generator().manual_seed(0)
        drawn = 2 * torch.rand((10, self.features), generator=generator).double() - 1
        sizes = torch.tensor([[self.largest]] * 6 + [[100.0]] * 4)
        end = torch.full_like(self.x, self.largest)
        places = torch.cat([self.x, sizes * drawn, end, -end])  # (13, D)
        values = torch.cat([torch.linspace(-self.largest, self.largest, 41), torch.tensor(FAR)])
        others = places.repeat_interleave(len(values), dim=0)
        others[:, feature] = values.double().repeat(len(places))
        return others

    def changes_with(self, feature):
        """Say whether f changes with one feature, anywhere."""
        others = self._elsewhere(feature)
        values = self.f.value(others).reshape(13, -1)  # one line for each place
        change = (values - values[:, :1]).abs()
        rounding = 1 + others.abs().amax(1).reshape(13, -1) + values.abs()
        return float((change / rounding).max()) > SAME[self.f.dtype]

    def exchanged(self):
        """Say whether the example would be right if the two features were exchanged."""
        slope = abs(float(self.slopes[self.unused]))
        right = min(slope, abs(self.hidden)) > self.wanted and abs(self.shown) <= ZERO
        return right and not self.changes_with(self.used)


def example(f, unused=0, used=1):
    """Return an answer; its f is given as a function of the two features (N,)."""
    return {"f": lambda p: f(p[:, 0], p[:, 1]), "x": [[2.0, 1.0]], "unused": unused, "used": used}


def upside_down(a, b):
    """Return f(a, b) of a right example."""
    return relu(a) - relu(a) - relu(b)


UNFIT = [
    wrong(
        "one_row",
        "x must be one input with at least two features, (1, D). It has shape {shape}.",
        lambda its: len(its.x) != 1 or its.x.ndim != 2 or its.features < 2,
    ),
    wrong(
        "range",
        "The numbers of x must lie between -{largest} and {largest}. You gave {number}.",
        lambda its: its.number > its.largest,
    ),
    wrong(
        "feature",
        "{part} must be the index of one of the {features} numbers of x. You gave {given}.",
        lambda its: its.unused < 0 or its.used < 0,
    ),
    wrong(
        "same_feature",
        "unused and used must be two features. Both are {used}.",
        lambda its: its.unused == its.used,
    ),
]

BLANK = "f does not use feature {unused}, and Guided Backprop gives it"
SHOWN = "Feature {unused} is right: shown, but not used. But"
MISTAKES = [
    wrong(
        "refused",
        "Guided Backprop has no rule for an operation in f: {error}. Use sums, products with "
        "numbers, and ReLUs.",
        lambda its: its.error != "",
    ),
    wrong(
        "exchanged",
        "The example is right, but unused and used are exchanged.",
        lambda its: its.exchanged(),
        example(upside_down, unused=1, used=0),
    ),
    wrong(
        "not_unused",
        "f does use feature {unused}: with it f changes, here or for other inputs.",
        lambda its: its.changes_with(its.unused),
        example(lambda a, b: 2 * relu(a) - relu(b)),
    ),
    wrong(
        "gate_closed",
        f"{BLANK} 0, too, but not everywhere: at this x the gates of its ReLUs are closed. Choose "
        "an x at which they are open.",
        lambda its: abs(its.shown) <= ZERO and its.shown_elsewhere(),
        {**example(lambda a, b: relu(a) - relu(a) - relu(b)), "x": [[-2.0, 1.0]]},
    ),
    wrong(
        "also_blank",
        f"{BLANK} 0, too. Let something cancel that goes through ReLUs.",
        lambda its: abs(its.shown) <= ZERO,
        example(lambda a, b: 0 * a - 3 * relu(b)),
    ),
    wrong(
        "too_small",
        f"{BLANK} {{shown}}. Its size must be above {{wanted}}: use larger weights.",
        lambda its: abs(its.shown) <= its.wanted,
    ),
    wrong(
        "shown_too",
        f"{SHOWN} Guided Backprop gives {{hidden}} to feature {{used}}; it must be 0. Which "
        "signals does the rule stop?",
        lambda its: abs(its.hidden) > ZERO,
        example(lambda a, b: relu(a) - relu(a) + relu(b)),
    ),
    wrong(
        "uses_nothing",
        f"{SHOWN} f does not use feature {{used}} either. Let f use it, and let the rule hide it.",
        lambda its: abs(its.slope) <= its.wanted and not its.changes_with(its.used),
        example(lambda a, b: relu(a) - relu(a) + 0 * b),
    ),
    wrong(
        "too_flat",
        "Feature {used} is hidden, but its gradient at x is {slope}. Its size must be above "
        "{wanted}.",
        lambda its: abs(its.slope) <= its.wanted,
    ),
]

UPSIDE_DOWN = claim_task(
    "02.5",
    UpsideDown,
    name="your example (f, x, unused, used)",
    right=example(upside_down),
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed=(
        "Guided Backprop shows feature {unused} ({shown}), which f never uses, and hides feature "
        "{used}, whose gradient is {slope}."
    ),
    hints=(
        "The rule stops negative signals. Use this twice: to hide what f uses, and to show "
        "something that cancels.",
        "To hide a feature: let its only signal arrive at a ReLU with a minus. To show an unused "
        "one: a number minus itself is always 0, and if both halves go through a ReLU, only one "
        "lets its signal pass.",
        "f = lambda p: torch.relu(p[:, 0]) - torch.relu(p[:, 0]) - torch.relu(p[:, 1]), x = [[2.0, "
        "1.0]], unused = 0, used = 1.",
    ),
)
