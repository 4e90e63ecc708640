"""Reading the record of calls over HTTP: who may see what, lists, playing and revealing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import select

from asr.audio import StoredRecording
from backend.calls import outcomes, service
from backend.calls.endpoints import router
from backend.calls.popups import calls_in_hand
from backend.calls.recorder import CallRecorder
from backend.calls.schemas import CallDetail, CallRow
from backend.citizens import service as citizens
from backend.citizens.numbers import read_number
from backend.identity import sessions, users
from backend.identity.access import COOKIE, route_accesses
from backend.identity.models import AuditEntry
from backend.identity.permissions import load_roles
from backend.identity.users import Account
from backend.kernel import clock
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.database import Database
from backend.kernel.errors import HotlineError
from backend.kernel.files import FileStore, sha256_of
from backend.kernel.schemas import Page
from backend.seats import service as seats
from backend.seats.endpoints import router as seat_router
from backend.seats.seating import HallTimes
from telephony import facts as f

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
ROLES = load_roles(PROJECT_ROOT / "configs" / "roles.yaml")
TIMES = HallTimes()
PASSWORD = "a long enough password"
SOUND = bytes(range(256)) * 8


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


class Office:
    """The application with one client for each role, and a record to read."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.files = FileStore(str(folder / "store"))
        self.folder = folder
        self.recorder = CallRecorder(database, host="hotline", times=TIMES, now=lambda: NOW)
        self.clients: dict[str, httpx.AsyncClient] = {}
        self.people: dict[str, sessions.Principal] = {}

    async def call(self, call: str, *, number: str = "13800001234", s: float = 0, seat: str | None = None) -> None:
        facts: list[f.Fact] = [
            f.CallArrived(
                at=at(s), call_id=call, caller_number=number, caller_known=True, caller_name="",
                dialed_number="96010", channel="PJSIP/trunk-1",
            ),
            f.CallQueued(at=at(s), call_id=call, queue="q96010", position=1),
        ]  # fmt: skip
        if seat is not None:
            facts += [
                f.CallAnswered(at=at(s + 1), call_id=call, seat=seat, channel="x"),
                f.TalkEnded(at=at(s + 9), call_id=call, seat=seat, ended_by=f.Party.CALLER),
            ]
        outcome = f.CallOutcome.ANSWERED if seat else f.CallOutcome.ABANDONED
        facts.append(f.CallEnded(at=at(s + 9), call_id=call, outcome=outcome, hung_up_by=f.Party.CALLER, cause=16))
        await self.recorder.store(uuid4(), facts)

    async def keep_sound(self, call: str) -> str:
        local = self.folder / "sound"
        local.write_bytes(SOUND)
        digest = self.files.put(local, f"2026/11/22/{call}.flac")
        stored = StoredRecording(local, digest, len(SOUND), 9000, "flac", None)
        async with self.database.transaction() as tx:
            await outcomes.recording_stored(tx, call, f"2026/11/22/{call}.flac", stored, NOW)
        return sha256_of(local)

    async def rows(self, role: str, **asked: str | int | bool) -> list[CallRow]:
        answer = await self.clients[role].get("/api/calls", params=asked)
        assert answer.status_code == 200, answer.text
        return Page[CallRow].model_validate(answer.json()).items

    async def audited(self, action: str) -> list[AuditEntry]:
        async with self.database.transaction() as tx:
            query = select(AuditEntry).where(AuditEntry.action == action)
            return list((await tx.session.execute(query)).scalars())


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> AsyncIterator[Office]:
    office = Office(database, tmp_path)
    app = FastAPI()
    app.state.database, app.state.roles, app.state.files = database, ROLES, office.files
    app.include_router(router)
    app.include_router(seat_router)

    @app.exception_handler(HotlineError)
    async def problem(_: Request, error: HotlineError) -> JSONResponse:
        return JSONResponse(error.as_dict(), status_code=error.http_status)

    accounts = [Account(name, name, PASSWORD, (role,)) for name, role in
                (("agent", "agent"), ("other", "agent"), ("supervisor", "supervisor"), ("qa", "qa"))]  # fmt: skip
    async with database.transaction() as tx:
        await users.ensure_users(tx, ROLES, accounts, clock.now())
        await seats.ensure_seats(tx, [("8001", "browser"), ("8002", "browser")], NOW)
    for account in accounts:
        origin = sessions.Origin(address="127.0.0.1", user_agent="test")
        signed = await sessions.sign_in(database, ROLES, account.username, PASSWORD, origin, clock.now())
        office.people[account.username] = signed.principal
        office.clients[account.username] = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://hall", cookies={COOKIE: signed.token}
        )
    async with database.transaction() as tx:
        await seats.sign_in(tx, "8001", office.people["agent"], NOW, TIMES)
        await seats.sign_in(tx, "8002", office.people["other"], NOW, TIMES)
    yield office
    for client in office.clients.values():
        await client.aclose()


