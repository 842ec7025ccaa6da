"""The script that made the nets: a run that was stopped goes on as if nothing had happened."""

import importlib.util
import sys

import pytest
import torch
from torch import nn

from xaicourse.datasets import data_folder, planted


@pytest.fixture(scope="module")
def script():
    specification = importlib.util.spec_from_file_location(
        "train_nets", data_folder() / "train_nets.py"
    )
    module = importlib.util.module_from_spec(specification)
    sys.modules["train_nets"] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    yield module
    del sys.modules["train_nets"]


def small_net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(900, 4)
    )


def pictures(epoch):
    return planted(300)[:2]


def test_a_stopped_run_goes_on_as_if_it_had_not_been(script, tmp_path, capsys):
    recipe = script.Recipe("test", "planted", epochs=4, rate=1e-2, decay=1e-2, flip=True)

    whole = small_net()
    history = script.train(whole, recipe, pictures, pictures, 0, tmp_path / "whole.tmp")

    class Stopped(Exception):
        pass

    def stop_in_the_third(epoch):
        if epoch == 2:
            raise Stopped
        return pictures(epoch)

    stopped = small_net()
    checkpoint = tmp_path / "stopped.tmp"
    with pytest.raises(Stopped):
        script.train(stopped, recipe, stop_in_the_third, pictures, 0, checkpoint)
    resumed = small_net()
    again = script.train(resumed, recipe, pictures, pictures, 0, checkpoint)

    assert [entry["epoch"] for entry in again] == [1, 2, 3, 4]
    assert [e["loss"] for e in again] == [e["loss"] for e in history]
    for mine, theirs in zip(
        resumed.state_dict().values(), whole.state_dict().values(), strict=True
    ):
        assert torch.equal(mine, theirs)
    assert history[-1]["loss"] < history[0]["loss"]


def test_counting(script):
    x, labels = pictures(0)

    class Always2(nn.Module):
        def forward(self, x):
            return torch.eye(4)[2].expand(len(x), 4)

    assert script.correct(Always2(), x, labels) == int((labels == 2).sum())


def test_there_is_a_recipe_for_each_net(script):
    assert set(script.RECIPES) == set(script.ARCHITECTURES)
