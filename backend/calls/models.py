"""The record of calls, of their facts, recordings and transcripts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Call(Base):
    """One call, whole. All times are those of its PBX; durations in ms.

    `caller_number` is what the network sent, as it came; `caller_e164` is it read as a telephone number, if it is one.
    `talk_ms` runs from the first answer to the end of the last talk and holds `hold_ms`, the time in which the citizen
    was on hold; `held_since` is set while that lasts. `seat`, `user_id` and `agent_name` are who rings or talked last.
    `fact_count` numbers the facts of the call. `source` tells how the call became known: "live" as it happened,
    "recovered" by re-synchronisation, "cdr" from Asterisk's own file after the fact.

    A citizen who changes from one PBX to another has a call at each. `handed_to` is the host at which he is now or was
    last; the call there has this one's id in `continues`, and in `waited_ms` how long he had waited before (part of
    `wait_ms`). Only one of them is `counted`: the one in which he was first talked to, or waited last.
    """

    __tablename__ = "calls"
    __table_args__ = (
        CheckConstraint("direction IN ('inbound', 'outbound')", name="direction"),
        CheckConstraint("stage IN ('arrived', 'queued', 'ringing', 'answered', 'after_talk', 'ended')", name="stage"),
        CheckConstraint("source IN ('live', 'recovered', 'cdr')", name="source"),
        CheckConstraint("recording_state IN ('none', 'pending', 'stored', 'failed')", name="recording_state"),
        CheckConstraint("transcript_state IN ('none', 'pending', 'ready', 'failed')", name="transcript_state"),
        CheckConstraint("(stage = 'ended') = (ended_at IS NOT NULL)", name="ended"),
        Index("ix_calls_arrived_at", "arrived_at", "call_id"),
        Index("ix_calls_open", "stage", postgresql_where=text("stage <> 'ended'")),
        Index("ix_calls_user_id", "user_id", "arrived_at", postgresql_where=text("user_id IS NOT NULL")),
        Index("ix_calls_continues", "continues", postgresql_where=text("continues IS NOT NULL")),
        Index("ix_calls_seat", "seat", "arrived_at"),
        Index("ix_calls_caller_e164", "caller_e164", "arrived_at"),
        Index(
            "ix_calls_unfinished",
            "ended_at",
            postgresql_where=text("recording_state = 'pending' OR transcript_state = 'pending'"),
        ),
    )

    call_id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    direction: Mapped[str]
    caller_number: Mapped[str]
    caller_e164: Mapped[str | None]
    caller_usable: Mapped[bool]
    dialed_number: Mapped[str]
    queue: Mapped[str | None]
    stage: Mapped[str]
    outcome: Mapped[str | None]
    seat: Mapped[str | None]
    user_id: Mapped[UUID | None]
    agent_name: Mapped[str | None]
    arrived_at: Mapped[datetime]
    queued_at: Mapped[datetime | None]
    ringing_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    wait_ms: Mapped[int | None]
    talk_ms: Mapped[int | None]
    hold_ms: Mapped[int] = mapped_column(server_default="0")
    held_since: Mapped[datetime | None]
    hung_up_by: Mapped[str | None]
    cause: Mapped[int | None]
    survey_score: Mapped[int | None]
    recording_file: Mapped[str | None]
    recording_paused_at: Mapped[datetime | None]
    recording_state: Mapped[str]
    transcript_state: Mapped[str]
    source: Mapped[str]
    continues: Mapped[str | None]
    handed_to: Mapped[str | None]
    waited_ms: Mapped[int] = mapped_column(server_default="0")
    counted: Mapped[bool] = mapped_column(server_default=text("true"))
    fact_count: Mapped[int]


Index(
    "ix_calls_number_reversed",
    func.reverse(Call.caller_e164).label("reversed"),
    postgresql_ops={"reversed": "text_pattern_ops"},
)


class CallFact(Base):
    """One fact of a call as `telephony.facts` told it, in order; never altered afterwards."""

    __tablename__ = "call_facts"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    seat: Mapped[str | None]
    payload: Mapped[dict[str, Any]]
    recovered: Mapped[bool]


class FactBatch(Base):
    """A batch of facts that has been stored, so that one sent again after an unclear commit changes nothing."""

    __tablename__ = "fact_batches"

    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class Recording(Base):
    """How the recording of an answered call came out: left channel caller, right channel seat.

    The row is made when it is stored or given up; that one is on its way stands in `Call.recording_state`. `cause` is
    what `problem` was as a named error (`HotlineError.cause`), None of what was kept before errors were.
    """

    __tablename__ = "recordings"
    __table_args__ = (
        CheckConstraint("state IN ('stored', 'failed')", name="state"),
        CheckConstraint(
            "state <> 'stored' OR (key IS NOT NULL AND sha256 IS NOT NULL AND size_bytes IS NOT NULL)", name="stored"
        ),
    )

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"), primary_key=True)
    state: Mapped[str]
    key: Mapped[str | None]
    sha256: Mapped[str | None]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    duration_ms: Mapped[int | None]
    codec: Mapped[str | None]
    problem: Mapped[str | None]
    cause: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    stored_at: Mapped[datetime | None]


class Transcript(Base):
    """What was said in a call, by leg, with the model that heard it; made when it is ready or given up.

    `speech` is where a voice was heard on each leg: lists of `asr.transcript.Stretch`. `revision` counts the texts that
    the call has had; 0 while there is none. `audio_ms` were heard in `cpu_ms` of the recogniser's processes. `cause` is
    what `problem` was as a named error (see `Recording`).
    """

    __tablename__ = "transcripts"
    __table_args__ = (
        CheckConstraint("state IN ('ready', 'failed')", name="state"),
        CheckConstraint("(state = 'ready') = (revision > 0)", name="revision"),
        Index("ix_transcripts_created_at", "created_at"),
        Index("ix_transcripts_failed", "created_at", postgresql_where=text("state = 'failed'")),
    )

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"), primary_key=True)
    state: Mapped[str]
    model: Mapped[str | None]
    settings: Mapped[dict[str, Any]]
    turns: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    speech: Mapped[dict[str, Any]]
    revision: Mapped[int]
    text: Mapped[str | None]
    audio_ms: Mapped[int | None]
    cpu_ms: Mapped[int | None]
    problem: Mapped[str | None]
    cause: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime]


class EarlierTranscript(Base):
    """A text that another one took the place of, by a better model or another setting; kept as it was read."""

    __tablename__ = "earlier_transcripts"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str | None]
    settings: Mapped[dict[str, Any]]
    turns: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    speech: Mapped[dict[str, Any]]
    text: Mapped[str | None]
    problem: Mapped[str | None]
    created_at: Mapped[datetime]
    replaced_at: Mapped[datetime]


class CallSaid(Base):
    """What a call is found by that was said in it (see `backend.calls.findable`), beside its transcript.

    `caller` and `seat` are texts as `backend.kernel.grams.document` gives them, a turn a line.
    """

    __tablename__ = "call_said"
    __table_args__ = (
        Index("ix_call_said_arrived_at", "arrived_at", "call_id"),
        # queries ask at any moment for what was just said: no list of pending entries to read through
        Index("ix_call_said_grams", "grams", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"), primary_key=True)
    arrived_at: Mapped[datetime]
    caller: Mapped[str]
    seat: Mapped[str]
    grams: Mapped[str] = mapped_column(TSVECTOR)


class CdrPosition(Base):
    """How far a host's CDR file has been compared with the record: a `telephony.cdr_file.Place`."""

    __tablename__ = "cdr_positions"

    host: Mapped[str] = mapped_column(primary_key=True)
    file: Mapped[str]
    offset: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]


class DayReconciliation(Base):
    """The last comparison of a day's record with the CDR file of a PBX.

    `compared` is how many calls either side knows of that day; `differences` are `backend.calls.reconcile_day`'s, none
    when both agree.
    """

    __tablename__ = "reconciliations"

    host: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    compared: Mapped[int]
    differences: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class PbxLink(Base):
    """One PBX: the state of the link to it (see `telephony.ami.states`), and when that was last known to hold."""

    __tablename__ = "pbx_links"

    host: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    as_of: Mapped[datetime]
