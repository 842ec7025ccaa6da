"""The tasks of lesson 00: right answers in odd forms pass, each known mistake gets its own name."""

import itertools
import random

import numpy as np
import pytest
import torch

from xaicourse.course.checking import TASKS, check, hint, map_makers
from xaicourse.course.grading.cases import apart
from xaicourse.course.grading.compare import as_numbers
from xaicourse.course.lessons.l00_start_here import (
    greying,
    task_evidence,
    task_limits,
    task_patches,
)
from xaicourse.course.lessons.l00_start_here.greying import occlusion
from xaicourse.course.lessons.l00_start_here.task_limits import shared_limits
from xaicourse.course.lessons.l00_start_here.task_own import _RIGHT as OWN
from xaicourse.course.lessons.l00_start_here.task_patches import strongest_patches

LESSON = [task for task in TASKS if task.startswith("00.")]


# ---------------------------------------------------------------- the probes tell mistakes apart


def test_limits_are_five_percent_apart():
    functions = {"right": shared_limits, **TASKS["00.4"].misconceptions}
    del functions["zero_map_forgotten"]  # the only one that is compared on maps that are all 0
    cases = [case for case in task_limits.CASES if all(map(torch.any, case.values["maps"]))]
    results = {
        name: [as_numbers(function(**case.arguments())) for case in cases]
        for name, function in functions.items()
    }
    for a, b in itertools.combinations(results, 2):
        assert max(apart(p, q) for p, q in zip(results[a], results[b], strict=True)) >= 0.05, (a, b)


def test_the_target_is_never_the_best_class():
    for case in greying.CASES:
        best = int(case.values["model"](case.values["x"]).argmax())
        assert best != case.values["target"]


# ---------------------------------------------------------------- 00.1


def by_loop(model, x):
    return [int(model(x[k : k + 1])[0].argmax()) for k in range(len(x))]


def by_numpy(model, x):
    return np.argmax(model(x).detach().numpy(), axis=1)


def by_probability(net, images):
    return net(images).softmax(1).argmax(1, keepdim=True)


def as_float(model, x):
    return model(x).topk(1, dim=1).indices.squeeze(1).float()


@pytest.mark.parametrize("answer", [by_loop, by_numpy, by_probability, as_float])
def test_odd_right_classes_pass(answer):
    assert check("00.1", answer).passed


def third_best(model, x):
    return model(x).argsort(dim=1)[:, -3]


def always_three(model, x):
    return torch.full((len(x),), 3)


def class_of_mirror(model, x):
    return model(x.flip(-1)).argmax(1)


