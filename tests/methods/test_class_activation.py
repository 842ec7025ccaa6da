"""Class activation maps: closed forms, loops written from the papers, default layers, errors."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torchvision.models import resnet18, squeezenet1_1
from torchvision.models.swin_transformer import SwinTransformer
from torchvision.models.vision_transformer import VisionTransformer

import xaicourse as xc
from xaicourse.core.layers import LayerError
from xaicourse.methods.vanilla.class_activation import WEIGHTS

GRADIENT_CAMS = [xc.METHODS[name].method for name in WEIGHTS]
RAW = {"upsample": None, "relu": False}


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


class Net(nn.Module):
    """Convolutions, then one of three heads: average and linear, flat and linear, flat and MLP."""

    def __init__(self, head: str, seed: int = 0) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Conv2d(4, 6, 3), nn.ReLU(inplace=True))
        )  # (N, 6, h, w) for images (h + 4, w + 4)
        pooled = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(6, 3))
        flat = nn.Sequential(nn.Flatten(), nn.Linear(6 * 12, 3))
        mlp = nn.Sequential(nn.Flatten(), nn.Linear(6 * 12, 7), nn.Tanh(), nn.Linear(7, 3))
        self.head = {"pooled": pooled, "flat": flat, "mlp": mlp}[head]
        self.double().eval()
        for k, parameter in enumerate(self.parameters()):
            parameter.data = 0.4 * random(*parameter.shape, seed=100 * seed + k)

    def forward(self, x):
        return self.head(self.features(x))


X = random(3, 2, 7, 8, seed=1)  # feature maps of 3 x 4 cells
T = torch.tensor([2, 0, 1])
Z = 12


def cut(net: Net, x=X, target=T):
    """Return A, dF/dA and F by hand."""
    A = net.features(x).detach().requires_grad_(True)
    score = net.head(A).gather(1, target[:, None])[:, 0]
    (g,) = torch.autograd.grad(score.sum(), A)
    return A.detach(), g, score.detach()


# ---- closed forms -------------------------------------------------------------------------------


def test_cam_is_the_linear_layer_applied_to_each_cell(close):
    net = Net("pooled")
    A, _, score = cut(net)
    linear = net.head[-1]
    expected = torch.einsum("nk,nkij->nij", linear.weight[T], A)[:, None].detach()
    found = xc.cam(net, X, T, upsample=None, return_details=True)
    close(found.values, expected)
    close(found.values.mean((1, 2, 3)), score - linear.bias.detach()[T])
    close(found.extra["weights"][:, :, 0, 0], linear.weight.detach()[T])
    assert found.extra["layer"] == "features"


def test_behind_an_average_and_a_linear_layer_all_are_cam(close):
    net = Net("pooled")
    A, _, score = cut(net)
    expected = xc.cam(net, X, T, **RAW) / Z
    for method in (xc.grad_cam, xc.hires_cam, xc.xgrad_cam):
        close(method(net, X, T, **RAW), expected)
    w = net.head[-1].weight.detach()[T][:, :, None, None]
    close(xc.layer_cam(net, X, T, **RAW), (w.clamp_min(0) * A / Z).sum(1, keepdim=True))
    slope = w / Z
    weights = Z * slope.clamp_min(0) / (2 + slope * A.sum((2, 3), keepdim=True))
    close(xc.grad_cam_plus_plus(net, X, T, **RAW), (weights * A).sum(1, keepdim=True))
    total = score - net.head[-1].bias.detach()[T]
    close(xc.grad_cam(net, X, T, **RAW).sum((1, 2, 3)), total)


@given(seed=st.integers(0, 50))
@settings(max_examples=10, deadline=None)
def test_hires_cam_adds_up_to_the_logit_without_its_bias(seed):
    net = Net("flat", seed)
    _, _, score = cut(net)
    total = score - net.head[-1].bias.detach()[T]
    found = xc.hires_cam(net, X, T, **RAW).sum((1, 2, 3))
    assert float((found - total).norm()) < 1e-10 * float(total.norm())


def test_grad_cam_does_not_add_up_and_paints_where_nothing_counts(close):
    """F reads one cell of one feature map; Grad-CAM lights up another cell, HiResCAM does not."""
    net = Net("flat")
    net.head[-1].weight.data.zero_()
    net.head[-1].weight.data[0, 0] = 1.0  # class 0 is A of map 0 in cell (0, 0)
    A, _, _ = cut(net, target=torch.zeros(3, dtype=torch.long))
    right = torch.zeros(3, 1, 3, 4, dtype=torch.float64)
    right[:, 0, 0, 0] = A[:, 0, 0, 0]
    close(xc.hires_cam(net, X, 0, **RAW), right)
    close(xc.grad_cam(net, X, 0, **RAW), A[:, :1] / Z)
    assert float(A[:, 0].flatten(1)[:, 1:].norm()) > 0.1


@pytest.mark.parametrize("head", ["flat", "mlp"])
def test_xgrad_cam_gives_each_map_its_gradient_times_activation(head, close):
    net = Net(head)
    A, g, _ = cut(net)
    found = xc.xgrad_cam(net, X, T, **RAW, return_details=True)
    close((found.extra["weights"] * A).sum((2, 3)), (g * A).sum((2, 3)))
    close(found.values.sum((1, 2, 3)), xc.hires_cam(net, X, T, **RAW).sum((1, 2, 3)))


# ---- loops written from the papers --------------------------------------------------------------


def weight_of_cell(name: str, A: np.ndarray, g: np.ndarray, i: int, j: int) -> float:
    """Return the weight of cell (i, j) of one feature map."""
    h, w = A.shape
    cells = [(a, b) for a in range(h) for b in range(w)]
    if name == "grad_cam":
        return sum(g[c] for c in cells) / (h * w)
    if name == "hires_cam":
        return g[i, j]
    if name == "layer_cam":
        return max(g[i, j], 0.0)
    total = sum(A[c] for c in cells)
    if name == "xgrad_cam":
        return sum(g[c] * A[c] / total for c in cells) if total else 0.0
    alphas = {c: g[c] ** 2 / (2 * g[c] ** 2 + g[c] ** 3 * total) if g[c] else 0.0 for c in cells}
    return sum(alphas[c] * max(g[c], 0.0) for c in cells)


@pytest.mark.parametrize("name", sorted(set(WEIGHTS) - {"cam"}))
@pytest.mark.parametrize("relu", [True, False])
def test_equals_a_loop_written_from_the_paper(name, relu, close):
    net = Net("mlp")
    A, g, _ = (t.numpy() for t in cut(net))
    expected = np.zeros((3, 1, 3, 4))
    for n, i, j in np.ndindex(3, 3, 4):
        value = sum(weight_of_cell(name, A[n, k], g[n, k], i, j) * A[n, k, i, j] for k in range(6))
        expected[n, 0, i, j] = max(value, 0.0) if relu else value
    method = xc.METHODS[name].method
    close(method(net, X, T, relu=relu, upsample=None), expected)
    big = F.interpolate(torch.from_numpy(expected), size=(7, 8), mode="bilinear")
    found = method(net, X, T, relu=relu, return_details=True)
    close(found.values, big)
    close(found.extra["raw"], expected)


def test_score_cam_equals_a_loop_written_from_the_paper(close):
    net = Net("mlp")
    net.features[2].weight.data[2] = 0  # a map that is the same in all cells hides the image
    net.features[2].bias.data[2] = 0.7
    net.requires_grad_(False)
    A = net.features(X)
    expected = torch.zeros(3, 1, 3, 4, dtype=torch.float64)
    black = torch.zeros(1, 2, 7, 8, dtype=torch.float64)

    for n in range(3):
        C = []
        for k in range(6):
            mask = F.interpolate(A[n, k][None, None], size=(7, 8), mode="bilinear")
            spread = float(A[n, k].max() - A[n, k].min())
            mask = (mask - mask.min()) / (mask.max() - mask.min()) if spread > 0 else 0 * mask
            C.append(float(net(X[n : n + 1] * mask)[0, T[n]] - net(black)[0, T[n]]))
        total = sum(math.exp(c) for c in C)
        for k in range(6):
            expected[n, 0] += math.exp(C[k]) / total * A[n, k]
    for batch_size in (None, 1, 4):
        close(xc.score_cam(net, X, T, **RAW, batch_size=batch_size), expected)


def test_score_cam_hides_the_image_behind_a_map_whose_speck_is_lost_on_the_way(close):
    """A layer with more cells than the image: what is enlarged may be the same everywhere."""

    class Speck(nn.Module):
        def forward(self, x):
            maps = x.new_zeros(len(x), 2, 16, 16)
            maps[:, 0, 0, 0] = x.sum((1, 2, 3))  # no pixel of a 4 x 4 image is near this cell
            maps[:, 1, 4:12] = 1.0
            return maps

    net, x = nn.Sequential(Speck(), nn.Flatten(), nn.Linear(512, 3)).double(), X[:, :, :4, :4]
    found = xc.score_cam(net, x, 1, layer="0", return_details=True, **RAW)
    stripes = F.interpolate(net[0](x)[:, 1:], size=(4, 4), mode="bilinear")  # from 0 to 1 already
    scores = torch.stack([xc.scores(net, 0 * x, 1), xc.scores(net, x * stripes, 1)], 1)
    close(found.extra["weights"][:, :, 0, 0], scores.softmax(1))


def test_eigen_cam_equals_numpy_and_recovers_a_map_of_rank_one(close):
    net = Net("mlp")
    A = net.features(X).detach().numpy()
    for centre in (False, True):
        found = xc.eigen_cam(net, X, T, centre=centre, upsample=None)
        for n in range(3):
            cells = A[n].reshape(6, 12).T
            mean = cells.mean(0)
            shown = cells - mean if centre else cells
            first = np.linalg.svd(shown)[2][0]
            first = first if first @ mean >= 0 else -first
            close(found[n].flatten(), shown @ first)
    u, v = random(1, 6, 1, 1, seed=5), random(1, 1, 3, 4, seed=6)
    layer = nn.Identity()
    rank_one = lambda x: layer(x).sum((2, 3))  # noqa: E731
    found = xc.eigen_cam(rank_one, u * v, 0, layer=layer, upsample=None)
    close(found * v.sum().sign(), u.norm() * v)


def test_guided_grad_cam_is_the_product_of_its_parts(close):
    net = Net("flat")
    expected = xc.guided_backprop(net, X, T) * xc.grad_cam(net, X, T)
    close(xc.guided_grad_cam(net, X, T), expected)
    assert float(expected.norm()) > 0
    with pytest.raises(ValueError, match="upsample must be bilinear"):
        xc.guided_grad_cam(net, X, T, upsample=None)


# ---- layers -------------------------------------------------------------------------------------


def test_an_output_that_is_overwritten_in_place_is_the_one_before(close):
    net = Net("mlp")
    conv = net.features[:3](X).detach().requires_grad_(True)
    score = net.head(conv.relu()).gather(1, T[:, None])
    (g,) = torch.autograd.grad(score.sum(), conv)
    for layer in ("features.2", net.features[2]):
        close(xc.hires_cam(net, X, T, layer=layer, **RAW), (g * conv).detach().sum(1, keepdim=True))


def test_default_layers():
    x = random(1, 3, 64, 64).float()
    for build, layer in ((resnet18, "layer4"), (squeezenet1_1, "classifier.2")):
        with torch.random.fork_rng():
            found = xc.grad_cam(build().eval(), x, 0, return_details=True)
        assert found.extra["layer"] == layer
        assert found.extra["raw"].shape[2] > 1


def test_layers_with_maps_are_listed():
    net = Net("mlp")  # its last ReLU works in place, so that conv and ReLU hand on one tensor
    found = xc.map_layers(net, X)
    assert found == {"features.0": (4, 5, 6), "features.1": (4, 5, 6), "features": (6, 3, 4)}
    for layer in found:
        assert xc.grad_cam(net, X, T, layer=layer).shape == (3, 1, 7, 8)
    with pytest.raises(
        LayerError, match=r"(?s)'head.0' gives \(3, 72\).*'features' \(N, 6, 3, 4\)"
    ):
        xc.grad_cam(net, X, T, layer="head.0")
    assert xc.map_layers(xc.bind(lambda x, b: x, b=torch.zeros(3)), X) == {}


def test_adaptive_pooling_is_not_taken_for_a_map():
    """As in a VGG, which spreads its 3 x 4 cells over 7 x 7."""
    net = Net("mlp")
    model = nn.Sequential(net.features, nn.AdaptiveAvgPool2d(7), nn.Flatten(), nn.Linear(294, 3))
    found = xc.grad_cam(model.double(), X, T, return_details=True)
    assert found.extra["layer"] == "0"
    assert found.extra["raw"].shape == (3, 1, 3, 4)


def test_nets_without_spatial_maps_are_refused():
    mlp = nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(112, 4), nn.ReLU(), nn.Linear(4, 3))
    with pytest.raises(LayerError, match=r"no layer of this model has a spatial map.*'2' \(N, 4\)"):
        xc.grad_cam(mlp.double(), X, T)
    with pytest.raises(LayerError, match="layer must be given: the model is a function"):
        xc.grad_cam(lambda x: x.flatten(1)[:, :3], X, T)
    with pytest.raises(LayerError, match=r"layer '2' gives \(3, 4\), but feature maps"):
        xc.grad_cam(mlp, X, T, layer="2")
    with pytest.raises(LayerError, match=r"'4x' is not in the model"):
        xc.grad_cam(mlp, X, T, layer="4x")


def vit() -> VisionTransformer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = VisionTransformer(16, 4, 2, 2, 8, 16, num_classes=3)  # 4 x 4 patches, 2 blocks
        nn.init.normal_(net.heads.head.weight)
    return net.double().eval()


def test_tokens_of_a_transformer_are_laid_out_as_the_image(close):
    net, x = vit(), random(2, 3, 16, 16)
    name = "encoder.layers.encoder_layer_1.ln_1"
    found = xc.hires_cam(net, x, 0, layer=name, reshape=xc.TokenGrid(4, 4), **RAW)

    kept = []
    layer = net.get_submodule(name)
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    score = net(x)[:, 0].sum()
    handle.remove()
    (g,) = torch.autograd.grad(score, kept[0])
    expected = (kept[0] * g).detach()[:, 1:].sum(2).view(2, 1, 4, 4)
    close(found, expected)
    close(xc.hires_cam(net, x, 0, layer=name, **RAW), expected)
    default = xc.hires_cam(net, x, 0, **RAW, return_details=True)
    assert default.extra["layer"] == name
    close(default.values, expected)
    assert float(expected.norm()) > 0


def test_the_last_block_of_a_transformer_says_nothing_of_its_patches():
    net, x = vit(), random(2, 3, 16, 16)
    for layer in ("encoder.layers.encoder_layer_1", "encoder.ln"):
        with pytest.raises(ValueError, match=r"gradient is 0 in every row.*before the last att"):
            xc.grad_cam(net, x, 0, layer=layer, reshape=xc.TokenGrid(4, 4))


def test_channels_last_are_not_taken_for_maps(close):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = SwinTransformer([4, 4], 24, [2, 2], [2, 2], [4, 4], num_classes=3).double().eval()
    x = random(1, 3, 64, 64)
    total = net(x)[0, 0].detach() - net.head.bias.detach()[0]
    permuted = xc.hires_cam(net, x, 0, **RAW, return_details=True)
    assert permuted.extra["layer"] == "permute"
    close(permuted.values.sum(), total)  # average and linear layer behind it
    reshape = lambda t: t.permute(0, 3, 1, 2)  # noqa: E731
    close(xc.hires_cam(net, x, 0, layer="norm", reshape=reshape, **RAW), permuted.values)

    class NeverPermuted(nn.Module):
        def __init__(self):
            super().__init__()
            self.features, self.norm, self.head = net.features, net.norm, net.head

        def forward(self, x):
            return self.head(self.norm(self.features(x)).mean((1, 2)))

    close(xc.hires_cam(NeverPermuted(), x, 0, **RAW), permuted.values)


def test_cam_is_refused_where_it_is_not_defined():
    for net in (Net("flat"), Net("mlp")):
        with pytest.raises(LayerError, match=r"cam is defined only where.*use grad_cam"):
            xc.cam(net, X, T)
    with pytest.raises(LayerError, match="cam is defined only where"):
        xc.cam(Net("pooled"), X, T, layer="features.2")  # a ReLU comes before the average
    deep = nn.Sequential(
        *(Net("pooled").features, nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        *(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)),
    )
    with pytest.raises(LayerError, match="cam is defined only where"):
        xc.cam(deep.double(), X, T, layer="0")


class Behind(nn.Module):
    """A net that is CAM's, and an operation behind it."""

    def __init__(self, last) -> None:
        super().__init__()
        self.net, self.last = Net("pooled"), last

    def forward(self, x):
        return self.last(self.net(x))


