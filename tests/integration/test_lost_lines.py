"""A seat's telephone dies in the middle of a talk on the real Asterisk: the citizen is kept and served first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from backend.calls.models import Call, CallFact
from backend.kernel import clock
from backend.kernel.database import Database
from backend.seats import repository
from backend.seats.models import Seat
from backend.seats.schemas import PauseReason
from telephony.commands import DialOut
from telephony.simulate.answering import answering_citizens
from telephony.simulate.citizens import CitizenCall, Citizens, Manner, place_calls
from telephony.simulate.seats import SeatBehaviour, simulated_seats

from .exchange import Exchange, open_exchange

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

DYING, OTHER = "8001", "8002"
AT_ONCE = SeatBehaviour(ring_s=0.05)
TALKED_TO, WAITS, CALLED = "13800001111", "13800002222", "13800003333"


@pytest.fixture
async def exchange(state_folder: Path, tmp_path: Path, database: Database) -> AsyncIterator[Exchange]:
    # so long a telephone that lives may be silent on a busy machine
    quickly = {"lost_after": {"sip_seconds": 8}, "own_seat_seconds": 0}
    async with open_exchange(state_folder, tmp_path, database, quickly) as opened:
        yield opened


async def citizen(exchange: Exchange, number: str, talk_s: float = 600) -> Citizens:
    return await place_calls(
        exchange.stage, [CitizenCall(number, "96010")], Manner(talk_s=talk_s), name=f"citizen-{number}"
    )


async def stands(exchange: Exchange, number: str, stage: str, seat: str | None = None) -> str:
    """Wait until the call with this citizen stands so; its id."""
    query = select(Call.call_id).where(Call.caller_number == number, Call.stage == stage)
    query = query if seat is None else query.where(Call.seat == seat)
    await exchange.until(lambda: exchange.ask(query))
    ((call_id,),) = await exchange.ask(query)
    return str(call_id)


async def told(exchange: Exchange, call_id: str) -> list[tuple[str, Any]]:
    query = select(CallFact.kind, CallFact.seat, CallFact.payload).where(CallFact.call_id == call_id)
    facts = await exchange.ask(query.order_by(CallFact.n))
    return [(row.kind, row.seat or row.payload.get("queue")) for row in facts]


async def test_citizens_whose_seat_dies_are_served_before_those_who_wait(exchange: Exchange) -> None:
    elsewhere = replace(exchange.stage, folder=exchange.stage.folder / "dying")
    elsewhere.folder.mkdir()
    async with (
        exchange.leader(),
        simulated_seats(exchange.stage, [OTHER], exchange.secret_of, AT_ONCE),
        simulated_seats(elsewhere, [DYING], exchange.secret_of, AT_ONCE) as dying,
    ):
        await exchange.ready_at(DYING)
        talking = await citizen(exchange, TALKED_TO)
        call_id = await stands(exchange, TALKED_TO, "answered", DYING)
        waiting = await citizen(exchange, WAITS)
        await stands(exchange, WAITS, "queued")
        dying.die()
        await stands(exchange, TALKED_TO, "queued")
        ((state, reason, at_call),) = await exchange.ask(
            select(Seat.state, Seat.reason, Seat.call_id).where(Seat.seat == DYING)
        )
        assert (state, reason, at_call) == ("paused", "line_lost", None)
        async with exchange.database.transaction() as tx:
            (alert,) = await repository.alerts_since(tx, clock.now().replace(year=2000), 10)
        assert (alert.seat, alert.call_id, alert.reason) == (DYING, call_id, PauseReason.LINE_LOST)

        await exchange.ready_at(OTHER)
        await stands(exchange, TALKED_TO, "answered", OTHER)
        await stands(exchange, WAITS, "queued")
        await exchange.pbx.cli("channel request hangup all")
        for run in (talking, waiting):
            await run.finished()
        await stands(exchange, TALKED_TO, "ended")
    assert await told(exchange, call_id) == [
        ("call_arrived", None),
        ("recording_started", None),
        ("call_queued", "q96010"),
        ("seat_ringing", DYING),
        ("call_answered", DYING),
        ("leg_lost", DYING),
        ("talk_ended", DYING),
        ("call_queued", "q96010"),
        ("seat_ringing", OTHER),
        ("call_answered", OTHER),
        ("talk_ended", OTHER),
        ("call_ended", None),
    ]
    counted = {call.call_id: call.outcome for call in await exchange.counted(2)}
    assert counted[call_id] == "answered"


async def test_a_citizen_who_was_called_is_kept_too(exchange: Exchange) -> None:
    elsewhere = replace(exchange.stage, folder=exchange.stage.folder / "dying")
    elsewhere.folder.mkdir()
    async with (
        exchange.leader(),
        simulated_seats(exchange.stage, [OTHER], exchange.secret_of, AT_ONCE),
        simulated_seats(elsewhere, [DYING], exchange.secret_of, AT_ONCE) as dying,
        answering_citizens(exchange.stage, exchange.pbx.ports.trunk, talk_s=600),
    ):
        who = await exchange.agent_at(DYING)
        await exchange.ready_at(OTHER)
        order = DialOut(seat=DYING, number=CALLED, shown_number="96010", call_id=f"out-{uuid4().hex}")
        await exchange.registered(DYING)
        await exchange.order(order, who)
        await stands(exchange, CALLED, "answered", DYING)
        dying.die()
        await stands(exchange, CALLED, "answered", OTHER)
        await exchange.pbx.cli("channel request hangup all")
        call_id = await stands(exchange, CALLED, "ended")
    facts = await told(exchange, call_id)
    assert facts[facts.index(("leg_lost", DYING)) :] == [
        ("leg_lost", DYING),
        ("talk_ended", DYING),
        ("call_queued", "q96010"),
        ("seat_ringing", OTHER),
        ("call_answered", OTHER),
        ("talk_ended", OTHER),
        ("call_ended", None),
    ]
