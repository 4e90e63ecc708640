"""What can be read out of what a caller said: a class, telephone numbers, how urgent it is, where it is. Pure.

Nothing here decides anything: each finding goes beside the field of the form with the words that it rests on, for an
agent who hears the caller to take or to leave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from backend.citizens.hidden_numbers import PAUSE_IN_NUMBER_MS
from backend.citizens.numbers import NumberKind, read_number
from backend.grid.address import building_end
from backend.grid.names import Names
from backend.kernel.finding import plain
from backend.kernel.numerals import DIGITS
from backend.kernel.personal_numbers import FIXED_LINE, MOBILE
from backend.taxonomy.schemas import CaseClass, Urgency

MOST_CLASSES = 3
MOST_NUMBERS = 2

_BETWEEN = frozenset(" -，,、。嗯啊是")
_NUMBER = re.compile(rf"{MOBILE}|{FIXED_LINE}|400\d{{7}}|(?<!\d)[2-8]\d{{7}}(?!\d)")
_CALLABLE = frozenset({NumberKind.MOBILE, NumberKind.LANDLINE, NumberKind.TOLL_FREE})
_NOT = re.compile(r"(?:没有|没|不是|不|无)$")
_BESIDE = re.compile(
    r"(?:的)?(?:[东西南北]侧|[东西南北]边|大门口|门口|路口|对面|旁边|附近|楼下|院内|院里|便道|市场门口|公交站|地铁站)"
)
_CUE = re.compile(r"(?:地址是|地址在|位置在|位置是|住在|位于|我家在|就在|我在)(?P<place>[^，,。]{3,24})")


@dataclass(frozen=True, slots=True)
class Breath:
    """What was said in one breath."""

    text: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Finding:
    """The words that something was read out of, and when they were said."""

    words: str
    breath: Breath


# --- where ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Where:
    """An address as somebody would type it, with the words that it was read out of; `named` when a name of the grid
    was said, else it only stands where people say where they are."""

    typed: str
    named: bool
    found: Finding


def where_said(said: Sequence[Breath], names: Names, streets: Sequence[str]) -> Where | None:
    """The place that was told last; one with a building before one without, a name before a guess."""
    told = [where for breath in said for where in _wheres(breath, names, streets)]
    if told:
        return max(enumerate(told), key=lambda pair: (_has_building(pair[1]), pair[0]))[1]
    guesses = [
        Where(match["place"], named=False, found=Finding(match[0], breath))
        for breath in said
        for match in _CUE.finditer(breath.text)
    ]
    return guesses[-1] if guesses else None


def _wheres(breath: Breath, names: Names, streets: Sequence[str]) -> Iterator[Where]:
    text = breath.text
    for mention in names.said_in(text):
        begin = mention.start
        street = next((name for name in streets if text.endswith(name, 0, begin)), "")
        end = building_end(text, mention.end)
        beside = _BESIDE.match(text, end)
        rest = text[mention.end : beside.end() if beside else end]
        words = text[begin - len(street) : mention.end] + rest
        yield Where(f"{street}{mention.name.road}{rest}", named=True, found=Finding(words, breath))


def _has_building(where: Where) -> bool:
    return any(sign.isdigit() or sign in DIGITS or sign == "十" for sign in where.typed[-8:])


# --- what it is about ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fit:
    score: float
    case_class: CaseClass
    found: Finding


def classes_said(said: Sequence[Breath], classes: Iterable[CaseClass]) -> list[tuple[CaseClass, Finding]]:
    """The classes whose names or aliases were said, best first: whole words before parts of them, the narrower class
    before the wider one."""
    whole = "\n".join(breath.text for breath in said)
    fits = [fit for each in classes if (fit := _fit(said, whole, each)) is not None]
    fits.sort(key=lambda fit: (-fit.score, fit.case_class.code))
    chosen: list[_Fit] = []
    for fit in fits:
        code = fit.case_class.code
        if not any(one.case_class.code.startswith(code) for one in chosen):
            chosen.append(fit)
    return [(fit.case_class, fit.found) for fit in chosen[:MOST_CLASSES]]


def _fit(said: Sequence[Breath], whole: str, each: CaseClass) -> _Fit | None:
    """How well a class fits; what stands in no breath, but only in all of them together, was not said."""
    level = 2.0 * len(each.path) + (2.0 if each.scheme == "hotline" else 0.0)
    fits = []
    for name in {plain(word) for word in (each.name, *each.aliases)}:
        if not _share(name, whole):
            continue
        for breath in said:
            share = _share(name, breath.text)
            if share:
                words = name if share == 1 else breath.text
                fits.append(_Fit(level + share * len(name) + 10 * (share == 1), each, Finding(words, breath)))
    return max(fits, key=lambda fit: fit.score, default=None)


def _share(name: str, text: str) -> float:
    """How much of the name was said: all of it, or at least half of its pairs of characters."""
    if name in text:
        return 1.0
    pairs = [name[n : n + 2] for n in range(len(name) - 1)]
    if len(pairs) < 3:
        return 0.0
    share = sum(pair in text for pair in pairs) / len(pairs)
    return share if share >= 0.5 else 0.0


# --- telephone numbers ---------------------------------------------------------------------------------------------


def numbers_said(said: Sequence[Breath]) -> list[tuple[str, Finding]]:
    """Telephone numbers that were told digit by digit, also in groups with pauses; the one told last comes first."""
    found: dict[str, Finding] = {}
    for digits, breath in _runs(said):
        for match in _NUMBER.finditer(digits):
            if read_number(match[0]).kind in _CALLABLE:
                found.pop(match[0], None)
                found[match[0]] = Finding(breath.text, breath)
    return list(reversed(found.items()))[:MOST_NUMBERS]


def _runs(said: Sequence[Breath]) -> Iterator[tuple[str, Breath]]:
    """Digits that were said one after another, with the breath that ended them."""
    digits, last = "", None
    for breath in said:
        if last is not None and breath.from_ms - last.to_ms > PAUSE_IN_NUMBER_MS and digits:
            yield digits, last
            digits = ""
        for sign in breath.text:
            if sign in DIGITS or sign.isdecimal():
                digits += DIGITS.get(sign, sign)
            elif sign not in _BETWEEN and digits:
                yield digits, breath
                digits = ""
        last = breath
    if digits and last is not None:
        yield digits, last


# --- how urgent ----------------------------------------------------------------------------------------------------


def urgency_said(said: Sequence[Breath], words: Mapping[Urgency, Sequence[str]]) -> tuple[Urgency, Finding] | None:
    """The highest urgency of which a word was said and not denied; None when there was none."""
    for urgency in (Urgency.EMERGENCY, Urgency.URGENT):
        for breath in said:
            for word in words.get(urgency, ()):
                at = breath.text.find(word)
                if at >= 0 and not _NOT.search(breath.text[:at]):
                    return urgency, Finding(word, breath)
    return None
