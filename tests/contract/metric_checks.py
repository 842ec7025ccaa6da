"""What every registered metric is held to: one function a promise, each called as check(record).

Like checks.py for methods: chosen by kind, never by name. A metric of kind `data` trains nets, so
that it need not treat images one by one: its values are one a training, with a curve, or one for
each row of the testing data, whose order must not matter.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor, nn

import xaicourse as xc
from tests.contract.checks import (
    EXACT,
    HALF,
    SINGLE,
    Around,
    Busy,
    inside,
    model_state,
    random_states,
    same,
)
from tests.contract.checks import same_state as same_model
from tests.plain import near
from xaicourse.core.gradients import sum_dtype
from xaicourse.core.row_guard import is_asking
from xaicourse.evaluation import MetricResult, Protocol, controls
from xaicourse.evaluation.registry import DataExample, MetricExample, MetricKind, MetricRecord

# the settings that a kind cannot do without
OWN_SETTING = {MetricKind.MASK: "mask"}
PARTS = ("values", "curve", "shares", "tie_fraction", "chance")  # of a result, all tensors
NEEDS_NO_MODEL = {MetricKind.MAP, MetricKind.MASK}
USES_THE_MODEL = {MetricKind.CURVE, MetricKind.EXPLAIN}  # the caller's; others train their own


def run(record: MetricRecord, example: Any = None, **settings: Any) -> Any:
    """Call a metric on its example, or on another one."""
    e = example or record.example()
    if isinstance(e, DataExample):
        return record.metric(e.train, e.data, e.method, **{**e.settings, **settings})
    return record.metric(e.model, e.x, e.third, e.target, **{**e.settings, **settings})


def has(record: MetricRecord, setting: str) -> bool:
    return setting in inspect.signature(record.metric).parameters


def x_of(example: Any) -> Tensor:
    """Return the inputs of an example; of a data set those for testing."""
    return example.data[1][0] if isinstance(example, DataExample) else example.x


def with_map(record: MetricRecord, change: Callable[[Tensor], Any]) -> Any:
    """Return the example with another map, or with a method whose maps are all changed so."""
    return map_changed(record.example(), change)


def map_changed(example: Any, change: Callable[[Tensor], Any]) -> Any:
    if example.method is None:
        return replace(example, attribution=change(example.attribution))
    return replace(example, method=lambda *asked: change(example.method(*asked)))


def worse_example(record: MetricRecord, change: Callable[[Tensor], Tensor]) -> Any:
    """Return the example with a changed map, or with the method that it says is worse."""
    example = record.example()
    if isinstance(example, DataExample):
        return replace(example, method=example.worse)
    if example.method is None:
        return with_map(record, change)
    return replace(example, method=example.worse_method)


def around(example: Any, change: Callable[[Any, Tensor], Any]) -> Any:
    """Put ``change(model, x)`` around the model; a module stays one, and its layers are found.

    For a data set, around all models that are trained.
    """
    if isinstance(example, DataExample):

        def train(*given: Any) -> Callable[[Tensor], Any]:
            model = example.train(*given)
            return lambda x: change(model, x)

        return replace(example, train=train)
    if not isinstance(example.model, nn.Module):
        return replace(example, model=lambda x: change(example.model, x))
    return inside(example, Around(example.model, change))  # type: ignore[type-var]


def change_tensors(example: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Apply one change to all tensors of an example: they all have one entry a row."""
    if isinstance(example, DataExample):
        changed = [tuple(change(tensor) for tensor in part) for part in example.data]
        return replace(example, data=(changed[0], changed[1]))
    changed = {
        name: change(value) if isinstance(value, Tensor) else value
        for name, value in example.settings.items()
    }
    target = example.target
    return replace(
        example,
        x=change(example.x),
        attribution=example.attribution if example.method else change(example.attribution),
        target=change(target) if isinstance(target, Tensor) else target,
        settings=changed,
    )


def take(example: MetricExample, rows: list[int]) -> MetricExample:
    return change_tensors(example, lambda tensor: tensor[rows])


def same_result(got: MetricResult, expected: MetricResult, tolerance: float, what: str) -> None:
    """Compare the numbers of two results, NaN by NaN, and the choices on record."""
    assert torch.equal(got.valid, expected.valid), f"{what}: other images have a value"
    found, wanted = parts_of(got), parts_of(expected)
    assert found.keys() == wanted.keys(), f"{what}: {found.keys() ^ wanted.keys()} here or there"
    for part, tensor in found.items():
        one, two = tensor.cpu().nan_to_num(0.0), wanted[part].cpu().nan_to_num(0.0)
        same(one, two, tolerance, f"{what}, {part}")
    assert got.protocol == expected.protocol, f"{what}: another protocol"


