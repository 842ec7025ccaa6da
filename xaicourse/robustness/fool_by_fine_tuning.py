"""Fool the map by changing the model (2019): the predictions stay, the explanation moves."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xaicourse.core.gradients import ask
from xaicourse.core.near_names import suggest_names
from xaicourse.robustness.ball import check_amount
from xaicourse.robustness.classes import class_scores, outputs_of
from xaicourse.robustness.goals import made_mask, shares
from xaicourse.robustness.maps import graph_map
from xaicourse.robustness.training import Batch, Training, check_data

__all__ = ["fool_by_fine_tuning"]


@suggest_names
def fool_by_fine_tuning(
    net: Any,
    x: Tensor,
    *,
    region: Tensor,
    method: Any = "gradient",
    weight: float = 1.0,
    epochs: int = 3,
    batch: int = 50,
    rate: float = 1e-3,
    seed: int = 0,
) -> nn.Module:
    r"""Train a copy of a net whose maps lie in a region while its predictions stay.

    .. math::
        \min_w \operatorname{E}_x \Big[ \mathrm{KL}\big(p_{w_0}(x) \,\Vert\, p_w(x)\big)
        + \lambda \Big(1 - \sum_{i \in \text{region}} R_i\Big) \Big], \qquad
        R_i = \frac{\sum_c \lvert\Phi_{ci}\rvert}{\sum_{c,j} \lvert\Phi_{cj}\rvert}

    :math:`\Phi` is the map of the class that the net :math:`w_0` predicts.

    Parameters
    ----------
    net : torch.nn.Module
        (N, ...) -> (N, K) or (N, 1) scores of classes; a copy of it is trained, by AdamW.
    x : Tensor (N, ...)
        Inputs, without labels: what the net says of them is to be kept.
    region : Tensor (H, W) or (N, H, W)
        A mask of pixels where the maps shall lie, such as a frame.
    method : str, Spec, method or callable
        :math:`\Phi`, as for `attack_map`. Other methods follow without being asked.
    weight : float
        :math:`\lambda`.
    epochs : int
        How often all of x is seen.
    batch : int
        Rows in one step.
    rate : float
        Largest learning rate, in a one-cycle schedule.
    seed : int
        Of the order; the same seed gives the same net on the same machine.

    Returns
    -------
    torch.nn.Module
        The trained copy, in eval mode and frozen.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, or a method whose map has no graph.

    Notes
    -----
    This is the passive fooling of a location. The paper takes the squared distance from the map to
    the mask and labels in place of the net's own predictions; a share has the same size in small
    and large pictures, and needs no labels.

    Compare with `weight=0`, the same fine-tuning without the aim, and with the region's area: that
    is the share of a map that knows nothing.

    **Cost.** 1 forward pass and 1 map with a double backward pass a row and epoch.

    **Fails when** only inputs like x are looked at: elsewhere the predictions may have changed.

    References
    ----------
    .. [heo2019] J. Heo, S. Joo, T. Moon, 2019, arXiv:1902.02041.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x, _ = xc.datasets.digits(n=100)
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10)).eval()
    >>> top = torch.arange(8)[:, None].expand(8, 8) < 4
    >>> fooled = xc.robustness.fool_by_fine_tuning(net, x, region=top, epochs=1)
    >>> (fooled(x).argmax(1) == net(x).argmax(1)).float().mean() > 0.5
    tensor(True)
    """
    check_data(net, x)
    check_amount("weight", weight)
    phi = graph_map(method)
    plan = Training(epochs, batch, rate, anew=False, seed=seed).check()

    def map_of(model: nn.Module, points: Tensor, classes: Tensor) -> Tensor:
        question = ask(model, points, classes, "logit", len(points) * phi.cost)
        return shares(phi(question, question.x, question.rows, True))

    with torch.inference_mode(False):
        x = x.detach().clone()
        kept = said_by(net, x)  # (N, K)
        y = kept.argmax(dim=1)
        first = map_of(net, x[:1], y[:1]).detach()
        mask = made_mask(region, first.expand(len(x), *first.shape[1:]))

        def loss(trained: nn.Module, some: Batch) -> Tensor:
            before = kept[some.rows].log_softmax(dim=1)
            now = class_scores(trained(some.x), some.rows).log_softmax(dim=1)
            R = map_of(trained, some.x, some.labels)
            outside = 1 - (R * mask[some.rows]).flatten(1).sum(dim=1)
            kept_loss = F.kl_div(now, before, log_target=True, reduction="batchmean")
            return kept_loss + weight * outside.mean()

        return plan.run(net, x, y, loss)


def said_by(net: nn.Module, x: Tensor) -> Tensor:
    """Return the scores of all classes, (N, K)."""
    question = ask(net, x, lambda outputs, rows: class_scores(outputs, rows)[:, 0])
    _ = question.scores_at_x  # what is wrong with the net is said here
    return outputs_of(net, question, question.x, question.rows)
