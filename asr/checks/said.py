"""What one speaker said as characters with their times, and where a phrase stands in it.

A phrase is found surely when its very characters stand in one turn, as whole words of the recogniser, and no word that
it could not make out stands beside them. It is found unsurely when only its sound is the same (syllables without tones,
zh as z, ang as an), when it runs over a pause into the next turn, when it is cut out of longer words, or when the
recogniser was at a loss right before or after it. How confident a recogniser says it is plays no part: it says so of
wrong words as well.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from asr.audio import Leg
from asr.checks.facts import Interval
from asr.checks.spans import Spans
from asr.sounds import sound
from asr.transcript import INAUDIBLE, UNKNOWN, Transcript, Word

LOST = "\ufffd"
"""Stands in `Said.text` for a word that the recogniser could not make out."""
_ALIKE_FROM = 3
"""Shorter phrases sound like too many other things."""
_ACROSS_MS = 2_000
"""A phrase may run over a pause of this length, not over a longer one."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One character, with the turn in which it was said and whether a word begins or ends with it."""

    start_ms: int
    end_ms: int
    turn: int
    begins: bool
    ends: bool


@dataclass(frozen=True, slots=True)
class Match:
    """Characters `first` to before `end` of what a speaker said; `exact` when they are the phrase's own."""

    first: int
    end: int
    exact: bool
    sure: bool


class Said:
    """What one speaker said: `text` holds one character for each of `signs`."""

    def __init__(self, leg: Leg, text: str, signs: tuple[Sign, ...]) -> None:
        self.leg = leg
        self.text = text
        self.signs = signs

    @classmethod
    def of(cls, transcript: Transcript, leg: Leg, *, without: Sequence[Interval] = ()) -> Said:
        """What this speaker said in the call, but for words in the times `without`."""
        text: list[str] = []
        signs: list[Sign] = []
        for number, turn in enumerate(transcript.turns):
            if turn.leg is not leg:
                continue
            for word in turn.words:
                if _over(word, without):
                    continue
                plain = LOST if word.text in UNKNOWN else normalise(word.text)
                step = (word.end_ms - word.start_ms) / max(1, len(plain))
                for index, character in enumerate(plain):
                    start, end = word.start_ms + index * step, word.start_ms + (index + 1) * step
                    text.append(character)
                    signs.append(Sign(round(start), round(end), number, index == 0, index == len(plain) - 1))
        return cls(leg, "".join(text), tuple(signs))

    @cached_property
    def _sounds(self) -> tuple[str, dict[str, str]]:
        """What was said with one sign for each sound, and which sign stands for which."""
        signs: dict[str, str] = {}
        spelled = [signs.setdefault(sound(character), chr(len(signs) + 1)) for character in self.text]
        return "".join(spelled), signs

    @cached_property
    def _spans(self) -> Spans[Sign]:
        return Spans(self.signs)

    @cached_property
    def _middles(self) -> list[float]:
        return [(sign.start_ms + sign.end_ms) / 2 for sign in self.signs]

    @cached_property
    def _in_order(self) -> bool:
        return all(before <= after for before, after in pairwise(self._middles))

    def find(self, phrase: str) -> Iterator[Match]:
        """Where the phrase was said, surely or not, from the beginning on."""
        wanted = normalise(phrase)
        exact = list(_places(self.text, wanted))
        for first in exact:
            yield from self._match(first, len(wanted), exact=True)
        if len(wanted) >= _ALIKE_FROM:
            covered = set(exact)
            for first in self._alike(wanted):
                if first not in covered:
                    yield from self._match(first, len(wanted), exact=False)

    def shown(self, first: int, end: int) -> str:
        """These characters as a person reads them."""
        return self.text[first:end].replace(LOST, INAUDIBLE)

    def from_to(self, first: int, end: int) -> tuple[int, int]:
        """When these characters were said."""
        return self.signs[first].start_ms, max(sign.end_ms for sign in self.signs[first:end])

    def within(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        """The characters whose middle lies in this time."""
        middles = self._middles
        if self._in_order:
            first, end = bisect_left(middles, start_ms), bisect_right(middles, end_ms)
            return (first, end) if first < end else (0, 0)
        inside = [index for index, middle in enumerate(middles) if start_ms <= middle <= end_ms]
        return (inside[0], inside[-1] + 1) if inside else (0, 0)

    def read_ms(self, start_ms: int, end_ms: int) -> int:
        """How much of this time lies under characters."""
        over = self._spans.over(start_ms, end_ms)
        return sum(min(end_ms, sign.end_ms) - max(start_ms, sign.start_ms) for sign in over)

    def _alike(self, wanted: str) -> Iterator[int]:
        text, signs = self._sounds
        sounds = [sound(character) for character in wanted]
        if all(each in signs for each in sounds):
            yield from _places(text, "".join(signs[each] for each in sounds))

    def _match(self, first: int, length: int, *, exact: bool) -> Iterator[Match]:
        end = first + length
        signs = self.signs[first:end]
        pauses = [after.start_ms - before.end_ms for before, after in pairwise(signs)]
        if max(pauses, default=0) > _ACROSS_MS:
            return
        whole = signs[0].begins and signs[-1].ends and signs[0].turn == signs[-1].turn
        beside = self.text[max(0, first - 1) : first] + self.text[end : end + 1]
        yield Match(first, end, exact, sure=exact and whole and LOST not in beside)


def normalise(text: str) -> str:
    """Letters, digits and characters alone, wide forms as narrow ones, in lower case."""
    narrow = unicodedata.normalize("NFKC", text).lower()
    return "".join(character for character in narrow if character.isalnum())


def _over(word: Word, times: Sequence[Interval]) -> bool:
    middle = (word.start_ms + word.end_ms) / 2
    return any(each.start_ms <= middle <= each.end_ms for each in times)


def _places(text: str, wanted: str) -> Iterator[int]:
    place = text.find(wanted) if wanted else -1
    while place >= 0:
        yield place
        place = text.find(wanted, place + 1)
