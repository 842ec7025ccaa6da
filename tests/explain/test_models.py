"""The models that `xaicourse explain` takes, and what it says of their weights."""

import sys
import warnings

import pytest
import torch
from safetensors.torch import save_file
from torchvision import models

from tests.explain.command import error_of, run
from xaicourse.explain.known import known_models, torchvision_names
from xaicourse.explain.models import read_numbers
from xaicourse.zoo import MODELS
from xaicourse.zoo.torchvision_models import TorchvisionModel

NET = "squeezenet1_1"  # the smallest of torchvision's


@pytest.fixture(autouse=True)
def no_weights_here(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)


@pytest.fixture
def three_classes(folder):
    """The numbers of a net that was trained on three classes, as a training would save them."""
    torch.manual_seed(0)
    net = models.get_model("mobilenet_v3_small", weights=None, num_classes=3)
    with torch.no_grad():
        net.classifier[-1].bias.copy_(torch.tensor([0.0, 50.0, 0.0]))  # class 1, whatever it sees
    return {key: value.clone() for key, value in net.state_dict().items()}


def test_names_are_known_without_torch():
    assert sorted(torchvision_names()) == sorted(models.list_models(module=models))
    assert known_models() == {name: list(record.input_shape) for name, record in MODELS.items()}


@pytest.mark.fault("X2")
@pytest.mark.parametrize("name", [NET, f"torchvision/{NET}"])
def test_a_net_of_torchvision_without_weights_says_that_they_are_random(photo, capsys, name):
    assert run(photo, "--method", "gradient", "--model", name) == 0
    out = capsys.readouterr().out
    assert f"seen by torchvision's {NET}:" in out
    assert "weights are RANDOM" in out
    assert "say nothing about the photo" in out
    assert "Explained: the logit of class " in out  # which has no name
    assert "espresso" not in out


def test_weights_that_are_on_this_machine_are_taken(photo, capsys, monkeypatch):
    net = models.get_model(NET, weights=None).eval()
    wrapped = TorchvisionModel(net, None)
    wrapped.weights, wrapped.categories = "SqueezeNet1_1_Weights.IMAGENET1K_V1", ["x"] * 1000
    monkeypatch.setattr("xaicourse.explain.models.torchvision_model", lambda name: wrapped)
    assert run(photo, "--model", NET, "--method", "gradient") == 0
    out = capsys.readouterr().out
    assert f"seen by torchvision's {NET}, SqueezeNet1_1_Weights.IMAGENET1K_V1:" in out
    assert "RANDOM" not in out


def test_a_thousand_outputs_are_called_as_imagenets_and_it_is_said(photo, folder, capsys):
    torch.save(models.get_model(NET, weights=None).state_dict(), folder / "w.pt")
    call = (photo, "--model", NET, "--weights", "w.pt", "--method", "gradient")
    assert run(*call, "--target", "espresso") == 0
    out = capsys.readouterr().out
    assert "whose 1000 outputs are called as ImageNet's" in out
    assert 'Explained: the logit of "espresso" (class 967)' in out


@pytest.mark.parametrize("form", ["safetensors", "torch", "training", "wrapped"])
def test_weights_of_ones_own(photo, folder, capsys, three_classes, form):
    file = folder / f"weights.{'safetensors' if form == 'safetensors' else 'pt'}"
    if form == "safetensors":
        save_file(three_classes, file)
    elif form == "training":
        torch.save({"epoch": 3, "state_dict": three_classes}, file)
    elif form == "wrapped":
        torch.save({f"module.{key}": value for key, value in three_classes.items()}, file)
    else:
        torch.save(three_classes, file)
    before = torch.get_rng_state()
    model = ("--model", "mobilenet_v3_small", "--weights", file.name, "--method", "gradient")
    assert run(photo, *model, "--top", "9") == 0
    out = capsys.readouterr().out
    assert "RANDOM" not in out
    assert f"torchvision's mobilenet_v3_small with the weights in {file.name}:" in out
    assert "  100 %  class 1" in out or "> 99 %  class 1" in out
    assert out.count("%  class ") == 3
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_that_do_not_fit(photo, folder, capsys, three_classes):
    torch.save(three_classes, folder / "w.pt")
    line = error_of(capsys, photo, "--model", NET, "--weights", "w.pt")
    assert f"--weights w.pt do not fit torchvision/{NET}" in line
    assert "Missing key" in line


