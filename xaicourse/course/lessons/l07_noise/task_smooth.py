"""Task 07.1: SmoothGrad with given noise: the mean of gradients at noisy copies."""

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.lessons.l07_noise.probe_gradient import ProbeGradient

__all__ = ["MY_SMOOTHGRAD"]


def my_smoothgrad(gradient, x, noise, sigma, *, join=lambda found: found.mean(0)):
    """Return the mean gradient over the noisy copies, (N, ...)."""
    return join(torch.stack([gradient(x + sigma * draw) for draw in noise]))


# ---------------------------------------------------------------- cases


def copies_of(name, says, bend, inputs, draws, shape, sigma):
    """Return a case: inputs of this shape, and draws of noise."""
    return case(
        name,
        says,
        gradient=ProbeGradient(shape, bend),
        x=0.5 + 0.45 * waves(bend, inputs, *shape),
        noise=1.4 * waves(bend + 0.9, draws, *shape) + 0.1,
        sigma=sigma,
    )


CASES = (
    copies_of("vector", "one input with four numbers, three draws", 2.0, 1, 3, (4,), 0.4),
    copies_of("two", "two inputs with three numbers, five draws", 3.1, 2, 5, (3,), 0.6),
    copies_of("picture", "two pictures (1, 2, 3), four draws", 2.3, 2, 4, (1, 2, 3), 0.3),
    copies_of("one_draw", "three inputs (2, 2), a single draw", 4.7, 3, 1, (2, 2), 0.5),
)


# ---------------------------------------------------------------- other sums over the copies


def variance(found):
    """Return the variance over the copies, with n in its denominator."""
    return found.var(0, unbiased=False)


def unbiased(found):
    """Return it with n - 1 in the denominator: NaN for a single draw."""
    return variance(found) * (len(found) / (len(found) - 1) if len(found) > 1 else torch.nan)


def spread_of_each(x):
    """Return the range of each input, to be multiplied with it."""
    flat = x.flatten(1)
    return (flat.amax(1) - flat.amin(1)).view(-1, *[1] * (x.ndim - 1))


# ---------------------------------------------------------------- the task

