"""The autoencoder that ships: what its file, its card and its log say, and what it does."""

import json

import pytest
import torch
from safetensors import safe_open

import xaicourse as xc
from xaicourse.datasets.cards import cards
from xaicourse.zoo.autoencoder import LATENTS, STORED, FashionAutoencoder


@pytest.fixture(scope="module")
def net() -> FashionAutoencoder:
    return xc.zoo.fashion_autoencoder()


@pytest.fixture(scope="module")
def pictures():
    return xc.datasets.fashion_mnist().x


def stored() -> dict:
    with safe_open(xc.datasets.data_folder() / STORED, framework="pt") as file:
        return {key: json.loads(value) for key, value in file.metadata().items()}


def test_file_card_and_log_say_the_same(net, pictures):
    numbers = stored()
    error = float((net(pictures) - pictures).square().mean())
    assert abs(error - numbers["error_of_subset"]) < 1e-5
    assert error < numbers["variance_of_subset"] / 6
    card = cards()[STORED]
    assert card.size <= 1_000_000
    assert f"error {numbers['error_of_10000']:.4f} a pixel" in card.title
    log = (xc.datasets.data_folder() / "nets/AUTOENCODER_LOG.md").read_text(encoding="utf-8")
    assert f"**{numbers['error_of_10000']:.4f}** mean squared error" in log
    assert log.count("\n| ") == len(numbers["history"]) + 1
    script = xc.datasets.data_folder() / "train_autoencoder.py"
    assert f"EPOCHS, RATE, SEED = 128, {len(numbers['history'])}" in script.read_text("utf-8")


def test_shapes_and_state(net, pictures):
    z = net.encode(pictures[:3])
    assert z.shape == (3, LATENTS)
    assert net.decode(z).shape == (3, 1, 28, 28)
    assert torch.equal(net(pictures[:3]), net.decode(z))
    assert not net.training
    assert not any(p.requires_grad for p in net.parameters())
    with pytest.raises(ValueError, match=r"\(N, 1, 28, 28\)"):
        net.encode(pictures[0])


def test_what_lies_between_two_codes_is_on_the_manifold(net, pictures):
    """A decoded middle is changed little by the net; two pictures laid over each other are."""
    a, b = pictures[:200], pictures[200:400]
    between = net.decode((net.encode(a) + net.encode(b)) / 2)
    faded = (net(a) + net(b)) / 2
    changed, far = (float((net(x) - x).square().mean()) for x in (between, faded))
    assert changed < 0.2 * far
