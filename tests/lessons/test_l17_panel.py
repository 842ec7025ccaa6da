"""The study panel of lesson 17: consent, questions, result, simulated raters; nothing is lost."""

import json
import os
import sqlite3

import numpy as np
import torch

import xaicourse as xc
from tests.plain import refused
from xaicourse.course.lessons.l17_ground_truth_and_people.parts import count_shares
from xaicourse.people import Studies

PHOTOS = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
MAPS = {"IntGrad": PHOTOS - 0.5, "edges": PHOTOS.diff(dim=3, prepend=PHOTOS[..., :1])}


def made(**asked):
    return xc.widgets.StudyPanel(PHOTOS, MAPS, **{"file": None, **asked})


def whole_study(panel, choice=lambda trial: "left"):
    panel.agree()
    while panel.result.stage == "trial":
        panel.answer(choice(panel.result.trial))
    return panel


def test_nothing_is_asked_and_no_map_is_shown_before_the_consent():
    panel = made()
    assert panel.result.stage == "consent"
    assert panel.result.maps is None
    assert panel.begin in panel.desk.children
    panel.answer("left")
    assert panel.answers.all() == ()
    panel.begin.click()
    assert panel.answers.consented(1)
    assert panel.result.stage == "trial"
    assert panel.result.maps is not None
    assert panel.desk.children == (panel.buttons,)


def test_the_words_of_consent_are_those_that_are_recorded(tmp_path):
    panel = made(file=tmp_path / "answers.sqlite")
    panel.agree()
    with sqlite3.connect(tmp_path / "answers.sqlite") as base:
        (words,) = base.execute("select words from consent").fetchone()
    assert words == panel.consent_text(1)
    assert "answers.sqlite" in words
    assert "8 pictures" in words
    assert "number 1 and without your name" in words


def test_the_consent_names_the_file_by_its_folder():
    assert "computer only, answers.sqlite, under" in made(file="answers.sqlite").consent_text(1)
    assert "computer only, b/c.sqlite, under" in made(file="/a/b/c.sqlite").consent_text(1)


def test_the_maps_are_those_of_the_trial_and_a_methods_name_is_never_shown():
    panel = made()
    panel.agree()
    seen = set()
    while panel.result.stage == "trial":
        view, trial = panel.result, panel.result.trial
        assert torch.equal(view.photo, PHOTOS[[trial.item]])
        for shown, name in zip(view.maps, (trial.left, trial.right), strict=True):
            if name in MAPS:
                assert torch.equal(shown, MAPS[name][trial.item, 0].abs())
            else:
                other = trial.left if trial.right == name else trial.right
                whole = MAPS[other][trial.item, 0].abs()
                assert not torch.equal(shown, whole)
                assert torch.equal(shown.flatten().sort()[0], whole.flatten().sort()[0])
            seen.add(name)
        said = panel.describe(view) + panel.alt(view) + panel.in_words.value
        assert not any(name in said for name in (*MAPS, "shuffled"))
        assert f"question {view.done + 1} of 8" in said
        panel.answer("right")
    assert seen == {*MAPS, "shuffled"}


def test_the_result_is_the_analysis_of_the_answers():
    def taste(trial):
        sides = {trial.left: "left", trial.right: "right"}
        return sides.get("edges", sides.get("IntGrad"))

    panel = whole_study(made(), taste)
    assert panel.result.stage == "result"
    assert panel.result.found == xc.people.analyse_choices(
        panel.answers.of(1), ("IntGrad", "edges")
    )
    assert panel.result.found.pooled[:2] == (0, 6)
    assert panel.desk.children == ()
    words = panel.describe(panel.result)
    assert "IntGrad was chosen 0 of 6 times" in words
    assert "exact p = 0.031" in words


def test_whoever_misses_a_shuffled_pair_is_told_and_sees_what_they_chose():
    panel = whole_study(made(), lambda t: "left" if t.left == "shuffled" else "right")
    words = panel.describe(panel.result)
    assert "so no study would count these answers" in words
    assert f"was chosen {panel.result.found.pooled.k} of 6 times" in words
    assert panel.result.found.pooled.n == 6
    looked = whole_study(made(), lambda t: "right" if t.left == "shuffled" else "left")
    assert "no study would count" not in looked.describe(looked.result)
    counted = xc.people.analyse_choices(panel.answers.of(1), ("IntGrad", "edges"))
    assert counted.pooled.n == 0, "a study leaves them out"
    assert panel.error is None
    silent = whole_study(made(catch=0), lambda t: "cannot tell")
    assert silent.result.found.silent == 6
    assert "cannot tell 6, so neither method was chosen" in silent.describe(silent.result)
    assert silent.error is None


