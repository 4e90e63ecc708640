"""How a Chinese name is typed: its full spelling and its first letters, in plain ASCII without tones."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin


def spell(name: str) -> str:
    """The full pinyin in one word: 忠实里 -> zhongshili; what is not Chinese stays as it is, in lower case."""
    return "".join(lazy_pinyin(name)).lower()


def initials(name: str) -> str:
    """The first letter of each syllable: 忠实里 -> zsl."""
    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()
