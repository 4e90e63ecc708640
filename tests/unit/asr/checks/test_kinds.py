"""The delivered rules prove themselves by their examples; here is what examples of a rule cannot say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from asr.audio import Leg
from asr.checks import CallFacts, CaseFacts, Interval, check, read_rules
from asr.checks.example import Example
from asr.checks.kinds import AnyRule
from asr.checks.proving import prove
from asr.transcript import Stretch
from backend.app.datasets import DELIVERED
from backend.quality.file import read_rule_file

DELIVERED_RULES: list[AnyRule] = [rule for path in DELIVERED["quality"].files for rule in read_rule_file(path).rules]


def rule(kind: str, **said: Any) -> AnyRule:
    none = {"name": "none", "talk": [], "finds": []}
    given = {
        "id": "r",
        "version": 1,
        "title": {"zh": "规则", "en": "rule"},
        "severity": "minor",
        "examples": [none] * 2,
    }
    (made,) = read_rules([given | {"examples": [none, none], "kind": kind} | said])
    return made


def example(*talk: dict[str, Any], **more: Any) -> Example:
    return Example.model_validate({"name": "test", "talk": talk, "finds": []} | more)


def line(who: str, at_s: float, say: str, **more: Any) -> dict[str, Any]:
    return {"who": who, "at_s": at_s, "say": say} | more


@pytest.mark.parametrize("proven", DELIVERED_RULES, ids=lambda each: each.id)
def test_each_delivered_rule_finds_what_it_says(proven: AnyRule) -> None:
    for proof in prove(proven, tuple(DELIVERED_RULES)):
        assert proof.holds, f"{proof.example.name}: {proof.said}"


def test_every_kind_is_delivered() -> None:
    assert {each.kind for each in DELIVERED_RULES} == {
        "forbidden_words", "counter_questions", "required_words", "repeat_back", "promised_time", "silence", "overtalk",
        "interruption", "speed", "hold", "agitation", "personal_data", "case_mismatch", "praise",
    }  # fmt: skip


def test_music_on_hold_is_neither_said_nor_spoken() -> None:
    talk = example(line("seat", 1.0, "不知道"), line("caller", 1.0, "喂"), length_s=30).transcript()
    found = rule("forbidden_words", phrases=["不知道"])
    assert len(check(talk, [found])) == 1
    held = CallFacts(holds=(Interval(start_ms=500, end_ms=5000),))
    assert check(talk, [found], held) == ()


def test_an_echo_on_the_other_leg_is_an_unsure_overtalk() -> None:
    talk = example(line("seat", 1.0, "请您 稍等 我 帮您 查询 一下 这个 问题", to_s=6.0)).transcript()
    echo = Stretch(start_ms=1100, end_ms=5900, loudness_db=-45)
    talk = talk.model_copy(update={"speech": talk.speech | {Leg.CALLER: (echo,)}})
    (hit,) = check(talk, [rule("overtalk", at_least_ms=1000, points=5)])
    assert (hit.sure, hit.points, hit.leg) == (False, 0, Leg.CALLER)


def test_a_transcript_that_does_not_tell_voices_gives_no_sure_silence() -> None:
    talk = example(line("caller", 0.0, "帮 我 查 一下"), line("seat", 20.0, "查 到 了")).transcript()
    (sure,) = check(talk, [rule("silence", longest_s=10)])
    (unsure,) = check(talk.model_copy(update={"speech": {}}), [rule("silence", longest_s=10)])
    assert (sure.sure, unsure.sure, unsure.from_ms) == (True, False, sure.from_ms)


def test_what_is_missing_is_unsure_when_a_voice_was_heard_that_nobody_could_read() -> None:
    wanted = rule("required_words", groups=[["再见"]], place={"last_s": 10})
    talk = example(line("seat", 1.0, "您好"), length_s=20).transcript()
    assert [hit.sure for hit in check(talk, [wanted])] == [True]
    heard = (*talk.speech[Leg.SEAT], Stretch(start_ms=12_000, end_ms=15_000, loudness_db=-30))
    talk = talk.model_copy(update={"speech": talk.speech | {Leg.SEAT: heard}})
    assert [hit.sure for hit in check(talk, [wanted])] == [False]


@pytest.mark.parametrize(
    ("address", "said", "found"),
    [
        ("忠实里5号楼", "忠实里 三 号楼", [("5号楼 ≠ 3号楼", True)]),
        ("忠实里5号楼", "忠实里 五 号楼", []),
        ("忠实里5号楼", "忠实里", []),
        ("国子监街30号院", "国子监街 三十 号 院", []),
        ("国子监街30号院", "国子监街 十三 号 院", [("30号院 ≠ 13号院", True)]),
        ("忠实里5号楼", "[unk] 三 号楼", [("5号楼 ≠ 3号楼", False)]),
        ("忠实里5号楼2单元", "五 号楼 三 单元", [("2单元 ≠ 3单元", True)]),
    ],
)
def test_house_numbers_are_compared_as_numbers(address: str, said: str, found: list[tuple[str, bool]]) -> None:
    facts = CallFacts(case=CaseFacts(address=address))
    hits = check(example(line("caller", 1.0, said)).transcript(), [rule("case_mismatch", field="address")], facts)
    assert [(hit.text, hit.sure) for hit in hits] == found


def test_a_rule_that_is_anchored_to_one_that_is_not_there_finds_nothing() -> None:
    alone = rule("required_words", groups=[["抱歉"]], place={"after": {"rule": "nobody", "within_s": 10}})
    assert check(example(line("seat", 1.0, "好的")).transcript(), [alone]) == ()


def test_a_rule_can_be_anchored_to_a_turn() -> None:
    first = rule("required_words", groups=[["您好"]], place={"turn": {"leg": "seat", "n": 1}})
    last = rule("required_words", groups=[["再见"]], place={"turn": {"leg": "seat", "n": -1}})
    talk = example(line("seat", 0.0, "喂"), line("caller", 2.0, "您好"), line("seat", 9.0, "再见")).transcript()
    assert [(hit.from_ms, hit.text) for hit in check(talk, [first])] == [(0, "您好")]
    assert check(talk, [last]) == ()
    third = rule("required_words", groups=[["您好"]], place={"turn": {"leg": "seat", "n": 3}})
    assert check(talk, [third]) == ()


@pytest.mark.parametrize(
    ("kind", "said", "word"),
    [
        ("silence", {}, "longest_s or share"),
        ("praise", {"phrases": ["表扬"]}, "severity praise"),
        ("agitation", {"points": 3}, "no fault"),
        ("personal_data", {}, "spoken or written"),
        ("case_mismatch", {"field": "class"}, "words go with"),
        ("forbidden_words", {"phrases": ["x"], "phrase": "x"}, "Extra inputs"),
        ("nonsense", {}, "nonsense"),
    ],
)
def test_a_rule_that_says_nothing_sensible_is_refused(kind: str, said: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        rule(kind, **said)
