"""FullGrad (2019): the exact split of F into input and bias terms, and the picture made of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core.attribution import Attribution
from xaicourse.core.bias_terms import BiasQuestion, FullGradient, full_gradient
from xaicourse.core.biases import Share
from xaicourse.core.checks import check_input, image_instead
from xaicourse.core.gradients import sum_dtype
from xaicourse.core.picture_axes import CHANNELS_FIRST
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.examples import small_classifier, small_image_classifier

__all__ = ["fullgrad", "fullgrad_decomposition"]


def image_example() -> Example:
    """Return a small net on images; no layer is chosen."""
    return replace(small_image_classifier(), settings={})


def psi(share: Share) -> Tensor:
    """Return the paper's picture of a share: |.|, rescaled to 0..1, channels summed, (N, h, w).

    Rescaled by the least and the largest value of the row, over all channels; where they are
    equal there is no picture. Summed first and rescaled after, which is the same, and so is one
    sum resized in place of C maps.
    """
    least, most = share.extremes()  # (N, 1, 1)
    span = most - least
    picture = (share.sizes - share.grad.shape[1] * least) / span.clamp_min(1e-300)
    return torch.where(span > 0, picture, 0.0)


def has_place(share: Share) -> bool:
    """Tell whether a share has more than one pixel."""
    return share.is_picture and share.grad[0, 0].numel() > 1


def parts(full: FullGradient, x: Tensor, maps: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return all that adds up to F: grad * x, each operation's bias terms, the last step."""
    return {"input": (full.grad * x).to(sum_dtype(x.device)), **maps, "output": full.output}


@attribution_method(
    title="FullGrad",
    year=2019,
    paper="arXiv:1905.00780",
    family="bias",
    input="image",
    result="map",
    example=image_example,
)
def fullgrad(
    model: Callable[..., Any], x: Tensor, target: Any = None, **asked: Unpack[Asked]
) -> Attribution:
    r"""Draw the input's and every layer's bias share of F on top of each other.

    .. math::
        S = \psi(\nabla_x F \odot x)
          + \sum_l \sum_c \psi\Big(\frac{\partial F}{\partial z_l} \odot b_l\Big)_c, \qquad
        \psi(a) = \mathrm{resize}\big(\mathrm{rescale}(|a|)\big)

    Parameters
    ----------
    model : callable
        A net on images (N, C, H, W). Biases are found in every operation: convolutions, batch
        norms, a normalisation inside the model, and the implicit ones of activations that are not
        homogeneous (ReLU6 above its knee, GELU), of layer norms and of attention.

    Returns
    -------
    Tensor (N, 1, H, W)
        Not negative and without units: each layer's map counts as much as any other. It does not
        add up to anything. What adds up to F is in the details: ``extra["parts"]``, the input's
        share (N, C, H, W), one signed map (N, h, w) an operation, summed over channels, shares of
        dense layers (N, K), and ``"output"`` for the scale of the output.

    Raises
    ------
    UnsupportedOperationError
        If an operation cannot be seen or differentiated twice; it is named.
    ValueError, TypeError
        Also for x that is not a batch of images.

    Notes
    -----
    The decomposition is complete and depends weakly on x, which no map of the input alone can be;
    the picture is neither. Breaks implementation invariance: the biases belong to the layers.
    Rescaling is by row, over all channels of a layer, as in the authors' code; resizing is bilinear
    and keeps pixels where they are (theirs moves the corners' centres to the rim). Only terms with
    a place in the picture are drawn: those whose axes are known to be rows, channels, height and
    width, in any order, with more than one pixel. Tokens and windows have none.

    **Cost.** 1 gradient a row, on a graph that notes each operation's bias.

    **Fails when** the picture is read as a sum: signs are lost and each layer's map is rescaled, so
    that a layer with a tiny share counts as much as any other.

    References
    ----------
    .. [srinivas2019] S. Srinivas, F. Fleuret, 2019, arXiv:1905.00780.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist(n=1).x
    >>> xc.fullgrad(net, x).shape
    torch.Size([1, 1, 28, 28])
    """

    def reduce(name: str, share: Share) -> tuple[Tensor, Tensor | None]:
        return share.signed, psi(share) if has_place(share) else None

    _check_images(x)
    question = BiasQuestion(model, x, target, **asked, reduce=reduce)
    full = full_gradient(question)

    found = parts(full, question.x, _joined(full, 0))
    values = psi(Share(full.grad, question.x, CHANNELS_FIRST))  # (N, H, W)
    for terms in full.terms.values():
        if terms[0][1] is not None:
            picture = torch.cat([term[1] for term in terms])  # (N, h, w)
            values = values + _resized(picture, x.shape[2:])
    return Attribution.of(
        question,
        values[:, None],
        kind="map",
        f_end=full.score,
        gap=full.gap,
        extra={"parts": found},
    )


