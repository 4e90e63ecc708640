"""Attachments: who may attach and see what, and every file that is refused, tried through the API."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from backend.attachments import service
from backend.attachments.models import Attachment, AttachmentIntent
from backend.identity.models import AuditEntry
from backend.kernel import clock
from backend.kernel.files import FileStore

from . import papers
from .hall import ConsoleHall
from .loop_hall import OTHER_STREET, STREET, Answer, LoopHall, open_loop, refused

pytestmark = pytest.mark.integration
_PNG = papers.png()


@pytest.fixture
async def loop(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as opened:
        yield opened


async def send(loop: LoopHall, who: str, at: str, content: bytes = _PNG, name: str = "现场.png", **said: Any) -> Answer:
    """Send a file to this address, with all that goes with it right unless it is said otherwise."""
    headers = {"content-type": said.pop("declared", "application/octet-stream")}
    query = {"request_id": str(uuid4()), "name": name, "size": len(content), **said}
    return await (await loop.who(who)).post(f"/api/{at}/attachments", params=query, content=content, headers=headers)


async def attached(loop: LoopHall, who: str, at: str, content: bytes = _PNG, **said: Any) -> dict[str, Any]:
    answer = await send(loop, who, at, content, **said)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def stored(loop: LoopHall) -> list[Path]:
    """The files that stand in the store."""
    root = Path(loop.hall.installation.recording_store) / "attachments"
    return [path for path in root.rglob("*") if path.is_file()]


async def count(loop: LoopHall, table: type[Attachment | AttachmentIntent]) -> int:
    async with loop.hall.database.transaction() as tx:
        return (await tx.session.execute(select(func.count()).select_from(table))).scalar_one()


async def looks(loop: LoopHall) -> list[str]:
    async with loop.hall.database.transaction() as tx:
        query = select(AuditEntry.action).where(AuditEntry.action.startswith("attachment_"))
        return list((await tx.session.execute(query.order_by(AuditEntry.entry_id))).scalars())


async def test_every_step_attaches_and_each_sees_its_own(loop: LoopHall) -> None:
    case_id = await loop.file()
    filed = await attached(loop, "wang", f"cases/{case_id}", name="来信.pdf", content=papers.pdf(), internal=True)
    await loop.dispatch(case_id, STREET)
    await loop.task("street", case_id, 1, "signature")
    handled = await attached(loop, "street", f"tasks/{case_id}/1", content=papers.jpeg(), name="修好了.JPG")
    await loop.task("street", case_id, 1, "contact", note="已联系")
    await loop.task("street", case_id, 1, "report", result="已修好")
    verified = await attached(loop, "verifier", f"cases/{case_id}", declared="image/png")
    assert [each["step"] for each in (filed, handled, verified)] == ["filing", "handling", "verification"]
    whole = (await loop.get("dispatcher", f"/api/cases/{case_id}/attachments")).json()
    assert [each["name"] for each in whole] == ["来信.pdf", "修好了.JPG", "现场.png"]
    assert [each["uploaded_by"] for each in whole] == ["王芳", "street", "verifier"]
    mine = (await loop.get("street", f"/api/tasks/{case_id}/1/attachments")).json()
    assert [each["name"] for each in mine] == ["修好了.JPG", "现场.png"]
    assert (await loop.story(case_id)).count("attachment_added") == 3
    assert "来信" not in (await loop.get("street", f"/api/tasks/{case_id}/1")).text
    assert await count(loop, AttachmentIntent) == 0


async def test_a_unit_sees_and_attaches_nothing_in_cases_of_others(loop: LoopHall) -> None:
    case_id = await loop.file()
    filed = await attached(loop, "wang", f"cases/{case_id}")
    secret = await attached(loop, "wang", f"cases/{case_id}", internal=True)
    await loop.dispatch(case_id, STREET)
    refused(await send(loop, "street", f"tasks/{case_id}/1"), "AttachmentsClosed")
    refused(await send(loop, "other_street", f"tasks/{case_id}/1"), "TaskNotFound")
    refused(await send(loop, "street", f"cases/{case_id}"), "NotPermitted")
    refused(await loop.get("other_street", f"/api/tasks/{case_id}/1/attachments"), "TaskNotFound")
    refused(await loop.get("other_street", f"/api/attachments/{filed['attachment_id']}/file"), "AttachmentNotFound")
    refused(await loop.get("street", f"/api/attachments/{secret['attachment_id']}/file"), "AttachmentNotFound")
    assert (await loop.get("street", f"/api/attachments/{filed['attachment_id']}/file")).content == _PNG
    refused(await loop.get("admin", f"/api/attachments/{filed['attachment_id']}/file"), "NotPermitted")
    assert await looks(loop) == ["attachment_downloaded"]


async def test_nothing_is_attached_to_a_closed_case(loop: LoopHall) -> None:
    case_id = await loop.closed()
    refused(await send(loop, "verifier", f"cases/{case_id}"), "AttachmentsClosed")
    refused(await send(loop, "street", f"tasks/{case_id}/1"), "AttachmentsClosed")
    refused(await send(loop, "wang", f"cases/{uuid4()}"), "CaseNotFound")
    assert stored(loop) == []


async def test_a_file_is_handed_out_so_that_nothing_of_it_runs(loop: LoopHall) -> None:
    case_id = await loop.file()
    nasty = papers.jpeg(b"<script>alert(document.cookie)</script>")
    photo = await attached(loop, "wang", f"cases/{case_id}", nasty, name="a'b;c.jpg")
    paper = await attached(loop, "wang", f"cases/{case_id}", papers.pdf(), name="报告.pdf")
    at = f"/api/attachments/{photo['attachment_id']}/file"
    shown, saved = await loop.get("wang", f"{at}?show=true"), await loop.get("wang", at)
    for answer in (shown, saved):
        assert answer.content == nasty
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert shown.headers["content-disposition"].startswith("inline")
    assert saved.headers["content-disposition"].startswith("attachment")
    only_saved = await loop.get("wang", f"/api/attachments/{paper['attachment_id']}/file?show=true")
    assert only_saved.headers["content-disposition"].startswith("attachment")
    assert await looks(loop) == ["attachment_shown", "attachment_downloaded", "attachment_downloaded"]
    again = {"If-None-Match": shown.headers["etag"]}
    assert (await (await loop.who("wang")).get(f"{at}?show=true", headers=again)).status_code == 304
    assert (await (await loop.who("boss")).get(f"{at}?show=true", headers=again)).status_code == 200


@pytest.mark.parametrize(
    ("error", "field", "said"),
    [
        ("AttachmentNameInvalid", "name", {"name": "../../etc/passwd.png"}),
        ("AttachmentNameInvalid", "name", {"name": "/tmp/a.png"}),
        ("AttachmentNameInvalid", "name", {"name": "a\x00.png"}),
        ("AttachmentNameInvalid", "name", {"name": "C:\\a.png"}),
        ("AttachmentNameInvalid", "name", {"name": "nul.png"}),
        ("AttachmentNameInvalid", "name", {"name": "a" * 3000 + ".png"}),
        ("AttachmentNameInvalid", "name", {"name": ""}),
        ("AttachmentTypeMismatch", "name", {"name": "a.jpg"}),
        ("AttachmentTypeMismatch", "name", {"name": "a.png.exe"}),
        ("AttachmentTypeMismatch", "file", {"declared": "text/html"}),
        ("AttachmentTypeRefused", "file", {"content": b"<html>", "name": "a.png", "declared": "image/png"}),
        ("AttachmentTypeRefused", "file", {"content": papers.office("a", "vbaProject.bin"), "name": "a.docx"}),
        ("AttachmentEmpty", "size", {"content": b""}),
        ("AttachmentCutOff", "file", {"content": _PNG[:-20]}),
        ("AttachmentCutOff", "file", {"size": len(_PNG) + 1}),
        ("AttachmentCutOff", "file", {"size": 3}),
        ("AttachmentTooLarge", "size", {"content": bytes(10_000_001)}),
        ("InputInvalid", "request_id", {"request_id": "x"}),
        ("InputInvalid", "name", {"name": "a" * 5000}),
    ],
)
async def test_is_refused_and_leaves_nothing(loop: LoopHall, error: str, field: str, said: dict[str, Any]) -> None:
    case_id = await loop.file()
    problem = refused(await send(loop, "wang", f"cases/{case_id}", **said), error)
    assert problem["field"] == field
    assert problem["next_step"]
    assert problem["kept"]
    assert stored(loop) == []
    assert await count(loop, Attachment) == await count(loop, AttachmentIntent) == 0


async def test_an_upload_that_breaks_off_leaves_nothing(loop: LoopHall) -> None:
    case_id = await loop.file()
    wang = await loop.who("wang")
    cookies = "; ".join(f"{each.name}={each.value}" for each in wang.cookies.jar)
    asked = f"POST /api/cases/{case_id}/attachments?request_id={uuid4()}&name=a.png&size={len(_PNG)} HTTP/1.1\r\n"
    head = f"Host: 127.0.0.1:{loop.hall.port}\r\nCookie: {cookies}\r\nContent-Length: {len(_PNG)}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", loop.hall.port)
    writer.write((asked + head).encode() + _PNG[:20])
    await writer.drain()
    line: socket.socket = writer.get_extra_info("socket")
    line.shutdown(socket.SHUT_WR)
    await reader.read()
    writer.close()
    # the server has ended with it once another upload, begun later, is answered
    await attached(loop, "wang", f"cases/{case_id}")
    assert await count(loop, Attachment) == 1
    assert await count(loop, AttachmentIntent) == 0
    assert len(stored(loop)) == 1


async def test_the_same_request_attaches_once(loop: LoopHall) -> None:
    case_id, request_id = await loop.file(), str(uuid4())
    at = f"cases/{case_id}"
    await loop.who("wang")
    both = await asyncio.gather(*(attached(loop, "wang", at, request_id=request_id) for _ in range(4)))
    assert len({each["attachment_id"] for each in both}) == 1
    refused(await send(loop, "wang", at, papers.png(shade=1), request_id=request_id), "AttachmentReused")
    refused(await send(loop, "boss", at, request_id=request_id), "AttachmentReused")
    assert await count(loop, Attachment) == 1
    await cleared(loop)
    assert len(stored(loop)) == 1


async def cleared(loop: LoopHall, later: timedelta = timedelta(hours=2)) -> None:
    async with loop.hall.database.transaction() as tx:
        await service.clear_away(tx, FileStore(loop.hall.installation.recording_store), clock.now() + later)


async def test_a_case_has_only_so_many(loop: LoopHall) -> None:
    loop.hall.app.state.cabinet = service.Cabinet(
        loop.hall.app.state.database,
        loop.hall.app.state.files,
        service.AttachmentLimits(1_000_000, 3, loop.hall.app.state.cabinet.limits.kinds),
    )
    case_id = await loop.file()
    await loop.who("wang")
    answers = await asyncio.gather(*(send(loop, "wang", f"cases/{case_id}") for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409, 409, 409]
    await cleared(loop)
    assert len(stored(loop)) == await count(loop, Attachment) == 3
    assert await count(loop, AttachmentIntent) == 0


async def test_a_death_between_file_and_row_leaves_neither_for_long(
    loop: LoopHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = await loop.file()

    async def die(*_: object) -> None:
        raise OSError("killed")

    monkeypatch.setattr(service, "_tell", die)
    with pytest.raises(Exception):  # noqa: B017, PT011
        (await send(loop, "wang", f"cases/{case_id}")).raise_for_status()
    monkeypatch.undo()
    assert (len(stored(loop)), await count(loop, Attachment)) == (1, 0)
    await cleared(loop, timedelta(minutes=10))
    assert len(stored(loop)) == 1
    await cleared(loop)
    assert (stored(loop), await count(loop, AttachmentIntent)) == ([], 0)


async def test_who_comes_too_late_is_told(loop: LoopHall, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = await loop.file()
    put = FileStore.put

    def slow(self: FileStore, local: Path, key: str) -> str:
        sha256 = put(self, local, key)
        asyncio.run_coroutine_threadsafe(cleared(loop), running).result()
        return sha256

    running = asyncio.get_running_loop()
    monkeypatch.setattr(FileStore, "put", slow)
    refused(await send(loop, "wang", f"cases/{case_id}"), "UploadOvertaken")
    assert (stored(loop), await count(loop, Attachment)) == ([], 0)


async def test_the_page_hears_of_it(loop: LoopHall) -> None:
    case_id: UUID = await loop.file()
    await loop.dispatch(case_id, OTHER_STREET)
    await loop.who("other_street")
    async with loop.hall.console("wang") as wang, loop.hall.console("other_street") as unit:
        await attached(loop, "wang", f"cases/{case_id}", internal=True)
        await attached(loop, "wang", f"cases/{case_id}")
        await loop.hall.all_heard(wang, unit)
        assert len(wang.kinds("case_changed")) == 2
        assert len(unit.kinds("tasks_changed")) == 1
