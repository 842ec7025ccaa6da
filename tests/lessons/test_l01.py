"""The tasks of lesson 01: right answers in odd forms pass, each known mistake gets its own name."""

import itertools

import numpy as np
import pytest
import torch

import xaicourse as xc
from xaicourse.course.checking import TASKS, check
from xaicourse.course.lessons.l01_saliency.gradients_tried import CASES, my_gradient
from xaicourse.course.lessons.l01_saliency.probabilities_tried import probability_gradient

RIGHT = TASKS["01.6"].reference


# ---------------------------------------------------------------- the probes tell mistakes apart


def test_targets_differ_and_are_never_the_best_class():
    for case in CASES:
        target = torch.as_tensor(case.values["target"])
        assert bool((case.values["model"](case.values["x"]).argmax(1) != target).all())
        assert target.ndim == 0 or len(set(target.tolist())) == len(target)


def test_all_wrong_numbers_on_paper_are_different():
    for part in (*TASKS["01.1"].grade.parts, *TASKS["01.6"].grade.parts):
        rows = [row.given for row in part.rows]
        for a, b in [*itertools.combinations(rows, 2), *((part.right, row) for row in rows)]:
            known = [(p, q) for p, q in zip(a, b, strict=True) if None not in (p, q)]
            assert a == part.right or any(p != q for p, q in known), (part.name, a, b)
        assert part.right not in rows


def test_what_is_right_on_paper_is_what_the_net_does():
    toy, point = xc.zoo.toy(), torch.tensor([[1.0, 3.0]], dtype=torch.float64)
    gates, gradient, exact_to = TASKS["01.1"].reference
    assert (toy.hidden(point)[0] > 0).double().tolist() == list(gates)
    assert xc.gradient(toy, point, target=None)[0].tolist() == list(gradient)
    for x2 in (exact_to, exact_to + 1, exact_to - 0.1):
        moved = torch.tensor([[1.0, x2]], dtype=torch.float64)
        promise = float(toy(point)) + gradient[1] * (x2 - 3)
        assert (abs(float(toy(moved)) - promise) < 1e-12) == (x2 >= exact_to)

    x, hidden, output = xc.zoo.toy_input(), toy.hidden.bias, toy.output.bias
    score = float(toy(x))
    hidden.requires_grad_()
    output.requires_grad_()
    slopes = torch.autograd.grad(toy(x).sum(), [hidden, output])
    assert (hidden * slopes[0]).tolist() == list(RIGHT["hidden_biases"])
    assert (output * slopes[1]).tolist() == [RIGHT["output_bias"]]
    shares = float(xc.input_x_gradient(toy, x, target=None).sum())
    assert shares == RIGHT["gradient_x_input"]
    assert shares + sum(RIGHT["hidden_biases"]) + RIGHT["output_bias"] == score
    free = xc.zoo.toy()
    free.hidden.bias.zero_()
    free.output.bias.zero_()
    both = float(free(point)), float(xc.input_x_gradient(free, point, target=None).sum())
    assert both == RIGHT["bias_free"]


# ---------------------------------------------------------------- 01.1


@pytest.mark.parametrize(
    "answer",
    [
        (("off", "on", "on"), (-4, 5), 1),
        ([False, True, True], torch.tensor([-4.0, 5.0]), "1"),
        {"gates": np.array([0, 1, 1]), "gradient": {"x1": -4, "x2": "5"}, "exact_to": [1.0]},
        {"Exact_To": 1, "GRADIENT": [[-4, 5]], "Gates": ("Off", "ON", "yes")},
    ],
)
def test_the_toy_net_in_other_forms_passes(answer):
    verdict = check("01.1", answer)
    assert verdict.passed, verdict.message


def test_three_arguments_are_an_answer():
    assert check("01.1", (0, 1, 1), (-4, 5), 1).passed


