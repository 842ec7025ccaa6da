"""Deliberately wrong metrics must be caught: the contract's checks are tested themselves.

Each mutant is a toy metric or deletion with one mistake, registered for the length of a test. Its
row says which check must notice it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

import xaicourse as xc
from tests.contract import metric_checks as checks
from tests.contract import toys
from xaicourse.evaluation import METRICS, MetricResult
from xaicourse.evaluation.registry import MetricKind, metric
from xaicourse.evaluation.removal import additive_example

MISTAKES: dict[str, tuple[str, Callable[..., MetricResult]]] = {}


def caught_by(check: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def note(mistake: Callable[..., Any]) -> Callable[..., Any]:
        MISTAKES[f"{mistake.__name__} -> {check}"] = (check, mistake)
        return mistake

    return note


def right(*args: Any, **settings: Any) -> MetricResult:
    return replace(xc.evaluation.deletion(*args, **settings), name="mutant")


def mutant(mistake: Callable[..., MetricResult]) -> Any:
    """Register deletion with a mistake: mistake(model, x, attribution, target, **settings)."""

    def body(model, x, attribution, target=None, *, imputer="black", output="probability",
             sign="keep", steps=None, seed=0, batch_size=None):  # fmt: skip
        settings = {"imputer": imputer, "output": output, "sign": sign, "steps": steps}
        settings |= {"seed": seed, "batch_size": batch_size}
        return mistake(model, x, attribution, target, **settings)

    body.__name__ = "mutant"
    return metric(
        title="A mutant", year=2000, paper="none", kind="curve", direction="lower",
        rank_only=True, example=additive_example,
    )(body)  # fmt: skip


def with_values(result: MetricResult, values: torch.Tensor) -> MetricResult:
    return replace(result, values=values)


# ---- the order and the direction ----------------------------------------------------------------


@caught_by("direction")
def removes_the_least_important_first(model, x, attribution, target, **settings):
    return right(model, x, -attribution, target, **settings)


@caught_by("result")
def says_the_wrong_direction(*args, **settings):
    return replace(right(*args, **settings), direction="higher")


@caught_by("direction")
def ignores_the_map(model, x, attribution, target, **settings):
    return right(model, x, torch.zeros_like(attribution), target, **settings)


@caught_by("scaling")
def rounds_the_map(model, x, attribution, target, **settings):
    return right(model, x, attribution.round(), target, **settings)


@caught_by("scaling")
def weighs_by_the_size_of_the_map(model, x, attribution, target, **settings):
    found = right(model, x, attribution, target, **settings)
    return with_values(found, found.values * attribution.flatten(1).norm(dim=1))


# ---- rows ---------------------------------------------------------------------------------------


@caught_by("row_independence")
def normalises_over_the_batch(model, x, attribution, target, **settings):
    found = right(model, x, attribution, target, **settings)
    return with_values(found, found.values / found.values.abs().max())


@caught_by("row_independence")
def orders_all_images_like_the_first(model, x, attribution, target, **settings):
    return right(model, x, attribution[:1].expand_as(attribution), target, **settings)


@caught_by("row_order")
def counts_rows(*args, **settings):
    found = right(*args, **settings)
    place = torch.arange(len(found.values), device=found.values.device)
    return with_values(found, found.values * (1 + 1e-6 * place))


@caught_by("batch_size")
def reads_only_the_first_chunk(model, x, attribution, target, *, batch_size, **settings):
    found = right(model, x, attribution, target, batch_size=batch_size, **settings)
    seen = found.values[: batch_size or len(x)]
    return with_values(found, seen.mean().expand(len(x)).clone())


@caught_by("result")
def averages_the_images(*args, **settings):
    found = right(*args, **settings)
    return with_values(found, found.values.mean())


@caught_by("flat_memory")
def takes_all_images_at_once(model, x, attribution, target, **settings):
    model(x.repeat(9, 1))
    return right(model, x, attribution, target, **settings)


# ---- what has no value --------------------------------------------------------------------------


@caught_by("nan_map")
def averages_nan_away(model, x, attribution, target, **settings):
    return right(model, x, attribution.nan_to_num(0.0, 0.0, 0.0), target, **settings)


@caught_by("nan_map")
def gives_zero_for_nan(*args, **settings):
    found = right(*args, **settings)
    return with_values(found, found.values.nan_to_num(0.0))


@caught_by("nan_map")
def lets_nan_spread_over_the_batch(*args, **settings):
    found = right(*args, **settings)
    return with_values(found, found.values + 0 * found.values.sum())


@caught_by("nan_map")
def keeps_the_curve_of_a_map_without_an_order(model, x, attribution, target, **settings):
    found = right(model, x, attribution, target, **settings)
    whole = right(model, x, attribution.nan_to_num(0.0, 0.0, 0.0), target, **settings)
    return replace(found, curve=whole.curve)


@caught_by("constant_map")
def divides_by_the_range_of_the_map(model, x, attribution, target, **settings):
    flat = attribution.flatten(1)
    low, high = flat.aminmax(dim=1, keepdim=True)
    return right(model, x, ((flat - low) / (high - low)).view_as(x), target, **settings)


# ---- the caller's things ------------------------------------------------------------------------


@caught_by("inputs_untouched")
def blacks_out_x_itself(model, x, attribution, target, **settings):
    found = right(model, x, attribution, target, **settings)
    x[:, 0] = 0
    return found


@caught_by("inputs_untouched")
def normalises_the_map_in_place(model, x, attribution, target, **settings):
    found = right(model, x, attribution, target, **settings)
    attribution.div_(2)
    return found


@caught_by("inputs_untouched")
def resets_the_gradient_of_x(model, x, attribution, target, **settings):
    x.grad = None
    return right(model, x, attribution, target, **settings)


@caught_by("model_restored")
def leaves_a_hook(model, x, attribution, target, **settings):
    if isinstance(model, torch.nn.Module):
        model.register_forward_hook(lambda module, inputs, output: None)
    return right(model, x, attribution, target, **settings)


@caught_by("model_restored")
def restores_the_mode_only_when_all_goes_well(model, x, attribution, target, **settings):
    if not isinstance(model, torch.nn.Module):
        return right(model, x, attribution, target, **settings)
    mode = model.harmless.training
    model.harmless.training = False
    found = right(model, x, attribution, target, **settings)
    model.harmless.training = mode
    return found


@caught_by("model_restored")
def swallows_the_models_error(model, x, attribution, target, **settings):
    try:
        return right(model, x, attribution, target, **settings)
    except ValueError:
        return right(lambda x: x.sum(1), x, attribution, target, **settings)


@caught_by("repeatable")
def seeds_the_world(*args, seed, **settings):
    torch.manual_seed(seed)
    return right(*args, seed=int(torch.randint(9, ())), **settings)


@caught_by("repeatable")
def draws_from_the_world(*args, **settings):
    found = right(*args, **settings)
    return with_values(found, found.values + 1e-9 * torch.randn(len(found.values)))


CALLS: list[int] = []


@caught_by("repeatable")
def leaks_state(*args, **settings):
    CALLS.append(1)
    found = right(*args, **settings)
    return with_values(found, found.values + 1e-9 * len(CALLS))


# ---- formats, devices, records ------------------------------------------------------------------


@caught_by("pretend_gpu")
def leaks_the_device(*args, **settings):
    found = right(*args, **settings)
    return with_values(found, found.values + torch.zeros(len(found.values)))


@caught_by("pretend_gpu")
def answers_on_the_cpu(*args, **settings):
    found = right(*args, **settings)
    return with_values(found, found.values.cpu())


@caught_by("layout")
def reads_the_memory_as_it_lies(model, x, attribution, target, **settings):
    found = right(model, x, attribution, target, **settings)
    first = x.as_strided(x.shape, (x.shape[1], 1))[:, 1]
    return with_values(found, found.values + 1e-6 * first)


@caught_by("precisions")
def rounds_to_half(model, x, attribution, target, **settings):
    if x.dtype == torch.float32:
        x = (x * 1.001).half().float()
    return right(model, x, attribution, target, **settings)


@caught_by("result")
def answers_in_float32(*args, **settings):
    found = right(*args, **settings)
    return with_values(found, found.values.float())


@caught_by("protocol")
def forgets_the_scale(*args, output, **settings):
    return right(*args, output="logit", **settings)


@caught_by("protocol")
def forgets_the_seed(*args, seed, **settings):
    return right(*args, seed=0, **settings)


@caught_by("protocol")
def leaves_the_imputer_out(*args, **settings):
    found = right(*args, **settings)
    return replace(found, protocol=replace(found.protocol, imputer=""))


@caught_by("batch_size")
def puts_the_batch_size_on_record(*args, batch_size, **settings):
    found = right(*args, batch_size=batch_size, **settings)
    own = (("batch_size", batch_size),)
    return replace(found, protocol=replace(found.protocol, own=own))


@pytest.mark.parametrize(("check", "mistake"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_caught(check, mistake):
    record = mutant(mistake).record
    try:
        with pytest.raises((AssertionError, RuntimeError)):
            checks.CHECKS[check](record)
    finally:
        METRICS.pop("mutant")


def test_the_copy_without_a_mistake_passes():
    record = mutant(right).record
    try:
        for name, check in checks.CHECKS.items():
            if name != "documentation":
                check(record)
    finally:
        METRICS.pop("mutant")


def test_a_metric_without_documentation_is_caught():
    record = mutant(right).record
    try:
        with pytest.raises(AssertionError, match="docstring"):
            checks.check_documentation(record)
    finally:
        METRICS.pop("mutant")


def test_without_the_decorators_mode_an_inference_tensor_is_caught():
    record = METRICS["deletion"]
    bare = replace(record, metric=record.metric.__wrapped__)
    with pytest.raises(AssertionError, match="inference"):
        checks.check_caller_modes(bare)


# ---- the other kinds ----------------------------------------------------------------------------


def test_a_mask_metric_that_counts_the_outside_is_caught():
    def outside(model, x, attribution, target=None, *, mask):
        return toys.toy_mask(model, x, attribution, target, mask=~mask)

    outside.__name__ = "toy_mask"
    with (
        toys.registered_metric(MetricKind.MASK, outside) as record,
        pytest.raises(AssertionError, match="higher is better"),
    ):
        checks.check_direction(record)


def test_a_mask_metric_that_uses_the_first_mask_for_all_is_caught():
    def first(model, x, attribution, target=None, *, mask):
        return toys.toy_mask(model, x, attribution, target, mask=mask[:1].expand_as(mask))

    first.__name__ = "toy_mask"
    with (
        toys.registered_metric(MetricKind.MASK, first) as record,
        pytest.raises(AssertionError, match="row 1 alone"),
    ):
        checks.check_row_independence(record)


def test_a_mask_metric_that_makes_an_empty_mask_a_hit_is_caught():
    """As PointingGame of Quantus 0.6.0, whose array of booleans turns NaN into True."""

    def hit(model, x, attribution, target=None, *, mask):
        found = toys.toy_mask(model, x, attribution, target, mask=mask)
        return replace(found, values=found.values.nan_to_num(1.0))

    hit.__name__ = "toy_mask"
    with (
        toys.registered_metric(MetricKind.MASK, hit) as record,
        pytest.raises(AssertionError, match="a mask that says nothing gives a value"),
    ):
        checks.check_mask_without_truth(record)


@pytest.mark.parametrize("asks", ["the model", "for x"])
def test_a_map_metric_that_asks_is_caught(asks):
    def asking(model, x, attribution, target=None):
        if asks == "the model":
            model(x)
        return toys.toy_map(model, x.clone(), attribution)

    asking.__name__ = "toy_map"
    with (
        toys.registered_metric(MetricKind.MAP, asking) as record,
        pytest.raises((AssertionError, AttributeError), match=r"asked the model|clone"),
    ):
        checks.check_needs_no_model(record)


def test_a_level_of_chance_on_another_scale_is_caught():
    def percent(model, x, attribution, target=None, *, mask):
        found = toys.toy_mask(model, x, attribution, target, mask=mask)
        return replace(found, chance=100 * found.chance)

    percent.__name__ = "toy_mask"
    with (
        toys.registered_metric(MetricKind.MASK, percent) as record,
        pytest.raises(AssertionError, match="1 is the best value"),
    ):
        checks.check_result(record)


def test_a_data_metric_that_sees_the_order_of_the_images_is_caught():
    def ordered(
        train, data, method, *, trainings=1, model=None, seed=0, keep=None, batch_size=None
    ):
        found = toys.toy_data(train, data, method, trainings=trainings, model=model, seed=seed)
        first = 1 + float(data[1][1][0])  # the label of the first row
        return replace(found, values=first * found.values)

    ordered.__name__ = "toy_data"
    with (
        toys.registered_metric(MetricKind.DATA, ordered) as record,
        pytest.raises(AssertionError, match="permuted rows"),
    ):
        checks.check_row_order(record)


def data_mutant(change):
    """Return the toy of a data set with a mistake: change(train, data, method, settings)."""

    def mutant(train, data, method, *, trainings=1, model=None, seed=0, keep=None, batch_size=None):
        settings = {"trainings": trainings, "model": model, "seed": seed, "keep": keep}
        train, data, method, settings = change(
            train, data, method, {**settings, "batch_size": batch_size}
        )
        return toys.toy_data(train, data, method, **settings)

    mutant.__name__ = "toy_data"
    return toys.registered_metric(MetricKind.DATA, mutant)


def without_gradients(train):
    def trained(*given):
        with torch.no_grad():
            return train(*given)

    return trained


DATA_MISTAKES = {
    "explains all rows for one target": (
        "explains_again",
        lambda train, data, method, settings: (
            train, data, lambda model, x, target: method(model, x, target[:1]), settings
        ),
        "a target for each row",
    ),
    "trains without gradients": (
        "training_that_fails",
        lambda train, data, method, settings: (without_gradients(train), data, method, settings),
        "nothing can be trained without gradients",
    ),
    "explains without a graph": (
        "explains_again",
        lambda train, data, method, settings: (train, data, torch.no_grad()(method), settings),
        "a method cannot differentiate",
    ),
    "counts NaN as nothing": (
        "nan_map",
        lambda train, data, method, settings: (
            train, data, lambda *asked: method(*asked).nan_to_num(0.0), settings
        ),
        "a data set with a map of NaN has a value",
    ),
    "asks the net about all rows at once": (
        "flat_memory",
        lambda train, data, method, settings: (
            train, data, method, {**settings, "batch_size": None}
        ),
        "32 images at once",
    ),
    "seeds the global generator": (
        "repeatable",
        lambda train, data, method, settings: (
            torch.manual_seed(0) and train, data, method, settings
        ),
        "a global random generator was used or seeded",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", DATA_MISTAKES)
def test_a_mistake_with_trainings_is_caught(mistake):
    check, change, said = DATA_MISTAKES[mistake]
    with data_mutant(change) as record, pytest.raises(AssertionError, match=said):
        checks.CHECKS[check](record)


def explaining_mutant(mistake):
    """Return a body for the toy that explains again: mistake(model, x, method, target, ...)."""

    def body(model, x, method, target=None, *, output="logit", seed=0, batch_size=None):
        return mistake(model, x, method, target, output=output, seed=seed, batch_size=batch_size)

    body.__name__ = "toy_explain"
    return body


def does_not_explain(model, x, method, target, **settings):
    return toys.toy_explain(model, x, "gradient", target, **settings)


def explains_without_a_graph(model, x, method, target, **settings):
    """As captum 0.9.0: sensitivity_max runs the explanation under torch.no_grad()."""

    def blind(*args, **more):
        with torch.no_grad():
            return method(*args, **more)

    return toys.toy_explain(model, x, blind if callable(method) else method, target, **settings)


def hands_out_the_callers_x(model, x, method, target, **settings):
    found = toys.toy_explain(model, x, method, target, **settings)
    if getattr(method, "record", None) is None and not isinstance(method, str):
        method(model, x, target)
    return found


def explains_only_the_first_row(model, x, method, target, **settings):
    found = toys.toy_explain(model, x, method, target, **settings)
    return with_values(found, found.values[:1].expand(len(x)).clone())


def keeps_details_of_the_batch(model, x, method, target, **settings):
    found = toys.toy_explain(model, x, method, target, **settings)
    return replace(found, details={"size": found.values / found.values.sum()})


def draws_on_the_models_weights(model, x, method, target, **settings):
    found = toys.toy_explain(model, x, method, target, **settings)
    if isinstance(model, torch.nn.Module):
        for weight in model.parameters():
            weight.data.mul_(1)
            weight.grad = None
    return found


@pytest.mark.parametrize(
    ("mistake", "check"),
    [
        (does_not_explain, "explains_again"),
        (explains_without_a_graph, "explains_again"),
        (hands_out_the_callers_x, "explains_again"),
        (explains_only_the_first_row, "row_independence"),
        (keeps_details_of_the_batch, "row_independence"),
        (draws_on_the_models_weights, "model_restored"),
    ],
)
def test_an_explaining_metrics_mistake_is_caught(mistake, check):
    with (
        toys.registered_metric(MetricKind.EXPLAIN, explaining_mutant(mistake)) as record,
        pytest.raises((AssertionError, RuntimeError)),
    ):
        checks.CHECKS[check](record)
