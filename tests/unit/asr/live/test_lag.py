"""What is done when recognition falls behind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asr.live.lag import Backlog, LagLimits, LagWatch, Sound

LIMITS = LagLimits(behind_ms=1000, caught_up_ms=400, most_ms=3000)


def piece(n: int, arrived: float) -> Sound:
    return Sound(bytes([n % 256]), 200, arrived)


def test_what_waits_is_given_whole_and_in_order() -> None:
    backlog = Backlog(LIMITS)
    for n in range(3):
        backlog.put(piece(n, n * 0.2))
    taken = backlog.take(0.7)
    assert taken is not None
    assert (taken.samples, taken.skipped_ms, round(taken.lag_ms)) == (b"\0\1\2", 0, 700)
    assert backlog.take(0.8) is None


def test_sound_that_waited_too_long_is_passed_over_and_told() -> None:
    backlog = Backlog(LIMITS)
    for n in range(5):
        backlog.put(piece(n, n * 0.2))
    taken = backlog.take(4.0)
    assert taken is not None
    assert (taken.samples, taken.skipped_ms) == (b"\4", 800)


@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=200))
def test_nothing_is_lost_without_being_told_and_what_waits_is_bounded(steps: list[tuple[int, bool]]) -> None:
    backlog, now, put_ms, out_ms = Backlog(LIMITS), 0.0, 0.0, 0.0
    for wait_ms, takes in steps:
        now += wait_ms / 1000
        backlog.put(Sound(b"\0" * 200, 200, now))
        put_ms += 200
        assert backlog.waiting_ms <= LIMITS.most_ms + 200
        if takes and (taken := backlog.take(now)) is not None:
            out_ms += len(taken.samples) + taken.skipped_ms
    taken = backlog.take(now)
    out_ms += 0 if taken is None else len(taken.samples) + taken.skipped_ms
    assert out_ms == put_ms


@given(st.lists(st.tuples(st.floats(0, 5000), st.booleans()), max_size=100))
def test_behind_is_told_once_and_does_not_flicker(steps: list[tuple[float, bool]]) -> None:
    watch, told = LagWatch(LIMITS), False
    for lag_ms, skipped in steps:
        news = watch.step(lag_ms, 200.0 if skipped else 0.0)
        assert news == (watch.behind != told or skipped)
        told = watch.behind
        if lag_ms >= LIMITS.behind_ms or skipped:
            assert watch.behind
        elif lag_ms < LIMITS.caught_up_ms:
            assert not watch.behind
