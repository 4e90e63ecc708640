"""Reviews as the console shows and asks for them. Times in a recording are ms from its start."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from backend.cases.rules import clean_text
from backend.citizens.hidden_numbers import NumbersHidden, hide_numbers
from backend.kernel.schemas import CallId, Schema
from backend.quality.schemas import HitView

FULL = 100
"""What the weights of a sheet add up to, and the best score."""

LEVELS = (1, 2, 3, 4, 5)
NOT_APPLICABLE = 0
"""The level of an item that the call gave no occasion for; its weight goes to the others."""

Code = Annotated[str, StringConstraints(max_length=32)]
Text = Annotated[str, StringConstraints(max_length=2000), AfterValidator(clean_text), AfterValidator(hide_numbers)]
"""What people write about a call; whoever quotes a citizen's number from it, writes down no number."""
Said = Annotated[Text, Field(min_length=1)]
Revision = Annotated[int, Field(ge=1, le=2**31 - 1)]
Ms = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Direction(StrEnum):
    """Which way a call went."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Purpose(StrEnum):
    """Why a call was drawn: a fatal hit 致命命中, at random 随机, by risk 风险, by hand 点选, for calibration 校准."""

    FATAL = "fatal"
    RANDOM = "random"
    RISK = "risk"
    PICKED = "picked"
    CALIBRATION = "calibration"


class ReviewState(StrEnum):
    """The life of a review; `backend.reviews.states` says what leads from where to where.

    Drawn 待评, opened 评分中, scored 已评, appealed 申诉中, upheld 维持, changed 改判, void 作废.
    """

    DRAWN = "drawn"
    OPENED = "opened"
    SCORED = "scored"
    APPEALED = "appealed"
    UPHELD = "upheld"
    CHANGED = "changed"
    VOID = "void"


class FatalItem(Schema):
    """What makes a call worthless."""

    code: str
    name: str
    en: str
    what: str


class ScoreItem(FatalItem):
    """What is judged, with its weight of 100."""

    weight: int


class ScoreSheet(Schema):
    """A score sheet. `levels` is how many percent of an item's weight a level earns, `unsure` what a hit deducts of
    which the check was not sure and the reviewer is, by severity."""

    sheet_id: int
    version: str
    code: str
    direction: Direction
    name: str
    en: str
    pass_at: int
    levels: dict[int, int]
    unsure: dict[str, int]
    items: list[ScoreItem]
    fatal: list[FatalItem]


class Verdict(StrEnum):
    """What the reviewer says of a hit of the machine: taken over 采纳, or dismissed as a false alarm 误报."""

    TAKEN = "taken"
    DISMISSED = "dismissed"


class Remark(Schema):
    """A comment on a span of the recording."""

    from_ms: Ms
    to_ms: Ms
    text: Said

    @model_validator(mode="after")
    def _in_order(self) -> Remark:
        if self.to_ms < self.from_ms:
            raise ValueError("a span ends after it begins")
        return self


class SheetAnswers(Schema):
    """A score sheet as it is filled in, finished or not.

    `items` holds the level of each item that was judged (0: no occasion for it), `fatal` the codes of the fatal items
    that hold, `hits` what the reviewer says of the machine's hits.
    """

    items: dict[Code, Annotated[int, Field(ge=NOT_APPLICABLE, le=max(LEVELS))]] = Field(default={}, max_length=40)
    fatal: list[Code] = Field(default=[], max_length=40)
    hits: dict[UUID, Verdict] = Field(default={}, max_length=500)
    remarks: list[Remark] = Field(default=[], max_length=100)
    note: Text = ""


class ScoreView(Schema):
    """What answers come to: `earned` by the items, less what hits deduct, or nothing when something `fatal` holds.

    `missing` are the items that are yet to be judged, `undecided` how many fatal hits are; only a sheet that lacks
    nothing can be finished.
    """

    score: int
    earned: int
    deducted: int
    fatal: bool
    passed: bool
    missing: list[str]
    undecided: int


class ReviewView(Schema):
    """A review in a list. `score` is told once it is scored; `reviewer` is None for the agent who was reviewed."""

    review_id: UUID
    call_id: str
    purpose: Purpose
    state: ReviewState
    revision: int
    why: dict[str, int]
    arrived_at: datetime
    talk_ms: int | None
    agent_id: UUID
    agent_name: str
    reviewer: str | None
    score: int | None
    passed: bool | None
    fatal: bool | None
    drawn_at: datetime
    saved_at: datetime | None
    scored_at: datetime | None
    appeal_until: datetime | None


class AppealOutcome(StrEnum):
    """What became of an appeal."""

    UPHELD = "upheld"
    CHANGED = "changed"


class ReviewAppealView(Schema):
    """An appeal against a review. `score_before` is what the first reviewer had given; `decided_by` is None for the
    agent."""

    reason: str
    made_at: datetime
    score_before: int
    outcome: AppealOutcome | None
    outcome_reason: str | None
    decided_at: datetime | None
    decided_by: str | None


class CoachingView(Schema):
    """A coaching task: what an agent is to hear again, from when to when, and why. `read_at` is the read receipt;
    `given_by` is None for the agent."""

    task_id: UUID
    review_id: UUID
    call_id: str
    agent_name: str
    from_ms: int
    to_ms: int
    text: NumbersHidden
    given_at: datetime
    given_by: str | None
    read_at: datetime | None


class ReviewDetail(Schema):
    """One review with its sheet as it is filled in. `may` are the moves that are open to this person now."""

    review: ReviewView
    sheet: ScoreSheet
    answers: SheetAnswers
    result: ScoreView
    hits: list[HitView]
    appeal: ReviewAppealView | None
    coaching: list[CoachingView]
    may: list[str]
    void_reason: str | None


class ReviewQueue(Schema):
    """What waits for a reviewer: own reviews, appeals that this person may decide, and what was finished today.

    `quota` is how many calls may be drawn for one person a day, `drawn` how many were today.
    """

    waiting: list[ReviewView]
    appeals: list[ReviewView]
    finished: list[ReviewView]
    quota: int
    drawn: int


class DrawDone(Schema):
    """How many calls were drawn for which purpose, and how many wait because no reviewer had room."""

    drawn: dict[Purpose, int]
    left: int


class PickWish(Schema):
    """A call that a reviewer wants to judge."""

    call_id: CallId


class SheetWish(Schema):
    """A sheet as it stands on the screen, and the revision that it builds on."""

    revision: Revision
    answers: SheetAnswers


class VoidWish(Schema):
    """Why a call cannot be judged."""

    revision: Revision
    reason: Said


class SheetSaved(Schema):
    """What the server holds now, and what it comes to."""

    revision: int
    saved_at: datetime
    result: ScoreView


class AppealWish(Schema):
    """Why an agent does not agree."""

    reason: Said


class AppealVerdict(Schema):
    """How an appeal is decided: with other `answers` the review is changed, without it is upheld."""

    revision: Revision
    reason: Said
    answers: SheetAnswers | None = None


class CoachingWish(Schema):
    """What the agent is to hear again; the id is made by whoever gives it, so that it is given once."""

    task_id: UUID
    from_ms: Ms
    to_ms: Ms
    text: Said

    @model_validator(mode="after")
    def _in_order(self) -> CoachingWish:
        if self.to_ms <= self.from_ms:
            raise ValueError("a clip ends after it begins")
        return self


class ReviewerView(Schema):
    """Somebody who reviews."""

    user_id: UUID
    name: str


class ReviewerLoad(ReviewerView):
    """What a reviewer has on the desk; `active` is False for somebody who reviews no more."""

    active: bool
    waiting: int
    opened: int
    drawn_today: int


class WaitingReview(ReviewView):
    """A review that waits, and with whom: two reviewers may have one name."""

    reviewer_id: UUID


class Assignments(Schema):
    """Every review that waits, the oldest first, and what each reviewer has; `quota` is how many calls may be drawn for
    one person a day."""

    quota: int
    reviewers: list[ReviewerLoad]
    reviews: list[WaitingReview]


class AssignWish(Schema):
    """To whom a review goes, as it was read, and why."""

    revision: Revision
    reviewer_id: UUID
    reason: Said


class CalibrationWish(Schema):
    """Who is to judge the same calls blind: these ones, or so many at random. The id is made by whoever asks."""

    calibration_id: UUID
    reviewers: Annotated[list[UUID], Field(min_length=2, max_length=8)]
    call_ids: Annotated[list[CallId], Field(max_length=50)] = []
    count: Annotated[int, Field(ge=0, le=50)] = 0


class AgreementView(Schema):
    """How far reviewers agree on one item, or (`item` None) on all: Cohen's kappa, and the share of equal levels.

    `pairs` is how many pairs of judgements were compared. `kappa` is None where it is not defined: nothing to compare,
    or everybody always gave one and the same level.
    """

    item: str | None
    name: str
    en: str
    pairs: int
    equal: float | None
    kappa: float | None


class LevelsApart(Schema):
    """An item on which reviewers differed: the level of each, in the order of the sheets of the call."""

    item: str
    name: str
    en: str
    levels: list[int]


class CalibratedCall(Schema):
    """One call of a calibration: who has finished. The sheets, and on what they differ, can be seen once everybody
    has."""

    call_id: str
    arrived_at: datetime
    agent_name: str
    done: bool
    sheets: list[ReviewView]
    apart: list[LevelsApart]


class CalibrationView(Schema):
    """A calibration with its calls, and how far the reviewers agreed on those that everybody has finished."""

    calibration_id: UUID
    made_at: datetime
    made_by: str
    reviewers: list[str]
    calls: list[CalibratedCall]
    agreement: list[AgreementView]


class Calibrations(Schema):
    """The calibrations since a day, the last first, and the agreement in all of them."""

    since: date
    agreement: list[AgreementView]
    calibrations: list[CalibrationView]
