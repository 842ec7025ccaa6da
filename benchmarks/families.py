"""The 22 families of nets that people use, small and with random weights, in float64.

torchvision's are always there; timm, transformers and segmentation_models_pytorch are optional. A
family that needs one which is not installed raises ImportError.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["FAMILIES", "Case", "build"]


@dataclass(frozen=True)
class Case:
    """A net with the input and the score that are explained."""

    model: nn.Module
    x: Tensor
    target: Any = 1
    settings: dict[str, Any] = field(default_factory=dict)  # of class activation maps

    @property
    def places(self) -> tuple[int, ...]:
        """The size of a map: the pixels of an image, the words of a sentence (N, words, D)."""
        return self.x.shape[1:2] if self.x.dim() == 3 else self.x.shape[2:]


Builder = Callable[[], nn.Module]
FAMILIES: dict[str, tuple[str, Builder]] = {}  # name -> (where it is from, how it is made)


def family(name: str, origin: str) -> Callable[[Builder], Builder]:
    """Note a family in the table."""

    def note(builder: Builder) -> Builder:
        FAMILIES[name] = origin, builder
        return builder

    return note


def build(name: str) -> Case:
    """Make a family's net, lively, with two inputs."""
    torch.manual_seed(0)
    seed = torch.Generator().manual_seed(1)
    if name == "BERT":  # what its embeddings are, not the ids of words
        x = torch.randn(2, 7, 24, generator=seed, dtype=torch.float64)
    else:
        x = torch.randn(2, 3, 64, 64, generator=seed, dtype=torch.float64)
    model = lively(FAMILIES[name][1]().double(), x).requires_grad_(False)
    return Case(model, x, (1, 20, 33) if name == "unet" else 1)


def lively(model: nn.Module, x: Tensor) -> nn.Module:
    """Give scales, zeros and statistics of a fresh net values that matter; eval mode."""
    seed = torch.Generator().manual_seed(2)
    for parameter in model.parameters():
        if parameter.dim() <= 1 or float(parameter.detach().std()) < 1e-5:  # scales, biases, zeros
            middle = 1.0 if float(parameter.detach().mean()) > 0.5 else 0.0
            parameter.data.uniform_(middle - 0.3, middle + 0.3, generator=seed)
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        more = torch.randn(8, *x.shape[1:], generator=seed, dtype=x.dtype)
        model.train()(more)  # so that signals keep their size through a hundred layers
    for norm in norms:
        mean, variance = norm.running_mean, norm.running_var
        assert isinstance(mean, Tensor)
        assert isinstance(variance, Tensor)
        shift = torch.empty_like(mean).uniform_(-0.3, 0.3, generator=seed)
        mean += shift * variance.sqrt()
        variance.clamp_(min=1e-3).mul_(torch.empty_like(mean).uniform_(0.7, 1.4, generator=seed))
    return model.eval()


# ---- torchvision ---------------------------------------------------------------------------------


@family("resnet", "torchvision")
def resnet() -> nn.Module:
    from torchvision.models.resnet import BasicBlock, ResNet

    return ResNet(BasicBlock, [1, 1, 1, 1], num_classes=5)


@family("resnext", "torchvision")
def resnext() -> nn.Module:
    from torchvision.models.resnet import Bottleneck, ResNet

    return ResNet(Bottleneck, [1, 1, 1, 1], num_classes=5, groups=8, width_per_group=4)


@family("convnext", "torchvision")
def convnext() -> nn.Module:
    from torchvision.models.convnext import CNBlockConfig, ConvNeXt

    return ConvNeXt([CNBlockConfig(24, 48, 1), CNBlockConfig(48, None, 2)], num_classes=5)


@family("efficientnet", "torchvision")
def efficientnet() -> nn.Module:
    from torchvision.models.efficientnet import EfficientNet, MBConvConfig

    settings = [
        MBConvConfig(*row, 0.5, 0.5) for row in ((1, 3, 1, 32, 16, 1), (6, 3, 2, 16, 24, 2))
    ]
    return EfficientNet(settings, dropout=0.2, last_channel=128, num_classes=5)


@family("mobilenetv3", "torchvision")
def mobilenetv3() -> nn.Module:
    from torchvision.models import mobilenet_v3_small

    return mobilenet_v3_small(num_classes=5, width_mult=0.5)


