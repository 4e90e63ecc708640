"""Special lists as the console writes, asks for and shows them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from backend.cases.list_schemas import Code, Line
from backend.cases.rules import clean_text
from backend.cases.schemas import CaseComponent, CasePlace, GrownCase, GrownCaseStep, PlacePoint
from backend.kernel.schemas import Schema


class SpecialState(StrEnum):
    """The life of an entry: found 待交办, assigned 整改中, rectified 待核查, checked 已销账, struck off 已剔除."""

    FOUND = "found"
    ASSIGNED = "assigned"
    RECTIFIED = "rectified"
    CHECKED = "checked"
    STRUCK_OFF = "struck_off"


class SpecialKind(Schema):
    """A kind of list. `class_code` is the class of a case that grows out of an entry, `days` what is usually given."""

    code: str
    name: str
    class_code: str
    days: int
    what: str


def _said(text: str) -> str:
    said = clean_text(text)
    if not said:
        raise ValueError("must say something")
    return said


Said = Annotated[str, Field(max_length=2000), AfterValidator(_said)]
Note = Annotated[str, Field(max_length=2000), AfterValidator(clean_text)]


class SpecialContent(Schema):
    """What an entry says: what is to be put right, where, and which city component 部件 it is about."""

    kind_code: str = Field(max_length=32)
    what: Annotated[str, StringConstraints(max_length=2000)]
    address: Annotated[str, StringConstraints(max_length=500)] = ""
    street_code: str = Field(max_length=32)
    community_code: str = Field(default="", max_length=32)
    place: PlacePoint | None = None
    component_code: str | None = Field(default=None, max_length=32, pattern=r"^[^\x00]*$")
    found_on: date


class SpecialEntered(SpecialContent):
    """A new entry; the same `entry_id`, which the client makes, is entered once, however often it is sent."""

    entry_id: UUID


class SpecialAct(Schema):
    """A move. `version` is that of the entry as it was seen: if somebody moved it since, nothing is done."""

    version: int


class Assignment(SpecialAct):
    """Which unit is to put it right, until which day, included."""

    unit_code: str = Field(max_length=32)
    due_on: date
    note: Note = ""


class Rectification(SpecialAct):
    """What was done."""

    result: Said


class SpecialCheck(SpecialAct):
    """It was checked on the spot."""

    note: Note = ""


class ReasonedSpecialAct(SpecialAct):
    """A move that needs a reason."""

    reason: Said


class SpecialView(Schema):
    """An entry in a list; `overdue` when the unit's day has passed. `case` is what it became, if it became one."""

    entry_id: UUID
    kind_code: str
    kind_name: str
    ref: str | None
    version: int
    state: SpecialState
    what: str
    address: str
    street_code: str
    street_name: str
    community_code: str | None
    community_name: str | None
    component: CaseComponent | None
    unit_code: str | None
    unit_name: str | None
    due_on: date | None
    overdue: bool
    found_on: date
    entered_at: datetime
    entered_by: str
    case: GrownCase | None


class SpecialStep(Schema):
    """One step of an entry's history."""

    at: datetime
    kind: str
    actor: str | None
    detail: dict[str, str | int | bool | None]


class SpecialDetail(Schema):
    """An entry with its history and how its case went on. `moves` are those that this person may try now."""

    entry: SpecialView
    place: CasePlace | None
    steps: list[SpecialStep]
    case_steps: list[GrownCaseStep]
    class_code: str | None
    moves: list[str]


class SpecialFilter(Schema):
    """Which entries are asked for; every part may be left open. `q` are words that must all be found."""

    q: Line = ""
    kind: Code = ""
    state: SpecialState | None = None
    street: Code = ""
    community: Code = ""
    unit: Code = ""
    overdue: bool = False


class SpecialQuery(SpecialFilter):
    """One page of the list."""

    cursor: str | None = Field(default=None, max_length=200)
    limit: int = Field(default=50, ge=1, le=200)


class SpecialCount(Schema):
    """How many entries of one kind stand in one state, and how many of them are overdue."""

    kind_code: str
    state: SpecialState
    count: int
    overdue: int


class SpecialLists(Schema):
    """The kinds in force with their counts, whatever kind and state the filter names."""

    kinds: list[SpecialKind]
    counts: list[SpecialCount]
