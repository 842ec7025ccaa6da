"""Predictions and the local file of progress."""

import json
import re
import sys
from pathlib import Path

import pytest

import xaicourse as xc
from xaicourse.cli import main
from xaicourse.course.checking import TASKS, histogram
from xaicourse.course.grading.wrapping import WIDTH
from xaicourse.course.progress import prediction_rules as rules
from xaicourse.course.progress import record
from xaicourse.course.progress.choices import VIEW, Choices
from xaicourse.course.progress.predictions import questions, right_letters, wording

ROOMS = Path(__file__).parents[2] / "xaicourse/course/lessons"
LESSONS = sorted(ROOMS.glob("l*/lesson.py"))


@pytest.fixture
def progress(tmp_path, monkeypatch):
    file = tmp_path / "folder" / "progress.json"
    monkeypatch.setenv("XAICOURSE_PROGRESS", str(file))
    monkeypatch.setenv("XAICOURSE_TEST", "0")
    return file


@pytest.fixture
def one_question(monkeypatch):
    """A question whose answers are known here, so that no lesson has to keep its words."""
    card = {
        "question": "Which one?",
        "right": "b",
        "choices": {"a": "the first <b> & the last", "b": "the second", "c": "none"},
        "said": {"a": f"It tempts. {LONG}", "b": "Look at cell 7.", "c": "Look at cell 8."},
    }
    monkeypatch.setitem(questions(), "05.P2", card)
    return card


LONG = "The next cell draws the line, and what counts is where it crosses zero. " * 3


def test_a_vote_is_answered_and_stored(progress, capsys, one_question):
    xc.predict("05.P2", "b")
    assert capsys.readouterr().out == "You chose b. Look at cell 7.\n"
    xc.predict("05.P2", "a")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert " ".join(lines) == f"You chose a. {one_question['said']['a']}".strip()
    stored = json.loads(progress.read_text())["predictions"]
    mark = {"asked": wording("05.P2")}
    assert stored == {"05.P2": {"first": "b", "last": "a", **mark}}


def test_a_lesson_without_sentences_stores_as_before(progress, capsys, one_question):
    del one_question["said"]
    xc.predict("05.P2", "b")
    assert capsys.readouterr().out == "stored: b. Now run the next cell.\n"
    vote = json.loads(progress.read_text())["predictions"]["05.P2"]
    assert (vote["first"], vote["last"]) == ("b", "b")


def test_the_first_vote_stays(progress):
    for choice in ("c", " (B) ", "a"):
        xc.predict("05.P2", choice)
    vote = json.loads(progress.read_text())["predictions"]["05.P2"]
    assert vote == {"first": "c", "last": "a", "asked": wording("05.P2")}


def test_a_vote_on_another_wording_is_no_first_vote(progress, one_question):
    xc.predict("05.P2", "c")
    before = wording("05.P2")
    one_question["choices"]["a"] = "another text"
    assert wording("05.P2") != before
    for choice in "ab":
        xc.predict("05.P2", choice)
    vote = json.loads(progress.read_text())["predictions"]["05.P2"]
    assert vote == {"earlier": ["c"], "first": "a", "asked": wording("05.P2"), "last": "b"}


def test_a_vote_of_a_version_that_kept_no_mark_stays_beside_the_new_one(progress, one_question):
    record.store_prediction("05.P2", "c")
    xc.predict("05.P2", "a")
    vote = json.loads(progress.read_text())["predictions"]["05.P2"]
    assert (vote["earlier"], vote["first"]) == (["c"], "a")


def test_a_histogram_leaves_votes_on_other_wordings_out(tmp_path):
    votes = {"one": {"first": "a"}, "two": {"first": "b", "asked": wording("05.P2")},
             "three": {"first": "c", "asked": "12345678"}}  # fmt: skip
    for name, vote in votes.items():
        (tmp_path / name).write_text(json.dumps({"predictions": {"05.P2": vote}}))
    counts = histogram([tmp_path / name for name in votes])
    assert counts["05.P2"] == {"a": 1, "b": 1, "c": 0, "d": 0}


def test_a_question_that_moved_is_found_and_told(capsys):
    xc.predict("4.p7", None)
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith("04.P7 is called 04.P5 today")
    assert "04.P5: no choice yet" in said


def test_no_vote_yet(progress, capsys):
    xc.predict("05.P1", None)
    assert "no choice yet" in capsys.readouterr().out
    assert not progress.exists()


def test_wrong_choices_and_questions():
    with pytest.raises(ValueError, match=r"choice is 'z'; question 05\.P1 has the choices a, b, c"):
        xc.predict("05.P1", "z")
    with pytest.raises(ValueError, match=r"choice is 2"):
        xc.predict("05.P1", 2)
    with pytest.raises(ValueError, match=r"question '05\.P99' is unknown; did you mean '05\.P"):
        xc.predict("05.P99", "a")


