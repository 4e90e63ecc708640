"""How far what was heard is from what was said, and which planted faults were found: numbers alone, no sound."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asr.audio import Leg
from asr.evaluation.recorded import Planted
from asr.transcript import UNKNOWN, Transcript


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that the checks found, on which leg and from when to when."""

    leg: Leg
    text: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Score:
    """What came of one recording, or of many together by `+`."""

    calls: int = 0
    characters: int = 0
    character_errors: int = 0
    words: int = 0
    word_errors: int = 0
    planted: int = 0
    found: int = 0
    false: int = 0
    audio_s: float = 0.0
    taken_s: float = 0.0

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def character_error_rate(self) -> float:
        """Characters wrong, missing or too many, by characters said."""
        return self.character_errors / max(1, self.characters)

    @property
    def word_error_rate(self) -> float | None:
        """The same for words; None where the text does not set them apart."""
        return self.word_errors / self.words if self.words else None

    @property
    def real_time_factor(self) -> float:
        """Seconds taken for a second of a call, both legs."""
        return self.taken_s / max(self.audio_s, 1e-9)


def edits(reference: Sequence[str], heard: Sequence[str]) -> int:
    """The least number of insertions, deletions and substitutions between two sequences."""
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(reference, 1):
        diagonal, row[0] = row[0], i
        for j, got in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != got))
    return row[-1]


def score_text(said: dict[Leg, str], transcript: Transcript) -> Score:
    """Both legs of one recording. Words that the model could not make out count as not heard."""
    total = Score()
    for leg in Leg:
        heard = [
            word.text for turn in transcript.turns if turn.leg is leg for word in turn.words if word.text not in UNKNOWN
        ]
        reference = said.get(leg, "").split()
        characters = _characters(reference)
        apart = len(reference) > 1  # a text without spaces does not tell its words
        total += Score(
            characters=len(characters),
            character_errors=edits(characters, _characters(heard)),
            words=len(reference) if apart else 0,
            word_errors=edits(reference, heard) if apart else 0,
        )
    return total


def score_whole(said: str, heard: Iterable[str]) -> Score:
    """What was heard of a recording, word by word, against all that was said in it, whoever spoke."""
    characters = _characters(said)
    known = _characters(word for word in heard if word not in UNKNOWN)
    return Score(characters=len(characters), character_errors=edits(characters, known))


def missed_faults(planted: Iterable[Planted], faults: Sequence[Fault]) -> tuple[Planted, ...]:
    """The planted faults that were not found: no fault on their leg lies over their turn."""
    return tuple(each for each in planted if not any(_over(fault, each) for fault in faults))


def false_faults(planted: Sequence[Planted], faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The faults that lie over no planted one."""
    return tuple(fault for fault in faults if not any(_over(fault, each) for each in planted))


def _over(fault: Fault, planted: Planted) -> bool:
    return fault.leg is planted.leg and fault.from_ms < planted.to_ms and planted.from_ms < fault.to_ms


def _characters(words: Iterable[str]) -> str:
    text = unicodedata.normalize("NFKC", "".join(words)).lower()
    return "".join(character for character in text if character.isalnum())
