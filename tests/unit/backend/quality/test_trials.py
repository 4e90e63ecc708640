"""What a trial counts: the calls that the rule is for, and each person's own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from asr.checks import CallFacts, read_rules
from asr.checks.example import Example
from backend.quality.trials import PastCall, Tally, count

RUDE = {"who": "seat", "at_s": 1.0, "say": "不归我管"}
KIND = {"who": "seat", "at_s": 1.0, "say": "您好"}
(INBOUND,) = read_rules(
    [
        {"id": "r", "version": 1, "kind": "forbidden_words", "title": {"zh": "规则", "en": "rule"}, "severity": "minor",
         "phrases": ["不归我管"], "calls": ["inbound"], "longer_than_s": 1,
         "examples": [{"name": "none", "talk": [], "finds": []}] * 2}
    ]
)  # fmt: skip


def call(agent: int, said: dict[str, Any], direction: str = "inbound", name: str = "王芳") -> PastCall:
    heard = Example.model_validate({"name": "test", "talk": [said], "finds": []}).transcript()
    return PastCall(
        call_id="c", arrived_at=datetime(2026, 11, 2, tzinfo=UTC), agent_id=UUID(int=agent), agent_name=name,
        heard=heard, facts=CallFacts.model_validate({"direction": direction}),
    )  # fmt: skip


def test_calls_that_the_rule_is_not_for_make_it_no_rarer() -> None:
    tally = Tally(1)
    count(tally, INBOUND, (INBOUND,), [call(1, RUDE), call(1, KIND), *[call(1, RUDE, "outbound")] * 8])
    told = tally.result()
    assert (told.checked, told.concerned, told.calls_hit, told.hits) == (10, 2, 1, 1)
    assert [(each.calls, each.calls_hit) for each in told.agents] == [(2, 1)]


@pytest.mark.parametrize("name", ["王芳", ""])
def test_namesakes_are_two_people(name: str) -> None:
    tally = Tally(1)
    count(tally, INBOUND, (INBOUND,), [call(1, RUDE, name=name), call(2, KIND, name=name), call(1, RUDE, name=name)])
    assert [(each.agent_name, each.calls, each.hits) for each in tally.result().agents] == [(name, 2, 2), (name, 1, 0)]
