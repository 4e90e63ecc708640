"""The link, the reducer and the steering on a real Asterisk with real SIP calls."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from telephony.ami import AmiLink, AmiSettings, LinkState
from telephony.ami.snapshot import take_snapshot
from telephony.facts import CallEnded, CallFact, Fact
from telephony.link import Follower
from telephony.pbx import server
from telephony.pbx.parts import part_of
from telephony.pbx.server import AsteriskProcess, Pbx
from telephony.pbx.settings import PbxSettings, Phone
from telephony.seats import DesiredSeat
from telephony.simulate.citizens import CitizenCall, Manner, place_calls
from telephony.simulate.seats import SeatBehaviour, simulated_seats
from telephony.simulate.stage import Address, Stage, set_stage
from telephony.state import WANTED, PbxState

pytestmark = pytest.mark.integration

CONFIGS = Path(__file__).parents[2] / "configs"
SEATS = ("8001", "8002", "8003")
SHORT_RING_S = 3
QUEUES = {"q96010": 1, "q12345": 1}
OFFERED = [DesiredSeat(seat, QUEUES) for seat in SEATS]


def secret(purpose: str) -> str:
    return hashlib.sha256(purpose.encode()).hexdigest()[:32]


@dataclass
class Hall:
    """A running PBX, the stage for its callers, and everything told so far."""

    pbx: Pbx
    asterisk: AsteriskProcess
    stage: Stage
    link: AmiLink
    state: PbxState
    follower: Follower = field(init=False)
    facts: list[Fact] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def keep(self, facts: Sequence[Fact]) -> None:
        async with self.news:
            self.facts += facts
            self.news.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(60), self.news:
                await self.news.wait_for(condition)
        except TimeoutError:
            pytest.fail(f"not told within 60 s; told was: {self.facts}")

    async def live(self) -> None:
        while self.link.state is not LinkState.LIVE:
            await asyncio.sleep(0.01)

    def kinds(self, seat_facts: bool = False) -> list[str]:
        return [fact.kind for fact in self.facts if seat_facts or isinstance(fact, CallFact)]

    def phones(self, ring_s: float = 0.3) -> contextlib.AbstractAsyncContextManager[object]:
        return simulated_seats(self.stage, SEATS, lambda seat: secret(f"sip:{seat}"), SeatBehaviour(ring_s=ring_s))

    @property
    def ended(self) -> list[CallEnded]:
        return [fact for fact in self.facts if isinstance(fact, CallEnded)]


@pytest.fixture
async def hall(request: pytest.FixtureRequest, tmp_path: Path, state_folder: Path) -> AsyncIterator[Hall]:
    """A PBX of its own; programs and voices are taken from the installation's state folder."""
    for name in ("debian", "speech"):
        (state_folder / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(state_folder.resolve() / name)
    raw = yaml.safe_load((CONFIGS / "hotline.yaml").read_text())["pbx"]
    for queue in raw["queues"]:  # where a seat is to answer, a machine that stands still shall not take it for away
        queue["ring_seconds"] = getattr(request, "param", 60)
    settings = PbxSettings.model_validate(raw).with_phones(Phone.SIP, 8001, 8003)
    pbx = await server.prepare(part_of(settings), tmp_path, secret, CONFIGS / "asterisk")
    async with server.running(pbx) as asterisk:
        stage = await set_stage(tmp_path, Address("127.0.0.1", pbx.ports.sip), CONFIGS / "demo" / "dialogues.yaml")
        account = {"username": "platform", "secret": secret("ami:platform"), "action_timeout": 60.0}
        link = AmiLink(AmiSettings(host="127.0.0.1", port=pbx.ports.ami, **account), wanted=WANTED)
        hall = Hall(pbx, asterisk, stage, link, PbxState())
        hall.follower = Follower(link, hall.state, hall.keep)
        tasks = [asyncio.create_task(link.run()), asyncio.create_task(hall.follower.run())]
        await hall.live()
        yield hall
        link.close()
        tasks[1].cancel()
        await asyncio.wait(tasks)


async def test_calls_are_told_and_seats_are_steered(hall: Hall) -> None:
    async with hall.phones():
        await hall.until(lambda: hall.kinds(seat_facts=True).count("phone_registered") == 3)
        assert await hall.follower.steer(OFFERED) == 6
        await hall.until(lambda: hall.kinds(seat_facts=True).count("seat_joined_queue") == 6)
        assert await hall.follower.steer(OFFERED) == 0
        held_back = [DesiredSeat(seat, QUEUES, "用餐" if seat == "8001" else None) for seat in SEATS]
        assert await hall.follower.steer(held_back) == 2
        await hall.until(lambda: "seat_paused" in hall.kinds(seat_facts=True))
        calls = [CitizenCall("13800000001", "96010"), CitizenCall("13800000002", "12345")]
        citizens = await place_calls(hall.stage, calls, Manner(per_second=5, talk_s=1))
        await citizens.finished()
        await hall.until(lambda: len(hall.ended) == 2)
        # nobody is free to be faster than this one's patience
        await hall.follower.steer([DesiredSeat(seat, QUEUES, "用餐") for seat in SEATS])
        gives_up = [CitizenCall("13800000003", "96010", gives_up=True)]
        citizens = await place_calls(hall.stage, gives_up, Manner(patience_s=0.1), name="hasty")
        await citizens.finished()
        await hall.until(lambda: len(hall.ended) == 3)
    assert [(fact.outcome, fact.hung_up_by) for fact in hall.ended] == [
        ("answered", "caller"),
        ("answered", "caller"),
        ("abandoned", "caller"),
    ]
    told = [fact.kind for fact in hall.facts if isinstance(fact, CallFact) and fact.call_id == hall.ended[0].call_id]
    assert told == [
        "call_arrived",
        "recording_started",
        "call_queued",
        "seat_ringing",
        "call_answered",
        "talk_ended",
        "call_ended",
    ]
    rung = {fact.seat for fact in hall.facts if fact.kind == "seat_ringing"}
    assert "8001" not in rung, "a seat at its meal was rung"
    assert hall.state.calls == {}
    assert hall.follower.unreadable_events == 0


@pytest.mark.parametrize("hall", [SHORT_RING_S], indirect=True)
async def test_a_seat_that_lets_it_ring_is_told_and_paused(hall: Hall) -> None:
    async with hall.phones(ring_s=60):
        await hall.follower.steer(OFFERED[:1])
        citizens = await place_calls(hall.stage, [CitizenCall("13800000001", "96010")])
        await hall.until(lambda: "seat_paused" in hall.kinds(seat_facts=True))
        await hall.pbx.cli("channel request hangup all")
        await citizens.finished()
        await hall.until(lambda: bool(hall.ended))
    told = {fact.kind: fact for fact in hall.facts}
    assert told["seat_ring_ended"].as_payload()["outcome"] == "no_answer"
    assert told["seat_paused"].as_payload()["seat"] == "8001"


async def test_a_link_that_breaks_during_a_call_loses_and_repeats_nothing(hall: Hall) -> None:
    async with hall.phones():
        await hall.follower.steer(OFFERED)
        calls = [CitizenCall("13900000001", "96010"), CitizenCall("13900000002", "12345")]
        citizens = await place_calls(hall.stage, calls, Manner(per_second=10, talk_s=600))
        await hall.until(lambda: hall.kinds().count("call_answered") == 2)
        before = hall.kinds()
        assert hall.link._session is not None
        hall.link._session.end(None)
        while hall.link.sessions < 2 or hall.link.backlog:
            await asyncio.sleep(0.01)
        assert hall.kinds() == before
        fresh = PbxState()
        fresh.resynchronise(await take_snapshot(hall.link.action, None), hall.facts[-1].at)
        assert {call.stage for call in fresh.calls.values()} == {"talking"}
        assert {id_: call.talking for id_, call in fresh.calls.items()} == {
            id_: call.talking for id_, call in hall.state.calls.items()
        }
        await hall.pbx.cli("channel request hangup all")
        await citizens.finished()
        await hall.until(lambda: len(hall.ended) == 2)
    assert hall.kinds().count("call_arrived") == 2


async def test_a_killed_asterisk_closes_its_calls_and_comes_back(hall: Hall) -> None:
    async with hall.phones():
        await hall.follower.steer(OFFERED)
        citizens = await place_calls(hall.stage, [CitizenCall("13700000001", "96010")], Manner(talk_s=600))
        await hall.until(lambda: "call_answered" in hall.kinds())
        await asyncio.sleep(1.5)  # Asterisk tells its age in whole seconds
        os.kill(hall.asterisk.pid, signal.SIGKILL)
        await hall.asterisk.wait()
        async with server.running(hall.pbx):
            await hall.until(lambda: bool(hall.ended))
            (end,) = hall.ended
            assert (end.outcome, end.hung_up_by, end.recovered) == ("answered", "pbx_restart", True)
            await hall.live()
            assert await hall.follower.steer(OFFERED) == 0, "persistent members came back by themselves"
            assert {seat for seat, line in hall.state.lines.items() if line.contacts} == set(SEATS)
            await citizens.stop(within_s=0)
            hall.link.close()
