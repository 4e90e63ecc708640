"""The whole way of a recording on the real Vosk: the PBX's raw file, FLAC, the pool of processes, the transcript."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile
import soxr
import yaml

from asr.audio import (
    Leg,
    RecordingEmpty,
    RecordingMissing,
    RecordingMono,
    RecordingNotAudio,
    encode,
)
from asr.demo_model import DEMO_MODEL
from asr.model import ModelNotFound, NotAModel, check_model
from asr.recognizer import (
    RecognitionCrashed,
    RecognitionTimedOut,
    RecognizerPool,
    probe_model,
    transcribe_recording,
)
from backend.kernel.config import PROJECT_ROOT

pytestmark = pytest.mark.integration

LINE_RATE = 8000
DOCUMENT: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / "configs/demo/dialogues.yaml").read_text(encoding="utf-8"))
DIALOGUES: list[dict[str, Any]] = DOCUMENT["dialogues"]
CLICK_MS = 100  # the voice detector takes the first sound of a line for a voice
STRANGE_VOICE = "cmn-latn-pinyin+m4"  # the model was not trained on it


def a_law(samples: np.ndarray) -> np.ndarray:
    """The samples after a trip through G.711, by libsndfile's own codec."""
    with soundfile.SoundFile(buffer := _Buffer(), "w", LINE_RATE, 1, "ALAW", format="WAV") as file:
        file.write(samples)
    buffer.seek(0)
    return soundfile.read(buffer, dtype="int16")[0]


class _Buffer(io.BytesIO):
    """A file in memory that soundfile leaves open."""

    def close(self) -> None:
        pass


