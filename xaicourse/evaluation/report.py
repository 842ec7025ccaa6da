"""Many methods by many metrics: every number beside its controls and with its interval."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from xaicourse import __version__
from xaicourse.core.checks import check_positive_int
from xaicourse.core.near_names import did_you_mean, suggest_names
from xaicourse.core.progress import progress
from xaicourse.evaluation import controls
from xaicourse.evaluation.explaining import Explaining, explaining, readable
from xaicourse.evaluation.fingerprint import fingerprint
from xaicourse.evaluation.interval import confidence_interval
from xaicourse.evaluation.kept import Kept
from xaicourse.evaluation.masks import read_mask
from xaicourse.evaluation.registry import METRICS, MetricKind, MetricRecord
from xaicourse.evaluation.report_of import Report, ReportRow, interval_of, is_share
from xaicourse.evaluation.seeds import seeded
from xaicourse.methods.spec import Spec, spec

__all__ = ["report"]

NO_MODEL = (MetricKind.MAP, MetricKind.MASK)
OWN, NOISE = "", "random "  # keys of the method's values, and of each draw's
APART = 1000  # seeds from image to image, so that no two of them share a draw
Maps = Callable[[Callable[..., Any], Tensor], Tensor]  # (model, x) -> a map that knows no method


@suggest_names
def report(
    methods: Any,
    metrics: Any,
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    mask: Tensor | None = None,
    level: float = 0.95,
    draws: int = 4,
    seed: int = 0,
    keep: Any = None,
    batch_size: int | None = None,
) -> Report:
    """Measure methods by metrics, each number beside its controls and with its interval.

    The controls are maps of noise (``random``, the mean over some draws), ``constant``, ``edge``,
    ``centre`` (a Gaussian), ``activation`` (what a layer sees, whatever the class), ``oracle``
    (the mask), and of each method's map the ``inverted`` and the ``blurred`` copy.

    Parameters
    ----------
    methods : list or dict
        Names in ``xc.METHODS``, ``xc.spec(name, ...)`` or functions (model, x, target) that return
        maps; a dict gives each a label.
    metrics : list or dict
        Names in ``xc.METRICS`` or pairs (name, settings); a dict gives each a label. A metric of a
        data set, which trains nets, is refused.
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained and scored; None is the class predicted at x.
    mask : Tensor, optional
        Where the truth lies, (N, 1, H, W), (H, W) or of x's shape: for metrics that need it.
    level : float
        Of all intervals.
    draws : int
        How many maps of noise the random control has for each image, 1000 at most.
    seed : int
        Of the first draw.
    keep : str or path-like, optional
        A file in which each result is kept as soon as it is there. A call that was interrupted
        goes on from it. Needs a model, methods and settings that can be told apart by what they
        are made of: modules, specs, functions with a source.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    Report
        ``rows``; ``.table()``, ``.agreement()``, ``.to_json(path)``. Draw it with
        ``xc.plot.report``.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named, before the work begins.

    Notes
    -----
    A control is spread evenly over the channels. Where a metric sees the size of a map, each
    control is first given the size (the norm over an image) of the method's map. A metric that
    explains again is given each control as a method: noise, which is the same wherever one asks, is
    perfectly stable and knows nothing. Edges, centre, blur and activations are for images only.

    **Cost.** A metric is called 3 times for each method, and for all together once a control and
    `draws` times for noise; where the size of a map counts, so often for each method.

    **Fails when** few images are given: the interval of five says little of a skewed metric. And
    when many cells are read as if each were the only one: with twenty methods that know nothing,
    one is expected to be told apart from noise.

    Examples
    --------
    >>> import xaicourse as xc
    >>> e = xc.METRICS["deletion"].example()
    >>> found = xc.evaluation.report(["gradient"], [("deletion", e.settings)], e.model, e.x)
    >>> print(found.table())
    deletion(output=logit, imputer=0.0) (lower is better), 2 image(s), mean and 95 % interval
      gradient
        3.03 [-6.1, 12.2]; minus random -1.83 [-9.17, 5.52]: not told apart
        beside random 4.86 [3.07, 6.65]; constant 3.59 [-1.57, 8.76]; inverted 4.72 [-14.7, 24.2]
    """
    asked = _Asked(
        methods=read_methods(methods),
        metrics=read_metrics(metrics, mask, batch_size),
        mask=mask,
        draws=_draws(draws),
        seed=seed,
        batch_size=batch_size,
    )
    seeded(seed)  # refuses what is none
    confidence_interval(torch.zeros(2), level=level)
    kept = Kept(keep)
    with torch.inference_mode(False), torch.no_grad():
        one = explaining(model, x, next(iter(asked.methods.values())), target, "logit", batch_size)
        if mask is not None:
            read_mask(mask, x)
        base = "" if keep is None else fingerprint(__version__, model, one.question.x, target)
        return _Work(asked, one, target, kept, base).report(level)


# ---------------------------------------------------------------- what is asked


def _draws(draws: Any) -> int:
    if check_positive_int(draws, "draws") > APART:
        raise ValueError(f"draws must be at most {APART}, got {draws}")
    return int(draws)


def read_methods(methods: Any) -> dict[str, Any]:
    """Return label -> method, each of which can be asked for maps."""
    if isinstance(methods, str | Spec) or not isinstance(methods, Iterable):
        raise TypeError(f"methods must be a list or a dict of methods, got {methods!r}")
    if isinstance(methods, Mapping):
        given = {str(label): method for label, method in methods.items()}
    else:
        given = _labelled([(_name(method), method) for method in methods], "methods")
    if not given:
        raise ValueError("methods is empty: give at least one")
    found = {}
    for label, method in given.items():
        found[label] = spec(method) if isinstance(method, str) else method
        readable(found[label])  # or raise
    return found


def _name(method: Any) -> str:
    if isinstance(method, Spec):
        return _with_settings(method.name, dict(method.settings))
    bare = getattr(method, "func", method)  # of functools.partial
    return method if isinstance(method, str) else getattr(bare, "__name__", type(bare).__name__)


def _with_settings(name: str, settings: Mapping[str, Any]) -> str:
    """Return a label: what is no plain value is not in it."""
    plain = {k: v for k, v in settings.items() if isinstance(v, int | float | str)}
    return f"{name}({', '.join(f'{k}={v}' for k, v in plain.items())})" if plain else name


def _labelled(pairs: Sequence[tuple[str, Any]], argument: str) -> dict[str, Any]:
    labels = [label for label, _ in pairs]
    twice = [label for label in labels if labels.count(label) > 1]
    if twice:
        raise ValueError(f"{argument} has two called {twice[0]!r}: give a dict, label -> each")
    return dict(pairs)


@dataclass(frozen=True)
class _Metric:
    """A metric with its settings."""

    record: MetricRecord
    settings: Mapping[str, Any]


def read_metrics(metrics: Any, mask: Tensor | None, batch_size: int | None) -> dict[str, _Metric]:
    """Return label -> metric with all settings, or refuse one that cannot be measured here."""
    if isinstance(metrics, str) or not isinstance(metrics, Iterable):
        raise TypeError(f"metrics must be a list or a dict of metrics, got {metrics!r}")
    entries = metrics.values() if isinstance(metrics, Mapping) else metrics
    pairs = [_pair(entry) for entry in entries]
    if not pairs:
        raise ValueError("metrics is empty: give at least one")
    labels = (
        map(str, metrics)
        if isinstance(metrics, Mapping)
        else [_with_settings(name, settings) for name, settings in pairs]
    )
    given = _labelled(list(zip(labels, pairs, strict=True)), "metrics")
    return {label: _metric(name, own, mask, batch_size) for label, (name, own) in given.items()}


def _pair(entry: Any) -> tuple[str, Mapping[str, Any]]:
    name, settings = (entry, {}) if isinstance(entry, str) else _two(entry)
    if name not in METRICS:
        raise ValueError(f"there is no metric {name!r}; {did_you_mean(name, sorted(METRICS))}")
    return name, settings


def _two(entry: Any) -> tuple[str, Mapping[str, Any]]:
    if isinstance(entry, tuple) and len(entry) == 2:
        name, settings = entry
        if isinstance(name, str) and isinstance(settings, Mapping):
            return name, settings
    raise TypeError(f"a metric must be a name or a pair (name, settings), got {entry!r}")


def _metric(
    name: str, settings: Mapping[str, Any], mask: Tensor | None, batch_size: int | None
) -> _Metric:
    record = METRICS[name]
    if record.kind is MetricKind.DATA:
        raise ValueError(
            f"{name} trains nets on a data set, which a report has not: call "
            f"xc.evaluation.{name}(train, data, method)"
        )
    known = inspect.signature(record.metric).parameters
    own = list(known)[4:]
    for key in settings:
        if key not in own:
            raise ValueError(f"metric {name} has no setting {key!r}; {did_you_mean(key, own)}")
    shared = {"batch_size": batch_size} | ({} if mask is None else {"mask": mask})
    whole = {**{k: v for k, v in shared.items() if k in own}, **settings}
    for key in own:
        if known[key].default is inspect.Parameter.empty and key not in whole:
            where = "mask=" if key == "mask" else f"({name!r}, {{{key!r}: ...}})"
            raise ValueError(f"metric {name} needs {key}: give {where}")
    return _Metric(record, whole)


# ---------------------------------------------------------------- the work


@dataclass(frozen=True, eq=False)
class _Asked:
    """The arguments of a report, read."""

    methods: Mapping[str, Any]
    metrics: Mapping[str, _Metric]
    mask: Tensor | None
    draws: int
    seed: int
    batch_size: int | None

    def blind(self, x: Tensor) -> dict[str, Maps]:
        """Return the controls that know nothing of a method, by name; noise draw by draw."""
        found: dict[str, Maps] = {
            f"{NOISE}{k}": partial(_of_x, noise, seed=self.seed + k) for k in range(self.draws)
        }
        found["constant"] = partial(_of_x, controls.constant)
        if x.dim() == 4:
            found["edge"] = partial(_of_x, controls.edges)
            found["centre"] = partial(_of_x, controls.centre_gaussian)
            found["activation"] = partial(controls.activation_norm, batch_size=self.batch_size)
        if self.mask is not None:
            found["oracle"] = partial(_truth, self.mask)
        return found


def noise(x: Tensor, seed: int) -> Tensor:
    """Return the random control with another draw for each image, so that images are independent.

    With one draw for all, a paired interval would leave out how much the draw itself matters.
    """
    rows = [controls.random(x[i : i + 1], seed + APART * i) for i in range(len(x))]
    return torch.cat(rows)


def _of_x(control: Callable[..., Tensor], model: Any, x: Tensor, **settings: Any) -> Tensor:
    return control(x, **settings)


def _truth(mask: Tensor, model: Any, x: Tensor) -> Tensor:
    return read_mask(mask, x).to(x.dtype)  # a row without foreground has a flat map


def _as_method(control: Maps, model: Any, x: Tensor, target: Any) -> Tensor:
    """Return a control's map where a method's is asked for."""
    return spread_evenly(control(model, x), x)


def _changed(change: str, method: Any, model: Any, x: Tensor, target: Any) -> Tensor:
    """Return a method's map, inverted or blurred."""
    return _change(change, method(model, x, target))


