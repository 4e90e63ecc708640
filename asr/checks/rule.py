"""What every rule has: its id and version, how much a hit weighs, where it looks, and examples that prove it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from asr.audio import Leg
from asr.checks.example import Example
from asr.checks.hits import Finding, Severity
from asr.checks.talk import Talk, Window

RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


class RulePart(BaseModel):
    """Part of a rule: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Title(RulePart):
    """What the rule is called on the screen."""

    zh: str = Field(min_length=1, max_length=60)
    en: str = Field(min_length=1, max_length=80)


class After(RulePart):
    """Only within so many seconds after a hit of another rule."""

    rule: RuleId
    within_s: Seconds


class AtTurn(RulePart):
    """Only in one turn of a leg: 1 is its first, -1 its last."""

    leg: Leg
    n: int = Field(ge=-20, le=20)


class Place(RulePart):
    """Where in the talk a rule looks; all that is given must hold. A rule that is anchored to one which finds nothing,
    or which is not in force, looks nowhere."""

    first_s: Seconds | None = None
    last_s: Seconds | None = None
    turn: AtTurn | None = None
    after: After | None = None

    def windows(self, talk: Talk, found: Mapping[str, Sequence[Finding]]) -> list[Window]:
        """The times of the talk in which the rule looks; `found` holds what earlier rules found."""
        whole = Window(0, talk.duration_ms)
        windows = [whole] if self.after is None else _behind(self.after, found)
        for limit in self._limits(talk):
            windows = [cut for window in windows if (cut := _cut(window, limit)) is not None]
        return windows

    def _limits(self, talk: Talk) -> Iterator[Window]:
        end = talk.duration_ms
        yield Window(0, end)
        if self.first_s is not None:
            yield Window(0, round(self.first_s * 1000))
        if self.last_s is not None:
            yield Window(max(0, end - round(self.last_s * 1000)), end)
        if self.turn is not None:
            turns = talk.turns(self.turn.leg)
            index = self.turn.n - 1 if self.turn.n > 0 else self.turn.n
            there = self.turn.n != 0 and -len(turns) <= index < len(turns)
            yield Window(turns[index].start_ms, turns[index].end_ms) if there else Window(0, -1)


class Rule(RulePart):
    """A rule of any kind. `calls` are the directions it holds for; talks of `longer_than_s` or less are left alone."""

    id: RuleId
    version: int = Field(ge=1)
    kind: str
    title: Title
    severity: Severity
    points: int = Field(default=0, ge=0, le=100)
    calls: tuple[Literal["inbound", "outbound"], ...] = Field(default=("inbound", "outbound"), min_length=1)
    longer_than_s: float = Field(default=0, ge=0, le=3600)
    place: Place = Place()
    examples: tuple[Example, ...] = Field(min_length=2)

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """What the rule finds in these times of the talk."""
        raise NotImplementedError

    def applies(self, talk: Talk) -> bool:
        """Whether the rule is for such a call at all."""
        return talk.facts.direction in self.calls and talk.duration_ms > self.longer_than_s * 1000


def _behind(after: After, found: Mapping[str, Sequence[Finding]]) -> list[Window]:
    length = round(after.within_s * 1000)
    return [Window(hit.to_ms, hit.to_ms + length, hit.sure) for hit in found.get(after.rule, ())]


def _cut(window: Window, limit: Window) -> Window | None:
    start, end = max(window.start_ms, limit.start_ms), min(window.end_ms, limit.end_ms)
    return Window(start, end, window.sure) if start <= end else None
