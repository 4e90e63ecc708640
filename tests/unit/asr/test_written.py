"""Numbers as they are written, and what only looks like one."""

from __future__ import annotations

import pytest

from asr.written import value_of, written


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        ("我住三号楼二单元五零一室", "我住3号楼2单元501室"),
        ("二零二六年七月三日", "2026年7月3日"),
        ("十一月十五号停的水", "11月15号停的水"),
        ("我的电话是一三八一二三四五六七八", "我的电话是13812345678"),
        ("幺三八零零", "13800"),
        ("请拨打九六零一零或者一二三四五", "请拨打96010或者12345"),
        ("罚了一百二十块", "罚了120块"),
        ("两千三百户", "2300户"),
        ("花了三万五", "花了35000"),
        ("两千万", "2000万"),
        ("一亿三千万", "13000万"),
        ("百分之三点五", "3.5%"),
        ("下午三点四十五分", "下午3点45分"),
        ("六点半", "6点半"),
        ("三点零五分", "3点05分"),
        ("水深三点五米", "水深3.5米"),
        ("第十五条", "第15条"),
        ("五十多岁", "50多岁"),
    ],
)
def test_numbers_are_written_in_digits(spoken: str, expected: str) -> None:
    assert written(spoken) == expected
    assert written(expected) == expected


@pytest.mark.parametrize(
    "spoken",
    [
        "一直没有水",
        "不一样",
        "三心二意",
        "万一漏电",
        "千万不要",
        "有一点漏水",
        "等一下",
        "统一号召",
        "在十字路口",
        "十分抱歉",
        "星期三",
        "五六个人",
        "三四百户",
        "十二三四号",
        "住在三里屯",
        "东四十条",
        "东四十二条",
        "十三陵",
        "十一放假",
        "一五一十",
        "三点五",  # half past three, or a decimal
        "[听不清]",
        "",
    ],
)
def test_what_may_be_no_number_stays_as_it_was_said(spoken: str) -> None:
    assert written(spoken) == spoken


@pytest.mark.parametrize("numeral", ["三四百", "万一", "十百", "百", "一十百", "五六", "零零", "一千一零", "万万"])
def test_malformed_numerals_are_no_number(numeral: str) -> None:
    assert value_of(numeral) is None
