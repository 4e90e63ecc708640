"""The main job, whole: a citizen calls, an agent answers in the browser, a case is filed, and everything stands."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
import soundfile
from playwright.async_api import expect
from sqlalchemy import select

from asr.written import written
from backend.callbacks.models import Callback
from backend.calls.models import Call, CallFact, Recording, Transcript
from backend.cases.models import Case, CaseEvent
from backend.kernel.clock import BEIJING

from .town import masked

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Enter
    from .desk import Desk
    from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]

NAME = "陈女士"
WHAT = "院内自上周起有人施工，私搭乱建，要求上门回访。"
ADDRESS = "南锣鼓巷20号院"


async def test_a_call_becomes_a_case(town: Town, enter: Enter) -> None:
    agent, bystander, caller = await enter("agent"), await enter("agent"), town.new_number()
    await agent.make_ready()

    dialogue = town.dialogue("illegal-building")
    citizen = await town.call(caller, dialogue.id, talk_s=600)
    await agent.expect_stage("ringing")
    await expect(agent.at("caller-number")).to_have_text(masked(caller))
    await agent.answer()
    await expect_only_masked(caller, agent)
    call_id = agent.events("call_answered")[0]["call_id"]

    await take_down_the_first_half(agent)
    await agent.page.reload()
    await agent.expect_stage("answered")
    await agent.expect_state("talking")
    await agent.expect_talk_goes_on()
    await expect_first_half(agent)
    due_at = await take_down_the_rest(agent)
    number = await agent.file()
    await expect(agent.at("filed-note")).to_contain_text("上门回访")

    (placed,) = await citizen.hang_up(after_s=45)
    assert placed.ending == "ended"
    await agent.expect_state("wrap_up")
    await expect(agent.at("wrap-up")).to_contain_text(re.compile(r"整理剩余\s*(00:[0-5]\d|01:00)"))

    await agent.at("case-number").click()
    await expect(agent.at("case-title")).to_contain_text(number)
    await expect(agent.at("callback")).to_have_attribute("data-state", "scheduled")
    await expect(agent.at("callback")).to_contain_text("上门回访")
    await expect(agent.at("callback")).to_contain_text(due_at)
    await expect_only_masked(caller, agent)
    await agent.at("to-call").click()
    await expect_recording_and_transcript(agent, [written(turn.say.replace(" ", "")) for turn in dialogue.turns])
    await expect_only_masked(caller, agent)

    assert agent.popups() == {call_id}
    assert bystander.popups() == set()
    await bystander.expect_stage("idle")
    await expect_only_masked(caller, bystander)
    await expect_on_record(town, agent, caller, call_id, number, due_at)
    await expect_known_at_the_next_call(town, agent, bystander, caller, number)


async def expect_only_masked(caller: str, desk: Desk) -> None:
    """The whole number is nowhere: not in the page, not in what came over the line."""
    assert caller not in await desk.everything()
    assert caller not in json.dumps(desk.heard)


async def take_down_the_first_half(agent: Desk) -> None:
    await expect(agent.at("what")).to_be_focused()
    await agent.page.keyboard.type(WHAT)
    await agent.write("citizen-name", NAME)
    await agent.write("address", ADDRESS)
    await agent.choose("street", "jdk", "交道口街道")
    await agent.expect_saved()


async def expect_first_half(agent: Desk) -> None:
    await expect(agent.at("what")).to_have_value(WHAT)
    await expect(agent.at("citizen-name")).to_have_value(NAME)
    await expect(agent.at("address")).to_have_value(ADDRESS)
    await expect(agent.at("street")).to_contain_text("交道口街道")
    await agent.expect_saved()


async def take_down_the_rest(agent: Desk) -> str:
    """Community, class, urgency and a visit; gives the visit's time as it stands in the field."""
    await agent.choose("community", "南锣", "南锣鼓巷社区")
    await agent.choose("class", "wfjs", "违法建设")
    await expect(agent.at("class-hint")).to_contain_text("办理时限")
    await agent.page.keyboard.press("Alt+2")
    await expect(agent.at("urgency").locator(".is-active")).to_contain_text("紧急")
    await agent.at("callback-way-visit").click()
    await agent.at("callback-pick-tomorrow_morning").click()
    await agent.expect_saved()
    return await agent.page.locator(".case-form .el-date-editor input").input_value()


