"""What is said of a layer that has no feature maps, or none that matter."""

from xaicourse.core.gradients import Question
from xaicourse.core.layers import Layer, LayerError
from xaicourse.methods.vanilla.layer_choice import Look, default_layer, listed, look

__all__ = ["no_gradient", "no_maps", "wanted"]


def wanted(dims: int) -> str:
    """Return the shape of feature maps of an x with so many axes."""
    return {3: "(N, K, l)", 4: "(N, K, h, w)"}.get(dims, "(N, K, d, h, w)")


def no_maps(where: Layer, seen: Look, rows: int) -> str:
    """Say why a named layer has no feature maps, and what to do."""
    output, dims = seen.output, seen.x.dim()
    others = [c for c, _ in seen.spots(seen.calls)][::-1]
    shape = (rows, *output.shape[1:])
    if len(output) != 1:
        shape = (rows * len(output), *output.shape[1:])
        advice = (
            "its first axis is not that of x's rows (windows or time steps lie there); choose a "
            "layer that has them apart"
        )
    elif output.dim() == dims == 4:
        advice = (
            "which axis has its channels cannot be told; pass reshape=lambda t: t.permute(0, 3, "
            "1, 2) if they come last, (N, h, w, K), or reshape=lambda t: t if they come first"
        )
    elif output.dim() == dims:
        last = (0, dims - 1, *range(1, dims - 1))
        advice = (
            "which axis has its channels cannot be told; pass reshape=lambda t: "
            f"t.permute{last} if they come last, or reshape=lambda t: t if they come first"
        )
    elif output.dim() == 3 and dims == 4:
        advice = (
            "for a transformer's tokens (N, L, D) pass reshape=xaicourse.TokenGrid(height, width, "
            "skip)"
        )
    else:
        advice = "choose another layer"
    return (
        f"layer {where.name!r} gives {shape}, but feature maps {wanted(dims)} "
        f"are needed; {advice}; the last layers with feature maps: {listed(others) or 'none'}"
    )


def no_gradient(question: Question, where: Layer) -> str:
    """Say which layer to take where only the class token of this one matters."""
    seen = look(question)
    if seen.flat:
        return (
            f"the score has gradient 0 at layer {where.name!r} and at all tokens of the model: it "
            "is flat at x, as where the last layer's weights are all 0 (a head not yet trained)"
        )
    try:
        name = default_layer(question, seen)[0].name
        advice = f"the last layer whose tokens matter is {name!r}"
    except LayerError:
        advice = "take one such as the last block's first layer norm"
    return (
        f"the score does not depend on the cells of layer {where.name!r} (their gradient is 0 in "
        "every row): in a transformer that reads its class token alone, take a layer before the "
        f"last attention; {advice}"
    )
