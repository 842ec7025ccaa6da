"""Class activation maps on the models that people use: which layer, which axes, which words.

Each map is compared with one that is made by hand: autograd at the layer in float64, its output
laid out by a function that is written down here for each net.
"""

import inspect
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models
from torchvision.models import segmentation

import xaicourse as xc
from tests.methods import cam_nets as nets
from xaicourse.core.layers import LayerError

RAW = {"upsample": None, "relu": False}
CAMS = ["grad_cam", "grad_cam_plus_plus", "hires_cam", "layer_cam", "xgrad_cam"]


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def at_layer(net, x, layer: str, score):
    """Return a layer's output and the gradient of `score` of the model's outputs there."""
    kept = []

    def keep(module, inputs, output):
        kept.append(output)
        return output.clone()  # the model may write into it

    handle = net.get_submodule(layer).register_forward_hook(keep)
    total = score(net(x))
    handle.remove()
    (g,) = torch.autograd.grad(total, kept[-1])
    return kept[-1].detach(), g


def by_hand(net, x, layer: str, lay, score=lambda y: y[:, 1].sum()):
    """Return Grad-CAM's raw signed map (N, 1, cells ...)."""
    A, g = (lay(t) for t in at_layer(net, x, layer, score))
    cells = tuple(range(2, A.dim()))
    return (g.mean(cells, keepdim=True) * A).sum(1, keepdim=True)


def as_it_is(t):
    return t


def last(t):
    return t.movedim(-1, 1)


def grid(h: int, w: int, skip: int = 0):
    return lambda t: t[:, skip : skip + h * w].transpose(1, 2).unflatten(2, (h, w))


def small_vit():
    return models.VisionTransformer(32, 8, 2, 2, 12, 24, num_classes=5)


def small_maxvit():
    return models.MaxVit(*((64, 64), 8, 2, [8, 12], [1, 1], 4, 0.0), num_classes=5)


# family -> net, size of x, the default layer, how it is laid out
TORCHVISION = {
    "vit": (small_vit, 32, "encoder.layers.encoder_layer_1.ln_1", grid(4, 4, 1)),
    "swin_t": (models.swin_t, 64, "permute", as_it_is),
    "swin_v2_t": (models.swin_v2_t, 64, "permute", as_it_is),
    "maxvit": (small_maxvit, 64, "blocks.1", as_it_is),
    "convnext_tiny": (models.convnext_tiny, 64, "features", as_it_is),
    "resnet18": (models.resnet18, 64, "layer4", as_it_is),
    "resnext50": (models.resnext50_32x4d, 64, "layer4", as_it_is),
    "densenet121": (models.densenet121, 64, "features", as_it_is),
    "efficientnet_b0": (models.efficientnet_b0, 64, "features", as_it_is),
    "mobilenet_v2": (models.mobilenet_v2, 64, "features", as_it_is),
    "mobilenet_v3_small": (models.mobilenet_v3_small, 64, "features", as_it_is),
    "regnet_y_400mf": (models.regnet_y_400mf, 64, "trunk_output", as_it_is),
    "vgg11": (lambda: models.vgg11(init_weights=False), 64, "features", as_it_is),
    "googlenet": (lambda: models.googlenet(init_weights=False), 64, "inception5b", as_it_is),
    "shufflenet": (models.shufflenet_v2_x0_5, 64, "conv5", as_it_is),
    "mnasnet": (models.mnasnet0_5, 64, "layers", as_it_is),
}
OTHERS = {
    "vit_class_token": (lambda: nets.Vit(1), (3, 16, 24), "blocks.1.norm1", grid(4, 6, 1)),
    "deit_two_tokens": (lambda: nets.Vit(2), (3, 16, 24), "blocks.1.norm1", grid(4, 6, 2)),
    "vit_mean": (lambda: nets.Vit(0), (3, 16, 24), "norm", grid(4, 6)),
    "mixer": (nets.Mixer, (3, 16, 24), "norm", grid(4, 6)),
    "poolformer": (nets.Poolformer, (3, 16, 24), "norm", as_it_is),
    "levit": (nets.Levit, (3, 16, 24), "last", grid(2, 3)),
    "swin_channels_last": (lambda: nets.Swin(False), (3, 16, 24), "norm", last),
    "swin_tokens": (lambda: nets.Swin(True), (3, 16, 24), "norm", grid(2, 3)),
    "hrnet": (nets.Hrnet, (3, 16, 24), "final", as_it_is),
    "bert": (nets.Bert, (7, 12), "layers.1.norm1", last),
}
FAMILIES = {
    **{name: (b, (3, s, s), layer, lay) for name, (b, s, layer, lay) in TORCHVISION.items()},
    **OTHERS,
}
_made: dict[str, nn.Module] = {}


