"""The case list: what is asked becomes a filter, what is found a page. Nobody finds by what they may not see."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from backend.calls.leading import leaders_of_calls
from backend.cases import group_repository
from backend.cases import list_repository as repository
from backend.cases.errors import DaysReversed, NumberNotWhole
from backend.cases.list_repository import CaseFilter
from backend.cases.list_schemas import CaseCounts, CaseQuery, CaseQuestion, StatusCount
from backend.cases.schemas import CaseSummary
from backend.cases.views import summary_of
from backend.citizens.numbers import mask, read_number
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.clock import day_begins, day_ends
from backend.kernel.database import Transaction
from backend.kernel.grams import words_of
from backend.kernel.paging import make_cursor, read_cursor
from backend.kernel.schemas import Page

_CASE_NUMBER = re.compile(r"\d{3,12}-\d{8}-\d{6,}")


async def list_cases(tx: Transaction, who: Principal, query: CaseQuery, now: datetime) -> Page[CaseSummary]:
    """Cases, newest first, `limit` at a time.

    Looking for a citizen's number goes to the audit log. Raises `CursorInvalid`, `NumberNotWhole`, `DaysReversed`.
    """
    before = read_cursor(query.cursor, UUID) if query.cursor else None
    wanted = await filter_of(tx, who.user_id, query, now, names=who.may("numbers.reveal"))
    if wanted.e164 and before is None:
        detail = {"number": mask(read_number(wanted.e164))}
        await audit.record(tx, who, "cases_of_number_listed", "number", detail["number"], at=now)
    rows = await repository.page(tx.session, wanted, before, query.limit + 1)
    shown = rows[: query.limit]
    leaders = await leaders_of_calls(tx, [row["call_id"] for row in shown if row["call_id"] is not None])
    groups = await group_repository.marks(tx.session, [row["case_id"] for row in shown if row["grouped"]])
    last = shown[-1] if len(rows) > query.limit else None
    return Page(
        items=[summary_of(row, leaders.get(row["call_id"]), groups.get(row["case_id"])) for row in shown],
        next_cursor=make_cursor(last["filed_at"], last["case_id"]) if last is not None else None,
    )


async def count_cases(tx: Transaction, who: Principal, question: CaseQuestion, now: datetime) -> CaseCounts:
    """How many cases of the filter stand in each status, whichever it asks for. Raises as `list_cases`."""
    anywhere = question.model_copy(update={"status": None})
    wanted = await filter_of(tx, who.user_id, anywhere, now, names=who.may("numbers.reveal"))
    counted = await repository.counts(tx.session, wanted)
    return CaseCounts(counts=[StatusCount(status=each.status, count=each.count, more=each.more) for each in counted])


async def filter_of(tx: Transaction, user_id: UUID, asked: CaseQuestion, now: datetime, *, names: bool) -> CaseFilter:
    """What this user asks as the queries take it; `names`: whether they may know who called, and so find by names."""
    number, words = "", words_of(asked.q)
    if len(words) == 1 and _CASE_NUMBER.fullmatch(words[0]):
        number, words = words[0], ()
    if asked.filed_from and asked.filed_to and asked.filed_to < asked.filed_from:
        raise DaysReversed("The period ends before it begins.", next_step="Exchange the days.", field="filed_to")
    filed_by: tuple[UUID, ...] | None = (user_id,) if asked.mine else None
    if asked.filed_by.strip() and not asked.mine:
        filed_by = await repository.people_named(tx.session, asked.filed_by.strip())
    return CaseFilter(
        words=words,
        names=names,
        number=number,
        status=asked.status,
        street=asked.street,
        community=asked.community,
        unit_grid=asked.unit_grid,
        class_code=asked.class_code,
        urgency=asked.urgency,
        channel=asked.channel,
        filed_from=day_begins(asked.filed_from) if asked.filed_from else None,
        filed_before=day_ends(asked.filed_to) if asked.filed_to else None,
        filed_by=filed_by,
        e164=_whole_number(asked.number),
        leader=asked.leader,
        group=asked.group,
        recurring=asked.recurring,
        overdue_at=now if asked.overdue else None,
    )


def _whole_number(typed: str) -> str:
    if not typed.strip():
        return ""
    number = read_number(typed)
    if number.e164 is None:
        raise NumberNotWhole(
            "Cases are found by a whole telephone number only.",
            next_step="Type all digits, a fixed number with its area code.",
            field="number",
        )
    return number.e164
