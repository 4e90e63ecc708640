"""Named errors that tell a person what happened, what was kept and what to do next.

Every error that may reach a user derives from `HotlineError`. Its class name is its stable id: the API answers
`{"error": "<class name>", "message": ..., "kept": ..., "next_step": ...}` and the console translates by that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class HotlineError(Exception):
    """A failure that a person must understand.

    `message` says what happened, `kept` what was not lost, `next_step` what the reader can do; `field` names the
    input at fault, if any. `facts` are what the console needs to say it in its own language, for instance who did what
    when. `http_status` is the status under which the API reports it.
    """

    http_status: ClassVar[int] = 400

    def __init__(
        self,
        message: str,
        *,
        kept: str = "",
        next_step: str = "",
        field: str | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kept = kept
        self.next_step = next_step
        self.field = field
        self.facts = dict(facts or {})

    @property
    def name(self) -> str:
        """The stable id under which clients know this error."""
        return type(self).__name__

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, self.kept, self.next_step) if part)

    @property
    def cause(self) -> dict[str, Any]:
        """What is kept of the error beside its message, so that it can be told in any language later."""
        return {"error": self.name, "facts": self.facts}

    def as_dict(self) -> dict[str, Any]:
        """The error as it is sent to clients."""
        said: dict[str, Any] = {
            "error": self.name,
            "message": self.message,
            "kept": self.kept,
            "next_step": self.next_step,
            "field": self.field,
        }
        return {**said, "facts": self.facts} if self.facts else said


class NotFound(HotlineError):
    """What was asked for does not exist, or not for this person."""

    http_status = 404


class Conflict(HotlineError):
    """Somebody else changed the thing first; nothing was overwritten."""

    http_status = 409


class Forbidden(HotlineError):
    """The person's roles lack the permission."""

    http_status = 403


class Unavailable(HotlineError):
    """A part that is needed (database, PBX, model) is away for now."""

    http_status = 503


class IllegalTransition(Conflict):
    """A lifecycle was asked for a move that its TRANSITIONS table does not hold."""
