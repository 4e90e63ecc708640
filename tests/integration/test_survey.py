"""The citizen scores the talk by key on the real Asterisk: the score stands on the call, and the seat is out of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from backend.calls.live import live_calls
from backend.calls.models import Call
from backend.calls.schemas import CallQuery, CallStage
from backend.calls.service import list_calls
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.seats.models import SeatChange
from telephony.simulate.citizens import CitizenCall, Manner, PlacedCall, place_calls
from telephony.simulate.seats import SeatBehaviour, simulated_seats

from .exchange import Exchange, open_exchange

pytestmark = pytest.mark.integration

SEATS = ["8001", "8002", "8003", "8004"]
TALK_S = 1.0
KEY_S = TALK_S + 8
"""When keys are pressed, in seconds from the answer: long after the seat has hung up, and long before nobody asks."""
CITIZENS = {
    "13800000001": Manner(talk_s=120, key="3", key_after_s=KEY_S),
    "13800000002": Manner(talk_s=120, key="9", key_after_s=KEY_S),
    "13800000003": Manner(talk_s=120),
    "13800000004": Manner(talk_s=KEY_S),
}
"""One who scores, one who presses a key that is no score, one who presses none, one who hangs up while he is asked."""


@pytest.fixture
async def exchange(state_folder: Path, tmp_path: Path, database: Database) -> AsyncIterator[Exchange]:
    survey = {"survey": {"enabled": True, "seconds": 5, "tries": 2}, "own_seat_seconds": 0}
    async with open_exchange(state_folder, tmp_path, database, survey) as opened:
        yield opened


async def a_call(exchange: Exchange, number: str, manner: Manner) -> PlacedCall:
    run = await place_calls(exchange.stage, [CitizenCall(number, "96010")], manner, name=f"citizen-{number}")
    (placed,) = await run.finished()
    return placed


async def _none(_tx: Transaction, _ids: object) -> dict[str, Any]:
    return {}


async def test_a_score_lands_on_its_call_and_nothing_else_counts_as_one(exchange: Exchange) -> None:
    hasty = SeatBehaviour(ring_s=0.05, talk_s=TALK_S)
    async with simulated_seats(exchange.stage, SEATS, exchange.secret_of, hasty), exchange.leader():
        for seat in SEATS:
            await exchange.ready_at(seat)
        calls = [asyncio.create_task(a_call(exchange, number, manner)) for number, manner in CITIZENS.items()]

        asked: set[str] = set()

        async def all_asked() -> bool:
            async with exchange.database.transaction() as tx:
                asked.update(
                    call.call_id
                    for call in await live_calls(tx)
                    if (call.stage, call.seat) == (CallStage.AFTER_TALK, None)
                )
            return len(asked) == len(CITIZENS)

        await exchange.until(all_asked)
        placed = await asyncio.gather(*calls)

        async def all_over() -> bool:
            return not await exchange.ask(select(Call.call_id).where(Call.stage != "ended"))

        await exchange.until(all_over)
    assert [call.ending for call in placed] == ["ended"] * len(CITIZENS)
    wrapped_up = (
        select(SeatChange.seat, SeatChange.at < Call.ended_at)
        .join(Call, Call.call_id == SeatChange.call_id)
        .where(SeatChange.to_state == "wrap_up")
        .order_by(SeatChange.seat)
    )
    assert [tuple(row) for row in await exchange.ask(wrapped_up)] == [(seat, True) for seat in SEATS]
    query = select(Call.caller_number, Call.survey_score, Call.outcome, Call.hung_up_by).order_by(Call.caller_number)
    assert [tuple(row) for row in await exchange.ask(query)] == [
        ("13800000001", 3, "answered", "seat"),
        ("13800000002", None, "answered", "seat"),
        ("13800000003", None, "answered", "seat"),
        ("13800000004", None, "answered", "seat"),
    ]
    reader = Principal(uuid4(), "boss", "班长", ("supervisor",), frozenset({"calls.read"}), uuid4(), clock.now())
    async with exchange.database.transaction() as tx:
        (found,) = (await list_calls(tx, reader, CallQuery(score=3), _none, _none)).items
    assert (found.score, found.caller.number) == (3, "138****0001")