async def expect_recording_and_transcript(agent: Desk, said: list[str]) -> None:
    await expect(agent.at("recording")).to_have_attribute("data-state", "stored", timeout=300_000)
    await expect(agent.at("transcript")).to_have_attribute("data-state", "ready", timeout=300_000)
    turns = agent.page.locator('[data-testid="turn"][data-leg="caller"] .text')
    await expect(turns.first).to_be_visible()
    heard = "".join(await turns.all_inner_texts())
    assert [words for words in said if words not in heard] == []
    await agent.at("play").click()
    await expect(agent.at("position")).to_have_text(re.compile(r"^(?!00:00)\d\d:\d\d / \d\d:\d\d$"))
    await agent.at("play").click()


async def expect_on_record(town: Town, agent: Desk, caller: str, call_id: str, number: str, due_at: str) -> None:
    """What PostgreSQL and the store hold agrees with what the screen said."""
    ((call,),) = await town.ask(select(Call).where(Call.call_id == call_id))
    ((case,),) = await town.ask(select(Case).where(Case.number == number))
    ((callback,),) = await town.ask(select(Callback).where(Callback.case_id == case.case_id))
    ((recording,),) = await town.ask(select(Recording).where(Recording.call_id == call_id))
    ((transcript,),) = await town.ask(select(Transcript).where(Transcript.call_id == call_id))
    entries = await town.ask(select(CaseEvent.kind).where(CaseEvent.case_id == case.case_id))
    facts = await town.ask(select(CallFact.kind).where(CallFact.call_id == call_id).order_by(CallFact.n))
    kinds = [fact.kind for fact in facts]
    assert number == f"96010-{case.filed_at.astimezone(BEIJING):%Y%m%d}-{int(number[-6:]):06d}"
    assert (case.call_id, case.caller_number, case.citizen_name, case.what) == (call_id, caller, NAME, WHAT)
    assert (case.street_name, case.community_name, case.address) == ("交道口街道", "南锣鼓巷社区", ADDRESS)
    assert (case.class_name, case.urgency, case.status) == ("违法建设", "urgent", "filed")
    assert case.filed_by == agent.person.display_name
    assert {entry.kind for entry in entries} == {"filed", "callback_scheduled"}
    due = datetime.strptime(due_at, "%Y-%m-%d %H:%M").replace(tzinfo=BEIJING)
    assert (callback.way, callback.state, callback.due_at) == ("visit", "scheduled", due)
    assert (call.stage, call.outcome, call.seat, call.hung_up_by) == ("ended", "answered", agent.seat, "caller")
    assert [kinds[0], kinds[-1]] == ["call_arrived", "call_ended"]
    assert {"seat_ringing", "call_answered", "talk_ended"} <= set(kinds)
    assert transcript.state == "ready"
    expect_two_legs(town.platform.installation.state / "recordings" / str(recording.key), recording)


def expect_two_legs(stored: Path, recording: Recording) -> None:
    """Two channels in FLAC, of which the left one is the citizen's, and the very bytes that were hashed."""
    assert hashlib.sha256(stored.read_bytes()).hexdigest() == recording.sha256
    samples, rate = soundfile.read(stored, dtype="int16", always_2d=True)
    assert (soundfile.info(stored).format, rate, samples.shape[1]) == ("FLAC", 8000, 2)
    assert abs(samples[:, 0]).max() > 1000, "the citizen is not heard on the left"
    assert abs(samples[:, 1]).max() > 1000, "the seat is not heard on the right"


async def expect_known_at_the_next_call(
    town: Town, earlier: Desk, free_longest: Desk, caller: str, number: str
) -> None:
    """The same citizen calls again: the seat that took his open case rings alone, though another is free for longer."""
    await earlier.at("nav-desk").click()
    await free_longest.make_ready()
    await earlier.make_ready()
    known, unknown = earlier.popups(), free_longest.popups()
    citizen = await town.call(caller, talk_s=600)
    await earlier.answer()
    await expect(earlier.at("caller-panel")).to_contain_text(NAME)
    await expect(earlier.at("open-cases").locator("li").first).to_contain_text(WHAT)
    await expect_only_masked(caller, earlier)
    assert free_longest.popups() == unknown
    assert len(earlier.popups() - known) == 1
    await earlier.hang_up()
    await citizen.finished()
    await free_longest.at("nav-cases").click()
    await expect(free_longest.at("cases-table")).to_contain_text(number)
    await free_longest.at("case-search").fill(f"私搭乱建 {NAME[0]}")
    await expect(free_longest.at("cases-table").locator("mark").first).to_have_text("私搭乱建")
    await free_longest.at("case-search").fill("没有这样的词句")
    await expect(free_longest.at("cases-table")).not_to_contain_text(number)
