"""The queries of the search in what was said; like those of the case list, each reads only what a page needs.

An index of grams has no order, so

1. the newest `WALK` calls are looked through in order: a common word fills its page there;
2. else the word is so rare among them that all of its finds can be sorted by their time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, cast, exists, func, not_, or_, select, tuple_
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.sql.selectable import Subquery

from asr.audio import Leg
from backend.calls.findable import said_query
from backend.calls.models import Call, CallSaid, Transcript
from backend.cases.models import Case
from backend.identity.models import User
from backend.kernel.database import Transaction
from backend.kernel.grams import as_prefix
from backend.kernel.queries import plan_for_this

WALK = 2000

Place = tuple[datetime, str]
_Query = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class SaidFilter:
    """Which calls are found; words as `backend.kernel.grams.words_of` gives them, "" and None leave a part open."""

    words: tuple[str, ...]
    without: tuple[str, ...] = ()
    leg: Leg | None = None
    class_code: str = ""
    agent: str = ""
    arrived_from: datetime | None = None
    arrived_before: datetime | None = None

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Whose words count."""
        return tuple(Leg) if self.leg is None else (self.leg,)


async def page(tx: Transaction, wanted: SaidFilter, before: Place | None, limit: int) -> Sequence[RowMapping]:
    """Calls with the turns of their transcripts, newest first, from just before a moment and a call."""
    await plan_for_this(tx.session)
    newest = (await tx.session.execute(_among(wanted, _newest(wanted, before), limit))).mappings().all()
    if len(newest) == limit:
        return newest
    return (await tx.session.execute(_among(wanted, _offered(wanted, before), limit))).mappings().all()


async def cases_of(tx: Transaction, call_ids: Sequence[str]) -> dict[str, RowMapping]:
    """The case that was filed first for each of these calls, where one was."""
    query = select(Case.call_id, Case.case_id, Case.number, Case.class_name)
    rows = await tx.session.execute(query.where(Case.call_id.in_(call_ids)).order_by(Case.filed_at.desc()))
    return {row["call_id"]: row for row in rows.mappings()}


def _among(wanted: SaidFilter, rows: Subquery, limit: int) -> _Query:
    """Those of the ordered rows in which it was really said, until the page is full."""
    return (
        select(Call.call_id, Call.arrived_at, Call.seat, Call.agent_name, Call.talk_ms, Transcript.turns)
        .join(rows, rows.c.call_id == Call.call_id)
        .join(Transcript, Transcript.call_id == Call.call_id)
        .where(*_said(wanted, rows.c), *_about(wanted))
        .order_by(rows.c.arrived_at.desc(), rows.c.call_id.desc())
        .limit(limit)
    )


_SEARCHED = (CallSaid.call_id, CallSaid.arrived_at, CallSaid.caller, CallSaid.seat)


def _newest(wanted: SaidFilter, before: Place | None) -> Subquery:
    return _ordered(select(*_SEARCHED), wanted, before).limit(WALK).subquery()


def _offered(wanted: SaidFilter, before: Place | None) -> Subquery:
    by_grams = CallSaid.grams.bool_op("@@")(cast(said_query(wanted.words, wanted.legs), TSQUERY))
    # OFFSET 0 keeps the planner from looking for the words, or for the calls, before the finds are in order
    return _ordered(select(*_SEARCHED).where(by_grams), wanted, before).offset(0).subquery()


def _ordered(query: _Query, wanted: SaidFilter, before: Place | None) -> _Query:
    if wanted.arrived_from is not None:
        query = query.where(CallSaid.arrived_at >= wanted.arrived_from)
    if wanted.arrived_before is not None:
        query = query.where(CallSaid.arrived_at < wanted.arrived_before)
    if before is not None:
        query = query.where(tuple_(CallSaid.arrived_at, CallSaid.call_id) < tuple_(*before))
    return query.order_by(CallSaid.arrived_at.desc(), CallSaid.call_id.desc())


def _said(wanted: SaidFilter, row: Any) -> list[ColumnElement[bool]]:
    texts = [row.caller if leg is Leg.CALLER else row.seat for leg in wanted.legs]

    def said(word: str) -> ColumnElement[bool]:
        return or_(*(func.strpos(text, word) > 0 for text in texts))

    return [*(said(word) for word in wanted.words), *(not_(said(word)) for word in wanted.without)]


def _about(wanted: SaidFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.class_code:
        of_class = and_(Case.call_id == Call.call_id, Case.class_code.like(as_prefix(wanted.class_code)))
        conditions.append(exists().where(of_class))
    if wanted.agent:
        people = select(User.user_id).where(or_(User.username == wanted.agent, User.display_name == wanted.agent))
        conditions.append(Call.user_id.in_(people))
    return conditions
