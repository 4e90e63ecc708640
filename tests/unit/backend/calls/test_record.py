from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.calls.measures import answered, answered_in_target, day_start, offered, share, unanswered, waiting
from backend.calls.record import Agent, CallRecord, fold
from telephony import facts as f

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
WANG = Agent(UUID(int=1), "王芳")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def arrived(number: str = "13800001234", **more: Any) -> f.CallArrived:
    return f.CallArrived(
        at=NOW, call_id="c1", caller_number=number, caller_known=True, caller_name="", dialed_number="96010",
        channel="PJSIP/trunk-1", **more,
    )  # fmt: skip


def queued(s: float = 0.01) -> f.CallQueued:
    return f.CallQueued(at=at(s), call_id="c1", queue="q96010", position=1)


def ringing(seat: str, s: float) -> f.SeatRinging:
    return f.SeatRinging(at=at(s), call_id="c1", seat=seat, channel="x")


def not_taken(seat: str, s: float) -> f.SeatRingEnded:
    return f.SeatRingEnded(at=at(s), call_id="c1", seat=seat, outcome=f.RingOutcome.NO_ANSWER)


def taken(seat: str, s: float) -> f.CallAnswered:
    return f.CallAnswered(at=at(s), call_id="c1", seat=seat, channel="x")


def talk_over(seat: str, s: float, by: f.Party = f.Party.SEAT) -> f.TalkEnded:
    return f.TalkEnded(at=at(s), call_id="c1", seat=seat, ended_by=by)


def ended(s: float, outcome: f.CallOutcome = f.CallOutcome.ANSWERED) -> f.CallEnded:
    return f.CallEnded(at=at(s), call_id="c1", outcome=outcome, hung_up_by=f.Party.CALLER, cause=16)


def story(*facts: f.CallFact) -> CallRecord:
    record: CallRecord | None = None
    for fact in facts:
        record = fold(record, fact, host="hotline", agent=WANG)
    assert record is not None
    return record


def test_an_answered_call_has_its_wait_and_its_talk() -> None:
    call = story(arrived(), queued(), ringing("8001", 1), taken("8001", 4), talk_over("8001", 64.5), ended(70))
    assert (call.stage, call.outcome, call.seat, call.user_id) == ("ended", "answered", "8001", UUID(int=1))
    assert (call.wait_ms, call.talk_ms) == (4000, 60500)
    assert (call.recording_state, call.transcript_state, call.fact_count) == ("pending", "pending", 6)
    assert answered(call)
    assert answered_in_target(call)
    assert not unanswered(call)


def test_an_abandoned_call_has_a_wait_and_needs_no_recording() -> None:
    call = story(arrived(), queued(), ringing("8001", 1), not_taken("8001", 20), ended(22, f.CallOutcome.ABANDONED))
    assert (call.wait_ms, call.talk_ms, call.seat, call.user_id) == (22000, None, None, None)
    assert (call.recording_state, call.transcript_state) == ("none", "none")
    assert unanswered(call)
    assert not answered_in_target(call)


def test_a_call_that_rang_at_two_seats_was_answered_by_the_second_after_the_whole_wait() -> None:
    call = story(arrived(), queued(), ringing("8001", 1), not_taken("8001", 16), ringing("8002", 17), taken("8002", 18))
    assert (call.seat, call.ringing_at, call.wait_ms) == ("8002", at(1), 18000)
    assert answered(call)
    assert not answered_in_target(call)


def test_a_transfer_keeps_the_first_answer_and_shows_the_last_seat() -> None:
    call = story(
        arrived(), queued(), taken("8001", 3), talk_over("8001", 30, f.Party.TRANSFER), ringing("8002", 31),
    )  # fmt: skip
    assert (call.stage, call.seat) == ("after_talk", "8001")
    for fact in (taken("8002", 35), talk_over("8002", 95), ended(95)):
        call = fold(call, fact, host="hotline", agent=WANG) or call
    assert (call.seat, call.answered_at, call.wait_ms, call.talk_ms) == ("8002", at(3), 3000, 92000)


def test_a_citizen_whose_seat_lost_its_line_waits_again() -> None:
    lost = f.LegLost(at=at(30), call_id="c1", seat="8001", loss=f.Loss.SILENT)
    call = story(arrived(), queued(), taken("8001", 3), lost, talk_over("8001", 30, f.Party.LINE), queued(38))
    assert (call.stage, call.seat, call.talk_ms, call.queued_at) == ("queued", "8001", 27000, at(0.01))
    assert waiting(call)
    assert answered(call)
    call = fold(call, taken("8002", 50), host="hotline", agent=WANG) or call
    assert (call.stage, call.seat, call.talk_ms) == ("answered", "8002", None)


def test_a_waiting_call_waits_until_a_seat_rings_or_it_gives_up_or_is_thrown_out() -> None:
    assert not waiting(story(arrived()))
    assert waiting(story(arrived(), queued()))
    assert not waiting(story(arrived(), queued(), ringing("8001", 1)))
    unanswered = f.SeatRingEnded(at=at(21), call_id="c1", seat="8001", outcome=f.RingOutcome.NO_ANSWER)
    assert waiting(story(arrived(), queued(), ringing("8001", 1), unanswered))
    assert not waiting(story(arrived(), queued(), ringing("8001", 1), taken("8001", 2)))
    out = f.CallLeftQueue(at=at(5), call_id="c1", queue="q96010", reason="timeout")
    assert not waiting(story(arrived(), queued(), out))


