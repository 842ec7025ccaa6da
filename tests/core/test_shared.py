"""What methods and metrics share is spelled out, in place, for each of them."""

import inspect
from typing import Any, Unpack

import pytest
import torch

import xaicourse as xc
from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask
from xaicourse.core.registry import LESSON_OF, name_lessons
from xaicourse.core.shared import (
    OF_METHODS,
    Asked,
    Differentiable,
    MirroredCopies,
    NoisyCopies,
    complete,
)
from xaicourse.core.shared_of_metrics import OF_METRICS, Removing, RemovingInOrder


def method(
    model, x, target=None, *, baseline: float = 0.0, allow: tuple = (), **asked: Unpack[Asked]
):
    """Explain.

    Parameters
    ----------
    baseline : number
        Mine.

    Returns
    -------
    dict
        What was asked.

    Raises
    ------
    ValueError, TypeError
        Also for a bad baseline.

    Notes
    -----
    None.
    """
    return {"baseline": baseline, "allow": allow, **asked}


def metric(model, x, attribution, *, imputer: Any = "blur", **asked: Unpack[Removing]):
    """Measure.

    Returns
    -------
    dict
    """
    return {"imputer": imputer, **asked}


def names(function) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_signature_has_all_in_the_order_of_the_table():
    expected = ["model", "x", "target", "baseline", "output", "batch_size", "allow"]
    assert names(complete(method)) == expected
    assert names(complete(method, also=("return_details",))) == [*expected, "return_details"]
    asked = ["imputer", "output", "channels", "sign", "unit", "steps", "seed", "batch_size"]
    assert names(complete(metric, OF_METRICS)) == ["model", "x", "attribution", *asked]


def test_defaults_reach_the_body_and_what_is_given_wins():
    function = complete(method)
    assert function(None, None) == {
        "baseline": 0.0, "allow": (), "output": "logit", "batch_size": None
    }  # fmt: skip
    assert function(None, None, output="margin", baseline=2)["output"] == "margin"
    assert complete(metric, OF_METRICS)(None, None, None)["output"] == "probability"


def test_unknown_keyword_is_refused_in_the_functions_own_name():
    with pytest.raises(TypeError, match=r"^method\(\) got an unexpected keyword argument 'stops'"):
        complete(method)(None, None, stops=3)


def test_docstring_lists_the_signature_and_keeps_the_functions_own_words():
    text = complete(method).__doc__
    block = text.partition("Parameters\n----------\n")[2].partition("\n\n")[0]
    heads = [line.partition(" : ")[0] for line in block.splitlines() if line[0] != " "]
    assert heads == names(complete(method))
    assert "baseline : number\n    Mine." in block
    assert OF_METHODS.words["output"] in block


def test_raises_says_the_shared_sentence_first():
    text = complete(method).__doc__
    sentence = OF_METHODS.raises["ValueError, TypeError"]
    assert f"ValueError, TypeError\n    {sentence}\n    Also for a bad baseline." in text
    assert "UnsupportedOperationError" in text  # it has `allow`
    assert "LayerError" not in text  # and no `layer`
    assert OF_METRICS.raises["ValueError, TypeError"] in complete(metric, OF_METRICS).__doc__


def test_a_docstring_without_sections_stays():
    def plain(model, x, **asked: Unpack[Asked]):
        """Do it."""

    assert complete(plain).__doc__ == "Do it."


@pytest.mark.parametrize("form", [Asked, Differentiable, NoisyCopies, MirroredCopies])
def test_every_shared_setting_of_a_method_has_words_and_a_default(form):
    keys = inspect.get_annotations(form).keys()
    assert keys <= OF_METHODS.words.keys()
    assert keys <= OF_METHODS.defaults.keys()


def test_every_shared_setting_of_a_metric_has_words_and_a_default():
    keys = inspect.get_annotations(RemovingInOrder).keys()
    assert keys <= OF_METRICS.words.keys()
    assert keys == OF_METRICS.defaults.keys()


def test_a_method_on_images_says_so():
    assert "x : Tensor (N, C, H, W)\n    Images." in xc.grad_cam.__doc__
    assert "x : Tensor (N, ...)\n    Inputs." in xc.gradient.__doc__


# ---- what goes on record ------------------------------------------------------------------------


def test_of_fills_target_dtype_and_gradients():
    x = torch.ones(3, 2, dtype=torch.float16)
    question = ask(lambda x: x @ x.new_tensor([[1.0, 2], [3, 4]]), x, 1)
    found = Attribution.of(question, torch.ones(3, 2), f_end=torch.zeros(3))
    assert (found.values.dtype, found.kind) == (torch.float16, "input")
    assert found.target is question.target
    assert found.gradients.tolist() == [1, 1, 1]
    assert Attribution.of(question, torch.ones(3), kind="map").kind == "map"


def test_settings_on_record_are_those_asked_and_those_made_of_them():
    toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    found = xc.input_x_gradient(toy, x, baseline=1.0, batch_size=1, return_details=True)
    assert found.settings == {"baseline": 1.0, "output": "logit"}
    found = xc.rectgrad(toy, x, tau=0.0, return_details=True)
    assert found.settings == {
        "quantile": None, "tau": 0.0, "times_input": True, "output": "logit", "allow": ()
    }  # fmt: skip
    found = xc.integrated_gradients(toy, x, tol=0.1, return_details=True)
    assert (found.settings["steps"], found.settings["quadrature"]) == (1000, "adaptive")


# ---- lessons ------------------------------------------------------------------------------------


def test_lessons_come_from_above(monkeypatch):
    record, text = xc.METHODS["gradient"], xc.gradient.__doc__
    assert record.lesson == LESSON_OF["gradient"] == "01"
    monkeypatch.setitem(LESSON_OF, "gradient", "01")
    monkeypatch.setattr(record.method, "__doc__", text.replace("\n\nLesson 01.", ""))
    name_lessons({"gradient": "77"})
    assert record.lesson == "77"
    assert record.method.__doc__ == text.replace("Lesson 01.", "Lesson 77.")
