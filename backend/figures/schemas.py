"""Figures as the console shows them: each rate with what it is a part of, each average with how many it is of."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from backend.figures.board import SpanName
from backend.kernel.schemas import Schema


class FiguresQuery(Schema):
    """Which span: the last 15 minutes, hour or 24 hours, or a day in Beijing (today if `day` is not given)."""

    span: SpanName = "day"
    day: date | None = Field(default=None, description="Only with span=day")


class ShareView(Schema):
    """`part` of `whole`; `share` is 0..1, None where there is nothing to take a share of."""

    part: int
    whole: int
    share: float | None


class AverageView(Schema):
    """`average_ms` over `count`; None where there is none."""

    average_ms: int | None
    count: int


class CallFigures(Schema):
    """Citizens' calls; see `backend.calls.measures` for each word."""

    offered: int
    answered: int
    abandoned: int
    short: int
    callbacks_asked: int
    within_target: ShareView
    connection: ShareView
    abandonment: ShareView
    speed_of_answer: AverageView
    talk: AverageView
    hold: AverageView
    wrap_up: AverageView
    handling: AverageView
    longest_wait_ms: int | None


class GroupFigures(Schema):
    """The calls of one queue or one skill; `name` is empty for calls that ended before they were in any queue."""

    name: str
    title: str
    figures: CallFigures


class SeatFigures(Schema):
    """One seat that somebody sat at: who, what was done, and where the time went (ms)."""

    seat: str
    agents: list[str]
    talks: int
    missed: int
    occupancy: ShareView
    talk: AverageView
    hold: AverageView
    wrap_up: AverageView
    handling: AverageView
    ready_ms: int
    paused_ms: int


class CurvePoint(Schema):
    """The calls that arrived from `at` on for one slot."""

    at: datetime
    offered: int
    answered: int
    within_target: ShareView


class MeasureView(Schema):
    """How a rate is formed, in both languages, and where that comes from."""

    key: str
    zh: str
    en: str
    source: str


class FiguresView(Schema):
    """All figures of [since, until), counted at `until` at the latest; thresholds in ms."""

    since: datetime
    until: datetime
    target_ms: int
    short_ms: int
    total: CallFigures
    queues: list[GroupFigures]
    skills: list[GroupFigures]
    seats: list[SeatFigures]
    curve: list[CurvePoint]
    measures: list[MeasureView]
