"""Whatever number is said, it is written; and nothing else changes."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from asr.written import say, value_of, written

ONE_BY_ONE = "零一二三四五六七八九"
signs = st.sampled_from("零一二两三四五六七八九十百千万亿点号楼月日年分之半个直样心")


def one_by_one(digits: str) -> str:
    return "".join(ONE_BY_ONE[int(digit)] for digit in digits)


@given(st.integers(0, 10**12 - 1))
def test_every_number_that_is_said_is_understood(number: int) -> None:
    assert value_of(say(number)) == number


@given(st.integers(1, 9999))
def test_every_house_number_is_written(number: int) -> None:
    assert written(f"住{say(number)}号楼") == f"住{number}号楼"


SAYINGS = {"7788", "3355"}


@given(st.text("0123456789", min_size=3, max_size=20).filter(lambda digits: digits not in SAYINGS))
def test_digits_said_one_by_one_are_written_one_by_one(digits: str) -> None:
    assert written(f"号码{one_by_one(digits)}") == f"号码{digits}"


@given(st.dates(date(1000, 1, 1), date(2999, 12, 31)))
def test_every_date_is_written(day: date) -> None:
    spoken = f"{one_by_one(f'{day.year:04}')}年{say(day.month)}月{say(day.day)}日"
    assert written(spoken) == f"{day.year:04}年{day.month}月{day.day}日"


@given(st.integers(1, 24), st.integers(0, 59))
def test_every_time_of_day_is_written(hour: int, minute: int) -> None:
    said = f"零{say(minute)}" if 0 < minute < 10 else say(minute)
    spoken = f"上午{say(hour)}点{said}分" if minute else f"上午{say(hour)}点"
    assert written(spoken) == (f"上午{hour}点{minute:02}分" if minute else f"上午{hour}点")


@given(st.text(signs, max_size=30))
def test_what_is_written_stays_and_all_other_signs_keep_their_order(spoken: str) -> None:
    once = written(spoken)
    assert written(once) == once
    kept = "号楼月年半个直样心"
    assert [sign for sign in once if sign in kept] == [sign for sign in spoken if sign in kept]


@given(st.text(st.characters(exclude_characters="〇零一二两三四五六七八九十百千万亿幺点"), max_size=40))
def test_text_without_numerals_is_left_alone(text: str) -> None:
    assert written(text) == text