@pytest.mark.parametrize(
    ("sent", "kept", "e164", "usable"),
    [
        ("13800001234", "13800001234", "+8613800001234", True),
        ("", "", None, False),
        ("anonymous", "anonymous", None, False),
        ("<script>\x00\r\n" + "9" * 200, ("<script>" + "9" * 200)[:64], None, False),
    ],
)
def test_what_the_network_sent_is_kept_whatever_it_is(sent: str, kept: str, e164: str | None, usable: bool) -> None:
    call = story(arrived(sent))
    assert (call.caller_number, call.caller_e164, call.caller_usable) == (kept, e164, usable)


def test_a_second_arrival_and_facts_after_the_end_change_nothing_but_the_count() -> None:
    call = story(arrived(), queued(), taken("8001", 3), ended(9))
    again = fold(fold(call, arrived(), host="x"), ended(99), host="x")
    assert again is not None
    assert (again.host, again.ended_at, again.fact_count) == ("hotline", at(9), 6)


def test_a_score_may_come_after_the_end() -> None:
    call = story(arrived(), taken("8001", 3), ended(9), f.SurveyAnswered(at=at(9), call_id="c1", score=2, seat="8001"))
    assert call.survey_score == 2


def test_a_call_that_never_began_is_not_invented() -> None:
    assert fold(None, ended(1), host="x") is None


def test_a_recovered_arrival_is_marked() -> None:
    assert story(arrived(recovered=True)).source == "recovered"
    assert story(arrived()).source == "live"


def test_an_outbound_call_is_the_seats_and_counts_for_nothing_of_the_queue() -> None:
    placed = f.CallPlaced(
        at=NOW, call_id="c1", seat="8001", number="13800001234", shown_number="96010", channel="a", seat_channel="b"
    )
    call = story(placed, taken("8001", 5), ended(9))
    assert (call.direction, call.caller_e164, call.dialed_number, call.seat) == (
        "outbound", "+8613800001234", "96010", "8001",
    )  # fmt: skip
    assert not any(test(call) for test in (offered, answered, unanswered, waiting, answered_in_target))


def test_a_rejected_call_was_not_offered() -> None:
    assert not offered(story(arrived(), ended(0.1, f.CallOutcome.REJECTED)))


def test_the_day_begins_at_midnight_in_beijing() -> None:
    assert day_start(datetime(2026, 11, 22, 16, 30, tzinfo=UTC)) == datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    assert day_start(datetime(2026, 11, 22, 15, 30, tzinfo=UTC)) == datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


def test_a_share_of_nothing_is_no_share() -> None:
    assert share(0, 0) is None
    assert share(1, 4) == 0.25


def on_hold(seat: str, s: float) -> f.CallHeld:
    return f.CallHeld(at=at(s), call_id="c1", seat=seat)


def off_hold(seat: str, s: float) -> f.CallResumed:
    return f.CallResumed(at=at(s), call_id="c1", seat=seat)


@pytest.mark.parametrize(
    "over", [off_hold("8001", 30), talk_over("8001", 30), taken("8002", 30), ended(30)], ids=lambda fact: fact.kind
)
def test_a_hold_lasts_until_it_is_taken_back_or_the_talk_is_over(over: f.CallFact) -> None:
    held = story(arrived(), taken("8001", 4), on_hold("8001", 10), off_hold("8001", 12), on_hold("8001", 20))
    assert (held.hold_ms, held.held_since) == (2000, at(20))
    after = fold(held, over, host="hotline", agent=WANG)
    assert after is not None
    assert (after.hold_ms, after.held_since) == (12_000, None)


def test_a_second_word_of_the_same_hold_and_one_before_the_answer_count_nothing() -> None:
    call = story(arrived(), on_hold("8001", 1), taken("8001", 4), on_hold("8001", 10), on_hold("8001", 15), ended(20))
    assert (call.hold_ms, call.talk_ms) == (10_000, 16_000)
    assert story(arrived(), taken("8001", 4), off_hold("8001", 9), ended(20)).hold_ms == 0


def witnessed(s: float) -> f.CallEndWitnessed:
    return f.CallEndWitnessed(at=at(s), call_id="c1", recovered=True)


def test_an_end_that_was_noticed_late_is_set_right_when_the_exchange_tells_it() -> None:
    held = (arrived(), taken("8001", 4), on_hold("8001", 20), ended(300))
    late = story(*held, witnessed(40))
    assert (late.ended_at, late.talk_ms, late.hold_ms, late.recording_state) == (at(40), 36_000, 36_000, "pending")
    assert story(*held, witnessed(400)) == story(*held, witnessed(300))
    over_before = story(arrived(), taken("8001", 4), talk_over("8001", 30), ended(300), witnessed(40))
    assert (over_before.talk_ms, over_before.ended_at) == (26_000, at(40))
    waited = story(arrived(), ended(300, f.CallOutcome.ABANDONED), witnessed(12))
    assert (waited.wait_ms, waited.ended_at) == (12_000, at(12))


def test_a_call_that_was_over_before_the_restart_was_not_cut_by_it() -> None:
    cut = f.CallEnded(
        at=at(300), call_id="c1", outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.PBX_RESTART, cause=None
    )
    assert story(arrived(), taken("8001", 4), cut).hung_up_by == "pbx_restart"
    assert story(arrived(), taken("8001", 4), cut, witnessed(40)).hung_up_by == "unknown"
