"""Every public function, panel and class that takes settings says which keyword was meant."""

import inspect
import pickle

import pytest
import torch

import xaicourse as xc
from xaicourse.core import near_names
from xaicourse.widgets.panel import Panel

pytestmark = pytest.mark.fault("P11")

HOMES = [xc, *(home for name in xc.__all__ if inspect.ismodule(home := getattr(xc, name)))]
TAKE_SETTINGS = (  # classes that users make; the other public ones are results
    xc.TokenGrid, xc.evaluation.Blur, xc.evaluation.ChannelMean, xc.evaluation.Constant,
    xc.evaluation.Counterpart, xc.evaluation.Donor, xc.evaluation.Flip, xc.evaluation.Given,
    xc.evaluation.NoisyLinear, xc.evaluation.SmallTraining, xc.evaluation.Uniform,
    xc.people.SimulatedRater, xc.people.SimulatedReader,
)  # fmt: skip


def settings_of(thing):
    """Return the names that a caller writes out: keyword-only ones, and all of a class.

    Where a function hands **settings on, the one that gets them answers.
    """
    if not inspect.isclass(thing):
        parameters = inspect.signature(thing).parameters.values()
        hands_on = any(p.kind is p.VAR_KEYWORD for p in parameters)
        return [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and not hands_on]
    is_panel = issubclass(thing, Panel) and thing is not Panel
    return [*inspect.signature(thing).parameters] if is_panel or thing in TAKE_SETTINGS else []


def public():
    """Return "home.name" -> every public function and class that takes settings."""
    found = {
        f"{home.__name__}.{name}": getattr(home, name)
        for home in HOMES
        for name in home.__all__
        if inspect.isroutine(getattr(home, name)) or inspect.isclass(getattr(home, name))
    }
    return {name: thing for name, thing in found.items() if settings_of(thing)}


PUBLIC = public()


@pytest.mark.parametrize("name", PUBLIC)
def test_a_letter_too_many_is_named_with_what_was_meant(name):
    meant = max(settings_of(PUBLIC[name]), key=len)
    with pytest.raises(TypeError, match=f"did you mean '{meant}'") as refused:
        PUBLIC[name](**{meant + meant[-1]: None})
    called = PUBLIC[name].__name__
    assert str(refused.value).startswith(f"{called}() got an unexpected keyword argument")


@pytest.mark.parametrize(
    ("function", "elsewhere", "here"),
    [
        (xc.smoothgrad, "n_samples", "samples"),
        (xc.deep_shap, "references", "baselines"),
        (xc.integrated_gradients, "internal_batch_size", "batch_size"),
        (xc.evaluation.deletion, "n_steps", "steps"),
        (xc.robustness.attack_map, "epsilon", "eps"),
        (xc.widgets.PathPanel, "n_steps", "steps"),
        (xc.plot.maps, "alt_text", "alt"),
    ],
)
def test_names_of_other_libraries_are_understood(function, elsewhere, here):
    with pytest.raises(TypeError, match=f"{elsewhere!r}; did you mean {here!r}"):
        function(**{elsewhere: 1})


def test_a_name_without_a_neighbour_is_answered_with_all_there_are():
    with pytest.raises(TypeError, match=r"there are model, layer, x, call, part, batch_size$"):
        xc.at_layer(zzz=1)


def test_a_function_stays_what_it_was():
    def power(base, *, exponent=2):
        return base**exponent

    called = near_names.suggest_names(power)
    assert called(3, exponent=3) == 27
    assert called.__name__ == "power"
    assert str(inspect.signature(called)) == "(base, *, exponent=2)"
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'base'"):
        called()
    assert pickle.loads(pickle.dumps(xc.at_layer)) is xc.at_layer


def test_a_function_that_hands_settings_on_lets_the_other_answer():
    def load(name, **settings):
        return settings

    assert near_names.suggest_names(load) is load


def test_a_warning_names_the_callers_line():
    net, x = xc.zoo.load("fashion_cnn"), torch.rand(1, 1, 28, 28)
    with pytest.warns(UserWarning, match="moved nothing") as told:
        xc.robustness.attack_map(net, x, 3, steps=1)
    assert told[0].filename == __file__
