"""Occlusion: a loop written from the paper, closed forms of linear models, and Captum 0.9.0."""

import itertools
import math

import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.row_guard import is_asking
from xaicourse.explain.known import choose_method

pytestmark = pytest.mark.fault("P9")


def wave(*shape: int) -> Tensor:
    return (1 + torch.cos(torch.arange(math.prod(shape), dtype=torch.float64))).view(shape) / 2


def linear(x: Tensor) -> Tensor:
    """F = sum v x + 1, with other weights everywhere."""
    v = torch.sin(1 + 1.3 * torch.arange(x[0].numel(), dtype=x.dtype, device=x.device))
    return x.flatten(1) @ v + 1


def weights(x: Tensor) -> Tensor:
    return torch.sin(1 + 1.3 * torch.arange(x[0].numel(), dtype=x.dtype)).view(x.shape[1:])


def curved(x: Tensor) -> Tensor:
    """Scores (N, 3) that no sum of single features makes."""
    return torch.stack([torch.tanh(linear(k * x)) + linear(x**2) ** 2 / 50 for k in (1, 2, 3)], 1)


def by_loops(model, x: Tensor, target: int, patch, stride, fill: Tensor) -> Tensor:
    """Zeiler and Fergus, spelled out: paint a patch, look at the score, go on."""
    values = torch.zeros_like(x)
    for n in range(len(x)):
        one = x[n : n + 1]
        before = model(one)[0, target]
        total, count = torch.zeros_like(one[0]), torch.zeros_like(one[0])
        starts = []
        for size, side, step in zip(one[0].shape, patch, stride, strict=True):
            line = [0]
            while line[-1] + side < size:  # until the far edge is reached
                line.append(line[-1] + step)
            starts.append(line)
        for corner in itertools.product(*starts):
            place = tuple(slice(c, c + side) for c, side in zip(corner, patch, strict=True))
            painted = one.clone()
            painted[0][place] = fill[n][place]
            total[place] += before - model(painted)[0, target]
            count[place] += 1
        assert bool((count > 0).all())
        values[n] = total / count
    return values


# x, patch as given, patch of a row, stride as given, stride of a row
SHAPES = {
    "table": ((3, 5), 1, (1,), None, (1,)),
    "table, two at a time": ((2, 5), 2, (2,), 1, (1,)),
    "series": ((2, 3, 11), 4, (3, 4), 3, (3, 3)),
    "image": ((2, 3, 6, 8), 2, (3, 2, 2), None, (3, 2, 2)),
    "image, ragged edges": ((2, 2, 7, 5), (3, 2), (2, 3, 2), None, (2, 3, 2)),
    "image, overlapping": ((2, 2, 6, 5), (3, 2), (2, 3, 2), (2, 1), (2, 2, 1)),
    "image, channel by channel": ((2, 3, 4, 4), (1, 2, 2), (1, 2, 2), None, (1, 2, 2)),
    "image, pairs of channels": ((1, 3, 4, 4), (2, 3, 3), (2, 3, 3), (1, 2, 2), (1, 2, 2)),
    "tokens": ((2, 4, 3), (1, 3), (1, 3), None, (1, 3)),
    "volume": ((2, 2, 4, 3, 5), 2, (2, 2, 2, 2), (2, 1, 2), (2, 2, 1, 2)),
    "the whole": ((2, 2, 3, 3), 3, (2, 3, 3), None, (2, 3, 3)),
}


@pytest.mark.parametrize(("shape", "patch", "side", "stride", "step"), SHAPES.values(), ids=SHAPES)
def test_a_loop_written_from_the_paper(shape, patch, side, stride, step, close):
    x, fill = wave(*shape), 0.3 * wave(*shape).flip(1)
    expected = by_loops(curved, x, 1, side, step, fill)
    for batch_size in (1, 7, None):
        got = xc.occlusion(
            curved, x, 1, patch=patch, stride=stride, fill=fill, batch_size=batch_size
        )
        close(got, expected)


