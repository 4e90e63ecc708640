"""What could not be heard is told in the words of the trade, and is heard once somebody has it tried again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from sqlalchemy import select, text

from asr.audio import RecordingMono
from backend.calls import outcomes
from backend.calls.hearing import hearing_key
from backend.calls.models import Call
from backend.kernel import clock
from backend.kernel.jobs import WAITS

from .talks import recorded_call

if TYPE_CHECKING:
    from .conftest import Enter
    from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_failure_is_told_in_chinese_and_tried_again(town: Town, enter: Enter, tmp_path: Path) -> None:
    call_id = await recorded_call(town, tmp_path)
    why = RecordingMono("It has one channel.", facts={"channels": "1"})
    async with town.database() as database, database.transaction() as tx:
        assert await outcomes.transcript_failed(tx, call_id, why, clock.now())
    qa = await enter("qa")
    await qa.at("nav-recognition").click()
    row = qa.at("recognition-failed").locator("tr", has=qa.page.locator(f'a[href="/calls/{call_id}"]'))
    await expect(row).to_contain_text("录音不是双声道，无法区分说话人。只有 1 个声道。")
    await expect(row).to_contain_text("请检查交换机录音设置。")
    await row.get_by_test_id("retry-one").click()
    await expect(row).to_have_count(0)
    await qa.page.goto(f"/calls/{call_id}")
    # the calls of the tests before it may still be heard
    await expect(qa.at("transcript")).to_have_attribute("data-state", "ready", timeout=300_000)
    assert [state for (state,) in await town.ask(select(Call.transcript_state).where(Call.call_id == call_id))] == [
        "ready"
    ]


_RESTS = text(
    """
    WITH resting AS (
        UPDATE pgqueuer SET attempts = 1 WHERE dedupe_key = :key RETURNING id, entrypoint, priority
    )
    INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority, traceback)
    SELECT id, 'queued', entrypoint, priority,
        jsonb_build_object('additional_context', jsonb_build_object('reason', CAST(:why AS text)))
    FROM resting
    """
)
_FORGET = text("DELETE FROM pgqueuer WHERE dedupe_key = :key")


async def test_what_recordings_wait_for_is_told_in_chinese(town: Town, enter: Enter) -> None:
    qa, key = await enter("qa"), hearing_key("away")
    async with town.database() as database:
        async with database.transaction() as tx:
            await tx.enqueue("transcribe_call", {"call_id": "away"}, dedupe_key=key, after=timedelta(hours=1))
            await tx.session.execute(_RESTS, {"key": key, "why": f"{WAITS}StoreAway: The store does not work."})
        await qa.at("nav-recognition").click()
        await expect(qa.at("recognition-away")).to_contain_text("不计失败：录音库暂时不可用。")
        async with database.transaction() as tx:
            await tx.session.execute(_FORGET, {"key": key})
    await expect(qa.at("recognition-away")).to_have_count(0)
