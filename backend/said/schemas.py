"""Searches in what was said and what they find, as the console asks and shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from asr.audio import Leg
from backend.kernel.schemas import Schema

Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
LONGEST_CLIP_MS = 10 * 60 * 1000


class SaidQuery(Schema):
    """What is looked for: all words of `q`, those between quotation marks as they stand, and none of `without`, in what
    `leg` said (None: either). `class_code` means the classes below it as well, `agent` is a user name or a name.
    """

    q: Line
    without: Line = ""
    leg: Leg | None = None
    class_code: Line = ""
    agent: Line = ""
    said_from: date | None = None
    said_to: date | None = None
    cursor: str | None = None
    limit: int = Field(default=20, ge=1, le=50)


class SaidTurn(Schema):
    """A turn in which one of the words was said; `at_ms` is when the first of them began."""

    leg: Leg
    start_ms: int
    end_ms: int
    at_ms: int
    text: str


class FoundCall(Schema):
    """A call in which it was said, with the turns where; `more_turns` were said besides."""

    call_id: str
    arrived_at: datetime
    seat: str | None
    agent_name: str | None
    talk_ms: int | None
    case_id: str | None
    case_number: str | None
    class_name: str | None
    turns: list[SaidTurn]
    more_turns: int


class ClipAsked(Schema):
    """Which part of a recording, and why it is taken out of the house."""

    from_ms: int = Field(ge=0)
    to_ms: int = Field(ge=0)
    reason: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
