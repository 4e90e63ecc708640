"""A hall of simulated people on the real platform: what demo, benchmarks, drills and the simulated day have in common.

Citizens are SIPp calls with synthetic speech; agents are consoles without a screen. Nothing of the platform knows that
they are not people.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent_console.simulated_agent import CaseScript, SimulatedAgent, load_scripts
from backend.app.config import Installation
from backend.app.datasets import SPECIAL_EXAMPLE, load_special_entries
from backend.app.reconcile import Promise, Reconciliation, compare, kept_since, witnessed_since
from backend.app.terminal import screen
from backend.app.up import Platform, platform
from backend.calls.pbx_link import links_now
from backend.identity.permissions import load_roles
from backend.identity.users import Account, ensure_users
from backend.kernel import clock
from backend.kernel.config import PROJECT_ROOT, Environment
from backend.kernel.database import Database
from backend.kernel.telemetry import configure_logging
from backend.seats import service as seats
from backend.seats.schemas import SeatState, SeatView
from telephony.names import DEFAULT_HOST
from telephony.pbx.settings import Phone
from telephony.simulate.citizens import CitizenCall, Citizens, Manner, place_calls
from telephony.simulate.dialogues import load_dialogues
from telephony.simulate.seats import SeatBehaviour, simulated_seats
from telephony.simulate.stage import Address, Stage, set_stage

DIALOGUES = PROJECT_ROOT / "configs" / "demo" / "dialogues.yaml"
DEMO = PROJECT_ROOT / "configs" / "demo.yaml"
ALL_SIMULATED = PROJECT_ROOT / "configs" / "bench.yaml"
PATIENCE_S = 1.0
"""Shorter than a ring: who gives up does so before a simulated seat answers."""
SEATS_AT_WORK = SeatBehaviour(ring_s=1.5)
_PEOPLE = (
    ("agent", "王晓燕", ("agent",), None, "seat agent 坐席"),
    ("supervisor", "李国强", ("supervisor",), None, "shift leader 班长"),
    ("dispatcher", "周海燕", ("dispatcher",), None, "dispatcher 派遣员"),
    ("unit", "孙立新", ("unit_leader",), "110101013", "handling unit, 东花市街道 承办单位"),
    ("verifier", "吴静", ("verifier",), None, "verifier 核查员"),
    ("grid", "陈桂兰", ("grid_manager",), "110101013007", "grid manager, 忠实里社区 网格管理员"),
    ("patrol", "何志刚", ("patrol",), None, "supervisor on patrol 巡查员"),
    ("qa", "张敏", ("qa",), None, "QA 质检员"),
    ("qa-leader", "郑国梁", ("qa_leader",), None, "leader of QA 质检主管"),
    ("admin", "赵建华", ("admin",), None, "administrator 管理员"),
)


_TEAMS = ("甲班", "乙班")
"""The groups of the demo's hall; its shift leader answers for the first."""
_IN_A_TEAM = frozenset({"agent", "supervisor"})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the demo lets in; `team` is the group of the hall."""

    username: str
    display_name: str
    password: str
    roles: tuple[str, ...]
    unit_code: str | None
    title: str
    team: str | None = None


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
            (link,) = await links_now(tx, [DEFAULT_HOST])
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
        """Every agent leaves the console and the platform's own processes end; the PBX and the telephones stay.

        Who steers the queues ends first: so the seats go on taking calls although their agents signed out.
        """
        keepers = self.platform.keepers
        ours = [name for name in keepers if name not in {"postgres", "asterisk"}]
        steering = [name for name in ours if name.startswith("telephony")]
        for name in steering:
            await keepers[name].end()
        for agent in self.agents:
            await agent.__aexit__()
        for name in set(ours) - set(steering):
            await keepers[name].end()

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


def demo_installation(*, overlay: Path = DEMO, state: Path | None = None, log_level: str = "WARNING") -> Installation:
    """The installation of the demo: the delivered configuration with an overlay."""
    environment = Environment(overlay=overlay)
    if state is not None:
        environment = environment.model_copy(update={"state": state})
    configure_logging(process="demo", form=environment.log_format, level=log_level)
    return Installation(environment)


@asynccontextmanager
async def demo_hall(
    installation: Installation,
    *,
    workers: int = 1,
    telephonies: int = 1,
    behaviour: SeatBehaviour = SEATS_AT_WORK,
) -> AsyncIterator[Hall]:
    """The platform with everybody at their place, for the time of the block."""
    async with AsyncExitStack() as stack:
        with screen.status("starting ...") as status:
            running = await stack.enter_async_context(
                platform(
                    installation,
                    workers=workers,
                    telephonies=telephonies,
                    say=lambda what: status.update(f"starting {what} ..."),
                )
            )
            database = Database(running.database_url, pool_size=4)
            stack.push_async_callback(database.close)
            status.update("letting people in ...")
            simulated = [seat.number for seat in installation.part().seats if seat.phone is Phone.SIP]
            people, staff = await _let_in(installation, database, simulated)
            async with database.transaction() as tx:
                await load_special_entries(tx, installation, SPECIAL_EXAMPLE, clock.now())
            status.update("teaching citizens to speak ...")
            assert running.pbx is not None
            pbx = Address("127.0.0.1", running.pbx.ports.sip)
            stage = await set_stage(installation.state, pbx, DIALOGUES)
            status.update("seating the simulated agents ...")
            phones = simulated_seats(
                stage, simulated, lambda seat: installation.secrets.derive(f"sip:{seat}"), behaviour
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


async def _let_in(
    installation: Installation, database: Database, seats: Sequence[str]
) -> tuple[list[Person], list[Person]]:
    roles = load_roles(installation.path(installation.config.data.roles))
    people = [
        Person(username, name, _password(installation, username), held, unit, title, _team(username))
        for username, name, held, unit, title in _PEOPLE
    ]
    staff = [
        Person(f"agent{seat}", f"坐席{seat}", _password(installation, "simulated"), ("agent",), None, "", _TEAMS[n % 2])
        for n, seat in enumerate(seats)
    ]
    accounts = [
        Account(p.username, p.display_name, p.password, p.roles, p.unit_code, p.team) for p in (*people, *staff)
    ]
    async with database.transaction() as tx:
        await ensure_users(tx, roles, accounts, clock.now())
    return people, staff


def _team(username: str) -> str | None:
    return _TEAMS[0] if username in _IN_A_TEAM else None


def _password(installation: Installation, username: str) -> str:
    """A password of this installation for the demo: the same at each start, another on each machine."""
    return installation.secrets.derive(f"demo:{username}")[:16]
