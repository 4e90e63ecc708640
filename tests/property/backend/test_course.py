"""What holds of the course of any call: times lie in the recording, in order, and nobody is on hold twice at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backend.quality.course import KINDS, Step, course_of

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Step], datetime]:
    at, steps = START, []
    for _ in range(draw(st.integers(0, 15))):
        at += timedelta(milliseconds=draw(st.integers(0, 60_000)))
        kind, seat = draw(st.sampled_from(sorted(KINDS))), draw(st.sampled_from(["8001", "8002"]))
        steps.append(Step(kind, at, seat, draw(st.sampled_from([None, "listen", "barge"]))))
    return steps, at + timedelta(milliseconds=draw(st.integers(0, 60_000)))


@given(lives())
def test_the_times_of_a_course_lie_in_the_call_and_holds_follow_each_other(life: tuple[list[Step], datetime]) -> None:
    steps, ended_at = life
    course = course_of(steps, ended_at)
    longest = (ended_at - START) // timedelta(milliseconds=1) + 1
    for span in (*course.holds, *course.pauses, *course.others):
        assert 0 <= span.start_ms <= span.end_ms <= longest
    for spans in (course.holds, course.pauses):
        assert all(before.end_ms <= after.start_ms for before, after in pairwise(spans))


@given(lives(), st.integers(1, 100_000))
def test_a_call_that_came_later_has_the_same_course(life: tuple[list[Step], datetime], by_ms: int) -> None:
    steps, ended_at = life
    by = timedelta(milliseconds=by_ms)
    assert course_of([step._replace(at=step.at + by) for step in steps], ended_at + by) == course_of(steps, ended_at)
