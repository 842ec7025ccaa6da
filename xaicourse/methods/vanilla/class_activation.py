"""Class activation maps: a layer's feature maps A, weighted by the gradient and added.

Six methods, one line: ``map = sum_k w_k * A_k``. They differ only in the weights w, so each of them
is written as the function that makes its weights of A and g = dF/dA. A and g are (N, K, h, w), the
weights (N, K, 1, 1) or (N, K, h, w).
"""

from torch import Tensor

from xaicourse.methods.vanilla.weighted_maps import WEIGHTS, cells, class_activation_map

__all__ = [
    "WEIGHTS",
    "cam",
    "grad_cam",
    "grad_cam_plus_plus",
    "hires_cam",
    "layer_cam",
    "xgrad_cam",
]


@class_activation_map(
    title="CAM",
    year=2016,
    paper="arXiv:1512.04150",
    needs=("gradient", "layer", "linear_head"),
    relu=False,
)
def cam(A: Tensor, g: Tensor) -> Tensor:
    r"""Weigh the last feature maps as the linear layer behind their average does.

    .. math:: F = \sum_k w_k \frac 1 Z \sum_{ij} A_{kij} + b: \qquad
              M_{ij} = \sum_k w_k A_{kij}

    Parameters
    ----------
    model : callable
        (N, C, H, W) -> (N, K); it must end with the average over all cells and one linear layer.
    output : str or callable
        ``"logit"`` or ``"margin"``: a probability is not linear in the maps.

    Returns
    -------
    Tensor (N, 1, H, W)
        Signed, in units of F; the raw map's mean is F - b.

    Raises
    ------
    LayerError
        Also if the model does not end in this way, or the score is curved.

    Notes
    -----
    Complete in the mean over the raw map's cells.

    **Cost.** 1 gradient a row.

    **Fails when** a cell is taken for its place in the image: the map explains the last feature
    maps, and what each of their cells has seen of the image is another question.

    References
    ----------
    .. [zhou2016] B. Zhou, A. Khosla, A. Lapedriza, A. Oliva, A. Torralba, 2016, arXiv:1512.04150.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, x = xc.zoo.load("fashion_residual"), xc.datasets.fashion_mnist(n=1).x
    >>> xc.cam(net, x).shape
    torch.Size([1, 1, 28, 28])
    """
    return g.sum(cells(g), keepdim=True)  # behind an average each dF/dA_kij is w_k / Z


@class_activation_map(title="Grad-CAM", year=2017, paper="arXiv:1610.02391")
def grad_cam(A: Tensor, g: Tensor) -> Tensor:
    r"""Weigh each feature map of a layer by the mean of its gradient.

    .. math:: w_k = \frac 1 Z \sum_{ij} \frac{\partial F}{\partial A_{kij}}, \qquad
              M_{ij} = \max\Big(\sum_k w_k A_{kij}, 0\Big)

    Returns
    -------
    Tensor (N, 1, H, W)
        Not negative unless ``relu=False``; not scaled to [0, 1]. ``extra["raw"]`` has (N, 1, h, w).

    Notes
    -----
    Keeps completeness only where the gradient is the same in all cells (average and linear layer
    behind A): then the raw map without ReLU adds up to F - b. Breaks implementation invariance: it
    depends on what is called a layer.

    **Cost.** 1 gradient a row.

    **Fails when** the gradient differs between the cells, as in front of a flattening layer: its
    mean can light a cell that the model did not use, or used against the class.

    References
    ----------
    .. [selvaraju2017] R. R. Selvaraju et al., 2017, arXiv:1610.02391.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist(n=1).x
    >>> xc.grad_cam(net, x, layer="relu2").shape, xc.grad_cam(net, x, upsample=None).shape
    (torch.Size([1, 1, 28, 28]), torch.Size([1, 1, 7, 7]))
    """
    return g.mean(cells(g), keepdim=True)


@class_activation_map(title="Grad-CAM++", year=2018, paper="arXiv:1710.11063")
def grad_cam_plus_plus(A: Tensor, g: Tensor) -> Tensor:
    r"""Weigh each feature map by its positive gradients, each with a weight of its own.

    .. math:: w_k = \sum_{ij} \alpha_{kij} \max(g_{kij}, 0), \qquad
              \alpha_{kij} = \frac{g_{kij}^2}{2 g_{kij}^2 + g_{kij}^3 \sum_{ab} A_{kab}}, \qquad
              M_{ij} = \max\Big(\sum_k w_k A_{kij}, 0\Big)

    with :math:`g = \partial F / \partial A`. The powers of g stand for the second and third
    derivative of :math:`\exp F`, for a net whose F is piecewise linear in A.

    Returns
    -------
    Tensor (N, 1, H, W)
        Not negative unless ``relu=False``; of no unit, and not scaled to [0, 1].

    Raises
    ------
    ValueError, TypeError
        Also where :math:`2 + g \sum A \le 0`, so that alpha has no meaning.

    Notes
    -----
    Keeps none of the axioms. The factor exp F, the same for all cells, is left out.

    **Cost.** 1 gradient a row.

    **Fails when** the layer's output can be negative: alpha is not defined there, and an error says
    so. Choose a layer after a ReLU.

    References
    ----------
    .. [chattopadhay2018] A. Chattopadhay, A. Sarkar, P. Howlader, V. N. Balasubramanian, 2018,
       arXiv:1710.11063.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist(n=1).x
    >>> xc.grad_cam_plus_plus(net, x, layer="relu2").shape
    torch.Size([1, 1, 28, 28])
    """
    denominator = 2 + g * A.sum(cells(A), keepdim=True)  # of alpha, after dividing by g^2
    counts = g > 0  # relu(g) leaves out all others
    if bool((counts & (denominator <= 0)).any()):
        raise ValueError(
            "grad_cam_plus_plus is not defined where 2 + g sum(A) is 0 or negative, as can happen "
            "where a layer's output is negative; choose a layer after a ReLU, or grad_cam or "
            "hires_cam, which take any sign"
        )
    alpha = counts / denominator.where(counts, 1)
    return (alpha * g.clamp_min(0)).sum(cells(g), keepdim=True)


