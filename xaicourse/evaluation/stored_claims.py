"""Small reproductions of published claims, which data/measure_claims.py has measured."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xaicourse.datasets.shipped import read_file

__all__ = ["Claim", "claims"]

FILE = "claims.json"
CAME, IN_PART, NOT, UNTRIED = "came", "came in part", "did not come", "not tried"


@dataclass(frozen=True)
class Claim:
    """What others found, what was seen here, and whether it is the same.

    Parameters
    ----------
    key : str
        A word for the claim.
    title : str
        What it is about.
    says : str
        What was published.
    papers : sequence of str
        Where, as arXiv ids.
    lesson : int
        The lesson that it belongs to.
    experiment : str
        What was done here, with nets, pictures and seeds.
    conditions : sequence of dict
        ``says`` what must be seen, ``came`` whether it was, ``numbers`` that decide.
    beside : sequence of str
        What was seen besides.
    tables : mapping
        Name of a table -> its lines; a number with an interval is a dict of mean, low, high and n.
    """

    key: str
    title: str
    says: str
    papers: Sequence[str]
    lesson: int
    experiment: str
    conditions: Sequence[Mapping[str, Any]]
    beside: Sequence[str]
    tables: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def verdict(self) -> str:
        """Whether all, some or none of what must be seen was."""
        seen = [condition["came"] for condition in self.conditions]
        return UNTRIED if not seen else CAME if all(seen) else IN_PART if any(seen) else NOT

    def line(self, table: str, **at: Any) -> Mapping[str, Any]:
        """Return the line of a table that has these values, such as ``map="random"``."""
        if table not in self.tables:
            raise KeyError(f"{self.key} has no table {table!r}, but {', '.join(self.tables)}")
        for line in self.tables[table]:
            if all(line.get(column) == value for column, value in at.items()):
                return line
        raise KeyError(f"table {table!r} of {self.key} has no line with {at}")


def claims() -> dict[str, Claim]:
    """Read the stored reproductions; the file is checked against the sha256 on its card.

    Returns
    -------
    dict of str to Claim

    Examples
    --------
    >>> import xaicourse as xc
    >>> claim = xc.evaluation.claims()["roar"]
    >>> claim.papers, claim.lesson
    (['1806.10758', '2304.13836'], 15)
    """
    found = json.loads(read_file(FILE))
    return {key: Claim(key=key, **one) for key, one in found.items()}
