"""How a Chinese name is typed: its full spelling and its first letters, in plain ASCII without tones."""

from __future__ import annotations

from typing import NamedTuple

from pypinyin import lazy_pinyin


class Spelling(NamedTuple):
    """`pinyin` in one word (zhongshili) and `initials` (zsl)."""

    pinyin: str
    initials: str


def spell(name: str, syllables: str = "") -> Spelling:
    """The spelling of a name; what is not Chinese in it stays as it is, in lower case.

    `syllables` ("chao yang men") says it where the dictionary reads a character in another way than the place does.
    """
    parts = syllables.lower().split() or [part.lower() for part in lazy_pinyin(name)]
    return Spelling("".join(parts), "".join(part[:1] for part in parts))
