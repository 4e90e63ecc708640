"""Boards as people may read them: QA all, a shift leader the own group, an agent the own calls. Each look is audited,
for it shows how single persons do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import RowMapping

from backend.boards import list_repository as lists
from backend.boards import repository as rows
from backend.boards import schemas as s
from backend.boards.errors import AgentUnknown, NotYourGroup
from backend.boards.list_repository import Before
from backend.boards.period import Period, period
from backend.boards.repository import Wanted
from backend.boards.tally import RuleCell
from backend.boards.views import Counted, Names, board, figures, parts, title_of
from backend.identity import audit
from backend.identity.models import User
from backend.identity.names import told_apart
from backend.identity.permissions import Roles
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.kernel.paging import make_cursor, read_cursor
from backend.kernel.schemas import Page

ALL = "boards.read"
_JUDGE = "reviews.judge"
_PRAISE_SHOWN = 20
_OWN_DAYS = 56
"""How far back agents see how they do unless they ask otherwise: eight weeks."""

Row = TypeVar("Row", bound=s.BoardCallRow)


@dataclass(frozen=True, slots=True)
class BoardDesk:
    """Who asks and when, what queues are called, and which roles sit at a seat."""

    who: Principal
    now: datetime
    queues: Mapping[str, str]
    roles: Roles

    @property
    def only_team(self) -> str | None:
        """The only group that this person sees, "" for those who are in none; None for who sees all."""
        return None if self.who.may(ALL) else self.who.team or ""

    def period(self, asked: s.BoardQuery) -> Period:
        """The days that are asked for; raises `PeriodInvalid`."""
        return period(asked.first, asked.last, clock.beijing(self.now).date())

    def wanted(self, asked: s.BoardQuery) -> Wanted:
        """Which calls are asked for. Raises `PeriodInvalid`, and `NotYourGroup` to a shift leader of another group."""
        if self.only_team is not None and asked.team not in {None, self.only_team or rows.NONE}:
            raise NotYourGroup
        filters = s.BoardFilters.model_validate({name: getattr(asked, name) for name in s.BoardFilters.model_fields})
        return Wanted(self.period(asked), filters, self.only_team)


async def whole(tx: Transaction, at: BoardDesk, asked: s.BoardQuery) -> s.Board:
    """The board of a period; raises `PeriodInvalid` and `NotYourGroup`."""
    wanted = at.wanted(asked)
    await rows.plan_for_period(tx.session)
    earlier = Wanted(wanted.period.before, wanted.filters, wanted.only_team)
    now, before = [await _count(tx, each, await rows.rule_cells(tx, each)) for each in (wanted, earlier)]
    agents = {cell.agent for cell in now.cells if cell.agent is not None}
    known = await rows.people(tx, agents | {cell.agent for cell in before.cells if cell.agent is not None})
    praised = {agent: moment for agent, (_, moment) in (await rows.first_praises(tx, agents)).items()}
    await _note(tx, at, "board_read", asked, wanted.period)
    return board(now, before, Names(known, at.queues, await rows.titles_of_rules(tx), praised))


async def choices(tx: Transaction, at: BoardDesk) -> s.BoardChoices:
    """What this person can narrow a board to."""
    sitting = [name for name, role in at.roles.roles.items() if "desk.sit" in role.permissions]
    agents = await rows.agents_of(tx, sitting, at.only_team)
    names = told_apart((each.user_id, each.display_name, each.username) for each in agents)
    rules = sorted((await rows.titles_of_rules(tx)).items())
    return s.BoardChoices(
        today=clock.beijing(at.now).date(),
        own_team=at.only_team,
        teams=sorted({agent.team for agent in agents if agent.team is not None}),
        agents=[s.AgentChoice(agent_id=each.user_id, name=names[each.user_id], team=each.team) for each in agents],
        queues=[s.QueueChoice(queue=queue, title=title) for queue, title in at.queues.items()],
        rules=[
            s.RuleChoice.model_validate({"rule_id": rule, "title": title, "severity": severity})
            for rule, (severity, title) in rules
        ],
    )


async def hits(tx: Transaction, at: BoardDesk, asked: s.HitsQuery) -> Page[s.BoardHit]:
    """The hits behind a number."""
    wanted, before, limit = _page_of(at, asked)
    found = await lists.hits_page(tx, wanted, asked.which, before, limit)
    await _note(tx, at, "board_hits_read", asked, wanted.period)
    agents = {row["agent_id"] for row in found if row["agent_id"] is not None}
    shown = await _hit_views(tx, at.who, found, await rows.first_praises(tx, agents))
    return _page(shown, asked.limit, lambda hit: hit.hit_id)


async def calls(tx: Transaction, at: BoardDesk, asked: s.CallsQuery) -> Page[s.BoardCall]:
    """The checked calls behind a number."""
    wanted, before, limit = _page_of(at, asked)
    found = await lists.calls_page(tx, wanted, asked.which, before, limit)
    await _note(tx, at, "board_calls_read", asked, wanted.period)
    return _page([s.BoardCall.model_validate(dict(row)) for row in found], asked.limit, lambda call: call.call_id)


async def reviews(tx: Transaction, at: BoardDesk, asked: s.ReviewsQuery) -> Page[s.BoardReview]:
    """The scores behind a number; who gave them is told to reviewers only, and to nobody of own calls."""
    wanted, before, limit = _page_of(at, asked)
    found = await lists.reviews_page(tx, wanted, asked.which, before, limit)
    await _note(tx, at, "board_reviews_read", asked, wanted.period)
    shown = [s.BoardReview.model_validate({**row, **_unnamed(at.who, row["agent_id"])}) for row in found]
    return _page(shown, asked.limit, lambda review: review.review_id)


def _unnamed(who: Principal, agent: UUID) -> dict[str, None]:
    return {} if who.may(_JUDGE) and who.user_id != agent else {"reviewer": None}


async def trend_of(tx: Transaction, at: BoardDesk, agent: UUID, asked: s.BoardQuery) -> s.AgentTrend:
    """How one agent's calls went. Raises `AgentUnknown`, also for one of another group, and `PeriodInvalid`."""
    person = await rows.person(tx, agent)
    if person is None or (at.only_team is not None and (person.team or "") != at.only_team):
        raise AgentUnknown
    seen = at.period(asked)
    detail = {"first": seen.first.isoformat(), "last": seen.last.isoformat()}
    await audit.record(tx, at.who, "agent_quality_read", "user", agent, detail, at=at.now)
    return await _trend(tx, at.who, person, seen)