def parts_of(result: MetricResult) -> dict[str, Tensor]:
    """Return all tensors of a result by name."""
    parts = {part: getattr(result, part) for part in PARTS if getattr(result, part) is not None}
    for name, detail in result.details.items():
        inner = parts_of(detail) if isinstance(detail, MetricResult) else {"": detail}
        parts |= {f"{name} in the details {part}".rstrip(): each for part, each in inner.items()}
    return parts


def rows_of_result(result: MetricResult, rows: list[int]) -> MetricResult:
    def some(part: str, tensor: Tensor) -> Tensor:
        of_rows = part != "shares" if part in PARTS else tensor.dim() == 1  # not so accuracies
        return tensor[rows] if of_rows else tensor

    return with_parts(result, some)


def with_parts(result: MetricResult, change: Callable[[str, Tensor], Tensor]) -> MetricResult:
    """Return a result all of whose tensors are ``change(part, tensor)``."""
    parts = {p: change(p, t) for p, t in parts_of(result).items() if p in PARTS}
    details = {
        name: with_parts(each, change) if isinstance(each, MetricResult) else change(name, each)
        for name, each in result.details.items()
    }
    return replace(result, **parts, details=details)  # type: ignore[arg-type]


# ---- the call and the record --------------------------------------------------------------------


def check_signature(record: MetricRecord) -> None:
    """The call is metric(model, x, attribution, target=None, *, ...), with what its kind needs.

    A metric that explains again is given `method` in place of the map, and that of a data set is
    metric(train, data, method, *, ...).
    """
    parameters = list(inspect.signature(record.metric).parameters.values())
    names = [p.name for p in parameters]
    of_data = record.kind is MetricKind.DATA
    third = "method" if record.kind is MetricKind.EXPLAIN else "attribution"
    first = ["train", "data", "method"] if of_data else ["model", "x", third, "target"]
    rest = parameters[len(first) :]
    assert names[: len(first)] == first
    assert of_data or parameters[3].default is None
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in rest)
    needed = {p.name for p in rest if p.default is inspect.Parameter.empty}
    own = OWN_SETTING.get(record.kind)
    assert needed <= {own, "layer"}, f"{needed - {own, 'layer'}} have no default"
    assert own is None or own in names, f"a metric of kind {record.kind} is given `{own}`"
    if record.kind in USES_THE_MODEL:
        assert {"output", "batch_size"} <= set(names)
    if of_data:
        assert {"target", "seed", "keep", "batch_size"} <= set(names)


def check_documentation(record: MetricRecord) -> None:
    """The docstring has every section and setting, the direction in words and the paper."""
    text = inspect.getdoc(record.metric) or ""
    for section in ("Parameters", "Returns", "Raises", "Notes", "References"):
        assert f"\n{section}\n---" in text, f"the docstring has no section {section}"
    for name in inspect.signature(record.metric).parameters:
        assert name in text, f"the docstring does not say what {name} is"
    assert f"{record.direction} is better" in text
    assert str(record.year) in text
    assert record.paper in text


def check_result(record: MetricRecord) -> None:
    """The result is complete, agrees with the record, and is made of plain tensors of its own."""
    example = record.example()
    n, device = len(x_of(example)), x_of(example).device
    found = run(record)
    assert isinstance(found, MetricResult)
    assert found.name == record.name
    assert found.direction == record.direction, "the result's direction is not the record's"
    assert found.values.dtype == sum_dtype(device)
    if record.kind is MetricKind.DATA and found.curve is not None:
        n = example.settings["trainings"]  # one value a training, each with its curve
    assert found.values.shape == (n,), f"{tuple(found.values.shape)} for {n} images"
    assert bool(found.valid.all()), "the example has images without a value"
    for tensor in parts_of(found).values():
        assert tensor.device == device
        assert not tensor.requires_grad
        assert not tensor.is_inference()
    for name, detail in found.details.items():
        inside_it = detail.values if isinstance(detail, MetricResult) else detail
        of_data = record.kind is MetricKind.DATA and not isinstance(detail, MetricResult)
        assert of_data or inside_it.shape == (n,), f"{name} in the details is not one a value"
    assert (found.curve is None) == (found.shares is None)
    if found.curve is not None:
        assert found.curve.shape == (n, len(found.shares))
        assert float(found.shares[0]) == 0
        assert record.kind is MetricKind.DATA or float(found.shares[-1]) == 1
        assert float(found.shares[-1]) <= 1
        assert bool((found.shares.diff() > 0).all())
    if found.tie_fraction is not None:
        assert found.tie_fraction.shape == (n,)
        assert bool(((found.tie_fraction >= 0) & (found.tie_fraction <= 1)).all())
    if found.chance is not None:
        assert found.chance.shape == (n,)
        assert found.chance.dtype == found.values.dtype
        assert bool(((found.above_chance <= 1) & (found.chance < 1)).all()), "1 is the best value"


