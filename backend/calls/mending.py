"""What the record lacks of a call that stands in Asterisk's CDR file, and the facts that make up for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from backend.calls.day_differences import TOLERANCE
from telephony import facts as f
from telephony.cdr import CdrCall
from telephony.names import is_number


class DifferenceKind(StrEnum):
    """How the record and the CDR can disagree about a call."""

    NOT_IN_RECORD = "not_in_record"
    LEFT_OPEN = "left_open"
    ENDED_EARLIER = "ended_earlier"
    ANSWER_DIFFERS = "answer_differs"


REPAIRABLE = frozenset({DifferenceKind.NOT_IN_RECORD, DifferenceKind.LEFT_OPEN, DifferenceKind.ENDED_EARLIER})


class CallSummary(NamedTuple):
    """What of a recorded call is compared. `found_ended` says that its end was only noticed later, by looking."""

    call_id: str
    answered: bool
    ended_at: datetime | None
    found_ended: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement about the call that Asterisk saw like this."""

    kind: DifferenceKind
    cdr: CdrCall

    @property
    def call_id(self) -> str:
        """The call."""
        return self.cdr.call_id


def compare(record: Iterable[CallSummary], cdr: Iterable[CdrCall]) -> list[Difference]:
    """Every disagreement about the calls of the CDR, in its order."""
    known = {call.call_id: call for call in record}
    kinds = ((call, _disagreement(known.get(call.call_id), call)) for call in cdr)
    return [Difference(kind, call) for call, kind in kinds if kind is not None]


def _disagreement(recorded: CallSummary | None, call: CdrCall) -> DifferenceKind | None:
    if recorded is None:
        return DifferenceKind.NOT_IN_RECORD
    if recorded.ended_at is None:
        return DifferenceKind.LEFT_OPEN
    if recorded.answered != (call.answered_at is not None):
        return DifferenceKind.ANSWER_DIFFERS
    if recorded.found_ended and recorded.ended_at - call.ended_at > TOLERANCE:
        return DifferenceKind.ENDED_EARLIER
    return None


def facts_of(difference: Difference, recorded: CallSummary | None) -> list[f.CallFact]:
    """What the record lacks of this call, as facts with the CDR's times; `recorded` is what it has."""
    call = difference.cdr
    if difference.kind is DifferenceKind.ENDED_EARLIER:
        return [f.CallEndWitnessed(at=call.ended_at, call_id=call.call_id, recovered=True)]
    missing: list[f.CallFact] = []
    if recorded is None:
        missing.append(_beginning(call))
        if call.recording:
            missing.append(
                f.RecordingStarted(at=call.arrived_at, call_id=call.call_id, file=call.recording, recovered=True)
            )
    if call.answered_at is not None and not (recorded and recorded.answered):
        missing.append(
            f.CallAnswered(at=call.answered_at, call_id=call.call_id, seat=call.seat or "", channel="", recovered=True)
        )
    answered = call.answered_at is not None or bool(recorded and recorded.answered)
    missing.append(
        f.CallEnded(
            at=call.ended_at,
            call_id=call.call_id,
            outcome=f.CallOutcome.ANSWERED if answered else f.CallOutcome(call.outcome),
            hung_up_by=f.Party.UNKNOWN,
            cause=None,
            recovered=True,
        )
    )
    return missing


def _beginning(call: CdrCall) -> f.CallArrived | f.CallPlaced:
    if call.direction == "outbound":
        return f.CallPlaced(
            at=call.arrived_at,
            call_id=call.call_id,
            seat=call.seat or "",
            number=call.caller_number,
            shown_number=call.dialed_number,
            channel="",
            seat_channel="",
            recovered=True,
        )
    return f.CallArrived(
        at=call.arrived_at,
        call_id=call.call_id,
        caller_number=call.caller_number,
        caller_known=is_number(call.caller_number),
        caller_name="",
        dialed_number=call.dialed_number,
        channel="",
        recovered=True,
    )
