"""Two PBX hosts, real: the centre and a sub-centre with its own site, each followed by its own telephony process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from sqlalchemy import select

from backend.app.config import hall_times
from backend.calls.live import live_calls
from backend.calls.models import Call, CallFact
from backend.calls.pbx_link import links_now
from backend.calls.reconcile_day import DayReconciler
from backend.figures.board import span_of
from backend.figures.repository import calls_in
from backend.figures.tally import CallTally
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.orders.schemas import OrderState
from backend.seats import service as seats
from telephony.commands import DialOut, HangUpCall
from telephony.pbx.check import check
from telephony.simulate.answering import answering_citizens
from telephony.simulate.citizens import CitizenCall, Citizens, Manner, place_calls
from telephony.simulate.seats import SeatBehaviour, simulated_seats

from .exchange import Exchange, open_exchanges

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

AT_ONCE = SeatBehaviour(ring_s=0.05)
LABOUR = "labour"
CARRIER = {"host": "127.0.0.1", "port": 0, "identify": ["127.0.0.1/32"]}
OVERLAY: dict[str, Any] = {
    "pbx": {
        "numbers": [{"number": "96010", "queue": "q96010"}, {"number": "12333", "queue": "q-labour", "host": LABOUR}],
        "queues": [
            {"name": "q96010", "skill": "general"},
            {"name": "q-labour", "skill": "labour", "sites": ["labour-centre"], "overflow": {"to": "q96010"}},
        ],
        "sites": [{"name": "labour-centre", "title": "人力社保分中心", "skills": {"labour": 1}}],
        "seat_ranges": [
            {"first": 8001, "last": 8002, "phone": "sip"},
            {"first": 8101, "last": 8102, "phone": "sip", "site": "labour-centre", "host": LABOUR},
        ],
        "own_seat_seconds": 0,
        "hosts": [{"name": LABOUR, "title": "人力社保分中心", "trunk": CARRIER}],
    }
}
OLD_NUMBER = {"number": "12343", "title": "旧热线", "queue": "q-labour"}


def overlay_in(folder: Path, overlay: dict[str, Any]) -> dict[str, Any]:
    """The overlay with a list of merged hotlines that its queues can take."""
    merged = folder / "merged.yaml"
    merged.write_text(yaml.safe_dump({"numbers": [OLD_NUMBER]}))
    return overlay | {"data": {"merged_numbers": str(merged)}}


class Hosts:
    """The centre and the sub-centre, at each of which one person sits ready."""

    def __init__(self, centre: Exchange, labour: Exchange) -> None:
        self.centre = centre
        self.labour = labour
        self.people: dict[str, Principal] = {}
        self.calls = 0

    async def sit(self, exchange: Exchange, seat: str) -> None:
        """Let somebody sit there and take calls."""
        who = self.people[seat] = await exchange.agent_at(seat)

        async def registered() -> bool:
            async with exchange.database.transaction() as tx:
                view = await seats.seat_of(tx, who)
            return view is not None and view.phone_registered

        await exchange.until(registered)
        async with exchange.database.transaction() as tx:
            await seats.make_ready(tx, who, clock.now(), hall_times(exchange.installation))

    async def leave(self, exchange: Exchange, seat: str) -> None:
        """Let who sits there go."""
        async with exchange.database.transaction() as tx:
            await seats.sign_out(tx, self.people[seat], clock.now(), hall_times(exchange.installation))

        async def out_of_queue() -> bool:
            return f"PJSIP/{seat}" not in await exchange.pbx.cli("queue show q-labour")

        await exchange.until(out_of_queue)

    async def call(self, exchange: Exchange, dialed: str, *, talk_s: float = 1.0) -> tuple[str, Citizens]:
        """A citizen calls this host's carrier number; the number he calls from."""
        self.calls += 1
        number = f"1380000{self.calls:04d}"
        manner = Manner(talk_s=talk_s)
        return number, await place_calls(
            exchange.stage, [CitizenCall(number, dialed)], manner, name=f"citizen-{self.calls}"
        )

    async def of(self, number: str, *stages: str) -> list[Call]:
        """The call of this citizen and what continues it at the other host, once they have come to these stages."""
        found: list[Call] = []

        async def settled() -> bool:
            nonlocal found
            query = select(Call).where(Call.caller_number == number).order_by(Call.continues.is_not(None))
            found = [row[0] for row in await self.centre.ask(query)]
            return [call.stage for call in found] == list(stages)

        await self.centre.until(settled)
        return found

    async def kinds(self, call: Call) -> list[str]:
        """What happened in the call."""
        query = select(CallFact.kind).where(CallFact.call_id == call.call_id).order_by(CallFact.n)
        return [row.kind for row in await self.centre.ask(query)]

    async def tally(self) -> CallTally:
        """The calls of the last quarter of an hour as they are counted."""
        async with self.centre.database.transaction() as tx:
            calls = await calls_in(tx, span_of("15m", None, clock.now()))
        return CallTally.sum(CallTally.of(call, short_ms=0) for call in calls)

    async def agree(self) -> None:
        """The record and the CDR file of either host do not differ, once the last row is written."""
        found: list[Any] = []

        async def so() -> bool:
            nonlocal found
            found = await self.differences()
            return not found

        with suppress(TimeoutError):
            await self.centre.until(so)
        assert found == []

    async def differences(self) -> list[Any]:
        """Where they disagree now."""
        found: list[Any] = []
        for exchange in (self.centre, self.labour):
            days = DayReconciler(exchange.database, exchange.pbx.paths.cdr, host=exchange.host)
            since = clock.now() - timedelta(hours=1)
            found += (await days.compare(since, clock.now(), settled_after=timedelta(0))).differences
        return found


