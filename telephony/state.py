"""The PBX as we know it, and the reducer that turns its events into facts.

Plain state in memory: no I/O, no clock of its own, the same input gives the same facts. Events may be unknown,
repeated, missing or out of order; none of that raises, and a repeated event states nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from telephony import facts as f
from telephony.ami import AmiEvent, Snapshot
from telephony.call import Call
from telephony.call_events import CALL_EVENTS, opening
from telephony.consult_events import beginning
from telephony.line_events import LINE_EVENTS
from telephony.lines import Line, QueueView, changes
from telephony.names import seat_of
from telephony.resync import call_repairs, lines_in
from telephony.taps import Taps

WANTED = frozenset(CALL_EVENTS) | frozenset(LINE_EVENTS) | {"Newchannel", "DialBegin"}
"""The events that the reducer reads; the link's parser drops all others unread."""

REMEMBERED_ENDINGS = 4096


class PbxState:
    """Open calls by id and lines by seat, kept up to date by `apply` and `resynchronise`."""

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self.lines: dict[str, Line] = {}
        self.taps = Taps()
        self._call_of_channel: dict[str, str] = {}
        self._ended: dict[str, None] = {}

    @classmethod
    def restore(cls, history: Iterable[f.Fact]) -> PbxState:
        """The state in which another process stopped: give it, in order, the stored facts of all calls that have not
        ended and the facts that tell the present state of the lines."""
        state = cls()
        for fact in history:
            if isinstance(fact, f.SeatFact):
                state.line(fact.seat).absorb(fact)
            elif isinstance(fact, f.CallFact):
                state._absorb(fact)
        return state

    def line(self, seat: str) -> Line:
        """The seat's line; an unknown seat begins without phone and queues."""
        return self.lines.setdefault(seat, Line())

    @property
    def queue_view(self) -> QueueView:
        """Which seat is a member of which queue, as the PBX has it."""
        return {seat: line.memberships for seat, line in self.lines.items()}

    def apply(self, event: AmiEvent, at: datetime) -> list[f.Fact]:
        """Take one event of the moment `at`; returns what is now known to have happened."""
        name = event["Event"]
        if name in LINE_EVENTS:
            return self._apply_to_line(event, at)
        if self.taps.follow(event):
            return []
        call = self._call_of(event)
        if call is None:
            consult = beginning(self.calls.values(), event, at)
            if consult is not None:
                self._absorb(consult)
                return [consult]
            first = opening(event, at)
            if first is None or first.call_id in self._ended:
                return []
            self._absorb(first)
            return [first, *self._continue(self.calls[first.call_id], event, at)]
        return list(self._continue(call, event, at))

    def resynchronise(self, snapshot: Snapshot, at: datetime) -> list[f.Fact]:
        """Make the state agree with what the PBX holds at `at`; returns what that reveals, marked as recovered."""
        repairs: list[f.Fact] = []
        self.taps.resynchronise(snapshot)
        for fact in call_repairs(self.calls, snapshot, at):
            if fact.call_id not in self._ended:
                self._absorb(fact)
                repairs.append(fact)
        lines = lines_in(snapshot)
        for seat in sorted(self.lines.keys() | lines.keys()):
            before, after = self.line(seat), lines.get(seat, Line())
            repairs += changes(seat, before.view, after.view, at, recovered=True)
            self.lines[seat] = after
        return repairs

    def _continue(self, call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
        read = CALL_EVENTS.get(event["Event"])
        if read is None:
            return
        for fact in read(call, event, at):
            self._absorb(fact)
            yield fact

    def _apply_to_line(self, event: AmiEvent, at: datetime) -> list[f.Fact]:
        seat = seat_of(event["Interface"]) or event["EndpointName"]
        if not seat.isdigit():
            return []
        line = self.line(seat)
        before = line.view
        LINE_EVENTS[event["Event"]](line, event)
        return list(changes(seat, before, line.view, at))

    def _call_of(self, event: AmiEvent) -> Call | None:
        """By channel first: after a merge of two calls the Linkedid of a channel is not always its call's id."""
        for key in ("Channel", "TransfereeChannel", "DestChannel", "SpyeeChannel"):
            call_id = self._call_of_channel.get(event[key])
            if call_id is not None:
                return self.calls.get(call_id)
        return self.calls.get(event["Linkedid"] or event["TransfereeLinkedid"])

    def _absorb(self, fact: f.CallFact) -> Call | None:
        call = self.calls.get(fact.call_id)
        if call is not None:
            call.absorb(fact)
        elif isinstance(fact, f.CallArrived | f.CallPlaced):
            call = self.calls[fact.call_id] = Call.opened_by(fact)
        else:
            return None
        if call.ended:
            self._close(call)
        else:
            self._call_of_channel.update(dict.fromkeys(call.legs, call.id))
        return call

    def _close(self, call: Call) -> None:
        del self.calls[call.id]
        for channel in call.legs:
            self._call_of_channel.pop(channel, None)
        self._ended[call.id] = None
        if len(self._ended) > REMEMBERED_ENDINGS:
            del self._ended[next(iter(self._ended))]