def test_a_panel_made_again_goes_on_with_the_next_question(tmp_path):
    file = tmp_path / "new folder" / "answers.sqlite"
    panel = made(file=file)
    panel.agree()
    for choice in ("left", "right", "cannot tell"):
        panel.answer(choice)
    again = made(file=file)
    assert again.result.stage == "trial"
    assert again.result.done == 3
    assert again.result.trial == panel.result.trial
    assert [a.choice for a in again.answers.of(1)] == ["left", "right", "cannot tell"]


def test_two_panels_of_two_raters_and_two_of_one(tmp_path):
    file = tmp_path / "answers.sqlite"
    one, two, same = made(file=file), made(file=file, rater=2), made(file=file)
    for panel in (one, two, same):
        panel.agree()
    one.answer("left")
    same.answer("right")  # the first question, that is already answered
    assert [a.choice for a in one.answers.of(1)] == ["left"]
    assert same.result.done == 1
    two.answer("right")
    assert [a.choice for a in one.answers.of(2)] == ["right"]
    assert one.result.trial.item != two.result.trial.item or one.result.trial != two.result.trial


def test_another_number_is_another_rater():
    panel = made()
    panel.agree()
    panel.answer("left")
    panel.set(rater=2)
    assert panel.result.stage == "consent"
    panel.agree()
    assert panel.result.stage == "trial"
    assert panel.result.done == 0
    panel.set(rater=1)
    assert (panel.result.stage, panel.result.done) == ("trial", 1)
    for stage, done in (("trial", 2), ("trial", 3)):
        panel.answer("left")
        assert (panel.result.stage, panel.result.done) == (stage, done)
    panel.set(rater=2)
    for done in (1, 2, 3, 4):
        panel.answer("left")
        assert panel.result.done == done
    panel.set(rater=0)
    assert "rater must be a whole number from 1" in str(panel.error)


def test_a_key_pressed_twice_answers_once(monkeypatch):
    panel = made()
    panel.agree()
    clock = [panel._shown]
    monkeypatch.setattr(
        "xaicourse.widgets.asking.time.monotonic",
        lambda: clock[0],
    )
    panel.buttons.buttons["left"].click()
    assert panel.result.done == 0, "too soon"
    clock[0] += 1
    panel.buttons.buttons["left"].click()
    panel.buttons.buttons["left"].click()
    assert panel.result.done == 1
    clock[0] += 1
    panel.buttons.buttons["cannot tell"].click()
    assert [a.choice for a in panel.answers.of(1)] == ["left", "cannot tell"]


def test_an_answer_that_cannot_be_kept_is_said(tmp_path):
    panel = made(file=tmp_path / "answers.sqlite")
    panel.agree()
    (tmp_path / "answers.sqlite").write_text("damaged " * 2000)
    with refused(ValueError, "cannot be used"):
        panel.answer("left")
    assert "Not drawn: file=" in panel.message.value
    assert panel.result.done == 0


def test_simulated_raters_are_those_of_the_library():
    panel = made(mode="simulated raters")
    names = [w.description for w in panel._row.children[:-1]]
    assert names == [
        "mode", "taste for A", "for the left", "spread of taste", "questions", "raters", "sides",
        "test",
    ]  # fmt: skip
    for asked, keywords in (
        ({"side": 0.7, "sides": "A always left"}, {"left": 0.7, "shuffled": False}),
        ({"side": 0.7, "sides": "shuffled"}, {"left": 0.7}),
        ({"side": 0.5, "raters": 10, "spread": 1.0}, {"raters": 10, "spread": 1.0}),
        ({"test": "over raters"}, {"raters": 10, "spread": 1.0, "test": "over raters"}),
    ):
        panel.set(**asked)
        assert panel.error is None
        expected = xc.people.power(0.5, 20, **keywords)
        assert panel.result.studies.found() == expected
        assert f"false alarms {expected:.0%}" in panel.describe(panel.result)
    panel.set(raters=1)
    assert "raters must be 2 or more" in str(panel.error)
    panel.set(mode="you judge")
    assert panel.result.stage == "consent"
    assert [w.description for w in panel._row.children[:-1]] == ["mode", "rater"]


def test_a_notebook_keeps_a_simulated_rater_and_never_the_readers_answers(tmp_path):
    fresh, answered = made(), whole_study(made())
    kept = [panel._repr_mimebundle_()[0] for panel in (fresh, answered)]
    assert kept[0]["image/png"] == kept[1]["image/png"]
    assert "a simulated rater who prefers A" in fresh.alt(fresh.stored())
    simulated = made(mode="simulated raters")
    assert simulated.stored() is simulated.result
    assert fresh.result.stage == "consent", "nothing was answered for the reader"
    assert fresh.answers.all() == ()


