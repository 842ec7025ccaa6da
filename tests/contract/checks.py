"""What every registered method is held to: one function a promise, each called as check(record).

The checks are chosen by kind (of input and of result), never by name, so that a new method is held
to them the moment it is registered. Each raises AssertionError where the promise is broken;
test_the_tests.py proves that with deliberately wrong methods.
"""

import functools
import inspect
import random
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

import xaicourse as xc
from tests.contract.forms import AXES, FORMS, shape_is
from tests.plain import refused, relative_error
from xaicourse.core.inputs import BoundModel
from xaicourse.core.registry import (
    Claim,
    Example,
    InputKind,
    MethodRecord,
    Need,
    ResultKind,
)
from xaicourse.core.row_guard import is_asking

EXACT = 1e-10  # float64 on small nets
SINGLE = 1e-5  # float32 on small nets
HALF = 2e-2


def run(record: MethodRecord, example: Example | None = None, **settings: Any) -> Any:
    """Call a method on its example, or on another one."""
    example = example or record.example()
    return record.method(
        example.model, example.x, example.target, **{**example.settings, **settings}
    )


def promised(example: Example, tolerance: float) -> float:
    """Return what may be expected where a method chooses its own effort from what it sees."""
    return max(tolerance, example.settings.get("tol", 0.0))


def has(record: MethodRecord, setting: str) -> bool:
    return setting in inspect.signature(record.method).parameters


def with_model(record: MethodRecord, model: Callable[..., Any]) -> Example:
    return replace(record.example(), model=model)


def same(got: Tensor, expected: Tensor, tolerance: float, what: str) -> None:
    error = relative_error(got, expected)
    assert error <= tolerance, f"{what}: relative error {error:.3g} is above {tolerance:.3g}"


def take(example: Example, rows: list[int]) -> Example:
    """Return some rows of an example, with what is bound to them."""
    model, target = example.model, example.target
    if isinstance(model, BoundModel):
        model = xc.bind(model.model, **{name: e[rows] for name, e in model.extras.items()})
    target = target[rows] if isinstance(target, Tensor) else target
    return replace(example, model=model, x=example.x[rows], target=target)


def around(example: Example, change: Callable[[Any, Tensor], Any]) -> Example:
    """Put ``change(model, x)`` around the model.

    A module stays one, with its weights; where a layer is explained it keeps its name.
    """
    model = example.model
    if not isinstance(model, nn.Module):
        return replace(example, model=lambda x: change(model, x))
    return inside(example, Around(model, change))


def inside(example: Example, outer: nn.Module) -> Example:
    """Explain `outer`, a module that holds the example's model as its part `inner`."""
    settings = dict(example.settings)
    if "layer" in settings:
        settings["layer"] = f"inner.{settings['layer']}"
    return replace(example, model=outer, settings=settings)


