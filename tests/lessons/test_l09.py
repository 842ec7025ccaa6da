"""The tasks of lesson 09: right answers of every kind pass, wrong ones get their own name."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

import xaicourse as xc
from xaicourse.course.checking import TASKS, check
from xaicourse.course.lessons.l09_compared_with_what import (
    task_expected,
    task_noise,
    task_prior,
    task_regions,
)

LESSON = sorted(task for task in TASKS if task.startswith("09."))


def test_the_lesson_has_seven_tasks():
    assert len(LESSON) == 7


def refused(task, answer, name=None):
    verdict = check(task, answer)
    assert (verdict.passed, verdict.diagnosis) == (False, name), verdict.message
    return verdict.message


# ---------------------------------------------------------------- 09.1


def look_by_sorting(model, x, target, baseline):
    z = model(baseline)
    place = torch.searchsorted(z.sort(1).values, z.gather(1, target[:, None]), right=True)
    rise = model(x).gather(1, target[:, None])[:, 0] - z.gather(1, target[:, None])[:, 0]
    return torch.stack([rise, 1 + z.shape[1] - place[:, 0]], 1)


def look_one_by_one(model, x, target, baseline):
    found = []
    for one, t, b in zip(x, target, baseline, strict=True):
        z = model(b[None])[0].tolist()
        rise = float(model(one[None])[0, t]) - z[int(t)]
        found.append((rise, 1 + sum(other > z[int(t)] for other in z)))
    return np.array(found)


@pytest.mark.parametrize("answer", [look_by_sorting, look_one_by_one])
def test_odd_right_looks_pass(answer):
    verdict = check("09.1", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda model, x, target, baseline: 2 * look_by_sorting(model, x, target, baseline),
        lambda model, x, target, baseline: look_by_sorting(model, x, target, baseline) + 1.5,
        lambda model, x, target, baseline: torch.zeros(len(x), 2),
        lambda model, x, target, baseline: torch.ones(len(x), 2),
    ],
)
def test_other_wrong_looks_have_no_name(answer):
    refused("09.1", answer)


# ---------------------------------------------------------------- 09.2


def eg_in_one_call(model, x, target, references, alphas):
    n, k = len(references), len(x)
    way = x[None] - references[:, None]
    places = alphas.view(-1, *[1] * x.ndim)
    points = (references[:, None] + places * way).flatten(0, 1).detach().requires_grad_()
    score = model(points)[torch.arange(n * k), target.repeat(n)].sum()
    found = way * torch.autograd.grad(score, points)[0].unflatten(0, (n, k))
    return torch.stack([found.mean(0), (found.var(0) / n).sqrt()])


def eg_by_numpy(model, x, target, references, alphas):
    draws = [
        eg_in_one_call(model, x, target, b.expand(2, *b.shape), a.expand(2))[0].numpy()
        for b, a in zip(references, alphas, strict=True)
    ]
    draws = np.array(draws, dtype=np.float64)
    return draws.mean(0), draws.std(0, ddof=1) / np.sqrt(len(draws))


@pytest.mark.parametrize("answer", [eg_in_one_call, eg_by_numpy])
def test_odd_right_expected_gradients_pass(answer):
    verdict = check("09.2", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "change",
    [lambda r: 3 * r, lambda r: r + 0.1, lambda r: torch.stack([r[0], 2 * r[0]]), torch.zeros_like],
)
def test_other_wrong_expected_gradients_have_no_name(change):
    refused("09.2", lambda *given: change(eg_in_one_call(*given)))


def test_the_map_alone_is_told_so():
    assert "standard error" in refused("09.2", lambda *given: eg_in_one_call(*given)[0], "map_only")


def test_each_case_has_draws_of_both_signs_in_one_input():
    for case in task_expected.CASES:
        draws = [
            task_expected.my_eg(
                **{
                    **case.arguments(),
                    "references": case.values["references"][j : j + 1],
                    "alphas": case.values["alphas"][j : j + 1],
                },
                error=lambda one: one[0],
            )[0]
            for j in range(len(case.values["alphas"]))
        ]
        signs = torch.stack(draws).sign()
        assert bool(((signs > 0).any(0) & (signs < 0).any(0)).any())


def test_the_definition_is_that_of_the_package(close):
    case = task_expected.CASES[1].values
    found = xc.expected_gradients(
        case["model"], case["x"], target=case["target"], baselines=case["references"],
        samples=6, seed=3, return_details=True,
    )  # fmt: skip
    ours = task_expected.my_eg(
        case["model"], case["x"], case["target"],
        case["references"][found.extra["line"]], found.extra["alpha"].float(),
    )  # fmt: skip
    close(ours[0], found.values, 1e-5)
    close(ours[1], found.standard_error, 1e-5)


# ---------------------------------------------------------------- 09.3


def regions_by_lists(pixel_map, masks):
    a = np.asarray(pixel_map)
    left = [{tuple(p) for p in np.argwhere(np.asarray(m))} for m in masks]
    result = np.zeros_like(a)
    while any(left):
        best = max(
            (pixels for pixels in left if pixels),
            key=lambda pixels: np.mean([a[p] for p in sorted(pixels)]),
        )
        value, taken = np.mean([a[p] for p in sorted(best)]), set(best)
        for p in taken:
            result[p] = value
        left = [pixels - taken for pixels in left]
    return result.tolist()


def test_odd_right_regions_pass():
    verdict = check("09.3", regions_by_lists)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "change", [lambda r: r + 1, lambda r: 2 * r, lambda r: r.flip(0, 1), torch.zeros_like]
)
def test_other_wrong_regions_have_no_name(change):
    refused("09.3", lambda *given: change(task_regions.regions(*given)))


def test_regions_are_those_of_the_package_and_keep_the_sum(close):
    x, labels, _ = xc.datasets.planted(1, seed=5)
    net = xc.zoo.load("planted_cnn", device="cpu")
    drawn = torch.Generator().manual_seed(0)
    masks = torch.rand(12, 32, 32, generator=drawn) < 0.3
    masks[-1] = True
    found = xc.xrai(
        net, x, target=labels, baselines="mean", steps=4, segments=masks, least=1,
        return_details=True,
    )  # fmt: skip
    pixels = found.extra["pixels"][0]
    ours = TASKS["09.3"].reference(pixels, masks)
    close(ours, found.values[0, 0], 1e-5)
    assert float(ours.sum()) == pytest.approx(float(pixels.sum()), rel=1e-4)


def test_a_linear_model_fills_regions_with_any_numbers(close):
    """The lesson's control: from x - 1 each pixel of a linear model gets its own number."""
    x = xc.datasets.planted(1, seed=5).x
    numbers = torch.randn(32, 32, generator=torch.Generator().manual_seed(2))
    found = xc.xrai(
        lambda p: (p * numbers).sum((1, 2, 3)), x, target=None, baselines=x - 1, steps=1,
        return_details=True,
    )  # fmt: skip
    close(found.extra["pixels"][0], numbers, 1e-4)


