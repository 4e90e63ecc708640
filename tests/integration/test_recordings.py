"""From the spool to the store and to the transcript, interrupted between any two steps."""

from __future__ import annotations

import asyncio
import json
import math
from array import array
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from asr.audio import RecordingCut, RecordingMissing, StoredRecording, inspect
from asr.transcript import EngineInfo, Leg, Stretch, Transcript, Turn
from backend.calls import outcomes, recordings, repository
from backend.calls import sweep as sweeping
from backend.calls.errors import CallUnknown, RecordingStillWritten
from backend.calls.models import Call, EarlierTranscript
from backend.calls.recorder import CallRecorder
from backend.calls.recordings import RecordingKeeper, raw_name, safe_name, store_key
from backend.calls.sweep import OVERDUE_AFTER, sweep
from backend.calls.transcripts import Transcriber
from backend.kernel.database import Database, DatabaseAway
from backend.kernel.events import read_after
from backend.kernel.files import FileMissing, FileStore, StoreAway, sha256_of
from backend.kernel.jobs import JobFailed
from backend.seats.seating import HallTimes
from telephony import facts as f

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
CALL = "hotline-1795322342.6"
KEY = f"2026/11/22/{CALL}.flac"


def sound(seconds: float = 0.5) -> bytes:
    """Two channels of 16 bits at 8 kHz: a tone on the left, silence on the right."""
    samples = array("h")
    for n in range(int(8000 * seconds)):
        samples += array("h", [int(8000 * math.sin(n / 3)), 0])
    return samples.tobytes()


