"""What the configuration says of routing: skills, sub-centres, widening, overflow, old numbers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from telephony.names import DEFAULT_HOST

Digits = Annotated[str, StringConstraints(pattern=r"^\d{2,15}$")]
QueueName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
SkillName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
SiteName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
HostName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,15}$")]
AnnouncementName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Level = Annotated[int, Field(ge=1, le=9)]
"""How well somebody masters a skill; 1 is best."""
Seconds = Annotated[int, Field(ge=1, le=3600)]


class Settings(BaseModel):
    """A part of the configuration: unknown keys are mistakes, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SkillSettings(Settings):
    """A kind of call that not everybody can take, and what the screen calls it."""

    name: SkillName
    title: Annotated[str, Field(min_length=1, max_length=40)]


class SiteSettings(Settings):
    """A reception sub-centre with seats of its own (`SeatRange.site`).

    `skills` are those of people who sit there and have none of their own.
    """

    name: SiteName
    title: Annotated[str, Field(min_length=1, max_length=40)]
    skills: dict[SkillName, Level]


class OverflowSettings(Settings):
    """What becomes of a caller whom a queue cannot serve: full, nobody there, or waiting too long.

    He hears an announcement and goes to the queue `to` (None: there is no other group) for `to_seconds`; then he is
    offered a callback that keeps his place, and waits on in his first queue, ahead of whoever came later. With at most
    `few_seats` seats signed in (night shift) he waits `few_after_seconds` instead of `after_seconds`.
    """

    to: QueueName | None = None
    after_seconds: Seconds = 60
    few_seats: Annotated[int, Field(ge=0, le=1000)] = 0
    few_after_seconds: Seconds = 20
    to_seconds: Seconds = 60
    offer_callback: bool = True


class Standing(StrEnum):
    """Whether somebody confirmed that an old number rings here; a sample was made up to fill the list."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    SAMPLE = "sample"


class MergedNumber(Settings):
    """The number of a hotline that was merged into this one, still dialled by citizens.

    `standing` says how far the entry can be relied on; `source` who confirmed one that is verified, and when.
    """

    number: Digits
    title: Annotated[str, Field(min_length=1, max_length=60)]
    queue: QueueName
    announcement: AnnouncementName | None = None
    host: HostName = DEFAULT_HOST
    standing: Standing = Standing.UNVERIFIED
    source: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _confirmed(self) -> Self:
        if (self.standing is Standing.VERIFIED) is not bool(self.source):
            raise ValueError(f"number {self.number}: verified and its source go together")
        return self


class MergedNumbers(Settings):
    """The file that lists them (configs/routing/merged_numbers.yaml)."""

    numbers: tuple[MergedNumber, ...] = ()


class SurveySettings(Settings):
    """Whether the citizen is asked for a score by key once the seat has hung up, and how long a key is waited for."""

    enabled: bool = False
    seconds: Annotated[int, Field(ge=2, le=20)] = 6
    tries: Annotated[int, Field(ge=1, le=3)] = 2
