"""Names that are given as data (streets, communities, units), written as they are written wherever they were heard.

A recogniser knows the words of its model and no others: it writes 东华市街道 for 东花市街道. Where whole words of a
transcript sound like a known name, the name takes their place, from the beginning of the first to the end of the last.
Vosk's own way, a grammar, would shut out all other words, and drops names that its model has no pronunciation for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from asr.sounds import sound
from asr.transcript import UNKNOWN, Word

SHORTEST = 4
"""Characters of a name that is looked for: shorter ones sound like too many other words."""
_ACROSS_MS = 500
"""A name is said without a longer pause in it."""

_Sounds = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Hit:
    """Words `first` to before `end` sound like `name`."""

    first: int
    end: int
    name: str


class Names:
    """Names by their sound. Those too short, and those that sound like another one, are left out."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        known: dict[_Sounds, set[str]] = {}
        for name in names:
            if len(name) >= SHORTEST:
                known.setdefault(_sounds(name), set()).add(name)
        self._names = {sounds: each.pop() for sounds, each in known.items() if len(each) == 1}
        self._longest = max(map(len, self._names), default=0)

    def __bool__(self) -> bool:
        return bool(self._names)

    @property
    def version(self) -> str:
        """A fingerprint of what is looked for: a transcript tells by it which names it was heard with."""
        return hashlib.sha256("\n".join(sorted(self._names.values())).encode()).hexdigest()[:12]

    def in_words(self, words: Sequence[Word]) -> list[Word]:
        """The words with each name in its place; all others, and all times, stay as they are."""
        rest, out = 0, list[Word]()
        for hit in self._hits([word.text for word in words]):
            heard = words[hit.first : hit.end]
            if any(after.start_ms - before.end_ms > _ACROSS_MS for before, after in pairwise(heard)):
                continue
            confidence = min(word.confidence for word in heard)
            out += words[rest : hit.first]
            out.append(Word(text=hit.name, start_ms=heard[0].start_ms, end_ms=heard[-1].end_ms, confidence=confidence))
            rest = hit.end
        return out + list(words[rest:])

    def in_texts(self, words: Sequence[str]) -> list[str]:
        """The same for words whose times are not known yet."""
        rest, out = 0, list[str]()
        for hit in self._hits(words):
            out += [*words[rest : hit.first], hit.name]
            rest = hit.end
        return out + list(words[rest:])

    def _hits(self, words: Sequence[str]) -> Iterator[_Hit]:
        first = 0
        while first < len(words) and self._names:
            hit = self._hit(words, first)
            if hit is not None and "".join(words[first : hit.end]) != hit.name:
                yield hit
            first = first + 1 if hit is None else hit.end

    def _hit(self, words: Sequence[str], first: int) -> _Hit | None:
        """The longest name that the words from `first` on sound like."""
        found, said = None, ""
        for end, word in enumerate(words[first:], first + 1):
            said += word
            if word in UNKNOWN or len(said) > self._longest:
                break
            name = self._names.get(_sounds(said))
            if name is not None:
                found = _Hit(first, end, name)
        return found


NO_NAMES: Final = Names()


@lru_cache(maxsize=20_000)
def _sounds(text: str) -> _Sounds:
    return tuple(map(sound, text))
