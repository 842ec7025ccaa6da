"""What a caller of LRP may write for `rules`, and what is refused."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from xaicourse.methods.vanilla.relevance_rules import COMPOSITES, RULES, RelevanceRule, ZBox

__all__ = ["check_inside", "make_box", "read_rules"]


def read_rules(rules: Any, settings: Mapping[str, Any]) -> dict[str | int, RelevanceRule]:
    """Return the table of rules that the caller's `rules` means."""
    for name in ("epsilon", "gamma"):
        value = settings[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e30:
            raise ValueError(f"{name} must be a number of at least 0, got {value!r}")
    if not isinstance(settings["alpha"], int | float) or not 1 <= settings["alpha"] < 1e30:
        raise ValueError(f"alpha must be a number of at least 1, got {settings['alpha']!r}")
    check_ends(settings["low"], settings["high"])
    if isinstance(rules, str) and rules in COMPOSITES:
        rules = COMPOSITES[rules]
    if not isinstance(rules, Mapping):
        rules = {"conv": rules, "linear": rules}
    table = {key: _rule(rule, settings) for key, rule in rules.items()}
    wrong = [k for k in table if k not in ("first", "conv", "linear") and not _is_number(k)]
    missing = {"conv", "linear"} - set(table)
    if wrong or missing:
        raise ValueError(
            "rules: a table needs a rule for 'conv' and one for 'linear', and may have more for "
            f"'first' and for layer numbers 0, 1, ...; got {', '.join(map(repr, rules))}"
        )
    return table


def _is_number(key: Any) -> bool:
    return isinstance(key, int) and not isinstance(key, bool) and key >= 0


def _rule(rule: Any, settings: Mapping[str, Any]) -> RelevanceRule:
    if isinstance(rule, str) and rule in RULES:
        if rule == "z_box":
            return make_box(settings["low"], settings["high"])
        return RULES[rule](settings)
    if not isinstance(rule, str) and hasattr(rule, "share"):
        return rule
    raise ValueError(
        f"rules: {rule!r} is unknown; there are the rules {', '.join(RULES)} and the composites "
        f"{', '.join(name for name in COMPOSITES if name not in RULES)}"
    )


def make_box(low: float | Tensor, high: float | Tensor) -> ZBox:
    """Return the rule zB between these bounds, or raise."""
    check_ends(low, high)
    if not bool((torch.as_tensor(high) > torch.as_tensor(low)).all()):
        raise ValueError(f"low must be below high, got low={low}, high={high}")
    return ZBox(low, high)


def check_ends(low: Any, high: Any) -> None:
    """Raise unless both are finite numbers or tensors of them."""
    for name, end in (("low", low), ("high", high)):
        is_number = isinstance(end, int | float | Tensor) and not isinstance(end, bool)
        if not is_number or torch.as_tensor(end).is_complex():
            raise TypeError(f"{name} must be a number or a tensor of them, got {end!r}")
        if not bool(torch.isfinite(torch.as_tensor(end)).all()):
            raise ValueError(f"{name} must be finite, got {end!r}")


def check_inside(x: Tensor, box: ZBox) -> None:
    """Raise unless x lies in the box."""
    low, high = (torch.as_tensor(end, dtype=x.dtype).to(x.device) for end in (box.low, box.high))
    for name, end in (("low", low), ("high", high)):
        try:
            end.expand(x.shape)
        except RuntimeError:
            raise ValueError(
                f"{name} has shape {tuple(end.shape)}, which does not broadcast to x's, "
                f"{tuple(x.shape)}; give a number, or one for each pixel"
            ) from None
    slack = 1e-5 * (high - low)
    if not bool(((x >= low - slack) & (x <= high + slack)).all()):
        raise ValueError(
            f"the rule z_box needs low <= x <= high, but x goes from {float(x.min()):.3g} to "
            f"{float(x.max()):.3g}, outside of low={box.low}, high={box.high}; give the smallest "
            "and largest value that x can have"
        )
