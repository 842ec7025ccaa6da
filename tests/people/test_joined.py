"""A class's answers, file by file, and where each student's file lies."""

import pytest

import xaicourse as xc
from xaicourse.core.places import answers_file
from xaicourse.people import Answers, analyse_choices, forced_choice, join_answers

WORDS = "I take part of my own free will."
METHODS = ("ig", "edges")


def made(study, file, rater, method):
    """Answer all questions of a rater for one method; a catch pair for what was asked there."""
    answers = Answers(study, file)
    answers.consent(rater, WORDS)
    while (trial := answers.next_trial(rater)) is not None:
        answers.keep(rater, trial.number, "left" if trial.left == method else "right")
    return file


def test_two_students_of_one_number_are_two_raters(tmp_path):
    study = forced_choice(range(10), METHODS, raters=2, catch=0)
    given = [("ann", 1, "ig"), ("bob", 1, "edges"), ("eve", 2, "ig")]
    files = [made(study, tmp_path / name, rater, method) for name, rater, method in given]
    joined = join_answers(study, files)
    assert len(joined) == 30
    assert {answer.trial.rater for answer in joined} == {1, 2, 3}
    found = analyse_choices(joined, METHODS)
    assert (found.pooled.k, found.pooled.n) == (20, 30)
    alone = join_answers(study, files[1:2])
    assert analyse_choices(alone, METHODS).pooled.k == 0


def test_a_file_of_several_raters_keeps_them_apart(tmp_path):
    study = forced_choice(range(4), METHODS, raters=2, catch=0)
    made(study, tmp_path / "both", 1, "ig")
    made(study, tmp_path / "both", 2, "edges")
    joined = join_answers(study, [tmp_path / "both"])
    assert [answer.trial.rater for answer in joined] == [1] * 4 + [2] * 4


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    study = forced_choice(range(4), METHODS)
    with pytest.raises(FileNotFoundError, match=r"files: there is no file .*nobody"):
        join_answers(study, [tmp_path / "nobody"])
    assert not (tmp_path / "nobody").exists()
    other = forced_choice(range(5), METHODS)
    file = made(other, tmp_path / "other", 1, "ig")
    with pytest.raises(ValueError, match="another study"):
        join_answers(study, [file])


def test_the_answers_of_a_wheel_lie_in_work(tmp_path, monkeypatch):
    """The kernel of a lesson runs in work/notebooks: no second work/ is made there."""
    monkeypatch.delenv("XAICOURSE_ANSWERS", raising=False)
    work = tmp_path / "work"
    (work / "notebooks").mkdir(parents=True)
    (work / ".xaicourse.json").write_text("{}")
    for here in (work, work / "notebooks"):
        monkeypatch.chdir(here)
        assert answers_file() == work / ".answers.sqlite"
    assert xc.people.join_answers is join_answers
