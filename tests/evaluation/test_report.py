"""A report: numbers by hand on additive nets, no number alone, and the same after a stop."""

import copy
import functools
import json
import math
import subprocess
import sys
from itertools import pairwise, permutations
from pathlib import Path

import pytest
import torch
from scipy import stats
from torch import nn

import xaicourse as xc
from tests.pretend_gpu import DEVICE, PretendGPU, without_float64
from xaicourse.evaluation import confidence_interval, controls
from xaicourse.evaluation.interval import Interval
from xaicourse.evaluation.report import noise
from xaicourse.evaluation.report_of import RankAgreement, Report, ReportRow

report = xc.evaluation.report
ROOT = Path(__file__).resolve().parents[2]
W = torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=torch.float64)
X = torch.tensor([[1.0, 1, 1, 1], [2, 1, 0.5, 0.25], [1, 2, 2, 1]], dtype=torch.float64)
ADDITIVE = {"output": "logit", "imputer": 0.0}
DELETION = ("deletion", ADDITIVE)


def additive(x):
    return x @ W.to(x)


def wrong(model, x, target):
    return -W * x


def flat(model, x, target):
    return torch.zeros_like(x)


def area(parts):
    """Return the area under a deletion curve of an additive net; `parts` in order of removal."""
    scores = [sum(parts[k:]) for k in range(len(parts) + 1)]
    return sum((a + b) / 2 for a, b in pairwise(scores)) / len(parts)


def hand(scores):
    """Return the areas of the additive net where a map (N, 4) says the order."""
    ranked = scores.argsort(dim=1, descending=True)
    return torch.tensor(
        [area((W * x)[order].tolist()) for x, order in zip(X, ranked, strict=True)],
        dtype=torch.float64,
    )


def same(one, two):
    """Tell whether two intervals are equal, NaN included."""
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(one, two, strict=True))


# ---------------------------------------------------------------- closed forms


def test_an_additive_net_gives_the_numbers_by_hand(close):
    found = report(["input_x_gradient", wrong], [DELETION], additive, X)
    right, turned = hand(W * X), hand(-W * X)
    expected = confidence_interval(right, kind="student")
    first, second = found.rows
    close([first.mean, first.low, first.high], expected[:3])
    close([second.mean], [turned.mean()])
    close([first.controls["inverted"].mean], [turned.mean()])
    close([second.controls["inverted"].mean], [right.mean()])
    assert (first.valid, first.images, first.direction) == (3, 3, "lower")
    assert set(first.controls) == {"random", "constant", "inverted"}  # rows of numbers: no edges


def test_the_difference_to_noise_is_paired(close):
    row = report(["input_x_gradient"], [DELETION], additive, X, draws=3, seed=5).rows[0]
    draws = [hand(noise(X, seed=5 + k)) for k in range(3)]
    random = torch.stack(draws).mean(dim=0)
    difference = hand(W * X) - random
    close([row.controls["random"].mean], [random.mean()])
    half = float(stats.sem(difference) * stats.t.ppf(0.975, 2))
    mean = float(difference.mean())
    close(row.minus_random[:3], [mean, mean - half, mean + half])
    apart = confidence_interval(hand(W * X), kind="student")
    assert abs((row.minus_random.high - mean) - (apart.high - apart.mean)) > 1e-3


def test_each_image_has_noise_of_its_own():
    one = noise(X, seed=0)
    assert not torch.equal(one[0], one[1])
    assert torch.equal(noise(X[:1], seed=0)[0], one[0])
    assert not torch.equal(noise(X, seed=1)[0], one[0])


def test_the_tie_rule_is_the_metrics_own(close):
    row = report([flat], [DELETION], additive, X).rows[0]
    direct = xc.evaluation.deletion(additive, X, torch.zeros_like(X), **ADDITIVE)
    close([row.mean, row.controls["constant"].mean], [direct.mean(), direct.mean()])


def test_values_of_0_and_1_get_wilsons_interval_and_differences_students():
    x = torch.rand(5, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(4, 4)
    mask[:2] = 1
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 2)).eval()
    top = functools.partial(pointed, 1.0)
    row = report({"top": top}, ["pointing_game"], net, x, mask=mask).rows[0]
    assert same((row.mean, row.low, row.high, 5), confidence_interval(torch.ones(5), kind="wilson"))
    assert row.controls["oracle"].mean == 1
    assert row.controls["inverted"].mean == 0


