"""What was said, by whom and when: words, turns, and the transcript that carries how it came about."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from asr.audio import Leg
from asr.written import written

PAUSE_MS = 800  # a longer silence of the same speaker begins a new turn
UNKNOWN = frozenset({"[unk]", "<unk>", "[UNK]", "<UNK>"})
INAUDIBLE = "[听不清]"  # stands in the text for words that the model heard but does not know


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Word(_Value):
    """One word as the recogniser gave it, times from the start of the recording.

    `confidence` is the engine's own; vosk says 1.0 of wrong words as well, so nothing may be decided on it alone.
    """

    text: str
    start_ms: int = Field(ge=0)
    end_ms: int = Field(ge=0)
    confidence: float


class Turn(_Value):
    """What one speaker said without a long pause: `text` as it was spoken, `written` with its numbers in digits."""

    leg: Leg
    start_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...]
    written: str = ""


class Stretch(_Value):
    """Where the voice detector heard a voice on one leg, pauses of less than its hangover within.

    `loudness_db` is the RMS of what it took for a voice, in dB below full scale: 0 is as loud as the line can carry. A
    click or the beginning of a line may be taken for a voice too: such stretches are a few tens of ms long.
    """

    start_ms: int = Field(ge=0)
    end_ms: int = Field(ge=0)
    loudness_db: float


class EngineInfo(_Value):
    """Which engine and model heard it, and how they were set: what a better one must be compared with."""

    engine: str
    engine_version: str
    model: str
    model_version: str
    rate: int
    settings: dict[str, int | float | str] = {}


class Transcript(_Value):
    """A whole recording, turns ordered by their start. `flaw` says in words what was wrong with the recording.

    `speech` is where somebody was heard at all, understood or not; a transcript of long ago may not tell. `cpu_ms` is
    what it cost the recogniser.
    """

    turns: tuple[Turn, ...]
    speech: dict[Leg, tuple[Stretch, ...]] = {}
    duration_ms: int
    heard_by: EngineInfo
    cpu_ms: int = 0
    flaw: str | None = None

    @property
    def text(self) -> str:
        """All turns as plain text, one a line."""
        return "\n".join(turn.text for turn in self.turns)

    def leg_text(self, leg: Leg) -> str:
        """What one speaker said, without a break."""
        return join(word.text for turn in self.turns if turn.leg is leg for word in turn.words)

    def said_between(self, leg: Leg, start_ms: int, end_ms: int) -> str:
        """The words of one speaker that lie over this time, without a break."""
        words = (word for turn in self.turns if turn.leg is leg for word in turn.words)
        return join(word.text for word in words if word.start_ms < end_ms and start_ms < word.end_ms)


class Heard(_Value):
    """What an engine heard in one recording, before it is ordered into turns."""

    legs: dict[Leg, tuple[Word, ...]]
    speech: dict[Leg, tuple[Stretch, ...]]
    duration_ms: int
    cpu_ms: int = 0
    flaw: str | None = None


def merge(legs: Mapping[Leg, Sequence[Word]], pause_ms: int = PAUSE_MS) -> tuple[Turn, ...]:
    """The turns of both speakers by the time they start; those who speak at once have overlapping turns."""
    turns = [turn for leg, words in legs.items() for turn in _turns(leg, words, pause_ms)]
    order = list(Leg)
    return tuple(sorted(turns, key=lambda turn: (turn.start_ms, turn.end_ms, order.index(turn.leg))))


def _turns(leg: Leg, words: Sequence[Word], pause_ms: int) -> Iterator[Turn]:
    said: list[Word] = []
    for word in sorted(words, key=lambda word: (word.start_ms, word.end_ms)):
        if said and word.start_ms - said[-1].end_ms > pause_ms:
            yield _turn(leg, said)
            said = []
        said.append(word)
    if said:
        yield _turn(leg, said)


def _turn(leg: Leg, words: Sequence[Word]) -> Turn:
    text = join(word.text for word in words)
    return Turn(
        leg=leg,
        start_ms=words[0].start_ms,
        end_ms=max(word.end_ms for word in words),
        text=text,
        words=tuple(words),
        written=written(text),
    )


def join(words: Iterable[str]) -> str:
    """Words as text: no space beside Chinese, one between others; what the model does not know is said to be so."""
    text = ""
    before = ""
    for word in words:
        shown = INAUDIBLE if word in UNKNOWN else word.strip()
        if shown == before == INAUDIBLE:
            continue
        if text and shown and not (_is_wide(text[-1]) or _is_wide(shown[0])):
            text += " "
        text += shown
        before = shown
    return text


def _is_wide(character: str) -> bool:
    return character in "[]" or unicodedata.east_asian_width(character) in "WF"
