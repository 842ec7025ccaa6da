"""What every registered metric is held to: one function a promise, each called as check(record).

Like checks.py for methods: chosen by kind, never by name. A metric of kind `data` has one value for
a whole data set, so that it need not treat images one by one, but their order must not matter.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor, nn

import xaicourse as xc
from tests.contract.checks import EXACT, HALF, SINGLE, Busy, model_state, random_states, same
from tests.contract.checks import same_state as same_model
from tests.plain import near
from xaicourse.core.gradients import sum_dtype
from xaicourse.core.row_guard import is_asking
from xaicourse.evaluation import MetricResult, Protocol, controls
from xaicourse.evaluation.registry import MetricExample, MetricKind, MetricRecord

# the settings that a kind cannot do without
OWN_SETTING = {MetricKind.MASK: "mask", MetricKind.EXPLAIN: "method"}
USES_THE_MODEL = {MetricKind.CURVE, MetricKind.EXPLAIN, MetricKind.DATA}


def run(record: MetricRecord, example: MetricExample | None = None, **settings: Any) -> Any:
    """Call a metric on its example, or on another one."""
    e = example or record.example()
    return record.metric(e.model, e.x, e.attribution, e.target, **{**e.settings, **settings})


def has(record: MetricRecord, setting: str) -> bool:
    return setting in inspect.signature(record.metric).parameters


def with_map(record: MetricRecord, change: Callable[[Tensor], Tensor]) -> MetricExample:
    example = record.example()
    return replace(example, attribution=change(example.attribution))


def change_tensors(example: MetricExample, change: Callable[[Tensor], Tensor]) -> MetricExample:
    """Apply one change to all tensors of an example: they all have one entry a row."""
    changed = {
        name: change(value) if isinstance(value, Tensor) else value
        for name, value in example.settings.items()
    }
    target = example.target
    return replace(
        example,
        x=change(example.x),
        attribution=change(example.attribution),
        target=change(target) if isinstance(target, Tensor) else target,
        settings=changed,
    )


def take(example: MetricExample, rows: list[int]) -> MetricExample:
    return change_tensors(example, lambda tensor: tensor[rows])


def same_result(got: MetricResult, expected: MetricResult, tolerance: float, what: str) -> None:
    """Compare the numbers of two results, NaN by NaN, and the choices on record."""
    assert torch.equal(got.valid, expected.valid), f"{what}: other images have a value"
    for part in ("values", "curve", "shares", "tie_fraction"):
        one, two = getattr(got, part), getattr(expected, part)
        assert (one is None) == (two is None), f"{what}: {part} appeared or vanished"
        if one is not None:
            same(one.cpu().nan_to_num(0.0), two.cpu().nan_to_num(0.0), tolerance, f"{what}, {part}")
    assert got.protocol == expected.protocol, f"{what}: another protocol"


def rows_of_result(result: MetricResult, rows: list[int]) -> MetricResult:
    def some(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor[rows]

    return replace(
        result,
        values=result.values[rows],
        curve=some(result.curve),
        tie_fraction=some(result.tie_fraction),
    )


# ---- the call and the record --------------------------------------------------------------------


def check_signature(record: MetricRecord) -> None:
    """The call is metric(model, x, attribution, target=None, *, ...), with what its kind needs."""
    parameters = list(inspect.signature(record.metric).parameters.values())
    names = [p.name for p in parameters]
    assert names[:4] == ["model", "x", "attribution", "target"]
    assert parameters[3].default is None
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in parameters[4:])
    needed = {p.name for p in parameters[4:] if p.default is inspect.Parameter.empty}
    own = OWN_SETTING.get(record.kind)
    assert needed <= {own}, f"{needed - {own}} have no default"
    assert own is None or own in names, f"a metric of kind {record.kind} is given `{own}`"
    if record.kind in USES_THE_MODEL:
        assert {"output", "batch_size"} <= set(names)


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
    n, device = len(example.x), example.x.device
    found = run(record)
    assert isinstance(found, MetricResult)
    assert found.name == record.name
    assert found.direction == record.direction, "the result's direction is not the record's"
    assert found.values.dtype == sum_dtype(device)
    if record.kind is MetricKind.DATA:
        assert found.values.dim() == 1
        assert len(found.values) >= 1
    else:
        assert found.values.shape == (n,), f"{tuple(found.values.shape)} for {n} images"
    assert bool(found.valid.all()), "the example has images without a value"
    for tensor in (found.values, found.curve, found.shares, found.tie_fraction):
        if tensor is not None:
            assert tensor.device == device
            assert not tensor.requires_grad
            assert not tensor.is_inference()
    assert (found.curve is None) == (found.shares is None)
    if found.curve is not None:
        assert found.curve.shape == (n, len(found.shares))
        assert float(found.shares[0]) == 0
        assert float(found.shares[-1]) == 1
        assert bool((found.shares.diff() > 0).all())
    if found.tie_fraction is not None:
        assert found.tie_fraction.shape == (n,)
        assert bool(((found.tie_fraction >= 0) & (found.tie_fraction <= 1)).all())


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
        if has(record, name) and (name != "channels" or example.x.dim() == 4):
            assert getattr(run(record, **{name: value}).protocol, name) == value
    if has(record, "seed"):
        assert run(record, seed=1).protocol != protocol, "the seed is not on record"


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
    """Permuted images give permuted values; one value for a data set does not see the order."""
    example = record.example()
    order = list(range(len(example.x)))[::-1]
    expected = run(record)
    if record.kind is not MetricKind.DATA:
        expected = rows_of_result(expected, order)
    same_result(run(record, take(example, order)), expected, EXACT, "permuted rows")


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

    def watched(x: Tensor) -> Any:
        if not is_asking():
            sizes.append(len(x))
        return example.model(x)

    run(record, replace(example, model=watched), batch_size=2)
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


def tensors_of(one: MetricExample, two: MetricExample) -> list[tuple[str, Tensor, Tensor]]:
    def named(example: MetricExample) -> Mapping[str, Any]:
        own = {"x": example.x, "attribution": example.attribution, "target": example.target}
        return {**own, **example.settings}

    pairs = [(name, value, named(two)[name]) for name, value in named(one).items()]
    return [pair for pair in pairs if isinstance(pair[1], Tensor)]


def check_model_restored(record: MetricRecord) -> None:
    """The model is as before, bit for bit, also after an exception inside it."""
    example = record.example()
    settings = {"batch_size": 1} if has(record, "batch_size") else {}
    for fails_at in (None, 1, 2, 3):
        model = Busy(example.model, fails_at).eval().to(example.x.device)
        model.harmless.train()
        before = model_state(model)
        failed = False
        try:
            run(record, replace(example, model=model), **settings)
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
        if record.kind is MetricKind.DATA:
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
    if record.kind is MetricKind.CURVE:
        assert bool(found.valid.all()), "a constant map has the value of a random order"


def check_direction(record: MetricRecord) -> None:
    """The right map is better than a wrong one, in the direction that is on record.

    Wrong is the inverted map; for a metric of the map alone, which cannot know, a map that is the
    same everywhere; for one that explains again, a map that the method does not give.
    """
    wrong = torch.ones_like if record.kind is MetricKind.MAP else controls.inverted
    right, worse = run(record).mean(), run(record, with_map(record, wrong)).mean()
    better = right > worse if record.direction == "higher" else right < worse
    assert better, f"{record.direction} is better, but {right:.3g} is right, {worse:.3g} is wrong"


def check_explains_again(record: MetricRecord) -> None:
    """A metric of kind `explain` calls the method that it is given."""
    if record.kind is not MetricKind.EXPLAIN:
        return
    example = record.example()
    calls = []

    def method(*args: Any, **settings: Any) -> Any:
        calls.append(1)
        return example.settings["method"](*args, **settings)

    run(record, method=method)
    assert calls, "the method was not called"


# ---- number formats and devices -----------------------------------------------------------------


def in_dtype(example: MetricExample, dtype: torch.dtype) -> MetricExample:
    def cast(tensor: Tensor) -> Tensor:
        return tensor.to(dtype) if tensor.is_floating_point() else tensor

    return replace(change_tensors(example, cast), model=moved(example.model, dtype))


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
        found = run(record, replace(there, model=moved(example.model, DEVICE)))
        for tensor in (found.values, found.curve, found.shares, found.tie_fraction):
            assert tensor is None or tensor.device == DEVICE, "a part of the result is elsewhere"
        here = replace(
            found,
            **{
                name: None if getattr(found, name) is None else getattr(found, name).cpu()
                for name in ("values", "curve", "shares", "tie_fraction")
            },
        )
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
        found = run(record, replace(there, model=moved(example.model, DEVICE)))
        assert found.values.dtype == torch.float32
        same(found.values.cpu(), expected.values, SINGLE, "without float64")
    moved(example.model, torch.device("cpu"))


def check_comparable(record: MetricRecord) -> None:
    """Two maps' results can be compared, image by image."""
    found = run(record)
    worse = run(record, with_map(record, lambda a: a.flip(-1)))
    assert found.minus(found).mean == 0
    assert near(found.minus(worse).mean, found.mean() - worse.mean())
    assert isinstance(found.interval(), xc.evaluation.Interval)


CHECKS: dict[str, Callable[[MetricRecord], None]] = {
    name.removeprefix("check_"): function
    for name, function in list(globals().items())
    if name.startswith("check_")
}
