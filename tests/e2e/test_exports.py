"""What a filter of the case list finds is exported in the browser: how far it is, the file, the log, a failure."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from playwright.async_api import expect
from sqlalchemy import select, text

from backend.app.config import export_limits
from backend.cases.export_job import CaseExporter
from backend.cases.export_states import ExportState
from backend.cases.list_models import CaseExport
from backend.cases.models import Case
from backend.identity.models import AuditEntry
from backend.identity.repository import user_by_name
from backend.kernel import clock
from backend.kernel.files import FileStore
from backend.kernel.jobs import named

if TYPE_CHECKING:
    from .conftest import Enter
    from .desk import Desk
    from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]

ROWS = 1_200
"""More than a batch of the job, so that it says in between how far it is."""
_COPY_CASE = text(
    """
    INSERT INTO cases SELECT (jsonb_populate_record(one, jsonb_build_object(
        'case_id', gen_random_uuid(), 'number', one.number || '-' || n, 'request_id', gen_random_uuid()))).*
    FROM cases AS one, generate_series(2, :rows) AS n WHERE one.case_id = :case_id
    """
)
_COPY_SEARCH = text(
    """
    INSERT INTO case_search SELECT each.case_id, search.filed_at, search.document, search.citizen, search.grams
    FROM case_search AS search JOIN cases AS one USING (case_id)
    JOIN cases AS each ON each.number LIKE one.number || '-%'
    WHERE one.case_id = :case_id
    """
)
_GATES = text(
    """
    CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared(7000000 + NEW.rows); RETURN NEW; END $$
    """
)
_KEEP_GATES = text("CREATE TRIGGER gates BEFORE UPDATE ON case_exports FOR EACH ROW EXECUTE FUNCTION wait_at_gate()")
_REMOVE = (
    text("DELETE FROM case_search USING cases WHERE case_search.case_id = cases.case_id AND cases.number LIKE :copies"),
    text("DELETE FROM cases WHERE number LIKE :copies"),
)


@asynccontextmanager
async def many_cases(town: Town, word: str) -> AsyncIterator[None]:
    """So many closed cases with this word in them, which no other test finds."""
    case_id = await town.file_case(what=f"{word}怎么办理？", answered_at_once=True, answer="已答复。")
    async with town.database() as database, database.transaction() as tx:
        await tx.session.execute(_COPY_CASE, {"case_id": case_id, "rows": ROWS})
        await tx.session.execute(_COPY_SEARCH, {"case_id": case_id})
    [(number,)] = await town.ask(select(Case.number).where(Case.case_id == case_id))
    try:
        yield
    finally:
        async with town.database() as database, database.transaction() as tx:
            for statement in _REMOVE:
                await tx.session.execute(statement, {"copies": f"{number}-%"})


@asynccontextmanager
async def gate_at(town: Town, rows: int) -> AsyncIterator[None]:
    """No export says that it has come as far as this until the gate opens."""
    async with town.database() as database, database.transaction() as tx:
        await tx.session.execute(text("SELECT pg_advisory_xact_lock(:gate)"), {"gate": 7_000_000 + rows})
        yield


@asynccontextmanager
async def gates(town: Town) -> AsyncIterator[None]:
    """Exports pass gates on their way."""
    async with town.database() as database, database.transaction() as tx:
        await tx.session.execute(_GATES)
        await tx.session.execute(_KEEP_GATES)
    try:
        yield
    finally:
        async with town.database() as database, database.transaction() as tx:
            await tx.session.execute(text("DROP FUNCTION wait_at_gate() CASCADE"))


def rows_of(book: Path) -> int:
    """How many rows the sheet has below its head."""
    with ZipFile(book) as parts:
        sheet = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
    return len(sheet.findall(".//{*}row")) - 1


async def audited(town: Town, boss: Desk, action: str) -> list[dict[str, object]]:
    """What the audit log says that this person did, one entry each."""
    entries = select(AuditEntry.detail).where(AuditEntry.username == boss.person.username, AuditEntry.action == action)
    return [detail for (detail,) in await town.ask(entries)]


async def exported(town: Town, boss: Desk, word: str) -> None:
    """Ask for the export and watch how far it is, from the first batch to the last."""
    await boss.page.goto("/cases")
    await boss.at("case-search").fill(word)
    await expect(boss.page.get_by_text(f"{word}怎么办理？").first).to_be_visible()
    await boss.at("export-open").click()
    export, bar = boss.at("export").first, boss.at("export").first.get_by_role("progressbar")
    async with gates(town):
        async with gate_at(town, ROWS):
            async with gate_at(town, 1_000):
                await boss.at("export-ask").click()
                await expect(export).to_have_attribute("data-state", "running")
                await expect(bar).to_have_attribute("max", str(ROWS))
                await expect(export).to_contain_text(re.compile(r"\b0 %"))
            await expect(bar).to_have_js_property("value", 1_000)
            await expect(export).to_contain_text("83 %")
        await expect(export).to_have_attribute("data-state", "done")
    assert await audited(town, boss, "export_downloaded") == []


async def test_an_export_says_how_far_it_is_and_ends_in_a_file(town: Town, enter: Enter, tmp_path: Path) -> None:
    boss, word = await enter("supervisor"), town.in_own_words("居住证签注")
    async with many_cases(town, word):
        await exported(town, boss, word)
    async with boss.page.expect_download() as coming:
        await boss.at("export-file").first.click()
    await (await coming.value).save_as(tmp_path / "cases.xlsx")
    assert rows_of(tmp_path / "cases.xlsx") == ROWS
    (asked,) = await audited(town, boss, "cases_exported")
    assert (asked["filter"], asked["rows"]) == ({"q": word}, ROWS)
    assert await audited(town, boss, "export_downloaded") == [{"rows": ROWS}]


async def test_an_export_that_failed_says_why_in_chinese(town: Town, enter: Enter) -> None:
    boss = await enter("supervisor")
    await boss.page.goto("/cases")
    await boss.at("export-open").click()
    await expect(boss.at("export-ask")).to_be_visible()
    export_id = uuid4()
    async with town.database() as database:
        async with database.transaction() as tx:
            user = await user_by_name(tx.session, boss.person.username)
            assert user is not None
            tx.session.add(
                CaseExport(
                    export_id=export_id, user_id=user.user_id, state=ExportState.WAITING.value, content={}, names=False,
                    whole_numbers=False, total=9, rows=0, requested_at=clock.now(),
                )
            )  # fmt: skip
        files, limits = FileStore(town.installation.recording_store), export_limits(town.installation)
        exporter = CaseExporter(database, files, limits)
        await exporter.give_up({"export_id": str(export_id)}, named(OSError(28, "No space left on device")))
    for _ in ("told by the event", "read anew"):
        failed = boss.at("export")
        await expect(failed).to_have_attribute("data-state", "failed")
        await expect(failed).to_contain_text("导出失败：处理时意外出错。OSError：[Errno 28] No space left on device")
        await expect(failed).to_contain_text("请重试；仍不成功请联系管理员。")
        await boss.page.reload()
        await boss.at("export-open").click()
