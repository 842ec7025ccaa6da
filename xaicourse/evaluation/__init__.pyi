# Written by `python tools/make_stub.py`; do not edit.
# ruff: noqa
# fmt: off
from collections.abc import Callable
from collections.abc import Sequence
from torch import Tensor
from typing import Any
from typing import Literal
from xaicourse.evaluation import controls as controls
from xaicourse.evaluation.bam import input_dependence as input_dependence
from xaicourse.evaluation.bam import input_independence as input_independence
from xaicourse.evaluation.bam import insignificant_patch as insignificant_patch
from xaicourse.evaluation.bam import model_contrast as model_contrast
from xaicourse.evaluation.bam import region_mean as region_mean
from xaicourse.evaluation.counterpart import Counterpart as Counterpart
from xaicourse.evaluation.f_fidelity import fine_tune_on_masks as fine_tune_on_masks
from xaicourse.evaluation.imputers import Blur as Blur
from xaicourse.evaluation.imputers import ChannelMean as ChannelMean
from xaicourse.evaluation.imputers import Constant as Constant
from xaicourse.evaluation.imputers import Donor as Donor
from xaicourse.evaluation.imputers import Flip as Flip
from xaicourse.evaluation.imputers import Given as Given
from xaicourse.evaluation.imputers import Uniform as Uniform
from xaicourse.evaluation.imputers import make_imputer as make_imputer
from xaicourse.evaluation.interval import Interval as Interval
from xaicourse.evaluation.interval import confidence_interval as confidence_interval
from xaicourse.evaluation.noisy_linear import NoisyLinear as NoisyLinear
from xaicourse.evaluation.protocol import Protocol as Protocol
from xaicourse.evaluation.registry import METRICS as METRICS
from xaicourse.evaluation.report import report as report
from xaicourse.evaluation.report_of import RankAgreement as RankAgreement
from xaicourse.evaluation.report_of import Report as Report
from xaicourse.evaluation.report_of import ReportRow as ReportRow
from xaicourse.evaluation.result import MetricResult as MetricResult
from xaicourse.evaluation.small_training import SmallTraining as SmallTraining
from xaicourse.evaluation.stored_claims import Claim as Claim
from xaicourse.evaluation.stored_claims import claims as claims
from xaicourse.evaluation.superpixels import slic as slic
from xaicourse.evaluation.superpixels import superpixels as superpixels
from xaicourse.evaluation.truth_strip import TruthStrip as TruthStrip
from xaicourse.evaluation.truth_strip import randomise_last_layer as randomise_last_layer
from xaicourse.evaluation.truth_strip import truth_strip as truth_strip

__all__ = [
    "METRICS",
    "Blur",
    "ChannelMean",
    "Claim",
    "Constant",
    "Counterpart",
    "Donor",
    "Flip",
    "Given",
    "Interval",
    "MetricResult",
    "NoisyLinear",
    "Protocol",
    "RankAgreement",
    "Report",
    "ReportRow",
    "SmallTraining",
    "TruthStrip",
    "Uniform",
    "claims",
    "confidence_interval",
    "controls",
    "fine_tune_on_masks",
    "input_dependence",
    "input_independence",
    "insignificant_patch",
    "make_imputer",
    "model_contrast",
    "randomise_last_layer",
    "region_mean",
    "report",
    "slic",
    "superpixels",
    "truth_strip",
    "f_fidelity",
    "deletion",
    "insertion",
    "abpc",
    "sparseness",
    "complexity",
    "effective_complexity",
    "completeness",
    "non_sensitivity",
    "data_randomisation",
    "diff_roar",
    "parameter_randomisation",
    "smooth_parameter_randomisation",
    "efficient_parameter_randomisation",
    "faithfulness_estimate",
    "infidelity",
    "input_invariance",
    "irof",
    "local_lipschitz",
    "localisation_auc",
    "monotonicity",
    "monotonicity_correlation",
    "performance_information_curve",
    "pixel_flipping",
    "pointing_game",
    "energy_pointing_game",
    "grid_pointing_game",
    "random_logit",
    "region_perturbation",
    "relative_input_stability",
    "relative_output_stability",
    "relative_representation_stability",
    "relevance_mass",
    "relevance_rank",
    "top_k_intersection",
    "road",
    "roar",
    "kar",
    "max_sensitivity",
    "average_sensitivity",
    "sensitivity_n",
    "faithfulness_correlation",
]

