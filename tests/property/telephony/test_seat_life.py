"""A seat under any sequence of inputs, and the PBX steered after it by comparison."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from telephony.lines import Membership
from telephony.seats import (
    DURING_CALL,
    NEWS,
    TRANSITIONS,
    IllegalSeatMove,
    PhoneNotRegistered,
    SeatInput,
    SeatState,
    SeatStatus,
    desired_seat,
    membership_actions,
    move,
    observe,
)

S, _I = SeatStatus, SeatInput
QUEUES = {"q96010": 1, "q12345": 2}


class FakeQueues:
    """Does to memberships what Asterisk does on QueueAdd, QueueRemove and QueuePause."""

    def __init__(self) -> None:
        self.view: dict[str, dict[str, Membership]] = {}

    def do(self, action: dict[str, str]) -> None:
        members = self.view.setdefault(action["Interface"].removeprefix("PJSIP/"), {})
        queue = action["Queue"]
        match action["Action"]:
            case "QueueAdd":
                assert queue not in members, "Unable to add interface: Already there"
                members[queue] = Membership(paused=action["Paused"] == "true", penalty=int(action["Penalty"]))
            case "QueueRemove":
                del members[queue]
            case "QueuePause":
                assert queue in members, "Interface not found"
                members[queue] = replace(members[queue], paused=action["Paused"] == "true", reason=action["Reason"])
            case "QueuePenalty":
                members[queue] = replace(members[queue], penalty=int(action["Penalty"]))


class SeatLife(RuleBasedStateMachine):
    """The model: who is signed in, whether the phone is there, whether a call is on, and what was last asked for."""

    @initialize()
    def begin(self) -> None:
        self.now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
        self.seat = SeatState()
        self.queues = FakeQueues()
        self.phone = self.signed_in = self.leaving = self.talking = False

    def step(self, what: SeatInput, reason: str = "") -> bool:
        """Do it if the table holds it; whether it was done."""
        self.now += timedelta(seconds=1)
        before = self.seat
        try:
            self.seat = move(self.seat, what, self.now, reason=reason)
        except PhoneNotRegistered:
            assert what is _I.MADE_READY
            assert not self.phone
            return False
        except IllegalSeatMove:
            assert what not in TRANSITIONS[before.status]
            return False
        assert what in TRANSITIONS[before.status]
        return True

    @rule()
    def sign_in(self) -> None:
        if self.step(_I.SIGNED_IN):
            self.signed_in = True

    @rule()
    def sign_out(self) -> None:
        during = self.seat.status in DURING_CALL
        if self.step(_I.SIGNED_OUT):
            self.leaving = during
            self.signed_in = during

    @rule(there=st.booleans())
    def phone_changes(self, there: bool) -> None:
        if self.step(_I.PHONE_REGISTERED if there else _I.PHONE_LOST):
            self.phone = there

    @rule()
    def make_ready(self) -> None:
        if self.step(_I.MADE_READY):
            self.leaving = False

    @rule(reason=st.sampled_from(["休息", "用餐", "培训"]))
    def pause(self, reason: str) -> None:
        during = self.seat.status in DURING_CALL
        if self.step(_I.PAUSE_REQUESTED, reason):
            self.leaving = False
            if during:
                assert self.seat.after is not None
                assert self.seat.after.reason == reason
            else:
                assert (self.seat.status, self.seat.reason) == (S.PAUSED, reason)

    @rule(what=st.sampled_from(sorted(NEWS)))
    def hear(self, what: SeatInput) -> None:
        fits = what in TRANSITIONS[self.seat.status]
        before = self.seat
        self.now += timedelta(seconds=1)
        self.seat = observe(self.seat, what, self.now)
        if not fits:
            assert self.seat is before

    @precondition(lambda self: self.seat.status is S.WRAP_UP)
    @rule()
    def wrap_up_ends(self) -> None:
        pending = self.seat.after
        assert self.step(_I.WRAP_UP_ENDED)
        if pending is not None and pending.reason != "phone_lost":
            assert (self.seat.status, self.seat.reason) == (pending.status, pending.reason)

    @rule()
    def steer(self) -> None:
        """One comparison brings the queues to where they should be; the next has nothing to do."""
        desired = [desired_seat("8001", self.seat, QUEUES)]
        for action in membership_actions(desired, self.queues.view):
            self.queues.do(action)
        assert membership_actions(desired, self.queues.view) == []
        members = self.queues.view.get("8001", {})
        assert set(members) == (set() if self.seat.status is S.OFFLINE else set(QUEUES))
        assert all(place.penalty == QUEUES[queue] for queue, place in members.items())
        offered = bool(members) and not any(place.paused for place in members.values())
        free = self.seat.status is S.READY or (self.seat.status is S.RINGING and self.seat.after is None)
        assert offered == free
        if self.seat.status is S.PAUSED:
            assert {place.reason for place in members.values()} == {self.seat.reason}

    @invariant()
    def never_ready_without_phone_or_person(self) -> None:
        if self.seat.status is S.READY:
            assert self.phone
            assert self.seat.phone

    @invariant()
    def paused_for_a_reason_and_nothing_else_is(self) -> None:
        assert bool(self.seat.reason) == (self.seat.status is S.PAUSED)

    @invariant()
    def nothing_pends_once_the_seat_is_free(self) -> None:
        if self.seat.status in {S.OFFLINE, S.READY, S.PAUSED}:
            assert self.seat.after is None

    @invariant()
    def a_sign_out_is_never_forgotten(self) -> None:
        if self.leaving and self.seat.status not in {*DURING_CALL, S.WRAP_UP}:
            assert self.seat.status is S.OFFLINE
            self.leaving = self.signed_in = False
        assert self.signed_in or self.seat.status is S.OFFLINE


TestSeatLife = SeatLife.TestCase
TestSeatLife.settings = settings(max_examples=100, stateful_step_count=120, deadline=None)


@pytest.mark.parametrize("status", SeatStatus)
def test_the_table_leads_nowhere_unknown(status: SeatStatus) -> None:
    assert set(TRANSITIONS[status]) <= set(SeatInput)
    assert set(TRANSITIONS[status].values()) <= set(SeatStatus)
