"""Cases go round the loop in the browsers of those whose work it is: dispatcher, commander, unit and verifier."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from backend.cases.models import Case, CaseEvent

if TYPE_CHECKING:
    from playwright.async_api import Locator

    from .conftest import Enter
    from .desk import Desk
    from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]

STREET, OTHER_STREET = "110101013", "110101014"  # 东花市, 龙潭
ROUND = [
    "filed", "dispatched", "task_sent", "task_signed", "citizen_contacted", "task_reported", "reported_back",
    "verified", "closed", "callback_done", "evaluated",
]  # fmt: skip
TOLD = ["立案", "派遣", "签收", "联系市民", "单位反馈", "处理反馈", "核查通过", "结案", "综合评价"]


def waiting(desk: Desk, case_id: UUID, matter: str = "") -> Locator:
    """The line of this case in the queue of a desk; with `matter` only once it waits for that."""
    return desk.page.locator(f'[data-testid="waits"][data-case="{case_id}"] button.open').filter(has_text=matter)


async def say(desk: Desk, act: str, words: str) -> None:
    """Start an act that asks for words, and send it by the key."""
    await desk.at(f"act-{act}").click()
    await desk.at("act-text").fill(words)
    await desk.page.keyboard.press("Control+Enter")
    await expect(desk.at("act-text")).to_have_count(0)


async def story(town: Town, case_id: UUID) -> list[str]:
    """The time line as it is stored."""
    query = select(CaseEvent.kind).where(CaseEvent.case_id == case_id).order_by(CaseEvent.event_id)
    return [row[0] for row in await town.ask(query)]


async def file_by_phone(town: Town, agent: Desk, what: str) -> UUID:
    """A citizen calls and the case is filed from the seat."""
    await agent.make_ready()
    citizen = await town.call(town.new_number(), talk_s=600)
    await agent.answer()
    await agent.at("what").fill(what)
    await agent.choose("street", "东花市", "东花市街道")
    await agent.choose("class", "物业", "物业")
    await agent.at("callback-pick-tomorrow_morning").click()
    number = await agent.file()
    await agent.hang_up()
    await citizen.finished()
    [(case_id,)] = await town.ask(select(Case.case_id).where(Case.number == number))
    return UUID(str(case_id))


async def work_on_task(unit: Desk) -> None:
    """Sign, contact and report, as the unit's desk offers it."""
    await unit.at("act-signature").click()
    await say(unit, "contact", "已电话联系市民，约定今日上门")
    await say(unit, "report", "楼道灯已更换，市民在场确认")
    await expect(unit.at("act-report")).to_have_count(0)


async def test_a_case_goes_the_whole_way_round_in_the_browsers_of_five_people(town: Town, enter: Enter) -> None:
    agent, dispatcher = await enter("agent"), await enter("dispatcher")
    unit, verifier = await enter("unit", unit=STREET), await enter("verifier")
    await expect(dispatcher.at("desk-dispatching")).to_be_visible()
    await expect(verifier.at("desk-verifying")).to_be_visible()
    await expect(unit.at("tasks-table")).to_be_visible()

    what = town.in_own_words("楼道照明损坏")
    case_id = await file_by_phone(town, agent, what)
    await waiting(dispatcher, case_id).click()  # it came by itself
    await expect(dispatcher.at("proposal")).to_contain_text("东花市街道")
    await dispatcher.page.keyboard.press("a")
    await expect(waiting(dispatcher, case_id)).to_have_count(0)

    await unit.at("tasks-table").get_by_text(what).click()
    await expect(unit.at("task-panel")).to_contain_text(what)
    await work_on_task(unit)

    await waiting(verifier, case_id, "待核查").click()
    await expect(verifier.at("act-verification")).to_be_visible()
    await verifier.page.keyboard.press("a")
    await expect(verifier.at("act-verification")).to_have_count(0)
    await waiting(verifier, case_id, "待结案").click()
    await expect(verifier.at("act-closing")).to_be_visible()
    await verifier.page.keyboard.press("a")
    await expect(waiting(verifier, case_id)).to_have_count(0)

    await agent.page.goto(f"/cases/{case_id}")
    await agent.at("file-answers").click()
    for answer in ("contacted-true", "solved-yes", "satisfied-very"):
        await agent.at(answer).click()
    await agent.at("answers-send").click()
    for told in TOLD:
        await expect(agent.page.locator("ol").last).to_contain_text(told)
    assert [kind for kind in await story(town, case_id) if kind in ROUND] == ROUND


