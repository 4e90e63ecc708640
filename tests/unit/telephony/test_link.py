"""The pipeline from the link to the record: order, groups, a sink that fails, a reducer that stumbles, steering."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telephony.ami import AmiActionFailed, AmiEvent, AmiNotConnected, Arrival, LinkState, Snapshot
from telephony.ami.inbox import Inbox
from telephony.facts import Fact
from telephony.link import Follower
from telephony.seats import DesiredSeat
from telephony.state import PbxState

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


class StillLink:
    """The link's face towards its consumer, fed by hand."""

    def __init__(self) -> None:
        self.inbox: Inbox[Arrival] = Inbox(1000)
        self.state = LinkState.LIVE
        self.since = NOON
        self.sessions, self.gaps, self.last_error = 1, 0, "The session with the PBX ended."
        self.done: list[dict[str, str]] = []
        self.snapshots_requested = 0
        self.refuse: set[str] = set()

    async def receive(self) -> list[Arrival]:
        return await self.inbox.drain()

    @property
    def backlog(self) -> int:
        return len(self.inbox)

    def request_snapshot(self) -> None:
        self.snapshots_requested += 1

    async def action(self, action: dict[str, str]) -> None:
        if self.state is not LinkState.LIVE:
            raise AmiNotConnected("The link to the PBX is down.")
        if action["Interface"] in self.refuse:
            raise AmiActionFailed("Unable to add interface: Already there")
        self.done.append(action)


def registered(seat: str, second: int = 0) -> Arrival:
    event = {"Event": "ContactStatus", "EndpointName": seat, "URI": seat, "ContactStatus": "Reachable"}
    return NOON + timedelta(seconds=second), AmiEvent(event)


class Record:
    """A sink that fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.batches: list[list[str]] = []
        self.kept = asyncio.Condition()

    async def __call__(self, facts: Sequence[Fact]) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the database is away")
        async with self.kept:
            self.batches.append([getattr(fact, "seat", "") for fact in facts])
            self.kept.notify_all()

    async def holds(self, batches: int) -> None:
        async with self.kept:
            await self.kept.wait_for(lambda: len(self.batches) >= batches)


async def follow(link: StillLink, sink: Record, **options: Any) -> tuple[Follower, asyncio.Task[None]]:
    follower = Follower(link, PbxState(), sink, jitter=lambda: 0.0, **options)  # type: ignore[arg-type]
    return follower, asyncio.create_task(follower.run())


async def test_what_is_at_hand_is_one_batch_and_what_comes_later_another() -> None:
    link, sink = StillLink(), Record()
    link.inbox.offer([registered("8001"), registered("8002")])
    _, task = await follow(link, sink)
    await sink.holds(1)
    link.inbox.offer([registered("8003")])
    await sink.holds(2)
    task.cancel()
    assert sink.batches == [["8001", "8002"], ["8003"]]


async def test_a_sink_that_fails_gets_the_same_batch_and_then_the_rest() -> None:
    link, sink = StillLink(), Record(failures=2)
    link.inbox.offer([registered("8001", 1)])
    follower, task = await follow(link, sink)
    while not follower.refused_batches:
        await asyncio.sleep(0)
    link.inbox.offer([registered("8002", 2)])
    assert follower.lag(NOON + timedelta(seconds=5)) == timedelta(seconds=5)
    await sink.holds(2)
    task.cancel()
    assert sink.batches == [["8001"], ["8002"]]
    assert follower.refused_batches == 2


async def test_an_event_that_we_misread_costs_a_snapshot_and_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    link, sink = StillLink(), Record()
    original = PbxState.apply

    def stumble(state: PbxState, event: AmiEvent, at: datetime) -> list[Fact]:
        if event.name == "Poison":
            raise KeyError("a bug of ours")
        return original(state, event, at)

    monkeypatch.setattr(PbxState, "apply", stumble)
    link.inbox.offer([registered("8001"), (NOON, AmiEvent(Event="Poison")), registered("8002")])
    follower, task = await follow(link, sink)
    await sink.holds(1)
    task.cancel()
    assert sink.batches == [["8001", "8002"]]
    assert (follower.unreadable_events, link.snapshots_requested) == (1, 1)


async def test_synchronised_is_told_after_its_facts_are_kept() -> None:
    link, sink, told = StillLink(), Record(), asyncio.Event()

    def synchronised() -> None:
        assert sink.batches == [["8001"]]
        told.set()

    contact = AmiEvent({"Event": "ContactList", "Endpoint": "8001", "Uri": "sip:8001", "Status": "NonQualified"})
    link.inbox.offer([(NOON, Snapshot(contacts=(contact,)))])
    follower, task = await follow(link, sink, on_synchronised=synchronised)
    assert not follower.synchronised
    await told.wait()
    task.cancel()
    assert follower.synchronised


async def test_knowledge_ages_only_while_the_link_is_down() -> None:
    link, sink = StillLink(), Record()
    link.inbox.offer([registered("8001", 10)])
    follower, task = await follow(link, sink)
    await sink.holds(1)
    await asyncio.sleep(0)
    task.cancel()
    later = NOON + timedelta(seconds=70)
    assert follower.lag(later) == timedelta(0)
    link.state = LinkState.BACKING_OFF
    assert follower.lag(later) == timedelta(seconds=60)
    health = follower.health(later)
    assert (health.state, health.lag_s, health.error) == (LinkState.BACKING_OFF, 60.0, link.last_error)


async def test_steering_goes_on_past_a_refusal_and_stops_when_the_link_is_down() -> None:
    link = StillLink()
    follower = Follower(link, PbxState(), Record())  # type: ignore[arg-type]
    desired = [DesiredSeat(seat, {"q96010": 1}) for seat in ("8001", "8002")]
    link.refuse = {"PJSIP/8001"}
    assert await follower.steer(desired) == 2
    assert [action["Interface"] for action in link.done] == ["PJSIP/8002"]
    link.state = LinkState.BACKING_OFF
    with pytest.raises(AmiNotConnected):
        await follower.steer(desired)


async def test_two_steerings_do_not_interleave() -> None:
    link = StillLink()
    follower = Follower(link, PbxState(), Record())  # type: ignore[arg-type]
    seat = DesiredSeat("8001", {"a": 1, "b": 2}, "rest")
    await asyncio.gather(follower.steer([seat]), follower.steer([seat]))
    one = [("QueueAdd", "a"), ("QueuePause", "a"), ("QueueAdd", "b"), ("QueuePause", "b")]
    assert [(action["Action"], action["Queue"]) for action in link.done] == one * 2
