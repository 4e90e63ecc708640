"""The black list and missed callers as the console shows and changes them; numbers are masked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, Field

from backend.callbacks.schemas import CallbackState
from backend.cases.schemas import CaseStatus
from backend.citizens.schemas import CallerView
from backend.kernel.schemas import CallId, Schema
from backend.queueing.states import EntryMove, EntryState, MissedMove, MissedState


class BlacklistAsk(Schema):
    """Ask that a number be refused: the caller of `call_id`, or a number that was typed."""

    call_id: CallId | None = None
    number: str | None = Field(default=None, max_length=40)
    until: AwareDatetime
    reason: str = Field(min_length=2, max_length=500)


class BlacklistDecision(Schema):
    """Consent to an entry, decline it, or lift it before its end."""

    move: EntryMove


class BlacklistView(Schema):
    """An entry of the black list. `in_force`: the number is refused now."""

    entry_id: UUID
    caller: CallerView
    state: EntryState
    in_force: bool
    until: datetime
    reason: str
    asked_at: datetime
    asked_by_id: UUID
    asked_by: str
    decided_at: datetime | None
    decided_by: str | None


class CallBlacklist(Schema):
    """What the black list says of a call: the entry of its number that is in force or waits for consent, if any."""

    entry: BlacklistView | None


class LeaderOpen(Schema):
    """Let a leader answer citizens in person for so long, beginning now."""

    user_id: UUID
    minutes: int = Field(ge=10, le=720)


class LeaderCall(Schema):
    """A call that a leader answered, with a case filed in it and how that stands.

    `callback` is the furthest that a callback visit for it has come, None when none was promised yet; `at_end` tells
    that the case is closed and its citizen was called back.
    """

    call_id: str
    answered_at: datetime
    caller: CallerView
    case_id: UUID | None
    case_number: str | None
    case_status: CaseStatus | None
    callback: CallbackState | None
    at_end: bool


class LeaderSessionView(Schema):
    """A leader's session. `open_cases` counts the cases of its calls that are not at their end yet."""

    session_id: UUID
    user_id: UUID
    leader: str
    starts_at: datetime
    ends_at: datetime
    running: bool
    opened_by: str
    open_cases: int
    calls: list[LeaderCall]


class MissedView(Schema):
    """A caller who is owed a callback; the list is in the order of `first_at`. `call_id` is his latest missed call."""

    missed_id: UUID
    caller: CallerView
    state: MissedState
    wish: bool
    times: int
    first_at: datetime
    last_at: datetime
    dialed_number: str
    queue: str | None
    call_id: str | None
    ended_at: datetime | None
    ended_by: str | None
    note: str


class MissedDial(Schema):
    """Call a missed caller back from one's own seat. The same `request_id` calls once."""

    request_id: UUID


class MissedEnd(Schema):
    """Say that a missed caller was called back (`finish`) or need not be (`drop`), with a note."""

    move: MissedMove
    note: str = Field(default="", max_length=500)