def check_protocol(record: MetricRecord) -> None:
    """Every choice is on record: the settings as they were used, and nothing empty."""
    example = record.example()
    protocol = run(record).protocol
    for field in fields(Protocol):
        value = getattr(protocol, field.name)
        assert value is not None, f"protocol.{field.name} is empty"
        assert value != "", f"protocol.{field.name} is empty"
    if has(record, "output"):
        used = inspect.signature(record.metric).parameters["output"].default
        assert protocol.output == example.settings.get("output", used)
        assert protocol.target != "none", "the model is asked, but no target is on record"
        other = "logit" if protocol.output != "logit" else "probability"
        assert run(record, output=other).protocol.output == other
    for name, value in (("sign", "abs"), ("steps", 2), ("channels", "l2")):
        if has(record, name) and (name != "channels" or x_of(example).dim() == 4):
            assert getattr(run(record, **{name: value}).protocol, name) == value
    if has(record, "seed"):
        assert run(record, seed=1).protocol != protocol, "the seed is not on record"


def check_needs_no_model(record: MetricRecord) -> None:
    """A metric of a map, alone or with a mask, never asks the model, nor for more than a map."""
    if record.kind not in NEEDS_NO_MODEL:
        return
    example, expected = record.example(), run(record)

    def model(x: Tensor) -> Any:
        raise AssertionError(f"a metric of kind {record.kind} asked the model")

    for known in (replace(example, model=model), replace(example, model=None)):
        same_result(run(record, known), expected, 0.0, "without a model")
    for settings in ({}, {"target": None}):
        found = record.metric(None, None, example.attribution, **settings, **example.settings)
        same_result(found, expected, 0.0, "without x")


# ---- rows and chunks ----------------------------------------------------------------------------


def check_row_independence(record: MetricRecord) -> None:
    """A batch equals its rows one by one: no batch mate changes a value."""
    if record.kind is MetricKind.DATA:
        return
    example = record.example()
    together = run(record)
    for i in range(len(example.x)):
        alone = run(record, take(example, [i]))
        same_result(alone, rows_of_result(together, [i]), EXACT, f"row {i} alone")


def check_row_order(record: MetricRecord) -> None:
    """Permuted images give permuted values; the accuracy of a training does not see the order.

    In which order nets see the training data is the business of `train`. The results of controls
    among its details may differ: a map without an order is put in one by a key of each place.
    """
    example = record.example()
    order = list(range(len(x_of(example))))[::-1]
    expected = run(record)
    a_training = record.kind is MetricKind.DATA and expected.curve is not None
    if not a_training:
        expected = rows_of_result(expected, order)
    if isinstance(example, DataExample):
        permuted = tuple(tensor[order] for tensor in example.data[1])
        example = replace(example, data=(example.data[0], permuted))
    else:
        example = take(example, order)
    found = run(record, example)
    if a_training:
        found, expected = replace(found, details={}), replace(expected, details={})
    same_result(found, expected, EXACT, "permuted rows")


def check_batch_size(record: MetricRecord) -> None:
    """`batch_size` never changes the result, nor what is on record."""
    if not has(record, "batch_size"):
        return
    expected = run(record, batch_size=None)
    for batch_size in (1, 2, 3):
        same_result(run(record, batch_size=batch_size), expected, EXACT, f"batch_size={batch_size}")