@pytest.mark.parametrize(
    ("patch", "stride"), [((2, 3), (2, 3)), ((3, 3), (2, 1)), ((2, 2), (1, 1)), ((7, 9), (7, 9))]
)
def test_captum(patch, stride, close):
    """To 1e-6: Captum adds up in float32. Its windows name the channels, too."""
    captum = pytest.importorskip("captum.attr")
    x, target = wave(3, 2, 7, 9), torch.tensor([0, 2, 1])
    expected = captum.Occlusion(curved).attribute(
        x, sliding_window_shapes=(2, *patch), strides=(2, *stride), baselines=0.3, target=target
    )
    got = xc.occlusion(curved, x, target, patch=patch, stride=stride, fill=0.3)
    close(got, expected, 1e-6)


# ---- closed forms --------------------------------------------------------------------------------


def test_a_linear_model(close):
    x, fill = wave(2, 3, 4, 6), 0.25
    share = weights(x) * (x - fill)  # of each number
    found = xc.occlusion(linear, x, patch=2, fill=fill, return_details=True)
    drop = share.sum(1).unfold(1, 2, 2).unfold(2, 2, 2).sum((3, 4))  # (N, 2, 3)
    close(found.extra["drops"], drop[:, None])
    close(found.extra["drops"].flatten(1).sum(1), linear(x) - linear(torch.full_like(x, fill)))
    whole = drop.repeat_interleave(2, 1).repeat_interleave(2, 2)[:, None].expand_as(x)
    close(found.values, whole)
    numbers = 3 * 2 * 2  # in a patch: the map's sum over it is its drop times these
    close(found.values[:, :, :2, :2].sum((1, 2, 3)), numbers * drop[:, 0, 0])
    single = xc.occlusion(linear, x, patch=(1, 1, 1), fill=fill)
    close(single, share)
    close(single, xc.integrated_gradients(linear, x, baseline=fill, steps=1))


def test_overlapping_patches_are_averaged(close):
    """F = x2 of four: only patches that cover it fall; each place averages those above it."""
    x = torch.ones(1, 1, 4, dtype=torch.float64)
    got = xc.occlusion(lambda z: z[:, 0, 1], x, patch=2, stride=1)
    close(got[0, 0], [1.0, 1.0, 0.5, 0.0])


def test_what_is_not_complete(close):
    """max of two equal features: each alone changes nothing; the product: each takes it all."""
    x = torch.ones(1, 2, dtype=torch.float64)
    close(xc.occlusion(lambda z: z.amax(1), x), [[0.0, 0.0]])
    close(xc.occlusion(lambda z: z.prod(1), x), [[1.0, 1.0]])


def test_defaults(close):
    x = wave(1, 3, 17, 24)
    found = xc.occlusion(linear, x, return_details=True)
    assert found.settings["patch"] == found.settings["stride"] == (3, 3, 3)
    assert found.extra["drops"].shape == (1, 1, 6, 8)
    close(found.values, xc.occlusion(linear, x, patch=3, fill="black"))
    table = xc.occlusion(linear, wave(2, 30), return_details=True)
    assert table.settings["patch"] == (1,)
    assert table.gradients.tolist() == [0, 0]


def test_the_loop_of_lesson_00(close):
    model = xc.zoo.load("fashion_cnn").double()
    x = xc.datasets.fashion_mnist(n=2).x.double()
    effects = torch.zeros(2, 4, 4, dtype=torch.float64)
    with torch.no_grad():
        logits = model(x)[:, 5]
        for i in range(4):
            for j in range(4):
                changed = x.clone()
                changed[..., 7 * i : 7 * (i + 1), 7 * j : 7 * (j + 1)] = 0.5
                effects[:, i, j] = logits - model(changed)[:, 5]
    found = xc.occlusion(model, x, 5, patch=7, fill=0.5, return_details=True)
    close(found.extra["drops"][:, 0], effects)
    close(found.values[:, 0, ::7, ::7], effects)


# ---- the fill ------------------------------------------------------------------------------------


