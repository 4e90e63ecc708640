"""A hardware phone at the seat, controlled from the console, on the real Asterisk: every verb and its record."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from backend.app.config import hall_times
from backend.calls.desk_phones import phone_calls
from backend.calls.errors import NotInThisCall
from backend.calls.models import Call, CallFact
from backend.calls.phone_control import control
from backend.calls.reconcile_day import DayReconciler
from backend.calls.schemas import PhoneCall, PhoneVerb
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.orders.schemas import OrderState, OrderView
from backend.seats import service as seats
from backend.seats.models import Seat
from backend.seats.schemas import PauseReason
from telephony.commands import DialOut
from telephony.phone_commands import HangUpPhone
from telephony.seats import PhoneNotRegistered
from telephony.simulate.answering import answering_citizens
from telephony.simulate.citizens import CitizenCall, Citizens, Manner, place_calls
from telephony.simulate.seats import SeatBehaviour, simulated_seats

from .exchange import Exchange, open_exchange

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

DESK, COLLEAGUE, ABSENT, OUTSIDE = "8001", "8002", "8003", "13900007777"
CONTROLLED = SeatBehaviour(controlled=True)
V = PhoneVerb


@pytest.fixture
async def exchange(state_folder: Path, tmp_path: Path, database: Database) -> AsyncIterator[Exchange]:
    async with open_exchange(state_folder, tmp_path, database) as opened, opened.leader():
        yield opened


@dataclass
class Desk:
    """An agent whose phone stands on the desk, and whose console orders what it does."""

    exchange: Exchange
    who: Principal
    call_id: str = ""

    async def order(self, verb: PhoneVerb, to: str = "") -> OrderView:
        async with self.exchange.database.transaction() as tx:
            placed = await control(tx, self.who, uuid4(), verb, clock.now(), call_id=self.call_id, to=to)
        return await self.exchange.came_out(placed.order_id)

    async def do(self, verb: PhoneVerb, to: str = "") -> None:
        """Order it, and see that the PBX took it."""
        assert (await self.order(verb, to)).problem is None

    async def shown(self) -> PhoneCall | None:
        async with self.exchange.database.transaction() as tx:
            return (await phone_calls(tx, [DESK]))[DESK]

    async def shows(self, state: str, consult: str | None = None, *, muted: bool = False) -> None:
        """Wait until the console shows the phone like this."""

        async def so() -> bool:
            now = await self.shown()
            return now is not None and (now.state, now.consult and now.consult.state, now.muted) == (
                state, consult, muted,
            )  # fmt: skip

        await self.exchange.until(so)

    async def facts(self, *kinds: str) -> list[str]:
        """What the record tells of the call, each as its kind and whom it speaks of."""
        query = select(CallFact.kind, CallFact.seat, CallFact.payload).where(CallFact.call_id == self.call_id)
        rows = await self.exchange.ask(query.order_by(CallFact.n))
        return [
            " ".join(filter(None, [kind, seat or told.get("from_seat"), told.get("to"), told.get("asked_by")]))
            for kind, seat, told in rows
            if not kinds or kind in kinds
        ]

    async def bridges(self) -> dict[str, str]:
        """The bridge that each channel is in: seats and the trunk by the name of their endpoint."""
        lines = (await self.exchange.pbx.cli("core show channels concise")).splitlines()
        found = [line.split("!") for line in lines if line.count("!") > 12]
        return {_short(parts[0]): parts[12] for parts in found}

    async def over(self) -> None:
        """Wait until the record tells the end of the call, which is a moment after the telephones know it."""
        of_call = select(Call.call_id).where(Call.call_id == self.call_id, Call.stage == "ended")
        await self.exchange.until(lambda: self.exchange.ask(of_call))


def _short(channel: str) -> str:
    return channel.rpartition("-")[0].removeprefix("PJSIP/") if channel.startswith("PJSIP/") else channel


@asynccontextmanager
async def phones(exchange: Exchange, *, colleague: bool = True) -> AsyncIterator[None]:
    """The controlled phone, and that of a colleague who answers by himself."""
    folder = exchange.stage.folder / "colleague"
    folder.mkdir(exist_ok=True)
    theirs = [COLLEAGUE] if colleague else []
    async with simulated_seats(exchange.stage, [DESK], exchange.secret_of, CONTROLLED):
        if not theirs:
            yield
            return
        stage = replace(exchange.stage, folder=folder)
        async with simulated_seats(stage, theirs, exchange.secret_of, SeatBehaviour(ring_s=0.2)):
            yield


async def seat_is(exchange: Exchange, seat: str, state: str) -> None:
    await exchange.until(lambda: exchange.ask(select(Seat.seat).where(Seat.seat == seat, Seat.state == state)))


async def ready(exchange: Exchange, seat: str) -> Principal:
    who = await exchange.agent_at(seat)
    await exchange.until(lambda: exchange.ask(select(Seat.seat).where(Seat.seat == seat, Seat.phone_registered)))
    async with exchange.database.transaction() as tx:
        await seats.make_ready(tx, who, clock.now(), hall_times(exchange.installation))
    return who


async def ringing(exchange: Exchange, talk_s: float = 60) -> tuple[Desk, Citizens]:
    """A citizen's call that rings at the controlled phone."""
    desk = Desk(exchange, await ready(exchange, DESK))
    citizens = await place_calls(exchange.stage, [CitizenCall("13800001234", "96010")], Manner(talk_s=talk_s))
    await seat_is(exchange, DESK, "ringing")
    ((desk.call_id,),) = await exchange.ask(select(Seat.call_id).where(Seat.seat == DESK))
    return desk, citizens