def pointed(value, model, x, target):
    found = torch.zeros_like(x)
    found[:, :, 0] = value
    found[:, :, 3] = -value
    return found


# ---------------------------------------------------------------- images: all controls


@functools.cache
def picture_net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(4, 3),
        )  # fmt: skip
        x = torch.rand(4, 3, 8, 8)
    return net.double().eval(), x.double()


PICTURES = [
    ("deletion", {"imputer": 0.0, "unit": 2}),
    ("max_sensitivity", {"samples": 2}),
    ("infidelity", {"samples": 9}),
    "sparseness",
    "relevance_mass",
]


@functools.cache
def pictures():
    net, x = picture_net()
    mask = torch.zeros(8, 8).index_fill(0, torch.arange(4), 1)
    return report(["gradient", "input_x_gradient", "grad_cam"], PICTURES, net, x, mask=mask)


BLIND = {"random", "constant", "edge", "centre", "activation", "oracle", "inverted", "blurred"}


def test_no_number_stands_without_its_controls():
    for row in pictures().rows:
        again = row.metric.startswith("max_sensitivity")
        assert set(row.controls) == BLIND - ({"oracle"} if again else set())
    blocks = pictures().table().split("\n\n")
    for block, metric in zip(blocks, pictures().metrics, strict=True):
        assert block.startswith(metric)
        assert block.count("minus random") == block.count("beside random") == 3
    assert max(map(len, pictures().table().splitlines())) <= 100


def test_controls_are_what_their_names_say(close):
    net, x = picture_net()
    settings = {"imputer": 0.0, "unit": 2}
    maps = xc.gradient(net, x)
    row = pictures().row("gradient", "deletion(imputer=0.0, unit=2)")
    made = {
        "edge": controls.edges(x),
        "centre": controls.centre_gaussian(x),
        "activation": controls.activation_norm(net, x),
        "inverted": -maps,
        "blurred": controls.blurred(maps),
    }
    for name, attribution in made.items():
        direct = xc.evaluation.deletion(net, x, attribution, **settings)
        close([row.controls[name].mean], [direct.mean()], 1e-9)


def test_where_the_size_of_a_map_counts_controls_have_that_of_the_method(close):
    net, x = picture_net()
    attribution = xc.input_x_gradient(net, x)
    edges = controls.edges(x).expand_as(x)
    size = attribution.flatten(1).norm(dim=1) / edges.flatten(1).norm(dim=1)
    sized = edges * size.view(-1, 1, 1, 1)
    settings = {"rescale": False, "samples": 9}
    row = report(["input_x_gradient"], [("infidelity", settings)], net, x).rows[0]
    direct = xc.evaluation.infidelity(net, x, sized, **settings)
    close([row.controls["edge"].mean], [direct.mean()], 1e-9)
    bare = xc.evaluation.infidelity(net, x, edges, **settings)
    assert abs(bare.mean() - direct.mean()) > 1e-3 * direct.mean()


def test_activation_norm_is_the_norm_of_the_layer_and_blind_to_the_class(close):
    net, x = picture_net()
    expected = net[:2](x).detach().norm(dim=1, keepdim=True)
    close(controls.activation_norm(net, x, layer="1"), expected)
    close(controls.activation_norm(net, x, layer="1", batch_size=1), expected)


def test_a_blurred_copy_keeps_its_sum_and_a_flat_map(close):
    maps = picture_net()[1]
    soft = controls.blurred(maps, 0.2)
    close(soft.sum(dim=(2, 3)), maps.sum(dim=(2, 3)))
    assert bool((soft.std(dim=(2, 3)) < maps.std(dim=(2, 3))).all())
    close(controls.blurred(torch.ones(1, 1, 5, 5)), torch.ones(1, 1, 5, 5), 1e-6)


def test_a_control_that_cannot_be_made_is_named():
    net, x = picture_net()

    def hidden(rows):
        return net(rows)

    found = report(["gradient"], ["sparseness"], hidden, x)
    assert set(found.left_out) == {"activation"}
    assert "no activation: " in found.table()
    assert "activation" not in found.rows[0].controls


