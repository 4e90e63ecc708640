"""The measure itself: what counts as an error, what as found, and which calls are spoken."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.audio import Leg
from asr.evaluation.plan import MANDARIN, EvaluationSettings, plan
from asr.evaluation.recorded import NoEvaluationSet, Planted, read_set
from asr.evaluation.score import Fault, edits, false_faults, missed_faults, score_text
from asr.transcript import EngineInfo, Transcript, Word, merge
from backend.kernel.config import PROJECT_ROOT

CALLS = EvaluationSettings.read(PROJECT_ROOT / "configs" / "evaluation" / "calls.yaml")
RECIPE = PROJECT_ROOT / "asr" / "demo_model" / "recipe"
ENGINE = EngineInfo(engine="none", engine_version="1", model="none", model_version="1", rate=8000)
texts = st.text("您好路灯坏了", max_size=12)


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(RECIPE), *sys.path])


def heard(seat: str) -> Transcript:
    words = [
        Word(text=word, start_ms=200 * n, end_ms=200 * n + 180, confidence=1.0) for n, word in enumerate(seat.split())
    ]
    return Transcript(turns=merge({Leg.SEAT: words}), duration_ms=9000, heard_by=ENGINE)


@given(texts, texts)
def test_edits_are_a_distance(one: str, other: str) -> None:
    assert edits(one, other) == edits(other, one)
    assert (edits(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= edits(one, other) <= max(len(one), len(other))


def test_what_is_not_made_out_counts_as_not_heard_and_punctuation_as_nothing() -> None:
    score = score_text({Leg.SEAT: "这个 不归我管， 您 问 社区"}, heard("这个 [unk] 您 问 社区"))
    assert (score.characters, score.character_errors) == (10, 4)
    assert (score.words, score.word_errors) == (5, 1)
    assert score_text({Leg.SEAT: "这个不归我管"}, heard("这个 不归我管")).word_error_rate is None


def test_a_fault_counts_once_where_it_was_planted_and_is_false_elsewhere() -> None:
    planted = [Planted(leg=Leg.SEAT, text="不知道", from_ms=1000, to_ms=3000)]
    there = Fault(Leg.SEAT, "不知道", 1500, 2100)
    assert (missed_faults(planted, [there, there]), false_faults(planted, [there, there])) == ((), ())
    for elsewhere in (Fault(Leg.CALLER, "不知道", 1500, 2100), Fault(Leg.SEAT, "不知道", 3000, 3500)):
        assert missed_faults(planted, [elsewhere]) == tuple(planted)
        assert false_faults(planted, [there, elsewhere]) == (elsewhere,)


def test_the_set_plants_enough_and_speaks_enough_without() -> None:
    calls = list(plan(CALLS))
    planted = [turn.planted for call in calls for turn in call.turns if turn.planted]
    without = [turn for call in calls for turn in call.turns if not turn.planted]
    assert len(planted) >= 64
    assert len(without) >= 120
    assert set(Counter(planted).values()) == {CALLS.times}
    places = {
        (turn.planted, turn.say, call.manner[turn.leg].voice) for call in calls for turn in call.turns if turn.planted
    }
    assert len(places) == len(planted)  # each time in another voice or after other words
    assert any(turn.after_s < 0 for call in calls for turn in call.turns)
    assert any(turn.after_s > CALLS.silence.length_s for call in calls for turn in call.turns)
    assert {call.voices for call in calls} == {"near", "strange"}
    assert calls == list(plan(CALLS))


@pytest.mark.usefixtures("recipe")
def test_training_knows_neither_the_voices_nor_the_sentences() -> None:
    import grammar
    import voices

    ours = {*CALLS.voices.near, *CALLS.voices.strange}
    assert ours == set(voices.HELD_OUT)
    assert not ours & set(voices.TRAINING)
    assert {f"{MANDARIN}+{voice}" for voice in ours} >= {
        manner.voice for call in plan(CALLS) for manner in call.manner.values()
    }
    said = {turn.say for call in plan(CALLS) for turn in call.turns}
    templates = [_pattern(template, grammar.SLOTS) for template in grammar.SENTENCES]
    assert [sentence for sentence in said if any(each.fullmatch(sentence) for each in templates)] == []


def _pattern(template: str, slots: dict[str, list[str]]) -> re.Pattern[str]:
    parts = [
        "(?:" + "|".join(map(re.escape, slots[word[1:-1]])) + ")" if word.startswith("{") else re.escape(word)
        for word in template.split()
    ]
    return re.compile(" ".join(parts))


def test_a_folder_of_recordings_with_texts_is_a_set(tmp_path: Path) -> None:
    (tmp_path / "b.wav").touch()
    (tmp_path / "b.txt").write_text("caller: 您 好\nseat：请 讲\n再见\n", encoding="utf-8")
    (tmp_path / "without-text.wav").touch()
    [call] = read_set(tmp_path)
    assert call.file == tmp_path / "b.wav"
    assert call.said == {Leg.CALLER: " 您 好 再见", Leg.SEAT: "请 讲"}


@pytest.mark.parametrize("manifest", [None, "calls: []", "calls: [{file: x}]", "{", "calls: 1"])
def test_what_is_no_set_is_refused_by_name(tmp_path: Path, manifest: str | None) -> None:
    if manifest is not None:
        (tmp_path / "calls.yaml").write_text(manifest)
    with pytest.raises(NoEvaluationSet):
        read_set(tmp_path)
