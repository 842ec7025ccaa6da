"""A small autoencoder of Fashion-MNIST: the manifold on which some paths run.

It ships with the course as the nets of small_nets.py do: trained once by data/train_autoencoder.py,
with its log beside it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xaicourse.datasets.shipped import read_tensors
from xaicourse.zoo.small_nets import check_pictures

__all__ = ["LATENTS", "FashionAutoencoder", "fashion_autoencoder"]

LATENTS = 12
HIDDEN = 112
STORED = "nets/fashion_autoencoder.safetensors"


class FashionAutoencoder(nn.Module):
    """Pictures (N, 1, 28, 28) in [0, 1] to 12 numbers and back, by smooth layers.

    Smooth, because a path on the manifold needs the decoder's derivative.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            *(nn.Linear(784, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, 64), nn.SiLU()),
            nn.Linear(64, LATENTS),
        )
        self.decoder = nn.Sequential(
            *(nn.Linear(LATENTS, 64), nn.SiLU(), nn.Linear(64, HIDDEN), nn.SiLU()),
            *(nn.Linear(HIDDEN, 784), nn.Sigmoid()),
        )

    def encode(self, x: Tensor) -> Tensor:
        """Return the latent numbers (N, 12) of pictures (N, 1, 28, 28)."""
        check_pictures(x, 28)
        return self.encoder(x.flatten(1))

    def decode(self, z: Tensor) -> Tensor:
        """Return the pictures (N, 1, 28, 28) of latent numbers (N, 12)."""
        return self.decoder(z).view(-1, 1, 28, 28)

    def forward(self, x: Tensor) -> Tensor:
        """Return the nearest pictures that the manifold has: (N, 1, 28, 28)."""
        return self.decode(self.encode(x))


def fashion_autoencoder() -> FashionAutoencoder:
    """Return the autoencoder with its stored weights, in eval mode and frozen.

    Returns
    -------
    FashionAutoencoder
        With ``encode`` and ``decode``: what `manifold=` takes.

    Examples
    --------
    >>> import xaicourse as xc
    >>> autoencoder = xc.zoo.fashion_autoencoder()
    >>> x, _ = xc.datasets.fashion_mnist(n=100)
    >>> float((autoencoder(x) - x).square().mean()) < 0.02
    True
    """
    with torch.device("meta"):  # no random start: the weights come from the file
        net = FashionAutoencoder()
    net.load_state_dict(read_tensors(STORED), strict=True, assign=True)
    return net.eval().requires_grad_(False)
