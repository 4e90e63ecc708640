"""Citizens who call: one SIPp places the calls of a list at a rate, speaks, hangs up or gives up while it rings."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

from telephony.simulate.sipp import Sipp, injection_file, scenario
from telephony.simulate.speech import Legs
from telephony.simulate.stage import Stage

Ending = Literal["ended", "gave_up", "refused", "unknown"]
_SILENT = "silent"
_REFUSALS = (403, 404, 480, 486, 488, 500, 503, 600, 603)
_LONGEST_WAIT_MS = 3_600_000
_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_ASK_EVERY_S = 0.2


_HANG_UP = """\
MESSAGE sip:citizen@127.0.0.1 SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-hang-up\r
From: <sip:whoever@127.0.0.1>;tag=hang-up\r
To: <sip:citizen@127.0.0.1>\r
Call-ID: {call_id}\r
CSeq: 1 MESSAGE\r
Content-Length: 0\r
\r
"""


@dataclass(frozen=True)
class CitizenCall:
    """A call to be placed. Caller numbers are unique within a run, so that what is logged can be told apart.

    `says` is a dialogue's id, None for silence; `gives_up` ends the call while it rings, after the run's patience.
    """

    caller_number: str
    dialed_number: str
    says: str | None = None
    gives_up: bool = False


@dataclass(frozen=True)
class PlacedCall:
    """What the citizen saw of the call; times are UTC, `sent_at` is when the INVITE left."""

    caller_number: str
    sent_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ending: Ending = "unknown"


@dataclass(frozen=True)
class Manner:
    """How a run goes: `per_second` new calls a second, `patience_s` of those who give up, `talk_s` on the line (the
    dialogue's length if None), `port` from which the calls come (0 picks a free one), `key` that each caller presses
    `key_after_s` after the answer (none if empty).
    """

    per_second: float = 1.0
    patience_s: float = 3.0
    talk_s: float | None = None
    port: int = 0
    key: str = ""
    key_after_s: float = 0.5

    @property
    def rate(self) -> tuple[str, ...]:
        """The rate as SIPp takes it: 0.3 a second is one call each 3,333 ms."""
        if self.per_second < 1:
            return "-r", "1", "-rp", str(round(1000 / self.per_second))
        return "-r", f"{self.per_second:g}"


class Citizens:
    """A run of calls. The list is done when `finished` returns."""

    def __init__(self, sipp: Sipp, log: Path, call_ids: Sequence[str] = ()) -> None:
        self._sipp = sipp
        self._log = log
        self._call_ids = call_ids

    async def hang_up(self, *, after_s: float = 0.0) -> list[PlacedCall]:
        """Let those who talk hang up, once each has talked for so long, and wait for the end of the run.

        For runs whose calls last until somebody says so (a `talk_s` that no machine is too slow for). Every call must
        be answered. Raises SimulationFailed.
        """
        while not self._sipp.ended:
            calls = self.so_far()
            enough = datetime.now(UTC) - timedelta(seconds=after_s)
            if len(calls) == len(self._call_ids) and all(c.answered_at and c.answered_at <= enough for c in calls):
                self._tell_to_hang_up()
            await asyncio.sleep(_ASK_EVERY_S)
        return await self.finished()

    def _tell_to_hang_up(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            for call_id in self._call_ids:
                line.sendto(_HANG_UP.format(call_id=call_id).encode(), ("127.0.0.1", self._sipp.port))

    async def finished(self) -> list[PlacedCall]:
        """Wait until the last call is over. Raises SimulationFailed when SIPp broke off."""
        await self._sipp.wait()
        return self.so_far()

    def so_far(self) -> list[PlacedCall]:
        """What is known by now, in the order of the INVITEs."""
        return read_log(self._log.read_text().splitlines()) if self._log.exists() else []

    async def stop(self, *, within_s: float = 5.0) -> list[PlacedCall]:
        """Place no further calls, let those that are up end within this time, and say what happened."""
        await self._sipp.finish(within_s=within_s)
        return self.so_far()


async def place_calls(
    stage: Stage, calls: Sequence[CitizenCall], manner: Manner | None = None, *, name: str = "citizens"
) -> Citizens:
    """Begin to place these calls. `name` tells runs at the same time apart. Raises ValueError, SimulationFailed."""
    _refuse_unplayable(calls, stage.legs)
    manner = manner or Manner()
    log = stage.folder / f"{name}.calls"
    log.unlink(missing_ok=True)
    lines = [(c.caller_number, c.dialed_number, c.says or _SILENT, "hasty" if c.gives_up else "patient") for c in calls]
    xml = scenario(
        "citizen",
        {
            "tracks": [*stage.legs.callers.items(), (_SILENT, stage.legs.silence)],
            "waits": {"patient": _LONGEST_WAIT_MS, "hasty": round(manner.patience_s * 1000)},
            "refusals": _REFUSALS,
            "key": manner.key,
            "key_after_ms": round(manner.key_after_s * 1000),
            "talk_ms": round((manner.talk_s or stage.legs.length_s) * 1000),
        },
    )
    run = uuid4().hex
    arguments = [
        *("-cid_str", f"%u-{run}"),
        *("-inf", str(injection_file(stage.folder / f"{name}.csv", lines)), "-m", str(len(calls))),
        *("-l", str(len(calls)), *manner.rate, "-trace_logs", "-log_file", str(log), str(stage.pbx)),
    ]
    sipp = await Sipp.start(stage.sipp, name, xml, arguments, stage.folder, port=manner.port)
    return Citizens(sipp, log, [f"{n}-{run}" for n in range(1, len(calls) + 1)])


def read_log(lines: Iterable[str]) -> list[PlacedCall]:
    """The calls of a log of `<what> <caller number> <date> <time> <epoch seconds>` lines."""
    calls: dict[str, PlacedCall] = {}
    for line in lines:
        parts = line.split()
        if len(parts) != 5:
            continue
        what, number, at = parts[0], parts[1], datetime.fromtimestamp(float(parts[4]), UTC)
        if what == "sent":
            calls[number] = PlacedCall(number, at)
        elif number in calls:
            calls[number] = _after(calls[number], what, at)
    return list(calls.values())


def _after(call: PlacedCall, what: str, at: datetime) -> PlacedCall:
    match what:
        case "answered":
            return replace(call, answered_at=at)
        case "ended" | "gave_up" | "refused":
            return replace(call, ended_at=at, ending=what)
        case _:
            return call


def _refuse_unplayable(calls: Sequence[CitizenCall], legs: Legs) -> None:
    numbers = [call.caller_number for call in calls]
    if not calls or len(set(numbers)) != len(numbers):
        raise ValueError("a run needs at least one call, and each call a caller number of its own")
    for call in calls:
        if not _NUMBER.fullmatch(call.caller_number) or not _NUMBER.fullmatch(call.dialed_number):
            raise ValueError(f"{call} has a number that is not a number")
        if call.says is not None and call.says not in legs.callers:
            raise ValueError(f"there is no dialogue {call.says!r}")
