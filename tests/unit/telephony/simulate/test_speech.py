from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from telephony.pbx.programs import Program
from telephony.simulate.dialogues import Dialogues
from telephony.simulate.errors import SpeechFailed
from telephony.simulate.speech import RATE, alaw, lay_out, resample, synthesise_legs

Samples = NDArray[np.int16]


def tone(hz: float, rate: int, seconds: float = 1.0, height: float = 8000) -> Samples:
    return (height * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)).astype(np.int16)


def expanded(code: NDArray[np.uint8]) -> NDArray[np.int32]:
    """A-law bytes as 16-bit samples again, by the table of G.711."""
    plain = code.astype(np.int32) ^ 0x55
    segment, step = (plain >> 4) & 7, plain & 0x0F
    magnitude = np.where(segment == 0, (step << 4) + 8, ((step << 4) + 0x108) << np.maximum(segment - 1, 0))
    return np.where(plain & 0x80, magnitude, -magnitude)


def test_alaw_has_the_values_of_the_standard() -> None:
    samples = np.array([0, -1, 32767, -32768, 1000, -1000], dtype=np.int16)
    assert alaw(samples).tolist() == [0xD5, 0x55, 0xAA, 0x2A, 0xFA, 0x7A]


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=50))
def test_alaw_keeps_every_sample_within_its_step(values: list[int]) -> None:
    samples = np.array(values, dtype=np.int16)
    error = np.abs(expanded(alaw(samples)) - samples)
    assert np.all(error <= np.maximum(np.abs(samples.astype(np.int32)) / 32 + 1, 16))


def test_resampling_keeps_a_tone_and_its_height() -> None:
    heard = resample(tone(440, 22_050), 22_050, RATE)
    assert heard.size == RATE
    assert np.argmax(np.abs(np.fft.rfft(heard))) == 440
    assert abs(float(np.sqrt(np.mean(heard.astype(float) ** 2))) - 8000 / np.sqrt(2)) < 50


def test_resampling_lets_nothing_through_that_would_fold_back() -> None:
    heard = resample(tone(7_000, 22_050), 22_050, RATE)
    assert np.abs(heard).max() < 300


def test_turns_stand_at_their_seconds_and_silence_between() -> None:
    leg = lay_out([(0.5, tone(300, RATE, 0.25)), (1.5, tone(300, RATE, 0.25))], 2.0)
    loud = np.abs(leg.reshape(-1, RATE // 4)).max(axis=1) > 0
    assert loud.tolist() == [False, False, True, False, False, False, True, False]


def test_a_turn_waits_for_the_one_before_and_is_cut_at_the_end() -> None:
    leg = lay_out([(0.0, tone(300, RATE, 0.5)), (0.25, tone(300, RATE, 5.0))], 1.0)
    assert leg.size == RATE
    assert np.abs(leg[RATE // 2 + 100 :]).max() > 0


def dialogues() -> Dialogues:
    return Dialogues.model_validate(
        {
            "speech": {"speed_wpm": 200, "seat_voices": ["a", "b"]},
            "length_s": 2.0,
            "seat_track": [{"at_s": 0.0, "say": "您好"}],
            "dialogues": [
                {"id": "one", "dialed": "96010", "voice": {"name": "c"}, "turns": [{"at_s": 1, "say": "你好"}]}
            ],
        }
    )


def speaker(folder: Path, script: str) -> Program:
    path = folder / "speaker"
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)
    return Program(name="espeak-ng", argv=(str(path),), version=(1, 52), private=False)


def wav_writer(sample: str) -> str:
    """A script that writes a WAV of 0.1 s of this sample to where the option -w points."""
    write = (
        'import sys, wave; w = wave.open(sys.argv[1], "wb"); w.setparams((1, 2, 22050, 0, "NONE", ""));'
        f' w.writeframes(b"{sample}" * 2205)'
    )
    return f'while [ "$1" != -w ]; do shift; done; python3 -c \'{write}\' "$2"'


async def test_a_synthesiser_that_does_not_speak_is_named(tmp_path: Path) -> None:
    mute = speaker(tmp_path, "echo 'Error: The specified espeak-ng voice does not exist.'; exit 1")
    with pytest.raises(SpeechFailed, match="voice does not exist"):
        await synthesise_legs(dialogues(), mute, tmp_path)
    assert list(tmp_path.glob("*.al")) == []


async def test_a_synthesiser_that_stays_silent_is_named(tmp_path: Path) -> None:
    silent = speaker(tmp_path, wav_writer(r"\x00\x00"))
    with pytest.raises(SpeechFailed, match="stayed silent"):
        await synthesise_legs(dialogues(), silent, tmp_path)


async def test_what_was_spoken_once_is_not_spoken_again(tmp_path: Path) -> None:
    script = wav_writer(r"\x10\x20") + f"; echo >> {tmp_path}/asked"
    legs = await synthesise_legs(dialogues(), speaker(tmp_path, script), tmp_path)
    again = await synthesise_legs(dialogues(), speaker(tmp_path, script), tmp_path)
    assert legs == again
    assert len((tmp_path / "asked").read_text().splitlines()) == 3
    assert {path.stat().st_size for path in [*legs.callers.values(), *legs.seats]} == {3 * RATE}