def _change(change: str, attribution: Tensor) -> Tensor:
    return controls.inverted(attribution) if change == "inverted" else blur(attribution)


def blur(attribution: Tensor) -> Tensor:
    """Return the blurred copy of a map, each image's with the norm that it had."""
    return sized(controls.blurred(attribution), attribution)


def spread_evenly(attribution: Tensor, x: Tensor) -> Tensor:
    """Return a map (N, 1, H, W) in x's shape, each pixel's value shared by its channels."""
    return (attribution / (x.shape[1] // attribution.shape[1])).expand_as(x).contiguous()


def sized(control: Tensor, attribution: Tensor) -> Tensor:
    """Return a control with the norm that a map has on each image; zeros stay zeros."""
    size, own = (t.flatten(1).norm(dim=1).to(control.dtype) for t in (attribution, control))
    factor = torch.where(own > 0, size / own.where(own > 0, 1), 0)
    return control * factor.view(-1, *[1] * (control.dim() - 1))


@dataclass(frozen=True, eq=False)
class _Work:
    """One call of `report`: what it is about, and what is there already."""

    asked: _Asked
    about: Explaining
    target: Any
    kept: Kept
    base: str  # what all results are made from; "" where nothing is kept in a file

    @property
    def x(self) -> Tensor:
        return self.about.question.x

    def report(self, level: float) -> Report:
        """Measure all and put it side by side."""
        blind, left_out = self._blind_maps()
        rows = list[ReportRow]()
        changed = len(self._of_the_method())
        each = len(self.asked.methods) * (1 + len(blind) + changed)
        bar = progress(each * len(self.asked.metrics), "metrics")
        try:
            maps = {method: self._map(method) for method in self.asked.methods}  # or raise
            for method, attribution in maps.items():
                for metric in self.asked.metrics:
                    thirds = self._thirds(metric, method, attribution, blind)
                    found = dict[str, Tensor]()
                    for name, (label, third) in thirds.items():
                        found[name] = self._one(metric, label, third)
                        bar.update(1)
                    direction = self.asked.metrics[metric].record.direction
                    rows.append(_row(method, metric, direction, found, level))
        finally:
            bar.close()
        return Report(tuple(rows), level, left_out)

    def _of_the_method(self) -> tuple[str, ...]:
        return ("inverted", "blurred") if self.x.dim() == 4 else ("inverted",)

    def _map(self, label: str) -> Tensor:
        """Return a method's map at x: in x's shape, or (N, 1, H, W)."""
        method = self.asked.methods[label]

        def make() -> Tensor:
            return self.about.by(method).map()

        flat = self._kept(f"method {label!r}", make, "map", method)  # (N, D)
        whole = flat.shape[1] == self.x[0].numel()
        return flat.view(self.x.shape if whole else (len(self.x), 1, *self.x.shape[2:]))

    def _blind_maps(self) -> tuple[dict[str, tuple[Maps, Tensor]], dict[str, str]]:
        """Return the controls that know nothing of a method, and why some cannot be made."""
        found, left_out = {}, {}
        for name, control in self.asked.blind(self.x).items():
            try:
                made = spread_evenly(control(self.about.model, self.x), self.x)
            except (TypeError, ValueError) as error:
                if name != "activation":
                    raise
                left_out[name] = " ".join(str(error).split())
                continue
            found[name] = control, made
        return found, left_out

    def _thirds(
        self, metric: str, method: str, attribution: Tensor,
        blind: Mapping[str, tuple[Maps, Tensor]],
    ) -> dict[str, tuple[str, Any]]:  # fmt: skip
        """Return what stands in the third place, by name, each with a label of its own.

        That is a map, or where the metric explains again what makes it. What has the same label is
        measured once.
        """
        record = self.asked.metrics[metric].record
        again = record.kind is MetricKind.EXPLAIN
        own = self.asked.methods[method]
        thirds = {OWN: (f"method {method!r}", own if again else attribution)}
        for name, (control, made) in blind.items():
            if again and name != "oracle":  # which explains no model
                thirds[name] = f"control {name}", partial(_as_method, control)
            elif not again and record.rank_only:
                thirds[name] = f"control {name}", made
            elif not again:
                thirds[name] = f"control {name} beside {method!r}", sized(made, attribution)
        for name in self._of_the_method():
            third = partial(_changed, name, own) if again else _change(name, attribution)
            thirds[name] = f"{name} {method!r}", third
        return thirds

    def _one(self, metric: str, label: str, third: Any) -> Tensor:
        """Return the values (N,) of one metric for one map, or one method."""
        asked = self.asked.metrics[metric]
        model = None if asked.record.kind in NO_MODEL else self.about.model

        def make() -> Tensor:
            return asked.record.metric(model, self.x, third, self.target, **asked.settings).values

        settings = {k: v for k, v in asked.settings.items() if k != "batch_size"}
        return self._kept(f"metric {metric!r}, {label}", make, asked.record.name, settings, third)

    def _kept(self, label: str, make: Callable[[], Tensor], *parts: Any) -> Tensor:
        """Return what is there under all that it is made from, here under its label, or make it."""
        key = fingerprint("report", self.base, *parts) if self.base else label
        try:
            return self.kept.get(key, make).to(self.x.device)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{label}: {error}") from error


def _row(
    method: str, metric: str, direction: Any, found: Mapping[str, Tensor], level: float
) -> ReportRow:
    """Return the means, each with its interval, and the paired difference to noise."""
    own = found[OWN]
    noise = torch.stack([v for name, v in found.items() if name.startswith(NOISE)])  # (draws, N)
    random = noise.mean(dim=0)
    shares = all(is_share(values) for values in (own, noise))  # 0 or 1 by nature, not by chance
    others = {n: v for n, v in found.items() if n != OWN and not n.startswith(NOISE)}
    whole = interval_of(own, level, shares)
    return ReportRow(
        method=method,
        metric=metric,
        direction=direction,
        mean=whole.mean,
        low=whole.low,
        high=whole.high,
        valid=whole.images,
        images=len(own),
        minus_random=interval_of(own - random, level),
        controls={
            name: interval_of(values, level, shares)
            for name, values in {"random": random, **others}.items()
        },
    )
