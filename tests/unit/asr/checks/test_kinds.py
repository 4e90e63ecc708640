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


def test_music_that_follows_a_word_without_a_pause_is_no_voice() -> None:
    """The seat says a word, puts the citizen on hold, and he talks to himself for as long as the music plays."""
    talk = example(
        line("seat", 1.0, "请您 稍等"), line("caller", 10.0, "还要 等 多久", to_s=20.0), length_s=40
    ).transcript()
    music = Stretch(start_ms=1000, end_ms=30_000, loudness_db=-20)
    talk = talk.model_copy(update={"speech": talk.speech | {Leg.SEAT: (music,)}})
    found = [rule("overtalk", at_least_ms=1000), rule("silence", id="silent", longest_s=9)]
    held = CallFacts(holds=(Interval(start_ms=2500, end_ms=30_000),))
    assert [(hit.rule_id, hit.from_ms) for hit in check(talk, found, held)] == [("silent", 30_000)]


def test_an_echo_that_nobody_could_make_out_is_no_word() -> None:
    talk = example(
        line("seat", 1.0, "请您 稍等 我 帮您 查询 一下 这个 问题", to_s=6.0),
        line("caller", 2.0, "[unk] [unk] [unk]", to_s=5.0),
    ).transcript()
    (hit,) = check(talk, [rule("overtalk", at_least_ms=1000, points=5)])
    assert (hit.sure, hit.points) == (False, 0)


def test_the_music_on_hold_is_no_turn_of_the_seat() -> None:
    talk = example(line("seat", 1.0, "您好"), line("seat", 20.0, "啦 啦"), line("caller", 3.0, "喂")).transcript()
    last = rule("required_words", groups=[["您好"]], place={"turn": {"leg": "seat", "n": -1}})
    assert check(talk, [last], CallFacts(holds=(Interval(start_ms=15_000, end_ms=21_000),))) == ()


def test_the_last_sign_of_an_identity_card_is_said_as_a_cross() -> None:
    said = "一 一 零 一 零 一 一 九 九 零 零 三 零 七 八 八 幺 叉"
    (hit,) = check(example(line("seat", 1.0, said)).transcript(), [rule("personal_data", spoken=["id_card"])])
    assert hit.text == "110*************1x"


def test_what_another_agent_said_in_the_same_call_is_never_sure() -> None:
    talk = example(line("seat", 1.0, "不知道"), line("seat", 20.0, "不知道"), line("caller", 1.0, "表扬")).transcript()
    found = [
        rule("forbidden_words", phrases=["不知道"], points=5),
        rule("forbidden_words", id="c", leg="caller", phrases=["表扬"]),
    ]
    facts = CallFacts(others=(Interval(start_ms=0, end_ms=10_000),))
    hits = check(talk, found, facts)
    assert [(hit.leg, hit.from_ms, hit.sure, hit.points) for hit in hits] == [
        (Leg.CALLER, 1000, True, 0),
        (Leg.SEAT, 1000, False, 0),
        (Leg.SEAT, 20_000, True, 5),
    ]


def test_while_the_recording_was_paused_anything_may_have_been_said() -> None:
    wanted = rule("required_words", groups=[["再见"]], place={"last_s": 10})
    talk = example(line("seat", 1.0, "您好"), line("seat", 15.0, "好的"), length_s=20).transcript()
    assert [hit.sure for hit in check(talk, [wanted])] == [True]
    paused = CallFacts(pauses=(Interval(start_ms=16_000, end_ms=19_000),))
    assert [hit.sure for hit in check(talk, [wanted], paused)] == [False]


@pytest.mark.parametrize(
    ("ended_by", "said", "sure"),
    [("", "跟 你们 说 不通", True), ("seat", "跟 你们 说 不通", True), ("caller", "谢谢 您", True),
     ("caller", "跟 你们 说 不通", False), ("line", "谢谢 您", False)],
)  # fmt: skip
def test_a_goodbye_needs_time_to_be_said(ended_by: str, said: str, sure: bool) -> None:
    wanted = rule("required_words", groups=[["再见"]], place={"last_s": 10}, leave_taking=["谢谢"])
    talk = example(line("seat", 1.0, "您好"), line("seat", 15.0, "好的"), line("caller", 16.0, said)).transcript()
    facts = CallFacts.model_validate({"ended_by": ended_by})
    assert [hit.sure for hit in check(talk, [wanted], facts)] == [sure]


def test_who_listens_to_an_angry_citizen_has_not_yet_had_the_word() -> None:
    slip = rule("forbidden_words", id="slip", leg="caller", phrases=["气死"])
    word = rule("required_words", groups=[["理解"]], place={"after": {"rule": "slip", "within_s": 10}})
    angry = [line("caller", 1.0, "气死"), line("caller", 3.0, "我 说 三 遍 了", to_s=30.0)]
    for say, found in [("我 理解", []), ("地址 是 哪里", [True])]:
        hits = check(example(*angry, line("seat", 31.0, say)).transcript(), [slip, word])
        assert [hit.sure for hit in hits if hit.rule_id == "r"] == found
    # he hung up without the agent having had the word
    hits = check(example(*angry, length_s=30.5).transcript(), [slip, word])
    assert [hit.sure for hit in hits if hit.rule_id == "r"] == [False]


