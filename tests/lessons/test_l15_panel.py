"""The evaluation panel, against the package."""

import pytest
import torch

import xaicourse as xc
from xaicourse.course.lessons.l15_test_the_metric.panel import interval_of, ranked_by_place
from xaicourse.widgets import EvaluationPanel
from xaicourse.widgets.plates import figure_of, png_of


class Counted(torch.nn.Module):
    """A small net that counts the pictures it was given."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.first = torch.randn(30, 784, generator=generator) / 14
        self.second = torch.randn(3, 30, generator=generator)
        self.seen = 0
        self.eval()

    def forward(self, x):
        self.seen += len(x)
        return torch.tanh(x.flatten(1) @ self.first.T) @ self.second.T


X = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
MAPS = {"picture": X, "left": torch.linspace(1, 0, 28).expand(6, 1, 28, 28).contiguous()}


@pytest.fixture
def panel():
    return EvaluationPanel(Counted(), X, maps=MAPS, a="picture", b="left")


@pytest.mark.parametrize("score", ["deletion", "insertion", "ABPC"])
def test_scores_are_those_of_the_package(panel, score, close):
    panel.set(score=score, imputer="grey", steps="14")
    assert panel.error is None
    ask = {"imputer": "grey", "unit": 4, "steps": 14}
    for name, values in MAPS.items():
        given = panel.model, X[:5], values[:5], panel.target[:5]
        deletion = xc.evaluation.deletion(*given, **ask).values
        insertion = xc.evaluation.insertion(*given, **ask).values
        both = xc.evaluation.abpc(*given, **ask).values
        right = {"deletion": deletion, "insertion": insertion, "ABPC": both}
        close(panel.result.scores[name], right[score], 1e-6)


def test_what_was_asked_before_is_kept(panel):
    before = panel.model.seen
    panel.set(a="left", b="zeros", share=0.9)
    panel.set(score="deletion")
    assert panel.model.seen == before
    panel.set(imputer="white")
    asked = panel.model.seen
    assert asked > before
    panel.set(imputer="black")
    assert panel.model.seen == asked


def test_the_difference_is_paired(panel):
    scores = panel.result.scores
    right = xc.evaluation.confidence_interval(scores["picture"] - scores["left"])
    assert panel.result.difference == right
    assert "A minus B" in panel.caption.value


def test_ties_by_place_begin_in_the_upper_left():
    rank = -ranked_by_place(torch.zeros(1, 1, 8, 8), 4)
    assert rank[0, 0, ::4, ::4].flatten().tolist() == [0, 1, 2, 3]
    rank = -ranked_by_place(torch.tensor([[[[0.0, 2], [2, 1]]]]), 1)
    assert rank.flatten().tolist() == [3, 0, 1, 2]


def test_ties_by_place_move_the_map_of_zeros(panel):
    panel.set(score="deletion", unit="pixels")
    by_key = panel.result.scores["zeros"]
    panel.set(ties="by place")
    assert panel.error is None
    assert not torch.equal(panel.result.scores["zeros"], by_key)


def test_a_map_of_zeros_has_an_abpc_of_0_and_no_width(panel):
    interval = panel.result.intervals["zeros"]
    assert max(abs(end) for end in interval[:3]) < 1e-6
    assert interval_of(torch.zeros(5))[:3] == (0, 0, 0)  # Wilson's, of shares, would end at 0.43


def test_the_legend_covers_no_curve(panel):
    figure = figure_of(panel.size, panel.plates(panel.result))
    axis = next(axis for axis in figure.axes if axis.get_legend())
    figure.draw_without_rendering()
    legend, label = axis.get_legend().get_window_extent(), axis.xaxis.label.get_window_extent()
    assert not legend.overlaps(axis.bbox)
    assert not legend.overlaps(label)
    assert legend.y0 > 0
    others = [other for other in figure.axes if other is not axis]
    assert not any(legend.overlaps(other.get_tightbbox()) for other in others)


def test_the_picture_loses_the_share_that_was_chosen(panel, close):
    panel.set(share=0.0)
    close(panel.result.picture, X[:1], 1e-6)
    panel.set(share=1.0)
    assert float(panel.result.picture.abs().max()) == 0  # all black
    panel.set(share=0.5, imputer="white")
    gone = float((panel.result.picture == 1).double().mean())
    assert gone == pytest.approx(0.5, abs=0.03)


def test_the_leaderboard_has_its_controls_in_grey(panel):
    *_, board = panel.plates(panel.result)
    colours = dict(zip(board.names, board.colours, strict=True))
    assert colours["zeros"] == colours["picture"] != colours["left"]
    assert png_of(panel.size, panel.plates(panel.result))[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": X[:4], "maps": {"picture": X[:4]}}, "needs 5 or more"),
        ({"imputer": "loud"}, "imputer must be one of black, grey"),
        ({"pictures": 20}, "pictures must be one of 5"),
        ({"a": "nobody"}, "map A must be one of picture, left, zeros"),
    ],
)
def test_what_the_panel_refuses(change, message):
    given = {"x": X, "maps": MAPS, "a": "picture", "b": "picture"} | change
    with pytest.raises(ValueError, match=message):
        EvaluationPanel(Counted(), given.pop("x"), **given)


def test_a_stored_panel_is_a_picture_with_text(panel):
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"].startswith("Panel: evaluation panel")
    assert "Evaluation panel, ABPC, imputer black" in metadata["image/png"]["alt"]
