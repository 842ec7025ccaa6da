# Written by `python tools/make_stub.py`; do not edit.
# ruff: noqa
# fmt: off
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from torch import Tensor
from torch.nn.modules.module import Module
from typing import Any
from typing import Literal
from typing import overload
from xaicourse import datasets as datasets
from xaicourse import evaluation as evaluation
from xaicourse import people as people
from xaicourse import plot as plot
from xaicourse import robustness as robustness
from xaicourse import widgets as widgets
from xaicourse import zoo as zoo
from xaicourse.core import target as targets
from xaicourse.core.at_layer import at_layer as at_layer
from xaicourse.core.attribution import Attribution as Attribution
from xaicourse.core.device import device as device
from xaicourse.core.gradients import scores as scores
from xaicourse.core.inputs import bind as bind
from xaicourse.core.inputs import pack as pack
from xaicourse.core.operations import Slope
from xaicourse.core.path import Path
from xaicourse.core.path import path_integral as path_integral
from xaicourse.core.path_weights import Weight
from xaicourse.core.question import Question
from xaicourse.core.rules import BackwardRules
from xaicourse.course import checking as exercise
from xaicourse.course.checking import check as check
from xaicourse.course.checking import hint as hint
from xaicourse.course.checking import or_reference as or_reference
from xaicourse.course.checking import predict as predict
from xaicourse.course.progress.overview import progress as progress
from xaicourse.course.progress.pretest import pretest as pretest
from xaicourse.course.progress.review import review as review
from xaicourse.evaluation import METRICS as METRICS
from xaicourse.evaluation.truth_strip import truth_strip as truth_strip
from xaicourse.methods import METHODS as METHODS
from xaicourse.methods import baselines as baselines
from xaicourse.methods.integrated.gaussian_process import GaussianProcess as GaussianProcess
from xaicourse.methods.integrated.gaussian_process import fit_gaussian_process as fit_gaussian_process
from xaicourse.methods.integrated.manifolds import Manifold
from xaicourse.methods.integrated.tree_ensemble import Tree as Tree
from xaicourse.methods.integrated.tree_ensemble import TreeEnsemble as TreeEnsemble
from xaicourse.methods.spec import spec as spec
from xaicourse.methods.vanilla.ascent import class_model as class_model
from xaicourse.methods.vanilla.feature_maps import TokenGrid as TokenGrid
from xaicourse.methods.vanilla.feature_maps import map_layers as map_layers
from xaicourse.methods.vanilla.pattern_fitting import Patterns as Patterns
from xaicourse.methods.vanilla.pattern_fitting import fit_patterns as fit_patterns
from xaicourse.methods.vanilla.pattern_quality import pattern_quality as pattern_quality
from xaicourse.methods.vanilla.relevance_rules import RelevanceRule
from xaicourse.plot import show as show
from xaicourse.study.save_maps import load_maps as load_maps
from xaicourse.study.save_maps import save_maps as save_maps
from xaicourse.zoo.prepare import prepare as prepare

__all__ = [
    "Attribution",
    "METHODS",
    "TokenGrid",
    "at_layer",
    "baselines",
    "bind",
    "device",
    "map_layers",
    "pack",
    "path_integral",
    "load_maps",
    "save_maps",
    "scores",
    "spec",
    "targets",
    "gradient",
    "saliency",
    "class_model",
    "deconvnet",
    "guided_backprop",
    "rectgrad",
    "beta_smoothing",
    "occlusion",
    "input_x_gradient",
    "integrated_gradients",
    "expected_gradients",
    "gradient_shap",
    "weighted_ig",
    "boundary_ig",
    "blur_ig",
    "spectral_ig",
    "geodesic_ig",
    "pattern_guided_ig",
    "ig_correlation",
    "xrai",
    "path_attribution",
    "left_ig",
    "split_ig",
    "important_direction_ig",
    "integrated_decision_gradients",
    "path_weighted_ig",
    "GaussianProcess",
    "fit_gaussian_process",
    "gaussian_process_ig",
    "integrated_hessians",
    "meta_ig",
    "manifold_ig",
    "manifold_aligned_guided_ig",
    "tangentially_aligned_ig",
    "path_sampled_ig",
    "guided_ig",
    "ig2",
    "adversarial_gradient_integration",
    "greedy_path_ig",
    "discretized_ig",
    "integrated_directional_gradients",
    "graph_ig",
    "gradient_artificial_distancing",
    "geometrically_guided_ig",
    "generalized_ig",
    "Tree",
    "TreeEnsemble",
    "bias_backprop",
    "fullgrad",
    "fullgrad_decomposition",
    "fusiongrad",
    "noisegrad",
    "smoothgrad",
    "smoothgrad_squared",
    "vargrad",
    "cam",
    "grad_cam",
    "grad_cam_plus_plus",
    "guided_grad_cam",
    "hires_cam",
    "layer_cam",
    "xgrad_cam",
    "eigen_cam",
    "score_cam",
    "deep_taylor",
    "deep_shap",
    "deeplift",
    "lrp",
    "Patterns",
    "fit_patterns",
    "pattern_attribution",
    "pattern_quality",
    "pattern_net",
    "METRICS",
    "evaluation",
    "people",
    "truth_strip",
    "robustness",
    "datasets",
    "prepare",
    "zoo",
    "check",
    "exercise",
    "hint",
    "or_reference",
    "plot",
    "predict",
    "pretest",
    "progress",
    "review",
    "show",
    "widgets",
    "__version__",
]

@overload
def gradient(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Attribute to each input the slope of the explained number at x.

    .. math:: A = \nabla F(x)

    Lesson 01.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    differentiable : bool
        Keep the graph, so that the map itself can be differentiated.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F per unit of x.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    Keeps dummy, implementation invariance, linearity and symmetry. Breaks completeness and
    sensitivity(a).

    **Cost.** 1 gradient a row.

    **Fails when** F is flat at x: the map is 0, however much the feature mattered on the way there.

    References
    ----------
    .. [simonyan2013] K. Simonyan, A. Vedaldi, A. Zisserman, 2013, arXiv:1312.6034.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.gradient(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[ 1., -3.]], dtype=torch.float64)
    """

@overload
def gradient(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def saliency(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Attribute to each input how strongly F answers to it at x, whatever the direction.

    .. math:: A = \lvert \nabla F(x) \rvert

    The paper's map of an image is the maximum over its colour channels, ``A.amax(dim=1)``.

    Lesson 01.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    differentiable : bool
        Keep the graph, so that the map itself can be differentiated.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Not negative, in units of F per unit of x.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    Keeps dummy, implementation invariance and symmetry. Breaks completeness, sensitivity(a) and
    linearity.

    **Cost.** 1 gradient a row.

    **Fails when** F is flat at x, as the gradient does; and where the sign is asked for: it does
    not tell what speaks for a class from what speaks against it.

    References
    ----------
    .. [simonyan2013] K. Simonyan, A. Vedaldi, A. Zisserman, 2013, arXiv:1312.6034.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.saliency(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[1., 3.]], dtype=torch.float64)
    """