class Around(nn.Module):
    """A model inside another one."""

    def __init__(self, model: nn.Module, change: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        self.inner, self.change = model, change

    def forward(self, x: Tensor) -> Any:
        return self.change(self.inner, x)


# ---- the form of the result, by kind -----------------------------------------------------------


def check_form(record: MethodRecord) -> None:
    """The result has its kind's shape, x's dtype and device, is finite, detached and its own."""
    example = record.example()
    x = example.x.clone().requires_grad_(True)
    found = run(record, replace(example, x=x), return_details=True)
    values = found.values
    assert type(values) is type(x)
    FORMS[record.result](example, found)
    assert values.dtype == x.dtype
    assert values.device == x.device
    assert not values.requires_grad
    assert bool(torch.isfinite(values).all())
    values.add_(1)
    assert torch.equal(x, example.x), "the values lie in the memory of x"


def check_input_kind(record: MethodRecord) -> None:
    """x has the axes of its kind; a method for any input takes x in any shape."""
    example = record.example()
    axes = AXES[record.input]
    assert axes is None or example.x.dim() == axes, f"{record.input} has {axes} axes"
    if record.input is not InputKind.ANY or record.result is not ResultKind.INPUT:
        return
    folded = replace(
        around(example, lambda model, x: model(x.view(-1, *example.x.shape[1:]))),
        x=example.x.view(len(example.x), 1, 2, -1),
        settings={n: fold(v, example.x) for n, v in example.settings.items()},
    )
    same(run(record, folded).flatten(1), run(record).flatten(1), EXACT, "x in another shape")


def fold(setting: Any, x: Tensor) -> Any:
    """Return a setting with its inputs, if it holds rows as x does, in another shape."""
    is_rows = isinstance(setting, Tensor) and setting.shape[1:] == x.shape[1:]
    return setting.view(len(setting), 1, 2, -1) if is_rows else setting


def check_signature(record: MethodRecord) -> None:
    """The call is method(model, x, target=None, *, output, batch_size, ..., return_details)."""
    parameters = list(inspect.signature(record.method).parameters.values())
    names = [p.name for p in parameters]
    assert names[:3] == ["model", "x", "target"]
    assert parameters[2].default is None
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in parameters[3:])
    assert all(p.default is not inspect.Parameter.empty for p in parameters[3:])
    assert {"output", "batch_size", "return_details"} <= set(names)
    assert record.stochastic == ("seed" in names)
    assert record.differentiable == ("differentiable" in names)
    assert (Need.LAYER in record.needs) == ("layer" in names)
    text = inspect.getdoc(record.method) or ""
    for section in ("Parameters", "Returns", "Raises", "Notes", "References"):
        assert f"\n{section}\n---" in text, f"the docstring has no section {section}"
    for name in names[1:]:
        assert name in text, f"the docstring does not say what {name} is"
    assert str(record.year) in text
    assert record.paper in text


def check_details(record: MethodRecord) -> None:
    """return_details gives the whole record, and its numbers agree with each other."""
    example = record.example()
    found = run(record, example, return_details=True)
    n = len(example.x)
    assert isinstance(found, xc.Attribution)
    same(found.values, run(record, example), 0.0, "values with and without details")
    assert found.kind == record.result
    assert hasattr(found.target, "pick")
    assert found.gradients.shape == (n,)
    for number in (found.f_start, found.f_end, found.gap, found.map_error, found.gradients):
        if number is not None:
            assert number.shape == (n,)
            assert number.device == example.x.device
            assert not number.requires_grad
    cost = record.cost({**example.settings})
    most = found.settings.get("quadrature") == "adaptive" or has(record, "search")
    assert bool((found.gradients <= cost if most else found.gradients == cost).all())
    if found.endpoints is not None:
        assert all(e.shape == example.x.shape for e in found.endpoints)
        assert not any(e.requires_grad for e in found.endpoints)
    for name, default in _defaults(record).items():
        if name not in ("batch_size", "return_details", "differentiable"):
            assert name in found.settings, f"settings do not tell {name} (default {default})"
    if Claim.COMPLETENESS in record.claims:
        start, end = found.endpoints
        for point, score in ((start, found.f_start), (end, found.f_end)):
            same(score, xc.scores(example.model, point, example.target), EXACT, "F at an end")
        rise = found.f_end - found.f_start
        gap = found.values.flatten(1).sum(1) - rise
        assert float((found.gap - gap).abs().max()) <= EXACT * float(rise.abs().max())
    with refused(AttributeError):  # frozen
        found.kind = "other"


def _defaults(record: MethodRecord) -> dict[str, Any]:
    parameters = list(inspect.signature(record.method).parameters.values())[3:]
    return {p.name: p.default for p in parameters}


# ---- rows and chunks ---------------------------------------------------------------------------


def check_row_independence(record: MethodRecord) -> None:
    """A batch equals its rows one by one, but where the result belongs to the whole data set."""
    if record.result is ResultKind.DATASET:
        return
    example = record.example()
    alone = torch.cat([run(record, take(example, [i])) for i in range(len(example.x))])
    same(run(record, example), alone, EXACT, "a batch against its rows")


def check_row_order(record: MethodRecord) -> None:
    """Permuted rows give permuted maps; a result for a whole data set does not see the order."""
    example = record.example()
    order = list(range(len(example.x)))[::-1]
    expected = run(record, example)
    turned = run(record, take(example, order))
    if record.result is ResultKind.DATASET:
        same(turned, expected, EXACT, "a data set in another order")
        shape_is(run(record, take(example, order * 2)), expected.shape)  # one, however many rows
    else:
        same(turned, expected[order], EXACT, "permuted rows")


