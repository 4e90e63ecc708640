"""Figures are sums: the order of calls, the cut into queues and windows, change nothing; shares stay within 0..1."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from backend.figures.board import Board, CallSeen, Span, board
from backend.figures.seat_time import SeatMove, seat_tally
from backend.figures.tally import CallTally, SeatTally
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
        queue=draw(st.sampled_from(["q96010", "q12345", None])),
        seat=draw(st.sampled_from(["8001", "8002"])) if answered else None,
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
    whole = board(seen, moves, DAY, short_ms=SHORT_MS)
    assert all(0 <= part <= of for part, of in shares(whole))
    assert CallTally.sum(whole.queues.values()) == whole.total
    assert CallTally.sum(whole.curve.values()) == whole.total
    assert whole.total.decided <= whole.total.offered
    assert whole.total.handling.total_ms == (
        whole.total.talk.total_ms + whole.total.hold.total_ms + whole.total.wrap_up.total_ms
    )


@given(st.lists(calls(), max_size=30), seat_lives(), st.integers(1, HOUR_MS - 1))
def test_two_windows_side_by_side_add_up_to_the_window_of_both(
    seen: list[CallSeen], moves: list[SeatMove], cut_ms: int
) -> None:
    cut = START + timedelta(milliseconds=cut_ms)
    whole = board(seen, moves, DAY, short_ms=SHORT_MS)
    parts = [board(seen, moves, span, short_ms=SHORT_MS) for span in (DAY._replace(until=cut), DAY._replace(since=cut))]
    assert CallTally.sum(part.total for part in parts) == whole.total
    for seat, tally in whole.seats.items():
        both = SeatTally.sum(part.seats[seat] for part in parts)
        assert (both.talks, both.missed, both.busy_ms, both.ready_ms, both.paused_ms, both.ringing_ms) == (
            tally.talks, tally.missed, tally.busy_ms, tally.ready_ms, tally.paused_ms, tally.ringing_ms,
        )  # fmt: skip


@given(seat_lives())
def test_a_seat_is_in_one_state_at_a_time(moves: list[SeatMove]) -> None:
    own = [move for move in moves if move.seat == "8001"]
    tally = seat_tally(own, DAY.since, DAY.until)
    assert 0 <= tally.staffed_ms <= HOUR_MS
    if own and own[0].at <= START and all(move.state != SeatStatus.OFFLINE for move in own):
        assert tally.staffed_ms == HOUR_MS
