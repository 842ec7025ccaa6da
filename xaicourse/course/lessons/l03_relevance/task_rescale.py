"""Task 03.3: DeepLIFT with the rule Rescale, for a dense ReLU net."""

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, saying, swap
from xaicourse.course.grading.shared_mistakes import LOSS, WHICH_NUMBER
from xaicourse.course.lessons.l03_relevance import other_maps
from xaicourse.course.lessons.l03_relevance.nets import dense, numbers
from xaicourse.course.lessons.l03_relevance.other_maps import open_gates, quotients, rescale

__all__ = ["RESCALE"]


# ---------------------------------------------------------------- cases


def net(name: str, sizes: list[int], target: list[int], turn: float, still=False):
    """Return a case: a net, and an input and a baseline for each target."""
    baseline = numbers(turn + 0.2, len(target), sizes[0])
    made = dense(name, sizes, target, turn)
    values, says = dict(made.values), made.says
    if still:
        values["weights"][0][1] = 0.0
        says += "; the sum of one unit does not change, so z - z' is 0"
    target_last = values.pop("target")
    return case(name, says, **values, baseline=baseline, target=target_last)


CASES = (
    net("one_layer", [3, 4], [2], 0.9),
    net("two_layers", [4, 6, 3], [1], 1.3),
    net("batch", [5, 7, 6, 4], [2, 0, 3], 0.6),
    net("still_unit", [3, 5, 5, 3], [1, 2], 2.1, still=True),
    # Few binary digits, so that sums are exact. The changes (1, -1, 2) cancel out in two hidden
    # sums, which stay at 3 (open) and at -3 (closed). The third goes from 0 to 4, the fourth from
    # just below 0 to just above: its quotient is 1/2.
    case(
        "cancelled",
        "two layers, one input of three features; its changes cancel out in two hidden sums",
        weights=[
            torch.tensor(
                [[1.0, 1.0, 0.0], [-2.0, 0.0, 1.0], [1.0, -1.0, 1.0], [1 + 1 / 128, 1.0, 0.0]]
            ),
            torch.tensor([[2.0, 3.0, 1.0, 2.0], [1.0, -2.0, -1.0, 1.0]]),
        ],
        biases=[torch.tensor([1.0, -2.0, -1.0, -2 - 3 / 256]), torch.tensor([0.0, 1.0])],
        x=torch.tensor([[2.0, 0.0, 3.0]]),
        baseline=torch.tensor([[1.0, 1.0, 1.0]]),
        target=torch.tensor([0]),
    ),
)


# ---------------------------------------------------------------- wrong quotients


def still_as(value):
    """Return the quotients with another number where a sum does not change."""
    return lambda z, z0: torch.where((z - z0).abs() < 1e-7, value, quotients(z, z0))


def upside_down(z, z0):
    """Return 1 / q, and 0 where q is 0."""
    q = quotients(z, z0)
    return torch.where(q == 0, 0.0, 1 / q.clamp_min(1e-9))


# ---------------------------------------------------------------- the task

