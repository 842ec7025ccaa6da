"""What is explained is called what it is: a logit, a probability, the output; any precision."""

import json
import math
import sys

import pytest
import torch
from matplotlib.axes import Axes

import xaicourse as xc
from tests.explain.command import error_of, run
from xaicourse.core.picture_files import crop_224, read_rgb
from xaicourse.datasets.image_files import image_to_tensor
from xaicourse.explain.picture import draw
from xaicourse.explain.words import gap_words, same_digits

NETS = """
import torch
from torch import nn

class Light(nn.Module):
    class_names = ["dark", "light"]
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([-1.0, 3.0]))
    def forward(self, x):  # (N, 3, 224, 224) -> (N, 2)
        return nn.functional.linear(x.mean((1, 2, 3))[:, None], self.weight[:, None])

class Softmax(Light):
    def forward(self, x): return super().forward(x).softmax(1)
class Sigmoid(Light):
    def forward(self, x): return torch.sigmoid(super().forward(x))
class LogSoftmax(Light):
    def forward(self, x): return super().forward(x).log_softmax(1)
class Column(Light):
    class_names = None
    def forward(self, x): return super().forward(x)[:, 1:]
class Number(Column):
    def forward(self, x): return super().forward(x)[:, 0]
class Named(Column):
    class_names = ["age"]
class Chance(Number):
    def forward(self, x): return super().forward(x).sigmoid()
class Tiny(Number):
    def forward(self, x): return super().forward(x) / 1e4
class Empty(Light):
    def forward(self, x): return super().forward(x)[:, :0]
class Scalar(Light):
    def forward(self, x): return super().forward(x).sum()

def half(): return Light().half()
def double(): return Light().double()
def bfloat(): return Light().bfloat16()
def hidden():
    net = nn.Sequential(nn.AvgPool2d(224), nn.Flatten(), nn.Linear(3, 2)).half()
    return lambda x: net(x)
"""


@pytest.fixture(autouse=True)
def nets(folder, monkeypatch):
    (folder / "nets.py").write_text(NETS)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("nets", None)


@pytest.fixture
def mean(photo):
    """The mean of the photo, as the model sees it."""
    return float(image_to_tensor(crop_224(read_rgb(photo))).double().mean())


def facts_of(capsys, *arguments):
    assert run(*arguments, "--json") == 0
    (one,) = json.loads(capsys.readouterr().out)["photos"]
    return one


def relative(found, wanted):
    found, wanted = torch.tensor(found).double(), torch.tensor(wanted).double()
    return float((found - wanted).norm() / wanted.norm())


# ---------------------------------------------------------------- several outputs


QUANTITIES = {"Light": "logit", "Softmax": "probability", "Sigmoid": "probability",
              "LogSoftmax": "log-probability"}  # fmt: skip
SAID = {"Softmax": "are probabilities, not logits: a softmax",
        "Sigmoid": "need not add up to 100 %",
        "LogSoftmax": "are log-probabilities, not logits"}  # fmt: skip


@pytest.mark.parametrize("name", QUANTITIES)
def test_what_is_explained_is_called_what_it_is(photo, capsys, name):
    call = (photo, "--model", f"nets:{name}", "--target", "dark", "--method", "gradient")
    assert run(*call) == 0
    out = capsys.readouterr().out
    quantity = QUANTITIES[name]
    assert f'Explained: the {quantity} of "dark" (class 0), its choice number 2' in out
    assert f"\n{quantity.capitalize()}: " in out
    assert "logit of" not in out or quantity == "logit"
    assert ("Give the model without it" in out) == (quantity != "logit")
    assert SAID.get(name, "") in out
    one = facts_of(capsys, *call)
    assert one["explained"]["quantity"] == quantity
    assert (one["warning"] is None) == (quantity == "logit")


@pytest.mark.parametrize("name", QUANTITIES)
def test_percentages_are_never_softened_twice(photo, capsys, mean, name):
    logits = mean * torch.tensor([-1.0, 3.0], dtype=torch.float64)
    shares = logits.sigmoid() if name == "Sigmoid" else logits.softmax(0)
    explained = {"Light": logits, "LogSoftmax": logits.log_softmax(0)}.get(name, shares)
    one = facts_of(capsys, photo, "--model", f"nets:{name}", "--method", "gradient")
    assert [guess["name"] for guess in one["guesses"]] == ["light", "dark"]
    found = [guess["probability"] for guess in one["guesses"]]
    assert relative(found, shares.flip(0).tolist()) < 1e-6
    assert relative([one["explained"]["logit"]], [float(explained[1])]) < 1e-6


def test_the_words_of_a_decomposition_say_what_it_adds_up_to():
    record, values = xc.METHODS["fullgrad"], torch.ones(1, 1, 4, 4)
    result = xc.Attribution(
        values=values, kind="map", target=0, gap=torch.zeros(1), f_end=torch.ones(1),
        extra={"parts": {}},
    )  # fmt: skip
    assert "whose parts add up to the probability;" in gap_words(record, result, "probability")
    assert "whose parts add up to the logit;" in gap_words(record, result)


# ---------------------------------------------------------------- one output