async def own(tx: Transaction, at: BoardDesk, asked: s.BoardQuery) -> s.AgentTrend:
    """How one's own calls went, by default over eight weeks."""
    person = await rows.person(tx, at.who.user_id)
    if person is None:
        raise AgentUnknown
    if asked.first is None and asked.last is None:
        asked = asked.model_copy(update={"first": clock.beijing(at.now).date() - timedelta(days=_OWN_DAYS - 1)})
    return await _trend(tx, at.who, person, at.period(asked))


async def _trend(tx: Transaction, who: Principal, person: User, seen: Period) -> s.AgentTrend:
    await rows.plan_for_period(tx.session)
    filters = s.BoardFilters(agent=person.user_id)
    now = await _count(tx, Wanted(seen, filters))
    before = await _count(tx, Wanted(seen.before, filters))
    praised = await lists.hits_page(tx, Wanted(seen, filters), s.HitsWanted.PRAISE, None, _PRAISE_SHOWN)
    firsts = await rows.first_praises(tx, {person.user_id})
    _, first_praise_at = firsts.get(person.user_id, (None, None))
    return s.AgentTrend(
        agent_id=person.user_id,
        agent=person.display_name,
        team=person.team,
        first=seen.first,
        last=seen.last,
        total=figures(now.total),
        before=figures(before.total),
        parts=parts(now),
        coaching=[s.CoachingMark.model_validate(task) for task in await rows.coaching_of(tx, person.user_id, seen)],
        praise=await _hit_views(tx, who, praised, firsts),
        first_praise_at=first_praise_at,
    )


async def _count(tx: Transaction, wanted: Wanted, rules: Sequence[RuleCell] = ()) -> Counted:
    cells = [*await rows.checked_cells(tx, wanted), *await rows.reviewed_cells(tx, wanted)]
    return Counted(wanted.period, cells, rules)


async def _hit_views(
    tx: Transaction, who: Principal, found: Sequence[RowMapping], firsts: Mapping[UUID, tuple[UUID, datetime]]
) -> list[s.BoardHit]:
    """What was said is shown to who may read transcripts; `firsts` are the first praises of the agents."""
    titles = await rows.titles_of_rules(tx)
    first = {hit for hit, _ in firsts.values()}
    names = [name for name in s.BoardHit.model_fields if name not in {"title", "judged", "first"}]
    words = {} if who.may("transcripts.read") else {"text": ""}
    return [
        s.BoardHit.model_validate(
            {
                **{name: row[name] for name in names},
                "title": title_of(titles, row["rule_id"]),
                "judged": row["verdict"] is not None,
                "first": row["hit_id"] in first,
                **words,
            }
        )
        for row in found
    ]


def _page_of(at: BoardDesk, asked: s.BoardListQuery) -> tuple[Wanted, Before | None, int]:
    before = read_cursor(asked.cursor, str) if asked.cursor else None
    return at.wanted(asked), before, asked.limit + 1


def _page(shown: list[Row], limit: int, key: Callable[[Row], object]) -> Page[Row]:
    items = shown[:limit]
    more = len(shown) > limit
    return Page(items=items, next_cursor=make_cursor(items[-1].arrived_at, key(items[-1])) if more else None)


async def _note(tx: Transaction, at: BoardDesk, action: str, asked: s.BoardQuery, seen: Period) -> None:
    said: dict[str, Any] = asked.model_dump(mode="json", exclude_none=True, exclude={"cursor", "limit"})
    days = {"first": seen.first.isoformat(), "last": seen.last.isoformat()}
    await audit.record(tx, at.who, action, "board", f"{seen.first}..{seen.last}", said | days, at=at.now)
