"""All figures of a span of time, from the calls that arrived in it and what the seats did. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple, TypeVar

from backend.figures.seat_time import Hold, SeatMove, moves_by_seat, seat_tally, wrap_up_by_call
from backend.figures.tally import CallTally, SeatTally
from backend.kernel.clock import BEIJING
from telephony.pbx.settings import OWN_SEAT_QUEUE

SpanName = Literal["15m", "1h", "24h", "day"]

_ROLLING: dict[SpanName, tuple[timedelta, timedelta]] = {
    "15m": (timedelta(minutes=15), timedelta(minutes=1)),
    "1h": (timedelta(hours=1), timedelta(minutes=5)),
    "24h": (timedelta(hours=24), timedelta(minutes=30)),
}
_SLOT_OF_A_DAY = timedelta(minutes=30)


class Span(NamedTuple):
    """[since, until), cut into slots of `slot` for the curve."""

    since: datetime
    until: datetime
    slot: timedelta


class CallSeen(NamedTuple):
    """A row of `calls`, as far as it is counted."""

    call_id: str
    queue: str | None
    dialed_number: str
    direction: str
    stage: str
    outcome: str | None
    arrived_at: datetime
    answered_at: datetime | None
    wait_ms: int | None
    talk_ms: int | None
    hold_ms: int
    counted: bool = True
    callback_asked: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """The figures of a span: in all, by queue, by seat, and along the span."""

    span: Span
    total: CallTally
    queues: dict[str, CallTally]
    seats: dict[str, SeatTally]
    curve: dict[datetime, CallTally]


def span_of(name: SpanName, day: date | None, now: datetime) -> Span:
    """The span that ends now, or a day in Beijing (today's if none is given; it ends now as well)."""
    if name != "day":
        length, slot = _ROLLING[name]
        return Span(now - length, now, slot)
    day = day or now.astimezone(BEIJING).date()
    since = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
    return Span(since, max(since, min(since + timedelta(days=1), now)), _SLOT_OF_A_DAY)


def board(
    calls: Iterable[CallSeen],
    moves: Iterable[SeatMove],
    span: Span,
    *,
    short_ms: int,
    held: Iterable[Hold] = (),
    queue_of_number: Mapping[str, str] | None = None,
) -> Board:
    """Count calls that arrived in the span, in any order, and the time of the seats.

    `moves` begin with each seat's last one before the span; those after it only tell how long a wrap-up lasted.
    `queue_of_number` tells to which queue each number of the hotline leads: that of a call which its own seat took.
    """
    of_seats = moves_by_seat(moves)
    wrapped = wrap_up_by_call(of_seats)
    counted = [
        (call, CallTally.of(call, short_ms=short_ms, wrap_up_ms=wrapped[call.call_id]))
        for call in calls
        if span.since <= call.arrived_at < span.until
    ]
    holds_of = defaultdict[str, list[Hold]](list)
    for hold in held:
        holds_of[hold.seat].append(hold)
    numbers = queue_of_number or {}
    return Board(
        span=span,
        total=CallTally.sum(tally for _, tally in counted),
        queues=_grouped((_queue_of(call, numbers), tally) for call, tally in counted if tally.offered),
        seats={
            seat: seat_tally(own, span.since, span.until, held=holds_of[seat]) for seat, own in sorted(of_seats.items())
        },
        curve=_curve(counted, span),
    )


call_without_queue = ""
"""Where a call is counted that ended before it was in any queue."""


def _queue_of(call: CallSeen, queue_of_number: Mapping[str, str]) -> str:
    queue = queue_of_number.get(call.dialed_number) if call.queue == OWN_SEAT_QUEUE else call.queue
    return queue or call_without_queue


_Key = TypeVar("_Key", bound=Hashable)


def _grouped(tallies: Iterable[tuple[_Key, CallTally]]) -> dict[_Key, CallTally]:
    parts: defaultdict[_Key, list[CallTally]] = defaultdict(list)
    for key, tally in tallies:
        parts[key].append(tally)
    return {key: CallTally.sum(of_key) for key, of_key in parts.items()}


def _curve(counted: Sequence[tuple[CallSeen, CallTally]], span: Span) -> dict[datetime, CallTally]:
    slots = -(-(span.until - span.since) // span.slot)
    found = _grouped(((call.arrived_at - span.since) // span.slot, tally) for call, tally in counted)
    return {span.since + n * span.slot: found.get(n, CallTally()) for n in range(slots)}
