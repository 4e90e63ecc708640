"""A real PBX with seats of several skills, shared by the tests of routing: numbers, queues and waits are short."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from telephony import cdr_file
from telephony import facts as f
from telephony.ami import AmiEvent, AmiLink, AmiSettings, LinkState
from telephony.cdr import CdrCall, calls_from_rows
from telephony.link import Follower
from telephony.pbx import server
from telephony.pbx.parts import part_of
from telephony.pbx.server import Pbx
from telephony.pbx.settings import PbxSettings, Phone
from telephony.routing import places_of
from telephony.seats import DesiredSeat
from telephony.simulate.citizens import CitizenCall, Citizens, Manner, place_calls
from telephony.simulate.seats import SeatBehaviour, simulated_seats
from telephony.simulate.stage import Address, Stage, set_stage
from telephony.state import WANTED, PbxState

CONFIGS = Path(__file__).parents[2] / "configs"
FAR = "13800000000"


def secret(purpose: str) -> str:
    return hashlib.sha256(purpose.encode()).hexdigest()[:32]


class Noting(PbxState):
    """Notes what the PBX said: its own clock stands on it, which a busy reader does not shift."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[AmiEvent] = []

    def apply(self, event: AmiEvent, at: datetime) -> list[f.Fact]:
        self.events.append(event)
        return super().apply(event, at)


@dataclass
class Switchboard:
    """A running PBX, its link, the seats' phones, and all that was told."""

    settings: PbxSettings
    pbx: Pbx
    stage: Stage
    link: AmiLink
    state: Noting
    follower: Follower = field(init=False)
    facts: list[f.Fact] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    calls: int = 0

    async def keep(self, facts: Sequence[f.Fact]) -> None:
        async with self.news:
            self.facts += facts
            self.news.notify_all()

    async def until(self, condition: Callable[[], bool], within_s: float = 60) -> None:
        try:
            async with asyncio.timeout(within_s), self.news:
                await self.news.wait_for(condition)
        except TimeoutError:
            pytest.fail(f"not told within {within_s} s; told was: {self.facts}")

    async def staff(self, people: Mapping[str, Mapping[str, int]], *, paused: Sequence[str] = ()) -> None:
        """Exactly these seats are signed in, each with the skills of whoever sits there."""
        part = part_of(self.settings)
        sites = {seat.number: seat.site for seat in part.seats}
        desired = [
            DesiredSeat(seat, places_of(part, seat, skills, sites.get(seat)), "rest" if seat in paused else None)
            for seat, skills in people.items()
        ]
        while await self.follower.steer(desired):
            await asyncio.sleep(0.05)

    async def fall_silent(self) -> None:
        """End every call, and forget what was told."""
        await self.pbx.cli("channel request hangup all")
        await self.until(lambda: not self.state.calls and set(self.arrived) == {fact.call_id for fact in self.ended})
        self.facts.clear()
        self.state.events.clear()

    async def call(
        self,
        dialed: str,
        *,
        number: str | None = None,
        talk_s: float = 0.5,
        patience_s: float | None = None,
        key: str = "",
        key_after_s: float = 0.5,
    ) -> Citizens:
        """A citizen calls; returns at once."""
        self.calls += 1
        caller = number or str(int(FAR) + self.calls)
        manner = Manner(talk_s=talk_s, patience_s=patience_s or 3, key=key, key_after_s=key_after_s)
        call = CitizenCall(caller, dialed, gives_up=patience_s is not None)
        return await place_calls(self.stage, [call], manner, name=f"citizen-{self.calls}")

    async def told(self, dialed: str, **how: Any) -> list[f.CallFact]:
        """The facts of one citizen's call, once it is over."""
        before = set(self.arrived)
        run = await self.call(dialed, **how)
        await run.finished()
        await self.until(lambda: any(fact.call_id not in before for fact in self.ended))
        (call_id,) = [call_id for call_id in self.arrived if call_id not in before]
        return [fact for fact in self.facts if isinstance(fact, f.CallFact) and fact.call_id == call_id]

    def moment(self, event: str, call_id: str) -> float:
        """When the PBX first said this of the call, in seconds of its own clock."""
        said = (each for each in self.state.events if each.name == event and each["Linkedid"] == call_id)
        return float(next(said)["Timestamp"])

    async def counted(self, call_id: str) -> list[CdrCall]:
        """The call in Asterisk's own file, where a row is written a moment after the hang-up."""
        async with asyncio.timeout(60):
            while True:
                rows = cdr_file.read(self.pbx.paths.cdr).rows
                if found := [call for call in calls_from_rows(rows) if call.call_id == call_id]:
                    return found
                await asyncio.sleep(0.05)

    @property
    def arrived(self) -> list[str]:
        """All calls so far, in their order."""
        return [fact.call_id for fact in self.facts if isinstance(fact, f.CallArrived)]

    @property
    def ended(self) -> list[f.CallEnded]:
        return [fact for fact in self.facts if isinstance(fact, f.CallEnded)]

    def of(self, number: str) -> list[f.CallFact]:
        """The facts of all calls of this caller."""
        calls = {
            fact.call_id for fact in self.facts if isinstance(fact, f.CallArrived) and fact.caller_number == number
        }
        return [fact for fact in self.facts if isinstance(fact, f.CallFact) and fact.call_id in calls]

    def caller(self, call_id: str) -> str:
        """Who called."""
        arrived = (fact for fact in self.facts if isinstance(fact, f.CallArrived) and fact.call_id == call_id)
        return next(arrived).caller_number


