"""What several panels are given is checked in one line."""

import pytest
import torch

from xaicourse.widgets.given import InputPanel, check_filled, check_one


def test_one_input_is_one_row():
    check_one(torch.ones(1, 2), "a path belongs to one input")
    with pytest.raises(ValueError, match=r"x has 2 rows; a path belongs to one input, pass x\[0"):
        check_one(torch.ones(2, 2), "a path belongs to one input")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"nets": {}}, "nets must hold at least one entry"),
        ({"nets": {"a": 1}, "photos": []}, "nets and photos must each hold at least one entry"),
        ({"a": [], "b": [1], "c": [2]}, "a, b and c must each hold at least one entry"),
    ],
)
def test_there_must_be_something_to_choose_from(given, message):
    check_filled(nets={"a": 1}, photos=["b"])
    with pytest.raises(ValueError, match=message):
        check_filled(**given)


class Asking(InputPanel):
    def __init__(self, x, batch_size=None):
        net = torch.nn.Linear(2, 3).eval()
        torch.nn.init.eye_(net.weight)
        self.first = self.look_at(net, x, None, "logit", ["cat", "dog", "owl"], batch_size)


def test_a_panel_about_one_input_keeps_the_class_and_half_the_usual_chunk(monkeypatch):
    monkeypatch.setenv("XAICOURSE_BATCH_SIZE", "7")
    panel = Asking(torch.tensor([[0.0, 100.0]]))
    assert panel.score_name("probability") == "probability of dog"
    assert (panel.batch_size, panel.first.batch_size) == (3, 3)
    assert Asking(torch.ones(1, 2), batch_size=5).batch_size == 5
    with pytest.raises(ValueError, match="this panel is about one input"):
        Asking(torch.ones(2, 2))
