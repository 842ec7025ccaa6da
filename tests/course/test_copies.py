"""Answers are judged apart from each other, with copies of the checker's process and without."""

import sys
import threading

import pytest
import torch

import xaicourse as xc
from tests.course.attacks import plain, wrong
from tests.course.attacks.forgeries import FORGERIES
from tests.course.attacks.leftovers import LEFTOVERS
from xaicourse.core.registry import watch_calls
from xaicourse.course.checking import TASKS, check, checking
from xaicourse.course.checking.client import Client

LINUX = sys.platform == "linux"


@pytest.fixture(scope="module", params=["copies", "one_process"])
def shared(request):
    """The usual checker, and one as on systems where no copies can be made."""
    if request.param == "copies":
        yield checking._client
    else:
        other = Client(copies=False)
        yield other
        other.stop()


@pytest.fixture
def client(shared, monkeypatch):
    monkeypatch.setattr(checking, "_client", shared)
    return shared


def test_where_copies_can_be_made_they_are(client):
    assert check("01.2", plain).passed
    assert client._copies == (LINUX and not client._options)


# ---------------------------------------------------------------- what one leaves, the next not


@pytest.mark.fault("S5")
@pytest.mark.parametrize("name", ["class_of_the_model", "function_mode"])
def test_a_right_answer_is_not_blamed_for_an_earlier_one(name, client):
    check("01.2", LEFTOVERS[name])
    assert check("01.2", plain).passed
    assert check("04.2", TASKS["04.2"].reference).passed
    assert not check("01.2", wrong).passed


@pytest.mark.fault("S2")
@pytest.mark.parametrize(
    "name", ["patches_the_grader_class", "pipe_two_replies", "refuses_with_passed"]
)
def test_a_forgery_is_worth_nothing_to_the_next(name, client):
    assert not check("01.2", FORGERIES[name]).passed
    assert not check("01.2", wrong).passed
    assert check("01.2", plain).passed


def test_a_wrong_answer_is_judged_a_second_time_only_after_others(monkeypatch):
    """The first answer of a process is blamed at once; a later one after a second look."""
    other = Client(copies=False)
    monkeypatch.setattr(checking, "_client", other)
    try:
        other.start()
        first = other.pid
        assert not check("01.2", wrong).passed
        assert other.pid == first
        assert not check("01.2", wrong).passed
        assert other.pid != first
    finally:
        other.stop()


def test_a_graded_answer_is_the_first_of_its_process(client):
    def remembers(model, x, target):
        import torch

        torch.met = getattr(torch, "met", 0) + 1
        return plain(model, x, target) if torch.met > 2 else None

    for _ in range(4):
        assert not check("01.2", remembers, graded=True).passed


# ---------------------------------------------------------------- whose work it is


@pytest.mark.fault("S2")
@pytest.mark.parametrize("task", ["01.2", "05.2"])
def test_a_reference_inside_an_answer_is_not_counted(task):
    def borrowed(*arguments, **named):
        from xaicourse.course.checking import TASKS

        return TASKS[task].reference(*arguments, **named)

    verdict = check(task, borrowed)
    assert (verdict.passed, verdict.counted) == (True, False)
    assert check(task, borrowed, graded=True).diagnosis == "library_used"


def test_a_method_in_another_thread_is_not_counted():
    def elsewhere(model, x, target):
        found = []
        work = threading.Thread(target=lambda: found.append(xc.gradient(model, x, target=target)))
        work.start()
        work.join()
        return found[0]

    assert not check("01.2", elsewhere).counted


@pytest.mark.fault("S2")
def test_who_stops_the_watching_is_not_counted():
    def unwatched(model, x, target):
        from xaicourse.core import registry

        if hasattr(registry, "_watching"):
            registry._watching.clear()
        else:
            registry._watched.set(())
        return plain(model, x, target)

    assert not check("01.2", unwatched, graded=True).passed


def test_calls_in_all_threads_are_watched():
    def work():
        xc.gradient(lambda x: x.sum(1), torch.ones(1, 2))

    with watch_calls() as seen:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == ["gradient"]


# ---------------------------------------------------------------- the answer arrives as it was


def test_tensors_and_arrays_arrive_whole():
    import numpy as np

    base = torch.arange(12.0).reshape(3, 4)
    parts = {
        "view": base[1:, ::2],
        "bool": base > 5,
        "half": base.bfloat16(),
        "empty": torch.empty(0, 3),
        "parameter": torch.nn.Parameter(base),
        "complex": torch.complex(base, base),
        "array": np.arange(6).reshape(2, 3).T,
        "model": torch.nn.Linear(2, 2),
    }

    def writes(model, x, target):
        parts["view"] += 1  # what arrives can be written to
        parts["array"] += 1
        parts["model"].zero_grad()
        right = [parts["view"].tolist() == [[5.0, 7.0], [9.0, 11.0]]]
        right += [parts["bool"].sum() == 6, parts["half"].dtype == torch.bfloat16]
        right += [parts["empty"].shape == (0, 3), parts["parameter"].requires_grad]
        right += [parts["complex"].imag.sum() == 66, parts["array"].shape == (3, 2)]
        parts["view"] -= 1
        parts["array"] -= 1
        return plain(model, x, target) if all(right) else None

    verdict = check("01.2", writes)
    assert verdict.passed, verdict.message
    assert base.tolist() == torch.arange(12.0).reshape(3, 4).tolist()


def test_odd_seconds_are_complained_about_once(monkeypatch, capsys):
    monkeypatch.setenv("XAICOURSE_CHECK_SECONDS", "half a minute")
    checking._said.clear()
    for times in (1, 0):
        assert check("01.2", plain).passed
        said = " ".join(capsys.readouterr().out.split())
        assert said.count("XAICOURSE_CHECK_SECONDS is 'half a minute'") == times
        assert said.count("above 0, at most 86400") == times