async def answered(exchange: Exchange, talk_s: float = 60) -> tuple[Desk, Citizens]:
    desk, citizens = await ringing(exchange, talk_s)
    await desk.shows("ringing")
    await desk.do(V.ANSWER)
    await desk.shows("talking")
    return desk, citizens


async def agrees_with_asterisk(exchange: Exchange, desk: Desk) -> None:
    """Asterisk's own file has this one call, answered at this phone, and tells nothing else of it than the record."""
    (call,) = await exchange.counted()
    assert (call.call_id, call.seat, call.outcome) == (desk.call_id, DESK, "answered")
    days = DayReconciler(exchange.database, exchange.pbx.paths.cdr, host=exchange.host)
    found = await days.compare(clock.now() - timedelta(hours=1), clock.now(), settled_after=timedelta(0))
    assert list(found.differences) == []


async def test_a_phone_without_a_registration_cannot_be_ready(exchange: Exchange) -> None:
    who = await exchange.agent_at(DESK)
    async with exchange.database.transaction() as tx:
        with pytest.raises(PhoneNotRegistered):
            await seats.make_ready(tx, who, clock.now(), hall_times(exchange.installation))
    async with phones(exchange, colleague=False):
        await ready(exchange, DESK)
        await seat_is(exchange, DESK, "ready")


async def test_the_phone_answers_holds_resumes_mutes_and_hangs_up_as_ordered(exchange: Exchange) -> None:
    async with phones(exchange, colleague=False):
        desk, citizens = await answered(exchange)
        await desk.do(V.HOLD)
        await desk.shows("held")
        await desk.do(V.RESUME)
        await desk.shows("talking")
        await desk.do(V.MUTE)
        await desk.shows("talking", muted=True)
        await desk.do(V.UNMUTE)
        await desk.shows("talking")
        await desk.do(V.TONE, "5")
        assert (await desk.order(V.TRANSFER_CONSULTED)).state is OrderState.FAILED, "nobody was consulted"
        await desk.do(V.HANG_UP)
        (placed,) = await citizens.finished()
        await desk.over()
        await seat_is(exchange, DESK, "wrap_up")
        assert placed.ending == "ended"
        with pytest.raises(NotInThisCall):
            await desk.order(V.HOLD)
    told = await desk.facts()
    assert told[told.index(f"call_answered {DESK}") :] == [
        f"call_answered {DESK}",
        f"call_held {DESK}",
        f"call_resumed {DESK}",
        f"seat_muted {DESK}",
        f"seat_unmuted {DESK}",
        f"talk_ended {DESK}",
        "call_ended",
    ]
    ((by,),) = await exchange.ask(select(Call.hung_up_by).where(Call.call_id == desk.call_id))
    assert by == "seat"
    await agrees_with_asterisk(exchange, desk)


async def test_a_ringing_call_is_refused_at_the_console(exchange: Exchange) -> None:
    async with phones(exchange, colleague=False):
        desk, citizens = await ringing(exchange)
        await desk.do(V.HANG_UP)
        await seat_is(exchange, DESK, "paused")
        await ready(exchange, DESK)
        await seat_is(exchange, DESK, "ringing")
        await desk.do(V.ANSWER)
        await desk.shows("talking")
        await desk.do(V.HANG_UP)
        await citizens.finished()


