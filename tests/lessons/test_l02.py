"""The tasks of lesson 02: right answers in odd forms pass, each known mistake gets its own name."""

import numpy as np
import pytest
import torch
from torch import nn

import xaicourse as xc
from xaicourse.course.checking import TASKS, check

my_guided, with_control, rect_rule = (TASKS[task].reference for task in ("02.2", "02.3", "02.6"))
OUTCOMES = TASKS["02.4"].reference


# ---------------------------------------------------------------- the probes tell mistakes apart


def test_no_value_lies_near_a_kink():
    """Otherwise float32 and float64 could choose other gates, and a right answer be refused.

    Exactly 0 is the same in both.
    """
    for case in TASKS["02.2"].grade.cases:
        point = case.values["x"]
        for layer in case.values["layers"]:
            if isinstance(layer, nn.ReLU):
                assert float(point[point != 0].abs().min()) > 1e-3
            point = layer(point)


# ---------------------------------------------------------------- 02.1


@pytest.mark.parametrize(
    "answer",
    [
        {"guided": ["-3", "6"], "deconvnet": np.array([-1, 4]), "never_changes": "DeconvNet"},
        (torch.tensor([[-1.0, 4.0]]), (-3, 6), "deconv"),
        [[-1.0, 4.0], [-3.0, 6.0], " deconvnet "],
    ],
)
def test_odd_right_maps_pass(answer):
    verdict = check("02.1", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        ((5, 5), (-3, 6), "deconvnet"),
        ((-1, 4), (0.5, 0.25), "deconvnet"),
        ((-1, 4, 0), (-3, 6), "deconvnet"),
        ((-1, 4), (-3, 6), "occlusion"),
        ((1, -4), (-3, 6), "deconvnet"),
        ((-1, 4), (3, -6), "deconvnet"),
    ],
)
def test_other_wrong_maps_have_no_name(answer):
    verdict = check("02.1", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_a_number_that_is_none_is_told_so():
    message = check("02.1", ((float("nan"), 4), (-3, 6), "deconvnet")).message
    assert "NaN" in message


def test_the_message_on_a_wrong_map_leaves_the_decision_to_the_student():
    message = check("02.1", ((1, -4), (-3, 6), "deconvnet")).message
    assert "2, 3 and 0" not in message
    assert "which of them go on" in message


def test_one_part_that_is_open_is_named():
    verdict = check("02.1", ((-1, 4), (None, None), None))
    assert verdict.status == "not_done"
    assert "guided" in verdict.message


def test_task_one_is_what_the_package_gives():
    toy, x = xc.zoo.toy(), torch.tensor([[1.0, 3.0]], dtype=torch.float64)
    deconvnet, guided, _ = TASKS["02.1"].reference
    assert tuple(xc.deconvnet(toy, x)[0].tolist()) == deconvnet
    assert tuple(xc.guided_backprop(toy, x)[0].tolist()) == guided
    others = torch.randn(50, 2, generator=torch.Generator().manual_seed(0)).double() * 5
    assert torch.equal(xc.deconvnet(toy, others), torch.tensor([deconvnet] * 50).double())


# ---------------------------------------------------------------- 02.2


def by_hooks(layers, x, target):
    """Hooks that are right: a list of gates that is used from its end, and removed at the end."""
    gates, handles = [], []
    for layer in {id(layer): layer for layer in layers}.values():
        if isinstance(layer, nn.ReLU):
            handles.append(
                layer.register_forward_hook(lambda m, i, o: gates.append(o.detach() > 0))
            )
            handles.append(
                layer.register_full_backward_hook(
                    lambda m, i, o: (gates.pop() * o[0].clamp(min=0),)
                )
            )
    with torch.enable_grad():
        point = x.detach().clone().requires_grad_()
        scores = nn.Sequential(*layers)(point)
        found = torch.autograd.grad(scores[torch.arange(len(x)), target].sum(), point)[0]
    for handle in handles:
        handle.remove()
    return found


class GuidedReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z.clamp_min(0)

    @staticmethod
    def backward(ctx, g):
        (z,) = ctx.saved_tensors
        return (z > 0) * g.clamp_min(0)


def by_function(layers, x, target):
    with torch.enable_grad():
        leaf = x.detach().clone().requires_grad_()
        point = leaf
        for layer in layers:
            point = GuidedReLU.apply(point) if isinstance(layer, nn.ReLU) else layer(point)
        chosen = point.gather(1, target[:, None]).sum()
        return torch.autograd.grad(chosen, leaf)[0].numpy()


def one_by_one(layers, x, target):
    rows = [by_function(layers, x[k : k + 1], target[k : k + 1])[0] for k in range(len(x))]
    return [row.tolist() for row in rows]


@pytest.mark.parametrize("answer", [by_hooks, by_function, one_by_one])
def test_odd_right_guided_maps_pass(answer):
    verdict = check("02.2", answer)
    assert verdict.passed, verdict.message


def half(layers, x, target):
    return my_guided(layers, x, target) / 2


def mirrored(layers, x, target):
    return my_guided(layers, x.flip(-1), target)


def other_class(layers, x, target):
    return my_guided(layers, x, (target + 1) % 3)


def zeros(layers, x, target):
    return torch.zeros_like(x)


def negative_map(layers, x, target):
    return -my_guided(layers, x, target)


def sign_only(layers, x, target):
    return my_guided(layers, x, target).sign()


@pytest.mark.parametrize("answer", [half, mirrored, other_class, zeros, negative_map, sign_only])
def test_other_wrong_guided_maps_have_no_name(answer):
    verdict = check("02.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def with_gate(open_gate):
    def answer(layers, x, target):
        points = [x]
        for layer in layers:
            points.append(layer(points[-1]))
        signal = nn.functional.one_hot(target, points[-1].shape[1]).float()
        for layer, point in zip(layers[::-1], points[-2::-1], strict=True):
            if isinstance(layer, nn.ReLU):
                signal = open_gate(point) * signal.clamp(min=0)
            else:
                leaf = point.detach().requires_grad_()
                (signal,) = torch.autograd.grad(layer(leaf), leaf, signal)
        return signal

    return answer


def test_the_gate_is_closed_at_zero():
    assert check("02.2", with_gate(lambda z: z > 0)).passed
    assert check("02.2", with_gate(lambda z: z >= 0)).diagnosis == "open_at_zero"
    assert check("02.2", with_gate(lambda z: z < 0)).diagnosis == "gates_reversed"


@pytest.mark.parametrize("name", ["score_goes_down", "probability"])
def test_a_signal_that_begins_wrong_is_named(name):
    def answer(layers, x, target):
        leaf = x.clone().requires_grad_()
        scores = leaf
        for layer in layers:
            scores = GuidedReLU.apply(scores) if isinstance(layer, nn.ReLU) else layer(scores)
        if name == "probability":
            chosen = scores.softmax(1).gather(1, target[:, None])
        else:
            chosen = scores.gather(1, target[:, None]) ** 2 / 2
        return torch.autograd.grad(chosen.sum(), leaf)[0]

    assert check("02.2", answer).diagnosis == name


def test_a_layer_that_is_left_open_is_not_an_empty_answer():
    def dense_only(layers, x, target):
        if any(isinstance(layer, nn.Conv2d) for layer in layers):
            raise NotImplementedError("no convolutions yet")
        return my_guided(layers, x, target)

    verdict = check("02.2", dense_only)
    assert verdict.status == "not_right"
    assert "two convolutions" in verdict.message


def test_layers_that_are_changed_are_seen():
    def other_list(layers, x, target):
        found = my_guided(layers, x, target)
        layers[-1] = nn.Identity()
        return found

    def asks_for_gradients(layers, x, target):
        for layer in layers:
            layer.requires_grad_()
        return my_guided(layers, x, target)

    for answer in (other_list, asks_for_gradients):
        assert check("02.2", answer).diagnosis == "changes_layers"


def scores_of(layers, leaf):
    point = leaf
    for layer in layers:
        point = GuidedReLU.apply(point) if isinstance(layer, nn.ReLU) else layer(point)
    return point


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("log_probability", lambda scores, t: scores.log_softmax(1)[range(len(t)), t].sum()),
        ("loss", nn.functional.cross_entropy),
        ("loss", lambda scores, t: nn.functional.cross_entropy(scores, t, reduction="sum")),
        ("all_targets", lambda scores, t: scores[:, t].sum()),
    ],
)
def test_another_number_that_is_explained_is_named(name, number):
    def answer(layers, x, target):
        leaf = x.clone().requires_grad_()
        return torch.autograd.grad(number(scores_of(layers, leaf), target), leaf)[0]

    assert check("02.2", answer).diagnosis == name


