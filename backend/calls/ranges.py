"""HTTP byte ranges (RFC 9110, 14.2), as far as a player needs them. Pure."""

from __future__ import annotations

import re

_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


class Unsatisfiable(Exception):
    """The range lies beyond the end of the file."""


def read_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes [start, end) that are asked for of a file of `size`; None for all of it.

    What is no single byte range is ignored, as the standard has it. Raises `Unsatisfiable`.
    """
    found = _ONE_RANGE.fullmatch(header.replace(" ", "")) if header is not None else None
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), size if not last else min(int(last) + 1, size)
        if last and int(last) < int(first):
            return None
    if start >= size or start >= end:
        raise Unsatisfiable
    return start, end


def begins(header: str | None) -> bool:
    """Whether a request with this header starts to play, rather than to go on or to seek."""
    found = _ONE_RANGE.fullmatch(header.replace(" ", "")) if header is not None else None
    return found is None or (bool(found.group(1)) and int(found.group(1)) == 0)
