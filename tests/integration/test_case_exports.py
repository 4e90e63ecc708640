"""Exports: what a filter finds, with nothing in it that its reader may not see; told, audited, and gone in the end."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4
from xml.etree import ElementTree

import httpx
import pytest
from sqlalchemy import select, text, update

from backend.cases.export_job import CaseExporter
from backend.cases.exports import ExportLimits
from backend.cases.list_models import CaseExport
from backend.cases.models import Case
from backend.identity.models import AuditEntry
from backend.kernel import clock
from backend.kernel.jobs import named

from .hall import ConsoleHall
from .loop_hall import STREET, open_loop
from .test_case_list import an_agent, filed

pytestmark = pytest.mark.integration

LIMITS = ExportLimits(most_rows=1500, kept=timedelta(hours=1))
_NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def cells(content: bytes) -> list[list[str]]:
    """The rows of the sheet as text, after a look that nothing in it is a formula."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert not sheet.findall(".//m:f", _NS)
    return [["".join(cell.itertext()) for cell in row] for row in sheet.findall(".//m:row", _NS)]


async def asked(browser: httpx.AsyncClient, *, q: str = "", **more: Any) -> httpx.Response:
    return await browser.post("/api/exports", json={"export_id": str(uuid4()), "content": {"q": q}, **more})