# ---------------------------------------------------------------- 09.4


def wave(p):
    return torch.sin(p[:, 0] + 2 * p[:, 1])


EVIDENCE = {
    "a": (wave, [0.5, 1.0], [[-1.0, 2.0], [3.0, 0.5]], [0.5, 0.5]),
    "b": (wave, [0.5, 1.0], [[-1.0, 2.0], [3.0, 0.5]], [0.8, 0.1]),
    "c": (wave, torch.tensor([0.5, 1.0]), np.array([[-1.0, 2.0], [3.0, 0.5]]), (0.8, 0.1)),
}


def test_other_evidence_passes():
    verdict = check("09.4", EVIDENCE)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("bug", "part", "name"),
    [
        ("a", (lambda p: p.sum(1), *EVIDENCE["a"][1:]), "straight"),
        ("b", (*EVIDENCE["b"][:3], [0.1, 0.8]), "sorted_places"),
        ("b", (*EVIDENCE["b"][:3], [0.8]), None),
        ("b", (*EVIDENCE["b"][:3], [0.8, 1.8]), None),
        ("c", (lambda p: p.sum(1), [0.0, 0.0], [[1.0, 1.0], [2.0, 3.0]], [0.5, 0.5]), "one_sign"),
        ("c", (wave, [0.5, 50.0], *EVIDENCE["c"][2:]), None),
    ],
)
def test_evidence_that_shows_nothing_is_told_why(bug, part, name):
    refused("09.4", EVIDENCE | {bug: part}, name)