@pytest.fixture
async def hosts(
    state_folder: Path, tmp_path: Path, database: Database, request: pytest.FixtureRequest
) -> AsyncIterator[Hosts]:
    """Both PBX hosts with leaders and phones, and somebody at 8001 and 8101; a parameter says how 8001 behaves."""
    overlay = overlay_in(tmp_path, OVERLAY)
    async with open_exchanges(state_folder, tmp_path, database, overlay) as (centre, labour), AsyncExitStack() as stack:
        opened = Hosts(centre, labour)
        for exchange, seat, behaviour in (
            (centre, "8001", getattr(request, "param", AT_ONCE)),
            (labour, "8101", AT_ONCE),
        ):
            phones = simulated_seats(exchange.stage, [seat], exchange.secret_of, behaviour)
            await stack.enter_async_context(phones)
            await stack.enter_async_context(exchange.leader())
            await opened.sit(exchange, seat)
        yield opened


async def test_each_host_has_its_calls_and_a_citizen_goes_from_one_to_the_other(hosts: Hosts) -> None:
    here, there = await hosts.call(hosts.centre, "96010"), await hosts.call(hosts.labour, "12333", talk_s=600)
    (talking,) = await hosts.of(there[0], "answered")
    assert (talking.host, talking.seat, talking.queue) == (LABOUR, "8101", "q-labour")
    ordered = await hosts.labour.order(HangUpCall(call_id=talking.call_id), hosts.people["8101"])
    assert (await hosts.labour.came_out(ordered)).state is OrderState.DONE
    (at_labour,) = await hosts.of(there[0], "ended")
    (at_centre,) = await hosts.of(here[0], "ended")
    assert (at_centre.host, at_centre.seat, at_centre.outcome) == ("hotline", "8001", "answered")
    assert at_labour.outcome == "answered"
    await hosts.sit(hosts.labour, "8101")

    number, citizens = await hosts.call(hosts.centre, OLD_NUMBER["number"], talk_s=2)
    await citizens.finished()
    first, second = await hosts.of(number, "ended", "ended")
    assert (first.host, first.outcome, first.handed_to, first.counted) == ("hotline", "handed_over", LABOUR, False)
    assert (second.host, second.seat, second.outcome, second.counted) == (LABOUR, "8101", "answered", True)
    assert (second.continues, second.dialed_number) == (first.call_id, OLD_NUMBER["number"])
    assert (first.recording_state, second.recording_state) == ("none", "pending")
    tally = await hosts.tally()
    assert (tally.offered, tally.answered, tally.abandoned) == (3, 3, 0)
    await asyncio.gather(here[1].finished(), there[1].stop(within_s=0))
    await hosts.agree()