class Holder:
    """What a pickle could run."""


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("w.pt", Holder(), "could run code when they are read"),
        ("w.pt", {"epoch": 3}, "holds no tensors by name"),
        ("w.pt", b"PK nothing", "cannot be read"),
        ("w.pt", b"hello, I am a text", "neither a safetensors file nor"),
        ("w.safetensors", b"\x10" + bytes(7) + b"{broken", "is damaged"),
        ("none.pt", None, "there is no file none.pt"),
    ],
    ids=["pickle", "empty", "zip", "text", "safetensors", "missing"],
)
def test_files_that_are_no_weights(photo, folder, capsys, name, content, words):
    if isinstance(content, bytes):
        (folder / name).write_bytes(content)
    elif content is not None:
        torch.save(content, folder / name)
    assert words in error_of(capsys, photo, "--model", NET, "--weights", name)


OWN = """
import torch
from torch import nn

class Light(nn.Module):
    class_names = ["dark", "light"]
    def forward(self, x):
        mean = x.mean((1, 2, 3))
        return torch.stack([1 - mean, 3 * mean], dim=1)

class Small(Light):
    def forward(self, x):
        return nn.functional.linear(x, torch.zeros(2, 28))

def make(): return Light()
def with_argument(size): return Light()
def nothing(): return None
def on_functions(): return lambda x: torch.stack([-x.mean((1, 2, 3)), x.mean((1, 2, 3))], 1)
ready = Light()
broken = Light
"""


@pytest.fixture
def own(folder, monkeypatch):
    (folder / "my_nets.py").write_text(OWN)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("my_nets", None)


@pytest.mark.fault("X2")
@pytest.mark.parametrize("name", ["make", "Light", "ready"])
def test_a_function_of_ones_own(own, photo, capsys, name):
    assert run(photo, "--model", f"my_nets:{name}", "--target", "dark") == 0
    out = capsys.readouterr().out
    assert f"seen by my_nets:{name}:" in out
    assert 'Explained: the logit of "dark" (class 0), its choice number 2' in out


def test_a_model_without_names(own, photo, capsys):
    assert run(photo, "--model", "my_nets:on_functions", "--steps", "4") == 0
    assert "Explained: the logit of class 1, its first choice" in capsys.readouterr().out
    line = error_of(capsys, photo, "--model", "my_nets:on_functions", "--target", "dark")
    assert "have no names; give a number from 0 to 1" in line
    line = error_of(capsys, photo, "--model", "my_nets:on_functions", "--target", "2")
    assert "classes go from 0 to 1" in line


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("my_nets:mak", "my_nets has no 'mak'"),
        ("no_nets:make", "there is no module 'no_nets'"),
        ("my_nets:with_argument", "called without arguments"),
        ("my_nets:nothing", "must return a model, got NoneType"),
        ("my_nets.py:make", "without .py, and the function: my_nets:make"),
        ("./nets/my_nets.py:make", "without .py, and the function: nets.my_nets:make"),
        ("my_nets.py", "without .py, and the function: my_nets:FUNCTION"),
        ("my_nets", "is a module; name its function that returns the model, too: my_nets:FUNCTION"),
        ("my_nets:Small", "failed on a photo, (1, 3, 224, 224)"),
        ("efficientnet_lite", "did you mean efficientnet_lite0"),
        ("torchvision/resnet81", "did you mean torchvision/resnet18"),
        ("fashion_cnn", "takes no photos, but inputs of 1 x 28 x 28"),
        ("my.pt", "--model torchvision/resnet18 --weights my.pt"),
        ("xyzzy", "torchvision/NAME"),
    ],
)
@pytest.mark.fault("X2")
def test_models_that_cannot_be_taken(own, photo, capsys, name, words):
    line = error_of(capsys, photo, "--model", name)
    assert words in line
    assert "takes no photos; there are" not in line


