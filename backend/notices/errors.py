"""Why a notice cannot be sent or read."""

from __future__ import annotations

from backend.kernel.errors import Conflict, NotFound


class NobodyToTell(Conflict):
    """There are no such seats, so nobody would ever get the notice."""


class NoticeReused(Conflict):
    """The same request was sent before with another text."""


class NoticeUnknown(NotFound):
    """There is no such notice to this person."""
