"""The tasks of lesson 07: right answers of every kind pass, wrong ones get their own name."""

import numpy as np
import pytest
import torch

import xaicourse as xc
from xaicourse.course.checking import TASKS, check
from xaicourse.course.grading.card import card
from xaicourse.course.lessons.l07_noise import task_certain, task_gates, task_share, task_smooth
from xaicourse.course.lessons.l07_noise.maps import made_maps

LESSON = [task for task in TASKS if task.startswith("07.")]


# ---------------------------------------------------------------- the probes tell mistakes apart


def test_made_maps_have_the_mean_and_the_error_that_were_asked_for(close):
    ratios, sizes = [0.5, -3.0, 2.6], [1.0, 0.2, 4.0]
    maps = made_maps(ratios, sizes, 7).double()
    error = maps.std(0) / 7**0.5
    close(maps.mean(0) / error, torch.tensor(ratios).double(), 1e-05)
    close(maps.std(0), torch.tensor(sizes).double(), 1e-05)


def test_a_probe_of_certain_signs_hangs_on_n_or_n_minus_one_as_the_card_says():
    maps = task_certain.CASES[0].values["maps"].double()
    right = task_certain.certain_sign(maps)
    error = maps.std(0, unbiased=False) / len(maps) ** 0.5
    assert int(((maps.mean(0).abs() > 2 * error) != right).sum()) == 2  # 1.98 and -1.9
    assert "n - 1" in card("07.2")


# ---------------------------------------------------------------- 07.1


def in_one_call(gradient, x, noise, sigma):
    n, k = len(noise), len(x)
    copies = (x[None] + sigma * noise[:, None]).reshape(n * k, *x.shape[1:])
    return gradient(copies).reshape(n, *x.shape).mean(0)


def one_by_one(g, inputs, eps, s):
    out = []
    for one in inputs:
        found = [g((one + s * e)[None])[0].numpy() for e in eps]
        out.append(np.mean(found, axis=0))
    return np.array(out)


def in_float64_lists(gradient, x, noise, sigma):
    total = 0
    for draw in noise.double():
        total = total + gradient(x.double() + sigma * draw) / len(noise)
    return total.tolist()


