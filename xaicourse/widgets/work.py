"""Work that is done in chunks, and results that are kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable
from typing import Any, TypeVar

R = TypeVar("R")


class Memory:
    """Keeps the `most` results that were used last; the one not used for longest is forgotten."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def get(self, key: Hashable) -> Any:
        """Return what is kept under the key, or None."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, key: Hashable, result: R) -> R:
        """Keep a result under the key, and return it."""
        self._kept[key] = result
        self._kept.move_to_end(key)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return result

    def once(self, key: Hashable, make: Callable[..., R], *arguments: Any) -> R:
        """Return what is kept under the key; make it where there is nothing."""
        return self.get(key) if key in self else self.keep(key, make(*arguments))

    def walk(self, key: Hashable, work: Generator[Any, None, R]) -> Generator[Any, None, R]:
        """Do the same with work in chunks: yield after each, return the result."""
        return self.get(key) if key in self else self.keep(key, (yield from work))

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()


def finish(work: Generator[Any, None, R]) -> R:
    """Do all chunks of a work at once and return its result."""
    while True:
        try:
            next(work)
        except StopIteration as finished:
            return finished.value
