"""What a shift leader does about calls that were missed or must not come, and who takes calls for what."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from telephony.simulate.citizens import CitizenCall, Manner, place_calls

from .conftest import Enter
from .desk import Desk
from .town import Town, masked

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_missed_caller_is_listed_and_dealt_with(town: Town, enter: Enter) -> None:
    number = town.new_number()
    hasty = [CitizenCall(number, "96010", gives_up=True)]
    # who gives up within 5 s of his arrival is not called back, and it may take a moment until he has arrived
    gone = await place_calls(town.stage, hasty, Manner(patience_s=15), name="missed")
    boss = await enter("supervisor")
    await gone.finished()
    await boss.page.get_by_test_id("nav-missed").click()
    row = boss.page.get_by_test_id("missed-table").locator("tr", has_text=masked(number))
    await expect(row).to_contain_text("未接通")
    await row.get_by_test_id("missed-end").click()
    await boss.page.get_by_test_id("missed-note").fill("已用短信答复")
    await boss.page.get_by_test_id("missed-end-submit").click()
    await expect(row).to_have_count(0)
    await boss.page.get_by_test_id("missed-done").click()
    await expect(row).to_contain_text("已用短信答复")


async def test_two_people_refuse_a_number_and_the_pbx_follows(town: Town, enter: Enter) -> None:
    one, other, number = await enter("supervisor"), await enter("supervisor"), town.new_number()
    await one.page.get_by_test_id("nav-blacklist").click()
    await one.page.get_by_test_id("blacklist-ask").click()
    await one.page.get_by_test_id("blacklist-number").fill(number)
    await one.page.get_by_test_id("blacklist-reason").fill("一天内恶意拨打四十次")
    await one.page.get_by_test_id("blacklist-submit").click()
    asked, agreed = (
        who.page.get_by_test_id("blacklist-table").locator("tr", has_text=masked(number)) for who in (one, other)
    )
    await expect(asked).to_contain_text("待他人审批")
    await other.page.get_by_test_id("nav-blacklist").click()
    await agreed.get_by_test_id("blacklist-agree").click()
    await expect(agreed).to_contain_text("生效中")
    assert town.platform.pbx is not None
    while number not in await town.platform.pbx.cli("database show blacklist"):
        await asyncio.sleep(0.2)
    calls = await place_calls(town.stage, [CitizenCall(number, "96010")], Manner(), name="refused")
    assert [call.ending for call in await calls.finished()] == ["refused"]


async def test_the_shift_leader_gives_a_skill_and_the_queue_follows(town: Town, enter: Enter) -> None:
    agent, boss = await enter("agent"), await enter("supervisor")
    seat = await agent.page.evaluate("async () => (await (await fetch('/api/softphone')).json()).seat")
    await boss.page.get_by_test_id("nav-hall").click()
    await boss.page.get_by_test_id(f"tile-{seat}").click()
    await boss.page.get_by_test_id("open-skills").click()
    dialog = boss.page.get_by_test_id("skills-dialog")
    await expect(dialog).to_contain_text("大厅默认技能")
    await dialog.get_by_text("不接").last.click()
    await boss.page.get_by_role("option", name="2 级").last.click()
    await boss.page.get_by_test_id("skills-save").click()
    await expect(dialog).to_be_hidden()
    assert town.platform.pbx is not None
    while f"PJSIP/{seat}" not in (queue := await town.platform.pbx.cli("queue show q-foreign")):
        await asyncio.sleep(0.2)
    assert "penalty 2" in queue


async def test_a_leader_is_let_in_before_all_others_and_out_again(town: Town, enter: Enter) -> None:
    leader, boss = await enter("agent"), await enter("supervisor")
    seat = await leader.page.evaluate("async () => (await (await fetch('/api/softphone')).json()).seat")
    session = boss.at("leaders").locator("section").first  # the one that began last
    await boss.page.get_by_test_id("nav-leaders").click()
    await boss.page.get_by_test_id("leader-open").click()
    await boss.page.get_by_test_id("leader-who").click()
    await boss.page.get_by_role("option", name=seat).click()
    await boss.page.get_by_test_id("leader-submit").click()
    await expect(session).to_contain_text("0 个来电")
    assert town.platform.pbx is not None

    async def place() -> str:
        queue = await town.platform.pbx.cli("queue show q96010")  # type: ignore[union-attr]
        return next((line for line in queue.splitlines() if f"PJSIP/{seat}" in line), "")

    while not (line := await place()) or "penalty" in line:  # Asterisk says nothing of a penalty of 0
        await asyncio.sleep(0.2)
    await _a_marked_case(town, leader, boss)
    await boss.page.get_by_test_id("nav-leaders").click()
    await expect(session).to_contain_text("跟踪中 1 件")
    await session.get_by_test_id("leader-end").click()
    while "penalty 1" not in await place():
        await asyncio.sleep(0.2)


async def _a_marked_case(town: Town, leader: Desk, boss: Desk) -> None:
    """The leader takes a call and files a case; both are marked, and the caller is refused by two people from there."""
    await leader.make_ready()
    citizen = await town.call(town.new_number(), talk_s=600)
    await leader.answer()
    await leader.at("what").fill("小区电梯停运三天，多次反映没有结果。")
    await leader.choose("street", "天坛", "天坛街道")
    await leader.choose("class", "交通", "交通")
    await leader.at("callback-pick-tomorrow_morning").click()
    number = await leader.file()
    await leader.hang_up()
    await citizen.finished()
    await leader.expect_state("wrap_up")

    mark = f"领导接听 {leader.person.display_name}"
    await boss.at("nav-cases").click()
    await boss.at("filter-open").click()
    await boss.at("filter-leader").click()
    row = boss.at("cases-table").locator("tbody tr").filter(has_text=number)
    await expect(row).to_contain_text(mark)
    await row.locator("a").first.click()
    await expect(boss.at("case-title")).to_contain_text(number)
    await expect(boss.at("leader-mark")).to_have_text(mark)
    await boss.at("to-call").click()
    await boss.page.wait_for_url("**/calls/*")
    await expect(boss.at("leader-mark").first).to_have_text(mark)

    await leader.page.goto(boss.page.url)
    await leader.at("call-blacklist").click()
    await leader.at("blacklist-reason").fill("反复谩骂坐席")
    await leader.at("blacklist-submit").click()
    await expect(leader.at("call-blacklisted")).to_contain_text("待他人审批")
    await boss.page.reload()
    await boss.at("call-blacklisted").get_by_test_id("blacklist-agree").click()
    await expect(boss.at("call-blacklisted")).to_contain_text("生效中")
    await boss.at("blacklist-lift").click()
    await expect(boss.at("call-blacklist")).to_be_visible()
