"""What methods and metrics share, written once: type and default here, words here.

A function lists only its own parameters and ends with ``**asked: Unpack[Asked]``. `complete` spells
the rest out, in the signature and in the docstring, so that ``help()`` shows every parameter.
"""

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypedDict, get_type_hints

from xaicourse.core.checks import check_flags, plain_numbers
from xaicourse.core.near_names import check_names

__all__ = [
    "OF_IMAGE_METHODS",
    "OF_METHODS",
    "AlongPath",
    "Asked",
    "Differentiable",
    "MirroredCopies",
    "NoisyCopies",
    "Shared",
    "complete",
    "entries",
    "keyword_defaults",
]


# ---- types: every key is there when the function's body runs ------------------------------------


class Asked(TypedDict):
    """What every method is asked."""

    output: Any
    batch_size: int | None


class Differentiable(Asked):
    """The settings of a method whose map can itself be differentiated."""

    differentiable: bool


class AlongPath(Asked):
    """The settings of a method that sums gradients along the straight line from x' to x."""

    baseline: Any
    steps: int | None
    quadrature: str
    tol: float | None


class NoisyCopies(Asked):
    """The settings of a method that explains noisy copies of x."""

    method: Any
    sigma: float
    relative: bool
    samples: int
    seed: int


class MirroredCopies(NoisyCopies):
    """The same where each draw of noise can be used with both signs."""

    antithetic: bool


# ---- words and defaults: in this order they stand in a signature ---------------------------------


def entries(text: str) -> dict[str, str]:
    """Return name -> entry of a numpydoc list: a line that is not indented, and what follows it."""
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", text.strip("\n")):
        for name in entry.partition("\n")[0].partition(" : ")[0].split(", "):
            found[name] = entry.rstrip()
    return found


@dataclass(frozen=True)
class Shared:
    """The words of parameters and errors, and the parameters' defaults."""

    words: Mapping[str, str]
    raises: Mapping[str, str]  # "name, name" -> sentence
    defaults: Mapping[str, Any]


OF_METHODS = Shared(
    words=entries("""
model : callable
    (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
x : Tensor (N, ...)
    Inputs.
target : int, (N,) ints, tuple, callable, target object or None
    What is explained; None is the predicted class. It is fixed once, at x.
layer : torch.nn.Module, str, list of these or None
    Whose output A (N, K, h, w) is explained: a module of the model or its dotted name. Of a
    series x (N, C, L) it is (N, K, l), of a volume (N, C, D, H, W) it is (N, K, d, h, w); where
    its channels come last, or its cells are tokens, it is laid out so. None is the last layer
    with such maps that the score is computed from (in segmentation the last before the class
    map); its name is in the details. Of several layers the maps are averaged in the size of x,
    each divided by its largest absolute value in the row: their units differ.
call : int
    Which of its calls in a forward pass, where the layer is used several times.
reshape : callable, optional
    Lays a layer's output out as (N, K, h, w) where that is not done already; it may only
    select and rearrange numbers, such as ``lambda t: t.permute(0, 3, 1, 2)`` or `TokenGrid`.
upsample : str or None
    ``"bilinear"`` (linear along each axis, in series and volumes too), ``"bicubic"`` (images
    only) or ``"nearest"`` to the size of x; None for the raw map of one layer.
relu : bool
    Set negative values to 0; False tells where the class is argued against.
baseline : number, Tensor or name
    x', in the same space as x: a number, a tensor, or for images in [0, 1] one of black,
    white, mean, blur, uniform, max_distance.
steps : int, optional
    Nodes of the quadrature (intervals of the trapezoid); 50 without it. Where the quadrature
    is adaptive, the most gradients that a row may cost; 1000 without it.
quadrature : str
    left, right, midpoint, trapezoid, gauss_legendre or adaptive.
tol : float, optional
    Choose the nodes adaptively, in place of `quadrature`, until the estimated relative error of
    the map is at most `tol`; a warning says so where `steps` gradients are not enough.
rule : str
    ``"rescale"`` or ``"reveal_cancel"``; the second treats an activation together with the
    layer, sum or mean right before it, and is Rescale where there is none.
patterns : Patterns
    What ``xc.fit_patterns(model, data)`` gave for this very model.
method : str, Spec, method or functools.partial
    :math:`\\Phi`, any registered method: ``"gradient"``,
    ``xc.spec("integrated_gradients", steps=8)``.
weight_sigma : float
    Standard deviation of the noise on the weights. The authors' code has 0.2 as default; a
    net may not bear that much, so look at its accuracy under noise.
noise : str
    ``"multiplicative"``, :math:`W (1 + \\sigma z)`, or ``"additive"``, :math:`W + \\sigma z`.
sigma : float
    Standard deviation of the noise, as a share of each row's range max(x) - min(x); the paper
    recommends 0.1 to 0.2. Noisy copies are not clipped to the range of images: that would
    shift their mean.
relative : bool
    False: `sigma` is in units of x.
samples : int
    n, the number of noisy copies.
antithetic : bool
    Draw half of the noise and use each draw with both signs; `samples` must be even. It takes
    away the error that is odd in the noise.
seed : int
    The same seed gives the same noise, in every row, on every device and for every batch_size.
output : str or callable
    ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
batch_size : int, optional
    Rows that go through the model at once; never changes the result.
differentiable : bool
    Keep the graph, so that the map itself can be differentiated.
allow : tuple of str
    Other operations whose plain gradient is accepted, by the name that an error gave.
return_details : bool
    Return an `Attribution` instead of the values alone.
"""),
    raises={
        "LayerError": "If the layer is not there, is not called, has no spatial map, or none can "
        "be chosen.",
        "UnsupportedOperationError": "If an operation is neither covered by the rule nor affine, "
        "pooling or shape; it is named.",
        "ValueError, TypeError": "For bad arguments, a model in training mode, a detached output, "
        "a NaN gradient.",
    },
    defaults={
        "baseline": 0.0,
        "steps": None,
        "quadrature": "gauss_legendre",
        "tol": None,
        "method": "gradient",
        "sigma": 0.15,
        "relative": True,
        "samples": 50,
        "antithetic": False,
        "seed": 0,
        "output": "logit",
        "batch_size": None,
        "differentiable": False,
        "return_details": False,
    },
)