# ---------------------------------------------------------------- 09.5


def soft_smaller(p):
    return -torch.logsumexp(-4 * p, 1) / 4


@pytest.mark.parametrize(
    "answer",
    [
        (soft_smaller, [[3.0, 3.0]], [[-4.0, 1.0]], [[1.0, -4.0]]),
        (lambda p: -torch.maximum(p[:, 0], p[:, 1]), [0, 0], [5.0, 3.0], [3.0, 5.0]),
    ],
)
def test_other_counterexamples_pass_or_say_what_is_missing(answer):
    verdict = check("09.5", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ((lambda p: p.sum(1), [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]), "short_way"),
        ((lambda p: p.prod(1), [2.0, 2.0], [0.0, 0.0], [0.0, 0.0]), "same_baseline"),
        ((lambda p: p.prod(1), [2.0, 2.0], [0.0, 1.0], [1.0, 0.0]), "not_opposite"),
        ((lambda p: p[:, 0], [2.0, 2.0], [0.0, 1.0], [0.0, 0.0]), "same_answer"),
        ((soft_smaller, [3.0], [1.0], [2.0]), None),
    ],
)
def test_what_breaks_nothing_is_told_why(answer, name):
    refused("09.5", answer, name)


# ---------------------------------------------------------------- 09.6


def test_the_numbers_on_paper_are_those_of_many_draws():
    def f(p):
        return p[:, 0] ** 2 + 3 * p[:, 1] + p[:, 0] * p[:, 1]

    x = torch.tensor([[2.0, 1.0]], dtype=torch.float64)
    around = xc.baselines.gaussian(x, sigma=1.0, draws=20000, clip=None)
    found = xc.expected_gradients(
        f, x, target=None, baselines=around, samples=20000, batch_size=5000, return_details=True
    )
    off = (found.values - torch.tensor([[-1.0, 0.0]])).abs()
    assert bool((off < 4 * found.standard_error).all())
    mean = float(f(around[:, 0]).mean())
    assert float(f(x)) - mean == pytest.approx(-1.0, abs=0.15)


def test_right_numbers_on_paper_pass_in_any_form():
    assert check("09.6", {"shares": [-1, 0], "total": "-1", "slip": np.array([1.0, 0])}).passed
    assert task_noise.NOISE_ON_PAPER.reference


# ---------------------------------------------------------------- 09.7


def loss_by_func(model, x, labels, references, alphas, where, weight):
    total = 0
    for one, label, b, alpha in zip(x, labels, references, alphas, strict=True):
        point = (b + alpha * (one - b))[None].clone().requires_grad_()
        (slope,) = torch.autograd.grad(model(point)[0, label], point, create_graph=True)
        total = total + (((one - b) * slope[0])[where] ** 2).sum()
    return torch.nn.functional.cross_entropy(model(x), labels) + weight * total / len(x)


def test_a_loss_input_by_input_passes():
    verdict = check("09.7", loss_by_func)
    assert verdict.passed, verdict.message


def test_a_loss_that_cannot_be_trained_is_told_so():
    message = refused("09.7", task_prior.without_graph, "no_graph")
    assert "create_graph" in message