def test_hooks_that_stay_are_seen_even_if_they_do_nothing_wrong():
    def stays(layers, x, target):
        for layer in layers:
            layer.register_forward_hook(lambda module, inputs, output: None)
        return my_guided(layers, x, target)

    assert check("02.2", stays).diagnosis == "leaves_hooks"


def test_a_layer_is_as_it_was_in_the_next_call():
    def spoils(layers, x, target):
        for layer in layers:
            layer.forward = lambda z: z
        return x

    assert not check("02.2", spoils).passed
    assert check("02.2", my_guided).passed


def test_a_note_that_stays_on_a_layer_spoils_the_second_call():
    def noted(layers, x, target):
        known = getattr(layers[0], "map", None)
        layers[0].map = my_guided(layers, x, target)
        return layers[0].map if known is None else 2 * known

    assert "second call" in check("02.2", noted).message


# ---------------------------------------------------------------- 02.3


def by_numpy(a, b, order):
    a, b = a.numpy().ravel(), b.numpy().ravel()
    size = np.linalg.norm(a) * np.linalg.norm(b)
    return [a @ b / size, a[order.numpy()] @ b / size]


def by_torch(a, b, order):
    first = torch.stack([a.flatten(), a.flatten()[order]])
    return nn.functional.cosine_similarity(first, b.flatten()[None])


