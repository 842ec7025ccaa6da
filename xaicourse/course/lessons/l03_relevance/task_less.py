"""Task 03.6: a net in which less than nothing of the score arrives at the inputs."""

from functools import cached_property
from typing import Any

import torch

from xaicourse.course.grading.claims import claim_task, wrong
from xaicourse.course.lessons.l03_relevance.epsilon_rules import lrp_epsilon
from xaicourse.course.lessons.l03_relevance.nets import run
from xaicourse.course.lessons.l03_relevance.own_nets import NET_FAULTS, NetClaim

__all__ = ["LESS_THAN_NOTHING"]


class Account(NetClaim):
    """A net and an input: the score, and the sum of the map of LRP with epsilon 1e-9."""

    most = 1.0  # no bias is larger
    least = 1.0  # the score
    asked = -10.0  # the sum of the map is at most this many scores

    def read(self, answer: Any) -> None:
        """Take (net, x)."""
        part = self.parts(answer, "net", "x")
        self.keep(part["x"], net=part["net"])

    @cached_property
    def score(self) -> float:
        """What is shared out."""
        return float(run(*self.nets[0], self.x)[1][-1])

    @cached_property
    def total(self) -> float:
        """The sum of the map."""
        return float(lrp_epsilon(*self.nets[0], self.x, torch.tensor([0]), 1e-9).sum())

    @property
    def scores(self) -> float:
        """The same in scores."""
        return self.total / self.score

    @property
    def weight(self) -> float:
        """The largest weight."""
        return max(float(W.abs().max()) for W in self.nets[0][0])

    @property
    def largest(self) -> float:
        """The largest bias."""
        return max(float(b.abs().max()) for b in self.nets[0][1])


def small(z: float, w: float = 10.0) -> dict[str, Any]:
    """Return two hidden units with the sum z each, made of a bias 1 and an input of the rest."""
    hidden = ([[z - 1.0], [z - 1.0]], [1.0, 1.0])
    return {"net": [hidden, ([[w, w]], [0.0])], "x": [[1.0]]}


LESS_THAN_NOTHING = claim_task(
    "03.6",
    Account,
    name="your answer (net, x)",
    right=small(0.06),
    unfit=[
        *NET_FAULTS,
        wrong(
            "weights",
            "No weight may be larger than {wide}, your largest is {weight}.",
            lambda its: its.weight > its.wide,
        ),
        wrong(
            "large_bias",
            "No bias may be larger than {most}, your largest is {largest}. A large bias of the "
            "output would make it too easy.",
            lambda its: its.largest > its.most,
            {"net": [([[-2.0]], [3.0]), ([[1.0]], [0.0])], "x": [[1.0]]},
        ),
    ],
    mistakes=[
        wrong(
            "no_score",
            "The score is {score}. Asked is a score of at least {least}: less than nothing is to "
            "arrive of something.",
            lambda its: its.score < its.least,
            small(0.06, w=1.0),
        ),
        wrong(
            "adds_up",
            "The map adds up to the score, {score}: your biases keep nothing. See {section_share}.",
            lambda its: abs(its.total - its.score) < 1e-3 * its.score,
            {"net": [([[1.0]], [0.0]), ([[2.0]], [0.0])], "x": [[1.0]]},
        ),
        wrong(
            "something_arrives",
            "The map adds up to {total}, and the score is {score}. A positive part arrives; the "
            "inputs have to speak against the score, and the biases for it.",
            lambda its: its.total >= 0,
            {"net": [([[1.0]], [1.0]), ([[1.0]], [0.0])], "x": [[1.0]]},
        ),
        wrong(
            "not_far",
            "Less than nothing arrives, {scores} times the score. Asked is {asked} times or less. "
            "What happens to the shares of a unit whose sum is small?",
            lambda its: its.scores > its.asked,
            small(0.2),
        ),
    ],
    passed="The score is {score}, and the inputs get {total}. The biases keep the rest.",
    evidence="The score is {score}, the map adds up to {total}.",
    hints=(
        "One unit with z = -0.9 + 1 shares out what it received in the proportion -9 to 10. Which "
        "of the two parts belongs to an input?",
        "The smaller the sum z beside its bias, the larger the shares. The weights behind the unit "
        "make up for the small output, so that the score is large enough.",
        "Two hidden units with the weights -0.94 and the biases 1, at x = 1, have the sums 0.06. "
        "With the weights 10 and 10 behind them the score is 1.2. What do the inputs get?",
    ),
)
