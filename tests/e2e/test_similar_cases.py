"""The agent's help beside the form: an open case is offered and added to with one key, or others go on under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from sqlalchemy import func, select

from backend.cases.models import Case, CaseAddition, CaseEvent, Draft
from backend.identity.models import User

if TYPE_CHECKING:
    from .conftest import Enter
    from .desk import Desk
    from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]

WHAT = "三号楼电梯坏了三天，物业公司一直没有人来修理。"
MORE = "今天又有老人被困在电梯里。"


@dataclass(frozen=True)
class Lift:
    """What is broken, and the numbers of those who call about it."""

    street: str
    caller: str
    neighbour: str
    another: str


async def test_a_repeat_becomes_an_addition_with_one_key(town: Town, enter: Enter) -> None:
    agent = await enter("agent")
    lift = Lift(town.next_street(), town.new_number(), town.new_number(), town.new_number())
    number = await file_the_first(town, agent, lift)

    await answer(town, agent, lift.caller)
    offered = agent.at("similar-case").first
    await expect(offered).to_have_attribute("data-case", number)
    await expect(offered).to_contain_text("同一来电号码")
    await agent.page.keyboard.type(MORE)
    await agent.expect_saved()
    await agent.page.keyboard.press("Alt+6")
    await expect(agent.at("added-note")).to_contain_text(number)
    await expect(agent.at("added-note")).to_contain_text("催办 1 次")
    await expect(agent.at("what")).to_have_value("")
    await agent.hang_up()

    await agent.at("added-number").click()
    await expect(agent.at("case-title")).to_contain_text(number)
    await expect(agent.page.get_by_text(MORE)).to_be_visible()
    await expect(agent.page.get_by_text("市民催办").first).to_be_visible()
    await agent.at("nav-desk").click()
    await a_neighbour_tells_of_the_same(town, agent, lift, number)
    await expect_one_case_with_all_that_was_said(town, agent, lift, number)
    await another_wants_an_answer_too(town, agent, lift, number)


async def file_the_first(town: Town, agent: Desk, lift: Lift) -> str:
    """The first call files the case, and the help beside the form says what that would lead to."""
    await answer(town, agent, lift.caller)
    await agent.page.keyboard.type(WHAT)
    await say_where_and_what(agent, lift.street)
    await expect(agent.at("expected-unit")).to_contain_text("区市场监督管理局")
    clocks = agent.at("expected-clocks").locator("[data-clock]")
    await expect(clocks).to_have_count(3)
    await expect(clocks.first).to_contain_text("前")
    await agent.at("callback-pick-tomorrow_morning").click()
    number = await agent.file()
    await agent.hang_up()
    return number


async def a_neighbour_tells_of_the_same(town: Town, agent: Desk, lift: Lift, number: str) -> None:
    """Another number, the same class and words in the same street: offered, and it does not count as an urging."""
    await answer(town, agent, lift.neighbour)
    await agent.page.keyboard.type("电梯坏了三天没有人来修理")
    await say_where_and_what(agent, lift.street)
    offered = agent.at("similar-case").first
    await expect(offered).to_have_attribute("data-case", number)
    await expect(offered).to_contain_text("同类")
    await expect(offered.get_by_text("同一来电号码")).to_have_count(0)
    await offered.get_by_test_id("add-to-case").click()
    await expect(agent.at("added-note")).to_contain_text(number)
    await agent.hang_up()


async def another_wants_an_answer_too(town: Town, agent: Desk, lift: Lift, number: str) -> None:
    """A third citizen with the same cause gets a case and a callback of his own, under the one that is handled."""
    await answer(town, agent, lift.another)
    await agent.page.keyboard.type("电梯坏了三天没有人来修理，我也要答复")
    await say_where_and_what(agent, lift.street)
    await agent.at("similar-case").first.get_by_test_id("join-case").click()
    await expect(agent.at("chosen-parent")).to_contain_text(number)
    await agent.at("callback-pick-tomorrow_morning").click()
    own = await agent.file()
    assert own != number
    await agent.at("case-number").click()
    await expect(agent.at("case-title")).to_contain_text(own)
    await expect(agent.at("group-panel")).to_contain_text(number)
    await expect(agent.at("group-summary")).to_contain_text("共 2 件 · 2 人")
    await agent.at("nav-cases").click()
    await expect(agent.at("cases-table")).to_contain_text("群诉 2 人")
    await agent.at("nav-desk").click()
    await agent.hang_up()


async def test_a_letter_is_filed_without_a_call_and_without_a_seat(town: Town, enter: Enter) -> None:
    agent = await enter("agent", seated=False)
    await agent.at("nav-intake").click()
    await agent.at("channel").click()
    await agent.at("channel-mailbox").click()
    await agent.write("what", "信中反映夜间施工扰民，要求答复。")
    await say_where_and_what(agent, "东花市街道")
    await agent.at("callback-wanted").click()
    await agent.page.keyboard.press("Control+Enter")
    await expect(agent.page.get_by_text("这一渠道须填写来源编号")).to_be_visible()
    await agent.write("source-reference", "信箱2026-117")
    await agent.write("citizen-number", "13910087701")
    await agent.at("component").click()
    await agent.page.keyboard.type("ludeng")
    lamp = agent.page.get_by_role("option").filter(has_text="路灯").first
    await expect(lamp).to_contain_text("社区")
    await lamp.click()
    await expect(agent.at("located")).to_be_visible()
    await agent.expect_saved()
    number = await agent.file()
    await agent.at("case-number").click()
    await expect(agent.at("case-title")).to_contain_text(number)
    await expect(agent.page.get_by_text("区长信箱 · 信箱2026-117")).to_be_visible()
    ((case,),) = await town.ask(select(Case).where(Case.number == number))
    assert (case.channel, case.caller_e164, case.component_name) == ("mailbox", "+8613910087701", "路灯")
    await expect(agent.page.get_by_text(f"路灯 {case.component_code}").first).to_be_visible()


async def answer(town: Town, agent: Desk, number: str) -> None:
    await agent.make_ready()
    await town.call(number, talk_s=600)
    await agent.answer()
    await expect(agent.at("what")).to_be_focused()


async def say_where_and_what(agent: Desk, street: str) -> None:
    await agent.choose("street", street, street)
    await agent.choose("class", "dtgz", "电梯故障")


async def expect_one_case_with_all_that_was_said(town: Town, agent: Desk, lift: Lift, number: str) -> None:
    ((case_id,),) = await town.ask(select(Case.case_id).where(Case.number == number))
    added = await town.ask(select(CaseAddition.urging).where(CaseAddition.case_id == case_id))
    assert sorted(row.urging for row in added) == [False, True]
    kinds = await town.ask(select(CaseEvent.kind).where(CaseEvent.case_id == case_id))
    assert [row.kind for row in kinds].count("urged") == 1
    filed = await town.ask(select(func.count()).where(Case.caller_number.in_([lift.caller, lift.neighbour])))
    assert filed[0][0] == 1
    mine = select(Draft.content["what"].astext).join(User, User.user_id == Draft.user_id)
    words = await town.ask(mine.where(User.username == agent.person.username))
    assert not any("电梯" in str(row[0]) for row in words)
