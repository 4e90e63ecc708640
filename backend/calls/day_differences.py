"""Where the record of a day and Asterisk's CDR file of that day disagree. Pure; every disagreement has a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from backend.citizens.numbers import mask, read_number
from telephony.cdr import CdrCall, CdrLeg
from telephony.facts import Party

TOLERANCE = timedelta(seconds=2)
"""How far durations may differ: each side notes a moment at its own place, and the file is written after the call."""

SETTLED_AFTER = timedelta(seconds=30)
"""How long after its end a call may be on its way into the record or into the file; before, it is not compared."""


class DayDifferenceKind(StrEnum):
    """How the two can disagree about a call, or about a consultation in it."""

    NOT_IN_RECORD = "not_in_record"
    NOT_IN_CDR = "not_in_cdr"
    CUT_BY_PBX_RESTART = "cut_by_pbx_restart"
    CONSULT_NOT_IN_RECORD = "consult_not_in_record"
    CONSULT_NOT_IN_CDR = "consult_not_in_cdr"
    LEFT_OPEN = "left_open"
    OUTCOME = "outcome"
    CALLER = "caller"
    DIALED = "dialed"
    WAIT = "wait"
    LENGTH = "length"


class RecordedCall(NamedTuple):
    """What of a call in the record is compared; see `backend.calls.models.Call`."""

    call_id: str
    direction: str
    caller_number: str
    dialed_number: str
    outcome: str | None
    hung_up_by: str | None
    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None

    @property
    def cut(self) -> bool:
        """Whether the PBX broke down under the call, and so never wrote of it."""
        return self.hung_up_by == Party.PBX_RESTART


class RecordedConsult(NamedTuple):
    """A consultation in the record: the second leg of a seat, in a call that is over."""

    call_id: str
    channel: str
    to: str
    began_at: datetime


@dataclass(frozen=True, slots=True)
class DayDifference:
    """One disagreement: what the record says, and what the CDR file says; numbers are masked, times in seconds.

    One that is `explained` is as it has to be and no reason to look further.
    """

    kind: DayDifferenceKind
    call_id: str
    record: str = ""
    cdr: str = ""
    explained: bool = False


@dataclass(frozen=True, slots=True)
class DayComparison:
    """`compared` is how many calls of the day either side knows, without those that are not over for long."""

    compared: int
    differences: tuple[DayDifference, ...]

    @property
    def unexplained(self) -> int:
        """How many differences need somebody to look."""
        return sum(not each.explained for each in self.differences)


def compare_day(
    record: Iterable[RecordedCall], cdr: Iterable[CdrCall], since: datetime, until: datetime, over_by: datetime
) -> DayComparison:
    """Compare the calls that arrived in [since, until) on either side's clock and were over by `over_by`, in the order
    of their arrival.

    Give both sides with a little more than the span, so that a call at its very edge has its counterpart.
    """
    ours = {call.call_id: call for call in record}
    theirs = {call.call_id: call for call in cdr}
    arrivals = {
        call_id: min(call.arrived_at for call in (ours.get(call_id), theirs.get(call_id)) if call is not None)
        for call_id in ours.keys() | theirs.keys()
    }
    compared = [
        call_id
        for call_id, arrived_at in sorted(arrivals.items(), key=lambda each: (each[1], each[0]))
        if since <= arrived_at < until and _is_over(ours.get(call_id), theirs.get(call_id), over_by)
    ]
    differences = [
        difference for call_id in compared for difference in _differences(ours.get(call_id), theirs.get(call_id))
    ]
    return DayComparison(len(compared), tuple(differences))


def compare_consults(
    record: Iterable[RecordedConsult], cdr: Iterable[CdrLeg], since: datetime, until: datetime, over_by: datetime
) -> list[DayDifference]:
    """Compare the consultations that began in [since, until): each of the record has its leg in the CDR, and each leg
    that left the hall has its consultation; what seats dial among themselves outside of any call is no part of either.

    Both sides as for `compare_day`; a channel's name comes again after a restart of the PBX, so its time counts too.
    """
    ours, legs = list(record), list(cdr)
    differences = [
        DayDifference(DayDifferenceKind.CONSULT_NOT_IN_CDR, consult.call_id, record=consult.to)
        for consult in ours
        if since <= consult.began_at < until and not any(_same_leg(consult, leg) for leg in legs)
    ]
    return differences + [
        DayDifference(DayDifferenceKind.CONSULT_NOT_IN_RECORD, leg.channel, cdr=_masked(leg.to))
        for leg in legs
        if leg.outside and since <= leg.began_at < until and leg.ended_at <= over_by
        and not any(_same_leg(consult, leg) for consult in ours)
    ]  # fmt: skip


def _same_leg(consult: RecordedConsult, leg: CdrLeg) -> bool:
    return consult.channel == leg.channel and abs(consult.began_at - leg.began_at) <= TOLERANCE


def _is_over(ours: RecordedCall | None, theirs: CdrCall | None, over_by: datetime) -> bool:
    """A call of which one side is not done, or only just, is compared another time."""
    if theirs is None:
        return ours is not None and ours.ended_at is not None and ours.ended_at <= over_by
    return theirs.ended_at <= over_by


def _differences(ours: RecordedCall | None, theirs: CdrCall | None) -> Iterator[DayDifference]:
    kind = DayDifferenceKind
    if ours is None:
        assert theirs is not None
        yield DayDifference(kind.NOT_IN_RECORD, theirs.call_id, cdr=theirs.outcome)
        return
    if theirs is None:
        missing = kind.CUT_BY_PBX_RESTART if ours.cut else kind.NOT_IN_CDR
        yield DayDifference(missing, ours.call_id, record=_outcome(ours), explained=ours.cut)
        return
    if ours.ended_at is None:
        yield DayDifference(kind.LEFT_OPEN, ours.call_id, record="open", cdr=theirs.outcome)
        return
    if _outcome(ours) != theirs.outcome:
        yield DayDifference(kind.OUTCOME, ours.call_id, _outcome(ours), theirs.outcome)
    if ours.caller_number != theirs.caller_number:
        yield DayDifference(kind.CALLER, ours.call_id, _masked(ours.caller_number), _masked(theirs.caller_number))
    if ours.dialed_number != theirs.dialed_number:
        yield DayDifference(kind.DIALED, ours.call_id, ours.dialed_number, theirs.dialed_number)
    if ours.answered_at is not None and theirs.answered_at is not None:
        waits = ours.answered_at - ours.arrived_at, theirs.answered_at - theirs.arrived_at
        yield from _apart(kind.WAIT, ours.call_id, *waits)
    lengths = ours.ended_at - ours.arrived_at, theirs.ended_at - theirs.arrived_at
    yield from _apart(kind.LENGTH, ours.call_id, *lengths)


def _outcome(call: RecordedCall) -> str:
    """As the CDR can know it: it tells why a citizen was not reached, but not why nobody took his call."""
    if call.answered_at is not None:
        return "answered"
    return str(call.outcome) if call.direction == "outbound" else "abandoned"


def _masked(number: str) -> str:
    return mask(read_number(number))


def _apart(kind: DayDifferenceKind, call_id: str, ours: timedelta, theirs: timedelta) -> Iterator[DayDifference]:
    if abs(ours - theirs) > TOLERANCE:
        yield DayDifference(kind, call_id, f"{ours.total_seconds():.1f}", f"{theirs.total_seconds():.1f}")
