"""`hotline demo`: the real platform with simulated citizens and agents, and at the end an honest count.

Citizens are SIPp calls with synthetic speech; agents are consoles without a screen. Nothing of the platform knows that
they are not people. The count compares three witnesses: what the citizens saw, Asterisk's own CDR file, the database.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from rich.table import Table

from agent_console.simulated_agent import CaseScript, SimulatedAgent, load_scripts
from backend.app.config import Installation
from backend.app.reconcile import (
    Promise,
    Reconciliation,
    await_settled,
    compare,
    kept_since,
    witnessed_since,
)
from backend.app.terminal import screen, until_stopped
from backend.app.up import Platform, platform
from backend.calls.pbx_link import link_now
from backend.identity.permissions import load_roles
from backend.identity.users import Account, ensure_users
from backend.kernel import clock
from backend.kernel.config import PROJECT_ROOT, Environment
from backend.kernel.database import Database
from backend.kernel.telemetry import configure_logging
from backend.seats import service as seats
from backend.seats.schemas import SeatState, SeatView
from telephony.pbx.settings import Phone
from telephony.simulate.citizens import CitizenCall, Citizens, Manner, PlacedCall, place_calls
from telephony.simulate.dialogues import load_dialogues
from telephony.simulate.seats import SeatBehaviour, simulated_seats
from telephony.simulate.stage import Address, Stage, set_stage

log = structlog.get_logger(__name__)

DIALOGUES = PROJECT_ROOT / "configs" / "demo" / "dialogues.yaml"
OVERLAY = PROJECT_ROOT / "configs" / "demo.yaml"
CALLS_PER_MINUTE = 40
GIVE_UP_EVERY = 12
RING_S = 1.5
PATIENCE_S = 1.0
"""Shorter than a ring: who gives up does so before a simulated seat answers."""
_PEOPLE = (
    ("agent", "王晓燕", ("agent",), "seat agent 坐席"),
    ("supervisor", "李国强", ("supervisor",), "shift leader 班长"),
    ("qa", "张敏", ("qa",), "QA 质检员"),
    ("admin", "赵建华", ("admin",), "administrator 管理员"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the demo lets in."""

    username: str
    display_name: str
    password: str
    roles: tuple[str, ...]
    title: str


