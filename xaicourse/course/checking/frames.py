"""Messages between the notebook and the checker's process: a length, then that many bytes."""

import struct
from collections.abc import Sequence
from typing import BinaryIO

__all__ = ["HEAD", "LONGEST_REPLY", "read_frame", "read_frames", "write_frame", "write_frames"]

Bytes = bytes | bytearray | memoryview

HEAD = struct.Struct(">Q")
LONGEST_REPLY = 2**24  # bytes


def write_frame(stream: BinaryIO, content: Bytes) -> None:
    """Send one message."""
    stream.write(HEAD.pack(len(content)))
    stream.write(content)  # not joined with its length: it may be large
    stream.flush()


def write_frames(stream: BinaryIO, contents: Sequence[Bytes]) -> None:
    """Send several messages, which belong together, and before them their number."""
    write_frame(stream, HEAD.pack(len(contents)))
    for content in contents:
        write_frame(stream, content)


def read_frame(stream: BinaryIO, longest: int | None = None) -> bytearray | None:
    """Receive one message; None when the other side has gone.

    Raises
    ------
    ValueError
        If the message would be longer than `longest` bytes: this is no message.
    """
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    (length,) = HEAD.unpack(head)
    if longest is not None and length > longest:
        raise ValueError(f"a message of {length} bytes")
    content = bytearray(length)
    read = stream.readinto(content)  # type: ignore[attr-defined]
    return content if read == length else None


def read_frames(stream: BinaryIO) -> list[bytearray] | None:
    """Receive several messages that belong together; None when the other side has gone."""
    number = read_frame(stream)
    if number is None:
        return None
    contents = [read_frame(stream) for _ in range(HEAD.unpack(number)[0])]
    return None if None in contents else contents  # type: ignore[return-value]
