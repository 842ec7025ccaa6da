"""The same map from us and from whoever else computes it, each called as it is fastest.

A peer gets what it asks for, before the clock starts: ReLUs that are neither shared nor in place
where Captum cannot do with others, merged batch norms for zennit, its best chunk.
"""

import copy
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import captum.attr as captum
import torch
import torchvision
from pytorch_grad_cam import (
    EigenCAM,
    FullGrad,
    GradCAMPlusPlus,
    HiResCAM,
    LayerCAM,
    ScoreCAM,
    XGradCAM,
)
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from zennit import rules as zennit_rules
from zennit.attribution import Gradient
from zennit.composites import BetaSmooth, SpecialFirstLayerMapComposite, layer_map_base
from zennit.torchvision import ResNetCanonizer, VGGCanonizer
from zennit.types import Convolution

import xaicourse as xc

Call = Callable[[], Any]

STEPS = 50  # of a path, and copies with noise
LAYERS = {"resnet18": "layer4", "vgg11": "features.20"}  # the last map
WIDE_LAYER = "layer1"  # 64 channels, for Score-CAM: a forward pass for each


# ---- the nets ------------------------------------------------------------------------------------


def network(name: str) -> nn.Module:
    """Return a net of torchvision with random weights, the same in every run."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return getattr(torchvision.models, name)(weights=None).eval()


class _Block(nn.Module):
    """A block of resnet18 with a ReLU for each place."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.conv1, self.bn1, self.conv2, self.bn2 = block.conv1, block.bn1, block.conv2, block.bn2
        self.downsample, self.relu1, self.relu2 = block.downsample, nn.ReLU(), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        h = self.relu1(self.bn1(self.conv1(x)))
        return self.relu2(self.bn2(self.conv2(h)) + identity)


def with_own_relus(net: nn.Module) -> nn.Module:
    """Return a copy whose ReLUs are neither shared nor in place, as Captum's DeepLift asks for."""
    net = copy.deepcopy(net)
    for parent in list(net.modules()):
        for name, child in list(parent.named_children()):
            if type(child).__name__ == "BasicBlock":
                setattr(parent, name, _Block(child))
            elif isinstance(child, nn.ReLU):
                child.inplace = False
    return net


# ---- a case --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """What is asked of both sides."""

    net: str
    model: nn.Module
    spare: nn.Module  # the peer's own, of the same weights
    x: Tensor
    target: Tensor

    @property
    def targets(self) -> list[Any]:
        return [ClassifierOutputTarget(int(t)) for t in self.target]

    def layer(self, model: nn.Module) -> nn.Module:
        return model.get_submodule(LAYERS[self.net])

    def ours(self, name: str, **settings: Any) -> Call:
        method = xc.METHODS[name].method
        return lambda: method(self.model, self.x, self.target, **settings)


@dataclass(frozen=True)
class Peer:
    """Another implementation of a method."""

    name: str
    theirs: Callable[..., Call]  # (case) -> call, or (case, chunk) -> call
    settings: Callable[[Case], dict[str, Any]] = lambda case: {}  # of ours
    many: bool = False  # many gradients a row: smaller images, chunks are tried
    nets: tuple[str, ...] = ("resnet18", "vgg11")
    same: bool = True  # the maps must agree; else other scales, noise or rules


def _captum(kind: Any, own_relus: bool = False, **settings: Any) -> Callable[[Case], Call]:
    def make(case: Case) -> Call:
        explainer = kind(with_own_relus(case.spare) if own_relus else case.spare)
        return lambda: explainer.attribute(case.x, target=case.target, **settings)

    return make


