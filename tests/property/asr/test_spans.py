"""What lies over a time is found among sorted pieces as it is by looking at all of them."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from asr.checks.spans import Spans


@dataclass(frozen=True)
class Piece:
    start_ms: int
    end_ms: int


moments = st.integers(0, 60)
pieces = st.builds(lambda start, length: Piece(start, start + length), moments, st.integers(0, 20))


@given(st.lists(pieces, max_size=30), moments, moments)
def test_all_that_lie_over_a_time_are_found_in_order(held: list[Piece], start_ms: int, end_ms: int) -> None:
    in_order = sorted(held, key=lambda piece: (piece.start_ms, piece.end_ms))
    expected = [piece for piece in in_order if piece.start_ms < end_ms and piece.end_ms > start_ms]
    assert list(Spans(held).over(start_ms, end_ms)) == expected
