"""The desk at which somebody looks at reviews: who it is and by which rules, and a review with all that it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.quality.schemas import HitView
from backend.quality.service import hit_views
from backend.reviews import candidates, repository, rules
from backend.reviews.errors import KEPT, ReviewChangedMeanwhile
from backend.reviews.models import CoachingTask, Review, ReviewAppeal
from backend.reviews.schemas import (
    AppealOutcome,
    CoachingView,
    ReviewAppealView,
    ReviewDetail,
    ReviewState,
    ReviewView,
    ScoreSheet,
    SheetAnswers,
)
from backend.reviews.scoring import score
from backend.reviews.settings import ReviewSettings
from backend.reviews.sheets import sheet_of
from backend.reviews.states import JUDGED

CHANGED = "review_changed"


@dataclass(frozen=True, slots=True)
class ReviewDesk:
    """Who asks, by which settings, and when."""

    who: Principal
    settings: ReviewSettings
    now: datetime

    def knows_judges(self, agent_id: UUID) -> bool:
        """Whether this person is told who judged a call of this agent: reviewers are, of others' calls."""
        return self.who.may(rules.JUDGE) and self.who.user_id != agent_id


@dataclass(frozen=True, slots=True)
class OpenReview:
    """A review with its sheet, its answers, and every hit that they may speak of."""

    review: Review
    sheet: ScoreSheet
    answers: SheetAnswers
    hits: list[HitView]


async def find(tx: Transaction, at: ReviewDesk, review_id: UUID) -> Review:
    """The review, if this person may see it. Raises `ReviewNotFound` and `StillBlind`."""
    review = await repository.by_id(tx.session, review_id)
    if review is None:
        raise rules.not_found()
    blind = review.calibration_id is not None
    rules.refuse_unseen(at.who, review, await repository.unfinished_beside(tx.session, review) if blind else 0)
    return review


async def opened(tx: Transaction, review: Review) -> OpenReview:
    """The review with all that belongs to it."""
    sheet = sheet_of(await repository.sheet_row(tx.session, review.sheet_id))
    return OpenReview(review, sheet, SheetAnswers.model_validate(review.answers), await _hits(tx, review))


async def _hits(tx: Transaction, review: Review) -> list[HitView]:
    """Those that were judged, as they were then; until the score is given also those that the checks find now."""
    kept = [HitView.model_validate(each) for each in review.hits]
    if ReviewState(review.state) in JUDGED:
        return kept
    known = {hit.hit_id for hit in kept}
    fresh = [hit for hit in await hit_views(tx, review.call_id, words=True) if hit.hit_id not in known]
    return sorted([*kept, *fresh], key=lambda hit: (hit.from_ms, hit.to_ms, hit.rule_id, str(hit.hit_id)))


def refuse_stale(review: Review, revision: int) -> None:
    """Raises `ReviewChangedMeanwhile` when the screen builds on an earlier revision."""
    if review.revision != revision:
        raise _changed_meanwhile()


async def change(tx: Transaction, review: Review, revision: int, changes: dict[str, Any]) -> Review:
    """Compare-and-set at the revision that the screen builds on. Raises `ReviewChangedMeanwhile`."""
    refuse_stale(review, revision)
    changed = await repository.change(tx.session, review, changes)
    if changed is None:
        raise _changed_meanwhile()
    return changed


def _changed_meanwhile() -> ReviewChangedMeanwhile:
    return ReviewChangedMeanwhile(
        "This review was saved in another place since.", kept=KEPT, next_step="Load it anew and compare."
    )


async def detail(tx: Transaction, at: ReviewDesk, review: Review) -> ReviewDetail:
    """A review as this person sees it."""
    whole = await opened(tx, review)
    appeal = await repository.appeal_of(tx.session, review.review_id)
    tasks = await repository.coaching_of_review(tx.session, review.review_id)
    talked = await candidates.talked(tx.session, [review.call_id])
    return ReviewDetail(
        review=review_view(at, review),
        sheet=whole.sheet,
        answers=whole.answers,
        result=score(whole.sheet, whole.answers, whole.hits),
        hits=whole.hits,
        appeal=None if appeal is None else _appeal_view(appeal, named=at.knows_judges(review.agent_id)),
        coaching=[coaching_view(at, task) for task in tasks],
        may=rules.open_moves(at.who, review, at.now, talked.get(review.call_id, ())),
        void_reason=review.void_reason,
    )


def review_view(at: ReviewDesk, review: Review, *, blind: bool = False) -> ReviewView:
    """A review in a list; the agent is not told who scored, and nobody what is still `blind`."""
    view = ReviewView.model_validate({name: getattr(review, name) for name in ReviewView.model_fields})
    hidden = dict.fromkeys(("score", "passed", "fatal")) if blind else {}
    return view.model_copy(update={**hidden, **({} if at.knows_judges(review.agent_id) else {"reviewer": None})})


def coaching_view(at: ReviewDesk, task: CoachingTask) -> CoachingView:
    """A coaching task as it is shown; its agent is not told who gave it, since that is who scored."""
    view = CoachingView.model_validate(task)
    return view if at.knows_judges(task.agent_id) else view.model_copy(update={"given_by": None})


def tell(tx: Transaction, reviews: Sequence[Review], now: datetime, *, also: Sequence[UUID] = ()) -> None:
    """Tell those who are concerned that reviews moved: the reviewer, the agent once there is a score that counts, every
    reviewer of what they may decide and of calibrations, whose page shows who has finished, who assigns reviews, and
    these people `also`. What was found is not in the event: who hears of it asks for it."""
    for review in reviews:
        audience = [*(f"user:{each}" for each in (review.reviewer_id, *also)), f"permission:{rules.ASSIGN}"]
        if ReviewState(review.state) in JUDGED and review.calibration_id is None:
            audience += [f"user:{review.agent_id}", *([f"permission:{rules.JUDGE}"] if _appealed(review) else [])]
        elif review.calibration_id is not None:
            audience.append(f"permission:{rules.JUDGE}")
        payload = {"review_id": str(review.review_id), "state": review.state}
        tx.emit(CHANGED, entity=str(review.review_id), audience=audience, payload=payload, at=now)


def _appealed(review: Review) -> bool:
    return review.state != ReviewState.SCORED.value


def _appeal_view(appeal: ReviewAppeal, *, named: bool) -> ReviewAppealView:
    return ReviewAppealView(
        reason=appeal.reason,
        made_at=appeal.made_at,
        score_before=appeal.before["score"],
        outcome=None if appeal.outcome is None else AppealOutcome(appeal.outcome),
        outcome_reason=appeal.outcome_reason,
        decided_at=appeal.decided_at,
        decided_by=appeal.decided_by if named else None,
    )
