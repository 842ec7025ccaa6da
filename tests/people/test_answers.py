"""Answers are kept one by one: nothing lost, nothing twice, whatever dies and whoever writes."""

import csv
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time

import pytest

import xaicourse as xc
from tests.plain import refused
from xaicourse.people import Answers

WORDS = "I take part of my own free will."
STUDY = xc.people.forced_choice(range(40), ("ig", "edges"), raters=4, name="test")
# Says the number of each answer as soon as it is kept.
SUBJECT = """
import sys
import xaicourse as xc
study = xc.people.forced_choice(range(40), ("ig", "edges"), raters=4, name="test")
answers = xc.people.Answers(study, sys.argv[1])
rater, choice = int(sys.argv[2]), sys.argv[3]
answers.consent(rater, "I agree.")
while (trial := answers.next_trial(rater)) is not None:
    kept = answers.keep(rater, trial.number, choice)
    print(trial.number, kept, flush=True)
"""


@pytest.fixture(params=["file", "memory"])
def answers(request, tmp_path):
    return Answers(STUDY, tmp_path / "answers.sqlite" if request.param == "file" else None)


def subject(file, rater, choice):
    command = [sys.executable, "-c", textwrap.dedent(SUBJECT), str(file), str(rater), choice]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_the_first_answer_is_kept_and_a_second_one_changes_nothing(answers):
    answers.consent(1, WORDS)
    assert answers.keep(1, 5, "left") == "left"
    assert answers.keep(1, 5, "right") == "left"
    assert [(a.trial.number, a.choice) for a in answers.of(1)] == [(5, "left")]
    assert answers.of(1)[0].trial == STUDY.trials(1)[4]


def test_the_next_trial_is_the_first_without_an_answer(answers):
    assert answers.next_trial(2).number == 1
    answers.consent(2, WORDS)
    for number in (1, 2, 4):
        answers.keep(2, number, "cannot tell")
    assert answers.next_trial(2) == STUDY.trials(2)[2]
    for number in range(1, STUDY.length + 1):
        answers.keep(2, number, "left")
    assert answers.next_trial(2) is None
    assert len(answers.of(2)) == STUDY.length == 42


def test_nobody_answers_before_the_consent_is_recorded(answers):
    with refused(PermissionError, "rater 1 has not agreed to take part"):
        answers.keep(1, 1, "left")
    answers.consent(2, WORDS)
    with refused(PermissionError, "rater 1 has not agreed"):
        answers.keep(1, 1, "left")
    assert answers.all() == ()
    assert not answers.consented(1)
    assert answers.consented(2)
    assert answers.raters() == (2,)


def test_who_takes_the_consent_back_is_forgotten(answers):
    for rater in (1, 2):
        answers.consent(rater, WORDS)
        answers.keep(rater, 1, "left")
    answers.forget(1)
    assert not answers.consented(1)
    assert [a.trial.rater for a in answers.all()] == [2]


def test_reading_makes_no_file(tmp_path):
    answers = Answers(STUDY, tmp_path / "answers.sqlite")
    assert answers.all() == ()
    assert not answers.consented(1)
    assert answers.next_trial(1).number == 1
    assert list(tmp_path.iterdir()) == []


def test_a_killed_subject_goes_on_where_it_stopped(tmp_path):
    """SIGKILL in mid study: what was said to be kept is there, and nothing is there twice."""
    file, said = tmp_path / "answers.sqlite", {}
    kills = 0
    while True:
        process = subject(file, 1, ("left", "right")[kills % 2])
        stop_after = len(said) + 7
        for line in process.stdout:
            number, kept = line.split(maxsplit=1)
            assert int(number) not in said, "asked twice"
            said[int(number)] = kept.strip()
            if len(said) == stop_after and kills < 4:
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
                break
        rest = process.stdout.read().split("\n")[:-1]  # said before the kill arrived
        said |= {int(line.split()[0]): line.split()[1] for line in rest}
        process.stdout.close()
        if process.wait(60) == 0:
            break
    assert kills == 4
    found = Answers(STUDY, file).of(1)
    assert {a.trial.number: a.choice for a in found} == said
    assert len(found) == STUDY.length


def test_two_processes_write_at_once_and_all_is_there(tmp_path):
    file = tmp_path / "answers.sqlite"
    raters = [subject(file, rater, "left") for rater in (1, 2)]
    same = subject(file, 1, "right")  # the first rater in another browser
    outputs = [process.communicate(timeout=120)[0] for process in (*raters, same)]
    assert [process.returncode for process in (*raters, same)] == [0, 0, 0]
    answers = Answers(STUDY, file)
    assert len(answers.of(1)) == len(answers.of(2)) == STUDY.length
    kept = {a.trial.number: a.choice for a in answers.of(1)}
    for output in (outputs[0], outputs[2]):
        for line in output.splitlines():
            number, choice = line.split(maxsplit=1)
            assert kept[int(number)] == choice, "both were told the answer that is kept"