MISTAKES = [
    # the quotients
    swap(
        "slopes_at_x",
        "You use the slopes at x. That is the gradient times the difference. Use the quotients of "
        "changes. See {section_share}.",
        quotient=lambda z, z0: open_gates(z),
    ),
    swap(
        "slopes_at_baseline",
        "You use the slopes at the baseline. Use the quotients of changes. See {section_share}.",
        quotient=lambda z, z0: open_gates(z0),
    ),
    swap(
        "mean_of_both_slopes",
        "You use the mean of the slopes at both ends. The relu bends somewhere between: the "
        "quotient of the changes knows where. See {section_share}.",
        quotient=lambda z, z0: (open_gates(z) + open_gates(z0)) / 2,
    ),
    own(
        "slopes_half_way",
        "You use the slopes at the midpoint of x and the baseline. Use the quotients of changes. "
        "See {section_share}.",
        lambda weights, biases, x, baseline, target: (
            (x - baseline) * other_maps.gradient(weights, biases, (x + baseline) / 2, target)
        ),
    ),
    swap(
        "outputs_over_sums",
        "You divide relu(z) by the change of z. Divide the change relu(z) - relu(z').",
        quotient=lambda z, z0: z.relu() / torch.where((z - z0).abs() < 1e-7, 1.0, z - z0),
    ),
    swap(
        "upside_down",
        "Your quotients are upside down: change of the output divided by change of the sum.",
        quotient=upside_down,
    ),
    swap(
        "relu_forgotten",
        "The quotients of the relus are missing: m * quotient before each @ W.",
        quotient=lambda z, z0: torch.ones_like(z),
    ),
    swap(
        "zero_where_still",
        "Where z does not change you take 0. Inputs that cancel out in z still have a part each: "
        "take the slope of the relu at z.",
        quotient=still_as(0.0),
    ),
    swap(
        "one_where_still",
        "Where z does not change you take 1. That is the slope of an open relu only: it is 0 where "
        "z is below 0.",
        quotient=still_as(1.0),
    ),
    before(
        "biases_left_out",
        "The sums miss their biases. Differences do not need them, but relu(z) and relu(z') do.",
        biases=lambda biases: [0 * b for b in biases],
    ),
    # the difference and the baseline
    swap(
        "no_difference",
        "These are the multipliers. Multiply by x - baseline at the end.",
        end=lambda x, x0: torch.ones_like(x),
    ),
    swap("times_x", "You multiply by x. It must be x - baseline.", end=lambda x, x0: x),
    swap(
        "difference_reversed",
        "The sign is reversed: the difference is x - baseline.",
        end=lambda x, x0: x0 - x,
    ),
    before(
        "baseline_zero",
        "Your baseline is 0 everywhere. Use the one that was given.",
        baseline=lambda baseline: 0 * baseline,
    ),
    own(
        "zero_inside_only",
        "The sums z' are those of a baseline of 0. Run the given baseline through the net.",
        lambda weights, biases, x, baseline, target: rescale(
            weights, biases, x, 0 * x, target, end=lambda x, x0: x - baseline
        ),
    ),
    before(
        "first_baseline",
        "Every input is compared with the first input's baseline. Each has its own.",
        baseline=lambda baseline: baseline[:1].expand_as(baseline),
    ),
    # the start
    *saying([*WHICH_NUMBER, *LOSS], score="score"),
    swap(
        "starts_with_the_score",
        "You start with the score, as LRP does. Multipliers start with 1 at the target.",
        score=lambda z, target: other_maps.pick(z, target) ** 2 / 2,
    ),
    after(
        "starts_with_the_rise",
        "You start with the rise. Multipliers start with 1 at the target: the rise comes out "
        "by itself.",
        lambda found: found * found.sum(1, keepdim=True),  # they add up to the rise
    ),
    # the finished map
    after("sizes", "You return sizes. Contributions have a sign.", torch.abs),
    after(
        "mean_over_batch",
        "Your contributions are divided by the number of inputs. Each input has its own.",
        lambda found: found / len(found),
    ),
    # maps of other lessons
    own(
        "integrated",
        "This is Integrated Gradients. For one hidden layer both are equal, for deeper nets "
        "not. See {section_path}.",
        other_maps.integrated,
    ),
    swap(
        "gradient_times_input",
        "This is gradient times input, to which LRP comes down without epsilon, too. DeepLIFT "
        "uses quotients of changes, and the difference x - baseline. See {section_share}.",
        quotient=lambda z, z0: open_gates(z),
        end=lambda x, x0: x,
    ),
    own(
        "gradient",
        "This is the gradient at x. DeepLIFT uses quotients of changes, and multiplies by x - "
        "baseline. See {section_share}.",
        lambda weights, biases, x, baseline, target: other_maps.gradient(
            weights, biases, x, target
        ),
    ),
    own(
        "occlusion",
        "This is occlusion: you put one input at a time on its baseline and run the net again. "
        "DeepLIFT takes two passes up and one down. See {section_share}.",
        other_maps.occlusion,
    ),
]

RESCALE = function_task(
    "03.3",
    rescale,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The contributions add up to the rise from the baseline, in every case.",
    hints=(
        "Two forward passes: the sums z for x and the sums z' for the baseline. The way back "
        "is the chain rule, with quotients in place of slopes.",
        "m = W_last[target] for each input; then for each layer below: m = (m * quotient) @ W. "
        "Only the relus have a quotient; the last layer has none.",
        "still = (z - z0).abs() < 1e-7; q = torch.where(still, (z > 0).float(), (z.relu() - "
        "z0.relu()) / torch.where(still, 1.0, z - z0)). At the end: return (x - baseline) * m.",
    ),
    near={"integrated": other_maps.FEW_STEPS},
)