def test_nothing_is_written_in_test_mode(progress, monkeypatch, capsys):
    monkeypatch.setenv("XAICOURSE_TEST", "1")
    xc.predict("05.P2", "b")
    xc.check("05.1", ((3.75, -2.75), 0.25))
    assert re.match("stored: b|You chose b", capsys.readouterr().out)
    assert not progress.exists()


def test_checks_are_recorded(progress):
    xc.check("05.1", None)
    xc.check("05.1", ((3, -3), 0.25))
    xc.check("05.1", ((3.75, -2.75), 0.25))
    xc.check("05.1", ((3, -3), 0.25))
    assert json.loads(progress.read_text())["checks"] == {
        "05.1": {"tries": 3, "passed": True, "counted": True}
    }
    xc.predict("05.P1", "a")
    assert set(json.loads(progress.read_text())) == {"version", "predictions", "checks"}


@pytest.mark.parametrize("content", ["{broken", "[]", '{"predictions": 3}', "\x00\x01"])
def test_a_damaged_file_never_stops_a_lesson(progress, content):
    progress.parent.mkdir()
    progress.write_text(content)
    xc.predict("05.P2", "b")
    assert json.loads(progress.read_text())["predictions"]["05.P2"]["first"] == "b"
    assert progress.with_name("progress.json.damaged").read_text() == content


