"""What an agent lives through on a bad day: parts that die, tabs that close, pages that must not come in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import websockets
from playwright.async_api import expect
from sqlalchemy import select

from backend.calls.models import Call
from backend.cases.models import Case, Draft
from backend.identity.access import COOKIE

if TYPE_CHECKING:
    from .conftest import Enter
    from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]

BEFORE = "电梯停运三天，"
MEANWHILE = "楼内有老人和孩子，"
AFTER = "希望尽快维修。"


@pytest.mark.parametrize("part", ["serve", "postgres"])
async def test_a_part_is_killed_while_the_agent_types(town: Town, enter: Enter, part: str) -> None:
    agent = await enter("agent")
    await agent.make_ready()
    citizen = await town.call("13900000001", "elevator", talk_s=600)
    await agent.answer()
    await agent.page.keyboard.type(BEFORE)
    await agent.expect_saved()
    call_id = agent.events("call_answered")[0]["call_id"]

    async with town.killed(part):
        if part == "serve":
            await expect(agent.at("connection-bar")).to_contain_text("通话不受影响")
            await expect(agent.at("link-state")).to_contain_text("断开")
        await agent.page.keyboard.type(MEANWHILE)
        await expect(agent.at("saved-badge")).to_have_attribute("data-state", "local")
        await expect(agent.at("saved-badge")).to_contain_text("保存在本机")
        await agent.expect_talk_goes_on()

    await agent.page.keyboard.type(AFTER)
    await agent.expect_saved()
    await expect(agent.at("connection-bar")).to_have_count(0)
    await expect(agent.at("link-state")).to_contain_text("实时")
    await agent.expect_stage("answered")
    await agent.expect_state("talking")
    await agent.expect_talk_goes_on()
    ((kept,),) = await town.ask(select(Draft.content).where(Draft.call_id == call_id))
    assert kept["what"] == BEFORE + MEANWHILE + AFTER

    await agent.hang_up()
    (placed,) = await citizen.finished()
    assert placed.ending == "ended"


async def test_a_case_filed_while_the_database_is_away_is_filed_once_it_is_back(town: Town, enter: Enter) -> None:
    agent = await enter("agent")
    words = f"便道长期有人乱停车，行人无法通行。{agent.seat}"
    await agent.at("what").fill(words)
    await agent.choose("street", "dhm", "东华门街道")
    await agent.choose("class", "交通", "交通")
    await agent.at("callback-wanted").click()
    await agent.expect_saved()
    async with town.killed("postgres"):
        await agent.at("what").press("Control+Enter")
        await expect(agent.at("filing-queued")).to_be_visible()
    number = await agent.at("case-number").inner_text()
    assert [row.number for row in await town.ask(select(Case.number).where(Case.what == words))] == [number]
    assert await town.ask(select(Draft.draft_id).where(Draft.content["what"].astext == words)) == []


async def test_a_tab_that_is_closed_while_typing_gives_its_draft_back(enter: Enter) -> None:
    agent = await enter("agent")
    words = "胡同门口垃圾五天无人清运"
    await agent.at("what").fill(words)
    await agent.page.close()
    again = await agent.open_another()
    await expect(again.at("what")).to_have_value(words)
    await again.expect_saved()


async def test_one_tab_owns_the_phone_and_another_may_take_it_over(enter: Enter) -> None:
    first = await enter("agent")
    second = await first.open_another()
    await expect(second.at("phone-state")).to_contain_text("话机正由另一个标签页使用")
    await expect(first.at("phone-state")).to_have_attribute("data-state", "registered")
    await second.page.get_by_role("button", name="改由此页接听").click()
    await expect(second.at("phone-state")).to_have_attribute("data-state", "registered")
    await expect(first.at("phone-state")).to_have_attribute("data-state", "elsewhere")
    await second.page.close()
    await expect(first.at("phone-state")).to_have_attribute("data-state", "registered")


async def test_a_form_without_a_class_says_so_at_the_field_and_keeps_every_word(town: Town, enter: Enter) -> None:
    agent = await enter("agent")
    words = f"小区暖气不热已三天{agent.seat}"
    await agent.at("what").fill(words)
    await agent.choose("street", "天坛", "天坛街道")
    await agent.at("what").press("Control+Enter")
    field = agent.page.locator(".case-form .el-form-item.is-error")
    await expect(field.filter(has=agent.at("class"))).to_contain_text("请选择诉求分类")
    await expect(agent.at("class").locator("input")).to_be_focused()
    await expect(agent.at("what")).to_have_value(words)
    await agent.expect_saved()
    assert await town.ask(select(Case.number).where(Case.what == words)) == []


async def test_a_page_of_another_site_gets_no_line_to_the_hub(town: Town, enter: Enter) -> None:
    agent = await enter("agent")
    cookies = {each["name"]: each["value"] for each in await agent.page.context.cookies()}
    line = f"ws://{town.address.removeprefix('http://')}/api/console"
    cookie = {"Cookie": f"{COOKIE}={cookies[COOKIE]}"}
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(line, additional_headers=cookie, origin="http://evil.example", open_timeout=60)
    assert refused.value.response.status_code == 403
    async with websockets.connect(line, additional_headers=cookie, origin=town.address, open_timeout=60) as own:
        await own.send('{"command": "hello", "id": 1}')
        assert '"welcome"' in await own.recv()


async def test_each_role_sees_what_its_work_needs_and_no_more(town: Town, enter: Enter) -> None:
    agent = await enter("agent")
    await agent.make_ready()
    citizen = await town.call("13900000002", "garbage", talk_s=600)
    await agent.answer()
    call_id = agent.events("call_answered")[0]["call_id"]

    watching = await enter("supervisor")
    tile = watching.at(f"tile-{agent.seat}")
    await expect(tile).to_have_attribute("data-state", "talking")
    await expect(tile).to_contain_text(agent.person.display_name)
    await citizen.hang_up(after_s=15)
    await expect(tile).to_have_attribute("data-state", "wrap_up")
    await expect(watching.at("nav-desk")).to_have_count(1)  # a phone to listen and to help with

    await settled(town, call_id)
    judging = await enter("qa")
    await expect(judging.at("draw-now")).to_be_visible()
    await judging.at("nav-calls").click()
    await expect(judging.at("calls-table")).to_contain_text("139****0002")
    await judging.page.goto(f"/calls/{call_id}")
    await expect(judging.at("recording")).to_have_attribute("data-state", "stored")
    await expect(judging.at("play")).to_be_enabled()
    await expect(judging.at("transcript")).to_contain_text("投诉")
    await expect(judging.at("reveal")).to_have_count(0)
    for forbidden in ("nav-desk", "nav-hall", "nav-status", "case-form"):
        await expect(judging.at(forbidden)).to_have_count(0)
    await judging.page.goto("/desk")
    await expect(judging.at("draw-now")).to_be_visible()
    assert "13900000002" not in await judging.everything()

    keeping = await enter("admin")
    await expect(keeping.at("status-parts").locator('[data-ok="true"]')).to_have_count(5)
    for forbidden in ("nav-calls", "nav-cases", "nav-desk"):
        await expect(keeping.at(forbidden)).to_have_count(0)
    await keeping.page.goto(f"/calls/{call_id}")
    await expect(keeping.at("status-parts")).to_be_visible()
    assert (await keeping.page.request.get(f"/api/calls/{call_id}")).status == 403
    assert (await keeping.page.request.get(f"/api/calls/{call_id}/recording")).status == 403


async def settled(town: Town, call_id: str) -> None:
    """The recording of a call is stored and transcribed."""
    state = ""
    while state != "ready":
        await asyncio.sleep(0.2)
        ((state,),) = await town.ask(select(Call.transcript_state).where(Call.call_id == call_id))
