"""What a batch of facts makes of calls and seats, and who is to hear of it. Pure: rows in, rows and messages out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.calls.measures import answered, unanswered, waiting
from backend.calls.record import NOBODY, Agent, CallRecord, fold
from backend.kernel.database import Event
from backend.seats.seating import BUSY, HallTimes, Seated, apply, seat_of
from telephony import facts as f

CALLS_READ = "permission:calls.read"
SEATS_WATCH = "permission:seats.watch"

_PHONE_FACTS = (
    *(f.CallAnswered, f.CallHeld, f.CallResumed, f.SeatMuted, f.SeatUnmuted),
    *(f.ConsultBegan, f.ConsultAnswered, f.ConsultHeld, f.ConsultResumed, f.ConsultEnded),
)
"""What changes the call of a phone beside the moves of its seat."""


@dataclass(slots=True)
class Reckoning:
    """The rows of a batch while its facts are taken in, one by one and in order.

    `calls` and `seats` are the present rows of everything that the batch speaks of; they are replaced as facts arrive.
    `source` says how calls that are new here became known, if not live; `strays` are facts of calls that never began;
    `moved` is the last fact of each call that was open.
    """

    host: str
    times: HallTimes
    calls: dict[str, CallRecord]
    seats: dict[str, Seated]
    source: str | None = None
    fact_rows: list[dict[str, Any]] = field(default_factory=list)
    messages: list[Event] = field(default_factory=list)
    strays: list[f.Fact] = field(default_factory=list)
    seat_steps: list[tuple[Seated, Seated, datetime]] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    to_record: list[str] = field(default_factory=list)
    moved: dict[str, f.CallFact] = field(default_factory=dict)
    queue_moved: bool = False
    decided: bool = False
    phones_moved: dict[str, datetime] = field(default_factory=dict)

    def take(self, facts: Iterable[f.Fact]) -> Reckoning:
        """Take these facts in; returns itself."""
        for fact in facts:
            if isinstance(fact, f.CallFact):
                self._take_call_fact(fact)
            else:
                self._move_seats(fact)
        return self

    def for_the_hall(self) -> list[Event]:
        """One event a call that moved: whoever watches the hall reads anew how it stands."""
        return [Event("hall_call", call_id, (SEATS_WATCH,), {}, fact.at) for call_id, fact in self.moved.items()]

    def for_the_phones(self) -> list[Event]:
        """One event a hardware phone whose call moved: its console reads anew how it stands."""
        return [Event("phone_moved", seat, (f"seat:{seat}",), {}, at) for seat, at in self.phones_moved.items()]

    def _take_call_fact(self, fact: f.CallFact) -> None:
        seat = seat_of(fact)
        before = self.calls.get(fact.call_id)
        after = fold(before, fact, host=self.host, agent=_agent_at(self.seats, seat), source=self.source)
        if after is None:
            self.strays.append(fact)
            return
        self.calls[fact.call_id] = after
        self.changed.add(fact.call_id)
        self.fact_rows.append(
            {
                "call_id": fact.call_id,
                "n": after.fact_count,
                "at": fact.at,
                "kind": fact.kind,
                "seat": seat,
                "payload": fact.as_payload(),
                "recovered": fact.recovered,
            }
        )
        if before is None or before.stage != "ended":
            self.moved[fact.call_id] = fact
            self._tell(fact, after, seat)
            if isinstance(fact, _PHONE_FACTS):
                for name in {seat, getattr(fact, "asked_by", None)}:
                    self._phone_moved(name, fact.at)
        self._note(before, after)
        self._move_seats(fact)

    def _note(self, before: CallRecord | None, after: CallRecord) -> None:
        if after.recording_state == "pending" and (before is None or before.recording_state == "none"):
            self.to_record.append(after.call_id)
        was_waiting = before is not None and waiting(before)
        was_decided = before is not None and (answered(before) or unanswered(before))
        decided = not was_decided and (answered(after) or unanswered(after))
        self.decided = self.decided or decided
        self.queue_moved = self.queue_moved or decided or was_waiting is not waiting(after)

    def _tell(self, fact: f.CallFact, record: CallRecord, seat: str | None) -> None:
        match fact:
            case f.SeatRinging():
                self._say("call_ringing", fact, seat, [f"seat:{seat}"], handed_by=_handed_by(fact, record))
            case f.ConsultAnswered() if seat is not None:
                self._say("call_answered", fact, seat, [f"seat:{seat}"])
            case f.ConsultEnded() if seat is not None and fact.outcome is f.ConsultOutcome.OVER:
                self._say("call_ended", fact, seat, [f"seat:{seat}"], outcome="answered")
            case f.CallAnswered():
                audience = [CALLS_READ] if seat is None else [CALLS_READ, f"seat:{seat}"]
                self._say("call_answered", fact, seat, audience)
            case f.SupervisionBegan() | f.SupervisionEnded():
                self._say("call_supervised", fact, seat, [f"seat:{seat}"])
            case f.SeatRingEnded():
                self._say("call_ended", fact, seat, [f"seat:{seat}"], outcome=str(fact.outcome))
            case f.TalkEnded():
                self._say("call_ended", fact, seat, [f"seat:{seat}"], outcome="answered")
            case f.RecordingPaused() | f.RecordingResumed():
                paused = isinstance(fact, f.RecordingPaused)
                self._say("recording_pause_changed", fact, record.seat, [f"seat:{record.seat}"], paused=paused)
            case f.CallEnded():
                still_there = [f"seat:{name}" for name in self._seats_in(fact.call_id)]
                self._say("call_ended", fact, record.seat, [CALLS_READ, *still_there], outcome=str(fact.outcome))

    def _seats_in(self, call_id: str) -> list[str]:
        return [name for name, held in self.seats.items() if held.call_id == call_id and held.state.status in BUSY]

    def _say(self, topic: str, fact: f.CallFact, seat: str | None, audience: list[str], **more: Any) -> None:
        payload = {"call_id": fact.call_id, "seat": seat, "at": fact.at.isoformat(), **more}
        self.messages.append(Event(topic, fact.call_id, tuple(audience), payload, fact.at))

    def _move_seats(self, fact: f.Fact) -> None:
        for name, seated in self.seats.items():
            moved = apply(seated, fact, self.times)
            if moved != seated:
                self.seat_steps.append((seated, moved, fact.at))
                self.seats[name] = moved
                self._phone_moved(name, fact.at)

    def _phone_moved(self, seat: str | None, at: datetime) -> None:
        """A seat that no row of this batch is of may have any phone; who tells the event knows."""
        if seat and (seat not in self.seats or self.seats[seat].phone == "sip"):
            self.phones_moved[seat] = at


def _handed_by(fact: f.SeatRinging, record: CallRecord) -> dict[str, Any] | None:
    """Who talks to the citizen already and wants this seat to: None for a call that comes from the queue."""
    if record.answered_at is None or record.seat is None:
        return None
    return {"seat": record.seat, "agent_name": record.agent_name, "consult": bool(fact.asked_by)}


def _agent_at(seats: Mapping[str, Seated], seat: str | None) -> Agent:
    seated = None if seat is None else seats.get(seat)
    return NOBODY if seated is None else Agent(seated.user_id, seated.agent_name)