@pytest.mark.parametrize("change", [lambda r: 2 * r, lambda r: r + 1, lambda r: 0 * r])
def test_other_wrong_losses_have_no_name(change):
    refused("09.7", lambda *given: change(loss_by_func(*given)))


# ---------------------------------------------------------------- what the lesson says


def test_the_bending_lies_over_the_ground_and_two_or_three_times_as_dense_at_the_mark():
    net = xc.zoo.load("planted_cnn", device="cpu")
    found = []
    for seed in (1, 2, 3):
        x, labels, masks = xc.datasets.planted(10, seed=seed)
        around = xc.baselines.gaussian(x, sigma=0.1, draws=60, clip=None)
        sizes = xc.expected_gradients(net, x, target=labels, baselines=around, samples=60).abs()
        found.append(float(sizes[masks.bool()].mean() / sizes.mean()))
        assert float(sizes[~masks.bool()].mean() / sizes.mean()) > 0.9
    assert 2 < sum(found) / 3 < 3.2


def test_a_gallery_mixes_its_colours_so_that_a_blur_has_no_steps():
    cat = xc.datasets.photo("chelsea")
    shown = {"blur": xc.baselines.blur(cat, sigma=20.0), "noise": xc.baselines.uniform(cat)}
    photos = {**shown, "cat": cat, "black": 0 * cat, "again": cat}
    picture = xc.widgets.gallery(photos, alt="five pictures")
    image = Image.open(io.BytesIO(picture.png))
    assert (image.mode, len(picture.png) < 130_000) == ("P", True)
    blurred = np.asarray(image.convert("RGB"), dtype=float)[70:200, 30:180]  # inside the first
    neighbours = (blurred[:, 1:] != blurred[:, :-1]).any(-1).mean()
    assert neighbours > 0.5  # flat patches would agree with their neighbours


def test_a_photo_of_a_figure_has_the_title_that_is_asked_for():
    x = xc.datasets.planted(1).x
    titles = [
        xc.plot.maps({"a map": x}, photo=x, alt="two", **said).figure.axes[0].get_title()
        for said in ({}, {"photo_title": "the picture"})
    ]
    assert titles == ["photo", "the picture"]


def test_one_case_ends_with_a_region_of_a_single_new_pixel():
    def without_single_ones(pixel_map, masks):
        result, free = torch.zeros_like(pixel_map), torch.ones_like(masks[0])
        while True:
            new = [mask & free for mask in masks if int((mask & free).sum()) > 1]
            if not new:
                return result
            best = max(new, key=lambda pixels: float(pixel_map[pixels].mean()))
            result[best], free = pixel_map[best].mean(), free & ~best

    refused("09.3", without_single_ones)


def test_which_part_is_right_is_said():
    def other_error(*given):
        right = eg_in_one_call(*given)
        return torch.stack([right[0], 3.3 * right[1] + 0.1])

    assert "the map is right in every case, its error is not" in refused("09.2", other_error)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (float, "plain_number"),
        (lambda loss: loss.detach(), "plain_number"),
        (lambda loss: loss.detach().numpy(), "plain_number"),
    ],
)
def test_a_loss_that_nobody_can_follow_is_refused(change, name):
    refused("09.7", lambda *given: change(loss_by_func(*given)), name)


def test_a_loss_that_leaves_the_weights_frozen_is_refused():
    refused("09.7", task_prior.freezing, "freezes_weights")


def test_a_proof_that_shows_too_little_shows_no_equal_lists():
    weak = (lambda p: p.sum(1) + 1e-4 * p.prod(1), [2.0, 1.0], [[0.0, 0.0], [1.0, 3.0]], [0.2, 0.9])
    verdict = TASKS["09.4"].grade(EVIDENCE | {"a": weak})
    assert verdict.status == "not_right"
    assert "right is" not in verdict.evidence


def test_shares_of_the_rise_are_shown_without_noise():
    assert "[1, 0] and [0, 1]" in check("09.5", TASKS["09.5"].reference).message
