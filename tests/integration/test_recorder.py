"""Batches of facts become rows, events and jobs; all of a batch or nothing, and once."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.errors import ProgrammingError
from sqlalchemy import select, text

from backend.calls import hot, measures
from backend.calls import recorder as recorder_module
from backend.calls.models import Call, CallFact
from backend.calls.record import CallRecord
from backend.calls.recorder import CallRecorder, open_calls
from backend.identity.principal import Principal
from backend.kernel.database import Database, DatabaseAway
from backend.kernel.events import StoredEvent, read_after
from backend.kernel.pipeline import PipelinedConnection, PipelinedTransaction, Statement
from backend.seats import repository as seats
from backend.seats import service as seat_service
from backend.seats.models import SeatChange
from backend.seats.seating import HallTimes
from telephony import facts as f
from telephony.call import Stage
from telephony.seats import SeatStatus
from telephony.state import PbxState

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TIMES = HallTimes(wrap_up=timedelta(seconds=20))
WANG = Principal(UUID(int=1), "wang", "王芳", ("agent",), frozenset(), uuid4(), NOW)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def arrived(call: str = "c1", number: str = "13800001234", s: float = 0) -> f.CallArrived:
    return f.CallArrived(
        at=at(s), call_id=call, caller_number=number, caller_known=True, caller_name="", dialed_number="96010",
        channel=f"PJSIP/trunk-{call}",
    )  # fmt: skip


def queued(call: str = "c1", s: float = 0.1) -> f.CallQueued:
    return f.CallQueued(at=at(s), call_id=call, queue="q96010", position=1)


def ringing(call: str = "c1", seat: str = "8001", s: float = 1) -> f.SeatRinging:
    return f.SeatRinging(at=at(s), call_id=call, seat=seat, channel=f"PJSIP/{seat}-1")


def answered(call: str = "c1", seat: str = "8001", s: float = 5) -> f.CallAnswered:
    return f.CallAnswered(at=at(s), call_id=call, seat=seat, channel=f"PJSIP/{seat}-1")


def talk_ended(call: str = "c1", seat: str = "8001", s: float = 65) -> f.TalkEnded:
    return f.TalkEnded(at=at(s), call_id=call, seat=seat, ended_by=f.Party.CALLER)


def ended(call: str = "c1", s: float = 65, outcome: f.CallOutcome = f.CallOutcome.ANSWERED) -> f.CallEnded:
    return f.CallEnded(at=at(s), call_id=call, outcome=outcome, hung_up_by=f.Party.CALLER, cause=16)


WHOLE_CALL = [arrived(), queued(), ringing(), answered(), talk_ended(), ended()]


@pytest.fixture
async def recorder(database: Database) -> CallRecorder:
    """A recorder over a hall in which 王芳 is ready at seat 8001 and nobody sits at 8002."""
    recorder = CallRecorder(database, host="hotline", times=TIMES, now=lambda: NOW)
    async with database.transaction() as tx:
        await seat_service.ensure_seats(tx, [("8001", "browser"), ("8002", "sip")], NOW)
        await seat_service.sign_in(tx, "8001", WANG, NOW, TIMES)
    await recorder.store(uuid4(), [f.PhoneRegistered(at=NOW, seat="8001", contact="sip:x")])
    async with database.transaction() as tx:
        await seat_service.make_ready(tx, WANG, NOW, TIMES)
        await tx.session.execute(text("TRUNCATE events"))
    return recorder


async def call_row(database: Database, call_id: str = "c1") -> Call:
    async with database.transaction() as tx:
        call = await tx.session.get(Call, call_id)
    assert call is not None
    return call


async def records_of(database: Database, call_ids: Collection[str]) -> dict[str, CallRecord]:
    connection = PipelinedConnection(database.url, application_name="test")
    async with connection.transaction() as tx:
        [found] = await tx.ask(hot.lock_calls(call_ids))
    await connection.close()
    return {record.call_id: record for record in map(hot.record_of, found)}


async def events(database: Database) -> list[StoredEvent]:
    async with database.transaction() as tx:
        return await read_after(tx.session, 0)


async def jobs(database: Database) -> list[tuple[str, dict[str, Any]]]:
    async with database.transaction() as tx:
        rows = await tx.session.execute(text("SELECT entrypoint, payload FROM pgqueuer ORDER BY id"))
        return [(row.entrypoint, json.loads(bytes(row.payload))) for row in rows]


async def seat_status(database: Database, seat: str = "8001") -> SeatStatus:
    async with database.transaction() as tx:
        return (await seats.lock(tx, seats=[seat]))[seat].state.status


async def test_a_ring_reaches_only_the_seat_that_rings_and_holds_no_number(
    database: Database, recorder: CallRecorder
) -> None:
    await recorder.store(uuid4(), [arrived(), queued(), ringing()])
    await recorder.tell_queue()
    told = {event.topic: event for event in await events(database)}
    assert told["call_ringing"].audience == {"seat:8001"}
    assert told["call_ringing"].payload == {
        "call_id": "c1", "seat": "8001", "at": at(1).isoformat(), "handed_by": None,
    }  # fmt: skip
    assert told["queue_changed"].payload == {
        "waiting": 0, "longest_since": None, "answered_within_15s": None,
    }  # fmt: skip
    assert told["seat_changed"].payload["state"] == "ringing"
    assert "13800001234" not in json.dumps([event.payload for event in await events(database)])


async def test_a_whole_call_in_one_batch_and_in_single_facts_give_the_same_row(
    database: Database, recorder: CallRecorder
) -> None:
    await recorder.store(uuid4(), WHOLE_CALL)
    for fact in [arrived("c2"), queued("c2"), ringing("c2"), answered("c2"), talk_ended("c2"), ended("c2")]:
        await recorder.store(uuid4(), [fact])
    first, second = await call_row(database), await call_row(database, "c2")
    left_out = {"call_id", "_sa_instance_state"}
    assert {k: v for k, v in vars(first).items() if k not in left_out} == {
        k: v for k, v in vars(second).items() if k not in left_out
    }
    assert (first.stage, first.agent_name, first.wait_ms, first.talk_ms) == ("ended", "王芳", 5000, 60000)


async def test_a_seat_that_rang_and_talked_in_one_batch_has_done_both(
    database: Database, recorder: CallRecorder
) -> None:
    await recorder.store(uuid4(), [arrived(), queued(), ringing(), answered(), talk_ended(), ended()])
    query = select(SeatChange.to_state, SeatChange.at).where(SeatChange.call_id == "c1").order_by(SeatChange.id)
    async with database.transaction() as tx:
        steps = [tuple(row) for row in await tx.session.execute(query)]
    assert steps == [("ringing", at(1)), ("talking", at(5)), ("wrap_up", at(65))]


async def test_the_facts_stand_in_order_and_come_back_as_they_were(database: Database, recorder: CallRecorder) -> None:
    for fact in WHOLE_CALL:
        await recorder.store(uuid4(), [fact])
    async with database.transaction() as tx:
        stored = (await tx.session.execute(select(CallFact).order_by(CallFact.n))).scalars().all()
    assert [fact.n for fact in stored] == [1, 2, 3, 4, 5, 6]
    assert [f.from_payload(fact.kind, fact.payload) for fact in stored] == WHOLE_CALL


async def test_an_answered_call_asks_for_its_recording_and_an_abandoned_one_does_not(
    database: Database, recorder: CallRecorder
) -> None:
    await recorder.store(uuid4(), WHOLE_CALL)
    await recorder.store(uuid4(), [arrived("c2"), queued("c2"), ended("c2", outcome=f.CallOutcome.ABANDONED)])
    assert await jobs(database) == [("store_recording", {"call_id": "c1"})]
    assert (await call_row(database, "c2")).recording_state == "none"


async def test_the_same_batch_again_changes_nothing(database: Database, recorder: CallRecorder) -> None:
    batch = uuid4()
    await recorder.store(batch, WHOLE_CALL)
    before = await events(database)
    await recorder.store(batch, WHOLE_CALL)
    assert await events(database) == before
    assert (await call_row(database)).fact_count == len(WHOLE_CALL)
    assert len(await jobs(database)) == 1


async def test_a_batch_that_fails_on_its_way_leaves_nothing_and_can_be_stored_then(
    database: Database, recorder: CallRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await events(database)

    async def away(*_: object, **__: object) -> None:
        raise DatabaseAway("gone in the middle")

    batch = uuid4()
    for holder, step in ((recorder_module, "enqueue_on"), (PipelinedTransaction, "tell")):
        with monkeypatch.context() as patch:
            patch.setattr(holder, step, away)
            with pytest.raises(DatabaseAway):
                await recorder.store(batch, WHOLE_CALL)
        async with database.transaction() as tx:
            assert await tx.session.get(Call, "c1") is None
        assert await events(database) == before
        assert await seat_status(database) is SeatStatus.READY
    await recorder.store(batch, WHOLE_CALL)
    assert (await call_row(database)).stage == "ended"
    assert await seat_status(database) is SeatStatus.WRAP_UP


async def test_a_fact_that_cannot_be_stored_does_not_stop_the_others(
    database: Database, recorder: CallRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = hot.add_facts

    def refuses_c2(rows: list[dict[str, Any]]) -> list[Statement]:
        if any(row["call_id"] == "c2" for row in rows):
            raise ValueError("no such call")
        return whole(rows)

    monkeypatch.setattr(hot, "add_facts", refuses_c2)
    await recorder.store(uuid4(), [arrived(), arrived("c2"), queued()])
    assert (await call_row(database)).stage == "queued"
    async with database.transaction() as tx:
        assert await tx.session.get(Call, "c2") is None


async def test_a_database_in_disorder_costs_no_fact(
    database: Database, recorder: CallRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacks_a_table(_: object) -> list[Statement]:
        return [Statement("INSERT INTO no_such_table VALUES (1)", {})]

    batch = uuid4()
    with monkeypatch.context() as patch:
        patch.setattr(hot, "add_facts", lacks_a_table)
        with pytest.raises(ProgrammingError):
            await recorder.store(batch, WHOLE_CALL)
    await recorder.store(batch, WHOLE_CALL)
    assert (await call_row(database)).stage == "ended"


async def test_text_that_postgresql_cannot_hold_loses_no_call(database: Database, recorder: CallRecorder) -> None:
    await recorder.store(uuid4(), [arrived(number="anony\x00mous\ud800"), queued()])
    call = await call_row(database)
    assert (call.caller_number, call.caller_usable, call.stage) == ("anonymous", False, "queued")


async def test_a_missed_ring_pauses_the_seat_and_closes_its_pop_up(database: Database, recorder: CallRecorder) -> None:
    missed = f.SeatRingEnded(at=at(16), call_id="c1", seat="8001", outcome=f.RingOutcome.NO_ANSWER)
    await recorder.store(uuid4(), [arrived(), queued(), ringing(), missed])
    closed = [event for event in await events(database) if event.topic == "call_ended"]
    assert [(event.audience, event.payload["outcome"]) for event in closed] == [({"seat:8001"}, "no_answer")]
    assert await seat_status(database) is SeatStatus.PAUSED
    assert (await call_row(database)).stage == "queued"


async def test_each_hears_of_the_end_of_a_call_once(database: Database, recorder: CallRecorder) -> None:
    await recorder.store(uuid4(), WHOLE_CALL)
    closed = [event.audience for event in await events(database) if event.topic == "call_ended"]
    assert closed == [{"seat:8001"}, {"permission:calls.read"}]


async def test_a_ring_at_a_seat_where_nobody_sits_is_recorded_and_moves_no_seat(
    database: Database, recorder: CallRecorder
) -> None:
    await recorder.store(uuid4(), [arrived(), queued(), ringing(seat="8002"), answered(seat="8002")])
    assert await seat_status(database, "8002") is SeatStatus.OFFLINE
    call = await call_row(database)
    assert (call.seat, call.user_id, call.stage) == ("8002", None, "answered")


async def test_the_count_of_today_is_what_the_definitions_say(database: Database, recorder: CallRecorder) -> None:
    stories = {
        "quick": [queued("quick"), answered("quick", "8002", 14.9)],
        "slow": [queued("slow"), answered("slow", "8002", 15.1), ended("slow", 90)],
        "gone": [queued("gone"), ended("gone", 30, f.CallOutcome.ABANDONED)],
        "rejected": [ended("rejected", 0.1, f.CallOutcome.REJECTED)],
        "waits": [queued("waits")],
        "rings": [queued("rings"), ringing("rings", "8002")],
    }
    for name, story in stories.items():
        await recorder.store(uuid4(), [arrived(name, s=0 if name != "waits" else 2), *story])
    await recorder.store(uuid4(), [arrived("yesterday", s=-86400), answered("yesterday", "8002", -86399)])
    async with database.transaction() as tx:
        waiting = await hot.waiting_calls(tx)
        within = await hot.share_in_target(tx, measures.day_start(NOW))
    records = await records_of(database, stories)
    assert waiting == (1, at(2))
    assert waiting.waiting == sum(map(measures.waiting, records.values()))
    decided = [call for call in records.values() if measures.answered(call) or measures.unanswered(call)]
    assert within == measures.share(sum(map(measures.answered_in_target, decided)), len(decided))
    assert within == pytest.approx(1 / 3)
    await recorder.tell_queue()
    last = [event for event in await events(database) if event.topic == "queue_changed"][-1]
    assert last.payload["answered_within_15s"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("step", ["share_in_target", "waiting_calls"])
async def test_a_call_decided_while_the_queue_is_counted_is_counted_at_the_next_look(
    step: str, database: Database, recorder: CallRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = getattr(hot, step)

    async def decided_meanwhile(*arguments: Any) -> Any:
        counted = await count(*arguments)
        await recorder.store(uuid4(), [answered("c1", "8001", 3)])
        return counted

    await recorder.store(uuid4(), [arrived("c1"), queued("c1")])
    monkeypatch.setattr(hot, step, decided_meanwhile)
    await recorder.tell_queue()
    monkeypatch.undo()
    await recorder.tell_queue()
    last = [event for event in await events(database) if event.topic == "queue_changed"][-1]
    assert (last.payload["waiting"], last.payload["answered_within_15s"]) == (0, 1.0)


async def test_a_process_that_starts_again_continues_the_open_calls(database: Database, recorder: CallRecorder) -> None:
    await recorder.store(uuid4(), [*WHOLE_CALL, arrived("c2", s=70), queued("c2", 70), ringing("c2", "8002", 71)])
    async with database.transaction() as tx:
        history = await open_calls(tx, "hotline")
        assert await open_calls(tx, "another") == []
    state = PbxState.restore(history)
    assert list(state.calls) == ["c2"]
    assert state.calls["c2"].stage is Stage.RINGING
    assert [seat for seat, line in state.lines.items() if line.view.contact] == ["8001"]


async def test_a_row_of_the_record_has_every_column_of_its_value(database: Database, recorder: CallRecorder) -> None:
    await recorder.store(uuid4(), WHOLE_CALL)
    [record] = (await records_of(database, ["c1"])).values()
    row = await call_row(database)
    assert all(getattr(row, name) == getattr(record, name) for name in CallRecord.__dataclass_fields__)
    assert set(CallRecord.__dataclass_fields__) == {column.name for column in Call.__table__.columns}
