"""The bias explorer and its parts, against the package's decomposition and picture."""

import pytest
import torch
from torch import nn

import xaicourse as xc
from xaicourse.course.lessons.l08_biases.parts import overlap, spread
from xaicourse.widgets import BiasPanel, bias_parts

PHOTO = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(0)).double()
PAPER, SIGNED = "the paper's picture", "with sign: it adds up"


def net(seed=0, pool=True):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU6()]
        layers += [nn.MaxPool2d(2), nn.Conv2d(4, 5, 2), nn.ReLU()] if pool else []
        size = 5 * 5 * 5 if pool else 4 * 12 * 12
        return (
            nn.Sequential(*layers, nn.Flatten(), nn.Linear(size, 3))
            .double()
            .eval()
            .requires_grad_(False)
        )


@pytest.fixture
def panel():
    nets = {"deep": net(), "flat": net(1, pool=False)}
    return BiasPanel(nets, {"one": PHOTO, "two": PHOTO.flip(3)}, labels=["ant", "cat", "owl"])


# ---------------------------------------------------------------- the parts


def test_shares_maps_and_pictures_are_those_of_the_package():
    model = net()
    found = bias_parts(model, PHOTO, 2)
    whole = xc.fullgrad(model, PHOTO, 2, return_details=True)
    parts = whole.extra["parts"]
    assert list(found.shares) == [
        "input", "biases at 12 × 12", "biases at 5 × 5", "biases without a place",
    ]  # fmt: skip
    groups = (["input"], ["conv2d 0", "relu6 0", "hardtanh 0"], ["conv2d 1"], ["linear 0"])
    for name, operations in zip(found.shares, groups, strict=True):
        expected = sum(float(parts[o].sum()) for o in operations if o in parts)
        assert found.shares[name] == pytest.approx(expected, rel=1e-10, abs=1e-12)
        if name != "biases without a place":
            assert float(found.signed[name].sum()) == pytest.approx(expected, rel=1e-10)
    assert sum(found.shares.values()) == pytest.approx(found.score, rel=1e-10)
    assert found.score == pytest.approx(float(model(PHOTO)[0, 2].detach()), rel=1e-10)
    total = sum(found.pictures.values())
    assert float((total - whole.values[0, 0]).norm() / total.norm()) < 1e-10


@pytest.mark.parametrize("pixels", [4, 6, 7])
@pytest.mark.parametrize("cells", [1, 3, 4])
def test_spreading_keeps_the_sum_and_the_place(pixels, cells, close):
    close(overlap(pixels, cells).sum(0), torch.ones(cells).double(), 1e-06)
    values = torch.arange(cells**2, dtype=torch.float64).view(cells, cells)
    wide = spread(values, (pixels, pixels))
    assert float(wide.sum()) == pytest.approx(float(values.sum()))
    if pixels % cells == 0:
        k = pixels // cells
        close(wide, torch.kron(values, torch.ones(k, k).double()) / k**2, 1e-06)


def test_several_photos_are_refused():
    with pytest.raises(ValueError, match=r"pass x\[0:1\]"):
        bias_parts(net(), PHOTO.repeat(2, 1, 1, 1), 0)


# ---------------------------------------------------------------- the panel


def test_the_signed_map_adds_up_and_the_picture_does_not(panel):
    view = panel.result
    dense = view.parts.shares["biases without a place"]
    assert view.picture_sum + dense == pytest.approx(view.parts.score, rel=1e-10)
    panel.set(picture=PAPER)
    assert abs(panel.result.picture_sum) > 20 * abs(view.parts.score)
    assert bool((panel.result.shown >= 0).all())


def test_one_group_is_shown_at_a_time(panel):
    panel.set(shown="biases at 5 × 5")
    view = panel.result
    assert view.chosen == ("biases at 5 × 5",)
    assert view.picture_sum == pytest.approx(view.share)
    panel.set(net="flat")  # has no maps of this size
    assert panel.error is None
    assert panel.result.chosen == ()
    assert not bool(panel.result.shown.any())
    assert "this net has none" in panel.caption.value


def test_what_is_not_on_the_map_is_said(panel):
    from xaicourse.course.lessons.l08_biases.panel import sums

    view = panel.result
    rest = view.parts.shares["biases without a place"]
    assert view.not_drawn == rest
    assert view.picture_sum + rest == pytest.approx(view.share)
    assert "without a place" in sums(view)
    panel.set(picture=PAPER)
    assert "without a place" not in sums(panel.result)  # the paper's sum has no such rest
    panel.set(shown="biases without a place")
    assert "nothing to draw" in panel.result.empty
    panel.set(shown="input")
    assert (panel.result.not_drawn, panel.result.empty) == (None, "")
    assert "without a place" not in panel.caption.value


def test_classes_are_ranked_at_each_net_and_photo(panel):
    for net_name in ("deep", "flat"):
        for photo in ("one", "two"):
            panel.set(net=net_name, photo=photo)
            logits = panel.nets[net_name](panel.photos[photo])[0].sort(descending=True)
            for rank, place in (("most likely", 0), ("second", 1), ("least likely", 2)):
                panel.set(**{"class": rank})
                assert panel.result.parts.score == pytest.approx(float(logits.values[place]))
                label = ["ant", "cat", "owl"][int(logits.indices[place])]
                assert panel.result.class_name == label


def test_a_split_is_made_once(panel):
    before = panel._parts("deep", "one", 0)[1]
    panel.set(picture=PAPER, shown="input")
    assert panel._parts("deep", "one", 0)[1] is before


def test_words_and_picture(panel):
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"].startswith("Panel: bias explorer")
    assert "deep, one, logit of" in metadata["image/png"]["alt"]
    assert panel.caption.value.count("·") == 3  # logit, share, pixels, what has no place
    first = panel.picture.value
    panel.set(picture=PAPER)
    assert panel.picture.value != first
    panel.set(picture=SIGNED)
    assert panel.picture.value == first


@pytest.mark.parametrize(("nets", "photos"), [({}, {"one": PHOTO}), ({"deep": net()}, {})])
def test_nothing_to_show_is_refused(nets, photos):
    with pytest.raises(ValueError, match="at least one entry"):
        BiasPanel(nets, photos)