def _check_images(x: Tensor) -> None:
    check_input(x)
    if x.dim() != 4:
        raise ValueError(
            f"x has shape {tuple(x.shape)}, but fullgrad draws a map on images (N, C, H, W)"
            f"{image_instead(x)}; for other inputs use fullgrad_decomposition"
        )


def _joined(full: FullGradient, place: int) -> dict[str, Tensor]:
    return {name: torch.cat([term[place] for term in terms]) for name, terms in full.terms.items()}


def _resized(picture: Tensor, size: torch.Size) -> Tensor:
    """Resize (N, h, w) to (N, H, W)."""
    if picture.shape[1:] == size:
        return picture
    return F.interpolate(picture[:, None], size=tuple(size), mode="bilinear")[:, 0]


@attribution_method(
    title="FullGrad's decomposition",
    year=2019,
    paper="arXiv:1905.00780",
    family="bias",
    unit="share",
    result="decomposition",
    example=small_classifier,
)
def fullgrad_decomposition(
    model: Callable[..., Any], x: Tensor, target: Any = None, **asked: Unpack[Asked]
) -> Attribution:
    r"""Split F exactly into what the input brings and what each operation's bias brings.

    .. math::
        F(x) = \nabla_x F \cdot x + \sum_l \frac{\partial F}{\partial z_l} \cdot b_l

    with :math:`b_l = z_l - J_l u_l` for an operation :math:`z_l(u_l)` with Jacobian :math:`J_l`:
    the bias of a layer; an activation's :math:`f(u) - f'(u) u`, 0 for ReLU; minus a product
    :math:`u v` of two activations, whose :math:`J u` is twice the product.

    Returns
    -------
    Tensor (N, P)
        All shares side by side, in units of F; each row adds up to F(x). The details hold them
        by name in ``extra["parts"]``: ``"input"`` (N, ...), then the operations in the order of
        the forward pass (``"linear 0"``, ``"batch_norm 0"``, ...; those of images summed over
        channels: (N, h, w)), then ``"output"``, the last step to F: 0 for a logit or a margin.
        Where the rows are not first inside the model (tokens first, windows of all images
        together), a row's terms keep the form that they have for one row: (N, tokens, 1, K).

    Raises
    ------
    UnsupportedOperationError
        If an operation cannot be seen or differentiated twice; it is named. Also if the shares do
        not add up, or a model takes no row alone and has its rows elsewhere than on the first axis.

    Notes
    -----
    Keeps completeness and weak dependence: for a piecewise linear net gradient and biases stay the
    same within a linear piece. No vector of the input's shape can keep both. A layer norm forgets
    how large its input is, :math:`J u = 0`: all that it puts out is its bias. Behind the last one
    of a transformer the parts before it add up to 0, exact but of little use.

    **Cost.** 1 gradient a row, on a graph that notes each operation's bias.

    **Fails when** two nets compute the same function in other ways: the biases belong to the
    layers, so that implementation invariance is broken. That x chooses the linear piece is in no
    share.

    References
    ----------
    .. [srinivas2019] S. Srinivas, F. Fleuret, 2019, arXiv:1905.00780.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.fullgrad_decomposition(xc.zoo.toy(), xc.zoo.toy_input()).sum()  # it is F
    tensor(2., dtype=torch.float64)
    """
    question = BiasQuestion(model, x, target, **asked, reduce=lambda name, share: (share.signed,))
    full = full_gradient(question)
    found = parts(full, question.x, _joined(full, 0))
    values = torch.cat([part.reshape(len(x), -1) for part in found.values()], dim=1)
    return Attribution.of(
        question,
        values,
        kind="decomposition",
        f_end=full.score,
        gap=full.gap,
        extra={"parts": found},
    )
