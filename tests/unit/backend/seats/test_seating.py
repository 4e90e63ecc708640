from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.seats.schemas import PauseReason
from backend.seats.schemas import SeatState as Shown
from backend.seats.seating import HallTimes, Seated, apply, pending_from, pending_text, sit_down, step, view
from telephony import facts as f
from telephony.seats import After, PhoneNotRegistered, SeatInput, SeatState, SeatStatus

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TIMES = HallTimes(wrap_up=timedelta(seconds=20), absence=timedelta(minutes=10))
WANG = UUID(int=1)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def ready_seat() -> Seated:
    seated = Seated("8001", "browser", SeatState(since=NOW))
    seated = sit_down(seated, WANG, "王芳", NOW, TIMES)
    seated = apply(seated, f.PhoneRegistered(at=NOW, seat="8001", contact="sip:x"), TIMES)
    return step(seated, SeatInput.MADE_READY, NOW, TIMES)


def ringing(call: str = "c1", seconds: float = 1) -> f.SeatRinging:
    return f.SeatRinging(at=at(seconds), call_id=call, seat="8001", channel="PJSIP/8001-1")


def answered(call: str = "c1", seconds: float = 2) -> f.CallAnswered:
    return f.CallAnswered(at=at(seconds), call_id=call, seat="8001", channel="PJSIP/8001-1")


def talk_ended(call: str = "c1", seconds: float = 9) -> f.TalkEnded:
    return f.TalkEnded(at=at(seconds), call_id=call, seat="8001", ended_by=f.Party.CALLER)


def ring_ended(outcome: f.RingOutcome, call: str = "c1", seconds: float = 3) -> f.SeatRingEnded:
    return f.SeatRingEnded(at=at(seconds), call_id=call, seat="8001", outcome=outcome)


def call_ended(call: str = "c1", seconds: float = 9) -> f.CallEnded:
    return f.CallEnded(
        at=at(seconds), call_id=call, outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=16
    )


def after(seated: Seated, *facts: f.Fact) -> Seated:
    for fact in facts:
        seated = apply(seated, fact, TIMES)
    return seated


def test_a_person_sits_down_paused_and_takes_calls_when_the_phone_is_there() -> None:
    seated = sit_down(Seated("8001", "browser", SeatState(since=NOW)), WANG, "王芳", NOW, TIMES)
    assert (seated.state.status, seated.user_id, seated.agent_name) == (SeatStatus.PAUSED, WANG, "王芳")
    assert view(seated).reason is PauseReason.REST
    with pytest.raises(PhoneNotRegistered):
        step(seated, SeatInput.MADE_READY, NOW, TIMES)


def test_a_call_goes_through_ringing_talk_and_wrap_up_with_its_end() -> None:
    rings = after(ready_seat(), ringing())
    assert (rings.state.status, rings.call_id) == (SeatStatus.RINGING, "c1")
    talks = after(rings, answered())
    assert (talks.state.status, talks.call_id, talks.wrap_up_until) == (SeatStatus.TALKING, "c1", None)
    wraps = after(talks, talk_ended())
    assert (wraps.state.status, wraps.call_id, wraps.wrap_up_until) == (SeatStatus.WRAP_UP, "c1", at(29))
    free = step(wraps, SeatInput.WRAP_UP_ENDED, at(29), TIMES)
    assert (free.state.status, free.call_id, free.wrap_up_until) == (SeatStatus.READY, None, None)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (f.RingOutcome.NO_ANSWER, SeatStatus.PAUSED),
        (f.RingOutcome.REFUSED, SeatStatus.PAUSED),
        (f.RingOutcome.BUSY, SeatStatus.PAUSED),
        (f.RingOutcome.UNREACHABLE, SeatStatus.PAUSED),
        (f.RingOutcome.CANCELED, SeatStatus.READY),
        (f.RingOutcome.ANSWERED_ELSEWHERE, SeatStatus.READY),
    ],
)
def test_a_ring_that_nobody_took_pauses_the_seat_unless_the_citizen_gave_up(
    outcome: f.RingOutcome, status: SeatStatus
) -> None:
    seated = after(ready_seat(), ringing(), ring_ended(outcome))
    assert (seated.state.status, seated.call_id) == (status, None)
    if status is SeatStatus.PAUSED:
        assert view(seated).reason is PauseReason.NO_ANSWER


def test_the_late_end_of_an_earlier_ring_does_not_touch_the_present_call() -> None:
    seated = after(ready_seat(), ringing("c1"), ringing("c2", 5), ring_ended(f.RingOutcome.NO_ANSWER, "c1", 6))
    assert (seated.state.status, seated.call_id) == (SeatStatus.RINGING, "c2")