def test_cam_is_refused_where_the_score_is_curved_behind_the_linear_layer():
    """The map would add up to something, but not to the score."""
    for curved in (lambda y: y.log_softmax(1), torch.square):
        with pytest.raises(LayerError, match=r"cam is defined only where.*its output is the score"):
            xc.cam(Behind(curved), X, T)
    with pytest.raises(LayerError, match=r"cam is defined only where.*output='logit'"):
        xc.cam(Net("pooled"), X, T, output="probability")


def test_cam_takes_a_difference_of_logits_and_a_layer_that_is_called_by_name(close):
    class ByName(Net):
        def forward(self, x):
            return self.head[-1](input=self.features(x).mean((2, 3)))

    net = Net("pooled")
    A, w = net.features(X).detach(), net.head[-1].weight.detach()
    close(xc.cam(ByName("pooled"), X, T, **RAW), xc.cam(net, X, T, **RAW))
    details = xc.cam(net, X, T, output="margin", return_details=True, **RAW)
    logits = net(X).detach()
    rival = logits.scatter(1, T[:, None], -torch.inf).argmax(1)
    close(details.values, torch.einsum("nk,nkij->nij", w[T] - w[rival], A)[:, None])


def test_negative_layers_are_refused_where_a_weight_has_no_meaning():
    layer = nn.Identity()
    model = lambda x: 10 * layer(x).sum((2, 3))  # noqa: E731
    x = torch.full((1, 2, 3, 3), -1.0, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"2 \+ g sum\(A\) is 0 or negative.*after a ReLU"):
        xc.grad_cam_plus_plus(model, x, 0, layer=layer)
    x = torch.zeros(1, 2, 3, 3, dtype=torch.float64)
    x[0, 1, 0, 0], x[0, 1, 0, 1] = 1, -1
    with pytest.raises(ValueError, match=r"adds up to 0.*after a ReLU"):
        xc.xgrad_cam(model, x, 0, layer=layer)


