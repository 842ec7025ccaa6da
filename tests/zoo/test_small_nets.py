import json
import shutil

import pytest
import torch
from safetensors import safe_open
from torch import nn

import xaicourse as xc
from xaicourse.datasets.cards import cards
from xaicourse.zoo.small_nets import ARCHITECTURES

NAMES = list(ARCHITECTURES)
# share of the full 10,000 test pictures that each net has to get right
WANTED = {
    "fashion_cnn": 0.90,
    "fashion_residual": 0.91,
    "fashion_mlp": 0.88,
    "planted_cnn": 0.98,
}
OTHER_CPUS = 2  # pictures on the edge may fall to the other side


def stored(name):
    """Return the numbers that the training script wrote into the net's file."""
    path = xc.datasets.data_folder() / "nets" / f"{name}.safetensors"
    with safe_open(path, framework="pt") as file:
        return {key: json.loads(value) for key, value in file.metadata().items()}


def subset(name):
    """Return the 2,000 pictures on which the stored count was taken."""
    if name.startswith("planted"):
        return xc.datasets.planted(2000, seed=0)[:2]
    return xc.datasets.fashion_mnist()


def some(name, n, dtype=torch.float32):
    x, labels = subset(name)
    return x[:n].to(dtype), labels[:n]


@pytest.mark.parametrize("name", NAMES)
def test_the_net_gets_right_what_its_file_says(name):
    net = xc.zoo.load(name)
    x, labels = subset(name)
    found = torch.cat([net(part) for part in x.split(500)]).argmax(1)
    numbers = stored(name)
    assert len(x) == numbers["subset"]
    assert abs(int((found == labels).sum()) - numbers["correct_of_subset"]) <= OTHER_CPUS


@pytest.mark.parametrize("name", NAMES)
def test_file_card_record_and_log_say_the_same(name):
    numbers = stored(name)
    correct = numbers["correct_of_10000"]
    assert correct / 10_000 >= WANTED[name]
    assert correct / 10_000 == xc.zoo.MODELS[name].accuracy
    assert numbers["history"][-1]["accuracy"] == correct / 10_000
    assert f": {correct} of 10,000 test" in cards()[f"nets/{name}.safetensors"].title
    log = (xc.datasets.data_folder() / "nets" / "LOG.md").read_text(encoding="utf-8")
    part = log.split(f"## {name}\n")[1].split("\n## ")[0]
    assert f"**{correct} of 10,000** right" in part
    assert part.count("\n| ") == len(numbers["history"]) + 1


@pytest.mark.parametrize("name", NAMES)
def test_files_are_small(name):
    assert cards()[f"nets/{name}.safetensors"].size <= 1_000_000


@pytest.mark.parametrize("name", NAMES)
def test_each_activation_is_a_module_of_its_own_and_called_once(name):
    net = xc.zoo.load(name)
    calls = []
    relus = [module for module in net.modules() if isinstance(module, nn.ReLU)]
    for relu in relus:
        relu.register_forward_hook(lambda module, *_: calls.append(module))
    net(some(name, 2)[0])
    assert len(relus) >= 2
    assert sorted(map(id, calls)) == sorted(map(id, relus))
    assert not any(relu.inplace for relu in relus)


@pytest.mark.parametrize("name", NAMES)
def test_float64_and_single_rows_agree(name, close):
    x, _ = some(name, 8)
    net = xc.zoo.load(name)
    before = x.clone()
    together = net(x)
    assert torch.equal(x, before)
    close(torch.cat([net(row[None]) for row in x]), together, 1e-5)
    close(xc.zoo.load(name).double()(x.double()), together, 1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_loading_uses_no_random_numbers(name):
    before = torch.get_rng_state()
    xc.zoo.load(name)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_pictures_are_refused(name):
    net = xc.zoo.load(name)
    x = some(name, 1)[0]
    with pytest.raises(ValueError, match=r"takes pictures of shape \(N, 1, .*x\[None\]"):
        net(x[0])
    with pytest.raises(ValueError, match=r"got \(1, 1, 20, 20\)"):
        net(x[..., :20, :20])
    with pytest.raises(ValueError, match=r"got torch.uint8; .*x\.float\(\) / 255"):
        net((x * 255).to(torch.uint8))


def test_normalisation_is_inside():
    """The nets see what they were trained on: pixels with mean 0 and deviation 1."""
    for name in NAMES:
        x = xc.zoo.load(name).normalise(some(name, 2000)[0])
        assert abs(float(x.mean())) < 0.02
        assert float(x.std()) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_backward_rules_cover_the_net(name):
    x, labels = some(name, 4)
    guided = xc.guided_backprop(xc.zoo.load(name), x, labels)
    plain = xc.gradient(xc.zoo.load(name), x, labels)
    assert guided.shape == x.shape
    assert (guided - plain).norm() > 0.1 * plain.norm()


@pytest.mark.parametrize("name", NAMES)
def test_integrated_gradients_add_up(name):
    x, labels = some(name, 2, torch.float64)
    details = xc.integrated_gradients(
        xc.zoo.load(name).double(), x, labels, steps=200, return_details=True
    )
    assert float(details.relative_gap.max()) < 0.02


def test_the_residual_net_can_be_prepared(close):
    net = xc.zoo.load("fashion_residual")
    x, _ = some("fashion_residual", 8)
    fast = xc.prepare(net, example=x)
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(fast.folded) == len(norms) == 7
    close(fast(x), net(x), 1e-4)


def test_a_damaged_net_is_refused(tmp_path, monkeypatch):
    copy = shutil.copytree(xc.datasets.data_folder(), tmp_path / "data")
    monkeypatch.setenv("XAICOURSE_DATA", str(copy))
    xc.zoo.load("fashion_mlp")
    path = copy / "nets/fashion_mlp.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not the file on its card"):
        xc.zoo.load("fashion_mlp")


# ---------------------------------------------------------------- planted patches: a known answer


@pytest.fixture(scope="module")
def planted():
    return xc.datasets.planted(400, seed=21)


def accuracy(x, labels):
    return float((xc.zoo.load("planted_cnn")(x).argmax(1) == labels).float().mean())


def test_the_class_follows_the_patch(planted):
    """Give each picture the patch of another one: the net's answer goes with the patch."""
    x, labels, masks = planted
    swapped = x.clone()
    swapped[masks] = x.roll(1, dims=0)[masks.roll(1, dims=0)]
    assert accuracy(swapped, labels.roll(1)) > 0.98


def test_without_the_patch_the_net_is_at_a_loss(planted):
    x, labels, masks = planted
    assert accuracy(x, labels) > 0.98
    without = torch.where(masks, 0.22, x)  # the texture's mean
    assert accuracy(without, labels) < 0.45


def test_the_map_lies_in_the_mask(planted):
    x, labels, masks = (part[:50] for part in planted)
    net = xc.zoo.load("planted_cnn")
    texture = torch.full_like(x, 0.22)
    values = xc.integrated_gradients(net, x, labels, baseline=texture, steps=32).abs()
    inside = (values * masks).sum((1, 2, 3)) / values.sum((1, 2, 3))  # (50,)
    assert inside.median() > 10 * 25 / 1024  # ten times the share of a map without any sense
