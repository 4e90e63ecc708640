"""The queries of the case list; each touches only so many rows as a page needs, however many cases there are.

Without words the indexes of `cases` serve in the order of the list. An index of grams has no order, so with words

1. the newest `WALK` cases are looked through in order: a common word fills its page there;
2. else the word is so rare among them that all of its finds can be sorted by their time; only the cases of the page
   are read.

Where another condition leaves few cases (one citizen's, open ones in one state), these are looked through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    and_,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.selectable import Subquery

from backend.calls.leading import leaders_calls
from backend.calls.models import Call
from backend.cases.group_repository import in_group
from backend.cases.list_models import CaseSearch
from backend.cases.models import Case, CaseChild
from backend.cases.repository import is_hard
from backend.cases.schemas import CaseStatus
from backend.cases.search import facet_query, words_query
from backend.cases.states import OPEN
from backend.deadlines.models import Deadline
from backend.identity.models import User
from backend.kernel.grams import as_prefix
from backend.kernel.queries import plan_for_this
from backend.taxonomy.schemas import Urgency

WALK = 8000
MOST_COUNTED = 10_000
_EXAMINED = 50_000

LISTED = (
    Case.case_id, Case.number, Case.what, Case.class_name, Case.street_name, Case.community_name, Case.urgency,
    Case.status, Case.filed_at, Case.filed_by, Case.call_id, Case.channel, Case.recurs_id,
)  # fmt: skip
"""What a list shows of a case, as `backend.cases.views.summary_of` takes it."""

Place = tuple[datetime, UUID]
_Query = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases a list shows; None, "" and () leave a part open.

    `words` are as `backend.kernel.grams.words_of` gives them; `names`: they may be found in names of citizens too.
    `class_code` means the classes below it as well. `filed_by` are users, of whom one filed the case. `leader` asks for
    cases of calls that a leader answered, `recurring` for recurrences, `overdue_at` for those one of whose clocks had
    run out by then, `group` for parents and children of groups.
    """

    words: tuple[str, ...] = ()
    names: bool = False
    number: str = ""
    status: CaseStatus | None = None
    street: str = ""
    community: str = ""
    unit_grid: str = ""
    class_code: str = ""
    urgency: Urgency | None = None
    channel: str = ""
    filed_from: datetime | None = None
    filed_before: datetime | None = None
    filed_by: tuple[UUID, ...] | None = None
    e164: str = ""
    leader: bool = False
    recurring: bool = False
    overdue_at: datetime | None = None
    group: bool = False

    @property
    def narrow(self) -> bool:
        """Whether a condition other than words leaves few cases, however many there are."""
        few = self.leader or self.group or self.recurring or self.overdue_at
        return bool(self.e164 or self.number or few or self.status in OPEN)


@dataclass(frozen=True, slots=True)
class Counted:
    """So many cases of one status; with `more` at least so many."""

    status: CaseStatus
    count: int
    more: bool


_LISTED = select(*LISTED, is_hard().label("hard"), in_group().label("grouped"))


async def page(session: AsyncSession, wanted: CaseFilter, before: Place | None, limit: int) -> Sequence[RowMapping]:
    """What a list shows of cases (`LISTED`), newest first, from just before a moment and a case id; with it, whether
    each is `hard`, and whether it is `grouped`, so that its group is worth asking for."""
    return await _page(session, _LISTED, wanted, before, limit)


async def whole_page(session: AsyncSession, wanted: CaseFilter, before: Place | None, limit: int) -> Sequence[Case]:
    """The same with all that stands in the cases."""
    return [row["Case"] for row in await _page(session, select(Case), wanted, before, limit)]


async def counts(session: AsyncSession, wanted: CaseFilter) -> list[Counted]:
    """How many cases of a filter stand in each status; what is closed is counted up to `MOST_COUNTED`."""
    await plan_for_this(session)
    return [*await _count(session, wanted, is_open=True), *await _count(session, wanted, is_open=False)]


