"""xc.show prints verdicts or two digits, whatever it is given."""

import numpy as np
import pytest
import torch

from xaicourse.plot import show


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (np.bool_(False), "no"),
        (torch.tensor(True), "yes"),
        (7, "7"),
        (torch.tensor(12), "12"),
        (0.35871, "about 0.36"),
        (torch.tensor(-4.6123, requires_grad=True), "about -4.6"),
        (np.float32(1234.5), "about 1200"),
        (99.6, "about 100"),
        (9.96, "about 10"),
        (0.0, "0"),
        (-1e-15, "0"),
        (2.5e-7, "about 2.5e-07"),
        (float("nan"), "not a number"),
        (float("-inf"), "minus infinity"),
        ([13.24, -4.61], "about 13, -4.6"),
        (torch.tensor([1, 2]), "1, 2"),
        ("Egyptian cat", "Egyptian cat"),
    ],
)
def test_text_of_a_value(capsys, value, text):
    show("it", value)
    assert capsys.readouterr().out == f"it: {text}\n"


def test_small_noise_does_not_change_the_text(capsys):
    for noise in (-1e-5, 0, 1e-5):
        show("rise", 8.93 * (1 + noise))
    assert len(set(capsys.readouterr().out.splitlines())) == 1


def test_a_unit_follows(capsys):
    show("gap", 3.21, "%")
    assert capsys.readouterr().out == "gap: about 3.2 %\n"


def test_what_has_no_text_is_refused():
    with pytest.raises(TypeError, match="a verdict, a number, a tensor or a text, got dict"):
        show("it", {})


@pytest.mark.parametrize(
    ("value", "unit", "control", "text"),
    [
        (0.64, "", {"half of the area": 0.5}, "about 0.64 (control: half of the area about 0.5)"),
        (0.64, "", {"chance": 0.5, "blind": 1}, "about 0.64 (control: chance about 0.5, blind 1)"),
        (3.21, "%", {"chance": 9.0}, "about 3.2 % (control: chance about 9 %)"),
        (True, "", {"shuffled": np.bool_(False)}, "yes (control: shuffled no)"),
        ("3 of 4", "", {"chance": "1 of 4"}, "3 of 4 (control: chance 1 of 4)"),
        (
            [0.61, 0.5],
            "",
            {"chance": torch.tensor(0.5)},
            "about 0.61, 0.5 (control: chance about 0.5)",
        ),
    ],
)
def test_controls_stand_in_the_same_line(capsys, value, unit, control, text):
    show("it", value, unit, control=control)
    assert capsys.readouterr().out == f"it: {text}\n"


@pytest.mark.parametrize(
    ("control", "error", "part"),
    [
        ({}, ValueError, "control names nothing to compare with"),
        (0.5, TypeError, "control must be a mapping .* got float"),
        ({0.5: "chance"}, TypeError, "must name what we compare with, .* got 0.5"),
        ({" ": 0.5}, TypeError, "must name what we compare with, .* got ' '"),
        ({"chance": None}, TypeError, "a verdict, a number, a tensor or a text, got NoneType"),
    ],
)
def test_a_control_without_name_or_number_is_refused(capsys, control, error, part):
    with pytest.raises(error, match=part):
        show("it", 0.5, control=control)
    assert capsys.readouterr().out == ""
