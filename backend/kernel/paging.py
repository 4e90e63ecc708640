"""Keyset paging: a cursor names the last row of a page by what the list is ordered by, a moment and a key."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from backend.kernel.errors import HotlineError

Key = TypeVar("Key")


class CursorInvalid(HotlineError):
    """A page was asked for by a cursor that no list gave out."""


def make_cursor(moment: datetime, key: object) -> str:
    """A cursor that is safe in a URL."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{key}".encode()).decode().rstrip("=")


def read_cursor(cursor: str, key: Callable[[str], Key]) -> tuple[datetime, Key]:
    """The moment and the key of a cursor, the key made by `key` (such as `UUID`); raises `CursorInvalid`."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        moment, _, rest = text.partition("|")
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None:
            raise ValueError("a cursor holds a moment with its zone")
        return at, key(rest)
    except (binascii.Error, ValueError) as error:
        raise CursorInvalid(
            "The list cannot go on from here.", next_step="Load the list anew.", field="cursor"
        ) from error
