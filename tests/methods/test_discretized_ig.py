"""Discretized IG: the authors' path by hand, closed forms, and a loop written from the paper."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.plain import relative_error
from xaicourse.methods.integrated import discretized

dig = xc.discretized_ig


def exact(*numbers) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


WORDS = normal(40, 3, seed=1)
X = normal(2, 4, 3, seed=2)
MIX = normal(12, 12, seed=3)


def curved(x: Tensor) -> Tensor:
    """Two scores in which all words meet."""
    z = torch.tanh(x.flatten(1) @ MIX / 3)
    return torch.stack([z.prod(1) + z[:, 0] * z[:, 5], z.square().sum(1)], 1)


# ---- closed forms --------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["greedy", "maxcount"])
def test_linear_model_has_its_terms_on_any_path(strategy, close):
    w = normal(4, 3, seed=4)
    model = lambda x: (x * w).sum((1, 2))  # noqa: E731
    base = normal(4, 3, seed=5)
    for rule in ("trapezoid", "left", "midpoint"):
        found = dig(
            model, X, vocabulary=WORDS, strategy=strategy, baseline=base, quadrature=rule,
            anchors=5, return_details=True,
        )  # fmt: skip
        close(found.values, w * (X - base), 1e-12)
        assert float(found.gap.abs().max()) < 1e-12


def test_square_with_left_and_trapezoid(close):
    """F = e^2 along 0, .2, .7, 1: left .62, trapezoid 1 (one word, anchors .7 and .2)."""
    words, x = exact([0.7], [0.2], [5.0]), exact([[1.0]])
    model = lambda x: x.square().sum((1, 2))  # noqa: E731
    settings = {"vocabulary": words, "anchors": 2, "neighbours": 1, "return_details": True}
    found = dig(model, x, quadrature="left", **settings)
    close(found.extra["points"].flatten(), exact(0, 0.2, 0.7, 1), 1e-12)
    close(found.values.sum(), 0.62, 1e-12)
    close(dig(model, x, **settings).values.sum(), 1.0, 1e-12)
    assert found.gradients.tolist() == [3]
    assert dig(model, x, **settings).gradients.tolist() == [4]


# pad, w, a, b, c, and which words are near to which, as in the authors' code
VOCABULARY = exact([0, 0, 0], [1, 1, 1], [1.02, 1.02, 0.5], [0.5, 0.5, 3], [0.4, 0.3, 0.2])
NEAR = {1: [2, 3, 3], 2: [3, 4, 1], 3: [2, 4, 1], 4: [0, 2, 3]}
PATHS = {
    "greedy": ([3, 4, 2], [[0.8 / 3, 0.2, 0.4 / 3], [0.4, 0.3, 0.2], [2 / 3, 2 / 3, 0.5]]),
    "maxcount": ([2, 4, 3], [[0.8 / 3, 0.2, 0.4 / 3], [0.4, 0.3, 0.2], [0.5, 0.5, 2 / 3]]),
}


@pytest.mark.parametrize("strategy", PATHS)
def test_path_of_the_authors_code(strategy, close, monkeypatch):
    def near(word, vocabulary, neighbours):
        number = int((vocabulary == word[0]).all(1).nonzero()[0, 0])
        return torch.tensor([NEAR[number]])

    monkeypatch.setattr(discretized, "nearest", near)
    w, w0 = VOCABULARY[1][None, None], VOCABULARY[0][None, None]
    points, words = discretized.word_paths(w, w0, VOCABULARY, strategy, 3, 2)
    order, middle = PATHS[strategy]
    assert words[0, :, 0].tolist() == order
    close(points[0, :, 0], exact([0, 0, 0], *middle, [1, 1, 1]), 1e-12)


def test_price_of_an_anchor(close):
    """a = (1.02, 1.02, .5): distance .0754, one coordinate kept; b = (.5, .5, 3): 2.033, two."""
    both = VOCABULARY[2:4][None]
    w, w0 = VOCABULARY[1][None, None], VOCABULARY[0][None, None]
    greedy = discretized.price_of(both, w, w0, "greedy", 30)
    close(greedy, exact([(2 * (0.02 + 1 / 30) ** 2) ** 0.5, 2 + 1 / 30]), 1e-12)
    assert discretized.price_of(both, w, w0, "maxcount", 30).tolist() == [[-1, -2]]


# ---- properties ----------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.sampled_from(["greedy", "maxcount"]), st.integers(0, 2))
def test_every_coordinate_is_monotone_between_the_ends(seed, strategy, upscale):
    x, base = normal(1, 3, 3, seed=seed), normal(1, 3, 3, seed=seed + 1)
    base[0, 1, 2] = x[0, 1, 2]  # a coordinate that does not move
    base[0, 2] = x[0, 2]  # a word that stays: a special token
    found = dig(
        curved_any, x, vocabulary=WORDS, strategy=strategy, baseline=base, anchors=6,
        upscale=upscale, neighbours=10, return_details=True,
    )  # fmt: skip
    points = found.extra["points"][0]
    assert len(points) == 2**upscale * 7 + 1
    assert torch.equal(points[0], base[0])
    assert torch.equal(points[-1], x[0])
    assert bool((points.diff(dim=0) * (x - base)[0].sign() >= -1e-12).all())
    assert bool((found.values[0][(x == base)[0]] == 0).all())
    step, grad = points.diff(dim=0), slopes(points)
    by_hand = (step * (grad[1:] + grad[:-1]) / 2).sum(0)
    assert relative_error(found.values[0], by_hand) < 1e-12


def curved_any(x: Tensor) -> Tensor:
    return torch.tanh(x.sum(2)).prod(1)


def slopes(points: Tensor) -> Tensor:
    points = points.clone().requires_grad_(True)
    (grad,) = torch.autograd.grad(curved_any(points).sum(), points)
    return grad


def test_more_nodes_and_tol_close_the_gap():
    few, many = (
        dig(curved, X, 1, vocabulary=WORDS, anchors=4, neighbours=9, return_details=True, **more)
        for more in ({}, {"upscale": 6})
    )
    assert float(many.gap.abs().max()) < 1e-2 * float(few.gap.abs().max())
    fine = dig(curved, X, 1, vocabulary=WORDS, anchors=4, neighbours=9, tol=0.01)
    assert relative_error(fine, many.values) < 0.02


def test_a_word_without_words_left_goes_straight_to_the_baseline():
    """Two words that are left, six asked: the rest of the path stays at x'."""
    words = torch.cat([X[0, :1], torch.zeros(1, 3).double(), WORDS[:2]])
    found = dig(
        lambda x: x.sum((1, 2)), X[:1, :1], vocabulary=words, anchors=6, return_details=True
    )
    assert sorted(found.extra["words"][0, :, 0].tolist()) == [-1, -1, -1, -1, 2, 3]
    assert bool((found.extra["points"][0, :4] == 0).all())
    assert bool((found.extra["points"][0, 5] != 0).any())


