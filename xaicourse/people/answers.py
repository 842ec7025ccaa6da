"""The answers of a study, kept one by one in a file as soon as each is given.

SQLite writes an answer whole or not at all, at whatever moment the process dies, and several
processes may use one file. Whoever answers has a number and no name.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from xaicourse.core.files import write_atomically
from xaicourse.people.asked import whole
from xaicourse.people.simulatability import Guess, Simulatability
from xaicourse.people.trials import ForcedChoice, Trial

__all__ = ["Answer", "Answers"]

PATIENCE = 60  # seconds to wait for another process that writes
TABLES = """
create table if not exists study (name text primary key, settings text not null);
create table if not exists consent (
    study text, rater integer, words text not null, primary key (study, rater));
create table if not exists answer (
    study text, rater integer, trial integer, shown text not null, choice text not null,
    primary key (study, rater, trial));
"""
R = TypeVar("R")


class Answer(NamedTuple):
    """A trial with what was chosen.

    Parameters
    ----------
    trial : Trial or Guess
        What was shown.
    choice : str
        One of the study's choices.
    """

    trial: Any
    choice: str


class Answers:
    """Keeps the answers to a study: each for good as soon as `keep` returns.

    An answer is one transaction. The first answer to a trial is kept; the same question answered
    again, in another browser or after a crash, changes nothing. Nobody can answer before the
    consent is recorded. No name, no time and no address is stored.

    Parameters
    ----------
    study : ForcedChoice or Simulatability
        Made by `forced_choice` or `simulatability`.
    file : str or path, optional
        An SQLite file, made with the first consent; several studies and processes may share it.
        None keeps the answers as long as this object lives.

    Raises
    ------
    ValueError
        If the file cannot be used, or holds answers to another study of this name.
    TypeError
        If `study` is no study, or `file` no path.

    Examples
    --------
    >>> import xaicourse as xc
    >>> study = xc.people.forced_choice(["cat", "dog"], ["ig", "edges"], catch=0)
    >>> answers = xc.people.Answers(study)
    >>> answers.consent(1, "I take part of my own free will.")
    >>> answers.keep(1, 1, "left"), answers.keep(1, 1, "right"), answers.next_trial(1).number
    ('left', 'left', 2)
    """

    def __init__(
        self, study: ForcedChoice | Simulatability, file: str | os.PathLike[str] | None = None
    ) -> None:
        if not isinstance(study, ForcedChoice | Simulatability):
            raise TypeError(
                f"study must be made by forced_choice or simulatability, got {type(study).__name__}"
            )
        if file is not None and not isinstance(file, str | os.PathLike):
            raise TypeError(f"file must be the path of a file, got {type(file).__name__}")
        self.study, self.file = study, None if file is None else Path(file)
        self._here = sqlite3.connect(":memory:", check_same_thread=False) if file is None else None
        self._asked(self._check_study, None)

    # -- what is asked of the file --------------------------------------------------------------

    def consent(self, rater: int, words: str) -> None:
        """Record that a rater has read these words and agrees; the first time counts.

        Raises
        ------
        ValueError, TypeError
            If the study has no such rater, or there are no words.
        """
        self._check_rater(rater)
        if not isinstance(words, str) or not words.strip():
            raise ValueError("words must be the text that the rater has read, got none")

        def record(base: sqlite3.Connection) -> None:
            settings = json.dumps(self.study.settings())
            base.execute("insert or ignore into study values (?, ?)", (self.study.name, settings))
            self._check_study(base)
            row = (self.study.name, rater, words)
            base.execute("insert or ignore into consent values (?, ?, ?)", row)

        self._asked(record, None, writes=True)

    def consented(self, rater: int) -> bool:
        """Tell whether a rater's consent is recorded."""
        self._check_rater(rater)
        return bool(self._rows("select 1 from consent where study = ? and rater = ?", rater))

    def keep(self, rater: int, trial: int, choice: str) -> str:
        """Keep the answer to a trial, and return the one that is kept: the first.

        Raises
        ------
        ValueError, TypeError
            If the study has no such rater, trial or choice.
        PermissionError
            If the rater's consent is not recorded.
        """
        self._check_rater(rater)
        whole("trial", trial, 1, self.study.length)
        if choice not in self.study.choices:
            known = ", ".join(self.study.choices)
            raise ValueError(f"choice must be one of {known}, got {choice!r}")
        shown = json.dumps(asdict(self.study.trials(rater)[trial - 1]))
        who = self.study.name, rater

        def record(base: sqlite3.Connection) -> str:
            agreed = "select 1 from consent where study = ? and rater = ?"
            if base.execute(agreed, who).fetchone() is None:
                raise PermissionError(f"rater {rater} has not agreed to take part: call consent")
            row = (*who, trial, shown, choice)
            base.execute("insert or ignore into answer values (?, ?, ?, ?, ?)", row)
            first = "select choice from answer where study = ? and rater = ? and trial = ?"
            return base.execute(first, (*who, trial)).fetchone()[0]

        return self._asked(record, "", writes=True)

    def of(self, rater: int) -> tuple[Answer, ...]:
        """Return the answers of one rater in the order of the trials."""
        self._check_rater(rater)
        ask = "select shown, choice from answer where study = ? and rater = ? order by trial"
        return tuple(self._read(*row) for row in self._rows(ask, rater))

    def all(self) -> tuple[Answer, ...]:
        """Return the answers of all raters."""
        ask = "select shown, choice from answer where study = ? order by rater, trial"
        return tuple(self._read(*row) for row in self._rows(ask))

    def next_trial(self, rater: int) -> Trial | Guess | None:
        """Return the first question that a rater has not answered, or None after the last."""
        done = {answer.trial.number for answer in self.of(rater)}
        return next((t for t in self.study.trials(rater) if t.number not in done), None)

    def raters(self) -> tuple[int, ...]:
        """Return the raters who have agreed to take part."""
        ask = "select rater from consent where study = ? order by rater"
        return tuple(row[0] for row in self._rows(ask))

    def forget(self, rater: int) -> None:
        """Delete all answers of a rater and the consent: who takes it back is forgotten."""
        self._check_rater(rater)

        def delete(base: sqlite3.Connection) -> None:
            for table in ("answer", "consent"):
                ask = f"delete from {table} where study = ? and rater = ?"
                base.execute(ask, (self.study.name, rater))

        self._asked(delete, None, writes=True)

    def to_csv(self, file: str | os.PathLike[str]) -> None:
        """Write all answers to a CSV file, one a line: what was shown, and the choice."""
        text = io.StringIO()
        names = [*asdict(self.study.trials(1)[0]), "choice"]
        table = csv.DictWriter(text, ["study", *names], lineterminator="\n")
        table.writeheader()
        for trial, choice in self.all():
            table.writerow({"study": self.study.name, **asdict(trial), "choice": choice})
        write_atomically(Path(file), text.getvalue().encode())

    # -- how the file is asked ------------------------------------------------------------------

    def _check_rater(self, rater: int) -> None:
        whole("rater", rater, 1, self.study.raters)

    def _check_study(self, base: sqlite3.Connection) -> None:
        ask = "select settings from study where name = ?"
        row = base.execute(ask, (self.study.name,)).fetchone()
        if row is not None and row[0] != json.dumps(self.study.settings()):
            raise ValueError(
                f"file {self.file} holds answers to another study named {self.study.name!r} "
                "(items, methods, raters or seed differ); give this one another name or file"
            )

    def _read(self, shown: str, choice: str) -> Answer:
        kind = Trial if isinstance(self.study, ForcedChoice) else Guess
        return Answer(kind(**json.loads(shown)), choice)

    def _rows(self, ask: str, *rater: int) -> list[Any]:
        return self._asked(lambda base: base.execute(ask, (self.study.name, *rater)).fetchall(), [])

    def _asked(self, what: Callable[[sqlite3.Connection], R], empty: R, writes: bool = False) -> R:
        """Do something in one transaction: it is on the disk when this returns.

        Reading makes no file: where there is none, there is nothing to read.
        """
        if self._here is not None:
            return transaction(self._here, what)
        assert self.file is not None
        if not writes and not self.file.exists():
            return empty
        try:
            with closing(sqlite3.connect(self.file, timeout=PATIENCE)) as base:
                return transaction(base, what)
        except sqlite3.Error as error:
            raise ValueError(
                f"file={os.fspath(self.file)!r} cannot be used ({error}); name a new file in a "
                "folder that exists"
            ) from None


def transaction(base: sqlite3.Connection, what: Callable[[sqlite3.Connection], R]) -> R:
    """Do something whole or not at all; other processes wait meanwhile."""
    base.isolation_level = None  # we say ourselves where a transaction begins
    base.execute("begin immediate")
    try:
        for table in TABLES.split(";")[:-1]:
            base.execute(table)
        result = what(base)
    except BaseException:
        base.execute("rollback")
        raise
    base.execute("commit")
    return result
