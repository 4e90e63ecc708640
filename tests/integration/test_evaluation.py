"""A slice of the evaluation set, spoken by espeak-ng and heard by the delivered model in the real recogniser."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from asr.audio import LINE_RATE
from asr.checks.clips import FILE, ClipFile
from asr.demo_model import DEMO_MODEL
from asr.evaluation.plan import Condition, EvaluationSettings, plan
from asr.evaluation.recorded import read_set, write_set
from asr.evaluation.run import evaluate
from asr.evaluation.score import Score
from asr.recognizer import RecognizerPool
from backend.app.cli_asr import RULES, fault_finder
from backend.app.cli_quality import run_examples
from backend.app.speaking import speaker
from backend.kernel.config import PROJECT_ROOT, Environment
from backend.kernel.datafile import load_data

pytestmark = pytest.mark.integration

LINE = Condition(id="a-law", codec="a-law")
CLIPS = PROJECT_ROOT / "configs" / "quality" / "clips"


async def test_the_delivered_model_hears_new_voices_and_finds_what_was_planted(tmp_path: Path) -> None:
    settings = EvaluationSettings.read(PROJECT_ROOT / "configs" / "evaluation" / "calls.yaml")
    say = await speaker(Environment().state, tmp_path)
    near = [call for call in plan(settings) if call.voices == "near"]
    assert await write_set([*near[:4], *near[-3:]], [LINE], say, tmp_path) == 7
    async with RecognizerPool(DEMO_MODEL) as pool:
        scores = await evaluate(read_set(tmp_path), pool, fault_finder(RULES))
    total = sum(scores.values(), Score())
    assert list(scores) == ["a-law, near voices"]
    assert (total.calls, total.planted) == (7, 8)
    assert total.character_error_rate <= 0.03
    assert (total.found, total.false) == (8, 0)


def test_every_clip_of_the_delivered_rules_is_heard_as_it_should(capsys: pytest.CaptureFixture[str]) -> None:
    run_examples(None)
    told = capsys.readouterr().out
    clips = load_data(ClipFile, CLIPS / FILE).clips
    assert told.count(" clip ") == len(clips) >= 8
    assert " 0 failed" in told
    recorded = [soundfile.info(CLIPS / clip.file) for clip in clips if clip.file is not None]
    assert {(each.channels, each.samplerate) for each in recorded} == {(2, LINE_RATE)}