def rang(facts: Sequence[f.CallFact]) -> list[str]:
    """The seats that rang, in order."""
    return [fact.seat for fact in facts if isinstance(fact, f.SeatRinging)]


def queues(facts: Sequence[f.CallFact]) -> list[str]:
    """The queues that the caller waited in, in order."""
    return [fact.queue for fact in facts if isinstance(fact, f.CallQueued)]


def switchboard_settings(**changes: Any) -> PbxSettings:
    """The delivered configuration with short waits; seats 8001 to 8006 are SIP phones that answer by themselves."""
    given = yaml.safe_load((CONFIGS / "hotline.yaml").read_text())["pbx"]
    return PbxSettings.model_validate({**given, **changes}).with_phones(Phone.SIP, 8001, 8006)


def _with_short_words(configs: Path) -> Path:
    """The delivered templates beside announcements that take a moment only."""
    (configs / "announcements").mkdir(parents=True)
    for language, word in (("zh", "您好"), ("en", "Hello")):
        given = yaml.safe_load((CONFIGS / "announcements" / f"{language}.yaml").read_text())
        texts = {**given, "texts": dict.fromkeys(given["texts"], word)}
        (configs / "announcements" / f"{language}.yaml").write_text(yaml.safe_dump(texts))
    (configs / "asterisk").symlink_to(CONFIGS / "asterisk")
    return configs / "asterisk"


@contextlib.asynccontextmanager
async def open_switchboard(state: Path, programs: Path, settings: PbxSettings) -> AsyncIterator[Switchboard]:
    """The PBX of these settings with the phones of 8001 to 8006 registered, of which 8006 hangs up soon."""
    for name in ("debian", "speech"):
        (programs / name).mkdir(parents=True, exist_ok=True)
        (state / name).symlink_to(programs.resolve() / name)
    pbx = await server.prepare(part_of(settings), state, secret, _with_short_words(state / "configs"))
    async with server.running(pbx):
        stage = await set_stage(state, Address("127.0.0.1", pbx.ports.sip), CONFIGS / "demo" / "dialogues.yaml")
        account = AmiSettings(host="127.0.0.1", port=pbx.ports.ami, username="platform", secret=secret("ami:platform"))
        link = AmiLink(account, wanted=WANTED)
        board = Switchboard(settings, pbx, stage, link, Noting())
        board.follower = Follower(link, board.state, board.keep)
        tasks = [asyncio.create_task(link.run()), asyncio.create_task(board.follower.run())]
        while link.state is not LinkState.LIVE:
            await asyncio.sleep(0.01)
        phones = [str(seat) for seat in range(8001, 8007)]
        patient = phones[:-1]
        secret_of = lambda seat: secret(f"sip:{seat}")  # noqa: E731
        hasty_stage = replace(stage, folder=stage.folder / "hasty")
        hasty_stage.folder.mkdir()
        async with (
            simulated_seats(stage, patient, secret_of, SeatBehaviour(ring_s=0.3)),
            simulated_seats(hasty_stage, phones[-1:], secret_of, SeatBehaviour(ring_s=0.3, talk_s=0.7)),
        ):
            yield board
        link.close()
        tasks[1].cancel()
        await asyncio.wait(tasks)