MISTAKES = [
    # what is made of the gradients
    before(
        "abs_first",
        "You average the sizes of the gradients: slopes of opposite sign no longer cancel. See "
        "{section_sizes}.",
        gradient=lambda gradient: lambda points: gradient(points).abs(),
    ),
    after(
        "abs_after",
        "The sizes are right, but the signs are gone. Only a display may drop them.",
        torch.abs,
    ),
    before(
        "squares",
        "You average the squares, another method. See {section_sizes}.",
        gradient=lambda gradient: lambda points: gradient(points).square(),
    ),
    swap(
        "root_mean_square",
        "This is the root of the mean square. Asked is the mean, with signs. See {section_sizes}.",
        join=lambda found: found.square().mean(0).sqrt(),
    ),
    swap(
        "variance",
        "This is the variance over the copies, VarGrad. Asked is the mean.",
        join=variance,
    ),
    swap("variance", "", join=unbiased),
    swap(
        "standard_deviation",
        "This is the standard deviation over the copies. Asked is the mean.",
        join=lambda found: variance(found).sqrt(),
    ),
    swap("standard_deviation", "", join=lambda found: unbiased(found).sqrt()),
    swap(
        "standard_error",
        "This is the standard error of the mean. Asked is the mean itself.",
        join=lambda found: (variance(found) / len(found)).sqrt(),
    ),
    swap("standard_error", "", join=lambda found: (unbiased(found) / len(found)).sqrt()),
    swap(
        "median",
        "You take the median. Only the mean is the gradient of the smoothed score.",
        join=lambda found: found.quantile(0.5, dim=0),
    ),
    swap("median", "", join=lambda found: found.median(0).values),
    swap(
        "summed",
        "You add up the gradients. Divide by the number of draws.",
        join=lambda found: found.sum(0),
    ),
    swap(
        "one_too_few",
        "You divide by n - 1. That belongs to a variance. A mean divides by n.",
        join=lambda found: found.sum(0) / max(1, len(found) - 1),
    ),
    swap("one_too_few", "", join=lambda found: found.sum(0) / torch.tensor(len(found) - 1.0)),
    before(
        "first_draw",
        "Only the first draw is in your result. Is a return inside the loop?",
        noise=lambda noise: noise[:1],
    ),
    swap("first_draw", "", join=lambda found: found[0] / len(found)),
    before(
        "last_draw",
        "Only the last draw is in your result. Does each turn overwrite the sum?",
        noise=lambda noise: noise[-1:],
    ),
    swap("last_draw", "", join=lambda found: found[-1] / len(found)),
    swap(
        "over_the_inputs",
        "You average over the inputs. Average over the draws: the first axis of (n, N, ...).",
        join=lambda found: found.mean(1),
    ),
    swap(
        "batch_averaged",
        "You average over the inputs as well. Each input keeps its own map.",
        join=lambda found: found.mean((0, 1)),
    ),
    swap("batch_averaged", "", join=lambda found: found.mean((0, 1)).expand_as(found[0])),
    swap(
        "not_averaged",
        "You return one map for each draw. Take their mean.",
        join=lambda found: found,
    ),
    # the copies
    before(
        "random_walk",
        "You add each draw to the copy before it. Every copy starts from x. (This mistake stands "
        "in public code.)",
        noise=lambda noise: noise.cumsum(0),
    ),
    before(
        "mean_copy",
        "You average the noise first. Take a gradient at each copy, then the mean.",
        noise=lambda noise: noise.mean(0, keepdim=True),
    ),
    before(
        "no_noise",
        "This is the plain gradient at x. Add sigma * draw before you ask for a gradient.",
        sigma=lambda sigma: 0,
    ),
    before("sigma_forgotten", "The noise is not multiplied by sigma.", sigma=lambda sigma: 1),
    before(
        "sigma_squared",
        "You multiply the noise by sigma squared. Multiply by sigma itself.",
        sigma=lambda sigma: sigma**2,
    ),
    before(
        "sigma_rooted",
        "You multiply the noise by the root of sigma. Multiply by sigma itself.",
        sigma=lambda sigma: sigma**0.5,
    ),
    before(
        "relative_sigma",
        "You multiply sigma by the range of x. Here sigma is given in units of x.",
        sigma=lambda sigma, x: sigma * spread_of_each(x),
    ),
    before("relative_sigma", "", sigma=lambda sigma, x: sigma * (x.max() - x.min())),
    before(
        "multiplied",
        "You multiply x by the noise. It is added: x + sigma * draw.",
        sigma=lambda sigma, x: sigma * x,
    ),
    before(
        "clipped",
        "You cut the noisy copies to [0, 1]. That shifts their mean: bright pixels get darker.",
        gradient=lambda gradient: lambda points: gradient(points.clamp(0, 1)),
    ),
    before(
        "subtracted",
        "You subtract the noise. On average that is the same, but these draws are added.",
        sigma=lambda sigma: -sigma,
    ),
    before(
        "photo_counted",
        "You also count the gradient at x. The mean runs over the n noisy copies only.",
        noise=lambda noise: torch.cat([0 * noise[:1], noise]),
    ),
    # the finished map
    own(
        "noise_on_the_map",
        "You add the noise to the gradient. It belongs on the input.",
        lambda gradient, x, noise, sigma: gradient(x) + sigma * noise.mean(0),
    ),
    after(
        "times_input",
        "You multiply by x. Asked is the mean gradient itself.",
        lambda found, x: x * found,
    ),
]

MY_SMOOTHGRAD = function_task(
    "07.1",
    my_smoothgrad,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The mean of the gradients at the noisy copies, with signs.",
    hints=(
        "For each draw: make one noisy copy of x, ask for its gradient, and keep it. At the "
        "end, take the mean over the draws.",
        "A copy is x + sigma * draw. It starts from x each time, not from the copy before. "
        "noise[s] has the shape of one input and is added to each of them.",
        "total = torch.zeros_like(x); for draw in noise: total = total + gradient(x + sigma * "
        "draw); after the loop: return total / len(noise).",
    ),
)
