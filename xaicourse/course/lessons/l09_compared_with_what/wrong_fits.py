"""Mistakes in the cross-entropy of task 09.7."""

from torch.nn.functional import cross_entropy, nll_loss

from xaicourse.course.grading.mistakes import swap

__all__ = ["WRONG_FITS"]

WRONG_FITS = [
    swap(
        "softmax_twice",
        "cross_entropy takes logits. You give it probabilities.",
        fit=lambda z, labels: cross_entropy(z.softmax(1), labels),
    ),
    swap(
        "no_log_softmax",
        "nll_loss takes logarithms of probabilities. Use cross_entropy for logits.",
        fit=lambda z, labels: nll_loss(z, labels),
    ),
    swap(
        "fit_on_the_way",
        "Your cross-entropy is that of the points on the way. The network is trained at x.",
        seen=lambda x, point: point,
    ),
    swap(
        "summed_loss",
        "You add up the cross-entropy over the batch. Take its mean.",
        fit=lambda z, labels: cross_entropy(z, labels, reduction="sum"),
    ),
    swap(
        "fit_forgotten",
        "This is the penalty alone. Add the cross-entropy.",
        fit=lambda z, labels: 0 * z.sum(),
    ),
]
