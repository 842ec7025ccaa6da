"""The choices that change a metric's ranking, each one explicit and on record."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Protocol"]


@dataclass(frozen=True)
class Protocol:
    """The ten choices of a removal metric; stored in every `MetricResult`.

    Parameters
    ----------
    output : str
        The scale of the score: logit, probability, log_probability, margin.
    target : str
        What is scored for each row, the caller's own or the class predicted at x, as it was fixed;
        so two results for different classes are never compared.
    channels : str
        How an image's channels become one number a pixel: sum, abs_sum, max_abs, l2 or mean.
    sign : str
        keep, abs or positive: what of the sign is left before pixels are ranked.
    unit : int or str
        Side of the square patches that are removed together; 1 is single pixels (features). Or
        channel, superpixel, token.
    imputer : str
        What stands in for the removed features.
    ties : str
        How equal values are ordered: a random key with this seed, the same for every image.
    steps : int
        How many times something is removed; the curve has steps + 1 points, both ends included.
    area : str
        How the curve becomes a number: the trapezoid over the removed share, from 0 to 1.
    aggregation : str
        Values are per image; the caller averages them.
    own : tuple of (name, value)
        Settings that only this metric has, such as the size of a neighbourhood.
    """

    output: str
    target: str
    channels: str
    sign: str
    unit: int | str
    imputer: str
    ties: str
    steps: int
    area: str = "trapezoid on [0, 1]"
    aggregation: str = "none: one value an image"
    own: tuple[tuple[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the choices as a plain dictionary."""
        return dict(vars(self))
