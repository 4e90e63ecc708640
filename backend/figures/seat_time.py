"""A seat's time, from the log of its changes. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from typing import NamedTuple
from uuid import UUID

from backend.calls.measures import elapsed_ms
from backend.figures.tally import SeatTally
from telephony import facts as f
from telephony.seats import Reason, SeatStatus


class SeatMove(NamedTuple):
    """A seat came into `state` (see `backend.seats.models.SeatChange`)."""

    seat: str
    at: datetime
    state: str
    reason: str | None = None
    user_id: UUID | None = None
    call_id: str | None = None


class HoldFact(NamedTuple):
    """A fact of a call that begins or ends a hold (see `telephony.facts`)."""

    call_id: str
    kind: str
    seat: str | None
    at: datetime


class Hold(NamedTuple):
    """`seat` had a citizen on hold; `until` is None while it lasts."""

    seat: str
    since: datetime
    until: datetime | None


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


HOLD_FACTS = frozenset(
    fact.kind for fact in (f.CallHeld, f.CallResumed, f.TalkEnded, f.CallAnswered, f.CallEnded, f.CallEndWitnessed)
)
"""The facts that tell of holds, as `backend.calls.record` counts them: a hold is over when it is taken back, or when
anybody's talk ends or begins."""


def holds(facts: Iterable[HoldFact]) -> list[Hold]:
    """Every hold of these calls, at the seat that held; each call's `HOLD_FACTS` are given whole and in order."""
    return [hold for _, own in groupby(facts, key=lambda fact: fact.call_id) for hold in _holds_of_call(own)]


def _holds_of_call(facts: Iterable[HoldFact]) -> list[Hold]:
    found: list[Hold] = []
    lasting: Hold | None = None
    talks = over = False
    for fact in facts:
        if fact.kind == f.CallEndWitnessed.kind:  # the end had only been noticed later, and that of a hold with it
            found = [hold._replace(until=min(hold.until or fact.at, fact.at)) for hold in found]
        elif fact.kind == f.CallHeld.kind and talks and lasting is None:
            lasting = Hold(fact.seat or "", fact.at, None)
        elif fact.kind != f.CallHeld.kind and not over:
            found += [] if lasting is None else [lasting._replace(until=fact.at)]
            lasting, over = None, fact.kind == f.CallEnded.kind
            talks = (talks or fact.kind == f.CallAnswered.kind) and not over
    return found if lasting is None else [*found, lasting]


def seat_tally(moves: Sequence[SeatMove], since: datetime, until: datetime, *, held: Iterable[Hold] = ()) -> SeatTally:
    """One seat's time in [since, until). A move before `since` tells where the seat stood; `held` are its holds."""
    began = [move for move in moves if since <= move.at < until]
    spent: Counter[str] = Counter()
    for move, end in [*spells(moves), *(Spell(last, until) for last in moves[-1:])]:
        spent[move.state] += elapsed_ms(max(move.at, since), min(end, until))
    return SeatTally(
        talks=sum(move.state == SeatStatus.TALKING for move in began),
        missed=sum(move.state == SeatStatus.PAUSED and move.reason == Reason.NO_ANSWER for move in began),
        ready_ms=spent[SeatStatus.READY],
        ringing_ms=spent[SeatStatus.RINGING],
        dialing_ms=spent[SeatStatus.DIALING],
        talking_ms=spent[SeatStatus.TALKING],
        hold_ms=sum(elapsed_ms(max(hold.since, since), min(hold.until or until, until)) for hold in held),
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
