"""The life of a review, and who may do what with one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from backend.identity.principal import Principal
from backend.reviews import rules
from backend.reviews.errors import OwnCall, ReviewAppealTooLate, ReviewCannotMove, ReviewNotFound, StillBlind
from backend.reviews.models import Review
from backend.reviews.schemas import ReviewState
from backend.reviews.states import JUDGED, TRANSITIONS, WAITING, ReviewMove, move_review

NOW = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
REVIEWER, AGENT, OTHER = uuid4(), uuid4(), uuid4()


def person(user_id: UUID, *permissions: str) -> Principal:
    return Principal(user_id, "someone", "某人", (), frozenset(permissions), uuid4(), NOW)


def review(state: str, *, calibration: bool = False) -> Review:
    return Review(
        review_id=uuid4(), reviewer_id=REVIEWER, reviewer="质检员", agent_id=AGENT, state=state,
        calibration_id=uuid4() if calibration else None,
        appeal_until=NOW if ReviewState(state) in JUDGED and not calibration else None,
    )  # fmt: skip


def test_every_move_that_the_table_does_not_hold_is_refused() -> None:
    for state in (None, *ReviewState):
        for by in ReviewMove:
            if (state, by) in TRANSITIONS:
                assert move_review(state, by) is TRANSITIONS[state, by]
            else:
                with pytest.raises(ReviewCannotMove):
                    move_review(state, by)


def test_nothing_leads_out_of_an_end_and_every_state_can_be_reached() -> None:
    reached = set(TRANSITIONS.values())
    assert reached == set(ReviewState)
    ends = set(ReviewState) - {state for state, _ in TRANSITIONS}
    assert ends == {ReviewState.UPHELD, ReviewState.CHANGED, ReviewState.VOID}
    assert not WAITING & JUDGED


@pytest.mark.parametrize("state", list(ReviewState))
def test_the_agent_sees_and_moves_nothing_until_there_is_a_score(state: ReviewState) -> None:
    agent, given = person(AGENT, "reviews.read_own", "reviews.judge"), review(state.value)
    if state in JUDGED:
        rules.refuse_unseen(agent, given, 0)
        assert rules.open_moves(agent, given, NOW) == (["appeal"] if state is ReviewState.SCORED else [])
    else:
        with pytest.raises(ReviewNotFound):
            rules.refuse_unseen(agent, given, 0)


def test_an_agent_never_sees_a_calibration_and_reviewers_only_when_all_are_done() -> None:
    done = review("scored", calibration=True)
    for unfinished in (0, 1):
        with pytest.raises(ReviewNotFound):
            rules.refuse_unseen(person(AGENT, "reviews.judge", "reviews.read_own"), done, unfinished)
    other = person(OTHER, "reviews.judge")
    with pytest.raises(StillBlind):
        rules.refuse_unseen(other, done, 1)
    rules.refuse_unseen(other, done, 0)
    rules.refuse_unseen(person(REVIEWER, "reviews.judge"), review("opened", calibration=True), 2)


def test_moves_belong_to_the_reviewer_the_agent_or_another_reviewer() -> None:
    def moves(who: UUID, state: str) -> list[str]:
        return rules.open_moves(person(who, "reviews.judge", "reviews.read_own"), review(state), NOW)

    assert moves(REVIEWER, "drawn") == ["open", "void"]
    assert moves(REVIEWER, "opened") == ["save", "score", "void", "coach"]
    assert moves(REVIEWER, "appealed") == ["coach"], "the appeal is not for who scored"
    assert moves(OTHER, "appealed") == ["change", "uphold"]
    assert moves(OTHER, "opened") == []
    assert rules.open_moves(person(OTHER, "reviews.judge"), review("appealed"), NOW, {OTHER}) == []
    assert "coach" not in rules.open_moves(person(REVIEWER), review("scored", calibration=True), NOW)


def test_the_last_moment_for_an_appeal_is_in_time_and_the_next_is_not() -> None:
    given = review("scored")
    rules.refuse_late(given, NOW)
    late = NOW + timedelta(microseconds=1)
    assert rules.open_moves(person(AGENT), given, late) == []
    with pytest.raises(ReviewAppealTooLate):
        rules.refuse_late(given, late)


def test_who_handed_a_call_over_has_talked_in_it_too() -> None:
    rules.refuse_own_call(OTHER, AGENT, [REVIEWER])
    for who, talked in ((AGENT, []), (OTHER, [OTHER])):
        with pytest.raises(OwnCall):
            rules.refuse_own_call(who, AGENT, talked)
