"""One leg of a call while it lasts: from pieces of sound to captions, with times from the start of the leg."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import soxr
import vosk

from asr.audio import LINE_RATE, Samples
from asr.engine import words_of
from asr.live.gate import LiveGate
from asr.live.messages import Caption
from asr.names import NO_NAMES, Names
from asr.transcript import INAUDIBLE, Word, join


class Decoder(Protocol):
    """What turns speech into words, utterance by utterance; its clock counts only what it was given."""

    def accept(self, sound: bytes) -> bool:
        """Take speech; True when an utterance is complete, which `result` then tells."""

    def partial(self) -> str:
        """The words of the present utterance so far."""

    def result(self) -> list[Word]:
        """The words of the utterance that is complete, or that silence has ended; what comes next is heard in the
        context of what came before."""

    def final(self) -> list[Word]:
        """The words of the present utterance, which ends here, to its last sound."""


class VoskDecoder:
    """A recogniser of its own for one leg: it is used in one thread and never again for another leg."""

    def __init__(self, model: vosk.Model, rate: int, names: Names = NO_NAMES) -> None:
        self._names = names
        self._recognizer = vosk.KaldiRecognizer(model, rate)
        self._recognizer.SetWords(True)

    def accept(self, sound: bytes) -> bool:
        return bool(self._recognizer.AcceptWaveform(sound))

    def partial(self) -> str:
        return join(self._names.in_texts(json.loads(self._recognizer.PartialResult()).get("partial", "").split()))

    def result(self) -> list[Word]:
        return self._names.in_words(words_of(self._recognizer.Result(), 0))

    def final(self) -> list[Word]:
        return self._names.in_words(words_of(self._recognizer.FinalResult(), 0))


class LiveLeg:
    """The sound of one leg in, captions out. `start_ms` and `first_line` go on where another recogniser stopped."""

    def __init__(self, decoder: Decoder, gate: LiveGate, rate: int, *, start_ms: int = 0, first_line: int = 0) -> None:
        self._decoder = decoder
        self._gate = gate
        self._rate = rate
        self._start_ms = start_ms
        self._line = first_line
        self._fed = 0
        self._behind_by = 0  # samples that the decoder was not given, so far
        self._begins_ms: int | None = None
        self._shown = ""
        self._resample = None if rate == LINE_RATE else soxr.ResampleStream(LINE_RATE, rate, 1, dtype="int16")

    def hear(self, sound: bytes) -> Iterator[Caption]:
        """Take the next sound, 16-bit samples of the line."""
        samples: Samples = np.frombuffer(sound, "<i2")
        if self._resample is not None:
            samples = self._resample.resample_chunk(samples)
        for piece in self._gate.push(samples):
            self._behind_by = piece.start - self._fed
            if self._begins_ms is None:
                self._begins_ms = self._ms(piece.start)
            complete = self._decoder.accept(piece.samples.tobytes())
            self._fed += len(piece.samples)
            if complete or piece.last:  # the gate's hangover is longer than the decoder looks ahead: nothing is cut off
                yield from self._ended(self._decoder.result())
            else:
                yield from self._so_far()

    def skip(self, ms: float) -> Iterator[Caption]:
        """So much sound is passed over; what was being said ends here."""
        yield from self._ended(self._decoder.final())
        self._gate.skip(round(ms * self._rate / 1000))

    def end(self) -> Iterator[Caption]:
        """The leg is over."""
        yield from self._ended(self._decoder.final())

    def _so_far(self) -> Iterator[Caption]:
        text = self._decoder.partial()
        if text and text not in (INAUDIBLE, self._shown):
            self._shown = text
            yield self._caption(text, self._begins_ms or 0, self._ms(self._gate.position), final=False)

    def _ended(self, words: Sequence[Word]) -> Iterator[Caption]:
        if words:
            skipped_ms = self._ms(self._behind_by)
            text = join(word.text for word in words)
            yield self._caption(text, words[0].start_ms + skipped_ms, words[-1].end_ms + skipped_ms, final=True)
        elif self._shown:  # what was shown so far came to nothing
            yield self._caption("", self._begins_ms or 0, self._ms(self._gate.position), final=True)
        else:
            self._begins_ms = None
            return
        self._line += 1
        self._shown, self._begins_ms = "", None

    def _caption(self, text: str, from_ms: int, to_ms: int, *, final: bool) -> Caption:
        return Caption(line=self._line, text=text, from_ms=from_ms, to_ms=to_ms, final=final)

    def _ms(self, samples: int) -> int:
        return self._start_ms + max(0, round(samples * 1000 / self._rate))