# ---------------------------------------------------------------- properties


def test_the_order_of_methods_and_metrics_changes_no_number():
    methods = ["gradient", "input_x_gradient", wrong]
    metrics = [DELETION, "sparseness", ("max_sensitivity", {"samples": 2})]
    first = report(methods, metrics, additive, X)
    for some, others in zip(permutations(methods), permutations(metrics), strict=True):
        found = report(list(some), list(others), additive, X)
        for row in found.rows:
            assert repr(row) == repr(first.row(row.method, row.metric))
    alone = report([wrong], ["sparseness"], additive, X).rows[0]
    assert repr(alone) == repr(first.row("wrong", "sparseness"))


def test_batch_size_changes_no_number(close):
    net, x = picture_net()
    rows = [report(["gradient"], PICTURES[:3], net, x, batch_size=size).rows for size in (1, 64)]
    for one, two in zip(*rows, strict=True):
        close([one.mean, one.low, one.high], [two.mean, two.low, two.high], 1e-9)


def test_the_callers_things_stay_as_they_are():
    net, x = picture_net()
    before, state = x.clone(), torch.get_rng_state()
    with torch.inference_mode():
        found = report(["gradient"], ["sparseness", ("max_sensitivity", {"samples": 2})], net, x)
    assert torch.equal(x, before)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(p.grad is None and p.requires_grad for p in net.parameters())
    assert found.rows[0].valid == 4


def test_a_gpu_without_float64_gives_the_same_numbers(close):
    net, x = picture_net()
    net, x = copy.deepcopy(net).float(), x.float()
    mask = torch.zeros(8, 8).index_fill(0, torch.arange(4), 1)
    metrics = [PICTURES[0], ("infidelity", {"samples": 4}), "relevance_mass"]
    here = report(["gradient"], metrics, net, x, mask=mask)
    with PretendGPU(), without_float64():
        there = report(["gradient"], metrics, net.to(DEVICE), x.to(DEVICE), mask=mask.to(DEVICE))
    for one, two in zip(here.rows, there.rows, strict=True):
        assert set(one.controls) == set(two.controls)
        for name, found in one.controls.items():
            assert two.controls[name].mean == pytest.approx(found.mean, rel=1e-4, nan_ok=True)
        close([two.mean], [one.mean], 1e-4)


def half_known(model, x, target):
    found = torch.ones_like(x)
    found[:, 0] = torch.arange(len(x)).to(x)
    found[0] = math.nan
    return found


def test_nan_is_counted_and_never_averaged_away():
    row = report([half_known], [DELETION], additive, X).rows[0]
    assert (row.valid, row.images) == (2, 3)
    assert math.isfinite(row.mean)
    assert row.minus_random.images == 2
    nothing = report([flat], ["sparseness"], additive, X)
    assert nothing.rows[0].valid == 0
    assert math.isnan(nothing.rows[0].mean)
    assert "no value" in nothing.table()


# ---------------------------------------------------------------- agreement, file, picture


def made(scores):
    """Return a report whose means are given, {metric: (direction, means)}."""
    zero = Interval(0.0, 0.0, 0.0, 2)
    return Report(
        tuple(
            ReportRow(f"m{i}", metric, direction, mean, mean, mean, 2, 2, zero, {"random": zero})
            for metric, (direction, means) in scores.items()
            for i, mean in enumerate(means)
        ),
        0.95,
    )


@pytest.mark.parametrize("kind", ["kendall", "spearman"])
def test_agreement_is_scipys_with_better_turned_up(kind, close):
    a, b = [1.0, 2.0, 3.0, 5.0], [2.0, 1.0, 4.0, 3.0]
    (found,) = made({"a": ("higher", a), "b": ("lower", b)}).agreement(kind)
    expected = getattr(stats, {"kendall": "kendalltau", "spearman": "spearmanr"}[kind])(
        a, [-v for v in b]
    )
    close([found.value, found.p], [expected.statistic, expected.pvalue])
    assert found.methods == 4
    (turned,) = made({"a": ("lower", a), "b": ("lower", b)}).agreement(kind)
    close([turned.value], [-found.value])


