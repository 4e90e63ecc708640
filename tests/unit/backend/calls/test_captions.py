"""What the captions' server tells of legs that are tapped, left and tapped anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from asr.audio import Leg
from asr.live.messages import Caption
from asr.live.recognition import LegState, Listener, Standing
from backend.calls.captions import CaptionNotice, CaptionNotices, SaidNow, StandsNow, read
from telephony.taps import Tap

CALLER = Tap("1780000000.1", "8001", "caller")
BEGAN = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)


class Told:
    """The notices as the hubs read them."""

    def __init__(self) -> None:
        self.all: list[CaptionNotice] = []
        self.notices = CaptionNotices(lambda those: self.all.extend(read(notice) for notice in those))

    def tap(self, tap: Tap, after_s: float = 0.0) -> Listener:
        listener = self.notices.listener_for(tap.channel_id(BEGAN + timedelta(seconds=after_s)))
        assert listener is not None
        return listener

    def states(self) -> list[tuple[Leg, LegState]]:
        return [(notice.leg, notice.state) for notice in self.all if isinstance(notice, StandsNow)]

    def texts(self) -> list[str]:
        return [notice.line.text for notice in self.all if isinstance(notice, SaidNow)]


def test_a_leg_that_is_heard_anew_stays_live_when_the_channel_before_is_read_to_its_end() -> None:
    told = Told()
    first = told.tap(CALLER)
    first.stands(Standing(LegState.LIVE))
    second = told.tap(CALLER, 5)
    second.stands(Standing(LegState.LIVE))
    first.said(Caption(line=0, text="最后几个字", from_ms=0, to_ms=900, final=True))
    first.stands(Standing(LegState.OFF))
    assert told.states() == [(Leg.CALLER, LegState.LIVE)] * 2
    assert told.texts() == ["最后几个字"]
    second.stands(Standing(LegState.OFF))
    assert told.states()[-1] == (Leg.CALLER, LegState.OFF)


def test_each_leg_and_each_call_ends_by_itself() -> None:
    told = Told()
    seat, other = Tap(CALLER.call_id, "8001", "seat"), Tap("1780000000.9", "8001", "caller")
    legs = [told.tap(tap) for tap in (CALLER, seat, other)]
    for leg in legs:
        leg.stands(Standing(LegState.OFF))
    assert told.states() == [(Leg.CALLER, LegState.OFF), (Leg.SEAT, LegState.OFF), (Leg.CALLER, LegState.OFF)]


def test_a_channel_that_is_no_tap_is_not_listened_to() -> None:
    assert Told().notices.listener_for("1780000000.1") is None
