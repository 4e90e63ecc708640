"""Sentences of real talks, as people say them, against the delivered rules (`ordinary.yaml`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from asr.audio import Leg
from asr.checks import CallFacts, check
from asr.checks.example import Example
from asr.checks.kinds import AnyRule
from backend.app.datasets import DELIVERED
from backend.quality.file import parse_rule_file

RULES: list[AnyRule] = [rule for path in DELIVERED["quality"].files for rule in parse_rule_file(path).rules]
SENTENCES = yaml.safe_load((Path(__file__).parent / "ordinary.yaml").read_text(encoding="utf-8"))
MEANT = {"none": set[bool](), "unsure": {False}, "sure": {True}}


def sentences() -> Iterator[tuple[str, dict[str, Any], str, str]]:
    for leg, blocks in SENTENCES.items():
        for block in blocks:
            for meant in MEANT:
                for sentence in block.get(meant, ()):
                    yield leg, block, meant, sentence


@pytest.mark.parametrize(("leg", "block", "meant", "sentence"), list(sentences()))
def test_a_sentence_of_every_day_is_taken_as_it_was_meant(
    leg: str, block: dict[str, Any], meant: str, sentence: str
) -> None:
    said = {"who": leg, "at_s": 1.0, "say": " ".join(sentence)}
    call = {"name": sentence, "talk": [said], "finds": [], "length_s": block.get("length_s")}
    facts = CallFacts.model_validate({"case": {}} | block.get("facts", {}))
    rules = [rule for rule in RULES if rule.id in block["rules"]]
    hits = check(Example.model_validate(call).transcript(), rules, facts)
    assert {hit.sure for hit in hits} == MEANT[meant], [(hit.text, hit.sure) for hit in hits]
    assert {hit.leg for hit in hits} <= {Leg(leg)}
