"""The hub's side of a console: what a welcome holds, who hears of what, and what happens to bad messages."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import update
from websockets.exceptions import ConnectionClosed, InvalidStatus

from agent_console import connection
from agent_console.client import CommandRefused, ConsoleClient
from agent_console.hub import Hub
from agent_console.messages.cases import SaveDraft
from agent_console.messages.seats import MakeReady, SignInSeat, SignOutSeat
from backend.app.config import hall_times
from backend.cases.schemas import DraftContent
from backend.identity.models import UserSession
from backend.identity.principal import Principal
from backend.identity.repository import user_by_name
from backend.kernel import clock
from backend.kernel.notices import NoticeBoard
from backend.seats import service as seats
from backend.seats.schemas import SeatState
from telephony import facts as f

from .hall import ConsoleHall, answered, ringing

pytestmark = pytest.mark.integration


async def test_a_welcome_carries_the_whole_state(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        await hall.take_seat(wang, "8001")
        await hall.tell(*ringing("c1", "8001"), answered("c1", "8001"))
        draft = uuid4()
        typed = DraftContent(what="电梯坏了")
        await wang.command(SaveDraft(id=0, draft_id=draft, call_id="c1", revision=0, content=typed))
    async with hall.raw("wang") as fresh:
        await fresh.say("hello", protocol=1)
        welcome = await fresh.hear("welcome")
    assert welcome["seq"] == await hall.newest()
    assert welcome["missed_too_many"] is False
    assert welcome["me"]["username"] == "wang"
    desk = welcome["desk"]
    assert (desk["seat"]["seat"], desk["seat"]["state"], desk["seat"]["call_id"]) == ("8001", "talking", "c1")
    assert (desk["call"]["stage"], desk["call"]["caller"]["number"]) == ("answered", "138****1234")
    assert desk["call"]["draft"]["content"]["what"] == "电梯坏了"
    assert [each["draft_id"] for each in desk["drafts"]] == [str(draft)]
    assert desk["queue"] == {"waiting": 0, "longest_since": None, "answered_within_15s": 1.0}


async def test_only_the_seat_that_rings_gets_the_pop_up(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.console("li") as li, hall.console("boss") as boss:
        await hall.take_seat(wang, "8001")
        await hall.take_seat(li, "8002")
        await hall.tell(*ringing("c1", "8002"))
        await hall.tell(answered("c1", "8002"))
        await hall.all_heard(wang, li, boss)
        (card,) = [body.card for body in li.kinds("call_ringing")]
        assert (card.call_id, card.stage, card.caller.number) == ("c1", "ringing", "138****1234")
        assert li.kinds("call_answered")
        for other in (wang, boss):
            assert other.kinds("call_ringing") == []
        assert wang.kinds("call_answered") == []
        assert boss.kinds("call_answered")
        moves = [(body.seat.seat, body.seat.state) for body in boss.kinds("seat_changed")]
        assert ("8002", SeatState.RINGING) in moves
        assert ("8002", SeatState.TALKING) in moves
        assert {body.seat.seat for body in wang.kinds("seat_changed")} == {"8001"}


async def test_who_changes_seats_hears_of_the_new_seat_only(hall: ConsoleHall) -> None:
    async with hall.console("wang") as one_tab, hall.console("wang") as other_tab:
        await hall.take_seat(one_tab, "8001")
        await hall.all_heard(other_tab)
        await hall.emit("seat:8001", call_id="at 8001")
        await one_tab.command(SignInSeat(id=0, seat="8002"))
        await hall.all_heard(other_tab)
        await hall.emit("seat:8001", call_id="nobody's any more")
        await hall.emit("seat:8002", call_id="at 8002")
        await one_tab.command(SignOutSeat(id=0))
        await hall.all_heard(other_tab)
        await hall.emit("seat:8002", call_id="left")
        await hall.all_heard(one_tab, other_tab)
        for tab in (one_tab, other_tab):
            told = [body.call_id for body in tab.kinds("recording_changed") if not body.call_id.startswith("marker")]
            assert told == ["at 8001", "at 8002"]


async def test_who_sits_down_hears_what_is_told_of_the_seat_in_the_same_breath(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        async with hall.database.transaction() as tx:
            user = await user_by_name(tx.session, "wang")
            assert user is not None
            who = Principal(user.user_id, "wang", "王芳", ("agent",), frozenset(), uuid4(), clock.now())
            await seats.sign_in(tx, "8001", who, clock.now(), hall_times(hall.installation))
            tx.emit("recording_changed", entity="c1", audience=["seat:8001"], payload={"state": "stored"})
        await hall.all_heard(wang)
        told = [body.call_id for body in wang.kinds("recording_changed") if not body.call_id.startswith("marker")]
        assert told == ["c1"]


async def test_a_call_that_stopped_ringing_leaves_the_desk(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        await hall.take_seat(wang, "8001")
        await hall.tell(*ringing("c1", "8001"))
        missed = f.SeatRingEnded(at=clock.now(), call_id="c1", seat="8001", outcome=f.RingOutcome.NO_ANSWER)
        await hall.tell(missed)
        await hall.all_heard(wang)
        assert [body.outcome for body in wang.kinds("call_ended")] == ["no_answer"]
        assert wang.kinds("seat_changed")[-1].seat.reason == "no_answer"
        await wang.command(MakeReady(id=0))


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_a_page_of_another_site_is_refused(hall: ConsoleHall, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with hall.raw("wang", origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_who_is_not_signed_in_is_told_so(hall: ConsoleHall) -> None:
    async with hall.raw(None) as line:
        assert await line.closed() == 4401


async def test_a_session_that_ends_ends_the_console(hall: ConsoleHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_TICK_S", 0.05)
    async with hall.raw("wang") as line:
        await line.say("hello", protocol=1)
        await line.hear("welcome")
        await line.hear("tick")
        async with hall.database.transaction() as tx:
            await tx.session.execute(update(UserSession).values(ended_at=clock.now()))
        assert (await line.hear("signed_out"))["reason"] == "expired"
        assert await line.closed() == 4401


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", -1),
        ("{", -1),
        ("[]", -1),
        ("null", -1),
        ('{"id": 7}', 7),
        ('{"id": 7, "command": "fly"}', 7),
        ('{"id": true, "command": "fly"}', -1),
        ('{"id": 7, "command": "make_ready", "seat": "8001"}', 7),
        ('{"id": 7, "command": "sign_in_seat"}', 7),
        ('{"id": "7a", "command": "make_ready"}', -1),
        ('{"id": 7, "command": "sign_in_seat", "seat": "\\ud800"}', 7),
        (b'{"id": 7, "command": "make_ready"}', -1),
        ("[" * 60_000, -1),
        (json.dumps({"id": 7, "command": "sign_in_seat", "seat": "8" * 70_000}), 7),
    ],
)
async def test_a_message_that_cannot_be_read_is_answered(hall: ConsoleHall, text: str | bytes, number: int) -> None:
    async with hall.raw("wang") as line:
        await line.say("hello", protocol=1)
        await line.hear("welcome")
        await line.socket.send(text)
        reply = await line.hear("reply")
        assert (reply["id"], reply["ok"]) == (number, False)
        assert reply["problem"]["error"] == "MessageUnreadable"
        assert reply["problem"]["next_step"]
        await line.say("sign_in_seat", id=8, seat="8001")
        assert (await line.hear("reply"))["result"]["seat"] == "8001"


async def test_a_message_beyond_all_measure_ends_the_line_and_the_console_comes_back(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        assert wang._socket is not None
        with suppress(ConnectionClosed):  # the hub may hang up before it has heard the message to its end
            await wang._socket.send("8" * 300_000)
        await wang.until(lambda: wang.reconnects > 0 and wang.connected)
        await hall.all_heard(wang)


async def test_a_console_of_another_version_is_told_to_reload(hall: ConsoleHall) -> None:
    async with hall.raw("wang") as line:
        await line.say("hello", id=3, protocol=99)
        reply = await line.hear("reply")
        assert (reply["id"], reply["problem"]["field"]) == (3, "protocol")
        assert await line.closed() == 4426


async def test_a_refused_command_names_its_reason_and_changes_nothing(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        for command, reason in (
            (MakeReady(id=0), "AtNoSeat"),
            (SignInSeat(id=0, seat="9999"), "SeatUnknown"),
        ):
            with pytest.raises(CommandRefused) as refused:
                await wang.command(command)
            assert refused.value.reason == reason
        assert hall.app.state.hub.listeners == 1


async def test_an_event_that_cannot_be_shown_stops_no_other(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        since = wang.last_seq
        async with hall.database.transaction() as tx:
            for n, payload in enumerate(({"outcome": "answered"}, {}, {"outcome": None}, {"outcome": "abandoned"})):
                tx.emit("call_ended", entity=f"c{n}", audience=["all"], payload=payload)
            tx.emit("call_ringing", entity="no such call", audience=["all"], payload={})
            tx.emit("never heard of", entity="x", audience=["all"], payload={})
        await hall.all_heard(wang)
        assert [body.call_id for body in wang.kinds("call_ended")] == ["c0", "c3"]
    async with hall.raw("wang") as line:
        await line.say("hello", protocol=1, last_seq=since)
        replayed = [await line.hear("event") for _ in range(2)]
        assert [each["body"]["call_id"] for each in replayed] == ["c0", "c3"]
        await line.hear("welcome")


async def test_a_console_that_left_is_forgotten(hall: ConsoleHall) -> None:
    hub: Hub = hall.app.state.hub
    async with hall.console("wang") as wang, hall.console("boss"):
        assert hub.listeners == 2
        await wang.break_line()
        await wang.until(lambda: wang.connected)
        await wang.until(lambda: hub.listeners == 2)
    leftover = ConsoleClient(hall.address, "wang", "")
    await leftover.http.aclose()
    async with hall.console("li") as li:
        await li.until(lambda: hub.listeners == 1)


async def test_health_tells_whether_captions_are_told_here_and_is_well_without_them(
    hall: ConsoleHall, tmp_path: Path
) -> None:
    board = tmp_path / "captions"
    hall.app.state.caption_boards = {"hotline": board, "labour": tmp_path / "never-ran-here"}
    async with hall.browser(None) as browser:

        async def captions() -> object:
            return (await browser.get("/healthz")).json()["parts"].get("captions", "not named")

        assert await captions() == "not named"
        posting = asyncio.create_task(NoticeBoard(board).run())
        async with asyncio.timeout(60):
            while await captions() is not True:
                await asyncio.sleep(0.02)
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)
        board.touch()  # what a process that was killed leaves
        assert await captions() is False
        assert "captions:labour" not in (await browser.get("/healthz")).json()["parts"]
