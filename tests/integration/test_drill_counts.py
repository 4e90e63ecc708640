"""What a drill counts in the record: facts that stand there twice, ends without a reason, seats left in a call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from backend.app.reconcile import cut_without_reason, doubled_facts, open_since_before, seats_in_ended_calls
from backend.calls.recorder import CallRecorder
from backend.kernel.database import Database
from backend.seats import service as seats
from backend.seats.seating import HallTimes
from telephony import facts as f

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def a_call(call_id: str, by: f.Party = f.Party.CALLER) -> list[f.Fact]:
    """A citizen talks to 8001, then to 8002, then to 8001 again."""
    facts: list[f.Fact] = [
        f.CallArrived(
            at=NOW, call_id=call_id, caller_number="13800001234", caller_known=True, caller_name="",
            dialed_number="96010", channel="x",
        )
    ]  # fmt: skip
    for n, seat in enumerate(("8001", "8002", "8001")):
        facts.append(f.CallAnswered(at=at(10 * n + 1), call_id=call_id, seat=seat, channel="y"))
        facts.append(f.TalkEnded(at=at(10 * n + 9), call_id=call_id, seat=seat, ended_by=f.Party.TRANSFER))
    ended = f.CallEnded(at=at(40), call_id=call_id, outcome=f.CallOutcome.ANSWERED, hung_up_by=by, cause=16)
    return [*facts, ended]


@pytest.fixture
async def recorder(database: Database) -> CallRecorder:
    async with database.transaction() as tx:
        await seats.ensure_seats(tx, [("8001", "sip"), ("8002", "sip")], NOW)
    return CallRecorder(database, host="hotline", times=HallTimes(), now=lambda: NOW)


async def test_a_call_that_came_back_to_a_seat_has_nothing_twice(database: Database, recorder: CallRecorder) -> None:
    await recorder.store(uuid4(), a_call("c1"))
    assert await doubled_facts(database, NOW) == []
    assert await cut_without_reason(database, NOW) == []
    assert await open_since_before(database, at(60)) == 0


async def test_a_fact_that_stands_there_twice_is_named(database: Database, recorder: CallRecorder) -> None:
    await recorder.store(uuid4(), a_call("c1"))
    again = text(
        "INSERT INTO call_facts SELECT call_id, n + 100, at, kind, seat, payload, recovered"
        " FROM call_facts WHERE n = :n"
    )
    async with database.transaction() as tx:
        await tx.session.execute(again, {"n": 1})
        await tx.session.execute(again, {"n": 7})
    assert await doubled_facts(database, NOW) == [("c1", "call_arrived"), ("c1", "talk_ended")]
    assert await doubled_facts(database, at(1)) == []


async def test_an_end_without_a_reason_and_a_call_that_is_open_are_counted(
    database: Database, recorder: CallRecorder
) -> None:
    await recorder.store(uuid4(), [*a_call("c1", f.Party.UNKNOWN), *a_call("c2", f.Party.SYSTEM), *a_call("c3")[:-1]])
    assert await cut_without_reason(database, NOW) == ["c1"]
    assert await open_since_before(database, at(1)) == 1
    assert await open_since_before(database, NOW) == 0


async def test_a_seat_that_is_left_in_a_call_that_is_over_is_noticed(
    database: Database, recorder: CallRecorder
) -> None:
    await recorder.store(uuid4(), a_call("c1"))
    assert await seats_in_ended_calls(database) == 0
    async with database.transaction() as tx:
        await tx.session.execute(text("UPDATE seats SET state = 'talking', call_id = 'c1' WHERE seat = '8001'"))
    assert await seats_in_ended_calls(database) == 1
