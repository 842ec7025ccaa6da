"""Four small nets that are trained once and ship with the course: readable, quick, offline.

All take pictures in [0, 1] and normalise them inside, so "black" is 0 for every method. Every
activation is a module of its own that is called once in a forward pass, and nothing is in place:
rules that look at one activation at a time see each of them. How they were trained:
data/train_nets.py and data/nets/LOG.md.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from xaicourse.datasets.fashion import FASHION_MNIST_CLASSES
from xaicourse.datasets.planted_patches import PLANTED_CLASSES
from xaicourse.datasets.shipped import read_tensors

# Mean and standard deviation of the pixels, over the training pictures.
FASHION_PIXELS = (0.286, 0.353)
PLANTED_PIXELS = (0.245, 0.132)


class Normalise(nn.Module):
    """Subtract the data's mean and divide by its standard deviation: (N, 1, H, W) to the same."""

    def __init__(self, pixels: tuple[float, float], side: int) -> None:
        super().__init__()
        self.mean, self.deviation = pixels
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        """Return normalised pictures; anything but (N, 1, side, side) floats is refused."""
        check_pictures(x, self.side)
        return (x - self.mean) / self.deviation


@torch.fx.wrap  # a plain call for torch.fx, which cannot follow an `if` on shapes
def check_pictures(x: Tensor, side: int) -> None:
    """Raise ValueError unless ``x`` is a float tensor of shape (N, 1, side, side)."""
    if x.ndim != 4 or tuple(x.shape[1:]) != (1, side, side):
        hint = "; add the batch axis with x[None]" if x.ndim == 3 else ""
        raise ValueError(
            f"This net takes pictures of shape (N, 1, {side}, {side}), got {tuple(x.shape)}{hint}."
        )
    if not x.is_floating_point():
        raise ValueError(
            f"This net takes float pictures in [0, 1], got {x.dtype}; "
            "for pixel values 0..255 use x.float() / 255."
        )


class SmallCNN(nn.Module):
    """Two convolutions with max pooling, then two dense layers: VGG in small.

    Shapes for Fashion-MNIST, side 28: (N, 1, 28, 28) to (N, 10).
    """

    def __init__(self, pixels: tuple[float, float], side: int, classes: int) -> None:
        super().__init__()
        self.normalise = Normalise(pixels, side)
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, padding=1)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, padding=1)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(2)
        self.dense = nn.Linear(32 * (side // 4) ** 2, 64)
        self.relu3 = nn.ReLU()
        self.classifier = nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, classes) of pictures (N, 1, side, side)."""
        x = self.pool1(self.relu1(self.conv1(self.normalise(x))))  # (N, 16, 14, 14)
        x = self.pool2(self.relu2(self.conv2(x)))  # (N, 32, 7, 7)
        x = self.relu3(self.dense(x.flatten(1)))  # (N, 64)
        return self.classifier(x)


class ResidualBlock(nn.Module):
    """Two convolutions with batch norm, added to a shortcut; halves the side, changes channels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=2, bias=False)
        self.shortcut_norm = nn.BatchNorm2d(outputs)
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H/2, W/2)."""
        y = self.relu1(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return self.relu2(y + self.shortcut_norm(self.shortcut(x)))


class SmallResidualNet(nn.Module):
    """A stem, two residual blocks, a mean over all places and one dense layer: ResNet in small.

    The last two layers are what class activation maps ask for: global average pooling and a
    classifier that is linear in it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.normalise = Normalise(FASHION_PIXELS, side=28)
        self.conv = nn.Conv2d(1, 16, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        self.relu = nn.ReLU()
        self.block1 = ResidualBlock(16, 32)
        self.block2 = ResidualBlock(32, 64)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(64, len(FASHION_MNIST_CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, 10) of pictures (N, 1, 28, 28)."""
        x = self.relu(self.norm(self.conv(self.normalise(x))))  # (N, 16, 28, 28)
        x = self.block2(self.block1(x))  # (N, 64, 7, 7)
        return self.classifier(self.pool(x).flatten(1))  # (N, 64) to (N, 10)


class SmallMLP(nn.Module):
    """Three dense layers: every pixel is an input of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.normalise = Normalise(FASHION_PIXELS, side=28)
        self.dense1 = nn.Linear(28 * 28, 128)
        self.relu1 = nn.ReLU()
        self.dense2 = nn.Linear(128, 64)
        self.relu2 = nn.ReLU()
        self.classifier = nn.Linear(64, len(FASHION_MNIST_CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, 10) of pictures (N, 1, 28, 28)."""
        x = self.normalise(x).flatten(1)  # (N, 784)
        x = self.relu2(self.dense2(self.relu1(self.dense1(x))))  # (N, 64)
        return self.classifier(x)


def fashion_cnn() -> nn.Module:
    """Return the untrained CNN for Fashion-MNIST."""
    return SmallCNN(FASHION_PIXELS, side=28, classes=len(FASHION_MNIST_CLASSES))


def planted_cnn() -> nn.Module:
    """Return the untrained CNN for planted patches."""
    return SmallCNN(PLANTED_PIXELS, side=32, classes=len(PLANTED_CLASSES))


# name -> function that makes the untrained net; data/train_nets.py trains these
ARCHITECTURES = {
    "fashion_cnn": fashion_cnn,
    "fashion_residual": SmallResidualNet,
    "fashion_mlp": SmallMLP,
    "planted_cnn": planted_cnn,
}


def trained(name: str) -> nn.Module:
    """Return one of the nets with its stored weights, in eval mode and frozen."""
    return with_weights(ARCHITECTURES[name], f"nets/{name}.safetensors")


def with_weights(make: Callable[[], nn.Module], file: str) -> nn.Module:
    """Return a net with the weights of a file, in eval mode and frozen."""
    with torch.device("meta"):  # no random start: the weights come from the file
        net = make()
    net.load_state_dict(read_tensors(file), strict=True, assign=True)
    return net.eval().requires_grad_(False)


# The robust sisters of "planted_cnn", each from a random start of its own: data/nets/ROBUST.md.
ROBUST_SEEDS = (0, 1, 2)


def robust_file(seed: int) -> str:
    """Return the file of the net that was trained from this start."""
    return f"nets/planted_robust_{seed}.safetensors"


def planted_robust(seed: int = 0) -> nn.Module:
    """Return the net that learnt from attacked pictures; seeds 1 and 2: sisters."""
    if seed not in ROBUST_SEEDS:
        raise ValueError(f"seed must be one of 0, 1, 2: nets that were trained; got {seed!r}")
    return with_weights(planted_cnn, robust_file(seed))