@pytest.mark.parametrize("answer", [in_one_call, one_by_one, in_float64_lists])
def test_odd_right_smoothgrads_pass(answer):
    verdict = check("07.1", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda gradient, x, noise, sigma: 2 * in_one_call(gradient, x, noise, sigma),
        lambda gradient, x, noise, sigma: in_one_call(gradient, x, noise + 0.5, sigma),
        lambda gradient, x, noise, sigma: in_one_call(gradient, x, noise, sigma).flip(-1),
        lambda gradient, x, noise, sigma: torch.zeros_like(x),
        lambda gradient, x, noise, sigma: noise.mean(0).expand(x.shape),
        lambda gradient, x, noise, sigma: in_one_call(gradient, x, noise, sigma) + 0.1 * x,
    ],
)
def test_other_wrong_smoothgrads_have_no_name(answer):
    verdict = check("07.1", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def at_copies(gradient, x, noise, sigma):
    return torch.stack([gradient(x + sigma * draw) for draw in noise])


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("variance", lambda maps: maps.numpy().var(0, ddof=1)),
        ("standard_deviation", lambda maps: maps.std(0) if len(maps) > 1 else maps[0] * np.nan),
        ("one_too_few", lambda maps: maps.sum(0) / (len(maps) - 1)),  # 1 / 0 for one draw
        ("median", lambda maps: maps.median(0).values),
        ("first_draw", lambda maps: maps[0] / len(maps)),
        ("last_draw", lambda maps: maps[-1] / len(maps)),
        ("batch_averaged", lambda maps: maps.mean((0, 1), keepdim=True)[0].expand_as(maps[0])),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_other_forms_of_a_mistake_have_its_name(name, mistake):
    verdict = check("07.1", lambda g, x, noise, sigma: mistake(at_copies(g, x, noise, sigma)))
    assert (verdict.passed, verdict.diagnosis) == (False, name), verdict.message


def test_what_stops_a_later_case_does_not_name_what_the_first_do_not_show():
    def stops(gradient, x, noise, sigma):
        if len(noise) == 1:
            raise ValueError("one draw is not enough")
        return 2 * in_one_call(gradient, x, noise, sigma) + 1

    verdict = check("07.1", stops)
    assert verdict.diagnosis is None
    assert "one draw is not enough" in verdict.message


def test_an_answer_that_draws_its_own_noise_is_told_so():
    def draws(gradient, x, noise, sigma):
        return in_one_call(gradient, x, torch.randn_like(noise), sigma)

    verdict = check("07.1", draws)
    assert (verdict.passed, verdict.diagnosis) == (False, None)
    assert "draw no random numbers" in verdict.message


def test_a_changed_input_is_refused():
    def moves(gradient, x, noise, sigma):
        right = in_one_call(gradient, x, noise, sigma)
        x += 1
        return right

    assert not check("07.1", moves).passed


def test_noise_for_each_input_fits_the_package(close):
    """The task's definition is that of the package, with the package's own noise."""
    toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    generator = torch.Generator().manual_seed(0)
    noise = torch.stack([torch.randn(2, generator=generator) for _ in range(16)]).double()
    ours = task_smooth.my_smoothgrad(
        lambda points: xc.gradient(toy, points, target=None), x, noise, 0.7
    )
    package = xc.smoothgrad(toy, x, target=None, sigma=0.7, relative=False, samples=16)
    close(ours, package, 1e-10)


# ---------------------------------------------------------------- 07.2 and 07.3


def certain_by_numpy(maps):
    maps = np.asarray(maps)
    return np.abs(maps.mean(0)) > 2 * maps.std(0, ddof=1) / np.sqrt(len(maps))


def certain_by_ratio(maps):
    ratio = maps.mean(0) / (maps.std(0) / len(maps) ** 0.5)
    return (ratio > 2) | (ratio < -2)


def certain_by_interval(maps):
    mean, wide = maps.mean(0), 2 * (maps.var(0) / len(maps)).sqrt()
    return ((mean - wide > 0) | (mean + wide < 0)).int().tolist()


@pytest.mark.parametrize("answer", [certain_by_numpy, certain_by_ratio, certain_by_interval])
def test_odd_right_certain_signs_pass(answer):
    verdict = check("07.2", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda maps: torch.ones(maps.shape[1:], dtype=torch.bool),
        lambda maps: torch.zeros(maps.shape[1:], dtype=torch.bool),
        lambda maps: maps.mean(0).abs() > 0.3,
        lambda maps: maps.mean(0).abs() > 0.5 * maps.std(0) / len(maps) ** 0.5,
        lambda maps: maps[0] > 0,
        lambda maps: maps.mean(0).abs() > maps.mean(0).abs().median(),
    ],
)
def test_other_wrong_certain_signs_do_not_pass(answer):
    verdict = check("07.2", answer)
    assert not verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("reversed", lambda maps: maps.mean(0).abs() < 2 * maps.std(0) / len(maps) ** 0.5),
        # 0 / 0 is NaN, and NaN is not at most 2: nothing was compared with >=
        ("at_least", lambda maps: ~(maps.mean(0).abs() / maps.std(0) * len(maps) ** 0.5 <= 2)),
    ],
)
def test_other_forms_of_wrong_certain_signs_are_named_by_what_they_show(name, answer):
    verdict = check("07.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, name), verdict.message
    if name == "at_least":
        assert "You use" not in verdict.message


def share_by_numpy(maps):
    maps = np.asarray(maps, dtype=np.float64)
    n = len(maps)
    mean = maps.mean(0)
    return 1 - ((maps - mean) ** 2).sum() / (n * (n - 1)) / (mean**2).sum()


def share_by_pairs(maps):
    """|mean|^2 without the terms of a map with itself: the mean product of two maps."""
    flat = maps.double().flatten(1)
    n = len(flat)
    products = flat @ flat.T
    signal = (products.sum() - products.trace()) / (n * (n - 1))
    return float(signal / flat.mean(0).square().sum())


def share_in_float32(maps):
    error = maps.std(0) / len(maps) ** 0.5
    return [1 - (error**2).sum() / (maps.mean(0) ** 2).sum()]


@pytest.mark.parametrize("answer", [share_by_numpy, share_by_pairs, share_in_float32])
def test_odd_right_signal_shares_pass(answer):
    verdict = check("07.3", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda maps: 0.9,
        lambda maps: share_by_numpy(maps[: len(maps) // 2 + 1]),
        lambda maps: share_by_numpy(maps) ** 2,
        lambda maps: 1 - maps.std() / maps.abs().mean(),
        lambda maps: 0.0,
        lambda maps: share_by_numpy(maps + 1),
    ],
)
def test_other_wrong_signal_shares_have_no_name(answer):
    verdict = check("07.3", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_the_signal_share_is_right_on_average():
    """Against the truth: maps that are a known signal plus noise."""
    generator = torch.Generator().manual_seed(0)
    signal = torch.tensor([0.3, -0.5, 0.0, 0.2], dtype=torch.float64)
    maps = signal + torch.randn((4000, 5, 4), generator=generator, dtype=torch.float64)
    mean = maps.mean(1)
    error = maps.var(1) / 5
    estimate = float((mean.square() - error).sum(1).mean())
    assert estimate == pytest.approx(float(signal.square().sum()), abs=0.03)
    first = task_share.signal_share(maps[0])
    assert float(first) == pytest.approx(float(1 - error[0].sum() / mean[0].square().sum()))


# ---------------------------------------------------------------- 07.4


def gates_by_erf(W, b, v, x, sigma):
    out = torch.zeros_like(x)
    for weights, bias, out_weight in zip(W, b, v, strict=True):
        u = (x @ weights + bias) / (sigma * weights.norm())
        out += (out_weight * (1 + torch.erf(u / 2**0.5)) / 2)[:, None] * weights
    return out


def gates_by_distribution(W, b, v, x, sigma):
    sums = torch.einsum("nd,hd->nh", x, W) + b
    spread = sigma * W.pow(2).sum(1).sqrt()
    chance = 1 - torch.distributions.Normal(sums, spread.expand_as(sums)).cdf(
        torch.zeros_like(sums)
    )
    return torch.einsum("nh,h,hd->nd", chance, v, W).numpy()


def gates_by_autograd(W, b, v, x, sigma):
    """The gradient of the smoothed score: E relu(s + r e) = s Phi(s / r) + r phi(s / r)."""
    with torch.enable_grad():
        x = x.detach().double().requires_grad_()
        s = x @ W.double().T + b.double()
        r = sigma * W.double().norm(dim=1)
        u = s / r
        bell = torch.exp(-u.square() / 2) / (2 * torch.pi) ** 0.5
        score = ((s * torch.special.ndtr(u) + r * bell) * v.double()).sum()
        return torch.autograd.grad(score, x)[0]


@pytest.mark.parametrize("answer", [gates_by_erf, gates_by_distribution, gates_by_autograd])
def test_odd_right_smoothed_gradients_pass(answer):
    verdict = check("07.4", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda W, b, v, x, sigma: 2 * gates_by_erf(W, b, v, x, sigma),
        lambda W, b, v, x, sigma: gates_by_erf(W, b, v, x, 2 * sigma),
        lambda W, b, v, x, sigma: gates_by_erf(W, b, v, x + 1, sigma),
        lambda W, b, v, x, sigma: gates_by_erf(W, b, v.abs(), x, sigma),
        lambda W, b, v, x, sigma: v.sum() * torch.ones_like(x),
        lambda W, b, v, x, sigma: gates_by_erf(W, b, v, x, sigma).flip(-1),
    ],
)
def test_other_wrong_smoothed_gradients_have_no_name(answer):
    verdict = check("07.4", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


@pytest.mark.parametrize(
    ("name", "chance"),
    [
        ("erf_alone", lambda s, r: 2 * torch.special.ndtr(s / r) - 1),
        ("smoothed_score", lambda s, r: s * torch.special.ndtr(s / r)),
    ],
)
def test_other_forms_of_wrong_gates_have_their_name(name, chance):
    def answer(W, b, v, x, sigma):
        return (chance(x @ W.T + b, sigma * W.norm(dim=1)) * v) @ W

    verdict = check("07.4", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, name), verdict.message


def test_the_closed_form_is_the_limit_of_the_package():
    case = task_gates.CASES[0].values
    exact = task_gates.smoothed_gradient(**case)
    found = xc.smoothgrad(
        xc.zoo.toy(), xc.zoo.toy_input(), target=None, sigma=case["sigma"], relative=False,
        samples=4000, batch_size=4000, return_details=True,
    )  # fmt: skip
    assert bool(((found.values - exact).abs() < 4 * found.standard_error).all())


# ---------------------------------------------------------------- 07.5


@pytest.mark.parametrize(
    "answer",
    [
        (lambda p: torch.cos(3 * p[:, 0]), [0.2], 2.0),
        {"f": lambda p: p[:, 0].abs() + 0.1 * p[:, 1], "x": [[0.0, 1.0]], "sigma": 0.5},
        (lambda p: p[:, 0] * p[:, 1], torch.tensor([[0.0, 0.0]]), np.float64(1.0)),
        (lambda p: (p**2).sum(1, keepdim=True), np.zeros((1, 3)), torch.tensor(1)),
    ],
)
def test_any_two_averages_that_disagree_pass(answer):
    verdict = check("07.5", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ((lambda p: p[:, 0] ** 3, [[1.0]], 0.3), "one_sign"),
        ((lambda p: p[:, 0] ** 2, [[1.0]], 1.0), None),  # between the two
        # the valley cannot help: its number is not the one with the largest slope
        ((lambda p: p[:, 0] ** 2 + 100 * p[:, 1], [[5.0, 0.0]], 1.0), "one_sign"),
        ((lambda p: p[:, 1] ** 2 + 10 * p[:, 0], [[0.0, 0.0]], 1.0), "other_number"),
        ((lambda p: p[:, 0] ** 2, [[0.0]], 100.0), None),  # sigma out of range
        ((lambda p: p[:, 0] ** 2, [[50.0]], 1.0), None),  # x out of range
        ((lambda p: p[:, 0] ** 2, [[0.0], [1.0]], 1.0), None),  # two inputs
        ((lambda p: torch.round(3 * p[:, 0]), [[0.1]], 1.0), "flat"),
        ((lambda p: torch.sin(p[:, 0] / 50), [[0.0]], 1.0), "one_sign"),
        ((3, [[0.0]], 1.0), None),
        ((lambda p: p[:, 0] ** 2, [[0.0]], "wide"), None),
    ],
)
def test_what_does_not_show_the_difference(answer, name):
    verdict = check("07.5", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, name), verdict.message


def test_a_part_that_is_open_is_not_done():
    assert check("07.5", (lambda p: p[:, 0], None, None)).status == "not_done"
    assert check("07.5", None).status == "not_done"