def by_norm(a, b, order):
    a = a.double() / a.double().norm()
    b = b.double() / b.double().norm()
    return float((a * b).sum()), float((a.view(-1)[order] * b.view(-1)).sum())


@pytest.mark.parametrize("answer", [by_numpy, by_torch, by_norm])
def test_odd_right_cosines_pass(answer):
    verdict = check("02.3", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda a, b, order: torch.tensor([1.0, 0.0]),
        lambda a, b, order: 2 * with_control(a, b, order),
        lambda a, b, order: with_control(a, b, order.flip(0)),
        lambda a, b, order: with_control(a, b, order).acos(),
        lambda a, b, order: -with_control(a, b, order),
        lambda a, b, order: with_control(a.sign(), b.sign(), order),
    ],
)
def test_other_wrong_cosines_have_no_name(answer):
    verdict = check("02.3", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def mean_of_columns(a, b, order):
    mixed = a.flatten()[order].view_as(a)
    return [nn.functional.cosine_similarity(one, b, dim=0).mean() for one in (a, mixed)]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("one_length_only", lambda a, b, order: with_control(a, b, order) * b.norm()),
        ("one_length_only", lambda a, b, order: with_control(a, b, order) * a.norm()),
        ("lengths_squared", lambda a, b, order: with_control(a, b, order) / a.norm() / b.norm()),
        ("second_shuffled", lambda a, b, order: with_control(a, b, order.argsort())),
        ("mean_of_lines", mean_of_columns),
    ],
)
def test_other_forms_of_a_mistake_have_its_name(name, answer):
    assert check("02.3", answer).diagnosis == name


def test_the_message_on_the_order_holds_for_the_inverse_order_too():
    message = check("02.3", lambda a, b, order: with_control(a, b, order.argsort())).message
    assert "inverse" in message


def test_one_number_is_not_enough():
    verdict = check("02.3", lambda a, b, order: with_control(a, b, order)[0])
    assert not verdict.passed
    assert verdict.diagnosis == "only_the_cosine"


# ---------------------------------------------------------------- 02.4


class Two(nn.Module):
    def __init__(self, first, second):
        super().__init__()
        self.first, self.second = first, second
        W = torch.tensor([[1.0, 0, -1], [0, 1, 1], [1, -1, 0]], dtype=torch.float64)
        self.layers = (torch.tensor([[1.0, -1], [-1, 2], [1, 1]], dtype=torch.float64), W)

    def forward(self, x):
        hidden = self.first(x @ self.layers[0].T + torch.tensor([0.0, -1, -1]).double())
        return self.second(hidden @ self.layers[1].T) @ torch.tensor([2.0, 1, -1]).double()


class MyReLU(nn.ReLU):
    pass


def hooked_guided(net, x):
    def note_gate(module, inputs, output):
        module.gate = output > 0

    def change_rule(module, grad_input, grad_output):
        return (module.gate * grad_output[0].clamp(min=0),)

    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(note_gate)
            module.register_full_backward_hook(change_rule)
    point = x.clone().requires_grad_()
    return torch.autograd.grad(net(point).sum(), point)[0]


