"""One reader of Chinese numbers, for house numbers that are typed and for those that are said."""

from __future__ import annotations

import re

import pytest

from backend.kernel.numerals import NUMERAL, SAID, in_characters, number_of


@pytest.mark.parametrize("number", range(100))
def test_a_number_is_read_as_it_is_written(number: int) -> None:
    assert number_of(in_characters(number)) == number_of(str(number)) == number


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("十", 10), ("十二", 12), ("二十", 20), ("一百", 100), ("一百零三", 103), ("二百二十", 220), ("一千零五", 1005),
        ("一二", 12), ("三二", 32), ("幺零五", 105), ("二〇", 20), ("两", 2), ("7", 7),
    ],
)  # fmt: skip
def test_numbers_are_read_as_they_are_said(said: str, number: int) -> None:
    assert number_of(said) == number


def test_whatever_the_pattern_takes_is_a_number() -> None:
    for first in SAID + "1":
        for second in SAID + "1":
            assert re.fullmatch(NUMERAL, first + second)
            assert number_of(first + second) >= 0