async def count_up_to(session: AsyncSession, wanted: CaseFilter, most: int) -> int:
    """How many cases fit, counted no further than `most`."""
    await plan_for_this(session)
    if wanted.words and not wanted.narrow:
        found = select(CaseSearch.case_id).where(*_by_grams(wanted), _said(wanted, CaseSearch)).subquery()
        query = select(Case.case_id).join(found, found.c.case_id == Case.case_id)
        query = query.where(*_indexed(wanted), *_rest(wanted), *_status(wanted))
    else:
        query = _plain(select(Case.case_id), wanted, None).order_by(None)
    return (await session.execute(select(func.count()).select_from(query.limit(most).subquery()))).scalar_one()


def fitting(what: _Query, wanted: CaseFilter) -> _Query:
    """The same question without an order: those of the cases that fit. Good for few, the open ones for instance."""
    return _plain(what, wanted, None).order_by(None)


async def people_named(session: AsyncSession, name: str) -> tuple[UUID, ...]:
    """The users of this user name or this name."""
    query = select(User.user_id).where(or_(User.username == name, User.display_name == name))
    return tuple((await session.execute(query)).scalars())


async def _page(
    session: AsyncSession, what: _Query, wanted: CaseFilter, before: Place | None, limit: int
) -> Sequence[RowMapping]:
    await plan_for_this(session)
    if not wanted.words or wanted.narrow:
        return (await session.execute(_plain(what, wanted, before).limit(limit))).mappings().all()
    newest = (await session.execute(_among(what, wanted, _newest(before), limit))).mappings().all()
    if len(newest) == limit:
        return newest
    return (await session.execute(_among(what, wanted, _found(wanted, before), limit))).mappings().all()


def _plain(what: _Query, wanted: CaseFilter, before: Place | None) -> _Query:
    query = what.where(*_indexed(wanted), *_rest(wanted), *_status(wanted))
    if before is not None:
        query = query.where(tuple_(Case.filed_at, Case.case_id) < before)
    if wanted.words:
        query = query.join(CaseSearch, CaseSearch.case_id == Case.case_id).where(_said(wanted, CaseSearch))
    return query.order_by(Case.filed_at.desc(), Case.case_id.desc())


def _among(what: _Query, wanted: CaseFilter, rows: Subquery, limit: int) -> _Query:
    """Those of the ordered rows in which the words really stand and whose case fits, until the page is full."""
    return (
        what.join(rows, rows.c.case_id == Case.case_id)
        .where(_said(wanted, rows.c), *_indexed(wanted), *_rest(wanted), *_status(wanted))
        .order_by(rows.c.filed_at.desc(), rows.c.case_id.desc())
        .limit(limit)
    )


_SEARCHED = (CaseSearch.case_id, CaseSearch.filed_at, CaseSearch.document, CaseSearch.citizen)


def _newest(before: Place | None) -> Subquery:
    return _ordered(select(*_SEARCHED), before).limit(WALK).subquery()


def _found(wanted: CaseFilter, before: Place | None) -> Subquery:
    # OFFSET 0 keeps the planner from looking for the words, or for the cases, before the finds are in order
    return _ordered(select(*_SEARCHED).where(*_by_grams(wanted)), before).offset(0).subquery()


def _ordered(query: _Query, before: Place | None) -> _Query:
    if before is not None:
        query = query.where(tuple_(CaseSearch.filed_at, CaseSearch.case_id) < before)
    return query.order_by(CaseSearch.filed_at.desc(), CaseSearch.case_id.desc())


