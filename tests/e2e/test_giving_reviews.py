"""Who leads QA gives what waits with one reviewer to another, who finds it at once; a refusal is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from sqlalchemy import func, select

from backend.identity.models import AuditEntry
from backend.reviews.models import Review

from .talks import stored_call

if TYPE_CHECKING:
    from .conftest import Enter
    from .desk import Desk
    from .town import Town

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

TALK = [{"who": "seat", "at_s": 0.5, "say": "您好 东城区 为民 服务 热线 请问 有什么 可以 帮您"}]


async def picked(reviewer: Desk, call_id: str) -> None:
    """Take this call for review, which opens it."""
    await reviewer.page.goto(f"/calls/{call_id}")
    await reviewer.at("pick-review").click()
    await expect(reviewer.at("score-now")).to_be_visible()


async def choose_reviewer(leader: Desk, reviewer: Desk) -> None:
    """Say to whom, among people of whom some have the same name."""
    await leader.at("assign-to").click()
    await leader.page.get_by_role("option", name=f"（{reviewer.person.username}）").click()


async def test_a_leader_gives_reviews_to_somebody_else_who_begins_anew(
    town: Town, enter: Enter, tmp_path: Path
) -> None:
    calls = [await stored_call(town, tmp_path, TALK, agent=await town.newcomer("agent")) for _ in range(3)]
    ill, fresh, leader = await enter("qa"), await enter("qa"), await enter("qa_leader")
    for call_id in calls:
        await picked(ill, call_id)
    await ill.at("review-note").fill("写了一半")
    await expect(ill.at("saved-badge")).to_have_attribute("data-state", "saved")
    await fresh.page.goto("/reviews")
    await expect(fresh.at("draw-now")).to_be_visible()

    await leader.page.goto("/reviews")
    await leader.at("to-assignments").click()
    await leader.at("assign-reviewer").filter(has_text=f"（{ill.person.username}）").click()
    rows = leader.at("assign-row")
    await expect(rows).to_have_count(3)
    await expect(leader.at("assign-send")).to_be_disabled()
    await leader.at("assign-all").click()
    await expect(leader.at("assign-begun")).to_contain_text("3")
    await rows.filter(has=leader.page.locator(f"[data-mark='{calls[0]}']")).locator(".el-checkbox").click()
    await choose_reviewer(leader, fresh)
    await expect(leader.at("assign-send")).to_be_disabled()
    await leader.at("assign-reason").fill("请假")
    await leader.at("assign-send").click()
    await expect(leader.at("assign-done")).to_contain_text("2")
    await expect(rows).to_have_count(1)

    for call_id in calls[1:]:
        await expect(fresh.at("review-queue").locator(f"[data-call='{call_id}']")).to_be_visible()
    await fresh.at("review-queue").locator(f"[data-call='{calls[2]}']").click()
    await expect(fresh.at("review-note")).to_have_value("")
    await ill.page.goto("/reviews")
    await expect(ill.at("review-queue").get_by_test_id("review-waits")).to_have_count(1)
    noted = select(func.count()).where(
        AuditEntry.action == "review_assigned", AuditEntry.username == leader.person.username
    )
    assert await town.ask(noted) == [(2,)]


async def test_what_was_scored_meanwhile_stays_and_the_leader_is_told(town: Town, enter: Enter, tmp_path: Path) -> None:
    call_id = await stored_call(town, tmp_path, TALK, agent=await town.newcomer("agent"))
    first, second, leader = await enter("qa"), await enter("qa"), await enter("qa_leader")
    await picked(first, call_id)
    await leader.page.goto("/assignments")
    await leader.at("assign-reviewer").filter(has_text=f"（{first.person.username}）").click()
    await leader.at("assign-row").locator(".el-checkbox").click()
    await choose_reviewer(leader, second)
    await leader.at("assign-reason").fill("请假")
    await leader.page.route("**/api/reviews/waiting", lambda route: route.abort())  # the page does not hear of it
    await first.page.keyboard.press("x")
    for level in "555555555":
        await first.page.keyboard.press(level)
    await first.page.keyboard.press("Control+Enter")
    await expect(first.at("review-bench").get_by_test_id("score-tag")).to_be_visible()
    await leader.at("assign-send").click()
    await expect(leader.at("assign-problem")).to_contain_text("这次质检当前状态不允许此操作")
    assert await town.ask(select(Review.reviewer).where(Review.call_id == call_id)) == [(first.person.display_name,)]
