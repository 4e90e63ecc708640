"""What a recogniser's process and its parent say to each other: JSON behind a four-byte length, on both pipes.

Stands apart from the child, so that the parent never loads Kaldi.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

from asr.transcript import EngineInfo, Heard
from asr.vad import GateSettings

LENGTH = struct.Struct(">I")


class Setup(BaseModel):
    """What the child is told on its command line."""

    model: Path
    gate: GateSettings
    niceness: int = Field(ge=0, le=19)
    names: tuple[str, ...] = ()


class Ready(BaseModel):
    """The model is loaded."""

    kind: Literal["ready"] = "ready"
    info: EngineInfo


class Done(BaseModel):
    """One recording was heard."""

    kind: Literal["done"] = "done"
    heard: Heard


class Failed(BaseModel):
    """A named error; the parent raises it under the same name."""

    kind: Literal["failed"] = "failed"
    error: str
    message: str
    kept: str = ""
    next_step: str = ""
    field: str | None = None
    facts: dict[str, str] = {}


Reply = Annotated[Ready | Done | Failed, Field(discriminator="kind")]
REPLY: TypeAdapter[Ready | Done | Failed] = TypeAdapter(Reply)


def packed(message: bytes) -> bytes:
    """The message with its length in front."""
    return LENGTH.pack(len(message)) + message
