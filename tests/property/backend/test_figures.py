"""Figures are sums: the order of calls, the cut into queues and windows, change nothing; shares stay within 0..1."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backend.calls.record import CallRecord, fold
from backend.figures.board import Board, CallSeen, Span, board, call_without_queue
from backend.figures.seat_time import HOLD_FACTS, Hold, HoldFact, SeatMove, holds, seat_tally
from backend.figures.tally import CallTally, SeatTally
from telephony import facts as f
from telephony.seats import Reason, SeatStatus

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
HOUR_MS = 3_600_000
SHORT_MS = 5000
DAY = Span(START, START + timedelta(hours=1), timedelta(minutes=5))

moments = st.integers(0, HOUR_MS - 1).map(lambda ms: START + timedelta(milliseconds=ms))
lengths = st.integers(0, 400_000)


@st.composite
def calls(draw: st.DrawFn) -> CallSeen:
    arrived = draw(moments)
    stage = draw(st.sampled_from(["arrived", "queued", "ringing", "answered", "ended", "ended", "ended"]))
    answered = stage == "answered" or (stage == "ended" and draw(st.booleans()))
    wait_ms = draw(lengths) if answered or stage == "ended" else None
    talk_ms = draw(lengths) if answered and stage == "ended" else None
    return CallSeen(
        call_id=str(draw(st.integers(0, 20))),
        queue=draw(st.sampled_from(["q96010", "q12345", "own-seat", None])),
        dialed_number=draw(st.sampled_from(["96010", "12345", "96156"])),
        direction=draw(st.sampled_from(["inbound", "inbound", "inbound", "outbound"])),
        stage=stage,
        outcome=draw(st.sampled_from(["answered", "abandoned", "rejected"])) if stage == "ended" else None,
        arrived_at=arrived,
        answered_at=arrived + timedelta(milliseconds=wait_ms or 0) if answered else None,
        wait_ms=wait_ms,
        talk_ms=talk_ms,
        hold_ms=draw(st.integers(0, talk_ms)) if talk_ms else 0,
        callback_asked=draw(st.booleans()),
    )


@st.composite
def seat_lives(draw: st.DrawFn) -> list[SeatMove]:
    """Moves of two seats, in order, from a little before the window to a little after it."""
    moves = []
    for seat in ("8001", "8002"):
        for ms in sorted(draw(st.lists(st.integers(-600_000, HOUR_MS + 60_000), max_size=12, unique=True))):
            state = draw(st.sampled_from(SeatStatus)).value
            reason = draw(st.sampled_from([None, "rest", Reason.NO_ANSWER.value]))
            moves.append(SeatMove(seat, START + timedelta(milliseconds=ms), state, reason, None, "0"))
    return sorted(moves, key=lambda move: move.at)


@st.composite
def hold_spells(draw: st.DrawFn) -> Hold:
    began = START + timedelta(milliseconds=draw(st.integers(-600_000, HOUR_MS)))
    lasted = draw(st.none() | lengths)
    ended = None if lasted is None else began + timedelta(milliseconds=lasted)
    return Hold(draw(st.sampled_from(["8001", "8002"])), began, ended)


@st.composite
def talks(draw: st.DrawFn) -> list[f.CallFact]:
    """One call of two seats that hold, resume, hand over and end as they like, in order."""
    call: dict[str, Any] = {"call_id": "c1"}
    found: list[f.CallFact] = [
        f.CallArrived(
            at=START, **call, caller_number="", caller_known=False, caller_name="", dialed_number="96010", channel="x"
        )
    ]
    at = START
    for _ in range(draw(st.integers(0, 12))):
        at += timedelta(milliseconds=draw(st.integers(0, 60_000)))
        seat = draw(st.sampled_from(["8001", "8002"]))
        party, outcome = f.Party.CALLER, f.CallOutcome.ANSWERED
        found.append(
            draw(
                st.sampled_from(
                    [
                        f.CallAnswered(at=at, **call, seat=seat, channel="y"),
                        f.CallHeld(at=at, **call, seat=seat),
                        f.CallHeld(at=at, **call, seat=seat),
                        f.CallResumed(at=at, **call, seat=seat),
                        f.TalkEnded(at=at, **call, seat=seat, ended_by=party),
                        f.CallEnded(at=at, **call, outcome=outcome, hung_up_by=party, cause=16),
                    ]
                )
            )
        )
    return found


@given(talks())
def test_the_holds_of_the_seats_are_the_hold_of_the_call(facts: list[f.CallFact]) -> None:
    record: CallRecord | None = None
    for fact in facts:
        record = fold(record, fact, host="hotline")
    assert record is not None
    told = [
        HoldFact("c1", fact.kind, getattr(fact, "seat", None), fact.at) for fact in facts if fact.kind in HOLD_FACTS
    ]
    found = holds(told)
    over = [hold for hold in found if hold.until is not None]
    assert sum((hold.until - hold.since) // timedelta(milliseconds=1) for hold in over) == record.hold_ms
    assert [hold.since for hold in found if hold.until is None] == ([record.held_since] if record.held_since else [])
    assert {hold.seat for hold in found} <= {"8001", "8002"}


def shares(whole: Board) -> list[tuple[int, int]]:
    calls_ = [whole.total, *whole.queues.values(), *whole.curve.values()]
    found = [share for each in calls_ for share in (each.in_target, each.connection, each.abandonment)]
    return [*found, *(each.occupancy for each in whole.seats.values())]


@given(st.lists(calls(), max_size=30), seat_lives(), st.randoms(use_true_random=False))
def test_the_order_of_the_calls_does_not_matter(
    seen: list[CallSeen], moves: list[SeatMove], dice: random.Random
) -> None:
    shuffled = seen[:]
    dice.shuffle(shuffled)
    assert board(seen, moves, DAY, short_ms=SHORT_MS) == board(shuffled, moves, DAY, short_ms=SHORT_MS)


@given(st.lists(calls(), max_size=30), seat_lives())
def test_shares_lie_between_nothing_and_all_and_parts_make_the_whole(
    seen: list[CallSeen], moves: list[SeatMove]
) -> None:
    numbers = {"96010": "q96010", "12345": "q12345"}
    whole = board(seen, moves, DAY, short_ms=SHORT_MS, queue_of_number=numbers)
    assert set(whole.queues) <= {*numbers.values(), call_without_queue}
    assert all(0 <= part <= of for part, of in shares(whole))
    assert CallTally.sum(whole.queues.values()) == whole.total
    assert CallTally.sum(whole.curve.values()) == whole.total
    assert whole.total.decided <= whole.total.offered
    assert whole.total.handling.total_ms == (
        whole.total.talk.total_ms + whole.total.hold.total_ms + whole.total.wrap_up.total_ms
    )


@given(st.lists(calls(), max_size=30), seat_lives(), st.lists(hold_spells(), max_size=8), st.integers(1, HOUR_MS - 1))
def test_two_windows_side_by_side_add_up_to_the_window_of_both(
    seen: list[CallSeen], moves: list[SeatMove], held: list[Hold], cut_ms: int
) -> None:
    cut = START + timedelta(milliseconds=cut_ms)
    spans = (DAY, DAY._replace(until=cut), DAY._replace(since=cut))
    whole, *parts = (board(seen, moves, span, short_ms=SHORT_MS, held=held) for span in spans)
    assert CallTally.sum(part.total for part in parts) == whole.total
    for seat, tally in whole.seats.items():
        both = SeatTally.sum(part.seats[seat] for part in parts)
        assert both == tally


@given(seat_lives())
def test_a_seat_is_in_one_state_at_a_time(moves: list[SeatMove]) -> None:
    own = [move for move in moves if move.seat == "8001"]
    tally = seat_tally(own, DAY.since, DAY.until)
    assert 0 <= tally.staffed_ms <= HOUR_MS
    if own and own[0].at <= START and all(move.state != SeatStatus.OFFLINE for move in own):
        assert tally.staffed_ms == HOUR_MS
