"""What the captions' server and its recogniser's process say to each other. Stands apart from Kaldi.

To the process: a head (kind, leg, a number, how many bytes follow) and bytes. From it: a line of JSON each.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

from asr.audio import LINE_RATE
from asr.live.lag import LagLimits
from asr.vad import GateSettings

HEAD = struct.Struct(">BIdI")
BYTES_PER_MS = LINE_RATE * 2 / 1000
"""Of the sound of a leg: 16-bit samples at the rate of the line."""


class Kind(IntEnum):
    """What is told to the process; in brackets what the number says, and the bytes."""

    OPEN = 1  # a leg begins (at so many ms; the number of its first line, as text)
    SOUND = 2  # the next sound of a leg (when it came; 16-bit samples)
    CLOSE = 3  # the leg is over
    ASK = 4  # whether it is there; of no leg


class LiveSetup(BaseModel):
    """What the process is told on its command line."""

    model: Path
    gate: GateSettings = GateSettings()
    limits: LagLimits = LagLimits()
    names: tuple[str, ...] = ()


class Caption(BaseModel):
    """What was said in one breath: `line` counts up in a leg; the text of a line that is not final may still change.

    An empty final text takes back what was shown: it was no speech.
    """

    line: int
    text: str
    from_ms: int
    to_ms: int
    final: bool


class Ready(BaseModel):
    """The model is loaded."""

    kind: Literal["ready"] = "ready"


class Said(BaseModel):
    """A caption of a leg."""

    kind: Literal["said"] = "said"
    leg: int
    caption: Caption


class Lag(BaseModel):
    """Whether a leg is behind now, by how much, and how much of it was just passed over."""

    kind: Literal["lag"] = "lag"
    leg: int
    behind: bool
    lag_ms: int
    skipped_ms: int


class Ended(BaseModel):
    """All of a leg that was closed has been heard."""

    kind: Literal["ended"] = "ended"
    leg: int


class Here(BaseModel):
    """It is there, and has taken in all that was told before it was asked."""

    kind: Literal["here"] = "here"


Told = Annotated[Ready | Said | Lag | Ended | Here, Field(discriminator="kind")]
TOLD: TypeAdapter[Ready | Said | Lag | Ended | Here] = TypeAdapter(Told)


def packed(kind: Kind, leg: int, number: float = 0.0, content: bytes = b"") -> bytes:
    """One message to the process."""
    return HEAD.pack(kind, leg, number, len(content)) + content


def unpacked(come: bytearray) -> Iterator[tuple[Kind, int, float, bytes]]:
    """The whole messages in what has come so far; they are taken out of it."""
    at = 0
    while at + HEAD.size <= len(come):
        kind, leg, number, length = HEAD.unpack_from(come, at)
        end = at + HEAD.size + length
        if end > len(come):
            break
        yield Kind(kind), leg, number, bytes(come[at + HEAD.size : end])
        at = end
    del come[:at]
