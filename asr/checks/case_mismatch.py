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
from asr.checks.leads import Leads
from asr.checks.phrases import said_phrases
from asr.checks.rule import Phrase, Rule, RulePart
from asr.checks.said import LOST, Said, normalise
from asr.checks.talk import Talk, Window
from backend.kernel.numerals import NUMERAL, SAID, number_of

_HOUSE = re.compile(
    rf"(?<![月0-9{SAID}])(?!两(?:号|单元|层|室|栋|条))(?P<number>{NUMERAL})"
    r"(?P<unit>号楼|号院|号(?!楼|院|线|就|开始|那天|早|晚|上|下)|单元|层(?!楼|的楼|高)|室|栋(?!楼)|条(?!街|路|狗|线))"
)
"""A date is no number of a house (十一月三号, 三号就坏了), and neither is how many there are (六层楼, 两栋)."""
_ROADS = tuple("街路巷里条同园区村院楼元")
"""Behind one of these a bare 三号 is the number of a house; elsewhere it may be a day."""


class Wish(RulePart):
    """What the citizen says when a case must say so too: 替我保密 wants `secret` to be true. What leads up to it may
    turn it (`asr.checks.leads`): 万一着火了 is no fire."""

    phrases: tuple[Phrase, ...] = Field(min_length=1, max_length=60)
    unless: tuple[Phrase, ...] = Field(default=(), max_length=60)
    field: Literal["secret", "urgent"]
    value: bool = True
    leads: Leads = Leads()


class CaseMismatch(Rule):
    """One of three things is compared, `field`:

    - address: a number of a house, building, unit that no case has, and that was said in place of one that a case has.
      Sure when exactly one other number was said for it, whole and understood, and said twice or said back by the agent
      and the number of the case never was: one syllable that was misheard makes another house;
    - class: of the words that tell what a matter is about (`words`, by the name of a class), none of the cases' classes
      and `at_least` of another was said. Never sure: people call things by many names;
    - wish: what the citizen asked for, and no case does. Sure when it was said in so many words.
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
        cases, said = talk.facts.cases, talk.said(Leg.CALLER)
        if not cases:
            return
        if self.field == "address":
            yield from _other_numbers(cases, talk, windows)
        elif self.field == "class":
            yield from self._other_class(cases, said, windows)
        else:
            yield from self._other_wish(cases, said, windows)

    def _other_class(self, cases: Sequence[CaseFacts], said: Said, windows: Sequence[Window]) -> Iterator[Finding]:
        names = {name for case in cases for name in case.class_names}
        own = [words for name, words in self.words.items() if name in names]
        if not own or any(any(said_phrases(said, words, (), windows)) for words in own):
            return
        filed = next(case.class_names[-1] for case in cases if case.class_names)
        for name, words in self.words.items():
            found = list(said_phrases(said, words, (), windows)) if name not in names else []
            if len({each.text for each in found}) >= self.at_least:
                told = "、".join(dict.fromkeys(each.text for each in found))
                text = f"{filed} ≠ {name} ({told})"
                yield Finding(Leg.CALLER, found[0].from_ms, found[-1].to_ms, text, sure=False)

    def _other_wish(self, cases: Sequence[CaseFacts], said: Said, windows: Sequence[Window]) -> Iterator[Finding]:
        for wish in self.wishes:
            if not any(getattr(case, wish.field) is wish.value for case in cases):
                yield from wish.leads.said(said, wish.phrases, wish.unless, windows)


def _other_numbers(cases: Sequence[CaseFacts], talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
    said = talk.said(Leg.CALLER)
    written = {(number_of(m["number"]), m["unit"]) for case in cases for m in _HOUSE.finditer(normalise(case.address))}
    heard = list(_numbers(said))
    back = [(number, unit) for number, unit, _, _ in _numbers(talk.said(Leg.SEAT))]
    for number, unit in sorted(written):
        others = [each for each in heard if each[1] == unit and each[:2] not in written]
        if not others or any(each[:2] == (number, unit) for each in heard):
            continue
        other, _, match, is_house = others[-1]
        start, end = said.from_to(match.start(), match.end())
        window = next((each for each in windows if each.holds(start)), None)
        if window is not None:
            beside = said.text[max(0, match.start() - 1) : match.end() + 1]
            one = len({each[0] for each in others}) == 1 and sum(kind == unit for _, kind in written) == 1
            whole = said.signs[match.start()].begins and said.signs[match.end() - 1].ends
            proven = (len(others) > 1 or (other, unit) in back) and (number, unit) not in back
            sure = one and whole and is_house and proven and LOST not in beside and window.sure
            yield Finding(said.leg, start, end, f"{number}{unit} ≠ {other}{unit}", sure)


def _numbers(said: Said) -> Iterator[tuple[int, str, re.Match[str], bool]]:
    """The numbers of houses that were said: number, unit, where, and whether it can be nothing else."""
    for match in _HOUSE.finditer(said.text):
        plain = match["unit"] != "号" or said.text[match.start() - 1 : match.start()] in _ROADS
        yield number_of(match["number"]), match["unit"], match, plain
