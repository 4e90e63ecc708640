"""One call as the rules look at it: what each leg said, where a voice was heard, and the facts of the call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from asr.audio import Leg
from asr.checks.facts import CallFacts, Interval
from asr.checks.said import LOST, Said
from asr.checks.spans import Spans
from asr.transcript import Stretch, Transcript, Turn

_CLICK_MS = 120
"""A shorter stretch is a click on the line, or its beginning, and nobody's voice."""
_UNREAD_MS = 1_000
"""So much voice without a word of it written down may have held what was looked for."""


@dataclass(frozen=True, slots=True)
class Window:
    """Where a rule looks. `sure` is False where it follows a hit that was none surely."""

    start_ms: int
    end_ms: int
    sure: bool = True

    def holds(self, start_ms: int) -> bool:
        """Whether what begins then begins here."""
        return self.start_ms <= start_ms <= self.end_ms


class Talk:
    """A transcript with the facts of its call; what several rules ask for is worked out once.

    While the citizen is on hold the seat's leg carries the music, so nothing of it counts as said or spoken.
    """

    def __init__(self, transcript: Transcript, facts: CallFacts) -> None:
        self.transcript = transcript
        self.facts = facts

    @property
    def duration_ms(self) -> int:
        """The length of the recording; nothing is found after it."""
        return self.transcript.duration_ms

    @property
    def voices_known(self) -> bool:
        """Whether the transcript tells where a voice was heard; one of long ago only has its turns."""
        return bool(self.transcript.speech)

    def said(self, leg: Leg) -> Said:
        """What this leg said, as characters with their times."""
        return self._said[leg]

    def turns(self, leg: Leg) -> list[Turn]:
        """The turns of this leg, in order."""
        held = self.facts.holds if leg is Leg.SEAT else ()
        return [turn for turn in self.transcript.turns if turn.leg is leg and not _over(turn, held)]

    def voices(self, leg: Leg) -> list[Stretch]:
        """Where this leg spoke, in order; by the turns where nothing better is known, without their loudness."""
        return self._voices[leg]

    def voices_over(self, leg: Leg, start_ms: int, end_ms: int) -> Sequence[Stretch]:
        """Where this leg spoke within this time."""
        return self._spans[leg].over(start_ms, end_ms)

    def clear(self, leg: Leg, start_ms: int, end_ms: int) -> bool:
        """Whether all that this leg said then is written: no word lost, no voice without words, nothing cut off, and
        nothing of it while the recording was paused."""
        said = self.said(leg)
        first, end = said.within(start_ms, end_ms)
        if LOST in said.text[first:end] or self.transcript.flaw is not None or self.paused(start_ms, end_ms):
            return False
        heard = [
            (max(each.start_ms, start_ms), min(each.end_ms, end_ms)) for each in self.voices_over(leg, start_ms, end_ms)
        ]
        return all(said.read_ms(*voice) + _UNREAD_MS > voice[1] - voice[0] for voice in heard)

    def paused(self, start_ms: int, end_ms: int) -> bool:
        """Whether the recording was paused for any of this time."""
        return any(pause.start_ms < end_ms and start_ms < pause.end_ms for pause in self.facts.pauses)

    @cached_property
    def _said(self) -> dict[Leg, Said]:
        return {leg: Said.of(self.transcript, leg, without=self.facts.holds if leg is Leg.SEAT else ()) for leg in Leg}

    @cached_property
    def _voices(self) -> dict[Leg, list[Stretch]]:
        return {leg: list(self._heard(leg)) for leg in Leg}

    @cached_property
    def _spans(self) -> dict[Leg, Spans[Stretch]]:
        return {leg: Spans(self.voices(leg)) for leg in Leg}

    def _heard(self, leg: Leg) -> Iterable[Stretch]:
        if not self.voices_known:
            for turn in self.turns(leg):
                yield Stretch(start_ms=turn.start_ms, end_ms=turn.end_ms, loudness_db=0)
            return
        held = self.facts.holds if leg is Leg.SEAT else ()
        for stretch in sorted(self.transcript.speech.get(leg, ()), key=lambda each: (each.start_ms, each.end_ms)):
            yield from (piece for piece in _outside(stretch, held) if piece.end_ms - piece.start_ms >= _CLICK_MS)


def _outside(stretch: Stretch, holds: Iterable[Interval]) -> Iterator[Stretch]:
    """What of a stretch is not on hold: the music often follows the last word without a pause."""
    start = stretch.start_ms
    for hold in sorted(holds, key=lambda each: each.start_ms):
        if hold.end_ms > start and hold.start_ms < stretch.end_ms:
            yield stretch.model_copy(update={"start_ms": start, "end_ms": max(start, hold.start_ms)})
            start = hold.end_ms
    yield stretch.model_copy(update={"start_ms": min(start, stretch.end_ms), "end_ms": stretch.end_ms})


def _over(piece: Turn, holds: Iterable[Interval]) -> bool:
    middle = (piece.start_ms + piece.end_ms) / 2
    return any(hold.start_ms <= middle <= hold.end_ms for hold in holds)