def test_the_key_of_task_four_is_what_hooks_do():
    shared = nn.ReLU()
    nets = {
        "A": lambda: Two(nn.ReLU(), nn.ReLU()),
        "B": lambda: Two(torch.relu, torch.relu),
        "C": lambda: Two(shared, shared),
        "D": lambda: Two(nn.ReLU6(), nn.ReLU6()),
        "E": lambda: Two(MyReLU(), MyReLU()),
        "F": lambda: Two(nn.ReLU(inplace=True), nn.ReLU(inplace=True)),
    }
    x = torch.tensor([[3.0, 1.0]], dtype=torch.float64)
    found = {}
    for name, make in nets.items():
        expected = xc.guided_backprop(make(), x)
        try:
            same = torch.equal(hooked_guided(make(), x), expected)
            found[name] = "right" if same else "wrong"
        except RuntimeError:
            found[name] = "error"
    assert found == OUTCOMES


def test_odd_right_outcomes_pass():
    assert check("02.4", tuple(OUTCOMES.values())).passed
    assert check("02.4", {name.lower(): value.upper() for name, value in OUTCOMES.items()}).passed
    assert check("02.4", [f" {value} " for value in OUTCOMES.values()]).passed


# ---------------------------------------------------------------- 02.5


def relu(values):
    return torch.relu(values)


def scaled_twin(p):
    return relu(2 * p[:, 1]) - 2 * relu(p[:, 1]) - 3 * relu(p[:, 0]) + 3


def parts_that_add_up(p):
    return relu(0.3 * p[:, 0]) + relu(0.7 * p[:, 0]) - relu(p[:, 0]) - relu(p[:, 1])


def net_that_cancels(p):
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    for parameter, values in zip(
        net.parameters(),
        ([[0.3, 0], [0.3, 0], [0, -1]], [0.1, 0.1, 8], [[3, -3, -1]], [0]),
        strict=True,
    ):
        parameter.data = torch.tensor(values, dtype=torch.float32)
    return net(p.float())[:, 0]


class Module(nn.Module):
    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()

    def forward(self, p):
        odd = self.relu(p[:, 2]) - self.relu(-p[:, 2]) - p[:, 2]
        return odd - self.relu(-2 * p[:, 1]) + p[:, 0] * 2


@pytest.mark.parametrize(
    "answer",
    [
        (scaled_twin, [1.0, 2.0], 1, 0),
        (parts_that_add_up, [[4.0, 0.5]], 0, 1),
        {"x": np.array([[3.0, 0.0]]), "unused": torch.tensor(0), "USED": 1, "f": net_that_cancels},
        (
            lambda p: (relu(p[:, :2]) - relu(p[:, :2])).sum(1) - relu(p[:, 2]),
            [[1.0, 1.0, 1.0]],
            0,
            2,
        ),
        (Module(), torch.tensor([[1, -1, -2]]), -1, -2),
    ],
)
def test_odd_right_examples_pass(answer):
    verdict = check("02.5", answer)
    assert verdict.passed, verdict.message


def cancels(p):
    return relu(p[:, 0]) - relu(p[:, 0])


def hides(p):
    return relu(p[:, 1])


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda p: cancels(p) - hides(p) * p[:, 0] * 0.0 + p[:, 1] ** 2, [1.0, 1.0]),  # no rule
        (lambda p: 0.1 * cancels(p) - hides(p), [1.0, 1.0]),
        (lambda p: cancels(p) - 0.1 * hides(p), [1.0, 1.0]),
        (lambda p: cancels(p) - hides(p), [1.0, -1.0]),  # closed, and so flat, at this x
        (lambda p: cancels(p) - hides(p), [1.0, 200.0]),
        (lambda p: cancels(p) - hides(p) + p.mean(), [1.0, 1.0]),
        (lambda p: cancels(p) - hides(p), [1.0]),
    ],
)
def test_other_wrong_examples_have_no_name(f, x):
    verdict = check("02.5", (f, [x], 0, 1))
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


@pytest.mark.parametrize(("unused", "used"), [(0, 5), (0, 0), ("x1", 1), (1, -1)])
def test_two_features_must_be_named(unused, used):
    f = lambda p: cancels(p) - hides(p)  # noqa: E731
    verdict = check("02.5", (f, [[1.0, 1.0]], unused, used))
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ("shape (2, 2)", (cancels, [[1.0, 1.0], [2.0, 1.0]], 0, 1)),
        ("You gave 200", (cancels, [[1.0, 200.0]], 0, 1)),
        ("used must be the index of one of the 2 numbers of x. You gave 5", ("f", [1.0, 2], 0, 5)),
        ("unused must be the index of one of the 2 numbers", (cancels, [1.0, 2], "x1", 5)),
        ("Both are 1", (cancels, [[1.0, 1.0]], 1, -1)),
        ("gives it 0.1", (lambda p: 0.1 * cancels(p) - hides(p), [[1.0, 1.0]], 0, 1)),
        ("its gradient at x is -0.1", (lambda p: cancels(p) - 0.1 * hides(p), [[1.0, 1]], 0, 1)),
        ("its gradient at x is 0", (lambda p: cancels(p) - hides(p), [[1.0, -1.0]], 0, 1)),
    ],
)
def test_what_is_to_be_mended_is_said(says, answer):
    assert says in check("02.5", answer).message


