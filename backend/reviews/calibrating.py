"""Double-blind calibration: several reviewers judge the same calls, and see how far they agreed once all are done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from uuid import UUID

from backend.identity import audit
from backend.identity.permissions import Roles
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.kernel.queries import insert_new
from backend.kernel.versions import InForce
from backend.reviews import candidates, repository, rules
from backend.reviews.agreement import agreement
from backend.reviews.desk import ReviewDesk, review_view, tell
from backend.reviews.drawing import Sheets, new_review, reviewable, reviewing_roles
from backend.reviews.errors import CalibrationReused, DrawnBefore, NotAReviewer, NothingToCalibrate
from backend.reviews.models import Calibration, Review
from backend.reviews.sampling import Candidate, Chosen, chance
from backend.reviews.schemas import (
    AgreementView,
    CalibratedCall,
    Calibrations,
    CalibrationView,
    CalibrationWish,
    LevelsApart,
    Purpose,
    ReviewerView,
    ReviewState,
    ScoreSheet,
)
from backend.reviews.sheets import sheet_of
from backend.reviews.states import JUDGED, WAITING

_ALL = ("全部项目", "All items")


async def reviewers(tx: Transaction, roles: Roles) -> list[ReviewerView]:
    """Everybody who reviews."""
    people = await candidates.reviewers(tx.session, reviewing_roles(roles))
    return [ReviewerView(user_id=user_id, name=name) for user_id, name in people.items()]


async def begin(
    tx: Transaction, at: ReviewDesk, roles: Roles, sheets: InForce[Sheets], wish: CalibrationWish
) -> CalibrationView:
    """Give the same calls to several reviewers; the same request begins once.

    Raises `NotAReviewer`, `OwnCall`, `CallNotReviewable`, `DrawnBefore`, `NothingToCalibrate` or `CalibrationReused`.
    """
    people = await candidates.reviewers(tx.session, reviewing_roles(roles))
    _refuse_strangers(people, wish.reviewers)
    calibration = Calibration(
        calibration_id=wish.calibration_id,
        made_at=at.now,
        made_by_id=at.who.user_id,
        made_by=at.who.display_name,
    )
    if not await insert_new(tx.session, calibration):
        return await _same(tx, at, wish)
    calls = await _calls(tx, at, wish)
    day = clock.beijing(at.now).date()
    in_force = await sheets.at(tx.session, at.now)
    for call in calls:
        chosen = Chosen(call, Purpose.CALIBRATION)
        for reviewer in wish.reviewers:
            review = new_review(
                chosen, reviewer, people[reviewer], in_force, day, at.now, calibration_id=wish.calibration_id
            )
            if not await insert_new(tx.session, review):
                raise DrawnBefore(
                    f"{people[reviewer]} was given this call for a calibration before.",
                    kept="Nothing was drawn a second time.",
                    next_step="Choose another call.",
                )
            tell(tx, [review], at.now)
    said = {"calls": len(calls), "reviewers": len(wish.reviewers)}
    await audit.record(tx, at.who, "calibration_begun", "calibration", wish.calibration_id, said, at=at.now)
    return (await _views(tx, at, [calibration]))[0]


async def calibrations(tx: Transaction, at: ReviewDesk) -> Calibrations:
    """The calibrations of the last time, and the agreement in all of them."""
    first = clock.beijing(at.now).date().toordinal() - at.settings.calibrations_shown_days
    since = clock.beijing(at.now).date().fromordinal(first)
    found = await repository.calibrations_since(tx.session, clock.day_begins(since))
    reviews = await repository.reviews_of_calibrations(tx.session, [each.calibration_id for each in found])
    sheets = await _sheets(tx, reviews)
    return Calibrations(
        since=since,
        agreement=_agreement(reviews, sheets),
        calibrations=[view for each in found if (view := _view(at, each, reviews, sheets)).calls],
    )


def _refuse_strangers(people: Mapping[UUID, str], asked: Sequence[UUID]) -> None:
    if len(set(asked)) < len(asked) or not set(asked) <= set(people):
        raise NotAReviewer(
            "Somebody who is to judge is no reviewer, or is named twice.",
            kept="Nothing was drawn.",
            next_step="Choose different people among the reviewers.",
            field="reviewers",
        )


async def _calls(tx: Transaction, at: ReviewDesk, wish: CalibrationWish) -> list[Candidate]:
    """The calls that are asked for, or so many at random that all of these people could judge."""
    if wish.call_ids:
        asked = [await reviewable(tx, call_id) for call_id in dict.fromkeys(wish.call_ids)]
        talked = await candidates.talked(tx.session, wish.call_ids)
        for call in asked:
            for reviewer in wish.reviewers:
                rules.refuse_own_call(reviewer, call.agent_id, talked.get(call.call_id, ()))
        return asked
    found = await candidates.for_calibration(tx.session, at.now - at.settings.look_back, wish.reviewers)
    talked = await candidates.talked(tx.session, [call.call_id for call in found])
    strange = [call for call in found if not {call.agent_id, *talked.get(call.call_id, ())} & set(wish.reviewers)]
    seed = str(wish.calibration_id)
    chosen = sorted(strange, key=lambda call: chance(seed, call.call_id))[: wish.count]
    if not chosen:
        raise NothingToCalibrate(
            "There is no call of the last days that all of these reviewers could judge.",
            kept="Nothing was drawn.",
            next_step="Choose other reviewers, or name a call.",
        )
    return chosen


async def _same(tx: Transaction, at: ReviewDesk, wish: CalibrationWish) -> CalibrationView:
    standing = await repository.calibration_by_id(tx.session, wish.calibration_id)
    reviews = await repository.reviews_of_calibrations(tx.session, [wish.calibration_id])
    same = standing is not None and standing.made_by_id == at.who.user_id
    calls = {review.call_id for review in reviews}
    if not same or {review.reviewer_id for review in reviews} != set(wish.reviewers) or not set(wish.call_ids) <= calls:
        raise CalibrationReused(
            "A calibration of this id was begun already, with other calls or reviewers.",
            kept="It stands as it was begun first.",
            next_step="Load the page anew.",
            field="calibration_id",
        )
    assert standing is not None
    return (await _views(tx, at, [standing]))[0]


async def _views(tx: Transaction, at: ReviewDesk, found: Sequence[Calibration]) -> list[CalibrationView]:
    reviews = await repository.reviews_of_calibrations(tx.session, [each.calibration_id for each in found])
    sheets = await _sheets(tx, reviews)
    return [_view(at, each, reviews, sheets) for each in found]


async def _sheets(tx: Transaction, reviews: Iterable[Review]) -> dict[int, ScoreSheet]:
    rows = await repository.sheet_rows(tx.session, {review.sheet_id for review in reviews})
    return {row.row_id: sheet_of(row) for row in rows}


def _view(
    at: ReviewDesk, calibration: Calibration, reviews: Iterable[Review], sheets: Mapping[int, ScoreSheet]
) -> CalibrationView:
    # whose call it is does not see how it was judged, also as a reviewer
    own = [
        review
        for review in reviews
        if review.calibration_id == calibration.calibration_id and review.agent_id != at.who.user_id
    ]
    calls = [_call(at, list(group), sheets) for _, group in groupby(own, key=lambda review: review.call_id)]
    return CalibrationView(
        calibration_id=calibration.calibration_id,
        made_at=calibration.made_at,
        made_by=calibration.made_by,
        reviewers=sorted({review.reviewer for review in own}),
        calls=calls,
        agreement=_agreement(own, sheets),
    )


def _call(at: ReviewDesk, group: Sequence[Review], sheets: Mapping[int, ScoreSheet]) -> CalibratedCall:
    done = not any(ReviewState(review.state) in WAITING for review in group)
    mine = at.who.user_id
    return CalibratedCall(
        call_id=group[0].call_id,
        arrived_at=group[0].arrived_at,
        agent_name=group[0].agent_name,
        done=done,
        sheets=[review_view(at, each, blind=not done and each.reviewer_id != mine) for each in group],
        apart=_apart(group, sheets[group[0].sheet_id]) if done else [],
    )


def _apart(group: Sequence[Review], sheet: ScoreSheet) -> list[LevelsApart]:
    """The items on which those who finished differ; none when somebody's sheet became void."""
    if any(ReviewState(review.state) not in JUDGED for review in group):
        return []
    given = [(item, [review.answers["items"][item.code] for review in group]) for item in sheet.items]
    return [
        LevelsApart(item=item.code, name=item.name, en=item.en, levels=levels)
        for item, levels in given
        if len(set(levels)) > 1
    ]


def _agreement(reviews: Iterable[Review], sheets: Mapping[int, ScoreSheet]) -> list[AgreementView]:
    """The agreement on each item and on all, over the calls that everybody has finished."""
    judged: dict[str | None, list[list[tuple[UUID, int]]]] = {None: []}
    names: dict[str | None, tuple[str, str]] = {None: _ALL}
    ordered = sorted(reviews, key=lambda review: (str(review.calibration_id), review.call_id))
    for _, same in groupby(ordered, key=lambda review: (review.calibration_id, review.call_id)):
        group = list(same)
        if any(ReviewState(review.state) in WAITING for review in group):
            continue
        finished = [review for review in group if ReviewState(review.state) in JUDGED]
        for item in sheets[group[0].sheet_id].items:
            levels = [(review.reviewer_id, review.answers["items"][item.code]) for review in finished]
            names.setdefault(item.code, (item.name, item.en))
            judged.setdefault(item.code, []).append(levels)
            judged[None].append(levels)
    found = {code: agreement(levels) for code, levels in judged.items()}
    return [
        AgreementView(item=code, name=names[code][0], en=names[code][1], pairs=f.pairs, equal=f.equal, kappa=f.kappa)
        for code, f in found.items()
    ]