@pytest.mark.parametrize("name", ["Column", "Number"])
@pytest.mark.parametrize("method", ["integrated_gradients", "gradient"])
def test_a_model_with_one_output_is_explained(photo, capsys, mean, name, method):
    call = (photo, "--model", f"nets:{name}", "--method", method)
    assert run(*call) == 0
    out = capsys.readouterr().out
    assert f"\n  {3 * mean:7.2f}  the output\n" in out
    assert "Explained: the output\n" in out
    assert "%  class" not in out
    assert "first choice" not in out
    assert "not sure" not in out
    one = facts_of(capsys, *call, "--target", "0")
    assert relative([one["explained"]["logit"]], [3 * mean]) < 1e-6
    assert one["explained"]["quantity"] == "output"
    assert one["guesses"] == [{"number": 0, "name": None, "probability": None}]
    if method == "integrated_gradients":  # the model is linear
        assert f"Rise:      from 0.00 for a black image to {3 * mean:.2f}\n" in out
        assert relative([one["map_sum"]], [3 * mean]) < 1e-5
    else:
        assert f"Output:    {3 * mean:.2f}\n" in out


@pytest.mark.parametrize("target", ["1", "dark", "-1"])
def test_another_target_than_the_only_output_is_refused(photo, capsys, target):
    assert run(photo, "--model", "nets:Column", "--target", target) == 2
    line = capsys.readouterr().err
    assert (
        "out of range" in line if target == "-1" else "has one output only; leave --target" in line
    )


def test_the_only_output_may_have_a_name(photo, capsys):
    call = (photo, "--model", "nets:Named", "--steps", "4")
    assert run(*call, "--target", "age") == 0
    assert 'Explained: the output "age"\n' in capsys.readouterr().out


def test_a_probability_alone_is_told_like_a_softmax(photo, capsys, mean):
    assert run(photo, "--model", "nets:Chance", "--method", "gradient") == 0
    out = capsys.readouterr().out
    assert "Its output is a probability, not a logit" in out
    chance = 1 / (1 + math.exp(-3 * mean))
    assert f"\n  {100 * chance:5.0f} %  the output\n" in out
    assert "Explained: the output, a probability\n" in out
    assert f"Probability: {chance:.2f}\n" in out
    one = facts_of(capsys, photo, "--model", "nets:Chance", "--method", "gradient")
    assert relative([one["guesses"][0]["probability"]], [chance]) < 1e-6


def test_small_outputs_keep_their_digits(photo, capsys, mean):
    assert run(photo, "--model", "nets:Tiny") == 0
    out = capsys.readouterr().out
    assert f"  {3e-4 * mean:.5f}  the output" in out
    assert f"for a black image to {3e-4 * mean:.5f}\n" in out
    assert same_digits(0.0, -3.14159) == ["0.00", "-3.14"]
    assert same_digits(0.0) == ["0.00"]


@pytest.mark.parametrize(
    ("name", "words"), [("Empty", "has no output"), ("Scalar", "or one number (1,), for a photo")]
)
def test_outputs_that_cannot_be_read(photo, capsys, name, words):
    assert words in error_of(capsys, photo, "--model", f"nets:{name}")


# ---------------------------------------------------------------- the picture


def words_of(picture):
    figure = picture.figure
    labels = [axis.get_ylabel() for axis in figure.axes if isinstance(axis, Axes)]
    return " ".join([figure.get_suptitle(), *labels, picture.alt])


@pytest.mark.parametrize("quantity", ["logit", "probability", "output"])
@pytest.mark.parametrize("method", ["gradient", "input_x_gradient"])
def test_the_picture_says_what_is_explained(method, quantity):
    x = torch.rand(1, 3, 56, 56, generator=torch.Generator().manual_seed(0))
    values = torch.randn(1, 3, 56, 56, generator=torch.Generator().manual_seed(1))
    result = xc.Attribution(values=values, kind="input", target=0, gradients=torch.ones(1))
    explained = "the output" if quantity == "output" else "class 3"
    said = words_of(draw(x, result, xc.METHODS[method], explained, quantity))
    of = {"gradient": "slope of the", "input_x_gradient": "effect on the"}[method]
    assert f"{of} {quantity}," in said
    assert ("logit" in said) == (quantity == "logit")
    speaks = method == "input_x_gradient" and quantity != "output"
    assert ("speaks for" in said) == speaks


# ---------------------------------------------------------------- precision


@pytest.mark.parametrize(
    ("name", "error"), [("half", 2e-3), ("bfloat", 2e-2), ("double", 1e-6), ("Light", 1e-6)]
)
@pytest.mark.parametrize("method", ["integrated_gradients", "smoothgrad", "occlusion"])
def test_a_model_of_any_precision_is_explained(photo, capsys, mean, name, error, method):
    samples = ["--samples", "2"] if method == "smoothgrad" else []
    one = facts_of(capsys, photo, "--model", f"nets:{name}", "--method", method, *samples)
    assert relative([one["explained"]["logit"]], [3 * mean]) < error
    if method == "integrated_gradients":
        assert relative([one["map_sum"]], [3 * mean]) < 5 * error


def test_a_precision_that_cannot_be_seen_is_named(photo, capsys):
    line = error_of(capsys, photo, "--model", "nets:hidden")
    assert "torch.float32" in line
    assert "return model.float()" in line
