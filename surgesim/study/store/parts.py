"""Files to which the parts of an unfinished study are appended.

A part is a header, with the number, kind, length and checksum of the part, and its content. Both have a
checksum, so a part that a killed process wrote only to some extent counts as missing, and so does one that
was damaged later; the parts after it are found by their headers. A process starts a file of its own, so it
never writes behind a part that another one left incomplete.
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

NAME = re.compile(r"(\d{8})\.parts")

CONTENT, FAILURE = 0, 1
"""Kinds of a part: the content of a run, or the error of one that failed."""

MOST_BYTES = 1 << 30
"""Length from which on a further file is started."""

_MARK = b"surgesim part\n"
_HEADER = struct.Struct("<14sBxQQI")
_CHECKSUM = struct.Struct("<I")
_BEFORE = _HEADER.size + _CHECKSUM.size


class Place(NamedTuple):
    """Where a part is: its number, its kind, its offset in the file, and whether its content is whole."""

    part: int
    kind: int
    offset: int
    is_whole: bool


def append(path: Path, part: int, kind: int, content: bytes) -> int:
    """Append a part to a file, and return its offset."""
    header = _HEADER.pack(_MARK, kind, part, len(content), zlib.crc32(content))
    with path.open("ab") as file:
        offset = file.tell()
        file.write(b"".join([header, _CHECKSUM.pack(zlib.crc32(header)), content]))
    return offset


def places(path: Path) -> Iterator[Place]:
    """Yield the parts of a file whose header is whole, in order; a later one replaces an earlier one."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as bytes_:
            at = bytes_.find(_MARK)
            while at >= 0:
                following = at + 1
                header = _header(bytes_[at : at + _BEFORE])
                if header is not None:
                    part, kind, length, checksum = header
                    end = at + _BEFORE + length
                    is_whole = end <= len(bytes_) and zlib.crc32(bytes_[at + _BEFORE : end]) == checksum
                    if is_whole:
                        following = end
                    yield Place(part, kind, at, is_whole)
                at = bytes_.find(_MARK, following)


def read(path: Path, offset: int, part: int) -> tuple[int, bytes]:
    """Return the kind and the content of a part.

    Raises
    ------
    ValueError
        If the part is damaged, or is another one.
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as file:
        file.seek(offset)
        header = _header(file.read(_BEFORE))
        if header is None:
            raise ValueError("a part has no header")
        number, kind, length, checksum = header
        content = file.read(length)
    if number != part or zlib.crc32(content) != checksum:
        raise ValueError("the checksum of a part is wrong")
    return kind, content


def _header(start: bytes) -> tuple[int, int, int, int] | None:
    """Return the number, kind, length and checksum of a part; None if the header is not whole."""
    header, checksum = start[: _HEADER.size], start[_HEADER.size :]
    if len(start) < _BEFORE or _CHECKSUM.unpack(checksum)[0] != zlib.crc32(header):
        return None
    _, kind, part, length, of_content = _HEADER.unpack(header)
    return part, kind, length, of_content
