"""Appeals of agents against a score: made once and in time, decided by another reviewer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.identity import audit
from backend.kernel.database import Transaction
from backend.kernel.paging import make_cursor, read_cursor
from backend.kernel.queries import insert_new
from backend.kernel.schemas import Page
from backend.reviews import candidates, repository, rules
from backend.reviews.desk import ReviewDesk, change, detail, find, opened, review_view, tell
from backend.reviews.models import ReviewAppeal
from backend.reviews.reviewing import outcome
from backend.reviews.schemas import AppealOutcome, AppealVerdict, ReviewDetail, ReviewState, ReviewView
from backend.reviews.scoring import check_answers, check_complete, score
from backend.reviews.states import ReviewMove, move_review


async def results(tx: Transaction, at: ReviewDesk, cursor: str | None, limit: int) -> Page[ReviewView]:
    """The agent's own results, the last first; raises `CursorInvalid`."""
    before = read_cursor(cursor, UUID) if cursor else None
    rows = await repository.results_of(tx.session, at.who.user_id, before, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[review_view(at, each) for each in rows[:limit]],
        next_cursor=make_cursor(last.scored_at, last.review_id) if last is not None and last.scored_at else None,
    )


async def appeal(tx: Transaction, at: ReviewDesk, review_id: UUID, reason: str) -> ReviewDetail:
    """The agent does not agree. Raises `ReviewNotFound`, `ReviewAppealTooLate`, `ReviewCannotMove` for a second one."""
    review = await find(tx, at, review_id)
    if review.agent_id != at.who.user_id:
        raise rules.not_found()
    after = move_review(ReviewState(review.state), ReviewMove.APPEAL)
    rules.refuse_late(review, at.now)
    made = ReviewAppeal(
        review_id=review_id,
        reason=reason,
        made_at=at.now,
        made_by_id=at.who.user_id,
        before={"score": review.score, "answers": review.answers, "hits": review.hits},
    )
    appealed = await change(tx, review, review.revision, {"state": after.value})
    await insert_new(tx.session, made)
    tell(tx, [appealed], at.now)
    await audit.record(tx, at.who, "review_appealed", "review", review_id, {"call_id": review.call_id}, at=at.now)
    return await detail(tx, at, appealed)


async def decide(tx: Transaction, at: ReviewDesk, review_id: UUID, verdict: AppealVerdict) -> ReviewDetail:
    """Another reviewer upholds the score, or changes the sheet and with it the score.

    Raises `DecidesOwnReview`, `OwnCall`, `ReviewCannotMove`, `ReviewChangedMeanwhile`, and like `reviewing.finish`.
    """
    review = await find(tx, at, review_id)
    rules.refuse_first_judge(at.who, review)
    talked = await candidates.talked(tx.session, [review.call_id])
    rules.refuse_own_call(at.who.user_id, review.agent_id, talked.get(review.call_id, ()))
    by = ReviewMove.UPHOLD if verdict.answers is None else ReviewMove.CHANGE
    changes: dict[str, Any] = {"state": move_review(ReviewState(review.state), by).value}
    if verdict.answers is not None:
        whole = await opened(tx, review)
        check_answers(whole.sheet, verdict.answers, whole.hits)
        result = score(whole.sheet, verdict.answers, whole.hits)
        check_complete(result)
        changes |= {**outcome(result), "answers": verdict.answers.model_dump(mode="json")}
    decided = await change(tx, review, verdict.revision, changes)
    made = await repository.appeal_of(tx.session, review_id)
    assert made is not None, "what is appealed against has an appeal"
    made.outcome = (AppealOutcome.UPHELD if verdict.answers is None else AppealOutcome.CHANGED).value
    made.outcome_reason, made.decided_at = verdict.reason, at.now
    made.decided_by_id, made.decided_by = at.who.user_id, at.who.display_name
    await tx.session.flush()
    tell(tx, [decided], at.now)
    said = {"call_id": review.call_id, "outcome": made.outcome, "score": decided.score}
    await audit.record(tx, at.who, "review_appeal_decided", "review", review_id, said, at=at.now)
    return await detail(tx, at, decided)
