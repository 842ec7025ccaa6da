import pytest
import torch

from xaicourse.datasets import collage, collage_masks, data_folder, photo, photos


def test_every_photo_is_a_model_input():
    assert {"chelsea", "coffee", "camera", "rocket"} <= set(photos())
    for name in photos():
        x = photo(name)
        assert x.shape == (1, 3, 224, 224)
        assert x.dtype == torch.float32
        assert 0 <= x.min() < x.max() <= 1
        assert x.std() > 0.05


def test_a_photo_holds_whole_grey_levels():
    levels = photo("chelsea") * 255
    assert (levels - levels.round()).abs().max() < 1e-4


def test_unknown_photo_lists_what_there_is():
    with pytest.raises(ValueError, match=r"no photo 'dog'; there are .*chelsea.*open_image"):
        photo("dog")


@pytest.mark.parametrize("name", ["../photos/chelsea", "chelsea.png", ""])
def test_a_name_is_not_a_path(name):
    with pytest.raises(ValueError, match="no photo"):
        photo(name)


def test_collage_is_the_middle_of_each_photo():
    x = collage("camera", "chelsea")
    assert x.shape == (1, 3, 224, 224)
    assert torch.equal(x[..., :112], photo("camera")[..., 56:168])
    assert torch.equal(x[..., 112:], photo("chelsea")[..., 56:168])


def test_masks_split_the_collage():
    left, right = collage_masks()
    assert left.shape == right.shape == (224, 224)
    assert left.dtype == right.dtype == torch.bool
    assert torch.equal(left, ~right)
    assert left[:, :112].all()
    assert right[:, 112:].all()


def test_missing_data_folder_is_explained(monkeypatch, tmp_path):
    monkeypatch.setenv("XAICOURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="clone of the course"):
        data_folder()
