"""F-Fidelity (2024): remove so little that a net which was trained for it still knows the input."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor, nn

from xaicourse.core.checks import check_choice, check_positive_int
from xaicourse.core.near_names import suggest_names
from xaicourse.core.path import rows_of
from xaicourse.core.shared_of_metrics import Perturbing
from xaicourse.evaluation.imputers import filled, make_imputer
from xaicourse.evaluation.order import removal_rank
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.removal import Removal, additive_example
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.seeds import seeded
from xaicourse.evaluation.sets import Sets, ask_sets, random_subsets
from xaicourse.evaluation.units import read_units

__all__ = ["f_fidelity", "fine_tune_on_masks"]

PARTS = {"difference": "higher", "plus": "higher", "minus": "lower"}


def half_example() -> MetricExample:
    """Return the additive model, of whose features half is removed."""
    made = additive_example()
    settings = {**made.settings, "size": 0.5, "beta": 0.5, "samples": 8}
    return MetricExample(made.model, made.x, made.attribution, made.target, settings)


@metric(
    title="F-Fidelity",
    year=2024,
    paper="arXiv:2410.02970",
    kind="curve",
    direction="higher",
    rank_only=True,
    example=half_example,
)
def f_fidelity(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    size: float = 0.2,
    alpha: float = 0.5,
    beta: float = 0.1,
    samples: int = 50,
    part: str = "difference",
    imputer: Any = "black",
    output: Any = "probability",
    seed: int = 0,
    **asked: Unpack[Perturbing],
) -> MetricResult:
    r"""Compare small random removals from the map's top with as small ones from its rest.

    .. math::
        \mathrm{FFid}^+ = \mathbb E\big[ F(x) - F(x \text{ without a share } \alpha^+
        \text{ of the top } s) \big], \qquad \alpha^+ = \min(\alpha, \beta T / s),

        \mathrm{FFid}^- = \mathbb E\big[ F(x) - F(x \text{ without a share } \alpha^-
        \text{ of the rest}) \big], \qquad \alpha^- = \min(\alpha, \beta T / (T - s))

    Parameters
    ----------
    model : callable
        One that was fine-tuned under random removals of up to :math:`\beta`, as
        `fine_tune_on_masks` does: removal is then no news to it.
    size : float
        s / T: the share of the T units that the map explains with, between 0 and 1.
    alpha : float
        At most this share of the top, or of the rest, is removed.
    beta : float
        At most this share of all units is removed.
    samples : int
        How many random removals of each kind.
    part : str
        ``"difference"`` of both, ``"plus"``, or ``"minus"``, of which lower is better.
    imputer : number, str, Tensor or callable
        What stands in for removed features, the same as in the fine-tuning.
    seed : int
        Draws what is removed, and orders equal values.

    Returns
    -------
    MetricResult
        :math:`\mathrm{FFid}^+ - \mathrm{FFid}^-` of each image, in units of `output`, so from -1 to
        1 for probabilities, **higher is better**; at size = 0.5 a map that knows nothing is
        expected to get 0.

    Notes
    -----
    With alpha = beta = 1 it is plain fidelity: all of the top goes, or all of the rest. The paper
    reads the score as output="accuracy".

    **Cost.** 2 x samples + 1 forward passes a row, and the fine-tuning once.

    **Fails when** the fill is the map's own baseline: also a net that is used to removals answers
    the question that the fill asks, and prefers the map that was made with it.

    References
    ----------
    .. [zheng2024] X. Zheng and others, 2024, arXiv:2410.02970.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.f_fidelity(toy, x, xc.gradient(toy, x), size=0.5, output="logit").values > 0
    tensor([True])
    """
    check_shares(size=size, alpha=alpha, beta=beta)
    check_choice(part, PARTS, "part")
    removal = Removal(imputer=imputer, output=output, seed=seed, steps=None, **asked)
    about = ask_sets(removal, model, x, attribution, target)
    T = about.found.shape[1]
    s = min(max(1, round(size * T)), T - 1)
    plus = fall(about, 0, s, min(alpha * s, beta * T), samples, seed)
    minus = fall(about, s, T - s, min(alpha * (T - s), beta * T), samples, seed)
    values = {"difference": plus - minus, "plus": plus, "minus": minus}[part]
    own = {"size": size, "alpha": alpha, "beta": beta, "samples": samples, "part": part}
    found = about.result("f_fidelity", values, "mean drop", steps=1, **own)
    return replace(found, direction=PARTS[part])


def fall(about: Sets, first: int, length: int, most: float, samples: int, seed: int) -> Tensor:
    """Return the mean drop, (N,), when random ones of `length` ranks go, at most `most` of them."""
    rank = removal_rank(about.found.nan_to_num(0.0), seed)  # (N, T), 0 is the largest
    gone = min(length, max(1, round(most)))
    sets = random_subsets(length, gone, samples, seed, rank.device)  # (S, length)
    ranks = nn.functional.pad(sets, (first, rank.shape[1] - first - length))  # (S, T)
    drops = about.drops(lambda row, k: ranks[k].gather(1, rows_of(rank, row)), samples)
    return drops.mean(dim=(0, 2))


def check_shares(**shares: Any) -> None:
    """Raise unless each is a share: above 0, at most 1."""
    for name, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int | float):
            raise TypeError(f"{name} must be a number, got {share!r}")
        if not 0 < share <= 1:
            raise ValueError(f"{name} must be a share, above 0 and at most 1, got {share}")


@suggest_names
def fine_tune_on_masks(
    model: nn.Module,
    x: Tensor,
    labels: Tensor,
    *,
    beta: float = 0.1,
    imputer: Any = "black",
    unit: Any = 1,
    epochs: int = 3,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> nn.Module:
    """Return a copy of a model that has learnt from inputs without random units.

    Parameters
    ----------
    model : torch.nn.Module
        A classifier, (N, ...) -> (N, K), in evaluation mode. It stays as it is.
    x : Tensor (M, ...)
        Inputs to learn from.
    labels : Tensor (M,)
        Their classes.
    beta : float
        At most this share of the units of an input is removed; how many is drawn for each batch.
    imputer : number, str, Tensor or callable
        What stands in for removed features.
    unit : int, str or Tensor
        What is removed at once.
    epochs : int
        How often all inputs are seen, in batches of 64.
    learning_rate : float
        Of Adam.
    seed : int
        Of the order of the inputs and of what is removed.

    Returns
    -------
    torch.nn.Module
        The copy, in evaluation mode, in which it was trained too: batch norms keep what they know.

    Raises
    ------
    ValueError, TypeError
        For bad arguments.
    """
    check_shares(beta=beta)
    fill, draw = make_imputer(imputer, x), seeded(seed)
    with torch.inference_mode(False), torch.enable_grad():
        learner = copy.deepcopy(model).eval().requires_grad_(True)
        optimiser = torch.optim.Adam(learner.parameters(), lr=learning_rate)
        for _ in range(check_positive_int(epochs, "epochs")):
            for rows in torch.randperm(len(x), generator=draw).split(64):
                photos = x[rows.to(x.device)].detach()
                units = read_units(unit, photos)
                T = int(units.counts.max())
                share = beta * float(torch.rand((), generator=draw))
                gone = torch.rand(len(rows), T, generator=draw) < share  # another set for each
                keep = units.spread(~gone.to(x.device), torch.arange(len(rows), device=x.device))
                outputs = learner(filled(fill, photos, keep.to(x.dtype)))
                loss = nn.functional.cross_entropy(outputs, labels[rows.to(x.device)])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
    return learner.requires_grad_(False)
