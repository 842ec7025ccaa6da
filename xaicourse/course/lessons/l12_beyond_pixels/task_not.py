"""Task 12.7: two sentences that differ by "not" alone, and three nets that do not care."""

from functools import cached_property

import torch

from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.compare import refuse
from xaicourse.zoo.sentence_net import SEEDS, UNKNOWN, read_words, sentence_net

__all__ = ["NOT_AT_ALL"]


def nets():
    """Return the three nets."""
    return [sentence_net(seed) for seed in SEEDS]


def shares_of(net, x):
    """Return Integrated Gradients of negative minus positive for each word, (L,)."""
    alphas = (torch.arange(64) + 0.5) / 64
    points = (alphas[:, None, None] * x).requires_grad_()
    with torch.enable_grad():
        scores = net(points)
        slopes = torch.autograd.grad((scores[:, 0] - scores[:, 1]).sum(), points)[0]
    return (x[0] * slopes.mean(0)).sum(1)


class Pair(Claim):
    """(plain, denied): a sentence, and the same with "not" in it."""

    names = ("plain", "denied")
    least, most = 3, 10  # words
    clear = 1.0  # logits: by so much one class must be ahead
    taught = ("plot", "was")  # the lesson's own example

    def read(self, answer):
        self.part = self.parts(answer, *self.names)
        for name in self.names:
            if not isinstance(self.part[name], str):
                kind = type(self.part[name]).__name__
                refuse("general/part_not_numbers", part=name, what=self.what, kind=kind)
        self.plain, self.denied = (read_words(self.part[name]) for name in self.names)

    @cached_property
    def nets(self):
        return nets()

    @property
    def length(self):
        return len(self.plain)

    @property
    def unknown(self):
        """Words that the nets have never seen."""
        known = self.nets[0].number
        return ", ".join(w for w in [*self.plain, *self.denied] if known.get(w, 0) <= UNKNOWN)

    @property
    def differs_by_not(self):
        places = [k for k, word in enumerate(self.denied) if word == "not"]
        return "not" not in self.plain and any(
            self.denied[:k] + self.denied[k + 1 :] == self.plain for k in places
        )

    @cached_property
    def leads(self):
        """Negative minus positive, for each net: [(plain, denied), ...]."""
        found = []
        for net in self.nets:
            pair = [net(net.embed([" ".join(words)]))[0] for words in (self.plain, self.denied)]
            found.append([float(scores[0] - scores[1]) for scores in pair])
        return found

    @property
    def said(self):
        return "; ".join(f"{a:.1f} and {b:.1f}" for a, b in self.leads)

    @property
    def same_verdict(self):
        return all(a * b > 0 for a, b in self.leads)

    @property
    def is_clear(self):
        return all(min(abs(a), abs(b)) >= self.clear for a, b in self.leads)

    @property
    def one_verdict(self):
        return len({a > 0 for a, _ in self.leads}) == 1

    @cached_property
    def strongest(self):
        """The word with the largest share in each net, for the verdict, in the denied sentence."""
        found = []
        for net, (lead, _) in zip(self.nets, self.leads, strict=True):
            sign = 1 if lead > 0 else -1
            shares = sign * shares_of(net, net.embed([" ".join(self.denied)]))
            found.append(self.denied[int(shares.argmax())])
        return found

    @property
    def words(self):
        return ", ".join(self.strongest)


RIGHT = {"plain": "it is a bad film", "denied": "it is not a bad film"}

UNFIT = [
    wrong(
        "length",
        "plain has {length} words. Take {least} to {most}.",
        lambda its: not its.least <= its.length <= its.most,
    ),
    wrong(
        "unknown",
        "The nets do not know: {unknown}. Take other words.",
        lambda its: bool(its.unknown),
    ),
]

MISTAKES = [
    wrong(
        "not_only_not",
        "The two sentences must be the same, but for one 'not' in the second.",
        lambda its: not its.differs_by_not,
        RIGHT | {"denied": "it is never a bad film"},
    ),
    wrong(
        "of_the_lesson",
        "This is the lesson's own example. Find one without 'plot was'.",
        lambda its: all(word in its.plain for word in its.taught),
        {"plain": "the plot was bad", "denied": "the plot was not bad"},
    ),
    wrong(
        "verdict_turns",
        "At least one net changes its verdict, as it should. Negative minus positive, net by net: "
        "{said}.",
        lambda its: not its.same_verdict,
        {"plain": "a story told with care", "denied": "a story not told with care"},
    ),
    wrong(
        "nets_disagree",
        "The three nets do not say the same of plain. Negative minus positive: {said}.",
        lambda its: not its.one_verdict,
        {"plain": "this original story works", "denied": "this original story not works"},
    ),
    wrong(
        "not_clear",
        "A verdict is too close. Each must be ahead by {clear}; negative minus positive: {said}.",
        lambda its: not its.is_clear,
        {"plain": "it is great film", "denied": "it is not great film"},
    ),
    wrong(
        "not_decides",
        "In the denied sentence 'not' has the largest share in at least one net: {words}.",
        lambda its: "not" in its.strongest,
        {"plain": "this is shallow enough", "denied": "this is not shallow enough"},
    ),
]

NOT_AT_ALL = claim_task(
    "12.7",
    Pair,
    name="12.7",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed="Three nets, one verdict, with and without 'not'. Decided by: {words}.",
    hints=(
        "Which words have large shares in these nets? How large is that of 'not' beside them?",
        "Take one strong word, such as bad, dull or warm, and deny it.",
        "'it is a bad film' and 'it is not a bad film'.",
    ),
)
