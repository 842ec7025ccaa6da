"""xc.review(): two questions from earlier lessons, their answers, and whose turn it is."""

import json
import re
from itertools import permutations
from pathlib import Path

import pytest
import torch

import xaicourse as xc
from xaicourse import cli
from xaicourse.course.progress import record, review
from xaicourse.course.progress.cards import sections
from xaicourse.course.progress.review import due, review_items
from xaicourse.course.progress.standing import standing
from xaicourse.course.table import LESSONS

READY = [lesson.number for lesson in LESSONS.values() if lesson.status == "ready"]
PASSED = {"tries": 1, "passed": True, "counted": True}


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Return a function that writes the record of the reader, who is no test."""
    file = tmp_path / "p.json"
    monkeypatch.setenv("XAICOURSE_PROGRESS", str(file))
    monkeypatch.setenv("XAICOURSE_TEST", "0")
    review._answered.clear()

    def write(lessons, **parts):
        checks = {f"{number}.1": PASSED for number in lessons}
        file.write_text(json.dumps({"version": 1, "checks": checks, "predictions": {}, **parts}))
        return file

    return write


def stored(file):
    return json.loads(file.read_text())["reviews"]


# ---------------------------------------------------------------- the questions


@pytest.mark.parametrize("number", READY)
def test_every_lesson_has_two_questions_that_lead_into_it(number):
    names = [name for name in review_items() if name[:2] == number]
    assert names == [f"{number}.R1", f"{number}.R2"]
    for name in names:
        item = review_items()[name]
        assert set(item) == {"question", "choices", "right", "why", "section"}
        assert list(item["choices"]) == ["a", "b", "c"]
        assert item["right"] in item["choices"]
        assert item["section"] in sections(number)
        assert 12 <= len(item["why"].split()) <= 60
        assert len(set(item["choices"].values())) == 3


def test_no_letter_is_right_too_often():
    letters = [item["right"] for item in review_items().values()]
    for letter in "abc":
        assert 0.22 <= letters.count(letter) / len(letters) <= 0.45


def test_who_always_takes_the_longest_choice_wins_little():
    items = list(review_items().values())
    won = [max(item["choices"].values(), key=len) == item["choices"][item["right"]]
           for item in items if len(set(map(len, item["choices"].values()))) > 1]  # fmt: skip
    assert sum(won) / len(items) <= 0.33


def test_a_question_stands_by_itself():
    away = re.compile(r"\b(figure|table|cell|this lesson|section|our)\b")
    for name, item in review_items().items():
        assert not away.search(item["question"]), name


def double(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def right(name):
    item = review_items()[name]
    return item["choices"][item["right"]]


def far(a, b):
    """Say whether two maps differ by more than a tenth."""
    return float((a - b).norm() / b.norm()) > 0.1


def test_effects():
    assert right("00.R1").startswith(str(4.0 - 4.5))


def test_a_saturated_probability():
    p = 0.999
    z = double(torch.tensor(p / (1 - p)).log().item(), 0.0).requires_grad_()
    slope = torch.autograd.grad(z.softmax(0)[0], z)[0][0]
    assert abs(float(slope) - 0.001) < 2e-5
    assert "a thousandth" in review_items()["01.R2"]["why"]


def test_three_rules_at_a_gate():
    z, signal = -0.5, 7
    passed = (signal * (z > 0), max(signal, 0), max(signal, 0) * (z > 0))
    assert right("02.R1") == "{}, {} and {}".format(*passed)


def test_lrp_with_a_small_epsilon_is_gradient_times_input(close):
    net, x = xc.zoo.toy(), torch.tensor([[3.0, 1.5]], dtype=torch.float64)
    one = xc.lrp(net, x, target=None, epsilon=1e-9)
    close(one, xc.input_x_gradient(net, x, target=None), 1e-6)
    assert right("03.R2") == "gradient x input"
    for other in (xc.gradient, xc.integrated_gradients):  # the other two choices are other maps
        assert far(one, other(net, x, target=None))


def test_without_biases_integrated_gradients_would_be_right_too(close):
    """So the question has to name the biases."""
    torch.manual_seed(0)
    layers = torch.nn.Linear(3, 5, bias=False), torch.nn.ReLU(), torch.nn.Linear(5, 1, bias=False)
    net, x = torch.nn.Sequential(*layers).double().eval(), double(1, -2, 0.5)[None]
    one = xc.lrp(net, x, target=0, epsilon=1e-9)
    close(one, xc.integrated_gradients(net, x, target=0, baseline=0.0), 1e-6)
    assert "with biases" in review_items()["03.R2"]["question"]


@pytest.mark.parametrize("hidden", [False, True])
def test_three_class_activation_maps(hidden, close):
    """One map where a mean and a linear layer follow; a hidden layer in between ends that."""
    torch.manual_seed(0)
    conv, nn = torch.nn.Conv2d(3, 8, 3), torch.nn
    inside = [nn.Flatten(), nn.Linear(8 * 36, 16), nn.ReLU(), nn.Linear(16, 4)]
    head = inside if hidden else [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)]
    net = nn.Sequential(conv, nn.ReLU(), *head).double().eval()
    x = torch.rand(1, 3, 8, 8, dtype=torch.float64)
    ask = {"target": 1, "layer": "1", "relu": False, "upsample": None}
    grad, each = xc.grad_cam(net, x, **ask), xc.hires_cam(net, x, **ask)
    if hidden:
        assert far(grad / grad.norm(), each / each.norm())
        return
    cam = xc.cam(net, x, **ask)
    close(grad / grad.norm(), cam / cam.norm(), 1e-9)
    close(each / each.norm(), cam / cam.norm(), 1e-9)
    assert "a mean and a linear layer" in right("04.R2")


def test_ig_of_a_product():
    x = torch.tensor([[3.0, 2.0]], dtype=torch.float64)
    got = xc.integrated_gradients(lambda z: z.prod(dim=1), x, target=None, baseline=0.0)
    assert right("05.R1") == f"{float(got[0, 0]):.0f}"


def test_pattern_times_weight():
    x = torch.randn(500, 3, generator=torch.Generator().manual_seed(0)).double()
    w = double(1, -2, 0.5)
    y = x @ w
    a = ((x - x.mean(0)) * (y - y.mean())[:, None]).mean(0) / y.var(correction=0)
    assert right("06.R2") == f"{float(w @ a):.6g}"


def test_vargrad_of_a_linear_feature():
    x = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    got = xc.vargrad(lambda z: 3 * z[:, 0] + z[:, 1] ** 3, x, target=None, sigma=0.1, seed=0)
    assert right("07.R2") == f"{float(got[0, 0]):.0f}"
    assert float(got[0, 1]) > 0.01
    assert "3 x1 + g(x2)" in review_items()["07.R2"]["question"]
    # "linear" alone would not do: x1 x2 is linear in x1, whose slope is the noisy x2
    assert float(xc.vargrad(lambda z: z.prod(dim=1), x, target=None, sigma=0.1, seed=0)[0, 0]) > 0


def test_a_split_by_hand():
    net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.ReLU(), torch.nn.Linear(1, 1))
    for parameter, value in zip(net.double().eval().parameters(), (2, -3, 1, 1), strict=True):
        torch.nn.init.constant_(parameter, value)
    x = double(5)[None]
    shares = xc.fullgrad_decomposition(net, x, target=0)[0].tolist()
    assert right("08.R1") == "{:.0f}, {:.0f} and {:.0f}".format(*shares)
    assert f"f = {float(net(x).detach()):.0f}" in review_items()["08.R1"]["why"]
    # another method gives another choice, so the question has to name the method
    rise = float(xc.integrated_gradients(net, x, target=0, baseline=0.0, steps=2000))
    assert (
        f"{rise:.0f}, 0 and {float(net(0 * x).detach()):.0f}"
        == review_items()["08.R1"]["choices"]["c"]
    )
    assert "FullGrad" in review_items()["08.R1"]["question"]


def test_no_rise_does_not_mean_no_shares():
    x = double(3, 3)[None]
    shares = xc.integrated_gradients(lambda z: z[:, 0] - z[:, 1], x, target=None, baseline=0.0)
    assert abs(float(shares.sum())) < 1e-9 < float(shares.abs().min())
    assert right("09.R1") == "its shares, of both signs, add up to nearly 0"


def test_decision_gradients_lose_the_sign(close):
    net, x = xc.zoo.toy(), torch.tensor([[3.0, 1.0]], dtype=torch.float64)
    method = xc.integrated_decision_gradients
    ask = {"target": None, "baseline": 0.0}
    close(method(net, x, **ask), method(lambda z: -net(z), x, **ask), 1e-9)
    assert right("10.R2") == "not at all"


@pytest.mark.parametrize("seed", range(3))
def test_abpc_of_an_order_and_of_its_reverse(seed, close):
    draw = torch.Generator().manual_seed(seed)
    x, order = torch.rand(1, 6, generator=draw), torch.rand(1, 6, generator=draw)
    one, other = (
        xc.evaluation.abpc(lambda z: z.prod(dim=1), x, m, imputer=0.5, output="logit").values
        for m in (order, -order)
    )
    close(one, -other, 1e-6)
    assert abs(float(one)) > 1e-6
    assert right("15.R1") == "0, on every network"


def test_every_order_shares_out_the_whole_rise():
    """One after the other from (0, 0, 0) to (1, 1, 1), as an ensemble of trees may score it."""

    def score(on):
        return 2.0 * (0 in on) + 3.0 * ({0, 1} <= on) - 1.0 * (2 in on and 1 not in on)

    maps = []
    for order in permutations(range(3)):
        on, gains = set(), [0.0, 0.0, 0.0]
        for feature in order:
            before = score(on)
            on.add(feature)
            gains[feature] = score(on) - before
        maps.append(gains)
    sums = {sum(gains) for gains in maps}
    assert sums == {score({0, 1, 2}) - score(set())}
    assert len({tuple(gains) for gains in maps}) > 1
    assert right("12.R2") == "both"


def test_a_tree_has_no_slopes():
    x = torch.linspace(0, 1, 101, dtype=torch.float64)[:, None].requires_grad_()
    score = (x[:, 0] > 0.5).double() + 0 * x[:, 0]
    steps = torch.autograd.grad(score.sum(), x)[0] / 101
    assert right("12.R1") == f"{float(steps.sum()):.0f}"


def test_a_way_around_the_corner():
    places = torch.tensor([[0.5, 0.0], [1.0, 0.5]]).double().requires_grad_()  # the middles
    slopes = torch.autograd.grad(places.prod(dim=1).sum(), places)[0]
    steps = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).double()
    shares = (slopes * steps).sum(0).tolist()
    assert right("11.R1") == f"{shares[0]:.0f}"
    straight = [0.5, 0.5]  # Integrated Gradients
    assert sum(shares) == sum(straight)
    assert shares != straight
    assert right("11.R2") == "their sum"


def test_logits_that_are_shifted_together(close):
    x = torch.tensor([0.3, 0.7], dtype=torch.float64, requires_grad=True)
    logits = torch.stack([2 * x[0], x[1] ** 2])
    shifted = logits + 5 * x[0] * x[1]
    close(shifted.softmax(0), logits.softmax(0), 1e-12)
    before, after = (torch.autograd.grad(z[0], x, retain_graph=True)[0] for z in (logits, shifted))
    assert float((before - after).norm()) > 1
    assert right("16.R2") == "the probabilities"


def test_a_rater_is_one_observation():
    """Ten raters, each with a taste, on average none: a finding is a false alarm, 5 % allowed."""
    draw = torch.Generator().manual_seed(0)
    tastes = torch.randn(500, 10, 1, generator=draw, dtype=torch.float64).sigmoid()
    votes = (torch.rand(500, 10, 40, generator=draw, dtype=torch.float64) < tastes).double()

    def alarms(shares, limit):
        t = (shares.mean(1) - 0.5) / (shares.std(1) / shares.shape[1] ** 0.5)
        return float((t.abs() > limit).double().mean())

    assert alarms(votes.mean(2), 2.262) < 0.08
    assert alarms(votes.mean(1), 2.023) > 0.3  # over pictures
    assert alarms(votes.flatten(1), 1.966) > 0.3  # over answers
    assert right("17.R2") == "a rater: there are 10"


# ---------------------------------------------------------------- whose turn it is


@pytest.mark.parametrize(
    ("begun", "lesson", "asked"),
    [
        (["00", "01", "02", "05"], None, ["02.R1", "00.R1"]),
        (["00", "01", "02", "04", "05", "07"], None, ["05.R1", "02.R1"]),
        (["00", "01", "05"], None, ["01.R1", "00.R1"]),  # nothing is three back yet
        (["00", "01"], None, ["00.R1", "00.R2"]),
        (["00", "01", "02", "05"], "02", ["01.R1", "00.R1"]),
        (["00", "01", "02", "05"], "2", ["01.R1", "00.R1"]),
        ([], "05", ["04.R1", "02.R1"]),  # no record: the lessons before it
        (["00"], None, []),
        ([], None, []),
        ([], "00", []),
    ],
)
def test_from_one_and_from_three_lessons_back(store, begun, lesson, asked):
    store(begun)
    assert due(standing(), lesson) == asked
    assert due(standing(), lesson) == asked  # no draw of lots


def entry(turn, last_right):
    return {"asked": 1, "right": int(last_right), "last": "a", "last_right": last_right,
            "turn": turn}  # fmt: skip


@pytest.mark.parametrize(
    ("reviews", "first"),
    [
        ({}, "01.R1"),
        ({"01.R1": entry(1, True)}, "01.R2"),  # never asked before right
        ({"01.R2": entry(1, False)}, "01.R2"),  # wrong before never asked
        ({"01.R1": entry(2, True), "01.R2": entry(1, True)}, "01.R2"),  # the longest ago
        ({"01.R1": entry(1, False), "01.R2": entry(2, False)}, "01.R1"),
        ({"01.R1": 7, "01.R2": {"asked": "x"}}, "01.R1"),  # of another version
    ],
)
def test_wrong_or_never_asked_comes_first(store, reviews, first):
    store(["00", "01", "02"], reviews=reviews)
    assert due(standing())[0] == first


def test_a_wrong_answer_is_asked_again_until_it_is_right(store):
    file = store(["00", "01", "02"])
    for choice, following in (("b", "01.R1"), ("b", "01.R1"), ("c", "01.R2"), ("a", "01.R1")):
        name = due(standing())[0]
        review._answered.clear()
        xc.review(name, choice)
        assert due(standing())[0] == following
    assert stored(file)["01.R1"] == {
        "asked": 3, "right": 1, "last": "c", "last_right": True, "turn": 3,
    }  # fmt: skip


# ---------------------------------------------------------------- asking and answering


def test_two_questions_as_text(store, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)
    store(["00", "01", "02", "05"])
    xc.review()
    said = capsys.readouterr().out
    assert "From lesson 02, without looking it up: A ReLU got" in said
    assert "From lesson 00, without looking it up: You grey" in said
    assert "(c) 0, 0 and 7" in said
    assert 'xc.review("02.R1", "LETTER")' in said
    for name in ("02.R1", "00.R1"):
        assert review_items()[name]["why"][:30] not in " ".join(said.split())


def test_an_answer_says_what_is_right_why_and_where(store, capsys):
    file = store(["00"])
    xc.review("5.r1", "(A)")
    said = " ".join(capsys.readouterr().out.split())
    why = review_items()["05.R1"]["why"]
    assert said == (
        f"You chose a. Right is (b) 3. {why} It stands in lesson 05, section 3 (The definition)."
    )
    xc.review("05.R2", "a")
    assert "You chose a, which is right. The distance is" in capsys.readouterr().out
    assert stored(file)["05.R1"]["last_right"] is False
    assert stored(file)["05.R2"]["last_right"] is True
    assert json.loads(file.read_text())["predictions"] == {}


def test_only_the_first_answer_counts_until_it_is_asked_again(store, capsys):
    file = store(["00", "01"])
    for choice in "acb":
        xc.review("00.R1", choice)
    assert stored(file)["00.R1"]["asked"] == 1
    xc.review()
    xc.review("00.R1", "b")
    assert stored(file)["00.R1"]["asked"] == 2


def test_buttons_answer_and_the_link_is_folded(store, capsys):
    pytest.importorskip("ipywidgets")
    file = store(["00", "01"])
    question = review._question("00.R1")
    from xaicourse.course.progress.choices import Choices

    view = Choices(question.name, question.choices, question.answer, words="A < B?", typed="t")
    asked = [child.value for child in view._view.children if hasattr(child, "value")]
    assert any("A &lt; B?" in text for text in asked)
    view.buttons["b"].click()
    assert "which is right" in view.status.value
    assert stored(file)["00.R1"]["right"] == 1
    page = review._Place("05.R1")._repr_html_()
    assert 'href="../notebooks/05_integrated_gradients.ipynb#3-%C2%B7-The-definition"' in page
    assert page.startswith("<details><summary>")


@pytest.mark.parametrize("name", review_items())
def test_every_link_leads_to_a_notebook(name):
    page = review._Place(name)._repr_html_()
    file = re.search(r'href="\.\./(notebooks/[^#]+)#', page)[1]
    assert (Path(xc.__file__).parents[1] / file).is_file()


def test_what_cannot_be_asked_is_refused(store):
    store([])
    with pytest.raises(ValueError, match="lesson must be one of 00, 01"):
        xc.review("77")
    with pytest.raises(ValueError, match=r"review question '05\.R9' is unknown; did you mean"):
        xc.review("05.R9", "a")
    with pytest.raises(ValueError, match=r"choice is 'z'; question 05\.R1 has the choices a, b, c"):
        xc.review("05.R1", "z")
    with pytest.raises(ValueError, match=r"review question '05'"):
        xc.review("05", "a")


def test_nothing_to_review(store, capsys):
    store(["00"])
    xc.review()
    assert "nothing to review yet" in capsys.readouterr().out


def test_at_the_command_line(store, capsys, monkeypatch):
    file = store(["00", "01", "02", "05"])
    typed = iter(["x", "a", "B"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(typed))
    assert cli.main(["review"]) == 0
    said = capsys.readouterr().out
    assert said.count("which is right") == 2
    assert set(stored(file)) == {"02.R1", "00.R1"}


def test_the_end_of_the_input_stops(store, capsys, monkeypatch):
    def ended(prompt):
        raise EOFError

    store(["00", "01"])
    monkeypatch.setattr("builtins.input", ended)
    assert cli.main(["review"]) == 0
    assert "You grey a patch" in capsys.readouterr().out


def test_a_disk_that_cannot_be_written_stops_nothing(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XAICOURSE_TEST", "0")
    monkeypatch.setenv("XAICOURSE_PROGRESS", str(tmp_path / "file" / "p.json"))
    review._answered.clear()
    xc.review("05.R1", "b")
    assert "which is right" in capsys.readouterr().out
    assert not record.store_review("05.R1", "b", right=True)
