"""Chinese numerals as numbers: 三十二 and 三二 are 32, 幺 is how a one is said in numbers of telephones."""

from __future__ import annotations

DIGITS = {"零": "0", "〇": "0", "一": "1", "幺": "1", "二": "2", "两": "2", "三": "3", "四": "4", "五": "5",
          "六": "6", "七": "7", "八": "8", "九": "9"}  # fmt: skip
"""How digits are said, and what they are."""
_TENS = {"十": 10, "百": 100, "千": 1000}
SAID = "".join([*DIGITS, *_TENS])
"""The characters of a number that is said."""
NUMERAL = f"[0-9{SAID}]+"
"""A pattern for a number that is said or written."""
_WRITTEN = "零一二三四五六七八九"


def number_of(said: str) -> int:
    """The number that is said: with tens and hundreds, or digit by digit."""
    if not any(character in _TENS for character in said):
        return int("".join(DIGITS.get(character, character) for character in said))
    total, digits = 0, ""
    for character in said:
        if character in _TENS:
            total += (int(digits) if digits else 1) * _TENS[character]
            digits = ""
        else:
            digits += DIGITS.get(character, character)
    return total + (int(digits) if digits else 0)


def in_characters(number: int) -> str:
    """A number below 100 as it stands in names: 七, 十二, 二十."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_WRITTEN[tens]}十"
    return head + (_WRITTEN[ones] if ones or not tens else "")
