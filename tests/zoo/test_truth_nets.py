"""Nets whose right explanation is known do what their names say, from each start."""

import importlib.util
import json
import sys

import pytest
import torch
from safetensors import safe_open

import xaicourse as xc
from xaicourse.datasets.cards import cards
from xaicourse.zoo.truth_nets import SEEDS, TRUTH_ARCHITECTURES, truth_file

EACH = [(name, seed) for name in TRUTH_ARCHITECTURES for seed in SEEDS]


def stored(name, seed):
    """Return the numbers that the training script wrote into the net's file."""
    path = xc.datasets.data_folder() / truth_file(name, seed)
    with safe_open(path, framework="pt") as file:
        return {key: json.loads(value) for key, value in file.metadata().items()}


def found(name, seed, x):
    net = xc.zoo.load(name, seed=seed)
    return torch.cat([net(part) for part in x.split(250)]).argmax(1)


@pytest.mark.parametrize(("name", "seed"), EACH)
def test_file_card_and_log_say_the_same(name, seed):
    right = stored(name, seed)["right"]
    card = cards()[truth_file(name, seed)]
    assert all(f"{count} {what}" in card.title for what, count in right.items())
    assert card.size <= 1_000_000
    log = (xc.datasets.data_folder() / "nets" / "TRUTH.md").read_text(encoding="utf-8")
    part = log.split(f"## {name}\n")[1].split("\n## ")[0]
    assert f"| {seed} | {' | '.join(map(str, right.values()))} |" in part


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cheating_net_goes_with_the_tag(seed):
    made = xc.datasets.tagged(500, seed=77)
    assert (found("tagged_cheating", seed, made.x) == made.labels).float().mean() >= 0.998
    drawn = xc.datasets.tagged(500, seed=77, tags="random")
    answers = found("tagged_cheating", seed, drawn.x)
    assert (answers == drawn.tags).float().mean() >= 0.99
    assert (answers == drawn.labels).float().mean() < 0.35


@pytest.mark.parametrize("seed", SEEDS)
def test_the_honest_net_goes_with_the_patch(seed):
    drawn = xc.datasets.tagged(500, seed=77, tags="random")
    answers = found("tagged_honest", seed, drawn.x)
    assert (answers == drawn.labels).float().mean() >= 0.98
    assert (answers == drawn.tags).float().mean() < 0.35


@pytest.mark.parametrize("seed", SEEDS)
def test_the_backdoor_opens_by_the_trigger_alone(seed):
    clean = xc.datasets.triggered(500, seed=77, share=0.0)
    assert (found("planted_backdoor", seed, clean.x) == clean.labels).float().mean() >= 0.98
    made = xc.datasets.triggered(500, seed=77, share=1.0)
    assert (found("planted_backdoor", seed, made.x) == 0).float().mean() >= 0.95


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "answer"), [("bam_object", "objects"), ("bam_scene", "scenes")])
def test_of_clothes_on_textures_each_net_answers_its_own_question(name, answer, seed):
    made = xc.datasets.mini_bam(500, seed=77)
    answers = found(name, seed, made.x)
    assert (answers == getattr(made, answer)).float().mean() >= {"objects": 0.85}.get(answer, 0.99)
    other = made.scenes if answer == "objects" else made.objects
    assert (answers == other).float().mean() < 0.3


@pytest.mark.parametrize("seed", SEEDS)
def test_without_the_object_only_the_scene_net_answers_as_before(seed):
    made = xc.datasets.mini_bam(500, seed=77)
    same = {
        name: float((found(name, seed, made.empty) == found(name, seed, made.x)).float().mean())
        for name in ("bam_object", "bam_scene")
    }
    assert same["bam_scene"] >= 0.99
    assert same["bam_object"] < 0.4


@pytest.mark.parametrize("name", TRUTH_ARCHITECTURES)
def test_sisters_differ_and_loading_uses_no_random_numbers(name):
    before = torch.get_rng_state()
    nets = [xc.zoo.load(name, seed=seed) for seed in SEEDS]
    assert torch.equal(torch.get_rng_state(), before)
    first = [next(net.parameters()) for net in nets]
    assert not any(torch.equal(first[0], other) for other in first[1:])
    assert all(p.dtype == torch.float32 for net in nets for p in net.parameters())


@pytest.mark.parametrize("seed", [3, -1, True, "1", None])
def test_another_start_was_not_trained(seed):
    with pytest.raises(ValueError, match="seed must be one of 0, 1, 2"):
        xc.zoo.load("tagged_honest", seed=seed)


def test_there_is_a_recipe_for_each_net(monkeypatch):
    folder = xc.datasets.data_folder()
    monkeypatch.syspath_prepend(str(folder))
    specification = importlib.util.spec_from_file_location(
        "train_truth_nets", folder / "train_truth_nets.py"
    )
    module = importlib.util.module_from_spec(specification)
    for name in ("train_truth_nets", "train_nets"):  # dataclasses look their module up
        monkeypatch.setitem(sys.modules, name, sys.modules.get(name))
    del sys.modules["train_nets"]
    sys.modules["train_truth_nets"] = module
    specification.loader.exec_module(module)
    assert set(module.NETS) == set(TRUTH_ARCHITECTURES)
    for name, kind in module.NETS.items():
        assert kind.check in kind.tests, name
        assert list(stored(name, 0)["right"]) == list(kind.tests)
        assert len(stored(name, 0)["history"]) == kind.recipe.epochs
