"""Entries of diary and ledger, as the console writes, asks for and shows them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from backend.cases.list_schemas import Code, Line
from backend.cases.schemas import CaseComponent, CasePlace, GrownCase, GrownCaseStep, PlacePoint
from backend.kernel.schemas import Schema

Text = Annotated[str, StringConstraints(max_length=4000)]


class Journal(StrEnum):
    """Diary 民情日志 and ledger 事件台账."""

    DIARY = "diary"
    LEDGER = "ledger"


class DiaryKind(StrEnum):
    """Where an entry of the diary comes from: heard from people 群众反映, seen on the round 巡查发现, done 走访服务."""

    HEARD = "heard"
    SEEN = "seen"
    DONE = "done"


class RoundContent(Schema):
    """What an entry says. The diary needs a `kind` and may name any class; the ledger needs one of social management.

    `result` is what was done about it, if something was. `place` is a point on the grid inside the community,
    `component_code` the city component 部件 that it is about.
    """

    at: AwareDatetime
    kind: DiaryKind | None = None
    class_code: str = Field(default="", max_length=32)
    what: Text
    result: Text = ""
    address: Annotated[str, StringConstraints(max_length=500)] = ""
    community_code: str = Field(max_length=32)
    place: PlacePoint | None = None
    component_code: str | None = Field(default=None, max_length=32, pattern=r"^[^\x00]*$")


class RoundWritten(RoundContent):
    """A new entry; the same `entry_id`, which the client makes, writes once, however often it is sent."""

    entry_id: UUID


class RoundAmended(RoundContent):
    """An entry as it is to read from now on; `version` is that of the entry as it was seen."""

    version: int


class RoundView(Schema):
    """An entry in a list; `case` is what it became, if it became one."""

    entry_id: UUID
    journal: Journal
    version: int
    at: datetime
    kind: DiaryKind | None
    class_code: str | None
    class_name: str | None
    what: str
    result: str
    address: str
    street_code: str
    street_name: str
    community_code: str
    community_name: str
    component: CaseComponent | None
    written_at: datetime
    written_by: str
    amended_at: datetime | None
    case: GrownCase | None


class RoundDetail(Schema):
    """An entry with all that is known of it: where exactly, and how its case went on. `mine`: this person wrote it."""

    entry: RoundView
    mine: bool
    place: CasePlace | None
    case_steps: list[GrownCaseStep]


class RoundFilter(Schema):
    """Which entries are asked for; every part may be left open.

    `q` are words that must all be found. `from_day` and `to_day` are Beijing days, both included. `class_code` means
    the classes below it too; `with_case` only those that became a case, or (false) only those that did not.
    """

    q: Line = ""
    street: Code = ""
    community: Code = ""
    kind: DiaryKind | None = None
    class_code: Code = ""
    from_day: date | None = None
    to_day: date | None = None
    with_case: bool | None = None
    mine: bool = False


class RoundQuery(RoundFilter):
    """One page of the list."""

    cursor: str | None = Field(default=None, max_length=200)
    limit: int = Field(default=50, ge=1, le=200)


class CountedBy(StrEnum):
    """By what entries are counted: the kind of the diary, the major class, the community, the Beijing day."""

    KIND = "kind"
    CLASS = "class"
    COMMUNITY = "community"
    DAY = "day"


class RoundCountQuery(RoundFilter):
    """A filter, and by what its entries are counted."""

    by: CountedBy = CountedBy.KIND


class RoundCount(Schema):
    """So many entries of one kind, class, community or day, and how many of them became cases."""

    key: str
    name: str
    count: int
    cases: int


class RoundCounts(Schema):
    """The counts of a filter, whatever kind it names; with `more` only the newest were counted."""

    counts: list[RoundCount]
    total: int
    more: bool
