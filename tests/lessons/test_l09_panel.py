"""The baseline panel and its trace, against the package and a loop of the test's own."""

import pytest
import torch

import xaicourse as xc
from xaicourse.course.lessons.l09_compared_with_what.starts import StartTrace, draws, walk
from xaicourse.widgets import BaselinePanel, gallery
from xaicourse.widgets.plates import png_of
from xaicourse.widgets.work import finish

PICTURE = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
SET = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(1))


class Counted(torch.nn.Module):
    """A small net that counts the points it was given."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.first = torch.randn(30, 64, generator=generator) / 4
        self.second = torch.randn(3, 30, generator=generator)
        self.seen = 0
        self.eval()

    def forward(self, x):
        self.seen += len(x)
        return torch.tanh(x.flatten(1) @ self.first.T) @ self.second.T


@pytest.fixture
def panel():
    return BaselinePanel(
        Counted(),
        PICTURE,
        2,
        baselines={"black": "black", "pictures": SET, "half": 0.5},
        mask=torch.ones(1, 1, 8, 8),
        samples=16,
        labels=["ant", "cat", "owl"],
    )


def by_a_loop(n, seed, baselines):
    line, alphas = draws(len(baselines), n, seed)
    found = []
    for j in range(n):
        start = baselines[line[j]]
        point = (start + alphas[j].float() * (PICTURE[0] - start))[None].requires_grad_()
        score = Counted()(point)[0, 2]
        found.append((PICTURE[0] - start) * torch.autograd.grad(score, point)[0][0])
    return torch.stack(found)


def test_each_draw_has_its_own_start_and_place(panel, close):
    panel.set(baseline="pictures", draws=16)
    close(panel.result.trace.maps.float(), by_a_loop(16, 0, SET), 1e-5)
    close(panel.result.other.maps.float(), by_a_loop(16, 1, SET), 1e-5)
    assert panel.result.agreement == pytest.approx(
        float(
            torch.cosine_similarity(
                panel.result.trace.mean.flatten(), panel.result.other.mean.flatten(), dim=0
            )
        )
    )


def test_more_draws_are_added_to_those_that_are_there(panel):
    few = panel.set(draws=8) or panel.result.trace.maps
    panel.set(draws=64)
    assert torch.equal(panel.result.trace.maps[:8], few)
    seen = panel.model.seen
    panel.set(draws=8)
    assert panel.model.seen - seen <= 16  # the scores at eight starts, no gradient


def test_one_baseline_gives_integrated_gradients(panel):
    panel.set(baseline="black", draws=512)
    exact = xc.integrated_gradients(panel.model, PICTURE, target=2, steps=64)[0]
    off = (panel.result.trace.mean - exact).norm() / exact.norm()
    assert float(off) < 4 * float(panel.result.trace.error.norm() / exact.norm())
    assert panel.result.rise == pytest.approx(float(exact.sum()), abs=1e-3)


def test_share_of_a_mask_that_is_everything_is_one(panel):
    assert panel.result.inside == pytest.approx(1.0)


def test_mean_and_error_by_hand():
    trace = StartTrace(torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1), torch.zeros(2))
    assert (trace.mean.tolist(), trace.error.tolist()) == ([2.0], [1.0])
    assert len(trace.first(1).maps) == 1


def test_words_and_picture_follow_the_settings(panel):
    def picture():
        return png_of(panel.size, panel.plates(panel.result))

    panel.set(baseline="half", draws=16)
    words = " ".join(panel.words(panel.result))
    assert "half, 16 draws" in words
    assert any(name in words for name in ("ant", "cat", "owl"))
    signed = picture()
    panel.set(shown="sizes of the map")
    assert panel.error is None
    assert picture() != signed
    assert "sizes" in panel.intro(panel.result)


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match="at least one entry"):
        BaselinePanel(Counted(), PICTURE, 2, baselines={})
    with pytest.raises(ValueError, match="one image"):
        BaselinePanel(xc.zoo.toy(), xc.zoo.toy_input(), baselines={"zero": 0.0})
    with pytest.raises(ValueError, match="at least one"):
        gallery({}, alt="nothing")


def test_the_work_can_be_stopped_between_chunks(panel):
    work = walk(panel.question, SET, 100, 0)
    assert next(work) is None
    assert len(finish(walk(panel.question, SET, 100, 0)).maps) == 100


def test_a_gallery_has_its_words():
    assert "two" in repr(gallery({"a": PICTURE, "b": PICTURE}, alt="two pictures"))
