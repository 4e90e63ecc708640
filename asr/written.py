"""Spoken text as people write it: numbers, dates, times and telephone numbers in digits.

What is said stays beside it, because rules of quality are about what was said. Careful rather than complete: a numeral
becomes digits only where it can be nothing but a number, so that 一直, 万一 and 三心二意 stay as they are. (Of the kept
libraries cn2an writes 1直 and 3心2意, and WeTextProcessing brings a compiler of grammars with it.)
"""

from __future__ import annotations

import re

from backend.kernel.numerals import DIGITS

_DIGITS = "零一二三四五六七八九"
_VALUE = {sign: int(digit) for sign, digit in DIGITS.items()}
_UNIT = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_NEXT_LOWER = {"百": "十", "千": "百", "万": "千", "亿": "千万"}
_FEWEST_DIGITS = 3  # said one by one; two of them are as often 五六 (five or six)
_LARGEST = 10**12

_ONE_BY_ONE = re.compile(r"[零〇一二三四五六七八九幺]+")
_NUMERAL = r"[零〇一二两三四五六七八九十百千万亿幺]+"
_FIXED = (
    "一五一十|七七八八|三三两两|三三五五|三六九等|二百五|十万八千里|三十六计|七十二变|八九不离十|大年三十"
    "|九九八十一|千千万万|百分百|东四[一二三四五六七八九十]+条|四十条"
)
"""Sayings and names of places that hold what would be a number elsewhere."""
_TIME_OF_DAY = "凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上|夜里|半夜|今早|今晚|昨晚|明早|明晚"
_TOKEN = re.compile(
    rf"(?P<fixed>(?:{_FIXED})(?!{_NUMERAL}))"
    rf"|百分之(?P<percent>{_NUMERAL}(?:点[零一二三四五六七八九]+)?)"
    rf"|(?P<when>{_TIME_OF_DAY})?(?P<hour>{_NUMERAL})点(?P<minute>{_NUMERAL})?(?P<end>分|半|钟|整)?"
    rf"|(?P<numeral>{_NUMERAL})"
)
_NAMED = re.compile("号|楼|单元|室|栋|幢|层|月")
"""What one numeral before it numbers, as in 三号楼; counted things (三个) stay in words."""
_COUNTED = re.compile("[号楼单室栋幢层月日点分年岁个人户元块米度次天小公平吨倍条路车]")
_MEASURED = re.compile("[米公吨元万度平倍级块升个]")
_NO_NUMBER_BEFORE = "统唯惟单万第之逐专"
"""With 一 after it, one of these is a word: 统一, 唯一."""


def written(spoken: str) -> str:
    """The text with its numbers in digits; writing it again changes nothing."""
    return _TOKEN.sub(_replacement, spoken)


def _replacement(found: re.Match[str]) -> str:
    if found["fixed"]:
        return found[0]
    if found["percent"]:
        number = _decimal(found["percent"])
        return found[0] if number is None else f"{number}%"
    if found["hour"]:
        return _clock_time(found)
    return _number(found, found["numeral"], found.start(), found.end())


def _number(found: re.Match[str], numeral: str, start: int, end: int) -> str:
    """The numeral at this place in digits, or as it was said."""
    text = found.string
    if _ONE_BY_ONE.fullmatch(numeral) and len(numeral) >= _FEWEST_DIGITS:
        return "".join(str(_VALUE[sign]) for sign in numeral)
    number = value_of(numeral)
    if number is None:
        return numeral
    if len(numeral) == 1:
        return str(number) if _is_named(text, numeral, start, end) else numeral
    if numeral[0] == "十" and len(numeral) == 2 and not _counts(text, start, end):  # 十一, 十三陵
        return numeral
    return _in_digits(number)


def _counts(text: str, start: int, end: int) -> bool:
    return text[start - 1 : start] == "第" or _COUNTED.match(text, end) is not None