async def test_a_colleague_is_consulted_joins_and_takes_the_citizen(exchange: Exchange) -> None:
    async with phones(exchange):
        await ready(exchange, COLLEAGUE)
        async with exchange.database.transaction() as tx:
            await seats.pause(
                tx,
                (await exchange.agent_at(COLLEAGUE)),
                PauseReason.MEETING,
                clock.now(),
                hall_times(exchange.installation),
            )
        desk, citizens = await answered(exchange)
        await desk.do(V.CONSULT, COLLEAGUE)
        await desk.shows("held", "talking")
        await exchange.until(lambda: _apart(desk, "trunk", DESK))  # the citizen does not hear the consultation
        await seat_is(exchange, COLLEAGUE, "talking")
        await desk.do(V.HEAR_CITIZEN)
        await desk.shows("talking", "held")
        await exchange.until(lambda: _together(desk, "trunk", DESK))
        await desk.do(V.HEAR_COLLEAGUE)
        await desk.shows("held", "talking")
        await desk.do(V.HEAR_BOTH)
        await desk.shows("talking", "talking")
        await desk.do(V.HEAR_CITIZEN)
        await desk.shows("talking", "held")
        await desk.do(V.HEAR_COLLEAGUE)
        await desk.shows("held", "talking")
        await desk.do(V.TRANSFER_CONSULTED)
        await seat_is(exchange, DESK, "wrap_up")
        handed = select(Call.call_id).where(Call.seat == COLLEAGUE, Call.stage == "answered")
        await exchange.until(lambda: exchange.ask(handed))
        await exchange.until(lambda: _only(desk, {"trunk", COLLEAGUE}))
        await exchange.until(lambda: _together(desk, "trunk", COLLEAGUE))
        await exchange.came_out(await exchange.order(HangUpPhone(seat=COLLEAGUE), desk.who))
        (placed,) = await citizens.finished()
        assert placed.ending == "ended"
        await desk.over()
    told = await desk.facts()
    talk = told[told.index(f"call_answered {DESK}") :]
    assert Counter(talk[:-6]) == {  # the two ends of a step tell of it in either order
        f"call_answered {DESK}": 1,
        f"consult_began {DESK} {COLLEAGUE}": 1,
        f"seat_ringing {COLLEAGUE} {DESK}": 1,
        f"consult_answered {COLLEAGUE} {DESK}": 1,
        f"call_held {DESK}": 3,
        f"call_resumed {DESK}": 2,
        f"consult_held {COLLEAGUE} {DESK}": 2,
        f"consult_resumed {COLLEAGUE} {DESK}": 2,
    }
    assert talk[-6:] == [
        f"consult_ended {COLLEAGUE} {DESK}",
        f"call_transferred {DESK} {COLLEAGUE}",
        f"talk_ended {DESK}",
        f"call_answered {COLLEAGUE}",
        f"talk_ended {COLLEAGUE}",
        "call_ended",
    ]
    await agrees_with_asterisk(exchange, desk)


async def test_a_colleague_who_does_not_answer_gives_the_citizen_back_who_is_then_handed_over(
    exchange: Exchange,
) -> None:
    silent = replace(exchange.stage, folder=exchange.stage.folder / "silent")
    silent.folder.mkdir()
    never = SeatBehaviour(ring_s=100)
    async with phones(exchange), simulated_seats(silent, [ABSENT], exchange.secret_of, never):
        desk, citizens = await answered(exchange)
        await desk.do(V.HOLD)
        await desk.shows("held")
        await desk.do(V.CONSULT, ABSENT)
        await desk.shows("held", "dialing")
        await desk.do(V.END_CONSULT)
        await desk.shows("talking")
        await exchange.until(lambda: _together(desk, "trunk", DESK))
        refused = await desk.order(V.CONSULT, "9999")
        assert refused.state is OrderState.FAILED, "nobody has this number"
        assert not [channel for channel in await desk.bridges() if "@seat-phone" in channel], "nobody was moved for it"
        await desk.shows("talking")
        await desk.do(V.TRANSFER, COLLEAGUE)
        handed = select(Call.call_id).where(Call.seat == COLLEAGUE, Call.stage == "answered")
        await exchange.until(lambda: exchange.ask(handed))
        await seat_is(exchange, DESK, "wrap_up")
        await exchange.until(lambda: _only(desk, {"trunk", COLLEAGUE}))
        await exchange.came_out(await exchange.order(HangUpPhone(seat=COLLEAGUE), desk.who))
        (placed,) = await citizens.finished()
        assert placed.ending == "ended"
        await desk.over()
    told = await desk.facts("consult_ended", "call_transferred", "talk_ended", "call_answered", "call_ended")
    assert told == [
        f"call_answered {DESK}",
        f"consult_ended {DESK}",
        f"call_transferred {DESK} {COLLEAGUE}",
        f"talk_ended {DESK}",
        f"call_answered {COLLEAGUE}",
        f"talk_ended {COLLEAGUE}",
        "call_ended",
    ]
    await agrees_with_asterisk(exchange, desk)


