"""Pieces of time, of which those that lie over some other time are found without looking at all of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Generic, Protocol, TypeVar


class Span(Protocol):
    """Something that lasts from one moment to another."""

    @property
    def start_ms(self) -> int: ...
    @property
    def end_ms(self) -> int: ...


Piece = TypeVar("Piece", bound=Span)


class Spans(Generic[Piece]):
    """A six-hour call has thousands of pieces, and for each of one leg some of the other are asked for."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces = sorted(pieces, key=lambda piece: (piece.start_ms, piece.end_ms))
        self._starts = [piece.start_ms for piece in self._pieces]
        self._ended_by = list(accumulate((piece.end_ms for piece in self._pieces), max))

    def over(self, start_ms: int, end_ms: int) -> Sequence[Piece]:
        """Those that begin before `end_ms` and end after `start_ms`, in order."""
        first = bisect_right(self._ended_by, start_ms)
        end = bisect_left(self._starts, end_ms)
        return [piece for piece in self._pieces[first:end] if piece.end_ms > start_ms]
