"""Numbers of people in texts, in every way in which they are told; what is no number stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.citizens.hidden_numbers import PAUSE_IN_NUMBER_MS, Piece, hide_in_pieces, hide_numbers

MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
SAID = str.maketrans("0123456789", "零一二三四五六七八九")
AROUND = st.text(alphabet="您好请打这个电话我叫王女士，。谢谢", max_size=12)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电话13800001234", "电话138****1234"),
        ("138 0000 1234。", "138 **** 1234。"),
        ("138-0000-1234", "138-****-1234"),
        ("１３８００００１２３４", "１３８****１２３４"),
        ("一三八零零零零一二三四", "一三八****一二三四"),
        ("幺三八嗯零零零零啊幺二三四", "幺三八嗯****啊幺二三四"),
        ("1380000123413900005678", "138****1234139****5678"),
        ("010-65251234", "010-****1234"),
        ("打65251234", "打****1234"),
        ("110101199003078888", "110*************88"),
        ("11010119900307888X", "110*************8X"),
        ("6222021234567890123", "622**************23"),
    ],
)
def test_the_middle_of_a_number_is_hidden(text: str, shown: str) -> None:
    assert hide_numbers(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "拨打12345或96010", "二百五十三号楼", "工单96010-20261130-000003", "20261130", "2026年11月30日", "三千八百元",
        "忠实里西区3号楼2单元501", "早上八点到十一点", "x光",
    ],
)  # fmt: skip
def test_what_is_nobodys_number_stays(text: str) -> None:
    assert hide_numbers(text) == text


def test_a_number_told_in_groups_over_several_turns_is_hidden_in_all_of_them() -> None:
    told = [Piece("一三八", 0, 1000), Piece("零零零零", 5000, 6000), Piece("一二三四", 9000, 10_000)]
    assert hide_in_pieces(told) == ["一三八", "****", "一二三四"]


def test_what_is_told_long_afterwards_is_another_number() -> None:
    later = 1000 + PAUSE_IN_NUMBER_MS + 1
    assert hide_in_pieces([Piece("138", 0, 1000), Piece("00001234", later, later + 1000)]) == ["138", "00001234"]


@given(number=MOBILES, before=AROUND, after=AROUND, said=st.booleans())
def test_no_mobile_number_can_be_read_out_of_any_text(number: str, before: str, after: str, said: bool) -> None:
    told = number.translate(SAID) if said else number
    shown = hide_numbers(f"{before}{told}{after}")
    assert shown == f"{before}{told[:3]}****{told[-4:]}{after}"
    assert hide_numbers(shown) == shown
