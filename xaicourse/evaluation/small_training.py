"""Train a small net in a fraction of a second: what retraining metrics are given as `train`."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xaicourse.core.checks import check_images
from xaicourse.core.near_names import suggest_names

__all__ = ["SmallTraining"]


@suggest_names
@dataclass(frozen=True)
class SmallTraining:
    """A way to train a small net, called as ``train(x, labels, seed)``.

    A net normalises inside, by the mean and the standard deviation of what it was trained on, and
    has an output for each class up to the largest label.

    Parameters
    ----------
    net : str
        ``"mlp"``: one hidden layer; ``"cnn"``: two convolutions of stride 2 and a linear layer,
        for images.
    hidden : int
        Hidden units of the MLP; the CNN has a quarter as many channels.
    epochs : int
        How often all of x is seen.
    batch : int
        Rows in one step.
    rate : float
        Largest learning rate of AdamW, in a one-cycle schedule.

    Examples
    --------
    >>> import xaicourse as xc
    >>> x, labels = xc.datasets.digits(n=200)
    >>> xc.evaluation.SmallTraining(epochs=2)(x, labels, seed=0)(x).shape
    torch.Size([200, 10])
    """

    net: Literal["mlp", "cnn"] = "mlp"
    hidden: int = 64
    epochs: int = 10
    batch: int = 100
    rate: float = 5e-3

    def __call__(self, x: Tensor, labels: Tensor, seed: int) -> nn.Module:
        """Return a net trained on x (N, ...) and labels (N,), in eval mode and frozen."""
        draw = torch.Generator().manual_seed(seed)
        layers = self._cnn if self.net == "cnn" else self._mlp
        net = nn.Sequential(Standardise(x), *layers(x, int(labels.max()) + 1)).to(x.dtype)
        for weight in net.parameters():  # on the CPU, so that every device starts alike
            _draw_anew(weight, draw)
        net.to(x.device)
        steps = self.epochs * -(-len(x) // self.batch)
        optimiser = torch.optim.AdamW(net.parameters(), lr=self.rate, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, self.rate, total_steps=steps)
        with torch.enable_grad():
            for _ in range(self.epochs):
                for rows in torch.randperm(len(x), generator=draw).to(x.device).split(self.batch):
                    loss = F.cross_entropy(net(x[rows]), labels[rows])
                    optimiser.zero_grad()
                    loss.backward()
                    optimiser.step()
                    schedule.step()
        return net.eval().requires_grad_(False)

    def _mlp(self, x: Tensor, classes: int) -> list[nn.Module]:
        inputs = x[0].numel()
        return [
            nn.Flatten(),
            nn.Linear(inputs, self.hidden),
            nn.ReLU(),
            nn.Linear(self.hidden, classes),
        ]

    def _cnn(self, x: Tensor, classes: int) -> list[nn.Module]:
        check_images(x)
        channels = max(2, self.hidden // 4)
        sides = [-(-side // 4) for side in x.shape[2:]]  # halved twice
        return [
            nn.Conv2d(x.shape[1], channels // 2, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(channels // 2, channels, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(channels * sides[0] * sides[1], classes),
        ]


class Standardise(nn.Module):
    """Subtract the mean of all of x and divide by its standard deviation."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, x: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", x.mean())
        self.register_buffer("deviation", x.std() + 1e-6)  # x may be constant: all removed

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation


@torch.no_grad()
def _draw_anew(weight: Tensor, draw: torch.Generator) -> None:
    """Fill weights by He's rule, normal with variance 2 / inputs, and biases by 0."""
    if weight.dim() == 1:
        weight.zero_()
    else:
        size = (2 / weight[0].numel()) ** 0.5
        weight.copy_(size * torch.randn(weight.shape, generator=draw, dtype=torch.float64))
