"""Recognition as a whole: what goes first, what is heard anew, what is parked, and recordings that are none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from sqlalchemy import select, text, update

from asr.audio import StoredRecording
from asr.demo_model import DEMO_MODEL
from asr.recognizer import RecognitionCrashed, RecognizerPool, transcribe_recording
from asr.transcript import EngineInfo, Transcript
from backend.calls import outcomes
from backend.calls.errors import StoreIncomplete
from backend.calls.hearing import HearingOrder, ask_to_hear, order_of
from backend.calls.models import Call
from backend.calls.models import Transcript as StoredTranscript
from backend.calls.transcripts import Transcriber
from backend.cases.errors import DaysReversed
from backend.identity.models import AuditEntry
from backend.kernel import clock
from backend.kernel.errors import HotlineError
from backend.kernel.files import FileStore
from backend.kernel.jobs import run_worker
from backend.recognition import service
from backend.recognition.haste import hasten
from backend.recognition.renewal import renew
from telephony import facts as f

from .hall import ConsoleHall, answered, ringing
from .loop_hall import open_loop

pytestmark = pytest.mark.integration

RATE = 8000
MODEL = EngineInfo(engine="vosk", engine_version="1", model="small", model_version="a", rate=RATE)
HEARD = Transcript(turns=(), duration_ms=60_000, heard_by=MODEL, cpu_ms=500)


class Recordings:
    """Calls of the hall with stored recordings."""

    def __init__(self, hall: ConsoleHall, folder: Path) -> None:
        self.hall = hall
        self.database = hall.database
        self.folder = folder
        self.files = FileStore(str(folder / "store"))

    async def add(self, call_id: str, local: Path | None = None) -> None:
        """A call that is over, its recording in the store, its transcription asked for."""
        await self.hall.tell(*ringing(call_id, "8001"), answered(call_id, "8001"))
        ended = f.CallEnded(
            at=clock.now(), call_id=call_id, outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=16
        )
        await self.hall.tell(ended)
        key = f"{call_id}{local.suffix if local else '.flac'}"
        if local is not None:
            await asyncio.to_thread(self.files.put, local, key)
        stored = StoredRecording(Path("x"), "0" * 64, 1, 60_000, "flac", None)
        async with self.database.transaction() as tx:
            assert await outcomes.recording_stored(tx, call_id, key, stored, clock.now())
            await ask_to_hear(tx, call_id, order_of(None))

    async def heard(self, call_id: str, by: EngineInfo = MODEL) -> None:
        """Its text is there, and its job done."""
        await self.add(call_id)
        async with self.database.transaction() as tx:
            await outcomes.transcript_ready(tx, call_id, HEARD.model_copy(update={"heard_by": by}), clock.now())
            await tx.session.execute(text("DELETE FROM pgqueuer"))

    async def park(self, call_id: str, reason: HotlineError) -> None:
        """Its job failed for the last time."""
        async with self.database.transaction() as tx:
            await tx.session.execute(
                text("UPDATE pgqueuer SET status = 'failed' WHERE dedupe_key = :key"),
                {"key": f"transcribe_call:{call_id}"},
            )
            await outcomes.transcript_failed(tx, call_id, reason, clock.now())

    async def queue(self) -> dict[str, int]:
        """The transcriptions that wait, with their priority."""
        async with self.database.transaction() as tx:
            rows = await tx.session.execute(
                text(
                    "SELECT dedupe_key, priority FROM pgqueuer"
                    " WHERE status = 'queued' AND entrypoint = 'transcribe_call' ORDER BY priority DESC, id"
                )
            )
            return {row.dedupe_key.partition(":")[2]: row.priority for row in rows}

    async def transcript(self, call_id: str) -> StoredTranscript:
        async with self.database.transaction() as tx:
            return (
                await tx.session.execute(select(StoredTranscript).where(StoredTranscript.call_id == call_id))
            ).scalar_one()

    async def state(self, call_id: str) -> str:
        async with self.database.transaction() as tx:
            return (await tx.session.execute(select(Call.transcript_state).where(Call.call_id == call_id))).scalar_one()

    async def status(self, who: str = "qa") -> dict[str, Any]:
        async with self.hall.browser(who) as browser:
            answer = await browser.get("/api/recognition")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@pytest.fixture
async def recordings(hall: ConsoleHall, tmp_path: Path) -> Recordings:
    return Recordings(hall, tmp_path)


async def test_complaints_and_low_scores_are_heard_first(recordings: Recordings) -> None:
    for call_id in ("plain", "cross", "call-1", "content"):
        await recordings.add(call_id)
    async with open_loop(recordings.hall) as loop:
        await loop.file(class_code="0802")  # 服务态度, of the call call-1
    async with recordings.database.transaction() as tx:
        await tx.session.execute(update(Call).where(Call.call_id == "cross").values(survey_score=4))
        await tx.session.execute(update(Call).where(Call.call_id == "content").values(survey_score=1))
    async with recordings.database.transaction() as tx:
        assert await hasten(tx, ["08"], clock.now()) == 2
        assert await hasten(tx, ["08"], clock.now()) == 0
    first, normal = HearingOrder.FIRST, HearingOrder.NORMAL
    assert await recordings.queue() == {"cross": first, "call-1": first, "plain": normal, "content": normal}


@pytest.mark.usefixtures("one_day")
async def test_second_hearings_come_last_and_are_never_hastened(recordings: Recordings) -> None:
    await recordings.heard("again")
    await recordings.add("new")
    async with recordings.database.transaction() as tx:
        await tx.session.execute(update(Call).where(Call.call_id == "again").values(survey_score=4))
    today = clock.beijing(clock.now()).date()
    assert (await renew(recordings.database, today, today)).calls == 1
    async with recordings.database.transaction() as tx:
        assert await hasten(tx, [], clock.now()) == 0
    assert list((await recordings.queue()).items()) == [("new", 0), ("again", HearingOrder.AGAIN)]


@pytest.mark.usefixtures("one_day")
async def test_days_are_heard_anew_only_as_far_as_the_model_differs(
    recordings: Recordings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.recognition.renewal._AT_ONCE", 2)
    better = MODEL.model_copy(update={"model_version": "b"})
    for n in range(5):
        await recordings.heard(f"old-{n}")
    await recordings.heard("done", by=better)
    today = clock.beijing(clock.now()).date()
    yesterday = today - timedelta(days=1)
    looked = await renew(recordings.database, today, today, unlike=better, dry_run=True)
    assert (looked.calls, looked.audio_ms, await recordings.queue()) == (5, 300_000, {})
    assert (await renew(recordings.database, yesterday - timedelta(days=9), yesterday)).calls == 0
    assert (await renew(recordings.database, yesterday, today, unlike=better)).calls == 5
    assert (await renew(recordings.database, yesterday, today, unlike=better)).calls == 0  # they wait already
    assert set(await recordings.queue()) == {f"old-{n}" for n in range(5)}
    with pytest.raises(DaysReversed):
        await renew(recordings.database, today, yesterday)
    async with recordings.hall.browser("qa") as browser:
        view = (await browser.get("/api/calls/old-0")).json()["transcript"]
    assert (view["state"], view["renewing"], view["revision"]) == ("ready", True, 1)


@pytest.mark.usefixtures("one_day")
async def test_a_second_hearing_that_was_parked_is_shown_and_the_older_text_stands(recordings: Recordings) -> None:
    await recordings.heard("old")
    today = clock.beijing(clock.now()).date()
    await renew(recordings.database, today, today)
    await recordings.park("old", StoreIncomplete("The store is away."))
    (failed,) = (await recordings.status())["failed"]
    assert (failed["call_id"], failed["has_text"], failed["parked"]) == ("old", True, True)
    assert await recordings.state("old") == "ready"
    async with recordings.hall.browser("admin") as browser:
        assert (await browser.post("/api/recognition/retry", json={"call_ids": ["old"]})).json() == {"asked": ["old"]}
    assert await recordings.queue() == {"old": HearingOrder.AGAIN}
    assert await recordings.state("old") == "pending"


async def test_a_retry_starts_each_failed_call_once_and_is_audited(recordings: Recordings) -> None:
    for call_id in ("waits", "broken"):
        await recordings.add(call_id)
    await recordings.park("broken", RecognitionCrashed("It ended.", facts={"detail": "SIGSEGV"}))
    seen = await recordings.status("qa")
    assert [(each["kind"], each["waiting"]) for each in seen["waiting"]] == [("first", 0), ("normal", 1), ("again", 0)]
    (failed,) = seen["failed"]
    assert (failed["call_id"], failed["reason"]["error"], failed["parked"]) == ("broken", "RecognitionCrashed", True)
    assert failed["reason"]["facts"] == {"detail": "SIGSEGV"}
    async with recordings.hall.browser("qa") as browser:
        wish = {"call_ids": ["broken", "waits", "nobody"]}
        assert (await browser.post("/api/recognition/retry", json=wish)).json() == {"asked": ["broken"]}
        assert (await browser.post("/api/recognition/retry", json=wish)).json() == {"asked": []}
        assert (await browser.post("/api/recognition/retry", json={"call_ids": []})).status_code == 422
        metrics = (await browser.get("/metrics")).text
    assert 'hotline_recognition_waiting{kind="normal"} 2.0' in metrics
    assert set(await recordings.queue()) == {"waits", "broken"}
    assert (await recordings.status())["failed"] == []
    async with recordings.database.transaction() as tx:
        entries = (
            await tx.session.execute(select(AuditEntry).where(AuditEntry.action == "recognition_retried"))
        ).scalars()
        assert [(entry.username, entry.object_id) for entry in entries] == [("qa", "broken")]


async def test_the_text_that_was_read_before_can_be_read_by_who_may_read_texts_and_it_is_audited(
    recordings: Recordings,
) -> None:
    await recordings.heard("old")
    async with recordings.database.transaction() as tx:
        assert await outcomes.transcript_asked_again(tx, "old")
        better = HEARD.model_copy(update={"heard_by": MODEL.model_copy(update={"model": "better"})})
        await outcomes.transcript_ready(tx, "old", better, clock.now())
    async with recordings.hall.browser("qa") as qa:
        (text_before,) = (await qa.get("/api/calls/old/transcripts")).json()
        assert (text_before["revision"], text_before["model"]) == (1, "small")
        read = (await qa.get("/api/calls/old/transcripts/1")).json()
        assert (read["state"], read["revision"], read["model"]) == ("ready", 1, "small")
        assert (await qa.get("/api/calls/old/transcripts/2")).json()["error"] == "TextUnknown"
        assert (await qa.get("/api/calls/old/transcripts/0")).json()["error"] == "InputInvalid"
        assert (await qa.get("/api/calls/nobody/transcripts/1")).json()["error"] == "CallUnknown"
    for who, status in (("admin", 403), (None, 401)):
        async with recordings.hall.browser(who) as browser:
            assert (await browser.get("/api/calls/old/transcripts/1")).status_code == status
    async with recordings.database.transaction() as tx:
        query = select(AuditEntry.detail).where(AuditEntry.action == "earlier_transcript_read")
        assert (await tx.session.execute(query)).scalars().all() == [{"revision": 1}]


@pytest.mark.parametrize("who", ["wang", None])
async def test_others_neither_see_nor_retry(recordings: Recordings, who: str | None) -> None:
    async with recordings.hall.browser(who) as browser:
        refused = 403 if who else 401
        assert (await browser.get("/api/recognition")).status_code == refused
        answer = await browser.post("/api/recognition/retry", json={"call_ids": ["x"]})
        assert answer.status_code == refused


async def test_what_recordings_wait_for_is_shown_and_none_of_them_fails(recordings: Recordings) -> None:
    """The store is away."""
    await recordings.add("c1")
    (recordings.folder / "file").write_text("no folder")
    away = FileStore(str(recordings.folder / "file" / "store"))

    async def never(_: Path) -> Transcript:
        raise AssertionError("nothing could be fetched")

    stop, kinds = asyncio.Event(), [Transcriber(recordings.database, away, never).job]
    working = asyncio.create_task(run_worker(recordings.database.url, kinds, stop=stop))
    async with asyncio.timeout(60):
        while (status := await recordings.status())["away"] is None:
            await asyncio.sleep(0.05)
    stop.set()
    await working
    assert (status["away"]["error"], status["failed_total"]) == ("StoreAway", 0)
    assert "NotADirectoryError" in status["away"]["message"]
    assert await recordings.queue() == {"c1": HearingOrder.NORMAL}
    async with recordings.database.transaction() as tx:  # its turn has come: what is away is not known any more
        await tx.session.execute(text("UPDATE pgqueuer SET execute_after = now()"))
    assert (await recordings.status())["away"] is None


async def test_all_that_failed_can_be_tried_again_together(
    recordings: Recordings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has no text and what keeps an older one may be more than one wish can hold."""
    monkeypatch.setattr(service, "MOST_AT_ONCE", 2)
    for call_id in ("c1", "c2"):
        await recordings.add(call_id)
        await recordings.park(call_id, RecognitionCrashed("It ended."))
    await recordings.heard("c3")
    async with recordings.database.transaction() as tx:
        assert await outcomes.transcript_asked_again(tx, "c3")
        await ask_to_hear(tx, "c3", HearingOrder.AGAIN)
    await recordings.park("c3", RecognitionCrashed("It ended."))
    assert len((await recordings.status())["failed"]) == 2


