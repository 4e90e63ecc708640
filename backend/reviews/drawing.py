"""Drawing calls for review: each night for everybody, and at once for who asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from backend.identity import audit
from backend.identity.permissions import Roles
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.ids import new_id
from backend.kernel.jobs import JobKind
from backend.kernel.queries import insert_new
from backend.kernel.versions import InForce
from backend.reviews import candidates, repository, rules
from backend.reviews.desk import ReviewDesk, detail, tell
from backend.reviews.errors import CallNotReviewable, DrawnBefore
from backend.reviews.models import Review, ReviewDraw
from backend.reviews.sampling import Assignment, Candidate, Chosen, assign, choose
from backend.reviews.schemas import Direction, DrawDone, Purpose, ReviewDetail, ScoreSheet, SheetAnswers
from backend.reviews.settings import ReviewSettings
from backend.reviews.sheets import sheets_in_force
from backend.reviews.states import ReviewMove, move_review

log = structlog.get_logger(__name__)

DRAW_REVIEWS = "draw_reviews"
_CALLS_SETTLED = timedelta(hours=1)
"""How long after midnight the recordings of the day before are stored and checked."""

Sheets = Mapping[Direction, ScoreSheet]


def reviewing_roles(roles: Roles) -> list[str]:
    """The roles whose people review."""
    return [name for name, role in roles.roles.items() if rules.JUDGE in role.permissions]


@dataclass(frozen=True)
class ReviewDrawer:
    """Draws calls for the people of `roles`, by the score sheets in force."""

    database: Database
    roles: Roles
    settings: ReviewSettings
    now: Callable[[], datetime] = clock.now
    sheets: InForce[Sheets] = field(default_factory=sheets_in_force)

    @property
    def job(self) -> JobKind:
        """The nightly draw as a worker makes it."""
        return JobKind(DRAW_REVIEWS, self._work, at_once=1)

    async def ask_for_tonight(self, tx: Transaction) -> None:
        """Let a worker make today's draw, unless it was made; a machine that was off at night makes up for it."""
        now = self.now()
        day = clock.beijing(now).date()
        if now - clock.day_begins(day) >= _CALLS_SETTLED and not await repository.drawn_at_night(tx.session, day):
            await tx.enqueue(DRAW_REVIEWS, {"day": day.isoformat()}, dedupe_key=f"{DRAW_REVIEWS}:{day}")

    async def _work(self, payload: dict[str, Any]) -> None:
        async with self.database.transaction() as tx:
            done = await self.draw_for_all(tx, date.fromisoformat(payload["day"]))
        if done is not None:
            log.info("calls were drawn for review", **{each.value: n for each, n in done.drawn.items()}, left=done.left)

    async def draw_for_all(self, tx: Transaction, day: date) -> DrawDone | None:
        """The draw of a day for every reviewer, once; None when it was made before."""
        await repository.serialise_drawing(tx.session)
        if await repository.drawn_at_night(tx.session, day):
            return None
        people = await candidates.reviewers(tx.session, reviewing_roles(self.roles))
        drawn = await repository.drawn_on(tx.session, day)
        risky = sum(count for (_, purpose), count in drawn.items() if purpose is Purpose.RISK)
        room = {who: self.settings.per_reviewer_a_day - _given(drawn, who) for who in people}
        return await self._draw(tx, None, day, room, people, self.settings.risk_a_day - risky)

    async def draw_now(self, tx: Transaction, who: Principal) -> DrawDone:
        """A few calls at once for this reviewer, as far as the day's quota goes."""
        await repository.serialise_drawing(tx.session)
        day = clock.beijing(self.now()).date()
        left = self.settings.per_reviewer_a_day - _given(await repository.drawn_on(tx.session, day), who.user_id)
        room = min(self.settings.at_once, left)
        return await self._draw(tx, who, day, {who.user_id: room}, {who.user_id: who.display_name}, room)

    async def _draw(
        self,
        tx: Transaction,
        by: Principal | None,
        day: date,
        room: Mapping[UUID, int],
        names: Mapping[UUID, str],
        risky: int,
    ) -> DrawDone:
        session, settings, now = tx.session, self.settings, self.now()
        sheets = await self.sheets.at(session, now)
        draw_id = new_id()
        seed = f"{day}:{draw_id}"
        chosen = choose(
            await candidates.with_fatal_hits(session, now - timedelta(days=settings.fatal_days)),
            await candidates.fresh(session, now - settings.look_back),
            per_agent=settings.random_per_agent,
            by_risk_count=risky,
            drawn=await candidates.drawn_of_agents(session, now - settings.look_back),
            seed=seed,
        )
        talked = await candidates.talked(session, [each.call.call_id for each in chosen])
        given = assign(chosen, room, talked, seed)
        reviews = [new_review(each, reviewer, names[reviewer], sheets, day, now) for each, reviewer in given.given]
        session.add_all(reviews)
        done = _counts(given)
        counts = {purpose.value: count for purpose, count in done.drawn.items()} | {"left": done.left}
        made_by = by.user_id if by is not None else None
        session.add(ReviewDraw(draw_id=draw_id, day=day, made_at=now, made_by_id=made_by, seed=seed, counts=counts))
        await session.flush()
        tell(tx, reviews, now)
        await audit.record(tx, by, "reviews_drawn", "review_draw", draw_id, counts, at=now)
        return done

    async def pick(self, tx: Transaction, at: ReviewDesk, call_id: str) -> ReviewDetail:
        """A call that this reviewer wants to judge.

        Raises `CallNotReviewable`, `OwnCall`, or `DrawnBefore` when somebody picked it before.
        """
        call = await reviewable(tx, call_id)
        talked = await candidates.talked(tx.session, [call_id])
        rules.refuse_own_call(at.who.user_id, call.agent_id, talked.get(call_id, ()))
        sheets = await self.sheets.at(tx.session, at.now)
        day = clock.beijing(at.now).date()
        review = new_review(Chosen(call, Purpose.PICKED), at.who.user_id, at.who.display_name, sheets, day, at.now)
        if not await insert_new(tx.session, review):
            raise DrawnBefore(
                "Somebody picked this call for review before.",
                kept="Nothing was drawn a second time.",
                next_step="Look for it in your queue, or leave it to who has it.",
            )
        tell(tx, [review], at.now)
        await audit.record(tx, at.who, "review_picked", "review", review.review_id, {"call_id": call_id}, at=at.now)
        return await detail(tx, at, review)