def check_flat_memory(record: MetricRecord) -> None:
    """At most `batch_size` images are in the model at once."""
    if not has(record, "batch_size"):
        return
    example = record.example()
    sizes = []

    def watched(model: Any, x: Tensor) -> Any:
        if not is_asking():
            sizes.append(len(x))
        return model(x)

    run(record, around(example, watched), batch_size=2)
    assert max(sizes) <= 2, f"{max(sizes)} images at once with batch_size=2"


def check_layout(record: MetricRecord) -> None:
    """How x and the map lie in memory does not matter."""

    def strided(tensor: Tensor) -> Tensor:
        return torch.stack([tensor, tensor.flip(0)], dim=-1)[..., 0]

    same_result(
        run(record, change_tensors(record.example(), strided)),
        run(record),
        EXACT,
        "strided tensors",
    )


# ---- nothing of the caller's is touched ---------------------------------------------------------


def check_repeatable(record: MetricRecord) -> None:
    """Two calls agree whatever the global seeds are, and leave the global generators alone."""
    example = record.example()
    torch.manual_seed(1)
    before = random_states()
    first = run(record, example)
    assert random_states() == before, "a global random generator was used or seeded"
    torch.manual_seed(2)
    same_result(run(record, example), first, 0.0, "the second call")


def check_inputs_untouched(record: MetricRecord) -> None:
    """x, the map, the target and tensors among the settings stay as they were, and their .grad."""
    untouched = record.example()

    def watch(tensor: Tensor) -> Tensor:
        tensor = tensor.clone()
        if tensor.is_floating_point():
            tensor.requires_grad_(True)
            tensor.grad = torch.full_like(tensor, 7.0)
        return tensor

    example = change_tensors(record.example(), watch)
    run(record, example)
    for name, tensor, before in tensors_of(example, untouched):
        assert torch.equal(tensor, before), f"{name} was changed"
        if tensor.is_floating_point():
            assert tensor.requires_grad
            assert tensor.grad is not None, f"{name}.grad was removed"
            assert bool((tensor.grad == 7).all()), f"{name}.grad was changed"


def tensors_of(one: Any, two: Any) -> list[tuple[str, Tensor, Tensor]]:
    def named(example: Any) -> Mapping[str, Any]:
        if isinstance(example, DataExample):
            names = ("x", "labels", "x for testing", "labels for testing")
            return dict(zip(names, (*example.data[0], *example.data[1]), strict=True))
        own = {"x": example.x, "attribution": example.attribution, "target": example.target}
        return {**own, **example.settings}

    pairs = [(name, value, named(two)[name]) for name, value in named(one).items()]
    return [pair for pair in pairs if isinstance(pair[1], Tensor)]


def check_model_restored(record: MetricRecord) -> None:
    """The model is as before, bit for bit, also after an exception inside it."""
    if record.kind is MetricKind.DATA:
        return  # its models are not the caller's: see check_training_that_fails
    example = record.example()
    settings = {"batch_size": 1} if has(record, "batch_size") else {}
    for fails_at in (None, 1, 2, 3):
        model = Busy(example.model, fails_at).eval().to(example.x.device)
        model.harmless.train()
        before = model_state(model)
        failed = False
        try:
            run(record, inside(example, model), **settings)  # type: ignore[type-var]
        except Exception as error:
            if "on purpose" not in str(error):
                raise
            failed = True
        assert failed == (fails_at is not None and len(model.calls) >= fails_at), (
            "lost an exception"
        )
        same_model(before, model_state(model))
        assert torch.is_grad_enabled()
        assert torch.overrides._get_current_function_mode_stack() == []


def check_training_that_fails(record: MetricRecord) -> None:
    """An exception inside `train` comes out as it is, and leaves modes and generators alone."""
    if record.kind is not MetricKind.DATA:
        return
    example = record.example()
    for fails_at in (1, 2):
        seeds = []

        def train(
            x: Tensor, labels: Tensor, seed: int, at: int = fails_at, seeds: list[int] = seeds
        ) -> Any:
            assert torch.is_grad_enabled(), "nothing can be trained without gradients"
            torch.rand(1)
            seeds.append(seed)
            if len(seeds) == at:
                raise ArithmeticError("on purpose")
            return example.train(x, labels, seed)

        before, failed = random_states(), ""
        try:
            run(record, replace(example, train=train))
        except ArithmeticError as error:
            failed = str(error)
        assert failed == "on purpose", "lost an exception"
        assert random_states() == before, "the generator that `train` used is not as before"
        assert torch.is_grad_enabled()