def test_chunks_of_words_do_not_matter(monkeypatch, close):
    whole = dig(curved, X, 0, vocabulary=WORDS, anchors=4)
    monkeypatch.setattr(discretized, "AT_ONCE", 1)
    close(dig(curved, X, 0, vocabulary=WORDS, anchors=4), whole, 1e-12)


# ---- an oracle written from the paper ------------------------------------------------------------


def by_the_paper(w: Tensor, w0: Tensor, strategy: str, m: int, k: int) -> list[Tensor]:
    """Return the points from w to w0 of one word, coordinate by coordinate."""

    def kept(a: Tensor, v: Tensor, j: int) -> bool:
        return min(w0[j], v[j]) <= a[j] <= max(w0[j], v[j])

    def moved(a: Tensor, v: Tensor) -> Tensor:
        c = [a[j] if kept(a, v, j) else v[j] - (v[j] - w0[j]) / m for j in range(len(w))]
        return torch.stack(c)

    word, passed, path = w, [], [w]
    for _ in range(m):
        order = sorted(range(len(WORDS)), key=lambda i: float((WORDS[i] - word).norm()))
        near = [i for i in order if float((WORDS[i] - word).norm()) > 0][:k]
        near = [i for i in near if i not in passed]
        if not near:
            break
        if strategy == "greedy":
            best = min(near, key=lambda i: float((WORDS[i] - moved(WORDS[i], word)).norm()))
        else:
            best = max(near, key=lambda i: sum(kept(WORDS[i], word, j) for j in range(len(w))))
        passed.append(best)
        word = WORDS[best]
        path.append(moved(word, path[-1]))
    return [*path, *[w0] * (m + 2 - len(path))]


@pytest.mark.parametrize("strategy", ["greedy", "maxcount"])
def test_loop_of_the_paper(strategy, close):
    base = 0.1 * normal(1, 4, 3, seed=8)
    found = dig(
        curved, X[:1], 1, vocabulary=WORDS, strategy=strategy, baseline=base, anchors=5,
        neighbours=7, return_details=True,
    )  # fmt: skip
    for word in range(4):
        path = by_the_paper(X[0, word], base[0, word], strategy, 5, 7)
        close(found.extra["points"][0, :, word], torch.stack(path[::-1]), 1e-12)


# ---- the net that ships, and what is refused -----------------------------------------------------


def test_padding_gets_nothing():
    net = xc.zoo.load("sentence_cnn")
    x = net.embed(["the plot was not good", "bad"])
    values = dig(net, x, 0, vocabulary=net.embedding.weight, anchors=6, neighbours=50)
    assert bool((values[1, 1:] == 0).all())
    assert bool((values[1, 0] != 0).any())


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"vocabulary": None}, TypeError, r"vocabulary must be the points.*net\.embedding\.weight"),
        ({"vocabulary": WORDS[:, :2]}, ValueError, r"vocabulary has shape \(40, 2\), x has"),
        ({"vocabulary": WORDS / 0}, ValueError, "vocabulary holds NaN or infinity"),
        ({"strategy": "gredy"}, ValueError, "strategy must be one of.*did you mean 'greedy'"),
        ({"anchors": 0}, ValueError, "anchors must be at least 1"),
        ({"neighbours": 2.5}, TypeError, "neighbours must be a whole"),
        ({"upscale": -1}, ValueError, "upscale must be a whole number from 0 to 10, got -1"),
    ],
)
def test_what_is_refused(wrong, error, says):
    with pytest.raises(error, match=f"(?s){says}"):
        dig(curved, X, 0, **{"vocabulary": WORDS, **wrong})
