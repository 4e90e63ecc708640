"""Streets and communities as the case form offers them."""

from __future__ import annotations

from backend.kernel.schemas import Schema


class Community(Schema):
    """A community 社区; `pinyin` and `initials` let an agent find it by `zhongshili` or `zsl`."""

    code: str
    name: str
    pinyin: str = ""
    initials: str = ""


class Street(Schema):
    """A street 街道 with its communities; `pinyin` and `initials` as on a community."""

    code: str
    name: str
    pinyin: str = ""
    initials: str = ""
    communities: list[Community]
