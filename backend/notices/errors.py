"""Why a notice cannot be sent or read."""

from __future__ import annotations

from backend.kernel.errors import Conflict, NotFound


class NobodyToTell(Conflict):
    """Nobody sits at the seats that the notice was meant for."""


class NoticeReused(Conflict):
    """The same request was sent before with another text."""


class NoticeUnknown(NotFound):
    """There is no such notice to this person."""
