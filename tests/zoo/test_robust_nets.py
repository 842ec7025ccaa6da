"""The nets that were trained on attacked pictures: what their files say holds, on three seeds."""

import json

import pytest
import torch
from safetensors import safe_open

import xaicourse as xc
from tests.plain import refused
from xaicourse.core.places import data_folder
from xaicourse.datasets.cards import cards
from xaicourse.zoo.small_nets import ROBUST_SEEDS, robust_file

OTHER_CPUS = 2  # pictures on the edge may fall to the other side
STORED = {0: (1998, 250), 1: (2000, 219), 2: (1787, 211)}


@pytest.mark.parametrize("seed", ROBUST_SEEDS)
def test_file_card_and_log_say_the_same(seed):
    path = data_folder() / robust_file(seed)
    with safe_open(path, framework="pt") as file:
        numbers = {key: json.loads(value) for key, value in file.metadata().items()}
    assert (numbers["plain"], numbers["attacked"]) == STORED[seed]
    assert numbers["seed"] == seed
    said = f"{numbers['plain']} of the 2000 pictures of the course right, {numbers['attacked']} of"
    assert said in cards()[robust_file(seed)].title
    log = (data_folder() / "nets" / "ROBUST.md").read_text(encoding="utf-8")
    assert f"| {seed} | {numbers['plain']} | {numbers['attacked']} |" in log
    assert path.stat().st_size <= 1_000_000


@pytest.mark.parametrize("seed", ROBUST_SEEDS)
def test_the_net_gets_right_what_its_file_says(seed):
    x, labels, _ = xc.datasets.planted(2000)
    net = xc.zoo.load("planted_robust", seed=seed)
    found = torch.cat([net(some).argmax(1) for some in x.split(500)])
    assert abs(int((found == labels).sum()) - STORED[seed][0]) <= OTHER_CPUS


def test_they_withstand_what_the_plain_net_does_not_and_their_maps_lie_in_the_mark():
    """On fresh pictures; the map of the sum of all scores, which knows no class, rises as well."""
    x, labels, masks = xc.datasets.planted(30, seed=78)

    def of(net):
        found = xc.robustness.attack_model(net, x, labels, eps=0.05, steps=10)
        maps = [
            xc.gradient(net, x, target).abs()
            for target in (labels, lambda outputs, rows: outputs.sum(1))
        ]
        shares = [float(((m * masks).sum((1, 2, 3)) / m.sum((1, 2, 3))).mean()) for m in maps]
        return float((~found.fooled).float().mean()), *shares

    plain = of(xc.zoo.load("planted_cnn"))
    robust = [of(xc.zoo.load("planted_robust", seed=seed)) for seed in ROBUST_SEEDS]
    assert plain[0] == 0
    assert min(r[0] for r in robust) > 0.2
    assert min(r[1] for r in robust) > 1.5 * plain[1]
    assert min(r[2] for r in robust) > 1.3 * plain[2]


def test_other_seeds_are_refused():
    with refused(ValueError, "seed must be one of 0, 1, 2"):
        xc.zoo.load("planted_robust", seed=3)


def test_their_plain_twins_have_no_such_maps():
    """The control of robust training: same start, pictures and epochs, no attack."""
    stored = json.loads((data_folder() / "nets" / "robust_twins.json").read_text(encoding="utf-8"))
    x, labels, masks = xc.datasets.planted(1000, 5)
    for seed in ROBUST_SEEDS:
        robust, twin = stored[str(seed)]["robust"], stored[str(seed)]["twin"]
        net = xc.zoo.load("planted_robust", seed=seed)
        sizes = xc.gradient(net, x, labels, batch_size=250).abs()
        share = float(((sizes * masks).sum((1, 2, 3)) / sizes.sum((1, 2, 3))).mean())
        assert abs(share - robust["on the mark"]) < 0.002
        assert twin["attacked"] == 0  # of 500 attacked pictures none is right
        assert robust["on the mark"] > 3 * twin["on the mark"]
        assert robust["class-blind"] > 2 * twin["class-blind"]
