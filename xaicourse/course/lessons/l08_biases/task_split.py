"""Task 08.2: what the input and each layer's bias bring to the score of a ReLU net."""

from functools import partial
from itertools import pairwise

import torch
from torch.nn.functional import leaky_relu

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, saying, swap
from xaicourse.course.grading.shared_mistakes import LOSS, ROWS, SIGNS, WHICH_NUMBER, pick
from xaicourse.course.lessons.l08_biases.splits import (
    behind_the_relu,
    biases_of_open_units,
    gates_without_bias,
    integrated,
    rest_to_the_input,
    rise_without,
    split,
    without_gates,
)

__all__ = ["SPLIT"]


def net(name, says, sizes, target, turn):
    """Return a case: a net of dense layers of these sizes, and an input for each target."""
    pairs = list(enumerate(pairwise(sizes)))
    return case(
        name,
        says,
        weights=[waves(turn + k, after, before, size=1.5) for k, (before, after) in pairs],
        biases=[waves(turn + 0.3 + k, after, size=1.5) for k, (_, after) in pairs],
        x=waves(turn + 0.7, len(target), sizes[0], size=1.5),
        target=torch.tensor(target),
    )


CASES = (
    net("one_layer", "one input with three numbers, one layer", [3, 4], [2], 0.9),
    net("two_layers", "one input with four numbers, two layers", [4, 6, 3], [1], 1.3),
    net("batch", "three inputs, three layers, a target for each", [5, 7, 6, 4], [2, 0, 3], 0.6),
)


def biases_as(change):
    """Return a change of the columns of the biases (N, L); that of the input stays."""
    return lambda shares: torch.column_stack([shares[:, 0], change(shares[:, 1:])])


# ---------------------------------------------------------------- the task