def _is_named(text: str, numeral: str, start: int, end: int) -> bool:
    before = text[start - 1 : start]
    if numeral in "零〇两幺" or (numeral == "一" and before and before in _NO_NUMBER_BEFORE):
        return False
    if text.startswith("日", end):
        return before == "月"
    if numeral == "一" and text.startswith("层", end):
        return False  # 一层灰
    return _NAMED.match(text, end) is not None


def _clock_time(found: re.Match[str]) -> str:
    """三点四十五分 and 下午三点; 三点五米 as a decimal; 一点 is mostly "a little"."""
    text, hour = found.string, value_of(found["hour"])
    minute = found["minute"] or ""
    after_hour = found.end("hour")
    if hour is not None and minute and not found["end"] and _ONE_BY_ONE.fullmatch(minute):
        if not found["when"] and _MEASURED.match(text, found.end()):
            return f"{hour}.{''.join(str(_VALUE[sign]) for sign in minute)}"
        if minute[0] != "零":
            return found[0]  # 三点五: nobody can tell which
    minutes = _minutes(minute)
    sure = bool(found["when"] or found["end"] or minute)
    if hour is None or hour > 24 or (minute and minutes is None) or not sure:
        first = _number(found, found["hour"], found.start("hour"), after_hour)
        rest = _number(found, minute, found.start("minute"), found.end("minute")) if minute else ""
        return f"{found['when'] or ''}{first}点{rest}{found['end'] or ''}"
    return f"{found['when'] or ''}{hour}点{minutes or ''}{found['end'] or ''}"


def _minutes(numeral: str) -> str | None:
    if len(numeral) == 2 and numeral[0] in "零〇" and numeral[1] in _VALUE:
        return f"0{_VALUE[numeral[1]]}"
    number = value_of(numeral)
    return None if number is None or number > 59 else f"{number:02d}"


def _decimal(numeral: str) -> str | None:
    whole, _, part = numeral.partition("点")
    number = value_of(whole)
    if number is None:
        return None
    return str(number) + (f".{''.join(str(_VALUE[sign]) for sign in part)}" if part else "")


def _in_digits(number: int) -> str:
    """Round numbers keep their 万 or 亿, as everybody writes them."""
    for sign, unit in sorted(_LARGE.items(), key=lambda each: -each[1]):
        if number % unit == 0 and number:
            return f"{number // unit}{sign}"
    return str(number)


def value_of(numeral: str) -> int | None:
    """The number that a numeral with its units names, None when it is none: 三百零五 is 305, 三四百 and 万一 are none.

    The last unit may be left out, as in 三万五.
    """
    plain = numeral.replace("两", "二").replace("〇", "零")
    if len(plain) > 2 and plain[-1] in _DIGITS[1:] and plain[-2] in _NEXT_LOWER:
        plain += _NEXT_LOWER[plain[-2]]
    if not plain or "幺" in plain:
        return None
    number = section = digit = 0
    for sign in plain:
        if sign in _VALUE:
            digit = _VALUE[sign]
        elif sign in _UNIT:
            section += (digit or 1) * _UNIT[sign]
            digit = 0
        elif sign == "亿":
            number, section, digit = (number + section + digit) * _LARGE[sign], 0, 0
        else:
            number, section, digit = number + (section + digit) * _LARGE[sign], 0, 0
    number += section + digit
    # whoever says it otherwise than it is said, says something else
    return number if number < _LARGEST and plain in (said := say(number), f"一{said}") else None


def say(number: int) -> str:
    """The number as it is said in full: 305 is 三百零五, 15 is 十五."""
    if number == 0:
        return "零"
    said = ""
    for sign, unit in (("亿", 10**8), ("万", 10**4), ("", 1)):
        part, number = divmod(number, unit)
        if part:
            gap = "零" if said and part < 1000 else ""
            said += gap + _say_section(part) + sign
    return said.removeprefix("一") if said.startswith("一十") else said


def _say_section(part: int) -> str:
    said = ""
    for sign, unit in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit, part = divmod(part, unit)
        if digit:
            said += _DIGITS[digit] + sign
        elif said and part and not said.endswith("零"):
            said += "零"
    return said