def check_caller_modes(record: MetricRecord) -> None:
    """The caller may be in no_grad or in inference_mode, and gets plain tensors."""
    example = record.example()
    expected = run(record, example)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            got = run(record, change_tensors(example, torch.clone))
        same_result(got, expected, 0.0, mode.__name__)
        assert not got.values.is_inference(), (
            "an inference tensor cannot be worked with any further"
        )


# ---- maps of every sort -------------------------------------------------------------------------


def check_scaling(record: MetricRecord) -> None:
    """Where only the order counts, a positive factor on the map changes nothing."""
    if not record.rank_only:
        return
    expected = run(record)
    for factor in (7.0, 1e-3):
        scaled = with_map(record, lambda a, factor=factor: factor * a)
        same_result(run(record, scaled), expected, EXACT, f"the map times {factor}")


def check_nan_map(record: MetricRecord) -> None:
    """A map with NaN has no value, no curve, and changes no batch mate's."""
    for value in (torch.nan,):  # infinite values are refused

        def spoil(attribution: Tensor, value: float = value) -> Tensor:
            spoilt = attribution.clone()
            spoilt.flatten(1)[0, 1] = value
            return spoilt

        found = run(record, with_map(record, spoil))
        if record.kind is MetricKind.DATA and found.curve is not None:
            assert not bool(found.valid.any()), "a data set with a map of NaN has a value"
            continue
        assert not bool(found.valid[0]), f"a map with {value} has a value"
        if found.curve is not None:
            assert bool(found.curve[0].isnan().all()), f"a map with {value} has a curve"
        rest = list(range(1, len(found.values)))
        expected = rows_of_result(run(record), rest)
        same_result(rows_of_result(found, rest), expected, EXACT, "a batch mate of NaN")


def check_constant_map(record: MetricRecord) -> None:
    """Maps that say nothing never crash: they have a value, or are counted as without one."""
    for constant in (0.0, 1.0, -1.0):
        found = run(record, with_map(record, lambda a, c=constant: torch.full_like(a, c)))
        assert not bool(found.values.isinf().any())
        if found.tie_fraction is not None:
            assert bool((found.tie_fraction == 1).all()), "not all is tied on a constant map"
        if record.kind is MetricKind.CURVE and found.curve is not None:  # a correlation has none
            assert bool(found.valid.all()), "a constant map has the value of a random order"


def check_mask_without_truth(record: MetricRecord) -> None:
    """A mask that is nowhere, or everywhere, gives no value, and no batch mate changes."""
    if record.kind is not MetricKind.MASK:
        return
    for filling in (False, True):
        mask = record.example().settings["mask"].clone()
        mask[0] = filling
        found = run(record, mask=mask)
        assert not bool(found.valid[0]), "a mask that says nothing gives a value"
        assert found.chance is None or bool(found.chance[0].isnan())
        rest = list(range(1, len(mask)))
        expected = rows_of_result(run(record), rest)
        same_result(rows_of_result(found, rest), expected, EXACT, "a batch mate of no truth")


def check_direction(record: MetricRecord) -> None:
    """The right map is better than a wrong one, in the direction that is on record.

    Wrong is the inverted map; for a metric of the map alone, which cannot know, a map that is the
    same everywhere; for one that explains again or of a data set, the method that its example calls
    worse. An example may bring a wrong map of its own, where the metric does not see a sign.
    """
    wrong = torch.ones_like if record.kind is MetricKind.MAP else controls.inverted
    example = record.example()
    if isinstance(example, MetricExample) and example.worse is not None:
        wrong = lambda a: example.worse  # noqa: E731
    right, worse = run(record).mean(), run(record, worse_example(record, wrong)).mean()
    better = right > worse if record.direction == "higher" else right < worse
    assert better, f"{record.direction} is better, but {right:.3g} is right, {worse:.3g} is wrong"


def check_explains_again(record: MetricRecord) -> None:
    """A metric that is given a method calls it, with tensors of its own; of `data`, on all rows.

    A method may differentiate by hand, and work in place on what it is given.
    """
    if record.kind not in (MetricKind.EXPLAIN, MetricKind.DATA):
        return
    example = record.example()
    calls = []

    def method(model: Any, x: Tensor, target: Any) -> Tensor:
        assert callable(model)
        if record.kind is MetricKind.DATA:
            assert len(target) == len(x), "a target for each row"
        calls.append(len(x))
        assert torch.is_grad_enabled(), "a method cannot differentiate"
        assert not x.requires_grad
        assert not x.is_inference()
        found = example.method(model, x, target)
        x.zero_()
        return found.requires_grad_()

    found = run(record, replace(example, method=method))
    assert sum(calls) >= len(x_of(example)), "not all rows are explained"
    same_result(found, run(record), EXACT, "a method that works in place")