@pytest.mark.parametrize(
    "answer",
    [
        ((0, 0, 0), (-4, 5), 1),
        ((0, 1, 1), (7, 7), 1),
        ((0, 1, 1), (-4, 5), 2.9),
        ((0, 1), (-4, 5), 1),
        ((0, 1, 1), (-4, 5), "about one"),
    ],
)
def test_other_wrong_numbers_have_no_name(answer):
    verdict = check("01.1", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


@pytest.mark.parametrize(
    ("task", "answer", "name"),
    [
        ("01.1", ((0, 1, 1), (-4, 5), None), "exact_to"),
        ("01.1", ((0, 1, 1), (None, None), 1), "gradient"),
        ("01.1", ((0, None, 1), (-4, 5), 1), "gates"),
        ("01.6", {**RIGHT, "output_bias": None}, "output_bias"),
        ("01.6", {**RIGHT, "bias_free": (11, None)}, "bias_free"),
    ],
)
def test_a_part_that_is_open_is_named(task, answer, name):
    verdict = check(task, answer)
    assert verdict.status == "not_done"
    assert f"Still open: {name}." in verdict.message


def test_the_stub_of_the_sheet_is_not_done():
    for answer in [((None,) * 3, (None, None), None), (None, (None,) * 3, None, (None, None))]:
        verdict = check("01.1" if len(answer) == 3 else "01.6", answer)
        assert verdict.status == "not_done"
        assert "open" not in verdict.message


# ---------------------------------------------------------------- 01.2


def by_loop(model, x, target):
    slopes = []
    for k in range(len(x)):
        point = x[k : k + 1].clone().requires_grad_()
        own = target if isinstance(target, int) else int(target[k])
        model(point)[0, own].backward(inputs=[point])
        slopes.append(point.grad[0])
    return torch.stack(slopes)


def by_functional(f, inputs, class_):
    def score(one, own):
        return f(one[None])[0].gather(0, own[None])[0]

    each = torch.as_tensor(class_).expand(len(inputs))
    return torch.func.vmap(torch.func.grad(score))(inputs, each)


def by_weights(model, x, target):
    x = x.detach().clone().double().requires_grad_()
    with torch.enable_grad():
        scores = model(x)
        chosen = torch.nn.functional.one_hot(
            torch.as_tensor(target).expand(len(x)), scores.shape[1]
        )
        scores.backward(chosen.to(scores), inputs=x)
    return x.grad.numpy()


def by_jacobian(model, x, target):
    full = torch.autograd.functional.jacobian(model, x)  # (N, K, N, ...)
    each = torch.as_tensor(target).expand(len(x)).tolist()
    return [full[k, own, k].tolist() for k, own in enumerate(each)]


@pytest.mark.parametrize("answer", [by_loop, by_functional, by_weights, by_jacobian])
def test_odd_right_gradients_pass(answer):
    verdict = check("01.2", answer)
    assert verdict.passed, verdict.message


def test_an_answer_that_needs_gradients_to_be_on_gets_a_note():
    assert any("no_grad" in note for note in check("01.2", by_loop).notes)
    assert check("01.2", by_weights).notes == ()


def test_the_method_of_the_library_is_right_but_not_counted():
    verdict = check("01.2", lambda model, x, target: xc.gradient(model, x, target))
    assert verdict.passed
    assert not verdict.counted


def twice(model, x, target):
    return 2 * my_gradient(model, x, target)


def at_another_point(model, x, target):
    return my_gradient(model, x + 0.3, target)


def upside_down(model, x, target):
    return my_gradient(model, x, target).flip(-1)


@pytest.mark.parametrize("answer", [twice, at_another_point, upside_down])
def test_other_wrong_gradients_have_no_name(answer):
    verdict = check("01.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message
    assert "yours" in check("01.2", answer).message  # the smallest probe, from the second try on


def test_a_second_call_that_differs_is_said():
    calls = []

    def slower(model, x, target):
        calls.append(1)
        return my_gradient(model, x, target) * (1 if len(calls) < 5 else 1.5)

    verdict = check("01.2", slower)
    assert "The second call with the same x" in verdict.message
    assert verdict.diagnosis is None


def test_weights_that_were_moved_are_noticed():
    def moves(model, x, target):
        slopes = my_gradient(model, x, target)
        list(model.parameters())[1].data *= 1 + 1e-6
        return slopes

    assert check("01.2", moves).diagnosis == "model_left_changed"
    assert check("01.2", my_gradient).passed  # the checker's own models are as they were


def test_a_model_in_training_stays_as_it_was():
    def through_backward(model, x, target):
        point = x.clone().requires_grad_()
        model(point)[torch.arange(len(x)), target].sum().backward()
        return point.grad

    def tidied(model, x, target):
        slopes = through_backward(model, x, target)
        model.zero_grad()
        return slopes

    def frozen_for_good(model, x, target):
        return through_backward(model.requires_grad_(False), x, target)

    assert check("01.2", through_backward).diagnosis == "fills_weights"
    assert check("01.2", frozen_for_good).diagnosis == "model_left_changed"
    assert check("01.2", tidied).passed


def test_an_error_of_autograd_is_explained():
    def without_gradients(model, x, target):
        point = x.clone().requires_grad_()
        with torch.no_grad():
            chosen = model(point)[torch.arange(len(x)), target]
        return torch.autograd.grad(chosen.sum(), point)[0]

    verdict = check("01.2", without_gradients)
    assert verdict.diagnosis == "no_graph"
    assert "RuntimeError" in verdict.message  # the error itself is still there


def test_none_may_be_the_grad_of_a_tensor_that_has_none():
    verdict = check("01.2", lambda model, x, target: (1 * x).grad)
    assert verdict.status == "not_done"
    assert "requires_grad_()" in verdict.message


# ---------------------------------------------------------------- 01.3


def by_numpy(slopes):
    return np.max(np.abs(slopes.numpy()), axis=1)


def by_hand(slopes):
    red, green, blue = slopes.abs().unbind(1)
    return torch.maximum(torch.maximum(red, green), blue)


def by_infinity_norm(gradients):
    return torch.linalg.vector_norm(gradients, float("inf"), dim=1, keepdim=True)


def by_both_ends(slopes):
    return torch.maximum(slopes.max(1).values, -slopes.min(1).values).double()


@pytest.mark.parametrize("answer", [by_numpy, by_hand, by_infinity_norm, by_both_ends])
def test_odd_right_maps_pass(answer):
    verdict = check("01.3", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda slopes: 3 * slopes.abs().amax(1),
        lambda slopes: slopes.abs().median(1).values,
        lambda slopes: slopes.abs().amax(1).flip(-1),
        lambda slopes: torch.zeros_like(slopes[:, 0]),
    ],
)
def test_other_wrong_maps_have_no_name(answer):
    verdict = check("01.3", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_a_map_divided_by_zero_is_said():
    def divides(slopes):
        found = slopes.abs().amax(1)
        return found / found.amax((1, 2), keepdim=True)

    assert check("01.3", divides).diagnosis == "own_scale"  # seen before 0 / 0 hides it
    assert "NaN" in check("01.3", lambda slopes: (slopes**2 / slopes.abs()).amax(1)).message


def test_the_axes_of_a_map_are_looked_at():
    lost = check("01.3", lambda slopes: slopes.abs().amax(1).squeeze())
    assert not lost.passed
    assert "squeeze" in lost.message
    assert "keepdim" in check("01.3", by_infinity_norm).notes[0]
    assert check("01.3", by_hand).notes == ()


def test_the_evidence_shows_where_two_results_differ():
    def clipped(slopes):
        found = slopes.abs().amax(1)
        return found.clamp(max=0.9995 * float(found.max()))

    check("01.3", clipped)
    message = check("01.3", clipped).message
    yours, expected = message.partition("yours ")[2].split("; expected ")
    assert yours != expected.rstrip(".")


# ---------------------------------------------------------------- 01.4


def by_jacobian_of_softmax(logits, gradients, target):
    out = []
    for z, slopes, own in zip(logits, gradients, target, strict=True):
        p = torch.softmax(z, 0)
        weights = (torch.diag(p) - torch.outer(p, p))[own]
        out.append(torch.tensordot(weights, slopes, dims=1))
    return torch.stack(out)


def by_autograd(z, gradients, targets):
    z = z.detach().clone().requires_grad_()
    chance = z.softmax(1)[torch.arange(len(z)), targets].sum()
    slope = torch.autograd.grad(chance, z)[0]
    return torch.einsum("nk,nk...->n...", slope, gradients)


@pytest.mark.parametrize("answer", [by_jacobian_of_softmax, by_autograd])
def test_odd_right_probability_gradients_pass(answer):
    verdict = check("01.4", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda logits, gradients, target: 2 * probability_gradient(logits, gradients, target),
        lambda logits, gradients, target: gradients.sum(1),
        lambda logits, gradients, target: probability_gradient(logits / 2, gradients, target),
    ],
)
def test_other_wrong_probability_gradients_have_no_name(answer):
    verdict = check("01.4", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_a_softmax_that_overflows_gets_a_note():
    def by_formula(logits, gradients, target):
        p = logits.exp() / logits.exp().sum(1, keepdim=True)
        inputs = torch.arange(len(logits))
        own, mean = gradients[inputs, target], torch.einsum("nk,nk...->n...", p, gradients)
        return p[inputs, target].reshape(-1, *[1] * (own.ndim - 1)) * (own - mean)

    verdict = check("01.4", by_formula)
    assert verdict.passed
    assert "softmax" in verdict.notes[0]
    assert check("01.4", by_autograd).notes == ()


def test_missing_axes_are_explained():
    def for_vectors(logits, gradients, target):
        p = logits.softmax(1)
        inputs = torch.arange(len(p))
        mean = (p[:, :, None] * gradients).sum(1)
        return p[inputs, target][:, None] * (gradients[inputs, target] - mean)

    verdict = check("01.4", for_vectors)
    assert verdict.diagnosis == "axes_missing"
    assert "two small pictures" in verdict.message


# ---------------------------------------------------------------- 01.5


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(2, 2)
        with torch.no_grad():
            self.first.weight.copy_(torch.tensor([[9.0, 0.0], [0.0, 1.0]]))
            self.first.bias.zero_()

    def forward(self, p):
        return torch.tanh(self.first(p)).sum(1, keepdim=True)


@pytest.mark.parametrize(
    "answer",
    [
        (lambda p: torch.sigmoid(9 * p[:, 0] - 9), [[4.0]], 0),
        (lambda p: (p[:, 0] - 3) ** 2, [3.0], 0),
        (lambda p: torch.minimum(p[:, 0], p[:, 1]), torch.tensor([[3.0, 2.0]]), 0),
        (lambda p: torch.cos(p[:, 1]), [[1.0, 2 * np.pi / 2]], -1),
        (lambda p: torch.round(p[:, 0]), [[2.2]], (0, 0)),
        (lambda p: (p[:, 0] > 1).float(), [[2.0]], 0),  # a true step, though autograd knows none
        (lambda p: torch.relu(p[:, 0]), [[-2.0]], 0, "not"),
        (Net(), torch.tensor([[3.0, 1.0]]), 0),
        (lambda p: p.flatten(1).clamp(max=1).sum(1), torch.full((1, 2, 2), 4.0), (1, 0)),
    ],
)
def test_any_flat_function_passes(answer):
    if answer[-1] == "not":  # flat, but 0 is flat as well
        assert not check("01.5", answer[:3]).passed
    else:
        verdict = check("01.5", answer)
        assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ((lambda p: torch.relu(3 - p[:, 0]), [[3.0]], 0), "software_zero"),
        ((lambda p: (p[:, 0] - 3).abs(), [[3.0]], 0), "software_zero"),
        ((lambda p: p[:, 0].detach() * p[:, 1], [[3.0, 1.0]], 0), "software_zero"),
        ((xc.zoo.toy(), [[3.0, 1.0]], 0), None),  # it has a slope
        ((lambda p: 0.1 * torch.sigmoid(50 * p[:, 0]), [[3.0]], 0), None),  # too little
        ((lambda p: p[:, 0] ** 0 + 0 * p[:, 1], [[30.0, 1.0]], 0), None),  # out of range
        ((lambda p: p[:, 0], [[1.0], [2.0]], 0), None),  # two inputs
        ((lambda p: p[:, 0], [[1.0]], 5), None),
        ((3, [[1.0]], 0), None),
    ],
)
def test_what_does_not_break_it(answer, name):
    verdict = check("01.5", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, name), verdict.message


