"""A call that was captioned, with its recording paused once: what its taps do to the record, which is nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime

from telephony.ami import AmiEvent
from telephony.facts import CallFact, Fact
from telephony.state import PbxState

ReadTrace = Callable[[str], list[tuple[datetime, AmiEvent]]]


def reduced(trace: list[tuple[datetime, AmiEvent]]) -> tuple[list[Fact], list[int]]:
    """All facts, and how many taps there were after each event."""
    state, facts, taps = PbxState(), [], []
    for at, event in trace:
        facts += state.apply(event, at)
        taps.append(len(state.taps.channels))
    assert state.calls == {}
    return facts, taps


def test_taps_come_and_go_without_a_fact(read_trace: ReadTrace) -> None:
    facts, taps = reduced(read_trace("tapped"))
    steps = [taps[0], *(after for before, after in itertools.pairwise(taps) if after != before)]
    assert steps == [0, 1, 2, 1, 0, 1, 2, 1, 0], "two while one talks, none while the recording is paused"
    assert [fact.kind for fact in facts if isinstance(fact, CallFact)] == [
        "call_arrived",
        "recording_started",
        "call_queued",
        "seat_ringing",
        "call_answered",
        "recording_paused",
        "recording_resumed",
        "talk_ended",
        "call_ended",
    ]


def test_the_facts_are_those_of_the_same_call_without_taps(read_trace: ReadTrace) -> None:
    trace = read_trace("tapped")
    without = [(at, event) for at, event in trace if not any("tap-" in value for value in event.values())]
    assert len(without) < len(trace)
    assert reduced(without)[0] == reduced(trace)[0]
