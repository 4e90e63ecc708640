"""Classes of cases as the form offers them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from backend.deadlines.clocks import LimitKind
from backend.kernel.schemas import Schema

STREET = "street"
"""The duty of a class whose cases go straight to the street of the place 直派."""


class Urgency(StrEnum):
    """How quickly a case must move."""

    NORMAL = "normal"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class CaseClass(Schema):
    """One class of the taxonomy.

    `path` holds the names from the major class 大类 over minor 小类 and fine 细类 down to micro 微类. `pinyin` is the
    full spelling and `initials` the first letters, so that an agent finds 物业管理 by `wygl`. `scheme` is the
    classification that it belongs to ("hotline", "city", "social"), `group_name` what its major class is one of (部件,
    事件). A case of this class begins with its handling limit and urgency, and goes by its duty: `STREET`, or the code
    of a department.
    """

    code: str
    name: str
    path: list[str]
    scheme: str
    group_name: str
    pinyin: str
    initials: str
    aliases: list[str] = []
    limit_kind: LimitKind
    limit_amount: int
    urgency: Urgency
    duty: str


class Taxonomy(Schema):
    """The classes in force, with the version of each classification."""

    versions: dict[str, str]
    classes: list[CaseClass]


class IndexEntry(Schema):
    """An entry of the crossing index 七有五性 in three levels: one of the twelve, class, item.

    `classes` are the codes of the classes of cases that count under it, with all below them.
    """

    code: str
    name: str
    path: list[str]
    classes: list[str]
    valid_from: date
    valid_to: date | None
