"""Clips that prove a rule by ear: a recording, or a talk that is spoken when it is needed, heard by the recogniser.

A written example (`asr.checks.example`) proves what a rule makes of words; a clip proves that it still finds what it
should when somebody has to be heard first.

    voices:
      caller: {voice: cmn-latn-pinyin+f2, speed_wpm: 200, pitch: 55}
      seat: {voice: cmn-latn-pinyin+m1, speed_wpm: 200, pitch: 50}
    clips:
      - rule: forbidden-words
        name: sent away
        talk:
          - {who: caller, at_s: 0.5, say: "路灯 坏 了 归 谁 管"}
          - {who: seat, at_s: 4.0, say: "这个 不归我管"}
        finds: [{text: 不归我管, leg: seat}]
      - {rule: forbidden-words, name: a real call, file: sent-away.flac, finds: [{text: 不归我管}]}

They stand beside the rules and not in them: who hears them may change without another version of a rule.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from asr.audio import LINE_RATE, Leg, Samples
from asr.checks.checking import check
from asr.checks.example import Example, Line
from asr.checks.kinds import AnyRule
from asr.checks.proving import Proof, anchors_of
from asr.checks.rule import RuleId, RulePart
from asr.evaluation.plan import Manner
from asr.evaluation.recorded import Say
from asr.transcript import Transcript

FILE = "clips.yaml"
"""The file of clips in the folder `clips` beside the rules."""
_NEAR_MS = 700
"""How far from its second a hit may be found in what was spoken and heard."""
_AS_IT_IS_DB = -20.0
"""A line of this loudness, which is the default of examples, is spoken as the voice gives it."""
_TAIL_S = 1.0

Listen: TypeAlias = Callable[[Path], Awaitable[Transcript]]
"""Hears a recording of two legs."""


class Clip(Example):
    """An example of a rule that is heard: from a `file` beside this one, else its `talk` is spoken."""

    rule: RuleId
    file: str | None = Field(default=None, pattern=r"^[\w.-]+\.(flac|wav)$")
    talk: tuple[Line, ...] = ()

    @model_validator(mode="after")
    def _sounds_in_one_way(self) -> Clip:
        if bool(self.talk) == (self.file is not None):
            raise PydanticCustomError("clip_without_sound", "a clip has either a file or a talk that is spoken")
        return self


class ClipFile(RulePart):
    """Clips with the voices by which they are spoken."""

    voices: Mapping[Leg, Manner]
    clips: tuple[Clip, ...] = Field(min_length=1)


async def hear(
    clips: ClipFile, folder: Path, rules: Sequence[AnyRule], say: Say, listen: Listen, scratch: Path
) -> list[Proof]:
    """What the rules find in the clips that are about them; recordings lie in `folder`, `scratch` takes what is spoken.

    Clips of rules that are not among `rules` are left alone.
    """
    by_id = {rule.id: rule for rule in rules}
    proofs: list[Proof] = []
    for index, clip in enumerate(clips.clips):
        rule = by_id.get(clip.rule)
        if rule is None:
            continue
        sound = folder / clip.file if clip.file is not None else scratch / f"{index}.wav"
        if clip.file is None:
            await _speak(clip, clips.voices, say, sound)
        hits = check(await listen(sound), (rule, *anchors_of(rule, rules)), clip.facts)
        proofs.append(Proof(rule, index, clip, tuple(hit for hit in hits if hit.rule_id == rule.id), _NEAR_MS))
    return proofs


async def _speak(clip: Clip, voices: Mapping[Leg, Manner], say: Say, to: Path) -> None:
    """Both legs as a recording; what would begin while its speaker still talks begins after that."""
    spoken = [(line, await say(line.say, voices[line.who])) for line in sorted(clip.talk, key=lambda line: line.at_s)]
    placed = list(_placed(spoken))
    end = max(start + len(samples) for _, start, samples in placed) + round(_TAIL_S * LINE_RATE)
    length = end if clip.length_s is None else max(end, round(clip.length_s * LINE_RATE))
    legs = {leg: np.zeros(length, np.int16) for leg in Leg}
    for line, start, samples in placed:
        louder = 10 ** ((line.loud_db - _AS_IT_IS_DB) / 20)
        legs[line.who][start : start + len(samples)] = np.clip(samples * louder, -32768, 32767).astype(np.int16)
    soundfile.write(to, np.stack([legs[leg] for leg in Leg], axis=1), LINE_RATE, subtype="PCM_16")


def _placed(spoken: Sequence[tuple[Line, Samples]]) -> Iterator[tuple[Line, int, Samples]]:
    free = dict.fromkeys(Leg, 0)
    for line, samples in spoken:
        start = max(free[line.who], round(line.at_s * LINE_RATE))
        free[line.who] = start + len(samples)
        yield line, start, samples