async def test_everybody_is_told_only_what_their_role_gives(office: Office) -> None:
    await office.call("mine", seat="8001")
    await office.call("theirs", seat="8002", s=10)
    await office.call("lost", s=20)
    assert [row.call_id for row in await office.rows("supervisor")] == ["lost", "theirs", "mine"]
    assert [row.call_id for row in await office.rows("agent")] == ["mine"]
    assert (await office.clients["agent"].get("/api/calls/theirs")).status_code == 404
    assert (await office.clients["agent"].get("/api/calls/mine")).status_code == 200
    assert (await office.clients["agent"].get("/api/seats")).status_code == 403
    assert len((await office.clients["supervisor"].get("/api/seats")).json()) == 2


async def test_who_handed_a_call_over_still_has_it(office: Office) -> None:
    await office.call("c1")
    facts: list[f.Fact] = [
        f.CallArrived(
            at=NOW, call_id="c2", caller_number="13800001234", caller_known=True, caller_name="",
            dialed_number="12345", channel="x",
        ),
        f.CallAnswered(at=at(1), call_id="c2", seat="8001", channel="y"),
        f.TalkEnded(at=at(5), call_id="c2", seat="8001", ended_by=f.Party.TRANSFER),
        f.CallAnswered(at=at(6), call_id="c2", seat="8002", channel="z"),
    ]  # fmt: skip
    for fact in facts:
        await office.recorder.store(uuid4(), [fact])
    for name in ("agent", "other"):
        async with office.database.transaction() as tx:
            call = await service.call_for_case(tx, office.people[name], "c2")
        assert (call.dialed_number, call.caller.e164) == ("12345", "+8613800001234")