def family(name: str):
    """Return a family's net, a row for it, its default layer and that layer's layout."""
    build, shape, layer, lay = FAMILIES[name]
    if name not in _made:
        with torch.random.fork_rng():
            torch.manual_seed(3)
            _made[name] = nets.random_weights(build())
    return _made[name], random(1, *shape, seed=4), layer, lay


@pytest.mark.fault("R9", "P8")
@pytest.mark.parametrize("name", FAMILIES)
def test_the_default_layer_of_each_family_is_read_as_by_hand(name, close):
    net, x, layer, lay = family(name)
    found = xc.grad_cam(net, x, 1, **RAW, return_details=True)
    assert found.extra["layer"] == layer
    expected = by_hand(net, x, layer, lay)
    close(found.values, expected, 1e-8)
    assert float(expected.norm()) > 0


@pytest.mark.fault("R9", "P8")
@pytest.mark.parametrize("name", FAMILIES)
def test_every_layer_that_a_message_proposes_works(name):
    net, x, _, _ = family(name)
    head = [n for n, m in net.named_modules() if isinstance(m, nn.Linear)][-1]
    with pytest.raises(LayerError, match="the last layers with feature maps") as error:
        xc.grad_cam(net, x, 1, layer=head)
    proposed = re.findall(r"'([^']+)' \(N", str(error.value).partition("the last layers")[2])
    assert proposed
    for layer in proposed:
        assert float(xc.hires_cam(net, x, 1, layer=layer, **RAW).norm()) > 0, layer


@pytest.mark.fault("R9", "P8")
@pytest.mark.parametrize("name", ["vit", "deit_two_tokens"])
def test_a_layer_behind_the_last_attention_is_refused_with_one_that_works(name):
    net, x, layer, _ = family(name)
    behind = "encoder.ln" if name == "vit" else "norm"
    with pytest.raises(ValueError, match="last layer whose tokens matter is") as error:
        xc.grad_cam(net, x, 1, layer=behind)
    advised = re.findall(r"matter is '([^']+)'", str(error.value))[0]
    assert advised == layer
    assert float(xc.hires_cam(net, x, 1, layer=advised, **RAW).norm()) > 0


def test_a_head_of_zeros_is_named():
    net, x = small_vit().double().eval(), random(2, 3, 32, 32)
    with pytest.raises(ValueError, match="flat at x, as where the last layer's weights are all 0"):
        xc.grad_cam(net, x, 1, layer="encoder.ln")
    for method in (xc.hires_cam, xc.layer_cam):  # whose default would be the first convolution
        with pytest.raises(ValueError, match="flat at x, as where the last layer's weights are"):
            method(net, x, 2)


# ---- which axis is which ------------------------------------------------------------------------