async def test_somebody_outside_is_consulted_in_a_call_that_was_placed(exchange: Exchange) -> None:
    async with (
        phones(exchange, colleague=False),
        answering_citizens(exchange.stage, exchange.pbx.ports.trunk) as outside,
    ):
        desk = Desk(exchange, await ready(exchange, DESK), "out-1")
        dial = DialOut(seat=DESK, number="13911112222", shown_number="96010", call_id=desk.call_id)
        assert (await exchange.came_out(await exchange.order(dial, desk.who))).state is OrderState.DONE
        await desk.shows("talking")
        await desk.do(V.CONSULT, OUTSIDE)
        await desk.shows("held", "talking")
        assert [noted.shown for noted in outside.called(OUTSIDE)] == ["96010"]
        await desk.do(V.HEAR_BOTH)
        await desk.shows("talking", "talking")
        await desk.do(V.END_CONSULT)
        await desk.shows("talking")
        await exchange.until(lambda: _only(desk, {"trunk", DESK}))
        await exchange.until(lambda: _together(desk, "trunk", DESK))
        await desk.do(V.HANG_UP)
        await desk.over()
        await seat_is(exchange, DESK, "wrap_up")
    assert len(await exchange.ask(select(Call.call_id))) == 1, "a consultation became a call of its own"
    ((by, outcome),) = await exchange.ask(select(Call.hung_up_by, Call.outcome))
    assert (by, outcome) == ("seat", "answered")
    await agrees_with_asterisk(exchange, desk)


async def test_a_queue_is_consulted_and_keeps_the_citizen_when_the_handset_goes_down(exchange: Exchange) -> None:
    async with phones(exchange):
        desk, citizens = await answered(exchange)
        await ready(exchange, COLLEAGUE)
        await desk.do(V.CONSULT, exchange.installation.config.pbx.queues[0].name)
        await desk.shows("held", "talking")
        await seat_is(exchange, COLLEAGUE, "talking")
        await desk.do(V.HEAR_BOTH)
        await desk.shows("talking", "talking")
        await exchange.until(lambda: _in_one_bridge(desk, {"trunk", DESK}))
        await desk.do(V.HANG_UP)
        await seat_is(exchange, DESK, "wrap_up")
        handed = select(Call.call_id).where(Call.seat == COLLEAGUE, Call.stage == "answered")
        await exchange.until(lambda: exchange.ask(handed))
        await exchange.came_out(await exchange.order(HangUpPhone(seat=COLLEAGUE), desk.who))
        (placed,) = await citizens.finished()
        assert placed.ending == "ended"
        await desk.over()
        await seat_is(exchange, COLLEAGUE, "wrap_up")
    told = await desk.facts("consult_ended", "call_transferred", "talk_ended", "call_answered", "call_ended")
    assert [fact.partition(" ")[0] for fact in told] == [
        *("call_answered", "consult_ended", "call_transferred", "talk_ended"),
        *("call_answered", "talk_ended", "call_ended"),
    ]
    await agrees_with_asterisk(exchange, desk)


async def _in_one_bridge(desk: Desk, names: set[str]) -> bool:
    bridges = await desk.bridges()
    near = next((name for name in bridges if name.startswith("Local/aside") and name.endswith(";2")), "")
    return len({bridges[name] for name in (*names, near)}) == 1


async def _together(desk: Desk, one: str, other: str) -> bool:
    """Whether these two hear each other: a step is told just before it is taken."""
    bridges = await desk.bridges()
    return bridges.get(one, "") == bridges.get(other) != ""


async def _apart(desk: Desk, one: str, other: str) -> bool:
    bridges = await desk.bridges()
    return {one, other} <= set(bridges) and bridges[one] != bridges[other]


async def _only(desk: Desk, names: set[str]) -> bool:
    return set(await desk.bridges()) == names