@pytest.mark.parametrize("model", ["efficientnet_lite0", "my_nets:make"])
def test_weights_are_for_torchvision(own, photo, capsys, model):
    assert "is for models of torchvision" in error_of(
        capsys, photo, "--model", model, "--weights", "w.pt"
    )


def test_a_layer_by_torchvisions_own_name(photo, capsys):
    call = (photo, "--model", NET, "--method", "grad_cam", "--layer")
    assert run(*call, "features.6") == 0
    assert run(*call, "features.66") == 2
    assert "layer 'features.66' is not in the model" in capsys.readouterr().err


def test_a_program_as_weights_is_told_what_it_is(photo, folder, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(torch.nn.Linear(2, 2)).save(folder / "w.pt")
    line = error_of(capsys, photo, "--model", NET, "--weights", "w.pt")
    assert "w.pt is a TorchScript program, code and all" in line


def test_a_name_that_several_outputs_have_means_none_of_them(own, photo, folder, capsys):
    (folder / "names.txt").write_text("cat\ncat\n")
    given = ("--model", "my_nets:make", "--labels", "names.txt", "--target", "cat")
    assert "fits 2 classes: 0 cat, 1 cat; choose one by its number" in error_of(
        capsys, photo, *given
    )


def test_numbers_are_read_by_what_a_file_holds(folder, three_classes):
    save_file(three_classes, folder / "no_ending")
    assert set(read_numbers(folder / "no_ending")) == set(three_classes)


# ---- names of its outputs ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "sparrow\nrobin\n wren \n",
        '["sparrow", "robin", "wren"]',
        '{"2": "wren", "0": "sparrow", "1": "robin"}',
        '{"0": ["n01", "sparrow"], "1": ["n02", "robin"], "2": ["n03", "wren"]}',
    ],
)
def test_names_of_ones_own_classes(photo, folder, capsys, three_classes, text):
    (folder / "names.txt").write_text(text)
    torch.save(three_classes, folder / "net.pt")
    given = ("--model", "mobilenet_v3_small", "--weights", "net.pt", "--method", "gradient")
    assert run(photo, *given, "--labels", "names.txt", "--target", "wren") == 0
    out = capsys.readouterr().out
    assert "robin" in out  # the first guess
    assert 'the logit of "wren" (class 2)' in out
    assert "no class of mobilenet_v3_small" not in out
    assert "espresso" not in out
    said = error_of(capsys, photo, *given, "--labels", "names.txt", "--target", "wrem")
    assert "near it are 2 wren" in said


def test_as_many_names_as_outputs(photo, folder, capsys, three_classes):
    (folder / "names.txt").write_text("sparrow\nrobin\n")
    torch.save(three_classes, folder / "net.pt")
    given = ("--model", "mobilenet_v3_small", "--weights", "net.pt", "--labels", "names.txt")
    assert "--labels has 2 names, but the model has 3 outputs" in error_of(capsys, photo, *given)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"only one", "a name for each of two classes or more"),
        (b"a\n\nb", "a name for each of two classes or more"),
        (b'["a", 3]', "a name for each of two classes or more"),
        (b'["a", ', "begins like JSON and is none"),
        (b'{"1": "a", "2": "b"}', "must name the outputs 0 to 1, each once"),
        (b"\xff\xfe\x00", "is no text in UTF-8"),
    ],
)
def test_files_that_are_no_names(photo, folder, capsys, content, words):
    (folder / "names.txt").write_bytes(content)
    assert words in error_of(capsys, photo, "--labels", "names.txt")
    assert "there is no file nowhere.txt" in error_of(capsys, photo, "--labels", "nowhere.txt")