async def made(hall: ConsoleHall, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    export: dict[str, Any] = answer.json()
    exporter = CaseExporter(hall.database, hall.app.state.files, LIMITS)
    await exporter.make({"export_id": export["export_id"]})
    await exporter.make({"export_id": export["export_id"]})
    return export


async def test_an_export_holds_what_the_filter_finds_masked_and_harmless(hall: ConsoleHall) -> None:
    wang = await an_agent(hall)
    await filed(hall, wang, 1, number="13812341234", what='=HYPERLINK("http://x")电梯', citizen_name="王女士")
    await filed(hall, wang, 2, number="13812341235", what="+电梯", citizen_name="李四", identity_secret=True)
    await filed(hall, wang, 3, what="路灯", class_code="0201")
    async with hall.console("boss") as console, hall.browser("boss") as boss, hall.browser("li") as li:
        export = await made(hall, await asked(boss, q="=hyperlink"))
        await console.until(lambda: any(e.export.state == "done" for e in console.kinds("export_changed")))
        states = [(e.export.state, e.export.rows) for e in console.kinds("export_changed")]
        path = f"/api/exports/{export['export_id']}/file"
        first = cells((await boss.get(path)).content)
        assert (await li.get(path)).status_code == 403
        both = await made(hall, await asked(boss, q="电梯", whole_numbers=True, reason="上级督办"))
        rows = cells((await boss.get(f"/api/exports/{both['export_id']}/file")).content)
    assert states == [("running", 0), ("running", 1), ("done", 1)]
    assert first[0][:5] == ["工单编号", "受理时间", "状态", "紧急程度", "诉求内容"]
    assert [row[4] for row in first[1:]] == ['=HYPERLINK("http://x")电梯']
    assert first[0][-7:] == ["渠道", "来源编号", "部件", "复发", "群诉", "疑难", "接听领导"]
    assert first[1][-7:] == ["热线", "", "", "", "", "", ""]
    assert first[1][9:11] == ["王女士", "138****1234"]
    assert [(row[4], row[9], row[10]) for row in rows[1:]] == [
        ("+电梯", "（保密）", "（保密）"),
        ('=HYPERLINK("http://x")电梯', "王女士", "13812341234"),
    ]
    async with hall.database.transaction() as tx:
        kinds = ("cases_exported", "export_downloaded")
        query = select(AuditEntry).where(AuditEntry.action.in_(kinds)).order_by(AuditEntry.entry_id)
        entries = (await tx.session.execute(query)).scalars().all()
    assert [entry.action for entry in entries] == ["cases_exported", "export_downloaded"] * 2
    assert entries[2].detail == {"filter": {"q": "电梯"}, "rows": 2, "whole_numbers": True, "reason": "上级督办"}


async def test_many_rows_come_in_batches_each_case_once(hall: ConsoleHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.cases.export_job._BATCH", 3)
    wang = await an_agent(hall)
    for n in range(7):
        await filed(hall, wang, n)
    async with hall.browser("boss") as boss:
        export = await made(hall, await asked(boss))
        rows = cells((await boss.get(f"/api/exports/{export['export_id']}/file")).content)
        view = (await boss.get("/api/exports")).json()[0]
    assert [row[4] for row in rows[1:]] == [f"第{n}件" for n in reversed(range(7))]
    assert (view["state"], view["rows"], view["total"]) == ("done", 7, 7)


async def test_what_cannot_be_exported_is_refused_with_its_reason(hall: ConsoleHall) -> None:
    wang = await an_agent(hall)
    for n in range(3):
        await filed(hall, wang, n)
    async with hall.browser("boss") as boss, hall.browser("wang") as agent:
        assert (await asked(agent)).status_code == 403
        assert (await asked(boss, q="没有这个")).json()["error"] == "NothingToExport"
        assert (await asked(boss, whole_numbers=True)).json()["error"] == "ReasonNotGiven"
        hall.app.state.export_limits = ExportLimits(2, LIMITS.kept)
        for q in ("", "第"):
            refused = (await asked(boss, q=q)).json()
            assert refused["error"] == "ExportTooLarge"
            assert re.search(r"\b2\b", refused["message"])
        assert (await boss.get("/api/exports")).json() == []


async def test_a_file_can_be_fetched_only_while_it_is_kept(hall: ConsoleHall) -> None:
    await filed(hall, await an_agent(hall), 1)
    async with hall.browser("boss") as boss:
        answer = await asked(boss)
        path = f"/api/exports/{answer.json()['export_id']}/file"
        assert (await boss.get(path)).json()["error"] == "ExportGone"
        await made(hall, answer)
        assert (await boss.get(path)).status_code == 200
        later = clock.now() + timedelta(hours=2)
        exporter = CaseExporter(hall.database, hall.app.state.files, LIMITS, now=lambda: later)
        async with hall.database.transaction() as tx:
            await exporter.expire(tx)
        assert (await boss.get(path)).json()["error"] == "ExportGone"
        assert not hall.app.state.files.exists(f"exports/{answer.json()['export_id']}.xlsx")


async def test_an_export_that_is_given_up_says_why(hall: ConsoleHall) -> None:
    await filed(hall, await an_agent(hall), 1)
    async with hall.browser("boss") as boss:
        export = (await asked(boss)).json()
        exporter = CaseExporter(hall.database, hall.app.state.files, LIMITS)
        full = named(OSError(28, "No space left on device"))
        async with hall.console("boss") as console:
            await exporter.give_up({"export_id": export["export_id"]}, full)
            await console.until(lambda: any(e.export.state == "failed" for e in console.kinds("export_changed")))
            (told,) = (e.export for e in console.kinds("export_changed"))
        view = (await boss.get("/api/exports")).json()[0]
    assert (view["state"], view["problem"]["error"]) == ("failed", "JobFailed")
    assert view["problem"]["facts"] == {"error": "OSError", "detail": "[Errno 28] No space left on device"}
    assert told.problem.model_dump(mode="json") == view["problem"]


async def test_an_export_that_failed_before_failures_had_names_keeps_its_words(hall: ConsoleHall) -> None:
    await filed(hall, await an_agent(hall), 1)
    async with hall.browser("boss") as boss:
        export = (await asked(boss)).json()
        async with hall.database.transaction() as tx:
            given_up = update(CaseExport).where(CaseExport.export_id == UUID(export["export_id"]))
            await tx.session.execute(given_up.values(state="failed", problem="the disk is full"))
        view = (await boss.get("/api/exports")).json()[0]
    assert (view["problem"]["message"], view["problem"]["error"]) == ("the disk is full", "")


async def test_an_export_marks_what_the_list_marks(hall: ConsoleHall) -> None:
    async with open_loop(hall) as loop:
        parent, child, hard = await loop.file(what="主"), await loop.file(what="子"), await loop.file(what="难")
        await loop.case("dispatcher", child, "joining", parent_id=str(parent), reason="同一原因")
        await loop.case("dispatcher", hard, "hardness", reason="牵涉多个部门，街道无力解决")
        lamp = (await (await loop.who("wang")).get("/api/components", params={"q": "路灯", "street": STREET})).json()[0]
        await loop.file(what="灯", component_code=lamp["code"])
        async with hall.database.transaction() as tx:
            again = text("UPDATE cases SET recurs_id = :earlier WHERE case_id = :hard")
            await tx.session.execute(again, {"earlier": parent, "hard": hard})
            number = (await tx.session.get_one(Case, parent)).number
        boss = await loop.who("boss")
        export = await made(hall, await asked(boss))
        rows = cells((await boss.get(f"/api/exports/{export['export_id']}/file")).content)
    marks = {row[4]: row[-5:] for row in rows[1:]}
    assert marks["主"] == ["", "", "主案（1 件子案，1 位来电人）", "", ""]
    assert marks["子"] == ["", "", f"并入 {number}", "", ""]
    assert marks["难"] == ["", number, "", "是", ""]
    assert marks["灯"] == [f"路灯 {lamp['code']}", "", "", "", ""]