def test_a_place_that_cannot_be_written(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XAICOURSE_TEST", "0")
    monkeypatch.setenv("XAICOURSE_PROGRESS", str(tmp_path / "file" / "progress.json"))
    said = questions()["05.P2"]
    for card, start in (({"said": {"b": "So."}}, "You chose b. So. (Your"), ({}, "noted: b")):
        monkeypatch.setitem(questions(), "05.P2", {"choices": said["choices"], **card})
        xc.predict("05.P2", "b")
        assert capsys.readouterr().out.startswith(start)
    assert xc.check("05.1", ((3.75, -2.75), 0.25)).passed


def test_where_the_file_lies(monkeypatch, tmp_path):
    monkeypatch.delenv("XAICOURSE_PROGRESS", raising=False)
    for folder in ("clone/xaicourse", "clone/work/exercises", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    for here in ("clone", "clone/work", "clone/work/exercises"):
        monkeypatch.chdir(tmp_path / here)
        assert record.progress_file() == tmp_path / "clone/work/.progress.json"
    student = tmp_path / "student" / "work"  # from a wheel: there is no clone
    (student / "notebooks").mkdir(parents=True)
    (student / ".xaicourse.json").write_text("{}")
    for here in (student.parent, student, student / "notebooks"):
        monkeypatch.chdir(here)
        assert record.progress_file() == student / ".progress.json"
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert record.progress_file().name == "progress.json"
    assert "xaicourse" in record.progress_file().parts


def test_votes_of_a_class_at_the_command_line(tmp_path, capsys):
    files = []
    for number, letter in enumerate("bba"):
        files.append(str(tmp_path / f"{number}.json"))
        votes = {"05.P1": {"first": letter, "last": letter}}
        Path(files[-1]).write_text(json.dumps({"predictions": votes}))
    assert main(["votes", *files, "--lesson", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (title,) = (line for line in lines if line.startswith("05.P1"))
    assert title.endswith("(3 of 3)")
    shown = [line.split() for line in lines[lines.index(title) + 1 :][:4]]
    right = right_letters()["05.P1"]
    for row, (letter, count) in zip(shown, {"a": 1, "b": 2, "c": 0, "d": 0}.items(), strict=True):
        marks = ["#" * count] * bool(count) + ["right"] * (letter == right)
        assert row == [letter, str(count), *marks]
    assert all(line[:3] in ("", "05.", "  a", "  b", "  c", "  d") for line in lines)
    assert main(["votes", files[0]]) == 0
    assert capsys.readouterr().out.count("(1 of 1)") == 1  # only what was answered
    assert main(["votes", files[0], "--lesson", "77"]) == 2
    assert "lesson is '77'; predictions are asked in 00, 01" in capsys.readouterr().err


def test_histogram_counts_first_votes_without_names(tmp_path):
    files = []
    for number, (first, last) in enumerate([("a", "b"), ("b", "b"), ("b", "c"), ("z", "a")]):
        file = tmp_path / f"anna_{number}.json"
        file.write_text(json.dumps({"predictions": {"05.P2": {"first": first, "last": last}}}))
        files.append(file)
    damaged = tmp_path / "damaged.json"
    damaged.write_text("{")
    with pytest.warns(UserWarning, match=r"damaged\.json is not counted"):
        counts = histogram([*files, str(damaged)])
    assert counts["05.P2"] == {"a": 1, "b": 2, "c": 0, "d": 0}
    assert counts["05.P3"] == {"a": 0, "b": 0, "c": 0, "d": 0}
    assert "anna" not in json.dumps(counts)
    with pytest.raises(FileNotFoundError, match="nobody"):
        histogram([tmp_path / "nobody.json"])


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.parent.name)
def test_every_question_of_a_lesson_is_known(lesson):
    text = lesson.read_text()
    asked = re.findall(r'xc\.predict\("([^"]+)"', text)
    assert asked
    assert set(asked) == {q for q in questions() if q.startswith(lesson.parent.name[1:3])}
    for question in asked:
        wording = text.partition(f"({question})")[2].partition("# %%")[0]
        letters = re.findall(r"\(([a-h])\) ", wording)
        buttons = (
            f'xc.predict("{question}")' in text
        )  # they show the choices; old lessons list them
        assert letters == ([] if buttons else list(questions()[question]["choices"])), question


def test_tasks_and_questions_have_their_own_ids():
    assert not set(TASKS) & set(questions())


# ---------------------------------------------------------------- buttons, and what stands for them


@pytest.fixture
def shown(monkeypatch):
    """What predict hands to the notebook."""
    handed = []
    monkeypatch.setattr("IPython.display.display", handed.append)
    return handed


def test_a_button_answers_stores_and_is_marked(progress, shown, one_question):
    xc.predict("05.P2")
    (choices,) = shown
    assert not progress.exists()
    buttons = choices.buttons
    assert [b.description for b in buttons.values()] == [
        "(a) the first <b> & the last", "(b) the second", "(c) none",
    ]  # fmt: skip
    assert ">" + "</div>" in choices.status.value  # the region is there before it speaks
    buttons["c"].click()
    assert "You chose c. Look at cell 8." in choices.status.value
    assert 'role="status"' in choices.status.value
    assert 'aria-live="polite"' in choices.status.value
    assert [b.description[3:] for b in buttons.values()] == [
        " the first <b> & the last", " the second", " none (your choice)",
    ]  # fmt: skip
    buttons["b"].click()
    assert "You chose b. Look at cell 7." in choices.status.value
    assert buttons["b"].description == "(b) the second (your choice)"
    assert buttons["c"].description == "(c) none (chosen before)"
    assert buttons["a"].description == "(a) the first <b> & the last"
    buttons["c"].click()
    assert buttons["c"].description == "(c) none (your choice)"
    stored = json.loads(progress.read_text())["predictions"]
    assert stored == {"05.P2": {"first": "c", "last": "c", "asked": wording("05.P2")}}


def test_what_is_said_may_hold_signs_of_html(shown, one_question):
    one_question["said"]["a"] = "Is 1 < 2 & 2 > 1?"
    xc.predict("05.P2")
    shown[0].choose("a")
    assert "1 &lt; 2 &amp; 2 &gt; 1" in shown[0].status.value


def test_the_stored_forms_list_the_choices(shown, one_question):
    xc.predict("05.P2")
    bundle = shown[0]._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/plain", "text/html"}
    lines = bundle["text/plain"].splitlines()
    assert lines[0] == "Question 05.P2, your choice:"
    assert lines[1:4] == ["(a) the first <b> & the last", "(b) the second", "(c) none"]
    assert max(map(len, lines)) <= WIDTH
    assert 'xc.predict("05.P2", "LETTER")' in bundle["text/plain"]
    assert re.findall("<li>(.*)</li>", bundle["text/html"]) == [
        "the first &lt;b&gt; &amp; the last", "the second", "none",
    ]  # fmt: skip
    assert '<ol type="a"' in bundle["text/html"]
    xc.predict("05.P2")
    again = shown[1]._repr_mimebundle_()
    assert all(again[kind] == bundle[kind] for kind in ("text/plain", "text/html"))


def test_nothing_that_is_shown_depends_on_which_letter_is_right(shown, one_question, capsys):
    seen = []
    for right in "abc":
        one_question["right"] = right
        xc.predict("05.P2")
        bundle = shown[-1]._repr_mimebundle_()
        shown[-1].choose("a")
        xc.predict("05.P2", "c")
        xc.predict("05.P2", None)
        seen.append([bundle["text/plain"], bundle["text/html"], shown[-1].status.value,
                     capsys.readouterr().out])  # fmt: skip
    assert seen[0] == seen[1] == seen[2]


def test_without_ipywidgets_the_list_says_how_to_choose(monkeypatch, capsys, one_question):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    xc.predict("05.P2")
    said = capsys.readouterr().out
    assert "(b) the second\n" in said
    assert 'xc.predict("05.P2", "LETTER")' in said
    assert "ipywidgets, which is not installed" in said
    bundle = Choices("05.P2", one_question["choices"], str)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    xc.predict("05.P2", "b")
    assert "You chose b." in capsys.readouterr().out


def test_without_ipython_the_list_is_printed(monkeypatch, capsys, one_question):
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    xc.predict("05.P2")
    assert "(b) the second\n" in capsys.readouterr().out


# ---------------------------------------------------------------- what is asked of the rooms

# Lessons that are not yet rewritten. These lists may only shrink.
WITHOUT_SENTENCES: set[str] = set()
ONE_LETTER_TOO_OFTEN = set()
# Percent of the questions in which a letter is right, where that is too few or too many: each
# may only come nearer to 22 to 45.
COURSE_TODAY: dict[str, int] = {}

LESSON_NUMBERS = sorted({name[:2] for name in questions()})


def of_lesson(number):
    return {name: card for name, card in questions().items() if name[:2] == number}


@pytest.mark.parametrize("number", LESSON_NUMBERS)
def test_every_choice_has_its_sentence_and_none_tells_which_is_right(number):
    found = [
        text for name, card in of_lesson(number).items() for text in rules.sentences(name, card)
    ]
    if number in WITHOUT_SENTENCES:
        assert found, f"lesson {number} has its sentences now: take it out of the list"
    else:
        assert found == []


@pytest.mark.parametrize("number", LESSON_NUMBERS)
def test_no_letter_is_right_too_often_in_a_lesson(number):
    found = rules.lesson_spread({q: right_letters()[q] for q in of_lesson(number)})
    assert bool(found) == (number in ONE_LETTER_TOO_OFTEN), found or "take it out of the list"


def test_no_letter_is_right_too_often_in_the_course():
    shares = {letter: 100 * share for letter, share in rules.course_shares(right_letters()).items()}
    problems = rules.course_spread(right_letters())
    assert {text[0] for text in problems} == set(COURSE_TODAY), problems or "shorten COURSE_TODAY"
    for letter, today in COURSE_TODAY.items():
        assert shares[letter] >= today - 1 if today < 22 else shares[letter] <= today + 1, shares


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.parent.name)
def test_the_fold_of_a_lesson_and_its_room_agree_on_the_right_letter(lesson):
    folds = re.findall(r"<summary>Answer to (\d\d\.P\d+).*?</summary>(.*?)</details>",
                       lesson.read_text(), re.DOTALL)  # fmt: skip
    assert [name for name, _ in folds]
    for name, text in folds:
        told = re.search(r"\(([a-h])\)", text)  # the first letter that the answer names
        assert told, name
        assert told[1] == right_letters()[name], name
    asked = {q for q in questions() if q.startswith(lesson.parent.name[1:3])}
    assert {name for name, _ in folds} == asked == {q for q in right_letters() if q in asked}
    assert all(
        card["right"] in card["choices"] for card in of_lesson(lesson.parent.name[1:3]).values()
    )


def test_choices_are_plain_text():
    """A button shows no formula and no bold word."""
    for name, card in questions().items():
        for text in [*card["choices"].values(), *card.get("said", {}).values()]:
            assert not re.search(r"[$`\\]|\*\*", text), (name, text)


@pytest.mark.parametrize("text", [
    "Choice a is right, as the next cell shows to you.",
    "Well done, the next cell draws the line that you had in mind.",
    "This is wrong: the next cell draws the line as it is.",
    "Compare it with (b), which the next cell draws for all five photos.",
    "No, the next cell draws the line, and then you will see it.",
    "Seven words are one word too few.",
    "word " * 61,
])  # fmt: skip
def test_a_sentence_that_tells_too_much_or_has_no_length_is_seen(text):
    card = {"choices": {"a": "one"}, "said": {"a": text}}
    assert len(rules.sentences("05.P1", card)) >= 1


def test_a_sentence_is_missing_or_has_no_choice():
    card = {"choices": {"a": "one"}, "said": {"b": "word " * 10}}
    assert len(rules.sentences("05.P1", card)) == 2
    fine = {
        "choices": {"a": "one"},
        "said": {"a": "Look at the right half of what the next cell draws."},
    }
    assert rules.sentences("05.P1", fine) == []


def test_the_spread_of_letters_is_counted():
    def letters(text):
        return {f"05.P{k}": letter for k, letter in enumerate(text, 1)}

    assert rules.lesson_spread(letters("bbbac")) == []
    assert len(rules.lesson_spread(letters("bbbbac"))) == 1  # 4 of 6, at most 3
    assert len(rules.lesson_spread(letters("bbbbaca"))) == 0  # 4 of 7, at most 4
    assert rules.course_spread(letters("abcabcabcd")) == []
    assert [text[0] for text in rules.course_spread(letters("abbcbcbcbb"))] == ["a", "b"]
