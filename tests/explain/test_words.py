"""What is said about gap and error is true, for every method of the registry."""

import inspect
import math
import re

import pytest
import torch
from torch import nn

import xaicourse as xc
from tests.explain.command import run
from xaicourse.core.attribution import Attribution
from xaicourse.explain.words import error_words, gap_words, rise_words

NOT_OF_A_PHOTO = {"patterns", "fit", "data"}  # needs that no photo brings
NAMES = sorted(
    name
    for name, record in xc.METHODS.items()
    if record.input in ("any", "image")
    and record.result in ("input", "map")
    and not NOT_OF_A_PHOTO & set(record.needs)
)
EFFORT = {"steps", "samples", "input_samples", "climb", "tol", "iterations"}


def small_net():
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 6, 3, stride=2), nn.ReLU(), nn.Conv2d(6, 8, 3, stride=2), nn.ReLU()]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 12)]
    net = nn.Sequential(*layers).eval().double()
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(3)  # so that scores differ by more than is rounded away
    return net


@pytest.fixture(scope="module")
def explained():
    """Return ``explained(name, **settings)``: the record and the result, each asked once."""
    net, known = small_net(), {}
    x = torch.rand(1, 3, 48, 48, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    def ask(name, **settings):
        key = (name, tuple(settings.items()))
        if key not in known:
            record = xc.METHODS[name]
            known[key] = record, record.method(net, x, 3, return_details=True, **settings)
        return known[key]

    return ask


# ---------------------------------------------------------------- the error


@pytest.mark.parametrize("name", NAMES)
def test_exactly_is_said_only_where_nothing_is_drawn_or_summed(explained, name):
    record, result = explained(name)
    words = error_words(record, result, None)
    estimated = result.map_error is not None or result.standard_error is not None
    finite = record.stochastic or EFFORT & set(inspect.signature(record.method).parameters)
    assert ("exactly" in words) == (not finite)
    assert words.startswith("none") == (not finite)
    assert words.startswith("not estimated") == bool(finite and not estimated)


@pytest.mark.parametrize("name", [n for n in NAMES if xc.METHODS[n].stochastic])
def test_chance_is_said_with_its_size(explained, name):
    record, result = explained(name)
    words = error_words(record, result, None)
    said = re.match(r"(at most )?about (\d+(?:\.\d)?) % of the map's length", words)
    assert said is not None
    _, other = explained(name, seed=1)
    moved = float((other.values - result.values).norm() / result.values.norm())
    # two independent draws are sqrt(2) standard errors apart
    share, expected = float(said[2]) / 100, moved / math.sqrt(2)
    assert share > expected if said[1] else share == pytest.approx(expected, rel=0.5)


def test_a_method_without_an_estimate_says_how_to_make_one(explained):
    unknown = [n for n in NAMES if error_words(*explained(n), None).startswith("not estimated")]
    assert {"weighted_ig", "xrai", "geometrically_guided_ig"} <= set(unknown)
    for name in unknown:
        record, result = explained(name)
        more = {"climb": 40} if "climb" in result.settings else {}
        more = more or {"steps": 4 * result.settings["steps"]}
        said = f"--steps {more['steps']}" if "steps" in more else "more of them can change it"
        assert said in error_words(record, result, None)
        _, other = explained(name, **more)
        assert not torch.equal(other.values, result.values)


@pytest.mark.parametrize(
    ("setting", "word"), [({"samples": 1}, "a single draw"), ({"samples": 5000}, "hardly change")]
)
def test_the_size_of_the_standard_error_decides(explained, setting, word):
    record, result = explained("smoothgrad", sigma=0.01, **setting)
    assert word in error_words(record, result, None)


@pytest.mark.fault("N1")
@pytest.mark.parametrize("name", ["smoothgrad", "vargrad", "smoothgrad_squared", "noisegrad"])
def test_the_command_calls_no_random_map_exact(cnn, photo, capsys, name):
    assert run(photo, "--method", name) == 0
    (line,) = [v for v in capsys.readouterr().out.splitlines() if v.startswith("Map error:")]
    assert "exactly" not in line
    assert "standard error over its random draws" in line


# ---------------------------------------------------------------- the gap


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_about_the_sum_is_true(explained, name):
    record, result = explained(name)
    words, total = gap_words(record, result), float(result.values.sum())
    promises = "does not promise" not in words
    assert promises == (result.gap is not None)
    if "completeness" in record.claims:
        assert promises
    if held := re.match(r"the map holds (-?[\d.]+) of (-?[\d.]+)", words):
        assert float(held[1]) == pytest.approx(total, abs=0.006)
        assert float(held[2]) == pytest.approx(float(result.f_end), abs=0.006)
    if "the map adds up to the rise" in words:
        rise = float(result.f_end - result.f_start)
        assert total == pytest.approx(rise, rel=0.10, abs=1e-3)
    if other := re.search(r"adds up to (-?[\d.]+), which its weights", words):
        assert total == pytest.approx(float(other[1]), rel=0.02, abs=0.006)
        assert abs(total - float(result.f_end - result.f_start)) > 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_the_rise_is_named_after_the_baseline_only_where_the_path_begins_there(explained, name):
    record, result = explained(name)
    net = small_net()
    black = float(net(torch.zeros(1, 3, 48, 48, dtype=torch.float64))[0, 3].detach())
    at_baseline = black if "baseline" in result.settings else None
    score = 0.0 if result.f_end is None else float(result.f_end)
    words = rise_words(result, score, at_baseline)
    assert (words == "") == (result.f_start is None)
    if "for a black image" in words:
        assert float(result.f_start) == pytest.approx(black, rel=1e-3)
    if "baselines, on average" in words:
        assert "baselines" in inspect.signature(record.method).parameters


def test_the_words_of_some_paths(explained):
    def words(name):
        _, result = explained(name)
        black = float(explained("integrated_gradients")[1].f_start)
        return rise_words(result, float(explained("gradient")[1].f_end), black)

    assert "for a black image" in words("integrated_gradients")
    assert "where its path starts" in words("path_sampled_ig")
    assert "its baselines, on average," in words("xrai")
    assert gap_words(*explained("path_weighted_ig")).count("its weights share out") == 1


@pytest.mark.fault("N2")
@pytest.mark.parametrize("name", ["lrp", "deep_taylor", "bias_backprop"])
def test_the_command_says_what_a_conserving_map_holds(cnn, photo, capsys, name):
    assert run(photo, "--method", name, "--target", "3") == 0
    (line,) = [v for v in capsys.readouterr().out.splitlines() if v.startswith("Gap:")]
    assert "does not promise" not in line
    held = re.search(r"the map holds (-?[\d.]+) of (-?[\d.]+)", line)
    assert held is not None
    others = re.search(r"(?:absorbed|has) the other (-?[\d.]+)", line)
    assert float(held[1]) + float(others[1]) == pytest.approx(float(held[2]), abs=0.02)
    if name == "lrp":
        assert line.endswith("(lesson 03)")


def test_a_picture_of_a_decomposition_adds_up_to_nothing(explained):
    record, result = explained("fullgrad")
    assert "this picture of them adds up to nothing" in gap_words(record, result)
    assert float(result.values.sum()) != pytest.approx(float(result.f_end), rel=0.5)


def test_a_gap_that_was_not_closed_is_not_called_closed():
    def words(gap, raw):
        numbers = {"gap": gap, "raw_gap": raw, "f_start": 0.0, "f_end": 10.0}
        t = {name: torch.tensor([value]) for name, value in numbers.items()}
        extra = {"raw_gap": t.pop("raw_gap")}
        values = torch.full((1, 2), (10 + gap) / 2)
        result = Attribution(values=values, kind="input", target=0, extra=extra, **t)
        return gap_words(xc.METHODS["integrated_gradients"], result)

    assert words(0.0, 0.5).startswith("0 % (closed at the end; it was 5.0 %)")
    assert words(-0.5, -0.5).startswith("5.0 %: the map adds up to the rise only roughly")


@pytest.mark.parametrize("name", ["deeplift", "expected_gradients", "integrated_gradients"])
def test_advice_names_a_setting_that_the_method_has(name):
    record = xc.METHODS[name]
    gap, f = torch.tensor([5.0]), torch.zeros(1)
    result = Attribution(values=torch.full((1, 1), 15.0), kind="input", target=0, gap=gap,
                         f_start=f, f_end=f + 10)  # fmt: skip
    words = gap_words(record, result)
    known = inspect.signature(record.method).parameters
    assert words.startswith("50 %: the map does not add up to the rise")
    assert ("steps" in words) == ("steps" in known)
    assert ("samples" in words) == ("samples" in known)
