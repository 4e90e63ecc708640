"""Classes of cases as the form offers them."""

from __future__ import annotations

from backend.kernel.schemas import Schema


class CaseClass(Schema):
    """One class of the taxonomy; `path` holds the names from the major class down to this one.

    `pinyin` is the full spelling and `initials` the first letters, so that an agent finds 物业管理 by `wygl`.
    """

    code: str
    name: str
    path: list[str]
    pinyin: str
    initials: str
    aliases: list[str] = []


class Taxonomy(Schema):
    """The classes in force, with their version."""

    version: str
    classes: list[CaseClass]
