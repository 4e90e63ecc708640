"""A pop-up reaches the seat that rings ahead of its event, with what is known of the caller, and nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from agent_console.messages.calls import CallRinging
from backend.calls.announce import announcements
from backend.citizens.numbers import read_number
from backend.citizens.service import remember_name
from backend.kernel import clock
from backend.kernel.notices import NoticeBoard
from telephony import facts as f

from .hall import ConsoleHall, answered, ringing

pytestmark = pytest.mark.integration


@pytest.fixture
async def board(hall: ConsoleHall) -> AsyncIterator[NoticeBoard]:
    """What the telephony process announces."""
    board = NoticeBoard(hall.installation.rings())
    sending = asyncio.create_task(board.run())
    async with asyncio.timeout(60):
        while not board._listeners:  # what is posted before the hub listens is heard by nobody
            await asyncio.sleep(0.01)
    yield board
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)


async def test_a_ring_is_shown_before_the_record_knows_of_it(hall: ConsoleHall, board: NoticeBoard) -> None:
    async with hall.database.transaction() as tx:
        await remember_name(tx, read_number("13800001234"), "王女士", clock.now())
    async with hall.console("wang") as rung, hall.console("li") as other:
        await hall.take_seat(rung, "8001")
        await hall.take_seat(other, "8002")
        await hall.all_heard(rung, other)
        before = await hall.newest()
        board.post(announcements(ringing("c1", "8001")))
        await rung.until(lambda: bool(rung.kinds("call_ringing")))
        [popup] = rung.kinds("call_ringing")
        assert isinstance(popup, CallRinging)
        assert (popup.card.call_id, popup.card.caller.number, popup.card.caller.name) == ("c1", "138****1234", "王女士")
        assert (popup.card.calls_30_days, popup.card.dialed_number) == (1, "96010")
        assert popup.card.ringing_since is not None
        assert await hall.events(["seat:8001"], after=before) == []
        await hall.all_heard(rung, other)
        assert other.kinds("call_ringing") == []


async def test_who_comes_from_another_host_has_called_once(hall: ConsoleHall, board: NoticeBoard) -> None:
    """A colleague there talks to him and asks: his call there is known, and this is the rest of it."""
    async with hall.console("wang") as asked:
        await hall.tell(*ringing("c1", "8002"), answered("c1", "8002"))
        await hall.take_seat(asked, "8001")
        arrived, _, rung = ringing("c2", "8001")
        rest = f.CallContinues(at=arrived.at, call_id="c2", first_call_id="c1", waited_ms=0, talked=True)
        board.post(announcements([arrived, rest, rung]))
        await asked.until(lambda: bool(asked.kinds("call_ringing")))
        assert asked.kinds("call_ringing")[0].card.calls_30_days == 1
        await hall.tell(arrived, rest, rung)
        await asked.until(lambda: len(asked.kinds("call_ringing")) == 2)
        assert asked.kinds("call_ringing")[1].card.calls_30_days == 1


async def test_the_event_that_follows_says_the_same(hall: ConsoleHall, board: NoticeBoard) -> None:
    async with hall.console("wang") as console:
        await hall.take_seat(console, "8001")
        facts = ringing("c1", "8001")
        board.post(announcements(facts))
        await console.until(lambda: bool(console.kinds("call_ringing")))
        await hall.tell(*facts)
        await console.until(lambda: len(console.kinds("call_ringing")) == 2)
        ahead, recorded = console.kinds("call_ringing")
        assert ahead.card == recorded.card
        assert console.repeated == 0


async def test_without_an_announcement_the_event_brings_the_pop_up(hall: ConsoleHall) -> None:
    async with hall.console("wang") as console:
        await hall.take_seat(console, "8001")
        await hall.tell(*ringing("c1", "8001"))
        await console.until(lambda: bool(console.kinds("call_ringing")))
        assert console.kinds("call_ringing")[0].card.caller.number == "138****1234"


async def test_a_console_that_never_heard_the_ring_learns_who_calls_with_the_answer(hall: ConsoleHall) -> None:
    async with hall.console("wang") as console:
        await hall.take_seat(console, "8001")
        arrived, queued, _ = ringing("c1", "8001")
        await hall.tell(arrived, queued, f.CallAnswered(at=clock.now(), call_id="c1", seat="8001", channel="PJSIP/1"))
        await console.until(lambda: bool(console.kinds("call_answered")))
        [answered] = console.kinds("call_answered")
        assert answered.card is not None
        assert (answered.card.stage, answered.card.caller.number) == ("answered", "138****1234")


def test_only_live_arrivals_and_rings_are_announced() -> None:
    arrived, queued, rung = ringing("c1", "8001", number="1" * 200)
    found = f.SeatRinging(at=clock.now(), call_id="c2", seat="8002", channel="x", recovered=True)
    told = list(announcements([arrived, queued, rung, found]))
    assert [("seat" in notice, notice["call_id"]) for notice in told] == [(False, "c1"), (True, "c1")]
    assert max(len(json.dumps(notice)) for notice in told) < 500