def test_a_change_just_too_small_is_shown_as_such():
    message = check("01.5", (lambda p: torch.sigmoid(p[:, 0] / 1.25), [[10.0]], 0)).message
    assert "changes f by 0.4997" in message  # and not "by 0.5"


@pytest.mark.parametrize("decides", [0, 1])
def test_the_other_feature_is_named(decides):
    def f(p):
        return 1 - torch.relu(1 - p[:, decides]) + 3 * p[:, 1 - decides]

    verdict = check("01.5", (f, [[2.0, 2.0]], 1 - decides))
    assert verdict.diagnosis == "other_feature"
    assert f"Feature {decides} has no slope" in verdict.message


# ---------------------------------------------------------------- 01.6


def test_what_is_left_of_f_shows_which_biases_stayed():
    """All ways to keep some of the biases, with any second number."""
    expected = {10: "biases_kept", 12: "one_bias_kept", 9: "output_bias_removed"}
    toy, point = xc.zoo.toy(), torch.tensor([[1.0, 3.0]], dtype=torch.float64)
    hidden, output = toy.hidden.bias.clone(), toy.output.bias.clone()
    for kept in itertools.product((0, 1), repeat=3):
        toy.hidden.bias.copy_(hidden * torch.tensor([0, *kept[:2]]))
        toy.output.bias.copy_(output * kept[2])
        score = float(toy(point))
        for second in (score, 11.0, 4.0):
            verdict = check("01.6", {**RIGHT, "bias_free": (score, second)})
            if score != 11:
                assert verdict.diagnosis == expected.get(round(score)), kept
            elif second != 11:
                assert verdict.diagnosis == "sum_is_not_score"
            else:
                assert verdict.passed


@pytest.mark.parametrize(
    "answer",
    [
        tuple(RIGHT.values()),
        (0, (0, 0, 1), 1, (11, 11)),
        {"gradient_x_input": "0", "hidden_biases": torch.tensor([0.0, 0, 1]), "output_bias": 1,
         "bias_free": {"f": 11, "sum": 11}},
    ],
)  # fmt: skip
def test_parts_in_other_forms_pass(answer):
    verdict = check("01.6", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "change",
    [
        {"gradient_x_input": 0.5},
        {"hidden_biases": (0, 1, 0)},
        {"hidden_biases": (0, 1)},
        {"output_bias": -1},
        {"bias_free": (3, 4)},
    ],
)
def test_other_wrong_parts_have_no_name(change):
    verdict = check("01.6", {**RIGHT, **change})
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message
