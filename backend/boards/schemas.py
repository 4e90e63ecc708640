"""Boards as the console asks for them and shows them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from asr.audio import Leg
from asr.checks.hits import Severity
from backend.citizens.hidden_numbers import NumbersHidden
from backend.figures.schemas import ShareView
from backend.kernel.schemas import Schema
from backend.quality.schemas import RuleTitle
from backend.reviews.schemas import AppealOutcome, Purpose, ReviewState

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
Cursor = Annotated[str, StringConstraints(max_length=300)]


class BoardFilters(Schema):
    """What a board is narrowed to; "-" stands for calls that have none: no group, no queue, nobody signed in."""

    team: Name | None = None
    queue: Name | None = None
    agent: UUID | Literal["-"] | None = None
    rule: Name | None = None
    severity: Severity | None = None


class BoardQuery(BoardFilters):
    """The days of a board in Beijing, both included; today when none is said."""

    first: date | None = None
    last: date | None = None


class HitsWanted(StrEnum):
    """Which hits: faults that count, the fatal ones of them, those that nobody is sure of, praise."""

    FAULTS = "faults"
    FATAL = "fatal"
    UNSURE = "unsure"
    PRAISE = "praise"


class CallsWanted(StrEnum):
    """Which checked calls: all, those with a fault that counts, with a fatal one, with praise."""

    CHECKED = "checked"
    HIT = "hit"
    FATAL = "fatal"
    PRAISED = "praised"


class ReviewsWanted(StrEnum):
    """Which scores: all, those that were appealed against, those that an appeal changed."""

    ALL = "all"
    APPEALED = "appealed"
    GRANTED = "granted"


class BoardListQuery(BoardQuery):
    """A page of what stands behind a number."""

    cursor: Cursor | None = None
    limit: int = Field(default=50, ge=1, le=200)


class HitsQuery(BoardListQuery):
    """The hits behind a number."""

    which: HitsWanted = HitsWanted.FAULTS


class CallsQuery(BoardListQuery):
    """The calls behind a number."""

    which: CallsWanted = CallsWanted.CHECKED


class ReviewsQuery(BoardListQuery):
    """The scores behind a number."""

    which: ReviewsWanted = ReviewsWanted.ALL


class BoardFigures(Schema):
    """What was counted, see `backend.boards.tally` for each word. `per_100` is hits in 100 checked calls and None where
    none was checked; `few` says that so few were that it tells little."""

    calls: int
    calls_hit: int
    calls_fatal: int
    calls_praised: int
    hits: int
    unsure: int
    praise: int
    per_100: float | None
    few: bool
    reviews: int
    reviewed: int
    mean_score: float | None
    passed: ShareView
    appeals: int
    granted: ShareView


class BoardRule(Schema):
    """The hits of one rule, praise as well; `before` is how many in 100 calls in as many days just before."""

    rule_id: str
    title: RuleTitle
    severity: Severity
    hits: int
    unsure: int
    calls: int
    per_100: float | None
    before: float | None


class BoardAgent(Schema):
    """One agent; `agent_id` is None for calls that a seat took at which nobody had signed in. `trend` is hits in 100
    checked calls by part of the period. `first_praise_at` is the first praise there ever was, `first_now` that it lies
    in this period."""

    agent_id: UUID | None
    agent: str
    team: str | None
    figures: BoardFigures
    before: float | None
    trend: list[float | None]
    first_praise_at: datetime | None
    first_now: bool


class BoardGroup(Schema):
    """One group of the hall, or one queue; `name` is None for calls that have none."""

    name: str | None
    title: str
    figures: BoardFigures
    before: float | None


class BoardPart(Schema):
    """One day or week."""

    first: date
    last: date
    figures: BoardFigures


class Board(Schema):
    """A board: the whole, the whole of as many days just before, and the whole in parts."""

    first: date
    last: date
    before_first: date
    before_last: date
    total: BoardFigures
    before: BoardFigures
    rules: list[BoardRule]
    agents: list[BoardAgent]
    teams: list[BoardGroup]
    queues: list[BoardGroup]
    parts: list[BoardPart]


class BoardCallRow(Schema):
    """What every row behind a number says of its call."""

    call_id: str
    arrived_at: datetime
    agent_id: UUID | None
    agent: str | None
    team: str | None
    queue: str | None


class BoardHit(BoardCallRow):
    """A hit behind a number; `judged`: a reviewer took it over; `first`: it is the first praise of its agent."""

    hit_id: UUID
    rule_id: str
    title: RuleTitle
    severity: Severity
    leg: Leg
    from_ms: int
    to_ms: int
    text: NumbersHidden
    sure: bool
    judged: bool
    points: int
    first: bool


class BoardCall(BoardCallRow):
    """A checked call behind a number, with what was found in it."""

    talk_ms: int | None
    hits: int
    fatal: int
    unsure: int
    praise: int


class BoardReview(BoardCallRow):
    """A score behind a number; `reviewer` is told to reviewers only."""

    review_id: UUID
    purpose: Purpose
    state: ReviewState
    score: int
    passed: bool
    fatal: bool
    reviewer: str | None
    scored_at: datetime
    outcome: AppealOutcome | None


class CoachingMark(Schema):
    """When an agent was given something to hear again."""

    given_at: datetime
    text: NumbersHidden
    read_at: datetime | None


class AgentTrend(Schema):
    """How one agent's calls went, by day or week; praise comes first. `first_praise` is the first that there ever was,
    if it lies in the period."""

    agent_id: UUID
    agent: str
    team: str | None
    first: date
    last: date
    total: BoardFigures
    before: BoardFigures
    parts: list[BoardPart]
    coaching: list[CoachingMark]
    praise: list[BoardHit]
    first_praise_at: datetime | None


class AgentChoice(Schema):
    """Somebody whom a board can be narrowed to."""

    agent_id: UUID
    name: str
    team: str | None


class QueueChoice(Schema):
    """A queue that a board can be narrowed to."""

    queue: str
    title: str


class RuleChoice(Schema):
    """A rule that a board can be narrowed to."""

    rule_id: str
    title: RuleTitle
    severity: Severity


class BoardChoices(Schema):
    """What a board can be narrowed to. `own_team` is the only group that this person sees ("" for those in none), None
    for who sees all."""

    today: date
    own_team: str | None
    teams: list[str]
    agents: list[AgentChoice]
    queues: list[QueueChoice]
    rules: list[RuleChoice]
