"""The course of a call on the clock of its recording: holds, pauses, and who had the seat's leg when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from asr.checks import Interval
from backend.quality.course import Course, EarlierTalk, Step, course_of, earlier_talks

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def course(*told: tuple[str, float, str], ends: float | None = 100) -> Course:
    steps = [Step(kind.removesuffix(":barge"), at(s), seat, "barge" if ":" in kind else None) for kind, s, seat in told]
    return course_of(steps, None if ends is None else at(ends))


def spans(*seconds: tuple[float, float]) -> tuple[Interval, ...]:
    return tuple(Interval(start_ms=round(a * 1000), end_ms=round(b * 1000)) for a, b in seconds)


def test_a_hold_begins_with_the_recording_which_begins_with_the_answer() -> None:
    got = course(
        ("call_answered", 8, "1"), ("call_held", 20, "1"), ("call_resumed", 32.5, "1"), ("talk_ended", 100, "1")
    )
    assert got == Course(holds=spans((12, 24.5)))


def test_a_hold_that_nobody_ended_lasts_to_the_end_of_the_call() -> None:
    assert course(("call_answered", 0, "1"), ("call_held", 20, "1")).holds == spans((20, 100))


def test_who_takes_the_citizen_over_ends_the_hold_of_the_seat_that_consulted() -> None:
    got = course(
        ("call_answered", 0, "1"), ("call_held", 10, "1"), ("call_answered", 30, "2"), ("talk_ended", 30.1, "1"),
        ("talk_ended", 100, "2"),
    )  # fmt: skip
    assert got == Course(holds=spans((10, 30)), others=spans((0, 30)))


def test_the_wait_for_the_next_seat_is_not_in_the_recording() -> None:
    got = course(
        ("call_answered", 5, "1"), ("talk_ended", 25, "1"), ("call_answered", 55, "2"), ("call_held", 60, "2"),
        ("call_resumed", 70, "2"), ("talk_ended", 100, "2"),
    )  # fmt: skip
    assert got == Course(holds=spans((25, 35)), others=spans((0, 20)))


def test_a_pause_of_the_recording_is_told() -> None:
    got = course(("call_answered", 0, "1"), ("recording_paused", 10, ""), ("recording_resumed", 40, ""), ends=None)
    assert got.pauses == spans((10, 40))


def test_a_supervisor_who_barges_in_is_somebody_else() -> None:
    got = course(
        ("call_answered", 0, "1"), ("supervision_began", 5, "1"), ("supervision_began:barge", 10, "1"),
        ("supervision_ended", 20, "1"), ("talk_ended", 100, "1"),
    )  # fmt: skip
    assert got.others == spans((10, 20))


def test_whoever_is_outside_the_hall_is_somebody_else() -> None:
    assert course(("call_answered", 0, "1"), ("talk_ended", 60, "1")).others == spans((60, 100))


def test_facts_out_of_place_break_nothing() -> None:
    assert course(("call_held", 1, "1"), ("call_resumed", 2, "1"), ("talk_ended", 3, "1")) == Course()
    assert course() == Course()


def test_seats_that_handed_the_call_on_are_told_with_their_place_in_the_recording() -> None:
    told = [
        ("call_answered", 5, "1"), ("talk_ended", 25, "1"), ("call_answered", 55, "2"), ("talk_ended", 65, "2"),
        ("call_answered", 70, "3"), ("talk_ended", 100, "3"),
    ]  # fmt: skip
    first, second = spans((0, 20), (20, 30))
    assert earlier_talks([Step(kind, at(s), seat) for kind, s, seat in told], at(100)) == [
        EarlierTalk("1", at(25), first),
        EarlierTalk("2", at(65), second),
    ]


def test_a_call_that_stayed_where_it_was_has_no_earlier_talks() -> None:
    steps = [Step("call_answered", at(0), "1"), Step("talk_ended", at(50), "1")]
    assert earlier_talks(steps, at(60)) == []
    assert earlier_talks([], None) == []
