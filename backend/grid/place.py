"""One address as a file gives it or the sample makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True, slots=True)
class PlaceEntry:
    """An address and where it lies (WGS 84); `pinyin` gives the syllables of its road or residential area where the
    dictionary reads it in another way."""

    code: Annotated[str, Field(pattern=r"^[0-9A-Z]{2,24}$")]
    address: Annotated[str, Field(min_length=2, max_length=120)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    latitude: Annotated[float, Field(ge=-90, le=90)]
    pinyin: str = ""
