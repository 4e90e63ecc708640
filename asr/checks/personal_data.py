"""Personal data 个人信息: numbers of identity cards, bank cards, telephones, read out by the agent or written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Literal

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from asr.audio import Leg
from asr.checks.facts import CallFacts
from asr.checks.hits import Finding
from asr.checks.phrases import window_of
from asr.checks.rule import Rule
from asr.checks.talk import Talk, Window
from backend.kernel.numerals import DIGITS
from backend.kernel.personal_numbers import BANK_CARD, ID_CARD, MOBILE


class Number(StrEnum):
    """What a long number is, by its form."""

    ID_CARD = "id_card"
    BANK_CARD = "bank_card"
    TELEPHONE = "telephone"


_RUN = re.compile(rf"[{''.join(DIGITS)}0-9]{{10,}}[xX叉]?")
_FORMS = {
    Number.ID_CARD: re.compile(ID_CARD),
    Number.BANK_CARD: re.compile(BANK_CARD),
    Number.TELEPHONE: re.compile(MOBILE),
}
_GAP = "[ -]?"
_WRITTEN = [
    re.compile(rf"(?:(?<![0-9])|(?<=\+86)){groups}(?![0-9])")
    for groups in (
        rf"[0-9]{{6}}{_GAP}[0-9]{{8}}{_GAP}[0-9]{{3}}[0-9xX]",
        rf"[0-9]{{4}}(?:{_GAP}[0-9]{{4}}){{3}}(?:{_GAP}[0-9]{{1,4}})?",
        rf"1[0-9]{{2}}{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}",
        r"1[0-9]{10}",
    )
]
"""How such numbers are written: identity cards, bank cards and telephones, in their groups or whole."""


class PersonalData(Rule):
    """Numbers that the agent says (`spoken`), or that stand in the text of a case (`written`), in groups or whole.
    `text` shows only their ends. A spoken number is sure when it was said in one turn; a written one is, but for a
    telephone that is known to be another's than the citizen's: whoever reports a fraud has to name its number."""

    kind: Literal["personal_data"] = "personal_data"
    spoken: tuple[Number, ...] = ()
    written: tuple[Number, ...] = ()
    leg: Leg = Leg.SEAT

    @model_validator(mode="after")
    def _looks_for_something(self) -> PersonalData:
        if not self.spoken and not self.written:
            raise PydanticCustomError("personal_data_nowhere", "a rule on personal data gives spoken or written")
        return self

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """Each number; one that was written belongs to the whole call."""
        said = talk.said(self.leg)
        for run in _RUN.finditer(said.text):
            digits = as_digits(run.group())
            start, end = said.from_to(run.start(), run.end())
            window = window_of(start, windows)
            if window is not None and _form(digits) in self.spoken:
                one_turn = said.signs[run.start()].turn == said.signs[run.end() - 1].turn
                yield Finding(self.leg, start, end, masked(digits), one_turn and window.sure)
        for number in _written(talk.facts):
            form, own = _form(number), talk.facts.citizen_number
            if form in self.written:
                another = form is Number.TELEPHONE and own and not own.endswith(number)
                yield Finding(self.leg, 0, talk.duration_ms, masked(number), sure=not another)


def _written(facts: CallFacts) -> Iterator[str]:
    """The long numbers of all cases of a call, each once."""
    text = unicodedata.normalize("NFKC", "\n".join(f"{case.what}\n{case.address}" for case in facts.cases))
    found = (match.group() for written in _WRITTEN for match in written.finditer(text))
    yield from dict.fromkeys(re.sub(r"[ -]", "", number).lower() for number in found)


def as_digits(said: str) -> str:
    """Digits as they are written, however they were said."""
    return "".join(DIGITS.get(character, character) for character in said).lower().replace("叉", "x")


def masked(digits: str) -> str:
    """A number that nobody can use: three digits, two at the end."""
    return f"{digits[:3]}{'*' * (len(digits) - 5)}{digits[-2:]}"


def _form(digits: str) -> Number | None:
    return next((kind for kind, form in _FORMS.items() if form.fullmatch(digits)), None)
