"""The checkers say what is stored of the answers in answers_*.py, and no right one is refused."""

import pytest

from tests.course.attacks.bag import LESSONS, bag_of, line_of, stored


@pytest.fixture(scope="module", params=LESSONS)
def said(request):
    lines = {f"{e['task']} {e['name']}": (e["kind"], line_of(e)) for e in bag_of(request.param)}
    return request.param, lines


def test_the_checkers_say_what_is_stored(said):
    lesson, lines = said
    assert {key: line for key, (_, line) in lines.items()} == stored(lesson)


def test_no_right_answer_is_refused(said):
    refused = [
        line for kind, line in said[1].values() if kind == "right" and ": passed;" not in line
    ]
    assert refused == []
