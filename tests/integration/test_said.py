"""Search in everything that was said, and clips, through the API of a real server on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from sqlalchemy import select, text, update

from asr.audio import StoredRecording
from asr.checks.example import Example
from backend.calls import outcomes
from backend.calls.models import Call
from backend.identity.models import AuditEntry
from backend.kernel import clock
from backend.kernel.files import FileStore
from telephony import facts as f

from .hall import ConsoleHall, answered, ringing
from .test_case_list import an_agent, filed

pytestmark = pytest.mark.integration

LAMP = [("caller", 1.0, "胡同 里面 路灯 坏 了"), ("seat", 4.0, "这个 不归我管"), ("seat", 8.0, "您 的 路灯 我 记录 了")]
WATER = [("caller", 1.0, "我 家 停水 三 天 了"), ("seat", 4.0, "感谢 您的 来电 再见")]
POLITE = [("caller", 1.0, "路灯 不亮 了 谢谢"), ("seat", 4.0, "感谢 您的 来电 再见")]


async def said(hall: ConsoleHall, call_id: str, talk: Sequence[tuple[str, float, str]], seat: str = "8001") -> None:
    """A call that was answered, recorded and transcribed."""
    await hall.tell(*ringing(call_id, seat), answered(call_id, seat))
    ended = f.CallEnded(
        at=clock.now(), call_id=call_id, outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=16
    )
    await hall.tell(ended)
    stored = StoredRecording(Path("none"), "0" * 64, 1, 9000, "flac", None)
    async with hall.database.transaction() as tx:
        await outcomes.recording_stored(tx, call_id, f"{call_id}.flac", stored, clock.now())
    await heard(hall, call_id, talk)


async def heard(hall: ConsoleHall, call_id: str, talk: Sequence[tuple[str, float, str]]) -> None:
    lines = [{"who": who, "at_s": at_s, "say": say} for who, at_s, say in talk]
    transcript = Example.model_validate({"name": "test", "talk": lines, "finds": []}).transcript()
    async with hall.database.transaction() as tx:
        assert await outcomes.transcript_ready(tx, call_id, transcript, clock.now())


TELLS = [("seat", 0.5, "请问 您 的 电话"), ("caller", 3.0, "一 三 八"), ("caller", 5.0, "零 零 零 零 一 二 三 四")]


async def test_a_number_that_was_said_is_hidden_until_somebody_gives_a_reason(hall: ConsoleHall) -> None:
    await said(hall, "tells", TELLS)
    async with hall.browser("boss") as boss, hall.browser("qa") as qa:
        for path in ("calls/tells", "said?q=三八", "said?q=1234", "said?q=13800001234"):
            seen = await qa.get(f"/api/{path}")
            assert seen.status_code == 200
            assert not any(each in seen.text for each in ("零零零零", "00001234", "13800001234")), path
        turns = (await qa.get("/api/calls/tells")).json()["transcript"]["turns"]
        assert [(turn["text"], turn["hides"]) for turn in turns if turn["leg"] == "caller"] == [
            ("一三八", False),
            ("****一二三四", True),
        ]
        reveal = "/api/calls/tells/transcript/reveal"
        assert (await qa.post(reveal, json={"reason": "核对"})).status_code == 403
        assert (await boss.post(reveal, json={"reason": " "})).json()["error"] == "ReasonMissing"
        whole = (await boss.post(reveal, json={"reason": "核对回访号码"})).json()
        assert "零零零零一二三四" in [turn["text"] for turn in whole["turns"]]
    async with hall.database.transaction() as tx:
        looked = select(AuditEntry.username, AuditEntry.detail).where(AuditEntry.action == "number_revealed")
        assert (await tx.session.execute(looked)).all() == [("boss", {"reason": "核对回访号码", "transcript": 1})]
        searched = select(AuditEntry.detail["q"].astext).where(AuditEntry.action == "said_searched")
        assert set((await tx.session.execute(searched)).scalars()) == {"三八", "1234", "138****1234"}


@pytest.fixture
async def calls(hall: ConsoleHall) -> ConsoleHall:
    """Three calls: a lamp with a forbidden word, water, and a lamp that ended politely."""
    for call_id, talk in (("lamp", LAMP), ("water", WATER), ("polite", POLITE)):
        await said(hall, call_id, talk)
    return hall


async def found(browser: httpx.AsyncClient, **asked: Any) -> list[str]:
    answer = await browser.get("/api/said", params=asked)
    assert answer.status_code == 200, answer.text
    return [call["call_id"] for call in answer.json()["items"]]


async def test_words_phrases_legs_and_what_was_not_said(calls: ConsoleHall) -> None:
    async with calls.browser("qa") as qa:
        assert await found(qa, q="路灯") == ["polite", "lamp"]
        assert await found(qa, q="路灯", leg="seat") == ["lamp"]
        assert await found(qa, q="路灯", without="感谢") == ["lamp"]
        assert await found(qa, q="路灯", without="感谢", leg="caller") == ["polite", "lamp"]
        assert await found(qa, q="感谢", without="路灯") == ["water"]
        assert await found(qa, q="路灯 再见") == ["polite"]
        assert await found(qa, q="归我") == ["lamp"]
        assert await found(qa, q='"感谢您的来电"') == ["polite", "water"]
        # no word runs from one turn into the next, or from one speaker to the other
        assert await found(qa, q="坏了这个") == []
        assert await found(qa, q="管您的") == []
        assert await found(qa, q="灯路") == []


async def test_a_find_says_the_second_in_which_the_word_begins(calls: ConsoleHall) -> None:
    async with calls.browser("qa") as qa:
        [call] = (await qa.get("/api/said", params={"q": "不归我管"})).json()["items"]
    [turn] = call["turns"]
    assert (turn["leg"], turn["start_ms"], turn["at_ms"], turn["text"]) == ("seat", 4000, 4500, "这个不归我管")
    assert (call["seat"], call["more_turns"], call["case_number"]) == ("8001", 0, None)
    async with calls.browser("qa") as qa:
        [call] = (await qa.get("/api/said", params={"q": "路灯", "leg": "seat"})).json()["items"]
    assert [(turn["at_ms"], turn["start_ms"]) for turn in call["turns"]] == [(8500, 8000)]


async def test_numbers_are_found_as_spoken_and_as_written(calls: ConsoleHall) -> None:
    await said(calls, "number", [("caller", 1.0, "电话 是 一 三 八 零 零 五 二 六 七 四 九")])
    async with calls.browser("qa") as qa:
        assert await found(qa, q="八零零五") == ["number"]
        assert await found(qa, q="8005") == ["number"]


async def test_pages_follow_each_other_without_gap_or_double(hall: ConsoleHall) -> None:
    for number in range(5):
        await said(hall, f"c{number}", LAMP)
    async with hall.browser("qa") as qa:
        got: list[str] = []
        cursor: str | None = None
        while True:
            asked = {"q": "路灯", "limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await qa.get("/api/said", params=asked)).json()
            got += [call["call_id"] for call in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
    assert got == ["c4", "c3", "c2", "c1", "c0"]


async def test_a_rare_word_beyond_the_newest_calls_is_found_by_the_index(
    calls: ConsoleHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.said.repository.WALK", 1)
    async with calls.browser("qa") as qa:
        assert await found(qa, q="停水") == ["water"]
        assert await found(qa, q="路灯") == ["polite", "lamp"]
        assert await found(qa, q="停") == ["water"]


async def test_days_agents_and_a_better_transcript(calls: ConsoleHall) -> None:
    async with calls.database.transaction() as tx:
        long_ago = clock.now() - timedelta(days=40)
        await tx.session.execute(update(Call).where(Call.call_id == "lamp").values(arrived_at=long_ago))
        await tx.session.execute(text("UPDATE call_said SET arrived_at = :at WHERE call_id = 'lamp'"), {"at": long_ago})
    today = clock.now().date()
    async with calls.browser("qa") as qa:
        assert await found(qa, q="路灯", said_from=str(today - timedelta(days=2))) == ["polite"]
        assert await found(qa, q="路灯", said_to=str(today - timedelta(days=2))) == ["lamp"]
        assert await found(qa, q="路灯", agent="nobody") == []
        answer = await qa.get("/api/said", params={"q": "x", "said_from": str(today), "said_to": "2020-01-01"})
        assert (answer.status_code, answer.json()["error"]) == (400, "PeriodReversed")
    async with calls.database.transaction() as tx:
        assert await outcomes.transcript_asked_again(tx, "polite")
    await heard(calls, "polite", WATER)
    async with calls.browser("qa") as qa:
        assert await found(qa, q="路灯") == ["lamp"]
        assert sorted(await found(qa, q="停水")) == ["polite", "water"]


async def test_only_what_a_class_or_an_agent_is_about_is_found(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.console("li") as li:
        await hall.take_seat(wang, "8001")
        await hall.take_seat(li, "8002")
        await said(hall, "lamp", LAMP, "8001")
        await said(hall, "polite", POLITE, "8002")
    await filed(hall, await an_agent(hall), 1, "13800001234", call_id="lamp", class_code="0102")
    async with hall.browser("qa") as qa:
        assert await found(qa, q="路灯", class_code="0102") == ["lamp"]
        assert await found(qa, q="路灯", class_code="01") == ["lamp"]
        assert await found(qa, q="路灯", class_code="02") == []
        assert await found(qa, q="路灯", class_code="_1") == []
        assert await found(qa, q="路灯", agent="li") == ["polite"]
        assert await found(qa, q="路灯", agent="wang", without="记录", leg="caller") == ["lamp"]
        [call] = (await qa.get("/api/said", params={"q": "路灯", "class_code": "0102"})).json()["items"]
    assert call["case_number"]


async def test_who_searches_is_written_down_and_who_may_not_finds_nothing(calls: ConsoleHall) -> None:
    async with calls.browser("qa") as qa:
        await found(qa, q="路灯", without="感谢", leg="seat")
        for empty in (" ", '""', "\u200b"):
            answer = await qa.get("/api/said", params={"q": empty})
            assert answer.json()["error"] == "NothingToFind"
        for odd in ({"q": "灯", "agent": "\x00"}, {"q": "灯", "class_code": "\x00%"}, {"q": "\x00"}, {"q": "灯" * 201}):
            assert (await qa.get("/api/said", params=odd)).json()["error"] == "InputInvalid"
        assert (await qa.get("/api/said", params={"q": "灯", "cursor": "odd"})).json()["error"] == "CursorInvalid"
    for who in ("wang", "admin", None):
        async with calls.browser(who) as browser:
            assert (await browser.get("/api/said", params={"q": "路灯"})).status_code in (401, 403)
    async with calls.browser("boss") as boss:
        await found(boss, q="停水")
    async with calls.database.transaction() as tx:
        query = select(AuditEntry).where(AuditEntry.action == "said_searched").order_by(AuditEntry.at)
        entries = (await tx.session.execute(query)).scalars().all()
    assert entries[0].username == "qa"
    assert entries[0].detail == {"q": "路灯", "without": "感谢", "leg": "seat", "further": False}
    assert (entries[-1].username, entries[-1].detail) == ("boss", {"q": "停水", "further": False})


async def _recorded(hall: ConsoleHall, call_id: str, tmp_path: Path) -> np.ndarray[Any, Any]:
    """Give the call four seconds of sound; returns its samples."""
    samples = np.random.default_rng(1).integers(-3000, 3000, (32_000, 2), dtype=np.int16)
    local = tmp_path / f"{call_id}.flac"
    soundfile.write(local, samples, 8000, subtype="PCM_16")
    files: FileStore = hall.app.state.files
    await asyncio.to_thread(files.put, local, f"{call_id}.flac")
    return samples


async def test_a_clip_is_the_very_sound_with_its_hash_and_its_reason(calls: ConsoleHall, tmp_path: Path) -> None:
    samples = await _recorded(calls, "lamp", tmp_path)
    asked = {"from_ms": 1000, "to_ms": 2500, "reason": "申诉复核"}
    async with calls.browser("qa") as qa:
        answers = [await qa.post("/api/calls/lamp/clips", json=asked) for _ in range(2)]
    contents = []
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-disposition"] == 'attachment; filename="lamp_1000-2500.zip"'
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        sound, manifest = archive.read("clip.flac"), json.loads(archive.read("manifest.json"))
        assert hashlib.sha256(sound).hexdigest() == manifest["clip_sha256"] == answer.headers["x-clip-sha256"]
        assert (manifest["from_ms"], manifest["to_ms"], manifest["reason"]) == (1000, 2500, "申诉复核")
        assert (manifest["recording_sha256"], manifest["taken_by"]) == ("0" * 64, "qa")
        assert np.array_equal(soundfile.read(io.BytesIO(sound), dtype="int16")[0], samples[8000:20_000])
        contents.append(sound)
    assert contents[0] == contents[1]
    async with calls.database.transaction() as tx:
        query = select(AuditEntry).where(AuditEntry.action == "clip_taken")
        entries = (await tx.session.execute(query)).scalars().all()
    digest = hashlib.sha256(contents[0]).hexdigest()
    assert [(each.object_id, each.detail["reason"], each.detail["sha256"]) for each in entries] == [
        ("lamp", "申诉复核", digest)
    ] * 2


async def test_no_clip_without_a_reason_a_right_or_a_recording(calls: ConsoleHall, tmp_path: Path) -> None:
    await _recorded(calls, "lamp", tmp_path)
    good = {"from_ms": 1000, "to_ms": 2500, "reason": "申诉复核"}
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"reason": " "}, "ClipReasonMissing"),
        ({"from_ms": 2500}, "ClipReversed"),
        ({"to_ms": 1000 + 10 * 60 * 1000 + 1}, "ClipTooLong"),
        ({"from_ms": 9000, "to_ms": 9500}, "ClipOutside"),
        ({"from_ms": -1}, "InputInvalid"),
    ]
    async with calls.browser("qa") as qa:
        for change, error in refusals:
            answer = await qa.post("/api/calls/lamp/clips", json=good | change)
            assert answer.status_code in (400, 422)
            assert answer.json()["error"] == error
        assert (await qa.post("/api/calls/nobody/clips", json=good)).json()["error"] == "CallUnknown"
        assert (await qa.post("/api/calls/water/clips", json=good)).json()["error"] == "FileMissing"
    for who in ("wang", "admin", None):
        async with calls.browser(who) as browser:
            assert (await browser.post("/api/calls/lamp/clips", json=good)).status_code in (401, 403)
    async with calls.database.transaction() as tx:
        query = select(AuditEntry).where(AuditEntry.action == "clip_taken")
        assert (await tx.session.execute(query)).first() is None
