"""What an input shows of one of the three metrics of task 15.5."""

from functools import cached_property
from itertools import combinations

import torch

from xaicourse.course.grading.claims import Claim
from xaicourse.course.grading.integrate import OwnFunction, to_rows
from xaicourse.course.lessons.l15_test_the_metric.bugs import bug_a, bug_b, bug_c

BUGS = {"a": bug_a, "b": bug_b, "c": bug_c}
CONVICTED = 0.1  # a value is off by this much, relative to the larger, in one of the inputs
SAME = 1e-9


class Evidence(Claim):
    """(F, x, phi, fill), and what it shows of one metric."""

    names = ("F", "x", "phi", "fill")
    largest, most = 10.0, 8

    def __init__(self, bug, answer, task):
        self.bug = bug
        super().__init__(answer, f"input {bug}")

    def parts(self, answer, *names):
        """Names of parts are compared in small letters."""
        if isinstance(answer, dict):
            given = {str(key).lower(): value for key, value in answer.items()}
            answer = [given.get(name.lower()) for name in names]
        return super().parts(answer, *names)

    def read(self, answer):
        """Keep F, x and phi (N, D), and the fill."""
        part = self.parts(answer, *self.names)
        self.x = to_rows(part["x"], "x", self.what)
        self.phi = to_rows(part["phi"], "phi", self.what)
        self.fill = float(to_rows(part["fill"], "fill", self.what).flatten()[0])
        self.shape, self.of_phi = tuple(self.x.shape), tuple(self.phi.shape)
        self.F = OwnFunction(part["F"], self.x, self.what, name="F")

    def steady(self):
        """F must be plain and stay the same."""
        blank = torch.full_like(self.x, self.fill)
        return self.F.steady(torch.cat([self.x, blank, (self.x + blank) / 2])[:12])

    @property
    def number(self):
        """The largest number of the input."""
        given = torch.cat([self.x.flatten(), torch.tensor([self.fill]).double()])
        return float(given[given.abs().argmax()])

    def score(self, gone):
        """F of x without some features, (N,)."""
        return self.F.value(torch.where(gone, self.fill, self.x))

    @cached_property
    def yours(self):
        """What the metric gives, (N,)."""
        return BUGS[self.bug](self.F.value, self.x, self.phi, self.fill)

    @cached_property
    def rights(self):
        """What a right metric may give, (choices, N): more than one where equals may be chosen."""
        return {"a": self.half_gone, "b": self.alone, "c": self.own_share}[self.bug]()

    @cached_property
    def errors(self):
        """How far each input's value is from the nearest right one, (N,)."""
        size = torch.maximum(self.yours.abs(), self.rights.abs()).clamp_min(1e-6)
        return ((self.yours - self.rights).abs() / size).min(0).values

    @property
    def error(self):
        return float(self.errors.nan_to_num(0.0).max())

    @property
    def worst(self):
        return int(self.errors.nan_to_num(0.0).argmax())

    @property
    def given(self):
        return float(self.yours[self.worst])

    @property
    def truth(self):
        return float(self.rights[0, self.worst])

    @property
    def off(self):
        return f"{100 * self.error:.1g} %" if self.error >= 1e-4 else "less than 0.01 %"

    # ------------------------------------------------------------ a

    def half_gone(self):
        """The drop without half of the features, for each choice among equals, (choices, N)."""
        half = self.x.shape[1] // 2
        found = []
        for row, values in enumerate(self.phi):
            bar = values.sort(descending=True).values[half - 1]
            above, tied = (values > bar).nonzero().flatten(), (values == bar).nonzero().flatten()
            drops = []
            for chosen in combinations(tied.tolist(), half - len(above)):
                gone = torch.zeros_like(self.x, dtype=torch.bool)
                gone[row, above], gone[row, list(chosen)] = True, True
                drops.append((self.score(torch.zeros_like(gone)) - self.score(gone))[row])
            found.append(torch.stack(drops))
        longest = max(map(len, found))
        return torch.stack([torch.cat([f, f[-1:].expand(longest - len(f))]) for f in found], 1)

    @property
    def tied(self):
        """Whether more features than half reach the bar in some input."""
        half = self.x.shape[1] // 2
        ranked = self.phi.sort(dim=1, descending=True).values
        return bool((ranked[:, half - 1] == ranked[:, half]).any())

    @property
    def any_equal(self):
        return bool((self.phi.sort(dim=1).values.diff(dim=1) == 0).any())

    # ------------------------------------------------------------ b

    @cached_property
    def single_drops(self):
        """How much F falls when each feature alone is gone, (N, D)."""
        eye = torch.eye(self.x.shape[1], dtype=torch.bool)
        drops = [
            self.score(torch.zeros(1, self.x.shape[1], dtype=torch.bool)) - self.score(e)
            for e in eye
        ]
        return torch.stack(drops, dim=1)

    def alone(self):
        """The correlation of phi with what each feature alone takes away, (1, N)."""
        a, b = (v - v.mean(dim=1, keepdim=True) for v in (self.phi, self.single_drops))
        return ((a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1)).clamp_min(1e-12))[None]

    @property
    def flat(self):
        """Whether phi or the drops are the same for all features, in each input."""
        spread = torch.minimum(self.phi.std(dim=1), self.single_drops.std(dim=1))
        return bool((spread < SAME).all())

    @cached_property
    def running(self):
        """What the features take away one after the other, (N, D)."""
        gone, scores = torch.zeros_like(self.x, dtype=torch.bool), []
        for i in range(self.x.shape[1] + 1):
            scores.append(self.score(gone))
            gone = gone.clone()
            gone[:, i : i + 1] = True
        return -torch.stack(scores, dim=1).diff(dim=1)

    @property
    def additive(self):
        """Whether each feature takes away the same, whatever is gone before."""
        return float((self.running - self.single_drops).abs().max()) < 1e-6

    # ------------------------------------------------------------ c

    @cached_property
    def first(self):
        return self.score(torch.zeros_like(self.x, dtype=torch.bool))

    @property
    def smallest(self):
        return float(self.first.min())

    def own_share(self):
        """The area as a share of each input's own score, (1, N)."""
        order = self.phi.argsort(dim=1, descending=True)
        place = order.argsort(dim=1)
        curve = torch.stack([self.score(place < k) for k in range(self.x.shape[1] + 1)], dim=1)
        area = ((curve[:, 1:] + curve[:, :-1]) / 2).mean(1)
        return (area / self.first.where(self.first.abs() > 1e-9, torch.nan))[None]

    @property
    def equal_scores(self):
        return float(self.first.max() - self.first.min()) < 0.1 * abs(float(self.first.max()))