@pytest.mark.fault("K5", "T7")
@pytest.mark.parametrize(
    ("name", "layer", "lay"),
    [
        ("swin_t", "features.3", last),
        ("swin_t", "features.1.1.norm2", last),
        ("swin_t", "features.0", last),
        ("swin_v2_t", "features.5.0.mlp.0", last),
        ("convnext_tiny", "features.5.1.block.3", last),
        ("convnext_tiny", "features.3.2.block.1", last),
        ("convnext_tiny", "features.3.2.block.0", as_it_is),
        ("convnext_tiny", "features.6.0", as_it_is),  # a layer norm that permutes inside
        ("swin_channels_last", "windows", last),
        ("mixer", "blocks.0", grid(4, 6)),
    ],
)
def test_a_named_layer_is_read_with_its_channels_where_they_are(name, layer, lay, close):
    net, x, _, _ = family(name)
    close(xc.grad_cam(net, x, 1, layer=layer, **RAW), by_hand(net, x, layer, lay), 1e-8)
    A = lay(at_layer(net, x, layer, lambda y: y[:, 1].sum())[0])
    found = xc.eigen_cam(net, x, 1, layer=layer, upsample=None)
    assert found.shape == (1, 1, *A.shape[2:])
    same = xc.grad_cam(net, x, 1, layer=layer, reshape=lay, **RAW)
    close(same, by_hand(net, x, layer, lay), 1e-8)


@pytest.mark.fault("K5", "T7")
def test_a_reshape_that_puts_the_channels_elsewhere_is_refused():
    net, x, _, _ = family("resnet18")
    with pytest.raises(LayerError, match=r"puts the channels on axis 3; without reshape="):
        xc.grad_cam(net, x, 1, layer="layer3", reshape=lambda t: t.permute(0, 2, 3, 1))
    assert xc.grad_cam(net, x, 1, layer="layer3").shape == (1, 1, 64, 64)


class ReadByNumpy(nn.Module):
    """Channels last, and no graph that could tell so."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.cells = nn.Conv2d(3, 9, 4, 4), nn.Identity()
        self.norm, self.head = nn.LayerNorm(9), nn.Linear(9, 5)

    def forward(self, x):
        with torch.no_grad():
            cells = self.norm(self.cells(self.conv(x).permute(0, 2, 3, 1)))
        return self.head(cells.mean((1, 2)))


@pytest.mark.fault("K5", "T7")
def test_where_no_graph_tells_the_axes_the_reshape_is_advised_and_works(close):
    net, x = ReadByNumpy().double(), random(2, 3, 32, 32)  # 8 x 8 cells, 9 channels
    with pytest.raises(LayerError, match="which axis has its channels cannot be told") as error:
        xc.eigen_cam(net, x, 1, layer="cells")
    advised = re.findall(r"reshape=(lambda t: t\.permute\(.*?\)) if", str(error.value))[0]
    found = xc.eigen_cam(net, x, 1, layer="cells", reshape=eval(advised), upsample=None)
    plain = nn.Sequential(net.conv, nn.AdaptiveAvgPool2d(1), nn.Flatten(), net.head)
    close(found, xc.eigen_cam(plain, x, 1, layer="0", upsample=None))
    assert xc.eigen_cam(net, x, 1, layer="norm", upsample=None).shape == (2, 1, 8, 8)


def test_tokens_without_a_graph_are_refused_with_token_grid_and_it_works():
    vit = family("vit_class_token")[0]
    net = nets.Around(vit, torch.no_grad()(lambda net, x: net(x)))
    x = random(2, 3, 16, 24)
    with pytest.raises(LayerError, match=r"(?s)works on tokens.*TokenGrid\(height, width, skip\)"):
        xc.eigen_cam(net, x, 1)
    with pytest.raises(LayerError, match=r"gives \(2, 25, 12\).*TokenGrid"):
        xc.eigen_cam(net, x, 1, layer="net.norm")
    found = xc.eigen_cam(net, x, 1, layer="net.norm", reshape=xc.TokenGrid(4, 6, 1), upsample=None)
    assert found.shape == (2, 1, 4, 6)


@pytest.mark.fault("K10")
def test_cells_that_are_wider_than_high_are_maps(close):
    """A spectrogram's time is pooled, its frequencies are not: there are no tokens."""
    body = [nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d((1, 5)), nn.Conv2d(4, 6, 1)]
    net = nn.Sequential(*body, nn.ReLU(), nn.Flatten(), nn.Linear(6 * 12 * 6, 3)).double()
    x = random(2, 1, 12, 30)
    found = xc.grad_cam(net, x, 1, **RAW, return_details=True)
    assert found.extra["layer"] == "4"
    close(found.values, by_hand(net, x, "4", as_it_is))
    assert xc.map_layers(net, x)["2"] == (4, 12, 6)
    assert xc.grad_cam(net, x, 1).shape == (2, 1, 12, 30)