def check_batch_size(record: MethodRecord) -> None:
    """`batch_size` never changes the result."""
    expected = run(record, batch_size=None)
    for batch_size in (1, 2, 3):
        same(run(record, batch_size=batch_size), expected, EXACT, f"batch_size={batch_size}")


def check_layout(record: MethodRecord) -> None:
    """How x lies in memory does not matter."""
    example = record.example()
    wide = torch.stack([example.x, -example.x], dim=-1)[..., 0]
    assert not wide.is_contiguous()
    same(run(record, replace(example, x=wide)), run(record, example), EXACT, "a strided x")


def check_flat_memory(record: MethodRecord) -> None:
    """At most `batch_size` points are in the model at once, and only one chunk's graph lives."""
    if not has(record, "steps"):
        return
    example = record.example()
    living: list[weakref.ref] = []
    most_rows = most_alive = 0

    def watched(x: Tensor) -> Tensor:
        nonlocal most_rows, most_alive
        outputs = example.model(x)
        if is_asking():
            return outputs
        living.append(weakref.ref(outputs))
        most_rows = max(most_rows, len(x))
        most_alive = max(most_alive, sum(r() is not None for r in living))
        return outputs

    x = example.x.clone().requires_grad_(True)  # the caller's graph must not be built up either
    reached = {"tol": 0.3} if "tol" in example.settings else {}
    run(record, replace(example, model=watched, x=x), steps=60, batch_size=4, **reached)
    assert most_rows <= 4, f"{most_rows} points at once with batch_size=4"
    assert most_alive <= 2, f"{most_alive} chunks are alive at once"


# ---- nothing of the caller's is touched --------------------------------------------------------


def random_states() -> tuple:
    on_gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return (
        *(state.numpy().tobytes() for state in on_gpus),
        torch.get_rng_state().numpy().tobytes(),
        repr(np.random.get_state()),  # noqa: NPY002  (the global state is what is watched)
        random.getstate(),
    )


def check_repeatable(record: MethodRecord) -> None:
    """Two calls agree whatever the global seeds are, and leave the global generators alone."""
    example = record.example()
    torch.manual_seed(1)
    before = random_states()
    first = run(record, example)
    assert random_states() == before, "a global random generator was used or seeded"
    torch.manual_seed(2)
    second = run(record, example)
    same(second, first, 0.0, "the second call")


def check_inputs_untouched(record: MethodRecord) -> None:
    """x, x.grad, a baseline tensor and a target tensor stay as they were."""
    example = record.example()
    x = example.x.clone().requires_grad_(True)
    x.grad = torch.full_like(x, 7.0)
    settings: dict[str, Any] = {}
    if has(record, "baseline"):
        baseline = torch.full_like(example.x, 0.25)
        settings["baseline"] = baseline.requires_grad_(True)
    target = example.target.clone() if isinstance(example.target, Tensor) else example.target
    run(record, replace(example, x=x, target=target), **settings)
    assert torch.equal(x, example.x), "x was changed"
    assert x.grad is not None
    assert torch.equal(x.grad, torch.full_like(x, 7.0)), "x.grad was changed"
    assert x.requires_grad
    assert x.is_leaf
    if settings:
        assert bool((baseline == 0.25).all()), "the baseline was changed"
        assert baseline.grad is None
    if isinstance(target, Tensor):
        assert torch.equal(target, example.target), "target was changed"
    if isinstance(example.model, BoundModel):
        for name, extra in record.example().model.extras.items():
            assert torch.equal(example.model.extras[name], extra), f"{name} was changed"