def test_agreement_says_nothing_of_too_few_methods():
    with pytest.raises(ValueError, match="order of 2"):
        made({"a": ("higher", [1.0, 2.0]), "b": ("higher", [1.0, 2.0])}).agreement()
    nothing = math.nan
    (few,) = made(
        {"a": ("higher", [1.0, 2.0, nothing]), "b": ("lower", [1.0, 2.0, 3.0])}
    ).agreement()
    assert same(few[2:], RankAgreement("a", "b", nothing, nothing, 2)[2:])
    with pytest.raises(ValueError, match="kind must be"):
        made({"a": ("higher", [1.0, 2.0, 3.0])}).agreement("pearson")  # pyright: ignore[reportArgumentType]


def test_the_file_holds_every_number(tmp_path):
    found = report([flat, wrong], [DELETION, "sparseness"], additive, X[:1])
    found.to_json(tmp_path / "report.json")
    content = json.loads((tmp_path / "report.json").read_text(), parse_constant=pytest.fail)
    assert [row["method"] for row in content["rows"]] == ["flat", "flat", "wrong", "wrong"]
    assert content["rows"][1]["mean"] is None
    assert content["rows"][0]["high"] == "inf"  # of one image
    row = found.row("wrong", found.metrics[0])
    assert content["rows"][2]["mean"] == row.mean
    assert content["rows"][2]["controls"]["random"]["mean"] == row.controls["random"].mean


def test_the_picture_says_what_is_drawn():
    drawn = xc.plot.report(pictures())
    assert "3 method(s) by 5 metric(s)" in drawn.alt
    assert xc.plot.report(pictures(), alt="Two by two.").alt == "Two by two."
    written = {text.get_text() for text in drawn.figure.axes[0].texts}
    assert len(drawn.figure.axes[0].texts) == 15
    row = pictures().rows[0]
    assert f"{row.mean:.2g} [{row.low:.2g}, {row.high:.2g}]\n" in "".join(written)
    assert all("noise" in text for text in written)
    with pytest.raises(TypeError, match="found must be"):
        xc.plot.report("report")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("direction", "low", "high", "better"),
    [
        ("higher", 1.0, 2.0, True),
        ("higher", -2.0, -1.0, False),
        ("lower", -2.0, -1.0, True),
        ("lower", 1.0, 2.0, False),
        ("lower", -1.0, 1.0, None),
        ("lower", math.nan, math.nan, None),
    ],
    ids=["above", "below", "lower", "not_lower", "holds_0", "nan"],
)
def test_better_is_said_only_of_a_whole_interval(direction, low, high, better):
    row = ReportRow("m", "k", direction, 0, 0, 0, 2, 2, Interval(0, low, high, 2), {})
    assert row.better is better


# ---------------------------------------------------------------- kept


KILLED = """
import os, signal, sys, torch
from tests.evaluation import test_report as t
calls = []
real = t.xc.METRICS["deletion"].metric
def counted(*args, **settings):
    calls.append(1)
    if len(calls) > int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **settings)
object.__setattr__(t.xc.METRICS["deletion"], "metric", t.functools.wraps(real)(counted))
t.kept_report(sys.argv[1])
"""


class Additive(nn.Module):
    def forward(self, x):
        return additive(x)


def kept_report(keep):
    methods = ["gradient", xc.spec("integrated_gradients", steps=3)]
    return report(
        methods, [DELETION, ("max_sensitivity", {"samples": 2})], Additive(), X, keep=keep
    )


