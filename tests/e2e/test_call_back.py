"""A citizen is called back: the carrier sees 96010, they talk, the result is filed by key, the case tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from backend.callbacks.models import Callback, CallbackAttempt
from backend.calls.models import Call, Recording
from telephony.simulate.answering import Manner, answering_citizens

from .town import masked

if TYPE_CHECKING:
    from .conftest import Enter
    from .desk import Desk
    from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]


async def file_a_case(town: Town, agent: Desk, number: str) -> str:
    """A citizen calls, the case is filed with a callback by phone; the number of the case."""
    await agent.make_ready()
    citizen = await town.call(number, talk_s=600)
    await agent.answer()
    await agent.at("what").fill("楼道照明损坏，夜间出行不便。")
    await agent.choose("street", "天坛", "天坛街道")
    await agent.choose("class", "交通", "交通")
    await agent.at("callback-pick-tomorrow_morning").click()
    case_number = await agent.file()
    await agent.hang_up()
    await citizen.finished()
    return case_number


async def test_a_citizen_is_called_back_and_the_case_tells_how_it_went(town: Town, enter: Enter) -> None:
    agent = await enter("agent")
    assert town.platform.pbx is not None
    glad, busy = town.new_number(), town.new_number()
    await file_a_case(town, agent, glad)
    port = town.platform.pbx.ports.trunk
    voice = town.stage.legs.seats[1]
    async with answering_citizens(town.stage, port, {busy: Manner.BUSY}, talk_s=600, voice=voice) as citizens:
        await agent.at("nav-callbacks").click()
        row = agent.at("callbacks-table").locator("tr").filter(has_text=masked(glad))
        await row.get_by_test_id("dial-citizen").click()
        bar = agent.at("attempt-bar")
        await expect(bar).to_have_attribute("data-stage", "talking")
        await expect(agent.at("attempt-number")).to_have_text(masked(glad))
        await agent.expect_state("talking")
        while await agent.packets_heard() < 50:
            await agent.page.wait_for_timeout(50)
        await agent.page.keyboard.press("F4")
        await expect(bar).to_have_attribute("data-stage", "ended")
        await expect(agent.at("result-reached")).to_have_class("el-button el-button--primary")
        await agent.page.keyboard.press("1")
        await expect(bar).to_have_count(0)
        (called,) = citizens.called(glad)
        assert (called.shown, called.asserted) == ("96010", "96010")

        await agent.at("nav-desk").click()
        await agent.expect_state("wrap_up")
        number = await file_a_case(town, agent, busy)
        await agent.at("nav-cases").click()
        await agent.at("cases-table").get_by_text(number).click()
        await agent.at("case-callbacks").get_by_test_id("dial-citizen").click()
        await expect(agent.at("result-busy")).to_have_class("el-button el-button--primary")
        await agent.page.keyboard.press("2")
        await expect(bar).to_have_count(0)
        await expect(agent.at("attempt")).to_have_attribute("data-result", "busy")
        await expect(agent.page.locator("ol")).to_contain_text("致电市民")
        await expect(agent.page.locator("ol")).to_contain_text("占线")
        await expect(agent.at("case-callbacks").get_by_test_id("dial-citizen")).to_be_disabled()
        assert len(citizens.called(busy)) == 1

    attempts = select(CallbackAttempt).where(CallbackAttempt.seat == agent.seat).order_by(CallbackAttempt.at)
    (reached, waiting) = [row[0] for row in await town.ask(attempts)]
    ((promise,),) = await town.ask(select(Callback).where(Callback.callback_id == reached.callback_id))
    ((again,),) = await town.ask(select(Callback).where(Callback.callback_id == waiting.callback_id))
    ((call,),) = await town.ask(select(Call).where(Call.call_id == reached.call_id))
    assert (reached.result, promise.state) == ("reached", "done")
    assert (waiting.result, again.state, again.attempts) == ("busy", "scheduled", 1)
    assert again.not_before is not None
    assert (call.direction, call.outcome, call.seat, call.hung_up_by) == ("outbound", "answered", agent.seat, "seat")
    while not (stored := await town.ask(select(Recording).where(Recording.call_id == reached.call_id))):
        await agent.page.wait_for_timeout(200)
    assert stored[0][0].state == "stored"