@pytest.mark.parametrize("answer", [third_best, always_three, class_of_mirror])
def test_other_wrong_classes_have_no_name(answer):
    verdict = check("00.1", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


# ---------------------------------------------------------------- 00.2


def all_at_once(model, x, target, patch, fill):
    height, width = x.shape[-2] // patch, x.shape[-1] // patch
    mask = torch.eye(height * width).reshape(-1, 1, height, width)
    mask = mask.repeat_interleave(patch, 2).repeat_interleave(patch, 3).bool()
    scores = model(torch.where(mask, torch.tensor(fill), x))[:, target]
    return (model(x)[0, target] - scores).reshape(height, width)


def in_lists(model, x, target, patch, fill):
    start = float(model(x)[0][target])
    lines = []
    for i in range(0, x.shape[2], patch):
        line = []
        for j in range(0, x.shape[3], patch):
            changed = x.detach().clone()
            changed[:, :, i : i + patch, j : j + patch] = fill
            line.append(start - float(model(changed)[0][target]))
        lines.append(line)
    return lines


def grey_and_restore(model, x, target, patch, fill):
    photo, out = x.clone(), np.zeros((x.shape[2] // patch, x.shape[3] // patch), np.float32)
    for i, j in np.ndindex(out.shape):
        place = (..., slice(i * patch, i * patch + patch), slice(j * patch, j * patch + patch))
        before = photo[place].clone()
        photo[place] = fill
        out[i, j] = float(model(x)[0, target] - model(photo)[0, target])
        photo[place] = before
    return out[None]


@pytest.mark.parametrize("answer", [all_at_once, in_lists, grey_and_restore])
def test_odd_right_occlusions_pass(answer):
    verdict = check("00.2", answer)
    assert verdict.passed, verdict.message


def twice(model, x, target, patch, fill):
    return 2 * occlusion(model, x, target, patch, fill)


def flipped_and_absolute_target(model, x, target, patch, fill):
    return -occlusion(model, x, (target + 1) % 4, patch, fill).abs()


def upside_down(model, x, target, patch, fill):
    return occlusion(model, x, target, patch, fill).flip(0)


def nothing(model, x, target, patch, fill):
    return torch.zeros(x.shape[2] // patch, x.shape[3] // patch)


@pytest.mark.parametrize("answer", [twice, flipped_and_absolute_target, upside_down, nothing])
def test_other_wrong_occlusions_have_no_name(answer):
    verdict = check("00.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message
    assert "yours" in check("00.2", answer).message  # the smallest probe, from the second try on


# ---------------------------------------------------------------- 00.3


def by_dictionary(effects):
    supporting, opposing = strongest_patches(effects)
    return {"opposing": opposing[::-1], "supporting": np.array(supporting)}


def by_topk(effects):
    width = effects.shape[1]
    both = []
    for sign in (1, -1):
        values, flat = (sign * effects).flatten().topk(3)
        flat = flat[values > 0]
        both.append(torch.stack([flat // width, flat % width], 1))
    return tuple(both)


def by_sets(effects):
    order = np.argsort(effects.numpy(), axis=None)[::-1]  # among equal effects: others than ours
    places = [tuple(int(i) for i in np.unravel_index(k, effects.shape)) for k in order]
    up = [p for p in places if effects[p] > 0][:3]
    down = [p for p in places if effects[p] < 0][-3:]
    return set(up), set(down)


@pytest.mark.parametrize("answer", [by_dictionary, by_topk, by_sets])
def test_odd_right_patches_pass(answer):
    verdict = check("00.3", answer)
    assert verdict.passed, verdict.message


def only_two(effects):
    return tuple(side[:2] for side in strongest_patches(effects))


def one_patch_thrice(effects):
    return tuple(side[:1] * 3 for side in strongest_patches(effects))


def corners(effects):
    return [(0, 0), (0, 1), (1, 0)], [(1, 1)]


def outside(effects):
    return [(7, 7)], [(-1, 0)]


@pytest.mark.parametrize("answer", [only_two, one_patch_thrice, corners, outside])
def test_other_wrong_patches_have_no_name(answer):
    verdict = check("00.3", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


@pytest.mark.parametrize("seed", range(5))
def test_random_patches_have_no_name(seed):
    def guess(effects):
        generator = random.Random(seed)
        places = list(itertools.product(*map(range, effects.shape)))
        return generator.sample(places, 3), generator.sample(places, 3)

    verdict = check("00.3", guess)
    assert (verdict.passed, verdict.diagnosis) == (False, None)


# ---------------------------------------------------------------- 00.4


def percentile(share):
    def limits(maps):
        sizes = [float(one.abs().flatten().quantile(share)) for one in maps]
        limit = max(sizes) or 1.0
        return torch.tensor([-limit, limit])

    return limits


def pooled(maps):
    limit = np.percentile(np.abs(np.stack([one.numpy() for one in maps])), 95)
    return [-limit, limit] if limit else [-1e-3, 1e-3]


def with_margin(maps):
    low, high = shared_limits(maps)
    return 1.05 * low, 1.05 * high


@pytest.mark.parametrize("answer", [percentile(0.9), percentile(0.99), pooled, with_margin])
def test_every_symmetric_common_rule_passes(answer):
    verdict = check("00.4", answer)
    assert verdict.passed, verdict.message


def test_a_percentile_that_forgets_the_zero_map_is_named():
    def forgets(maps):
        limit = max(float(one.abs().flatten().quantile(0.95)) for one in maps)
        return -limit, limit

    assert check("00.4", forgets).diagnosis == "zero_map_forgotten"


@pytest.mark.parametrize(
    "limits",
    [
        lambda maps: (-3.0, 3.0),
        lambda maps: (-1000.0, 1000.0),
        lambda maps: (-1.0, 2.0),
        lambda maps: tuple(7 * end for end in shared_limits(maps)),
        lambda maps: (0.0, 0.0),
    ],
)
def test_other_wrong_limits_have_no_name(limits):
    verdict = check("00.4", limits)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


# ---------------------------------------------------------------- 00.5


def test_one_maker_ignores_the_model_and_two_do_not(close):
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.LazyLinear(3)
    ).eval()
    x = torch.rand(1, 3, 16, 16)
    net(x)
    for letter, maker in map_makers().items():
        first, second = maker(net, x, 0), maker(net, x, 1)
        assert first.shape == (8, 8)
        assert torch.equal(first, second) == (letter == "B")
    close(map_makers()["A"](net, x, 0).sum(), gradient_sum(net, x), 0.0001)


def gradient_sum(net, x):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(net(x)[0, 0], x)[0].sum()


EVIDENCE = TASKS["00.5"].reference
COSINES = EVIDENCE["similarity"]


def with_evidence(**change):
    return {**EVIDENCE, **change}


@pytest.mark.parametrize(
    "change",
    [
        {
            "choice": "b",
            "changed": "Class",
            "similarity": {k.lower(): v for k, v in COSINES.items()},
        },
        {"choice": "B ", "changed": "model", "similarity": list(COSINES.values())},
        {"changed": "target", "similarity": torch.tensor(list(COSINES.values()))},
        {"similarity": {letter: round(cosine, 1) for letter, cosine in COSINES.items()}},
        {"after": {letter: one.tolist() for letter, one in EVIDENCE["after"].items()}},
    ],
)
def test_evidence_in_other_forms_passes(change):
    verdict = check("00.5", with_evidence(**change))
    assert verdict.passed, verdict.message


def test_cosines_of_absolute_maps_pass():
    sizes = {
        letter: torch.cosine_similarity(
            EVIDENCE["before"][letter].abs().flatten(),
            EVIDENCE["after"][letter].abs().flatten(),
            dim=0,
        )
        for letter in "ABC"
    }
    assert check("00.5", with_evidence(similarity=sizes)).passed
    assert check("00.5", tuple(EVIDENCE.values())).passed


@pytest.mark.parametrize(
    "change",
    [
        {"similarity": [2.0, 1.0, 0.5]},
        {"choice": "D"},
        {"changed": "colour"},
        {"after": {letter: torch.ones(4, 4) for letter in "ABC"}},
        {"after": {**EVIDENCE["after"], "A": torch.full((8, 8), torch.nan)}},
        {"after": dict.fromkeys("ABC", "the same")},
        {"similarity": "B is the same"},
    ],
)
def test_a_choice_without_evidence_does_not_pass(change):
    verdict = check("00.5", with_evidence(**change))
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_numbers_that_do_not_belong_to_the_maps_do_not_pass():
    """Invented numbers, or one minus the cosine, or the cosines between different maps."""
    for numbers in ([0.3, 1.0, 0.2], [0.9, 0.0, 0.8], [0.45, 0.6, 0.5]):
        assert check("00.5", with_evidence(similarity=numbers)).diagnosis == "other_numbers"


def test_open_parts_are_not_done():
    assert check("00.5", with_evidence(changed=None)).status == "not_done"
    assert check("00.5", with_evidence(after=None)).status == "not_done"
    empty = {**dict.fromkeys(EVIDENCE), "before": EVIDENCE["before"]}  # the sheet as it is given
    assert check("00.5", empty).status == "not_done"
    assert check("00.6", dict.fromkeys(OWN)).status == "not_done"
    assert check("00.6", {**OWN, "claim": None}).status == "not_done"


# ---------------------------------------------------------------- 00.6


@pytest.mark.parametrize(
    "answer",
    [
        {**OWN, "photo": OWN["photo"][0].numpy(), "target": torch.tensor(3)},
        {**OWN, "effects": OWN["effects"].tolist()},
        {**OWN, "note": "one more part"},
        {**OWN, "effects": OWN["effects"][:3, :3].abs() + 0.1},  # few patches may all support
        tuple(OWN.values()),
    ],
)
def test_own_photos_in_other_forms_pass(answer):
    assert check("00.6", answer).passed


@pytest.mark.parametrize(
    "change",
    [
        {"target": 1000},
        {"target": 2.5},
        {"photo": OWN["photo"][..., :100]},
        {"photo": OWN["photo"] * 1.5},
        {"effects": torch.ones(1, 8, 8, 8)},
        {"claim": "a cat"},
        {"claim": OWN["not_shown"]},
        {"effects": torch.full((8, 8), torch.nan)},
    ],
)
def test_own_photos_with_a_fault_do_not_pass(change):
    verdict = check("00.6", {**OWN, **change})
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


@pytest.mark.parametrize("names", [("chelsea", "coffee"), ("camera", "chelsea")])
def test_a_collage_of_the_course_is_not_ones_own(names):
    from xaicourse.datasets import collage

    verdict = check("00.6", {**OWN, "photo": collage(*names)})
    assert verdict.diagnosis == "photo_of_the_course", verdict.message


def test_hints_name_the_place_in_the_lesson(capsys):
    hint("00.6", 3)
    printed = capsys.readouterr().out
    assert "{" not in printed
    assert "lesson 00, section 7" in printed


# ---------------------------------------------------------------- what attackers handed in


def near(limit):
    return (-limit, limit) if limit else (-1.0, 1.0)


def largest(maps):
    return [float(one.abs().max()) for one in maps]


ATTACKS = [
    ("00.1", "out_of_range", lambda model, x: model((x - 0.45) / 0.225).argmax(1)),
    ("00.1", "out_of_range", lambda model, x: model(2 * x - 1).argmax(1)),
    ("00.1", "one_hot", lambda model, x: torch.nn.functional.one_hot(model(x).argmax(1))),
    ("00.1", "mean_scores", lambda model, x: model(x).mean(0).argmax().repeat(len(x))),
    ("00.2", "numbers_of_lesson", lambda m, x, t, p, f: occlusion(m, x, t, 28, f)),
    ("00.2", "out_of_range", lambda m, x, t, p, f: occlusion(m, (x - 0.4) / 0.2, t, p, f)),
    ("00.2", "out_of_range", lambda m, x, t, p, f: occlusion(m, 255 * x, t, p, f)),
    ("00.2", "per_pixel", lambda m, x, t, p, f: occlusion(m, x, t, p, f) / (3 * p * p)),
    ("00.4", "own_scales", lambda maps: [(-high, high) for high in largest(maps)]),
    ("00.4", "only_high", lambda maps: max(largest(maps))),
    ("00.4", "mean_of_largest", lambda maps: near(np.mean(largest(maps)))),
    ("00.4", "percentiles_of_signs", lambda maps: np.quantile(torch.stack(maps), [0.01, 0.99])),
    ("00.4", "spread", lambda maps: near(float(torch.stack(maps).std()))),
    ("00.4", "largest_above_zero", lambda maps: near(max(abs(float(one.min())) for one in maps))),
]


@pytest.mark.parametrize(("task", "name", "answer"), ATTACKS)
def test_attacks_get_a_true_name(task, name, answer):
    verdict = check(task, answer)
    assert (verdict.passed, verdict.diagnosis) == (False, name), verdict.message


def test_values_inside_the_range_are_never_called_outside():
    verdict = check("00.1", lambda model, x: model(1 - x).argmax(1))
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_none_is_not_a_place():
    def padded(effects):
        return tuple((side + [None] * 3)[:3] for side in strongest_patches(effects))

    assert "None" in check("00.3", padded).message


def test_the_limits_of_similarity_are_measured_ones():
    """Cosines between the maps of two classes on Lite0: -0.14 and -0.30 (camera, cat)."""
    assert task_evidence.OTHER < task_evidence.SAME < 1
    assert task_patches.MOST == 3


# ---------------------------------------------------------------- 00.7


def cut_off(points):
    return points.sum(1).clamp(max=1)


def largest_of_all(points):
    return points.amax(1) * 2


@pytest.mark.parametrize(
    "answer",
    [
        (cut_off, [[1.0, 1.0]]),
        {"f": largest_of_all, "x": torch.ones(1, 4)},
        (lambda points: -(points > 0).any(1).double(), np.array([[2.0, -3.0, 5.0]])),
    ],
)
def test_parts_that_stand_in_for_each_other_pass(answer):
    verdict = check("00.7", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        (cut_off, [[0.9, 0.9]]),
        (cut_off, [[20.0, 20.0]]),
        (cut_off, [[1.0]]),
        (cut_off, [[1.0, 1.0], [1.0, 1.0]]),
    ],
)
def test_parts_with_an_effect_do_not_pass(answer):
    assert not check("00.7", answer).passed


# ---------------------------------------------------------------- predictions


def test_each_letter_is_right_once():
    from xaicourse.course.progress.predictions import right_letters

    mine = {name: letter for name, letter in right_letters().items() if name.startswith("00.")}
    assert sorted(mine.values()) == ["a", "b", "c", "d"]
