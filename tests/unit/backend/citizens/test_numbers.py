"""Numbers in every spelling that a network sends, and in some that nobody should."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.citizens.numbers import CallerNumber, NumberKind, mask, read_number

MOBILE, LANDLINE, TOLL_FREE = NumberKind.MOBILE, NumberKind.LANDLINE, NumberKind.TOLL_FREE
FOREIGN, SHORT = NumberKind.FOREIGN, NumberKind.SHORT
WITHHELD, UNREADABLE = NumberKind.WITHHELD, NumberKind.UNREADABLE


@pytest.mark.parametrize(
    ("raw", "e164", "kind", "masked"),
    [
        ("13812341234", "+8613812341234", MOBILE, "138****1234"),
        ("+8613812341234", "+8613812341234", MOBILE, "138****1234"),
        ("008613812341234", "+8613812341234", MOBILE, "138****1234"),
        ("8613812341234", "+8613812341234", MOBILE, "138****1234"),
        ("013812341234", "+8613812341234", MOBILE, "138****1234"),
        ("138 1234 1234", "+8613812341234", MOBILE, "138****1234"),
        ("138-1234-1234", "+8613812341234", MOBILE, "138****1234"),
        ("１３８１２３４１２３４", "+8613812341234", MOBILE, "138****1234"),
        ("sip:13812341234@10.0.0.1:5060", "+8613812341234", MOBILE, "138****1234"),
        ("tel:+86-138-1234-1234", "+8613812341234", MOBILE, "138****1234"),
        ("19900001111", "+8619900001111", MOBILE, "199****1111"),
        ("01065120001", "+861065120001", LANDLINE, "010-****0001"),
        ("(010) 6512-0001", "+861065120001", LANDLINE, "010-****0001"),
        ("+86 10 6512 0001", "+861065120001", LANDLINE, "010-****0001"),
        ("861065120001", "+861065120001", LANDLINE, "010-****0001"),
        ("65120001", "+861065120001", LANDLINE, "010-****0001"),
        ("65120001转8012", "+861065120001", LANDLINE, "010-****0001"),
        ("010-65120001 ext. 8012", "+861065120001", LANDLINE, "010-****0001"),
        ("02584321234", "+862584321234", LANDLINE, "025-****1234"),
        ("0317 2123456", "+863172123456", LANDLINE, "0317-****3456"),
        ("4008123123", "+864008123123", TOLL_FREE, "400****3123"),
        ("+852 9123 4567", "+85291234567", FOREIGN, "+852****4567"),
        ("+1 212 555 1234", "+12125551234", FOREIGN, "+1****1234"),
        ("8001", None, SHORT, "8001"),
        ("10086", None, SHORT, "10086"),
        ("110", None, SHORT, "110"),
        (None, None, WITHHELD, "号码未知"),
        ("", None, WITHHELD, "号码未知"),
        ("   ", None, WITHHELD, "号码未知"),
        ("anonymous", None, WITHHELD, "号码未知"),
        ("Anonymous", None, WITHHELD, "号码未知"),
        ("<unknown>", None, WITHHELD, "号码未知"),
        ("sip:anonymous@anonymous.invalid", None, WITHHELD, "号码未知"),
        ("hello", None, UNREADABLE, "hello"),
        ("call 13812341234 now", None, UNREADABLE, "cal****ow"),
        ("9613812341234", None, UNREADABLE, "961****34"),
        ("+86", None, UNREADABLE, "+86"),
        ("-", None, UNREADABLE, "-"),
        ("1" * 31, None, UNREADABLE, "111****11"),
        ("'; DROP TABLE calls; --", None, UNREADABLE, "'; ****--"),
    ],
)
def test_reading_and_masking(raw: str | None, e164: str | None, kind: NumberKind, masked: str) -> None:
    number = read_number(raw)
    assert (number.e164, number.kind, mask(number)) == (e164, kind, masked)


def test_what_came_is_kept_but_cannot_hurt() -> None:
    number = read_number("138\x0012\r\n34\x1b[31m1234" + "9" * 5000)
    assert len(number.raw) <= 64
    assert number.raw.startswith("138")
    assert number.raw.isprintable()


@given(st.text(max_size=300) | st.text(alphabet="0123456789+-() \x00转#@;", max_size=60) | st.none())
@example("²" * 20)
@example("+" + "٣" * 12)
@example("[")
def test_any_text_is_read_without_an_error(raw: str | None) -> None:
    number = read_number(raw)
    assert number.raw.isprintable()
    assert len(number.raw) <= 64
    assert number.usable is (number.e164 is not None)
    assert number.e164 is None or re.fullmatch(r"\+[1-9]\d{4,14}", number.e164)
    assert mask(number)


MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
LANDLINES = st.from_regex(r"010[2-8][0-9]{7}", fullmatch=True)


@given(MOBILES, st.sampled_from(["", "+86", "0086", "86", "+86 ", "0", "tel:", "sip:"]))
def test_a_mobile_number_is_the_same_with_every_prefix(number: str, prefix: str) -> None:
    assert read_number(prefix + number).e164 == f"+86{number}"


@given(MOBILES | LANDLINES)
def test_reading_the_result_again_changes_nothing(raw: str) -> None:
    once = read_number(raw)
    if once.e164 is not None:
        assert read_number(once.e164).e164 == once.e164


@given(MOBILES | LANDLINES | st.from_regex(r"[0-9]{7,20}", fullmatch=True) | st.text(max_size=80))
def test_a_masked_number_hides_at_least_four_characters_of_a_longer_one(raw: str) -> None:
    number = read_number(raw)
    whole = re.sub(r"\D", "", number.e164 or number.raw)
    if len(whole) >= 7 and number.kind is not NumberKind.SHORT:
        assert whole not in re.sub(r"\D", "", mask(number))
        assert len(re.sub(r"\D", "", mask(number))) <= max(8, len(whole) - 3)


def test_a_number_is_a_value() -> None:
    assert read_number("13812341234") == CallerNumber("13812341234", "+8613812341234", MOBILE)
