"""Base of every message that leaves or enters the platform."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints

CallId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,150}$")]
"""The id of a call as clients may name it: what a PBX makes, nothing that a database or a path would choke on."""


class Schema(BaseModel):
    """A message: unknown fields are refused, so that a misspelt one is an error and not a silent loss."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


Item = TypeVar("Item")


class Page(Schema, Generic[Item]):
    """One page of a list, newest first; `next_cursor` asks for the following one and is None on the last."""

    items: list[Item]
    next_cursor: str | None = None


class Problem(Schema):
    """An error as clients see it (see `backend.kernel.errors.HotlineError`)."""

    error: str
    message: str
    kept: str = ""
    next_step: str = ""
    field: str | None = None
    facts: dict[str, str] = {}

    @classmethod
    def kept_as(cls, message: str, cause: dict[str, Any] | None) -> Problem:
        """What was kept of an error: its words, and its `HotlineError.cause` if that was kept too."""
        return cls(message=message, **(cause or {"error": ""}))
