"""What a snapshot of the PBX reveals against what we believed: pure comparisons, all marked as recovered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from telephony import facts as f
from telephony.ami import AmiEvent, Snapshot
from telephony.call import Call, Direction
from telephony.call_events import arrival, ending
from telephony.consult_events import ended
from telephony.host_events import is_relayed
from telephony.line_events import REACHABLE
from telephony.lines import Line, Membership
from telephony.names import is_outside, seat_of, text_or_empty
from telephony.supervision_events import all_ended

UP = "6"  # ChannelState of a channel that talks
BOOT_TOLERANCE = timedelta(seconds=1)  # the PBX reports its uptime in whole seconds, rounded down


@dataclass(slots=True)
class Seen:
    """The channels of one call as the PBX lists them."""

    citizen: AmiEvent | None = None
    seats: dict[str, AmiEvent] = field(default_factory=dict)
    root: AmiEvent | None = None

    @property
    def channel(self) -> str:
        """The citizen's channel; empty when there is none, as when seats talk among themselves."""
        return self.citizen["Channel"] if self.citizen is not None else ""

    def ringing(self) -> dict[str, str]:
        """Seats whose phone rings: seat -> channel."""
        return {seat: leg["Channel"] for seat, leg in self.seats.items() if leg["ChannelState"] != UP}

    def talking(self) -> dict[str, str]:
        """Seats that share a bridge with the citizen: seat -> channel."""
        bridge = self.citizen["BridgeId"] if self.citizen is not None else ""
        return {seat: leg["Channel"] for seat, leg in self.seats.items() if bridge and leg["BridgeId"] == bridge}


def call_repairs(calls: Mapping[str, Call], snapshot: Snapshot, at: datetime) -> Iterator[f.CallFact]:
    """First what is over, then what is there, so that a seat is free of one call before it is in the next.

    The caller absorbs each fact before it takes the next, so later ones see the effect of earlier ones.
    """
    ids = {call.channel: call.id for call in calls.values()}
    present = {ids.get(seen.channel, linkedid): seen for linkedid, seen in _seen(snapshot).items() if seen.channel}
    for call in list(calls.values()):
        seen = present.get(call.id)
        if seen is None or seen.channel != call.channel:
            cut = snapshot.booted_at is not None and call.arrived_at < snapshot.booted_at - BOOT_TOLERANCE
            yield from ending(call, at, None, recovered=True, cut=cut)
        else:
            channels = {leg["Channel"] for leg in snapshot.channels}
            yield from _legs_gone(call, seen, channels, at)
            yield from all_ended(call, at, present=channels, recovered=True)
    waiting = {entry["Channel"]: entry for entry in snapshot.waiting}
    for call_id, seen in present.items():
        yield from _legs_present(calls, call_id, seen, waiting.get(seen.channel), at)


def lines_in(snapshot: Snapshot) -> dict[str, Line]:
    """The seats' lines as the PBX lists them."""
    lines: defaultdict[str, Line] = defaultdict(Line)
    for contact in snapshot.contacts:
        if contact["Endpoint"].isdigit() and contact["Status"] in REACHABLE:
            lines[contact["Endpoint"]].contacts[contact["Uri"]] = None
    for member in snapshot.members:
        seat = seat_of(member["Location"]) or seat_of(member["StateInterface"])
        if seat is not None:
            lines[seat].memberships[member["Queue"]] = Membership.from_event(member)
    return dict(lines)


def _seen(snapshot: Snapshot) -> dict[str, Seen]:
    present: defaultdict[str, Seen] = defaultdict(Seen)
    for leg in snapshot.channels:
        seen, seat = present[leg["Linkedid"]], seat_of(leg["Channel"])
        if leg["Uniqueid"] == leg["Linkedid"]:
            seen.root = leg
        if seat is not None:
            seen.seats[seat] = leg
        elif is_outside(leg["Channel"]) and (seen.citizen is None or leg is seen.root):
            seen.citizen = leg
    return present


def _legs_gone(call: Call, seen: Seen, present: Set[str], at: datetime) -> Iterator[f.CallFact]:
    """`present` are all channels: what belongs to a consultation is listed as if it were another call."""
    ringing, talking = seen.ringing(), seen.talking()
    for seat, consult in list(call.consults.items()):
        if consult.channel not in present:
            yield ended(call, seat, at, recovered=True)
    for seat, channel in list(call.ringing.items()):
        asked = channel in call.asked and channel in present
        if not asked and channel not in (ringing.get(seat), talking.get(seat)):
            outcome = f.RingOutcome.CANCELED
            yield f.SeatRingEnded(at=at, call_id=call.id, seat=seat, outcome=outcome, recovered=True)
    for seat, channel in list(call.talking.items()):
        if talking.get(seat, channel) != channel:
            yield f.CallTakenBack(at=at, call_id=call.id, seat=seat, channel=talking[seat], recovered=True)
        elif seat not in seen.seats or seen.seats[seat]["Channel"] != channel:
            yield f.TalkEnded(at=at, call_id=call.id, seat=seat, ended_by=f.Party.UNKNOWN, recovered=True)


def _legs_present(
    calls: Mapping[str, Call], call_id: str, seen: Seen, entry: AmiEvent | None, at: datetime
) -> Iterator[f.CallFact]:
    if call_id not in calls:
        first = None if _consults(calls, seen) else _opening(call_id, seen, entry, at)
        if first is None:
            return
        yield first
    call = calls.get(call_id)
    if call is None:  # it ended while the snapshot was being taken
        return
    if entry is not None and entry["Queue"] != call.queue:
        position = int(entry["Position"]) if entry["Position"].isdecimal() else 0
        yield f.CallQueued(at=at, call_id=call_id, queue=entry["Queue"], position=position, recovered=True)
    if call.direction is Direction.INBOUND:
        for seat, channel in seen.ringing().items():
            if call.ringing.get(seat) != channel:
                yield f.SeatRinging(at=at, call_id=call_id, seat=seat, channel=channel, recovered=True)
    for seat, channel in seen.talking().items():
        if call.talking.get(seat) != channel:
            yield f.CallAnswered(at=at, call_id=call_id, seat=seat, channel=channel, recovered=True)


def _consults(calls: Mapping[str, Call], seen: Seen) -> bool:
    """Whether this is a seat that talks in a call and asks somebody outside, which is no call of its own."""
    caller = seat_of(seen.root["Channel"]) if seen.root is not None else None
    return any(caller in call.talking for call in calls.values())


def _opening(call_id: str, seen: Seen, entry: AmiEvent | None, at: datetime) -> f.CallArrived | f.CallPlaced | None:
    citizen = seen.citizen
    if citizen is None or is_relayed(citizen):
        return None
    if citizen is seen.root:
        dialed = citizen["Exten"] or (entry["Queue"] if entry is not None else "")
        return arrival(citizen, at, dialed, recovered=True)
    seat = seat_of(seen.root["Channel"]) if seen.root is not None else None
    if seat is None or seen.root is None:
        return None
    return f.CallPlaced(
        at=at,
        call_id=call_id,
        seat=seat,
        number=text_or_empty(citizen["CallerIDNum"]),
        shown_number=text_or_empty(seen.root["CallerIDNum"]),
        channel=citizen["Channel"],
        seat_channel=seen.root["Channel"],
        recovered=True,
    )