@overload
def saliency(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def deconvnet(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Run the net backwards, with a ReLU on the signal at every ReLU instead of its gate.

    .. math:: z \to a = \max(z, 0): \qquad g_z = \max(g_a, 0)

    Lesson 02.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads; its activations must be of
        the ReLU family.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Other operations whose plain gradient is accepted, by the name that an error gave.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed; a picture rather than a share of F.

    Raises
    ------
    UnsupportedOperationError
        If an operation is neither covered by the rule nor affine, pooling or shape; it is named.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    Keeps none of the axioms: not completeness, not implementation invariance, and not even dummy
    (relu(u) - relu(u) is 0, but only its first half lets the signal pass).

    **Cost.** 1 gradient a row.

    **Fails when** the question is why this class: the map hardly depends on the class, nor on what
    the upper layers have learnt.

    References
    ----------
    .. [zeiler2014] M. D. Zeiler, R. Fergus, 2014, arXiv:1311.2901.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.deconvnet(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[-1.,  4.]], dtype=torch.float64)
    """

@overload
def deconvnet(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

@overload
def guided_backprop(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Run the net backwards, letting only positive signals pass the open ReLUs.

    .. math:: z \to a = \max(z, 0): \qquad g_z = \mathbb 1[z > 0]\, \max(g_a, 0)

    Lesson 02.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads; its activations must be of
        the ReLU family.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Other operations whose plain gradient is accepted, by the name that an error gave.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed; a picture rather than a share of F.

    Raises
    ------
    UnsupportedOperationError
        If an operation is neither covered by the rule nor affine, pooling or shape; it is named.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    Keeps none of the axioms: not completeness, not implementation invariance, and not even dummy
    (relu(u) - relu(u) is 0, but only its first half lets the signal pass).

    **Cost.** 1 gradient a row.

    **Fails when** the question is why this class: the lines are sharp, but hardly depend on the
    class, nor on what the upper layers have learnt.

    References
    ----------
    .. [springenberg2014] J. T. Springenberg, A. Dosovitskiy, T. Brox, M. Riedmiller, 2014,
       arXiv:1412.6806.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.guided_backprop(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[ 2., -2.]], dtype=torch.float64)
    """

@overload
def guided_backprop(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

@overload
def rectgrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    quantile: float = 0.98,
    tau: float | None = None,
    times_input: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Run the net backwards; at every ReLU only signals above a threshold go on.

    .. math::
        R_z = \mathbb 1[a\, R_a > \tau]\, R_a, \quad a = \max(z, 0), \qquad
        \phi = x \odot R_x

    Lesson 02.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads; its activations must be
        ReLU, or ReLU6.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    quantile : float from 0 to 1
        :math:`\tau` is this quantile of :math:`a R_a` over all units of the layer (linear between
        ranks), for each row of x and each call of a ReLU anew. 0.98 lets 2 % pass.
    tau : float, optional
        A constant threshold instead; then `quantile` plays no part. With 0 the method is guided
        backpropagation (times x).
    times_input : bool
        False returns :math:`R_x` itself.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Other operations whose plain gradient is accepted, by the name that an error gave.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed; a picture rather than a share of F.

    Raises
    ------
    UnsupportedOperationError
        If an operation is neither covered by the rule nor affine, pooling or shape; it is named.
        GELU and leaky ReLU are not covered.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a quantile outside [0, 1].

    Notes
    -----
    Keeps none of the axioms. The comparison is strict, so ties at the threshold are dropped. With a
    threshold below 0 closed units pass their signal as well: that is the paper's formula.
    The paper's extras for display (a border of zeros, another max-pool rule, a threshold on the
    finished map) are not part of it.

    **Cost.** 1 gradient a row.

    **Fails when** its numbers are read as shares: what the threshold stops is lost, so that the
    map's sum says nothing of F.

    References
    ----------
    .. [kim2019] B. Kim and others, 2019, arXiv:1902.04893.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.rectgrad(xc.zoo.toy(), xc.zoo.toy_input(), tau=0.0)
    tensor([[ 6., -2.]], dtype=torch.float64)
    """

@overload
def rectgrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    quantile: float = 0.98,
    tau: float | None = None,
    times_input: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

@overload
def beta_smoothing(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    beta: float = 10.0,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Return the gradient of the model with softplus in place of every ReLU.

    .. math::
        \phi = \nabla F_\beta(x), \quad \max(z, 0) \to \tfrac1\beta \log(1 + e^{\beta z}),
        \quad \text{whose slope is } \sigma(\beta z)

    Lesson 02.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x, by the model as it
        is, and so is `f_end`.
    beta : float
        How sharp the bend is, in 1 / (unit of z). The larger, the nearer to the plain gradient.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Operations with kinks of their own that are left as they are, by the name that an error
        gave.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        The gradient of another, smoother function: it changes slowly when x does.

    Raises
    ------
    UnsupportedOperationError
        If an operation is neither of the ReLU family nor affine, pooling, shape or smooth.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a `beta` that is not above 0.

    Notes
    -----
    Both passes see the softplus, as in the paper; some public code changes the backward pass only.
    Max-pooling keeps its kinks. Two nets with the same function can get two maps, since their
    ReLUs may differ: implementation invariance is broken, and with it dummy.

    **Cost.** 1 gradient a row.

    **Fails when** beta is small: the gradient explained is then that of a net whose scores are not
    the model's, and no detail tells by how much.

    References
    ----------
    .. [dombrowski2019] A.-K. Dombrowski and others, 2019, arXiv:1906.07983.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.beta_smoothing(xc.zoo.toy(), xc.zoo.toy_input(), beta=1.0).round(decimals=2)
    tensor([[ 0.4500, -2.0000]], dtype=torch.float64)
    """

@overload
def beta_smoothing(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    beta: float = 10.0,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

@overload
def occlusion(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    patch: int | tuple[int, ...] | None = None,
    stride: int | tuple[int, ...] | None = None,
    fill: float | Tensor | str | Sequence[float] = 0.0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Attribute to each input how far F falls, on average, when a patch that covers it is hidden.

    .. math:: d_w = F(x) - F(x \text{ with patch } w \text{ filled}), \qquad
              A_i = \frac{1}{|\{w : i \in w\}|} \sum_{w \ni i} d_w

    Lesson 00.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    patch : int, tuple of int or None
        Sides of the patch: one number for all axes behind the channels, or one for each of them; a
        patch hides all channels. With a number for each axis of a row it hides some channels or
        features only: ``(1, 16, 16)`` goes through the channels of an image one by one, and
        ``(1, D)`` hides one of the tokens (N, L, D). None is an eighth of each side, and a single
        feature of a table (N, D).
    stride : int, tuple of int or None
        Steps from a patch to the next, at most `patch`, so that every pixel is covered; None is
        `patch`. What is left at the far edge gets a smaller patch.
    fill : number, sequence of C numbers, Tensor or name
        What is put in the patch, in the space of x: a number, a value for each channel, a tensor
        as for a baseline, or for images in [0, 1] one of black, white, mean, blur, uniform,
        max_distance.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F. Every pixel of a patch has the whole drop of the patch. The details
        hold the drops themselves in ``extra["drops"]``, (N, patches along each axis of a row).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a patch that does not fit into x, or a stride that leaves gaps.

    Notes
    -----
    Keeps implementation invariance and linearity; with ``patch=1`` and a stride of 1 also dummy,
    symmetry and sensitivity(a). Not complete: two patches that can stand in for each other fall
    short, two that need each other are counted twice. For a linear model and ``stride=patch`` the
    drops add up to :math:`F(x) - F(x')`, where x' is all fill, and each is
    :math:`\sum_{i \in w} v_i (x_i - x'_i)` for weights v; the map's sum over a patch is its drop
    times the numbers in it.

    **Cost.** 0 gradients a row, but a forward pass for each patch: 64 for an image by default.

    **Fails when** the fill is something that the model knows, such as a grey square: then it is the
    square that is explained. And where evidence is there twice: hiding one of both changes nothing.

    References
    ----------
    .. [zeiler2013] M. D. Zeiler, R. Fergus, 2013, arXiv:1311.2901.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.occlusion(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[-2., -3.]], dtype=torch.float64)
    """

@overload
def occlusion(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    patch: int | tuple[int, ...] | None = None,
    stride: int | tuple[int, ...] | None = None,
    fill: float | Tensor | str | Sequence[float] = 0.0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def input_x_gradient(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: float | Tensor | str = 0.0,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Attribute to each input its difference from the baseline times the slope at x.

    .. math:: A = (x - x') \odot \nabla F(x)

    Lesson 01.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    baseline : number, Tensor or name
        x', in the same space as x; 0 gives the original method.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    differentiable : bool
        Keep the graph, so that the map itself can be differentiated.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a baseline of the wrong shape.

    Notes
    -----
    Complete only where F is positively homogeneous around the baseline (a ReLU net without
    biases, baseline 0). Keeps dummy, implementation invariance, linearity and symmetry;
    breaks sensitivity(a).

    **Cost.** 1 gradient a row.

    **Fails when** the net has biases: the sum misses F(x) - F(x'), by 1 in the example below. An
    input that equals its baseline (a black pixel) gets 0.

    References
    ----------
    .. [shrikumar2016] A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje, 2016,
       arXiv:1605.01713.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.input_x_gradient(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[ 3., -3.]], dtype=torch.float64)
    """

@overload
def input_x_gradient(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: float | Tensor | str = 0.0,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def integrated_gradients(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Attribute to each input its share of the rise of F along the straight line from x' to x.

    .. math::
        A_i = (x_i - x'_i) \int_0^1
        \frac{\partial F}{\partial x_i}\big(x' + \alpha (x - x')\big)\, d\alpha

    Lesson 05.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 50 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution`: gap, map error, nodes, weights, F and its slope at the nodes.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x') up to the gap of the quadrature.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a baseline of the wrong shape, or at which F is not finite.

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance, linearity and symmetry.

    **Cost.** 50 gradients a row: `steps` of them (one more for the trapezoid).

    **Fails when** the baseline is taken as given: the answer depends on x', and a feature that
    equals its baseline gets exactly 0. With few steps the map can be wrong where the gap is small:
    see `map_error` in the details.

    References
    ----------
    .. [sundararajan2017] M. Sundararajan, A. Taly, Q. Yan, 2017, arXiv:1703.01365.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.integrated_gradients(xc.zoo.toy(), xc.zoo.toy_input(), steps=100, quadrature="midpoint")
    tensor([[ 3.7500, -2.7500]], dtype=torch.float64)
    """

@overload
def integrated_gradients(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def expected_gradients(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = 0.0,
    samples: int = 100,
    stratified: bool = True,
    antithetic: bool = False,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Average Integrated Gradients over a set of baselines, one random point of a line at a time.

    .. math::
        A = \frac1n \sum_{j=1}^n (x - x'_j) \odot \nabla F\big(x'_j + \alpha_j (x - x'_j)\big),
        \qquad x'_j \sim D, \quad \alpha_j \sim U(0, 1)

    Lesson 09.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    baselines : Tensor (M, ...), Tensor (M, N, ...), sequence or number
        The set D: rows of the data, a set for each row of x, or a sequence of what `baseline` of
        `integrated_gradients` may be. Of a single baseline it estimates Integrated Gradients.
    samples : int
        n. One or a few are enough in training, where the noise averages out over the steps.
    stratified : bool
        Take one :math:`\alpha_j` in each of n equal parts of [0, 1], and no baseline again before
        each of the others; False draws all independently.
    antithetic : bool
        Draw pairs :math:`\alpha, 1 - \alpha` from the same baseline; `samples` must be even. It
        takes away the error where the gradient changes evenly along the line.
    seed : int
        The same seed gives the same draws, in every row, on every device, for every batch_size.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    differentiable : bool
        Keep the graph, so that a loss may contain the map: an attribution prior. `samples` then
        decides the memory.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) minus the mean of F over the drawn baselines, up to the
        error of the draws. The details hold the standard error of each value as of independent
        draws, which is too large rather than too small for stratified ones; ``extra`` holds the
        baselines, and each draw's number of a baseline, ``line``, and ``alpha``.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for an empty set, a baseline that does not fit x, or at which F is not finite.

    Notes
    -----
    Keeps dummy, implementation invariance and linearity, and symmetry where the set has it.
    Complete on average over the draws: see `gap`.

    **Cost.** 100 gradients a row, `samples` of them, and a forward pass for each baseline used.

    **Fails when** five draws are taken for a map: two seeds then differ as two photos do. With
    baselines x + noise it tells how F bends, not what contributes.

    References
    ----------
    .. [erion2019] G. Erion, J. D. Janizek, P. Sturmfels, S. M. Lundberg, S.-I. Lee, 2019,
       arXiv:1906.10670.

    Examples
    --------
    >>> import xaicourse as xc
    >>> model, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.expected_gradients(model, x, baselines=(0.0, 1.0), samples=4000).round(decimals=1)
    tensor([[ 2.9000, -1.4000]], dtype=torch.float64)
    """

@overload
def expected_gradients(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = 0.0,
    samples: int = 100,
    stratified: bool = True,
    antithetic: bool = False,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def gradient_shap(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = 0.0,
    samples: int = 200,
    sigma: float = 0.0,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Average Integrated Gradients over a set of baselines and over noisy copies of the input.

    .. math::
        A = \frac1n \sum_{j=1}^n (x_j - x'_j) \odot \nabla F\big(x'_j + \alpha_j (x_j - x'_j)\big),
        \qquad x_j = x + \sigma z_j, \quad z_j \sim \mathcal N(0, I)

    Baselines and positions are drawn independently; without noise it is Expected Gradients.

    Lesson 09.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    baselines : Tensor (M, ...), Tensor (M, N, ...), sequence or number
        The set: rows of the data, a set for each row of x, or a sequence of what `baseline` of
        `integrated_gradients` may be.
    samples : int
        n, as many as the package shap takes.
    sigma : float
        Standard deviation of the noise on x, in units of x.
    seed : int
        The same seed gives the same draws, in every row, on every device, for every batch_size.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to the mean of F over the noisy copies minus the mean over the
        drawn baselines, up to the error of the draws. The details hold the standard error of each
        value.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for an empty set, a baseline that does not fit x, or a negative sigma.

    Notes
    -----
    Keeps dummy, implementation invariance and linearity. Shapley values only where features are
    independent and F is a sum of products of different features; in general the mean of
    Aumann-Shapley shares.

    **Cost.** 200 gradients a row, `samples` of them, and a forward pass for each baseline used.

    **Fails when** few draws are taken, as where n is 5 by default: the map is mostly noise.

    References
    ----------
    .. [lundberg2017] S. M. Lundberg, S.-I. Lee, 2017, arXiv:1705.07874.

    Examples
    --------
    >>> import xaicourse as xc
    >>> model, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.gradient_shap(model, x, samples=2000).round()  # Integrated Gradients: 3.75, -2.75
    tensor([[ 4., -3.]], dtype=torch.float64)
    """

@overload
def gradient_shap(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = 0.0,
    samples: int = 200,
    sigma: float = 0.0,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def weighted_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = ...,
    neutral: float | Tensor | str | None = None,
    remaining: float = 0.5,
    threshold: float = 0.0,
    steps: int = 50,
    quadrature: str = "gauss_legendre",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Average Integrated Gradients over baselines, weighted by how fit each baseline is.

    .. math::
        A = \sum_b w_b\, \mathrm{IG}(x;\, x'_b), \qquad w_b = \frac{1 / d_b}{\sum_c 1 / d_c}

    :math:`d_b` is how many of the units that IG from :math:`x'_b` ranks first must be replaced by
    something neutral, until F has fallen far enough on its way from F(x) to F(all neutral).

    Lesson 09.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    baselines : Tensor (M, ...), Tensor (M, N, ...), sequence or number
        The set: rows of the data, a set for each row of x, or a sequence of what `baseline` of
        `integrated_gradients` may be. By default 0, 0.5 and 1: black, grey and white images.
    neutral : number, Tensor, name or None
        What replaces a unit, as a baseline. None is the mean colour of an image's corners (a tenth
        of each side), and 0 for other inputs. A unit is a pixel of an image, or a single number.
    remaining : float
        The share of F(x) - F(all neutral) at which the fall is far enough, in (0, 1).
    threshold : float
        Leave out baselines whose weight is below this share of the mean weight; the authors'
        filtered form has 0.25.
    steps : int
        Nodes of the quadrature for each baseline; intervals of the trapezoid.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) minus the weighted mean of F over the baselines. The
        details hold ``weights`` and ``fitness`` (d), (N, M), and the ``baselines``.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for an empty set, a baseline that does not fit x, or a share outside of its range.

    Notes
    -----
    Each part is an integral, not a single random gradient, and its fitness is measured on the
    model's own input and scale. The units are found by their first crossing in steps of 1/32, then
    by bisection: deleting is not monotone. Keeps dummy, implementation invariance and symmetry;
    the weights depend on F, so it is not linear.

    **Cost.** 150 gradients a row, `steps` for each baseline, and about 45 forward passes for each.

    **Fails when** it is judged by deletion: the weights reward just that, so the verdict is
    circular. One baseline alone can do better than the weighted set.

    References
    ----------
    .. [tuan2025] K. T. D. Tuan, T. N. Trong, S. N. Hoang, K. Than, A. N. Duc, 2025,
       arXiv:2505.03201.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.weighted_ig(xc.zoo.toy(), xc.zoo.toy_input(), quadrature="midpoint").round(decimals=1)
    tensor([[ 2.8000, -1.4000]], dtype=torch.float64)
    """

@overload
def weighted_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = ...,
    neutral: float | Tensor | str | None = None,
    remaining: float = 0.5,
    threshold: float = 0.0,
    steps: int = 50,
    quadrature: str = "gauss_legendre",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def boundary_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    search: int = 50,
    refinements: int = 3,
    bounds: tuple[float, float] | None = None,
    steps: int = 50,
    quadrature: str = "gauss_legendre",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate gradients from the nearest point at which the model decides for another class.

    .. math::
        A = \mathrm{IG}(x;\, x'), \qquad
        x' \approx \arg\min_z \{\|z - x\|_2 : \text{the predicted class changes at } z\}

    1. Steps to the zero of the tangent of the margin, :math:`z - m \nabla m / \|\nabla m\|^2`,
    where m is the score of the class predicted at x minus the largest other score, until the class
    changes. 2. Bisection between x and there, until :math:`m = 0`. 3. The foot of the
    perpendicular from x on the tangent plane of the boundary, and bisection again, as long as the
    point comes nearer.

    Lesson 11.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    search : int
        The most steps until the class changes.
    refinements : int
        How often a nearer point is looked for.
    bounds : pair of float or None
        The range of valid inputs, such as (0.0, 1.0) for images, which the points may not leave.
    steps : int
        Nodes of the quadrature on the way from the boundary; intervals of the trapezoid.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'), and for ``output="margin"`` to the margin
        itself where the runner-up at x is the other class. The details hold x' in ``endpoints``,
        its ``distance``, the ``margin`` left there, and ``search_gradients``.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also where no other class is found, or the model's outputs are no class scores: (N, K), or
        (N,) and (N, 1), which change their decision at 0.

    Notes
    -----
    Keeps completeness with respect to F at the boundary, dummy, implementation invariance and
    symmetry; x' depends on F, so it is not linear. The point found is on the boundary, not beyond
    it, but need not be the nearest one of all: the way leads to the class that comes second.

    **Cost.** 103 gradients a row at most, 50 of them on the path, and some hundred forward passes.

    **Fails when** the nearest boundary is an adversarial one: then x' looks like x, the map is as
    noisy as the gradient, and it says what separates the two classes rather than what is seen.

    References
    ----------
    .. [wang2021] Z. Wang, M. Fredrikson, A. Datta, 2021, arXiv:2103.11257.

    Examples
    --------
    A linear margin is shared out by the squared weights:

    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[1.0, 0.5, 0.2]], dtype=torch.float64)
    >>> xc.boundary_ig(lambda x: x[:, 0] + 2 * x[:, 1] - 2 * x[:, 2] - 0.5, x).round(decimals=4)
    tensor([[0.1222, 0.4889, 0.4889]], dtype=torch.float64)
    """

@overload
def boundary_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    search: int = 50,
    refinements: int = 3,
    bounds: tuple[float, float] | None = None,
    steps: int = 50,
    quadrature: str = "gauss_legendre",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def blur_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    widest: float | None = None,
    padding: str = "reflect",
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate gradients along the images that lie between a blurred x and x itself.

    .. math::
        A = \int_{\sigma_{\max}}^{0} \nabla F(L_\sigma) \odot
        \frac{\partial L_\sigma}{\partial \sigma}\, d\sigma
        \approx \sum_k \nabla F(L_{\sigma_k}) \odot (L_{\sigma_{k-}} - L_{\sigma_{k+}})

    :math:`L_\sigma` is x blurred by a Gaussian of :math:`\sigma` pixels. Each gradient is
    multiplied by how the image really changes over its stretch, so that a linear F is exact
    whatever the steps; and :math:`\sigma = \sigma_{\max} (1 - \alpha)^2` is dense where the image
    is almost sharp.

    Lesson 09.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, C, H, W)
        Images.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    widest : float, optional
        :math:`\sigma_{\max}` in pixels; without it 50 where the shorter side has 224, and in
        proportion for others.
    padding : str
        What lies beyond the edge: ``"reflect"``, the mirror image, which keeps the mean colour;
        ``"nearest"``, the edge pixel; ``"zero"``, black, which darkens what is blurred.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 64 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively until the estimated relative error of the map is at most
        `tol`.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, C, H, W)
        Signed, in units of F; sums to F(x) minus F of the most blurred image. The details hold the
        width of each node, ``sigma`` (N, S), and the scale profile ``profile``: how much of the
        rise belongs to a pixel of sigma there, (N, S).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for an unknown padding, or a width that is not above 0.

    Notes
    -----
    Keeps completeness with respect to the most blurred image, dummy, implementation invariance and
    linearity; breaks symmetry, since two equal pixels become sharp in different ways, and a pixel
    that equals its start can get a share.

    **Cost.** 64 gradients a row, and three blurs for each.

    **Fails when** what counts is a colour over a large area: it is there from the beginning, and
    gets nothing. With a black edge the start is dark, and the edge is explained, too.

    References
    ----------
    .. [xu2020] S. Xu, S. Venugopalan, M. Sundararajan, 2020, arXiv:2004.03383.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> dot = torch.zeros(1, 1, 9, 9).index_fill(2, torch.tensor(4), 1.0)  # a line
    >>> xc.blur_ig(lambda x: x[:, 0, 4, 4], dot, widest=1.0).sum().round(decimals=3)
    tensor(0.6010)
    """

@overload
def blur_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    widest: float | None = None,
    padding: str = "reflect",
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def spectral_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    overlap: float = 0.4,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate gradients while the singular components of the image come, the largest first.

    .. math::
        x - x' = \sum_i \sigma_i u_i v_i^\top, \qquad
        \gamma(\alpha) = x' + \sum_i \phi_i(\alpha)\, \sigma_i u_i v_i^\top, \qquad
        \phi_i(\alpha) = \operatorname{clip}\Big(\frac{\alpha - a_i}{\omega},\, 0,\, 1\Big)

    in each channel for itself. A component begins at :math:`a_i = (1 - \omega)(1 - \sigma_i /
    \sigma_1)`: the first ones are the best coarse pictures of the difference, the last its detail.

    Lesson 11.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, C, H, W)
        Images.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    overlap : float
        :math:`\omega`, the part of the path on which a component grows. 1 is the straight line:
        all grow at once. Near 0 they come one after the other.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 128 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, C, H, W)
        Signed, in units of F; sums to F(x) - F(x').

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance and linearity. Breaks
    symmetry, and with it what else the straight line has: a component mixes pixels, so that a pixel
    can move back and forth, one that equals its baseline can get a share, and a share can be
    negative though F grows in every pixel. The map follows any reordering of rows or columns.

    **Cost.** 128 gradients a row, and a singular value decomposition of each channel.

    **Fails when** the difference is of rank 1 in every channel, such as bars or a constant colour:
    then it is Integrated Gradients, with a part of the path on which nothing happens.

    References
    ----------
    .. [kim2026] S. Kim, S. Lim, K. Lee, J. Choi, 2026, arXiv:2605.19607.

    Examples
    --------
    The last pixel equals its baseline, 0, and still gets a share:

    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[[[1.0, 2.0], [0.5, 0.0]]]])
    >>> xc.spectral_ig(lambda x: x[:, 0, 0, 0] * x[:, 0, 1, 1], x).round(decimals=2)
    tensor([[[[ 0.1000,  0.0000],
              [ 0.0000, -0.1000]]]])
    """

@overload
def spectral_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    overlap: float = 0.4,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def geodesic_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    data: Tensor | None = None,
    neighbours: int = 10,
    pieces: int = 16,
    stiffness: float = 0.5,
    search: int = 10,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate gradients along the path on which the model changes as little as possible.

    .. math::
        A_i = \int_0^1 \partial_i F(\gamma)\, \dot\gamma_i\, dt, \qquad
        \gamma = \arg\min \frac12 \int_0^1 \Big(\frac{d}{dt} F(\gamma)\Big)^2
        + \lambda\, \|\dot\gamma\|^2\, dt

    a geodesic of the metric :math:`J^\top J + \lambda I` that the model pulls back: it goes round
    hills and valleys of F that the straight line would cross. With `data` it is the shortest way
    in a graph of near points instead, whose edges have the length :math:`\|x_j - x_i\|` times the
    mean :math:`\|\nabla F\|` on them.

    Lesson 11.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    data : Tensor (M, ...) or None
        Points that the path may lead through, such as rows of the training set. None: it bends
        freely.
    neighbours : int
        Without effect if `data` is None. To how many nearest points each point is joined.
    pieces : int
        Straight pieces of a path that bends freely.
    stiffness : float
        How much x counts beside F: on the straight line the second part of the energy is
        stiffness^2 times the first. Large values give the straight line.
    search : int
        The most improvements of a path that bends freely (steps of Gauss and Newton).
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature on the path (intervals of the trapezoid); 128 without it. Where the
        quadrature is adaptive, the most gradients that a row may cost on the path; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'). The details hold the ``path`` (N, K+1, ...),
        its number of ``pieces`` (N,), and its ``cancellation``, the sum of absolute values over
        the absolute rise: 1 where no two shares cancel.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for data of another shape than x.

    Notes
    -----
    Keeps completeness, dummy, implementation invariance and symmetry (with `data`: if the data
    have it). The path depends on F, so it is not linear; it leaves the box between x' and x, so
    that a number that equals its baseline can get a share; it depends on the units of x.

    The authors' program bends the path by another energy, in which steep places are cheap (its
    sign), and multiplies x - x' by a sum of gradients, which is no integral along the path.

    **Cost.** 278 gradients a row at most: 15 for each improvement of the path, and 128 along it.
    With `data` 5 for each of up to (M + 2) (`neighbours` + 1) edges.

    **Fails when** x has many numbers: then tiny bends make F rise evenly, as an adversarial change
    would (4 % of the length of x on a picture of clothes, 0.2 % on a photo), F is rough between
    them, and `gap` asks for more steps. Nor do absolute values sum to the rise: of F = x_1 - x_2
    from (0, 0) to (1, 1) every path gives (1, -1).

    References
    ----------
    .. [salek2025] S. Salek, J. Enguehard, 2025, arXiv:2502.12108.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[2.0, 1.0]])
    >>> hill = lambda x: x[:, 0] + 4 * torch.exp(-4 * (x - 0.7).square().sum(1))
    >>> over, round_it = xc.integrated_gradients(hill, x), xc.geodesic_ig(hill, x)
    >>> over.abs().sum().round(decimals=1), round_it.abs().sum().round(decimals=1)
    (tensor(2.8000), tensor(1.9000))
    """

@overload
def geodesic_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    data: Tensor | None = None,
    neighbours: int = 10,
    pieces: int = 16,
    stiffness: float = 0.5,
    search: int = 10,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def pattern_guided_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    patterns: Patterns | None = None,
    start: str = "one",
    baseline: float | Tensor | str = 0.0,
    steps: int = 64,
    quadrature: str = "midpoint",
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate along the straight line what the patterns let through.

    .. math::
        A_i = (x_i - x'_i) \int_0^1 \partial^a_i F\big(x' + \alpha (x - x')\big)\, d\alpha

    :math:`\partial^a` is the gradient with :math:`w_{ij} a_{ij}` in place of every weight
    :math:`w_{ij}` on the way back, as in `pattern_attribution`. The patterns silence what a neuron
    filters out, the path crosses the plateaus on which the gradient at x is 0.

    Lesson 11.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads, made of dense and
        convolution layers, ReLUs, sums, means, max and average pools.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    patterns : Patterns
        What ``xc.fit_patterns(model, data)`` gave for this very model.
    start : str
        What goes back from the outputs y: ``"one"``, dF/dy; ``"output"``, y dF/dy, as in
        `pattern_attribution`.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int
        Nodes of the quadrature; intervals of the trapezoid.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Other operations at which the plain gradient is accepted, by the name that an error gave.
        They are to be allowed in `fit_patterns` as well.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in the units of x: a weight times its pattern has none. ``gap`` of the details is
        the map's sum minus F(x) - F(x'), which it does not promise to meet.

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule; it is named.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also without patterns, or with those of another model.

    Notes
    -----
    Keeps dummy. Breaks completeness, sensitivity(a), linearity and implementation invariance; two
    features that F treats alike get equal shares only if their patterns are equal. It stretches
    with the units of x where `integrated_gradients` does not. With every pattern w / |w|^2 it shows
    what the squared weights say.

    **Cost.** 64 gradients a row, after the patterns were fitted.

    **Fails when** the patterns do: a neuron that hardly varies on the data has a huge pattern, and
    one that is never active has none and lets nothing through.

    References
    ----------
    .. [schwarzenberg2020] R. Schwarzenberg, S. Castle, 2020, arXiv:2007.10685.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, data = xc.zoo.load("fashion_mlp"), xc.datasets.fashion_mnist(n=64).x
    >>> patterns = xc.fit_patterns(net, data)
    >>> xc.pattern_guided_ig(net, data[:1], patterns=patterns, steps=8).shape
    torch.Size([1, 1, 28, 28])
    """

@overload
def pattern_guided_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    patterns: Patterns | None = None,
    start: str = "one",
    baseline: float | Tensor | str = 0.0,
    steps: int = 64,
    quadrature: str = "midpoint",
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