def test_answers_are_kept_in_work(tmp_path, monkeypatch):
    monkeypatch.setenv("XAICOURSE_ANSWERS", str(tmp_path / "mine.sqlite"))
    panel = made(file="work")
    assert list(tmp_path.iterdir()) == []
    panel.agree()
    assert [file.name for file in tmp_path.iterdir()] == ["mine.sqlite"]
    monkeypatch.delenv("XAICOURSE_ANSWERS")
    clone = tmp_path / "clone"
    for folder in ("notebooks", "exercises", "xaicourse", "work/notebooks"):
        (clone / folder).mkdir(parents=True)
    monkeypatch.chdir(clone / "work" / "notebooks")
    assert made(file="work").answers.file == clone / "work" / ".answers.sqlite"


def test_the_pair_of_the_lesson_is_known():
    photos, maps, classes = xc.widgets.study_pair(4)
    panel = xc.widgets.StudyPanel(photos, maps, classes, file=None)
    panel.agree()
    chosen = classes[panel.result.trial.item]
    assert f"why the net chose the class {chosen}?" in panel.describe(panel.result)
    assert f"the picture, class {chosen}" in panel.alt(panel.result)
    assert photos.shape == (4, 1, 32, 32)
    x, labels, _ = xc.datasets.planted(4, seed=1)
    net = xc.zoo.load("planted_cnn", device="cpu")
    assert classes == [xc.datasets.PLANTED_CLASSES[k] for k in labels]
    assert net(x).argmax(1).tolist() == labels.tolist(), "what the net chose"
    ig = xc.integrated_gradients(net, x, labels, steps=32)
    assert torch.allclose(maps["Integrated Gradients"], ig, rtol=1e-4, atol=1e-6)
    assert torch.equal(maps["edges"], xc.evaluation.controls.edges(x))
    assert xc.widgets.study_pair(4) is xc.widgets.study_pair(4)


def test_bad_arguments_are_refused_in_one_sentence(tmp_path):
    with refused(ValueError, "maps must be of two methods, got 1: IntGrad"):
        xc.widgets.StudyPanel(PHOTOS, {"IntGrad": MAPS["IntGrad"]}, file=None)
    with refused(ValueError, "classes must be 6, one a photo, got 1"):
        xc.widgets.StudyPanel(PHOTOS, MAPS, ["T"], file=None)
    with refused(ValueError, r"maps\['edges'\] must be 6 maps of \(8, 8\) pixels"):
        xc.widgets.StudyPanel(PHOTOS, MAPS | {"edges": MAPS["edges"][:5]}, file=None)
    made(file=tmp_path / "a").agree()
    with refused(ValueError, "another study named 'lesson 17'"):
        made(file=tmp_path / "a", seed=1)
    made(file=tmp_path / "a", seed=1, name="second")


def test_a_closed_panel_leaves_no_widget():
    import ipywidgets

    before = set(ipywidgets.widgets.widget._instances)
    whole_study(made()).close()
    left = [
        type(ipywidgets.widgets.widget._instances[key]).__name__
        for key in set(ipywidgets.widgets.widget._instances) - before
    ]
    assert [name for name in left if name not in ("Layout", "CheckboxStyle")] == []


def test_settings_are_plain(tmp_path):
    panel = made(file=tmp_path / "x")
    assert json.dumps(panel.settings)
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def test_words_in_every_stage_are_large_enough():
    """7 points are 9.7 pixels on the screen."""
    from matplotlib.text import Text

    from xaicourse.widgets.plates import figure_of

    panel = made()
    views = [panel.result, whole_study(panel).result, made(mode="simulated raters").result]
    assert [view.stage for view in views] == ["consent", "result", "simulated"]
    for view in views:
        texts = figure_of(panel.size, panel.plates(view)).findobj(Text)
        assert min(t.get_fontsize() for t in texts if t.get_visible() and t.get_text()) >= 7


# ---- the guess panel


OUTPUTS = ["cat", "dog", "cat", "dog", "owl", "cat"]


def guesses(**asked):
    asked = {"drawn": None, "file": None} | asked
    return xc.widgets.GuessPanel(PHOTOS, OUTPUTS, MAPS["IntGrad"], MAPS["edges"], **asked)


def test_pictures_come_without_a_map_and_then_with_one_of_two():
    panel = guesses()
    assert panel.result.stage == "consent"
    assert "6 pictures twice" in panel.consent_text(1)
    panel.agree()
    conditions = []
    while panel.result.stage == "trial":
        view = panel.result
        conditions.append(view.trial.condition)
        item = view.trial.item
        values = {"map": MAPS["IntGrad"], "control": MAPS["edges"]}.get(view.trial.condition)
        assert torch.equal(view.photo, PHOTOS[[item]])
        if values is None:
            assert view.map is None
        else:
            assert torch.equal(view.map, values[item, 0].abs())
        assert view.trial.condition not in panel.describe(view) + panel.alt(view).replace(
            "a map, of the net or of no net", ""
        )
        panel.answer("cat")
    assert conditions[:6] == ["without"] * 6
    assert sorted(conditions[6:]) == ["control"] * 3 + ["map"] * 3
    assert panel.result.gains == xc.people.analyse_guesses(panel.answers.of(1), panel.study)
    assert panel.result.gains.map.without == panel.result.gains.map.with_
    assert "gain by the control +0.00 (McNemar p = 1)" in panel.describe(panel.result)