def layout(kind: str):
    """Return a net whose x or cells lie in an order of their own, and x."""
    if kind == "text cnn":  # embeddings (N, L, D)
        net = nn.Sequential(nn.Conv1d(8, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten())
        return nets.Around(net, lambda net, x: net(x.transpose(1, 2))), random(2, 9, 8), "net.1"
    if kind == "recurrent":
        net = nn.ModuleList([nn.GRU(4, 6, batch_first=True), nn.LayerNorm(6)])
        run = lambda net, x: net[1](net[0](x)[0]).mean(1)  # noqa: E731
        return nets.Around(net, run), random(2, 9, 4), "net.1"
    net = nn.Sequential(nn.Conv2d(3, 6, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    if kind == "x channels last":
        run, x = lambda net, x: net(x.permute(0, 3, 1, 2)), random(2, 12, 20, 3)
    else:
        run, x = lambda net, x: net(x.transpose(2, 3)), random(2, 3, 12, 20)
    return nets.Around(net, run), x, "net.1"


@pytest.mark.fault("K5", "T7")
@pytest.mark.parametrize("kind", ["text cnn", "recurrent", "x channels last", "turned"])
def test_the_map_lies_as_x_does(kind, close):
    net, x, layer = layout(kind)
    net = net.double().eval()
    lay = {"recurrent": last, "turned": lambda t: t.transpose(2, 3)}.get(kind, as_it_is)
    sizes = {"text cnn": (9,), "recurrent": (9,)}.get(kind, (12, 20))
    raw = by_hand(net, x, layer, lay)
    mode = "linear" if len(sizes) == 1 else "bilinear"
    expected = F.interpolate(raw, size=sizes, mode=mode, align_corners=False)
    found = xc.grad_cam(net, x, 1, relu=False, return_details=True)
    assert found.extra["layer"] == layer
    close(found.values, expected)
    assert xc.score_cam(net, x, 1).shape == expected.shape


# ---- series and volumes -------------------------------------------------------------------------


def series_net() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv1d(2, 4, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(4, 6, 3), nn.ReLU()),
        *(nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 3)),
    ).double()


def volume_net() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv3d(1, 4, 3), nn.BatchNorm3d(4), nn.ReLU(), nn.AvgPool3d(2)),
        *(nn.Conv3d(4, 6, 2), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 2 * 3 * 4, 3)),
    )


KINDS = {
    "series": (series_net, (2, 30), "4", "linear"),
    "volume": (lambda: volume_net().double().eval(), (1, 8, 10, 12), "5", "trilinear"),
}


