"""A seat's line as the PBX has it: where its phone registered, which queues it is a member of, whether it is paused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from telephony import facts as f
from telephony.ami import AmiEvent


@dataclass(frozen=True, slots=True)
class Membership:
    """A seat's place in one queue: lower penalties ring first. Only a `dynamic` one can be taken away over AMI."""

    paused: bool = False
    reason: str = ""
    dynamic: bool = True
    penalty: int = 0

    @classmethod
    def from_event(cls, event: AmiEvent) -> Membership:
        """Read it from any event that describes a queue member."""
        paused = event["Paused"] == "1"
        penalty = int(event["Penalty"]) if event["Penalty"].isdecimal() else 0
        return cls(paused, event["PausedReason"] if paused else "", event["Membership"] != "static", penalty)


QueueView = Mapping[str, Mapping[str, Membership]]
"""What the PBX has: seat -> queue -> membership."""


@dataclass(frozen=True, slots=True)
class LineView:
    """A line reduced to what facts speak of. `paused_for` is None when calls are offered."""

    contact: str
    queues: frozenset[str]
    paused_for: str | None


@dataclass(slots=True)
class Line:
    """The line of one seat. `contacts` are the addresses at which its phones can be reached, oldest first."""

    contacts: dict[str, None] = field(default_factory=dict)
    memberships: dict[str, Membership] = field(default_factory=dict)

    @property
    def view(self) -> LineView:
        """The line as facts see it: held back in any queue counts as paused."""
        reasons = [place.reason for place in self.memberships.values() if place.paused]
        return LineView(
            contact=next(reversed(self.contacts), ""),
            queues=frozenset(self.memberships),
            paused_for=reasons[-1] if reasons else None,
        )

    def absorb(self, fact: f.SeatFact) -> None:
        """Apply one stored fact; used to restore the line after a restart."""
        match fact:
            case f.PhoneRegistered():
                self.contacts = {fact.contact: None}
            case f.PhoneUnregistered():
                self.contacts = {}
            case f.SeatJoinedQueue():
                self.memberships[fact.queue] = Membership()
            case f.SeatLeftQueue():
                self.memberships.pop(fact.queue, None)
            case f.SeatPaused():
                self.memberships = dict.fromkeys(self.memberships, Membership(paused=True, reason=fact.reason))
            case f.SeatUnpaused():
                self.memberships = dict.fromkeys(self.memberships, Membership())


def changes(seat: str, before: LineView, after: LineView, at: datetime, *, recovered: bool = False) -> list[f.SeatFact]:
    """What to state when a line went from `before` to `after`."""
    facts: list[f.SeatFact] = []
    if after.contact and not before.contact:
        facts.append(f.PhoneRegistered(at=at, seat=seat, contact=after.contact, recovered=recovered))
    elif before.contact and not after.contact:
        facts.append(f.PhoneUnregistered(at=at, seat=seat, recovered=recovered))
    joined, left = sorted(after.queues - before.queues), sorted(before.queues - after.queues)
    facts += [f.SeatJoinedQueue(at=at, seat=seat, queue=queue, recovered=recovered) for queue in joined]
    facts += [f.SeatLeftQueue(at=at, seat=seat, queue=queue, recovered=recovered) for queue in left]
    if after.paused_for is not None and after.paused_for != before.paused_for:
        facts.append(f.SeatPaused(at=at, seat=seat, reason=after.paused_for, recovered=recovered))
    elif after.paused_for is None and before.paused_for is not None and after.queues:
        facts.append(f.SeatUnpaused(at=at, seat=seat, recovered=recovered))
    return facts