SIGNED = "Only with their signs do shares add up to the logit."
COPIES = "Give each input its own copy of the biases."
MISTAKES = [
    *saying([*WHICH_NUMBER, *LOSS], score="logit"),
    *ROWS,
    # what is added up
    swap(
        "slopes_only",
        "These are sums of slopes. A share is slope times value, for input and biases. See "
        "{section_split}.",
        share=lambda layer, s, v: s,
    ),
    swap(
        "bias_slopes_only",
        "The input's share is right. For the biases you add up slopes: multiply each by its bias.",
        share=lambda layer, s, v: s if layer else s * v,
    ),
    swap(
        "plain_biases",
        "The input's share is right. You add up the biases themselves: multiply each by its slope.",
        share=lambda layer, s, v: v if layer else s * v,
    ),
    swap(
        "input_slope_only",
        "The biases are right. For the input you add up slopes: multiply each by its input.",
        share=lambda layer, s, v: s * v if layer else s,
    ),
    swap(
        "sizes",
        f"You add up absolute values. {SIGNED}",
        share=lambda layer, s, v: (s * v).abs(),
    ),
    swap(
        "means",
        "You take means of slope times value. Shares are sums: only then they add up to the logit.",
        share=lambda layer, s, v: s * v / v.shape[1],
    ),
    # the net
    own("plain_biases", "", biases_of_open_units),
    swap("no_gates", "You left the relus out. A closed gate passes nothing on.", relu=lambda z: z),
    own(
        "bias_gates_left_out",
        "The input's share is right. For the biases you leave the gates out: the bias of a closed "
        "unit brings 0.",
        without_gates,
    ),
    before(
        "relu_first",
        "You apply the relu to x as well. It stands between the layers only.",
        x=torch.relu,
    ),
    own(
        "gates_without_bias",
        "Your gates come from a run without the biases. Take those of the net itself.",
        gates_without_bias,
    ),
    swap(
        "leaky",
        "You use a leaky relu. A closed gate passes nothing on.",
        relu=partial(leaky_relu, negative_slope=0.1),
    ),
    swap(
        "relu_at_the_end",
        "You put a relu after the last layer. Logits may be below 0.",
        score=lambda z, target: pick(z, target).relu(),
    ),
    own(
        "behind_the_relu",
        "You take the slopes behind the relus. A bias is added before: at a closed gate its share "
        "is 0.",
        behind_the_relu,
    ),
    after(  # slope times result is what the layers up to this one bring
        "results_for_biases",
        "Column l holds slope times the whole result of layer l. Its bias alone brings slope times "
        "bias.",
        lambda shares: shares.cumsum(1),
    ),
    own(
        "rise_without",
        "You remove a bias (or the input) and see how much the logit falls. That may change gates: "
        "these numbers do not add up. Use slope times value.",
        rise_without,
    ),
    own("rise_without", "", partial(rise_without, columns=slice(1, None))),
    own("rise_without", "", rest_to_the_input),
    own(
        "integrated",
        "These are two methods: column 0 is the rise from 0, as Integrated Gradients adds it up, "
        "the others are shares at x. Take the slopes at x for all.",
        integrated,
    ),
    # the batch
    after(
        "batch_added",
        f"Right for one input. In a batch, a shared bias adds the slopes of all inputs. {COPIES}",
        biases_as(lambda b: b.sum(0).expand_as(b)),
    ),
    after(
        "batch_averaged",
        f"Right for one input. In a batch, all get the average share of a bias. {COPIES}",
        biases_as(lambda b: b.mean(0).expand_as(b)),
    ),
    # the columns
    after(
        "last_bias_forgotten",
        "The last layer's bias has a share, too: its entry for the target, with the slope 1.",
        lambda shares: torch.column_stack([shares[:, :-1], 0 * shares[:, -1]]),
    ),
    after(
        "all_of_the_last_bias",
        "You add up all entries of the last bias. Only that of the target enters the logit.",
        lambda shares, biases: torch.column_stack(
            [shares[:, :-1], biases[-1].sum().expand(len(shares))]
        ),
    ),
    after(
        "reversed_order",
        "The shares of the biases are right, but reversed. Column 1 is the first layer.",
        biases_as(lambda b: b.flip(1)),
    ),
    after(
        "input_last",
        "The shares are right, but the input belongs into column 0.",
        lambda shares: shares.roll(-1, dims=1),
    ),
    after(
        "rest_in_one",
        "The rest of the logit stands in one column. Each layer has its share: slope times bias.",
        biases_as(lambda b: torch.column_stack([0 * b[:, 1:], b.sum(1)])),
    ),
    after(
        "rest_in_equal_parts",
        "You spread the rest of the logit evenly. Each bias has its share: slope times bias.",
        biases_as(lambda b: b.mean(1, True).expand_as(b)),
    ),
    after(
        "score_kept",
        "Column 0 holds the whole logit. It should hold gradient x input, added up.",
        lambda shares: torch.column_stack([shares.sum(1), shares[:, 1:]]),
    ),
    after(
        "size_of_the_input",
        f"The input's share has lost its sign. {SIGNED}",
        lambda shares: torch.column_stack([shares[:, 0].abs(), shares[:, 1:]]),
    ),
    after(
        "sizes_of_the_biases",
        f"The biases' shares have lost their signs. {SIGNED}",
        biases_as(torch.abs),
    ),
    *saying(SIGNS, so="The columns should add up to the logit."),
    after(
        "as_parts_of_one",
        "You divide by the logit. The shares should add up to the logit, not to 1.",
        lambda shares: shares / shares.sum(1, keepdim=True),
    ),
]

SPLIT = function_task(
    "08.2",
    split,
    cases=CASES,
    mistakes=MISTAKES,
    passed=(
        "All shares add up to the logit: nothing is lost, and nothing depends on the other inputs "
        "of the batch."
    ),
    hints=(
        "Make the biases inputs: let x and all biases ask for gradients, run the net, and "
        "differentiate each input's own logit. A share is slope times value, added up.",
        "In a batch, one tensor of biases would get the slopes of all inputs, added. "
        "Give each input its own copy: b.expand(len(x), -1).clone().requires_grad_().",
        "leaves = [v.clone().requires_grad_() for v in (x, *[b.expand(len(x), -1) for b in "
        "biases])]; run the net on them; slopes = "
        "torch.autograd.grad(logits[torch.arange(len(x)), target].sum(), leaves); stack (slope * "
        "leaf).sum(1) as columns.",
    ),
    near={"integrated": 0.02},
    words={"shape": "One column for the input, all its numbers added up; then one for each bias."},
)
