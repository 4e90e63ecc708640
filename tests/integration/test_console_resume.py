"""Whatever happens to the line, each console hears each event of its audience exactly once and in order."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError

from agent_console import connection
from agent_console.desk import Desk
from agent_console.messages.seats import SignInSeat
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.seats import service as seats
from backend.seats.schemas import SeatView

from .hall import Console, ConsoleHall, RawConsole

pytestmark = pytest.mark.integration

AUDIENCES = ("all", "seat:8001", "seat:8002", "permission:cases.read", "permission:users.manage")


def audience_of(username: str, seat: str | None) -> list[str]:
    """What this person hears of AUDIENCES."""
    permissions = {"wang": ["cases.read"], "li": ["cases.read"], "boss": ["cases.read"], "admin": ["users.manage"]}
    own = [] if seat is None else [f"seat:{seat}"]
    return ["all", *own, *(f"permission:{name}" for name in permissions[username])]


def told(console: Console) -> list[str]:
    return [body.call_id for body in console.kinds("recording_changed")]


async def expected(hall: ConsoleHall, console: Console, username: str, seat: str | None) -> list[str]:
    stored = await hall.events(audience_of(username, seat), after=console.began_at)
    return [event.entity for event in stored if event.topic == "recording_changed"]


async def emit_many(hall: ConsoleHall, name: str, dice: random.Random, count: int) -> None:
    """Transactions of one to three events each, some rolled back, some slow to commit."""
    for n in range(count):
        try:
            async with hall.database.transaction() as tx:
                for each in range(dice.randint(1, 3)):
                    audience = dice.sample(AUDIENCES, dice.randint(1, 2))
                    entity = f"{name}-{n}-{each}"
                    tx.emit("recording_changed", entity=entity, audience=audience, payload={"state": "stored"})
                await asyncio.sleep(dice.choice([0, 0, 0.005]))
                if dice.random() < 0.1:
                    raise InterruptedError
        except InterruptedError:
            continue


async def lose_lines(consoles: list[Console], dice: random.Random) -> None:
    while True:
        await asyncio.sleep(dice.uniform(0, 0.1))
        console = dice.choice(consoles)
        if console.connected:
            await console.break_line()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_lines_that_break_at_random_lose_and_double_nothing(hall: ConsoleHall, seed: int) -> None:
    dice = random.Random(seed)
    seated = {"wang": "8001", "li": "8002"}
    async with (
        hall.console("wang") as wang,
        hall.console("wang") as other_tab,
        hall.console("li") as li,
        hall.console("boss") as boss,
        hall.console("admin") as admin,
    ):
        for console, seat in ((wang, "8001"), (li, "8002")):
            await console.command(SignInSeat(id=0, seat=seat))
        await hall.all_heard(other_tab)
        people = {"wang": [wang, other_tab], "li": [li], "boss": [boss], "admin": [admin]}
        everybody = [console for consoles in people.values() for console in consoles]
        chaos = asyncio.create_task(lose_lines(everybody, dice))
        visitors = asyncio.create_task(come_and_go(hall, dice, visits=12))
        await asyncio.gather(*(emit_many(hall, f"e{n}", dice, 60) for n in range(4)))
        await visitors
        while sum(console.reconnects for console in everybody) <= 5:  # as often as a fast machine may not have come to
            await emit_many(hall, "more", dice, 1)
        chaos.cancel()
        await asyncio.gather(chaos, return_exceptions=True)
        await hall.all_heard(*everybody)
        for username, consoles in people.items():
            for console in consoles:
                assert told(console) == await expected(hall, console, username, seated.get(username))
                assert console.repeated == 0


async def come_and_go(hall: ConsoleHall, dice: random.Random, visits: int) -> None:
    """Consoles that open in the middle of it all, listen for a while and close."""
    for _ in range(visits):
        username, seat = dice.choice([("wang", "8001"), ("li", "8002"), ("admin", None)])
        async with hall.console(username) as visitor:
            await asyncio.sleep(dice.uniform(0, 0.1))
            await hall.all_heard(visitor)
            until = visitor.last_seq
            assert until is not None
            stored = await hall.events(audience_of(username, seat), after=visitor.began_at)
            heard = [event.entity for event in stored if event.seq <= until and event.topic == "recording_changed"]
            assert told(visitor)[: len(heard)] == heard


async def test_an_event_between_the_snapshot_and_the_welcome_is_heard(
    hall: ConsoleHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_seat = Desk.find_seat

    async def slowly(desk: Desk, tx: Transaction) -> SeatView | None:
        seat = await find_seat(desk, tx)
        await hall.emit("all", call_id="meanwhile")
        newest = await hall.newest()
        while hall.app.state.hub.newest_seq < newest:
            await asyncio.sleep(0.01)
        return seat

    monkeypatch.setattr(Desk, "find_seat", slowly)
    async with hall.raw("wang") as line:
        await line.say("hello", protocol=1)
        welcome = await line.hear("welcome")
        event = await line.hear("event")
    assert event["body"]["call_id"] == "meanwhile"
    assert event["seq"] > welcome["seq"]


async def test_who_sits_down_while_a_tab_opens_hears_of_that_seat(
    hall: ConsoleHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_seat = Desk.find_seat
    asked = 0

    async def meanwhile(desk: Desk, tx: Transaction) -> SeatView | None:
        nonlocal asked
        asked += 1
        if asked == 1:
            async with hall.database.transaction() as other:
                await seats.sign_in(other, "8001", desk.principal, clock.now(), desk.times)
        return await find_seat(desk, tx)

    monkeypatch.setattr(Desk, "find_seat", meanwhile)
    async with hall.raw("wang") as line:
        await line.say("hello", protocol=1)
        assert (await line.hear("welcome"))["desk"]["seat"]["seat"] == "8001"
        await hall.emit("seat:8001", call_id="for the seat")
        assert (await line.hear("event"))["body"]["call_id"] == "for the seat"


async def test_a_console_resumes_over_a_restart_of_the_server(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        await hall.emit("all", call_id="before")
        await hall.all_heard(wang)
        await hall.stop()
        for n in range(20):
            await hall.emit("all", call_id=f"meanwhile-{n}")
        await hall.start()
        await wang.until(lambda: len(wang.welcomes) > 1)
        await hall.emit("all", call_id="after")
        await hall.all_heard(wang)
        assert [name for name in told(wang) if not name.startswith("marker")] == [
            "before", *(f"meanwhile-{n}" for n in range(20)), "after",
        ]  # fmt: skip
        assert wang.repeated == 0


async def test_whoever_missed_too_much_gets_the_state_and_is_told(
    hall: ConsoleHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_MOST_MISSED", 10)
    await hall.emit("all", call_id="seen")
    since = await hall.newest()
    for n in range(10):
        await hall.emit("all", call_id=f"missed-{n}")
    await hall.emit("seat:8001", call_id="of no concern")
    for more, too_many in ((0, False), (1, True)):
        for _ in range(more):
            await hall.emit("all", call_id="one too many")
        async with hall.raw("wang") as line:
            await line.say("hello", protocol=1, last_seq=since)
            before = await everything_before_the_welcome(line)
            welcome = before.pop()
            assert welcome["missed_too_many"] is too_many
            assert welcome["seq"] == await hall.newest()
            names = [] if too_many else [f"missed-{n}" for n in range(10)]
            assert [message["body"]["call_id"] for message in before if message["type"] == "event"] == names


async def everything_before_the_welcome(line: RawConsole) -> list[dict[str, Any]]:
    """All messages up to and with the welcome, but for the ticks that come before it where that takes long."""
    messages: list[dict[str, Any]] = []
    while not messages or messages[-1]["type"] != "welcome":
        messages.append(json.loads(await line.socket.recv()))
    return [message for message in messages if message["type"] != "tick"]


@pytest.mark.parametrize("ahead", [0, 1, 10_000])
async def test_a_console_that_has_everything_gets_nothing_again(hall: ConsoleHall, ahead: int) -> None:
    await hall.emit("all", call_id="seen")
    async with hall.raw("wang") as line:
        await line.say("hello", protocol=1, last_seq=await hall.newest() + ahead)
        (welcome,) = await everything_before_the_welcome(line)
        await hall.emit("all", call_id="new")
        event = await line.hear("event")
    assert event["body"]["call_id"] == "new"
    assert event["seq"] > welcome["seq"]


async def test_a_console_that_does_not_read_is_cut_off_and_resumes(
    hall: ConsoleHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_OUTBOX", 200)
    count = 0
    async with hall.console("boss") as boss, hall.raw("wang", max_queue=1, compression=None) as slow:
        hub = hall.app.state.hub
        await slow.say("hello", protocol=1)
        since = (await slow.hear("welcome"))["seq"]
        while hub.listeners == 2:
            async with hall.database.transaction() as tx:
                for _ in range(50):
                    noise = secrets.token_hex(10_000)
                    tx.emit("recording_changed", entity=f"e{count}", audience=["all"], payload={"state": noise})
                    count += 1
            await hall.all_heard(boss)  # so that it is the slow one that is cut off, and no other
        received: list[dict[str, Any]] = []
        with suppress(ConnectionClosedError):
            while True:
                received.append(json.loads(await slow.socket.recv()))
        assert slow.socket.close_code == 1013
    names = [message["body"]["call_id"] for message in received if message["type"] == "event"]
    assert 0 < len(names) < count
    last = max(message["seq"] for message in received if message["type"] == "event")
    assert last > since
    async with hall.raw("wang") as back:
        await back.say("hello", protocol=1, last_seq=last)
        rest = await everything_before_the_welcome(back)
    names += [message["body"]["call_id"] for message in rest if message["type"] == "event"]
    assert [name for name in names if name.startswith("e")] == [f"e{n}" for n in range(count)]


async def test_whoever_missed_more_than_an_outbox_holds_still_catches_up(
    hall: ConsoleHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_OUTBOX", 10)
    async with hall.database.transaction() as tx:
        for n in range(300):
            tx.emit("recording_changed", entity=f"e{n}", audience=["all"], payload={"state": "stored"})
    async with hall.raw("wang") as line:
        await line.say("hello", protocol=1, last_seq=0)
        *replayed, welcome = await everything_before_the_welcome(line)
    assert [each["body"]["call_id"] for each in replayed if each["type"] == "event"] == [f"e{n}" for n in range(300)]
    assert welcome["missed_too_many"] is False
