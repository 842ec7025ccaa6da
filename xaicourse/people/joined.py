"""The answers of a class: each student's file, made one study of several raters."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from xaicourse.people.answers import Answer, Answers
from xaicourse.people.simulatability import Simulatability
from xaicourse.people.trials import ForcedChoice

__all__ = ["join_answers"]


def join_answers(
    study: ForcedChoice | Simulatability, files: Iterable[str | os.PathLike[str]]
) -> tuple[Answer, ...]:
    """Read the answers of several files as those of as many raters.

    On their own machines all are rater 1, or whatever number they chose. Here each rater of each
    file gets a number of its own, from 1 on, in the order of the files: two people are never
    counted as one.

    Parameters
    ----------
    study : ForcedChoice or Simulatability
        What they were asked, such as ``panel.study``.
    files : iterable of path
        Answer files, ``work/.answers.sqlite`` of each student.

    Returns
    -------
    tuple of Answer
        For `analyse_choices` or `analyse_guesses`.

    Raises
    ------
    FileNotFoundError
        If a file is not there.
    ValueError
        If a file holds answers to another study of this name, or cannot be read.

    Examples
    --------
    >>> import tempfile, xaicourse as xc
    >>> study = xc.people.forced_choice(["cat", "dog"], ["ig", "edges"], catch=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = [f"{folder}/{name}.sqlite" for name in ("ann", "bob")]
    ...     for file in files:
    ...         answers = xc.people.Answers(study, file)
    ...         answers.consent(1, "I take part of my own free will.")
    ...         answers.keep(1, 1, "left")
    ...     [answer.trial.rater for answer in xc.people.join_answers(study, files)]
    'left'
    'left'
    [1, 2]
    """
    joined, number = list[Answer](), 0
    for file in files:
        if not Path(file).is_file():  # SQLite would make an empty one
            raise FileNotFoundError(f"files: there is no file {os.fspath(file)!r}")
        answers = Answers(study, file)
        for rater in answers.raters():
            if found := answers.of(rater):
                number += 1
                joined += [Answer(replace(a.trial, rater=number), a.choice) for a in found]
    return tuple(joined)
