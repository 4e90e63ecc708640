"""The recordings of the benches of recognition: talks of a hall's length, strung together from the evaluation."""

from __future__ import annotations

from pathlib import Path

from asr.evaluation.plan import EvaluationSettings
from backend.app.benches.hall_calls import beginning, talks_of
from backend.kernel.config import PROJECT_ROOT

SETTINGS = EvaluationSettings.read(PROJECT_ROOT / "configs" / "evaluation" / "calls.yaml")


def test_a_talk_has_one_greeting_one_goodbye_and_a_pause_before_each_further_matter() -> None:
    talks = list(talks_of(SETTINGS))
    assert len(talks) == SETTINGS.clean_calls // 5
    for talk in talks:
        said = [turn.say for turn in talk.turns]
        assert said[0] in SETTINGS.openings
        assert said[-1] in SETTINGS.closings
        assert not set(said[1:-1]) & {*SETTINGS.openings, *SETTINGS.closings}
        assert sum(turn.after_s > SETTINGS.gap_s for turn in talk.turns) >= 4
        assert not any(turn.planted for turn in talk.turns)
    assert len({talk.id for talk in talks}) == len(talks)


def test_the_beginning_of_a_recording_is_a_recording(tmp_path: Path) -> None:
    (tmp_path / "whole.raw").write_bytes(bytes(range(256)) * 1000)
    short = beginning(tmp_path / "whole.raw", tmp_path / "short.raw", 0.5)
    assert short.read_bytes() == (tmp_path / "whole.raw").read_bytes()[: 4000 * 4]