def test_an_empty_feature_map_adds_nothing(close):
    net = Net("mlp")
    net.features[2].weight.data[3] = 0
    net.features[2].bias.data[3] = -1
    for method in (xc.xgrad_cam, xc.score_cam, xc.eigen_cam, xc.grad_cam_plus_plus):
        assert bool(torch.isfinite(method(net, X, T)).all())


@pytest.mark.parametrize("method", [xc.grad_cam, xc.score_cam, xc.eigen_cam])
def test_bad_settings(method):
    net = Net("mlp")
    for wrong, message in (
        ({"upsample": True}, "upsample must be one of bilinear, bicubic, nearest or None"),
        ({"call": 1}, "call=1 is a call of a layer: give layer= too"),
        ({"reshape": xc.TokenGrid(2, 2)}, "reshape= is for one layer's tokens"),
        ({"layer": 7}, "layer must be a module"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            method(net, X, T, **wrong)
    with pytest.raises(ValueError, match=r"x has shape \(3, 112\).*images \(N, C, H, W\)"):
        method(net, X.flatten(1), T)
    with pytest.raises(ValueError, match=r"TokenGrid\(2, 2, skip=1\) needs 5 tokens"):
        method(net, X, T, layer="features", reshape=xc.TokenGrid(2, 2))


@pytest.mark.parametrize("method", GRADIENT_CAMS)
def test_upsampling(method, close):
    net = Net("pooled")
    raw = method(net, X, T, upsample=None)
    close(method(net, X, T, upsample="nearest"), F.interpolate(raw, size=(7, 8), mode="nearest"))
    bicubic = F.interpolate(raw, size=(7, 8), mode="bicubic", align_corners=False)
    close(method(net, X, T, upsample="bicubic"), bicubic)
