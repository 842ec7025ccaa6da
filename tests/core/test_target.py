"""Targets and scales: every kind, and every bad value."""

import dataclasses
import pickle

import numpy as np
import pytest
import torch
from torch import Tensor

import xaicourse as xc
from xaicourse import targets

WEIGHT = torch.tensor([[1.0, 2, 3], [-1, 0, 4], [2, 2, -5]], dtype=torch.float64)
X = torch.tensor([[1.0, 2, 3], [-3, 1, 0.5]], dtype=torch.float64)


def linear(x: Tensor) -> Tensor:
    """Three scores; the gradient of class k is row k of WEIGHT."""
    return x @ WEIGHT.T


def grid(x: Tensor) -> Tensor:
    """Scores (N, 3, 2, 2), as of a segmentation: place (i, j) is the scores times 1 + i + 2 j."""
    scale = torch.tensor([[1.0, 3], [2, 4]], dtype=x.dtype)
    return linear(x)[:, :, None, None] * scale


def slopes(*rows: int) -> Tensor:
    return WEIGHT[list(rows)]


KINDS = {
    "int": (1, slopes(1, 1)),
    "NumPy int": (np.int64(1), slopes(1, 1)),
    "0-dim tensor": (torch.tensor(1), slopes(1, 1)),
    "0-dim array": (np.array(1), slopes(1, 1)),
    "one a row, tensor": (torch.tensor([2, 0]), slopes(2, 0)),
    "one a row, int32": (torch.tensor([2, 0], dtype=torch.int32), slopes(2, 0)),
    "one a row, list": ([2, 0], slopes(2, 0)),
    "one a row, array": (np.array([2, 0]), slopes(2, 0)),
    "index tuple": ((1,), slopes(1, 1)),
    "function": (
        lambda outputs, rows: outputs[:, 0] * (1 + rows), slopes(0, 0) * X.new_tensor([[1], [2]])
    ),
    "index": (targets.index(2), slopes(2, 2)),
    "per_row": (targets.per_row([0, 1]), slopes(0, 1)),
    "difference": (targets.difference(0, 2), slopes(0, 0) - slopes(2, 2)),
    "difference of rows": (
        targets.difference(targets.per_row([0, 1]), 2), slopes(0, 1) - slopes(2, 2)
    ),
    "None": (None, slopes(0, 1)),  # the scores are 14, 11, -9 and 0.5, 5, -6.5
}  # fmt: skip


@pytest.mark.parametrize("batch_size", [1, None])
@pytest.mark.parametrize(("target", "expected"), KINDS.values(), ids=KINDS)
def test_kinds(target, expected, batch_size, close):
    close(xc.gradient(linear, X, target, batch_size=batch_size), expected)


def test_classes_follow_their_rows_through_the_chunks(close):
    """In Integrated Gradients a chunk holds the points of several rows, some of them cut."""
    for batch_size in (1, 3, 7, None):
        values = xc.integrated_gradients(linear, X, [2, 0], steps=5, batch_size=batch_size)
        close(values, slopes(2, 0) * X)


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_a_single_output_needs_no_target(shape, close):
    found = xc.gradient(lambda x: linear(x)[:, 1].reshape(shape), X, return_details=True)
    close(found.values, slopes(1, 1))
    assert found.target == targets.single()


def test_index_tuples_and_regions_read_grids(close):
    close(xc.gradient(grid, X, (1, 0, 1)), 3 * slopes(1, 1))
    close(xc.gradient(grid, X, targets.index(1, 1, 1)), 4 * slopes(1, 1))
    mask = torch.tensor([[True, False], [True, True]])
    close(xc.gradient(grid, X, targets.region(2, mask)), 7 * slopes(2, 2))


@dataclasses.dataclass
class Answer:
    logits: Tensor


