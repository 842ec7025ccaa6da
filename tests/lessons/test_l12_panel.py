"""The words panel and its walks, against the package."""

import pytest
import torch

import xaicourse as xc
from xaicourse.course.lessons.l12_beyond_pixels.stairs import draw_stairs
from xaicourse.course.lessons.l12_beyond_pixels.walk import WAYS
from xaicourse.widgets import WordsPanel, all_orders, on_the_way, word_walk

SENTENCE = "a dull and boring film"


@pytest.fixture(scope="module")
def nets():
    return {name: xc.zoo.load("sentence_cnn", seed=k) for k, name in enumerate(("one", "two"))}


@pytest.fixture
def panel(nets):
    return WordsPanel(nets, [SENTENCE, "the plot was good"], starts=["[PAD]", "film"])


# ---------------------------------------------------------------- the walk


def test_the_straight_walk_is_integrated_gradients(nets, close):
    walk = word_walk(nets["one"], SENTENCE)
    x = nets["one"].embed([SENTENCE])
    found = xc.integrated_gradients(
        nets["one"], x, 0, output="margin", steps=64, quadrature="midpoint"
    )
    close(walk.shares, found[0].sum(1).double(), 1e-4)
    assert walk.words == SENTENCE.split()


@pytest.mark.parametrize("way", ["greedy", "maxcount"])
def test_the_walk_along_words_is_discretized_ig(nets, way, close):
    net = nets["two"]
    walk = word_walk(net, SENTENCE, way)
    found = xc.discretized_ig(
        net, net.embed([SENTENCE]), 0, output="margin", vocabulary=net.embedding.weight,
        anchors=15, neighbours=50, strategy=way, upscale=2, quadrature="midpoint",
        return_details=True,
    )  # fmt: skip
    close(walk.points, found.extra["points"][0][::4], 1e-6)
    close(walk.shares, found.values[0].sum(1).double(), 1e-4)


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("start", ["[PAD]", "film"])
def test_each_way_leads_from_start_to_sentence_and_never_turns_back(nets, way, start):
    net = nets["one"]
    walk = word_walk(net, SENTENCE, way, start=start)
    assert walk.nearest[0] == [start] * 5
    assert walk.nearest[-1] == walk.words
    assert float(walk.distances[[0, -1]].max()) < 1e-5
    steps = walk.points.diff(dim=0)
    assert bool((((steps >= -1e-6).all(0)) | ((steps <= 1e-6).all(0))).all())
    rise = float(walk.scores[-1] - walk.scores[0])
    assert abs(walk.gap) < 0.1 * abs(rise)


def test_padding_is_no_word_beside_the_way(nets):
    walk = word_walk(nets["one"], SENTENCE, "greedy")
    assert not any("[PAD]" in row for row in walk.nearest[1:])
    assert walk.distance > 1


def test_bad_walks_are_refused(nets):
    with pytest.raises(ValueError, match="way must be one of straight, greedy"):
        word_walk(nets["one"], SENTENCE, "crooked")
    with pytest.raises(ValueError, match="start must be a word that the net knows"):
        word_walk(nets["one"], SENTENCE, start="xyzzy")


# ---------------------------------------------------------------- the picture and all orders


def forest():
    stumps = [
        xc.Tree([k, 0, 0], [0.5 - 0.2 * k, 0, 0], [1, 1, 2], [2, 1, 2], [[0], [0], [3 - 5 * k]])
        for k in range(2)
    ]
    return xc.TreeEnsemble(stumps, features=2)


def test_the_picture_has_a_riser_for_each_jump_in_its_colour(nets):
    from matplotlib.figure import Figure

    axis = Figure().add_subplot()
    places, jumps = torch.tensor([0.3, 0.5]), torch.tensor([[0.0, -2.0], [3.0, 0.0]])
    draw_stairs(axis, places, jumps, 1.0, ["first", "second"])
    lines = [(list(line.get_xdata()), list(line.get_ydata())) for line in axis.lines]
    assert ([0.5, 0.5], [-1.0, 2.0]) in [(x, y) for x, y in lines if len(x) == 2]
    colours = {
        tuple(line.get_xdata()): line.get_color() for line in axis.lines if len(line.get_xdata())
    }
    named = {line.get_label(): line.get_color() for line in axis.lines}
    places = sorted(key for key in colours if key[0] == key[1])
    assert [colours[key] for key in places] == [named["second"], named["first"]]


def test_the_picture_is_drawn(nets):
    ends = torch.tensor([[1.0, 1.0]]).double(), torch.zeros(1, 2).double()
    walk = word_walk(nets["one"], SENTENCE)
    picture = on_the_way(forest(), *ends, ["first", "second"], walk, alt="stairs and words")
    assert len(picture.figure.axes) == 2


def test_all_orders_are_shapley_values(close):
    x, zero = torch.tensor([1.0, 2.0, 3.0]).double(), torch.zeros(3).double()
    close(all_orders(lambda p: p.prod(1), x, zero), torch.full((3,), 2.0).double(), 1e-12)
    with pytest.raises(ValueError, match="at most 12"):
        all_orders(lambda p: p.sum(1), torch.ones(13), torch.zeros(13))


# ---------------------------------------------------------------- the panel


def test_the_bars_are_what_was_collected(panel, nets, close):
    walk = word_walk(nets["one"], SENTENCE)
    panel.set(alpha=0.25)
    close(panel.result.collected, walk.pulls[:4].sum(0), 1e-12)
    panel.set(alpha=1.0)
    close(panel.result.collected, walk.shares, 1e-12)
    panel.set(alpha=0.0)
    assert not panel.result.collected.any()


def test_each_way_is_walked_once(panel):
    for settings in ({"way": "greedy"}, {"net": "two"}, {"start": "film"}, {"sentence": SENTENCE}):
        panel.set(**settings)
        assert panel.error is None
    kept = len(panel.memory)
    panel.set(alpha=0.75)
    assert len(panel.memory) == kept


def test_a_way_changes_less_than_a_net(nets):
    panel = WordsPanel(nets, ["the plot was not good"], alpha=1.0)
    first = panel.result.collected
    panel.set(way="greedy")
    other_way = panel.result.collected
    panel.set(way="straight", net="two")
    assert (other_way - first).norm() < (panel.result.collected - first).norm() / 2


def test_the_panel_says_what_it_shows(panel):
    panel.set(alpha=1.0, way="random words")
    assert "alpha 1.00" in panel.caption.value
    assert WAYS["random words"] in panel.caption.value
    assert "one, 'a dull and boring film', random words from [PAD]" in panel.alt(panel.result)
    assert "dull: dull" in panel.alt(panel.result)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"way": "crooked"}, "way must be one of"),
        ({"sentences": []}, "at least one entry"),
        ({"sentences": ["very " * 13]}, "more than 12 words"),
        ({"starts": ["xyzzy"]}, "start must be a word"),
    ],
)
def test_what_the_panel_refuses(nets, change, message):
    with pytest.raises(ValueError, match=message):
        WordsPanel(nets, **{"sentences": [SENTENCE], **change})