@class_activation_map(
    title="HiResCAM", year=2020, paper="arXiv:2011.08891", claims={"linearity"}, relu=False
)
def hires_cam(A: Tensor, g: Tensor) -> Tensor:
    r"""Multiply each feature map by its gradient, cell by cell, and add.

    .. math:: M_{ij} = \sum_k \frac{\partial F}{\partial A_{kij}} A_{kij}

    Returns
    -------
    Tensor (N, 1, H, W)
        Signed, in units of F.

    Notes
    -----
    Where F is one linear layer of A (flattened or averaged), the raw map adds up to F - b exactly.
    It is gradient x input with the layer in the input's place. Linear in F. Breaks implementation
    invariance: it depends on what is called a layer.

    **Cost.** 1 gradient a row.

    **Fails when** F is flat at A: the map is 0 there, as that of gradient x input is.

    References
    ----------
    .. [draelos2020] R. L. Draelos, L. Carin, 2020, arXiv:2011.08891.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist(n=1).x
    >>> xc.hires_cam(net, x, layer="relu2", upsample=None).shape
    torch.Size([1, 1, 14, 14])
    """
    return g


@class_activation_map(title="LayerCAM", year=2021, paper="doi:10.1109/TIP.2021.3089943")
def layer_cam(A: Tensor, g: Tensor) -> Tensor:
    r"""Multiply each feature map by the positive part of its gradient, cell by cell, and add.

    .. math:: M_{ij} = \max\Big(\sum_k \max\Big(\frac{\partial F}{\partial A_{kij}}, 0\Big)
              A_{kij}, 0\Big)

    Returns
    -------
    Tensor (N, 1, H, W)
        In units of F; not negative unless ``relu=False``.

    Notes
    -----
    Keeps none of the axioms. As its weights belong to cells, it can be used on early layers with
    fine maps.

    **Cost.** 1 gradient a row.

    **Fails when** something speaks against the class: negative gradients are left out, so that the
    map's sum says nothing of F.

    References
    ----------
    .. [jiang2021] P.-T. Jiang, C.-B. Zhang, Q. Hou, M.-M. Cheng, Y. Wei, 2021,
       doi:10.1109/TIP.2021.3089943.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist(n=1).x
    >>> xc.layer_cam(net, x, layer="relu1").shape
    torch.Size([1, 1, 28, 28])
    """
    return g.clamp_min(0)


@class_activation_map(title="XGrad-CAM", year=2020, paper="arXiv:2008.02312")
def xgrad_cam(A: Tensor, g: Tensor) -> Tensor:
    r"""Weigh each feature map by the mean of its gradient where the map is active.

    .. math:: w_k = \sum_{ij} \frac{A_{kij}}{\sum_{ab} A_{kab}}
              \frac{\partial F}{\partial A_{kij}}, \qquad
              M_{ij} = \max\Big(\sum_k w_k A_{kij}, 0\Big)

    Returns
    -------
    Tensor (N, 1, H, W)
        In units of F; not negative unless ``relu=False``.

    Raises
    ------
    ValueError, TypeError
        Also where a feature map is not empty but adds up to 0.

    Notes
    -----
    Without ReLU each feature map adds as much to the raw map as its gradient x activation,
    :math:`\sum_{ij} w_k A_{kij} = \sum_{ij} g_{kij} A_{kij}`: the map's sum is that of `hires_cam`.

    **Cost.** 1 gradient a row.

    **Fails when** the layer's output can be negative: a feature map can then add up to 0, and an
    error says so. Choose a layer after a ReLU.

    References
    ----------
    .. [fu2020] R. Fu, Q. Hu, X. Dong, Y. Guo, Y. Gao, B. Li, 2020, arXiv:2008.02312.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist(n=1).x
    >>> sums = [f(net, x, layer="relu2", upsample=None, relu=False).sum()
    ...         for f in (xc.xgrad_cam, xc.hires_cam)]
    >>> torch.allclose(*sums)
    True
    """
    total = A.sum(cells(A), keepdim=True)
    empty = (A == 0).all(cells(A), keepdim=True)  # no weight: adds nothing anyway
    if bool(((total == 0) & ~empty).any()):
        raise ValueError(
            "xgrad_cam is not defined where a feature map adds up to 0, as can happen where a "
            "layer's output is negative; choose a layer after a ReLU, or grad_cam or hires_cam, "
            "which take any sign"
        )
    share = A / total.where(~empty, 1)
    return (share * g).sum(cells(g), keepdim=True)
