"""Data randomisation (2018): a map should change when the labels are made meaningless."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.evaluation.kept import Kept
from xaicourse.evaluation.learning import Learner, Net, check_data, explained
from xaicourse.evaluation.likeness import row_similarity
from xaicourse.evaluation.order import importance
from xaicourse.evaluation.protocol import Protocol
from xaicourse.evaluation.registry import METRICS, DataExample, metric
from xaicourse.evaluation.removal import name_of
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.retraining import factorial_example
from xaicourse.evaluation.seeds import seeded
from xaicourse.evaluation.shared_by_trainings import Relabelled

__all__ = ["data_randomisation"]


def gradient_example() -> DataExample:
    """Return the gradient of a net whose weights are means, beside a map that asks no net."""
    example = factorial_example()
    x, labels = example.data[0]
    tilted = (x + 0.25 * labels[:, None] * torch.arange(5.0, dtype=x.dtype), labels)

    def gradient(model: Any, x: Tensor, target: Tensor) -> Tensor:
        unit = torch.eye(x.shape[1], dtype=x.dtype).to(x.device)
        slopes = torch.cat([model(row[None]) for row in unit]) - model(0 * unit[:1])  # (D, K)
        return slopes.T[target]

    return DataExample(example.train, (tilted, tilted), gradient, lambda model, x, target: x)


@metric(
    title="Data randomisation",
    year=2018,
    paper="arXiv:1810.03292",
    kind="data",
    direction="lower",
    rank_only=True,
    example=gradient_example,
)
def data_randomisation(
    train: Callable[..., Any], data: Any, method: Any, **asked: Unpack[Relabelled]
) -> MetricResult:
    r"""Compare the maps of a net with those of one that was trained on permuted labels.

    .. math::
        \rho\big(\phi(f, x, t),\; \phi(\hat f, x, t)\big), \qquad
        \hat f = \text{trained on } (x_i, y_{\pi(i)})

    Returns
    -------
    MetricResult
        Spearman's rank correlation of the two maps of each testing row, from -1 to 1,
        **lower is better**; NaN where a map is constant. ``details["reseeded"]`` is the same for a
        second net trained on the true labels: how much a new start alone changes.
        ``details["accuracy"]``, (2, 2), are the shares of the training and testing rows that the
        two nets get right, each by the labels that it was trained on; on the testing rows by the
        true ones.

    Notes
    -----
    Both nets are explained for the same class. It proves something only where the second net has
    learnt its labels by heart: see its accuracy on the training rows.

    **Cost.** Three trainings, and three maps of each testing row.

    **Fails when** a new start changes the maps as much as new labels do: then a low value is the
    training's, not the method's. And a map that is noise passes.

    References
    ----------
    .. [adebayo2018] J. Adebayo, J. Gilmer, M. Muelly, I. Goodfellow, M. Hardt, B. Kim, 2018,
       arXiv:1810.03292.

    Examples
    --------
    >>> import xaicourse as xc
    >>> e = xc.METRICS["data_randomisation"].example()
    >>> xc.evaluation.data_randomisation(e.train, e.data, lambda model, x, target: x).mean()
    1.0
    """
    training, testing = check_data(data)
    learner = Learner(train, Kept(asked["keep"]), asked["batch_size"])
    order = torch.randperm(len(training.x), generator=seeded(asked["seed"]))
    permuted = replace(training, labels=training.labels[order.to(training.x.device)])
    net = Net(learner, training, asked["seed"])
    relabelled = Net(learner, permuted, asked["seed"])
    reseeded = Net(learner, training, asked["seed"] + 1)

    (maps,) = explained(net, [testing], method, asked["target"])  # (N, ...)
    classes = testing.labels if asked["target"] == "label" else net.classes(testing.x)
    found, again = (
        compared(maps, other.maps(method, testing.x, classes), train, testing.x, asked)
        for other in (relabelled, reseeded)
    )
    accuracy = [
        [net.accuracy(training), net.accuracy(testing)],
        [relabelled.accuracy(permuted), relabelled.accuracy(testing)],
    ]
    return replace(
        found, details={"reseeded": again, "accuracy": torch.tensor(accuracy).to(maps.device)}
    )


def compared(one: Tensor, two: Tensor, train: Any, x: Tensor, asked: Relabelled) -> MetricResult:
    """Return how alike the maps of two nets are, row by row."""
    a, b = (importance(maps, asked["channels"], asked["sign"], 1) for maps in (one, two))
    return MetricResult(
        name="data_randomisation",
        values=row_similarity(a, b, "spearman", "keep"),
        direction=METRICS["data_randomisation"].direction,
        protocol=Protocol(
            output="none",
            target=asked["target"],
            channels=asked["channels"] if x.dim() == 4 else "none",
            sign=asked["sign"],
            unit=1,
            imputer="none",
            ties="share the mean of their ranks",
            steps=0,
            area="none",
            own=(("train", name_of(train)), ("seed", asked["seed"])),
        ),
    )
