"""Which legs are heard for live captions, and what is ordered for that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from telephony import facts as f
from telephony.ami import AmiEvent, Snapshot
from telephony.call import Call
from telephony.state import WANTED, PbxState
from telephony.taps import Tap, TapPlan, Taps, tap_of, taps_wanted

AT = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
CALL, CITIZEN, PHONE = "hotline-1795934681.0", "PJSIP/trunk-00000000", "PJSIP/8001-00000001"
CALLER, SEAT = Tap(CALL, "8001", "caller"), Tap(CALL, "8001", "seat")


def talk() -> Call:
    call = Call.opened_by(
        f.CallArrived(
            at=AT, call_id=CALL, caller_number="13800001234", caller_known=True, caller_name="", dialed_number="96010",
            channel=CITIZEN,
        )
    )  # fmt: skip
    call.absorb(f.CallAnswered(at=AT, call_id=CALL, seat="8001", channel=PHONE))
    return call


def present(*taps: Tap) -> dict[str, str]:
    return {tap.channel_id(AT): f"WebSocket/captions/{tap.leg}" for tap in taps}


def ordered(plan: TapPlan, calls: dict[str, Call], channels: dict[str, str], after_s: float = 0) -> list[str]:
    actions = plan.actions(calls, channels, AT + timedelta(seconds=after_s))
    return [f"{action['Action']} {action.get('Data') or action['Channel']}" for action in actions]


BEGIN = [f"Originate {CITIZEN},qESo", f"Originate {PHONE},qESo"]
END = ["Hangup WebSocket/captions/caller", "Hangup WebSocket/captions/seat"]


def test_the_id_of_a_tap_tells_what_it_hears() -> None:
    assert [tap_of(tap.channel_id(AT)) for tap in (CALLER, SEAT)] == [CALLER, SEAT]
    assert CALLER.channel_id(AT) != CALLER.channel_id(AT + timedelta(milliseconds=1))


@pytest.mark.parametrize("other", ["", CALL, "tap-", "tap-both-8001-1-x", "supervisor-0c4a", "tap-seat-8001-x-c"])
def test_no_other_channel_is_a_tap(other: str) -> None:
    assert tap_of(other) is None


def test_both_legs_of_a_talk_are_heard() -> None:
    assert taps_wanted([talk()]) == {CALLER: CITIZEN, SEAT: PHONE}


def test_who_still_waits_is_not_heard() -> None:
    call = talk()
    call.absorb(f.TalkEnded(at=AT, call_id=CALL, seat="8001", ended_by=f.Party.TRANSFER))
    assert taps_wanted([call]) == {}


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (f.RecordingPaused(at=AT, call_id=CALL), f.RecordingResumed(at=AT, call_id=CALL)),
        (f.CallHeld(at=AT, call_id=CALL, seat="8001"), f.CallResumed(at=AT, call_id=CALL, seat="8001")),
    ],
)
def test_what_is_said_for_nobody_is_not_heard(begins: f.CallFact, ends: f.CallFact) -> None:
    call, plan = talk(), TapPlan()
    assert ordered(plan, {CALL: call}, {}) == BEGIN
    call.absorb(begins)
    assert ordered(plan, {CALL: call}, present(CALLER, SEAT), 0.1) == END
    assert ordered(plan, {CALL: call}, present(CALLER, SEAT), 0.2) == [], "told once, it is on its way"
    assert ordered(plan, {CALL: call}, {}, 0.3) == []
    call.absorb(ends)
    assert ordered(plan, {CALL: call}, {}, 0.4) == BEGIN, "and at once again"


def test_a_tap_ends_by_itself_with_its_call_unless_it_stays() -> None:
    plan = TapPlan()
    left = present(CALLER, SEAT)
    assert ordered(plan, {}, left, 0) == []
    assert ordered(plan, {}, left, 1) == []
    assert ordered(plan, {}, left, 2.5) == END


def test_a_tap_that_does_not_come_about_is_ordered_again_later_and_later() -> None:
    plan, call = TapPlan(), {CALL: talk()}
    tries = [s for s in range(120) if ordered(plan, call, {}, s)]
    assert tries == [0, 3, 13, 43, 73, 103]


def test_a_tap_that_is_there_is_not_ordered_by_another_process() -> None:
    assert ordered(TapPlan(), {CALL: talk()}, present(CALLER, SEAT)) == []


def event(**said: str) -> AmiEvent:
    return AmiEvent(said)


def test_taps_are_followed_by_their_events_and_by_what_the_pbx_lists() -> None:
    taps, channel_id = Taps(), CALLER.channel_id(AT)
    assert taps.follow(event(Event="Newchannel", Uniqueid=channel_id, Channel="WebSocket/captions/1"))
    assert taps.channels == {channel_id: "WebSocket/captions/1"}
    assert not taps.follow(event(Event="Newchannel", Uniqueid=CALL, Channel=CITIZEN))
    taps.resynchronise(
        Snapshot(
            channels=(event(Channel=CITIZEN, Uniqueid=CALL), event(Channel="WebSocket/2", Uniqueid=SEAT.channel_id(AT)))
        )
    )
    assert taps.channels == {SEAT.channel_id(AT): "WebSocket/2"}
    assert taps.follow(event(Event="Hangup", Uniqueid=SEAT.channel_id(AT)))
    assert taps.channels == {}


def test_a_spy_that_is_a_tap_supervises_nobody() -> None:
    state = PbxState()
    state.calls[CALL] = talk()
    spying = event(
        Event="ChanSpyStart", SpyerUniqueid=CALLER.channel_id(AT), SpyerChannel="WebSocket/captions/1",
        SpyerExten="listen", SpyeeChannel=PHONE, SpyeeUniqueid="hotline-1795934681.1",
    )  # fmt: skip
    assert state.apply(spying, AT) == []
    assert state.calls[CALL].supervisors == {}
    assert {"Newchannel", "Hangup"} <= WANTED
