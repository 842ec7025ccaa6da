"""Captum's side of the comparison, where Captum is."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn


def captum_calls() -> Callable[..., dict[str, Callable[[int | None], Any]]] | None:
    """Return what makes Captum's calls for a model and photos; None where Captum is not."""
    try:
        from captum.attr import IntegratedGradients, LayerGradCam, NoiseTunnel, Saliency
    except ImportError:
        return None

    def calls(
        model: nn.Module, x: Tensor, target: Tensor, layer: str, samples: int
    ) -> dict[str, Callable[[int | None], Any]]:
        photos = len(x)
        noisy: dict[str, Any] = {"nt_type": "smoothgrad", "nt_samples": samples, "stdevs": 0.15}
        return {
            "integrated_gradients": lambda chunk: IntegratedGradients(model).attribute(
                x, target=target, n_steps=samples, method="riemann_middle",
                internal_batch_size=chunk,
            ),
            "smoothgrad": lambda chunk: NoiseTunnel(Saliency(model)).attribute(
                x, target=target, abs=False,
                nt_samples_batch_size=None if chunk is None else chunk // photos, **noisy,
            ),
            "grad_cam": lambda chunk: LayerGradCam(model, model.get_submodule(layer)).attribute(
                x, target=target
            ),
        }  # fmt: skip

    return calls


def captum_lrp(model: nn.Module, x: Tensor, target: Tensor) -> Callable[[int | None], Any]:
    """Return Captum's LRP; the model is its own, since a refusal leaves its hooks there."""
    from captum.attr import LRP

    return lambda chunk: LRP(model).attribute(x, target=target)
