"""Seats that answer by themselves: registered like any phone, they ring, answer, speak and wait for the hang-up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from telephony.simulate.errors import SeatsNotRegistered, SimulationFailed
from telephony.simulate.sipp import Sipp, injection_file, scenario
from telephony.simulate.stage import Stage

_log = structlog.get_logger(__name__)
_TRIES = 3
_HOLDS = 8
"""How often a controlled phone can be put on hold in one call."""


@dataclass(frozen=True)
class SeatBehaviour:
    """`ring_s` from the INVITE to the answer; registrations last `expires_s` and are renewed at a third of that; a seat
    hangs up after `talk_s`, by default so late that the citizen always does it first.

    Of a hundred calls `refuses` are refused while they ring; of a hundred that are answered `holds` are put on hold for
    `hold_s` after two seconds, and `hands_over` are handed over unannounced to `hands_over_to` after three.

    A `controlled` phone does nothing of all that: it rings until it is told to talk, holds and resumes as it is told.
    """

    ring_s: float = 1.5
    expires_s: int = 300
    talk_s: float = 900.0
    refuses: int = 0
    holds: int = 0
    hold_s: float = 1.5
    hands_over: int = 0
    hands_over_to: str = ""
    controlled: bool = False


class SimulatedSeats:
    """All simulated phones of a hall: one SIPp answers for them."""

    def __init__(self, stage: Stage, behaviour: SeatBehaviour) -> None:
        self._stage = stage
        self._behaviour = behaviour
        self._count = 0
        self._phones: Sipp | None = None

    async def start(self, seats: Sequence[str], secret_of: Callable[[str], str]) -> None:
        """Put the phones up and register them. Raises SimulationFailed, SeatsNotRegistered."""
        legs = self._stage.legs
        xml = scenario(
            "desk_phone" if self._behaviour.controlled else "seat",
            {
                "voices": voices_by_digit(len(legs.seats)),
                "tracks": [str(path) for path in legs.seats],
                "ring_ms": round(self._behaviour.ring_s * 1000),
                "longest_ms": round(self._behaviour.talk_s * 1000),
                "behaviour": self._behaviour,
                "turns": _HOLDS,
            },
        )
        # what a controlled phone is notified of is its scenario's business
        answers = [] if self._behaviour.controlled else ["-aa"]
        arguments = [*answers, "-l", str(10 * len(seats) + 100), str(self._stage.pbx)]
        self._phones = await Sipp.start(self._stage.sipp, "seats", xml, arguments, self._stage.folder)
        credentials = [
            (seat, f"[authentication username={seat} password={_as_sipp_reads_it(secret_of(seat))}]") for seat in seats
        ]
        injection_file(self._injection, credentials).chmod(0o600)
        self._count = len(seats)
        await self._register_surely()

    async def _register_surely(self) -> None:
        """A machine that is busy with its start may answer too late; the seats try again, as telephones do."""
        for _ in range(_TRIES - 1):
            try:
                return await self.register()
            except SeatsNotRegistered as error:
                _log.warning("seats_not_registered", reason=error.message)
                await asyncio.sleep(1.0)
        return await self.register()

    async def register(self) -> None:
        """Register every seat now. Raises SeatsNotRegistered, SimulationFailed when the phones have gone."""
        assert self._phones is not None
        self._refuse_dead_phones(self._phones)
        xml = scenario("register", {"contact_port": self._phones.port, "expires_s": self._behaviour.expires_s})
        arguments = [
            *("-inf", str(self._injection), "-m", str(self._count), "-l", str(self._count)),
            *("-r", "200", "-timeout", "20s", "-timeout_error", str(self._stage.pbx)),
        ]
        run = await Sipp.start(self._stage.sipp, "register", xml, arguments, self._stage.folder)
        try:
            if not await run.wait():
                raise run.failure("could not register every seat")
        except SimulationFailed as error:
            raise SeatsNotRegistered(error.message, next_step=error.next_step) from error
        self._refuse_dead_phones(self._phones)

    @staticmethod
    def _refuse_dead_phones(phones: Sipp) -> None:
        if phones.ended:
            raise phones.failure("ended, so no simulated seat answers any more")

    async def stay_registered(self) -> None:
        """Renew the registrations for ever; a renewal that fails (the PBX restarts) is tried again soon."""
        soon, usual = 2.0, self._behaviour.expires_s / 3
        pause = usual
        while True:
            await asyncio.sleep(pause)
            try:
                await self.register()
                pause = usual
            except SeatsNotRegistered as error:
                _log.warning("seats_not_registered", reason=error.message)
                pause = soon

    def die(self) -> None:
        """The phones go as in a power cut: no BYE, no sound."""
        assert self._phones is not None
        self._phones.kill()

    async def stop(self) -> None:
        """Take the phones down."""
        if self._phones is not None:
            await self._phones.finish(within_s=0.1)

    @property
    def _injection(self) -> Path:
        return self._stage.folder / "seats.csv"


def _as_sipp_reads_it(password: str) -> str:
    """SIPp takes what begins with 0x for a password in hexadecimal digits, so such a one is given that way."""
    return f"0x{password.encode().hex()}" if password.lower().startswith("0x") else password


@contextlib.asynccontextmanager
async def simulated_seats(
    stage: Stage, seats: Sequence[str], secret_of: Callable[[str], str], behaviour: SeatBehaviour | None = None
) -> AsyncIterator[SimulatedSeats]:
    """These seats, registered and answering for the time of the block."""
    phones = SimulatedSeats(stage, behaviour or SeatBehaviour())
    renewal: asyncio.Task[None] | None = None
    try:
        await phones.start(seats, secret_of)
        renewal = asyncio.create_task(phones.stay_registered(), name="stay-registered")
        yield phones
    finally:
        if renewal is not None:
            renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewal
        await phones.stop()


def voices_by_digit(voices: int) -> list[str]:
    """For each voice the last digits of the seats that speak with it; every digit has one."""
    spread = min(voices, 10)
    return ["".join(str(digit) for digit in range(10) if digit % spread == voice) for voice in range(spread)]
