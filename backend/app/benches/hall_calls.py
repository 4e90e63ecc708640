"""Recordings as a hall makes them, with all that is said in them: some minutes long, two legs, silence while the seat
writes, the noise of a line. Spoken from the calls of the evaluation, several of which make one talk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile

from asr.audio import LINE_RATE
from asr.evaluation.plan import Condition, EvaluationSettings, PlannedCall, PlannedTurn, plan
from asr.evaluation.recorded import write_set
from backend.app.hall import demo_installation
from backend.app.speaking import speaker
from backend.kernel.config import PROJECT_ROOT
from telephony.pbx.install import install

_CALLS = PROJECT_ROOT / "configs" / "evaluation" / "calls.yaml"
_MATTERS = 5
_BYTES_PER_FRAME = 4
_WRITING_S = 9.0
_LINES = (Condition(id="line", codec="a-law", snr_db=40), Condition(id="street", codec="a-law", snr_db=25))


@dataclass(frozen=True, slots=True)
class HallCall:
    """A raw recording as the PBX writes it, how long it is, and what both say, in order."""

    raw: Path
    seconds: float
    said: str


async def speak_calls(folder: Path, talks: int) -> list[HallCall]:
    """So many talks, each over every line."""
    installation = demo_installation()
    await install(installation.state)
    planned = list(talks_of(EvaluationSettings.read(_CALLS)))[:talks]
    await write_set(planned, _LINES, await speaker(installation.state, folder), folder)
    calls = []
    for talk in planned:
        for line in _LINES:
            sound, rate = soundfile.read(folder / f"{talk.id}.{line.id}.wav", dtype="int16")
            raw = folder / f"{talk.id}.{line.id}.raw"
            raw.write_bytes(sound.astype("<i2").tobytes())
            calls.append(HallCall(raw, len(sound) / rate, " ".join(turn.say for turn in talk.turns)))
    return calls


def beginning(raw: Path, to: Path, seconds: float) -> Path:
    """The first seconds of a raw recording, as a recording of its own."""
    with raw.open("rb") as source:
        to.write_bytes(source.read(round(seconds * LINE_RATE) * _BYTES_PER_FRAME))
    return to


def talks_of(settings: EvaluationSettings) -> Iterator[PlannedCall]:
    """The calls of the evaluation without planted phrases, several in a row: one greeting, one goodbye, and a pause
    before each further matter."""
    clean = [call for call in plan(settings) if not any(turn.planted for turn in call.turns)]
    for first in range(0, len(clean) - _MATTERS + 1, _MATTERS):
        yield _joined(clean[first : first + _MATTERS])


def _joined(calls: Sequence[PlannedCall]) -> PlannedCall:
    greeting, goodbye = calls[0].turns[0], calls[-1].turns[-1]
    turns: list[PlannedTurn] = [greeting]
    for call in calls:
        first, *others = call.turns[1:-1]
        writing = 0.0 if call is calls[0] else _WRITING_S
        turns += [first.model_copy(update={"after_s": first.after_s + writing}), *others]
    return calls[0].model_copy(update={"turns": (*turns, goodbye)})
