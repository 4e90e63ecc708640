"""How an agent finds a class by typing a few letters or characters. One rule, the same as the console's own search.

What is typed is compared without case, spaces, hyphens and apostrophes. A class fits by the first of these that holds,
and an earlier one comes before a later one; among equals the order of the taxonomy stands:

    0  its name or an alias is exactly that
    1  its name or an alias begins with it
    2  its initials begin with it       (wygl -> 物业管理)
    3  its pinyin begins with it        (wuye -> 物业管理)
    4  its name or an alias contains it
    5  its initials or its pinyin contain it
    6  the name of a class above it contains it
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from backend.taxonomy.schemas import CaseClass

_IGNORED = re.compile(r"[\s'’-]")


def find_classes(classes: Sequence[CaseClass], typed: str) -> list[CaseClass]:
    """Those classes that fit, best first; all of them, in their order, when nothing was typed."""
    words = _plain(typed)
    if not words:
        return list(classes)
    ranked = [(rank, each) for each in classes if (rank := rank_of(each, words)) is not None]
    return [each for _, each in sorted(ranked, key=lambda pair: pair[0])]


def rank_of(each: CaseClass, words: str) -> int | None:
    """The number of the rule by which a class fits; None when it does not."""
    names = [_plain(name) for name in (each.name, *each.aliases)]
    initials, pinyin = _plain(each.initials), _plain(each.pinyin)
    fits = (
        words in names,
        any(name.startswith(words) for name in names),
        initials.startswith(words),
        pinyin.startswith(words),
        any(words in name for name in names),
        words in initials or words in pinyin,
        any(words in _plain(name) for name in each.path),
    )
    return next((rank for rank, fit in enumerate(fits) if fit), None)


def _plain(text: str) -> str:
    return _IGNORED.sub("", text.lower())
