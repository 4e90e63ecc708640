"""QA at the browser: what the checks found stands at its second, and a rule counts only after it was tried."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import soundfile
from playwright.async_api import expect

from asr.audio import StoredRecording
from asr.checks.example import Example
from backend.app.config import hall_times
from backend.calls import outcomes
from backend.calls.recorder import CallRecorder
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.files import FileStore
from telephony import facts as f

from .conftest import Enter
from .town import Town

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

RUDE = [
    {"who": "seat", "at_s": 0.5, "say": "您好 东城区 为民 服务 热线 请问 有什么 可以 帮您"},
    {"who": "caller", "at_s": 7.0, "say": "路灯 坏 了 归 谁 管"},
    {"who": "seat", "at_s": 12.0, "say": "这个 不归我管"},
    {"who": "caller", "at_s": 16.0, "say": "好的 谢谢 您"},
    {"who": "seat", "at_s": 19.0, "say": "感谢 您的 来电 再见"},
]
RULE = """id: {rule_id}
version: 1
kind: forbidden_words
title: {{zh: 试行用语, en: Words on trial}}
severity: minor
points: 1
phrases: [{phrase}]
examples:
  - name: found
    talk: [{{who: seat, at_s: 1.0, say: 这个 不归我管}}]
    finds: [{{text: 不归我管}}]
  - name: not found
    talk: [{{who: seat, at_s: 1.0, say: 好的}}]
    finds: []
"""


async def heard_call(town: Town, folder: Path, talk: list[dict[str, Any]]) -> str:
    """A call of which recording and transcript are stored; a worker of the platform checks it."""
    call_id, now = f"quality-{uuid4()}", clock.now()
    heard = Example.model_validate({"name": "test", "talk": talk, "length_s": 22, "finds": []}).transcript()
    sound = folder / "call.flac"
    soundfile.write(sound, np.random.default_rng(1).normal(0, 0.02, (8000 * 22, 2)), 8000)
    key = f"e2e/{call_id}.flac"
    sha256 = FileStore(town.installation.recording_store).put(sound, key)
    stored = StoredRecording(sound, sha256, sound.stat().st_size, 22_000, "flac", None)
    async with town.database() as database:
        recorder = CallRecorder(
            Database(database.url, pool_size=1), host="hotline", times=hall_times(town.installation)
        )
        await recorder.store(uuid4(), _facts(call_id))
        await recorder.close()
        async with database.transaction() as tx:
            assert await outcomes.recording_stored(tx, call_id, key, stored, now)
            assert await outcomes.transcript_ready(tx, call_id, heard, now)
    return call_id


def _facts(call_id: str) -> list[f.Fact]:
    now = clock.now()
    return [
        f.CallArrived(
            at=now, call_id=call_id, caller_number="13800001234", caller_known=True, caller_name="",
            dialed_number="96010", channel=f"PJSIP/trunk-{call_id}",
        ),
        f.CallQueued(at=now, call_id=call_id, queue="q96010", position=1),
        f.SeatRinging(at=now, call_id=call_id, seat="8050", channel="PJSIP/8050-1"),
        f.CallAnswered(at=now, call_id=call_id, seat="8050", channel="PJSIP/8050-1"),
        f.CallEnded(
            at=now, call_id=call_id, outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=16
        ),
    ]  # fmt: skip


async def test_what_a_check_found_is_marked_where_it_was_said(town: Town, enter: Enter, tmp_path: Path) -> None:
    call_id = await heard_call(town, tmp_path, RUDE)
    qa = await enter("qa")
    await qa.page.goto(f"/calls/{call_id}")
    hit = qa.page.locator('[data-testid="hit"][data-rule="forbidden-words"]')
    await expect(hit).to_contain_text("不归我管")
    await expect(hit).to_contain_text("−20")
    mark = qa.at("turn-hit").filter(has_text="不归我管").first
    await expect(mark).to_contain_text("服务禁语")
    await mark.click()
    await expect(qa.at("position")).to_contain_text(re.compile("^00:12"))
    await qa.page.goto("/calls")
    row = qa.page.locator("tr", has=qa.page.locator(f'a[href="/calls/{call_id}"]'))
    await expect(row.get_by_test_id("hit-count")).to_be_visible()


async def test_a_rule_counts_once_it_was_tried_and_somebody_answers_for_it(
    town: Town, enter: Enter, tmp_path: Path
) -> None:
    await heard_call(town, tmp_path, RUDE)
    rule_id = f"trial-{uuid4().hex[:8]}"
    qa = await enter("qa")
    await qa.at("nav-quality-rules").click()
    await expect(qa.at("rules-table")).to_contain_text("服务禁语")
    await qa.at("rule-new").click()
    field = qa.at("draft-text")
    await field.fill(RULE.format(rule_id=rule_id, phrase="管不了"))
    await qa.at("draft-save").click()
    await expect(qa.at("draft-mistakes")).to_contain_text("it expects 1 hits and gives 0")
    await field.fill(RULE.format(rule_id=rule_id, phrase="不归我管"))
    await qa.at("draft-save").click()
    await expect(qa.page).to_have_url(re.compile(f"/quality/rules/{rule_id}$"))
    await qa.at("trial-run").click()
    await expect(qa.at("trial-result")).to_contain_text("命中")
    await expect(qa.at("trial-hit").first).to_contain_text("不归我管")
    async with qa.page.expect_response(re.compile("/recording")) as played:
        await qa.at("trial-play").first.click()
    assert (await played.value).status in (200, 206)
    await expect(qa.at("rule-on")).to_have_count(0)

    leader = await enter("qa_leader")
    await leader.page.goto(f"/quality/rules/{rule_id}")
    await leader.at("rule-on").click()
    await leader.at("switch-reason").fill("试运行无误报")
    await leader.at("switch-send").click()
    row = leader.at("rules-table").locator("tr", has_text=rule_id)
    await expect(row).to_contain_text("启用")
    await leader.at("rule-off").click()
    await leader.at("switch-reason").fill("并入服务禁语")
    await leader.at("switch-send").click()
    await expect(row).to_contain_text("停用")
    await expect(leader.at("rule-panel")).to_contain_text("试运行无误报")
