"""The recogniser's own process: `python -m asr.child MODEL` loads a model once, then hears one recording at a time.

Messages on both pipes are JSON behind a four-byte length. The child speaks first: `Ready`, or `Failed` when the model
cannot be used. It ends when its input ends.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import BaseModel, Field, TypeAdapter

from asr.engine import VoskEngine, hear
from asr.model import check_model
from asr.transcript import EngineInfo, Heard
from asr.vad import GateSettings
from backend.kernel.errors import HotlineError

LENGTH = struct.Struct(">I")


class Setup(BaseModel):
    """What the child is told on its command line."""

    model: Path
    gate: GateSettings
    niceness: int = Field(ge=0, le=19)


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


Reply = Annotated[Ready | Done | Failed, Field(discriminator="kind")]
REPLY: TypeAdapter[Ready | Done | Failed] = TypeAdapter(Reply)


def packed(message: bytes) -> bytes:
    """The message with its length in front."""
    return LENGTH.pack(len(message)) + message


def main() -> None:
    setup = Setup.model_validate_json(sys.argv[1])
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what Kaldi prints must not mix with the replies
    os.nice(setup.niceness)
    try:
        engine = VoskEngine(check_model(setup.model), setup.gate)
    except HotlineError as error:
        _send(replies, _failed(error))
        return
    _send(replies, Ready(info=engine.info))
    while (path := _receive(sys.stdin.buffer)) is not None:
        try:
            _send(replies, Done(heard=hear(path, engine)))
        except HotlineError as error:
            _send(replies, _failed(error))


def _receive(requests: BinaryIO) -> Path | None:
    head = requests.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return Path(os.fsdecode(requests.read(LENGTH.unpack(head)[0])))


def _send(replies: BinaryIO, message: BaseModel) -> None:
    replies.write(packed(message.model_dump_json().encode()))
    replies.flush()


def _failed(error: HotlineError) -> Failed:
    return Failed.model_validate(error.as_dict())


if __name__ == "__main__":
    main()