@family("regnet", "torchvision")
def regnet() -> nn.Module:
    from torchvision.models.regnet import BlockParams, RegNet

    sizes = BlockParams.from_init_params(depth=4, w_0=16, w_a=16.0, w_m=2.5, group_width=8)
    return RegNet(sizes, num_classes=5)


@family("densenet", "torchvision")
def densenet() -> nn.Module:
    from torchvision.models import DenseNet

    return DenseNet(8, (2, 2, 2), 16, num_classes=5)


@family("vit", "torchvision")
def vit() -> nn.Module:
    from torchvision.models import VisionTransformer

    return VisionTransformer(64, 16, 2, 4, 32, 64, num_classes=5)


@family("swin", "torchvision")
def swin() -> nn.Module:
    from torchvision.models import SwinTransformer

    return SwinTransformer([4, 4], 16, [2, 2], [2, 4], [4, 4], num_classes=5)


@family("maxvit", "torchvision")
def maxvit() -> nn.Module:
    from torchvision.models import MaxVit

    return MaxVit((64, 64), 8, 4, [16, 32], [1, 1], 8, 0.0, num_classes=5)


# ---- timm ----------------------------------------------------------------------------------------


def timm_model(name: str, **settings: Any) -> nn.Module:
    """Make a net of timm without its weights."""
    import timm

    return timm.create_model(name, pretrained=False, num_classes=5, **settings)


@family("deit", "timm")
def deit() -> nn.Module:
    return timm_model("deit_tiny_distilled_patch16_224", img_size=64, depth=2, embed_dim=48)


@family("mixer", "timm")
def mixer() -> nn.Module:
    from timm.models.mlp_mixer import MlpMixer

    return MlpMixer(num_classes=5, img_size=64, patch_size=16, num_blocks=2, embed_dim=48)


@family("nfnet", "timm")
def nfnet() -> nn.Module:
    return timm_model("test_nfnet")


@family("resnetv2 (BiT)", "timm")
def resnetv2() -> nn.Module:
    from timm.layers.std_conv import StdConv2d
    from timm.models.resnetv2 import ResNetV2

    channels = (128, 128, 128, 128)
    return ResNetV2([1, 1, 1, 1], channels, num_classes=5, stem_chs=32, conv_layer=StdConv2d)


@family("ghostnet", "timm")
def ghostnet() -> nn.Module:
    return timm_model("ghostnet_050")


@family("hrnet", "timm")
def hrnet() -> nn.Module:
    return timm_model("hrnet_w18_small")


@family("levit", "timm")
def levit() -> nn.Module:
    return timm_model("levit_128s", img_size=64)


@family("poolformer", "timm")
def poolformer() -> nn.Module:
    return timm_model("poolformer_s12")


@family("edgenext", "timm")
def edgenext() -> nn.Module:
    return timm_model("edgenext_xx_small")


# ---- transformers and segmentation_models_pytorch ------------------------------------------------


class Logits(nn.Module):
    """A net of transformers that is called on one tensor and returns its logits alone."""

    def __init__(self, inner: nn.Module, argument: str) -> None:
        super().__init__()
        self.inner, self.argument = inner, argument

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(**{self.argument: x}).logits


@family("BERT", "transformers")
def bert() -> nn.Module:
    from transformers import BertConfig, BertForSequenceClassification

    sizes = {"num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 32}
    settings = BertConfig(vocab_size=50, hidden_size=24, num_labels=5, **sizes)
    return Logits(BertForSequenceClassification(settings), "inputs_embeds")


@family("CLIP vision", "transformers")
def clip_vision() -> nn.Module:
    from transformers import CLIPConfig, CLIPForImageClassification

    sizes = {"num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    vision = {"hidden_size": 32, "image_size": 64, "patch_size": 16, **sizes}
    settings = CLIPConfig(vision_config=vision, num_labels=5)
    return Logits(CLIPForImageClassification(settings), "pixel_values")


@family("unet", "segmentation_models_pytorch")
def unet() -> nn.Module:
    import segmentation_models_pytorch as smp

    channels = (32, 24, 16, 12, 8)
    return smp.Unet("resnet18", encoder_weights=None, decoder_channels=channels, classes=5)
