"""What turns sound into words. Vosk is delivered; another engine needs only these two members.

Use engines in child processes (asr.recognizer): Kaldi ends the whole process on some faults.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Protocol

import vosk

from asr.audio import Leg, LegReader, Samples, put_aside
from asr.model import RECORDED_FRAMES, ModelSettings, in_steps, refused
from asr.names import NO_NAMES, Names
from asr.transcript import EngineInfo, Heard, Stretch, Word
from asr.vad import GateSettings, spoken

_SILENT_LOG = -1
_KEPT_IN_MEMORY = 16 << 20
"""Of the leg that waits while the other is heard: a quarter of an hour; of a longer call it waits on the disk."""


@dataclass(frozen=True, slots=True)
class HeardLeg:
    """What was heard of one leg, both in order; times from its first sample on."""

    words: list[Word]
    speech: list[Stretch]


class Engine(Protocol):
    """A recogniser with its model loaded. `info.rate` is the rate at which it wants its sound."""

    @property
    def info(self) -> EngineInfo: ...

    def transcribe(self, blocks: Iterable[Samples]) -> HeardLeg:
        """The words of one leg, and where a voice was heard on it."""
        ...


class VoskEngine:
    """Vosk behind a voice detector, with `names` put in their place. Raises NotAModel when Kaldi refuses the folder."""

    def __init__(self, model: ModelSettings, gate: GateSettings, names: Names = NO_NAMES) -> None:
        vosk.SetLogLevel(_SILENT_LOG)
        try:
            with in_steps(model, RECORDED_FRAMES) as folder:
                self._model = vosk.Model(str(folder))
            vosk.KaldiRecognizer(self._model, model.rate)  # a damaged graph shows only here
        except Exception as error:  # vosk raises nothing narrower
            raise refused(model.path, str(error)) from error
        self._gate = gate
        self._names = names
        self.info = EngineInfo(
            engine="vosk",
            engine_version=metadata.version("vosk"),
            model=model.name,
            model_version=model.version,
            rate=model.rate,
            settings=asdict(gate) | ({"names": names.version} if names else {}),
        )

    def transcribe(self, blocks: Iterable[Samples]) -> HeardLeg:
        rate = self.info.rate
        recognizer = vosk.KaldiRecognizer(self._model, rate)
        recognizer.SetWords(True)
        words: list[Word] = []
        speech: list[Stretch] = []
        fed = 0
        for piece in spoken(blocks, rate, self._gate):
            skipped_ms = (piece.start - fed) * 1000 / rate  # the recogniser's clock counts only what it was given
            if recognizer.AcceptWaveform(piece.samples.tobytes()):
                words += words_of(recognizer.Result(), skipped_ms)
            fed += len(piece.samples)
            if piece.stretch is not None:
                words += words_of(recognizer.FinalResult(), skipped_ms)
                speech.append(piece.stretch)
        return HeardLeg(self._names.in_words(words), speech)


def hear(recording: Path, engine: Engine) -> Heard:
    """Both legs of a stored recording; raises what LegReader raises."""
    rate = engine.info.rate
    with tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY) as waiting:
        reader = LegReader(recording, Leg.CALLER, rate, other=waiting)
        caller = engine.transcribe(reader)
        seat = engine.transcribe(put_aside(waiting, reader.recorded_rate, rate))
    return Heard(
        legs={Leg.CALLER: tuple(caller.words), Leg.SEAT: tuple(seat.words)},
        speech={Leg.CALLER: tuple(caller.speech), Leg.SEAT: tuple(seat.speech)},
        duration_ms=reader.duration_ms,
        flaw=None if reader.flaw is None else str(reader.flaw),
    )


def words_of(result: str, skipped_ms: float) -> list[Word]:
    """The words of one result of vosk; a result without speech has no key `result`."""
    return [
        Word(
            text=word["word"],
            start_ms=max(0, round(word["start"] * 1000 + skipped_ms)),
            end_ms=max(0, round(word["end"] * 1000 + skipped_ms)),
            confidence=word["conf"],
        )
        for word in json.loads(result).get("result", [])
    ]
