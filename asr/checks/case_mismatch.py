"""The case against the talk 工单与通话不符: another number, another kind of matter, another wish than was said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from asr.audio import Leg
from asr.checks.facts import CaseFacts
from asr.checks.hits import Finding
from asr.checks.phrases import said_phrases
from asr.checks.rule import Phrase, Rule, RulePart
from asr.checks.said import LOST, Said, normalise
from asr.checks.talk import Talk, Window
from backend.kernel.numerals import NUMERAL, number_of

_HOUSE = re.compile(rf"(?P<number>{NUMERAL})(?P<unit>号楼|号院|号|单元|层|室|栋|条)")


class Wish(RulePart):
    """What the citizen says when the case must say so too: 替我保密 wants `secret` to be true."""

    phrases: tuple[Phrase, ...] = Field(min_length=1, max_length=60)
    unless: tuple[Phrase, ...] = Field(default=(), max_length=60)
    field: Literal["secret", "urgent"]
    value: bool = True


class CaseMismatch(Rule):
    """One of three things is compared, `field`:

    - address: a number of a house, building, unit that the case has, and that was said otherwise. Sure when exactly one
      other number was said for it, whole and understood;
    - class: of the words that tell what a matter is about (`words`, by the name of a class), none of the case's class
      and `at_least` of another was said. Never sure: people call things by many names;
    - wish: what the citizen asked for, and the case does not. Sure when it was said in so many words.
    """

    kind: Literal["case_mismatch"] = "case_mismatch"
    field: Literal["address", "class", "wish"]
    words: Mapping[str, tuple[Phrase, ...]] = {}
    at_least: int = Field(default=2, ge=1, le=10)
    wishes: tuple[Wish, ...] = ()

    @model_validator(mode="after")
    def _knows_what_to_compare(self) -> CaseMismatch:
        if bool(self.words) != (self.field == "class") or bool(self.wishes) != (self.field == "wish"):
            raise PydanticCustomError(
                "compared_otherwise",
                "words go with the field class, wishes with the field wish, and neither with address",
            )
        return self

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """Where the citizen said otherwise; nothing while no case was filed."""
        case, said = talk.facts.case, talk.said(Leg.CALLER)
        if case is None:
            return
        if self.field == "address":
            yield from _other_numbers(case, said, windows)
        elif self.field == "class":
            yield from self._other_class(case, said, windows)
        else:
            yield from self._other_wish(case, said, windows)

    def _other_class(self, case: CaseFacts, said: Said, windows: Sequence[Window]) -> Iterator[Finding]:
        own = [words for name, words in self.words.items() if name in case.class_names]
        if not own or any(any(said_phrases(said, words, (), windows)) for words in own):
            return
        for name, words in self.words.items():
            found = list(said_phrases(said, words, (), windows)) if name not in case.class_names else []
            if len({each.text for each in found}) >= self.at_least:
                told = "、".join(dict.fromkeys(each.text for each in found))
                text = f"{case.class_names[-1]} ≠ {name} ({told})"
                yield Finding(Leg.CALLER, found[0].from_ms, found[-1].to_ms, text, sure=False)

    def _other_wish(self, case: CaseFacts, said: Said, windows: Sequence[Window]) -> Iterator[Finding]:
        for wish in self.wishes:
            if getattr(case, wish.field) is not wish.value:
                yield from said_phrases(said, wish.phrases, wish.unless, windows)


def _other_numbers(case: CaseFacts, said: Said, windows: Sequence[Window]) -> Iterator[Finding]:
    written = {(number_of(m["number"]), m["unit"]) for m in _HOUSE.finditer(normalise(case.address))}
    heard = [(number_of(m["number"]), m["unit"], m) for m in _HOUSE.finditer(said.text)]
    for number, unit in sorted(written):
        others = [(value, match) for value, kind, match in heard if kind == unit]
        if not others or any(value == number for value, _ in others):
            continue
        value, match = others[-1]
        start, end = said.from_to(match.start(), match.end())
        window = next((each for each in windows if each.holds(start)), None)
        if window is not None:
            beside = said.text[max(0, match.start() - 1) : match.end() + 1]
            one = len({each for each, _ in others}) == 1 and sum(kind == unit for _, kind in written) == 1
            whole = said.signs[match.start()].begins and said.signs[match.end() - 1].ends
            sure = one and whole and LOST not in beside and window.sure
            yield Finding(said.leg, start, end, f"{number}{unit} ≠ {value}{unit}", sure)
