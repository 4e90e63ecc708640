"""The recorded AMI events of real scenarios."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from telephony.ami import AmiEvent

TRACES = Path(__file__).parents[1] / "fixtures" / "ami-traces"


@pytest.fixture(scope="session")
def read_trace() -> Callable[[str], list[tuple[datetime, AmiEvent]]]:
    """Read a trace by name: (arrival, event) in order."""

    def read(name: str) -> list[tuple[datetime, AmiEvent]]:
        with gzip.open(TRACES / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            events = [json.loads(line) for line in lines]
        return [(datetime.fromtimestamp(event.pop("_t"), UTC), AmiEvent(event)) for event in events]

    return read
