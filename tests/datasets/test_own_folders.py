import pytest
import torch
from PIL import Image

from xaicourse.datasets import ImageFileError, folder, open_image
from xaicourse.datasets import own_folders as module


def picture(path, colour="red"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 50), colour).save(path)
    return path


@pytest.fixture
def pets(tmp_path):
    picture(tmp_path / "pets/dog/b.png", "blue")
    picture(tmp_path / "pets/dog/a.jpg", "green")
    picture(tmp_path / "pets/cat/z.png", "red")
    return tmp_path / "pets"


def test_subfolders_are_classes_in_alphabetical_order(pets):
    x, labels, classes, files = folder(pets)
    assert classes == ["cat", "dog"]
    assert labels.tolist() == [0, 1, 1]
    assert [file.name for file in files] == ["z.png", "a.jpg", "b.png"]
    assert x.shape == (3, 3, 224, 224)
    for row, file in zip(x, files, strict=True):
        assert torch.equal(row, open_image(file)[0])


def test_a_folder_without_subfolders_is_one_class(pets):
    images = folder(str(pets / "dog"))
    assert images.classes == ["dog"]
    assert images.labels.tolist() == [0, 0]


def test_a_part_of_each_class(pets):
    assert [file.name for file in folder(pets, per_class=1).files] == ["z.png", "a.jpg"]


def test_hidden_files_and_litter_are_left_out(pets):
    for name in (".DS_Store", "cat/Thumbs.db", "dog/.hidden"):
        (pets / name).write_bytes(b"x")
    assert len(folder(pets).files) == 3


def test_a_file_that_is_no_picture_is_named(pets):
    (pets / "cat" / "notes.txt").write_text("hello")
    with pytest.raises(ImageFileError, match=r"notes\.txt is not an image"):
        folder(pets)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: picture(p / "x.png"), r"holds pictures \(x\.png\) beside subfolders \(cat\)"),
        (lambda p: (p / "empty").mkdir(), "empty holds no pictures"),
        (lambda p: picture(p / "cat/small/x.png"), "small is a folder in a class"),
    ],
)
def test_a_folder_of_another_form_is_refused(pets, make, message):
    make(pets)
    with pytest.raises(ImageFileError, match=message):
        folder(pets)


def test_what_is_no_folder(pets):
    with pytest.raises(ImageFileError, match=r"path: there is no .*birds"):
        folder(pets / "birds")
    with pytest.raises(ImageFileError, match=r"a\.jpg is a file; .*open_image"):
        folder(pets / "dog/a.jpg")
    with pytest.raises(TypeError, match="path: expected the name of a folder, got int"):
        folder(3)


def test_an_empty_folder(tmp_path):
    with pytest.raises(ImageFileError, match="holds no pictures"):
        folder(tmp_path)


@pytest.mark.parametrize("per_class", [0, -1, True, 1.5])
def test_an_impossible_part_is_refused(pets, per_class):
    with pytest.raises(ValueError, match="per_class: expected a whole number"):
        folder(pets, per_class=per_class)


def test_too_many_pictures_are_refused_before_the_first_is_read(pets, monkeypatch):
    monkeypatch.setattr(module, "MOST_PICTURES", 2)
    monkeypatch.setattr(module, "open_image", lambda *a, **k: pytest.fail("a file was read"))
    with pytest.raises(ImageFileError, match=r"holds 3 pictures.*0\.0 GB.*per_class"):
        folder(pets)