def _by_grams(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    asked = [words_query(wanted.words, names=wanted.names)]
    for name, code in (("street", wanted.street), ("community", wanted.community), ("channel", wanted.channel)):
        if code:
            asked.append(facet_query(name, code))
    if wanted.class_code:
        asked.append(facet_query("class", wanted.class_code, below=True))
    conditions = [CaseSearch.grams.bool_op("@@")(cast(" & ".join(asked), TSQUERY))]
    return [*conditions, *_period(wanted, CaseSearch.filed_at)]


def _said(wanted: CaseFilter, row: object) -> ColumnElement[bool]:
    document, citizen = row.document, row.citizen  # type: ignore[attr-defined]
    found = []
    for word in wanted.words:
        in_text = func.strpos(document, word) > 0
        found.append(or_(in_text, func.strpos(citizen, word) > 0) if wanted.names else in_text)
    return and_(*found)


def _indexed(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    """The conditions that an index serves in the order of the list."""
    conditions = _period(wanted, Case.filed_at)
    equal = {
        Case.number: wanted.number,
        Case.street_code: wanted.street,
        Case.community_code: wanted.community,
        Case.unit_grid_code: wanted.unit_grid,
        Case.caller_e164: wanted.e164,
    }
    conditions += [column == value for column, value in equal.items() if value]
    if wanted.class_code:
        conditions.append(Case.class_code.like(as_prefix(wanted.class_code)))
    if wanted.filed_by is not None:
        conditions.append(Case.filed_by_id.in_(wanted.filed_by) if wanted.filed_by else false())
    if wanted.leader:
        conditions.append(Case.call_id.in_(leaders_calls().with_only_columns(Call.call_id).order_by(None)))
    if wanted.group:
        members = union(select(CaseChild.child_id), select(CaseChild.parent_id))
        conditions.append(Case.case_id.in_(members))
    if wanted.recurring:
        conditions.append(Case.recurs_id.is_not(None))
    if wanted.overdue_at is not None:
        conditions.append(Case.case_id.in_(run_out(wanted.overdue_at)))
    return conditions


def run_out(now: datetime) -> Select[UUID]:
    """The cases one of whose clocks has run out, each as often as it has such clocks."""
    return select(Deadline.case_id).where(Deadline.state == "running", Deadline.due_at < now)


def _period(wanted: CaseFilter, filed_at: InstrumentedAttribute[datetime]) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.filed_from is not None:
        conditions.append(filed_at >= wanted.filed_from)
    if wanted.filed_before is not None:
        conditions.append(filed_at < wanted.filed_before)
    return conditions


def _rest(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.urgency is not None:
        conditions.append(Case.urgency == wanted.urgency.value)
    if wanted.channel:
        conditions.append(Case.channel == wanted.channel)
    return conditions


def _status(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    if wanted.status is None:
        return []
    # said twice for the index of open cases, which are few
    ended = Case.closed_at.is_(None) if wanted.status in OPEN else Case.closed_at.is_not(None)
    return [Case.status == wanted.status.value, ended]


async def _count(session: AsyncSession, wanted: CaseFilter, *, is_open: bool) -> list[Counted]:
    """Counts of the open states, all of them, or of the closed ones, of whose cases only so many are examined."""
    rest = and_(literal(True), *_rest(wanted))
    ended = Case.closed_at.is_(None) if is_open else Case.closed_at.is_not(None)
    most = _EXAMINED if is_open or _rest(wanted) else MOST_COUNTED + 1
    examined = select(Case.status, rest.label("fits")).where(ended, *_indexed(wanted))
    if wanted.words and (is_open or wanted.narrow):
        examined = examined.join(CaseSearch, CaseSearch.case_id == Case.case_id).where(_said(wanted, CaseSearch))
    elif wanted.words:
        most = MOST_COUNTED + 1
        found = select(CaseSearch.case_id).where(*_by_grams(wanted), _said(wanted, CaseSearch)).limit(most).subquery()
        examined = examined.join(found, found.c.case_id == Case.case_id)
    rows = examined.limit(most).subquery()
    query = select(rows.c.status, func.count(), func.count().filter(rows.c.fits)).group_by(rows.c.status)
    counted = (await session.execute(query)).all()
    more = sum(row[1] for row in counted) >= most
    found_of = {row[0]: row[2] for row in counted}
    return [
        Counted(status, min(found_of.get(status.value, 0), MOST_COUNTED), more)
        for status in CaseStatus
        if (status in OPEN) is is_open
    ]