def _noise_tunnel(kind: str) -> Callable[[Case, int], Call]:
    def make(case: Case, chunk: int) -> Call:
        tunnel = captum.NoiseTunnel(captum.Saliency(case.spare))
        return lambda: tunnel.attribute(
            case.x, target=case.target, abs=False, nt_type=kind, nt_samples=STEPS, stdevs=0.15,
            nt_samples_batch_size=max(1, chunk // len(case.x)),
        )  # fmt: skip

    return make


def _captum_ig(case: Case, chunk: int) -> Call:
    explainer = captum.IntegratedGradients(case.spare)
    return lambda: explainer.attribute(
        case.x, target=case.target, n_steps=STEPS, internal_batch_size=chunk
    )


def _captum_occlusion(case: Case, chunk: int) -> Call:
    side = case.x.shape[-1] // 8  # as ours without `patch`
    window, explainer = (case.x.shape[1], side, side), captum.Occlusion(case.spare)
    return lambda: explainer.attribute(
        case.x, target=case.target, sliding_window_shapes=window, strides=window,
        perturbations_per_eval=max(1, chunk // len(case.x)),
    )  # fmt: skip


def _captum_grad_cam(case: Case) -> Call:
    explainer = captum.LayerGradCam(case.spare, case.layer(case.spare))

    def call() -> Tensor:
        maps: Any = explainer.attribute(case.x, target=case.target, relu_attributions=True)
        return captum.LayerAttribution.interpolate(maps, case.x.shape[2:], "bilinear")

    return call


def _captum_guided_grad_cam(case: Case) -> Call:
    explainer = captum.GuidedGradCam(case.spare, case.layer(case.spare))
    return lambda: explainer.attribute(case.x, target=case.target, interpolate_mode="bilinear")


def _captum_deep_shap(case: Case) -> Call:
    explainer = captum.DeepLiftShap(with_own_relus(case.spare))
    return lambda: explainer.attribute(case.x, baselines=_baselines(case), target=case.target)


def _baselines(case: Case) -> Tensor:
    return torch.stack([torch.zeros_like(case.x[0]), torch.full_like(case.x[0], 0.5)])


def _grad_cam(kind: Any, layer: str | None = None) -> Callable[[Case], Call]:
    def make(case: Case) -> Call:
        where = case.spare.get_submodule(layer) if layer else case.layer(case.spare)
        cam = kind(model=case.spare, target_layers=[where])
        if kind is ScoreCAM:
            cam.batch_size = 16
        return lambda: torch.from_numpy(cam(case.x, case.targets))

    return make


def _zennit(composite: Callable[[Case], Any], times_score: bool = True) -> Callable[[Case], Call]:
    def make(case: Case) -> Call:
        made, columns = composite(case), torch.arange(len(case.x))

        def start(outputs: Tensor) -> Tensor:
            picked = torch.zeros_like(outputs)
            picked[columns, case.target] = outputs[columns, case.target] if times_score else 1.0
            return picked

        def call() -> Tensor:
            with Gradient(model=case.spare, composite=made) as attributor:
                found: Any = attributor(case.x.clone().requires_grad_(True), start)
                return found[1]

        return call

    return make


def _composite(rule: Any, linear: Any, first: Any = None) -> Callable[[Case], Any]:
    def make(case: Case) -> Any:
        canonizer = ResNetCanonizer() if case.net == "resnet18" else VGGCanonizer()
        return SpecialFirstLayerMapComposite(
            layer_map=[*layer_map_base(1e-6), (Convolution, rule()), (nn.Linear, linear())],
            first_map=[] if first is None else [(Convolution, first(case))],
            canonizers=[canonizer],
        )

    return make


def _box(case: Case) -> Any:
    low = torch.zeros_like(case.x[:1])
    return zennit_rules.ZBox(low, low + 1)


os.environ["TQDM_DISABLE"] = "1"  # pytorch-grad-cam shows a bar

_EPSILON = lambda: zennit_rules.Epsilon(1e-6)  # noqa: E731
_SAME_NOISE = {"relative": False}

PEERS = {
    "gradient": Peer("Captum Saliency", _captum(captum.Saliency, abs=False)),
    "saliency": Peer("Captum Saliency", _captum(captum.Saliency)),
    "input_x_gradient": Peer("Captum InputXGradient", _captum(captum.InputXGradient)),
    "deconvnet": Peer("Captum Deconvolution", _captum(captum.Deconvolution)),
    "guided_backprop": Peer("Captum GuidedBackprop", _captum(captum.GuidedBackprop)),
    "beta_smoothing": Peer(
        "zennit BetaSmooth (another method)",
        _zennit(lambda case: BetaSmooth(), times_score=False),
        same=False,
    ),
    "deeplift": Peer("Captum DeepLift", _captum(captum.DeepLift, own_relus=True), same=False),
    "deep_shap": Peer(
        "Captum DeepLiftShap", _captum_deep_shap,
        lambda case: {"baselines": _baselines(case)}, same=False,
    ),
    "lrp": Peer("zennit Epsilon", _zennit(_composite(_EPSILON, _EPSILON)), same=False),
    "deep_taylor": Peer(
        "zennit ZPlus, ZBox",
        _zennit(_composite(zennit_rules.ZPlus, zennit_rules.ZPlus, _box)), same=False,
    ),
    "grad_cam": Peer("Captum LayerGradCam", _captum_grad_cam),
    "grad_cam_plus_plus": Peer("pytorch-grad-cam", _grad_cam(GradCAMPlusPlus), same=False),
    "hires_cam": Peer("pytorch-grad-cam", _grad_cam(HiResCAM), same=False),
    "xgrad_cam": Peer("pytorch-grad-cam", _grad_cam(XGradCAM), same=False),
    "layer_cam": Peer("pytorch-grad-cam", _grad_cam(LayerCAM), same=False),
    "eigen_cam": Peer("pytorch-grad-cam", _grad_cam(EigenCAM), same=False),
    "score_cam": Peer(
        "pytorch-grad-cam", _grad_cam(ScoreCAM, WIDE_LAYER),
        lambda case: {"layer": WIDE_LAYER}, nets=("resnet18",), same=False,
    ),
    "guided_grad_cam": Peer("Captum GuidedGradCam", _captum_guided_grad_cam),
    "fullgrad": Peer("pytorch-grad-cam", _grad_cam(FullGrad), same=False),
    "integrated_gradients": Peer(
        "Captum IntegratedGradients", _captum_ig, lambda case: {"steps": STEPS}, many=True
    ),
    "occlusion": Peer("Captum Occlusion", _captum_occlusion, many=True),
    "smoothgrad": Peer(
        "Captum NoiseTunnel", _noise_tunnel("smoothgrad"), lambda case: _SAME_NOISE,
        many=True, same=False,
    ),
    "smoothgrad_squared": Peer(
        "Captum NoiseTunnel", _noise_tunnel("smoothgrad_sq"), lambda case: _SAME_NOISE,
        many=True, nets=("resnet18",), same=False,
    ),
    "vargrad": Peer(
        "Captum NoiseTunnel", _noise_tunnel("vargrad"), lambda case: _SAME_NOISE,
        many=True, nets=("resnet18",), same=False,
    ),
}  # fmt: skip

# what a row below its goal is to be read with: the work that a peer does not do
_WATCHED = "Each call watches one forward pass (training mode, hooks), whatever the size of x."
_NOISE = (
    "F at x is computed, too, and the spread of the maps, for their standard errors; the noise "
    "is drawn anew in each call, so that it is the same on every machine."
)
_LAYOUT = (
    "Each call compares the model with how it was built when its layer was chosen, and watches "
    "the forward pass; on small images both count."
)
_RULED = (
    "Each call reads every operation of the model, and checks that the graph holds no other; the "
    "peer replaces modules, and misses what is not one."
)
WHY_SLOWER = {
    "gradient": _WATCHED,
    "saliency": _WATCHED,
    "input_x_gradient": _WATCHED,
    "guided_backprop": _RULED,
    "deconvnet": _RULED,
    "deeplift": _RULED,
    "deep_shap": _RULED,
    "lrp": _RULED,
    "deep_taylor": _RULED,
    "beta_smoothing": (
        "The peer keeps the ReLUs and changes their backward pass only; ours explains the model "
        "with softplus in their place, forwards and backwards, at every ReLU: more work, and "
        "another map."
    ),
    "guided_grad_cam": f"{_LAYOUT} Guided backpropagation reads every operation, too.",
    "integrated_gradients": (
        "F is computed at both ends of the path, too, for the gap and because the map means "
        "nothing where F is infinite there; on one small image this forward pass of two rows is "
        "most of the difference."
    ),
    "occlusion": "The rows are watched and checked once, as for every method.",
    "smoothgrad": _NOISE,
    "smoothgrad_squared": _NOISE,
    "vargrad": _NOISE,
    **dict.fromkeys(
        ("grad_cam", "grad_cam_plus_plus", "hires_cam", "xgrad_cam", "layer_cam", "eigen_cam"),
        _LAYOUT,
    ),
}

# who is missing on the other side
WITHOUT_A_PEER = {
    "bias_backprop": "",
    "cam": "pytorch-grad-cam has it only as Grad-CAM on a net of that form",
    "fullgrad_decomposition": "",
    "fusiongrad": "its authors' program leaves its noise in the model, and has no release",
    "noisegrad": "its authors' program leaves its noise in the model, and has no release",
    "pattern_attribution": "",
    "pattern_net": "",
    "rectgrad": "",
    # Integrated Gradients and its descendants of lessons 09 to 12: not timed beside another yet
    "adversarial_gradient_integration": "its authors' program begins every step at x again",
    "blur_ig": "",
    "boundary_ig": "",
    "discretized_ig": "",
    "expected_gradients": "",
    "geodesic_ig": "",
    "gradient_shap": "Captum's GradientShap is to be timed",
    "gaussian_process_ig": "",
    "greedy_path_ig": "",
    "guided_ig": "saliency's does not run with the NumPy that is installed here",
    "ig2": "",
    "ig_correlation": "",
    "important_direction_ig": "",
    "integrated_decision_gradients": "",
    "integrated_hessians": "its authors' program averages the ends like any other node",
    "generalized_ig": "",
    "geometrically_guided_ig": "",
    "gradient_artificial_distancing": "",
    "graph_ig": "",
    "integrated_directional_gradients": "",
    "left_ig": "",
    "manifold_aligned_guided_ig": "its authors' program has no release",
    "manifold_ig": "its authors' program is no line integral, and has no release",
    "meta_ig": "",
    "path_attribution": "",
    "path_sampled_ig": "",
    "path_weighted_ig": "",
    "pattern_guided_ig": "",
    "spectral_ig": "",
    "split_ig": "",
    "tangentially_aligned_ig": "",
    "weighted_ig": "",
    "xrai": "",
}


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what peers say about their hooks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
