"""Train a copy of a net: what adversarial training, attributional training and fooling share."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from xaicourse.core.checks import check_input, check_positive_int, check_seed, describe
from xaicourse.core.progress import progress
from xaicourse.robustness.ball import check_amount

__all__ = ["Batch", "Loss", "Training"]


@dataclass(frozen=True, eq=False)
class Batch:
    """What one step learns from."""

    x: Tensor  # (n, ...)
    labels: Tensor  # (n,)
    rows: Tensor  # (n,), which of all inputs these are
    chance: torch.Generator
    done: float  # the share of the training that lies behind


Loss = Callable[[nn.Module, Batch], Tensor]


@dataclass(frozen=True)
class Training:
    """How a copy of a net is trained; the same seed gives the same net on the same machine."""

    epochs: int
    batch: int
    rate: float
    anew: bool
    seed: int

    def check(self) -> "Training":
        """Return itself, or raise for a bad setting."""
        check_positive_int(self.epochs, "epochs")
        check_positive_int(self.batch, "batch")
        check_seed(self.seed)
        if check_amount("rate", self.rate) == 0:
            raise ValueError("rate must be above 0: nothing is learnt at rate 0")
        if not isinstance(self.anew, bool):
            raise TypeError(f"anew must be True or False, got {self.anew!r}")
        return self

    def run(self, net: Any, x: Tensor, labels: Tensor, loss: Loss) -> nn.Module:
        """Return a trained copy in eval mode, frozen; the caller's net stays as it is.

        It is trained in eval mode, too: dropout is off, and a batch norm keeps its statistics.
        """
        check_data(net, x)
        check_labels(labels, len(x))
        self.check()
        with torch.inference_mode(False), torch.enable_grad():
            x, labels = x.detach().clone(), labels.clone()  # of no graph, of no inference mode
            chance = torch.Generator().manual_seed(self.seed)  # of the CPU: alike everywhere
            trained = copy.deepcopy(net).eval().requires_grad_(True)
            if self.anew:
                draw_anew(trained, chance)
            steps = self.epochs * -(-len(x) // self.batch)
            optimiser = torch.optim.AdamW(trained.parameters(), lr=self.rate, weight_decay=1e-3)
            schedule = torch.optim.lr_scheduler.OneCycleLR(
                optimiser, self.rate, total_steps=max(2, steps)
            )
            done, bar = 0, progress(steps, "training")
            for _ in range(self.epochs):
                order = torch.randperm(len(x), generator=chance).to(x.device)
                for rows in order.split(self.batch):
                    optimiser.zero_grad()
                    batch = Batch(x[rows], labels[rows], rows, chance, done / steps)
                    loss(trained, batch).backward()
                    optimiser.step()
                    schedule.step()
                    done += 1
                    bar.update(1)
            bar.close()
            return trained.requires_grad_(False)


def check_data(net: Any, x: Any) -> None:
    """Raise unless there is a net to train, and a batch of inputs."""
    if not isinstance(net, nn.Module):
        raise TypeError(
            f"net must be a torch.nn.Module, of which a copy is trained, got {describe(net)}"
        )
    check_input(x)


def check_labels(labels: Any, n: int) -> None:
    """Raise unless there is a label for each row."""
    if isinstance(labels, Tensor) and labels.shape == (n,) and labels.dtype == torch.int64:
        return
    given = type(labels).__name__
    if isinstance(labels, Tensor):
        given = f"{labels.dtype} of shape {tuple(labels.shape)}"
    raise TypeError(f"labels must be (N,) int64, one for each of the {n} rows of x, got {given}")


@torch.no_grad()
def draw_anew(net: nn.Module, chance: torch.Generator) -> None:
    """Fill weights by He's rule, normal with variance 2 / inputs; the rest by what is neutral."""
    for module in net.modules():
        for name, weight in module.named_parameters(recurse=False):
            if weight.dim() > 1:
                size = (2 / weight[0].numel()) ** 0.5
                weight.copy_(size * torch.randn(weight.shape, generator=chance))
            else:
                weight.fill_(float(name == "weight"))  # the scale of a normalisation
