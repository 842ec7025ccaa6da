"""05.5: two baselines for the camera photo."""

import numpy as np
import pytest
import torch

from xaicourse import datasets, integrated_gradients, zoo
from xaicourse.course.checking import TASKS, check
from xaicourse.course.lessons.l05_integrated_gradients.coat import CASES, coat_share, pixels
from xaicourse.methods.baselines import make_baseline

RIGHT = TASKS["05.5"].reference
WRONG_SHARES = TASKS["05.5"].grade.misconceptions
LOW, HIGH = RIGHT["low"], RIGHT["high"]


def test_probes_tell_all_misconceptions_apart():
    table = {
        name: torch.tensor([wrong(**case.values) for case in CASES])
        for name, wrong in {
            **WRONG_SHARES,
            "right": coat_share,
            "pixels": lambda attribution, photo: coat_share(pixels(attribution), photo),
        }.items()
    }
    for a in table:
        for b in table:
            if a != b and {a, b} != {"right", "pixels"}:
                far = (
                    (table[a] - table[b]).abs() / torch.maximum(table[a].abs(), table[b].abs())
                ).max()
                assert far >= 0.05, (a, b)


def by_sorting(attribution, photo):
    brightness = photo.mean(1).flatten()
    size = attribution.abs().sum(1).flatten()
    darkest = brightness.argsort()[: len(brightness) // 5]
    return size[darkest].sum() / size.sum()


def in_numpy(attribution, photo):
    grey = photo.numpy()[0].mean(axis=0)
    size = np.abs(attribution.numpy())[0].sum(axis=0)
    return size[grey < np.quantile(grey, 0.2)].sum() / size.sum()


def of_the_pixel_map(attribution, photo):
    pixels = attribution.sum(1)[0]
    grey = photo.mean(1)[0]
    return (pixels.abs()[grey <= grey.flatten().quantile(0.2)].sum() / pixels.abs().sum()).item()


def other_order(photo, attribution):
    return by_sorting(attribution, photo)


@pytest.mark.parametrize("function", [by_sorting, in_numpy, of_the_pixel_map, other_order])
def test_odd_right_shares_pass(function):
    verdict = check("05.5", {**RIGHT, "coat_share": function})
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        (coat_share, ("black", 0.031, LOW["question"]), ("white", 0.39, HIGH["question"])),
        (
            coat_share,
            (0, 0.02, LOW["question"]),
            (torch.ones(1, 3, 224, 224), 0.35, HIGH["question"]),
        ),
        (coat_share, ("black", 0.03, LOW["question"]), ("mean", 0.34, HIGH["question"])),
        (coat_share, ("black", 0.03, LOW["question"]), ("uniform", 0.25, HIGH["question"])),
        (coat_share, ("black", 0.03, LOW["question"]), ("Blur", 0.27, HIGH["question"])),
    ],
    ids=["words", "numbers", "mean", "uniform", "blur"],
)
def test_other_right_submissions_pass(answer):
    verdict = check("05.5", answer)
    assert verdict.passed, verdict.message


CAMERA = datasets.photo("camera", device="cpu")


@pytest.mark.parametrize(
    ("side", "baseline", "share", "word"),
    [
        ("low", "blur", 0.04, "'blur' gives"),
        ("low", "mean", 0.02, "'mean' gives"),
        ("low", "uniform", 0.03, "'uniform' gives"),
        ("low", make_baseline("mean", CAMERA), 0.03, "your own baseline gives"),
        ("low", make_baseline("blur", CAMERA), 0.03, "your own baseline gives"),
        ("low", "black", 0.001, "'black' gives"),
        ("high", "white", 0.5, "'white' gives"),
        ("low", "blackk", 0.03, "should be one of"),
        ("low", CAMERA.clone(), 0.0, "photo itself"),
        ("low", torch.full_like(CAMERA, float("nan")), 0.03, "from 0 to 1"),
        ("high", torch.full_like(CAMERA, 5.0), 0.3, "from 0 to 1"),
        ("low", torch.zeros(1, 3, 10, 10), 0.03, "shape (1, 3, 10, 10)"),
        ("low", {}, 0.03, "a dict"),
    ],
)
def test_a_false_share_or_baseline_is_refused(side, baseline, share, word):
    answer = {**RIGHT, side: (baseline, share, RIGHT[side]["question"])}
    verdict = check("05.5", answer)
    assert (verdict.status, verdict.diagnosis) == ("not_right", None), verdict.message
    assert word in verdict.message


NOISE = torch.rand(CAMERA.shape, generator=torch.Generator().manual_seed(3))  # gives 0.26
DIMMED = NOISE * CAMERA  # gives 0.07


@pytest.mark.parametrize(
    ("side", "baseline", "share"),
    [
        ("low", NOISE, 0.01),
        ("high", NOISE, 0.4),
        ("low", DIMMED, 0.01),
        ("low", DIMMED, 0.049),  # near what it gives, but that is not below 0.05
        ("high", 0.98 * CAMERA, 0.3),
    ],
)
def test_a_made_up_share_for_an_own_baseline_is_refused(side, baseline, share):
    verdict = check("05.5", {**RIGHT, side: (baseline, share, RIGHT[side]["question"])})
    assert (verdict.status, verdict.diagnosis) == ("not_right", None), verdict.message
    assert "not what your own baseline gives" in verdict.message


@pytest.mark.parametrize("share", [0.25, 0.26, 0.27])
def test_a_true_share_for_an_own_baseline_passes_without_a_note(share):
    verdict = check("05.5", {**RIGHT, "high": (NOISE, share, HIGH["question"])})
    assert verdict.passed, verdict.message
    assert verdict.notes == ()
    assert verdict.counted  # the checker's own map is no library call of the student's


