"""What the console asks for beside its WebSocket: what fills its menus, and the state of the platform's parts."""

from __future__ import annotations

from datetime import date, datetime

from backend.cases.channels import ReferenceNeed
from backend.cases.schemas import ConditionView
from backend.grid.schemas import Street
from backend.kernel.schemas import Schema
from backend.seats.schemas import PauseReason, SeatView
from backend.taxonomy.schemas import Taxonomy, Urgency


class HostOption(Schema):
    """A PBX, and what people call it."""

    name: str
    title: str


class ChannelOption(Schema):
    """A channel by which cases come; `reference` tells whether a form names the source there."""

    code: str
    title: str
    title_en: str
    by_call: bool
    by_entry: bool
    reference: ReferenceNeed


class Options(Schema):
    """Everything that the console's menus offer.

    `numbers` are the hotline numbers, `hosts` the PBX hosts, `departments` the names of departments by their codes,
    as classes name them for their duty, `pause_reasons` those that a person may choose, `live_captions` whether calls
    are captioned while they last.
    """

    streets: list[Street]
    taxonomy: Taxonomy
    conditions: list[ConditionView]
    channels: list[ChannelOption]
    departments: dict[str, str]
    seats: list[SeatView]
    wrap_up_seconds: int
    pause_reasons: list[PauseReason]
    urgencies: list[Urgency]
    numbers: list[str]
    hosts: list[HostOption]
    live_captions: bool


class QueueTarget(Schema):
    """A queue as a seat may dial it; `title` is what people call it."""

    name: str
    title: str


class PhoneTargets(Schema):
    """Whom a seat may dial, consult or hand a citizen to, beside outside numbers: other seats with somebody, queues."""

    seats: list[SeatView]
    queues: list[QueueTarget]


class PartStatus(Schema):
    """One part of the platform: whether it works, and as of when.

    `detail` is a bare value for the console to put into words: of "events" the newest event's number, of "pbx_link" the
    link's state, of "jobs" how many are parked, of "database" what is wrong. The parts "pbx_link" and
    "captions" are those of the PBX `host`.
    """

    name: str
    host: str | None = None
    ok: bool
    detail: str
    as_of: datetime | None


class RecordDifference(Schema):
    """One disagreement of the record with the CDR file (see `backend.calls.day_differences`)."""

    kind: str
    call_id: str
    record: str
    cdr: str
    explained: bool = False


class ReconciledDay(Schema):
    """How the record of a day compared with the CDR file of a PBX, as of `at`."""

    host: str
    day: date
    at: datetime
    compared: int
    differences: list[RecordDifference]


class PlatformStatus(Schema):
    """All parts of the platform as they stand."""

    parts: list[PartStatus]
