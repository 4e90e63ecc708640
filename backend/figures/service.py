"""The figures of a span, counted beside the event loop and kept for a moment, so that many viewers cost one count."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from backend.figures import repository
from backend.figures.board import SpanName, board, span_of
from backend.figures.schemas import FiguresView
from backend.figures.seat_time import SeatMove, holds
from backend.figures.views import Groups, figures_view
from backend.kernel.database import Database

_KEPT_FOR = timedelta(seconds=3)
_MOST_KEPT = 32


class FiguresDesk:
    """Counts the figures that people ask for; `short_ms` is the short-call threshold."""

    def __init__(self, database: Database, groups: Groups, *, short_ms: int) -> None:
        self._database = database
        self._groups = groups
        self._short_ms = short_ms
        self._one_at_a_time = asyncio.Lock()
        self._kept: dict[tuple[SpanName, date | None], tuple[datetime, FiguresView]] = {}

    async def figures(self, name: SpanName, day: date | None, now: datetime) -> FiguresView:
        """The figures as of `now`, or of at most three seconds before."""
        async with self._one_at_a_time:
            counted_at, kept = self._kept.get((name, day), (None, None))
            if counted_at is not None and kept is not None and timedelta(0) <= now - counted_at < _KEPT_FOR:
                return kept
            counted = await self._count(name, day, now)
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[name, day] = now, counted
            return counted

    async def _count(self, name: SpanName, day: date | None, now: datetime) -> FiguresView:
        span = span_of(name, day, now)
        async with self._database.transaction() as tx:
            calls = await repository.calls_in(tx, span)
            moves = await repository.seat_moves(tx, span)
            held = await repository.hold_facts(tx, span)
            names = await repository.names_of(tx, {move.user_id for move in moves if move.user_id is not None})
        whole = await asyncio.to_thread(
            lambda: board(
                calls,
                moves,
                span,
                short_ms=self._short_ms,
                held=holds(held),
                queue_of_number=self._groups.queue_of_number,
            )
        )
        return figures_view(whole, _agents(moves, names, span.until), self._groups, short_ms=self._short_ms)


def _agents(moves: Iterable[SeatMove], names: dict[UUID, str], until: datetime) -> dict[str, list[str]]:
    """Who sat at each seat, in the order in which they came."""
    sat: dict[str, dict[str, None]] = {}
    for move in moves:
        if move.user_id in names and move.state != "offline" and move.at < until:
            sat.setdefault(move.seat, {})[names[move.user_id]] = None
    return {seat: list(people) for seat, people in sat.items()}
