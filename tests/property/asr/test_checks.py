"""What holds of every check, whatever was said: it is a function of the call, stays within it, and is fair."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from asr.audio import Leg
from asr.checks import CallFacts, CaseFacts, Hit, Interval, check
from asr.checks.kinds import AnyRule
from asr.transcript import EngineInfo, Stretch, Transcript, Word, merge
from backend.app.datasets import DELIVERED
from backend.quality.file import parse_rule_file

RULES: tuple[AnyRule, ...] = tuple(rule for path in DELIVERED["quality"].files for rule in parse_rule_file(path).rules)
WORDS = [
    "您好", "不知道", "不归我管", "不归", "我", "管", "[unk]", "再见", "感谢", "表扬", "电梯", "三", "号楼", "尽快",
    "抱歉", "难道", "吗", "生气", "很", "一", "三", "八", "零", "物业公司", "暖气", "替", "保密", "明天", "router",
]  # fmt: skip
ENGINE = EngineInfo(engine="none", engine_version="1", model="none", model_version="1", rate=8000)
CASE = CaseFacts(what="电梯 13800001234", address="忠实里5号楼", class_names=("供暖",))
FREE = ("forbidden_words", "counter_questions", "overtalk", "interruption", "speed", "praise", "agitation")
"""Kinds that look at what stands beside each other, not at the beginning or the end of the call."""


@st.composite
def legs(draw: st.DrawFn) -> tuple[list[Word], list[Stretch]]:
    at = draw(st.integers(0, 3000))
    words, voices = [], []
    for _ in range(draw(st.integers(0, 5))):
        start = at
        for text in draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=7)):
            length = draw(st.integers(60, 900))
            words.append(Word(text=text, start_ms=at, end_ms=at + length, confidence=1.0))
            at += length
        voices.append(Stretch(start_ms=start, end_ms=at, loudness_db=draw(st.integers(-45, -5))))
        at += draw(st.integers(700, 15_000))
    return words, voices


@st.composite
def calls(draw: st.DrawFn) -> tuple[Transcript, CallFacts]:
    heard = {leg: draw(legs()) for leg in Leg}
    last = max((word.end_ms for words, _ in heard.values() for word in words), default=0)
    transcript = Transcript(
        turns=merge({leg: words for leg, (words, _) in heard.items()}),
        speech={leg: tuple(voices) for leg, (_, voices) in heard.items()} if draw(st.booleans()) else {},
        duration_ms=last + draw(st.integers(0, 8000)),
        heard_by=ENGINE,
        flaw=draw(st.sampled_from([None, "cut at 1 s"])),
    )
    holds = [
        Interval(start_ms=start, end_ms=start + 40_000) for start in draw(st.lists(st.integers(0, 60_000), max_size=1))
    ]
    case = (
        CaseFacts(what="电梯 13800001234", address="忠实里5号楼", class_names=("供暖",))
        if draw(st.booleans())
        else None
    )
    return transcript, CallFacts(holds=tuple(holds), case=case)


def moved(transcript: Transcript, by_ms: int, facts: CallFacts) -> tuple[Transcript, CallFacts]:
    def shift(piece: Any) -> Any:
        return piece.model_copy(update={"start_ms": piece.start_ms + by_ms, "end_ms": piece.end_ms + by_ms})

    turns = tuple(
        shift(turn).model_copy(update={"words": tuple(shift(word) for word in turn.words)}) for turn in transcript.turns
    )
    speech = {leg: tuple(shift(each) for each in voices) for leg, voices in transcript.speech.items()}
    return (
        transcript.model_copy(update={"turns": turns, "speech": speech, "duration_ms": transcript.duration_ms + by_ms}),
        facts.model_copy(update={"holds": tuple(shift(hold) for hold in facts.holds)}),
    )


def where(hits: tuple[Hit, ...], by_ms: int = 0) -> list[tuple[str, int, int, str, bool]]:
    found = [(hit.rule_id, hit.from_ms + by_ms, hit.to_ms + by_ms, hit.text, hit.sure) for hit in hits]
    return sorted(found)


@given(calls())
def test_nothing_is_found_outside_the_call_and_nothing_unsure_or_praised_deducts(
    call: tuple[Transcript, CallFacts],
) -> None:
    transcript, facts = call
    points = {rule.id: rule.points for rule in RULES}
    for hit in check(transcript, RULES, facts):
        assert 0 <= hit.from_ms <= hit.to_ms <= transcript.duration_ms
        assert hit.points == (points[hit.rule_id] if hit.sure and hit.severity != "praise" else 0)


@given(calls())
def test_the_order_of_the_rules_and_asking_twice_change_nothing(call: tuple[Transcript, CallFacts]) -> None:
    transcript, facts = call
    hits = check(transcript, RULES, facts)
    assert check(transcript, tuple(reversed(RULES)), facts) == hits
    assert len(set(hits)) == len(hits)


@given(calls(), st.integers(1, 20_000))
def test_a_call_that_begins_later_has_its_hits_later(call: tuple[Transcript, CallFacts], by_ms: int) -> None:
    transcript, facts = call
    rules = [rule for rule in RULES if rule.kind in FREE]
    later, later_facts = moved(transcript, by_ms, facts)
    assert where(check(later, rules, later_facts)) == where(check(transcript, rules, facts), by_ms)


@given(calls(), st.integers(0, 120_000))
def test_silence_at_the_end_adds_no_word_that_was_not_said(call: tuple[Transcript, CallFacts], silence_ms: int) -> None:
    transcript, facts = call
    longer = transcript.model_copy(update={"duration_ms": transcript.duration_ms + silence_ms})
    rules = [rule for rule in RULES if rule.kind in FREE]
    assert where(check(longer, rules, facts)) == where(check(transcript, rules, facts))


@given(calls(), st.integers(1, 30_000))
def test_a_longer_silence_is_still_found(call: tuple[Transcript, CallFacts], silence_ms: int) -> None:
    transcript, facts = call
    rules = [rule for rule in RULES if rule.id == "long-silence"]
    longer = transcript.model_copy(update={"duration_ms": transcript.duration_ms + silence_ms})
    assert len(check(longer, rules, facts)) >= len(check(transcript, rules, facts))


@given(calls())
def test_a_rule_finds_nothing_in_what_the_other_one_says(call: tuple[Transcript, CallFacts]) -> None:
    transcript, facts = call
    mute = transcript.model_copy(update={"turns": tuple(turn for turn in transcript.turns if turn.leg is Leg.CALLER)})
    hits = check(
        mute, [rule for rule in RULES if rule.kind in ("forbidden_words", "counter_questions", "speed")], facts
    )
    assert hits == ()


@given(calls())
def test_a_cut_recording_proves_nothing_missing(call: tuple[Transcript, CallFacts]) -> None:
    transcript, facts = call
    cut = transcript.model_copy(update={"flaw": "cut at 1 s"})
    rules = [rule for rule in RULES if rule.kind == "required_words"]
    assert not any(hit.sure for hit in check(cut, rules, facts))