def test_the_end_of_the_call_frees_a_seat_whose_talk_end_was_missed() -> None:
    talks = after(ready_seat(), ringing(), answered(), call_ended())
    assert talks.state.status is SeatStatus.WRAP_UP
    rings = after(ready_seat(), ringing(), call_ended())
    assert rings.state.status is SeatStatus.READY
    other = after(ready_seat(), ringing(), answered(), call_ended("other"))
    assert other.state.status is SeatStatus.TALKING


def test_a_pause_asked_for_in_the_talk_waits_for_the_end_of_the_wrap_up() -> None:
    talks = after(ready_seat(), ringing(), answered())
    wished = step(talks, SeatInput.PAUSE_REQUESTED, at(4), TIMES, reason="meal")
    assert (wished.state.status, view(wished).pending) == (SeatStatus.TALKING, "pause:meal")
    paused = step(after(wished, talk_ended()), SeatInput.WRAP_UP_ENDED, at(40), TIMES)
    assert (paused.state.status, view(paused).reason) == (SeatStatus.PAUSED, PauseReason.MEAL)


def test_a_sign_out_in_the_talk_keeps_the_person_until_it_is_over_and_sitting_down_again_takes_it_back() -> None:
    talks = after(ready_seat(), ringing(), answered())
    leaving = step(talks, SeatInput.SIGNED_OUT, at(4), TIMES)
    assert (leaving.user_id, view(leaving).pending) == (WANG, "sign_out")
    back = sit_down(leaving, WANG, "王芳", at(5), TIMES)
    assert view(back).pending is None
    gone = step(after(leaving, talk_ended()), SeatInput.WRAP_UP_ENDED, at(40), TIMES)
    assert (gone.state.status, gone.user_id, gone.agent_name, gone.call_id) == (SeatStatus.OFFLINE, None, None, None)


def test_a_lost_phone_takes_the_seat_out_and_brings_it_back() -> None:
    lost = after(ready_seat(), f.PhoneUnregistered(at=at(1), seat="8001"))
    assert (lost.state.status, lost.phone_lost_at, view(lost).reason) == (
        SeatStatus.PAUSED, at(1), PauseReason.PHONE_LOST,
    )  # fmt: skip
    back = after(lost, f.PhoneRegistered(at=at(2), seat="8001", contact="sip:y"))
    assert (back.state.status, back.phone_lost_at) == (SeatStatus.READY, None)


def test_facts_of_other_seats_change_nothing() -> None:
    seated = ready_seat()
    assert after(seated, f.SeatRinging(at=NOW, call_id="c", seat="8002", channel="x")) is seated
    assert after(seated, f.SeatJoinedQueue(at=NOW, seat="8001", queue="q96010")) is seated


@pytest.mark.parametrize("after_call", [None, After(SeatStatus.OFFLINE), After(SeatStatus.PAUSED, "meal")])
def test_what_follows_the_call_survives_the_table(after_call: After | None) -> None:
    assert pending_from(pending_text(after_call)) == after_call


calls = st.sampled_from(["c1", "c2"])
moments = st.floats(0, 100, allow_nan=False)
pbx_facts: st.SearchStrategy[f.Fact] = st.one_of(
    st.builds(ringing, calls, moments),
    st.builds(answered, calls, moments),
    st.builds(talk_ended, calls, moments),
    st.builds(call_ended, calls, moments),
    st.builds(ring_ended, st.sampled_from(list(f.RingOutcome)), calls, moments),
    st.builds(lambda s: f.PhoneRegistered(at=at(s), seat="8001", contact="sip:x"), moments),
    st.builds(lambda s: f.PhoneUnregistered(at=at(s), seat="8001"), moments),
)


@given(st.lists(pbx_facts, max_size=30), st.sampled_from([True, False]))
def test_whatever_the_pbx_reports_the_row_stays_one_that_the_table_takes(facts: list[Any], signed_in: bool) -> None:
    seated = ready_seat() if signed_in else Seated("8001", "sip", SeatState(since=NOW))
    for fact in facts:
        seated = apply(seated, fact, TIMES)
        shown = view(seated)
        assert (shown.wrap_up_until is not None) is (shown.state is Shown.WRAP_UP)
        assert (shown.state in {Shown.RINGING, Shown.TALKING}) <= (shown.call_id is not None)
        assert (shown.state is Shown.READY) <= (shown.phone_registered and shown.user_id is not None)
        assert (shown.state is Shown.OFFLINE) is (shown.user_id is None)
    free = apply(apply(seated, call_ended("c1", 200), TIMES), call_ended("c2", 200), TIMES)
    assert view(free).state not in {Shown.RINGING, Shown.TALKING}