async def reviewable(tx: Transaction, call_id: str) -> Candidate:
    """The call, if there is something to judge. Raises `CallNotReviewable`."""
    call = await candidates.one(tx.session, call_id)
    if call is None:
        raise CallNotReviewable(
            "The call is not over, was taken by nobody, or its recording is not stored.",
            kept="Nothing was drawn.",
            next_step="Choose another call.",
        )
    return call


def new_review(
    chosen: Chosen,
    reviewer_id: UUID,
    reviewer: str,
    sheets: Sheets,
    day: date,
    now: datetime,
    *,
    calibration_id: UUID | None = None,
) -> Review:
    """A review as it is drawn."""
    call = chosen.call
    return Review(
        review_id=new_id(),
        call_id=call.call_id,
        purpose=chosen.purpose.value,
        why=dict(chosen.why),
        calibration_id=calibration_id,
        arrived_at=call.arrived_at,
        talk_ms=call.talk_ms,
        agent_id=call.agent_id,
        agent_name=call.agent_name,
        reviewer_id=reviewer_id,
        reviewer=reviewer,
        sheet_id=sheets[call.direction].sheet_id,
        state=move_review(None, ReviewMove.DRAW).value,
        revision=1,
        answers=SheetAnswers().model_dump(mode="json"),
        hits=[],
        drawn_on=day,
        drawn_at=now,
    )


def _given(drawn: Mapping[tuple[UUID, Purpose], int], who: UUID) -> int:
    return sum(count for (reviewer, _), count in drawn.items() if reviewer == who)


def _counts(given: Assignment) -> DrawDone:
    """How many calls were given for which purpose."""
    drawn = dict.fromkeys((Purpose.FATAL, Purpose.RANDOM, Purpose.RISK), 0)
    for each, _ in given.given:
        drawn[each.purpose] += 1
    return DrawDone(drawn=drawn, left=len(given.left))
