"""ami_facts: events per CPU second from recorded AMI bytes to typed facts, and what a bare panoramisk makes of them.

The recorded calls of the replay tests become the bytes that the PBX would send: what its filter keeps back is left
out, and each round of them has calls and channels of its own. Each side reads the bytes in a process that does nothing
else, in the pieces in which a socket gives them, and counts its own CPU time. The peer hands each event to one callback
that looks at its name; our side parses, reduces and ends with typed facts.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

from backend.app.benches.figure import BenchFailed, Figure
from backend.kernel import clock
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.processes import die_with_parent
from telephony.ami import AmiEvent
from telephony.ami.parser import AmiParser
from telephony.ami.protocol import SafeProtocol
from telephony.facts import Fact
from telephony.pbx.modules import IGNORED_EVENTS
from telephony.state import WANTED, PbxState

TRACES = PROJECT_ROOT / "tests" / "fixtures" / "ami-traces"
_ROUNDS = 300
_TURNS = 3
_PIECE = 16 * 1024
_BANNER = b"Asterisk Call Manager/11.0.0\r\n"
_ONCE_A_SESSION = frozenset({"FullyBooted", "SuccessfulAuth"})
_NOT_SENT = frozenset({"_t", "content"})
"""When it arrived, and what panoramisk adds: neither was on the wire."""
_CALL = re.compile(rb"hotline-(\d+)\.(\d+)")
_CHANNEL = re.compile(rb"(PJSIP/\w+)-([0-9a-f]{8})")
_CHANNELS_A_ROUND = 0x4000

Side = Literal["ours", "peer"]


async def ami_facts() -> Figure:
    """Both sides in turn, several times; the median of each counts."""
    rates: dict[Side, list[float]] = {"ours": [], "peer": []}
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        recorded = Path(folder) / "ami"
        recorded.write_bytes(_BANNER + b"".join(renumbered(wire(TRACES), n) for n in range(_ROUNDS)))
        for _ in range(_TURNS):
            for side, seen in rates.items():
                seen.append(await _rate(side, recorded))
    ours, theirs = (round(statistics.median(rates[side])) for side in ("ours", "peer"))
    return Figure(
        name="ami_facts",
        value=ours,
        unit="events per CPU second",
        peer="bare panoramisk with a callback, same bytes",
        peer_value=theirs,
        better="higher",
    )


def wire(traces: Path) -> bytes:
    """The recorded events as the PBX sends them, without those that its filter keeps back."""
    blocks = [
        "".join(f"{key}: {value}\r\n" for key, value in event.items() if key not in _NOT_SENT)
        for trace in sorted(traces.glob("*.jsonl.gz"))
        for event in map(json.loads, gzip.decompress(trace.read_bytes()).splitlines())
        if event["Event"] not in {*IGNORED_EVENTS, *_ONCE_A_SESSION}
    ]
    if not blocks:
        raise BenchFailed("There are no recorded AMI events.", next_step=f"They belong into {traces}.")
    return "".join(f"{block}\r\n" for block in blocks).encode()


def renumbered(events: bytes, n: int) -> bytes:
    """The same events of other calls on other channels: those of the round `n`."""
    events = _CALL.sub(lambda call: b"hotline-%b.%d%06d" % (call[1], n + 1, int(call[2])), events)
    return _CHANNEL.sub(lambda leg: b"%b-%08x" % (leg[1], int(leg[2], 16) + n * _CHANNELS_A_ROUND), events)


async def _rate(side: Side, recorded: Path) -> float:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "backend.app.benches.ami_facts", side, str(recorded),
        stdout=asyncio.subprocess.PIPE, preexec_fn=die_with_parent(),
    )  # fmt: skip
    said, _ = await process.communicate()
    if process.returncode:
        raise BenchFailed(f"The reading of the recorded events ({side}) broke off.", next_step="See what it said.")
    result = json.loads(said)
    return float(result["events"] / result["cpu_s"])


# --- in the process of one side -------------------------------------------------------------------------------------


class _Reducing:
    """Owns our session: whatever arrives becomes facts."""

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self.state = PbxState()
        self.facts: list[Fact] = []
        self._now = now

    def heard(self) -> None:
        """The PBX is alive."""

    def received(self, events: list[AmiEvent]) -> None:
        """Reduce them; what is known afterwards is noted."""
        at = self._now()
        for event in events:
            self.facts += self.state.apply(event, at)

    def lost(self) -> None:
        """The bytes are at an end."""


def read_ours(pieces: Iterable[bytes]) -> int:
    """Parse, reduce and state facts; how many."""
    owner = _Reducing()
    session = SafeProtocol(owner, lambda: AmiParser(WANTED))
    for piece in pieces:
        session.data_received(piece)
    return len(owner.facts)


def read_peer(pieces: Iterable[bytes]) -> int:
    """Give each event to one callback that looks at its name; how many it took."""
    taken: list[str] = []
    manager = Manager(loop=asyncio.new_event_loop())
    manager.register_event("*", lambda _, event: taken.append(event.event))
    session = AMIProtocol()
    session.connection_made(SimpleNamespace())
    session.factory = manager
    for piece in pieces:
        session.data_received(piece)
    return len(taken)


def main() -> None:
    """Read the file as the given side does and print what that took."""
    side, path = sys.argv[1:]
    recorded = Path(path).read_bytes()
    pieces = [recorded[at : at + _PIECE] for at in range(0, len(recorded), _PIECE)]
    read = {"ours": read_ours, "peer": read_peer}[side]
    began = time.process_time()
    made = read(pieces)
    cpu_s = time.process_time() - began
    sys.stdout.write(json.dumps({"events": recorded.count(b"\r\nEvent: "), "cpu_s": cpu_s, "made": made}))


if __name__ == "__main__":
    main()