def test_a_guess_panel_made_again_goes_on(tmp_path):
    panel = guesses(file=tmp_path / "answers.sqlite")
    panel.agree()
    for choice in ("cat", "owl"):
        panel.answer(choice)
    again = guesses(file=tmp_path / "answers.sqlite")
    assert again.result.done == 2
    assert again.result.trial == panel.result.trial
    assert [button.description for button in again.buttons.buttons.values()] == [
        "1  cat", "2  dog", "3  owl",
    ]  # fmt: skip
    assert guesses().answers.all() == ()


def test_maps_of_the_class_to_be_guessed_are_named_in_the_result():
    panel = whole_study(guesses(drawn=OUTPUTS), lambda trial: "cat")
    assert "the gain may be that label" in panel.describe(panel.result)
    assert "label" not in panel.describe(whole_study(guesses(), lambda trial: "cat").result)


def test_bars_of_shares_hold_equally_many_counts_around_the_half():
    for trials, raters, bars in ((20, 1, 21), (40, 1, 41), (80, 1, 27), (100, 30, 41)):
        counts = np.random.default_rng(0).binomial(trials, 0.5, (2000, raters))
        studies = Studies(counts, trials, np.ones(2000))
        found, (none, half, every) = count_shares(studies.shares, studies)
        assert (len(found), found.sum(), half) == (bars, 2000, bars // 2)
        assert abs(none + every - 2 * half) < 1e-9
        most = trials * raters
        all_counts = np.arange(most + 1)[:, None]  # each count once
        level, _ = count_shares(all_counts[:, 0] / most, Studies(all_counts, most, all_counts))
        assert len(set(level[1:-1].tolist())) == 1
        if bars > trials:
            assert found.tolist() == np.bincount(counts[:, 0], minlength=bars).tolist()


def test_counts_are_drawn_with_whole_numbers():
    from xaicourse.widgets.plates import figure_of

    panel = whole_study(made(catch=0), lambda t: "left" if t.number < 3 else "cannot tell")
    guess = whole_study(guesses(), lambda t: "cat")
    for one in (panel, guess):
        ticks = figure_of(one.size, one.plates(one.result)).axes[-1].get_yticks()
        assert all(float(tick).is_integer() for tick in ticks), ticks


def test_a_notebook_keeps_a_simulated_readers_guesses():
    fresh, answered = guesses(), whole_study(guesses(), lambda trial: "cat")
    kept = [panel._repr_mimebundle_()[0]["image/png"] for panel in (fresh, answered)]
    assert kept[0] == kept[1]
    assert "a simulated reader" in fresh.alt(fresh.stored())
    assert fresh.answers.all() == ()


def test_the_clothes_to_be_guessed_are_half_wrong_and_every_second_pair_leads_astray():
    items = xc.widgets.guess_items(4)
    net = xc.zoo.load("fashion_cnn", device="cpu")
    names = xc.datasets.FASHION_MNIST_CLASSES
    assert [names[k] for k in net(items.photos).argmax(1)] == items.outputs
    x, labels = xc.datasets.fashion_mnist(n=500)[:2]
    truth = [names[labels[(x == photo).flatten(1).all(1)]] for photo in items.photos]
    assert [a == b for a, b in zip(truth, items.outputs, strict=True)] == [True, False] * 4
    same = [a == b for a, b in zip(items.drawn, items.outputs, strict=True)]
    assert same == [True, True, False, False] * 2
    target = torch.tensor([names.index(name) for name in items.drawn])
    ig = xc.integrated_gradients(net, items.photos, target=target, steps=32)
    assert torch.allclose(items.maps, ig, rtol=1e-4, atol=1e-6)
    assert xc.widgets.GuessPanel(*items, file=None).study.choices == tuple(
        dict.fromkeys(items.outputs)
    )


def test_bad_guess_panels_are_refused_in_one_sentence():
    with refused(ValueError, r"control must be 6 maps of \(8, 8\) pixels"):
        xc.widgets.GuessPanel(PHOTOS, OUTPUTS, MAPS["IntGrad"], MAPS["edges"][:2], file=None)
    photos = torch.rand(10, 1, 8, 8)
    with refused(ValueError, "at most 9 classes, got 10"):
        xc.widgets.GuessPanel(photos, list("abcdefghij"), photos, photos, file=None)
    with refused(ValueError, "drawn must be 6 texts"):
        guesses(drawn=["cat"])