@pytest.mark.parametrize("stop", [2, 8])
def test_a_killed_run_goes_on_and_equals_an_unbroken_one(tmp_path, monkeypatch, stop):
    keep = tmp_path / "kept"
    command = [sys.executable, "-c", KILLED, str(keep), str(stop)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
    calls = counted(monkeypatch, "deletion")
    found = kept_report(keep)
    assert len(calls) == 2 * 2 + 5 - stop  # two methods, their inverted copies, noise and constant
    assert repr(found) == repr(kept_report(None))
    assert found.rows == kept_report(None).rows
    calls.clear()
    assert kept_report(keep).rows == found.rows
    assert calls == []


def counted(monkeypatch, name):
    calls = []
    record = xc.METRICS[name]
    real = record.metric

    @functools.wraps(real)
    def count(*args, **settings):
        calls.append(name)
        return real(*args, **settings)

    patched = type(record)(**{**vars(record), "metric": count})
    monkeypatch.setitem(xc.METRICS, name, patched)
    return calls


def test_another_net_input_or_setting_is_measured_anew(tmp_path, monkeypatch):
    keep = tmp_path / "kept"
    nets = [nn.Linear(4, 2).double().eval() for _ in range(2)]
    calls = counted(monkeypatch, "deletion")

    def measured(net, x, **settings):
        calls.clear()
        target = settings.pop("target", 0)
        report(["gradient"], [("deletion", {**ADDITIVE, **settings})], net, x, target, keep=keep)
        return len(calls)

    assert measured(nets[0], X) == 7
    assert measured(nets[0], X) == 0
    assert measured(nets[0], X, batch_size=1) == 0
    assert measured(nets[1], X) == 7
    assert measured(nets[0], X + 1) == 7
    assert measured(nets[0], X, target=1) == 7
    assert measured(nets[0], X, seed=1) == 7


# ---------------------------------------------------------------- bad inputs


@pytest.mark.parametrize(
    ("given", "kind", "word"),
    [
        ({"methods": "gradient"}, TypeError, "methods must be a list or a dict"),
        ({"methods": []}, ValueError, "methods is empty"),
        ({"methods": ["gradent"]}, ValueError, "no method 'gradent'; did you mean 'gradient'"),
        ({"methods": [3]}, TypeError, "method must be the name"),
        ({"methods": ["gradient", "gradient"]}, ValueError, "two called 'gradient': give a dict"),
        ({"metrics": "deletion"}, TypeError, "metrics must be a list or a dict"),
        ({"metrics": []}, ValueError, "metrics is empty"),
        ({"metrics": ["deltion"]}, ValueError, "no metric 'deltion'; did you mean 'deletion'"),
        ({"metrics": [("deletion", 3)]}, TypeError, r"pair \(name, settings\)"),
        ({"metrics": [("deletion", {"step": 3})]}, ValueError, "no setting 'step'; .*'steps'"),
        ({"metrics": ["roar"]}, ValueError, "roar trains nets on a data set"),
        ({"metrics": ["pointing_game"]}, ValueError, "pointing_game needs mask: give mask="),
        ({"metrics": ["sparseness", "sparseness"]}, ValueError, "two called 'sparseness'"),
        ({"mask": torch.ones(3, 3)}, ValueError, "mask has shape"),
        ({"model": None}, TypeError, "model must be callable"),
        ({"x": X[0, 0]}, ValueError, "x has shape"),
        ({"target": 7}, (ValueError, IndexError, TypeError), "target"),
        ({"level": 95}, ValueError, "level must be between 0 and 1"),
        ({"draws": 0}, ValueError, "draws must be at least 1"),
        ({"draws": 1001}, ValueError, "draws must be at most"),
        ({"seed": 0.5}, TypeError, "seed must be a whole number"),
        ({"keep": 3}, TypeError, "keep must be the path"),
        ({"methods": [lambda m, x, t: x[:, :2]]}, (ValueError, TypeError), "method '<lambda>'"),
    ],
    ids=[
        "methods_text", "no_methods", "unknown_method", "no_method", "methods_twice",
        "metrics_text", "no_metrics", "unknown_metric", "no_settings", "unknown_setting",
        "data_kind", "no_mask", "metrics_twice", "mask_shape", "no_model", "no_batch", "target",
        "level", "no_draws", "many_draws", "seed", "keep", "no_map",
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_error(given, kind, word):
    net = nn.Linear(4, 2).double().eval()
    whole = {"methods": ["gradient"], "metrics": ["sparseness"], "model": net, "x": X, **given}
    with pytest.raises(kind, match=word):
        report(**whole)


def test_a_row_that_is_not_there_is_named():
    found = report([flat], [DELETION], additive, X)
    with pytest.raises(KeyError, match="no row of 'gradient'"):
        found.row("gradient", "deletion")
