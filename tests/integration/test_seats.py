"""Sitting down, pausing, wrapping up and leaving on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from backend.calls.recorder import CallRecorder
from backend.identity.principal import Principal
from backend.kernel.database import Database, Transaction
from backend.kernel.events import read_after
from backend.seats import repository, service
from backend.seats.errors import (
    AtNoSeat,
    InCallElsewhere,
    NotInWrapUp,
    PauseReasonReserved,
    SeatChangedMeanwhile,
    SeatTaken,
    SeatUnknown,
)
from backend.seats.models import SeatChange
from backend.seats.schemas import PauseReason, SeatState, SeatView
from backend.seats.seating import HallTimes, step
from telephony import facts as f
from telephony.pbx.parts import part_of
from telephony.pbx.settings import PbxSettings
from telephony.seats import DesiredSeat, PhoneNotRegistered, SeatInput

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
PBX = PbxSettings.model_validate(
    {
        "numbers": [{"number": "96010", "queue": "q96010"}, {"number": "12345", "queue": "q12345"}],
        "queues": [{"name": "q96010"}, {"name": "q12345"}, {"name": "q-labour", "skill": "labour"}],
        "skills": [{"name": "general", "title": "综合"}, {"name": "labour", "title": "人力社保"}],
        "seat_ranges": [{"first": 8001, "last": 8003}],
        "trunk": {"host": "127.0.0.1"},
    }
)
TIMES = HallTimes(wrap_up=timedelta(seconds=20), absence=timedelta(minutes=10))
Result = TypeVar("Result")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def person(name: str, number: int = 1) -> Principal:
    return Principal(UUID(int=number), f"user{number}", name, ("agent",), frozenset({"desk.sit"}), uuid4(), at(36000))


WANG, LI = person("王芳", 1), person("李强", 2)


class Hall:
    """The seats of a test, each act in its own transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.recorder = CallRecorder(database, host="hotline", times=TIMES)

    async def do(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        async with self.database.transaction() as tx:
            return await work(tx)

    async def tell(self, *facts: f.Fact) -> None:
        await self.recorder.store(uuid4(), facts)

    async def seat(self, number: str) -> SeatView:
        return {seat.seat: seat for seat in await self.do(service.list_seats)}[number]

    async def sit(self, who: Principal, seat: str, seconds: float = 0) -> SeatView:
        return await self.do(lambda tx: service.sign_in(tx, seat, who, at(seconds), TIMES))

    async def work(self, who: Principal, seat: str) -> SeatView:
        await self.sit(who, seat)
        await self.tell(f.PhoneRegistered(at=NOW, seat=seat, contact="sip:x"))
        return await self.do(lambda tx: service.make_ready(tx, who, NOW, TIMES))

    async def talk(self, seat: str, call: str = "c1") -> None:
        await self.tell(
            f.CallArrived(
                at=NOW, call_id=call, caller_number="13800001234", caller_known=True, caller_name="",
                dialed_number="96010", channel="PJSIP/trunk-1",
            ),
            f.CallAnswered(at=NOW, call_id=call, seat=seat, channel="x"),
        )  # fmt: skip


@pytest.fixture
async def hall(database: Database) -> Hall:
    hall = Hall(database)
    await hall.do(lambda tx: service.ensure_seats(tx, [("8001", "browser"), ("8002", "browser"), ("8003", "sip")], NOW))
    return hall


async def test_seats_are_made_once_and_keep_who_sits_there(hall: Hall) -> None:
    await hall.work(WANG, "8001")
    await hall.do(lambda tx: service.ensure_seats(tx, [("8001", "sip"), ("8004", "browser")], NOW))
    seats = {seat.seat: seat for seat in await hall.do(service.list_seats)}
    assert sorted(seats) == ["8001", "8002", "8003", "8004"]
    assert (seats["8001"].phone, seats["8001"].state, seats["8001"].agent_name) == ("sip", SeatState.READY, "王芳")


async def test_a_seat_is_not_ready_without_its_phone(hall: Hall) -> None:
    await hall.sit(WANG, "8001")
    with pytest.raises(PhoneNotRegistered) as refused:
        await hall.do(lambda tx: service.make_ready(tx, WANG, NOW, TIMES))
    assert refused.value.next_step
    assert (await hall.seat("8001")).state is SeatState.PAUSED


async def test_a_taken_seat_names_who_sits_there(hall: Hall) -> None:
    await hall.sit(WANG, "8001")
    with pytest.raises(SeatTaken, match="王芳"):
        await hall.sit(LI, "8001")
    with pytest.raises(SeatUnknown):
        await hall.sit(LI, "9999")
    assert (await hall.seat("8001")).user_id == WANG.user_id


async def test_one_person_sits_at_one_seat_and_leaves_the_other_by_sitting_down(hall: Hall) -> None:
    await hall.work(WANG, "8001")
    await hall.sit(WANG, "8002", 5)
    first, second = await hall.seat("8001"), await hall.seat("8002")
    assert (first.state, first.user_id) == (SeatState.OFFLINE, None)
    assert (second.state, second.user_id) == (SeatState.PAUSED, WANG.user_id)


async def test_who_has_a_call_cannot_sit_down_elsewhere(hall: Hall) -> None:
    await hall.work(WANG, "8001")
    await hall.talk("8001")
    with pytest.raises(InCallElsewhere):
        await hall.sit(WANG, "8002")
    assert (await hall.seat("8001")).state is SeatState.TALKING


async def test_sitting_down_again_continues_even_in_a_call(hall: Hall) -> None:
    await hall.work(WANG, "8001")
    await hall.talk("8001")
    again = await hall.sit(WANG, "8001", 9)
    assert (again.state, again.call_id) == (SeatState.TALKING, "c1")


async def test_two_people_who_sit_down_at_once_get_one_seat_between_them(hall: Hall) -> None:
    outcomes = await asyncio.gather(hall.sit(WANG, "8001"), hall.sit(LI, "8001"), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["SeatTaken", "SeatView"]


async def test_one_person_who_sits_down_twice_at_once_ends_at_one_seat(hall: Hall) -> None:
    await asyncio.gather(hall.sit(WANG, "8001"), hall.sit(WANG, "8002"), return_exceptions=True)
    taken = [seat for seat in await hall.do(service.list_seats) if seat.user_id == WANG.user_id]
    assert len(taken) == 1


async def test_people_choose_their_reasons_but_not_the_platforms(hall: Hall) -> None:
    await hall.work(WANG, "8001")
    paused = await hall.do(lambda tx: service.pause(tx, WANG, PauseReason.MEAL, at(1), TIMES))
    assert (paused.state, paused.reason, paused.since) == (SeatState.PAUSED, PauseReason.MEAL, at(1))
    with pytest.raises(PauseReasonReserved):
        await hall.do(lambda tx: service.pause(tx, WANG, PauseReason.NO_ANSWER, at(2), TIMES))
    with pytest.raises(AtNoSeat):
        await hall.do(lambda tx: service.pause(tx, LI, PauseReason.REST, at(2), TIMES))


async def test_ready_twice_is_ready_since_the_first_time(hall: Hall) -> None:
    await hall.work(WANG, "8001")
    again = await hall.do(lambda tx: service.make_ready(tx, WANG, at(9), TIMES))
    assert (again.state, again.since) == (SeatState.READY, NOW)


async def test_wrap_up_can_be_made_longer_and_ends_by_itself(hall: Hall) -> None:
    await hall.work(WANG, "8001")
    with pytest.raises(NotInWrapUp):
        await hall.do(lambda tx: service.extend_wrap_up(tx, WANG, NOW, TIMES))
    await hall.talk("8001")
    await hall.tell(f.TalkEnded(at=at(60), call_id="c1", seat="8001", ended_by=f.Party.CALLER))
    longer = await hall.do(lambda tx: service.extend_wrap_up(tx, WANG, at(65), TIMES))
    assert longer.wrap_up_until == at(100)
    assert await hall.do(lambda tx: service.expire_wrap_ups(tx, at(99), TIMES)) == []
    [ended] = await hall.do(lambda tx: service.expire_wrap_ups(tx, at(100), TIMES))
    assert (ended.seat, ended.state, ended.call_id) == ("8001", SeatState.READY, None)
    assert await hall.do(lambda tx: service.expire_wrap_ups(tx, at(101), TIMES)) == []


async def test_a_sign_out_in_a_call_takes_effect_after_it(hall: Hall) -> None:
    await hall.work(WANG, "8001")
    await hall.talk("8001")
    leaving = await hall.do(lambda tx: service.sign_out(tx, WANG, at(1), TIMES))
    assert (leaving.state, leaving.pending) == (SeatState.TALKING, "sign_out")
    await hall.tell(f.TalkEnded(at=at(60), call_id="c1", seat="8001", ended_by=f.Party.CALLER))
    [gone] = await hall.do(lambda tx: service.expire_wrap_ups(tx, at(80), TIMES))
    assert (gone.state, gone.user_id) == (SeatState.OFFLINE, None)


async def test_who_went_away_loses_calls_at_once_and_the_seat_after_the_grace(hall: Hall) -> None:
    await hall.work(WANG, "8001")
    await hall.tell(f.PhoneUnregistered(at=at(1), seat="8001"))
    lost = await hall.seat("8001")
    assert (lost.state, lost.reason, lost.user_id) == (SeatState.PAUSED, PauseReason.PHONE_LOST, WANG.user_id)
    assert await hall.do(lambda tx: service.release_absent(tx, at(600), TIMES)) == []
    [released] = await hall.do(lambda tx: service.release_absent(tx, at(602), TIMES))
    assert (released.seat, released.state, released.user_id) == ("8001", SeatState.OFFLINE, None)


async def test_who_comes_back_in_time_goes_on(hall: Hall) -> None:
    await hall.work(WANG, "8001")
    await hall.tell(f.PhoneUnregistered(at=at(1), seat="8001"))
    await hall.tell(f.PhoneRegistered(at=at(300), seat="8001", contact="sip:y"))
    assert (await hall.seat("8001")).state is SeatState.READY
    assert await hall.do(lambda tx: service.release_absent(tx, at(2000), TIMES)) == []


async def test_a_hardware_phone_says_nothing_of_its_person(hall: Hall) -> None:
    await hall.work(WANG, "8003")
    await hall.tell(f.PhoneUnregistered(at=at(1), seat="8003"))
    assert await hall.do(lambda tx: service.release_absent(tx, at(5000), TIMES)) == []


async def test_every_change_is_logged_and_told_to_the_seat_and_its_watchers(hall: Hall) -> None:
    await hall.work(WANG, "8001")
    async with hall.database.transaction() as tx:
        log = (await tx.session.execute(select(SeatChange).order_by(SeatChange.id))).scalars().all()
        events = [event for event in await read_after(tx.session, 0) if event.topic == "seat_changed"]
    assert [(entry.from_state, entry.to_state) for entry in log] == [("offline", "paused"), ("paused", "ready")]
    assert {entry.user_id for entry in log} == {WANG.user_id}
    heard_by = {"seat:8001", "permission:seats.watch", f"user:{WANG.user_id}"}
    assert all(event.audience == heard_by for event in events)
    assert SeatView.model_validate(events[-1].payload) == await hall.seat("8001")


async def test_a_write_on_an_outdated_row_is_refused_and_changes_nothing(hall: Hall) -> None:
    await hall.work(WANG, "8001")
    async with hall.database.transaction() as tx:
        stale = (await repository.lock(tx, seats=["8001"]))["8001"]
    await hall.do(lambda tx: service.pause(tx, WANG, PauseReason.REST, at(1), TIMES))
    with pytest.raises(SeatChangedMeanwhile):
        await hall.do(lambda tx: repository.save(tx, stale, step(stale, SeatInput.SIGNED_OUT, at(2), TIMES), at(2)))
    assert (await hall.seat("8001")).reason is PauseReason.REST


async def test_the_database_itself_refuses_a_seat_that_is_ready_without_a_phone(hall: Hall) -> None:
    with pytest.raises(IntegrityError):
        await hall.do(lambda tx: tx.session.execute(text("UPDATE seats SET state = 'ready' WHERE seat = '8001'")))


async def test_what_the_pbx_should_have_follows_the_seats(hall: Hall) -> None:
    await hall.work(WANG, "8001")
    await hall.work(LI, "8002")
    await hall.talk("8002")
    wanted = {seat.seat: seat for seat in await hall.do(lambda tx: service.desired(tx, part_of(PBX)))}
    queues = {"q96010": 1, "q12345": 1}
    assert wanted["8001"] == DesiredSeat("8001", queues, None)
    assert (wanted["8002"].queues, bool(wanted["8002"].paused_for)) == (queues, True)
    assert wanted["8003"] == DesiredSeat("8003")
