"""Search in everything that was said. Each search is in the audit log, with what was looked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import RowMapping

from backend.citizens.hidden_numbers import hide_numbers
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.clock import day_begins, day_ends
from backend.kernel.database import Transaction
from backend.kernel.grams import words_of
from backend.kernel.paging import make_cursor, read_cursor
from backend.kernel.schemas import Page
from backend.said import repository
from backend.said.errors import NothingToFind, PeriodReversed
from backend.said.places import turns_with
from backend.said.repository import SaidFilter
from backend.said.schemas import FoundCall, SaidQuery

MOST_TURNS = 5
"""So many places of one call are shown; the others are found in the call itself."""


async def search(tx: Transaction, who: Principal, asked: SaidQuery, now: datetime) -> Page[FoundCall]:
    """The calls in which it was said, newest first, `limit` at a time.

    Raises `NothingToFind`, `PeriodReversed`, `CursorInvalid`.
    """
    wanted = filter_of(asked)
    before = read_cursor(asked.cursor, str) if asked.cursor else None
    rows = await repository.page(tx, wanted, before, asked.limit + 1)
    shown = rows[: asked.limit]
    cases = await repository.cases_of(tx, [row["call_id"] for row in shown])
    detail = asked.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_defaults=True)
    detail |= {name: hide_numbers(detail[name]) for name in ("q", "without") if name in detail}
    await audit.record(tx, who, "said_searched", "transcripts", "all", detail | {"further": before is not None}, at=now)
    more = len(rows) > asked.limit
    return Page(
        items=[_found(row, cases.get(row["call_id"]), wanted) for row in shown],
        next_cursor=make_cursor(shown[-1]["arrived_at"], shown[-1]["call_id"]) if more else None,
    )


def filter_of(asked: SaidQuery) -> SaidFilter:
    """What is asked as the queries take it."""
    words = words_of(asked.q)
    if not words:
        raise NothingToFind("There is no word to look for.", next_step="Type what was said.", field="q")
    if asked.said_from and asked.said_to and asked.said_to < asked.said_from:
        raise PeriodReversed("The period ends before it begins.", next_step="Exchange the days.", field="said_to")
    return SaidFilter(
        words=words,
        without=words_of(asked.without),
        leg=asked.leg,
        class_code=asked.class_code.strip(),
        agent=asked.agent.strip(),
        arrived_from=day_begins(asked.said_from) if asked.said_from else None,
        arrived_before=day_ends(asked.said_to) if asked.said_to else None,
    )


def _found(row: RowMapping, case: RowMapping | None, wanted: SaidFilter) -> FoundCall:
    turns = list(turns_with(row["turns"], wanted.words, wanted.leg))
    return FoundCall(
        call_id=row["call_id"],
        arrived_at=row["arrived_at"],
        seat=row["seat"],
        agent_name=row["agent_name"],
        talk_ms=row["talk_ms"],
        case_id=str(case["case_id"]) if case else None,
        case_number=case["number"] if case else None,
        class_name=case["class_name"] if case else None,
        turns=turns[:MOST_TURNS],
        more_turns=max(0, len(turns) - MOST_TURNS),
    )