def test_items_read_dicts_tuples_and_objects(close):
    wrapped = {
        "key": lambda y: {"logits": y, "loss": 0},
        "attribute": lambda y: Answer(y),
    }
    for wrap in wrapped.values():
        close(
            xc.gradient(lambda x, w=wrap: w(linear(x)), X, targets.item("logits", 2)), slopes(2, 2)
        )
    at_place = targets.item(1, targets.per_row([0, 1]))
    close(xc.gradient(lambda x: (None, linear(x)), X, at_place, batch_size=1), slopes(0, 1))


@pytest.mark.parametrize(
    "target",
    [
        targets.single(),
        targets.index(3),
        targets.index(1, 2, 3),
        targets.per_row([0, 1]),
        targets.difference(0, 1),
        targets.item("logits", 2),
        targets.region(0, torch.ones(2, 2)),
    ],
    ids=lambda t: type(t).__name__,
)
def test_targets_are_values(target):
    copy = pickle.loads(pickle.dumps(target))
    assert copy == target
    assert hash(copy) == hash(target)
    with pytest.raises(dataclasses.FrozenInstanceError):
        target.anything = 1


def never(x: Tensor) -> Tensor:
    raise AssertionError("the model must not be called")


NOT_EVEN_A_CALL = {
    "text": ("cat", TypeError, "target must be a class number.*str"),
    "texts": (["cat", "dog"], TypeError, "one whole class number a row"),
    "ragged list": ([[0], [1, 2]], TypeError, "one whole class number a row"),
    "True": (True, TypeError, "whole class number, got True"),
    "1.0": (1.0, TypeError, "whole class number, got 1.0"),
    "truth values": ([True, False], TypeError, "dtype torch.bool"),
    "fractions": (torch.tensor([0.5, 1]), TypeError, "dtype torch.float32"),
    "index tuple of a fraction": ((1.7,), TypeError, "whole class numbers, got 1.7"),
    "index tuple of a truth value": ((True,), TypeError, "whole class numbers, got True"),
    "one row too many": ([0, 1, 2], ValueError, r"shape \(3,\), but x has 2 row"),
    "one row too few": ([0], ValueError, r"shape \(1,\), but x has 2 row"),
    "a table": (torch.zeros(2, 1, dtype=torch.long), ValueError, r"shape \(2, 1\)"),
    "per_row too long": (targets.per_row([0, 1, 2]), ValueError, r"3 class\(es\), but x has 2"),
    "per_row too short": (targets.per_row([0]), ValueError, r"1 class\(es\), but x has 2"),
    "difference too long": (
        targets.difference(0, targets.per_row([0, 1, 2])), ValueError, r"3 class\(es\)"
    ),
    "item too long": (
        targets.item("y", targets.per_row([0, 1, 2])), ValueError, r"3 class\(es\)"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("target", "error", "says"), NOT_EVEN_A_CALL.values(), ids=NOT_EVEN_A_CALL)
def test_refused_before_the_model_is_called(target, error, says):
    with pytest.raises(error, match=says):
        xc.gradient(never, X, target)


DO_NOT_FIT = {
    "too large": (linear, 3, "target 3 is out of range: the model has 3 outputs, 0 to 2"),
    "below 0": (linear, -1, "target -1 is out of range"),
    "too large in a row": (linear, [0, 3], "target 3 is out of range"),
    "below 0 in a difference": (linear, targets.difference(0, -1), "target -1 is out of range"),
    "too large in an item": (
        lambda x: {"y": linear(x)}, targets.item("y", 3), "target 3 is out of range"
    ),
    "a place too many": (linear, (0, 0), r"\(0, 0\) has 2 place\(s\)"),
    "a place too few": (grid, 0, r"has 1 place\(s\).*\(3, 2, 2\)"),
    "one a row for a grid": (grid, [0, 1], r"one class a row needs outputs \(N, K\)"),
    "no class for a grid": (grid, None, r"target=None.*\(2, 3, 2, 2\)"),
    "single of several": (linear, targets.single(), "more than one number a row; name a class"),
    "region's channel": (grid, targets.region(-1, torch.ones(2, 2)), "target -1 is out of range"),
    "region's mask": (grid, targets.region(0, torch.ones(3, 3)), r"mask is \(3, 3\)"),
    "region of no grid": (linear, targets.region(0, torch.ones(2, 2)), "last two axes"),
    "no such key": (lambda x: {"y": linear(x)}, targets.item("z", 0), r"no item 'z'.*\['y'\]"),
    "no such attribute": (linear, targets.item("z", 0), "no item 'z'.*Tensor"),
    "a dict": (lambda x: {"y": linear(x)}, 0, "returns dict, not a tensor.*item"),
    "a dict, no target": (lambda x: {"y": linear(x)}, None, "returns dict"),
}  # fmt: skip


@pytest.mark.parametrize(("model", "target", "says"), DO_NOT_FIT.values(), ids=DO_NOT_FIT)
def test_refused_at_the_first_call(model, target, says):
    with pytest.raises(ValueError, match=says):
        xc.gradient(model, X, target)
    with pytest.raises(ValueError, match=says):
        xc.integrated_gradients(model, X, target)


def test_makers_refuse_what_is_no_target():
    with pytest.raises(TypeError, match=r"whole class numbers, got 0\.5"):
        targets.per_row([0.5, 1])
    with pytest.raises(TypeError, match=r"whole class numbers, got 1\.5"):
        targets.index(1.5)
    with pytest.raises(ValueError, match="with a pixel in it"):
        targets.region(0, torch.zeros(2, 2))
    with pytest.raises(ValueError, match=r"mask must be \(H, W\)"):
        targets.region(0, torch.ones(2, 2, 2, 2))
    with pytest.raises(TypeError, match="target must be a class number"):
        targets.difference(0, None)


# ---- the scale ---------------------------------------------------------------------------------


def test_scales_of_several_classes(close):
    y = linear(X)
    softmax = y.softmax(1)
    close(xc.scores(linear, X, 0), y[:, 0])
    close(xc.scores(linear, X, 0, output="probability"), softmax[:, 0])
    close(xc.scores(linear, X, 0, output="log_probability"), softmax[:, 0].log())
    close(xc.scores(linear, X, 0, output="margin"), y[:, 0] - y[:, 1:].amax(1))
    low = y - 100  # no score above 0
    close(
        xc.scores(lambda x: linear(x) - 100, X, 0, output="margin"), low[:, 0] - low[:, 1:].amax(1)
    )
    expected = softmax[:, :1] * (slopes(0, 0) - softmax @ WEIGHT)
    close(xc.gradient(linear, X, 0, output="probability"), expected)


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_scales_of_a_single_output(shape, close):
    def model(x: Tensor) -> Tensor:
        return linear(x)[:, 1].reshape(shape)

    y = linear(X)[:, 1]
    close(xc.scores(model, X, output="probability"), y.sigmoid())
    close(xc.scores(model, X, output="log_probability"), torch.nn.functional.logsigmoid(y))


def test_scales_of_a_grid(close):
    y = grid(X).softmax(1)
    close(xc.scores(grid, X, (1, 0, 1), output="probability"), y[:, 1, 0, 1])


def test_a_function_as_scale(close):
    close(xc.scores(linear, X, 2, output=lambda y: y.square()), linear(X)[:, 2] ** 2)
    # it may also do the picking; then there is nothing left to choose
    close(
        xc.scores(linear, X, output=lambda y: y[:, 0] - y[:, 2]),
        linear(X) @ X.new_tensor([1, 0, -1]),
    )
    close(xc.scores(lambda x: {"y": linear(x)}, X, 1, output=lambda o: o["y"]), linear(X)[:, 1])
    # the predicted class is the model's, not that of the scale
    found = xc.gradient(linear, X, output=lambda y: -y)
    close(found, -slopes(0, 1))


def test_the_runner_up_is_fixed_at_x(close):
    """From 0 to x = 1 the rival of class 0 changes; the margin keeps the one it has at x."""

    def model(x: Tensor) -> Tensor:
        return torch.stack([5 * x[:, 0], 1 - x[:, 0], x[:, 0] ** 2], dim=1)

    x = torch.ones(1, 1, dtype=torch.float64)
    found = xc.integrated_gradients(model, x, 0, output="margin", return_details=True)
    close(found.values, x * (5 - 1))  # against class 2 all the way, not against class 1 at first
    assert float(found.gap.abs().max()) < 1e-12


@pytest.mark.parametrize("output", ["probability", "log_probability"])
def test_probabilities_are_not_taken_twice(output):
    with pytest.raises(ValueError, match=r"already probabilities.*pass output="):
        xc.scores(lambda x: linear(x).softmax(1), X, 0, output=output)


def test_margin_needs_rivals_and_a_class():
    with pytest.raises(ValueError, match="needs K > 1 classes"):
        xc.scores(lambda x: linear(x)[:, 0], X, output="margin")
    with pytest.raises(ValueError, match="needs a class as target"):
        xc.scores(linear, X, targets.difference(0, 1), output="margin")


@pytest.mark.fault("K10")
def test_a_region_has_no_weights():
    with pytest.raises(ValueError, match="has no weights; for a weighted sum pass a function"):
        targets.region(0, torch.tensor([[0.5, 1.0], [0.0, 1.0]]))
    with pytest.raises(ValueError, match="for a map of classes mask=labels == k"):
        targets.region(0, torch.tensor([[0, 1], [2, 1]]))
    assert targets.region(0, [[0.0, 1.0]]) == targets.region(0, torch.tensor([[False, True]]))


@pytest.mark.fault("K9", "R10")
def test_scores_outside_of_a_region_may_be_infinite(close):
    torch.manual_seed(0)
    net, x = torch.nn.Conv2d(1, 2, 1).double(), torch.rand(2, 1, 3, 3, dtype=torch.float64)
    outside = torch.zeros(3, 3, dtype=torch.float64)
    outside[2] = -torch.inf
    mask = torch.tensor([[1, 1, 0], [0, 1, 0], [0, 0, 0]])
    found = xc.gradient(lambda z: net(z) + outside, x, targets.region(1, mask))
    close(found, (net.weight[1, 0, 0, 0] * mask).expand_as(x).detach())


@pytest.mark.fault("K10")
def test_a_list_of_outputs_without_a_target_asks_for_one():
    torch.manual_seed(0)
    net = torch.nn.Linear(4, 3)
    for several in (lambda z: [net(z), net(z)], lambda z: (net(z), z)):
        with pytest.raises(ValueError, match=r"returns (list|tuple); name a target"):
            xc.gradient(several, torch.rand(3, 4))


def test_functions_with_other_arguments_are_told_which_are_wanted():
    x = torch.rand(2, 3, dtype=torch.float64)
    for target, given in ((lambda o: o[:, 0], r"a lambda that takes \(o\)"), (abs, "abs that")):
        with pytest.raises(
            TypeError, match=r"target must be a function \(outputs, rows\), got " + given
        ):
            xc.gradient(linear, x, target)
    with pytest.raises(
        TypeError, match=r"output must be a function \(outputs\), got a lambda that"
    ):
        xc.gradient(linear, x, 0, output=lambda o, rows: o)
    assert xc.gradient(linear, x, lambda o, rows, k=1: o[:, k], output=lambda o, *more: o).any()


def test_the_axis_of_a_place_is_named():
    x = torch.rand(2, 3, 4, 4)
    with pytest.raises(ValueError, match=r"target 4 is out of range in \(1, 2, 4\): axis 3 of the"):
        xc.gradient(torch.nn.Identity(), x, (1, 2, 4))
    with pytest.raises(
        ValueError, match=r"with output='logit': target=xaicourse.targets.difference"
    ):
        xc.gradient(torch.nn.Identity(), x, (1, 2, 3), output="margin")
    rather = xc.targets.difference((1, 2, 3), (0, 2, 3))  # the advice
    assert xc.gradient(torch.nn.Identity(), x, rather).sum() == 0
