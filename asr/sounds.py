"""How a character sounds, as coarsely as the ear on a telephone hears it: without tones, zh as z, ang as an."""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import lazy_pinyin

_COARSE = ((re.compile("^(z|c|s)h"), r"\1"), (re.compile("ng$"), "n"))


@lru_cache(maxsize=20_000)
def sound(character: str) -> str:
    """The coarse syllable of one character; what is not Chinese stays as it is."""
    (syllable,) = lazy_pinyin(character)
    for pattern, coarse in _COARSE:
        syllable = pattern.sub(coarse, syllable)
    return syllable
