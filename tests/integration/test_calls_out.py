"""Calls that a seat places, on the real Asterisk: who is called, what the carrier sees, what stays in the record."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select

from backend.calls.day_differences import TOLERANCE, DayComparison
from backend.calls.models import Call, CallFact
from backend.calls.reconcile_day import DayReconciler
from backend.kernel import clock
from backend.kernel.database import Database
from backend.orders import service as orders
from backend.orders.schemas import OrderState
from backend.orders.service import LATEST
from backend.seats.models import SeatChange
from telephony.commands import DialOut, HangUpCall, HangUpSeat, PauseRecording
from telephony.names import DEFAULT_HOST
from telephony.pbx.server import running
from telephony.simulate.answering import Manner, answering_citizens
from telephony.simulate.seats import SeatBehaviour, simulated_seats

from .exchange import Exchange, open_exchange

pytestmark = pytest.mark.integration

CITIZEN = "13800001234"
MANNERS = {
    "13800000001": Manner.BUSY,
    "13800000002": Manner.REFUSES,
    "13800000003": Manner.WRONG_NUMBER,
    "[0-9]*0004": Manner.LETS_IT_RING,
}
AT_ONCE = SeatBehaviour(ring_s=0.05)


@pytest.fixture
async def exchange(state_folder: Path, tmp_path: Path, database: Database) -> AsyncIterator[Exchange]:
    async with open_exchange(state_folder, tmp_path, database) as opened:
        yield opened


def dial(seat: str, number: str = CITIZEN) -> DialOut:
    return DialOut(seat=seat, number=number, shown_number="96010", call_id=f"out-{uuid4().hex}")


async def ended(exchange: Exchange, call_id: str) -> Call:
    """The record of the call once it is over."""

    async def over() -> bool:
        return bool(await exchange.ask(select(Call.call_id).where(Call.call_id == call_id, Call.stage == "ended")))

    await exchange.until(over)
    ((call,),) = await exchange.ask(select(Call).where(Call.call_id == call_id))
    return call  # type: ignore[no-any-return]


async def compared(exchange: Exchange, since: datetime, calls: int = 1) -> DayComparison:
    """The record against Asterisk's own file since then: it has the last row a moment after the hang-up."""
    days = DayReconciler(exchange.database, exchange.pbx.paths.cdr, host=DEFAULT_HOST)
    found = DayComparison(0, ())

    async def agrees() -> bool:
        nonlocal found
        found = await days.compare(since, clock.now(), settled_after=-TOLERANCE)
        return found == DayComparison(calls, ())

    with suppress(TimeoutError):
        await exchange.until(agrees)
    return found


async def test_who_is_called_sees_the_hotline_once_and_the_record_is_whole(exchange: Exchange) -> None:
    began = clock.now()
    order, order_id = dial("8001"), uuid4()
    async with (
        simulated_seats(exchange.stage, ["8001"], exchange.secret_of, AT_ONCE),
        answering_citizens(
            exchange.stage, exchange.pbx.ports.trunk, talk_s=2, voice=exchange.stage.legs.seats[1]
        ) as citizens,
        exchange.leader(),
    ):
        who = await exchange.agent_at("8001")
        await asyncio.gather(*(exchange.order(order, who, order_id) for _ in range(3)))
        assert (await exchange.came_out(order_id)).state is OrderState.DONE
        call = await ended(exchange, order.call_id)
        (called,) = citizens.called(CITIZEN)
    assert (called.shown, called.asserted) == ("96010", "96010")
    assert (call.direction, call.caller_number, call.dialed_number) == ("outbound", CITIZEN, "96010")
    assert (call.seat, call.user_id, call.outcome, call.hung_up_by) == ("8001", who.user_id, "answered", "caller")
    facts = await exchange.ask(select(CallFact.kind).where(CallFact.call_id == call.call_id).order_by(CallFact.n))
    kinds = [fact.kind for fact in facts]
    assert kinds[0] == "call_placed"
    assert kinds[-1] == "call_ended"
    assert {"call_answered", "recording_started", "talk_ended"} <= set(kinds)
    states = await exchange.ask(select(SeatChange.to_state).where(SeatChange.seat == "8001").order_by(SeatChange.id))
    assert [row.to_state for row in states][-3:] == ["dialing", "talking", "wrap_up"]
    citizen, seat = (await exchange.recorded(call.recording_file)).astype(np.float64).T
    assert np.abs(citizen).max() > 1000, "the citizen is not heard on the left"
    assert np.abs(seat).max() > 1000, "the seat is not heard on the right"
    assert await compared(exchange, began) == DayComparison(1, ())


