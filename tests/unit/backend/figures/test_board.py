"""A morning at the hall, counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from backend.figures.board import CallSeen, Span, board, span_of
from backend.figures.seat_time import Hold, SeatMove
from backend.figures.tally import Average, CallTally, Share

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
HOUR = Span(START, START + timedelta(hours=1), timedelta(minutes=15))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def call(name: str, s: float, *, wait: float, talk: float | None = None, hold: float = 0, **more: str) -> CallSeen:
    """A call that ended: answered when it has a talk."""
    return CallSeen(
        call_id=name, queue=more.get("queue", "q96010"), dialed_number=more.get("dialed", "96010"),
        direction=more.get("direction", "inbound"), stage="ended",
        outcome=more.get("outcome", "answered" if talk else "abandoned"), arrived_at=at(s),
        answered_at=at(s + wait) if talk else None, wait_ms=round(wait * 1000),
        talk_ms=None if talk is None else round(talk * 1000), hold_ms=round(hold * 1000),
    )  # fmt: skip


CALLS = [
    call("a", 10, wait=5, talk=60, hold=20),
    call("b", 100, wait=25, talk=40),
    call("c", 200, wait=40, queue="q12345"),  # gave up after 40 s
    call("d", 1000, wait=2, queue="q12345"),  # a slip of the finger
    call("e", 1100, wait=0, outcome="rejected"),  # a number that is not served
    call("f", 1200, wait=3, talk=30, direction="outbound"),
    call("g", -1, wait=3, talk=30),  # before the hour
]
SEAT = [
    SeatMove("8001", at(-600), "ready"),
    SeatMove("8001", at(11), "ringing", None, None, "a"),
    SeatMove("8001", at(15), "talking", None, None, "a"),
    SeatMove("8001", at(75), "wrap_up", None, None, "a"),
    SeatMove("8001", at(105), "ready"),
    SeatMove("8001", at(110), "ringing", None, None, "b"),
    SeatMove("8001", at(125), "talking", None, None, "b"),
    SeatMove("8001", at(165), "wrap_up", None, None, "b"),
    SeatMove("8001", at(175), "ready"),
    SeatMove("8001", at(300), "paused", "no_answer"),
    SeatMove("8001", at(600), "offline"),
]


def test_the_calls_of_an_hour() -> None:
    total = board(CALLS, SEAT, HOUR, short_ms=5000).total
    assert (total.offered, total.answered, total.abandoned, total.short) == (4, 2, 1, 1)
    assert (total.in_target, total.connection, total.abandonment) == (Share(1, 4), Share(2, 4), Share(1, 3))
    assert (total.speed_of_answer, total.longest_wait_ms) == (Average(30_000, 2), 40_000)
    assert (total.talk, total.hold, total.wrap_up) == (Average(80_000, 2), Average(20_000, 2), Average(40_000, 2))
    assert total.handling == Average(140_000, 2)


def test_without_a_threshold_every_unanswered_call_is_abandoned() -> None:
    assert board(CALLS, SEAT, HOUR, short_ms=0).total.abandonment == Share(2, 4)


def test_each_queue_and_each_quarter_has_its_own() -> None:
    whole = board(CALLS, SEAT, HOUR, short_ms=5000)
    assert {queue: tally.offered for queue, tally in whole.queues.items()} == {"q96010": 2, "q12345": 2}
    assert [tally.offered for tally in whole.curve.values()] == [3, 1, 0, 0]


def test_a_seat_s_hour() -> None:
    seat = board(CALLS, SEAT, HOUR, short_ms=5000, held=[Hold("8001", at(30), at(50))]).seats["8001"]
    assert (seat.talks, seat.missed, seat.paused_ms) == (2, 1, 300_000)
    assert (seat.ready_ms, seat.ringing_ms) == (11_000 + 5_000 + 125_000, 19_000)
    assert (seat.talk, seat.hold, seat.handling) == (Average(80_000, 2), Average(20_000, 2), Average(140_000, 2))
    assert seat.occupancy == Share(140_000, 300_000)


def test_a_call_that_its_own_seat_took_counts_for_the_queue_of_its_number() -> None:
    own = [call("a", 10, wait=5, talk=60, queue="own-seat", dialed="12345"), call("b", 20, wait=5, talk=60)]
    numbers = {"96010": "q96010", "12345": "q12345"}
    whole = board(own, [], HOUR, short_ms=5000, queue_of_number=numbers)
    assert {queue: tally.answered for queue, tally in whole.queues.items()} == {"q96010": 1, "q12345": 1}


def test_a_hold_is_the_time_of_the_seat_that_held_and_of_the_span_in_which_it_lasted() -> None:
    moves = [SeatMove(seat, at(-600), "talking") for seat in ("8001", "8002")]
    held = [Hold("8001", at(-30), at(20)), Hold("8002", at(3500), None), Hold("8002", at(4000), at(4100))]
    seats = board(CALLS, moves, HOUR, short_ms=5000, held=held).seats
    assert (seats["8001"].hold_ms, seats["8002"].hold_ms) == (20_000, 100_000)


def test_calling_a_citizen_is_work_from_the_start_and_a_talk_from_the_answer_on() -> None:
    moves = [
        SeatMove("8001", at(0), "ready"),
        SeatMove("8001", at(100), "dialing", None, None, "f"),
        SeatMove("8001", at(120), "talking", None, None, "f"),
        SeatMove("8001", at(150), "wrap_up", None, None, "f"),
        SeatMove("8001", at(160), "dialing", None, None, "h"),  # nobody answers
        SeatMove("8001", at(190), "wrap_up", None, None, "h"),
        SeatMove("8001", at(200), "offline"),
    ]
    seat = board([], moves, HOUR, short_ms=5000).seats["8001"]
    assert (seat.talks, seat.talk, seat.handling) == (1, Average(30_000, 1), Average(50_000, 1))
    assert (seat.dialing_ms, seat.occupancy) == (50_000, Share(100_000, 200_000))


def test_nothing_is_no_rate() -> None:
    nothing = CallTally()
    assert (nothing.in_target, nothing.handling) == (Share(0, 0), Average(0, 0))
    assert board([], [], HOUR, short_ms=5000).seats == {}


def test_a_day_is_the_day_of_beijing_and_ends_now_at_the_latest() -> None:
    now = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)  # 01:30 of the 23rd
    today, yesterday = span_of("day", None, now), span_of("day", date(2026, 11, 22), now)
    assert (today.since, today.until) == (datetime(2026, 11, 22, 16, 0, tzinfo=UTC), now)
    assert (yesterday.since, yesterday.until) == (datetime(2026, 11, 21, 16, 0, tzinfo=UTC), today.since)
    assert span_of("1h", None, now)[:2] == (now - timedelta(hours=1), now)
    tomorrow = span_of("day", date(2026, 11, 24), now)
    assert tomorrow.since == tomorrow.until
