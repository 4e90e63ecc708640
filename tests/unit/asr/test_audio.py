"""Recordings: compressed whole or not at all, read leg by leg, and every fault named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asr import audio
from asr.audio import (
    Leg,
    LegReader,
    RecordingCut,
    RecordingEmpty,
    RecordingMissing,
    RecordingMono,
    RecordingNotAudio,
    encode,
    inspect,
)


def tone(hertz: float, seconds: float, rate: int = 8000, loudness: int = 8000) -> np.ndarray:
    return (loudness * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.int16)


def two_tones(seconds: float = 2.0) -> np.ndarray:
    """The caller at 440 Hz, the seat at 1000 Hz."""
    return np.stack((tone(440, seconds), tone(1000, seconds)), axis=1)


def strongest_hertz(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * rate / len(samples))


def heard(reader: LegReader) -> np.ndarray:
    return np.concatenate(list(reader))


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "call.raw"
    path.write_bytes(two_tones().tobytes())
    return path


def test_encoded_recording_is_described_as_it_stands_on_the_disk(raw: Path, tmp_path: Path) -> None:
    stored = encode(raw, tmp_path / "call.flac")
    assert stored.path.read_bytes()[:4] == b"fLaC"
    assert stored.sha256 == hashlib.sha256(stored.path.read_bytes()).hexdigest()
    assert stored.size_bytes == stored.path.stat().st_size < raw.stat().st_size
    assert (stored.duration_ms, stored.codec, stored.flaw) == (2000, "flac", None)
    info = inspect(stored.path)
    assert (info.rate, info.channels, info.duration_ms) == (8000, 2, 2000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["call.flac", "call.raw"]


def test_caller_is_left_and_seat_right_without_loss(raw: Path, tmp_path: Path) -> None:
    stored = encode(raw, tmp_path / "call.flac")
    for column, leg in enumerate(Leg):
        np.testing.assert_array_equal(heard(LegReader(stored.path, leg, 8000)), two_tones()[:, column])


def test_raw_file_of_the_pbx_can_be_read_as_it_is(raw: Path) -> None:
    np.testing.assert_array_equal(heard(LegReader(raw, Leg.SEAT, 8000)), two_tones()[:, 1])


@pytest.mark.parametrize("left_over", [1, 2, 3])
def test_half_a_frame_at_the_end_is_dropped_and_told(raw: Path, tmp_path: Path, left_over: int) -> None:
    raw.write_bytes(raw.read_bytes() + b"\1" * left_over)
    stored = encode(raw, tmp_path / "call.flac")
    assert isinstance(stored.flaw, RecordingCut)
    assert f"{left_over} bytes" in stored.flaw.message
    assert "2.0 s are kept" in stored.flaw.kept
    np.testing.assert_array_equal(heard(LegReader(stored.path, Leg.CALLER, 8000)), two_tones()[:, 0])


@pytest.mark.parametrize("content", [b"", b"\0", b"\0\0\0"])
def test_raw_file_without_a_whole_frame_is_empty_and_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "call.raw").write_bytes(content)
    with pytest.raises(RecordingEmpty):
        encode(tmp_path / "call.raw", tmp_path / "call.flac")
    assert not (tmp_path / "call.flac").exists()


def test_failure_while_compressing_leaves_no_half_file(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(_path: Path) -> str:
        raise OSError("No space left on device")

    monkeypatch.setattr(audio, "_synced_sha256", disk_full)
    with pytest.raises(OSError, match="No space"):
        encode(raw, tmp_path / "call.flac")
    assert [path.name for path in tmp_path.iterdir()] == ["call.raw"]


def test_missing_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingMissing, match=r"gone\.raw"):
        encode(tmp_path / "gone.raw", tmp_path / "x.flac")
    with pytest.raises(RecordingMissing):
        inspect(tmp_path / "gone.flac")


def test_cut_compressed_file_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(-9000, 9000, (8000 * 30, 2)).astype(np.int16)
    (tmp_path / "call.raw").write_bytes(noise.tobytes())
    stored = encode(tmp_path / "call.raw", tmp_path / "call.flac")
    stored.path.write_bytes(stored.path.read_bytes()[: stored.size_bytes // 2])
    reader = LegReader(stored.path, Leg.CALLER, 8000)
    kept = heard(reader)
    assert 5_000 < reader.duration_ms < 30_000
    np.testing.assert_array_equal(kept, noise[: len(kept), 0])
    assert isinstance(reader.flaw, RecordingCut)
    assert "announces" in reader.flaw.message


def write_text(path: Path) -> None:
    path.write_text("this is a letter, not a recording")


def write_raw_under_another_name(path: Path) -> None:
    path.write_bytes(two_tones().tobytes())


@pytest.mark.parametrize("write", [write_text, write_raw_under_another_name])
def test_what_is_not_sound_is_named(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path / "call.flac")
    with pytest.raises(RecordingNotAudio, match=r"call\.flac"):
        inspect(tmp_path / "call.flac")


def test_damaged_from_its_first_block_on_is_no_sound_and_not_silence(tmp_path: Path) -> None:
    """Its header still announces two seconds: to say that the call had no sound would send people looking there."""
    file = tmp_path / "damaged.flac"
    soundfile.write(file, two_tones(), 8000)
    content = bytearray(file.read_bytes())
    for at in range(len(content) // 10, len(content), 97):
        content[at] ^= 0x55
    file.write_bytes(content)
    with pytest.raises(RecordingNotAudio, match=r"none of its 2\.0 s can be decoded"):
        list(LegReader(file, Leg.CALLER, 8000))


def test_file_without_bytes_or_without_frames_is_empty(tmp_path: Path) -> None:
    (tmp_path / "bytes.flac").touch()
    soundfile.write(tmp_path / "frames.wav", np.zeros((0, 2), np.int16), 8000)
    for name in ("bytes.flac", "frames.wav"):
        with pytest.raises(RecordingEmpty):
            inspect(tmp_path / name)
        with pytest.raises(RecordingEmpty):
            heard(LegReader(tmp_path / name, Leg.CALLER, 8000))


def test_mono_recording_is_refused_because_nobody_can_tell_who_speaks(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "mono.wav", tone(440, 1), 8000)
    with pytest.raises(RecordingMono, match=r"1 channel"):
        heard(LegReader(tmp_path / "mono.wav", Leg.CALLER, 8000))


@pytest.mark.parametrize(("recorded", "wanted"), [(8000, 16000), (16000, 8000), (48000, 8000), (44100, 16000)])
def test_sound_is_brought_to_the_rate_asked_for(tmp_path: Path, recorded: int, wanted: int) -> None:
    seconds = 25.0  # several blocks, so that the joints between them count
    both = np.stack((tone(440, seconds, recorded), tone(1000, seconds, recorded)), axis=1)
    soundfile.write(tmp_path / "call.wav", both, recorded)
    for leg, hertz in ((Leg.CALLER, 440), (Leg.SEAT, 1000)):
        reader = LegReader(tmp_path / "call.wav", leg, wanted)
        samples = heard(reader)
        assert abs(len(samples) - seconds * wanted) <= 2
        assert strongest_hertz(samples, wanted) == pytest.approx(hertz, abs=1)
        middle = samples[wanted:-wanted].astype(float)
        assert np.abs(middle - tone(hertz, seconds, wanted)[wanted : wanted + len(middle)]).max() < 200
        assert reader.duration_ms == 25_000


def test_opus_is_read(tmp_path: Path) -> None:
    both = np.stack((tone(440, 2, 48000), tone(1000, 2, 48000)), axis=1)
    soundfile.write(tmp_path / "call.opus", both, 48000, format="OGG", subtype="OPUS")
    samples = heard(LegReader(tmp_path / "call.opus", Leg.SEAT, 8000))
    assert strongest_hertz(samples, 8000) == pytest.approx(1000, abs=2)
