"""A call is reviewed with its real recording, its agent appeals and learns, and another reviewer decides."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from playwright.async_api import expect
from sqlalchemy import func, select

from backend.identity.models import AuditEntry
from backend.kernel import clock
from backend.quality.models import CallCheck, QualityHit

if TYPE_CHECKING:
    from playwright.async_api import Route

    from .conftest import Enter
    from .desk import Desk
    from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]

NUMBER, MASKED = "13910086611", "139****6611"
POSITION = re.compile(r"^00:0[3-9]")


async def recorded_call(town: Town, agent: Desk) -> str:
    """A call that this agent took, with its recording and a fatal hit in it."""
    await agent.make_ready()
    citizen = await town.call(NUMBER, "elevator", talk_s=600)
    await agent.answer()
    await citizen.hang_up(after_s=15)
    call_id = str(agent.events("call_answered")[0]["call_id"])
    checked = select(CallCheck.call_id).where(CallCheck.call_id == call_id)
    while not await town.ask(checked):  # until then a check would take the planted hit away again
        await asyncio.sleep(0.2)
    async with town.database() as database, database.transaction() as tx:
        tx.session.add(
            QualityHit(
                hit_id=uuid4(), call_id=call_id, rule_id="forbidden-words", rule_version=1, kind="forbidden_words",
                leg="seat", from_ms=5000, to_ms=6500, text="不归我管", severity="fatal", sure=True, points=20,
                transcript_revision=1, found_at=clock.now(),
            )
        )  # fmt: skip
    return call_id


async def plays(town: Town, call_id: str, desk: Desk) -> int:
    """How often this person began to hear the recording, by the audit log."""
    entries = select(func.count()).where(
        AuditEntry.action == "recording_played",
        AuditEntry.object_id == call_id,
        AuditEntry.username == desk.person.username,
    )
    return int((await town.ask(entries))[0][0])


async def judge(town: Town, qa: Desk, call_id: str) -> None:
    """The reviewer's work, by keys alone."""
    await qa.page.goto(f"/calls/{call_id}")
    await qa.at("pick-review").click()
    await expect(qa.at("review-bench")).to_contain_text(MASKED)
    hit = qa.at("hit").filter(has_text="不归我管")
    await expect(hit).to_be_visible()
    await expect(qa.page.locator(".wave")).to_have_attribute("aria-busy", "false")
    await expect(qa.page.locator(".wave [part~=region]").first).to_be_visible()
    assert await plays(town, call_id, qa) == 0, "to look is not to listen"
    heard = asyncio.Event()  # the sound comes only then: until it does, the position stands
    await qa.page.route(f"**/api/calls/{call_id}/recording", partial(after, heard))
    for _ in range(20):
        await qa.page.keyboard.press("j")
        if await hit.get_by_role("button").first.get_attribute("aria-current") == "true":
            break
    await expect(qa.at("position")).to_have_text(POSITION)
    await expect(qa.at("play")).to_contain_text("暂停")
    await qa.page.keyboard.press("Space")
    await expect(qa.at("play")).to_contain_text("播放")
    heard.set()
    await qa.page.keyboard.press("Space")  # a browser may have given up what it asked for while nobody listened
    while await plays(town, call_id, qa) == 0:
        await asyncio.sleep(0.05)
    await qa.page.keyboard.press("t")
    await expect(qa.at("saved-badge")).to_have_attribute("data-state", "saved")
    await expect(qa.at("score-now")).to_contain_text("致命")
    await qa.page.keyboard.press("x")
    for level in (5, 4, 5, 5, 3, 5, 5, 0, 5):
        await qa.page.keyboard.press(str(level))
    await expect(qa.at("saved-badge")).to_have_text(re.compile(r"已保存 \d\d:\d\d:\d\d"))
    await qa.page.keyboard.press("f")
    fatal = qa.at("score-sheet").locator("fieldset input").first
    await qa.page.keyboard.press("Space")
    await expect(fatal).to_be_checked()
    await qa.page.keyboard.press("Space")
    await expect(fatal).not_to_be_checked()
    await qa.page.keyboard.press("Escape")
    await expect(fatal).not_to_be_focused()
    await qa.page.keyboard.press("m")
    await qa.at("remark-text").fill("这里没有复述地点")
    await qa.at("remark-coach").click()
    await expect(qa.at("coaching-given")).to_contain_text("未读")
    await qa.page.keyboard.press("m")
    await qa.at("remark-text").fill("语气很好")
    await qa.page.keyboard.press("Enter")
    await expect(qa.at("remark")).to_contain_text("语气很好")
    await expect(qa.at("saved-badge")).to_have_attribute("data-state", "saved")
    await qa.page.reload()
    await expect(qa.at("remark")).to_contain_text("语气很好")


