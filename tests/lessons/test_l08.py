"""The tasks of lesson 08: right answers in odd forms pass, each known mistake gets its own name."""

import numpy as np
import pytest
import torch

from xaicourse.course.checking import TASKS, check
from xaicourse.course.lessons.l08_biases import task_picture, task_split

RIGHT = TASKS["08.1"].reference


# ---------------------------------------------------------------- the probes tell mistakes apart


def test_targets_differ_and_are_not_all_the_best_class():
    case = task_split.CASES[-1]
    classes = range(len(case.values["biases"][-1]))
    columns = [
        task_split.split(**case.values, score=lambda z, target, k=k: z[:, k]).sum(1)  # they add up
        for k in classes
    ]
    logits = torch.stack(columns, dim=1)  # (N, K)
    target = case.values["target"]
    assert len(set(target.tolist())) == len(target)
    assert bool((logits.argmax(1) != target).any())


# ---------------------------------------------------------------- 08.1


def test_what_is_right_on_paper_is_what_autograd_says():
    weights = [torch.tensor([[2.0, -1.0], [1.0, 1.0]]), torch.tensor([[3.0, -2.0]])]
    biases = [torch.tensor([5.0, -4.0]), torch.tensor([7.0])]
    for side, way in (("off", -1e-4), ("on", 1e-4)):
        x = torch.tensor([[3.0, 1.0]]) + way  # both inputs: x1 + x2 - 4 is the sum that turns
        shares = task_split.split(weights, biases, x, torch.tensor([0]))[0]
        inputs, hidden = RIGHT[f"inputs_{side}"], RIGHT[f"biases_{side}"][:2]
        expected = torch.tensor([sum(inputs), sum(hidden), RIGHT[f"biases_{side}"][2]])
        assert torch.allclose(shares, expected.float(), rtol=0, atol=0.01)
        assert float(expected.sum()) == 37  # the score does not jump


@pytest.mark.parametrize(
    "answer",
    [
        tuple(RIGHT.values()),
        {name: torch.tensor(numbers) for name, numbers in RIGHT.items()},
        {name.upper(): np.array(numbers) for name, numbers in RIGHT.items()},
        {**RIGHT, "inputs_off": {"x1": 18, "x2": "-3"}},
    ],
)
def test_the_split_in_other_forms_passes(answer):
    verdict = check("08.1", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "change",
    [
        {"inputs_off": (3, 8)},
        {"biases_off": (1, 1, 1)},
        {"inputs_on": (9, 9)},
        {"biases_on": (9, 9, 9)},
    ],
)
def test_other_wrong_splits_have_no_name(change):
    verdict = check("08.1", {**RIGHT, **change})
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


# ---------------------------------------------------------------- 08.2


def one_by_one(weights, biases, x, target):
    """A loop over inputs, gates by hand, no autograd; lists of numbers."""
    rows = []
    for row, k in zip(x, target, strict=True):
        units, gates = row, []
        for w, b in zip(weights, biases, strict=True):
            sums = w @ units + b
            gates.append((sums > 0).to(sums))
            units = sums * gates[-1]
        back = torch.eye(len(biases[-1]))[k]  # slope of the logit in the last sums
        shares = []
        for layer in range(len(weights) - 1, -1, -1):
            shares.append(float(back @ biases[layer]))
            back = back @ weights[layer]
            if layer:
                back = back * gates[layer - 1]
        rows.append([float(back @ row), *shares[::-1]])
    return rows


def in_double_by_jacobian(weights, biases, x, target):
    """torch.func, float64, the biases scaled by factors whose slopes are the shares."""

    def score(factors, row, k):
        units = factors[0] * row
        for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
            units = w.double() @ units + factors[1 + layer] * b.double()
            if layer < len(weights) - 1:
                units = torch.relu(units)
        return units[k]

    ones = torch.ones(1 + len(weights), dtype=torch.float64)
    return np.stack(
        [
            torch.func.grad(score)(ones, row.double(), int(k)).numpy()
            for row, k in zip(x, target, strict=True)
        ]
    )


def last_share_as_the_rest(weights, biases, x, target):
    """Right: what is missing to the logit is the last layer's share."""
    shares = task_split.split(weights, biases, x, target)
    return torch.cat([shares[:, :-1], biases[-1][target][:, None]], dim=1).requires_grad_()


@pytest.mark.parametrize("answer", [one_by_one, in_double_by_jacobian, last_share_as_the_rest])
def test_other_right_splits_pass(answer):
    verdict = check("08.2", answer)
    assert verdict.passed, verdict.message


