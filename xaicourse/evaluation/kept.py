"""Results of long work, kept one by one in a file as soon as each is there.

SQLite writes a result whole or not at all, at whatever moment the process dies, and several
processes may use one file. What a result was made from is in its key: see `fingerprint`.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import safetensors.torch
from torch import Tensor

__all__ = ["Kept"]

PATIENCE = 60  # seconds to wait for another process that writes


class Kept:
    """Tensors by key: in a file or, without one, as long as this object lives."""

    def __init__(self, file: str | os.PathLike[str] | None) -> None:
        if file is not None and not isinstance(file, str | os.PathLike):
            raise TypeError(f"keep must be the path of a file, got {type(file).__name__}")
        self.file = file
        self.here: dict[str, Tensor] = {}
        if file is not None:
            self._ask("select count(*) from kept", ())  # refused before the work, not after it

    def get(self, key: str, make: Callable[[], Tensor]) -> Tensor:
        """Return the tensor of a key, on the CPU; where there is none, make it and keep it."""
        found = self._read(key)
        if found is None:
            found = make().detach().cpu().contiguous()
            self._write(key, found)
        return found

    def _read(self, key: str) -> Tensor | None:
        if self.file is None:
            return self.here.get(key)
        rows = self._ask("select tensor from kept where key = ?", (key,))
        return safetensors.torch.load(rows[0][0])["tensor"] if rows else None

    def _write(self, key: str, tensor: Tensor) -> None:
        if self.file is None:
            self.here[key] = tensor
        else:
            content = safetensors.torch.save({"tensor": tensor})
            self._ask("insert or replace into kept values (?, ?)", (key, content))

    def _ask(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        """Run one statement in a transaction of its own: it is on the disk when this returns."""
        assert self.file is not None
        try:
            with closing(sqlite3.connect(self.file, timeout=PATIENCE)) as base, base:
                base.execute("create table if not exists kept (key text primary key, tensor blob)")
                return base.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise ValueError(
                f"keep={os.fspath(self.file)!r} cannot be used ({error}); name a new file in a "
                "folder that exists"
            ) from None
