"""The recogniser's own process: `python -m asr.child SETUP` loads a model once, then hears one recording at a time.

It speaks first: `Ready`, or `Failed` when the model cannot be used. It ends when its input ends.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel

from asr.engine import VoskEngine, hear
from asr.messages import LENGTH, Done, Failed, Ready, Setup, packed
from asr.model import check_model
from asr.names import Names
from backend.kernel.errors import HotlineError
from backend.kernel.processes import give_way


def main() -> None:
    setup = Setup.model_validate_json(sys.argv[1])
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what Kaldi prints must not mix with the replies
    give_way(setup.niceness)
    try:
        engine = VoskEngine(check_model(setup.model), setup.gate, Names(setup.names))
    except HotlineError as error:
        _send(replies, _failed(error))
        return
    gc.freeze()  # what is loaded now stays: it need not be walked through again and again
    _send(replies, Ready(info=engine.info))
    while (path := _receive(sys.stdin.buffer)) is not None:
        try:
            began = time.process_time()
            heard = hear(path, engine)
            cpu_ms = round((time.process_time() - began) * 1000)
            _send(replies, Done(heard=heard.model_copy(update={"cpu_ms": cpu_ms})))
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
