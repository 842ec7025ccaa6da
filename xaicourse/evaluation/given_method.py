"""What a metric that explains is given as `method`: a name, a spec or a function."""

from collections.abc import Callable
from functools import partial

from torch import Tensor

from xaicourse.core.checks import check_takes, named
from xaicourse.methods.spec import Spec, spec

__all__ = ["explainer"]


def explainer(
    method: str | Spec | Callable[..., Tensor], batch_size: int | None
) -> Callable[..., Tensor]:
    """Return what is tested as a function (model, x, target), or raise."""
    if isinstance(method, str):
        method = spec(method)
    if not callable(method):
        raise TypeError(
            "method must be the name of a registered method, an xaicourse.spec or a function "
            f"(model, x, target) that returns a map, got {named(method)}"
        )
    if not isinstance(method, Spec):
        check_takes(method, "method", ("model", "x", "target"))
    return partial(method, batch_size=batch_size) if isinstance(method, Spec) else method
