"""No task of lesson 05 can be solved by pasting what stands above it: each attempt here must fail.

The code is that of the lesson with other names, and no thought.
"""

import torch

import xaicourse as xc
from xaicourse.course.checking import check

toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()


def slopes_of_the_figure(model, x, target, baseline, steps):
    """Section 2: the gradient at the middle of each piece, times x."""
    middles = (torch.arange(steps, dtype=x.dtype) + 0.5) / steps
    points = middles[:, None] * x
    return (xc.gradient(model, points, target=target) * x).sum(1)


def test_the_figure_of_section_2_is_no_loop():
    assert not check("05.2", slopes_of_the_figure).passed


def gap_of_the_figure(gaps, rise, limit):
    """Section 5: the sizes of the gaps in rises, as they are drawn."""
    sizes = {n: abs(gaps[n]) / rise for n in gaps}
    return min(n for n in sizes if sizes[n] <= limit)


def test_the_figure_of_section_5_chooses_no_number_of_steps():
    assert not check("05.3", gap_of_the_figure).passed


def line(p):
    return 2 * p[:, 0] + p[:, 1]


def product(p):
    return p[:, 0] * p[:, 1]


def saturated(p):
    return 1 - torch.relu(1 - p[:, 0])


def test_the_functions_of_section_3_convict_one_of_three():
    for f, x in ((line, [10.0, 5.0]), (product, [3.0, 2.0]), (toy, [3.0, 1.0])):
        evidence = (f, [x], [[0.0, 0.0]], 12)
        verdict = check("05.4", dict.fromkeys("abc", evidence))
        assert not verdict.passed, verdict.message


def coat_share_of_section_6(attribution, photo):
    brightness = photo.mean(dim=1)[0]  # (H, W)
    coat = brightness <= brightness.flatten().quantile(0.2)
    return float(attribution.abs()[coat].sum() / attribution.abs().sum())


def test_the_share_of_section_6_does_not_fit_the_task():
    answer = {"coat_share": coat_share_of_section_6, "low": None, "high": None}
    verdict = check("05.5", answer)
    assert not verdict.passed
    assert "right" not in verdict.message.split(".")[0]


def test_no_function_of_section_3_has_a_zero_that_matters():
    for f, x in ((saturated, [2.0, 0.0]), (product, [3.0, 2.0]), (toy, [3.0, 1.0])):
        for feature in (0, 1):
            assert not check("05.6", (f, [x], [[0.0, 0.0]], feature, 5.0)).passed


def test_the_map_of_the_logit_is_none_of_the_probability():
    def my_ig(model, x, target, baseline, steps):
        inputs = torch.arange(len(x), device=x.device)
        total = torch.zeros_like(x)
        for step in range(steps):
            alpha = (step + 0.5) / steps
            point = (baseline + alpha * (x - baseline)).detach().requires_grad_()
            total += torch.autograd.grad(model(point)[inputs, target].sum(), point)[0]
        return (x - baseline) * total / steps

    assert check("05.2", my_ig).passed
    assert not check("05.7", my_ig).passed
