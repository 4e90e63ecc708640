"""Two reviewers judge the same call without seeing each other; then all see how far they agreed, and on what not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from backend.identity.models import User

from .talks import stored_call

if TYPE_CHECKING:
    from .conftest import Enter
    from .desk import Desk
    from .town import Town

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

TALK = [
    {"who": "seat", "at_s": 0.5, "say": "您好 东城区 为民 服务 热线 请问 有什么 可以 帮您"},
    {"who": "caller", "at_s": 8.0, "say": "楼道 灯 坏 了"},
    {"who": "seat", "at_s": 12.0, "say": "已经 记录 感谢 您的 来电 再见"},
]
ITEMS = 9


async def judge(reviewer: Desk, call_id: str, levels: str) -> None:
    """Open the call from the queue, give these levels, and finish."""
    await reviewer.page.goto("/reviews")
    await reviewer.at("review-queue").locator(f"[data-call='{call_id}']").click()
    await expect(reviewer.at("review-bench")).to_contain_text("互相看不到")
    await expect(reviewer.at("score-now")).to_be_visible()
    for level in levels:
        await reviewer.page.keyboard.press(level)
    await reviewer.page.keyboard.press("Control+Enter")


async def test_reviewers_judge_blind_and_a_leader_sees_where_they_differ(
    town: Town, enter: Enter, tmp_path: Path
) -> None:
    call_id = await stored_call(town, tmp_path, TALK, agent=await town.newcomer("agent"))
    first, second, leader = await enter("qa"), await enter("qa"), await enter("qa_leader")
    await leader.page.goto(f"/calls/{call_id}")
    await leader.at("calibrate").click()
    await leader.at("calibration-people").click()
    for who in (leader, first, second):  # whoever begins one takes part unless taken out
        [(user_id,)] = await town.ask(select(User.user_id).where(User.username == who.person.username))
        await leader.page.locator(f"[data-user='{user_id}']").click()
    await leader.page.keyboard.press("Escape")
    await leader.at("calibration-begin").click()
    calibration = leader.at("calibration").first
    await expect(calibration).to_contain_text("已完成 0 / 1")

    await judge(first, call_id, "5" * ITEMS)
    await expect(calibration).to_contain_text("已评，未公开")
    await expect(calibration.get_by_test_id("score-tag")).to_have_count(0)
    await second.page.goto("/calibrations")
    await expect(second.at("calibration").first).to_contain_text("已评，未公开")

    await judge(second, call_id, "3" + "5" * (ITEMS - 1))
    await expect(calibration).to_contain_text("已完成 1 / 1")
    await expect(calibration.get_by_test_id("score-tag")).to_have_count(2)
    agreement = calibration.get_by_test_id("agreement")
    await expect(agreement.locator("tr.all")).to_contain_text("89 %")
    differences = calibration.get_by_test_id("difference")
    await expect(differences).to_have_count(1)
    await expect(differences).to_contain_text("5")
    await expect(differences).to_contain_text("3")