@pytest.mark.fault("K10", "P5")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CAMS)
def test_series_and_volumes_equal_the_weights_of_the_paper(kind, name, close):
    build, shape, layer, mode = KINDS[kind]
    net, x = build(), random(2, *shape)
    A, g = at_layer(net, x, layer, lambda y: y[:, 1].sum())
    flat_A, flat_g = A.flatten(2), g.flatten(2)
    total = flat_A.sum(2, keepdim=True)
    weights = {
        "grad_cam": flat_g.mean(2, keepdim=True),
        "hires_cam": flat_g,
        "layer_cam": flat_g.relu(),
        "xgrad_cam": (flat_A * flat_g / total.where(total > 0, 1)).sum(2, keepdim=True),
        "grad_cam_plus_plus": (flat_g.relu() / (2 + flat_g.relu() * total)).sum(2, keepdim=True),
    }
    raw = (weights[name] * flat_A).sum(1, keepdim=True).unflatten(2, A.shape[2:])
    found = xc.METHODS[name].method(net, x, 1, relu=False, return_details=True)
    assert found.extra["layer"] == layer
    close(found.extra["raw"], raw)
    close(found.values, F.interpolate(raw, size=shape[1:], mode=mode, align_corners=False))
    near = xc.METHODS[name].method(net, x, 1, relu=False, upsample="nearest")
    close(near, F.interpolate(raw, size=shape[1:], mode="nearest"))


@pytest.mark.fault("K10", "P5")
@pytest.mark.parametrize("name", [*CAMS, "cam", "score_cam", "eigen_cam", "guided_grad_cam"])
def test_a_series_is_an_image_of_one_row(name, close):
    """All nine methods: the same net in two dimensions, with kernels that are one high."""
    net, x = series_net(), random(2, 2, 30)
    flat = nn.Sequential(
        *(nn.Conv2d(2, 4, (1, 3)), nn.ReLU(), nn.MaxPool2d((1, 2)), nn.Conv2d(4, 6, (1, 3))),
        *(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3)),
    ).double()
    for ours, theirs in zip(flat.parameters(), net.parameters(), strict=True):
        ours.data = theirs.data.reshape(ours.shape)
    method = xc.METHODS[name].method
    close(method(net, x, 1)[:, :, None], method(flat, x[:, :, None], 1), 1e-8)


@pytest.mark.fault("K10")
def test_words_for_series():
    net, x = series_net(), random(2, 2, 30)
    with pytest.raises(ValueError, match="one of bilinear, linear, nearest or None"):
        xc.grad_cam(net, x, 1, upsample="bicubic")
    with pytest.raises(ValueError, match=r"\(2, 30\).*series \(N, C, L\).*x\[:, None\]"):
        xc.grad_cam(net, x[:, 0], 1)
    with pytest.raises(ValueError, match=r"layer '7' gives \(2, 3\), but feature maps \(N, K, l\)"):
        xc.grad_cam(net, x, 1, layer="7")


# ---- segmentation -------------------------------------------------------------------------------


def torchvision_segmentation(build: str, **settings) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        make = getattr(segmentation, build)
        net = make(weights=None, weights_backbone=None, num_classes=4, **settings)
    return net.double().eval()


@pytest.mark.fault("T11")
@pytest.mark.parametrize(
    ("build", "settings", "layer"),
    [
        ("deeplabv3_mobilenet_v3_large", {"aux_loss": True}, "classifier.3"),
        ("fcn_resnet50", {"aux_loss": True}, "classifier.3"),
        ("fcn_resnet50", {}, "classifier.3"),
        ("lraspp_mobilenet_v3_large", {}, "classifier.cbr"),
    ],
)
def test_in_segmentation_the_layer_before_the_class_map_is_taken(build, settings, layer, close):
    net, x = torchvision_segmentation(build, **settings), random(1, 3, 64, 64)
    score = lambda y: y["out"][:, 1, 20:40, 30:50].sum()  # noqa: E731
    target = lambda y, rows: y["out"][:, 1, 20:40, 30:50].sum((1, 2))  # noqa: E731
    found = xc.grad_cam(net, x, target, **RAW, return_details=True)
    assert found.extra["layer"] == layer
    close(found.values, by_hand(net, x, layer, as_it_is, score), 1e-8)
    seen = xc.eigen_cam(net, x, target, return_details=True)
    assert seen.extra["layer"] == layer


