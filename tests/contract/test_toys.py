"""A toy method of every kind passes the contract of its kind, and a wrong one does not."""

from dataclasses import replace

import pytest
import torch

import xaicourse as xc
from tests.contract import checks, toys
from xaicourse.core.registry import InputKind, ResultKind


@pytest.mark.parametrize(("input", "result"), toys.KINDS, ids=lambda kind: str(kind))
def test_toy_keeps_the_contract(input, result):
    with checks.registered(toys.make_method(input, result)) as record:
        assert xc.METHODS[record.name] is record
        for check in checks.CHECKS.values():
            check(record)
    assert record.name not in xc.METHODS


def test_there_is_a_toy_of_every_kind():
    assert {kind for kind, _ in toys.KINDS} == set(InputKind) == set(toys.EXAMPLES)
    assert {kind for _, kind in toys.KINDS} == set(ResultKind) == set(toys.VALUES)


def as_input(found):
    return found.shares


WRONG_FORMS = {
    "a map with channels": (InputKind.IMAGE, ResultKind.MAP, as_input),
    "a map of half the size": (
        InputKind.IMAGE,
        ResultKind.MAP,
        lambda found: found.shares.sum(1, keepdim=True)[..., ::2, ::2],
    ),
    "a layer's values in the shape of x": (InputKind.IMAGE, ResultKind.LAYER, as_input),
    "pairs flattened": (
        InputKind.ANY,
        ResultKind.PAIR,
        lambda found: (found.shares[:, :, None] * found.shares[:, None, :]).flatten(1),
    ),
    "numbers instead of tokens": (InputKind.EMBEDDINGS, ResultKind.TOKENS, as_input),
    "parts that do not add up": (
        InputKind.GP,
        ResultKind.DECOMPOSITION,
        lambda found: toys.joined(toys.parts(found)) * (1 + 1e-9),
    ),
    "parts that are missing": (InputKind.TREE, ResultKind.DECOMPOSITION, as_input),
}


@pytest.mark.parametrize(("input", "result", "values_of"), WRONG_FORMS.values(), ids=WRONG_FORMS)
def test_a_wrong_form_is_caught(input, result, values_of):
    method = toys.make_method(input, result, values_of)
    with checks.registered(method) as record, pytest.raises(AssertionError):
        checks.check_form(record)


def test_named_parts_that_do_not_add_up_are_caught():
    def without_biases(found):
        return {"input": found.shares, "biases": 0 * found.question.scores_at_x}

    method = toys.make_method(
        InputKind.ANY,
        ResultKind.DECOMPOSITION,
        lambda found: toys.joined(without_biases(found)),
        without_biases,
    )
    with checks.registered(method) as record, pytest.raises(AssertionError, match="do not add up"):
        checks.check_form(record)


WRONG_DATASETS = {
    "one result a row": as_input,
    "only the first row": lambda found: found.shares[0],
    "rows weighted by their place": lambda found: (
        found.shares.T @ torch.arange(1.0, 1 + len(found.shares), dtype=torch.float64)
    ),
}


@pytest.mark.parametrize("values_of", WRONG_DATASETS.values(), ids=WRONG_DATASETS)
def test_a_wrong_result_for_a_data_set_is_caught(values_of):
    method = toys.make_method(InputKind.ANY, ResultKind.DATASET, values_of)
    with checks.registered(method) as record, pytest.raises(AssertionError):
        checks.check_row_order(record)


def test_a_method_that_mixes_up_what_is_bound_to_rows_is_caught():
    method = toys.make_method(InputKind.GRAPH, ResultKind.INPUT)

    def mixed_up(model, *args, **settings):
        extras = {name: extra.flip(0) for name, extra in model.extras.items()}
        return method(xc.bind(model.model, **extras), *args, **settings)

    with checks.registered(method) as record:
        wrong = replace(record, method=mixed_up)
        with pytest.raises(AssertionError, match="a batch against its rows"):
            checks.check_row_independence(wrong)


def test_a_method_for_any_input_that_reads_only_two_axes_is_caught():
    def as_a_matrix(found):
        return found.shares.sum(-1, keepdim=True) * torch.ones_like(found.shares)

    method = toys.make_method(InputKind.ANY, ResultKind.INPUT, as_a_matrix)
    with checks.registered(method) as record, pytest.raises(AssertionError, match="another shape"):
        checks.check_input_kind(record)
