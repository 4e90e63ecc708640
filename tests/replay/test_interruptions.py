"""The recorded scenarios with something going wrong: damaged events, a restart, a link that was down."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.ami import AmiEvent, Snapshot
from telephony.call import TRANSITIONS, Call, Stage
from telephony.facts import (
    CallAnswered,
    CallEnded,
    CallFact,
    CallTransferred,
    Fact,
    SeatRinging,
    from_payload,
)
from telephony.state import WANTED, PbxState

Trace = list[tuple[datetime, AmiEvent]]
ReadTrace = Callable[[str], Trace]


@pytest.fixture(scope="module")
def trace(read_trace: ReadTrace) -> Trace:
    whole = read_trace("one-call") + read_trace("scenarios") + read_trace("softphone")
    return [(at, event) for at, event in whole if event.name in WANTED]


@pytest.fixture(scope="module")
def whole(read_trace: ReadTrace) -> Trace:
    return read_trace("one-call") + read_trace("scenarios") + read_trace("softphone")


class Watched(PbxState):
    """Checks each step of each call against the table of stages."""

    def _absorb(self, fact: CallFact) -> Call | None:
        before = self.calls.get(fact.call_id)
        stage = before.stage if before is not None else None
        call = super()._absorb(fact)
        after = call.stage if call is not None else stage
        assert stage is None or after is stage or after in TRANSITIONS[stage], f"{stage} -> {after} by {fact}"
        return call


def run(state: PbxState, trace: Iterable[tuple[datetime, AmiEvent]]) -> list[Fact]:
    return [fact for at, event in trace for fact in state.apply(event, at)]


def check(facts: list[Fact]) -> None:
    """What holds however damaged the events were."""
    calls = [fact for fact in facts if isinstance(fact, CallFact)]
    opened = Counter(fact.call_id for fact in calls if fact.kind in {"call_arrived", "call_placed"})
    ended = Counter(fact.call_id for fact in calls if isinstance(fact, CallEnded))
    assert set(opened.values()) <= {1}
    assert set(ended.values()) <= {1}
    assert {fact.call_id for fact in calls} == set(opened)
    over: set[str] = set()
    for fact in calls:
        assert fact.call_id not in over, f"{fact} after the end"
        if isinstance(fact, CallEnded):
            over.add(fact.call_id)


# --- damaged events -------------------------------------------------------------------------------------------------


@given(data=st.data())
def test_no_damage_makes_the_reducer_raise_or_contradict_itself(trace: Trace, data: st.DataObject) -> None:
    dice = random.Random(data.draw(st.integers(0, 2**32)))
    lost, doubled, displaced = (data.draw(st.sampled_from([0.0, 0.05, 0.3])) for _ in range(3))
    damaged = [item for item in trace if dice.random() >= lost]
    damaged = [again for item in damaged for again in [item] * (1 + (dice.random() < doubled))]
    damaged.sort(key=lambda item: item[0].timestamp() + (dice.uniform(-3, 3) if dice.random() < displaced else 0))
    check(run(Watched(), damaged))


def test_every_event_twice_tells_nothing_twice(trace: Trace) -> None:
    assert run(Watched(), [item for item in trace for _ in range(2)]) == run(Watched(), trace)


def test_the_whole_trace_again_tells_no_call_again(trace: Trace) -> None:
    """As after a snapshot, when buffered events of calls that are over come once more."""
    state = PbxState()
    run(state, trace)
    assert [fact for fact in run(state, trace) if isinstance(fact, CallFact)] == []


def test_headers_may_be_missing_or_nonsense(trace: Trace) -> None:
    state = Watched()
    for at, event in trace:
        for key in list(event):
            if key != "Event":
                for nonsense in ("", "垃圾", "-1", "\x00"):
                    state.apply(AmiEvent({**event, key: nonsense}), at)
        state.apply(AmiEvent(Event=event.name), at)
    state.apply(AmiEvent(), trace[0][0])


def test_an_answered_call_had_rung_or_was_handed_over(trace: Trace) -> None:
    facts = run(Watched(), trace)
    inbound = {fact.call_id for fact in facts if isinstance(fact, CallFact) and fact.kind == "call_arrived"}
    rung = {(fact.call_id, fact.seat) for fact in facts if isinstance(fact, SeatRinging)}
    handed = {(fact.call_id, fact.to) for fact in facts if isinstance(fact, CallTransferred)}
    answered = {(fact.call_id, fact.seat) for fact in facts if isinstance(fact, CallAnswered)}
    assert {pair for pair in answered if pair[0] in inbound} <= rung | handed


# --- a restart of our process ---------------------------------------------------------------------------------------


WORDING = {"ended_by", "hung_up_by", "outcome", "reason", "together_ms"}


def without_wording(fact: Fact) -> dict[str, object]:
    """A restart may forget who hung up first; it may not forget, repeat or invent that something happened."""
    payload = fact.as_payload()
    return {"kind": fact.kind, **{key: payload[key] for key in payload.keys() - WORDING}}


def test_a_restart_at_any_moment_continues_without_repeating(trace: Trace) -> None:
    uninterrupted = [without_wording(fact) for fact in run(PbxState(), trace)]
    state, stored = PbxState(), list[Fact]()
    for position, (at, event) in enumerate(trace):
        kept = [from_payload(fact.kind, fact.as_payload()) for fact in stored]
        open_calls = [fact for fact in kept if not isinstance(fact, CallFact) or fact.call_id in state.calls]
        restored = PbxState.restore(open_calls)
        assert set(restored.calls) == set(state.calls)
        rest = [without_wording(fact) for fact in run(restored, trace[position : position + 40])]
        assert rest == uninterrupted[len(stored) : len(stored) + len(rest)]
        stored += state.apply(event, at)


# --- a link that was down -------------------------------------------------------------------------------------------


class Shadow:
    """What Asterisk would list at each moment of the trace."""

    def __init__(self) -> None:
        self.channels: dict[str, AmiEvent] = {}
        self.waiting: dict[str, AmiEvent] = {}
        self.contacts: dict[str, AmiEvent] = {}
        self.members: dict[tuple[str, str], AmiEvent] = {}

    def see(self, event: AmiEvent) -> None:
        name, channel = event.name, event["Channel"]
        if name == "Newchannel":
            self.channels[channel] = AmiEvent(event)
        elif name == "Hangup":
            self.channels.pop(channel, None)
        elif name == "Newstate" and channel in self.channels:
            self.channels[channel]["ChannelState"] = event["ChannelState"]
        elif name in {"BridgeEnter", "BridgeLeave"} and channel in self.channels:
            self.channels[channel]["BridgeId"] = event["BridgeUniqueid"] if name == "BridgeEnter" else ""
            self.channels[channel]["Linkedid"] = event["Linkedid"]
        elif name == "QueueCallerJoin":
            self.waiting[channel] = event
        elif name == "QueueCallerLeave":
            self.waiting.pop(channel, None)
        elif name == "QueueMemberPause":
            self.members[event["Queue"], event["Interface"]] = AmiEvent({**event, "Location": event["Interface"]})
        elif name == "ContactStatus":
            contact = {"Endpoint": event["EndpointName"], "Uri": event["URI"], "Status": event["ContactStatus"]}
            self.contacts[event["URI"]] = AmiEvent(contact)

    def snapshot(self) -> Snapshot:
        lists = (self.channels, self.members, self.waiting, self.contacts)
        channels, members, waiting, contacts = (tuple(AmiEvent(item) for item in kind.values()) for kind in lists)
        return Snapshot(channels, members, waiting, contacts)


def test_a_link_that_was_down_finds_the_truth_again(whole: Trace) -> None:
    """At many moments and for many lengths: no call is lost for good, none ends twice, every stage is a legal one."""
    dice = random.Random(96010)
    for _ in range(300):
        down, up = sorted(dice.sample(range(len(whole)), 2))
        up = min(up, down + dice.choice([5, 40, 300]))
        state, shadow, facts = Watched(), Shadow(), list[Fact]()
        for position, (at, event) in enumerate(whole):
            shadow.see(event)
            if position < down or position > up:
                facts += state.apply(event, at)
            elif position == up:
                repairs = state.resynchronise(shadow.snapshot(), at)
                assert all(fact.recovered for fact in repairs)
                assert state.resynchronise(shadow.snapshot(), at) == []
                facts += repairs
                citizens = {c["Linkedid"] for c in shadow.channels.values() if c["Channel"].startswith("PJSIP/trunk")}
                assert set(state.calls) == citizens
                assert {s for s, line in state.lines.items() if line.contacts} == phones(shadow)
        check(facts)
        assert state.calls == {}
        ended = {fact.call_id for fact in facts if isinstance(fact, CallEnded)}
        assert ended == {fact.call_id for fact in facts if isinstance(fact, CallFact)}


def phones(shadow: Shadow) -> set[str]:
    return {c["Endpoint"] for c in shadow.contacts.values() if c["Status"] in {"NonQualified", "Reachable"}}


def test_a_snapshot_followed_by_the_events_it_already_shows(whole: Trace) -> None:
    """Events that were buffered while the snapshot was taken are applied after it, and do no harm."""
    dice = random.Random(12345)
    for _ in range(200):
        start = dice.randrange(len(whole) - 60)
        state, shadow, facts = Watched(), Shadow(), list[Fact]()
        for at, event in whole[:start]:
            shadow.see(event)
            facts += state.apply(event, at)
        for _, event in whole[start : start + 30]:
            shadow.see(event)
        facts += state.resynchronise(shadow.snapshot(), whole[start + 30][0])
        facts += run(state, whole[start:])
        check(facts)
        assert state.calls == {}


def test_a_call_that_an_asterisk_restart_cut_failed(whole: Trace) -> None:
    state = PbxState()
    for at, event in whole:
        state.apply(event, at)
        if [call.stage for call in state.calls.values()] == [Stage.RINGING]:
            break
    later = at.replace(year=at.year + 1)
    ended = [fact for fact in state.resynchronise(Snapshot(booted_at=later), later) if isinstance(fact, CallEnded)]
    assert [(fact.outcome, fact.hung_up_by, fact.recovered) for fact in ended] == [("failed", "pbx_restart", True)]
