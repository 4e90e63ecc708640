"""The names of roads and residential areas in memory, and how well what was typed fits each of them.

Names are few (thousands) where addresses are many, so only these are searched by likeness; the building is then looked
up by its number. Characters and letters that a name shares with what was typed choose the names worth comparing, rare
ones counting more; rapidfuzz compares those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import log

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.fuzz import partial_ratio, ratio

from backend.kernel.numerals import in_characters
from backend.kernel.pinyin import spell

WORTH_OFFERING = 60.0
"""Below this a name has too little in common with what was typed."""
_COMPARED = 80
_SOUNDS_FROM = 3
"""Shorter names sound like too many other words."""
_DIGITS = re.compile(r"\d{1,2}")


class Why(StrEnum):
    """Why a place is offered: its name is, begins with, holds or stands in what was typed; it is spelt, abbreviated so;
    it looks or sounds similar."""

    NAME = "name"
    BEGINS = "begins"
    HOLDS = "holds"
    NAMED = "named"
    PINYIN = "pinyin"
    INITIALS = "initials"
    SIMILAR = "similar"
    SOUND = "sound"


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A road or residential area: `name` as names are compared, `road` as it is written.

    `points` are some of its addresses, as longitude and latitude.
    """

    name: str
    road: str
    pinyin: str
    initials: str
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a name fits, 0 to 100, and why."""

    name: PlaceName
    score: float
    why: Why


@dataclass(frozen=True, slots=True)
class Mention:
    """A name that was said: from `start` to before `end` of the text."""

    start: int
    end: int
    name: PlaceName


@dataclass(frozen=True, slots=True)
class _Said:
    """What was typed, and how it is spelt; in letters, a count is spelt as names say it: hpl7q is he ping li qi qu."""

    words: str
    pinyin: str
    initials: str
    in_letters: bool

    @classmethod
    def of(cls, typed: str) -> _Said:
        if not typed.isascii():
            return cls(typed, *spell(typed), in_letters=False)
        pinyin = _DIGITS.sub(lambda digits: spell(in_characters(int(digits[0]))).pinyin, typed)
        initials = _DIGITS.sub(lambda digits: spell(in_characters(int(digits[0]))).initials, typed)
        return cls(typed, pinyin, initials, in_letters=True)


class Names:
    """All names in force, searched by what an agent types."""

    def __init__(self, names: Sequence[PlaceName]) -> None:
        self._names = names
        holding: dict[str, list[int]] = {}
        for n, each in enumerate(names):
            for gram in _grams_of(each):
                holding.setdefault(gram, []).append(n)
        self._by_name = {each.name: each for each in names}
        self._by_sound = {each.pinyin: each for each in names if len(each.name) >= _SOUNDS_FROM}
        self._lengths = sorted({len(each.name) for each in names if len(each.name) > 1}, reverse=True)
        self._holding = {gram: np.array(found, dtype=np.int32) for gram, found in holding.items()}

    def __len__(self) -> int:
        return len(self._names)

    def search(self, typed: str, limit: int = 12) -> list[Fit]:
        """The names that fit best; among equals the shorter comes first."""
        if not typed:
            return []
        said = _Said.of(typed)
        fits = [_fit(said, self._names[n]) for n in self._candidates(said)]
        worth = [fit for fit in fits if fit.score >= WORTH_OFFERING]
        worth.sort(key=lambda fit: (-fit.score, len(fit.name.name), fit.name.name))
        return worth[:limit]

    def said_in(self, text: str) -> list[Mention]:
        """The names that are said in a text, in their order, none within another: a recogniser may have written one
        in other characters of the same sound."""
        mentions: list[Mention] = []
        at = 0
        while at < len(text):
            found = self._said_at(text, at)
            if found is not None:
                mentions.append(found)
            at = at + 1 if found is None else found.end
        return mentions

    def _said_at(self, text: str, at: int) -> Mention | None:
        for length in self._lengths:
            words = text[at : at + length]
            if len(words) < length:
                continue
            name = self._by_name.get(words)
            if name is None and length >= _SOUNDS_FROM:
                name = self._by_sound.get(_sound(words))
            if name is not None:
                return Mention(at, at + length, name)
        return None

    def _candidates(self, said: _Said) -> list[int]:
        weights: NDArray[np.float32] = np.zeros(len(self._names), dtype=np.float32)
        for gram in _grams_said(said):
            found = self._holding.get(gram)
            if found is not None:
                weights[found] += log(1 + len(self._names) / len(found))
        best = np.argsort(-weights, kind="stable")[:_COMPARED]
        return [int(n) for n in best if weights[n] > 0]


@lru_cache(maxsize=20_000)
def _sound(words: str) -> str:
    return spell(words).pinyin


def _grams_of(each: PlaceName) -> set[str]:
    return {
        *each.name,
        *_pairs(each.name),
        *(f"p{pair}" for pair in _pairs(f"^{each.pinyin}")),
        *(f"i{pair}" for pair in _pairs(f"^{each.initials}")),
    }


def _grams_said(said: _Said) -> set[str]:
    letters = {f"p{pair}" for pair in _pairs(f"^{said.pinyin}")}
    if said.in_letters:
        return letters | {f"i{pair}" for pair in _pairs(f"^{said.initials}")}
    return letters | {*said.words, *_pairs(said.words)}


def _pairs(text: str) -> Iterable[str]:
    return (text[n : n + 2] for n in range(len(text) - 1))


def _fit(said: _Said, each: PlaceName) -> Fit:
    score, why = _fit_of_letters(said, each) if said.in_letters else _fit_of_characters(said, each)
    return Fit(each, round(score, 1), why)


def _fit_of_letters(said: _Said, each: PlaceName) -> tuple[float, Why]:
    longer = 0.2 * min(10, max(0, len(each.initials) - len(said.initials)))
    if said.pinyin == each.pinyin:
        return 98.0, Why.PINYIN
    if said.initials == each.initials:
        return 96.0, Why.INITIALS
    if each.pinyin.startswith(said.pinyin):
        return 93.0 - longer, Why.PINYIN
    if each.initials.startswith(said.initials):
        return 91.0 - longer, Why.INITIALS
    return max(
        (82.0 * (len(said.words) > 2 and said.pinyin in each.pinyin), Why.PINYIN),
        (82.0 * (len(said.words) > 2 and said.initials in each.initials), Why.INITIALS),
        (0.85 * ratio(said.pinyin, each.pinyin), Why.PINYIN),
        (0.75 * ratio(said.initials, each.initials), Why.INITIALS),
    )


def _fit_of_characters(said: _Said, each: PlaceName) -> tuple[float, Why]:
    words, name = said.words, each.name
    longer = 0.4 * min(10, max(0, len(name) - len(words)))
    if words == name:
        return 100.0, Why.NAME
    if name.startswith(words):
        return 96.0 - longer, Why.BEGINS
    if words in name and len(words) > 1:
        return 90.0 - longer, Why.HOLDS
    if name in words and len(name) > 2:
        return 84.0 + min(6, len(name)), Why.NAMED
    within = 0.8 * partial_ratio(name, words) if len(words) > len(name) > 3 else 0.0
    return max(
        (0.9 * ratio(words, name), Why.SIMILAR),
        (0.88 * ratio(said.pinyin, each.pinyin), Why.SOUND),
        (within, Why.NAMED),
    )
