"""A seat's time, from the log of its changes. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from backend.calls.measures import elapsed_ms
from backend.figures.tally import SeatTally
from telephony.seats import Reason, SeatStatus


class SeatMove(NamedTuple):
    """A seat came into `state` (see `backend.seats.models.SeatChange`)."""

    seat: str
    at: datetime
    state: str
    reason: str | None = None
    user_id: UUID | None = None
    call_id: str | None = None


class Spell(NamedTuple):
    """The time from one move of a seat to its next."""

    move: SeatMove
    until: datetime


def moves_by_seat(moves: Iterable[SeatMove]) -> dict[str, list[SeatMove]]:
    """Each seat's own moves, in their order."""
    of_seat: defaultdict[str, list[SeatMove]] = defaultdict(list)
    for move in moves:
        of_seat[move.seat].append(move)
    return dict(of_seat)


def spells(moves: Sequence[SeatMove]) -> Iterator[Spell]:
    """What lies between the moves of one seat, in order; the last one is not over."""
    for move, following in pairwise(moves):
        yield Spell(move, following.at)


def seat_tally(moves: Sequence[SeatMove], since: datetime, until: datetime, *, hold_ms: int = 0) -> SeatTally:
    """One seat's time in [since, until). A move before `since` tells where the seat stood; `hold_ms` comes from the
    calls.
    """
    began = [move for move in moves if since <= move.at < until]
    spent: Counter[str] = Counter()
    for move, end in [*spells(moves), *(Spell(last, until) for last in moves[-1:])]:
        spent[move.state] += elapsed_ms(max(move.at, since), min(end, until))
    return SeatTally(
        talks=sum(move.state == SeatStatus.TALKING for move in began),
        missed=sum(move.state == SeatStatus.PAUSED and move.reason == Reason.NO_ANSWER for move in began),
        ready_ms=spent[SeatStatus.READY],
        ringing_ms=spent[SeatStatus.RINGING],
        talking_ms=spent[SeatStatus.TALKING],
        hold_ms=hold_ms,
        wrap_up_ms=spent[SeatStatus.WRAP_UP],
        paused_ms=spent[SeatStatus.PAUSED],
    )


def wrap_up_by_call(of_seats: Mapping[str, Sequence[SeatMove]]) -> Counter[str]:
    """How many ms of wrap-up followed each call, at whichever seats; one that still runs is not counted yet."""
    after: Counter[str] = Counter()
    for moves in of_seats.values():
        for move, end in spells(moves):
            if move.state == SeatStatus.WRAP_UP and move.call_id:
                after[move.call_id] += elapsed_ms(move.at, end)
    return after
