"""QA at the browser: what the checks found stands at its second, and a rule counts only after it was tried."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import expect
from sqlalchemy import update

from backend.calls.models import Call
from backend.kernel import clock

from .conftest import Enter
from .talks import stored_call
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


async def test_what_a_check_found_is_marked_where_it_was_said(town: Town, enter: Enter, tmp_path: Path) -> None:
    call_id = await stored_call(town, tmp_path, RUDE)
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


async def test_the_leader_of_qa_goes_from_a_number_on_the_board_to_its_second(
    town: Town, enter: Enter, tmp_path: Path
) -> None:
    call_id = await stored_call(town, tmp_path, RUDE)
    leader = await enter("qa_leader")
    await leader.page.goto(f"/calls/{call_id}")
    await expect(leader.page.locator('[data-testid="hit"][data-rule="forbidden-words"]')).to_be_visible()
    await leader.at("nav-boards").click()
    await leader.at("span-today").click()
    await expect(leader.page).to_have_url(re.compile(r"first=([\d-]+)&last=\1$"))
    await expect(leader.at("board-agents")).to_contain_text("无人登录")
    rule = leader.at("board-rules").locator('[data-rule="forbidden-words"]')
    await expect(rule).to_contain_text("服务禁语")
    await rule.get_by_role("link").first.click()
    hit = leader.page.locator(f'[data-testid="board-hit"][data-call="{call_id}"]').filter(has_text="不归我管")
    async with leader.page.expect_response(re.compile("/recording")) as played:
        await hit.get_by_test_id("hear-hit").click()
    assert (await played.value).status in (200, 206)
    await hit.get_by_test_id("open-hit").click()
    await expect(leader.at("position")).to_contain_text(re.compile("^00:12"))
    await leader.page.go_back()
    await leader.at("board-back").click()
    await expect(leader.at("tile-per_100")).to_be_visible()


async def test_a_rule_counts_once_it_was_tried_and_somebody_answers_for_it(
    town: Town, enter: Enter, tmp_path: Path
) -> None:
    await stored_call(town, tmp_path, RUDE)
    rule_id = f"trial-{uuid4().hex[:8]}"
    qa = await enter("qa")
    await qa.at("nav-quality-rules").click()
    await expect(qa.at("rules-table")).to_contain_text("服务禁语")
    await qa.at("rule-new").click()
    field = qa.at("draft-text")
    await field.fill(RULE.format(rule_id=rule_id, phrase="管不了"))
    await qa.at("draft-save").click()
    await expect(qa.at("draft-mistakes")).to_contain_text("应命中 1 处，实际 0 处")
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


async def test_a_leader_has_calls_of_yesterday_checked_anew(town: Town, enter: Enter, tmp_path: Path) -> None:
    call_id = await stored_call(town, tmp_path, RUDE)
    async with town.database() as database, database.transaction() as tx:
        yesterday = clock.now() - timedelta(days=1)
        await tx.session.execute(update(Call).where(Call.call_id == call_id).values(arrived_at=yesterday))
    leader, reason = await enter("qa_leader"), town.in_own_words("规则已改")
    await leader.at("nav-quality-rules").click()
    await leader.at("recheck-open").click()
    await expect(leader.at("recheck-send")).to_be_disabled()
    await leader.at("recheck-reason").fill(reason)
    await leader.at("recheck-send").click()
    order = leader.at("recheck-order").filter(has_text=reason)
    await expect(order).to_have_attribute("data-state", "done")
    await expect(order).to_contain_text(leader.person.display_name)

    qa = await enter("qa")
    await qa.at("nav-quality-rules").click()
    await qa.at("recheck-open").click()
    await expect(qa.at("recheck-order").filter(has_text=reason)).to_be_visible()
    await expect(qa.at("recheck-send")).to_have_count(0)
