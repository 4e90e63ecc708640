"""The demo's dialogues: whole, within the demo model's vocabulary, and within the gaps of the seat's track."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from asr.demo_model import DEMO_MODEL
from backend.kernel.config import PROJECT_ROOT

DOCUMENT: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / "configs/demo/dialogues.yaml").read_text(encoding="utf-8"))
DIALOGUES: list[dict[str, Any]] = DOCUMENT["dialogues"]
WORDS = {line.split()[0] for line in (DEMO_MODEL / "graph/words.txt").read_text(encoding="utf-8").splitlines()}


def test_dialogues_are_told_apart_and_use_both_numbers() -> None:
    assert len({dialogue["id"] for dialogue in DIALOGUES}) == len(DIALOGUES) >= 10
    assert {dialogue["dialed"] for dialogue in DIALOGUES} == {"96010", "12345"}
    assert {dialogue["urgency"] for dialogue in DIALOGUES} == {"normal", "urgent", "emergency"}
    assert {dialogue["callback"]["by"] for dialogue in DIALOGUES} == {"phone", "visit"}


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue["id"])
def test_model_knows_every_word_of_the_dialogue(dialogue: dict[str, Any]) -> None:
    turns = [*dialogue["turns"], *DOCUMENT["seat_track"]]
    assert {word for turn in turns for word in turn["say"].split()} <= WORDS


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue["id"])
def test_caller_speaks_between_the_turns_of_the_seat(dialogue: dict[str, Any]) -> None:
    turns = [("seat", turn["at_s"]) for turn in DOCUMENT["seat_track"]]
    turns += [(turn["who"], turn["at_s"]) for turn in dialogue["turns"]]
    speakers = [who for who, _ in sorted(turns, key=lambda turn: turn[1])]
    assert speakers == ["seat", "caller"] * 3 + ["seat"]
    assert max(at_s for _, at_s in turns) < DOCUMENT["length_s"]