class Desk:
    """One answered call whose raw recording lies in the spool."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.spool = folder / "spool"
        self.spool.mkdir()
        self.raw = self.spool / f"{CALL}.raw"
        self.files = FileStore(str(folder / "store"))
        self.keeper = RecordingKeeper(database, self.files, self.spool, settle_s=0.01, now=lambda: NOW)

    async def answer_call(self, file: str | None = f"/var/spool/pbx/{CALL}.raw", call_id: str = CALL) -> None:
        begun: list[f.Fact] = [
            f.CallArrived(
                at=NOW, call_id=call_id, caller_number="13800001234", caller_known=True, caller_name="",
                dialed_number="96010", channel="x",
            ),
            f.CallAnswered(at=NOW, call_id=call_id, seat="8001", channel="y"),
            f.CallEnded(
                at=NOW, call_id=call_id, outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=16
            ),
        ]  # fmt: skip
        if file is not None:
            begun.insert(1, f.RecordingStarted(at=NOW, call_id=call_id, file=file))
        recorder = CallRecorder(self.database, host="hotline", times=HallTimes(), now=lambda: NOW)
        await recorder.store(uuid4(), begun)

    async def another(self) -> None:
        """Another call, whose recording the record knows."""
        await self.answer_call(file=None, call_id="other")
        stored = StoredRecording(Path("x"), "0" * 64, 1, 1, "flac", None)
        async with self.database.transaction() as tx:
            assert await outcomes.recording_stored(tx, "other", "other.flac", stored, NOW)

    async def store(self) -> None:
        await self.keeper.store({"call_id": CALL})

    async def states(self) -> tuple[str, str]:
        async with self.database.transaction() as tx:
            call = await tx.session.get(Call, CALL)
        assert call is not None
        return call.recording_state, call.transcript_state

    async def outcome(self) -> Any:
        async with self.database.transaction() as tx:
            return await repository.recording(tx, CALL)

    async def transcript(self) -> Any:
        async with self.database.transaction() as tx:
            return await repository.transcript(tx, CALL)

    async def earlier(self) -> list[tuple[int, str | None, str | None]]:
        """The texts that others took the place of: revision, model, text."""
        async with self.database.transaction() as tx:
            rows = await tx.session.execute(
                select(EarlierTranscript.revision, EarlierTranscript.model, EarlierTranscript.text).order_by(
                    EarlierTranscript.revision
                )
            )
            return [(row.revision, row.model, row.text) for row in rows]

    async def ask_again(self) -> bool:
        async with self.database.transaction() as tx:
            return await outcomes.transcript_asked_again(tx, CALL)

    async def topics(self) -> list[str]:
        async with self.database.transaction() as tx:
            return [event.topic for event in await read_after(tx.session, 0)]

    async def jobs(self) -> list[tuple[str, str]]:
        async with self.database.transaction() as tx:
            rows = await tx.session.execute(text("SELECT entrypoint, payload FROM pgqueuer ORDER BY id"))
            return [(row.entrypoint, json.loads(bytes(row.payload))["call_id"]) for row in rows]


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> Desk:
    desk = Desk(database, tmp_path)
    await desk.answer_call()
    desk.raw.write_bytes(sound())
    return desk


async def test_a_recording_is_stored_compressed_with_its_hash_and_leaves_the_spool(desk: Desk, tmp_path: Path) -> None:
    await desk.store()
    stored = await desk.outcome()
    local = tmp_path / "fetched.flac"
    desk.files.fetch(KEY, local)
    assert (stored.state, stored.key, stored.codec, stored.duration_ms, stored.problem) == (
        "stored", KEY, "flac", 500, None,
    )  # fmt: skip
    assert (stored.sha256, stored.size_bytes) == (sha256_of(local), local.stat().st_size)
    assert (inspect(local).channels, inspect(local).duration_ms) == (2, 500)
    assert list(desk.spool.iterdir()) == []
    assert await desk.states() == ("stored", "pending")
    assert await desk.jobs() == [("store_recording", CALL), ("transcribe_call", CALL)]
    assert (await desk.topics())[-1] == "recording_changed"


async def test_a_second_run_changes_nothing(desk: Desk) -> None:
    await desk.store()
    before = await desk.topics()
    await desk.store()
    assert await desk.topics() == before
    assert len(await desk.jobs()) == 2


@pytest.mark.parametrize("killed_at", ["encode", "put", "size", "commit", "unlink"])
async def test_a_run_killed_at_any_step_is_finished_by_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    class Killed(Exception):
        pass

    def die(*_: object, **__: object) -> Any:
        raise Killed

    def die_after(real: Any) -> Any:
        def run(*args: Any, **kwargs: Any) -> Any:
            real(*args, **kwargs)
            raise Killed

        return run

    with monkeypatch.context() as patch:
        match killed_at:
            case "encode":
                patch.setattr(recordings, "encode", die_after(recordings.encode))
            case "put":
                patch.setattr(FileStore, "put", die_after(FileStore.put))
            case "size":
                patch.setattr(FileStore, "size", die)
            case "commit":
                patch.setattr(outcomes, "recording_stored", die)
            case "unlink":
                patch.setattr(Path, "unlink", die)
        with pytest.raises(Killed):
            await desk.store()
        assert desk.raw.exists()
    await desk.store()
    assert (await desk.outcome()).state == "stored"
    assert list(desk.raw.parent.iterdir()) == []
    assert (await desk.topics()).count("recording_changed") == 1
    assert await desk.jobs() == [("store_recording", CALL), ("transcribe_call", CALL)]


async def test_a_database_that_goes_away_at_the_commit_leaves_the_raw_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise DatabaseAway("gone")

    with monkeypatch.context() as patch:
        patch.setattr("backend.kernel.database.Transaction.flush_events", away)
        with pytest.raises(DatabaseAway):
            await desk.store()
    assert desk.raw.exists()
    assert await desk.states() == ("pending", "pending")
    await desk.store()
    assert await desk.states() == ("stored", "pending")


async def test_an_empty_recording_is_a_plain_failure_and_no_endless_job(desk: Desk) -> None:
    desk.raw.write_bytes(b"")
    await desk.store()
    assert (await desk.outcome()).state == "failed"
    assert "no sound" in (await desk.outcome()).problem
    assert (await desk.transcript()).state == "failed"
    assert await desk.states() == ("failed", "failed")


async def test_a_cut_recording_is_kept_with_its_flaw(desk: Desk) -> None:
    desk.raw.write_bytes(sound()[:-1])
    await desk.store()
    stored = await desk.outcome()
    assert (stored.state, stored.duration_ms) == ("stored", 500)
    assert "cut" in stored.problem


async def test_a_missing_recording_is_looked_for_again_then_given_up_and_still_taken_when_it_turns_up(
    desk: Desk,
) -> None:
    desk.raw.unlink()
    with pytest.raises(RecordingMissing):
        await desk.store()
    assert await desk.states() == ("pending", "pending")
    await desk.keeper.give_up({"call_id": CALL}, RecordingMissing("There is no recording in the spool."))
    assert await desk.states() == ("failed", "failed")
    desk.raw.write_bytes(sound())
    await desk.store()
    assert await desk.states() == ("stored", "pending")
    assert (await desk.outcome()).problem is None


async def test_a_store_that_takes_nothing_is_no_fault_of_the_recording(desk: Desk, tmp_path: Path) -> None:
    """Its disk is full, its network away: the recording waits in the spool for as long as it takes."""
    (tmp_path / "store").write_text("no folder")
    with pytest.raises(StoreAway):
        await desk.store()
    assert StoreAway in desk.keeper.job.waits_for
    assert desk.raw.exists()
    assert (await desk.states())[0] == "pending"


async def test_a_recording_that_still_grows_is_left_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def meanwhile(_: float) -> None:
        desk.raw.write_bytes(sound(1))

    with monkeypatch.context() as patch:
        patch.setattr(recordings.asyncio, "sleep", meanwhile)
        with pytest.raises(RecordingStillWritten):
            await desk.store()
    await desk.store()
    assert (await desk.outcome()).duration_ms == 1000


async def test_a_call_whose_recording_was_never_announced_is_found_by_its_id(
    database: Database, tmp_path: Path
) -> None:
    desk = Desk(database, tmp_path)
    await desk.answer_call(file=None)
    desk.raw.write_bytes(sound())
    await desk.store()
    assert await desk.states() == ("stored", "pending")


async def test_an_unknown_call_is_named(desk: Desk) -> None:
    with pytest.raises(CallUnknown):
        await desk.keeper.store({"call_id": "nobody"})


@pytest.mark.parametrize("call_id", ["../../etc/passwd", "a/b", ".hidden", "", "..", "电话"])
def test_no_id_and_no_path_of_the_pbx_climbs_out_of_a_folder(call_id: str) -> None:
    for name in (safe_name(call_id), raw_name(call_id, None), raw_name("c", f"/x/{call_id}")):
        assert "/" not in name
        assert not name.startswith(".")
    assert safe_name("a/b") != safe_name("a_b")
    assert store_key(CALL, NOW.replace(hour=16)) == f"2026/11/23/{CALL}.flac"


HEARD = Transcript(
    turns=(Turn(leg=Leg.CALLER, start_ms=0, end_ms=400, text="暖气不热", words=()),),
    speech={Leg.CALLER: (Stretch(start_ms=0, end_ms=390, loudness_db=-20.5),)},
    duration_ms=500,
    heard_by=EngineInfo(
        engine="vosk",
        engine_version="0.3.45",
        model="demo-cn",
        model_version="1",
        rate=8000,
        settings={"pause_ms": 800},
    ),
)


class Ear:
    """Stands in for the recogniser, which has its own tests on the real engine."""

    def __init__(self, *answers: Transcript | Exception) -> None:
        self.answers = list(answers)
        self.heard: list[int] = []

    async def __call__(self, path: Path) -> Transcript:
        self.heard.append(path.stat().st_size)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def transcriber(desk: Desk, ear: Ear) -> Transcriber:
    return Transcriber(desk.database, desk.files, ear, now=lambda: NOW)


async def test_what_was_said_is_stored_once_with_who_heard_it(desk: Desk) -> None:
    await desk.store()
    ear = Ear(HEARD, HEARD)
    await transcriber(desk, ear).transcribe({"call_id": CALL})
    await transcriber(desk, ear).transcribe({"call_id": CALL})
    stored = await desk.transcript()
    assert (stored.state, stored.model, stored.text, stored.created_at) == ("ready", "demo-cn", "暖气不热", NOW)
    assert (stored.turns[0]["leg"], stored.settings["settings"]) == ("caller", {"pause_ms": 800})
    assert stored.speech == {"caller": [{"start_ms": 0, "end_ms": 390, "loudness_db": -20.5}]}
    assert stored.revision == 1
    assert ear.heard == [(await desk.outcome()).size_bytes]
    assert (await desk.topics()).count("transcript_changed") == 1


BETTER = HEARD.model_copy(
    update={
        "turns": (Turn(leg=Leg.CALLER, start_ms=0, end_ms=400, text="暖气不热了", words=()),),
        "heard_by": HEARD.heard_by.model_copy(update={"model": "better"}),
    }
)


async def test_a_better_model_hears_again_and_the_older_text_is_kept(desk: Desk) -> None:
    await desk.store()
    work = transcriber(desk, Ear(HEARD, BETTER, BETTER))
    await work.transcribe({"call_id": CALL})
    assert await desk.ask_again()
    assert not await desk.ask_again()
    assert await desk.states() == ("stored", "pending")
    assert (await desk.transcript()).text == "暖气不热"  # readable until the new one is there
    for _ in range(2):  # also when the job comes twice
        await work.transcribe({"call_id": CALL})
    stored = await desk.transcript()
    assert (stored.state, stored.revision, stored.model, stored.text) == ("ready", 2, "better", "暖气不热了")
    assert await desk.earlier() == [(1, "demo-cn", "暖气不热")]
    assert await desk.states() == ("stored", "ready")


async def test_a_text_stays_when_hearing_it_anew_fails(desk: Desk) -> None:
    await desk.store()
    work = transcriber(desk, Ear(HEARD, RuntimeError("crashed"), BETTER))
    await work.transcribe({"call_id": CALL})
    await desk.ask_again()
    with pytest.raises(RuntimeError):
        await work.transcribe({"call_id": CALL})
    await work.give_up({"call_id": CALL}, JobFailed("crashed three times"))
    stored = await desk.transcript()
    assert (stored.state, stored.revision, stored.text, stored.problem) == ("ready", 1, "暖气不热", None)
    assert await desk.states() == ("stored", "ready")
    assert await desk.earlier() == []
    await desk.ask_again()
    await work.transcribe({"call_id": CALL})
    assert (await desk.transcript()).revision == 2


async def test_killed_between_hearing_and_commit_the_next_run_stores_one_text(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.store()
    work = transcriber(desk, Ear(HEARD, BETTER, BETTER))
    await work.transcribe({"call_id": CALL})
    await desk.ask_again()

    async def away(*_: object) -> None:
        raise DatabaseAway("gone")

    with monkeypatch.context() as patch:
        patch.setattr("backend.kernel.database.Transaction.flush_events", away)
        with pytest.raises(DatabaseAway):
            await work.transcribe({"call_id": CALL})
    assert (await desk.transcript()).revision == 1
    assert await desk.earlier() == []
    await work.transcribe({"call_id": CALL})
    assert (await desk.transcript()).revision == 2
    assert await desk.earlier() == [(1, "demo-cn", "暖气不热")]


async def test_two_workers_that_heard_the_same_recording_store_one_text(desk: Desk) -> None:
    await desk.store()
    both = [transcriber(desk, Ear(HEARD)), transcriber(desk, Ear(BETTER))]
    await asyncio.gather(*(each.transcribe({"call_id": CALL}) for each in both))
    assert (await desk.transcript()).revision == 1
    assert await desk.earlier() == []


async def test_a_crashed_recogniser_is_tried_again_and_given_up_with_the_reason(desk: Desk) -> None:
    await desk.store()
    work = transcriber(desk, Ear(RuntimeError("crashed"), HEARD))
    with pytest.raises(RuntimeError):
        await work.transcribe({"call_id": CALL})
    assert await desk.states() == ("stored", "pending")
    await work.give_up({"call_id": CALL}, JobFailed("the recogniser crashed five times", facts={"error": "x"}))
    assert await desk.states() == ("stored", "failed")
    kept = await desk.transcript()
    assert kept.problem == "the recogniser crashed five times"
    assert kept.cause == {"error": "JobFailed", "facts": {"error": "x"}}
    await work.transcribe({"call_id": CALL})
    assert await desk.states() == ("stored", "ready")
    assert (await desk.transcript()).problem is None


async def test_a_recording_that_is_missing_among_others_is_missing(desk: Desk) -> None:
    await desk.store()
    work = transcriber(desk, Ear(HEARD))
    await asyncio.to_thread(desk.files.remove, KEY)
    with pytest.raises(FileMissing):
        await work.transcribe({"call_id": CALL})


async def test_a_store_that_holds_nothing_any_more_is_away_and_no_recording_of_it_is_missing(desk: Desk) -> None:
    """A disk that is not mounted."""
    await desk.store()
    await desk.another()
    work = transcriber(desk, Ear(HEARD))
    await asyncio.to_thread(desk.files.remove, KEY)
    with pytest.raises(StoreAway, match="none of the last recordings"):
        await work.transcribe({"call_id": CALL})
    assert StoreAway in work.job.waits_for
    assert await desk.states() == ("stored", "pending")


async def test_a_call_without_a_recording_is_not_listened_to(desk: Desk) -> None:
    ear = Ear()
    await transcriber(desk, ear).transcribe({"call_id": CALL})
    assert ear.heard == []


async def test_a_flaw_of_the_recording_stays_beside_the_transcript(desk: Desk) -> None:
    stored = StoredRecording(Path("x"), "0" * 64, 1, 1, "flac", RecordingCut("cut at 1 s"))
    async with desk.database.transaction() as tx:
        assert await outcomes.recording_stored(tx, CALL, KEY, stored, NOW)
        assert not await outcomes.recording_stored(tx, CALL, KEY, stored, NOW)
        await outcomes.transcript_ready(tx, CALL, HEARD.model_copy(update={"flaw": "cut at 1 s"}), NOW)
    assert (await desk.outcome()).problem == "cut at 1 s"
    transcript = await desk.transcript()
    assert (transcript.problem, (transcript.cause or {})["error"]) == ("cut at 1 s", "RecordingCut")


async def test_the_sweep_asks_again_for_what_was_lost_and_doubles_nothing(desk: Desk) -> None:
    async def swept(after: timedelta) -> int:
        async with desk.database.transaction() as tx:
            return await sweep(tx, NOW + after)

    assert await swept(OVERDUE_AFTER - timedelta(seconds=1)) == 0
    assert await swept(OVERDUE_AFTER * 2) == 1
    assert await desk.jobs() == [("store_recording", CALL)]
    async with desk.database.transaction() as tx:
        await tx.session.execute(text("DELETE FROM pgqueuer"))
    await swept(OVERDUE_AFTER * 2)
    assert await desk.jobs() == [("store_recording", CALL)]
    await desk.store()
    async with desk.database.transaction() as tx:
        await tx.session.execute(text("DELETE FROM pgqueuer"))
    await swept(OVERDUE_AFTER * 2)
    assert await desk.jobs() == [("transcribe_call", CALL)]
    await transcriber(desk, Ear(HEARD)).transcribe({"call_id": CALL})
    assert await swept(OVERDUE_AFTER * 9) == 0


async def test_the_sweep_finds_what_was_lost_behind_thousands_that_are_heard_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 1)
    await desk.store()
    await transcriber(desk, Ear(HEARD)).transcribe({"call_id": CALL})
    await desk.ask_again()
    await desk.another()
    async with desk.database.transaction() as tx:
        await tx.session.execute(
            text("UPDATE calls SET ended_at = ended_at + interval '1 second' WHERE call_id = 'other'")
        )
        await tx.session.execute(text("DELETE FROM pgqueuer"))
        await sweep(tx, NOW + OVERDUE_AFTER * 2)
    assert await desk.jobs() == [("transcribe_call", "other")]
