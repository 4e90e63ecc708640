"""Recorded scenarios through the reducer and the recorder into a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from backend.calls.models import Call, CallFact
from backend.calls.recorder import CallRecorder, open_calls
from backend.kernel.database import Database
from backend.seats.seating import HallTimes
from telephony import facts as f
from telephony.ami import AmiEvent
from telephony.state import PbxState

pytestmark = pytest.mark.integration

ReadTrace = Callable[[str], list[tuple[datetime, AmiEvent]]]


def reduced(trace: list[tuple[datetime, AmiEvent]]) -> list[f.Fact]:
    state = PbxState()
    return [fact for at, event in trace for fact in state.apply(event, at)]


async def record(database: Database, facts: list[f.Fact], batch: int) -> dict[str, Call]:
    recorder = CallRecorder(database, host="hotline", times=HallTimes())
    for start in range(0, len(facts), batch):
        await recorder.store(uuid4(), facts[start : start + batch])
    async with database.transaction() as tx:
        return {call.call_id: call for call in (await tx.session.execute(select(Call))).scalars()}


@pytest.mark.parametrize("name", ["one-call", "scenarios"])
@pytest.mark.parametrize("batch", [1, 7, 1000])
async def test_every_call_of_a_trace_ends_in_a_row_that_agrees_with_its_facts(
    database: Database, read_trace: ReadTrace, name: str, batch: int
) -> None:
    facts = reduced(read_trace(name))
    of_calls = [fact for fact in facts if isinstance(fact, f.CallFact)]
    calls = await record(database, facts, batch)
    assert set(calls) == {fact.call_id for fact in of_calls}
    ends = {fact.call_id: fact for fact in of_calls if isinstance(fact, f.CallEnded)}
    first_answers: dict[str, f.CallAnswered] = {}
    for fact in of_calls:
        if isinstance(fact, f.CallAnswered):
            first_answers.setdefault(fact.call_id, fact)
    for call_id, call in calls.items():
        end, answer = ends.get(call_id), first_answers.get(call_id)
        assert call.ended_at == (end.at if end else None)
        assert call.outcome == (end.outcome.value if end else None)
        assert call.answered_at == (answer.at if answer else None)
        assert (call.recording_state == "pending") is (answer is not None and end is not None)
        assert (call.stage == "ended") is (end is not None)
    async with database.transaction() as tx:
        stored = (await tx.session.execute(select(func.count()).select_from(CallFact))).scalar_one()
        history = await open_calls(tx, "hotline")
    assert stored == len(of_calls)
    assert {fact.call_id for fact in history if isinstance(fact, f.CallFact)} == set(calls) - set(ends)


async def test_the_one_call_is_an_answered_call(database: Database, read_trace: ReadTrace) -> None:
    [call] = (await record(database, reduced(read_trace("one-call")), 3)).values()
    assert (call.call_id, call.dialed_number, call.outcome) == ("hotline-1795322342.6", "96010", "answered")
    assert (call.caller_e164, call.queue, call.stage) == ("+8613810000000", "q96010", "ended")
    assert call.wait_ms is not None
    assert call.talk_ms is not None
