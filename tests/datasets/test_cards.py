import json
import shutil

import pytest

from xaicourse.datasets import data_folder
from xaicourse.datasets.cards import Card, card_for, cards, verify, write_cards


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(data_folder(), tmp_path / "data")


def test_the_courses_data_are_intact():
    assert verify() == []


def test_only_free_licences():
    licences = {card.licence for name, card in cards().items() if name.startswith("photos/")}
    assert licences <= {"CC0-1.0", "Public domain"}


def test_one_flipped_bit_is_found(copy):
    assert verify(copy) == []
    path = copy / "photos" / "coffee.png"
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    (problem,) = verify(copy)
    assert problem.startswith("photos/coffee.png has changed")


def test_a_missing_file_is_found(copy):
    (copy / "photos" / "coffee.png").unlink()
    (problem,) = verify(copy)
    assert problem.startswith("photos/coffee.png is missing")


def test_a_file_without_card_is_found(copy):
    (copy / "photos" / "mine.png").write_bytes(b"x")
    (copy / "notes.txt").write_text("x")
    assert verify(copy) == [
        "notes.txt has no card in cards.json.",
        "photos/mine.png has no card in cards.json.",
    ]


def test_a_file_that_is_too_large_is_found(copy):
    path = copy / "large.bin"
    path.write_bytes(bytes(2_000_001))
    card = card_for(path, title="t", author="a", source="s", licence="l", made_by="m")
    write_cards({"large.bin": card}, copy)
    (problem,) = verify(copy)
    assert problem == "large.bin has 2000001 bytes; data files may have 2000000."


def test_an_empty_field_is_found(copy):
    path = copy / "photos" / "coffee.png"
    card = card_for(path, title="t", author="", source="s", licence="l", made_by="m")
    write_cards({"photos/coffee.png": card}, copy)
    assert verify(copy) == ["The card of photos/coffee.png leaves 'author' empty."]


@pytest.mark.parametrize("text", ["{", "[]", '{"a": {"title": "no more"}}', '{"a": 1}', "{}"])
def test_broken_cards_are_a_problem_not_a_crash(copy, text):
    (copy / "cards.json").write_text(text)
    (problem,) = verify(copy)
    assert problem.startswith("cards.json")


def test_missing_cards_are_a_problem(copy):
    (copy / "cards.json").unlink()
    (problem,) = verify(copy)
    assert "missing or empty" in problem


def test_a_failed_write_leaves_the_old_cards_and_no_litter(copy, monkeypatch):
    before = (copy / "cards.json").read_bytes()
    names = sorted(path.name for path in copy.iterdir())

    def fail(*arguments, **settings):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_cards({"x": Card("t", "a", "s", "l", "m", 1, "0")}, copy)
    assert (copy / "cards.json").read_bytes() == before
    assert sorted(path.name for path in copy.iterdir()) == names


def test_cards_are_sorted_and_readable():
    text = (data_folder() / "cards.json").read_text(encoding="utf-8")
    names = list(json.loads(text))
    assert names == sorted(names)
    assert "Häggström" in text