def test_fills(close):
    x = wave(2, 3, 4, 6)
    colour = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    whole = colour[:, None, None].expand(3, 4, 6)
    expected = xc.occlusion(curved, x, 0, patch=2, fill=whole)
    for fill in (colour, (0.1, 0.5, 0.9), [0.1, 0.5, 0.9]):
        close(xc.occlusion(curved, x, 0, patch=2, fill=fill), expected)
    mean = x.mean((2, 3), keepdim=True).expand_as(x)
    close(
        xc.occlusion(curved, x, 0, patch=2, fill="mean"),
        xc.occlusion(curved, x, 0, patch=2, fill=mean),
    )
    blurred = xc.occlusion(curved, x, 0, patch=2, fill="blur")
    assert float((blurred - expected).norm()) > 0.01
    one_row = xc.occlusion(curved, x, 0, patch=2, fill=x[1])
    close(one_row[1], torch.zeros(3, 4, 6))
    assert float(one_row[0].norm()) > 0.1


# ---- discipline ----------------------------------------------------------------------------------


def test_chunks_and_no_graph():
    sizes = []

    def watched(x: Tensor) -> Tensor:
        assert not torch.is_grad_enabled()
        if not is_asking():
            sizes.append(len(x))
        return linear(x)

    x = wave(2, 3, 8, 8).requires_grad_()
    xc.occlusion(watched, x, patch=2, batch_size=5)
    assert max(sizes) == 5
    assert sum(sizes) == 2 * 16 + 2  # all patches, and x itself


def test_a_model_without_a_gradient(close):
    x = 4 * wave(2, 5)
    step = lambda z: linear(z.round())  # noqa: E731
    close(xc.occlusion(step, x), weights(x) * x.round())


def test_sixteen_bits(close):
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 2)).half()
    x = wave(2, 3, 2, 2).half()
    found = xc.occlusion(net, x, 1, patch=1)
    assert found.dtype == torch.float16
    close(found, xc.occlusion(net.double(), x.double(), 1, patch=1), 1e-2)


REFUSED = {
    "patch too large": ({"patch": 5}, ValueError, r"patch 5 is larger.*\(3, 4, 6\)"),
    "patch of 0": ({"patch": 0}, ValueError, "patch must be at least 1"),
    "half a patch": ({"patch": 1.5}, TypeError, "patch must be a whole number, got 1.5"),
    "too many sides": ({"patch": (1, 1, 1, 1)}, ValueError, r"has 4 number\(s\).*2 axes behind"),
    "gaps": ({"patch": 2, "stride": 3}, ValueError, "stride 3 is larger.*never be hidden"),
    "gaps by default": ({"stride": 2}, ValueError, "stride 2 is larger than the patch"),
    "no stride": ({"patch": 2, "stride": 0}, ValueError, "stride must be at least 1"),
    "unknown fill": ({"fill": "grey"}, ValueError, "fill 'grey' is unknown; there are black"),
    "two colours": ({"fill": torch.zeros(2).double()}, ValueError, r"fill has shape \(2,\)"),
    "fill of NaN": ({"fill": torch.nan}, ValueError, "fill holds NaN"),
    "fill of texts": (
        {"fill": ["grey", "black"]},
        TypeError,
        "one value per channel .* got ..grey",
    ),
    "fill is None": ({"fill": None}, TypeError, "fill must be a number, a tensor or one of"),
}


@pytest.mark.parametrize(("settings", "error", "says"), REFUSED.values(), ids=REFUSED)
def test_refused(settings, error, says):
    with pytest.raises(error, match=f"(?s){says}"):
        xc.occlusion(linear, wave(2, 3, 4, 6), **settings)


def test_scores_that_are_not_finite():
    with pytest.raises(ValueError, match=r"F of row 1 is .*inf where a patch is hidden"):
        xc.occlusion(lambda z: z[:, 0].log() + 0 * z[:, 1], torch.tensor([[1.0, 1], [1, 1]]) ** 2,
                     fill=torch.tensor([[1.0, 0], [0, 0]]))  # fmt: skip


def test_explain_offers_it():
    assert choose_method("occlusion").name == "occlusion"
