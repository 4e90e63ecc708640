"""Citizens who are called: they stand where the carrier stands, ring, and answer or do not, each in its own manner."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from telephony.simulate.sipp import Sipp, scenario
from telephony.simulate.stage import Stage

_PARTS = 7


class Manner(StrEnum):
    """What a citizen does instead of answering."""

    BUSY = "busy"
    REFUSES = "refuses"
    WRONG_NUMBER = "wrong_number"
    LETS_IT_RING = "lets_it_ring"


_STATUS = {
    Manner.BUSY: "486 Busy Here",
    Manner.REFUSES: "603 Decline",
    Manner.WRONG_NUMBER: "404 Not Found",
    Manner.LETS_IT_RING: "",
}


@dataclass(frozen=True, slots=True)
class Noted:
    """One thing that happened to a called citizen: "called", "answered" or "ended", with what the carrier saw.

    `shown` is the number in From, `asserted` the one in P-Asserted-Identity; empty where there is none.
    """

    what: str
    number: str
    at: datetime
    shown: str
    asserted: str


class AnsweringCitizens:
    """The citizens of one carrier."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def so_far(self) -> list[Noted]:
        """What happened by now, in order."""
        return read_log(self._log.read_text().splitlines()) if self._log.exists() else []

    def called(self, number: str) -> list[Noted]:
        """How often, and as whom, this number was called by now."""
        return [noted for noted in self.so_far() if noted.what == "called" and noted.number == number]


@contextlib.asynccontextmanager
async def answering_citizens(
    stage: Stage,
    port: int,
    manners: Mapping[str, Manner] | None = None,
    *,
    ring_s: float = 0.3,
    talk_s: float | None = None,
    voice: Path | None = None,
) -> AsyncIterator[AnsweringCitizens]:
    """Citizens at the carrier's `port` (see `PbxPorts.trunk`) for the time of the block.

    A number that a pattern of `manners` matches behaves like that, all others answer after `ring_s` and hang up after
    `talk_s` (the length of a dialogue if None). They speak the track `voice`, else what a caller would say.
    """
    log = stage.folder / "answering.calls"
    log.unlink(missing_ok=True)
    xml = scenario(
        "answering",
        {
            "manners": [{"number": number, "status": _STATUS[manner]} for number, manner in (manners or {}).items()],
            "ring_ms": round(ring_s * 1000),
            "talk_ms": round((talk_s or stage.legs.length_s) * 1000),
            "track": voice or next(iter(stage.legs.callers.values())),
        },
    )
    arguments = ["-l", "200", "-trace_logs", "-log_file", str(log), str(stage.pbx)]
    sipp = await Sipp.start(stage.sipp, "answering", xml, arguments, stage.folder, port=port)
    try:
        yield AnsweringCitizens(log)
    finally:
        await sipp.finish(within_s=0.1)


def read_log(lines: Iterable[str]) -> list[Noted]:
    """The log's lines of `<what> <number> <date> <time> <epoch seconds> <From> <P-Asserted-Identity>`."""
    noted = []
    for line in lines:
        parts = line.split()
        if len(parts) >= _PARTS - 1:
            what, number, at = parts[0], parts[1], datetime.fromtimestamp(float(parts[4]), UTC)
            noted.append(Noted(what, number, at, parts[5], parts[6] if len(parts) >= _PARTS else ""))
    return noted
