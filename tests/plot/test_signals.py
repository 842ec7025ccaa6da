"""Maps of signals and of words: what is drawn, what is refused, and the text made of titles."""

import numpy as np
import pytest
import torch

import xaicourse as xc
from xaicourse.core.attribution import Attribution


def images_of(picture):
    """Return the numbers of each picture in a figure, the colour bar left out."""
    return [
        np.asarray(image.get_array()) for axis in picture.figure.axes for image in axis.get_images()
    ]


def test_a_signal_is_drawn_as_the_sum_over_its_channels():
    map_ = torch.tensor([[[1.0, -2.0, 0.5], [0.5, 0.0, -1.0]]])  # (1, 2, 3)
    picture = xc.plot.maps({"ig": map_}, photo=torch.rand(1, 2, 3))
    (drawn,) = images_of(picture)
    assert drawn.tolist() == [[1.5, -2.0, -0.5]]
    (sizes,) = images_of(xc.plot.maps({"ig": map_}, reduce="abs_sum"))
    assert sizes.tolist() == [[1.5, 2.0, 1.5]]


def test_two_signals_share_one_scale():
    picture = xc.plot.maps({"a": torch.ones(1, 1, 4), "b": 5 * torch.ones(1, 1, 4)})
    limits = {image.get_clim() for axis in picture.figure.axes for image in axis.get_images()}
    assert limits == {(-5.0, 5.0)}


def test_words_stand_on_the_sum_over_what_they_are_embedded_in():
    words = ["not", "good"]
    map_ = torch.tensor([[[1.0, 2.0], [-4.0, 1.0]]])  # (1, 2 words, 2 numbers each)
    picture = xc.plot.maps({"ig": map_}, tokens=words)
    (drawn,) = images_of(picture)
    assert drawn.tolist() == [[3.0, -3.0]]
    assert [text.get_text() for text in picture.figure.axes[0].texts] == words


def test_long_texts_go_on_in_the_next_line():
    words = [f"w{k}" for k in range(30)]
    (drawn,) = images_of(xc.plot.maps({"ig": torch.arange(30.0)}, tokens=words))
    assert drawn.shape == (3, 12)
    assert float(drawn[2, 5]) == 29
    assert np.isnan(drawn[2, 6:].astype(float)).all()


@pytest.mark.fault("N6")
@pytest.mark.parametrize(
    ("items", "settings", "says"),
    [
        ({"two series": torch.rand(2, 2, 100)}, {}, "choose one of a batch"),
        ({"a": torch.rand(1, 2, 9), "b": torch.rand(1, 2, 8)}, {}, "several lengths"),
        ({"a": torch.rand(1, 2, 9)}, {"photo": torch.rand(1, 2, 8)}, "8 steps in time"),
        ({"a": torch.rand(1, 2, 9)}, {"photo": torch.rand(3, 9)}, "the signal itself"),
        ({"a": torch.rand(3)}, {"tokens": ["x", "y"]}, "each of the 2 tokens"),
        ({"a": torch.tensor([[[torch.nan]]])}, {}, "attribution"),
    ],
    ids=["a batch", "two lengths", "another signal", "no signal", "a word too few", "NaN"],
)
def test_what_cannot_be_drawn_is_refused_with_the_right_shape(items, settings, says):
    with pytest.raises(ValueError, match=says):
        xc.plot.maps(items, alt="a", **settings)


@pytest.mark.fault("P1")
@pytest.mark.fault("N6")
@pytest.mark.parametrize(
    ("items", "says"),
    [
        (torch.rand(1, 3, 9, 9), r"dict title -> map, got Tensor; write \{'IG'"),
        ({"a": None}, "attribution must be a tensor, got NoneType"),
        ({"a": torch.rand(1, 3, 9, 9) * 1j}, "attribution holds complex numbers"),
    ],
    ids=["a map alone", "none", "complex"],
)
def test_what_is_no_map_is_refused_by_name(items, says):
    with pytest.raises(TypeError, match=says):
        xc.plot.maps(items, alt="a")


def test_without_alt_the_text_is_made_of_the_titles():
    picture = xc.plot.maps({"ig": torch.rand(1, 1, 8, 8)}, photo=torch.rand(1, 3, 8, 8))
    assert "ig" in picture.alt
    assert "what was explained" in picture.alt


def test_an_attribution_of_a_signal_is_taken_as_it_is():
    found = Attribution(torch.rand(1, 1, 5), "input", 0)
    assert len(images_of(xc.plot.maps({"ig": found}))) == 1


def test_without_its_batch_axis_an_image_is_known_by_its_photo():
    photo = torch.rand(1, 3, 8, 8)
    pictures = [xc.plot.maps({"m": torch.ones(c, 8, 8)}, photo=photo) for c in (1, 3)]
    drawn = [images_of(picture)[1] for picture in pictures]  # after the photo
    assert [array.shape for array in drawn] == [(8, 8), (8, 8)]
    assert [float(array[0, 0]) for array in drawn] == [1.0, 3.0]


def test_a_grey_photo_without_batch_axis_is_drawn():
    picture = xc.plot.maps({"m": torch.ones(1, 1, 8, 8)}, photo=torch.rand(1, 8, 8))
    assert len(images_of(picture)) == 2


def test_a_coarse_grey_map_stays_a_picture_beside_its_photo():
    """Lesson 04 draws maps of 7 x 7 cells beside a photo of 28 x 28 pixels, without batch axes."""
    picture = xc.plot.maps({"cam": torch.ones(1, 7, 7)}, photo=torch.rand(1, 28, 28))
    assert [array.shape[:2] for array in images_of(picture)] == [(28, 28), (7, 7)]
    assert images_of(xc.plot.maps({"cam": torch.ones(1, 7, 7)}))[0].shape == (7, 7)