async def test_lists_go_on_where_they_stopped_and_never_show_a_number(office: Office) -> None:
    for n in range(5):
        await office.call(f"c{n}", number=f"1380000000{n}", s=n // 2)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        answer = await office.clients["supervisor"].get("/api/calls", params=params)
        assert "13800000" not in answer.text
        page = Page[CallRow].model_validate(answer.json())
        seen += [row.call_id for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["c4", "c3", "c2", "c1", "c0"]
    assert (await office.clients["supervisor"].get("/api/calls", params={"cursor": "x"})).status_code == 400


async def test_calls_are_found_by_number_seat_and_outcome(office: Office) -> None:
    await office.call("mobile", number="13800001234", seat="8001")
    await office.call("fixed", number="01064011234", s=1)
    await office.call("hidden", number="anonymous", s=2)
    async with office.database.transaction() as tx:
        await citizens.remember_name(tx, read_number("13800001234"), "王女士", NOW)
    for number, found in {
        "1234": {"mobile", "fixed"}, "13800001234": {"mobile"}, "+86 138 0000 1234": {"mobile"},
        "010-64011234": {"fixed"}, "64011234": {"fixed"}, "9999": set(),
    }.items():  # fmt: skip
        assert {row.call_id for row in await office.rows("supervisor", number=number)} == found, number
    assert (await office.clients["supervisor"].get("/api/calls", params={"number": "%1"})).status_code == 400
    assert [row.call_id for row in await office.rows("supervisor", seat="8001")] == ["mobile"]
    assert [row.call_id for row in await office.rows("supervisor", outcome="abandoned")] == ["hidden", "fixed"]
    [named] = await office.rows("agent", mine=True)
    assert (named.caller.number, named.caller.name, named.caller.usable) == ("138****1234", "王女士", True)


async def test_one_call_tells_its_time_line_without_numbers(office: Office) -> None:
    await office.call("mine", seat="8001")
    answer = await office.clients["qa"].get("/api/calls/mine")
    detail = CallDetail.model_validate(answer.json())
    assert [event.kind for event in detail.events] == [
        "call_arrived", "call_queued", "call_answered", "talk_ended", "call_ended",
    ]  # fmt: skip
    assert "13800001234" not in answer.text
    assert (detail.recording.state, detail.transcript.state) == ("pending", "pending")
    assert [entry.object_id for entry in await office.audited("call_read")] == ["mine"]


async def test_a_recording_is_played_whole_or_in_part_and_each_hearing_is_audited_once(office: Office) -> None:
    await office.call("mine", seat="8001")
    digest = await office.keep_sound("mine")
    qa = office.clients["qa"]
    whole = await qa.get("/api/calls/mine/recording")
    assert (whole.status_code, whole.content, whole.headers["etag"]) == (200, SOUND, f'"{digest}"')
    assert (whole.headers["content-type"], whole.headers["accept-ranges"]) == ("audio/flac", "bytes")
    for asked, start, end in (("bytes=0-99", 0, 100), ("bytes=100-", 100, 2048), ("bytes=-8", 2040, 2048)):
        part = await qa.get("/api/calls/mine/recording", headers={"Range": asked})
        assert (part.status_code, part.content) == (206, SOUND[start:end])
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/2048"
    beyond = await qa.get("/api/calls/mine/recording", headers={"Range": "bytes=9999-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */2048")
    changed = await qa.get("/api/calls/mine/recording", headers={"Range": "bytes=0-9", "If-Range": '"old"'})
    assert (changed.status_code, len(changed.content)) == (200, 2048)
    assert len(await office.audited("recording_played")) == 3
    for _ in range(2):
        await office.clients["supervisor"].get("/api/calls/mine/recording", headers={"Range": "bytes=1-"})
    plays = [entry.username for entry in await office.audited("recording_played")]
    assert len(plays) == 4, "who leaves out the first byte hears it too"


async def test_what_is_not_stored_or_has_left_the_store_is_named(office: Office) -> None:
    await office.call("mine", seat="8001")
    waiting = await office.clients["qa"].get("/api/calls/mine/recording")
    assert (waiting.status_code, waiting.json()["error"]) == (404, "RecordingNotStored")
    await office.keep_sound("mine")
    (office.folder / "store/2026/11/22/mine.flac").unlink()
    lost = await office.clients["qa"].get("/api/calls/mine/recording")
    assert (lost.status_code, lost.json()["error"]) == (404, "FileMissing")


async def test_a_number_is_revealed_for_a_reason_only_and_that_is_written_down(office: Office) -> None:
    await office.call("mine", seat="8001")
    await office.call("silent", number="", s=1)
    may = "agent" if "numbers.reveal" in office.people["agent"].permissions else "supervisor"

    async def ask(call: str, reason: str) -> httpx.Response:
        return await office.clients[may].post(f"/api/calls/{call}/reveal", json={"reason": reason})

    assert (await ask("mine", "  ")).json()["error"] == "ReasonMissing"
    assert (await ask("mine", "回拨")).json() == {"number": "13800001234"}
    [entry] = await office.audited("number_revealed")
    assert (entry.object_id, entry.detail) == ("mine", {"reason": "回拨"})
    sees_all = office.people[may].may("calls.read")
    assert (await ask("silent", "回拨")).json()["error"] == ("NoNumberSent" if sees_all else "CallUnknown")


async def test_the_pop_up_knows_repeat_callers(office: Office) -> None:
    await office.call("old", s=-86400 * 31)
    await office.call("before", s=-86400)
    await office.call("now", seat="8001")
    await office.call("hidden", number="anonymous", s=1)
    async with office.database.transaction() as tx:
        cards = await calls_in_hand(tx, ["now", "hidden", "nobody"], NOW)
    assert set(cards) == {"now", "hidden"}
    assert (cards["now"].calls_30_days, cards["now"].caller.number) == (2, "138****1234")
    assert (cards["hidden"].calls_30_days, cards["hidden"].caller.usable) == (1, False)


async def test_every_endpoint_names_what_it_asks_for() -> None:
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    app.include_router(seat_router)
    accesses = {access.path: access.access for access in route_accesses(app)}
    assert len(accesses) == 10
    assert all(accesses.values())
