"""Turns in the order of the talk, text as Chinese is written, and words that the model does not know."""

from __future__ import annotations

import pytest

from asr.audio import Leg
from asr.transcript import INAUDIBLE, EngineInfo, Transcript, Word, join, merge


def word(text: str, start: int, end: int) -> Word:
    return Word(text=text, start_ms=start, end_ms=end, confidence=1.0)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["您好", "我", "要", "投诉"], "您好我要投诉"),
        (["电话", "九", "九", "六"], "电话九九六"),
        (["用", "wifi", "router", "上网"], "用wifi router上网"),
        (["我", "[unk]", "[unk]", "漏水"], f"我{INAUDIBLE}漏水"),
        (["<unk>", "hello"], f"{INAUDIBLE}hello"),
        ([], ""),
    ],
)
def test_words_are_joined_as_chinese_is_written(words: list[str], text: str) -> None:
    assert join(words) == text


def test_what_one_speaker_said_in_a_time_is_every_word_that_lies_over_it() -> None:
    legs = {Leg.SEAT: [word("这个", 0, 500), word("不归我管", 500, 1200)], Leg.CALLER: [word("好", 600, 800)]}
    engine = EngineInfo(engine="none", engine_version="1", model="none", model_version="1", rate=8000)
    transcript = Transcript(turns=merge(legs), duration_ms=2000, heard_by=engine)
    assert transcript.said_between(Leg.SEAT, 700, 900) == "不归我管"
    assert transcript.said_between(Leg.SEAT, 499, 501) == "这个不归我管"
    assert transcript.said_between(Leg.CALLER, 800, 900) == ""


def test_turns_alternate_by_the_time_they_start() -> None:
    turns = merge(
        {
            Leg.CALLER: [word("漏水", 1500, 2000), word("了", 2000, 2200), word("谢谢", 6000, 6400)],
            Leg.SEAT: [word("您好", 0, 500), word("地址", 3000, 3400)],
        }
    )
    assert [(turn.leg, turn.start_ms, turn.end_ms, turn.text) for turn in turns] == [
        (Leg.SEAT, 0, 500, "您好"),
        (Leg.CALLER, 1500, 2200, "漏水了"),
        (Leg.SEAT, 3000, 3400, "地址"),
        (Leg.CALLER, 6000, 6400, "谢谢"),
    ]


def test_a_pause_begins_a_new_turn_only_when_it_is_longer_than_set() -> None:
    words = [word("嗯", 0, 300), word("好的", 1100, 1400), word("再见", 2201, 2500)]
    assert [turn.text for turn in merge({Leg.CALLER: words}, pause_ms=800)] == ["嗯好的", "再见"]


def test_those_who_speak_at_once_have_overlapping_turns() -> None:
    turns = merge({Leg.CALLER: [word("我跟您说", 1000, 3000)], Leg.SEAT: [word("请稍等", 1500, 2500)]})
    assert [turn.leg for turn in turns] == [Leg.CALLER, Leg.SEAT]
    assert turns[1].start_ms < turns[0].end_ms


def test_transcript_survives_json_and_keeps_how_it_came_about() -> None:
    info = EngineInfo(
        engine="vosk", engine_version="0.3.45", model="demo-cn", model_version="abc", rate=8000, settings={"lead": 8}
    )
    turns = merge({Leg.CALLER: [word("九", 0, 100), word("[unk]", 100, 200), word("六", 200, 300)]})
    transcript = Transcript(turns=turns, duration_ms=900, heard_by=info, flaw="cut")
    again = Transcript.model_validate_json(transcript.model_dump_json())
    assert again == transcript
    assert [each.text for each in again.turns[0].words] == ["九", "[unk]", "六"]
    assert again.leg_text(Leg.CALLER) == f"九{INAUDIBLE}六"
    assert again.leg_text(Leg.SEAT) == ""