async def test_the_speed_of_the_last_hour_is_that_of_what_was_heard(recordings: Recordings) -> None:
    for n in range(3):
        await recordings.heard(f"c{n}")
    assert (await recordings.status())["speed"] == {
        "recordings": 3, "audio_s": 180.0, "cpu_s": 1.5, "per_cpu_s": 120.0,
    }  # fmt: skip


@pytest.fixture
async def transcriber(recordings: Recordings) -> AsyncIterator[Transcriber]:
    async with RecognizerPool(DEMO_MODEL) as pool:
        yield Transcriber(recordings.database, recordings.files, lambda path: transcribe_recording(path, pool))


def silence(to: Path, *, hours: float, rate: int = RATE, channels: int = 2) -> Path:
    minute = np.zeros((rate * 60, channels), np.int16)
    with soundfile.SoundFile(to, "w", rate, channels, "PCM_16") as file:
        for _ in range(round(hours * 60)):
            file.write(minute)
    return to


async def test_recordings_that_are_none_have_a_plain_state_and_never_stop_the_queue(
    recordings: Recordings, transcriber: Transcriber
) -> None:
    folder = recordings.folder
    (folder / "empty.flac").touch()
    (folder / "letter.flac").write_text("a letter")
    silence(folder / "mono.wav", hours=0.05, channels=1)
    whole = silence(folder / "whole.flac", hours=0.05)
    noise = np.random.default_rng(1).normal(0, 1000, (RATE * 20, 2)).astype(np.int16)
    soundfile.write(folder / "noise.flac", noise, RATE)
    half = (folder / "noise.flac").read_bytes()
    (folder / "cut.flac").write_bytes(half[: len(half) // 2])
    wrong_rate = silence(folder / "wide.wav", hours=0.05, rate=44100)
    faulty = {"empty": "RecordingEmpty", "letter": "RecordingNotAudio", "mono": "RecordingMono"}
    for path in (
        *(folder / f"{name}.flac" for name in ("empty", "letter", "cut")),
        folder / "mono.wav",
        whole,
        wrong_rate,
    ):
        await recordings.add(path.stem, path)
        await transcriber.transcribe({"call_id": path.stem})
    for call_id, why in faulty.items():
        assert await recordings.state(call_id) == "failed"
        assert ((await recordings.transcript(call_id)).cause or {})["error"] == why
    for call_id in ("whole", "wide", "cut"):
        assert await recordings.state(call_id) == "ready"
    assert "cut" in ((await recordings.transcript("cut")).problem or "")
    assert (await recordings.transcript("wide")).audio_ms == 180_000


async def test_six_hours_of_silence_are_heard_in_seconds(recordings: Recordings, transcriber: Transcriber) -> None:
    path = silence(recordings.folder / "long.flac", hours=6)
    await recordings.add("long", path)
    await transcriber.transcribe({"call_id": "long"})
    stored = await recordings.transcript("long")
    assert (stored.state, stored.text, stored.audio_ms) == ("ready", "", 6 * 3600 * 1000)
    assert stored.cpu_ms is not None
    assert stored.cpu_ms < 60_000