async def test_what_the_carrier_says_stands_in_the_record_and_a_call_can_be_ended(exchange: Exchange) -> None:
    began = clock.now()
    outcomes = {}
    async with (
        simulated_seats(exchange.stage, ["8001", "8002"], exchange.secret_of, AT_ONCE),
        answering_citizens(exchange.stage, exchange.pbx.ports.trunk, MANNERS, talk_s=600),
        exchange.leader(),
    ):
        who = await exchange.agent_at("8001")
        for number in list(MANNERS)[:3]:
            order = dial("8001", number)
            await exchange.order(order, who)
            call = await ended(exchange, order.call_id)
            outcomes[MANNERS[number]] = (call.outcome, call.cause)

        file = exchange.pbx.paths.cdr
        file.rename(file.with_name(f"{file.name}.1"))
        silent = dial("8001", "13800000004")
        assert (await exchange.came_out(await exchange.order(silent, who))).state is OrderState.DONE
        await exchange.until(lambda: exchange.ask(select(Call.call_id).where(Call.call_id == silent.call_id)))
        hang_up = await exchange.order(HangUpSeat(call_id=silent.call_id, seat="8001"), who)
        assert (await exchange.came_out(hang_up)).state is OrderState.DONE
        assert (await ended(exchange, silent.call_id)).outcome == "no_answer"

        talk = dial("8002")
        await exchange.order(talk, who)
        answered = select(Call.call_id).where(Call.call_id == talk.call_id, Call.stage == "answered")
        await exchange.until(lambda: exchange.ask(answered))
        assert (await exchange.came_out(await exchange.order(HangUpCall(call_id=talk.call_id), who))).problem is None
        assert (await ended(exchange, talk.call_id)).outcome == "answered"
        gone = await exchange.came_out(await exchange.order(HangUpCall(call_id=talk.call_id), who))
        assert (gone.state, gone.problem and gone.problem.error) == (OrderState.FAILED, "CallGone")
    assert outcomes[Manner.BUSY] == ("busy", 17)
    assert outcomes[Manner.REFUSES][1] == 21
    assert outcomes[Manner.WRONG_NUMBER][1] == 1
    assert await compared(exchange, began, 5) == DayComparison(5, ()), "the file was rotated in between"
    assert file.exists()


async def test_after_a_crash_nobody_is_dialled_late_or_twice(exchange: Exchange) -> None:
    async with (
        simulated_seats(exchange.stage, ["8001"], exchange.secret_of, AT_ONCE),
        answering_citizens(exchange.stage, exchange.pbx.ports.trunk, talk_s=1) as citizens,
    ):
        async with exchange.leader():
            who = await exchange.agent_at("8001")
            unreachable = await exchange.came_out(await exchange.order(dial("8004"), who))
            assert (unreachable.state, unreachable.problem and unreachable.problem.error) == (
                OrderState.FAILED,
                "SeatDidNotAnswer",
            )
        # a process takes an order and dies before it stores the result; another one waits while nobody leads
        taken = await exchange.order(dial("8001"), who)
        async with exchange.database.transaction() as tx:
            assert [each.order_id for each in await orders.take(tx, DEFAULT_HOST, "dead", clock.now())] == [taken]
        async with exchange.database.transaction() as tx:
            late = uuid4()
            await orders.place(tx, late, dial("8001"), who, clock.now() - LATEST, host=DEFAULT_HOST)
        async with exchange.leader():
            assert (await exchange.came_out(taken)).state is OrderState.UNKNOWN
            assert (await exchange.came_out(late)).state is OrderState.EXPIRED
            fresh = dial("8001")
            assert (await exchange.came_out(await exchange.order(fresh, who))).state is OrderState.DONE
            await ended(exchange, fresh.call_id)
        assert len(citizens.called(CITIZEN)) == 1


