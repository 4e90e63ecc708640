"""Clips that prove a rule by ear: how they are laid out, what is heard in them, and which files are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from pydantic import ValidationError

from asr.audio import LINE_RATE, Leg
from asr.checks.clips import Clip, ClipFile, hear
from asr.checks.example import Example
from asr.checks.kinds import AnyRule, read_rules
from asr.evaluation.plan import Manner
from asr.transcript import Transcript

VOICES = {leg: {"voice": leg, "speed_wpm": 200, "pitch": 50} for leg in ("caller", "seat")}
RUDE = [{"who": "caller", "at_s": 0.5, "say": "路灯 坏 了"}, {"who": "seat", "at_s": 2.0, "say": "不归我管"}]


def rules() -> tuple[AnyRule, ...]:
    examples = [
        {"name": "found", "talk": [RUDE[1]], "finds": [{}]},
        {"name": "not found", "talk": [RUDE[0]], "finds": []},
    ]
    said = {"id": "rude", "version": 1, "kind": "forbidden_words", "severity": "fatal", "points": 1}
    return read_rules([said | {"title": {"zh": "禁语", "en": "Rude"}, "phrases": ["不归我管"], "examples": examples}])


def clips(*said: dict[str, Any]) -> ClipFile:
    made = [{"rule": "rude", "name": "test", "finds": []} | each for each in said]
    return ClipFile.model_validate({"voices": VOICES, "clips": made})


class Room:
    """Voices that are tones of a second, and an ear that knows what was said."""

    def __init__(self) -> None:
        self.spoken: list[tuple[str, str]] = []
        self.heard: list[Path] = []

    async def say(self, words: str, manner: Manner) -> Any:
        self.spoken.append((manner.voice, words))
        return np.full(LINE_RATE, 1000, np.int16)

    async def listen(self, sound: Path) -> Transcript:
        self.heard.append(sound)
        return Example.model_validate({"name": "heard", "talk": RUDE, "finds": []}).transcript()


async def test_a_talk_is_spoken_on_two_legs_and_what_the_rule_finds_in_it_is_told(tmp_path: Path) -> None:
    room = Room()
    talk = [*RUDE, {"who": "seat", "at_s": 2.5, "say": "再见", "loud_db": -14}]
    file = clips({"talk": talk, "finds": [{"text": "不归我管", "from_s": 2.4}]}, {"rule": "another", "talk": talk})
    (proof,) = await hear(file, tmp_path, rules(), room.say, room.listen, tmp_path)
    assert proof.holds
    assert room.spoken == [("caller", "路灯 坏 了"), ("seat", "不归我管"), ("seat", "再见")]
    samples, rate = soundfile.read(room.heard[0], dtype="int16")
    assert (samples.shape, rate) == ((5 * LINE_RATE, 2), LINE_RATE)
    assert samples[LINE_RATE - 1].tolist() == [1000, 0]
    assert samples[int(2.5 * LINE_RATE)].tolist() == [0, 1000]
    assert samples[int(3.5 * LINE_RATE)].tolist() == [0, 1995], (
        "it waits for the end of what this leg says, and is louder"
    )


async def test_a_recording_is_heard_where_it_lies_and_a_clip_that_finds_nothing_fails(tmp_path: Path) -> None:
    room = Room()
    (proof,) = await hear(clips({"file": "call.flac"}), tmp_path, rules(), room.say, room.listen, tmp_path)
    assert room.heard == [tmp_path / "call.flac"]
    assert room.spoken == []
    assert not proof.holds
    assert proof.said.startswith("it expects 0 hits and gives 1")


@pytest.mark.parametrize("said", [{}, {"talk": RUDE, "file": "call.flac"}, {"file": "../call.flac"}, {"file": "a.mp3"}])
def test_a_clip_sounds_in_one_way_only(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Clip.model_validate({"rule": "rude", "name": "test", "finds": []} | said)
    assert set(clips({"talk": RUDE}).voices) == set(Leg)
