"""Small nets with random weights in the layouts of popular families, to be explained by CAMs."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Spelled out, as in timm: its 4-D insides (N, heads, L, d) are no feature maps."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.q_norm, self.attn_drop = nn.Identity(), nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        N, L, D = x.shape
        parts = self.qkv(x).reshape(N, L, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = parts.unbind(0)
        weights = self.attn_drop((self.q_norm(q) @ k.transpose(-2, -1) / 2).softmax(-1))
        return self.proj((weights @ v).transpose(1, 2).reshape(N, L, D))


class Block(nn.Module):
    def __init__(self, width: int, heads: int = 2) -> None:
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width), Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 9), nn.GELU(), nn.Linear(9, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Vit(nn.Module):
    """Tokens in front: a class token and more, or none and the mean of all."""

    def __init__(self, front: int, width: int = 12) -> None:
        super().__init__()
        self.patch_embed = nn.Conv2d(3, width, 4, 4)
        self.front = nn.ParameterList(nn.Parameter(torch.randn(1, 1, width)) for _ in range(front))
        self.pos = nn.Parameter(torch.randn(1, front + 24, width))
        self.blocks = nn.Sequential(Block(width), Block(width))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 5)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patch_embed(x).flatten(2).transpose(1, 2)
        front = [t.expand(len(x), -1, -1) for t in self.front]
        tokens = self.norm(self.blocks(torch.cat([*front, tokens], 1) + self.pos))
        return self.head(tokens[:, : len(front)].mean(1) if front else tokens.mean(1))


class MixerBlock(nn.Module):
    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.tokens = nn.Sequential(nn.Linear(length, 7), nn.GELU(), nn.Linear(7, length))
        self.channels = nn.Sequential(nn.Linear(width, 9), nn.GELU(), nn.Linear(9, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.norm2(x))


class Mixer(nn.Module):
    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 4, 4)
        self.blocks = nn.Sequential(MixerBlock(24, width), MixerBlock(24, width))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 5)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.stem(x).flatten(2).transpose(1, 2)
        return self.head(self.norm(self.blocks(tokens)).mean(1))


class Poolformer(nn.Module):
    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.stem, self.mix = nn.Conv2d(3, width, 7, 4, 2), nn.AvgPool2d(3, 1, 1)
        self.mlp = nn.Sequential(nn.Conv2d(width, 9, 1), nn.GELU(), nn.Conv2d(9, width, 1))
        self.scale = nn.Parameter(torch.randn(width))
        self.norm, self.head = nn.GroupNorm(1, width), nn.Linear(width, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = x + self.scale[:, None, None] * (self.mix(x) - x)
        return self.head(self.norm(x + self.mlp(x)).mean((2, 3)))


class Levit(nn.Module):
    """A stem of convolutions, then tokens, of which an attention keeps every other row."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 2, 1), nn.Hardswish())
        self.stem.append(nn.Conv2d(width, width, 3, 2, 1))
        self.q, self.kv = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.bn, self.last = nn.BatchNorm1d(width), Block(width)
        self.head = nn.Linear(width, 5)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.stem(x).flatten(2).transpose(1, 2)  # (N, 24, D)
        N, _, D = tokens.shape
        fewer = tokens.view(N, 4, 6, D)[:, ::2, ::2].reshape(N, -1, D)  # (N, 6, D)
        k, v = self.kv(tokens).chunk(2, -1)
        mixed = (self.q(fewer) @ k.transpose(1, 2)).softmax(-1) @ v
        mixed = self.bn(mixed.flatten(0, 1)).reshape_as(mixed)
        return self.head(self.last(mixed).mean(1))


class Windows(nn.Module):
    """Attention inside windows of 2 x 1 cells: they lie in the batch axis there."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.block = Block(width)

    def forward(self, x: Tensor) -> Tensor:
        N, H, W, C = x.shape
        cut = x.view(N, H // 2, 2, W, C).transpose(2, 3).reshape(-1, 2, C)
        return self.block(cut).view(N, H // 2, W, 2, C).transpose(2, 3).reshape(N, H, W, C)


class Merge(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.reduction = nn.LayerNorm(4 * width), nn.Linear(4 * width, 2 * width)

    def forward(self, x: Tensor) -> Tensor:
        four = [x[:, a::2, b::2] for a in (0, 1) for b in (0, 1)]
        return self.reduction(self.norm(torch.cat(four, -1)))


class Swin(nn.Module):
    """Channels last all along, as in timm; with `lines` its tokens are (N, L, D) in between."""

    def __init__(self, lines: bool, width: int = 8) -> None:
        super().__init__()
        self.lines, self.embed = lines, nn.Conv2d(3, width, 4, 4)
        self.windows, self.merge = Windows(width), Merge(width)
        self.norm, self.head = nn.LayerNorm(2 * width), nn.Linear(2 * width, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.merge(self.windows(self.embed(x).permute(0, 2, 3, 1)))
        x = self.norm(x.flatten(1, 2) if self.lines else x)
        return self.head(x.mean(1) if self.lines else x.mean((1, 2)))


class Hrnet(nn.Module):
    """Two resolutions that are exchanged and joined."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.high, self.low = nn.Conv2d(3, width, 3, 1, 1), nn.Conv2d(3, width, 3, 2, 1)
        self.up, self.down = nn.Conv2d(width, width, 1), nn.Conv2d(width, width, 3, 2, 1)
        self.final = nn.Sequential(nn.Conv2d(2 * width, 8, 1), nn.ReLU())
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        high, low = self.high(x), self.low(x)
        high, low = high + F.interpolate(self.up(low), scale_factor=2), low + self.down(high)
        both = torch.cat([high.relu(), F.interpolate(low.relu(), scale_factor=2)], 1)
        return self.head(self.final(both).mean((2, 3)))


class Unet(nn.Module):
    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.ReLU())
        self.second = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(width, 9, 3, padding=1), nn.ReLU())
        self.up = nn.ConvTranspose2d(9, width, 2, 2)
        self.decoder = nn.Sequential(nn.Conv2d(2 * width, width, 3, padding=1), nn.ReLU())
        self.segmentation_head = nn.Sequential(nn.Conv2d(width, 4, 1), nn.Identity())

    def forward(self, x: Tensor) -> Tensor:
        first = self.first(x)
        joined = torch.cat([first, self.up(self.second(first))], 1)
        return self.segmentation_head(self.decoder(joined))


class Bert(nn.Module):
    """x are embeddings (N, L, D); the first token is read."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.norm, self.layers = nn.LayerNorm(width), nn.Sequential(Block(width), Block(width))
        self.out = nn.Linear(width, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.layers(self.norm(x))[:, 0].tanh())


class Around(nn.Module):
    """A model that is made of another one."""

    def __init__(self, net: nn.Module, run) -> None:
        super().__init__()
        self.net, self.run = net, run

    def forward(self, x: Tensor):
        return self.run(self.net, x)


def random_weights(net: nn.Module, seed: int = 0) -> nn.Module:
    """Return the net in float64 with weights that also a head of zeros gets."""
    generator = torch.Generator().manual_seed(seed)
    net = net.double().eval()
    for name, p in net.named_parameters():
        if p.dim() == 2 and "head" in name:
            p.data = torch.randn(p.shape, dtype=p.dtype, generator=generator) / p.shape[1] ** 0.5
    return net
