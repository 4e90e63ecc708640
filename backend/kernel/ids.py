"""Identifiers."""

from __future__ import annotations

from uuid import UUID, uuid4


def new_id() -> UUID:
    """A new random identifier."""
    return uuid4()
