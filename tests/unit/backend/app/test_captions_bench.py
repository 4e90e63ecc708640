"""How late a word is, as the measurement of captions counts it."""

from __future__ import annotations

from asr.audio import Leg
from asr.transcript import Word, merge
from backend.app.benches.captions import word_delays


def word(text: str, start_ms: int) -> Word:
    return Word(text=text, start_ms=start_ms, end_ms=start_ms + 400, confidence=1.0)


TURNS = merge({Leg.CALLER: [word("您好", 1000), word("电梯", 1500), word("坏了", 2000), word("谢谢", 9000)]})


def test_a_word_is_shown_with_all_words_before_it_in_its_turn() -> None:
    shown = [(101.5, "您好"), (102.2, "您好电梯"), (102.9, "您好电梯坏了"), (109.6, "您好电梯坏了谢谢")]
    assert [round(delay or 0) for delay in word_delays(TURNS, 100.0, shown)] == [100, 300, 500, 200]


def test_a_word_that_was_there_before_it_was_said_does_not_count() -> None:
    assert [round(delay or 0) for delay in word_delays(TURNS[1:], 100.0, [(101.0, "谢谢"), (109.5, "谢谢")])] == [100]


def test_a_word_that_never_came_has_no_delay() -> None:
    assert [delay and round(delay) for delay in word_delays(TURNS, 100.0, [(103.0, "您好电影")])] == [
        1600,
        None,
        None,
        None,
    ]
