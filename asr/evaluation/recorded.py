"""An evaluation set on disk: recordings, what is said in them, and a manifest that says which call is which.

    calls.yaml            the manifest
    planted-000.a-law.wav two channels, caller left and seat right

A folder without a manifest is taken as it is: every NAME.wav with a NAME.txt beside it, whose lines may begin with
`caller:` or `seat:`.
"""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from asr.audio import LINE_RATE, Leg, Samples
from asr.evaluation.line import through
from asr.evaluation.plan import Condition, Manner, PlannedCall
from backend.kernel.errors import HotlineError

MANIFEST = "calls.yaml"
UNSORTED = "all"
_TAIL_S = 1.0
_SOUND = frozenset({".wav", ".flac", ".opus"})

Say: TypeAlias = Callable[[str, Manner], Awaitable[Samples]]
"""Speaks words in some manner, at the rate of a telephone line."""


class NoEvaluationSet(HotlineError):
    """The folder holds nothing that a recogniser could be measured on."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Planted(_Part):
    """A fault put in on purpose, and the turn in which it stands."""

    leg: Leg
    text: str
    from_ms: int
    to_ms: int


class RecordedCall(_Part):
    """A recording with what is truly said in it.."""

    file: Path
    condition: str
    said: dict[Leg, str]
    planted: tuple[Planted, ...] = ()


class _Manifest(_Part):
    calls: tuple[RecordedCall, ...] = Field(min_length=1)


async def write_set(calls: Iterable[PlannedCall], conditions: Iterable[Condition], say: Say, folder: Path) -> int:
    """Speak every call once for each condition into `folder`; returns how many recordings that made."""
    conditions = tuple(conditions)
    recorded = []
    for call in calls:
        legs, spans = _lay_out(call, [await say(turn.say, call.manner[turn.leg]) for turn in call.turns])
        planted = tuple(
            Planted(leg=turn.leg, text=turn.planted, from_ms=start, to_ms=end)
            for turn, (start, end) in zip(call.turns, spans, strict=True)
            if turn.planted is not None
        )
        said = {leg: " ".join(turn.say for turn in call.turns if turn.leg is leg) for leg in Leg}
        for condition in conditions:
            name = Path(f"{call.id}.{condition.id}.wav")
            lines = [through(legs[leg], condition, zlib.crc32(f"{name} {leg}".encode())) for leg in Leg]
            soundfile.write(folder / name, np.stack(lines, axis=1), LINE_RATE, subtype="PCM_16")
            about = f"{condition.id}, {call.voices} voices"
            recorded.append(RecordedCall(file=name, condition=about, said=said, planted=planted))
    manifest = _Manifest(calls=tuple(recorded)).model_dump(mode="json")
    (folder / MANIFEST).write_text(yaml.safe_dump(manifest, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return len(recorded)


def read_set(folder: Path) -> tuple[RecordedCall, ...]:
    """What this folder offers, files with their whole paths. Raises NoEvaluationSet."""
    manifest = folder / MANIFEST
    if manifest.exists():
        try:
            calls = _Manifest.model_validate(yaml.safe_load(manifest.read_text(encoding="utf-8"))).calls
        except (ValidationError, yaml.YAMLError) as error:
            raise NoEvaluationSet(
                f"{manifest} cannot be read: {error}", next_step="Write it anew with `hotline asr evaluation-set`."
            ) from None
        return tuple(call.model_copy(update={"file": folder / call.file}) for call in calls)
    calls = tuple(_unsorted(folder))
    if not calls:
        raise NoEvaluationSet(
            f"{folder} has neither a {MANIFEST} nor recordings with a text beside them.",
            next_step="Give each NAME.wav a NAME.txt with what is said, or run `hotline asr evaluation-set` first.",
        )
    return calls


def _unsorted(folder: Path) -> Iterator[RecordedCall]:
    for file in sorted(folder.glob("*")):
        text = file.with_suffix(".txt")
        if file.suffix in _SOUND and text.exists():
            yield RecordedCall(file=file, condition=UNSORTED, said=_said(text.read_text(encoding="utf-8")))


def _said(text: str) -> dict[Leg, str]:
    """What each leg says; a line without a speaker is the caller's, as is all of a recording with one channel."""
    said: dict[Leg, list[str]] = {leg: [] for leg in Leg}
    for line in text.splitlines():
        speaker, colon, words = line.replace("\N{FULLWIDTH COLON}", ":", 1).partition(":")
        known = colon and speaker.strip() in list(Leg)
        said[Leg(speaker.strip()) if known else Leg.CALLER].append(words if known else line)
    return {leg: " ".join(lines) for leg, lines in said.items()}


def _lay_out(call: PlannedCall, spoken: list[Samples]) -> tuple[dict[Leg, Samples], list[tuple[int, int]]]:
    """Both legs, equally long, and from when to when each turn sounds in ms."""
    places: list[tuple[int, int]] = []
    end = 0
    for turn, samples in zip(call.turns, spoken, strict=True):
        start = max(0, end + round(turn.after_s * LINE_RATE))
        places.append((start, start + len(samples)))
        end = max(end, start + len(samples))
    legs = {leg: np.zeros(end + round(_TAIL_S * LINE_RATE), np.int16) for leg in Leg}
    for turn, (start, stop), samples in zip(call.turns, places, spoken, strict=True):
        legs[turn.leg][start:stop] = samples
    return legs, [(start * 1000 // LINE_RATE, stop * 1000 // LINE_RATE) for start, stop in places]