class Busy(nn.Module):
    """A model with all that a method could disturb; raises at the call `fails_at`."""

    def __init__(self, model: Callable[..., Any], fails_at: int | None = None) -> None:
        super().__init__()
        self.inner = model
        self.scale = nn.Parameter(torch.ones((), dtype=torch.float64))
        self.scale.grad = torch.tensor(5.0, dtype=torch.float64)
        self.register_buffer("seen", torch.zeros(3))
        self.harmless = nn.ReLU().train()  # a mode of its own, other than its parent's
        self.register_forward_hook(lambda module, inputs, output: None)
        self.fails_at = fails_at
        self.calls: list[int] = []  # of copies, too

    def forward(self, x: Tensor) -> Any:
        if not is_asking():
            self.calls.append(len(x))
        if len(self.calls) == self.fails_at and not is_asking():
            raise ArithmeticError("the model failed on purpose")
        return self.inner(x) * self.scale.to(x.dtype)


def model_state(model: nn.Module) -> dict[str, Any]:
    state: dict[str, Any] = {}
    for name, module in model.named_modules():
        hooks = [k for k in vars(module) if k.endswith("_hooks")]
        state[f"{name} hooks"] = {k: len(getattr(module, k)) for k in hooks}
        state[f"{name} training"] = module.training
        state[f"{name} forward"] = vars(module).get("forward")
        state[f"{name} children"] = [id(child) for child in module.children()]
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        grad = None if tensor.grad is None else tensor.grad.clone()
        state[name] = (tensor.detach().clone(), grad, tensor.requires_grad, tensor._version)
    return state