def test_the_example_of_the_lesson_is_not_enough():
    assert check("02.5", (cancels, [[3.0, 2.0]], 0, 1)).diagnosis == "uses_nothing"


def test_an_operation_without_a_rule_is_said_in_plain_words():
    def hidden(p):
        return relu(p[:, 0].detach()) + p[:, 1]

    message = check("02.5", (hidden, [[2.0, 1.0]], 0, 1)).message
    assert "no rule for an operation in f: model computes detach()" in message
    assert "allow=" not in message


def test_an_f_that_draws_numbers_is_told_so():
    message = check("02.5", (lambda p: cancels(p) + torch.rand(len(p)), [[2.0, 1.0]], 0, 1)).message
    assert "random" in message


@pytest.mark.parametrize(
    "rest",
    [
        lambda p: relu(p[:, 0] - 8),  # used far away
        lambda p: relu(p[:, 0] - 50),  # farther than any x
        lambda p: relu(-p[:, 0] - 500),
        lambda p: relu(p[:, 0] + relu(p[:, 1] - 9) - 10),  # used where the other is large
        lambda p: relu(relu(-p[:, 1] - 9) - relu(p[:, 0])),
        lambda p: 1e-3 * p[:, 0],
    ],
)
def test_used_elsewhere_is_used(rest):
    f = lambda p: cancels(p) - hides(p) + rest(p)  # noqa: E731
    assert check("02.5", (f, [[1.0, 1.0]], 0, 1)).diagnosis == "not_unused"


# ---------------------------------------------------------------- 02.6


def by_rows(a, g, quantile):
    rows = []
    for one, signal in zip(a.numpy(), g.numpy(), strict=True):
        product = one * signal
        rows.append(np.where(product > np.quantile(product, quantile), signal, 0))
    return np.stack(rows)


def by_sorting(a, g, quantile):
    product = (a * g).double().flatten(1).sort(1).values
    place = quantile * (product.shape[1] - 1)
    low = int(place)
    high = min(low + 1, product.shape[1] - 1)
    tau = product[:, low] + (place - low) * (product[:, high] - product[:, low])
    tau = tau.reshape(-1, *[1] * (a.ndim - 1))
    return torch.where((a * g).double() > tau, g, 0.0)


def by_where(a, g, quantile):
    tau = torch.stack([(u * v).quantile(quantile) for u, v in zip(a, g, strict=True)])
    out = g.clone()
    for k in range(len(out)):
        out[k][(a[k] * g[k]) <= tau[k]] = 0
    return out


@pytest.mark.parametrize("answer", [by_rows, by_sorting, by_where])
def test_odd_right_rules_pass(answer):
    verdict = check("02.6", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda a, g, quantile: g,
        lambda a, g, quantile: torch.zeros_like(g),
        lambda a, g, quantile: -rect_rule(a, g, quantile),
        lambda a, g, quantile: rect_rule(a, g, quantile**2),
        lambda a, g, quantile: rect_rule(a, g, quantile).abs() * 2,
        lambda a, g, quantile: rect_rule(a.flip(-1), g, quantile),
    ],
)
def test_other_wrong_rules_have_no_name(answer):
    verdict = check("02.6", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_negative_signals_pass_a_low_threshold():
    verdict = check("02.6", lambda a, g, quantile: rect_rule(a, g, quantile).clamp_min(0))
    assert verdict.diagnosis == "positive_only"


def test_a_message_shows_one_line_of_a_long_result_and_no_minus_zero():
    message = check("02.6", lambda a, g, quantile: -0.5 * rect_rule(a, g, quantile)).message
    assert "-0," not in message
    message = check("02.6", lambda a, g, quantile: rect_rule(a, g, quantile) * (a.ndim < 4)).message
    assert "feature maps" in message
    assert len(message) < 500