def f_fidelity(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    size: float = 0.2,
    alpha: float = 0.5,
    beta: float = 0.1,
    samples: int = 50,
    part: str = "difference",
    imputer: Any = "black",
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    unit: int | Tensor | Literal['pixel', 'channel', 'superpixel', 'token', 'column'] = 1,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Compare small random removals from the map's top with as small ones from its rest.

    .. math::
        \mathrm{FFid}^+ = \mathbb E\big[ F(x) - F(x \text{ without a share } \alpha^+
        \text{ of the top } s) \big], \qquad \alpha^+ = \min(\alpha, \beta T / s),

        \mathrm{FFid}^- = \mathbb E\big[ F(x) - F(x \text{ without a share } \alpha^-
        \text{ of the rest}) \big], \qquad \alpha^- = \min(\alpha, \beta T / (T - s))

    Lesson 15.

    Parameters
    ----------
    model : callable
        One that was fine-tuned under random removals of up to :math:`\beta`, as
        `fine_tune_on_masks` does: removal is then no news to it.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    size : float
        s / T: the share of the T units that the map explains with, between 0 and 1.
    alpha : float
        At most this share of the top, or of the rest, is removed.
    beta : float
        At most this share of all units is removed.
    samples : int
        How many random removals of each kind.
    part : str
        ``"difference"`` of both, ``"plus"``, or ``"minus"``, of which lower is better.
    imputer : number, str, Tensor or callable
        What stands in for removed features, the same as in the fine-tuning.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    seed : int
        Draws what is removed, and orders equal values.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        :math:`\mathrm{FFid}^+ - \mathrm{FFid}^-` of each image, in units of `output`, so from -1 to
        1 for probabilities, **higher is better**; at size = 0.5 a map that knows nothing is
        expected to get 0.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    With alpha = beta = 1 it is plain fidelity: all of the top goes, or all of the rest. The paper
    reads the score as output="accuracy".

    **Cost.** 2 x samples + 1 forward passes a row, and the fine-tuning once.

    **Fails when** the fill is the map's own baseline: also a net that is used to removals answers
    the question that the fill asks, and prefers the map that was made with it.

    References
    ----------
    .. [zheng2024] X. Zheng and others, 2024, arXiv:2410.02970.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.f_fidelity(toy, x, xc.gradient(toy, x), size=0.5, output="logit").values > 0
    tensor([True])
    """

def deletion(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "black",
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    unit: int | Tensor | Literal['pixel', 'channel', 'superpixel', 'token', 'column'] = 1,
    steps: int | None = None,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how fast the score falls when the most important features go first.

    .. math::
        \mathrm{Del} = \frac1T\Big(\frac{s_0 + s_T}{2} + \sum_{k=1}^{T-1} s_k\Big), \qquad
        s_k = F\big(x \text{ without its } k\,U/T \text{ most important of } U \text{ units}\big)

    Lesson 05.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    imputer : number, str, Tensor or callable
        What stands in for removed features: a value, black, grey, white, blur, channel_mean, flip,
        uniform, linear, noisy_linear; a tensor that broadcasts to x; or a function ``(x, keep) -> x``.
        Colours, flip and uniform are for images in [0, 1]; on tables black is 0.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    steps : int, optional
        T; without it one unit a step, 224 steps at most. Both ends are on the curve.
    seed : int
        Orders equal values.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One area an image, in units of `output`, so from 0 to 1 for probabilities,
        **lower is better**, with the curve (N, T + 1).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Only the order of the map counts. Always read it beside a random and a centre control.

    **Cost.** T + 1 forward passes a row, one more where the class is to be predicted.

    **Fails when** holes are no longer what the model has learnt from: removed features leave the
    data's distribution, and noisy maps of sharp pixels often get a low value.

    References
    ----------
    .. [petsiuk2018] V. Petsiuk, A. Das, K. Saenko, 2018, arXiv:1806.07421.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.deletion(toy, x, xc.gradient(toy, x), output="logit").values
    tensor([2.7500], dtype=torch.float64)
    """

def insertion(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "blur",
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    unit: int | Tensor | Literal['pixel', 'channel', 'superpixel', 'token', 'column'] = 1,
    steps: int | None = None,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how fast the score rises when the most important features come back first.

    .. math::
        \mathrm{Ins} = \frac1T\Big(\frac{s_0 + s_T}{2} + \sum_{k=1}^{T-1} s_k\Big), \qquad
        s_k = F\big(\text{only the } k\,U/T \text{ most important units of } x\big)

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    imputer : number, str, Tensor or callable
        What stands in for removed features: a value, black, grey, white, blur, channel_mean, flip,
        uniform, linear, noisy_linear; a tensor that broadcasts to x; or a function ``(x, keep) -> x``.
        Colours, flip and uniform are for images in [0, 1]; on tables black is 0.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    steps : int, optional
        T; without it one unit a step, 224 steps at most. Both ends are on the curve.
    seed : int
        Orders equal values.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One area an image, in units of `output`, so from 0 to 1 for probabilities,
        **higher is better**, with the curve (N, T + 1).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Everything starts as imputed. Read it beside the controls, as deletion.

    **Cost.** T + 1 forward passes a row, one more where the class is to be predicted.

    **Fails when** sharp maps are compared with smooth ones: from a blurred start it favours those.

    References
    ----------
    .. [petsiuk2018] V. Petsiuk, A. Das, K. Saenko, 2018, arXiv:1806.07421.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.insertion(toy, x, xc.gradient(toy, x), imputer=0, output="logit").values
    tensor([3.2500], dtype=torch.float64)
    """

def abpc(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "black",
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    unit: int | Tensor | Literal['pixel', 'channel', 'superpixel', 'token', 'column'] = 1,
    steps: int | None = None,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure the area between the curves of removing the least and the most important first.

    .. math::
        \mathrm{ABPC} = \int_0^1 \big(s^{\mathrm{LeRF}}(a) - s^{\mathrm{MoRF}}(a)\big)\, da,
        \qquad s(a) = F\big(x \text{ without the share } a \text{ of its units}\big)

    Removing the least important first, read from its end, is insertion: this is insertion minus
    deletion with the same imputer.

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    imputer : number, str, Tensor or callable
        What stands in for removed features: a value, black, grey, white, blur, channel_mean, flip,
        uniform, linear, noisy_linear; a tensor that broadcasts to x; or a function ``(x, keep) -> x``.
        Colours, flip and uniform are for images in [0, 1]; on tables black is 0.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    steps : int, optional
        T; without it one unit a step, 224 steps at most. Both ends are on the curve.
    seed : int
        Orders equal values.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One area an image, in units of `output`, so from -1 to 1 for probabilities,
        **higher is better**; its curve is the difference, 0 at both ends.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Zero is known: a map turned upside down has minus the value, on any net, so that random orders
    have 0 on average. Equal values go in the same random order in both curves, so that a constant
    map has 0 exactly. Read it first, then deletion and insertion; and with a second imputer, since
    an imputer is a baseline, too.

    **Cost.** 2 T forward passes a row, one more where the class is to be predicted.

    **Fails when** the imputer asks another question than the map answers: black as imputer
    favours maps that have black as their baseline.

    References
    ----------
    .. [samek2017] W. Samek, A. Binder, G. Montavon, S. Lapuschkin, K.-R. Mueller, 2017,
       10.1109/TNNLS.2016.2599820.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.abpc(toy, x, xc.gradient(toy, x), imputer=0, output="logit").values
    tensor([0.5000], dtype=torch.float64)
    """

def sparseness(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    channels: str = "sum",
) -> MetricResult:
    r"""Measure how unequal the sizes of a map's entries are: Gini's index.

    .. math::
        G = \frac{\sum_{i=1}^{d} (2i - d - 1)\, |\phi|_{(i)}}{d \sum_i |\phi_i|}, \qquad
        |\phi|_{(1)} \le \dots \le |\phi|_{(d)}

    Lesson 15.

    Parameters
    ----------
    model : callable or None
        Not asked: None will do.
    x : Tensor (N, ...) or None
        Only its shape is held against the map's: None will do.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : any
        Not read.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.

    Returns
    -------
    MetricResult
        One index an image, from 0 (all entries alike) to 1 - 1/d (one entry has everything),
        **higher is better**. A map of zeros has none.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    A positive factor on the map changes nothing, nor does where in the image its entries lie.

    **Cost.** One sort a row, no forward pass.

    **Fails when** it is read as truth: one pixel drawn at random is as sparse as can be. Maps of
    different size are not comparable, as an upsampled map has many equal entries.

    References
    ----------
    .. [chalasani2018] P. Chalasani, J. Chen, A. Roy Chowdhury, S. Jha, X. Wu, 2018,
       arXiv:1810.06583.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> xc.evaluation.sparseness(None, None, torch.tensor([[4.0, 3, 2, 1]])).values
    tensor([0.2500], dtype=torch.float64)
    """

def complexity(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    channels: str = "sum",
) -> MetricResult:
    r"""Measure over how many entries a map is spread: the entropy of their shares.

    .. math::
        H = -\sum_i p_i \ln p_i, \qquad p_i = |\phi_i| \Big/ \sum_j |\phi_j|

    Lesson 15.

    Parameters
    ----------
    model : callable or None
        Not asked: None will do.
    x : Tensor (N, ...) or None
        Only its shape is held against the map's: None will do.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : any
        Not read.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.

    Returns
    -------
    MetricResult
        One entropy an image in nats, from 0 (one entry has everything) to ln d (all alike),
        **lower is better**. A map of zeros has none.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    exp(H) is the number of entries of equal size that would have the same entropy.

    **Cost.** One pass over the map, no forward pass.

    **Fails when** it is read as truth, as `sparseness`; noise over the whole image, far too small
    to be seen, adds much to it.

    References
    ----------
    .. [bhatt2020] U. Bhatt, A. Weller, J. M. F. Moura, 2020, arXiv:2005.00631.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> xc.evaluation.complexity(None, None, torch.tensor([[4.0, 3, 2, 1]])).values
    tensor([1.2799], dtype=torch.float64)
    """

def effective_complexity(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    channels: str = "sum",
    threshold: float = 0.01,
) -> MetricResult:
    r"""Count the entries of a map that are not small beside its largest.

    .. math::
        E = \Big| \big\{ i : |\phi_i| > \epsilon \max_j |\phi_j| \big\} \Big|

    Lesson 15.

    Parameters
    ----------
    model : callable or None
        Not asked: None will do.
    x : Tensor (N, ...) or None
        Only its shape is held against the map's: None will do.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : any
        Not read.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    threshold : float
        :math:`\epsilon`, a share of the map's own largest entry, at least 0 and below 1.

    Returns
    -------
    MetricResult
        One number of pixels (features) an image, from 1 to d, all of them, **lower is better**. A
        map of zeros has none.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    The paper asks for the fewest entries with which a model's loss is kept; the count of large
    entries stands in for it here, as it does in other libraries. A threshold in units of the map
    would make the count one of scale: each map is held against its own largest entry, never
    against its batch.

    **Cost.** One pass over the map, no forward pass.

    **Fails when** one entry is an outlier: all others are small beside it. Look at two thresholds.

    References
    ----------
    .. [nguyen2020] A. Nguyen, M. Rodriguez Martinez, 2020, arXiv:2007.07584.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> xc.evaluation.effective_complexity(None, None, torch.tensor([[4.0, 3, 0.01, 0]])).values
    tensor([2.], dtype=torch.float64)
    """

def completeness(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    relative: bool = True,
    imputer: Any = "black",
    output: Any = "logit",
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how far the sum of the map is from the rise of the score.

    .. math::
        \mathrm{gap} = \frac{\big| \sum_i \phi_i - (F(x) - F(x')) \big|}{|F(x) - F(x')|}

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    relative : bool
        False: the gap in units of F, not as a share of the rise.
    imputer : number, str, Tensor or callable
        What all of x is replaced by: the map's own baseline x'.
    output : str or callable
        The scale of the score, the one that the map was made for.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One gap an image, at least 0, **lower is better**. A map of zeros has the gap 1 where the
        score rises.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    The share is of :math:`\max(|F(x) - F(x')|,\ 0.001\,(|F(x)| + |F(x')|))`, as in `relative_gap`
    of a method's details: where the score hardly rises, any map would be far off.

    **Cost.** 2 forward passes a row.

    **Fails when** it is read as truth: all of the rise on any one feature is complete.

    References
    ----------
    .. [sundararajan2017] M. Sundararajan, A. Taly, Q. Yan, 2017, arXiv:1703.01365.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.completeness(toy, x, xc.integrated_gradients(toy, x, steps=500)).values < 0.01
    tensor([True])
    """

def non_sensitivity(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    threshold: float = 1e-06,
    imputer: Any = "uniform",
    output: Any = "logit",
    channels: str = "abs_sum",
    unit: Any = 1,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Count the units that matter to the map alone, or to the model alone.

    .. math::
        \mathrm{NS} = \Big| \{ i : \phi_i = 0 \} \;\triangle\;
        \{ i : \mathbb E\big[ (F(x) - F(x_{\tilde i}))^2 \big] = 0 \} \Big|, \qquad
        x_{\tilde i} = x \text{ with other values at } i

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    threshold : float
        What is nothing, as a share of the largest in the row: of the map's values, and of the
        score's reactions.
    imputer : number, str, Tensor or callable
        What the values of a unit become; with a constant a unit that has it already seems to
        matter nothing.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One number of units an image, from 0 to U, how many there are, **lower is better**.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Divide by the number of units to compare images of different size.

    **Cost.** U + 1 forward passes a row for each draw, ten of them in uniform: take large units.

    **Fails when** the map is smoothed or upsampled, so that it is 0 nowhere: any size of a value
    counts as something. Look at two thresholds.

    References
    ----------
    .. [nguyen2020] A. Nguyen, M. Rodriguez Martinez, 2020, arXiv:2007.07584.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[0.2, 0.4]])
    >>> xc.evaluation.non_sensitivity(lambda x: x[:, 0], x, torch.tensor([[1.0, 0.3]])).values
    tensor([1.], dtype=torch.float64)
    """

def data_randomisation(
    train: Callable[..., Any],
    data: Any,
    method: Any,
    *,
    target: str = "predicted",
    channels: str = "sum",
    sign: str = "keep",
    seed: int = 0,
    keep: Any = None,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Compare the maps of a net with those of one that was trained on permuted labels.

    .. math::
        \rho\big(\phi(f, x, t),\; \phi(\hat f, x, t)\big), \qquad
        \hat f = \text{trained on } (x_i, y_{\pi(i)})

    Lesson 16.

    Parameters
    ----------
    train : callable
        ``(x, labels, seed)`` -> a trained model, (N, ...) -> (N, K). Equal arguments must give an equal
        model; torch's global generator is seeded before each call, and as before after it.
    data : pair of (x, labels)
        For training and for testing: x (N, ...) as any data set of ``xc.datasets`` has it, and labels
        (N,), whole numbers.
    method : str, Spec or callable
        What is tested: a name in ``xc.METHODS``, ``xc.spec(name, ...)``, or a function
        ``(model, x, target)`` that returns maps.
    target : str
        Whose score the maps explain: ``"predicted"``, by the model that is explained, or ``"label"``.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    seed : int
        Of the first training, and of the order of equal values.
    keep : str or path-like, optional
        A file in which each training's result is kept as soon as it is there. A call that was
        interrupted goes on from it, and calls with equal trainings share them.
    batch_size : int, optional
        Rows that go through a model at once; never changes the result.

    Returns
    -------
    MetricResult
        Spearman's rank correlation of the two maps of each testing row, from -1 to 1,
        **lower is better**; NaN where a map is constant. ``details["reseeded"]`` is the same for a
        second net trained on the true labels: how much a new start alone changes.
        ``details["accuracy"]``, (2, 2), are the shares of the training and testing rows that the
        two nets get right, each by the labels that it was trained on; on the testing rows by the
        true ones.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Both nets are explained for the same class. It proves something only where the second net has
    learnt its labels by heart: see its accuracy on the training rows.

    **Cost.** Three trainings, and three maps of each testing row.

    **Fails when** a new start changes the maps as much as new labels do: then a low value is the
    training's, not the method's. And a map that is noise passes.

    References
    ----------
    .. [adebayo2018] J. Adebayo, J. Gilmer, M. Muelly, I. Goodfellow, M. Hardt, B. Kim, 2018,
       arXiv:1810.03292.

    Examples
    --------
    >>> import xaicourse as xc
    >>> e = xc.METRICS["data_randomisation"].example()
    >>> xc.evaluation.data_randomisation(e.train, e.data, lambda model, x, target: x).mean()
    1.0
    """

def diff_roar(
    train: Callable[..., Any],
    data: Any,
    method: Any,
    *,
    fractions: Sequence[float] = ...,
    imputer: Any = "mean",
    target: str = "predicted",
    channels: str = "sum",
    sign: str = "keep",
    unit: int = 1,
    trainings: int = 5,
    seed: int = 0,
    controls: Sequence[str] = ...,
    model: Any = None,
    keep: Any = None,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Train on the top of each map and on its bottom, and subtract the accuracies.

    .. math::
        \mathrm{DiffROAR} = \frac1{t_T}\int_0^{t_T} a_{\text{top}}(t) - a_{\text{bottom}}(t)\,dt

    Lesson 15.

    Parameters
    ----------
    train : callable
        ``(x, labels, seed)`` -> a trained model, (N, ...) -> (N, K). Equal arguments must give an equal
        model; torch's global generator is seeded before each call, and as before after it.
    data : pair of (x, labels)
        For training and for testing: x (N, ...) as any data set of ``xc.datasets`` has it, and labels
        (N,), whole numbers.
    method : str, Spec or callable
        What is tested: a name in ``xc.METHODS``, ``xc.spec(name, ...)``, or a function
        ``(model, x, target)`` that returns maps.
    fractions : sequence of float
        Shares of the features that are removed, rising, in (0, 1]; 0 comes before them.
    imputer : number, str or callable
        What stands in for removed features: mean (that of the training data, one a channel or column),
        or a value, black, grey, white, blur, a function.
    target : str
        Whose score the maps explain: ``"predicted"``, by the model that is explained, or ``"label"``.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int
        Side of the square patches that are removed together (images); 1 is single pixels.
    trainings : int
        How many nets are trained for each share, with the seeds seed, seed + 1, ...
    seed : int
        Of the first training, and of the order of equal values.
    controls : sequence of str
        ``"random"``, ``"sobel"`` (images): maps that know nothing of a model, beside the method.
    model : callable, optional
        The model that is explained; without it one is trained on the whole data, with `seed`.
    keep : str or path-like, optional
        A file in which each training's result is kept as soon as it is there. A call that was
        interrupted goes on from it, and calls with equal trainings share them.
    batch_size : int, optional
        Rows that go through a model at once; never changes the result.

    Returns
    -------
    MetricResult
        One difference a training, from -1 to 1, **higher is better**, with the curve (S, T + 1)
        over the removed shares 0, t_1 ... t_T; 0 is what a random order has on average. ``details``
        holds the results of the controls, by name.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    At t the share 1 - t is kept: a_top is KAR's accuracy and a_bottom is ROAR's. The inverted map
    has the opposite value. The area over the shares is ours; the paper gives them one by one.

    **Cost.** Twice that of ROAR.

    **Fails when** the form of what is left says the class, at the top or at the bottom; and below 0
    it does not say whether the map is wrong about the model, or the model needs other features
    than a new net would.

    References
    ----------
    .. [shah2021] H. Shah, P. Jain, P. Netrapalli, 2021, arXiv:2102.12781.

    Examples
    --------
    >>> import xaicourse as xc
    >>> e = xc.METRICS["diff_roar"].example()
    >>> xc.evaluation.diff_roar(e.train, e.data, e.method, fractions=(0.2, 0.4), trainings=1).curve
    tensor([[0.0000, 0.5000, 0.5000]], dtype=torch.float64)
    """

def parameter_randomisation(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    similarity: str = "spearman",
    sign: str = "keep",
    cascading: bool = True,
    steps: int | None = None,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how alike the map stays when the layers of the model are drawn anew.

    .. math::
        \frac1T \sum_{k=1}^{T} \rho\big(\Phi_f(x),\ \Phi_{f_k}(x)\big), \qquad
        f_k = f \text{ with the } k \text{ layers next to the output drawn anew}

    Lesson 16.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    method : str, Spec or callable
        What is asked for a map again and again: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``, or a function (model, x, target) that returns a
        map of x's shape.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the class predicted at x. It is fixed once, at x.
    similarity : str
        ``"spearman"``, ``"pearson"`` or ``"cosine"``, of all numbers of a map.
    sign : str
        keep, abs or positive: what of the sign is left before maps are compared.
    cascading : bool
        Draw one layer after the other anew, from the output down; False draws one at a time, with all
        others as they were learnt.
    steps : int, optional
        T, the number of stages; without it one a layer.
    seed : int
        Of the draws: the same in every row, on every device and for every batch_size.
    output : str or callable
        The scale of F, on which is explained: ``"logit"``, ``"probability"``,
        ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result. A function as `method`
        chooses its own.

    Returns
    -------
    MetricResult
        One mean correlation an image, from -1 to 1, **lower is better**; NaN where a map is
        constant. With the curve (N, T + 1) that begins with the model as it was learnt, whose 1 is
        in no mean. The names of the layers are on record in `protocol`.

    Raises
    ------
    TypeError
        Also if the model is not a module, whose weights could be drawn anew.
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    The model itself stays as it is. In its copies weights, biases, bare parameters and statistics
    of batch norms are drawn with the mean and spread that each tensor has; layers of equal shape
    differ. The order is that in which the model runs, not that in which it lists its layers.

    **Cost.** T + 1 explanations a row, and two forward passes.

    **Fails when** a low value is read as truth: noise has the lowest. The verdict can turn over
    with `sign`: sizes of maps that are multiplied by x stay alike, as x does.

    References
    ----------
    .. [adebayo2018] J. Adebayo, J. Gilmer, M. Muelly, I. Goodfellow, M. Hardt, B. Kim, 2018,
       arXiv:1810.03292.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.parameter_randomisation(toy, x, lambda f, x, t: x).curve.round(decimals=6)
    tensor([[1., 1., 1.]], dtype=torch.float64)
    """

def smooth_parameter_randomisation(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    samples: int = 10,
    similarity: str = "spearman",
    sign: str = "keep",
    cascading: bool = True,
    sigma: float = 0.1,
    steps: int | None = None,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how alike the mean map of noisy copies stays when layers are drawn anew.

    .. math::
        \frac1T \sum_{k=1}^{T} \rho\Big(\frac1n \sum_i \Phi_f(x + \varepsilon_i),\;
        \frac1n \sum_i \Phi_{f_k}(x + \varepsilon_i)\Big)

    Lesson 16.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    method : str, Spec or callable
        What is asked for a map again and again: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``, or a function (model, x, target) that returns a
        map of x's shape.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the class predicted at x. It is fixed once, at x.
    samples : int
        How many neighbours, or noisy copies, are drawn.
    similarity : str
        ``"spearman"``, ``"pearson"`` or ``"cosine"``, of all numbers of a map.
    sign : str
        keep, abs or positive: what of the sign is left before maps are compared.
    cascading : bool
        Draw one layer after the other anew, from the output down; False draws one at a time, with all
        others as they were learnt.
    sigma : float
        Standard deviation of the noise, as a share of each row's range max(x) - min(x).
    steps : int, optional
        T, the number of stages; without it one a layer.
    seed : int
        Of the draws: the same in every row, on every device and for every batch_size.
    output : str or callable
        The scale of F, on which is explained: ``"logit"``, ``"probability"``,
        ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result. A function as `method`
        chooses its own.

    Returns
    -------
    MetricResult
        One mean correlation an image, from -1 to 1, **lower is better**; NaN where a map is
        constant. With the curve (N, T + 1) that begins with the model as it was learnt, whose 1 is
        in no mean.

    Raises
    ------
    TypeError
        Also if the model is not a module, whose weights could be drawn anew.
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Noise in a map makes any two maps unlike, so that noisy methods pass `parameter_randomisation`
    for nothing; the mean over noisy copies takes that gift away. All models see the same noise.

    **Cost.** n (T + 1) explanations a row, and two forward passes.

    **Fails when** the noise is large: then the mean map is another method's.

    References
    ----------
    .. [hedstrom2024] A. Hedström, L. Weber, S. Lapuschkin, M. Höhne, 2024, arXiv:2401.06465.

    Examples
    --------
    >>> import xaicourse as xc
    >>> smooth = xc.evaluation.smooth_parameter_randomisation
    >>> smooth(xc.zoo.toy(), xc.zoo.toy_input(), lambda f, x, t: x).values.round(decimals=6)
    tensor([1.], dtype=torch.float64)
    """

def efficient_parameter_randomisation(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    bins: int = 100,
    sign: str = "keep",
    output: Any = "logit",
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure by how much the map's entropy rises when the whole model is drawn anew.

    .. math::
        \Psi = \frac{H(\Phi_{\hat f}(x)) - H(\Phi_f(x))}{H(\Phi_f(x))}, \qquad
        H(\Phi) = -\sum_b p_b \ln p_b

    where p is the histogram of the map's numbers.

    Lesson 16.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    method : str, Spec or callable
        What is asked for a map again and again: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``, or a function (model, x, target) that returns a
        map of x's shape.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the class predicted at x. It is fixed once, at x.
    bins : int
        How many bins the histogram has, from the least to the largest number of each map.
    sign : str
        keep, abs or positive: what of the sign is left before maps are compared.
    output : str or callable
        The scale of F, on which is explained: ``"logit"``, ``"probability"``,
        ``"log_probability"``, ``"margin"`` or a function.
    seed : int
        Of the draws: the same in every row, on every device and for every batch_size.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result. A function as `method`
        chooses its own.

    Returns
    -------
    MetricResult
        One relative rise an image, at least -1, **higher is better**; both entropies, in nats, are
        in the details. A map whose numbers all lie in one bin has none.

    Raises
    ------
    TypeError
        Also if the model is not a module, whose weights could be drawn anew.
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    No two maps are compared number by number, so that neither the order of the layers nor the
    noise of a map counts.

    **Cost.** Two explanations a row, and three forward passes.

    **Fails when** the map is noise to begin with: its entropy has nowhere to rise to. The value
    depends on the number of bins.

    References
    ----------
    .. [hedstrom2024] A. Hedström, L. Weber, S. Lapuschkin, M. Höhne, 2024, arXiv:2401.06465.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.efficient_parameter_randomisation(toy, x, lambda f, x, t: x).values
    tensor([0.], dtype=torch.float64)
    """

def faithfulness_estimate(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "black",
    output: Any = "logit",
    channels: str = "sum",
    sign: str = "keep",
    unit: int | Tensor | Literal['pixel', 'channel', 'superpixel', 'token', 'column'] = 1,
    steps: int | None = None,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Correlate each unit's value with how far the score falls when it alone is removed.

    .. math::
        \mathrm{FE} = \mathrm{corr}_i \big( \phi_i,\; F(x) - F(x \text{ without } i) \big)

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    imputer : number, str, Tensor or callable
        What stands in for removed features.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    steps : int, optional
        How many groups the units are removed in, where one at a time costs too much: the largest
        values together, then the next ones. Without it one unit a group, 224 groups at most.
    seed : int
        Orders equal values.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One correlation an image, from -1 to 1, **higher is better**. For a constant map, or where
        the score falls alike for all units, it is not defined: NaN, which is counted.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Where units are grouped, the value of a group is the sum of its units. The paper calls it
    faithfulness.

    **Cost.** steps + 1 forward passes a row.

    **Fails when** features stand in for each other: without one of two the score does not fall.

    References
    ----------
    .. [alvarezmelis2018] D. Alvarez-Melis, T. S. Jaakkola, 2018, arXiv:1806.07538.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.faithfulness_estimate(toy, x, xc.gradient(toy, x)).values.round(decimals=3)
    tensor([1.], dtype=torch.float64)
    """

def infidelity(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    perturbation: str = "noise",
    sigma: float = 0.2,
    samples: int = 100,
    rescale: bool = True,
    relative: bool = True,
    imputer: Any = "black",
    output: Any = "logit",
    unit: Any = 1,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Compare what the map foretells of a random change I with what the score does.

    .. math::
        \mathrm{INFD} = \mathbb E_I \big[ (\beta\, I^\top \phi - \Delta)^2 \big], \qquad
        \Delta = F(x) - F(x - I), \qquad
        \beta = \max\Big( 0, \frac{\mathbb E[\Delta\, I^\top \phi]}{\mathbb E[(I^\top \phi)^2]}
        \Big)

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    perturbation : str
        ``"noise"``: I is Gaussian, and the map is a slope, as a gradient. ``"removal"``: I removes
        a random half of the units, and the map is in units of F, as integrated gradients or
        occlusion are: its sum over them stands for :math:`I^\top \phi`. The wrong pair is no
        error, but gives a bad value.
    sigma : float
        Standard deviation of the noise, in units of x.
    samples : int
        How many changes.
    rescale : bool
        False: :math:`\beta = 1`, so that the map must have the right size, too.
    relative : bool
        Divide by :math:`\mathbb E[\Delta^2]`, which a map of zeros gets: so 1 foretells nothing,
        and images whose score moves much do not outweigh the others.
    imputer : number, str, Tensor or callable
        What stands in for removed features.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    seed : int
        Draws the changes, the same for every row and on every device.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One expectation an image, from 0 to 1 as it is scaled here, **lower is better**; unscaled at
        least 0. A map of zeros has 1. Where no change moves the score there is none.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Unscaled it says mostly how large the map is: a gradient may come out worse than a map of zeros.
    The authors' code rescales by the best factor, also by a negative one, which makes no difference
    between a map and its opposite; here it is at least 0. The changes are the same for all rows.

    **Cost.** samples + 1 forward passes a row.

    **Fails when** the noise is far from what matters: it foretells small changes in all directions,
    most of which no picture ever takes.

    References
    ----------
    .. [yeh2019] C.-K. Yeh, C.-Y. Hsieh, A. S. Suggala, D. I. Inouye, P. Ravikumar, 2019,
       arXiv:1901.09392.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x, slope = torch.zeros(1, 3), torch.tensor([[1.0, 2, 3]])
    >>> xc.evaluation.infidelity(lambda x: x @ slope[0], x, 7 * slope).values < 1e-9
    tensor([True])
    """

def input_invariance(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    shift: Any = 1.0,
    shifted_method: Any = None,
    output: Any = "logit",
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how much the map changes when input and model are shifted together.

    .. math::
        \frac{\lVert\Phi_{f_2}(x + s) - \Phi_f(x)\rVert_2}{\lVert\Phi_f(x)\rVert_2}, \qquad
        f_2(x + s) = f(x) \text{ for all } x

    Lesson 16.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    method : str, Spec or callable
        What is asked for a map again and again: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``, or a function (model, x, target) that returns a
        map of x's shape.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the class predicted at x. It is fixed once, at x.
    shift : number or Tensor
        s, in units of x: a number, or a tensor of the shape of one row, such as (C, 1, 1).
    shifted_method : str, Spec or callable, optional
        What explains the shifted model, such as the same method with its baseline shifted, too;
        without it `method`.
    output : str or callable
        The scale of F, on which is explained: ``"logit"``, ``"probability"``,
        ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result. A function as `method`
        chooses its own.

    Returns
    -------
    MetricResult
        One share an image, at least 0, **lower is better**: 0 but for rounding where the map is
        invariant. A map of zeros has none. In the details: `output_change`, by how much F changed
        by rounding.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    The shift is taken off before the model, so that no layer has to bear it: a convolution that
    pads with zeros could not by its bias.

    **Cost.** Two explanations a row and two forward passes.

    **Fails when** it is read as a fault of the method: what it shows is the reference. Integrated
    Gradients with black as baseline fails, with black shifted as well it passes.

    References
    ----------
    .. [kindermans2017b] P.-J. Kindermans, S. Hooker, J. Adebayo, M. Alber, K. Schütt, S. Dähne,
       D. Erhan, B. Kim, 2017, arXiv:1711.00867.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.input_invariance(toy, x, "gradient").values
    tensor([0.], dtype=torch.float64)
    """

def irof(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "channel_mean",
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    unit: int | Tensor | Literal['pixel', 'channel', 'superpixel', 'token', 'column'] = "superpixel",
    steps: int | None = None,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure the area over the score's share that is left, while segments are removed.

    .. math::
        \mathrm{IROF} = 1 - \int_0^1 \frac{s(a)}{s(0)}\, da, \qquad
        s(a) = F\big(x \text{ without the share } a \text{ of its segments}\big)

    The segments go by their mean attribution, the largest first.

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    imputer : number, str, Tensor or callable
        What stands in for removed features: a value, black, grey, white, blur, channel_mean, flip,
        uniform, linear, noisy_linear; a tensor that broadcasts to x; or a function ``(x, keep) -> x``.
        Colours, flip and uniform are for images in [0, 1]; on tables black is 0.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int, str or Tensor
        The segments: ``"superpixel"``, which `superpixels` cuts; the side of square patches; or
        labels (H, W) or (N, H, W), as from `slic`. Where each row has segments of its own the
        curve has 100 steps, and an image with fewer segments than that loses one at a time.
    steps : int, optional
        T; without it one unit a step, 224 steps at most. Both ends are on the curve.
    seed : int
        Orders equal values.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One area an image, at most 1 for probabilities and without a lower end,
        **higher is better**; NaN where F(x) is not above 0. The curve is that of the ratio (N, T +
        1).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    The area is over the share of segments, so that their number does not set its scale.

    **Cost.** T + 1 forward passes a row, at most one for each segment and one; one more where the
    class is to be predicted. Cutting a photo into superpixels takes longer than that: cut once,
    and give the labels.

    **Fails when** F(x) is small: the ratio explodes. Segments favour maps that are smooth.

    References
    ----------
    .. [rieger2020] L. Rieger, L. K. Hansen, 2020, arXiv:2003.08747.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x, settings = torch.ones(1, 1, 2, 2), {"imputer": 0, "unit": 1, "output": "logit"}
    >>> xc.evaluation.irof(lambda x: x[:, 0, 0, 0], x, -x.cumsum(2).cumsum(3), **settings).values
    tensor([0.8750], dtype=torch.float64)
    """

def local_lipschitz(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    radius: float = 0.02,
    samples: int = 10,
    same_class: bool = True,
    most_output_change: float | None = None,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how fast the map changes where x does, at most.

    .. math::
        L = \max_{\lVert x' - x\rVert_\infty \le r}
        \frac{\lVert\Phi(x') - \Phi(x)\rVert_2}{\lVert x' - x\rVert_2}

    Lesson 16.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    method : str, Spec or callable
        What is asked for a map again and again: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``, or a function (model, x, target) that returns a
        map of x's shape.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the class predicted at x. It is fixed once, at x.
    radius : float
        r, in units of x: neighbours are drawn evenly from x - r to x + r, number by number, the same
        shifts for every row.
    samples : int
        How many neighbours, or noisy copies, are drawn.
    same_class : bool
        Leave out neighbours that the model gives another class: their maps ought to differ.
    most_output_change : float, optional
        Leave out neighbours whose F differs by more than this from F(x), in units of `output`.
    seed : int
        Of the draws: the same in every row, on every device and for every batch_size.
    output : str or callable
        The scale of F, on which is explained: ``"logit"``, ``"probability"``,
        ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result. A function as `method`
        chooses its own.

    Returns
    -------
    MetricResult
        One slope an image, at least 0, in units of the map over those of x, **lower is better**;
        NaN where no neighbour counts. In the details: `map_change` and `output_change`, by how much
        the map (as a share of its size) and F moved at the worst neighbour, and `counted`, the
        share of neighbours that were not left out.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Maps are taken as they are: two methods are comparable only where their maps have one scale.
    The largest of n draws is a lower bound, far below what a search finds in many dimensions.

    **Cost.** n + 1 explanations a row and n + 2 forward passes.

    **Fails when** it is read alone: a map that never changes has 0, one that is divided by ten a
    tenth.

    References
    ----------
    .. [alvarezmelis2018b] D. Alvarez-Melis, T. Jaakkola, 2018, arXiv:1806.08049.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.ones(1, 2, dtype=torch.float64)
    >>> xc.evaluation.local_lipschitz(lambda x: 3 * x.square().sum(1), x, "gradient").values
    tensor([6.0000], dtype=torch.float64)
    """

def localisation_auc(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    channels: str = "sum",
    sign: str = "keep",
) -> MetricResult:
    r"""Measure how often a pixel of the object has a larger value than one outside it.

    .. math::
        \mathrm{AUC} = P(\phi_i > \phi_j) + \tfrac12 P(\phi_i = \phi_j), \qquad
        i \in M,\; j \notin M \text{ drawn at random}

    Lesson 17.

    Parameters
    ----------
    model : callable or None
        Not asked: None will do.
    x : Tensor (N, ...) or None
        Only its shape is held against the map's: None will do.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : any
        Not read.
    mask : Tensor (N, ...)
        Where the truth lies: not 0 on the features that matter. Of x's shape, (N, 1, H, W), or (H, W)
        for one that holds for all images. A row in which it is nowhere, or everywhere, has no value.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.

    Returns
    -------
    MetricResult
        The area under the ROC curve of each image, from 0 to 1, **higher is better**; chance is
        1/2.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    It needs no threshold, and equal values count half: nothing is drawn.

    **Cost.** One sort a row, no forward pass.

    **Fails when** the object is small: the few pixels that matter weigh as much as any others, and
    the order of the background's thousands decides.

    References
    ----------
    .. [fawcett2006] T. Fawcett, 2006, doi:10.1016/j.patrec.2005.10.010.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.1, 0.6], [0.4, 0.2]]]])
    >>> xc.evaluation.localisation_auc(None, None, heat, mask=heat < 0.5).values
    tensor([0.], dtype=torch.float64)
    """

def monotonicity(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    share: bool = False,
    imputer: Any = "black",
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    unit: int | Tensor | Literal['pixel', 'channel', 'superpixel', 'token', 'column'] = 1,
    steps: int | None = None,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Ask whether the score rises at each step as features come back, the least important first.

    .. math::
        \mathrm{Mono} = \big[\, s_0 \ge s_1 \ge \dots \ge s_T \,\big], \qquad
        s_k = F\big(x \text{ without its } k\,U/T \text{ most important of } U \text{ units}\big)

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    share : bool
        Return the share of steps that rise; with many steps hardly any image has all of them.
    imputer : number, str, Tensor or callable
        What stands in for removed features: a value, black, grey, white, blur, channel_mean, flip,
        uniform, linear, noisy_linear; a tensor that broadcasts to x; or a function ``(x, keep) -> x``.
        Colours, flip and uniform are for images in [0, 1]; on tables black is 0.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    steps : int, optional
        T; without it one unit a step, 224 steps at most. Both ends are on the curve.
    seed : int
        Orders equal values.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        1 or 0 an image (or the share, from 0 to 1), **higher is better**, with the curve, which is
        that of `deletion`: what comes back from the least important is what is left without the
        most.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    A fall that rounding explains is none. The step from nothing to the first feature counts, too.

    **Cost.** T + 1 forward passes a row, one more where the class is to be predicted.

    **Fails when** all features speak for the class: then every order rises, the reversed one, too.
    One feature that speaks against it makes every order fall.

    References
    ----------
    .. [arya2019] V. Arya and others, 2019, arXiv:1909.03012.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.monotonicity(toy, x, xc.gradient(toy, x), output="logit").values
    tensor([0.], dtype=torch.float64)
    """

def monotonicity_correlation(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "uniform",
    output: Any = "logit",
    channels: str = "sum",
    unit: Any = 1,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Correlate the ranks of the map's sizes and of how strongly the score reacts to each unit.

    .. math::
        \mathrm{MC} = \mathrm{Spearman}_i \Big( |\phi_i|,\;
        \mathbb E\big[ (F(x) - F(x_{\tilde i}))^2 \big] \Big), \qquad
        x_{\tilde i} = x \text{ with other values at } i

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    imputer : number, str, Tensor or callable
        What the values of a unit become; where chance is in it, as in uniform, the expectation is
        over its draws. With a constant only one other value is tried, and a unit that has it
        already seems to matter nothing.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One rank correlation an image, from -1 to 1, **higher is better**; equal values share their
        rank. For a constant map, or where the score reacts alike to all units, it is NaN, which is
        counted.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    The map's sign does not count: evidence for and against the class are both reactions.

    **Cost.** U + 1 forward passes a row for each draw, ten of them in uniform: take large units.

    **Fails when** most units matter nothing: the order among them, which is noise, decides.

    References
    ----------
    .. [nguyen2020] A. Nguyen, M. Rodriguez Martinez, 2020, arXiv:2007.07584.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.monotonicity_correlation(toy, x, xc.gradient(toy, x)).values.round(decimals=3)
    tensor([1.], dtype=torch.float64)
    """

def performance_information_curve(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "linear",
    entropy: Callable[[Tensor], Tensor] | None = None,
    least: float = 0.8,
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    steps: int | None = None,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how much score the first information brings back, the most important pixels first.

    .. math::
        \hat e_k = \mathrm{clip}\,\frac{e_k - e_0}{e_T - e_0}, \qquad
        \hat p_k = \max_{\hat e_j \le \hat e_k} \mathrm{clip}\,\frac{s_j - s_0}{s_T - s_0}, \qquad
        \mathrm{PIC} = \int_0^1 \hat p \, d\hat e

    s_k is the score and e_k the information of the image in which only the most important pixels
    are left; the others are filled in.

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    imputer : number, str, Tensor or callable
        What fills the image in; linear is each removed pixel as the weighted mean of its
        neighbours, without noise.
    entropy : callable, optional
        Images (P, C, H, W) to their information (P,); without it the bytes of a lossless WebP
        file, for images in [0, 1] with one or three channels.
    least : float
        An image whose own score is below has no value.
    output : str or callable
        ``"probability"`` for SIC, ``"accuracy"`` for AIC; or another scale.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    steps : int, optional
        T; without it the authors' shares of pixels, from 0.005 to 0.75, and both ends.
    seed : int
        Orders equal values, and draws the pixels that are always there.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One area an image, from 0 to 1, **higher is better**; NaN for an image that is not certain
        enough, or whose score or information is not above that of the filled-in image. The curve is
        :math:`\hat p` at 101 shares of information.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    One pixel in a hundred and the corners are always there, the same in every image. Exactly the
    share that is asked for is kept, also where most of a map is 0. The authors fill in by Delaunay
    interpolation and report the median curve; areas of other shares, codecs or imputers cannot be
    compared.

    **Cost.** 15 forward passes a row and as many WebP files, one more pass where the class is to be
    predicted. Codec and interpolation take longer than the forward passes of a small net.

    **Fails when** the pictures that pass are the easy ones, as they are. Drops of the score do not
    show, since the curve only rises; for AIC it is a step.

    References
    ----------
    .. [kapishnikov2019] A. Kapishnikov, T. Bolukbasi, F. Viegas, M. Terry, 2019, arXiv:1906.02825.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x, share = torch.ones(1, 1, 10, 10), lambda x: x.mean((1, 2, 3))
    >>> xc.evaluation.performance_information_curve(
    ...     share, x, x, imputer=0, entropy=share, output="logit").values
    tensor([0.5000], dtype=torch.float64)
    """

def pixel_flipping(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "flip",
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    unit: int | Tensor | Literal['pixel', 'channel', 'superpixel', 'token', 'column'] = 1,
    steps: int | None = None,
    order: str = "morf",
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how far the score has fallen on average while features are flipped.

    .. math::
        \mathrm{PF} = \frac{1}{T + 1} \sum_{k=0}^{T} (s_0 - s_k), \qquad
        s_k = F\big(x \text{ with its } k\,U/T \text{ most relevant units flipped}\big)

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    imputer : number, str, Tensor or callable
        What stands in for removed features: a value, black, grey, white, blur, channel_mean, flip,
        uniform, linear, noisy_linear; a tensor that broadcasts to x; or a function ``(x, keep) -> x``.
        Colours, flip and uniform are for images in [0, 1]; on tables black is 0.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    steps : int, optional
        T; without it one unit a step, 224 steps at most. Both ends are on the curve.
    order : str
        ``"morf"``, most relevant first, or ``"lerf"``, least relevant first.
    seed : int
        Orders equal values.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One mean drop an image, in units of `output`, so from -1 to 1 for probabilities,
        **higher is better** (lower with ``order="lerf"``), with the curve of scores (N, T + 1).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Flipped is 1 - x, black for white, for inputs in [0, 1]; other ranges need
    ``imputer=xc.evaluation.Flip(low, high)``, and are refused without it.

    **Cost.** T + 1 forward passes a row, one more where the class is to be predicted.

    **Fails when** features in the middle of their range are important: flipping leaves grey as it
    is. Images of which the model is sure weigh most.

    References
    ----------
    .. [bach2015] S. Bach, A. Binder, G. Montavon, F. Klauschen, K.-R. Mueller, W. Samek, 2015,
       10.1371/journal.pone.0130140.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.pixel_flipping(toy, x, xc.gradient(toy, x), imputer=0, output="logit").values
    tensor([-0.3333], dtype=torch.float64)
    """

def pointing_game(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    tolerance: int = 0,
    channels: str = "sum",
    sign: str = "keep",
    seed: int = 0,
) -> MetricResult:
    r"""Ask whether the largest value of the map lies on the object.

    .. math::
        \mathrm{hit} = \big[\, \min_{j \in M} \lVert i^* - j \rVert_2 \le \tau \,\big], \qquad
        i^* = \arg\max_i \phi_i

    Lesson 17.

    Parameters
    ----------
    model : callable or None
        Not asked: None will do.
    x : Tensor (N, ...) or None
        Only its shape is held against the map's: None will do.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : any
        Not read.
    mask : Tensor (N, ...)
        Where the truth lies: not 0 on the features that matter. Of x's shape, (N, 1, H, W), or (H, W)
        for one that holds for all images. A row in which it is nowhere, or everywhere, has no value.
    tolerance : int
        :math:`\tau`, in pixels, for images. The paper has 15 pixels on photos in their own size.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    seed : int
        Orders equal values.

    Returns
    -------
    MetricResult
        1 (hit) or 0 (miss) an image, **higher is better**, with the chance of a blind hit: the
        share of the image that is within reach of the object.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Of equal largest values one is drawn by a seeded key; to call it a hit if any of them hits
    would favour maps with many. The paper's accuracy is the mean of each class, then of the
    classes. TorchRay demands a distance below the tolerance, here it may be equal.

    **Cost.** One sort a row, and one convolution where there is a tolerance.

    **Fails when** objects are large or in the middle: read it beside its chance and beside a
    centre Gaussian.

    References
    ----------
    .. [zhang2016] J. Zhang, Z. Lin, J. Brandt, X. Shen, S. Sclaroff, 2016, arXiv:1608.00507.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.1, 0.9], [0.2, 0.3]]]])
    >>> xc.evaluation.pointing_game(None, None, heat, mask=heat > 0.5).values
    tensor([1.], dtype=torch.float64)
    """

def energy_pointing_game(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    channels: str = "sum",
) -> MetricResult:
    r"""Measure which share of the positive evidence lies on the object.

    .. math::
        E = \sum_{i \in M} \phi_i^+ \Big/ \sum_i \phi_i^+

    Lesson 17.

    Parameters
    ----------
    model : callable or None
        Not asked: None will do.
    x : Tensor (N, ...) or None
        Only its shape is held against the map's: None will do.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : any
        Not read.
    mask : Tensor (N, ...)
        Where the truth lies: not 0 on the features that matter. Of x's shape, (N, 1, H, W), or (H, W)
        for one that holds for all images. A row in which it is nowhere, or everywhere, has no value.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.

    Returns
    -------
    MetricResult
        One share an image, from 0 to 1, **higher is better**, with its chance: the object's share
        of the image. A map without positive values has none.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Also known as attribution localisation.

    **Cost.** Two sums, no forward pass.

    **Fails when** a map has a floor, as an upsampled one: its sum over the background counts.

    References
    ----------
    .. [wang2020] H. Wang and others, 2020, arXiv:1910.01279.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.0, 0.6], [-0.4, 0.2]]]])
    >>> xc.evaluation.energy_pointing_game(None, None, heat, mask=heat > 0.5).values
    tensor([0.7500], dtype=torch.float64)
    """

def grid_pointing_game(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    grid: int = 2,
    channels: str = "sum",
) -> MetricResult:
    r"""Measure which share of the positive evidence lies in the class's own cell of a mosaic.

    .. math::
        L = \sum_{i \in \mathrm{cell}} \phi_i^+ \Big/ \sum_i \phi_i^+

    Lesson 17.

    Parameters
    ----------
    model : callable or None
        Not asked: None will do.
    x : Tensor (N, ...) or None
        Only its shape is held against the map's: None will do.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : any
        Not read.
    mask : Tensor (N, ...)
        Where the truth lies: not 0 on the features that matter. Of x's shape, (N, 1, H, W), or (H, W)
        for one that holds for all images. A row in which it is nowhere, or everywhere, has no value.
    grid : int
        n: the mosaic has n x n cells of one size, each with a photo of another class.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.

    Returns
    -------
    MetricResult
        One share an image, from 0 to 1, **higher is better**, with its chance: :math:`1 / n^2`. A
        map without positive values has none.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    `mask` is the cell of the explained class (or its cells, where it has several), and nothing
    but whole cells. Where the heads of a net see one cell each, all of the map must lie in it.

    **Cost.** Two sums, no forward pass.

    **Fails when** the net has never seen a mosaic: its score may then rest on another cell, and a
    map that says so is right.

    References
    ----------
    .. [bohle2021] M. Böhle, M. Fritz, B. Schiele, 2021, arXiv:2104.00032.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.0, 0.6], [-0.4, 0.2]]]])
    >>> xc.evaluation.grid_pointing_game(None, None, heat, mask=heat > 0.5).above_chance
    tensor([0.6667], dtype=torch.float64)
    """

def random_logit(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    other: Any = None,
    similarity: str = "spearman",
    sign: str = "keep",
    output: Any = "logit",
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how alike the maps for two classes are.

    .. math::
        \rho\big(\Phi_t(x),\ \Phi_{t'}(x)\big), \qquad t' \ne t

    Lesson 16.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    method : str, Spec or callable
        What is asked for a map again and again: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``, or a function (model, x, target) that returns a
        map of x's shape.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the class predicted at x. It is fixed once, at x.
    other : int, (N,) ints or None
        t', the other class; None draws it: t moved on by a number that is the same for all rows.
    similarity : str
        ``"spearman"``, ``"pearson"`` or ``"cosine"``, of all numbers of a map.
    sign : str
        keep, abs or positive: what of the sign is left before maps are compared.
    output : str or callable
        The scale of F, on which is explained: ``"logit"``, ``"probability"``,
        ``"log_probability"``, ``"margin"`` or a function.
    seed : int
        Of the draws: the same in every row, on every device and for every batch_size.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result. A function as `method`
        chooses its own.

    Returns
    -------
    MetricResult
        One correlation an image, from -1 to 1, **lower is better**; NaN where a map is constant. t'
        is in the details as `other`.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    **Cost.** Two explanations a row and two forward passes.

    **Fails when** a low value is read as truth: noise has 0, and the map times -1 for the other
    class has -1. In a model of two classes whose scores are opposite, the right answer is -1.

    References
    ----------
    .. [sixt2020] L. Sixt, M. Granz, T. Landgraf, 2020, arXiv:1912.09818.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> net = torch.nn.Linear(3, 2).eval()
    >>> xc.evaluation.random_logit(net, torch.ones(1, 3), lambda net, x, target: x * 0 + 1).values
    tensor([nan], dtype=torch.float64)
    """

def region_perturbation(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "uniform",
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    unit: int | Tensor | Literal['pixel', 'channel', 'superpixel', 'token', 'column'] = 1,
    steps: int | None = None,
    order: str = "morf",
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how far the score has fallen on average while regions become noise.

    .. math::
        \mathrm{AOPC} = \frac{1}{T + 1} \sum_{k=0}^{T} \big(s_0 - \mathbb{E}\, s_k\big), \qquad
        s_k = F\big(x \text{ whose } k\,U/T \text{ most relevant regions are noise}\big)

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    imputer : number, str, Tensor or callable
        What stands in for removed features: a value, black, grey, white, blur, channel_mean, flip,
        uniform, linear, noisy_linear; a tensor that broadcasts to x; or a function ``(x, keep) -> x``.
        Colours, flip and uniform are for images in [0, 1]; on tables black is 0.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    steps : int, optional
        T; without it one unit a step, 224 steps at most. Both ends are on the curve.
    order : str
        ``"morf"``, most relevant first, or ``"lerf"``, least relevant first.
    seed : int
        Orders equal values.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One mean drop an image, in units of `output`, so from -1 to 1 for probabilities,
        **higher is better** (lower with ``order="lerf"``), with the curve of mean scores (N, T +
        1).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    The mean is over ten draws of uniform noise; ``imputer=xc.evaluation.Uniform(repeats=...)``
    for more. The papers perturb the first 100 regions of 9 x 9 pixels; here all regions go, of
    which `unit` is the side. The area between both orders is `abpc`.

    **Cost.** 10 (T + 1) forward passes a row, as many as draws; one more where the class is to be
    predicted.

    **Fails when** it is read as a loss: it is a drop, so that more is better. Noise is far from
    the data, and the first regions may cost the score whatever they show.

    References
    ----------
    .. [samek2017] W. Samek, A. Binder, G. Montavon, S. Lapuschkin, K.-R. Mueller, 2017,
       10.1109/TNNLS.2016.2599820.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x, model = torch.ones(1, 4), lambda x: x @ torch.tensor([4.0, 3, 2, 1])
    >>> xc.evaluation.region_perturbation(model, x, -x.cumsum(1), imputer=0, output="logit").values
    tensor([6.], dtype=torch.float64)
    """

def relative_input_stability(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    form: str = "norm",
    epsilon: float = 1e-06,
    radius: float = 0.02,
    samples: int = 10,
    same_class: bool = True,
    most_output_change: float | None = None,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how much more the map changes than the input, at most.

    .. math::
        \mathrm{RIS} = \max_{x'} \frac{\lVert\Phi(x) - \Phi(x')\rVert / \lVert\Phi(x)\rVert}
        {\max(\lVert x - x'\rVert / \lVert x\rVert,\ \epsilon)}

    Lesson 16.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    method : str, Spec or callable
        What is asked for a map again and again: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``, or a function (model, x, target) that returns a
        map of x's shape.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the class predicted at x. It is fixed once, at x.
    form : str
        ``"norm"`` divides lengths, as written above and in the authors' library;
        ``"elementwise"`` divides number by number before the length is taken, as in their paper.
    epsilon : float
        The least that is divided by.
    radius : float
        r, in units of x: neighbours are drawn evenly from x - r to x + r, number by number, the same
        shifts for every row.
    samples : int
        How many neighbours, or noisy copies, are drawn.
    same_class : bool
        Leave out neighbours that the model gives another class: their maps ought to differ.
    most_output_change : float, optional
        Leave out neighbours whose F differs by more than this from F(x), in units of `output`.
    seed : int
        Of the draws: the same in every row, on every device and for every batch_size.
    output : str or callable
        The scale of F, on which is explained: ``"logit"``, ``"probability"``,
        ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result. A function as `method`
        chooses its own.

    Returns
    -------
    MetricResult
        One ratio an image, at least 0, **lower is better**; NaN where no neighbour counts, and for
        a map of zeros. In the details: `map_change` and `output_change`, by how much the map (as a
        share of its size) and F moved at the worst neighbour, and `counted`, the share of
        neighbours that were not left out.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    The map :math:`\Phi(x) = x` has 1.

    **Cost.** n + 1 explanations a row and n + 2 forward passes.

    **Fails when** numbers are divided that are almost 0: ``form="elementwise"`` explodes on sparse
    maps, and has no value where a number of x or of the map is 0 and moves.

    References
    ----------
    .. [agarwal2022] C. Agarwal, N. Johnson, M. Pawelczyk, S. Krishna, E. Saxena, M. Zitnik,
       H. Lakkaraju, 2022, arXiv:2203.06877.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.relative_input_stability(toy, x, lambda model, x, target: x).values
    tensor([1.], dtype=torch.float64)
    """

def relative_output_stability(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    form: str = "norm",
    epsilon: float = 1e-06,
    radius: float = 0.02,
    samples: int = 10,
    same_class: bool = True,
    most_output_change: float | None = None,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how much more the map changes than what the model says, at most.

    .. math::
        \mathrm{ROS} = \max_{x'} \frac{\lVert\Phi(x) - \Phi(x')\rVert / \lVert\Phi(x)\rVert}
        {\max(\lVert h(x) - h(x')\rVert / \lVert h(x)\rVert,\ \epsilon)}

    where h(x) are all outputs of the model, as it returns them.

    Lesson 16.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    method : str, Spec or callable
        What is asked for a map again and again: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``, or a function (model, x, target) that returns a
        map of x's shape.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the class predicted at x. It is fixed once, at x.
    form : str
        ``"norm"`` divides lengths, as written above and in the authors' library;
        ``"elementwise"`` divides the map number by number and the change of the outputs by
        nothing, as in their paper.
    epsilon : float
        The least that is divided by.
    radius : float
        r, in units of x: neighbours are drawn evenly from x - r to x + r, number by number, the same
        shifts for every row.
    samples : int
        How many neighbours, or noisy copies, are drawn.
    same_class : bool
        Leave out neighbours that the model gives another class: their maps ought to differ.
    most_output_change : float, optional
        Leave out neighbours whose F differs by more than this from F(x), in units of `output`.
    seed : int
        Of the draws: the same in every row, on every device and for every batch_size.
    output : str or callable
        The scale of F, on which is explained: ``"logit"``, ``"probability"``,
        ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result. A function as `method`
        chooses its own.

    Returns
    -------
    MetricResult
        One ratio an image, at least 0, **lower is better**; NaN where no neighbour counts, and for
        a map of zeros. In the details: `map_change` and `output_change`, by how much the map (as a
        share of its size) and F moved at the worst neighbour, and `counted`, the share of
        neighbours that were not left out.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    A map is not blamed for what the model does: where the outputs move, it may move, too.

    **Cost.** n + 1 explanations a row and n + 2 forward passes.

    **Fails when** the outputs hardly move: then the worst neighbour is the one along which the
    model is flat, and `epsilon` decides.

    References
    ----------
    .. [agarwal2022] C. Agarwal, N. Johnson, M. Pawelczyk, S. Krishna, E. Saxena, M. Zitnik,
       H. Lakkaraju, 2022, arXiv:2203.06877.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.relative_output_stability(toy, x, "gradient").values
    tensor([0.], dtype=torch.float64)
    """

def relative_representation_stability(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    layer: Any,
    form: str = "norm",
    epsilon: float = 1e-06,
    radius: float = 0.02,
    samples: int = 10,
    same_class: bool = True,
    most_output_change: float | None = None,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how much more the map changes than a layer inside the model, at most.

    .. math::
        \mathrm{RRS} = \max_{x'} \frac{\lVert\Phi(x) - \Phi(x')\rVert / \lVert\Phi(x)\rVert}
        {\max(\lVert A(x) - A(x')\rVert / \lVert A(x)\rVert,\ \epsilon)}

    where A(x) is the layer's output.

    Lesson 16.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    method : str, Spec or callable
        What is asked for a map again and again: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``, or a function (model, x, target) that returns a
        map of x's shape.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the class predicted at x. It is fixed once, at x.
    layer : torch.nn.Module or str
        A module of the model or its dotted name.
    form : str
        ``"norm"`` divides lengths, as written above and in the authors' library;
        ``"elementwise"`` divides number by number before the length is taken, as in their paper.
    epsilon : float
        The least that is divided by.
    radius : float
        r, in units of x: neighbours are drawn evenly from x - r to x + r, number by number, the same
        shifts for every row.
    samples : int
        How many neighbours, or noisy copies, are drawn.
    same_class : bool
        Leave out neighbours that the model gives another class: their maps ought to differ.
    most_output_change : float, optional
        Leave out neighbours whose F differs by more than this from F(x), in units of `output`.
    seed : int
        Of the draws: the same in every row, on every device and for every batch_size.
    output : str or callable
        The scale of F, on which is explained: ``"logit"``, ``"probability"``,
        ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result. A function as `method`
        chooses its own.

    Returns
    -------
    MetricResult
        One ratio an image, at least 0, **lower is better**; NaN where no neighbour counts, and for
        a map of zeros. In the details: `map_change` and `output_change`, by how much the map (as a
        share of its size) and F moved at the worst neighbour, and `counted`, the share of
        neighbours that were not left out.

    Raises
    ------
    LayerError
        If the layer is not there, or is not called.
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Libraries differ in the layer: the first, or all of them. So it has no default.

    **Cost.** n + 1 explanations a row and n + 2 forward passes.

    **Fails when** the layer follows a ReLU and ``form="elementwise"``: a unit that wakes up has no
    relative change.

    References
    ----------
    .. [agarwal2022] C. Agarwal, N. Johnson, M. Pawelczyk, S. Krishna, E. Saxena, M. Zitnik,
       H. Lakkaraju, 2022, arXiv:2203.06877.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.relative_representation_stability(toy, x, "gradient", layer="hidden").values
    tensor([0.], dtype=torch.float64)
    """

def relevance_mass(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    channels: str = "l2",
    sign: str = "abs",
) -> MetricResult:
    r"""Measure which share of the relevance lies on the object, whatever its sign.

    .. math::
        \mathrm{mass} = \sum_{i \in M} R_i \Big/ \sum_i R_i, \qquad
        R_i = \mathrm{pool}(\phi_{i1}, \dots, \phi_{iC}) \ge 0

    Lesson 17.

    Parameters
    ----------
    model : callable or None
        Not asked: None will do.
    x : Tensor (N, ...) or None
        Only its shape is held against the map's: None will do.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : any
        Not read.
    mask : Tensor (N, ...)
        Where the truth lies: not 0 on the features that matter. Of x's shape, (N, 1, H, W), or (H, W)
        for one that holds for all images. A row in which it is nowhere, or everywhere, has no value.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        abs or positive: what makes a joined pixel non-negative (l2, max_abs and abs_sum are that
        already). Channels and sign name the paper's pools: l2 is its l2-norm, max_abs its
        max-norm, sum with positive its "sum,pos".

    Returns
    -------
    MetricResult
        One share an image, from 0 to 1, **higher is better**, with its chance: the object's share
        of the image. A map of zeros has none.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.
        Also if `sign` is keep: shares of a sum of both signs lie anywhere, even above 1.

    Notes
    -----
    With channels="sum" and sign="positive" it is `energy_pointing_game`.

    **Cost.** Two sums, no forward pass.

    **Fails when** evidence against the class is in the mask: abs counts it as found.

    References
    ----------
    .. [arras2020] L. Arras, A. Osman, W. Samek, 2020, arXiv:2003.07258.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.0, 0.6], [-0.4, 0.2]]]])
    >>> xc.evaluation.relevance_mass(None, None, heat, mask=heat > 0.5).values
    tensor([0.5000], dtype=torch.float64)
    """

def relevance_rank(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    channels: str = "l2",
    sign: str = "abs",
    seed: int = 0,
) -> MetricResult:
    r"""Measure which share of the largest values, as many as the object has pixels, is on it.

    .. math::
        \mathrm{rank} = |\mathrm{top}_{|M|}(R) \cap M| \,/\, |M|

    Lesson 17.

    Parameters
    ----------
    model : callable or None
        Not asked: None will do.
    x : Tensor (N, ...) or None
        Only its shape is held against the map's: None will do.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : any
        Not read.
    mask : Tensor (N, ...)
        Where the truth lies: not 0 on the features that matter. Of x's shape, (N, 1, H, W), or (H, W)
        for one that holds for all images. A row in which it is nowhere, or everywhere, has no value.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    seed : int
        Orders equal values.

    Returns
    -------
    MetricResult
        One share an image, from 0 to 1, **higher is better**, with its chance: the object's share
        of the image, :math:`|M| / d`.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Equal values are ordered by a seeded key. `above_chance` of the result is 0 for a blind map
    whatever the size of the object.

    **Cost.** One sort a row, no forward pass.

    **Fails when** most of a map is 0, as after a ReLU: places below its positive part are drawn.

    References
    ----------
    .. [arras2020] L. Arras, A. Osman, W. Samek, 2020, arXiv:2003.07258.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.1, 0.6], [0.4, 0.2]]]])
    >>> xc.evaluation.relevance_rank(None, None, heat, mask=heat < 0.5).values
    tensor([0.6667], dtype=torch.float64)
    """

def top_k_intersection(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    k: int | None = None,
    channels: str = "sum",
    sign: str = "keep",
    seed: int = 0,
) -> MetricResult:
    r"""Measure which share of the k largest values is on the object.

    .. math::
        I_k = |\mathrm{top}_k(\phi) \cap M| \,/\, \min(k, |M|)

    Lesson 17.

    Parameters
    ----------
    model : callable or None
        Not asked: None will do.
    x : Tensor (N, ...) or None
        Only its shape is held against the map's: None will do.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : any
        Not read.
    mask : Tensor (N, ...)
        Where the truth lies: not 0 on the features that matter. Of x's shape, (N, 1, H, W), or (H, W)
        for one that holds for all images. A row in which it is nowhere, or everywhere, has no value.
    k : int, optional
        How many pixels (features) are taken, fewer than there are; a tenth of them without it.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    seed : int
        Orders equal values.

    Returns
    -------
    MetricResult
        One share an image, from 0 to 1, **higher is better**, with its chance:
        :math:`\max(k, |M|) / d`.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Divided by k alone, as elsewhere, no map could reach 1 on an object of fewer than k pixels.
    Equal values are ordered by a seeded key.

    **Cost.** One sort a row, no forward pass.

    **Fails when** one k is trusted: the choice of k decides which map wins. Look at several.

    References
    ----------
    .. [theiner2021] J. Theiner, E. Müller-Budack, R. Ewerth, 2021, arXiv:2104.14995.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.1, 0.6], [0.4, 0.2]]]])
    >>> xc.evaluation.top_k_intersection(None, None, heat, mask=heat > 0.5, k=2).values
    tensor([1.], dtype=torch.float64)
    """

def road(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "noisy_linear",
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    unit: int | Tensor | Literal['pixel', 'channel', 'superpixel', 'token', 'column'] = 1,
    steps: int | None = None,
    order: str = "morf",
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how fast the score falls when removed pixels are filled in by their neighbours.

    .. math::
        \mathrm{ROAD} = \int_0^1 F\big(\tilde x(a)\big)\, da, \qquad
        \tilde x_i = \frac{\sum_{j \in N(i)} w_{ij}\, \tilde x_j}{\sum_{j \in N(i)} w_{ij}}
        + \sigma\epsilon_i \ \text{ for the share } a \text{ of most relevant pixels}

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    imputer : number, str, Tensor or callable
        What stands in for removed features: a value, black, grey, white, blur, channel_mean, flip,
        uniform, linear, noisy_linear; a tensor that broadcasts to x; or a function ``(x, keep) -> x``.
        Colours, flip and uniform are for images in [0, 1]; on tables black is 0.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    steps : int, optional
        T; without it the score is read at the authors' shares: 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9,
        and at both ends.
    order : str
        ``"morf"``, most relevant first, or ``"lerf"``, least relevant first.
    seed : int
        Orders equal values.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One area an image, in units of `output`, so from 0 to 1 for probabilities,
        **lower is better** (higher with ``order="lerf"``), with the curve.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    The authors report the accuracy at each share: ``output="accuracy"``, and the mean of the curve
    over images. Every image counts, and exactly the share that is asked for is removed, also where
    most of a map is 0. Where all is removed the mean colour stands. The area between both orders
    is ``abpc(..., imputer="noisy_linear")``.

    **Cost.** 9 forward passes a row, one more where the class is to be predicted, and 7 systems
    of equations a row. On a CPU these take longer than the forward passes of a small net.

    **Fails when** holes are large: they are filled smoothly, which still favours blurred maps. That
    the form of a mask tells nothing of the class is assumed, not sure.

    References
    ----------
    .. [rong2022] Y. Rong, T. Leemann, V. Borisov, G. Kasneci, E. Kasneci, 2022, arXiv:2202.00449.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.arange(64.0).view(1, 1, 8, 8) / 64
    >>> xc.evaluation.road(lambda x: x.sum((1, 2, 3)), x, x, output="logit").shares
    tensor([0.0000, 0.0938, 0.2031, 0.2969, 0.4062, 0.5000, 0.7031, 0.9062, 1.0000],
           dtype=torch.float64)
    """

def roar(
    train: Callable[..., Any],
    data: Any,
    method: Any,
    *,
    fractions: Sequence[float] = ...,
    imputer: Any = "mean",
    target: str = "predicted",
    channels: str = "sum",
    sign: str = "keep",
    unit: int = 1,
    trainings: int = 5,
    seed: int = 0,
    controls: Sequence[str] = ...,
    model: Any = None,
    keep: Any = None,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Remove the most important features from all data, train anew and read the accuracy.

    .. math::
        \mathrm{ROAR} = \frac1{t_T}\int_0^{t_T} a(t)\,dt, \qquad
        a(t) = \text{accuracy of a net trained and tested on } x
        \text{ without its } t\,U \text{ most important of } U \text{ units}

    Lesson 15.

    Parameters
    ----------
    train : callable
        ``(x, labels, seed)`` -> a trained model, (N, ...) -> (N, K). Equal arguments must give an equal
        model; torch's global generator is seeded before each call, and as before after it.
    data : pair of (x, labels)
        For training and for testing: x (N, ...) as any data set of ``xc.datasets`` has it, and labels
        (N,), whole numbers.
    method : str, Spec or callable
        What is tested: a name in ``xc.METHODS``, ``xc.spec(name, ...)``, or a function
        ``(model, x, target)`` that returns maps.
    fractions : sequence of float
        Shares of the features that are removed, rising, in (0, 1]; 0 comes before them.
    imputer : number, str or callable
        What stands in for removed features: mean (that of the training data, one a channel or column),
        or a value, black, grey, white, blur, a function.
    target : str
        Whose score the maps explain: ``"predicted"``, by the model that is explained, or ``"label"``.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int
        Side of the square patches that are removed together (images); 1 is single pixels.
    trainings : int
        How many nets are trained for each share, with the seeds seed, seed + 1, ...
    seed : int
        Of the first training, and of the order of equal values.
    controls : sequence of str
        ``"random"``, ``"sobel"`` (images): maps that know nothing of a model, beside the method.
    model : callable, optional
        The model that is explained; without it one is trained on the whole data, with `seed`.
    keep : str or path-like, optional
        A file in which each training's result is kept as soon as it is there. A call that was
        interrupted goes on from it, and calls with equal trainings share them.
    batch_size : int, optional
        Rows that go through a model at once; never changes the result.

    Returns
    -------
    MetricResult
        One mean accuracy a training, from 0 to 1, **lower is better**, with the curve (S, T + 1)
        over the removed shares 0, t_1 ... t_T. ``details`` holds the results of the controls, by
        name.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    The maps of training and testing data are all of one model. Compare with ``details["random"]``:
    what stays right there, any net can read from what is left.

    **Cost.** S (1 + T (1 + controls)) trainings and one for the model that is explained; one map of
    each row. Equal trainings are done once, and with `keep` never again.

    **Fails when** another feature says the same: what a map removes is then not missed, however
    much the model uses it. And the removed places themselves can say the class: a map drawn from
    the explained model's verdict hands it on to the new one. Blurring a map, which adds nothing,
    can improve its score [song2023]_.

    References
    ----------
    .. [hooker2018] S. Hooker, D. Erhan, P.-J. Kindermans, B. Kim, 2018, arXiv:1806.10758.
    .. [song2023] J. Song, K. Cha, J. Seo, 2023, arXiv:2304.13836.

    Examples
    --------
    >>> import xaicourse as xc
    >>> e = xc.METRICS["roar"].example()
    >>> xc.evaluation.roar(e.train, e.data, e.method, fractions=(0.2, 0.4), trainings=1).curve
    tensor([[1.0000, 0.5000, 0.5000]], dtype=torch.float64)
    """

def kar(
    train: Callable[..., Any],
    data: Any,
    method: Any,
    *,
    fractions: Sequence[float] = ...,
    imputer: Any = "mean",
    target: str = "predicted",
    channels: str = "sum",
    sign: str = "keep",
    unit: int = 1,
    trainings: int = 5,
    seed: int = 0,
    controls: Sequence[str] = ...,
    model: Any = None,
    keep: Any = None,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Keep the most important features of all data, train anew and read the accuracy.

    .. math::
        \mathrm{KAR} = \frac1{t_T}\int_0^{t_T} a(t)\,dt, \qquad
        a(t) = \text{accuracy of a net trained and tested on } x
        \text{ without its } t\,U \text{ least important of } U \text{ units}

    Lesson 15.

    Parameters
    ----------
    train : callable
        ``(x, labels, seed)`` -> a trained model, (N, ...) -> (N, K). Equal arguments must give an equal
        model; torch's global generator is seeded before each call, and as before after it.
    data : pair of (x, labels)
        For training and for testing: x (N, ...) as any data set of ``xc.datasets`` has it, and labels
        (N,), whole numbers.
    method : str, Spec or callable
        What is tested: a name in ``xc.METHODS``, ``xc.spec(name, ...)``, or a function
        ``(model, x, target)`` that returns maps.
    fractions : sequence of float
        Shares of the features that are removed, rising, in (0, 1]; 0 comes before them.
    imputer : number, str or callable
        What stands in for removed features: mean (that of the training data, one a channel or column),
        or a value, black, grey, white, blur, a function.
    target : str
        Whose score the maps explain: ``"predicted"``, by the model that is explained, or ``"label"``.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int
        Side of the square patches that are removed together (images); 1 is single pixels.
    trainings : int
        How many nets are trained for each share, with the seeds seed, seed + 1, ...
    seed : int
        Of the first training, and of the order of equal values.
    controls : sequence of str
        ``"random"``, ``"sobel"`` (images): maps that know nothing of a model, beside the method.
    model : callable, optional
        The model that is explained; without it one is trained on the whole data, with `seed`.
    keep : str or path-like, optional
        A file in which each training's result is kept as soon as it is there. A call that was
        interrupted goes on from it, and calls with equal trainings share them.
    batch_size : int, optional
        Rows that go through a model at once; never changes the result.

    Returns
    -------
    MetricResult
        One mean accuracy a training, from 0 to 1, **higher is better**, with the curve (S, T + 1)
        over the removed shares 0, t_1 ... t_T. ``details`` holds the results of the controls, by
        name.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    As ROAR with the order turned round: at t the share 1 - t is kept.

    **Cost.** S (1 + T (1 + controls)) trainings and one for the model that is explained; one map of
    each row. Equal trainings are done once, and with `keep` never again.

    **Fails when** the kept places themselves say the class: the new net then reads the explained
    model's verdict from their form, whatever is in them.

    References
    ----------
    .. [hooker2018] S. Hooker, D. Erhan, P.-J. Kindermans, B. Kim, 2018, arXiv:1806.10758.

    Examples
    --------
    >>> import xaicourse as xc
    >>> e = xc.METRICS["kar"].example()
    >>> xc.evaluation.kar(e.train, e.data, e.method, fractions=(0.8, 1), trainings=1).curve
    tensor([[1.0000, 1.0000, 0.5000]], dtype=torch.float64)
    """

def max_sensitivity(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    radius: float = 0.02,
    samples: int = 10,
    same_class: bool = True,
    most_output_change: float | None = None,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how far the map can move when x moves by at most r.

    .. math::
        \mathrm{SENS} = \max_{\lVert\delta\rVert_\infty \le r}
        \frac{\lVert\Phi(x + \delta) - \Phi(x)\rVert_2}{\lVert\Phi(x)\rVert_2}

    Lesson 16.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    method : str, Spec or callable
        What is asked for a map again and again: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``, or a function (model, x, target) that returns a
        map of x's shape.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the class predicted at x. It is fixed once, at x.
    radius : float
        r, in units of x: neighbours are drawn evenly from x - r to x + r, number by number, the same
        shifts for every row.
    samples : int
        How many neighbours, or noisy copies, are drawn.
    same_class : bool
        Leave out neighbours that the model gives another class: their maps ought to differ.
    most_output_change : float, optional
        Leave out neighbours whose F differs by more than this from F(x), in units of `output`.
    seed : int
        Of the draws: the same in every row, on every device and for every batch_size.
    output : str or callable
        The scale of F, on which is explained: ``"logit"``, ``"probability"``,
        ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result. A function as `method`
        chooses its own.

    Returns
    -------
    MetricResult
        One share an image, at least 0, **lower is better**; NaN where no neighbour counts, and for
        a map of zeros. In the details: `map_change` and `output_change`, by how much the map (as a
        share of its size) and F moved at the worst neighbour, and `counted`, the share of
        neighbours that were not left out.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    The largest of n draws is a lower bound, which grows with n.

    **Cost.** n + 1 explanations a row and n + 2 forward passes.

    **Fails when** it is read alone: a map that never changes has 0. Where F changes, so should the
    map: look at `output_change`, and at a search in place of draws.

    References
    ----------
    .. [yeh2019] C.-K. Yeh, C.-Y. Hsieh, A. Suggala, D. Inouye, P. Ravikumar, 2019,
       arXiv:1901.09392.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.max_sensitivity(toy, x, "gradient").values  # no kink of the toy is that near
    tensor([0.], dtype=torch.float64)
    """

def average_sensitivity(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    radius: float = 0.02,
    samples: int = 10,
    same_class: bool = True,
    most_output_change: float | None = None,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how far the map moves on average when x moves by at most r.

    .. math::
        \frac1n \sum_i \frac{\lVert\Phi(x + \delta_i) - \Phi(x)\rVert_2}{\lVert\Phi(x)\rVert_2},
        \qquad \lVert\delta_i\rVert_\infty \le r

    Lesson 16.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    method : str, Spec or callable
        What is asked for a map again and again: ``"gradient"``,
        ``xc.spec("integrated_gradients", steps=8)``, or a function (model, x, target) that returns a
        map of x's shape.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the class predicted at x. It is fixed once, at x.
    radius : float
        r, in units of x: neighbours are drawn evenly from x - r to x + r, number by number, the same
        shifts for every row.
    samples : int
        How many neighbours, or noisy copies, are drawn.
    same_class : bool
        Leave out neighbours that the model gives another class: their maps ought to differ.
    most_output_change : float, optional
        Leave out neighbours whose F differs by more than this from F(x), in units of `output`.
    seed : int
        Of the draws: the same in every row, on every device and for every batch_size.
    output : str or callable
        The scale of F, on which is explained: ``"logit"``, ``"probability"``,
        ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result. A function as `method`
        chooses its own.

    Returns
    -------
    MetricResult
        One share an image, at least 0, **lower is better**; NaN where no neighbour counts, and for
        a map of zeros. In the details: `map_change` and `output_change`, by how much the map (as a
        share of its size) and F moved on average, and `counted`, the share of neighbours that were
        not left out.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    A mean over draws has no bias that grows with their number, as the largest of them has.

    **Cost.** n + 1 explanations a row and n + 2 forward passes.

    **Fails when** it is read alone: a map that never changes has 0, and one bad direction among
    many is not seen.

    References
    ----------
    .. [bhatt2020] U. Bhatt, A. Weller, J. Moura, 2020, arXiv:2005.00631.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.average_sensitivity(toy, x, "gradient").values
    tensor([0.], dtype=torch.float64)
    """

def sensitivity_n(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    sizes: int | Sequence[int] | None = None,
    samples: int = 100,
    imputer: Any = "black",
    output: Any = "logit",
    channels: str = "sum",
    sign: str = "keep",
    unit: int | Tensor | Literal['pixel', 'channel', 'superpixel', 'token', 'column'] = 1,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Correlate the sum of the map over random sets of n units with how far the score falls.

    .. math::
        \mathrm{Sens}(n) = \mathrm{corr}_{|S| = n}\Big( \sum_{i \in S} \phi_i,\;
        F(x) - F(x \text{ without } S) \Big)

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    sizes : int, sequence of int, optional
        n, below the number U of units: at n = U there is one set, and nothing varies. Of several
        the correlations are averaged; without it eight sizes, from 1 to 0.8 U.
    samples : int
        How many sets of each size.
    imputer : number, str, Tensor or callable
        What stands in for removed features; it asks the map's own question where it is the
        baseline of the map.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    seed : int
        Draws the sets, the same for every row and on every device.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One mean correlation an image, from -1 to 1, **higher is better**. Where the map says the
        same of all sets, or the score falls alike for all, it is not defined: NaN, which is
        counted.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    The sets are the same for all rows. Each image has its own correlation; across images it would
    compare their scales.

    **Cost.** sizes x samples + 1 forward passes a row.

    **Fails when** large sets leave nothing that the model has learnt from; and it asks for a sum,
    which no map of single features can give where features only act together.

    References
    ----------
    .. [ancona2017] M. Ancona, E. Ceolini, C. Öztireli, M. Gross, 2017, arXiv:1711.06104.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.sensitivity_n(toy, x, xc.gradient(toy, x), sizes=1).values.round(decimals=3)
    tensor([1.], dtype=torch.float64)
    """

def faithfulness_correlation(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    size: int | None = None,
    samples: int = 100,
    correlation: str = "pearson",
    imputer: Any = "black",
    output: Any = "logit",
    channels: str = "sum",
    sign: str = "keep",
    unit: int | Tensor | Literal['pixel', 'channel', 'superpixel', 'token', 'column'] = 1,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Correlate the sum of the map over random sets of one size with how far the score falls.

    .. math::
        \mathrm{FC} = \mathrm{corr}_{|S| = k}\Big( \sum_{i \in S} \phi_i,\;
        F(x) - F(x \text{ without } S) \Big)

    Lesson 15.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    size : int, optional
        k, below the number U of units; a fifth of them without it.
    samples : int
        How many sets.
    correlation : str
        ``"pearson"``, or ``"spearman"``, which makes it :math:`\mu`-fidelity.
    imputer : number, str, Tensor or callable
        What stands in for removed features.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int, str or Tensor
        What is removed at once: the side of square patches (images), 1 is single pixels (or
        features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
        (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
        its own, a curve has 100 steps.
    seed : int
        Draws the sets, the same for every row and on every device.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One correlation an image, from -1 to 1, **higher is better**. Where the map says the same
        of all sets, or the score falls alike for all, it is not defined: NaN, which is counted.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    It is `sensitivity_n` for one n.

    **Cost.** samples + 1 forward passes a row.

    **Fails when** few sets are drawn: with 100 the standard error of a correlation near 0 is 0.1.

    References
    ----------
    .. [bhatt2020] U. Bhatt, A. Weller, J. M. F. Moura, 2020, arXiv:2005.00631.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.faithfulness_correlation(toy, x, -xc.gradient(toy, x), size=1).values < 0
    tensor([True])
    """
