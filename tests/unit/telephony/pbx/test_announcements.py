"""What the PBX says: the same in every language that is delivered, one language after another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.kernel.config import load
from telephony.pbx.announcements import Texts, make

from .conftest import TEMPLATES

DELIVERED = TEMPLATES.parent / "announcements"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_announcement_is_delivered_in_every_language(language: str) -> None:
    texts = load(Texts, DELIVERED / f"{language}.yaml").texts
    assert texts.keys() == load(Texts, DELIVERED / "zh.yaml").texts.keys()
    assert all(texts.values())


async def test_languages_are_said_one_after_another_and_own_recordings_before_the_voice(tmp_path: Path) -> None:
    configured, sounds = tmp_path / "announcements", tmp_path / "sounds"
    for language, names in (("zh", ["all-busy", "survey"]), ("en", ["all-busy"])):
        recorded = configured / "recordings" / language
        recorded.mkdir(parents=True)
        for name in names:
            soundfile.write(recorded / f"{name}.wav", np.zeros(4000, np.int16), 8000)
        lines = "".join(f"\n  {name}: x" for name in names)
        (configured / f"{language}.yaml").write_text(f"voice: {language}\ntexts:{lines}\n")
    playable = await make(configured, ["zh", "en"], tmp_path / "state", sounds)
    assert playable == {"all-busy": f"{sounds}/zh/all-busy&{sounds}/en/all-busy", "survey": f"{sounds}/zh/survey"}
    assert (sounds / "en" / "all-busy.alaw").stat().st_size == 4000
