"""Which calls are spoken for the evaluation, by whom and in what manner: data in, a plan out, the same each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field

from asr.audio import Leg

MANDARIN = "cmn-latn-pinyin"  # Debian's plain `cmn` spells most characters out in English
_SLOT = "{}"
_Said: TypeAlias = tuple[str, str | None]  # what the seat says, and the phrase planted in it


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(_Part):
    """What the line does to a call; `snr_db` is how far noise lies below the speech of the leg."""

    id: str
    codec: Literal["a-law"] | None = None
    snr_db: float | None = None


class _Voices(_Part):
    near: tuple[str, ...] = Field(min_length=1)
    strange: tuple[str, ...] = Field(min_length=1)


class _Overtalk(_Part):
    every: int = Field(ge=1)
    by_s: float = Field(gt=0)


class _Silence(_Part):
    every: int = Field(ge=1)
    length_s: float = Field(gt=0)


class EvaluationSettings(_Part):
    """The file `configs/evaluation/calls.yaml`."""

    voices: _Voices
    speeds_wpm: tuple[int, ...] = Field(min_length=1)
    pitches: tuple[int, ...] = Field(min_length=1)
    conditions: tuple[Condition, ...] = Field(min_length=1)
    gap_s: float = Field(ge=0)
    overtalk: _Overtalk
    silence: _Silence
    times: int = Field(ge=1)
    forbidden: tuple[str, ...] = Field(min_length=1)
    planted_in: tuple[str, ...] = Field(min_length=1)
    openings: tuple[str, ...] = Field(min_length=1)
    closings: tuple[str, ...] = Field(min_length=1)
    seat: tuple[str, ...] = Field(min_length=1)
    caller: tuple[str, ...] = Field(min_length=1)
    clean_calls: int = Field(ge=1)

    @classmethod
    def read(cls, file: Path) -> EvaluationSettings:
        """The settings in this file; raises pydantic's ValidationError."""
        return cls.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))


class Manner(_Part):
    """How somebody speaks, as espeak-ng takes it."""

    voice: str
    speed_wpm: int
    pitch: int


class PlannedTurn(_Part):
    """What is said; it begins `after_s` after everybody has ended, before that when negative."""

    leg: Leg
    say: str
    after_s: float
    planted: str | None = None


class PlannedCall(_Part):
    """One call of the set, before it is spoken. `voices` says which kind both speakers are of."""

    id: str
    voices: Literal["near", "strange"]
    manner: dict[Leg, Manner]
    turns: tuple[PlannedTurn, ...]


def plan(settings: EvaluationSettings) -> Iterator[PlannedCall]:
    """Calls with two planted phrases each, then calls with none. Voices and sentences go round, so that each phrase
    meets several of both."""
    phrases = [phrase for _ in range(settings.times) for phrase in settings.forbidden]
    seats: list[tuple[str, list[_Said]]] = []
    for first in range(0, len(phrases), 2):
        pair = phrases[first : first + 2]
        seats.append(("planted", [_planted(settings, first + index, phrase) for index, phrase in enumerate(pair)]))
    clean = range(settings.clean_calls)
    seats += [
        ("clean", [(_turn_of(settings.seat, 2 * number + index), None) for index in range(2)]) for number in clean
    ]
    for number, (kind, seat) in enumerate(seats):
        yield _call(settings, number, f"{kind}-{number:03}", seat)


def _planted(settings: EvaluationSettings, number: int, phrase: str) -> _Said:
    # by a step that shares no divisor with the phrases' own round, so that a phrase meets another sentence each time
    frame = settings.planted_in[(number + number // len(settings.forbidden)) % len(settings.planted_in)]
    return frame.replace(_SLOT, phrase), phrase


def _call(settings: EvaluationSettings, number: int, name: str, seat: Sequence[_Said]) -> PlannedCall:
    strange = number % 2 == 1
    silent = number % settings.silence.every == 0
    overtalk = number % settings.overtalk.every == 0
    gap = settings.gap_s
    turns = [PlannedTurn(leg=Leg.SEAT, say=_turn_of(settings.openings, number), after_s=gap)]
    for index, (say, planted) in enumerate(seat):
        before = gap + settings.silence.length_s if silent and index == 1 else gap
        turns.append(PlannedTurn(leg=Leg.CALLER, say=_turn_of(settings.caller, 2 * number + index), after_s=before))
        over = -settings.overtalk.by_s if overtalk and index == 0 else gap
        turns.append(PlannedTurn(leg=Leg.SEAT, say=say, after_s=over, planted=planted))
    turns.append(PlannedTurn(leg=Leg.SEAT, say=_turn_of(settings.closings, number), after_s=gap))
    voices = settings.voices.strange if strange else settings.voices.near
    places = {Leg.SEAT: number // 2, Leg.CALLER: number // 2 + len(voices) // 2}
    return PlannedCall(
        id=name,
        voices="strange" if strange else "near",
        manner={leg: _manner(settings, voices, place) for leg, place in places.items()},
        turns=tuple(turns),
    )


def _manner(settings: EvaluationSettings, voices: tuple[str, ...], place: int) -> Manner:
    return Manner(
        voice=f"{MANDARIN}+{_turn_of(voices, place)}",
        speed_wpm=settings.speeds_wpm[place % len(settings.speeds_wpm)],
        pitch=settings.pitches[place % len(settings.pitches)],
    )


def _turn_of(choices: tuple[str, ...], number: int) -> str:
    return choices[number % len(choices)]