OF_IMAGE_METHODS = replace(
    OF_METHODS, words={**OF_METHODS.words, "x": "x : Tensor (N, C, H, W)\n    Images."}
)


# ---- spelling it out ----------------------------------------------------------------------------


def complete(
    body: Callable[..., Any], shared: Shared = OF_METHODS, also: tuple[str, ...] = ()
) -> Callable[..., Any]:
    """Return `body` with all that it shares in its signature and in its docstring.

    When it is called, its body receives every shared setting, those at their defaults as well.

    Parameters
    ----------
    body : callable
        A function that may end with ``**asked: Unpack[...]`` of a TypedDict of this file.
    shared : Shared
        The words and defaults, `OF_METHODS` or `OF_METRICS`.
    also : tuple of str
        Shared parameters that whoever wraps the result takes out again.

    Returns
    -------
    callable
    """
    signature = _whole_signature(body, shared, also)
    defaults = {n: d for n, d in keyword_defaults(signature).items() if n not in also}

    @functools.wraps(body)
    def function(*args: Any, **given: Any) -> Any:
        check_names(body, given, signature.parameters)
        given = plain_numbers(given)
        check_flags(defaults, given)
        return body(*args, **{**defaults, **given})

    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__doc__ = _whole_docstring(body.__doc__, signature, shared)
    return function


def keyword_defaults(signature: inspect.Signature) -> dict[str, Any]:
    """Return name -> default of the keyword-only parameters that have one."""
    keywords = [p for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
    return {p.name: p.default for p in keywords if p.default is not p.empty}


def _whole_signature(
    body: Callable[..., Any], shared: Shared, also: tuple[str, ...]
) -> inspect.Signature:
    """Put each shared parameter before the first one that comes later in the table."""
    signature = inspect.signature(body)
    parameters = list(signature.parameters.values())
    last = parameters[-1] if parameters else None
    types: dict[str, Any] = {}
    if last and last.kind is last.VAR_KEYWORD and hasattr(last.annotation, "__args__"):
        parameters.pop()
        types = get_type_hints(last.annotation.__args__[0])  # of Unpack[...]
    types |= {name: type(shared.defaults[name]) for name in also}
    order = list(shared.words)
    given = {p.name for p in parameters}
    for name in sorted(set(types) - given, key=order.index):
        later = order[order.index(name) :]
        settings = [k for k, p in enumerate(parameters) if p.kind is p.KEYWORD_ONLY]
        place = next((k for k in settings if parameters[k].name in later), len(parameters))
        new = inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=shared.defaults[name],
            annotation=types[name],
        )
        parameters.insert(place, new)
    return signature.replace(parameters=parameters)


_SECTION = re.compile(r"^(\w+)\n-{3,}\n(.*?)(?=^\w+\n-{3,}\n|\Z)", re.M | re.S)


def _whole_docstring(text: str | None, signature: inspect.Signature, shared: Shared) -> str | None:
    """Fill the sections Parameters and Raises; a docstring without sections stays as it is."""
    text = inspect.cleandoc(text or "")
    sections = {name: body.strip("\n") for name, body in _SECTION.findall(text)}
    if "Returns" not in sections:
        return text or None
    head = _SECTION.split(text, maxsplit=1)[0].strip("\n")
    words = dict(shared.words) | entries(sections.pop("Parameters", ""))
    listed = dict.fromkeys(words[name] for name in signature.parameters if name in words)
    raised = _whole_raises(sections.pop("Raises", ""), signature, shared)
    whole = {
        "Parameters": "\n".join(listed),
        "Returns": sections.pop("Returns"),
        "Raises": raised,
        **sections,
    }
    blocks = [f"{name}\n{'-' * len(name)}\n{body}" for name, body in whole.items()]
    return "\n\n".join([head, *blocks]) + "\n"


def _whole_raises(own: str, signature: inspect.Signature, shared: Shared) -> str:
    """Put the shared sentence before what the function says itself ("Also ...") of an error."""
    found = {e.partition("\n")[0]: e.partition("\n")[2] for e in entries(own).values() if e}
    needed = {"LayerError": "layer", "UnsupportedOperationError": "allow"}
    for names, sentence in shared.raises.items():
        if names in needed and needed[names] not in signature.parameters:
            continue
        mine = found.get(names, "")
        if not mine or mine.lstrip().startswith("Also"):
            found[names] = f"    {sentence}" + (f"\n{mine}" if mine else "")
    return "\n".join(f"{names}\n{words}" for names, words in found.items())
