"""An answer that passed works on: `or_reference` gives its results the reference's form."""

import inspect
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

import xaicourse as xc
from xaicourse.course.checking import TASKS, check
from xaicourse.course.checking.usable import _kind, as_handed_in, usable

A = torch.tensor([[1.0, -2.0, 3.0], [0.5, 0.25, -1.0]])
FUNCTIONS = {name: task for name, task in TASKS.items() if callable(vars(task)["reference"])}


def handed_back(task, function):
    """What the next cells get, if this answer passed."""
    return usable(TASKS[task], function)


def rect(a, g, quantile):
    """My own words."""
    relevance = (a * g).flatten(1)
    return g * (relevance > relevance.quantile(quantile, dim=1, keepdim=True)).view_as(g)


# ---------------------------------------------------------------- what a function gives


@pytest.mark.parametrize(
    "form",
    [
        lambda t: t.numpy(),
        lambda t: t.numpy()[:, ::-1].copy()[:, ::-1],  # a step of -1
        lambda t: t.numpy().astype(">f8"),
        lambda t: t.half(),
        lambda t: t.double(),
        lambda t: t.bfloat16(),
        lambda t: t.tolist(),
        lambda t: list(t),
        lambda t: [part.numpy() for part in t],
        lambda t: t.to_sparse(),
        lambda t: nn.Parameter(t),
        lambda t: t[None, :, None],
    ],
)
def test_every_form_of_a_map_comes_back_as_the_references(form):
    given = torch.linspace(-1, 1, 6).reshape(2, 3)
    found = handed_back("02.6", lambda a, g, quantile: form(rect(a, g, quantile)))(A, given, 0.5)
    right = TASKS["02.6"].reference(A, given, 0.5)
    assert type(found) is torch.Tensor
    assert (found.dtype, found.shape, found.requires_grad) == (right.dtype, right.shape, False)
    assert torch.allclose(found, right, atol=1e-2)


def test_the_dtype_is_that_of_the_arguments():
    double = handed_back("02.6", lambda *given: rect(*given).numpy())(A.double(), A.double(), 0.5)
    assert double.dtype == torch.float64


def test_a_result_of_a_type_of_its_own_has_that_type():
    maps = torch.randn(30, 3, 4, generator=torch.Generator().manual_seed(0))
    right = TASKS["07.2"].reference(maps)
    found = handed_back("07.2", lambda maps: right.float().numpy() * 0.9999999)(maps)
    assert found.dtype == torch.bool
    assert torch.equal(found, right)
    assert handed_back("07.3", lambda maps: np.float16(0.5))(maps).dtype == torch.float64
    assert handed_back("00.1", lambda model, x: [3.0, 1.0])(None, A).tolist() == [3, 1]
    assert handed_back("00.1", lambda model, x: [2.9999998, 1.0])(None, A).dtype == torch.int64


def test_numbers_stay_numbers():
    found = handed_back("05.3", lambda *given: np.float32(16))({}, 1.0, 0.1)
    assert (type(found), found) == (int, 16)
    low, high = handed_back("00.4", lambda maps: np.array([-2.0, 2.0]))([A])
    assert (type(low), low, high) == (float, -2.0, 2.0)


def test_two_numbers_may_be_of_any_kind():
    for pair in ((np.float32(0.5), 0.25), [torch.tensor(0.5), torch.tensor([0.25])]):
        first, second = handed_back("02.3", lambda a, b, order, pair=pair: pair)(A, A, None)
        assert (float(first), float(second)) == (0.5, 0.25)


@pytest.mark.parametrize("task", FUNCTIONS)
def test_what_the_reference_gives_is_known(task):
    """Otherwise a result is handed on as it is; see `Task.calls`."""
    assert _kind(task, FUNCTIONS[task]).result is not None


# ---------------------------------------------------------------- gradients, errors, disguise


def test_slopes_are_cut_only_if_nobody_can_ask_for_them():
    weight = torch.ones(3, requires_grad=True)
    function = handed_back("02.6", lambda a, g, quantile: a * g * weight)
    assert not function(A, A, 0.5).requires_grad
    a = A.clone().requires_grad_()
    (slope,) = torch.autograd.grad(function(a, A, 0.5).sum(), a)
    assert torch.equal(slope, A)