async def test_one_host_that_dies_leaves_the_other_alone_and_its_callers_are_served_here(hosts: Hosts) -> None:
    number, citizens = await hosts.call(hosts.centre, "96010", talk_s=600)
    (call,) = await hosts.of(number, "answered")
    os.kill(hosts.labour.asterisk.pid, signal.SIGKILL)

    async def told() -> bool:
        async with hosts.centre.database.transaction() as tx:
            links = await links_now(tx, ["hotline", LABOUR])
        return [link.state == "live" for link in links] == [True, False]

    await hosts.centre.until(told)
    async with hosts.centre.database.transaction() as tx:
        assert [(live.call_id, live.host) for live in await live_calls(tx)] == [(call.call_id, "hotline")]
    ordered = await hosts.centre.order(HangUpCall(call_id=call.call_id), hosts.people["8001"])
    assert (await hosts.centre.came_out(ordered)).state is OrderState.DONE
    await citizens.stop(within_s=0)
    await hosts.of(number, "ended")
    await hosts.sit(hosts.centre, "8001")
    number, citizens = await hosts.call(hosts.centre, OLD_NUMBER["number"])
    await citizens.finished()
    (served,) = await hosts.of(number, "ended")
    assert (served.host, served.seat, served.queue, served.counted) == ("hotline", "8001", "q96010", True)
    assert {"call_handed_over", "call_came_back"} < set(await hosts.kinds(served))


@pytest.mark.parametrize(
    "hosts", [SeatBehaviour(ring_s=0.05, hands_over=100, hands_over_to="8101")], indirect=True, ids=["8001 hands over"]
)
async def test_a_seat_hands_its_citizen_to_a_seat_of_another_host(hosts: Hosts) -> None:
    number, citizens = await hosts.call(hosts.centre, "96010", talk_s=600)
    first, second = await hosts.of(number, "after_talk", "answered")
    assert (first.seat, first.handed_to, first.counted) == ("8001", LABOUR, True)
    assert (second.seat, second.host, second.continues, second.counted) == ("8101", LABOUR, first.call_id, False)
    async with hosts.centre.database.transaction() as tx:
        assert [(live.call_id, live.seat) for live in await live_calls(tx)] == [(second.call_id, "8101")]
    ordered = await hosts.labour.order(HangUpCall(call_id=second.call_id), hosts.people["8101"])
    assert (await hosts.labour.came_out(ordered)).state is OrderState.DONE
    await citizens.stop(within_s=5)
    both = await hosts.of(number, "ended", "ended")
    assert [(call.outcome, call.recording_state) for call in both] == [("answered", "pending")] * 2
    assert (await hosts.tally()).offered == 1
    await hosts.agree()


async def test_whom_nobody_takes_at_the_other_host_is_served_here(hosts: Hosts) -> None:
    await hosts.leave(hosts.labour, "8101")
    number, citizens = await hosts.call(hosts.centre, OLD_NUMBER["number"])
    await citizens.finished()
    first, second = await hosts.of(number, "ended", "ended")
    assert (first.seat, first.outcome, first.queue, first.counted) == ("8001", "answered", "q96010", True)
    assert (second.outcome, second.handed_to, second.counted) == ("handed_over", "hotline", False)
    tally = await hosts.tally()
    assert (tally.offered, tally.answered, tally.abandoned) == (1, 1, 0)
    await hosts.agree()


async def test_a_host_without_a_carrier_calls_citizens_over_the_first(
    state_folder: Path, tmp_path: Path, database: Database
) -> None:
    without = {"hosts": [{"name": LABOUR, "title": "人力社保分中心"}]}
    overlay = overlay_in(tmp_path, {"pbx": OVERLAY["pbx"] | without})
    async with open_exchanges(state_folder, tmp_path, database, overlay) as (centre, labour):
        hosts, citizen = Hosts(centre, labour), "13900000001"

        async def each_answers_the_other() -> bool:
            findings = await check(labour.pbx, labour.installation.part(LABOUR))
            return any(finding.ok and finding.what == "1 of 1 other PBX hosts answer" for finding in findings)

        await labour.until(each_answers_the_other)
        async with (
            simulated_seats(labour.stage, ["8101"], labour.secret_of, AT_ONCE),
            answering_citizens(centre.stage, centre.pbx.ports.trunk, talk_s=1) as outside,
            centre.leader(),
            labour.leader(),
        ):
            await hosts.sit(labour, "8101")
            order = DialOut(seat="8101", number=citizen, shown_number="96010", call_id=f"out-{uuid4().hex}")
            ordered = await labour.order(order, hosts.people["8101"])
            assert (await labour.came_out(ordered)).state is OrderState.DONE
            (call,) = await hosts.of(citizen, "ended")
            (called,) = outside.called(citizen)
        assert (call.host, call.direction, call.seat, call.outcome) == (LABOUR, "outbound", "8101", "answered")
        assert (called.shown, called.asserted) == ("96010", "96010")
        assert [row.call_id for row in await centre.ask(select(Call.call_id))] == [call.call_id]
        await hosts.agree()
