"""The rows of the record as messages: masked, and without what is inside the PBX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from asr.audio import Leg
from asr.written import written
from backend.calls.models import Call, CallFact, EarlierTranscript, Recording, Transcript
from backend.calls.schemas import (
    CallEventView,
    CallRow,
    CallStage,
    HitCounts,
    RecordingState,
    RecordingView,
    TranscriptState,
    TranscriptView,
    TurnView,
)
from backend.citizens.hidden_numbers import Piece, hide_in_pieces
from backend.citizens.numbers import mask, read_number
from backend.citizens.service import caller_view
from backend.kernel.schemas import Problem

_HIDDEN_IN_FACTS = frozenset(
    {
        "at",
        "call_id",
        "seat",
        "recovered",
        "caller_number",
        "caller_name",
        "number",
        "channel",
        "seat_channel",
        "contact",
        "file",
        "first_call_id",
        "talked",
    }
)
"""What the time line of a call leaves out: what has its own field, numbers, and addresses inside the PBX."""


def call_row(
    call: Call, name: str | None, case_numbers: list[str], leader: str | None, hits: HitCounts | None = None
) -> CallRow:
    """One call in a list."""
    return CallRow(
        call_id=call.call_id,
        host=call.host,
        direction="outbound" if call.direction == "outbound" else "inbound",
        dialed_number=call.dialed_number,
        queue=call.queue,
        caller=caller_view(read_number(call.caller_number), name),
        stage=CallStage(call.stage),
        outcome=call.outcome,
        seat=call.seat,
        agent_name=call.agent_name,
        arrived_at=call.arrived_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        wait_ms=call.wait_ms,
        talk_ms=call.talk_ms,
        score=call.survey_score,
        recording=RecordingState(call.recording_state),
        transcript=TranscriptState(call.transcript_state),
        case_numbers=case_numbers,
        leader=leader,
        hits=hits,
    )


def recording_view(call: Call, recording: Recording | None) -> RecordingView:
    """The recording as it stands."""
    state = RecordingState(call.recording_state)
    if recording is None:
        return RecordingView(state=state)
    return RecordingView(
        state=state,
        duration_ms=recording.duration_ms,
        codec=recording.codec,
        size_bytes=recording.size_bytes,
        sha256=recording.sha256,
        problem=_problem(recording),
    )


def transcript_view(call: Call, transcript: Transcript | None, *, words: bool, numbers: bool = False) -> TranscriptView:
    """The transcript as it stands, without what was said unless `words`, with whole numbers of people if `numbers`."""
    state = TranscriptState(call.transcript_state)
    if transcript is None:
        return TranscriptView(state=state)
    renewing = transcript.state == "ready" and state is TranscriptState.PENDING
    return TranscriptView(
        state=TranscriptState.READY if renewing else state,
        renewing=renewing,
        revision=transcript.revision,
        model=transcript.model,
        turns=turn_views(transcript.turns, numbers=numbers) if words else [],
        problem=_problem(transcript),
    )


def earlier_view(text: EarlierTranscript) -> TranscriptView:
    """A text that the call had before."""
    return TranscriptView(
        state=TranscriptState.READY,
        revision=text.revision,
        model=text.model,
        turns=turn_views(text.turns),
        problem=None if text.problem is None else Problem.kept_as(text.problem, None),
    )


def _problem(kept: Recording | Transcript) -> Problem | None:
    return None if kept.problem is None else Problem.kept_as(kept.problem, kept.cause)


def turn_views(turns: Sequence[Mapping[str, Any]], *, numbers: bool = False) -> list[TurnView]:
    """Turns as they are stored, with the numbers of people hidden unless `numbers`."""
    views = [_turn_view(turn) for turn in turns]
    return views if numbers else _hidden(views)


def _turn_view(turn: Mapping[str, Any]) -> TurnView:
    text = turn["text"]
    written_down = turn.get("written") or written(text)  # texts of long ago were kept without
    return TurnView(leg=turn["leg"], start_ms=turn["start_ms"], end_ms=turn["end_ms"], text=text, written=written_down)


def _hidden(turns: Sequence[TurnView]) -> list[TurnView]:
    """The turns with the middle of each number hidden, also of those that somebody told over several turns."""
    shown = list(turns)
    for leg in Leg:
        own = [place for place, turn in enumerate(turns) if turn.leg == leg]
        texts = hide_in_pieces([Piece(turns[n].text, turns[n].start_ms, turns[n].end_ms) for n in own])
        digits = hide_in_pieces([Piece(turns[n].written, turns[n].start_ms, turns[n].end_ms) for n in own])
        for n, text, written_down in zip(own, texts, digits, strict=True):
            hides = text != turns[n].text or written_down != turns[n].written
            shown[n] = turns[n].model_copy(update={"text": text, "written": written_down, "hides": hides})
    return shown


def event_view(fact: CallFact) -> CallEventView:
    """One fact in the time line."""
    detail = {
        key: value for key, value in fact.payload.items() if key not in _HIDDEN_IN_FACTS and value not in ("", None)
    }
    if isinstance(to := detail.get("to"), str):
        detail["to"] = mask(read_number(to)) if to.isdecimal() else to
    if (waited_ms := detail.pop("waited_ms", None)) is not None:
        detail["waited_s"] = round(waited_ms / 1000)
    if together_ms := detail.pop("together_ms", 0):
        detail["together_s"] = round(together_ms / 1000)
    return CallEventView(at=fact.at, kind=fact.kind, seat=fact.seat, detail=detail, recovered=fact.recovered)