@dataclass
class Hall:
    """The running demo: the platform, its simulated phones, citizens' voices and agents."""

    platform: Platform
    people: list[Person]
    scripts: list[CaseScript]
    stage: Stage
    agents: list[SimulatedAgent]
    database: Database

    async def call(
        self, calls: Sequence[CitizenCall], *, per_second: float, name: str, talk_s: float | None = None
    ) -> Citizens:
        """Let these citizens call; `name` tells runs at the same time apart."""
        return await place_calls(
            self.stage, calls, Manner(per_second=per_second, talk_s=talk_s, patience_s=PATIENCE_S), name=name
        )

    async def reconcile(self, since: datetime, placed: int | None, *, cdr_is_whole: bool = True) -> Reconciliation:
        """Hold what citizens, Asterisk and the database know of the calls since then against each other."""
        assert self.platform.pbx is not None
        promises = {
            call_id: Promise(case=True, callback=call_id in agent.promised)
            for agent in self.agents
            for call_id in agent.answered
        }
        witnessed = witnessed_since(self.platform.pbx.paths.cdr, since)
        kept = await kept_since(self.database, since)
        return compare(kept, witnessed, promises, placed, cdr_is_whole=cdr_is_whole)

    def begin(self) -> None:
        """Forget what the agents did so far: what follows is counted on its own."""
        for agent in self.agents:
            agent.begin()

    async def link_heard_since(self, moment: datetime) -> bool:
        """Whether the link to the PBX is live, and was heard of after this moment."""
        async with self.database.transaction() as tx:
            link = await link_now(tx)
        return link.state == "live" and link.as_of is not None and link.as_of > moment

    async def all_ready(self, count: int, *, within_s: float = 90.0) -> None:
        """Wait until so many seats are ready."""
        async with asyncio.timeout(within_s):
            while sum(seat.state is SeatState.READY for seat in await self.seats()) < count:
                await asyncio.sleep(0.2)

    async def phones_registered(self, count: int) -> bool:
        """Whether so many seats have their phone."""
        return sum(seat.phone_registered for seat in await self.seats()) >= count

    async def agents_done(self, *, within_s: float) -> bool:
        """Wait until every answered call has its case; False when that takes too long."""
        try:
            async with asyncio.timeout(within_s):
                while any(agent.answered - set(agent.filed) for agent in self.agents):
                    await asyncio.sleep(0.2)
        except TimeoutError:
            return False
        return True

    async def go_home(self) -> None:
        """Every agent leaves the console and the platform's own processes end; the PBX and the telephones stay."""
        for agent in self.agents:
            await agent.__aexit__()
        for role in [name for name in self.platform.keepers if name not in {"postgres", "asterisk"}]:
            await self.platform.keepers[role].end()

    async def seats(self) -> list[SeatView]:
        """Every seat as the record has it."""
        async with self.database.transaction() as tx:
            return await seats.list_seats(tx)

    def citizens(self, count: int, *, first: int = 0, give_up_every: int = 0) -> list[CitizenCall]:
        """`count` citizens whose numbers tell the agents which dialogue they speak.

        With `give_up_every` n, each n-th gives up while it rings.
        """
        dialogues = load_dialogues(DIALOGUES).dialogues
        calls = []
        for n in range(first, first + count):
            dialogue = dialogues[n % 10_000 % len(dialogues)]
            number = f"13{8 + n // 10_000 % 2}0010{n % 10_000:04d}"
            gives_up = bool(give_up_every) and n % give_up_every == give_up_every - 1
            calls.append(CitizenCall(number, dialogue.dialed, dialogue.id, gives_up=gives_up))
        return calls


def demo_installation(
    *, overlay: Path = OVERLAY, state: Path | None = None, log_level: str = "WARNING"
) -> Installation:
    """The installation of the demo: the delivered configuration with an overlay."""
    environment = Environment(overlay=overlay)
    if state is not None:
        environment = environment.model_copy(update={"state": state})
    configure_logging(process="demo", form=environment.log_format, level=log_level)
    return Installation(environment)


@asynccontextmanager
async def demo_hall(installation: Installation, *, workers: int = 1) -> AsyncIterator[Hall]:
    """The platform with everybody at their place, for the time of the block."""
    async with AsyncExitStack() as stack:
        with screen.status("starting ...") as status:
            running = await stack.enter_async_context(
                platform(installation, workers=workers, say=lambda what: status.update(f"starting {what} ..."))
            )
            database = Database(running.database_url, pool_size=4)
            stack.push_async_callback(database.close)
            status.update("letting people in ...")
            simulated = [seat.number for seat in installation.config.pbx.seats if seat.phone is Phone.SIP]
            people, staff = await _let_in(installation, database, simulated)
            status.update("teaching citizens to speak ...")
            assert running.pbx is not None
            pbx = Address("127.0.0.1", running.pbx.ports.sip)
            stage = await set_stage(installation.state, pbx, DIALOGUES)
            status.update("seating the simulated agents ...")
            phones = simulated_seats(
                stage, simulated, lambda seat: installation.secrets.derive(f"sip:{seat}"), SeatBehaviour(ring_s=RING_S)
            )
            await stack.enter_async_context(phones)
            scripts = load_scripts(DIALOGUES)
            agents = [
                SimulatedAgent(running.address, person.username, person.password, seat, scripts)
                for seat, person in zip(simulated, staff, strict=True)
            ]
            for agent in agents:
                stack.push_async_exit(agent)
            await _seat(agents)
            hall = Hall(running, people, scripts, stage, agents, database)
            await hall.all_ready(len(agents))
        yield hall


