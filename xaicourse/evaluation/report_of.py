"""A table of methods and metrics in which no number stands alone: what `report` returns."""

import json
import os
import textwrap
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import combinations
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from xaicourse.core.files import write_atomically
from xaicourse.evaluation.interval import Interval, confidence_interval

__all__ = ["RankAgreement", "Report", "ReportRow", "interval_of", "is_share"]

WIDTH = 100  # characters of the table
NO_BREAK = "\N{NO-BREAK SPACE}"
FEWEST = 3  # methods of which an order says anything


def interval_of(values: Tensor, level: float, shares: bool = False) -> Interval:
    """Return the mean over what is finite, with its interval; NaN where nothing is.

    Wilson's interval is for values that are 0 or 1 by nature (`shares`), Student's for all others.
    """
    there = values[torch.isfinite(values)]
    if len(there) == 0:
        return Interval(nan, nan, nan, 0)
    kind = "wilson" if shares and is_share(there) else "student"
    return confidence_interval(there, level=level, kind=kind)


def is_share(values: Tensor) -> bool:
    """Tell whether all values that there are are 0 or 1."""
    there = values[torch.isfinite(values)]
    return bool(((there == 0) | (there == 1)).all())


@dataclass(frozen=True)
class ReportRow:
    """One method by one metric, with its controls.

    Parameters
    ----------
    method, metric : str
        The labels of both.
    direction : str
        ``"lower"`` or ``"higher"``: which values are better.
    mean, low, high : float
        The mean over the images that have a value, in units of the metric, and its interval. NaN
        where no image has one.
    valid, images : int
        How many images have a value, and how many there are.
    minus_random : Interval
        The mean difference to the random control on the same images, with its paired interval.
    controls : dict of str to Interval
        What maps got that know nothing, or everything, by name.
    """

    method: str
    metric: str
    direction: Literal["lower", "higher"]
    mean: float
    low: float
    high: float
    valid: int
    images: int
    minus_random: Interval
    controls: Mapping[str, Interval]

    @property
    def better(self) -> bool | None:
        """True if better than random in the whole interval, False if worse, None if neither."""
        low, high = self.minus_random.low, self.minus_random.high
        if self.direction == "lower":
            low, high = -high, -low
        return True if low > 0 else False if high < 0 else None


class RankAgreement(NamedTuple):
    """How alike two metrics order the methods.

    Parameters
    ----------
    first, second : str
        The metrics.
    value : float
        From -1, the opposite order, to 1, the same, where better is higher; NaN where fewer than
        three methods have a value, or all have the same.
    p : float
        How often two orders that know nothing of each other agree, or disagree, as much.
    methods : int
        How many methods have a value of both.
    """

    first: str
    second: str
    value: float
    p: float
    methods: int


