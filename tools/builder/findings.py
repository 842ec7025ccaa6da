"""One finding of the linter."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something to mend (an error) or to know (a note)."""

    where: str  # "l05_x/lesson.py, cell 3"
    rule: str
    text: str
    is_error: bool = True

    def __str__(self) -> str:
        return f"{'error' if self.is_error else 'note '} {self.where}: {self.text} [{self.rule}]"