async def _seat(agents: Sequence[SimulatedAgent]) -> None:
    """Let the agents sign in, a few at a time: each password costs its check."""
    door = asyncio.Semaphore(4)

    async def enter(agent: SimulatedAgent) -> None:
        async with door:
            await agent.__aenter__()

    await asyncio.gather(*(enter(agent) for agent in agents))


async def run_demo(*, seconds: int, headless: bool, report: Path) -> int:
    """The whole demo; returns the exit status: 1 when anything was lost."""
    installation = demo_installation()
    async with demo_hall(installation) as hall:
        _welcome(hall, headless)
        started = clock.now()
        placed = await _let_citizens_call(hall, seconds)
        screen.print("The last calls are being stored and transcribed ...")
        await hall.agents_done(within_s=30)
        await await_settled(hall.database, started, within_s=120)
        result = await hall.reconcile(started, len(placed))
    _report(result, report)
    return 1 if result.lost else 0


async def _let_citizens_call(hall: Hall, seconds: int) -> list[PlacedCall]:
    """Calls at a steady rate; with `seconds`, no new call begins so late that it would not end in time."""
    begun = time.monotonic()
    placed: list[PlacedCall] = []
    stop = asyncio.create_task(until_stopped())
    wave = 0
    runs: list[Citizens] = []
    while not stop.done():
        left = None if not seconds else seconds - (time.monotonic() - begun) - hall.stage.legs.length_s - 3
        if left is not None and left <= 0:
            break
        length_s = 60.0 if left is None else min(60.0, left)
        count = max(1, round(CALLS_PER_MINUTE * length_s / 60))
        if not wave and seconds:
            count = max(count, 24)
        # every second minute the same citizens call again, so that agents see earlier cases
        calls = hall.citizens(count, first=wave // 2 * 100, give_up_every=GIVE_UP_EVERY)
        runs.append(await hall.call(calls, per_second=count / length_s, name=f"citizens-{wave}"))
        wave += 1
        await asyncio.wait({stop}, timeout=length_s)
    for one in runs:
        placed += await (one.stop(within_s=40) if stop.done() else one.finished())
    stop.cancel()
    return placed


async def _let_in(
    installation: Installation, database: Database, seats: Sequence[str]
) -> tuple[list[Person], list[Person]]:
    roles = load_roles(installation.path(installation.config.data.roles))
    people = [
        Person(username, name, _password(installation, username), roles_, title)
        for username, name, roles_, title in _PEOPLE
    ]
    staff = [
        Person(f"agent{seat}", f"坐席{seat}", _password(installation, "simulated"), ("agent",), "") for seat in seats
    ]
    accounts = [Account(p.username, p.display_name, p.password, p.roles) for p in (*people, *staff)]
    async with database.transaction() as tx:
        await ensure_users(tx, roles, accounts, clock.now())
    return people, staff


def _password(installation: Installation, username: str) -> str:
    """A password of this installation for the demo: the same at each start, another on each machine."""
    return installation.secrets.derive(f"demo:{username}")[:16]


def _welcome(hall: Hall, headless: bool) -> None:
    screen.print(f"\n[bold]96010[/] and [bold]12345[/] are open. {len(hall.agents)} simulated seats are at work.")
    if headless:
        return
    screen.print(f"Console: [bold]{hall.platform.address}[/]   (seat 8001 is yours; Ctrl-C ends the demo)\n")
    table = Table(box=None, header_style="dim")
    for column in ("who", "name", "password"):
        table.add_column(column)
    for person in hall.people:
        table.add_row(person.title, f"[bold]{person.username}[/]", person.password)
    screen.print(table)
    screen.print()


def _report(result: Reconciliation, report: Path) -> None:
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    screen.print_json(data=result.as_json())
    if result.lost:
        screen.print(f"[bold red]{len(result.lost)} calls are incomplete[/]; what is missing:")
        for call_id, missing in result.missing.items():
            screen.print(f"  {call_id}: {', '.join(missing)}")
