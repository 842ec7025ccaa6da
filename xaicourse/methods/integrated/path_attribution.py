"""One door to every combination of path, weight, baselines and backward rule."""

from collections.abc import Callable
from typing import Any, Unpack, cast

from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask
from xaicourse.core.near_names import did_you_mean
from xaicourse.core.registry import attribution_method
from xaicourse.core.rules import BackwardRule, BackwardRules, Rules
from xaicourse.core.shared import Asked
from xaicourse.methods.baseline_sets import Baselines, baseline_set, set_size
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import Rule, along, gradients_per_row
from xaicourse.methods.integrated.average import average
from xaicourse.methods.integrated.paths import WhichPath, make_path
from xaicourse.methods.integrated.weights import PathWeight, make_weight
from xaicourse.methods.vanilla.relu_rules import deconvnet_rule, guided_rule

__all__ = ["RULES", "path_attribution"]

RULES: dict[str, BackwardRule] = {"guided_backprop": guided_rule, "deconvnet": deconvnet_rule}


@attribution_method(
    title="Path attribution",
    year=2017,
    paper="arXiv:1703.01365",
    family="integrated",
    claims={"completeness", "dummy"},
    cost=lambda settings: gradients_per_row(settings) * set_size(settings.get("baselines")),
    example=small_classifier,
)
def path_attribution(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    path: WhichPath = "straight",
    weight: PathWeight = None,
    baselines: Baselines = 0.0,
    rule: str | BackwardRule | BackwardRules | None = None,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Sum gradients along any path, under any weight, from any baselines, by any backward rule.

    .. math::
        A_i = \operatorname*{mean}_{x'} \int_0^1 \omega\; \partial_i F\big(\gamma(\alpha)\big)\,
        \gamma_i'(\alpha)\, d\alpha, \qquad \gamma(0) = x',\ \gamma(1) = x

    At its defaults this is Integrated Gradients.

    Parameters
    ----------
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

    Returns
    -------
    Tensor (N, ...)
        Signed. `gap` is against what path, weight and baselines let expect of the plain gradient
        (`expected_total` in the details where that is not the rise); decision has none, for its
        map is in units of F squared.

    Raises
    ------
    ValueError, TypeError
        Also for an unknown path, weight or rule, a weight without a finite integral, a baseline
        of the wrong shape.

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
    laid, weighing = Rule.of(quadrature, steps, tol), make_weight(weight)
    if weighing.combine is not None and laid.quadrature == "adaptive":
        raise ValueError("weight 'important_direction' is exact at any steps: give steps, no tol")
    question = ask(model, x, target, **asked, rules=_rules(rule, allow))
    starts = baseline_set(baselines, question.x)
    ways = (make_path(path, question, start.expand_as(question.x)) for start in starts)
    return average([along(question, way, weighing, laid) for way in ways])


def _rules(rule: Any, allow: tuple[str, ...]) -> BackwardRules | None:
    """Return the backward rules that `rule=` means."""
    if rule is None and allow:
        raise ValueError(f"allow is for a backward rule: give rule= too, or leave out {allow!r}")
    if isinstance(rule, str):
        if rule not in RULES:
            raise ValueError(f"rule {rule!r} is unknown; {did_you_mean(rule, RULES)}")
        return Rules("path_attribution", RULES[rule], allow)
    if isinstance(rule, BackwardRules):
        if rule.carries_relevance:
            raise ValueError(
                f"rule of {rule.method} carries relevance backwards, which already holds the "
                "input; a path needs rules that carry a gradient"
            )
        return rule
    if rule is not None and not callable(rule):
        raise TypeError(
            f"rule must be None, one of {', '.join(RULES)}, a function (slope, gradient) or "
            f"BackwardRules, got {type(rule).__name__}"
        )
    return None if rule is None else Rules("path_attribution", cast(BackwardRule, rule), allow)
