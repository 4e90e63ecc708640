"""What one fact changes in the record of its call: a pure fold, so that a stored history always gives the same row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.calls.measures import elapsed_ms
from backend.citizens.numbers import read_number
from telephony import facts as f

STORED_CHARACTERS = 64
"""What is kept of a caller's number that is none; a network can send anything."""


@dataclass(frozen=True, slots=True)
class Agent:
    """Who sits at a seat at the moment of a fact."""

    user_id: UUID | None
    name: str | None


NOBODY = Agent(None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """A row of `calls` as a value (see `backend.calls.models.Call` for the meaning of the fields)."""

    call_id: str
    host: str
    arrived_at: datetime
    direction: str = "inbound"
    caller_number: str = ""
    caller_e164: str | None = None
    caller_usable: bool = False
    dialed_number: str = ""
    queue: str | None = None
    stage: str = "arrived"
    outcome: str | None = None
    seat: str | None = None
    user_id: UUID | None = None
    agent_name: str | None = None
    queued_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    wait_ms: int | None = None
    talk_ms: int | None = None
    hold_ms: int = 0
    held_since: datetime | None = None
    hung_up_by: str | None = None
    cause: int | None = None
    survey_score: int | None = None
    recording_file: str | None = None
    recording_paused_at: datetime | None = None
    recording_state: str = "none"
    transcript_state: str = "none"
    source: str = "live"
    continues: str | None = None
    handed_to: str | None = None
    waited_ms: int = 0
    counted: bool = True
    fact_count: int = 0


_TOLD_AFTERWARDS = (f.SurveyAnswered, f.RecordingStarted, f.CallEndWitnessed)


def fold(
    record: CallRecord | None, fact: f.CallFact, *, host: str, agent: Agent = NOBODY, source: str | None = None
) -> CallRecord | None:
    """The record after one more fact; None while no fact has begun the call.

    `agent` is who sits at the fact's seat; `source` is how a new call became known, if not as its first fact says. A
    call that has ended stays as it is, but for what can only be told afterwards and the count of its facts; a second
    arrival of a known call changes nothing.
    """
    if record is None:
        record = _begin(fact, host, agent, source or ("recovered" if fact.recovered else "live"))
        return None if record is None else replace(record, fact_count=1)
    change = _CHANGES.get(type(fact))
    if change is not None and (record.stage != "ended" or isinstance(fact, _TOLD_AFTERWARDS)):
        record = change(record, fact, agent)
    return replace(record, fact_count=record.fact_count + 1)


def _begin(fact: f.CallFact, host: str, agent: Agent, source: str) -> CallRecord | None:
    if isinstance(fact, f.CallArrived):
        caller = read_number(fact.caller_number)
        return CallRecord(
            call_id=fact.call_id,
            host=host,
            caller_number=kept_text(fact.caller_number),
            caller_e164=caller.e164,
            caller_usable=caller.usable,
            dialed_number=fact.dialed_number,
            arrived_at=fact.at,
            source=source,
        )
    if isinstance(fact, f.CallPlaced):
        citizen = read_number(fact.number)
        return CallRecord(
            call_id=fact.call_id,
            host=host,
            direction="outbound",
            caller_number=kept_text(fact.number),
            caller_e164=citizen.e164,
            caller_usable=citizen.usable,
            dialed_number=fact.shown_number,
            seat=fact.seat,
            user_id=agent.user_id,
            agent_name=agent.name,
            arrived_at=fact.at,
            source=source,
        )
    return None


def kept_text(number: str) -> str:
    """What the network sent as a number, cut to a length and without what a database or a screen would choke on."""
    return "".join(sign for sign in number if sign.isprintable())[:STORED_CHARACTERS]


def _queued(record: CallRecord, fact: f.CallQueued, _: Agent) -> CallRecord:
    # a citizen who was handed over, or whose seat lost its line, waits again
    return replace(record, stage="queued", queue=fact.queue, queued_at=record.queued_at or fact.at)


def _left_queue(record: CallRecord, _: f.CallLeftQueue, __: Agent) -> CallRecord:
    return record if record.stage == "answered" else replace(record, stage="arrived")


def _ringing(record: CallRecord, fact: f.SeatRinging, agent: Agent) -> CallRecord:
    if record.answered_at:  # a transfer rings elsewhere: the record shows who talked until somebody answers
        return record
    return replace(
        record,
        stage="ringing",
        seat=fact.seat,
        user_id=agent.user_id,
        agent_name=agent.name,
        ringing_at=record.ringing_at or fact.at,
    )


def _ring_ended(record: CallRecord, fact: f.SeatRingEnded, _: Agent) -> CallRecord:
    if record.answered_at or record.seat != fact.seat or record.direction == "outbound":
        return record
    stage = "queued" if record.queue else "arrived"
    return replace(record, stage=stage, seat=None, user_id=None, agent_name=None)


def _answered(record: CallRecord, fact: f.CallAnswered, agent: Agent) -> CallRecord:
    answered_at = record.answered_at or fact.at
    return replace(
        _off_hold(record, fact.at),  # whoever answers talks: the hold of an earlier seat is over
        stage="answered",
        seat=fact.seat,
        user_id=agent.user_id,
        agent_name=agent.name,
        answered_at=answered_at,
        wait_ms=record.waited_ms + elapsed_ms(record.arrived_at, answered_at),
        talk_ms=None,
    )


def _talk_ended(record: CallRecord, fact: f.TalkEnded, _: Agent) -> CallRecord:
    if record.answered_at is None:
        return record
    stage = "after_talk" if record.seat == fact.seat else record.stage
    return replace(_off_hold(record, fact.at), stage=stage, talk_ms=elapsed_ms(record.answered_at, fact.at))


def _handed_over(record: CallRecord, fact: f.CallHandedOver, _: Agent) -> CallRecord:
    """Whom nobody has talked to here is counted by the call that goes on there."""
    talked = record.answered_at is not None
    stage = record.stage if talked else "arrived"
    return replace(record, handed_to=fact.host, counted=record.counted and talked, stage=stage)


def _came_back(record: CallRecord, _: f.CallCameBack, __: Agent) -> CallRecord:
    return replace(record, handed_to=None, counted=record.counted or record.continues is None)


def _continues(record: CallRecord, fact: f.CallContinues, _: Agent) -> CallRecord:
    """Whom somebody had talked to already was counted there; else the wait goes on."""
    return replace(record, continues=fact.first_call_id, waited_ms=fact.waited_ms, counted=not fact.talked)


def _held(record: CallRecord, fact: f.CallHeld, _: Agent) -> CallRecord:
    if record.answered_at is None or record.held_since is not None:
        return record
    return replace(record, held_since=fact.at)


def _resumed(record: CallRecord, fact: f.CallResumed, _: Agent) -> CallRecord:
    return _off_hold(record, fact.at)


def _off_hold(record: CallRecord, at: datetime) -> CallRecord:
    if record.held_since is None:
        return record
    return replace(record, hold_ms=record.hold_ms + elapsed_ms(record.held_since, at), held_since=None)


def _recording(record: CallRecord, fact: f.RecordingStarted, _: Agent) -> CallRecord:
    return replace(record, recording_file=fact.file)


def _recording_paused(record: CallRecord, fact: f.RecordingPaused, _: Agent) -> CallRecord:
    return replace(record, recording_paused_at=fact.at)


def _recording_resumed(record: CallRecord, _: f.RecordingResumed, __: Agent) -> CallRecord:
    return replace(record, recording_paused_at=None)


def _scored(record: CallRecord, fact: f.SurveyAnswered, _: Agent) -> CallRecord:
    return replace(record, survey_score=fact.score)


def _ended(record: CallRecord, fact: f.CallEnded, _: Agent) -> CallRecord:
    record = replace(
        _off_hold(record, fact.at), stage="ended", outcome=str(fact.outcome), ended_at=fact.at,
        hung_up_by=str(fact.hung_up_by), cause=fact.cause,
    )  # fmt: skip
    if record.answered_at is None:
        return replace(record, wait_ms=record.waited_ms + elapsed_ms(record.arrived_at, fact.at))
    talk_ms = record.talk_ms if record.talk_ms is not None else elapsed_ms(record.answered_at, fact.at)
    return replace(record, talk_ms=talk_ms, recording_state="pending", transcript_state="pending")


def _end_witnessed(record: CallRecord, fact: f.CallEndWitnessed, _: Agent) -> CallRecord:
    if record.ended_at is None or fact.at >= record.ended_at:
        return record
    cut = record.hung_up_by == str(f.Party.PBX_RESTART)  # it was over before that
    record = replace(record, ended_at=fact.at, hung_up_by=str(f.Party.UNKNOWN) if cut else record.hung_up_by)
    if record.answered_at is None:
        return replace(record, wait_ms=elapsed_ms(record.arrived_at, fact.at))
    longest = elapsed_ms(record.answered_at, fact.at)
    talk_ms = min(record.talk_ms or 0, longest)
    return replace(record, talk_ms=talk_ms, hold_ms=min(record.hold_ms, talk_ms))


_CHANGES: dict[type[f.Fact], Callable[[CallRecord, Any, Agent], CallRecord]] = {
    f.CallQueued: _queued,
    f.CallLeftQueue: _left_queue,
    f.SeatRinging: _ringing,
    f.SeatRingEnded: _ring_ended,
    f.CallAnswered: _answered,
    f.TalkEnded: _talk_ended,
    f.CallHandedOver: _handed_over,
    f.CallCameBack: _came_back,
    f.CallContinues: _continues,
    f.CallHeld: _held,
    f.CallResumed: _resumed,
    f.RecordingStarted: _recording,
    f.RecordingPaused: _recording_paused,
    f.RecordingResumed: _recording_resumed,
    f.SurveyAnswered: _scored,
    f.CallEnded: _ended,
    f.CallEndWitnessed: _end_witnessed,
}