@pytest.mark.fault("T11")
@pytest.mark.filterwarnings("ignore:the model ends in ")
@pytest.mark.parametrize("ends", ["logits", "softmax", "dict"])
def test_a_unet_is_explained_at_its_last_features(ends, close):
    run = {
        "logits": lambda net, x: net(x),
        "softmax": lambda net, x: net(x).softmax(1),
        "dict": lambda net, x: {"logits": net(x)},
    }[ends]
    net, x = nets.Around(nets.Unet(), run).double().eval(), random(2, 3, 16, 24)
    read = (lambda y: y["logits"]) if ends == "dict" else as_it_is
    target = lambda y, rows: read(y)[:, 2, 4:9].sum((1, 2))  # noqa: E731
    found = xc.hires_cam(net, x, target, **RAW, return_details=True)
    assert found.extra["layer"] == "net.decoder"
    A, g = at_layer(net, x, "net.decoder", lambda y: read(y)[:, 2, 4:9].sum())
    close(found.values, (A * g).sum(1, keepdim=True))


# ---- several layers, and weights without a meaning ----------------------------------------------


def small_cnn() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(6)
        return nn.Sequential(
            *(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(8 * 3 * 5, 3)),
        ).double()


@pytest.mark.parametrize("name", [*CAMS, "eigen_cam", "score_cam"])
def test_the_maps_of_several_layers_are_averaged(name, close):
    net, x = small_cnn(), random(2, 3, 13, 17)
    method, layers = xc.METHODS[name].method, ["1", net[4]]
    one = [method(net, x, 1, layer=layer) for layer in layers]
    size = [m.abs().amax((1, 2, 3), keepdim=True) for m in one]
    assert min(float(s.min()) for s in size) > 0
    found = method(net, x, 1, layer=layers, return_details=True)
    close(found.values, sum(m / s for m, s in zip(one, size, strict=True)) / 2)
    for raw, layer in zip(found.extra["raw"], layers, strict=True):
        close(raw, method(net, x, 1, layer=layer, return_details=True).extra["raw"])
    assert found.extra["layer"] == found.settings["layer"]
    assert found.gradients.tolist() == [0 if name in ("eigen_cam", "score_cam") else 2] * 2


def test_words_and_zeros_of_several_layers(close):
    net, x, both = small_cnn(), random(2, 3, 13, 17), ["1", "4"]
    with pytest.raises(ValueError, match="raw map of one layer, but layer= has several"):
        xc.grad_cam(net, x, 1, layer=both, upsample=None)
    with pytest.raises(ValueError, match="empty list: give at least one layer"):
        xc.grad_cam(net, x, 1, layer=[])
    guided = xc.guided_grad_cam(net, x, 1, layer=both, return_details=True)
    close(guided.values, guided.extra["guided"] * xc.grad_cam(net, x, 1, layer=both))
    assert guided.gradients.tolist() == [3, 3]
    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Flatten(), nn.Linear(4, 1)).double()
    net[0].weight.data.zero_(), net[0].bias.data.zero_()
    assert not xc.hires_cam(net, random(1, 1, 2, 2), 0, layer=["0", "0"]).any()


def head_of(error) -> str:
    return re.findall(r"such as (torch\.nn\.Sequential\(.*\))", str(error.value))[0]


def test_a_relu_that_is_no_layer_is_named_and_the_head_that_is_advised_works(close):
    """densenet121 ends with functional.relu and an average behind `features`."""
    model, x, _, _ = family("densenet121")
    with pytest.raises(LayerError, match="Behind 'features' the model calls a ReLU") as error:
        xc.cam(model, x, 1)
    net = eval(head_of(error))
    close(net(x).detach(), model(x).detach())
    A = model.features(x).relu().detach()
    w = model.classifier.weight.detach()[1]
    close(xc.cam(net, x, 1, **RAW), torch.einsum("k,nkij->nij", w, A)[:, None])