@overload
def ig_correlation(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    truth: Tensor | None = None,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = 0.0,
    steps: int = 64,
    quadrature: str = "gauss_legendre",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Share out, over the inputs, how well a model's predictions go with the truth.

    .. math::
        C_i = \frac{\operatorname{cov}_s\big(\mathrm{IG}_i(x^s),\, y^s\big)}
        {\sigma_y\; \sigma_F}, \qquad
        \sum_i C_i = \operatorname{corr}(F, y) - \frac{\operatorname{cov}_s(F(x'^s), y^s)}
        {\sigma_y\; \sigma_F}

    over the rows s of a data set. The last term is 0 as long as all rows have the same baselines.

    Lesson 12.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        The data set, at least two rows.
    target : int, (N,) ints, tuple, callable, target object or None
        The number that is predicted, F; usually the same output for all rows.
    truth : Tensor (N,) or None
        y, what should be predicted. None is F itself: then the sum is 1.
    baselines : number, name, Tensor or sequence of these
        The baselines that are averaged over. A tensor (M, ...) is a set of M for all rows,
        (M, N, ...) a set for each row; a number or a name is a single one.
    steps : int
        Nodes of the quadrature for each baseline; intervals of the trapezoid.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor, of the shape of one row
        Signed, without unit; below 0 where an input makes the predictions worse. The details hold
        the ``correlation`` of F and y, and the ``sum_gap``, sum minus correlation.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also if F or y is the same in all rows, or the truth is not one finite number a row.

    Notes
    -----
    Linear in the maps, so that regions add up; it does not change when y or F is scaled or shifted.
    Keeps dummy. With baselines that differ from row to row it does not sum to the correlation.

    **Cost.** 64 gradients a row for each baseline.

    **Fails when** a model is off by a factor or a constant: a correlation does not see that. An
    input that is the same in all rows gets 0, however much F depends on it.

    References
    ----------
    .. [lelievre2024] P. Lelievre, C.-C. Chen, 2024, arXiv:2404.13910.

    Examples
    --------
    The second number is noise to the truth:

    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[1.0, 1.0], [2.0, -1.0], [3.0, -1.0], [4.0, 1.0]])
    >>> shares = xc.ig_correlation(lambda x: x.sum(1), x, truth=x[:, 0])
    >>> shares.round(decimals=2)
    tensor([0.7500, 0.0000])
    """

@overload
def ig_correlation(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    truth: Tensor | None = None,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = 0.0,
    steps: int = 64,
    quadrature: str = "gauss_legendre",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def xrai(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = ...,
    segments: Tensor | None = None,
    fast: bool = False,
    channels: str = "sum",
    scales: Sequence[float] = ...,
    smallest: int | None = None,
    dilation: int | None = None,
    least: int | None = None,
    steps: int = 50,
    quadrature: str = "gauss_legendre",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Give each pixel the mean of Integrated Gradients over the region that it belongs to.

    .. math::
        A_p = \frac{1}{|s \setminus M|} \sum_{q \in s \setminus M} a_q \quad (p \in s \setminus M),
        \qquad s = \arg\max_s \frac{1}{|s \setminus M|} \sum_{q \in s \setminus M} a_q

    a is the mean of IG over the baselines, one number a pixel, and M what is covered so far: again
    and again the segment is taken whose new pixels have the largest mean.

    Lesson 09.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, C, H, W)
        Images.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    baselines : Tensor (M, ...), Tensor (M, N, ...), sequence or number
        The starts of IG: black and white by default, for images in [0, 1]; for others give
        what these are there, such as ``baselines=(low, high)``.
    segments : Tensor, optional
        Instead of the image's own: whole numbers (S, H, W) or (N, S, H, W), where S maps each cut
        the image into segments, or truth values (K, H, W) or (N, K, H, W), K masks.
    fast : bool
        Rank the segments once, by their mean over all their pixels.
    channels : str
        How the colours become one number a pixel: ``"sum"``, which keeps completeness, or
        ``"max"`` as the authors' code.
    scales : sequence of float
        k of the segmentation, for images of 224 x 224 pixels; in proportion to the area for
        others, as are the next three. Each scale cuts the image anew.
    smallest : int, optional
        Pixels of the smallest segment; 150 at 224 x 224, at least 5.
    dilation : int, optional
        Pixels by which each segment grows, so that it holds its own edge; 5 at 224 x 224, at least
        1.
    least : int, optional
        A segment is dropped when it would add fewer new pixels; 50 at 224 x 224, at least 3.
    steps : int
        Nodes of the quadrature for each baseline; intervals of the trapezoid.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, 1, H, W)
        Signed, in units of F, the same in each region; with ``channels="sum"`` it sums to F(x)
        minus the mean of F over the baselines. The details hold ``rank`` (N, H, W), 1 in the
        region with the largest mean and the last where no region came, and ``pixels``, a.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for segments of the wrong shape, or unknown `channels`.

    Notes
    -----
    Keeps implementation invariance; dummy and sensitivity(a) only for whole regions. Regions are
    cut by Felzenszwalb and Huttenlocher's method from the image alone.

    **Cost.** 100 gradients a row, `steps` for each baseline, and six segmentations on the CPU.

    **Fails when** its outlines are taken as evidence: they come from the image, not from the model,
    and look convincing for a net with random weights, too.

    References
    ----------
    .. [kapishnikov2019] A. Kapishnikov, T. Bolukbasi, F. Viegas, M. Terry, 2019, arXiv:1906.02825.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x, halves = torch.ones(1, 1, 4, 4), torch.tensor([[0, 0, 1, 1]]).expand(1, 4, 4)
    >>> xc.xrai(lambda x: x[:, 0, 0, 0], x, baselines=0.0, segments=halves)[0, 0, 0]
    tensor([0.1250, 0.1250, 0.0000, 0.0000])
    """

@overload
def xrai(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = ...,
    segments: Tensor | None = None,
    fast: bool = False,
    channels: str = "sum",
    scales: Sequence[float] = ...,
    smallest: int | None = None,
    dilation: int | None = None,
    least: int | None = None,
    steps: int = 50,
    quadrature: str = "gauss_legendre",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def path_attribution(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    path: str | Callable[[Question, Tensor, Tensor], Path] = "straight",
    weight: str | Weight | Callable[[Tensor], Any] | None = None,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = 0.0,
    rule: str | Callable[[Slope, Tensor], Tensor] | BackwardRules | None = None,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Sum gradients along any path, under any weight, from any baselines, by any backward rule.

    .. math::
        A_i = \operatorname*{mean}_{x'} \int_0^1 \omega\; \partial_i F\big(\gamma(\alpha)\big)\,
        \gamma_i'(\alpha)\, d\alpha, \qquad \gamma(0) = x',\ \gamma(1) = x

    At its defaults this is Integrated Gradients.

    Lesson 10.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    path : str or callable
        straight; power, :math:`x'_i + d_i\, \alpha^{1 + |d_i|}` with d = x - x', which is
        symmetric but not straight; corner, one input after the other; random, one pixel after the
        other in an order that knows nothing; guided, greedy, geodesic and spectral, those of
        `guided_ig`, `greedy_path_ig`, `geodesic_ig` and, for images, `spectral_ig`; or a function
        (question, start, end) that returns a path, such as ``monotone``, ``one_by_one``,
        ``random_order``, ``gradient_path`` (of `ig2`) and ``adversarial_path`` in the files of
        ``xaicourse.methods.integrated`` make.
    weight : str, callable, Weight or None
        :math:`\omega`: None is 1. left and right of the place where 0.9 of the rise is reached;
        decision, dF/d(alpha); important_direction; or w(alpha) with integral 1: linear, falling,
        falling_square, square, root, log, exponential, beta or a function of alpha.
    baselines : number, name, Tensor or sequence of these
        The baselines that are averaged over. A tensor (M, ...) is a set of M for all rows,
        (M, N, ...) a set for each row; a number or a name is a single one.
    rule : str, callable, BackwardRules or None
        Backward rule of the ReLUs: None is the gradient; guided_backprop, deconvnet, or a
        function (slope, incoming gradient) of differentiable operations; or a whole set of rules
        for gradients.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 50 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Other operations whose plain gradient is accepted, by the name that an error gave.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed. `gap` is against what path, weight and baselines let expect of the plain gradient
        (`expected_total` in the details where that is not the rise); decision has none, for its
        map is in units of F squared.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for an unknown path, weight or rule, a weight without a finite integral, a baseline
        of the wrong shape.
    UnsupportedOperationError
        If an operation is neither covered by the rule nor affine, pooling or shape; it is named.

    Notes
    -----
    Keeps completeness and dummy at its defaults; a weight or a rule gives up completeness, a path
    keeps it.

    **Cost.** 50 gradients a row for each baseline: `steps` of them (one more for the trapezoid),
    and a forward pass for each step under important_direction.

    **Fails when** a combination is taken for a method with a meaning: most have none that is known.

    References
    ----------
    .. [sundararajan2017] M. Sundararajan, A. Taly, Q. Yan, 2017, arXiv:1703.01365.

    Examples
    --------
    >>> import torch
    >>> import xaicourse as xc
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> xc.path_attribution(lambda x: x[:, 0] * x[:, 1], x, path="corner", steps=4)
    tensor([[0., 2.]])
    """

@overload
def path_attribution(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    path: str | Callable[[Question, Tensor, Tensor], Path] = "straight",
    weight: str | Weight | Callable[[Tensor], Any] | None = None,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = 0.0,
    rule: str | Callable[[Slope, Tensor], Tensor] | BackwardRules | None = None,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

@overload
def left_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    share: float = 0.9,
    baseline: Any = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate only until a share of the rise of F is reached, before it saturates.

    .. math::
        A_i = (x_i - x'_i) \int_0^{\alpha^*}
        \frac{\partial F}{\partial x_i}\big(x' + \alpha (x - x')\big)\, d\alpha, \qquad
        \alpha^* = \inf\Big\{\alpha : \frac{F(\alpha) - F(x')}{F(x) - F(x')}
        > \mathrm{share}\Big\}

    Lesson 10.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    share : float
        Which share of the rise, between 0 and 1. The rise is compared with its sign, so a class
        whose score falls from x' to x is treated alike.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 50 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F at the crossing - F(x'), about `share` of the rise. In
        the details, `endpoints` are x' and the crossing, `alpha_end` is alpha*.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    Keeps sensitivity(a), dummy, implementation invariance and symmetry; completeness only up to
    the crossing. Not linearity: alpha* depends on F.

    **Cost.** 50 gradients a row, `steps` of them, as Integrated Gradients, and two forward passes
    more. alpha* is found in the same pass, between the two nodes where F passes the share first.

    **Fails when** F crosses the share only for a moment: all that comes after is lost. A small
    change of x can move such a crossing far. With few nodes a short crossing is not seen.

    References
    ----------
    .. [miglani2020] V. Miglani, N. Kokhlikyan, B. Alsallakh, M. Martin, O. Reblitz-Richardson,
       2020, arXiv:2010.12697.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.left_ig(xc.zoo.toy(), xc.zoo.toy_input(), steps=100, quadrature="midpoint")
    tensor([[ 1.3500, -0.4500]], dtype=torch.float64)
    """

@overload
def left_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    share: float = 0.9,
    baseline: Any = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def split_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    share: float = 0.9,
    part: str = "right",
    baseline: Any = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Split Integrated Gradients where a share of the rise of F is reached, and return one part.

    .. math::
        \mathrm{left}_i + \mathrm{right}_i = \mathrm{IG}_i, \qquad
        \mathrm{right}_i = (x_i - x'_i) \int_{\alpha^*}^1
        \frac{\partial F}{\partial x_i}\big(x' + \alpha (x - x')\big)\, d\alpha

    Lesson 10.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    share : float
        Which share of the rise, between 0 and 1, compared with its sign as in `left_ig`.
    part : str
        ``"right"``, what is gathered behind the crossing, or ``"left"``, which is `left_ig`.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 50 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; the right part sums to F(x) - F at the crossing. In the details,
        `endpoints` are the ends of the part, `alpha_start` and `alpha_end` where they lie.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a part with another name.

    Notes
    -----
    Keeps dummy, implementation invariance and symmetry. Not linearity, and the right part not
    sensitivity(a): little is left of the rise there.

    **Cost.** 50 gradients a row, `steps` of them, as Integrated Gradients, and two forward passes
    more.

    **Fails when** the right part is read as an answer: its sum is small while its entries may be
    larger than those of the left part, with both signs.

    References
    ----------
    .. [miglani2020] V. Miglani, N. Kokhlikyan, B. Alsallakh, M. Martin, O. Reblitz-Richardson,
       2020, arXiv:2010.12697.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.split_ig(xc.zoo.toy(), xc.zoo.toy_input(), steps=100, quadrature="midpoint")
    tensor([[ 2.4000, -2.3000]], dtype=torch.float64)
    """

@overload
def split_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    share: float = 0.9,
    part: str = "right",
    baseline: Any = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def important_direction_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: float | Tensor | str = 0.0,
    steps: int = 50,
    quadrature: str = "midpoint",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Share out each step's change of F by the squared gradient, the direction it changes along.

    .. math::
        A_i = \sum_k \frac{g_{k,i}^2}{\sum_j g_{k,j}^2}
        \big(F(\alpha_{k+1}) - F(\alpha_k)\big), \qquad
        g_k = \nabla F \text{ at the node of step } k

    Lesson 10.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int
        Steps from x' to x (one more for the trapezoid).
    quadrature : str
        Where in its step the gradient is taken: midpoint, left (as in the paper), right,
        trapezoid or gauss_legendre.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        In units of F; sums to F(x) - F(x') exactly, however few the steps, unless the gradient
        at a node is 0: what F changes in that step is given to nobody, and `gap` tells it.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance and symmetry. Not
    linearity. And an input that equals its baseline gets a share: x - x' does not enter, so that
    the units in which each input is measured decide.

    **Cost.** 50 gradients a row, `steps` of them, and one forward pass more than that.

    **Fails when** the exact sum is taken for an exact map: it holds for any vectors in the place of
    the gradients. Within a step all shares have one sign, that of the change of F.

    References
    ----------
    .. [yang2023] R. Yang, B. Wang, M. Bilgic, 2023, arXiv:2303.14242.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.important_direction_ig(xc.zoo.toy(), xc.zoo.toy_input(), steps=4).sum()
    tensor(1., dtype=torch.float64)
    """

@overload
def important_direction_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: float | Tensor | str = 0.0,
    steps: int = 50,
    quadrature: str = "midpoint",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def integrated_decision_gradients(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    probes: int = 16,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "decision",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Weigh each gradient along the straight line by how fast F changes there.

    .. math::
        A_i = (x_i - x'_i) \int_0^1
        \frac{\partial F}{\partial x_i}(\gamma(\alpha))\; \frac{dF(\gamma(\alpha))}{d\alpha}\,
        d\alpha, \qquad \gamma(\alpha) = x' + \alpha (x - x')

    The slope dF/d(alpha) is gradient times distance, from the same backward pass.

    Lesson 10.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    probes : int
        Intervals between the forward passes that show where F changes, for quadrature="decision".
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 50 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        decision: the nodes are laid by the `probes`, close where F changes fast, and cover the
        whole path; or left, right, midpoint, trapezoid, gauss_legendre, adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        In units of F squared; sums to the integral of the squared slope, at least the squared
        rise. A and -A cannot be told apart: F and -F have the same map. There is no `gap`;
        `expected_total` in the details estimates that integral from F at the nodes, from below.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    Keeps sensitivity(a), dummy, implementation invariance and symmetry. Not completeness, not
    linearity: A of c F is c^2 A.

    **Cost.** 50 gradients a row, `steps` of them, and `probes` + 1 forward passes for
    quadrature="decision".

    **Fails when** the sign is read as for or against the class: what lowers its score along the
    path is red, too. Another scale of the output, such as the probability, weighs otherwise.

    References
    ----------
    .. [walker2024] C. Walker, S. Jha, K. Chen, R. Ewetz, 2024, arXiv:2305.20052.

    Examples
    --------
    >>> import torch
    >>> import xaicourse as xc
    >>> x = torch.tensor([[3.0, 2.0]])
    >>> xc.integrated_decision_gradients(lambda x: x.prod(1), x, quadrature="gauss_legendre")
    tensor([[24., 24.]])
    """

@overload
def integrated_decision_gradients(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    probes: int = 16,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "decision",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def path_weighted_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    weight: str | Callable[[Tensor], Any] = "exponential",
    baseline: Any = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Weigh the gradients along the straight line by where on it they are taken.

    .. math::
        A_i = (x_i - x'_i) \int_0^1 w(\alpha)\,
        \frac{\partial F}{\partial x_i}\big(x' + \alpha (x - x')\big)\, d\alpha, \qquad
        \int_0^1 w = 1

    Lesson 10.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    weight : str or callable
        w up to a factor: linear (alpha), falling (1 - alpha), falling_square, square, root, log
        (log(1 + alpha)), exponential (exp(alpha - 1)), beta (alpha (1 - alpha)) or uniform; or a
        function from alphas (S,) to numbers of at least 0. It may have a pole that can be
        integrated, a jump or a gap.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 50 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        gauss_legendre stands here for the Gauss rule of this very weight, exact for gradients
        that are polynomials up to degree 2 `steps` - 1; left, right, midpoint, trapezoid and
        adaptive lay their nodes as ever and take the mean of w around each.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F. Sums to the integral of w dF, not to the rise; `gap` is against an
        estimate of that from F at the nodes (`expected_total` in the details).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a weight that is negative or has no finite integral, such as 1 / alpha.

    Notes
    -----
    Keeps dummy, implementation invariance, linearity and symmetry. Complete for uniform w alone;
    and not sensitivity(a): a rise and a fall of F may cancel under w though they differ.

    **Cost.** 50 gradients a row, `steps` of them, as Integrated Gradients.

    **Fails when** w is chosen to please: any part of the path can be made to count. A w with gaps
    does not see what happens there.

    References
    ----------
    .. [kamalov2025] F. Kamalov, M. Al Falasi, F. Thabtah, 2025, arXiv:2509.17491.

    Examples
    --------
    >>> import torch
    >>> import xaicourse as xc
    >>> x = torch.tensor([[3.0, 2.0]])
    >>> xc.path_weighted_ig(lambda x: x[:, 0] * x[:, 1], x, weight="linear")
    tensor([[4., 4.]])
    """

@overload
def path_weighted_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    weight: str | Callable[[Tensor], Any] = "exponential",
    baseline: Any = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def gaussian_process_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    link: str = "identity",
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Return the expectation and the variance of the Integrated Gradients of a random function.

    .. math::
        \mathrm{E}[A_i] = d_i \int_0^1 \mathrm{E}[g'(f) \,\partial_i f]\, d\alpha, \qquad
        \mathrm{Cov}[A_i, A_j] = d_i d_j \iint
        \partial_{a_i} \partial_{b_j} \bar k\big(\gamma(\alpha), \gamma(\beta)\big)\,
        d\alpha\, d\beta

    f is what a `GaussianProcess` knows of a function, :math:`\bar k` its posterior covariance,
    d = x - x', and g the link from f to what is seen. Without a link A is a linear map of f, thus
    itself normal, and both integrals are known in closed form. Since
    :math:`\mathrm{E}[g'(f)\,\partial_i f] = \partial_i \mathrm{E}[g(f)]`, with a link it is
    Integrated Gradients of :math:`\mathrm{E}[g(f(x))]`.

    Lesson 12.

    Parameters
    ----------
    model : GaussianProcess or callable
        ``xc.fit_gaussian_process(x, y)``. Another callable (N, d) -> (N, K) or (N,) is taken as a
        posterior mean, of which nothing else is known: its Integrated Gradients.
    x : Tensor (N, d)
        Rows of numbers.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    link : str
        identity; probit and sigmoid for classes, exponential for counts and rates, square.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid) where there is no closed form; 50
        without it.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, d)
        The expected attributions, in units of F; sum to E[g(f(x))] - E[g(f(x'))]. The details of a
        process without a link hold the ``covariance`` (N, d, d) of the attributions and their
        standard ``deviation`` (N, d); the whole covariance sums to the variance of f(x) - f(x').

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for an unknown link, or a link of a model that is no `GaussianProcess`.

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance, linearity and symmetry.
    For a link it is not the link of the mean that is explained: g(E f) is not E g(f).

    **Cost.** 0 gradients a row without a link: the kernel of M points, and M^2 d for the variance.
    With a link, or another output scale, `steps` gradients.

    **Fails when** the deviation is taken for the error of the map: it says what the data leave
    open under this kernel, and nothing of whether the kernel is right.

    References
    ----------
    .. [seitz2022] S. Seitz, 2022, arXiv:2205.12797.

    Examples
    --------
    Far from all data nothing is known: the mean falls back to 0, and the map is uncertain.

    >>> import torch, xaicourse as xc
    >>> process = xc.GaussianProcess(torch.tensor([[0.0]]), torch.tensor([1.0]), noise=0.25)
    >>> x = torch.tensor([[3.0]], dtype=torch.float64)
    >>> found = xc.gaussian_process_ig(process, x, baseline=-3.0, return_details=True)
    >>> found.values.abs().round(decimals=4), found.extra["deviation"].round(decimals=4)
    (tensor([[0.]], dtype=torch.float64), tensor([[1.4142]], dtype=torch.float64))
    """

@overload
def gaussian_process_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    link: str = "identity",
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def integrated_hessians(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: float | Tensor | str = 0.0,
    beta: float | None = 10.0,
    groups: Tensor | int | None = None,
    steps: int = 16,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Attribute the Integrated Gradients of each feature to all features: IG of IG.

    .. math::
        \Gamma_{ij} = \int_0^1 (-\ln s) \Big[ s\, d_i d_j\, \partial_{ij} F
        + \delta_{ij}\, d_i\, \partial_i F \Big](x' + s\, d)\, ds, \qquad d = x - x'

    The paper's two integrals over a and b, of which F sees the product s = a b alone, are one with
    the weight -ln s, and its own Gauss rule is exact for polynomials.

    Lesson 14 (to come).

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x, by the model as it
        is.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    beta : float or None
        A ReLU has no curvature: each is replaced by :math:`\frac1\beta \log(1 + e^{\beta z})`,
        for the explanation only. None explains the model as it is.
    groups : Tensor, int or None
        What one feature is. None: each number, if there are at most 64, else one of 4 x 4 patches
        of an image. A whole number is the side of square patches; a tensor (...) of the shape of a
        row, or of its pixels, holds the numbers of the groups. Pairs within a group add to its
        place on the diagonal.
    steps : int
        Nodes of the quadrature.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Operations with kinks of their own that are left as they are, by the name that an error
        gave.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, G, G)
        Symmetric, in units of F; a row sums to the Integrated Gradients of its feature, all of it
        to the rise. The details hold F_beta at both ends, to which the gap belongs, and
        ``model_gap``, the gap to the rise of the model itself.

    Raises
    ------
    UnsupportedOperationError
        If an operation is neither of the ReLU family nor affine, pooling, shape or smooth.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a `beta` that is not above 0, and groups that do not fit.

    Notes
    -----
    Keeps linearity and, for the smoothed model, completeness; an additive F has no entry off the
    diagonal. The diagonal holds more than a feature alone: x1 x2 at (1, 1) has four equal entries.

    **Cost.** 18 gradients a row, and 16 times a second-order pass for each of the G features, which
    costs some gradients; where convolutions go through each channel alone, more than ten.

    **Fails when** beta is small: the smoothed net is another net, see ``model_gap``. When it is
    large, the curvature sits in narrow bends that the nodes miss, and that of max-pooling is always
    missed: see `gap`.

    References
    ----------
    .. [janizek2021] J. D. Janizek, P. Sturmfels, S.-I. Lee, 2021, arXiv:2002.04138.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[2.0, 3.0]])
    >>> xc.integrated_hessians(lambda x: x[:, 0] * x[:, 1], x, beta=None).round(decimals=4)
    tensor([[[1.5000, 1.5000],
             [1.5000, 1.5000]]])
    """

@overload
def integrated_hessians(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: float | Tensor | str = 0.0,
    beta: float | None = 10.0,
    groups: Tensor | int | None = None,
    steps: int = 16,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

@overload
def meta_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    itself: str = "player",
    baseline: float | Tensor | str = 0.0,
    groups: Tensor | int | None = None,
    coalitions: int = 64,
    steps: int = 8,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Share out the attribution of each feature among all features, by Shapley's value.

    .. math::
        A_{ij} = \sum_{S \not\ni j} \frac{|S|!\, (n - |S| - 1)!}{n!}\,
        \big[v_i(S \cup j) - v_i(S)\big], \qquad v_i(S) = \mathrm{IG}_i(x_S;\, x')

    :math:`x_S` is x on the features of S and x' elsewhere. Integrated Gradients itself is the game,
    in which the features are the players.

    Lesson 14 (to come).

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    itself : str
        ``"player"``: feature i is a player in the game about its own share, which is 0 without it.
        ``"always"``: it is in every coalition, and the others are the players; then
        :math:`A_{ii} = v_i(\{i\})`, what i is worth alone. The abstract leaves this open.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    groups : Tensor, int or None
        What one feature is. None: each number, if there are at most 64, else one of 4 x 4 patches
        of an image. A whole number is the side of square patches; a tensor (...) of the shape of a
        row, or of its pixels, holds the numbers of the groups.
    coalitions : int
        The most coalitions whose Integrated Gradients are taken. If all are that few, the result is
        exact; otherwise orders of the features are drawn, each with its reverse, at least one pair.
    steps : int
        Nodes of the Gauss-Legendre rule for each coalition.
    seed : int
        Of the orders, which all rows share.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, G, G)
        In units of F; row i sums to the Integrated Gradients of feature i, column j is what j has a
        hand in. Not symmetric. `standard_error` tells how far drawn orders may be off; it is NaN
        for a single pair of them, and 0 where all coalitions were taken.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for groups that do not fit, and for ``itself="always"`` with more coalitions than
        `coalitions`.

    Notes
    -----
    Keeps completeness, dummy, implementation invariance and linearity. For F = x1 + I with
    I = x1 x2^2 "player" gives ((x1 + I/6, I/6), (I/3, I/3)) and "always"
    ((x1, I/3), (2I/3, 0)); Integrated Hessians ((x1 + I/9, 2I/9), (2I/9, 4I/9)).

    **Cost.** 512 gradients a row at most: 8 for each of 64 coalitions.

    **Fails when** the coalitions are inputs that make no sense, half a picture say: what the model
    does there is counted like what it does at x.

    References
    ----------
    .. [fumagalli2026] F. Fumagalli, H. Baniecki, P. Biecek, 2026, arXiv:2605.06295.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[2.0, 3.0]])
    >>> xc.meta_ig(lambda x: x[:, 0] + x[:, 0] * x[:, 1] ** 2, x, itself="always")
    tensor([[[ 2.0000,  6.0000],
             [12.0000,  0.0000]]])
    """

@overload
def meta_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    itself: str = "player",
    baseline: float | Tensor | str = 0.0,
    groups: Tensor | int | None = None,
    coalitions: int = 64,
    steps: int = 8,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def manifold_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    manifold: Manifold | None = None,
    pieces: int = 16,
    iterations: int = 50,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate gradients along the shortest way over the data manifold.

    .. math::
        A_i = \int_0^1 \frac{\partial F}{\partial x_i}\big(\gamma(t)\big)\, \gamma_i'(t)\, dt,
        \qquad \gamma(t) = g(z(t)), \quad z = \arg\min \int \|\tfrac{d}{dt} g(z(t))\|^2 dt

    g decodes, z runs from the code of x' to that of x. Only F is asked for gradients on the way;
    the way itself does not depend on F.

    Lesson 11.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    manifold : object with encode and decode, or None
        An autoencoder, such as ``xc.zoo.fashion_autoencoder()``: ``encode(x)`` gives codes (N, d),
        ``decode(z)`` points (N, ...). None is the whole space, in which the shortest way is the
        straight line: Integrated Gradients.
    pieces : int
        T, of how many straight pieces z is made.
    iterations : int
        Steps of the descent from the straight line of codes to the shortest way; 0 keeps that.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 50 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(g(z_x)) - F(g(z_x')). Both ends are what the decoder makes
        of x and x', `endpoints` in the details; ``knots`` are the codes on the way (N, T + 1, d).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a manifold that lacks a function, is in training mode, or gives other shapes.

    Notes
    -----
    Keeps completeness between the reconstructions, dummy, implementation invariance and linearity;
    breaks symmetry, and an input that equals its baseline can get a share. Each gradient is
    multiplied by how far the path really moves there. The authors' program multiplies the mean
    gradient by the distance of the ends instead: on the circle from (1, 0) to (0, 1) it gives
    x1^2 a share of -1.273, where the line integral, and the fall of x1^2, is -1.

    **Cost.** 50 gradients a row, and 50 passes through the decoder for the way.

    **Fails when** x is not on the manifold: then its reconstruction is explained. A black baseline
    is seldom a picture of the data either, and the way starts elsewhere.

    References
    ----------
    .. [zaher2024] E. Zaher, M. Trzaskowski, Q. Nguyen, F. Roosta, 2024, arXiv:2405.09800.

    Examples
    --------
    On a circle, from (1, 0) to (0, 1), x1 x2 has shares of a quarter of pi:

    >>> import torch, types, xaicourse as xc
    >>> angle, at = lambda x: x[:, 1:].atan2(x[:, :1]), lambda z: torch.cat([z.cos(), z.sin()], 1)
    >>> circle = types.SimpleNamespace(encode=angle, decode=at)
    >>> a, b = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    >>> xc.manifold_ig(lambda x: x.prod(1), b, baseline=a, manifold=circle).round(decimals=3)
    tensor([[-0.7850,  0.7850]])
    """

@overload
def manifold_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    manifold: Manifold | None = None,
    pieces: int = 16,
    iterations: int = 50,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def manifold_aligned_guided_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    manifold: Manifold | None = None,
    fraction: float = 0.05,
    pieces: int = 50,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "pieces",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate gradients along a way of pictures on which the calmest codes move first.

    .. math::
        A_i = \int \frac{\partial F}{\partial x_i}(\gamma)\, d\gamma_i, \qquad
        \gamma = g(z), \quad \text{each piece of } z \text{ moves the codes } j
        \text{ with the smallest } \Big|\frac{\partial F(g(z))}{\partial z_j}\Big|

    From the code of x' to that of x, one of `pieces` equal parts of :math:`\|z_x - z_{x'}\|_1` at a
    time. What the decoder misses is bridged: the way begins at x' and ends at x.

    Lesson 11.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    manifold : object with encode and decode, or None
        An autoencoder, such as ``xc.zoo.fashion_autoencoder()``: ``encode(x)`` gives codes (N, d),
        ``decode(z)`` points (N, ...). None is the whole space: the inputs themselves move, as in
        Guided IG without a bound on how far it may stray.
    fraction : float
        Share of the codes that move together, the calmest; at least one moves.
    pieces : int
        K, the steps of the way.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 50 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost along the way.
    quadrature : str
        pieces: one node in the middle of each piece and 8 on each bridge; or left, right,
        midpoint, trapezoid, gauss_legendre, adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'). The details hold ``knots``, the codes on the
        way (N, K + 1, d), and ``bridged`` (N, 2), how much of the sum comes from the two bridges.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a manifold that lacks a function, is in training mode, or gives other shapes, and
        for a fraction outside (0, 1].

    Notes
    -----
    Keeps completeness, dummy and implementation invariance. The way depends on F, so it is not
    linear, and it is not monotone in the pixels: one that equals its baseline can get a share.
    The authors' program jumps from x' to the second picture of the way and from the last but one
    to x in one step each; here both bridges are integrated. Its moves along arcs are left out.

    **Cost.** 100 gradients a row: 50 one after another to find the way, 50 along it. On a manifold
    16 more for the bridges, and a pass through the decoder for each.

    **Fails when** x is far from the manifold: `bridged` then holds most of the sum, and the map is
    that of a straight line from the reconstruction to x.

    References
    ----------
    .. [kim2026guided] S. Kim, S. Lim, K. Lee, J. Choi, 2026, arXiv:2605.02167.

    Examples
    --------
    (2 x1 + x2)^2 at (3, 3): x2, whose slope is smaller, moves first.

    >>> import torch, xaicourse as xc
    >>> model = lambda x: (2 * x[:, 0] + x[:, 1]) ** 2
    >>> x = torch.tensor([[3.0, 3.0]])
    >>> xc.manifold_aligned_guided_ig(model, x, pieces=90, baseline=1e-3).round()
    tensor([[72.,  9.]])
    """

@overload
def manifold_aligned_guided_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    manifold: Manifold | None = None,
    fraction: float = 0.05,
    pieces: int = 50,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "pieces",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def tangentially_aligned_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    manifold: Manifold | None = None,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = ...,
    search: int = 10,
    bounds: tuple[float, float] | None = None,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Choose the baseline whose Integrated Gradients lie closest to the tangent space at x.

    .. math::
        A = \mathrm{IG}(x;\, x'), \qquad x' = \arg\max \mu(x'), \quad
        \mu(x') = \frac{\|P\, \mathrm{IG}(x;\, x')\|}{\|\mathrm{IG}(x;\, x')\|}

    P projects on the directions in which the decoder can move at the code of x: changes of the
    picture that the data know. :math:`\mu = 1` is a map within them, 0 one that is noise to them.

    Lesson 11.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    manifold : object with encode and decode, or None
        An autoencoder, such as ``xc.zoo.fashion_autoencoder()``: ``encode(x)`` gives codes (N, d),
        ``decode(z)`` points (N, ...). None is the whole space, in which every map is tangential
        and the first baseline is taken.
    baselines : number, name, Tensor or sequence of these
        Candidates. A tensor (M, ...) is a set of M for all rows, (M, N, ...) a set for each row.
    search : int
        Steps uphill from the best candidate; each is taken only if :math:`\mu` grows. 0 keeps the
        candidate.
    bounds : pair of float or None
        The range of valid inputs, such as (0.0, 1.0) for images, which the search may not leave.
    steps : int, optional
        Nodes of the last quadrature (intervals of the trapezoid); 50 without it. Baselines are
        compared by 16.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'). The details hold x' in `endpoints`, the
        ``alignment`` of this map (N,), that of each candidate, ``candidates`` (N, M), and
        ``tangents``, the orthonormal directions (N, D, r), 0 beyond the rank of a row.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a manifold that lacks a function, is in training mode, or gives other shapes.

    Notes
    -----
    Keeps completeness and dummy. The idea is the paper's; the way uphill is ours: it follows
    :math:`-\bar g \odot \partial\mu / \partial A` with the mean gradient :math:`\bar g` held fixed,
    which is the slope of :math:`\mu` but for the curvature of F.

    **Cost.** 242 gradients a row at most: 16 for each of 2 candidates and 10 steps, 50 on the path.

    **Fails when** alignment is read as truth: a model that looks at what the data never vary has a
    right map with :math:`\mu` near 0, and this method looks for a baseline that hides it. Without
    `bounds` that baseline is seldom a picture.

    References
    ----------
    .. [simpson2025tangential] L. Simpson and others, 2025, arXiv:2503.08240.

    Examples
    --------
    The data lie on the line x1 = x2, and F = x1 + 2 x2 is aligned from a baseline on x2 = x1 / 2:

    >>> import torch, types, xaicourse as xc
    >>> line = types.SimpleNamespace(encode=lambda x: x[:, :1], decode=lambda z: z.expand(-1, 2))
    >>> given = torch.tensor([[0.0, 0.0], [0.0, 0.5]])
    >>> asked = {"manifold": line, "baselines": given, "search": 0}
    >>> xc.tangentially_aligned_ig(lambda x: x[:, 0] + 2 * x[:, 1], torch.ones(1, 2), **asked)
    tensor([[1., 1.]])
    """

@overload
def tangentially_aligned_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    manifold: Manifold | None = None,
    baselines: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = ...,
    search: int = 10,
    bounds: tuple[float, float] | None = None,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def path_sampled_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    density: str | Callable[[Tensor], Any] = "uniform",
    baseline: Any = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Average Integrated Gradients over baselines that lie on the straight line itself.

    .. math::
        A_i = \mathbb E_{u \sim p}\, \mathrm{IG}_i\big(x;\, x' + u (x - x')\big)
        = (x_i - x'_i) \int_0^1 P(\alpha)\,
        \frac{\partial F}{\partial x_i}\big(x' + \alpha (x - x')\big)\, d\alpha

    P is the cumulated density. Nothing is drawn: the expectation is an integral with that weight.

    Lesson 10.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    density : str or callable
        p up to a factor, on [0, 1] from x' to x: uniform, one of the other names of
        `path_weighted_ig`, or a function from alphas (S,) to numbers of at least 0.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 50 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        gauss_legendre stands here for the Gauss rule of P; left, right, midpoint, trapezoid and
        adaptive lay their nodes as ever and take the mean of P around each.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) minus the mean of F over the baselines, which is
        `f_start` in the details, estimated from F at the nodes.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a density that is negative or has no finite integral.

    Notes
    -----
    Keeps dummy, implementation invariance, linearity and symmetry; completeness towards the mean
    of F over the baselines.

    **Cost.** 50 gradients a row, `steps` of them, as Integrated Gradients.

    **Fails when** F rises near x': most baselines lie behind that rise, which then counts little.
    And noise in the gradients has a third of its variance under the weight alpha, but a steady
    gradient a quarter of its square: relative to the map there is more noise, not less.

    References
    ----------
    .. [kamalov2026] F. Kamalov, F. Thabtah, R. Sivaraj, N. Abdelhamid, 2026, arXiv:2604.14338.

    Examples
    --------
    >>> import torch
    >>> import xaicourse as xc
    >>> x = torch.tensor([[3.0, 2.0]])
    >>> xc.path_sampled_ig(lambda x: x[:, 0] * x[:, 1], x)
    tensor([[2., 2.]])
    """

@overload
def path_sampled_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    density: str | Callable[[Tensor], Any] = "uniform",
    baseline: Any = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def guided_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    moves: int = 200,
    fraction: float = 0.25,
    max_dist: float = 0.02,
    anchors: int = 0,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate gradients along a path on which the features with small gradients move first.

    .. math::
        \gamma'_i \propto (x_i - x'_i)\, [\, i \in S\,], \qquad
        S = \text{those with the smallest } |\partial_i F(\gamma)| \text{ that may still move}

    In each of the moves the path comes as much nearer to x as the straight line would
    (:math:`\|x - \gamma\|_1` falls by the same amount). The `fraction` of all features with the
    smallest gradients goes on until it reaches the border of the box
    :math:`x' + (\alpha \pm d)(x - x')`, then the next smallest; who falls behind the box is pulled
    along. The gradient is then taken anew on the path that was found.

    Lesson 11.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    moves : int
        Straight pieces of the path, each with one gradient that decides who moves; rounded up to
        a multiple of `anchors` + 1.
    fraction : float
        Share of the features that move together, in (0, 1]; 1 is the straight line. Equal
        gradients are never torn apart.
    max_dist : float
        d, how far a feature may be before or behind the straight line, as a share of its way: 0 is
        the straight line, 1 leaves the path free.
    anchors : int
        Points of the straight line that the path must go through, at equal distances.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 100 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive. left with as many steps as
        moves credits each move with the gradient that chose it, as the authors' code does.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'). The details hold the points of the ``path``,
        (N, moves + 1, ...).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a fraction or distance outside of its range, and for a gradient on the way that is
        NaN or infinite.

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance and symmetry. The path
    depends on F and on the units of x: not linearity, and another scale of a feature can turn the
    order of the gradients round. The paper bounds the path by `anchors`, the released code by
    `max_dist`.

    **Cost.** 300 gradients a row: `moves`, one after the other, and `steps`.

    **Fails when** a small gradient is no noise: a feature that matters only at the end of its way
    is moved early and gets little. The points of the path are kept: `moves` copies of a row.

    References
    ----------
    .. [kapishnikov2021] A. Kapishnikov, S. Venugopalan, B. Avci, B. Wedin, M. Terry,
       T. Bolukbasi, 2021, arXiv:2106.09788.

    Examples
    --------
    The second feature has the smaller gradient and moves first:

    >>> import torch
    >>> import xaicourse as xc
    >>> x = torch.tensor([[3.0, 3.0]])
    >>> f = lambda x: (2 * x[:, 0] + x[:, 1]) ** 2  # (72, 9) with many moves
    >>> xc.guided_ig(f, x, max_dist=1.0, moves=20, steps=20).round(decimals=1)
    tensor([[70.2000, 10.8000]])
    """

@overload
def guided_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    moves: int = 200,
    fraction: float = 0.25,
    max_dist: float = 0.02,
    anchors: int = 0,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def ig2(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    references: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = 0.0,
    representation: str | Module | Callable[[Tensor], Any] | None = None,
    search: int = 100,
    length: float = 1.0,
    bounds: tuple[float, float] | None = None,
    steps: int | None = None,
    quadrature: str = "decision",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate gradients from a counterfactual to x, along the way that gradients have led there.

    .. math::
        z_0 = x, \qquad z_{j+1} = z_j - \eta\, \frac{g_j}{\|g_j\|_2}, \qquad
        g_j = \nabla_z \big\| \tilde f(z_j) - \tilde f(x^r) \big\|_2^2

    :math:`\tilde f` is what the model makes of its input (a representation) and :math:`x^r` a
    reference, an input of another class. The last point :math:`z_K` looks to the model like the
    reference: it is the baseline x', and the path leads back from there to x. Over several
    references the maps are averaged.

    Lesson 11.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    references : Tensor (M, ...), Tensor (M, N, ...), sequence or number
        Rows of another class, best several: for all rows of x, a set for each row, or a sequence of
        what `baseline` of `integrated_gradients` may be.
    representation : str, torch.nn.Module, callable or None
        :math:`\tilde f`: the output of a layer of the model, by its name or itself, or a function
        of x. None is the model's own output; the paper takes what goes into the last layer.
    search : int
        K, the most steps on the way to the reference.
    length : float
        How long the way may be, in distances from x to the reference:
        :math:`\eta = \mathrm{length}\, \|x - x^r\|_2 / K`, whatever the units of x are.
    bounds : pair of float or None
        The range of valid inputs, such as (0.0, 1.0) for images, which the points may not leave.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 100 without it. Where the quadrature
        is adaptive, the most gradients that each path may cost; 1000 without it.
    quadrature : str
        decision: the nodes lie close where F changes fast, which is near x, by 33 forward passes;
        or left, right, midpoint, trapezoid, gauss_legendre, adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'), the latter a mean over the references. The
        details hold x' in ``endpoints`` (of several references in ``starts``), and how far x and
        x' are from the reference, ``distance`` and ``distance_left``.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a representation that is no tensor with a row for each of x, and for an empty set.

    Notes
    -----
    A step that would not lead nearer is halved, and the search ends where six halvings do not
    help, so it neither swings around the reference nor divides by 0 at it. Keeps completeness,
    dummy and symmetry; implementation invariance only where representation=None, for another
    layer of a net with equal outputs leads another way. Not linearity: the path depends on F.

    **Cost.** 200 gradients a row at most for each reference, `search` of them one after the other,
    and as many forward passes.

    **Fails when** the search ends in an adversarial example: x' then looks like x
    (`distance_left` is small, the picture is not another one).

    References
    ----------
    .. [zhuo2024] Y. Zhuo, Z. Ge, 2024, arXiv:2406.10852.

    Examples
    --------
    With x itself as representation the way is straight, and IG2 is Integrated Gradients:

    >>> import torch
    >>> import xaicourse as xc
    >>> x, r = torch.tensor([[3.0, 1.0]]), torch.tensor([[0.0, -3.0]])
    >>> f = lambda x: x[:, 0] ** 2 + 2 * x[:, 1]
    >>> xc.ig2(f, x, references=r, representation=lambda z: z, search=9, steps=9).round(decimals=3)
    tensor([[9., 8.]])
    """

@overload
def ig2(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    references: Tensor | tuple[float | Tensor | str, ...] | list[float | Tensor | str] | float | str = 0.0,
    representation: str | Module | Callable[[Tensor], Any] | None = None,
    search: int = 100,
    length: float = 1.0,
    bounds: tuple[float, float] | None = None,
    steps: int | None = None,
    quadrature: str = "decision",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def adversarial_gradient_integration(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    classes: int | Sequence[int] | Tensor = 5,
    search: int = 20,
    step: float = 0.05,
    bounds: tuple[float, float] | None = None,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate gradients back to x from where x is taken for other classes.

    .. math::
        x_0 = x, \qquad x_{j+1} = x_j + \epsilon\, \mathrm{sign}\, \nabla p_i(x_j), \qquad
        A = \operatorname*{mean}_i \int_{x^{(i)}}^{x} \nabla F \odot d\gamma

    For each other class i, whose probability is :math:`p_i`, steps lead from the point reached
    last, until the model predicts i, at :math:`x^{(i)}`. That is the baseline, and the path leads
    back from there to x.

    Lesson 11.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    classes : int, sequence of int or Tensor (N, M)
        i: so many classes, those with the largest scores at x besides the predicted one; or which,
        for all rows or for each. The class that is predicted at x is passed over.
    search : int
        m, the most steps until a class is reached.
    step : float
        :math:`\epsilon`, the length of a step in each number of x, in units of x.
    bounds : pair of float or None
        The range of valid inputs, such as (0.0, 1.0) for images, which the points may not leave.
    steps : int, optional
        Nodes of the quadrature on each path (intervals of the trapezoid); 20 without it. Where the
        quadrature is adaptive, the most gradients that each path may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) minus the mean of F over the points reached. The
        details hold these in ``endpoints`` (of several classes in ``starts``), the ``classes``,
        which of them were ``reached``: (N, M), or (N,) of a single class.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for classes that the model does not have, or outputs that are no class scores: (N, K),
        or (N,) and (N, 1), which tell two classes apart by their sign.

    Notes
    -----
    The paper adds over the classes, which is the mean times their number, and takes F to be the
    probability: ``output="probability"``. The authors' code begins every step at x again and adds
    up the whole way each time; here the point moves, so that the map is complete. Keeps
    completeness, dummy, implementation invariance and symmetry. Not linearity: the paths depend on
    the model.

    **Cost.** 200 gradients a row at most, `search` + `steps` for each class, and as many forward
    passes as the search has steps.

    **Fails when** x is saturated: where p is 1 to all digits its map is 0. An adversarial example
    differs from x by noise, and so may the map.

    References
    ----------
    .. [pan2021] D. Pan, X. Li, D. Zhu, 2021, doi:10.24963/ijcai.2021/396.

    Examples
    --------
    One step, (-0.05, +0.05), is enough here for the other class:

    >>> import torch, xaicourse as xc
    >>> W = torch.tensor([[1.0, 0.2], [-0.5, 1.0]])
    >>> xc.adversarial_gradient_integration(lambda x: x @ W, torch.tensor([[1.0, 0.5]]))
    tensor([[0.0500, 0.0250]])
    """

@overload
def adversarial_gradient_integration(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    classes: int | Sequence[int] | Tensor = 5,
    search: int = 20,
    step: float = 0.05,
    bounds: tuple[float, float] | None = None,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def greedy_path_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    rounds: int = 10,
    probes: int = 20,
    unit: int = 1,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate gradients along a path on which the features that promise most move first.

    .. math::
        a_i(S) = (x_i - \gamma_i) \int_0^1 \partial_i F\big(\gamma_S + t\,(x - \gamma_S)\big)\, dt,
        \qquad \gamma_S = x \text{ in } S,\ x' \text{ elsewhere}

    A round integrates from where the path stands to x, as Integrated Gradients does, and moves the
    features with the largest shares :math:`a_i(S)` to their values in x. So of two features that
    say the same only the first is worth anything. The gradient is then taken along the path,
    :math:`x' = \gamma_{S_0}, \gamma_{S_1}, \dots, x`.

    Lesson 10.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    rounds : int
        Straight pieces of the path; in each an equal number of units moves.
    probes : int
        Gradients a round that find the shares of what is left.
    unit : int
        Side of the square patches of an image whose numbers move together; 1 is single pixels. Of
        other inputs each number moves for itself.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 100 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'). With a round for each feature it is what F
        gained when the feature came in. The details hold the ``round`` in which each came in, from
        1, and the ``share`` a(S) that it had then, both of x's shape.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for patches of what is no image.

    Notes
    -----
    The paper ranks features by their round and their share in it. Those shares do not add up to
    the rise of F, so the map here is the integral along the path, which does. Keeps completeness,
    sensitivity(a), dummy and implementation invariance; of equal features the first in order comes
    first, so not symmetry, and not linearity: the path depends on F.

    **Cost.** 300 gradients a row: `rounds` times `probes` and `steps`.

    **Fails when** features only work together: none of them promises anything alone. It chooses
    what a high insertion curve needs, so such a curve is no evidence for it.

    References
    ----------
    .. [axiotis2023] K. Axiotis, S. Abu-al-haija, L. Chen, M. Fahrbach, G. Fu, 2023,
       arXiv:2311.06192.

    Examples
    --------
    The first two say nearly the same, so the second comes last and gains little:

    >>> import torch
    >>> import xaicourse as xc
    >>> f = lambda s: 1.1 * s[:, 0] + s[:, 1] - s[:, 0] * s[:, 1] + 0.4 * s[:, 2]
    >>> found = xc.greedy_path_ig(f, torch.ones(1, 3), rounds=3, return_details=True)
    >>> found.values.round(decimals=3), found.extra["round"]
    (tensor([[1.1000, 0.0000, 0.4000]]), tensor([[1, 3, 2]]))
    """

@overload
def greedy_path_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    rounds: int = 10,
    probes: int = 20,
    unit: int = 1,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def discretized_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    vocabulary: Any = None,
    strategy: str = "greedy",
    anchors: int = 30,
    neighbours: int = 500,
    upscale: int = 0,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "trapezoid",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate gradients along a path that leads each word past other words to the baseline.

    .. math::
        A_i = \sum_k \frac{\partial_i F(p^k) + \partial_i F(p^{k+1})}{2}\, (p^{k+1}_i - p^k_i),
        \qquad p^0 = x', \; p^{M} = x

    From each word the search goes to a near word a, and on from there. A coordinate of a that lies
    between x' and the word before, v, is kept; any other becomes
    :math:`c_j = v_j - (v_j - x'_j) / m`. "greedy" takes the word that this moves least,
    :math:`\min_a \|a - c(a)\|`, "maxcount" the one with most coordinates kept. The points of the
    path are moved in the same way after the point before, so that every coordinate is monotone.

    Lesson 12.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, L, D)
        Sentences: L words, each a point.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    vocabulary : Tensor (V, D)
        The points of all words: `net.embedding.weight`.
    strategy : str
        ``"greedy"`` or ``"maxcount"``.
    anchors : int
        m, the number of words on the path of each word.
    neighbours : int
        Among how many nearest words the next one is chosen.
    upscale : int
        How often the middle of each piece is added as a point, for the quadrature alone.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature, intervals of the trapezoid; without it as many as there are pieces.
    quadrature : str
        trapezoid; left, as in the authors' code; right, midpoint, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, L, D)
        In units of F; sums to F(x) - F(x'), and over D to the share of a word. The details hold the
        ``points`` (N, M + 1, L, D) of the path and the numbers of the ``words`` (N, m, L) that it
        passes, -1 where no word was left.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also where the vocabulary is no matrix of points as long as those of x.

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance and linearity: the path
    does not depend on F. Not symmetry. All words walk at once, so that point k of every word is one
    sentence. The left rule of the authors' code leaves a gap that the trapezoid closes, and their
    model gives its largest score at each point, which may change its class; here it is fixed.

    **Cost.** 32 gradients a row, `anchors` + 2, and the search, once a word:
    `anchors` times the distances to the vocabulary.

    **Fails when** near words do not mean the same, as in small nets: then the path is no better
    than any other monotone path. The last piece, to x', can be long.

    References
    ----------
    .. [sanyal2021] S. Sanyal, X. Ren, 2021, arXiv:2108.13654.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net = xc.zoo.load("sentence_cnn")
    >>> x = net.embed(["the plot was not good"])
    >>> found = xc.discretized_ig(net, x, 0, vocabulary=net.embedding.weight, anchors=8)
    >>> found.sum(2).shape
    torch.Size([1, 5])
    """

@overload
def discretized_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    vocabulary: Any = None,
    strategy: str = "greedy",
    anchors: int = 30,
    neighbours: int = 500,
    upscale: int = 0,
    baseline: float | Tensor | str = 0.0,
    steps: int | None = None,
    quadrature: str = "trapezoid",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def integrated_directional_gradients(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    groups: Sequence[Sequence[int]] | None = None,
    baseline: Any = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Value groups of words by the slope of F in the direction in which the group has come.

    .. math::
        \mathrm{IDG}(S) = \int_0^1 \nabla F(\gamma(\alpha)) \cdot
        \frac{\Delta_S}{\|\Delta_S\|}\, d\alpha, \qquad
        d(S) = \frac{|\mathrm{IDG}(S)|}{Z}, \qquad v(S) = \sum_{T \subseteq S} d(T)

    :math:`\Delta_S` is x - x' in the features of S and 0 elsewhere. The groups T are each single
    number of x, each word, and the `groups`; Z makes all dividends d sum to 1.

    Lesson 12.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, L, D)
        Sentences: L words, each a point.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    groups : list of lists of int, or None
        Phrases, each as the places of its words, the same for every row; a parse tree gives them.
        None is the whole sentence. A group of one word is that word and counts once.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 50 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
        the map is at most `tol`; a warning says so where `steps` gradients are not enough.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, L)
        The value v of each word, from 0 to 1, with the sign of its IDG: for or against. The details
        hold ``group_values`` (N, G) in the same form, the ``idg`` (N, L + G) of words and groups in
        units of F per unit of length, and their ``dividends``. `gap` is that of the integral: IDG
        of the whole sentence times its length, minus F(x) - F(x').

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also where a group is empty or names a word that is not there.

    Notes
    -----
    Keeps sensitivity(a), dummy, implementation invariance and symmetry, for words. v is never
    negative, grows with the group and is 1 for a group of all: by construction, whatever F is. So
    it is not complete, and c F has the map of F.

    **Cost.** 50 gradients a row, `steps` of them: IDG(S) times the length of S is the sum of
    Integrated Gradients in S.

    **Fails when** a dividend is taken for an interaction: an additive F gives every pair one, too.
    A longer list of groups makes every word's value smaller.

    References
    ----------
    .. [sikdar2021] S. Sikdar, P. Bhattacharya, K. Heese, 2021, doi:10.18653/v1/2021.acl-long.71.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net = xc.zoo.load("sentence_cnn")
    >>> x = net.embed(["the plot was not good"])
    >>> xc.integrated_directional_gradients(net, x, 0, groups=[(3, 4), range(5)]).shape
    torch.Size([1, 5])
    """

@overload
def integrated_directional_gradients(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    groups: Sequence[Sequence[int]] | None = None,
    baseline: Any = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def graph_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    edges: Any = None,
    node: int = 0,
    base: int | None = None,
    at: str = "left",
    average: bool = False,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Sum gradients along all shortest paths of a graph, through the features of its nodes.

    .. math::
        A = \sum_{\gamma \in \Gamma(b, v)} \; \sum_{(u, w) \in \gamma}
        (X_w - X_u) \odot \nabla F(X_u)

    :math:`\Gamma` are the shortest paths from the base node b to the explained node v, and F(z) is
    the score with the features of v replaced by z. No path is listed: an edge is met
    :math:`n_b(u)\, n_v(w)` times, the numbers of shortest paths from b to u and from w to v.

    Lesson 12.

    Parameters
    ----------
    model : callable
        (N, V, F) -> (N, K), the scores of the node; or (N, V, K), and target=(node, class).
    x : Tensor (N, V, F)
        The features of V nodes.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    edges : list of (int, int), or Tensor (V, V)
        The undirected graph: pairs of nodes, or a matrix that is not 0 where two are joined.
    node : int
        v, the node that is explained.
    base : int or None
        b. None is, among the nodes farthest from v, the one with the largest path entropy, the sum
        of :math:`-p \log_2 p` over its shortest paths, where p is the product over a path's nodes
        of 1 / degree; of equals the first.
    at : str
        Where on an edge the gradient is taken: ``"left"``, at u, as in the paper, or
        ``"midpoint"``.
    average : bool
        Divide by the number of paths, so that a linear F gives its rise and not a multiple of it.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, V, F)
        In units of F; only the row of v is not 0. The details hold `base`, the number of ``paths``,
        the ``expected_total``, that many times F at v's features minus F at those of b (once with
        `average`), and `gap`, the sum minus that, which is 0 for linear F.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also where the graph is missing, a node is not in it, or no path leads from b to v.

    Notes
    -----
    Keeps dummy, implementation invariance and linearity. Not completeness: an edge is one step,
    however far apart its nodes are, and the sum may even have the wrong sign; `gap` tells. The
    paper's text leaves open whether node u is asked in its own place of the graph; here one F, that
    of v, is followed, which makes each path a line integral.

    **Cost.** 1 gradient a row for each node on a shortest path but v; with at="midpoint" one for
    each edge.

    **Fails when** neighbours have equal features (constant ones, say): the map is 0.

    References
    ----------
    .. [simpson2025] L. Simpson, K. Millar, A. Cheng, C.-C. Lim, H. G. Chew, 2025, arXiv:2509.07648.

    Examples
    --------
    Two shortest paths lead through the 4-cycle, so a linear F gives twice its rise of 1:

    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[[3.0], [5.0], [2.0], [0.0]]])
    >>> ring = [(0, 1), (1, 2), (2, 3), (3, 0)]
    >>> xc.graph_ig(lambda x: x[:, 0, 0], x, edges=ring).flatten().tolist()
    [2.0, 0.0, 0.0, 0.0]
    """

@overload
def graph_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    edges: Any = None,
    node: int = 0,
    base: int | None = None,
    at: str = "left",
    average: bool = False,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def gradient_artificial_distancing(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    data: Tensor | None = None,
    classes: tuple[int, int] | None = None,
    shifts: Sequence[float] = ...,
    iterations: int = 20,
    rate: float = 0.001,
    method: Any = "integrated_gradients",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Keep what a map shows in nets, too, that hold two classes farther apart.

    .. math::
        a'(z) = a(z) + s(z)\, \alpha\, (e_A - e_B), \qquad
        A_i = \operatorname{sign}(\Phi_i)\, \min_r |\Phi_i(N_r)| \;
        \text{where all signs agree, else } 0

    After the abstract; definition uncertain: the paper's text was not at hand. From it: outputs of
    two classes A and B are pushed apart, support nets learn them, and their maps are merged. How
    (s = 1 where A leads and -1 where B does, copies trained on the square error, the smallest value
    of one sign) is our reading.

    Lesson 12.

    Parameters
    ----------
    model : torch.nn.Module
        N, with outputs (N, K). It is never touched: private copies are trained.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    data : Tensor (M, ...)
        Samples of the two classes, on which the support nets are trained.
    classes : (int, int)
        A and B.
    shifts : sequence of float
        :math:`\alpha`, in units of the outputs: one support net each.
    iterations : int
        Steps of Adam for each support net, each on all samples.
    rate : float
        Adam's learning rate.
    method : str, Spec, method or functools.partial
        :math:`\Phi`, any registered method that does not look for a layer of the model.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        As the method inside, never larger than its map of N. The details hold the `shifts`, the
        square ``errors`` (R + 1,) of the nets on their targets and the ``maps`` (R + 1, N, ...), N
        itself first.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also where data or classes are missing, or the model is no module with outputs (N, K).

    Notes
    -----
    Keeps no axiom: each map is complete for its own net, their smallest values for none.

    **Cost.** 200 gradients a row, those of the method inside for each net, and the training:
    `iterations` passes over the samples for each support net.

    **Fails when** it is read as an explanation of N: the support nets are other functions. Look at
    ``errors``, and at where their classes differ.

    References
    ----------
    .. [rodrigues2024] C. M. Rodrigues, N. Boutry, L. Najman, 2024, arXiv:2401.14434.

    Examples
    --------
    >>> import xaicourse as xc
    >>> pictures, _ = xc.datasets.fashion_mnist()
    >>> net, shirts = xc.zoo.load("fashion_mlp"), {"data": pictures[:9], "classes": (0, 6)}
    >>> quick = {"iterations": 1, "method": "gradient"}
    >>> xc.gradient_artificial_distancing(net, pictures[:1], **quick, **shirts).shape
    torch.Size([1, 1, 28, 28])
    """

@overload
def gradient_artificial_distancing(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    data: Tensor | None = None,
    classes: tuple[int, int] | None = None,
    shifts: Sequence[float] = ...,
    iterations: int = 20,
    rate: float = 0.001,
    method: Any = "integrated_gradients",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def geometrically_guided_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    starts: int = 10,
    climb: int = 20,
    rate: float = 0.1,
    combine: str = "max",
    baseline: float | Tensor | str = 0.0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Climb F from points between x' and x, and keep each input's largest gradient: an ablation.

    .. math::
        A_i = \max_{m} \max_{j < K}\; \partial_i F(z_m^j), \qquad
        z_m^0 = x' + \tfrac mM (x - x'), \quad z_m^{j+1} = z_m^j + \eta\, \nabla F(z_m^j)

    Nothing is integrated, whatever its name says: it shows what is left of Integrated Gradients
    without the integral and without x - x'.

    Lesson 12.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    starts : int
        M; the climbs begin at M + 1 points. The authors' code has 50.
    climb : int
        K, the gradients of one climb; the authors' code has 200.
    rate : float
        :math:`\eta`, the length of a step over that of the gradient; the authors' code has 1.
    combine : str
        ``"max"`` over the climbs, or ``"mean"`` of their largest gradients, as the authors also
        stored.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        In units of F / units of x. The largest *signed* gradient: an input that only ever lowers F
        shows its weakest influence.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also where a climb leaves all bounds, so that F or its gradient is infinite.

    Notes
    -----
    Keeps dummy, implementation invariance and symmetry. Not completeness, and not linearity: a
    maximum of sums. The climbs are not held in the range of valid inputs.

    **Cost.** 220 gradients a row, (`starts` + 1) times `climb`; with the authors' settings 10,200.

    **Fails when** the sign matters: the maximum of many noisy gradients is positive, whatever the
    input does.

    References
    ----------
    .. [rahman2022] M. M. Rahman, N. Lewis, S. Plis, 2022, arXiv:2206.05903.

    Examples
    --------
    A linear F has its weights everywhere:

    >>> import torch, xaicourse as xc
    >>> xc.geometrically_guided_ig(lambda x: 2 * x[:, 0] - x[:, 1], torch.ones(1, 2))
    tensor([[ 2., -1.]])
    """

@overload
def geometrically_guided_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    starts: int = 10,
    climb: int = 20,
    rate: float = 0.1,
    combine: str = "max",
    baseline: float | Tensor | str = 0.0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def generalized_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    thresholds: Any = None,
    smooth: bool | None = None,
    baseline: float | Tensor | str = 0.0,
    steps: int = 8,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Integrate gradients between the jumps of F, and give each jump to who crosses there.

    .. math::
        A_i = (x_i - x'_i) \int \partial_i F(\gamma(\alpha))\, d\alpha + \sum_j \delta_{ij}, \qquad
        \sum_i \delta_{ij} = F(\gamma(\alpha_j^+)) - F(\gamma(\alpha_j^-))

    Feature i crosses a threshold :math:`\theta` where
    :math:`\alpha = (\theta - x'_i) / (x_i - x'_i)` on the straight line. Where several
    features cross at one place, each gets its Shapley value of that jump: its mean effect over all
    orders in which they could cross.

    Lesson 12.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, d)
        Rows of numbers.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    thresholds : list of (int, float), or None
        Where F may jump: pairs (feature, threshold). None asks ``model.thresholds()``, which an
        `xc.TreeEnsemble` has. One too many costs two evaluations; one too few leaves a gap.
    smooth : bool or None
        Whether the gradient between the jumps is integrated; None is where F has one.
    baseline : number, Tensor or name
        x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
        white, mean, blur, uniform, max_distance.
    steps : int
        Nodes of the Gauss-Legendre rule on each piece between two jumps.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, d)
        In units of F; sums to F(x) - F(x'). The details hold the ``places`` of the jumps on the
        path (N, J), each one's ``jumps`` (N, J, d), NaN where a row has fewer, and the number of
        ``evaluations`` (N,).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also where thresholds are missing, or more than 12 features cross at one place.

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance, linearity and symmetry.
    For trees it is exact: no quadrature. How ties are shared is our choice, the paper's text was
    not at hand. Where all features are 0 or 1 and x' is 0 all cross at once: Shapley values.

    **Cost.** 0 gradients a row for trees, and two evaluations a crossing (2^k where k features
    cross at one place). With a gradient `steps` for each piece.

    **Fails when** completeness is taken for uniqueness: it walks one path, Shapley values average
    over all orders, and the two name another first feature in many rows.

    References
    ----------
    .. [merrill2019] J. Merrill, G. Ward, S. Kamkar, J. Budzik, D. Merrill, 2019, arXiv:1909.01869.

    Examples
    --------
    The first feature gets the jump, (1/4) at 1/4 of the way, the second the slope after it:

    >>> import torch, xaicourse as xc
    >>> model = lambda x: (x[:, 0] > 0.25) * x[:, 1]
    >>> xc.generalized_ig(model, torch.ones(1, 2), thresholds=[(0, 0.25)]).round(decimals=5)
    tensor([[0.2500, 0.7500]])
    """

@overload
def generalized_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    thresholds: Any = None,
    smooth: bool | None = None,
    baseline: float | Tensor | str = 0.0,
    steps: int = 8,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def bias_backprop(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    alpha: str = "magnitude",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Hand what every bias brings to F down through the net, to the inputs.

    .. math::
        \beta_l[q] = \sum_p \alpha_l[p, q]
        \Big(\beta_{l+1}[p] + \frac{\partial F}{\partial z_l[p]}\, b_l[p]\Big),
        \qquad \sum_q \alpha_l[p, q] = 1

    A unit p passes on what it received from above, :math:`\beta_{l+1}[p]`, and what its own bias
    brings. The sum over the inputs is all that the biases bring: F(x) minus gradient times input.

    Lesson 08.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    alpha : str
        ``"magnitude"``: :math:`\alpha[p, q] = |w_{pq} u_q| / \sum_q |w_{pq} u_q|`, equal shares
        where all of these are 0; ``"uniform"``: equal shares always.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        :math:`\beta`, signed, in units of F: the biases' part alone. The details hold the other
        part in ``extra["input"]``, :math:`x \odot \nabla F`; both together add up to F(x).

    Raises
    ------
    UnsupportedOperationError
        If there is no rule to share among the inputs of an operation (recurrent layers); it is
        named. Also if anything was lost on the way.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for an unknown alpha.

    Notes
    -----
    Input and bias part together are complete. Breaks implementation invariance. Activations pass
    their unit's share on, max-pools to the winner, sums of two branches in proportion to their
    sizes (in halves with uniform), products in halves; a layer norm or a softmax hands the share of
    each number to the number at its place; attention in one call is written out; what falls on a
    rim of zeros goes to the nearest pixel, what falls on a class token to all other tokens alike.

    **Cost.** 2 gradients a row.

    **Fails when** its map is taken for the only one: the rest hangs on alpha, for which no axiom
    speaks, and another alpha gives another map.

    References
    ----------
    .. [wang2019] S. Wang, T. Zhou, J. Bilmes, 2019, Bias Also Matters: Bias Attribution for Deep
       Neural Network Explanation, PMLR 97:6659.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.bias_backprop(xc.zoo.toy(), xc.zoo.toy_input()).round(decimals=6)
    tensor([[1.5000, 0.5000]], dtype=torch.float64)
    """

@overload
def bias_backprop(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    alpha: str = "magnitude",
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def fullgrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Draw the input's and every layer's bias share of F on top of each other.

    .. math::
        S = \psi(\nabla_x F \odot x)
          + \sum_l \sum_c \psi\Big(\frac{\partial F}{\partial z_l} \odot b_l\Big)_c, \qquad
        \psi(a) = \mathrm{resize}\big(\mathrm{rescale}(|a|)\big)

    Lesson 08.

    Parameters
    ----------
    model : callable
        A net on images (N, C, H, W). Biases are found in every operation: convolutions, batch
        norms, a normalisation inside the model, and the implicit ones of activations that are not
        homogeneous (ReLU6 above its knee, GELU), of layer norms and of attention.
    x : Tensor (N, C, H, W)
        Images.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

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
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
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

@overload
def fullgrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def fullgrad_decomposition(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Split F exactly into what the input brings and what each operation's bias brings.

    .. math::
        F(x) = \nabla_x F \cdot x + \sum_l \frac{\partial F}{\partial z_l} \cdot b_l

    with :math:`b_l = z_l - J_l u_l` for an operation :math:`z_l(u_l)` with Jacobian :math:`J_l`:
    the bias of a layer; an activation's :math:`f(u) - f'(u) u`, 0 for ReLU; minus a product
    :math:`u v` of two activations, whose :math:`J u` is twice the product.

    Lesson 08.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

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
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

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

@overload
def fullgrad_decomposition(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def fusiongrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    weight_sigma: float = 0.2,
    noise: str = "multiplicative",
    samples: int = 10,
    sigma: float = 0.1,
    relative: bool = True,
    input_samples: int = 10,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Average a method's map over noisy models and, for each of them, over noisy inputs.

    .. math::
        A = \frac1{NM} \sum_{i=1}^N \sum_{j=1}^M \Phi(x + \xi_{ij};\, W \odot \eta_i)

    Lesson 07.

    Parameters
    ----------
    model : torch.nn.Module
        It is never touched, in no thread: the noise is on private copies of it.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    method : str, Spec, method or functools.partial
        :math:`\Phi`, any registered method that does not look for a layer of the model.
    weight_sigma : float
        Standard deviation of the noise on the weights. The authors' code has 0.2 as default; a
        net may not bear that much, so look at its accuracy under noise.
    noise : str
        ``"multiplicative"``, :math:`W (1 + \sigma z)`, or ``"additive"``, :math:`W + \sigma z`.
    samples : int
        N, the number of noisy models.
    sigma : float
        Standard deviation of the noise on the input, as a share of each row's range. (The authors'
        code has 0.4 on images normalised to a range of about 4.5: about 0.1 of the range.)
    relative : bool
        False: `sigma` is in units of x.
    input_samples : int
        M, the noisy inputs for each noisy model, drawn anew for each.
    seed : int
        The same seed gives the same noise, in every row, on every device and for every batch_size.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        As the method inside. The details hold the standard error of each value, from the spread
        between the noisy models.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also if the model is not a module or has no parameters, or for a constant row with a
        relative sigma.

    Notes
    -----
    SmoothGrad for ``weight_sigma=0``, NoiseGrad for ``sigma=0``. Keeps none of the axioms: two nets
    that compute the same function with other weights get other maps.

    **Cost.** 100 gradients a row: `samples` times `input_samples` times those of the method inside.

    **Fails when** two weights cancel, so that the net ignores a feature: noise breaks the balance,
    and the feature gets a share.

    References
    ----------
    .. [bykov2021] K. Bykov, A. Hedstrom, S. Nakajima, M. M.-C. Hohne, 2021, arXiv:2106.10185.

    Examples
    --------
    >>> import xaicourse as xc
    >>> still = {"weight_sigma": 0.0, "sigma": 0.01}
    >>> xc.fusiongrad(xc.zoo.toy(), xc.zoo.toy_input(), **still).round(decimals=6)
    tensor([[ 1., -3.]], dtype=torch.float64)
    """

@overload
def fusiongrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    weight_sigma: float = 0.2,
    noise: str = "multiplicative",
    samples: int = 10,
    sigma: float = 0.1,
    relative: bool = True,
    input_samples: int = 10,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def noisegrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    weight_sigma: float = 0.2,
    noise: str = "multiplicative",
    samples: int = 25,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Average a method's map over models with noise on their weights.

    .. math::
        A = \frac1N \sum_{i=1}^N \Phi(x;\, W \odot \eta_i), \qquad
        \eta_i \sim \mathcal N(1, \sigma^2 I)

    Lesson 07.

    Parameters
    ----------
    model : torch.nn.Module
        It is never touched, in no thread: the noise is on private copies of it.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    method : str, Spec, method or functools.partial
        :math:`\Phi`, any registered method that does not look for a layer of the model.
    weight_sigma : float
        Standard deviation of the noise on the weights. The authors' code has 0.2 as default; a
        net may not bear that much, so look at its accuracy under noise.
    noise : str
        ``"multiplicative"``, :math:`W (1 + \sigma z)`, or ``"additive"``, :math:`W + \sigma z`.
    samples : int
        N, the number of noisy models.
    seed : int
        The same seed gives the same noise, in every row, on every device and for every batch_size.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        As the method inside. The details hold the standard error of each value.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also if the model is not a module, or has no parameters.

    Notes
    -----
    All parameters get noise, biases and the scales of batch norms as well (as in the authors'
    code, which leaves the last noise in the caller's model; here nothing is left). It keeps none of
    the axioms: two nets that compute the same function with other weights get other maps.

    **Cost.** 25 gradients a row: `samples` times those of the method inside.

    **Fails when** two weights cancel, so that the net ignores a feature: noise breaks the balance,
    and the feature gets a share.

    References
    ----------
    .. [bykov2021] K. Bykov, A. Hedstrom, S. Nakajima, M. M.-C. Hohne, 2021, arXiv:2106.10185.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.noisegrad(xc.zoo.toy(), xc.zoo.toy_input(), weight_sigma=0.0)
    tensor([[ 1., -3.]], dtype=torch.float64)
    """

@overload
def noisegrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    weight_sigma: float = 0.2,
    noise: str = "multiplicative",
    samples: int = 25,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def smoothgrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    sigma: float = 0.15,
    relative: bool = True,
    samples: int = 50,
    antithetic: bool = False,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Average a method's map over noisy copies of the input.

    .. math::
        A = \frac1n \sum_{s=1}^n \Phi(x + \varepsilon_s), \qquad
        \varepsilon_s \sim \mathcal N(0, \sigma^2 I)

    For :math:`\Phi = \nabla F` this tends to the gradient of F smoothed by a Gaussian.

    Lesson 07.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    method : str, Spec, method or functools.partial
        :math:`\Phi`, any registered method: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``.
    sigma : float
        Standard deviation of the noise, as a share of each row's range max(x) - min(x); the paper
        recommends 0.1 to 0.2. Noisy copies are not clipped to the range of images: that would
        shift their mean.
    relative : bool
        False: `sigma` is in units of x.
    samples : int
        n, the number of noisy copies.
    antithetic : bool
        Draw half of the noise and use each draw with both signs; `samples` must be even. It takes
        away the error that is odd in the noise.
    seed : int
        The same seed gives the same noise, in every row, on every device and for every batch_size.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        As the method inside. The details hold the standard error of each value.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a constant row with a relative sigma, or a method that is not registered.

    Notes
    -----
    Around the gradient it keeps dummy, implementation invariance and linearity; symmetry only on
    average over the noise. Breaks completeness and sensitivity(a). Taking absolute values before
    the average is another method.

    **Cost.** 50 gradients a row: `samples` times those of the method inside.

    **Fails when** sigma is large: the maps of different pictures become almost the same. It takes
    noise away, but does not choose a class.

    References
    ----------
    .. [smilkov2017] D. Smilkov, N. Thorat, B. Kim, F. Viegas, M. Wattenberg, 2017,
       arXiv:1706.03825.

    Examples
    --------
    No gate of the TOY net changes for a little noise, so the gradient stays the same:

    >>> import xaicourse as xc
    >>> xc.smoothgrad(xc.zoo.toy(), xc.zoo.toy_input(), sigma=0.01).round(decimals=6)
    tensor([[ 1., -3.]], dtype=torch.float64)
    """

@overload
def smoothgrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    sigma: float = 0.15,
    relative: bool = True,
    samples: int = 50,
    antithetic: bool = False,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def smoothgrad_squared(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    sigma: float = 0.15,
    relative: bool = True,
    samples: int = 50,
    antithetic: bool = False,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Average the square of a method's map over noisy copies of the input.

    .. math:: A = \frac1n \sum_{s=1}^n \Phi(x + \varepsilon_s)^2

    Lesson 07.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    method : str, Spec, method or functools.partial
        :math:`\Phi`, any registered method: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``.
    sigma : float
        Standard deviation of the noise, as a share of each row's range max(x) - min(x); the paper
        recommends 0.1 to 0.2. Noisy copies are not clipped to the range of images: that would
        shift their mean.
    relative : bool
        False: `sigma` is in units of x.
    samples : int
        n, the number of noisy copies.
    antithetic : bool
        Draw half of the noise and use each draw with both signs; `samples` must be even. It takes
        away the error that is odd in the noise.
    seed : int
        The same seed gives the same noise, in every row, on every device and for every batch_size.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Not negative, in squared units of the method inside; squares are taken entry by entry,
        before any sum over channels. The details hold the standard error of each value.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a constant row with a relative sigma, or a method that is not registered.

    Notes
    -----
    Equals the square of SmoothGrad plus VarGrad, for the same noise. Around the gradient it keeps
    dummy and implementation invariance; breaks completeness and linearity.

    **Cost.** 50 gradients a row: `samples` times those of the method inside.

    **Fails when** the sign is asked for, and where more samples should make the map quiet: sizes
    cannot cancel, so that an input whose slope is noise around 0 keeps a share.

    References
    ----------
    .. [hooker2018] S. Hooker, D. Erhan, P.-J. Kindermans, B. Kim, 2018, arXiv:1806.10758.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.smoothgrad_squared(xc.zoo.toy(), xc.zoo.toy_input(), sigma=0.01).round(decimals=6)
    tensor([[1., 9.]], dtype=torch.float64)
    """

@overload
def smoothgrad_squared(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    sigma: float = 0.15,
    relative: bool = True,
    samples: int = 50,
    antithetic: bool = False,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def vargrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    sigma: float = 0.15,
    relative: bool = True,
    samples: int = 50,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Take the variance of a method's map over noisy copies of the input.

    .. math::
        A = \frac1n \sum_{s=1}^n \big(\Phi(x + \varepsilon_s) - \bar\Phi\big)^2, \qquad
        \bar\Phi = \frac1n \sum_{s=1}^n \Phi(x + \varepsilon_s)

    There is no antithetic noise: a pair of mirror images has nearly the same square, and counts as
    one draw.

    Lesson 07.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    method : str, Spec, method or functools.partial
        :math:`\Phi`, any registered method: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``.
    sigma : float
        Standard deviation of the noise, as a share of each row's range max(x) - min(x); the paper
        recommends 0.1 to 0.2. Noisy copies are not clipped to the range of images: that would
        shift their mean.
    relative : bool
        False: `sigma` is in units of x.
    samples : int
        n, the number of noisy copies; at least 2.
    seed : int
        The same seed gives the same noise, in every row, on every device and for every batch_size.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Not negative, in squared units of the method inside. The details hold the standard error
        of each value, from the fourth moment (NaN for fewer than four samples).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a constant row with a relative sigma, or a method that is not registered.

    Notes
    -----
    For a quadratic model it depends on the Hessian alone. Around the gradient it keeps dummy and
    implementation invariance; breaks completeness and linearity.

    **Cost.** 50 gradients a row: `samples` times those of the method inside.

    **Fails when** the level of the gradient matters: it sees only its change, and is 0 for a linear
    model. The sign is lost.

    References
    ----------
    .. [adebayo2018] J. Adebayo, J. Gilmer, M. Muelly, I. Goodfellow, M. Hardt, B. Kim, 2018,
       arXiv:1810.03292.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.vargrad(xc.zoo.toy(), xc.zoo.toy_input(), sigma=0.01).round(decimals=6)
    tensor([[0., 0.]], dtype=torch.float64)
    """

@overload
def vargrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    sigma: float = 0.15,
    relative: bool = True,
    samples: int = 50,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = False,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Weigh the last feature maps as the linear layer behind their average does.

    .. math:: F = \sum_k w_k \frac 1 Z \sum_{ij} A_{kij} + b: \qquad
              M_{ij} = \sum_k w_k A_{kij}

    Lesson 04.

    Parameters
    ----------
    model : callable
        (N, C, H, W) -> (N, K); it must end with the average over all cells and one linear layer.
    x : Tensor (N, C, H, W)
        Images.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    layer : torch.nn.Module, str, list of these or None
        Whose output A (N, K, h, w) is explained: a module of the model or its dotted name. Of a
        series x (N, C, L) it is (N, K, l), of a volume (N, C, D, H, W) it is (N, K, d, h, w); where
        its channels come last, or its cells are tokens, it is laid out so. None is the last layer
        with such maps that the score is computed from (in segmentation the last before the class
        map); its name is in the details. Of several layers the maps are averaged in the size of x,
        each divided by its largest absolute value in the row: their units differ.
    call : int
        Which of its calls in a forward pass, where the layer is used several times.
    reshape : callable, optional
        Lays a layer's output out as (N, K, h, w) where that is not done already; it may only
        select and rearrange numbers, such as ``lambda t: t.permute(0, 3, 1, 2)`` or `TokenGrid`.
    upsample : str or None
        ``"bilinear"`` (linear along each axis, in series and volumes too), ``"bicubic"`` (images
        only) or ``"nearest"`` to the size of x; None for the raw map of one layer.
    relu : bool
        Set negative values to 0; False tells where the class is argued against.
    output : str or callable
        ``"logit"`` or ``"margin"``: a probability is not linear in the maps.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    differentiable : bool
        Keep the graph, so that the map itself can be differentiated.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, 1, H, W)
        Signed, in units of F; the raw map's mean is F - b.

    Raises
    ------
    LayerError
        If the layer is not there, is not called, has no spatial map, or none can be chosen.
        Also if the model does not end in this way, or the score is curved.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

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

@overload
def cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = False,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def grad_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Weigh each feature map of a layer by the mean of its gradient.

    .. math:: w_k = \frac 1 Z \sum_{ij} \frac{\partial F}{\partial A_{kij}}, \qquad
              M_{ij} = \max\Big(\sum_k w_k A_{kij}, 0\Big)

    Lesson 04.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, C, H, W)
        Images.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    layer : torch.nn.Module, str, list of these or None
        Whose output A (N, K, h, w) is explained: a module of the model or its dotted name. Of a
        series x (N, C, L) it is (N, K, l), of a volume (N, C, D, H, W) it is (N, K, d, h, w); where
        its channels come last, or its cells are tokens, it is laid out so. None is the last layer
        with such maps that the score is computed from (in segmentation the last before the class
        map); its name is in the details. Of several layers the maps are averaged in the size of x,
        each divided by its largest absolute value in the row: their units differ.
    call : int
        Which of its calls in a forward pass, where the layer is used several times.
    reshape : callable, optional
        Lays a layer's output out as (N, K, h, w) where that is not done already; it may only
        select and rearrange numbers, such as ``lambda t: t.permute(0, 3, 1, 2)`` or `TokenGrid`.
    upsample : str or None
        ``"bilinear"`` (linear along each axis, in series and volumes too), ``"bicubic"`` (images
        only) or ``"nearest"`` to the size of x; None for the raw map of one layer.
    relu : bool
        Set negative values to 0; False tells where the class is argued against.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    differentiable : bool
        Keep the graph, so that the map itself can be differentiated.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, 1, H, W)
        Not negative unless ``relu=False``; not scaled to [0, 1]. ``extra["raw"]`` has (N, 1, h, w).

    Raises
    ------
    LayerError
        If the layer is not there, is not called, has no spatial map, or none can be chosen.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

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

@overload
def grad_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def grad_cam_plus_plus(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Weigh each feature map by its positive gradients, each with a weight of its own.

    .. math:: w_k = \sum_{ij} \alpha_{kij} \max(g_{kij}, 0), \qquad
              \alpha_{kij} = \frac{g_{kij}^2}{2 g_{kij}^2 + g_{kij}^3 \sum_{ab} A_{kab}}, \qquad
              M_{ij} = \max\Big(\sum_k w_k A_{kij}, 0\Big)

    with :math:`g = \partial F / \partial A`. The powers of g stand for the second and third
    derivative of :math:`\exp F`, for a net whose F is piecewise linear in A.

    Lesson 04.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, C, H, W)
        Images.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    layer : torch.nn.Module, str, list of these or None
        Whose output A (N, K, h, w) is explained: a module of the model or its dotted name. Of a
        series x (N, C, L) it is (N, K, l), of a volume (N, C, D, H, W) it is (N, K, d, h, w); where
        its channels come last, or its cells are tokens, it is laid out so. None is the last layer
        with such maps that the score is computed from (in segmentation the last before the class
        map); its name is in the details. Of several layers the maps are averaged in the size of x,
        each divided by its largest absolute value in the row: their units differ.
    call : int
        Which of its calls in a forward pass, where the layer is used several times.
    reshape : callable, optional
        Lays a layer's output out as (N, K, h, w) where that is not done already; it may only
        select and rearrange numbers, such as ``lambda t: t.permute(0, 3, 1, 2)`` or `TokenGrid`.
    upsample : str or None
        ``"bilinear"`` (linear along each axis, in series and volumes too), ``"bicubic"`` (images
        only) or ``"nearest"`` to the size of x; None for the raw map of one layer.
    relu : bool
        Set negative values to 0; False tells where the class is argued against.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    differentiable : bool
        Keep the graph, so that the map itself can be differentiated.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, 1, H, W)
        Not negative unless ``relu=False``; of no unit, and not scaled to [0, 1].

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also where :math:`2 + g \sum A \le 0`, so that alpha has no meaning.
    LayerError
        If the layer is not there, is not called, has no spatial map, or none can be chosen.

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

@overload
def grad_cam_plus_plus(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def guided_grad_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str = "bilinear",
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Multiply Guided Backpropagation by Grad-CAM: fine lines, where Grad-CAM looks.

    .. math:: A = \mathrm{GuidedBackprop} \odot \mathrm{upsample}(\mathrm{GradCAM})

    Lesson 04.

    Parameters
    ----------
    model : callable
        (N, C, H, W) -> (N, K), or other outputs that `target` reads; its activations must be of
        the ReLU family.
    x : Tensor (N, C, H, W)
        Images.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    layer : torch.nn.Module, str, list of these or None
        Whose output A (N, K, h, w) is explained: a module of the model or its dotted name. Of a
        series x (N, C, L) it is (N, K, l), of a volume (N, C, D, H, W) it is (N, K, d, h, w); where
        its channels come last, or its cells are tokens, it is laid out so. None is the last layer
        with such maps that the score is computed from (in segmentation the last before the class
        map); its name is in the details. Of several layers the maps are averaged in the size of x,
        each divided by its largest absolute value in the row: their units differ.
    call : int
        Which of its calls in a forward pass, where the layer is used several times.
    reshape : callable, optional
        Lays a layer's output out as (N, K, h, w) where that is not done already; it may only
        select and rearrange numbers, such as ``lambda t: t.permute(0, 3, 1, 2)`` or `TokenGrid`.
    upsample : str
        ``"bilinear"`` (linear along each axis), ``"bicubic"`` (images only) or ``"nearest"``.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Other operations whose plain gradient is accepted, by the name that an error gave.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, C, H, W)
        Signed, in the shape of x; a picture rather than a share of F.

    Raises
    ------
    LayerError
        If the layer is not there, is not called, has no spatial map, or none can be chosen.
    UnsupportedOperationError
        If an operation is neither covered by the rule nor affine, pooling or shape; it is named.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    Keeps none of the axioms.

    **Cost.** 2 gradients a row, and one more for each layer but the first.

    **Fails when** the fine lines are read as an answer: they are Guided Backpropagation's, and so
    hardly depend on the class. Only the coarse place does.

    References
    ----------
    .. [selvaraju2017] R. R. Selvaraju et al., 2017, arXiv:1610.02391.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist(n=1).x
    >>> xc.guided_grad_cam(net, x, layer="relu2").shape
    torch.Size([1, 1, 28, 28])
    """

@overload
def guided_grad_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str = "bilinear",
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

@overload
def hires_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = False,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Multiply each feature map by its gradient, cell by cell, and add.

    .. math:: M_{ij} = \sum_k \frac{\partial F}{\partial A_{kij}} A_{kij}

    Lesson 04.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, C, H, W)
        Images.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    layer : torch.nn.Module, str, list of these or None
        Whose output A (N, K, h, w) is explained: a module of the model or its dotted name. Of a
        series x (N, C, L) it is (N, K, l), of a volume (N, C, D, H, W) it is (N, K, d, h, w); where
        its channels come last, or its cells are tokens, it is laid out so. None is the last layer
        with such maps that the score is computed from (in segmentation the last before the class
        map); its name is in the details. Of several layers the maps are averaged in the size of x,
        each divided by its largest absolute value in the row: their units differ.
    call : int
        Which of its calls in a forward pass, where the layer is used several times.
    reshape : callable, optional
        Lays a layer's output out as (N, K, h, w) where that is not done already; it may only
        select and rearrange numbers, such as ``lambda t: t.permute(0, 3, 1, 2)`` or `TokenGrid`.
    upsample : str or None
        ``"bilinear"`` (linear along each axis, in series and volumes too), ``"bicubic"`` (images
        only) or ``"nearest"`` to the size of x; None for the raw map of one layer.
    relu : bool
        Set negative values to 0; False tells where the class is argued against.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    differentiable : bool
        Keep the graph, so that the map itself can be differentiated.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, 1, H, W)
        Signed, in units of F.

    Raises
    ------
    LayerError
        If the layer is not there, is not called, has no spatial map, or none can be chosen.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

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

@overload
def hires_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = False,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def layer_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Multiply each feature map by the positive part of its gradient, cell by cell, and add.

    .. math:: M_{ij} = \max\Big(\sum_k \max\Big(\frac{\partial F}{\partial A_{kij}}, 0\Big)
              A_{kij}, 0\Big)

    Lesson 04.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, C, H, W)
        Images.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    layer : torch.nn.Module, str, list of these or None
        Whose output A (N, K, h, w) is explained: a module of the model or its dotted name. Of a
        series x (N, C, L) it is (N, K, l), of a volume (N, C, D, H, W) it is (N, K, d, h, w); where
        its channels come last, or its cells are tokens, it is laid out so. None is the last layer
        with such maps that the score is computed from (in segmentation the last before the class
        map); its name is in the details. Of several layers the maps are averaged in the size of x,
        each divided by its largest absolute value in the row: their units differ.
    call : int
        Which of its calls in a forward pass, where the layer is used several times.
    reshape : callable, optional
        Lays a layer's output out as (N, K, h, w) where that is not done already; it may only
        select and rearrange numbers, such as ``lambda t: t.permute(0, 3, 1, 2)`` or `TokenGrid`.
    upsample : str or None
        ``"bilinear"`` (linear along each axis, in series and volumes too), ``"bicubic"`` (images
        only) or ``"nearest"`` to the size of x; None for the raw map of one layer.
    relu : bool
        Set negative values to 0; False tells where the class is argued against.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    differentiable : bool
        Keep the graph, so that the map itself can be differentiated.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, 1, H, W)
        In units of F; not negative unless ``relu=False``.

    Raises
    ------
    LayerError
        If the layer is not there, is not called, has no spatial map, or none can be chosen.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

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

@overload
def layer_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def xgrad_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Weigh each feature map by the mean of its gradient where the map is active.

    .. math:: w_k = \sum_{ij} \frac{A_{kij}}{\sum_{ab} A_{kab}}
              \frac{\partial F}{\partial A_{kij}}, \qquad
              M_{ij} = \max\Big(\sum_k w_k A_{kij}, 0\Big)

    Lesson 04.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, C, H, W)
        Images.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    layer : torch.nn.Module, str, list of these or None
        Whose output A (N, K, h, w) is explained: a module of the model or its dotted name. Of a
        series x (N, C, L) it is (N, K, l), of a volume (N, C, D, H, W) it is (N, K, d, h, w); where
        its channels come last, or its cells are tokens, it is laid out so. None is the last layer
        with such maps that the score is computed from (in segmentation the last before the class
        map); its name is in the details. Of several layers the maps are averaged in the size of x,
        each divided by its largest absolute value in the row: their units differ.
    call : int
        Which of its calls in a forward pass, where the layer is used several times.
    reshape : callable, optional
        Lays a layer's output out as (N, K, h, w) where that is not done already; it may only
        select and rearrange numbers, such as ``lambda t: t.permute(0, 3, 1, 2)`` or `TokenGrid`.
    upsample : str or None
        ``"bilinear"`` (linear along each axis, in series and volumes too), ``"bicubic"`` (images
        only) or ``"nearest"`` to the size of x; None for the raw map of one layer.
    relu : bool
        Set negative values to 0; False tells where the class is argued against.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    differentiable : bool
        Keep the graph, so that the map itself can be differentiated.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, 1, H, W)
        In units of F; not negative unless ``relu=False``.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also where a feature map is not empty but adds up to 0.
    LayerError
        If the layer is not there, is not called, has no spatial map, or none can be chosen.

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

@overload
def xgrad_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def eigen_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    centre: bool = False,
    upsample: str | None = "bilinear",
    relu: bool = False,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Project the feature maps on their first principal direction, whatever the class.

    .. math:: O = U \Sigma V^\top, \qquad M = O\, V_1

    where O (h w, K) has a row for each cell and a column for each feature map.

    Lesson 04.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, C, H, W)
        Images.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    layer : torch.nn.Module, str, list of these or None
        Whose output A (N, K, h, w) is explained: a module of the model or its dotted name. Of a
        series x (N, C, L) it is (N, K, l), of a volume (N, C, D, H, W) it is (N, K, d, h, w); where
        its channels come last, or its cells are tokens, it is laid out so. None is the last layer
        with such maps that the score is computed from (in segmentation the last before the class
        map); its name is in the details. Of several layers the maps are averaged in the size of x,
        each divided by its largest absolute value in the row: their units differ.
    call : int
        Which of its calls in a forward pass, where the layer is used several times.
    reshape : callable, optional
        Lays a layer's output out as (N, K, h, w) where that is not done already; it may only
        select and rearrange numbers, such as ``lambda t: t.permute(0, 3, 1, 2)`` or `TokenGrid`.
    centre : bool
        Take the mean over all cells from each column of O first, as some programs do; the paper
        does not.
    upsample : str or None
        ``"bilinear"`` (linear along each axis, in series and volumes too), ``"bicubic"`` (images
        only) or ``"nearest"`` to the size of x; None for the raw map of one layer.
    relu : bool
        Set negative values to 0.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function; the map
        does not depend on it, nor on the target: they are only checked.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, 1, H, W)
        In units of A. The sign of V_1, which the decomposition leaves open, is chosen so that
        the mean feature vector has a positive share in it.

    Raises
    ------
    LayerError
        If the layer is not there, is not called, has no spatial map, or none can be chosen.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    It says where the layer is active, and keeps none of the axioms.

    **Cost.** 0 gradients a row, one forward pass and a singular value decomposition.

    **Fails when** the question is why this class: it explains none. Where the two largest singular
    values are equal the map is not determined.

    References
    ----------
    .. [muhammad2020] M. B. Muhammad, M. Yeasin, 2020, arXiv:2008.00299.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist(n=1).x
    >>> torch.equal(xc.eigen_cam(net, x, 0, layer="relu2"), xc.eigen_cam(net, x, 5, layer="relu2"))
    True
    """

@overload
def eigen_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    centre: bool = False,
    upsample: str | None = "bilinear",
    relu: bool = False,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def score_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Weigh each feature map by the score of the image that is seen through it.

    .. math:: H_k = s(\mathrm{upsample}(A_k)), \quad s(A) = \frac{A - \min A}{\max A - \min A},
              \qquad
              w = \mathrm{softmax}_k\, F(x \odot H_k), \qquad
              M_{ij} = \max\Big(\sum_k w_k A_{kij}, 0\Big)

    The paper's baseline, :math:`F(x \odot H_k) - F(x_b)`, drops out of the softmax.

    Lesson 04.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, C, H, W)
        Images.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    layer : torch.nn.Module, str, list of these or None
        Whose output A (N, K, h, w) is explained: a module of the model or its dotted name. Of a
        series x (N, C, L) it is (N, K, l), of a volume (N, C, D, H, W) it is (N, K, d, h, w); where
        its channels come last, or its cells are tokens, it is laid out so. None is the last layer
        with such maps that the score is computed from (in segmentation the last before the class
        map); its name is in the details. Of several layers the maps are averaged in the size of x,
        each divided by its largest absolute value in the row: their units differ.
    call : int
        Which of its calls in a forward pass, where the layer is used several times.
    reshape : callable, optional
        Lays a layer's output out as (N, K, h, w) where that is not done already; it may only
        select and rearrange numbers, such as ``lambda t: t.permute(0, 3, 1, 2)`` or `TokenGrid`.
    upsample : str or None
        ``"bilinear"`` (linear along each axis, in series and volumes too), ``"bicubic"`` (images
        only) or ``"nearest"`` to the size of x; None for the raw map of one layer.
    relu : bool
        Set negative values to 0; False tells where the class is argued against.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, 1, H, W)
        Not negative unless ``relu=False``; in units of A, and not scaled to [0, 1].

    Raises
    ------
    LayerError
        If the layer is not there, is not called, has no spatial map, or none can be chosen.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    Keeps none of the axioms. Masking is towards 0 in the space of x. A feature map that is the same
    in all cells hides the whole image, H = 0.

    **Cost.** 0 gradients a row, but a forward pass for each of the layer's K feature maps.

    **Fails when** the scores are large: with logits that differ by 10 the softmax takes one feature
    map alone; with probabilities it takes almost their mean.

    References
    ----------
    .. [wang2020] H. Wang et al., 2020, arXiv:1910.01279.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist(n=1).x
    >>> xc.score_cam(net, x, layer="relu2").shape
    torch.Size([1, 1, 28, 28])
    """

@overload
def score_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Callable[[Tensor], Tensor] | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    return_details: Literal[True],
) -> Attribution: ...

@overload
def deep_taylor(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    low: float | Tensor | None = 0.0,
    high: float | Tensor | None = 1.0,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Share relevance out neuron by neuron by a Taylor expansion at the nearest allowed root.

    A neuron's relevance is expanded at a root point in the space where its inputs can lie. For
    inputs that are not negative (after a ReLU) this gives z+, for pixels between l and h it gives
    zB, for unbounded inputs w2:

    .. math::
        R_i = \sum_j \frac{x_i w_{ij}^+}{\sum_{i'} x_{i'} w_{i'j}^+} R_j, \qquad
        R_i = \sum_j \frac{x_i w_{ij} - l_i w_{ij}^+ - h_i w_{ij}^-}
              {\sum_{i'} (x_{i'} w_{i'j} - l_{i'} w_{i'j}^+ - h_{i'} w_{i'j}^-)} R_j

    Lesson 03.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    low, high : float, Tensor or None
        The smallest and largest value that x can have; both None where x has no bounds.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function. Other
        than with logit and margin, relevance starts as y dF/dy at the model's outputs y.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Operations without a rule that are accepted, by the name that an error gave; relevance is
        shared there as x_i dy/dx_i R / y.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Relevance in units of F; all of one sign in a net of layers and ReLUs.

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule; it is named. The theory knows no gates and norms and, of
        activations, those that rise. Also if no layer sees x itself.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for x outside of low and high.

    Notes
    -----
    Conserves F where every neuron that received relevance has a positive contribution: biases take
    no part. Breaks implementation invariance. The theory is for F > 0 and biases that are not
    positive.

    **Cost.** 1 gradient a row.

    **Fails when** the question is why this class: its rules are positive, and the map hardly
    depends on the class.

    References
    ----------
    .. [montavon2017] G. Montavon, S. Lapuschkin, A. Binder, W. Samek, K.-R. Mueller, 2017,
       arXiv:1512.02479.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> neuron = torch.nn.Linear(2, 1, bias=False, dtype=torch.float64)
    >>> neuron.weight.data = torch.tensor([[1.0, 3.0]], dtype=torch.float64)
    >>> xc.deep_taylor(neuron, torch.tensor([[0.5, 0.5]], dtype=torch.float64))
    tensor([[0.5000, 1.5000]], dtype=torch.float64)
    """

@overload
def deep_taylor(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    low: float | Tensor | None = 0.0,
    high: float | Tensor | None = 1.0,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

@overload
def deep_shap(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Tensor | Sequence[float | Tensor | str] | float = 0.0,
    rule: str = "rescale",
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Average DeepLIFT over a set of references, the same set for every row.

    .. math:: A = \frac1M \sum_{k=1}^M \mathrm{DeepLIFT}(x;\, x'_k)

    Lesson 03.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    baselines : Tensor (M, ...), sequence or number
        The set of references: M rows of the data (moved to x's device and dtype), or a sequence of
        what `deeplift` takes as a baseline, such as ``("black", "white")``. A number is a single
        reference.
    rule : str
        ``"rescale"`` or ``"reveal_cancel"``; the second treats an activation together with the
        layer, sum or mean right before it, and is Rescale where there is none.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Operations without a rule whose plain gradient is accepted, by the name that an error gave.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) minus the mean of F over the references. ``extra`` of
        the details holds the standard deviation over the references, `spread`.

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule; it is named.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a bad reference or rule, or an empty set.

    Notes
    -----
    Keeps completeness with respect to the mean of F over the references; breaks implementation
    invariance.

    **Cost.** 1 gradient a row and reference, so 1 for a single one.

    **Fails when** the map is read as Shapley values of the net: each layer's shares are Shapley
    values of that layer alone, given Rescale or RevealCancel, and chained they are not the net's.

    References
    ----------
    .. [lundberg2017] S. M. Lundberg, S.-I. Lee, 2017, arXiv:1705.07874.

    Examples
    --------
    >>> import xaicourse as xc
    >>> both = xc.deep_shap(xc.zoo.toy(), xc.zoo.toy_input(), baselines=(0.0, 1.0))
    >>> both.sum()  # F is 2 at x, and 1 and 0 at the references
    tensor(1.5000, dtype=torch.float64)
    """

@overload
def deep_shap(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Tensor | Sequence[float | Tensor | str] | float = 0.0,
    rule: str = "rescale",
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

@overload
def deeplift(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: float | Tensor | str = 0.0,
    rule: str = "rescale",
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Share out F(x) - F(x') through the layers, in proportion to differences from reference.

    With :math:`\Delta z = z - z'` at every unit, the multipliers of an activation y = g(z) are

    .. math::
        \text{Rescale:}\quad m = \frac{\Delta y}{\Delta z} \qquad
        \text{RevealCancel:}\quad m^\pm = \frac{\Delta y^\pm}{\Delta z^\pm}, \quad
        \Delta y^+ = \tfrac12 \big[g(z' + \Delta z^+) - g(z')\big]
        + \tfrac12 \big[g(z' + \Delta z^+ + \Delta z^-) - g(z' + \Delta z^-)\big]

    where the positive and the negative contributions to z sum up to :math:`\Delta z^+` and
    :math:`\Delta z^-`. An affine layer has the multipliers w; they are chained like derivatives.
    Rescale also covers every function g of one number, and the product of two activations:

    .. math:: \Delta(uv) = \bar v\, \Delta u + \bar u\, \Delta v, \qquad
        \bar u = \tfrac12 (u + u')

    which is exact. Quotients are products with 1/v, norms (layer, group, instance, RMS) the
    products and roots that they are made of, softmax is exp(z - log sum exp z), where the
    exponentials, their sum and its logarithm follow Rescale.

    Lesson 03.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    baseline : number, Tensor or name
        The reference x', in the same space as x: a number, a tensor, or for images in [0, 1] one
        of black, white, mean, blur, uniform, max_distance.
    rule : str
        ``"rescale"`` or ``"reveal_cancel"``; the second treats an activation together with the
        layer, sum or mean right before it, and is Rescale where there is none.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Operations without a rule whose plain gradient is accepted, by the name that an error gave.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x') for the logit and the margin. (With another
        `output` its slope at x multiplies the logits' multipliers, and the gap tells the rest.)

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule (attention and recurrent layers in one call, sorting, amax;
        for RevealCancel also what is not a rising activation); it is named.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for a bad baseline or rule.

    Notes
    -----
    Keeps completeness and sensitivity(a). A max pool hands its difference to the winner at x where
    the maximum rose and to the winner at x' where it fell, which keeps completeness. Where
    :math:`\Delta z` is so small that :math:`\Delta y` is mostly rounding, the mean slope between
    z' and z takes the place of the quotient. RevealCancel covers ReLUs, tanh, sigmoid, softplus,
    ELU and max pools; it rescales what is no layer or sum in front of one.

    **Cost.** 1 gradient a row, for which x and x' go through the model together: twice the rows.

    **Fails when** two nets compute the same function in other ways: their maps can differ, so that
    implementation invariance is broken. Rescale looks at the sum of a unit only, and cannot see
    positive and negative parts that cancel.

    References
    ----------
    .. [shrikumar2017] A. Shrikumar, P. Greenside, A. Kundaje, 2017, arXiv:1704.02685.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.deeplift(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[ 3.7500, -2.7500]], dtype=torch.float64)
    """

@overload
def deeplift(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: float | Tensor | str = 0.0,
    rule: str = "rescale",
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

@overload
def lrp(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    rules: str | RelevanceRule | Mapping[str | int, RelevanceRule | str] = "epsilon",
    epsilon: float = 1e-06,
    gamma: float = 0.25,
    alpha: float = 2.0,
    low: float | Tensor = 0.0,
    high: float | Tensor = 1.0,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Hand the explained number down through the layers, each neuron sharing out what it received.

    With the rule epsilon, at a layer :math:`z_j = \sum_i x_i w_{ij} + b_j`,

    .. math::
        R_i = \sum_j \frac{x_i w_{ij}}{z_j + \epsilon\, \mathrm{sign}\, z_j} R_j,
        \qquad R^{(L)} = F(x)

    What else a net is made of:

    ==================================  ============================================================
    dense, (transposed) convolution,    the rule of the table `rules`
    einsum, bmm, ... with a constant
    batch-norm, ``- mean``, ``/ std``   part of the layer before it, or else of the one after it
    activations of one number           R as it is (ReLU, GELU, SiLU, ... also ``u * tanh(u)``)
    sums, means, average pools          R x_i w_i / (z + epsilon sign z): what each input adds
    max pools                           R to the winner
    a signal times a gate               R to the signal, none to the gate, which ends in a sigmoid,
                                        hardsigmoid or softmax (squeeze-and-excite, GLU)
    layer, group, instance, RMS norm,   R as in a sum, with 1 / deviation held fast; also written
    F.normalize, local response norm    out, ``(x - m) / sqrt(v + e)``
    two signals multiplied, attention   refused
    ==================================  ============================================================

    Lesson 03.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    rules : str, rule or table
        One rule for all layers with weights: epsilon, zero, gamma, alpha_beta, alpha2_beta1,
        z_plus, w_square, flat, or z_box (in the first layer, z_plus in the others). A composite by
        depth: epsilon_plus, epsilon_plus_flat, epsilon_gamma_box, epsilon_alpha2_beta1,
        epsilon_alpha2_beta1_flat. Or a table of your own, such as
        ``{"first": "z_box", 3: "flat", "conv": "gamma", "linear": "epsilon"}``, whose numbers
        count the layer calls from 0; the first of first, number, conv, linear that fits holds.
        "first" are the layers that see x itself (normalised, cut, turned or padded at most).
    epsilon : float
        Keeps denominators away from 0 and absorbs weak relevance; in the units of z. Also at sums
        and means, whatever the rule is (0 there with the rule zero).
    gamma : float
        How much more the contributions count that agree with the neuron, for the rule gamma.
    alpha : float
        Weight of the positive contributions, at least 1; the negative ones have alpha - 1.
    low, high : float or Tensor
        The smallest and largest value that x can have, for the rule z_box; tensors broadcast to x.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function. Other
        than with logit and margin, relevance starts as y dF/dy at the model's outputs y.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Operations without a rule that are accepted, by the name that an error gave; relevance is
        shared there as x_i dy/dx_i R / y.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Relevance of each input, signed, in units of F. ``extra`` of the details holds what biases,
        constants and epsilon ``absorbed`` (N,), so that values.sum() + absorbed = F, and for each
        operation that shares relevance its name, what arrived at it and what it absorbed
        (`layer_names`, `layer_relevance` and `layer_absorbed` (N, L), from the input to the
        output).

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule (attention, a product of two signals), or z_box meets a layer
        that does not see x; it is named. Also if there is a rule for "first", but no layer sees x.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also for unknown rules and x outside of low and high.

    Notes
    -----
    Conserves relevance up to what biases, constants and epsilon absorb; activations absorb nothing,
    even if f(0) is not 0 (sigmoid, softplus). Breaks completeness, and implementation invariance
    for all rules but zero. In nets of layers, ReLUs and pools the rule zero is gradient x input;
    in others it is gradient x input of the net with f(z) = z [f(z) / z], gates and deviations as
    constants. Its authors state that they hold a patent on the method.

    **Cost.** 1 gradient a row.

    **Fails when** conservation is taken for a proof: flat, z_plus and alpha_beta conserve and
    hardly depend on the class. With the rule zero, relevance explodes where a z is near 0.

    References
    ----------
    .. [bach2015] S. Bach et al., 2015, doi:10.1371/journal.pone.0130140.
    .. [montavon2019] G. Montavon et al., 2019, doi:10.1007/978-3-030-28954-6_10 (composites).

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.lrp(xc.zoo.toy(), xc.zoo.toy_input(), rules="zero").round(decimals=6)
    tensor([[ 3., -3.]], dtype=torch.float64)
    """

@overload
def lrp(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    rules: str | RelevanceRule | Mapping[str | int, RelevanceRule | str] = "epsilon",
    epsilon: float = 1e-06,
    gamma: float = 0.25,
    alpha: float = 2.0,
    low: float | Tensor = 0.0,
    high: float | Tensor = 1.0,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

@overload
def pattern_attribution(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    patterns: Patterns | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Share F out over the signal: run the net backwards with w times a in place of w.

    A neuron's relevance R is expanded at the root point without its signal, x - a (w . x):

    .. math:: R_i = \sum_j w_{ij}\, a_{ij}\, R_j, \qquad R^{(L)} = F(x)

    Lesson 06.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads, made of dense and
        convolution layers, ReLUs, sums, means, max and average pools.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    patterns : Patterns
        What ``xc.fit_patterns(model, data)`` gave for this very model.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function. The
        signal starts as y dF/dy at the model's outputs y.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Other operations at which the plain gradient is accepted, by the name that an error gave.
        They are to be allowed in `fit_patterns` as well.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F. ``gap`` of the details is the map's sum minus F(x).

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule; it is named.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also without patterns, or with those of another model.

    Notes
    -----
    A neuron hands on all it received, because w . a = 1. A sum or a mean was not trained: its
    pattern is a = w / (w . w). So each of two summands gets R / 2, and each of n cells of a mean
    R / n, as the gradient's up to a factor. Breaks completeness, sensitivity(a),
    linearity and implementation invariance.

    **Cost.** 1 gradient a row, after the patterns were fitted.

    **Fails when** the map has to add up: lost is what arrives at closed ReLUs, at neurons without a
    pattern and at zero padding; ``gap`` says how much.

    References
    ----------
    .. [kindermans2017] P.-J. Kindermans et al., 2017, arXiv:1705.05598.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, data = xc.zoo.load("fashion_mlp"), xc.datasets.fashion_mnist(n=64).x
    >>> patterns = xc.fit_patterns(net, data)
    >>> xc.pattern_attribution(net, data[:1], patterns=patterns).shape
    torch.Size([1, 1, 28, 28])
    """

@overload
def pattern_attribution(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    patterns: Patterns | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

@overload
def pattern_net(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    patterns: Patterns | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[False] = False,
) -> Tensor:
    r"""Show the signal: run the net backwards with the patterns a in place of the weights w.

    From a neuron's signal s its inputs get, with the ReLUs' gates and the max pools' winners of x,

    .. math:: s_i = \sum_j a_{ij}\, s_j, \qquad s^{(L)} = F(x)

    Lesson 06.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads, made of dense and
        convolution layers, ReLUs, sums, means, max and average pools.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    patterns : Patterns
        What ``xc.fit_patterns(model, data)`` gave for this very model.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function. The
        signal starts as y dF/dy at the model's outputs y.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    allow : tuple of str
        Other operations at which the plain gradient is accepted, by the name that an error gave.
        They are to be allowed in `fit_patterns` as well.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        The estimated signal, signed, in the units of x: a picture rather than a share of F. Rows
        that are too large for x's dtype come back as values / 2^k; ``extra["exponent"]`` has k.

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule; it is named.
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.
        Also without patterns, or with those of another model.

    Notes
    -----
    For one linear neuron it is a y, the signal itself. A sum or a mean was not trained: its pattern
    is a = w / (w . w), as the gradient's up to w . a = 1. So of y = x_1 + x_2 each summand gets
    s / 2, and each cell of a mean gets s. Breaks completeness, sensitivity(a),
    linearity and implementation invariance. An elementwise scale on the way, such as ``/ std``, is
    undone: the signal is in the units of x.

    **Cost.** 1 gradient a row, after the patterns were fitted; in a deep net up to 1 more on a copy
    of the model in float64.

    **Fails when** the net is deep: the signal's size explodes on its way down. With patterns of
    too little data it shows the data's noise.

    References
    ----------
    .. [kindermans2017] P.-J. Kindermans et al., 2017, arXiv:1705.05598.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, data = xc.zoo.load("fashion_mlp"), xc.datasets.fashion_mnist(n=64).x
    >>> patterns = xc.fit_patterns(net, data)
    >>> xc.pattern_net(net, data[:1], patterns=patterns).shape
    torch.Size([1, 1, 28, 28])
    """

@overload
def pattern_net(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    patterns: Patterns | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
    return_details: Literal[True],
) -> Attribution: ...

__version__: str

def _from_course(
    home: str,
) -> dict[str, object]: ...