async def test_whoever_comes_second_is_told_who_was_faster_and_sends_the_same_words_again(
    town: Town, enter: Enter
) -> None:
    case_id = await town.file_case(urgency="emergency")
    dispatcher, commander = await enter("dispatcher"), await enter("commander")
    for desk in (dispatcher, commander):
        await waiting(desk, case_id).click()
        await expect(desk.at("act-urging")).to_be_visible()

    # one types an order while the other enters that the citizen asked again
    await commander.at("act-supervision").click()
    await commander.at("act-text").fill("重大隐患，今日内派遣")
    await say(dispatcher, "urging", "市民再次来电")
    await expect(commander.at("act-stale")).to_be_visible()
    await commander.at("act-send").click()
    problem = commander.at("act-problem")
    await expect(problem).to_contain_text(dispatcher.person.display_name)
    await expect(problem).to_contain_text("市民催办")
    await expect(commander.at("act-text")).to_have_value("重大隐患，今日内派遣")
    await commander.at("act-send").click()
    await expect(commander.at("act-text")).to_have_count(0)
    assert (await story(town, case_id))[-2:] == ["urged", "supervision_ordered"]

    # both choose units for it; only one can, and the other keeps what was chosen and typed
    for desk, street in ((dispatcher, "东花市"), (commander, "龙潭")):
        await expect(desk.at("loop-panel")).to_contain_text("督办 1 次")
        await desk.at("act-dispatch").click()
        await desk.choose("act-lead", street, street)
        await desk.at("act-text").fill(f"请{street}街道尽快处理")
    await dispatcher.at("act-send").click()
    await expect(dispatcher.at("act-text")).to_have_count(0)
    await expect(commander.at("act-impossible")).to_be_visible()
    await expect(commander.at("act-text")).to_have_value("请龙潭街道尽快处理")
    await expect(commander.at("act-lead")).to_contain_text("龙潭")
    await expect(commander.at("desk-gone")).to_contain_text("办理中")
    assert (await story(town, case_id)).count("dispatched") == 1


async def test_many_cases_are_dispatched_in_one_act_and_each_tells_what_became_of_it(town: Town, enter: Enter) -> None:
    cases = [await town.file_case(urgency="emergency", street_code=code) for code in (STREET, OTHER_STREET, STREET)]
    dispatcher = await enter("dispatcher")
    for case_id in cases:
        await waiting(dispatcher, case_id).click()
        await expect(dispatcher.at("proposal")).to_be_visible()
        await dispatcher.page.keyboard.press("x")
    await expect(dispatcher.at("chosen")).to_contain_text("已选 3 件")
    await dispatcher.page.keyboard.press("b")
    await dispatcher.at("batch-reason").fill("统一派遣")

    faster = await enter("dispatcher")
    await waiting(faster, cases[2]).click()
    await expect(faster.at("act-direct")).to_be_visible()
    await faster.page.keyboard.press("a")
    await expect(waiting(faster, cases[2])).to_have_count(0)

    await dispatcher.page.keyboard.press("Control+Enter")
    results = dispatcher.at("batch-result")
    await expect(results).to_have_count(3)
    outcomes = {await results.nth(n).get_attribute("data-ok"): await results.nth(n).inner_text() for n in range(3)}
    assert outcomes.keys() == {"true", "false"}
    assert faster.person.display_name in outcomes["false"]
    for case_id in cases:
        assert (await story(town, case_id)).count("dispatched") == 1
    await dispatcher.at("batch-close").click()


async def test_a_unit_appeals_and_two_reviewers_exempt_what_stays_to_be_seen(town: Town, enter: Enter) -> None:
    what = f"地下管线改造超过时限{town.new_number()[-4:]}"
    case_id = await town.file_case(what=what)
    dispatcher, unit = await enter("dispatcher"), await enter("unit", unit=STREET)
    await waiting(dispatcher, case_id).click()
    await expect(dispatcher.at("act-direct")).to_be_visible()
    await dispatcher.page.keyboard.press("a")
    await expect(waiting(dispatcher, case_id)).to_have_count(0)
    await town.let_run_out(case_id)
    await unit.at("tasks-table").get_by_text(what).click()
    await expect(unit.at("task-panel")).to_contain_text(what)
    await unit.at("act-signature").click()
    await say(unit, "report", "改造完成")
    verifier, commander = await enter("verifier"), await enter("commander")
    for act, matter in (("verification", "待核查"), ("closing", "待结案")):
        await waiting(verifier, case_id, matter).click()
        await verifier.at(f"act-{act}").click()
        if act == "verification":
            await verifier.at("act-send").click()
        await expect(verifier.at(f"act-{act}")).to_have_count(0)

    await expect(unit.at("act-appeal")).to_be_visible()
    await say(unit, "appeal", "连日暴雨，无法施工")
    await expect(unit.at("appeal")).to_have_attribute("data-state", "made")
    await verifier.at("matter-appeal").click()
    for reviewer in (verifier, commander):
        await waiting(reviewer, case_id).click()
        await say(reviewer, "appeal-agree", "情况属实")
        await expect(waiting(reviewer, case_id)).to_have_count(0)
    await expect(unit.at("appeal")).to_have_attribute("data-state", "granted")
    await expect(unit.at("task-panel")).to_contain_text("超时 · 不计入统计")


async def test_the_map_has_the_figures_of_its_table_and_leads_to_the_cases_of_an_area(town: Town, enter: Enter) -> None:
    await town.let_run_out(await town.file_case(what="路面塌陷，地图上应标红"))
    dispatcher = await enter("dispatcher")
    await dispatcher.at("nav-map").click()
    await expect(dispatcher.at("grid-chart")).to_have_attribute("data-areas", "17")
    row = dispatcher.page.locator(f'[data-testid="area"][data-code="{STREET}"]')
    await expect(row.locator("td").nth(1)).to_have_class("late")
    await row.get_by_test_id("show-grids").click()
    await expect(dispatcher.at("grid-chart")).not_to_have_attribute("data-areas", "17")
    await dispatcher.at("level-street").click()
    await row.locator("a").click()
    await expect(dispatcher.at("cases-table")).to_contain_text("路面塌陷，地图上应标红")
    assert f"street={STREET}" in dispatcher.page.url