def test_a_bias_shared_by_the_batch_is_named():
    def shared(weights, biases, x, target):
        leaves = [t.detach().clone().requires_grad_() for t in (x, *biases)]
        units = leaves[0]
        for k, w in enumerate(weights):
            units = units @ w.T + leaves[1 + k]
            units = units.relu() if k < len(weights) - 1 else units
        score = units[torch.arange(len(x)), target].sum()
        slopes = torch.autograd.grad(score, leaves)
        columns = [(slopes[0] * leaves[0]).sum(1)]
        columns += [
            (s * v).sum().expand(len(x)) for s, v in zip(slopes[1:], leaves[1:], strict=True)
        ]
        return torch.stack(columns, dim=1)

    assert check("08.2", shared).diagnosis == "batch_added"


def test_a_list_of_tensors_is_guarded_like_a_tensor():
    def adds(weights, biases, x, target):
        shares = task_split.split(weights, biases, x, target)
        biases[-1].add_(1)
        return shares

    def pops(weights, biases, x, target):
        shares = task_split.split(weights, biases, x, target)
        biases.pop()
        return shares

    def asks_for_gradients(weights, biases, x, target):
        for bias in biases:
            bias.requires_grad_()
        return task_split.split(weights, biases, x, target)

    def numpy_only(weights, biases, x, target):
        assert all(bias.numpy() is not None for bias in biases)
        return one_by_one(weights, biases, x, target)

    for damage in (adds, pops):
        assert "its argument biases" in check("08.2", damage).message
    assert check("08.2", asks_for_gradients).diagnosis == "leaves_grad"
    assert check("08.2", numpy_only).passed  # the next answer meets no trace of the earlier ones


# ---------------------------------------------------------------- 08.3, 08.4


def test_other_right_implicit_biases_pass():
    def by_jacobian(f, u):
        slope = torch.func.vmap(torch.func.grad(lambda v: f(v)))(u.flatten().double())
        return (f(u.flatten().double()) - slope * u.flatten().double()).reshape(u.shape).numpy()

    assert check("08.3", by_jacobian).passed

    def by_loop(f, u):
        out = torch.zeros_like(u)
        for i, number in enumerate(u.flatten()):
            point = number.clone().requires_grad_()
            z = f(point)
            (slope,) = torch.autograd.grad(z, point)
            out.view(-1)[i] = (z - slope * point).detach()
        return out.tolist()

    assert check("08.3", by_loop).passed

    def by_differences(f, u):
        u, step = u.double(), 1e-5
        return f(u) - (f(u + step) - f(u - step)) / (2 * step) * u

    assert check("08.3", by_differences).passed


def test_a_relu6_written_into_the_answer_is_not_called_cut_off():
    verdict = check("08.3", lambda f, u: torch.where(u > 6, 6.0, 0.0))
    assert (verdict.passed, verdict.diagnosis) == (False, "relu6_only"), verdict.message


def test_other_right_pictures_pass():
    def by_numpy(terms):
        maps = []
        for one in np.abs(terms.numpy().astype("float64")):
            span = one.max() - one.min()
            maps.append(((one - one.min()) / span if span else 0 * one).sum(0))
        return maps

    assert check("08.4", by_numpy).passed

    def by_flat(terms):
        flat = terms.abs().flatten(1)
        low, high = flat.min(1, keepdim=True).values, flat.max(1, keepdim=True).values
        return torch.nan_to_num((flat - low) / (high - low)).reshape(terms.shape).sum(1)

    assert check("08.4", by_flat).passed


def test_the_picture_is_the_package_s(close):
    terms = task_picture.CASES[1].values["terms"]
    from xaicourse.core.biases import Share
    from xaicourse.core.picture_axes import CHANNELS_FIRST
    from xaicourse.methods.bias.decomposition import psi

    share = Share(terms, torch.ones(()), CHANNELS_FIRST)
    close(psi(share), task_picture.picture(terms), 1e-5)


# ---------------------------------------------------------------- 08.5


@pytest.mark.parametrize(
    "answer",
    [
        [[1, 3], [2, 6]],
        torch.tensor([[1.0, 3.0], [3.0, 9.0]]),
        np.array([[1.0, 3.0], [1.0, 4.0], [2.0, 4.0]]),
        [torch.tensor([0.5, 1.5]), torch.tensor([1.0, 3.0])],
        ((1, 3), (1, 4), (0.5, 6)),
        [torch.tensor([[1.0, 3.0]]), torch.tensor([[2.0, 6.0]])],
    ],
)
def test_other_inputs_without_a_vector_pass(answer):
    verdict = check("08.5", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("answer", "diagnosis"),
    [
        ([[1, 3], [1, 4]], "a_vector_fits"),
        ([[1, 3], [1, 3]], "one_input"),
        ([1, 3], "flat"),
        ([[1, 3], [2, 6], [3, 1]], "other_pieces"),
        ([[0, 0], [5, 5]], None),
        ([[1, 3], [20, 60]], None),
        ([[1, 3, 2]], None),
        ([[1.0, 3.0], [1.001, 3.003]], None),
        ("abc", None),
    ],
)
def test_inputs_that_show_nothing(answer, diagnosis):
    verdict = check("08.5", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, diagnosis), verdict.message
