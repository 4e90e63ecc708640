"""The database goes away under the console: it says so, loses nothing, and goes on by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from agent_console import client
from agent_console.client import CommandRefused
from agent_console.messages.cases import SaveDraft
from backend.app.schema import upgrade_schema
from backend.cases.schemas import DraftContent
from backend.kernel.database import Database, DatabaseAway
from backend.kernel.postgres import PrivatePostgres

from .hall import Console, ConsoleHall, open_hall

pytestmark = pytest.mark.integration


@pytest.fixture
async def server() -> AsyncIterator[PrivatePostgres]:
    """A PostgreSQL of this test alone, so that it may be killed."""
    with tempfile.TemporaryDirectory(prefix="hotline-away-") as folder:
        Path(folder).chmod(0o755)
        own = PrivatePostgres(Path(folder))
        await upgrade_schema(own.start())
        yield own
        own.stop()


@pytest.fixture
async def frail(tmp_path: Path, server: PrivatePostgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConsoleHall]:
    """A hall over that PostgreSQL."""
    monkeypatch.setattr(client, "_RETRY_S", 0.02)
    database = Database(server.url)
    async with open_hall(tmp_path, database) as opened:
        yield opened
    await database.close()


async def wake(hall: ConsoleHall, server: PrivatePostgres) -> None:
    """Start the database again and wait until events flow."""
    server.start()
    async with asyncio.timeout(60):
        while not hall.app.state.hub.connected:
            await asyncio.sleep(0.01)
    # the test's own pool notices at its first use that its connections are dead
    with suppress(DatabaseAway):
        await hall.newest()


def a_save(what: str) -> SaveDraft:
    return SaveDraft(id=0, draft_id=uuid4(), call_id=None, revision=0, content=DraftContent(what=what))


async def saved_drafts(console: Console) -> list[str]:
    seen = len(console.welcomes)
    await console.break_line()
    await console.until(lambda: len(console.welcomes) > seen)
    return sorted(draft.content.what for draft in console.welcomes[-1].drafts)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
async def test_a_command_is_told_that_the_database_is_away_and_goes_through_later(
    frail: ConsoleHall, server: PrivatePostgres, how: signal.Signals
) -> None:
    async with frail.console("wang") as wang:
        await wang.command(a_save("before"))
        assert server.pid is not None
        os.kill(server.pid, how)
        server.wait()
        with pytest.raises(CommandRefused) as refused:
            await wang.command(a_save("lost?"))
        assert refused.value.reason == "DatabaseAway"
        assert refused.value.next_step
        waiting = asyncio.create_task(wang.insist(a_save("in the end")))
        await wake(frail, server)
        await waiting
        await frail.emit("all", call_id="after")
        await frail.all_heard(wang)
        assert "after" in [body.call_id for body in wang.kinds("recording_changed")]
        assert await saved_drafts(wang) == ["before", "in the end"]
        assert wang.repeated == 0


async def test_a_console_that_connects_while_the_database_is_away_comes_in_later(
    frail: ConsoleHall, server: PrivatePostgres
) -> None:
    async with frail.console("wang") as wang, frail.raw("li") as li:
        await frail.emit("all", call_id="before")
        await frail.all_heard(wang)
        server.stop()
        await li.say("hello", id=4, protocol=1)
        reply = await li.hear("reply")
        assert (reply["id"], reply["problem"]["error"]) == (4, "DatabaseAway")
        assert await li.closed() == 1013
        await wang.break_line()
        await wang.until(lambda: wang.reconnects > 3)
        assert len(wang.welcomes) == 1
        await wake(frail, server)
        await wang.until(lambda: len(wang.welcomes) == 2)
        await frail.emit("all", call_id="after")
        await frail.all_heard(wang)
        names = [body.call_id for body in wang.kinds("recording_changed") if not body.call_id.startswith("marker")]
        assert names == ["before", "after"]


async def test_rest_and_health_say_which_part_is_away(frail: ConsoleHall, server: PrivatePostgres) -> None:
    async with frail.browser("wang") as browser:
        assert (await browser.get("/api/softphone/targets")).status_code == 200
        server.stop()
        answer = await browser.get("/api/softphone/targets")
        assert (answer.status_code, answer.json()["error"]) == (503, "DatabaseAway")
        health = await browser.get("/healthz")
        assert (health.status_code, health.json()) == (503, {"ok": False, "parts": {"database": False}})
        assert 'hotline_part_up{part="database"} 0.0' in (await browser.get("/metrics")).text
        await wake(frail, server)
        assert (await browser.get("/api/softphone/targets")).status_code == 200
        assert (await browser.get("/healthz")).json()["parts"]["database"] is True


async def test_the_handshake_is_refused_while_nobody_can_be_recognised(
    frail: ConsoleHall, server: PrivatePostgres
) -> None:
    async with frail.browser("wang") as browser:
        cookie = "; ".join(f"{each.name}={each.value}" for each in browser.cookies.jar)
        server.stop()
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{frail.port}/api/console", additional_headers={"Cookie": cookie})
        assert refused.value.response.status_code == 503
        server.start()
