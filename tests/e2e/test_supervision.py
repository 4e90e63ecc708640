"""The shift leader and the agents, each at a browser of their own: what one does the other sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from backend.calls.models import Call, CallFact

if TYPE_CHECKING:
    from .conftest import Enter
    from .desk import Desk
    from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]

SILENCE = 0.001
"""More than a line on which nobody speaks, less than a word, in the units of `Desk.loudness_heard`."""
NOTICE = "今晚有大雨，注意积水类来电，先问有无人员被困。"


async def choose_seat(boss: Desk, seat: str) -> None:
    await boss.at("nav-hall").click()
    await boss.at(f"tile-{seat}").click()
    await expect(boss.at("seat-panel")).to_contain_text(seat)


async def test_the_shift_leader_moves_a_seat_and_tells_it_something(town: Town, enter: Enter) -> None:
    boss, agent = await enter("supervisor"), await enter("agent")
    await agent.make_ready()
    await choose_seat(boss, agent.seat)
    await expect(boss.at(f"tile-{agent.seat}")).to_have_attribute("data-state", "ready")

    await boss.at("force-pause").click()
    await boss.at("force-pause-meeting").click()
    await agent.expect_state("paused")
    await expect(agent.at("seat-state-button")).to_contain_text("会议")
    await expect(agent.at("forced-note")).to_contain_text(f"班长 {boss.person.display_name} 将您的席位置为示忙（会议）")
    await expect(boss.at(f"tile-{agent.seat}")).to_have_attribute("data-reason", "meeting")
    await agent.at("forced-seen").click()
    await boss.at("force-ready").click()
    await agent.expect_state("ready")

    await boss.at("notify-seat").click()
    await boss.at("notice-text").fill(NOTICE)
    await boss.at("notice-send").click()
    await expect(boss.at("notice-count")).to_have_text("已读 0/1")
    await expect(agent.at("notice-unread")).to_have_text("1")
    await agent.at("notice-bell").click()
    await expect(agent.at("notices")).to_contain_text(NOTICE)
    await agent.at("notice-read").click()
    await expect(agent.at("notice-unread")).to_have_count(0)
    await expect(boss.at("notice-count")).to_have_text("已读 1/1")


async def test_the_hall_shows_a_call_from_the_queue_to_its_end(town: Town, enter: Enter) -> None:
    boss, agent = await enter("supervisor"), await enter("agent")
    await boss.at("nav-hall").click()
    citizen = await town.call("13900000007", talk_s=600)
    await expect(boss.at("hall-waiting")).to_contain_text("139****0007")
    await agent.make_ready()
    await expect(boss.at("hall-calls")).to_contain_text(agent.seat)
    await agent.answer()
    await expect(boss.at("hall-calls").locator('[data-stage="answered"]')).to_contain_text("139****0007")
    await agent.page.keyboard.press("F6")
    await expect(boss.at("hall-calls").locator('[data-held="true"]')).to_contain_text("保持中")
    await agent.page.keyboard.press("F6")
    await expect(boss.at("hall-calls").locator('[data-held="false"]')).to_contain_text("通话中")
    await agent.hang_up()
    await citizen.finished()
    await expect(boss.at("hall-calls")).not_to_contain_text("139****0007")
    await agent.expect_state("wrap_up")
    await choose_seat(boss, agent.seat)
    await boss.at("end-wrap-up").click()
    await agent.expect_state("ready")
    await boss.at("force-sign-out").click()
    await boss.page.locator(".el-message-box .el-button--primary").click()
    await expect(agent.at("seat-picker")).to_be_visible()
    await expect(agent.at("forced-note")).to_contain_text("强制离席")


async def test_the_shift_leader_listens_whispers_and_takes_the_call_over(town: Town, enter: Enter) -> None:
    boss, agent = await enter("supervisor"), await enter("agent")
    await boss.at("nav-desk").click()
    await boss.sit_down(town.next_seat())
    await agent.make_ready()
    citizen = await town.call("13900000008", talk_s=600)
    await agent.answer()
    await choose_seat(boss, agent.seat)

    await boss.at("act-listen").click()
    await expect(boss.at("supervise")).to_have_attribute("data-mode", "listen")
    await expect(boss.at("hall-calls").get_by_test_id("supervisors")).to_contain_text(f"监听 {boss.seat}")
    await boss.expect_hears_something()
    await expect(boss.at("captions").locator('[data-leg="seat"]').first).to_be_visible()
    # the citizen is silent, so the agent hears nothing until the shift leader whispers
    assert await agent.loudness_heard() < SILENCE
    await boss.at("act-whisper").click()
    await expect(boss.at("supervise")).to_have_attribute("data-mode", "whisper")
    while await agent.loudness_heard() < SILENCE:
        await agent.page.wait_for_timeout(100)
    assert agent.events("call_supervised") == [], "the agent's console was told of it"
    await expect(agent.at("supervised")).to_have_count(0)
    await boss.page.keyboard.press("F4")
    await expect(boss.at("supervise")).to_have_attribute("data-mode", "none")
    await expect(boss.at("captions")).to_have_count(0)
    await agent.expect_state("talking")

    await boss.at("act-take_over").click()
    await boss.page.locator(".el-message-box .el-button--primary").click()
    await boss.expect_stage("answered")
    await expect(boss.at("caller-number")).to_have_text("139****0008")
    await agent.expect_state("wrap_up")
    await boss.expect_talk_goes_on()
    await boss.hang_up()
    (placed,) = await citizen.finished()
    assert placed.ending == "ended"
    over = select(Call).where(Call.caller_number == "13900000008", Call.stage == "ended", Call.seat == boss.seat)
    while not await town.ask(over):
        await boss.page.wait_for_timeout(100)
    ((call,),) = await town.ask(over)
    assert (call.seat, call.outcome, call.hung_up_by) == (boss.seat, "answered", "seat")
    kinds = [row.kind for row in await town.ask(select(CallFact.kind).where(CallFact.call_id == call.call_id))]
    assert {"supervision_began", "supervision_ended", "call_transferred"} <= set(kinds)