def test_where_grad_cam_plus_plus_has_no_meaning_layers_are_named_that_work(close):
    model, x, _, _ = family("densenet121")
    big = nn.Linear(1024, 5).double()
    big.weight.data = 40 * random(5, 1024)
    whole, model.classifier = model.classifier, big
    try:
        with pytest.raises(ValueError, match=r"2 \+ g sum\(A\) is 0 or negative") as error:
            xc.grad_cam_plus_plus(model, x, 1)
        words = str(error.value)
        named = re.findall(r"'([^']+)' \(N", words.partition("no negative output")[2])
        assert len(named) == 3
        for layer in named:
            assert float(xc.grad_cam_plus_plus(model, x, 1, layer=layer, relu=False).norm()) > 0
        net = eval(head_of(error))
        assert bool(torch.isfinite(xc.grad_cam_plus_plus(net, x, 1)).all())
        close(net(x).detach(), model(x).detach())
    finally:
        model.classifier = whole


# ---- what a student reads -----------------------------------------------------------------------


@pytest.mark.parametrize("name", [*CAMS, "cam"])
def test_the_source_of_a_method_is_its_weights(name):
    method = xc.METHODS[name].method
    source = inspect.getsource(method)
    assert f"def {name}(A: Tensor, g: Tensor) -> Tensor:" in source
    parameters = list(inspect.signature(method).parameters)
    assert parameters[:4] == ["model", "x", "target", "layer"]
    assert "target : int" in (method.__doc__ or "")
    if name == "hires_cam":
        assert source.rstrip().endswith("return g")
    A, g = random(1, 2, 3, 3).abs(), random(1, 2, 3, 3, seed=1).abs()
    assert inspect.unwrap(method)(A, g).shape[:2] == (1, 2)


# ---- all paths -----------------------------------------------------------------------------------


class Paths(nn.Module):
    """A stem, and behind it branches, a skip connection, or both; or branches of x itself."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.one, self.other = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 1)
        self.again, self.head = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(8, 3)

    def behind(self, stem: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        h = stem.relu()
        parts = {
            "branches": lambda: [self.one(h).relu(), self.other(h).tanh()],
            "skip": lambda: [h + self.one(h).relu(), h],
            "gate": lambda: [h * self.one(h).sigmoid(), h.abs()],
            "apart": lambda: [h, self.again(x).tanh()],
        }[self.form]()
        return self.head(torch.cat(parts, 1).mean((2, 3)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.behind(self.stem(x), x)


@pytest.mark.fault("R9")
@pytest.mark.parametrize("form", ["branches", "skip", "gate"])
def test_every_path_goes_through_the_default_layer(form, close):
    net, x = Paths(form).double().eval(), random(2, 3, 8, 8)
    found = xc.hires_cam(net, x, 1, **RAW, return_details=True)
    assert found.extra["layer"] == "stem"
    A = net.stem(x).detach().requires_grad_()
    (g,) = torch.autograd.grad(net.behind(A, x)[:, 1].sum(), A)
    close(found.values, (A * g).sum(1, keepdim=True).detach())


@pytest.mark.fault("R9")
def test_where_no_layer_has_all_paths_the_branches_are_asked_for(close):
    net, x = Paths("apart").double().eval(), random(2, 3, 8, 8)
    with pytest.raises(
        LayerError, match=r"all paths from x.*layer=\[one, other\].*'stem'.*'again'"
    ):
        xc.grad_cam(net, x, 1)
    found = xc.hires_cam(net, x, 1, layer=["stem", "again"])  # the advice
    assert found.shape == (2, 1, 8, 8)


@pytest.mark.fault("R9")
def test_inception_takes_a_layer_behind_which_its_branches_begin():
    with torch.random.fork_rng():
        net = models.inception_v3(weights=None, init_weights=False).eval()
    found = xc.eigen_cam(net, random(1, 3, 96, 96).float(), 1, return_details=True)
    assert found.extra["layer"] == "Mixed_6e"
