"""An inspector looks for what an agent must never say, hears that very second, and takes a clip for an appeal."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from backend.identity.models import AuditEntry

from .desk import Desk
from .talks import stored_call
from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]

Enter = Callable[[str], Awaitable[Desk]]
LENGTH_S = 20
TALK = [
    {"who": "caller", "at_s": 1.0, "say": "您好 胡同 里面 路灯 坏 了 没有 人 管"},
    {"who": "seat", "at_s": 8.0, "say": "路灯 的 事 不归我管 你去找别人"},
]


@asynccontextmanager
async def asked(qa: Desk, what: str) -> AsyncIterator[None]:
    """In the block this is asked of the server, which answers: only then does an empty list say anything."""
    async with qa.page.expect_response(re.compile(f"/api/.*said.*{re.escape(what)}")) as answer:
        yield
    assert (await answer.value).ok
    await expect(qa.page.locator(".found")).to_have_attribute("aria-busy", "false")


async def test_an_inspector_finds_a_forbidden_word_hears_it_and_takes_a_clip(
    town: Town, enter: Enter, tmp_path: Path
) -> None:
    agent = await town.newcomer("agent")
    call_id = await stored_call(town, tmp_path, TALK, length_s=LENGTH_S, agent=agent)
    await town.file_case(call_id=call_id)
    qa = await enter("qa")
    await qa.at("nav-said").click()
    await qa.at("said-what").fill("路灯 归我")
    await qa.page.keyboard.press("Enter")
    found = qa.page.locator(f'[data-call="{call_id}"]')
    await expect(found.get_by_test_id("found-turn")).to_have_count(2)
    await expect(found.locator("mark").last).to_have_text("归我")

    # what was said, but not in the end; then only what the seat said
    await qa.at("said-without").fill("胡同")
    async with asked(qa, "without="):
        await qa.at("said-search").click()
    await expect(found).to_have_count(0)
    await qa.at("said-leg").get_by_text("坐席").click()
    await qa.at("said-search").click()
    await expect(found.get_by_test_id("found-turn")).to_have_count(1)

    # of a class and of an agent; then of an earlier day, when it was not said
    await qa.choose("said-class", "物业服务", "物业服务")
    await qa.write("said-agent", agent.username)
    async with asked(qa, f"agent={agent.username}"):
        await qa.at("said-search").click()
    await expect(qa.page).to_have_url(re.compile(f"agent={agent.username}"))
    await expect(found.get_by_test_id("found-turn")).to_have_count(1)
    async with asked(qa, "said_from=2020-01-01"):
        await qa.page.goto(qa.page.url + "&said_from=2020-01-01&said_to=2020-01-02")
    await expect(qa.at("said-class")).to_contain_text("物业服务")
    await expect(found).to_have_count(0)
    await qa.page.go_back()

    await found.get_by_test_id("found-turn").click()
    await expect(qa.at("position")).to_have_text("00:08 / 00:20")
    await expect(qa.at("turn").last).to_have_attribute("aria-current", "true")

    await qa.at("clip").click()
    await expect(qa.at("clip-take")).to_be_disabled()
    await qa.at("clip-reason").fill("申诉复核")
    async with qa.page.expect_download() as downloading:
        await qa.at("clip-take").click()
    await expect(qa.at("clip-taken")).to_contain_text(call_id)
    file = await (await downloading.value).path()
    with zipfile.ZipFile(file) as archive:
        manifest, sound = json.loads(archive.read("manifest.json")), archive.read("clip.flac")
    assert manifest["clip_sha256"] == hashlib.sha256(sound).hexdigest()
    assert (manifest["from_ms"], manifest["to_ms"], manifest["reason"]) == (6000, 20_000, "申诉复核")

    await qa.page.keyboard.press("Escape")
    await qa.at("play").click()
    await expect(qa.at("position")).not_to_have_text("00:08 / 00:20")

    noted = await town.ask(
        select(AuditEntry.action).where(AuditEntry.username == qa.person.username).order_by(AuditEntry.entry_id)
    )
    actions = [action for (action,) in noted]
    assert actions.count("said_searched") >= 5
    assert actions.index("clip_taken") < actions.index("recording_played")
    assert qa.troubles == []
