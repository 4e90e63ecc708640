"""The state of recognition as messages."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from backend.calls.schemas import RecordingState
from backend.kernel.schemas import Problem, Schema

MOST_AT_ONCE = 200


class WaitingKind(StrEnum):
    """Which recordings wait: complaints and low scores, all others, and those that have a text and get a new one."""

    FIRST = "first"
    NORMAL = "normal"
    AGAIN = "again"


class WaitingView(Schema):
    """The recordings of one priority: how many wait, how many are heard just now, since when the oldest waits."""

    kind: WaitingKind
    waiting: int
    running: int
    oldest_at: datetime | None


class SpeedView(Schema):
    """What the last hour did. `per_cpu_s` are seconds of audio for each second of CPU of the recogniser's processes,
    None when nothing was heard."""

    recordings: int
    audio_s: float
    cpu_s: float
    per_cpu_s: float | None


class FailedHearing(Schema):
    """A call that got no transcript, or no new one (`has_text`): why, and whether its job is `parked`.

    `recording` tells whether there is one to hear at all.
    """

    call_id: str
    arrived_at: datetime
    agent_name: str | None
    failed_at: datetime
    reason: Problem
    parked: bool
    has_text: bool
    recording: RecordingState


class RecognitionStatus(Schema):
    """Recognition at one moment: what waits, those that go first first; the last hour; the newest failures of all.

    `away` is what recordings wait for that no worker of theirs finds just now: the store, a model.
    """

    waiting: list[WaitingView]
    away: Problem | None
    speed: SpeedView
    model: str | None
    failed_total: int
    failed: list[FailedHearing]
    as_of: datetime


class RetryWish(Schema):
    """Which calls are to be tried again."""

    call_ids: list[str] = Field(min_length=1, max_length=MOST_AT_ONCE)


class RetryDone(Schema):
    """Which of them were asked for again; those that had not failed (any more) are left out."""

    asked: list[str]