def test_without_the_network_an_own_share_is_taken_with_a_note(monkeypatch):
    def gone(*args, **kwargs):
        raise FileNotFoundError("no weights")

    monkeypatch.setattr(zoo, "load", gone)
    outcome = TASKS["05.5"].grade({**RIGHT, "high": (NOISE, 0.3, HIGH["question"])})
    assert outcome.status == "passed"
    assert "not computed again" in outcome.notes[0]


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("TODO write the question here", "not_done"),
        ("Todo: which light made the score rise?", "not_done"),
        ("lorem ipsum dolor sit amet", "not_done"),
        ("... ... ... ... ...", "not_done"),
        ("1 2 3 4 5", "not_right"),
        ("black black black black", "not_right"),
        ("", "not_done"),
        (4, "not_right"),
        ("which question this baseline asks", "not_right"),
        ("Write down, in a sentence for each, which question", "not_right"),
        (HIGH["question"].upper() + " !", "not_right"),
    ],
)
def test_what_is_no_question(question, status):
    verdict = check("05.5", {**RIGHT, "low": ("black", 0.03, question)})
    assert (verdict.status, verdict.diagnosis) == (status, None), verdict.message
    assert "question" in verdict.message


@pytest.mark.parametrize(
    "question",
    [
        "Welches Licht hat die Zahl erhöht?",
        "Какой свет поднял оценку штатива?",
        "Which light made it rise?",
        "What's brighter than black (0, 0, 0)?",
    ],
)
def test_questions_in_other_words_pass(question):
    verdict = check("05.5", {**RIGHT, "low": ("black", 0.03, question)})
    assert verdict.passed, verdict.message


def test_a_share_as_text_is_refused():
    verdict = check("05.5", {**RIGHT, "low": ("black", "0.03", LOW["question"])})
    assert "without quotes" in verdict.message


def test_mistakes_are_named_on_the_map_of_pixels_too():
    for name in ("in_percent", "dark_over_bright", "squared", "fifth_of_range"):

        def of_pixels(attribution, photo, wrong=WRONG_SHARES[name]):
            return wrong(attribution.sum(1, keepdim=True), photo)

        assert check("05.5", {**RIGHT, "coat_share": of_pixels}).diagnosis == name


def test_a_constant_and_the_share_of_the_area_are_seen():
    def area(attribution, photo):
        brightness = photo.mean(1)[0]
        return float((brightness <= brightness.quantile(0.2)).float().mean())

    for function in (constant, area):
        verdict = check("05.5", {**RIGHT, "coat_share": function})
        assert verdict.diagnosis == "always_the_same", verdict.message


def constant(attribution, photo):
    return 0.33


def darkest_third(attribution, photo):
    grey = photo.mean(1, keepdim=True)
    size = attribution.abs()
    return (size * (grey <= grey.quantile(0.33))).sum() / size.sum()


def squared_and_signed(attribution, photo):
    return float((attribution**3).sum() / attribution.sum())


def median(attribution, photo):
    return attribution.abs().median() / attribution.abs().sum()


@pytest.mark.parametrize("function", [darkest_third, squared_and_signed, median])
def test_other_wrong_shares_have_no_name(function):
    verdict = check("05.5", {**RIGHT, "coat_share": function})
    assert (verdict.passed, verdict.diagnosis) == (False, None)


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"low": {**LOW, "share": 0.06}}, "not_right", "what 'black' gives"),
        ({"high": {**HIGH, "share": 0.15}}, "not_right", "what 'white' gives"),
        ({"high": {**HIGH, "share": 36}}, "not_right", "between 0 and 1"),
        ({"high": {**HIGH, "baseline": "black"}}, "not_right", "'black'"),
        ({"low": {**LOW, "baseline": 1.0}}, "not_right", "'white'"),
        ({"high": {**HIGH, "share": 0.9}}, "not_right", "Run it once more"),
        ({"high": {**HIGH, "question": LOW["question"]}}, "not_right", "same question"),
        ({"high": {**HIGH, "question": "why?"}}, "not_right", "sentence"),
        ({"high": {**HIGH, "question": None}}, "not_done", "still open"),
        ({"high": None}, "not_done", "still open"),
        ({"low": ("black", None, "x")}, "not_done", "still open"),
        ({"low": 0.03}, "not_right", "dictionary or a tuple"),
        ({"coat_share": None}, "not_done", ""),
        ({"coat_share": 0.3}, "not_right", "function itself"),
    ],
)
def test_numbers_and_questions(change, status, word):
    verdict = check("05.5", {**RIGHT, **change})
    assert (verdict.status, verdict.diagnosis) == (status, None), verdict.message
    assert word in verdict.message


def test_not_written_function():
    def coat_share(attribution, photo):
        raise NotImplementedError("Task 05.5: write me")

    assert check("05.5", {**RIGHT, "coat_share": coat_share}).status == "not_done"


@pytest.mark.parametrize("baseline", ["white", "black"])
def test_the_lesson_needs_no_more_steps_for_the_coats_share(baseline):
    """Lesson 05, section 6: 16 steps leave a large gap, but the share hardly moves with 64."""
    model = zoo.load("efficientnet_lite0")
    light = CAMERA.mean(1)[0]
    coat = light <= light.flatten().quantile(0.2)

    def share(steps):
        settings = {"baseline": baseline, "steps": steps, "batch_size": 4}
        size = integrated_gradients(model, CAMERA, 872, **settings)[0].sum(0).abs()
        return float(size[coat].sum() / size.sum())

    assert share(64) == pytest.approx(share(16), rel=0.03)
    assert share(1) != pytest.approx(share(16), rel=0.03)  # one step is not enough
