"""Streets and communities by name, as configs/grid/district.yaml lists them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Community(_Part):
    """A community 社区. Its code is that of its street and three digits more; `pinyin` as on a street."""

    code: str = Field(pattern=r"^\d{12}$")
    name: str = Field(min_length=1, max_length=40)
    pinyin: str = ""


class Street(_Part):
    """A street 街道 with its communities.

    `pinyin` is given, syllable by syllable, only where the dictionary would read the name in another way.
    """

    code: str = Field(pattern=r"^\d{9}$")
    name: str = Field(min_length=1, max_length=40)
    pinyin: str = ""
    communities: tuple[Community, ...] = Field(min_length=1)
