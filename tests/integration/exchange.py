"""A telephone exchange to test with: the real Asterisk, the process that leads it, and telephones around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psutil
import yaml
from numpy.typing import NDArray
from sqlalchemy import Row, Select, select, update

from backend.app.config import Installation, hall_times
from backend.app.telephony_role import follow_pbx
from backend.calls.models import PbxLink
from backend.identity.models import User
from backend.identity.permissions import load_roles
from backend.identity.principal import Principal
from backend.identity.users import Account, ensure_users
from backend.kernel import clock
from backend.kernel.config import PROJECT_ROOT, Environment
from backend.kernel.database import Database
from backend.orders import service as orders
from backend.orders.models import PbxOrder
from backend.orders.schemas import OrderState, OrderView
from backend.seats import service as seats
from backend.seats.models import Seat
from telephony import cdr, cdr_file
from telephony.names import DEFAULT_HOST
from telephony.order import Order
from telephony.pbx.install import install
from telephony.pbx.server import AsteriskProcess, Pbx, prepare_all, running
from telephony.simulate.stage import Address, Stage, set_stage

DIALOGUES = PROJECT_ROOT / "configs" / "demo" / "dialogues.yaml"
PHONES = {"seat_ranges": [{"first": 8001, "last": 8006, "phone": "sip"}]}

NO_CAPTIONS = {"recognition": {"live": {"enabled": False}}}


@dataclass
class Exchange:
    """A running Asterisk, that of the PBX `host`. `leader` lets a telephony process follow it."""

    installation: Installation
    database: Database
    pbx: Pbx
    stage: Stage
    asterisk: AsteriskProcess
    host: str = DEFAULT_HOST

    def secret_of(self, seat: str) -> str:
        return self.installation.secrets.derive(f"sip:{seat}")

    @asynccontextmanager
    async def leader(self) -> AsyncIterator[None]:
        """A telephony process that leads for the time of the block; its end is as sudden as a kill."""
        process = asyncio.create_task(follow_pbx(self.installation, self.database, asyncio.Event(), host=self.host))
        try:
            await self.until(self._live)
            yield
        finally:
            process.cancel()
            await asyncio.gather(process, return_exceptions=True)
            async with self.database.transaction() as tx:
                link = await tx.session.get(PbxLink, self.host)
                if link is not None:
                    link.state = "connecting"

    async def _live(self) -> bool:
        return await self.link_state() == "live"

    async def link_state(self) -> str:
        """How the link to this PBX stands, by its telephony process's last word."""
        found = await self.ask(select(PbxLink.state).where(PbxLink.host == self.host))
        return found[0].state if found else "unknown"

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until this holds."""
        async with asyncio.timeout(60):
            while not await holds():
                await asyncio.sleep(0.05)

    async def ask(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """What the database answers now."""
        async with self.database.transaction() as tx:
            return (await tx.session.execute(query)).all()

    async def agent_at(self, seat: str) -> Principal:
        """Somebody new who sits at this seat."""
        roles = load_roles(self.installation.path(self.installation.config.data.roles))
        name = f"agent{seat}"
        async with self.database.transaction() as tx:
            await ensure_users(
                tx, roles, [Account(name, f"坐席{seat}", "a long enough password", ("agent",))], clock.now()
            )
            user = (await tx.session.execute(select(User).where(User.username == name))).scalar_one()
            who = Principal(
                user.user_id, name, user.display_name, ("agent",), roles.permissions_of(["agent"]), uuid4(), clock.now()
            )
            await seats.sign_in(tx, seat, who, clock.now(), hall_times(self.installation))
        return who

    async def counted(self, calls: int = 1) -> list[cdr.CdrCall]:
        """The calls of Asterisk's own file once it has so many: a row is written a moment after the hang-up."""
        found: list[cdr.CdrCall] = []

        async def written() -> bool:
            nonlocal found
            file = self.pbx.paths.cdr
            found = cdr.calls_from_rows(cdr_file.read(file).rows) if file.exists() else []
            return len(found) >= calls

        await self.until(written)
        return found

    async def recorded(self, file: str | None) -> NDArray[np.int16]:
        """What this recording holds, citizen left and seat right, once it is whole: a moment after the hang-up."""
        assert file is not None

        async def closed() -> bool:
            return file not in [each.path for each in psutil.Process(self.asterisk.pid).open_files()]

        await self.until(closed)
        return np.fromfile(file, dtype="<i2").reshape(-1, 2)

    async def registered(self, seat: str) -> None:
        """Wait until the platform knows that the phone of this seat can be reached."""
        await self.until(lambda: self.ask(select(Seat.seat).where(Seat.seat == seat, Seat.phone_registered)))

    async def ready_at(self, seat: str) -> Principal:
        """Somebody new who sits at this seat and takes calls."""
        who = await self.agent_at(seat)
        await self.registered(seat)
        async with self.database.transaction() as tx:
            await seats.make_ready(tx, who, clock.now(), hall_times(self.installation))
        return who

    async def order(self, order: Order, who: Principal, order_id: UUID | None = None) -> UUID:
        """Give an order, which waits longer than people do: a machine that stands still is no PBX that is away; its
        id."""
        order_id = order_id or uuid4()
        longer = update(PbxOrder).where(PbxOrder.order_id == order_id)
        async with self.database.transaction() as tx:
            await orders.place(tx, order_id, order, who, clock.now(), host=self.host)
            await tx.session.execute(longer.values(expires_at=clock.now() + timedelta(minutes=1)))
        return order_id

    async def came_out(self, order_id: UUID) -> OrderView:
        """The order once it has come out."""
        found: OrderView | None = None

        async def ended() -> bool:
            nonlocal found
            async with self.database.transaction() as tx:
                found = await orders.find(tx, order_id)
            return found is not None and found.state not in {OrderState.ORDERED, OrderState.TAKEN}

        await self.until(ended)
        assert found is not None
        return found


@asynccontextmanager
async def open_exchange(
    unpacked: Path, state: Path, database: Database, pbx_settings: Mapping[str, Any] | None = None
) -> AsyncIterator[Exchange]:
    """An exchange in the state folder `state`, with the programs and voices that lie in `unpacked`; `pbx_settings` are
    changed in the delivered configuration."""
    overlay = {"pbx": {**PHONES, **(pbx_settings or {})}}
    async with open_exchanges(unpacked, state, database, overlay) as (exchange,):
        yield exchange


@asynccontextmanager
async def open_exchanges(
    unpacked: Path, state: Path, database: Database, overlay: dict[str, Any]
) -> AsyncIterator[list[Exchange]]:
    """An exchange for each PBX host of the configuration with this overlay, the first one first."""
    await install(unpacked, use_system=False)
    for part in ("debian", "speech"):
        (unpacked / part).mkdir(exist_ok=True)
        (state / part).symlink_to(unpacked.resolve() / part)
    file = state / "overlay.yaml"
    file.write_text(yaml.safe_dump(NO_CAPTIONS | overlay))
    here = Installation(Environment(state=state, overlay=file))
    parts = [here.part(host) for host in here.hosts]
    async with AsyncExitStack() as stack:
        exchanges = []
        for part, pbx in zip(parts, await prepare_all(parts, state, here.secrets.derive, here.templates), strict=True):
            asterisk = await stack.enter_async_context(running(pbx))
            stage = await set_stage(state, Address("127.0.0.1", pbx.ports.sip), DIALOGUES)
            stage = replace(stage, folder=stage.folder / part.name)
            stage.folder.mkdir()
            exchanges.append(Exchange(here, database, pbx, stage, asterisk, part.name))
        yield exchanges