def test_a_result_of_inference_mode_can_be_used():
    with torch.inference_mode():
        kept = A * 1
    found = handed_back("02.6", lambda a, g, quantile: kept)(A, A, 0.5)
    found += 1
    assert not found.is_inference()


def test_an_error_of_the_answer_is_the_students_to_see():
    def stops(a, g, quantile):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        handed_back("02.6", stops)(A, A, 0.5)


@pytest.mark.parametrize("odd", [None, "text", {"a": 1}, [A, "text"], object()])
def test_what_is_no_number_is_handed_on(odd):
    assert handed_back("02.6", lambda a, g, quantile: odd)(A, A, 0.5) is odd


def test_the_function_looks_like_the_students():
    function = handed_back("02.6", rect)
    assert (function.__name__, function.__doc__) == ("rect", "My own words.")
    assert list(inspect.signature(function).parameters) == ["a", "g", "quantile"]
    assert inspect.getsource(function) == inspect.getsource(rect)
    assert function(A, A, quantile=0.5).shape == A.shape


def test_things_that_can_be_called_are_wrapped_too():
    class Rule(nn.Module):
        def forward(self, a, g, quantile):
            return rect(a, g, quantile).numpy()

    for thing in (Rule(), partial(rect), np.vectorize(lambda a, g, quantile: a * 0)):
        function = handed_back("02.6", thing)
        assert isinstance(function(A, A, 0.5), torch.Tensor)
        assert as_handed_in(function) is thing
        assert "_parameters" not in vars(function)


# ---------------------------------------------------------------- as a student meets it


def test_what_is_handed_back_can_be_checked_and_handed_in_again(capsys):
    def rule(a, g, quantile):
        return rect(a, g, quantile).numpy()

    first = xc.or_reference("02.6", rule)
    assert check("02.6", first).passed
    second = xc.or_reference("02.6", first)
    assert as_handed_in(second) is rule
    assert as_handed_in(first) is rule
    assert check("02.6", lambda a, g, quantile: first(a, g, quantile)).passed  # inside another
    assert not check("02.6", lambda a, g, quantile: -first(a, g, quantile)).passed
    assert "reference" not in capsys.readouterr().out


def test_an_answer_that_uses_another_answer_counts():
    def rule(a, g, quantile):
        return rect(a, g, quantile).numpy()

    mine = xc.or_reference("02.6", rule)
    verdict = check("02.6", lambda a, g, quantile: mine(a, g, quantile), graded=True)
    assert (verdict.passed, verdict.counted, verdict.notes) == (True, True, ())


# ---------------------------------------------------------------- data


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ("02.1", (torch.tensor([[-1.0, 4.0]]), np.array(["-3", "6"]), " Deconv")),
        ("02.1", [np.array([-1, 4]), (np.float64(-3), torch.tensor(6)), "DECONVNET"]),
        ("08.1", [torch.tensor([18, -3]), np.array([15, 0, 7]), (12, "-5"), [15, 8, 7]]),
        ("08.1", {name.upper(): part for name, part in TASKS["08.1"].reference.items()}),
        ("05.1", (np.array([3.75, -2.75]), torch.tensor([0.25]))),
    ],
)
def test_numbers_in_any_form_become_the_references(task, answer):
    right = TASKS[task].reference
    assert check(task, answer).passed
    assert xc.or_reference(task, answer) == right


@pytest.mark.parametrize("task", TASKS)
def test_an_answer_of_the_right_kind_is_handed_back_as_it_is(task):
    reference = TASKS[task].reference
    assert as_handed_in(usable(TASKS[task], reference)) is reference


# ---------------------------------------------------------------- what is too coarse is said so


@pytest.mark.parametrize(("kind", "digits"), [(torch.float16, 3), (torch.bfloat16, 2)])
@pytest.mark.parametrize("task", ["05.2", "05.7"])
def test_a_coarse_path_answer_is_told_its_digits(task, kind, digits):
    right = TASKS[task].reference
    verdict = check(task, lambda *given: right(*given).to(kind))
    assert not verdict.passed
    said = f"right to {digits} digits; asked are 4. They are {str(kind).removeprefix('torch.')}"
    assert said in verdict.message


def test_a_mistake_on_a_curved_model_is_not_called_coarse():
    right = TASKS["05.2"].reference

    def few(model, x, target, baseline, steps):  # exact on a linear model, apart from rounding
        return right(model, x, target, baseline, 1).half()

    assert "digits" not in check("05.2", few).message