@pytest.mark.parametrize(
    ("said", "promised"),
    [
        ("三 个 工作日 给您 答复", True), ("十五 个 自然日 之内", True), ("两 个 半 小时 左右", True),
        ("半 个 月", True),
        ("一 个 礼拜 会 回复", True), ("停水 三 天 之内 会 解决", True), ("四十八 小时 内", True),
        ("停水 三 天 了", False), ("坏 了 三 天", False), ("等 了 两 个 小时", False), ("三 天 没 水", False),
        ("三 天 前 停 的", False), ("过 两 天", False), ("已经 五 天", False), ("十一 月 份", False),
    ],
)  # fmt: skip
def test_a_span_that_is_over_is_no_promise(said: str, promised: bool) -> None:
    promise = rule("promised_time", vague=["尽快"])
    talk = example(line("seat", 1.0, said), line("seat", 20.0, "会 尽快 处理")).transcript()
    hits = check(talk, [promise], CallFacts(case=CaseFacts(what="停水")))
    assert [hit.text for hit in hits] == ([] if promised else ["尽快"])


@pytest.mark.parametrize("length_s", [0.0, 3.0, 21_600.0])
@pytest.mark.parametrize("who", [(), ("seat",), ("caller",), ("caller", "seat")])
def test_calls_of_any_length_and_of_one_leg_are_checked(length_s: float, who: tuple[str, ...]) -> None:
    talk = example(*(line(each, 0.2, "喂") for each in who), length_s=length_s)
    facts = CallFacts(
        holds=(Interval(start_ms=500, end_ms=500),),
        pauses=(Interval(start_ms=0, end_ms=99_000_000),),
        others=(Interval(start_ms=0, end_ms=1),),
        case=CaseFacts(),
        further=(CaseFacts(what="١٢٣٤٥٦٧٨٩٠١ １３８００００１２３４"),),
        ended_by="caller",
    )
    hits = check(talk.transcript(), DELIVERED_RULES, facts)
    assert {hit.rule_id for hit in hits if hit.points} <= {"number-written"}


def test_the_class_of_either_case_of_a_call_will_do() -> None:
    words = {"供暖": ["暖气", "热力公司"], "物业管理": ["电梯"], "供水": ["停水"]}
    differs = rule("case_mismatch", field="class", words=words)
    talk = example(line("caller", 1.0, "暖气 不 热 热力公司 不管")).transcript()
    lift, heating, none = (CaseFacts(class_names=names) for names in (("物业管理",), ("供暖",), ()))
    assert check(talk, [differs], CallFacts(case=lift, further=(heating,))) == ()
    (hit,) = check(talk, [differs], CallFacts(case=none, further=(lift,)))
    assert hit.text.startswith("物业管理 ≠ 供暖")


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
    once, twice = [line("caller", 1.0, said)], [line("caller", 1.0, said), line("caller", 9.0, said)]
    differs = [rule("case_mismatch", field="address")]
    assert [(hit.text, hit.sure) for hit in check(example(*twice).transcript(), differs, facts)] == found
    # said but once it may have been misheard
    unsure = [(text, False) for text, _ in found]
    assert [(hit.text, hit.sure) for hit in check(example(*once).transcript(), differs, facts)] == unsure
    # and where the agent says the other number back, it may be the citizen's own mistake
    back = [(text, False) for text, _ in found]
    agreed = example(*twice, line("seat", 20.0, " ".join(address))).transcript()
    assert [(hit.text, hit.sure) for hit in check(agreed, differs, facts)] == back


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("新中街12号", "十一月 三 号 停 的 水"),
        ("新中街12号", "三 号 就 坏 了"),
        ("忠实里3号楼2层", "六 层 楼 都 停水"),
        ("忠实里3栋", "两 栋 楼 都 停水"),
        ("东四三条22号", "有 一 条 狗"),
        ("忠实里3号楼和5号楼", "三 号楼 和 五 号楼"),
        ("忠实里5号楼", "三 号楼 不对 是 五 号楼"),
        ("", "三 号楼"),
    ],
)
def test_days_heights_and_corrections_are_no_other_house(address: str, said: str) -> None:
    facts = CallFacts(case=CaseFacts(address=address))
    hits = check(example(line("caller", 1.0, said)).transcript(), [rule("case_mismatch", field="address")], facts)
    assert not [hit for hit in hits if hit.sure]
    assert said == "三 号 就 坏 了" or not hits


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