async def finish(qa: Desk) -> str:
    """Give the score; what is yet undecided is asked for first."""
    await expect(qa.at("score-now")).to_be_visible()
    await qa.page.keyboard.press("Control+Enter")
    await expect(qa.at("review-bench").get_by_test_id("score-tag")).to_be_visible()
    return await qa.at("review-bench").get_by_test_id("score-tag").inner_text()


async def after(moment: asyncio.Event, route: Route) -> None:
    """The server answers only then."""
    await moment.wait()
    await route.continue_()


async def test_a_call_is_judged_appealed_against_and_learned_from(town: Town, enter: Enter) -> None:
    agent = await enter("agent")
    call_id = await recorded_call(town, agent)
    first, second = await enter("qa"), await enter("qa")
    await judge(town, first, call_id)
    given = await finish(first)

    asked = asyncio.Event()
    await agent.page.route(f"**/api/calls/{call_id}", partial(after, asked))
    await agent.page.goto("/my-quality")
    await agent.at("own-result").first.click()
    await expect(agent.at("own-detail").get_by_test_id("score-sheet")).to_contain_text("语气很好")
    assert first.person.display_name not in await agent.at("own-detail").inner_text()
    await expect(agent.at("own-detail").get_by_test_id("recording")).to_have_count(0)
    heard = asyncio.Event()  # the clip is short
    await agent.page.route(f"**/api/calls/{call_id}/recording", partial(after, heard))
    await agent.at("hear-clip").click()
    asked.set()
    await expect(agent.at("own-detail").get_by_test_id("play")).to_contain_text("暂停")
    heard.set()
    await agent.at("mark-read").click()
    await expect(agent.at("read-at")).to_contain_text("已确认")
    await agent.at("appeal-reason").fill("后面补充复述过")
    await agent.at("appeal-send").click()
    await expect(agent.at("appeal")).to_contain_text("后面补充复述过")
    await expect(agent.at("appeal-reason")).to_have_count(0)

    await expect(first.at("coaching-given")).to_contain_text("未读")
    await second.page.goto("/reviews")
    await second.at("review-queue").locator(f"[data-call='{call_id}']").click()
    await expect(second.at("appeal")).to_contain_text("后面补充复述过")
    await second.at("decide-reason").fill("听录音确有复述")
    await expect(second.at("change")).to_be_disabled()
    await second.page.reload()
    await expect(second.at("decide-reason")).to_have_value("听录音确有复述")
    await second.page.locator("[data-code=repeating]").get_by_role("radio", name="5", exact=True).click()
    await expect(second.at("change")).to_be_enabled()
    await second.page.keyboard.press("Control+Enter")
    await expect(second.at("appeal-outcome")).to_contain_text("已改判")
    changed = await second.at("review-bench").get_by_test_id("score-tag").inner_text()
    assert int(changed.split()[0]) > int(given.split()[0])
    await expect(agent.at("appeal-outcome")).to_contain_text("已改判")


async def test_what_was_saved_elsewhere_overwrites_nothing_that_was_filled_in(town: Town, enter: Enter) -> None:
    agent = await enter("agent")
    call_id = await recorded_call(town, agent)
    qa = await enter("qa")
    await qa.page.goto(f"/calls/{call_id}")
    await qa.at("pick-review").click()
    await expect(qa.at("review-note")).to_be_visible()
    other = await qa.page.context.new_page()
    await other.goto(qa.page.url)
    await other.get_by_test_id("review-note").fill("另一个窗口写的")
    await expect(other.get_by_test_id("saved-badge")).to_have_attribute("data-state", "saved")
    await qa.at("review-note").fill("这个窗口写的")
    await expect(qa.at("sheet-stale")).to_be_visible()
    await expect(qa.at("review-note")).to_have_value("这个窗口写的")
    await qa.at("keep-mine").click()
    await expect(qa.at("saved-badge")).to_have_attribute("data-state", "saved")
    await other.reload()
    await expect(other.get_by_test_id("review-note")).to_have_value("这个窗口写的")