def check_method_forms(record: MetricRecord) -> None:
    """A name, a spec, the method itself and any function that does the same have one value."""
    if record.kind is not MetricKind.EXPLAIN:
        return
    example, expected = record.example(), run(record)
    assert not example.method.settings, "the example's method is a spec without settings"
    whole = example.method.record.method
    for method in (example.method.name, whole, functools.partial(whole)):
        found = run(record, replace(example, method=method))
        same_result(found, expected, 0.0, f"{method} as method")
    found = run(record, with_map(record, lambda a: a))
    same_result(found, expected, EXACT, "a function as method")


# ---- number formats and devices -----------------------------------------------------------------


def in_dtype(example: Any, dtype: torch.dtype) -> Any:
    def cast(tensor: Tensor) -> Tensor:
        return tensor.to(dtype) if tensor.is_floating_point() else tensor

    return with_model_moved(change_tensors(example, cast), dtype)


def with_model_moved(example: Any, to: torch.dtype | torch.device) -> Any:
    """Return an example with its model elsewhere; nets that are trained are where the data is."""
    if isinstance(example, DataExample):
        return example
    return replace(example, model=moved(example.model, to))


def moved(model: Any, to: torch.dtype | torch.device) -> Any:
    return model.to(to) if isinstance(model, nn.Module) else model


def check_precisions(record: MetricRecord) -> None:
    """float32 agrees with float64, and half precision roughly."""
    exact = run(record)
    for dtype, tolerance in ((torch.float32, SINGLE), (torch.float16, 2 * HALF)):
        found = run(record, in_dtype(record.example(), dtype))
        assert found.values.dtype == exact.values.dtype
        same(found.values, exact.values, tolerance, str(dtype))


def check_map_precision(record: MetricRecord) -> None:
    """The map may have another dtype than x."""
    found = run(record, with_map(record, Tensor.float))
    same(found.values, run(record).values, SINGLE, "a float32 map of a float64 x")


def check_pretend_gpu(record: MetricRecord) -> None:
    """On another device the result is the same, is there, and no tensor is made elsewhere."""
    from tests.pretend_gpu import DEVICE, PretendGPU  # private parts of torch: only where it runs

    expected = run(record)
    example = record.example()
    with PretendGPU():
        there = change_tensors(example, lambda tensor: tensor.to(DEVICE))
        found = run(record, with_model_moved(there, DEVICE))
        for part, tensor in parts_of(found).items():
            assert tensor.device == DEVICE, f"{part} is elsewhere"
        here = with_parts(found, lambda part, tensor: tensor.cpu())
        same_result(here, expected, EXACT, "the pretend GPU")
        assert near(found.mean(), expected.mean())
        ends = zip(found.interval(), expected.interval(), strict=True)
        assert all(a == b or near(a, b) for a, b in ends)  # of one value they are infinite


def check_without_float64(record: MetricRecord) -> None:
    """On a device without float64, as Apple's, float32 maps have the same value."""
    from tests.pretend_gpu import DEVICE, PretendGPU, without_float64

    example = in_dtype(record.example(), torch.float32)
    expected = run(record, example)
    with without_float64(), PretendGPU():
        there = change_tensors(example, lambda tensor: tensor.to(DEVICE))
        found = run(record, with_model_moved(there, DEVICE))
        assert found.values.dtype == torch.float32
        same(found.values.cpu(), expected.values, SINGLE, "without float64")
    with_model_moved(example, torch.device("cpu"))


def check_comparable(record: MetricRecord) -> None:
    """Two maps' results can be compared, image by image."""
    found = run(record)
    worse = run(record, worse_example(record, lambda a: a.flip(-1)))
    assert found.minus(found).mean == 0
    both = found.valid & worse.valid
    assert near(found.minus(worse).mean, (found.values[both] - worse.values[both]).mean())
    assert isinstance(found.interval(), xc.evaluation.Interval)


CHECKS: dict[str, Callable[[MetricRecord], None]] = {
    name.removeprefix("check_"): function
    for name, function in list(globals().items())
    if name.startswith("check_")
}