async def test_a_paused_recording_holds_silence_and_goes_on_by_itself(exchange: Exchange) -> None:
    config = exchange.installation.config
    impatient = config.hall.model_copy(update={"recording_pause_seconds": 1})
    exchange.installation.config = config.model_copy(update={"hall": impatient})
    order = dial("8001")
    async with (
        simulated_seats(exchange.stage, ["8001"], exchange.secret_of, AT_ONCE),
        answering_citizens(exchange.stage, exchange.pbx.ports.trunk, talk_s=600, voice=exchange.stage.legs.seats[1]),
        exchange.leader(),
    ):
        who = await exchange.agent_at("8001")
        await exchange.order(order, who)
        answered = select(Call.call_id).where(Call.call_id == order.call_id, Call.stage == "answered")
        await exchange.until(lambda: exchange.ask(answered))
        await sounds_on(exchange, order.call_id)
        pause = await exchange.order(PauseRecording(call_id=order.call_id), who)
        assert (await exchange.came_out(pause)).problem is None
        facts = select(CallFact.kind, CallFact.at).where(CallFact.call_id == order.call_id).order_by(CallFact.n)
        await exchange.until(lambda: exchange.ask(facts.where(CallFact.kind == "recording_resumed")))
        await sounds_on(exchange, order.call_id)
        await exchange.order(HangUpCall(call_id=order.call_id), who)
        call = await ended(exchange, order.call_id)
    told = {fact.kind: fact.at for fact in await exchange.ask(facts)}
    pause_s = (told["recording_resumed"] - told["recording_paused"]).total_seconds()
    frames = _sounding(await exchange.recorded(call.recording_file))
    # where the machine is busy a frame of the sound may be missing anywhere, but not for as long as the pause
    begin, length = max(_silences(frames), key=lambda silence: silence[1])
    assert length * 0.02 == pytest.approx(pause_s, abs=0.5)
    assert frames[:begin].any(), "nothing was recorded before the pause"
    assert frames[begin + length :].any(), "nothing was recorded after the pause"


async def sounds_on(exchange: Exchange, call_id: str) -> None:
    """Wait until the recording holds half a second of sound more than now."""
    ((file,),) = await exchange.ask(select(Call.recording_file).where(Call.call_id == call_id))

    async def sounding() -> int:
        written = np.fromfile(file, dtype="<i2") if Path(file).exists() else np.zeros(0, dtype="<i2")
        return int(_sounding(written[: written.size // 2 * 2].reshape(-1, 2)).sum())

    before = await sounding()

    async def more() -> bool:
        return await sounding() >= before + 25

    await exchange.until(more)


def _sounding(recorded: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Of each 20 ms whether anything sounds on either side."""
    return recorded[: len(recorded) // 160 * 160].reshape(-1, 320).any(axis=1)


def _silences(frames: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where each stretch without a sound begins, and how many frames it lasts."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], ~frames, [0]])))
    return [(int(begin), int(end - begin)) for begin, end in edges.reshape(-1, 2)]


async def test_a_pbx_that_dies_while_the_seat_rings_dials_nobody_when_it_is_back(exchange: Exchange) -> None:
    async with (
        simulated_seats(exchange.stage, ["8001"], exchange.secret_of, SeatBehaviour(ring_s=600)),
        answering_citizens(exchange.stage, exchange.pbx.ports.trunk) as citizens,
        exchange.leader(),
    ):
        who = await exchange.agent_at("8001")
        order_id = await exchange.order(dial("8001"), who)
        while "PJSIP/8001" not in await exchange.pbx.cli("core show channels concise"):
            await asyncio.sleep(0.05)
        os.kill(exchange.asterisk.pid, signal.SIGKILL)
        await exchange.asterisk.wait()
        told = await exchange.came_out(order_id)
        assert (told.state, told.problem and told.problem.error) == (OrderState.UNKNOWN, "OrderFateUnknown")
        async with running(exchange.pbx):
            hang_up = await exchange.came_out(await exchange.order(HangUpCall(call_id="gone"), who))
            assert hang_up.state in {OrderState.FAILED, OrderState.EXPIRED}
            assert "PJSIP" not in await exchange.pbx.cli("core show channels concise")
            assert citizens.called(CITIZEN) == []


async def test_a_call_that_a_crash_of_the_pbx_cut_is_on_record_with_its_reason(exchange: Exchange) -> None:
    began = clock.now()
    async with (
        simulated_seats(exchange.stage, ["8001"], exchange.secret_of, AT_ONCE),
        answering_citizens(exchange.stage, exchange.pbx.ports.trunk, talk_s=600),
        exchange.leader(),
    ):
        who = await exchange.agent_at("8001")
        order = dial("8001")
        await exchange.order(order, who)
        answered = select(Call.call_id).where(Call.call_id == order.call_id, Call.stage == "answered")
        await exchange.until(lambda: exchange.ask(answered))
        await asyncio.sleep(1.5)  # Asterisk tells its age in whole seconds
        os.kill(exchange.asterisk.pid, signal.SIGKILL)
        await exchange.asterisk.wait()
        async with running(exchange.pbx):
            call = await ended(exchange, order.call_id)
    assert (call.outcome, call.hung_up_by) == ("answered", "pbx_restart")
    exchange.pbx.paths.cdr.touch()  # Asterisk has had nothing to write yet
    days = DayReconciler(exchange.database, exchange.pbx.paths.cdr, host=DEFAULT_HOST)
    found = await days.compare(began, clock.now(), settled_after=-TOLERANCE)
    assert [(each.kind.value, each.explained) for each in found.differences] == [("cut_by_pbx_restart", True)]
    assert found.unexplained == 0