def test_a_reader_waits_for_a_writer(tmp_path):
    file = tmp_path / "answers.sqlite"
    answers = Answers(STUDY, file)
    answers.consent(1, WORDS)
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("begin exclusive")
    slow = subject(file, 1, "left")
    time.sleep(0.5)
    assert slow.poll() is None
    writer.execute("commit")
    writer.close()
    assert slow.communicate(timeout=120)[0].startswith("1 left")
    assert slow.returncode == 0


def test_several_studies_share_a_file_and_keep_apart(tmp_path):
    file = tmp_path / "answers.sqlite"
    guesses = xc.people.simulatability(range(2), ("cat", "dog"), drawn=None)
    one, two = Answers(STUDY, file), Answers(guesses, file)
    for answers, choice in ((one, "left"), (two, "dog")):
        answers.consent(1, WORDS)
        answers.keep(1, 1, choice)
    assert [a.choice for a in one.all()] == ["left"]
    assert [(a.choice, a.trial.condition) for a in two.all()] == [("dog", "without")]


def test_answers_to_another_study_of_this_name_are_not_mixed_in(tmp_path):
    file = tmp_path / "answers.sqlite"
    Answers(STUDY, file).consent(1, WORDS)
    other = xc.people.forced_choice(range(40), ("ig", "edges"), raters=4, name="test", seed=1)
    with refused(ValueError, "another study named 'test'"):
        Answers(other, file)
    Answers(STUDY, file)


def test_another_study_that_came_in_between_is_seen_at_the_consent(tmp_path):
    file = tmp_path / "answers.sqlite"
    other = xc.people.forced_choice(range(40), ("ig", "edges"), raters=4, name="test", seed=1)
    early = Answers(other, file)
    Answers(STUDY, file).consent(1, WORDS)
    with refused(ValueError, "another study named 'test'"):
        early.consent(1, WORDS)


def test_the_table_can_be_read_elsewhere(answers, tmp_path):
    answers.consent(1, WORDS)
    for trial in STUDY.trials(1)[:3]:
        answers.keep(1, trial.number, "right")
    answers.to_csv(tmp_path / "answers.csv")
    with (tmp_path / "answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["study", "rater", "number", "item", "left", "right", "catch", "choice"]
    trial = STUDY.trials(1)[1]
    assert rows[1] == {
        "study": "test", "rater": "1", "number": "2", "item": str(trial.item), "left": trial.left,
        "right": trial.right, "catch": str(trial.catch), "choice": "right",
    }  # fmt: skip
    assert len(rows) == 3


def test_nothing_of_the_person_is_stored(tmp_path):
    file = tmp_path / "answers.sqlite"
    answers = Answers(STUDY, file)
    answers.consent(1, WORDS)
    answers.keep(1, 1, "left")
    with sqlite3.connect(file) as base:
        tables = [row[0] for row in base.execute("select name from sqlite_master where sql <> ''")]
        columns = {t: [c[1] for c in base.execute(f"pragma table_info({t})")] for t in tables}
    assert columns == {
        "study": ["name", "settings"],
        "consent": ["study", "rater", "words"],
        "answer": ["study", "rater", "trial", "shown", "choice"],
    }


def test_bad_arguments_are_refused_in_one_sentence(answers, tmp_path):
    with refused(ValueError, "rater must be a whole number from 1 to 4, got 5"):
        answers.consent(5, WORDS)
    with refused(ValueError, "words must be the text"):
        answers.consent(1, " ")
    answers.consent(1, WORDS)
    with refused(ValueError, "trial must be a whole number from 1 to 42, got 43"):
        answers.keep(1, 43, "left")
    with refused(ValueError, "choice must be one of left, right, cannot tell, got 'ig'"):
        answers.keep(1, 1, "ig")
    with refused(TypeError, "study must be made by"):
        Answers("study")
    with refused(TypeError, "file must be the path"):
        Answers(STUDY, 3)


def test_a_file_that_is_none_of_ours_is_left_alone(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("a text that somebody wants to keep " * 20)
    with refused(ValueError, r"file='.*notes.txt' cannot be used"):
        Answers(STUDY, file)
    assert file.read_text().startswith("a text that somebody")
    with refused(ValueError, "in a folder that exists"):
        Answers(STUDY, tmp_path / "nowhere" / "answers").consent(1, WORDS)
