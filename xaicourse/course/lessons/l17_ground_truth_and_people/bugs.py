"""Three functions that score maps and people badly. Task 17.5: convict each of them.

A map is (H, W), its mask is (H, W) of booleans; trials are those of task 17.3.
"""

# ruff: noqa: D103 - students read these functions; a docstring would give the mistake away

__all__ = ["bug_a", "bug_b", "bug_c"]


def bug_a(heat, mask):
    inside = (heat * mask).sum()
    outside = (heat * ~mask).sum()
    return inside / (inside + outside)


def bug_b(heat, mask):
    sizes = heat.abs()
    largest = sizes == sizes.max()
    return float((largest & mask).any())


def bug_c(trials):
    told = [(side, picked) for _, _, side, picked in trials if picked is not None]
    on_the_left = {"left": 1, "right": 0}
    return sum(on_the_left[picked] for _, picked in told) / len(told)
