import gzip
import shutil

import pytest
import torch

from xaicourse.datasets import (
    FASHION_MNIST_CLASSES,
    data_folder,
    digits,
    fashion_mnist,
)
from xaicourse.datasets.fashion import DEBIAN_FOLDER, read_idx
from xaicourse.datasets.shipped import read_tensors


def write_idx(path, values):
    """Write a uint8 tensor the way MNIST's files are written."""
    header = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    content = header + values.numpy().tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.fixture
def originals(tmp_path):
    """A folder with four small files of the right form; one of them is not packed."""
    for start, count in (("train", 7), ("t10k", 5)):
        images = torch.arange(count * 28 * 28).remainder(256).to(torch.uint8).view(count, 28, 28)
        write_idx(tmp_path / f"{start}-images-idx3-ubyte.gz", images)
        write_idx(tmp_path / f"{start}-labels-idx1-ubyte", torch.arange(count, dtype=torch.uint8))
    return tmp_path


def test_the_shipped_pictures_are_model_inputs():
    x, labels = fashion_mnist()
    assert x.shape == (2000, 1, 28, 28)
    assert x.dtype == torch.float32
    assert (x.min(), x.max()) == (0, 1)
    assert labels.dtype == torch.int64
    assert labels.bincount().tolist() == [200] * 10
    # all pixels, not some of them: the mean of this data set is .286 over all its pictures
    assert float(x.mean()) == pytest.approx(0.286, abs=0.01)


def test_n_takes_the_first_and_classes_are_mixed():
    x, labels = fashion_mnist(n=30)
    everything = fashion_mnist()
    assert torch.equal(x, everything.x[:30])
    assert torch.equal(labels, everything.labels[:30])
    assert len(labels.unique()) >= 8


def test_there_is_a_name_for_each_class():
    assert len(FASHION_MNIST_CLASSES) == len(set(FASHION_MNIST_CLASSES)) == 10
    # as in the data's own documentation: 1 trouser, 7 sneaker, 9 ankle boot
    assert [FASHION_MNIST_CLASSES[i] for i in (1, 7, 9)] == ["trousers", "sneaker", "ankle boot"]
    x, labels = fashion_mnist()
    means = torch.stack([x[labels == kind].mean((0, 1)) for kind in range(10)])  # (10, 28, 28)
    assert means[7, :8].mean() < 0.02 < means[9, :8].mean()  # a sneaker is low, an ankle boot not
    assert means[1, 14:, 14].mean() < 0.2 * means[1, 14:, [11, 16]].mean()  # between two legs


@pytest.mark.parametrize("n", [0, 2001, -1, True, 1.5, "all"])
def test_an_impossible_n_is_refused(n):
    with pytest.raises(ValueError, match="n: expected a whole number from 1 to 2000"):
        fashion_mnist(n=n)


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="expected 'test', 'full_test' or 'train', got 'valid'"):
        fashion_mnist("valid")


def test_the_original_files_packed_or_not(originals):
    x, labels = fashion_mnist("train", folder=originals)
    assert x.shape == (7, 1, 28, 28)
    assert labels.tolist() == list(range(7))
    assert float(x[0, 0, 0, 3]) == pytest.approx(3 / 255)
    assert len(fashion_mnist("full_test", folder=originals).x) == 5


def test_the_folder_can_come_from_the_environment(originals, monkeypatch):
    monkeypatch.setenv("XAICOURSE_FASHION_MNIST", str(originals))
    assert len(fashion_mnist("train", n=2).x) == 2


def test_missing_originals_say_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no train-images.*dataset-fashion-mnist.*folder="):
        fashion_mnist("train", folder=tmp_path)


@pytest.mark.parametrize("content", [b"", b"\0\0", b"\0\0\x08\x01", b"\0\0\x0d\1\0\0\0\1x"])
def test_a_broken_file_is_no_data(tmp_path, content):
    path = tmp_path / "labels"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="no whole IDX file"):
        read_idx(path)


def test_a_file_that_was_cut_short_is_found(originals):
    path = originals / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="no whole IDX file"):
        fashion_mnist("train", folder=originals)


@pytest.mark.skipif(not DEBIAN_FOLDER.is_dir(), reason="needs dataset-fashion-mnist")
def test_the_shipped_pictures_are_those_of_the_test_set():
    index = read_tensors("fashion_mnist_test.safetensors")["index"].long()
    everything, shipped = fashion_mnist("full_test"), fashion_mnist()
    assert torch.equal(everything.x[index], shipped.x)
    assert torch.equal(everything.labels[index], shipped.labels)


def test_digits():
    x, labels = digits()
    assert x.shape == (1797, 1, 8, 8)
    assert (x.min(), x.max()) == (0, 1)
    assert torch.equal(x * 16, (x * 16).round())
    # the counts of the ten digits that UCI states for its test set
    assert labels.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert len(digits(n=10).x) == 10


def test_digits_are_told_apart_by_the_nearest_of_others():
    """A mix-up of pictures and labels would not survive this."""
    x, labels = digits()
    known, asked = x[:1500].flatten(1), x[1500:].flatten(1)
    nearest = torch.cdist(asked, known).argmin(1)
    assert (labels[:1500][nearest] == labels[1500:]).float().mean() > 0.9


def test_data_are_read_only_when_they_are_whole(tmp_path, monkeypatch):
    for name in ("cards.json", "digits.safetensors"):
        shutil.copy(data_folder() / name, tmp_path)
    monkeypatch.setenv("XAICOURSE_DATA", str(tmp_path))
    assert len(digits().x) == 1797
    path = tmp_path / "digits.safetensors"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"not the file on its card.*git checkout -- data/digits"):
        digits()
    path.unlink()
    with pytest.raises(FileNotFoundError, match="is missing; get it back"):
        digits()
    (tmp_path / "cards.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match="no card for digits"):
        digits()


@pytest.mark.parametrize("load", [fashion_mnist, digits])
def test_tensors_go_where_they_are_asked_to(load):
    x, labels = load(n=3, device="meta")
    assert x.device.type == labels.device.type == "meta"
