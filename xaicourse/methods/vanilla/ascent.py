"""Class model visualisation (2013): the picture that a class likes best, by gradient ascent.

Not an attribution: it explains no input. It shows what the same gradient does when it is followed.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_input, check_positive_int
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.near_names import suggest_names
from xaicourse.core.progress import progress

__all__ = ["class_model"]


@suggest_names
def class_model(
    model: Callable[..., Any],
    start: Tensor,
    target: Any,
    *,
    penalty: float = 0.01,
    step_size: float = 1.0,
    steps: int = 100,
    bounds: tuple[float, float] | None = None,
    output: Any = "logit",
    batch_size: int | None = None,
) -> Tensor:
    r"""Climb from a picture towards one that has a high score and a small norm.

    .. math::
        x^* = \arg\max_x F(x) - \lambda \lVert x \rVert_2^2, \qquad
        x \leftarrow x + \eta\, (\nabla F(x) - 2 \lambda x)

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K) or other outputs that `target` reads.
    start : Tensor (N, ...)
        Where to begin: the paper begins with zeros, on images from which the mean is subtracted.
    target : int, (N,) ints, tuple, callable or target object
        The class whose score F is to rise; it has to be named.
    penalty : float
        :math:`\lambda`, at least 0.
    step_size : float
        :math:`\eta`, above 0.
    steps : int
        How many steps to take, one gradient each.
    bounds : (float, float), optional
        Lowest and highest value of a pixel, kept after each step.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function. With
        ``"probability"`` the other classes are also pushed down; the paper takes the logit, so
        that the class itself has to appear.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    Tensor (N, ...)
        The pictures at the end, like `start`.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a NaN gradient, a picture that is no longer
        finite: the steps are too long.

    Notes
    -----
    The picture depends on where one begins, on the penalty and on the number of steps. It is a
    property of the class in this model, and says nothing of any one photo.

    References
    ----------
    K. Simonyan, A. Vedaldi, A. Zisserman, 2013, arXiv:1312.6034, section 2.

    Examples
    --------
    >>> import torch
    >>> from xaicourse.methods.vanilla.ascent import class_model
    >>> class_model(lambda x: x @ torch.tensor([1.0, 2.0]), torch.zeros(1, 2), (), penalty=0.25,
    ...             step_size=1.0, steps=50)
    tensor([[2., 4.]])
    """
    if target is None:
        raise ValueError("target must name the class that the picture is made for, got None")
    for name, value, least in (("penalty", penalty, "0"), ("step_size", step_size, "above 0")):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{name} must be a number, got {value!r}")
        wrong = value < 0 if least == "0" else value <= 0
        if not math.isfinite(value) or wrong:
            raise ValueError(f"{name} must be finite and {least} or more, got {value}")
    if bounds is not None and not (isinstance(bounds, tuple | list) and len(bounds) == 2):
        raise TypeError(f"bounds must be (lowest, highest), got {bounds!r}")
    if bounds is not None and not bounds[0] < bounds[1]:
        raise ValueError(f"bounds must be (lowest, highest), got {bounds}")
    check_positive_int(steps, "steps")

    bar = progress(steps, "class model")
    try:
        with torch.inference_mode(False), torch.no_grad():
            check_input(start, "start")
            question = ask(model, start, target, output, batch_size)
            x = question.x.clone()
            for _ in range(steps):
                grad, _ = gradients(question, x)
                x = x + step_size * (grad - 2 * penalty * x)
                x = x if bounds is None else x.clamp(*bounds)
                if not bool(x.isfinite().all()):
                    raise ValueError(
                        "the picture has left all bounds: the steps are too long. Make step_size "
                        f"({step_size}) smaller: step_size * penalty must be below 1 for the "
                        f"penalty not to grow from step to step, here it is {step_size * penalty:g}"
                    )
                bar.update(1)
    finally:
        bar.close()
    return x.to(start.dtype)
