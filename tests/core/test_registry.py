"""The registry, specs, and what a record refuses."""

import json
import pickle
from types import SimpleNamespace

import pytest
import torch

import xaicourse as xc
from xaicourse.core.attribution import relative_gap
from xaicourse.core.registry import attribution_method, watch_calls
from xaicourse.methods.examples import small_classifier

FACTS = {
    "title": "A test",
    "year": 2000,
    "paper": "none",
    "family": "vanilla",
    "cost": lambda settings: 1,
    "example": small_classifier,
}


def body(model, x, target=None, *, output="logit", batch_size=None):
    return xc.Attribution(torch.zeros_like(x), kind="input", target=target)


@pytest.fixture(autouse=True)
def clean_registry():
    before = dict(xc.METHODS)
    yield
    xc.METHODS.clear()
    xc.METHODS.update(before)


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("family", "magic"),
        ("claims", {"beauty"}),
        ("needs", {"luck"}),
        ("input", "smell"),
        ("result", "poem"),
    ],
)
def test_unknown_facts_are_refused(fact, value):
    word = next(iter(value)) if isinstance(value, set) else value
    with pytest.raises(ValueError, match=word):
        attribution_method(**{**FACTS, fact: value})(body)
    assert "body" not in xc.METHODS


def test_no_example_no_registration():
    facts = {k: v for k, v in FACTS.items() if k != "example"}
    with pytest.raises(TypeError, match="example"):
        attribution_method(**facts)(body)


def test_a_name_belongs_to_one_file():
    attribution_method(**FACTS)(body)
    attribution_method(**FACTS)(body)  # the same file read again, as a notebook does

    def stranger(model, x, target=None, *, output="logit", batch_size=None):
        return body(model, x)

    stranger.__name__ = "integrated_gradients"
    with pytest.raises(ValueError, match="integrated_gradients is registered already"):
        attribution_method(**FACTS)(stranger)
    assert xc.METHODS["integrated_gradients"].method is xc.integrated_gradients


def test_the_record_knows_its_method():
    record = xc.METHODS["integrated_gradients"]
    assert xc.integrated_gradients.record is record
    assert record.method is xc.integrated_gradients
    assert record.year == 2017
    assert "completeness" in record.claims
    with pytest.raises(AttributeError):
        record.year = 2018
    assert record.cost({}) == 50
    assert record.cost({"steps": 8}) == 8
    assert record.cost({"steps": 8, "quadrature": "trapezoid"}) == 9


def test_values_or_details():
    x = torch.ones(2, 3)
    assert isinstance(xc.gradient(lambda x: x.sum(1), x), torch.Tensor)
    found = xc.gradient(lambda x: x.sum(1), x, return_details=True)
    assert isinstance(found, xc.Attribution)
    assert found.relative_gap is None  # a gradient is not meant to add up to anything


def test_watch_calls():
    x = torch.ones(1, 2)
    with watch_calls() as outer:
        xc.gradient(lambda x: x.sum(1), x)
        with watch_calls() as inner:
            xc.integrated_gradients(lambda x: x.sum(1), x)
        xc.scores(lambda x: x.sum(1), x)
        with pytest.raises(TypeError):
            xc.input_x_gradient(lambda x: x.sum(1), [1.0])
    xc.gradient(lambda x: x.sum(1), x)
    assert outer == ["gradient", "integrated_gradients", "input_x_gradient"]
    assert inner == ["integrated_gradients"]


def test_relative_gap():
    t = torch.tensor
    got = relative_gap(
        t([0.1, -0.1, 0.0, 0.01]), t([0.0, 1.0, 2.0, 10.0]), t([1.0, 0.0, 2.0, 10.0])
    )
    # where nothing rises, the scale is a thousandth of the scores themselves
    assert got.tolist() == pytest.approx([0.1, 0.1, 0.0, 0.5])
    assert relative_gap(t([0.0]), t([0.0]), t([0.0])).tolist() == [0]
    assert float(relative_gap(t([1.0]).double(), t([0.0]).double(), t([0.0]).double())) > 1e100


# ---- spec --------------------------------------------------------------------------------------


def test_spec_is_a_value():
    spec = xc.spec("integrated_gradients", steps=32, baseline="black", tol=None)
    again = xc.spec("integrated_gradients", tol=None, baseline="black", steps=32)
    assert spec == again
    assert hash(spec) == hash(again)
    assert len({spec, again, xc.spec("integrated_gradients", steps=31)}) == 2
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert type(spec).from_json(spec.to_json()) == spec
    assert json.loads(spec.to_json())["settings"] == {"steps": 32, "baseline": "black", "tol": None}
    assert spec != "integrated_gradients"


def test_specs_are_equal_when_their_json_is():
    for one, two in ((1, True), (0, 0.0), (0, False)):
        a = xc.spec("integrated_gradients", baseline=one)
        b = xc.spec("integrated_gradients", baseline=two)
        assert (a == b) == (a.to_json() == b.to_json())
        assert len({a, b}) == len({a.to_json(), b.to_json()})


def test_spec_is_called_like_its_method(close):
    x = torch.rand(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def model(x):
        return (x**3).sum(1)

    spec = xc.spec("integrated_gradients", steps=7, quadrature="left")
    close(spec(model, x), xc.integrated_gradients(model, x, steps=7, quadrature="left"))
    found = spec(model, x, batch_size=1, return_details=True)
    assert found.settings["steps"] == 7


def test_spec_refuses():
    with pytest.raises(
        ValueError, match=r"no method 'integrated_gradient'; did you mean 'integrated_gradients'"
    ):
        xc.spec("integrated_gradient")
    for bad in ("x", "model", "target"):
        with pytest.raises(ValueError, match=f"has no setting '{bad}'; there are baseline, steps"):
            xc.spec("integrated_gradients", **{bad: 1})
    for bad in (torch.zeros(1), [1], lambda: 0, SimpleNamespace()):
        with pytest.raises(TypeError, match=r"setting baseline is a .*numbers, texts"):
            xc.spec("integrated_gradients", baseline=bad)
    with pytest.raises(ValueError, match="setting tol is nan"):
        xc.spec("integrated_gradients", tol=float("nan"))


def test_a_setting_that_another_one_replaces_is_refused():
    toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    for rule in ("left", "gauss_legendre"):
        with pytest.raises(ValueError, match=f"tol=0.1 takes the place of quadrature, .*'{rule}'"):
            xc.integrated_gradients(toy, x, tol=0.1, quadrature=rule)
    with pytest.raises(ValueError, match=r"tol=0.1 takes the place of quadrature"):
        xc.split_ig(toy, x, tol=0.1, quadrature="midpoint")
    with pytest.raises(ValueError, match=r"tau=0.0 takes the place of quantile, .*quantile=0.5"):
        xc.rectgrad(toy, x, tau=0.0, quantile=0.5)
    with pytest.raises(ValueError, match=r"probes=3 is for quadrature='decision', got 'left'"):
        xc.integrated_decision_gradients(toy, x, probes=3, quadrature="left")
    halves = torch.tensor([[0, 0, 1, 1]]).expand(1, 4, 4)
    settings = {"segments": halves, "smallest": 4}
    with pytest.raises(ValueError, match=r"segments=... takes the place of smallest"):
        xc.xrai(lambda x: x[:, 0, 0, 0], torch.ones(1, 1, 4, 4), **settings)
    both = xc.integrated_gradients(toy, x, tol=0.1, quadrature="adaptive")
    assert torch.equal(both, xc.integrated_gradients(toy, x, tol=0.1))
