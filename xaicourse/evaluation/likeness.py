"""How much two maps are alike."""

from torch import Tensor

__all__ = ["cosine"]


def cosine(a: Tensor, b: Tensor) -> float:
    """Return the cosine of two maps of one shape, in float64; 0 if one of them is 0.

    Parameters
    ----------
    a, b : Tensor
        Maps of any shape.

    Returns
    -------
    float
        From -1 to 1.
    """
    a, b = (values.detach().cpu().double().flatten() for values in (a, b))
    size = float(a.norm() * b.norm())
    return float(a @ b) / size if size > 0 else 0.0