def same_state(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert before.keys() == after.keys(), "the model gained or lost something"
    for key, value in before.items():
        if isinstance(value, tuple):
            tensor, grad, *rest = value
            assert torch.equal(tensor, after[key][0]), f"{key} was changed"
            assert rest == list(after[key][2:]), f"{key}: requires_grad or version was changed"
            assert (grad is None) == (after[key][1] is None), f"{key}.grad appeared or vanished"
            assert grad is None or torch.equal(grad, after[key][1]), f"{key}.grad was changed"
        else:
            assert value == after[key], f"{key} was changed"


def check_model_restored(record: MethodRecord) -> None:
    """The model is as before, bit for bit, also after an exception inside it."""
    example = record.example()
    for fails_at in (None, 1, 2, 3):
        model = Busy(example.model, fails_at).eval().to(example.x.device)
        model.harmless.train()
        before = model_state(model)
        grad_mode = torch.is_grad_enabled()
        failed = False
        try:
            run(record, inside(example, model), batch_size=1)
        except Exception as error:
            if "on purpose" not in str(error):
                raise
            failed = True
        assert failed == (fails_at is not None and len(model.calls) >= fails_at), (
            "lost an exception"
        )
        same_state(before, model_state(model))
        assert torch.is_grad_enabled() == grad_mode
        assert torch.overrides._get_current_function_mode_stack() == []


# ---- any caller, any model, any number format --------------------------------------------------


def check_caller_modes(record: MethodRecord) -> None:
    """The caller may be in no_grad or in inference_mode, and gets a plain tensor."""
    example = record.example()
    expected = run(record, example)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            x = example.x.clone()
            got = run(record, replace(example, x=x))
        same(got, expected, 0.0, mode.__name__)
        assert not got.is_inference(), "an inference tensor cannot be worked with any further"


def check_in_place_model(record: MethodRecord) -> None:
    """A model that overwrites its input is explained like one that does not."""
    if Need.LAYER in record.needs:
        return
    example = record.example()
    expected = run(record, around(example, lambda model, x: model(x * 2)))
    got = run(record, around(example, lambda model, x: model(x.mul_(2))))
    same(got, expected, EXACT, "an in-place model")


def check_plain_callables(record: MethodRecord) -> None:
    """A model may be a function, a partial or a functional call, where no module is needed."""
    if {Need.LAYER, Need.WEIGHTS} & record.needs:
        return
    example = record.example()
    model = example.model
    expected = run(record, example)
    callables = {"lambda": lambda x: model(x), "partial": functools.partial(model)}
    if isinstance(model, nn.Module):
        weights = {k: v.clone() for k, v in model.state_dict().items()}
        callables["functional"] = lambda x: torch.func.functional_call(model, weights, (x,))
    for name, plain in callables.items():
        same(run(record, with_model(record, plain)), expected, EXACT, name)


def in_dtype(record: MethodRecord, dtype: torch.dtype) -> Example:
    example = record.example()
    return replace(example, model=moved(example.model, dtype), x=example.x.to(dtype))


def moved(model: Any, to: torch.dtype | torch.device) -> Any:
    """Return a model in another dtype or on another device, with what is bound to it."""
    if isinstance(model, BoundModel):
        extras = {name: extra.to(to) for name, extra in model.extras.items()}
        return xc.bind(moved(model.model, to), **extras)
    return model.to(to) if isinstance(model, nn.Module) else model


def check_precisions(record: MethodRecord) -> None:
    """float32 agrees with float64; half precision works in x's dtype; integers are refused."""
    exact = run(record)
    for dtype, tolerance in (
        (torch.float32, SINGLE),
        (torch.bfloat16, 4 * HALF),
        (torch.float16, HALF),
    ):
        values = run(record, in_dtype(record, dtype))
        assert values.dtype == dtype
        same(values, exact, promised(record.example(), tolerance), str(dtype))
    with refused(TypeError, "uint8"):
        run(record, replace(record.example(), x=record.example().x.mul(10).byte()))


def check_pretend_gpu(record: MethodRecord) -> None:
    """On another device the result is the same, is there, and no tensor is made elsewhere."""
    from tests.pretend_gpu import DEVICE, PretendGPU  # private parts of torch: only where it runs

    example = in_dtype(record, torch.float64)
    expected = run(record, example, return_details=True)
    with PretendGPU():
        model = moved(example.model, DEVICE)
        for target in (example.target, None):
            there = replace(example, model=model, x=example.x.to(DEVICE), target=target)
            found = run(record, there, return_details=True)
            assert found.values.device == DEVICE
            tensors = [found.f_start, found.f_end, found.gap, found.map_error, found.gradients]
            for tensor in tree_leaves((tensors, found.endpoints, dict(found.extra))):
                if isinstance(tensor, Tensor):
                    assert tensor.device == DEVICE, "a part of the record is on another device"
            if target is not None:
                same(found.values.cpu(), expected.values, EXACT, "the pretend GPU")
    moved(example.model, torch.device("cpu"))


def check_without_float64(record: MethodRecord) -> None:
    """On a device without float64, as Apple's, a float32 question has its float32 answer."""
    from tests.pretend_gpu import DEVICE, PretendGPU, without_float64

    example = in_dtype(record, torch.float32)
    expected = run(record, example)
    with without_float64(), PretendGPU():
        there = replace(example, model=moved(example.model, DEVICE), x=example.x.to(DEVICE))
        found = run(record, there, return_details=True)
        same(found.values.cpu(), expected, promised(example, SINGLE), "without float64")
    moved(example.model, torch.device("cpu"))


# ---- what is explained -------------------------------------------------------------------------


def check_target_fixed_once(record: MethodRecord) -> None:
    """target=None is the class predicted at x, also where the prediction changes on the way."""
    example = record.example()
    x = example.x
    predicted = example.model(x).argmax(1)
    size = float(x.flatten(1).square().mean(1).min())

    def fickle(model: Any, points: Tensor) -> Tensor:
        """The example's model at x; nearer to 0 its best class becomes its worst."""
        near = torch.relu(1 - points.flatten(1).square().mean(1) / (0.99 * size))
        return model(points) * (1 - 2 * near[:, None])

    # not all rules of ReLU nets cover the square, the product and the mean in this model
    allow = {"allow": ("pow", "product", "mean")} if Need.RELU_ONLY in record.needs else {}
    changed = around(example, fickle)
    explicit = run(record, replace(changed, target=predicted), **allow)
    chosen = run(record, replace(changed, target=None), **allow)
    same(chosen, explicit, EXACT, "target=None")


def check_output_scales(record: MethodRecord) -> None:
    """Each scale equals the same scale written into the model; a curved one may be refused."""
    example = record.example()
    classes = example.target
    others = example.model(example.x).scatter(1, classes[:, None], -torch.inf).argmax(1)
    written = {
        "probability": lambda o, rows: o.softmax(1).gather(1, classes[rows][:, None])[:, 0],
        "log_probability": lambda o, rows: o.log_softmax(1).gather(1, classes[rows][:, None])[:, 0],
        "margin": lambda o, rows: (
            o.gather(1, classes[rows][:, None]) - o.gather(1, others[rows][:, None])
        )[:, 0],
    }
    for output, target in written.items():
        if Need.LINEAR_HEAD in record.needs and output != "margin":
            with refused(ValueError, "output"):
                run(record, example, output=output)
            continue
        expected = run(record, replace(example, target=target))
        same(run(record, example, output=output), expected, EXACT, output)


# ---- differentiable maps -----------------------------------------------------------------------


def check_differentiable(record: MethodRecord) -> None:
    """The map of a smooth model has the derivative that finite differences give."""
    if not record.differentiable:
        return
    example = record.example()

    def smooth(model: Any, x: Tensor) -> Tensor:
        score = model(x) if Need.LINEAR_HEAD in record.needs else model(x).tanh()
        return score * x.flatten(1).square().mean(1, keepdim=True)

    direction = torch.sin(3 * torch.arange(example.x.numel(), dtype=torch.float64))
    direction = direction.view_as(example.x).to(example.x)

    changed = around(example, smooth)

    def along(x: Tensor) -> Tensor:
        values = run(record, replace(changed, x=x), differentiable=True)
        return (values * direction).sum()

    x = example.x.clone().requires_grad_(True)
    (grad,) = torch.autograd.grad(along(x), x)
    h = 1e-6
    rise = along(example.x + h * direction) - along(example.x - h * direction)
    same((grad * direction).sum(), rise.detach() / (2 * h), 1e-6, "the derivative of the map")


# ---- claims ------------------------------------------------------------------------------------


def accurate(record: MethodRecord) -> dict[str, Any]:
    """Return settings with which a method that integrates has almost no error."""
    if not has(record, "quadrature"):
        return {}
    chosen = "adaptive" if "tol" in record.example().settings else "midpoint"
    return {"steps": 1000, "quadrature": chosen}


def claim_completeness(record: MethodRecord) -> None:
    found = run(record, return_details=True, **accurate(record))
    assert float(found.relative_gap.max()) < 1e-3
    total = found.values.flatten(1).sum(1)
    same(total, found.f_end - found.f_start, 1e-3, "the sum of the attributions")


def features(record: MethodRecord, x: Tensor) -> Tensor:
    """Return a view (N, F, ...) of x, one entry for each number of the map."""
    return x if record.result is ResultKind.TOKENS else x.flatten(1)


def claim_dummy(record: MethodRecord) -> None:
    """A feature that the model ignores gets exactly 0; where words are valued, a whole word."""
    example = record.example()
    used = torch.ones_like(example.x[:1])
    features(record, used)[:, 1::2] = 0
    values = run(record, with_model(record, lambda x: example.model(x * used.to(x))))
    if record.result is ResultKind.TOKENS:
        used = used[..., 0]
    assert bool((values * (1 - used) == 0).all()), "an unused feature got a share"
    assert bool((values * used).flatten(1).norm(dim=1).gt(0).all())


def claim_implementation_invariance(record: MethodRecord) -> None:
    """Two networks that compute the same function are explained alike."""
    example = record.example()

    def other_way(x: Tensor) -> Tensor:  # x = relu(x) - relu(-x) but for x = 0 exactly
        outputs = example.model(torch.relu(3 * x) / 3 - torch.relu(-3 * x) / 3)
        return (outputs.exp() + outputs.exp()).log() - np.log(2)

    baseline = {"baseline": 0.01} if has(record, "baseline") else {}
    shifted = replace(example, x=example.x + 0.005)
    got = run(record, replace(shifted, model=other_way), **baseline)
    same(got, run(record, shifted, **baseline), EXACT, "another implementation")
    if record.input is not InputKind.ANY:
        return

    # the pair from the paper on Integrated Gradients
    def first(x: Tensor) -> Tensor:
        return torch.relu(torch.relu(x[:, 0]) - 1 - torch.relu(x[:, 1]))

    def second(x: Tensor) -> Tensor:
        return torch.relu(torch.relu(x[:, 0] - 1) - torch.relu(x[:, 1]))

    point = torch.tensor([[3.0, 1.0]], dtype=torch.float64).to(example.x.device)
    one, two = (record.method(model, point) for model in (first, second))
    same(one, two, EXACT, "the paper's pair")


def claim_linearity(record: MethodRecord) -> None:
    """A(2 F + 3 G) = 2 A(F) + 3 A(G)."""
    example = record.example()

    def attribution(f: float, g: float) -> Tensor:
        def mixed(model: Any, x: Tensor) -> Tensor:
            outputs = model(x)
            return f * outputs[:, 0] + g * outputs[:, 1]

        return run(record, replace(around(example, mixed), target=None))

    expected = 2 * attribution(1, 0) + 3 * attribution(0, 1)
    same(attribution(2, 3), expected, promised(example, EXACT), "a sum of two models")


def claim_symmetry(record: MethodRecord) -> None:
    """Two equal features, or words, that the model treats alike get equal shares."""
    example = record.example()
    x = example.x.clone()
    features(record, x)[:, 1] = features(record, x)[:, 0]

    def model(points: Tensor) -> Tensor:
        each = features(record, points)
        swapped = torch.cat([each[:, 1:2], each[:, :1], each[:, 2:]], dim=1).view_as(points)
        return example.model(points) * example.model(swapped)

    values = run(record, replace(example, model=model, x=x)).flatten(1)
    same(values[:, 0], values[:, 1], EXACT, "two symmetric features")


def claim_sensitivity_a(record: MethodRecord) -> None:
    """The one feature in which input and baseline differ, and the output too, gets a share."""

    def saturated(x: Tensor) -> Tensor:  # flat at the input: a plain gradient finds nothing
        return 1 - torch.relu(1 - x.flatten(1)[:, 0])

    x = torch.zeros_like(record.example().x)
    x.flatten(1)[:, 0] = 2.0
    values = run(record, replace(record.example(), model=saturated, x=x, target=None))
    assert bool((values.flatten(1)[:, 0].abs() > 0.5).all()), "the deciding feature got nothing"


CLAIM_CHECKS: dict[Claim, Callable[[MethodRecord], None]] = {
    Claim.COMPLETENESS: claim_completeness,
    Claim.DUMMY: claim_dummy,
    Claim.IMPLEMENTATION_INVARIANCE: claim_implementation_invariance,
    Claim.LINEARITY: claim_linearity,
    Claim.SYMMETRY: claim_symmetry,
    Claim.SENSITIVITY_A: claim_sensitivity_a,
}


def check_claims(record: MethodRecord) -> None:
    """Each axiom that the method claims is tried."""
    for claim in record.claims:
        CLAIM_CHECKS[claim](record)


def check_linear_model(record: MethodRecord) -> None:
    """For F = w . x a signed method says what sign each feature has: that of w, or of w x."""
    if Claim.LINEARITY not in record.claims or record.result is not ResultKind.INPUT:
        return
    x = record.example().x.abs() + 0.5
    weight = torch.sin(1 + torch.arange(x[0].numel(), dtype=torch.float64)).view_as(x[0]).to(x)

    def linear(points: Tensor) -> Tensor:
        return (points * weight.to(points)).flatten(1).sum(1)

    changed = replace(record.example(), model=linear, x=x, target=None)
    found = run(record, changed, return_details=True)
    # a path gives each feature its weight times how far it has come
    moved = found.endpoints[1] - found.endpoints[0] if found.endpoints else torch.ones_like(x)
    signs = (weight * moved).sign()
    assert bool((found.values.sign() == signs).all()), "a wrong sign on a linear model"


CHECKS: dict[str, Callable[[MethodRecord], None]] = {
    name.removeprefix("check_"): function
    for name, function in list(globals().items())
    if name.startswith("check_")
}


@contextmanager
def registered(method: Any) -> Iterator[MethodRecord]:
    """Take a method that a test has registered out of the registry again."""
    try:
        yield method.record
    finally:
        xc.METHODS.pop(method.record.name, None)
