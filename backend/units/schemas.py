"""Units 承办单位 as lists and menus show them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from backend.kernel.schemas import Schema


class UnitKind(StrEnum):
    """What a unit is in the structure "1+4+17+N".

    The district centre 区中心 dispatches, a reception sub-centre 受理分中心 takes requests in, a street 街道 and its
    communities 社区 handle in the small loop, a department 部门 (public utilities among them) in the large one.
    """

    CENTRE = "centre"
    RECEPTION = "reception"
    STREET = "street"
    COMMUNITY = "community"
    DEPARTMENT = "department"


class UnitView(Schema):
    """A unit. `parent_code` is the unit above it; `duties` are what it answers for, in a few words each.

    The code of a street's or a community's unit is that of the street or the community itself.
    """

    code: str
    name: str
    kind: UnitKind
    parent_code: str | None
    aliases: list[str]
    duties: list[str]
    pinyin: str
    initials: str
    version: str
    valid_from: date
    valid_to: date | None
