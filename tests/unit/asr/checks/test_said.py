"""Phrases in what was said: surely only with their own characters, in one turn, as whole words, nothing lost beside."""

from __future__ import annotations

import pytest

from asr.audio import Leg
from asr.checks.example import Example
from asr.checks.said import Said, normalise


def said(*lines: str, step_s: float = 4.0) -> Said:
    talk = [{"who": "seat", "at_s": index * step_s, "say": line} for index, line in enumerate(lines)]
    example = Example.model_validate({"name": "test", "talk": talk, "finds": []})
    return Said.of(example.transcript(), Leg.SEAT)


@pytest.mark.parametrize(
    ("lines", "exact", "sure"),
    [
        (["这个 不归我管 了"], True, True),
        (["这个 不归 我 管 了"], True, True),
        (["这个 不归我管理 了"], True, False),  # cut out of a longer word
        (["[unk] 不归我管"], True, False),
        (["不归我管 [unk]"], True, False),
        (["布贵 我 关"], False, False),  # the finals differ, so nothing is alike
        (["不 贵 我 馆"], False, False),
    ],
)
def test_a_match_is_sure_only_when_nothing_about_it_is_doubtful(lines: list[str], exact: bool, sure: bool) -> None:
    found = list(said(*lines).find("不归我管"))
    if lines == ["布贵 我 关"]:
        assert [match.sure for match in found] == [False]
        return
    assert [(match.exact, match.sure) for match in found] == [(exact, sure)]


def test_over_a_short_pause_a_phrase_is_unsure_and_over_a_long_one_none() -> None:
    near, far = said("不归", "我 管", step_s=2.0), said("不归", "我 管", step_s=4.0)
    assert [match.sure for match in near.find("不归我管")] == [False]
    assert list(far.find("不归我管")) == []


def test_what_sounds_alike_is_looked_for_in_phrases_of_three_characters_and_more() -> None:
    assert list(said("随 遍").find("随便")) == []
    assert [match.exact for match in said("布 之 道").find("不知道")] == [False]


def test_characters_carry_the_times_of_their_words() -> None:
    heard = said("您好 不知道")
    (match,) = heard.find("不知道")
    assert heard.from_to(match.first, match.end) == (500, 1250)
    assert heard.shown(match.first, match.end) == "不知道"


def test_what_a_recogniser_writes_is_read_without_marks_widths_and_spaces() -> None:
    assert normalise(" ＷiFi，不通！ １2 ") == "wifi不通12"
