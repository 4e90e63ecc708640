"""Examples that prove a rule: a short talk, written down as the demo's dialogues are, and what the rule finds in it.

    - name: the agent sends the citizen away
      talk:
        - {who: caller, at_s: 1.0, say: "路灯 坏 了"}
        - {who: seat, at_s: 4.0, say: "这 不归我管"}
      finds: [{text: 不归我管, sure: true}]

Words stand apart by spaces and take a quarter of a second for each character, unless `to_s` says when the turn ends;
`[unk]` is a word that the recogniser could not make out. Each line is a stretch of voice as loud as `loud_db` says.
An example that finds nothing is a counter-example.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from asr.audio import Leg
from asr.checks.facts import CallFacts
from asr.transcript import UNKNOWN, EngineInfo, Stretch, Transcript, Word, merge

CHARACTER_MS = 250
_WRITTEN = EngineInfo(engine="example", engine_version="1", model="written", model_version="1", rate=8000)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Line(_Part):
    """What somebody says in an example."""

    who: Leg
    at_s: float = Field(ge=0)
    to_s: float | None = None
    say: str = Field(min_length=1)
    loud_db: float = -20

    def words(self) -> Iterator[Word]:
        """The words with their times."""
        said = self.say.split()
        sizes = [1 if word in UNKNOWN else len(word) for word in said]
        start = self.at_s * 1000
        step = CHARACTER_MS if self.to_s is None else max(0.0, self.to_s * 1000 - start) / sum(sizes)
        for word, size in zip(said, sizes, strict=True):
            end = start + step * size
            yield Word(text=word, start_ms=round(start), end_ms=round(end), confidence=1.0)
            start = end


class Expected(_Part):
    """A finding that an example must bring; what is not given may be anything."""

    text: str | None = None
    leg: Leg | None = None
    from_s: float | None = None
    to_s: float | None = None
    sure: bool = True


class Example(_Part):
    """A talk, and all that the rule finds in it, in order. By default the talk ends a second after the last word."""

    name: str = Field(min_length=1, max_length=120)
    talk: tuple[Line, ...]
    length_s: float | None = None
    facts: CallFacts = CallFacts()
    finds: tuple[Expected, ...]

    def _voices(self, leg: Leg) -> Iterator[Stretch]:
        for line in sorted(self.talk, key=lambda line: line.at_s):
            if line.who is leg:
                words = list(line.words())
                yield Stretch(start_ms=words[0].start_ms, end_ms=words[-1].end_ms, loudness_db=line.loud_db)

    def transcript(self) -> Transcript:
        """The talk as a recogniser would have written it."""
        legs = {leg: [word for line in self.talk if line.who is leg for word in line.words()] for leg in Leg}
        last = max((word.end_ms for words in legs.values() for word in words), default=0)
        length = last + 1000 if self.length_s is None else max(last, round(self.length_s * 1000))
        speech = {leg: tuple(self._voices(leg)) for leg in Leg}
        return Transcript(turns=merge(legs), speech=speech, duration_ms=length, heard_by=_WRITTEN)