@dataclass(frozen=True)
class Report:
    """Methods by metrics, each number beside its controls. Made by `report`.

    Draw it with ``xc.plot.report``.

    Parameters
    ----------
    rows : tuple of ReportRow
        One for each method and metric, in the order that was asked for.
    level : float
        Of all intervals.
    left_out : dict of str to str
        Controls that could not be made, and why.
    """

    rows: tuple[ReportRow, ...]
    level: float
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def methods(self) -> tuple[str, ...]:
        """The labels of the methods, in order."""
        return tuple(dict.fromkeys(row.method for row in self.rows))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The labels of the metrics, in order."""
        return tuple(dict.fromkeys(row.metric for row in self.rows))

    def row(self, method: str, metric: str) -> ReportRow:
        """Return the row of a method and a metric, by their labels."""
        for row in self.rows:
            if (row.method, row.metric) == (method, metric):
                return row
        raise KeyError(
            f"no row of {method!r} and {metric!r}; methods: {', '.join(self.methods)}; metrics: "
            f"{', '.join(self.metrics)}"
        )

    def table(self) -> str:
        """Return the report as text of at most 100 columns."""
        lines = [line for metric in self.metrics for line in self._block(metric)]
        for name, why in self.left_out.items():
            lines += _wrapped(f"no {name}: {why}", "", "  ")
        return "\n".join(lines).rstrip()

    def agreement(
        self, kind: Literal["kendall", "spearman"] = "kendall"
    ) -> tuple[RankAgreement, ...]:
        """Return for each pair of metrics how alike they order the methods, by their means."""
        if kind not in ("kendall", "spearman"):
            raise ValueError(f'kind must be "kendall" or "spearman", got {kind!r}')
        if len(self.methods) < FEWEST:
            raise ValueError(
                f"an order of {len(self.methods)} method(s) says nothing; give {FEWEST} or more"
            )
        return tuple(self._agree(a, b, kind) for a, b in combinations(self.metrics, 2))

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the report to a file; NaN is null there, and an endless interval "inf"."""
        content = {
            "level": self.level,
            "left_out": dict(self.left_out),
            "rows": [_plain(_as_dict(row)) for row in self.rows],
        }
        text = json.dumps(content, indent=1, allow_nan=False) + "\n"
        write_atomically(Path(path), text.encode())

    def __repr__(self) -> str:
        return self.table()

    def _block(self, metric: str) -> list[str]:
        """Return the lines of a metric: two or more a method, as no number stands alone."""
        rows = [row for row in self.rows if row.metric == metric]
        head = (
            f"{metric} ({rows[0].direction} is better), {rows[0].images} image(s), mean and "
            f"{100 * self.level:g} % interval"
        )
        lines = _wrapped(head, "", "  ")
        for row in rows:
            gaps = f", {row.valid} valid" if row.valid < row.images else ""
            own = _text(Interval(row.mean, row.low, row.high, row.valid))
            verdict = {True: "better", False: "worse", None: "not told apart"}[row.better]
            lines += _wrapped(row.method, "  ", "    ")
            lines += _wrapped(
                f"{own}{gaps}; minus random {_text(row.minus_random)}: {verdict}", "    ", "      "
            )
            beside = "; ".join(
                f"{name}{NO_BREAK}{_text(each)}" for name, each in row.controls.items()
            )
            lines += _wrapped(f"beside {beside}", "    ", "      ")
        return [*lines, ""]

    def _agree(self, first: str, second: str, kind: str) -> RankAgreement:
        from scipy import stats  # a second to import

        pairs = [(_score(self.row(m, first)), _score(self.row(m, second))) for m in self.methods]
        pairs = [pair for pair in pairs if all(map(isfinite, pair))]
        a, b = zip(*pairs, strict=True) if pairs else ((), ())
        if len(pairs) < FEWEST or len(set(a)) == 1 or len(set(b)) == 1:
            return RankAgreement(first, second, nan, nan, len(pairs))
        found: Any = stats.kendalltau(a, b) if kind == "kendall" else stats.spearmanr(a, b)
        return RankAgreement(first, second, float(found.statistic), float(found.pvalue), len(pairs))


def _score(row: ReportRow) -> float:
    """Return the mean, turned so that higher is better."""
    return row.mean if row.direction == "higher" else -row.mean


def _text(found: Interval) -> str:
    if not found.images:
        return "no value"
    return f"{found.mean:.3g} [{found.low:.3g}, {found.high:.3g}]"


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    """Break a line between words, so that a name, its mean and its interval stay together."""
    whole = text.replace(", ", f",{NO_BREAK}").replace(" [", f"{NO_BREAK}[")
    lines = textwrap.wrap(
        whole, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
    return [line.replace(NO_BREAK, " ") for line in lines]


def _as_dict(row: ReportRow) -> dict[str, Any]:
    found = asdict(row)
    found["minus_random"] = row.minus_random._asdict()
    found["controls"] = {name: each._asdict() for name, each in row.controls.items()}
    return found


def _plain(thing: Any) -> Any:
    """Return what JSON can hold."""
    if isinstance(thing, dict):
        return {name: _plain(each) for name, each in thing.items()}
    if isinstance(thing, float) and not isfinite(thing):
        return {inf: "inf", -inf: "-inf"}.get(thing)
    return thing
