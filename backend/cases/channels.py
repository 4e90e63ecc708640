"""The channels by which cases come 诉求渠道: data (configs/channels.yaml)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from backend.kernel.datafile import Place, load_data


class ReferenceNeed(StrEnum):
    """Whether a case of a channel names its source: a letter's number, a link, an account."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Channel(BaseModel):
    """One channel; of those `by_call`, the one without `numbers` is that of every call that no other names.

    By those `by_entry` come the cases that grow out of an entry of a diary, ledger or special list, and no others.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    title: Annotated[str, Field(min_length=1, max_length=40)]
    title_en: Annotated[str, Field(min_length=1, max_length=40)]
    by_call: bool = False
    by_entry: bool = False
    numbers: tuple[Annotated[str, Field(pattern=r"^[0-9]{3,12}$")], ...] = ()
    reference: ReferenceNeed = ReferenceNeed.OPTIONAL


class Channels(BaseModel):
    """All channels of an installation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(min_length=1)
    channels: tuple[Channel, ...] = Field(min_length=1)

    def find(self, code: str) -> Channel | None:
        """The channel of this code."""
        return next((each for each in self.channels if each.code == code), None)

    def of_call(self, dialed: str | None) -> Channel:
        """The channel of a call to this number; None for a case that was not called for and names no channel."""
        named = next((each for each in self.channels if dialed is not None and dialed in each.numbers), None)
        return named or next(each for each in self.channels if each.by_call and not each.numbers)

    def title(self, code: str) -> str:
        """What people call it; the code itself once it is configured no longer."""
        found = self.find(code)
        return found.title if found is not None else code


HOTLINE_ONLY = Channels(
    version="none",
    channels=(Channel(code="hotline", title="热线", title_en="Hotline", by_call=True, reference=ReferenceNeed.NONE),),
)
"""Where nothing is configured, everything comes by telephone."""


def load_channels(path: Path) -> Channels:
    """Read the channels; raises `ConfigurationInvalid` that names the line of every mistake."""
    return load_data(Channels, path, _mistakes)


def _mistakes(data: Channels) -> Iterator[tuple[Place, str]]:
    codes = Counter(each.code for each in data.channels)
    numbers = Counter(number for each in data.channels for number in each.numbers)
    for index, each in enumerate(data.channels):
        if codes[each.code] > 1:
            yield ("channels", index), f"{each.code} stands here twice"
        if any(numbers[number] > 1 for number in each.numbers):
            yield ("channels", index), "a number belongs to one channel"
        if each.numbers and not each.by_call:
            yield ("channels", index), "only channels with by_call have numbers"
    if sum(each.by_call and not each.numbers for each in data.channels) != 1:
        yield ("channels",), "exactly one channel with by_call has no numbers: it is that of all other calls"
