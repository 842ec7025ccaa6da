"""The registry of attribution methods: menus, timelines and contract tests are made from it."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal, Protocol, overload

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_flags, plain_numbers
from xaicourse.core.lesson_of import LESSON_OF, name_lessons, say_lesson
from xaicourse.core.shared import OF_IMAGE_METHODS, OF_METHODS, Shared, complete, keyword_defaults

__all__ = [
    "LESSON_OF",
    "RECORDS",
    "AttributionMethod",
    "Claim",
    "Example",
    "Family",
    "InputKind",
    "MethodRecord",
    "Need",
    "ResultKind",
    "Unit",
    "attribution_method",
    "name_lessons",
    "note_use",
    "say_lesson",
    "watch_calls",
]


class Family(StrEnum):
    """The four classes of the 2024 technical review (arXiv:2403.10415)."""

    VANILLA = "vanilla"
    INTEGRATED = "integrated"
    BIAS = "bias"
    DENOISING = "denoising"


class InputKind(StrEnum):
    """What x is."""

    ANY = "any"
    IMAGE = "image"
    EMBEDDINGS = "embeddings"
    GRAPH = "graph"
    TREE = "tree"
    GP = "gp"


class ResultKind(StrEnum):
    """What the values belong to, and so which contract they are held to."""

    INPUT = "input"  # shape of x
    MAP = "map"  # (N, 1, H, W)
    LAYER = "layer"  # shape of a layer's output
    PAIR = "pair"  # (N, d, d)
    TOKENS = "tokens"  # (N, L)
    DATASET = "dataset"  # one for a whole data set, whatever its order
    DECOMPOSITION = "decomposition"  # (N, P), adds up to F(x); its parts are in extra["parts"]


class Need(StrEnum):
    """What a method needs of the model or of the caller."""

    GRADIENT = "gradient"
    SECOND_ORDER = "second_order"
    LAYER = "layer"
    DATA = "data"
    FIT = "fit"
    PATTERNS = "patterns"
    RELU_ONLY = "relu_only"
    WEIGHTS = "weights"  # the model is an nn.Module, whose parameters are varied
    LINEAR_HEAD = "linear_head"  # the score is linear in the layer: a logit, or their margin


class Unit(StrEnum):
    """What a number of the map is."""

    SHARE = "share"  # a part of F, in units of F
    SLOPE = "slope"  # how F changes when this input grows: units of F / units of x
    SCORE = "score"  # to be compared within the map only


class Claim(StrEnum):
    """Axioms that a method claims to keep."""

    COMPLETENESS = "completeness"
    SENSITIVITY_A = "sensitivity_a"
    DUMMY = "dummy"
    IMPLEMENTATION_INVARIANCE = "implementation_invariance"
    LINEARITY = "linearity"
    SYMMETRY = "symmetry"


@dataclass(frozen=True)
class Example:
    """The smallest model and input on which a method can be tried."""

    model: Callable[..., Any]
    x: Tensor
    target: Any
    settings: Mapping[str, Any] = field(default_factory=dict)


class AttributionMethod(Protocol):
    """The call that all methods share: ``method(model, x, target=None, *, ...)``."""

    __name__: str
    record: "MethodRecord"

    @overload
    def __call__(
        self,
        model: Callable[..., Any],
        x: Tensor,
        target: Any = ...,
        *,
        return_details: Literal[False] = ...,
        **settings: Any,
    ) -> Tensor: ...
    @overload
    def __call__(
        self,
        model: Callable[..., Any],
        x: Tensor,
        target: Any = ...,
        *,
        return_details: Literal[True],
        **settings: Any,
    ) -> Attribution: ...


@dataclass(frozen=True)
class MethodRecord:
    """What the course knows of a method."""

    name: str
    title: str
    method: AttributionMethod
    year: int
    paper: str
    family: Family
    input: InputKind
    result: ResultKind
    needs: frozenset[Need]
    claims: frozenset[Claim]
    unit: Unit
    stochastic: bool
    differentiable: bool
    cost: Callable[[Mapping[str, Any]], int]  # settings -> gradients a row
    example: Callable[[], Example]

    @property
    def lesson(self) -> str:
        """The number of the lesson that introduces it, "" until the course has said so."""
        return LESSON_OF.get(self.name, "")


RECORDS: dict[str, MethodRecord] = {}  # of the files that were read so far: see xaicourse.methods

# what changes no number of the map
NOT_ON_RECORD = {"batch_size", "differentiable", "return_details"}

_watching: list[list[str]] = []  # of all threads: a method may be called in another one


@contextmanager
def watch_calls() -> Iterator[list[str]]:
    """Record the name of each registered method that is called inside, in any thread."""
    seen: list[str] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        others = [other for other in _watching if other is not seen]
        if len(others) == len(_watching):
            seen.append("watch_calls")  # somebody stopped the watching
        _watching[:] = others


def note_use(name: str) -> None:
    """Record a name for all who watch."""
    for seen in _watching:
        seen.append(name)


def one_gradient(settings: Mapping[str, Any]) -> int:
    """Return the cost of most methods."""
    return 1


def attribution_method(
    *,
    title: str,
    year: int,
    paper: str,
    family: str,
    example: Callable[[], Example],
    cost: Callable[[Mapping[str, Any]], int] = one_gradient,
    input: str = "any",
    result: str = "input",
    needs: set[str] | frozenset[str] = frozenset({"gradient"}),
    claims: set[str] | frozenset[str] = frozenset(),
    unit: str = "score",
    stochastic: bool = False,
    differentiable: bool = False,
) -> Callable[[Callable[..., Attribution]], AttributionMethod]:
    """Register a method and hand out its ``.values`` unless ``return_details=True``.

    The decorated body returns an `Attribution`. What it shares with other methods is spelled out by
    `complete`, the keyword ``return_details`` as well. Its settings are put on record here, those
    at their defaults too; the body says in its `Attribution` only what it has made of them.
    """

    def register(body: Callable[..., Attribution]) -> AttributionMethod:
        method = _callable_method(body, OF_IMAGE_METHODS if input == "image" else OF_METHODS)
        record = MethodRecord(
            name=body.__name__,
            title=title,
            method=method,
            year=year,
            paper=paper,
            family=Family(family),
            input=InputKind(input),
            result=ResultKind(result),
            needs=frozenset(Need(n) for n in needs),
            claims=frozenset(Claim(c) for c in claims),
            unit=Unit(unit),
            stochastic=stochastic,
            differentiable=differentiable,
            cost=cost,
            example=example,
        )
        if record.name in RECORDS and RECORDS[record.name].method.__module__ != body.__module__:
            raise ValueError(f"a method called {record.name} is registered already")
        RECORDS[record.name] = record
        say_lesson(method)
        method.record = record
        return method

    return register


# a setting -> others that it leaves without effect, and the value of these that goes with it
OVERRIDES = (
    ("tol", "quadrature", "adaptive"),
    ("tau", "quantile", None),
    *(("segments", other, None) for other in ("scales", "smallest", "dilation")),
)


def _refuse_overridden(given: Mapping[str, Any]) -> None:
    """Raise if a caller gave a setting that another one of theirs leaves without effect."""
    for name, other, fits in OVERRIDES:
        if given.get(name) is not None and given.get(other, fits) != fits:
            fitting = "" if fits is None else f" or pass {other}={fits!r}"
            what = "..." if isinstance(given[name], Tensor) else repr(given[name])
            raise ValueError(
                f"{name}={what} takes the place of {other}, so that {other}={given[other]!r} would "
                f"have no effect; leave one of them out{fitting}"
            )


def _callable_method(body: Callable[..., Attribution], shared: Shared) -> AttributionMethod:
    """Return what is called: it hands out the values, or the attribution with its settings."""
    whole = complete(body, shared, also=("return_details",))
    signature = inspect.signature(whole)
    defaults = keyword_defaults(signature)
    on_record = set(defaults) - NOT_ON_RECORD

    @functools.wraps(whole)
    def method(*args: Any, return_details: bool = False, **given: Any) -> Any:
        note_use(body.__name__)
        given = plain_numbers(given)  # for the record, too
        check_flags({"return_details": False}, {"return_details": return_details})
        _refuse_overridden(given)
        # plain tensors and no graph whatever the caller's mode is, but for a map that is itself
        # to be differentiated
        keeps_graph = bool(given.get("differentiable", False))
        with torch.inference_mode(False), torch.set_grad_enabled(keeps_graph):
            attribution = whole(*args, **given)
        if not return_details:
            return attribution.values
        asked = {n: v for n, v in {**defaults, **given}.items() if n in on_record}
        settings = {**asked, **attribution.settings}
        return replace(attribution, settings=settings, method=body.__name__)

    method.__signature__ = signature.replace(  # type: ignore[attr-defined]
        return_annotation="Tensor | Attribution"
    )
    return method  # type: ignore[return-value]
