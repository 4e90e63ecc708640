"""An inspector looks for what an agent must never say, hears that very second, and takes a clip for an appeal."""

from __future__ import annotations

import asyncio
import hashlib
import json
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import soundfile
from playwright.async_api import expect
from sqlalchemy import select

from asr.audio import StoredRecording
from asr.checks.example import Example
from backend.app.config import hall_times
from backend.calls import outcomes
from backend.calls.recorder import CallRecorder
from backend.identity.models import AuditEntry
from backend.kernel import clock
from backend.kernel.files import FileStore
from telephony import facts as f

from .desk import Desk
from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(300),
]

Enter = Callable[[str], Awaitable[Desk]]
LENGTH_S = 20
TALK = [
    {"who": "caller", "at_s": 1.0, "say": "您好 胡同 里面 路灯 坏 了 没有 人 管"},
    {"who": "seat", "at_s": 8.0, "say": "路灯 的 事 不归我管 你去找别人"},
]


async def a_rude_call(town: Town, call_id: str, folder: Path) -> None:
    """A call of yesterday as the platform keeps it: its facts, its recording, its transcript."""
    at = clock.now()
    seat = town.next_seat()
    arrived = f.CallArrived(
        at=at, call_id=call_id, caller_number="13800001234", caller_known=True, caller_name="", dialed_number="96010",
        channel="PJSIP/trunk-1",
    )  # fmt: skip
    rang = f.SeatRinging(at=at, call_id=call_id, seat=seat, channel=f"PJSIP/{seat}-1")
    taken = f.CallAnswered(at=at, call_id=call_id, seat=seat, channel=f"PJSIP/{seat}-1")
    over = f.CallEnded(at=at, call_id=call_id, outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=16)
    sound = folder / f"{call_id}.flac"
    noise = np.random.default_rng(2).integers(-4000, 4000, (LENGTH_S * 8000, 2), dtype=np.int16)
    soundfile.write(sound, noise, 8000, subtype="PCM_16")
    files = FileStore(town.installation.recording_store)
    digest = await asyncio.to_thread(files.put, sound, f"{call_id}.flac")
    stored = StoredRecording(sound, digest, sound.stat().st_size, LENGTH_S * 1000, "flac", None)
    heard = Example.model_validate({"name": "rude", "talk": TALK, "length_s": LENGTH_S, "finds": []}).transcript()
    async with town.database() as database:
        recorder = CallRecorder(database, host="hotline", times=hall_times(town.installation))
        await recorder.store(uuid4(), [arrived, rang, taken, over])
        await recorder.close()
        async with database.transaction() as tx:
            await outcomes.recording_stored(tx, call_id, f"{call_id}.flac", stored, at)
            assert await outcomes.transcript_ready(tx, call_id, heard, at)


async def test_an_inspector_finds_a_forbidden_word_hears_it_and_takes_a_clip(
    town: Town, enter: Enter, tmp_path: Path
) -> None:
    call_id = f"said-{uuid4()}"
    await a_rude_call(town, call_id, tmp_path)
    qa = await enter("qa")
    await qa.at("nav-said").click()
    await qa.at("said-what").fill("路灯 归我")
    await qa.page.keyboard.press("Enter")
    found = qa.page.locator(f'[data-call="{call_id}"]')
    await expect(found.get_by_test_id("found-turn")).to_have_count(2)
    await expect(found.locator("mark").last).to_have_text("归我")

    # what was said, but not in the end; then only what the seat said
    await qa.at("said-without").fill("胡同")
    await qa.at("said-search").click()
    await expect(found).to_have_count(0)
    await qa.at("said-leg").get_by_text("坐席").click()
    await qa.at("said-search").click()
    await expect(found.get_by_test_id("found-turn")).to_have_count(1)

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
    assert actions.count("said_searched") == 3
    assert actions.index("clip_taken") < actions.index("recording_played")
    assert qa.troubles == []