def say(text: str, voice: str, pitch: int = 50) -> np.ndarray:
    """The words as 8 kHz A-law sound."""
    command = ["espeak-ng", "-v", voice, "-s", str(DOCUMENT["speech"]["speed_wpm"]), "-p", str(pitch), "--stdout", text]
    spoken = subprocess.run(command, check=True, capture_output=True).stdout
    samples = np.frombuffer(spoken[44:], np.int16)
    return a_law(soxr.resample(samples, 22050, LINE_RATE) // 2)


def call_sound(dialogue: dict[str, Any], caller_voice: str, seat_voice: str) -> np.ndarray:
    """Both channels of the call, as the PBX records it: caller left, seat right, with the hum of a line."""
    frames = int((DOCUMENT["length_s"] + 1) * LINE_RATE)
    hum = np.random.default_rng(3).normal(0, 6, (frames, 2))
    both = hum.astype(np.int16)
    spoken = [(0, turn, caller_voice, dialogue["voice"]["pitch"]) for turn in dialogue["turns"]]
    spoken += [(1, turn, seat_voice, 50) for turn in DOCUMENT["seat_track"]]
    for channel, turn, voice, pitch in spoken:
        samples = say(turn["say"], voice, pitch)
        start = int(turn["at_s"] * LINE_RATE)
        both[start : start + len(samples), channel] += samples
    return both


def stored(folder: Path, both: np.ndarray, name: str = "call") -> Path:
    """The recording as the register keeps it."""
    raw = folder / f"{name}.raw"
    raw.write_bytes(both.astype("<i2").tobytes())
    return encode(raw, folder / f"{name}.flac").path


@pytest.fixture
async def pool() -> AsyncIterator[RecognizerPool]:
    async with RecognizerPool(DEMO_MODEL) as running:
        yield running


@pytest.fixture(scope="module")
def one_call(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first dialogue, stored."""
    dialogue = DIALOGUES[0]
    both = call_sound(dialogue, dialogue["voice"]["name"], DOCUMENT["speech"]["seat_voices"][0])
    return stored(tmp_path_factory.mktemp("call"), both)


def character_errors(said: str, heard: str) -> int:
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, got in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != got))
    return row[-1]


async def test_every_dialogue_is_heard_in_the_right_leg_and_order(pool: RecognizerPool, tmp_path: Path) -> None:
    errors = characters = 0
    seat_voices = DOCUMENT["speech"]["seat_voices"]
    for number, dialogue in enumerate(DIALOGUES):
        both = call_sound(dialogue, dialogue["voice"]["name"], seat_voices[number % len(seat_voices)])
        transcript = await transcribe_recording(stored(tmp_path, both, dialogue["id"]), pool)
        for leg, turns in ((Leg.CALLER, dialogue["turns"]), (Leg.SEAT, DOCUMENT["seat_track"])):
            said = "".join(turn["say"] for turn in turns).replace(" ", "")
            errors += character_errors(said, transcript.leg_text(leg))
            characters += len(said)
        assert [turn.leg for turn in transcript.turns] == [Leg.SEAT, Leg.CALLER] * 3 + [Leg.SEAT]
        street = dialogue["street"]
        assert street in transcript.turns[3].text, transcript.text
        expected = sorted(turn["at_s"] * 1000 for turn in (*dialogue["turns"], *DOCUMENT["seat_track"]))
        assert [turn.start_ms for turn in transcript.turns] == pytest.approx(expected, abs=250)
        for leg, turns in ((Leg.CALLER, dialogue["turns"]), (Leg.SEAT, DOCUMENT["seat_track"])):
            voice = [each for each in transcript.speech[leg] if each.end_ms - each.start_ms > CLICK_MS]
            assert [each.start_ms for each in voice] == pytest.approx([turn["at_s"] * 1000 for turn in turns], abs=150)
            assert all(-40 < each.loudness_db < -3 for each in voice)
    assert errors / characters < 0.02


async def test_voice_that_the_model_never_heard_is_understood_too(pool: RecognizerPool, tmp_path: Path) -> None:
    dialogue = next(each for each in DIALOGUES if each["id"] == "water-cut")
    transcript = await transcribe_recording(stored(tmp_path, call_sound(dialogue, STRANGE_VOICE, STRANGE_VOICE)), pool)
    assert "停水" in transcript.leg_text(Leg.CALLER)
    assert "天坛街道" in transcript.leg_text(Leg.CALLER)
    assert "感谢您的来电再见" in transcript.leg_text(Leg.SEAT)


async def test_transcript_says_how_it_came_about(pool: RecognizerPool, one_call: Path) -> None:
    transcript = await transcribe_recording(one_call, pool)
    info = transcript.heard_by
    model = check_model(DEMO_MODEL)
    assert (info.engine, info.engine_version, info.model) == ("vosk", "0.3.45", "demo-cn")
    assert (info.model_version, info.rate) == (model.version, 8000)
    assert (info.settings["hangover"], info.settings["pause_ms"]) == (20, 800)
    assert transcript.duration_ms == 27_800
    assert transcript.flaw is None


async def test_names_are_written_as_they_are_given(pool: RecognizerPool, one_call: Path) -> None:
    plain = await transcribe_recording(one_call, pool)
    assert "东花市街道" in plain.leg_text(Leg.CALLER)
    async with RecognizerPool(DEMO_MODEL, names=["冬华是街道", "重实里西区"]) as naming:  # other characters, one sound
        named = await transcribe_recording(one_call, naming)
    written = plain.text.replace("东花市街道", "冬华是街道").replace("忠实里西区", "重实里西区")
    assert named.text == written
    assert [(turn.start_ms, turn.end_ms) for turn in named.turns] == [(t.start_ms, t.end_ms) for t in plain.turns]
    assert named.heard_by.settings.keys() - plain.heard_by.settings.keys() == {"names"}


async def test_recording_of_another_rate_is_heard_alike(pool: RecognizerPool, one_call: Path, tmp_path: Path) -> None:
    both, rate = soundfile.read(one_call, dtype="int16")
    soundfile.write(tmp_path / "wide.wav", soxr.resample(both, rate, 16000), 16000)
    wide = await transcribe_recording(tmp_path / "wide.wav", pool)
    narrow = await transcribe_recording(one_call, pool)
    assert character_errors(narrow.text, wide.text) <= 2


async def test_silence_and_noise_of_the_line_give_an_empty_transcript(pool: RecognizerPool, tmp_path: Path) -> None:
    silence = np.zeros((30 * LINE_RATE, 2), np.int16)
    hum = np.random.default_rng(5).normal(0, 6, silence.shape).astype(np.int16)
    for name, both in (("silence", silence), ("hum", hum)):
        transcript = await transcribe_recording(stored(tmp_path, both, name), pool)
        assert transcript.turns == ()
        assert transcript.duration_ms == 30_000


async def test_faulty_recordings_are_named_and_the_child_goes_on(
    pool: RecognizerPool, one_call: Path, tmp_path: Path
) -> None:
    await transcribe_recording(one_call, pool)
    before = pool.pids
    soundfile.write(tmp_path / "mono.wav", np.ones(8000, np.int16), LINE_RATE)
    (tmp_path / "letter.flac").write_text("a letter")
    (tmp_path / "empty.flac").touch()
    for name, error in (
        ("mono.wav", RecordingMono),
        ("letter.flac", RecordingNotAudio),
        ("empty.flac", RecordingEmpty),
        ("gone.flac", RecordingMissing),
    ):
        with pytest.raises(error, match=name):
            await transcribe_recording(tmp_path / name, pool)
        with pytest.raises(error, match=name):
            await pool.hear(tmp_path / name, 60)
    assert (await transcribe_recording(one_call, pool)).turns
    assert pool.pids == before


async def test_cut_recording_gives_what_is_there_and_says_so(
    pool: RecognizerPool, one_call: Path, tmp_path: Path
) -> None:
    whole = one_call.read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) // 2])
    transcript = await transcribe_recording(tmp_path / "cut.flac", pool)
    assert transcript.flaw is not None
    assert "cut.flac is cut" in transcript.flaw
    assert "东城区为民服务热线" in transcript.leg_text(Leg.SEAT)
    assert transcript.duration_ms < 27_000


async def test_child_killed_in_the_middle_is_replaced(pool: RecognizerPool, one_call: Path, tmp_path: Path) -> None:
    first = await transcribe_recording(one_call, pool)
    (child,) = pool.pids
    hearing = asyncio.create_task(pool.hear(long_recording(tmp_path, one_call), 600))
    await child_is_at_work(child)
    os.kill(child, signal.SIGKILL)
    with pytest.raises(RecognitionCrashed, match="SIGKILL"):
        await hearing
    assert (await transcribe_recording(one_call, pool)).turns == first.turns
    assert pool.pids != [child]


async def test_child_killed_while_idle_is_replaced_unseen(pool: RecognizerPool, one_call: Path) -> None:
    first = await transcribe_recording(one_call, pool)
    (child,) = pool.pids
    os.kill(child, signal.SIGKILL)
    while psutil.pid_exists(child):
        await asyncio.sleep(0.01)
    assert (await transcribe_recording(one_call, pool)).turns == first.turns


async def test_child_killed_while_it_loads_is_no_fault_of_the_model(pool: RecognizerPool, one_call: Path) -> None:
    hearing = asyncio.create_task(transcribe_recording(one_call, pool))
    while not (loading := recognisers_of_this_process()):
        await asyncio.sleep(0.001)
    loading[0].kill()
    with pytest.raises(RecognitionCrashed, match="SIGKILL"):
        await hearing
    assert (await transcribe_recording(one_call, pool)).turns


async def test_cancelled_hearing_ends_its_child_and_frees_the_place(
    pool: RecognizerPool, one_call: Path, tmp_path: Path
) -> None:
    await transcribe_recording(one_call, pool)
    (child,) = pool.pids
    hearing = asyncio.create_task(pool.hear(long_recording(tmp_path, one_call), 600))
    await child_is_at_work(child)
    hearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hearing
    assert not psutil.pid_exists(child)
    assert (await transcribe_recording(one_call, pool)).turns


async def test_time_limit_is_a_named_error(pool: RecognizerPool, one_call: Path, tmp_path: Path) -> None:
    await transcribe_recording(one_call, pool)
    with pytest.raises(RecognitionTimedOut, match=r"long\.flac"):
        await pool.hear(long_recording(tmp_path, one_call), 0)
    assert (await transcribe_recording(one_call, pool)).turns


async def test_children_work_side_by_side_and_are_gone_with_the_pool(one_call: Path) -> None:
    async with RecognizerPool(DEMO_MODEL, size=2) as pool:
        transcripts = await asyncio.gather(*(transcribe_recording(one_call, pool) for _ in range(6)))
        assert all(each.turns == transcripts[0].turns != () for each in transcripts)
        children = pool.pids
        assert len(children) == 2
    assert not any(psutil.pid_exists(pid) for pid in children)


async def test_memory_of_a_child_stays_flat(pool: RecognizerPool, one_call: Path) -> None:
    for _ in range(10):
        await transcribe_recording(one_call, pool)
    (child,) = pool.pids
    settled = psutil.Process(child).memory_info().rss
    for _ in range(100):
        await transcribe_recording(one_call, pool)
    assert pool.pids == [child]
    assert psutil.Process(child).memory_info().rss - settled < 8 << 20


def test_children_die_with_their_parent_even_when_it_is_killed(one_call: Path) -> None:
    program = textwrap.dedent(
        """
        import asyncio, sys
        from pathlib import Path
        from asr.demo_model import DEMO_MODEL
        from asr.recognizer import RecognizerPool, transcribe_recording

        async def main():
            async with RecognizerPool(DEMO_MODEL) as pool:
                await transcribe_recording(Path(sys.argv[1]), pool)
                print(*pool.pids, flush=True)
                await asyncio.sleep(3600)

        asyncio.run(main())
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(one_call)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    child.suspend()  # so that it cannot end by noticing that its input has ended
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs([child], timeout=30)
    assert not alive


async def test_folder_that_only_looks_like_a_model_is_found_out_in_a_process_of_its_own(tmp_path: Path) -> None:
    assert (await probe_model(DEMO_MODEL)).model == "demo-cn"
    with pytest.raises(ModelNotFound):
        await probe_model(tmp_path / "nothing")
    for name in ("graph/HCLr.fst", "graph/Gr.fst", "am/final.mdl"):
        broken = Path(shutil.copytree(DEMO_MODEL, tmp_path / name.replace("/", "-")))
        part = broken / name
        part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])
        check_model(broken)  # from outside nothing is amiss
        with pytest.raises(NotAModel, match="cannot be loaded"):
            await probe_model(broken)
        async with RecognizerPool(broken) as pool:
            with pytest.raises(NotAModel, match="cannot be loaded"):
                await pool.hear(tmp_path / "any.flac", 60)


async def test_pool_refuses_what_is_not_a_model_before_any_child_starts(tmp_path: Path) -> None:
    with pytest.raises(NotAModel):
        async with RecognizerPool(tmp_path):
            pass


def long_recording(folder: Path, one_call: Path) -> Path:
    """Forty times the same call, so that there is time to interfere."""
    both, _ = soundfile.read(one_call, dtype="int16")
    return stored(folder, np.tile(both, (40, 1)), "long")


def recognisers_of_this_process() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # it ended meanwhile
            if "asr.child" in child.cmdline():
                found.append(child)
    return found


async def child_is_at_work(pid: int) -> None:
    """Until the child has used a noticeable piece of CPU time on what it was given."""
    child = psutil.Process(pid)
    start = child.cpu_times().user
    while child.cpu_times().user - start < 0.3:
        await asyncio.sleep(0.01)
