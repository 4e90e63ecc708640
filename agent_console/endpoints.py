"""What the console asks for beside its messages: its menus, its phone, its WebSocket."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request, WebSocket
from starlette.requests import HTTPConnection

from agent_console.connection import Connection
from agent_console.desk import Desk
from agent_console.hub import Hub
from agent_console.schemas import ChannelOption, HostOption, Options, PhoneTargets
from agent_console.settings import ConsoleSettings
from backend.identity.access import Access, check_origin, principal_of, requires, signed_in
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.errors import Conflict
from backend.kernel.versions import InForce
from backend.seats import service as seats
from backend.seats.schemas import PauseReason, Softphone
from backend.taxonomy.schemas import Urgency
from backend.units.directory import UnitDirectory
from backend.units.schemas import UnitKind

router = APIRouter(prefix="/api")


class NoSeatForPhone(Conflict):
    """The person sits at no seat, so there is no phone to register."""


class SeatWithoutPbx(Conflict):
    """The PBX that the seat's phone registers at is configured no longer."""


@router.get("/options")
async def options(request: Request, _: Annotated[Principal, Depends(signed_in)]) -> Options:
    """What the console's menus offer."""
    settings = _settings(request)
    async with _database(request).transaction() as tx:
        hall = await seats.list_seats(tx)
        now = clock.now()
        reference = await settings.references.at(tx, now)
        units = await cast("InForce[UnitDirectory]", request.app.state.units).at(tx.session, now)
    return Options(
        streets=reference.grid.as_options(),
        taxonomy=reference.taxonomy.as_options(),
        conditions=list(reference.conditions.conditions),
        channels=[ChannelOption.model_validate(each) for each in reference.channels.channels],
        departments={unit.code: unit.name for unit in units.units if unit.kind is UnitKind.DEPARTMENT},
        seats=hall,
        wrap_up_seconds=int(settings.times.wrap_up.total_seconds()),
        pause_reasons=[
            reason for reason in PauseReason if reason not in (PauseReason.NO_ANSWER, PauseReason.PHONE_LOST)
        ],
        urgencies=list(Urgency),
        numbers=list(settings.numbers),
        hosts=[HostOption(name=host.name, title=host.title) for host in settings.pbx.all_hosts],
        live_captions=settings.live_captions,
    )


@router.get("/softphone")
async def softphone(request: Request, principal: Annotated[Principal, Depends(requires("desk.sit"))]) -> Softphone:
    """The phone of the seat that this person sits at; nobody else is ever told its secret."""
    settings = _settings(request)
    async with _database(request).transaction() as tx:
        seat = await seats.seat_of(tx, principal)
    if seat is None:
        raise NoSeatForPhone("You do not sit at a seat.", next_step="Choose a seat first.")
    sip = settings.sip.get(seat.host)
    if sip is None:
        raise SeatWithoutPbx(
            f"Seat {seat.seat} is on the PBX {seat.host}, which the configuration does not hold any more.",
            next_step="Choose another seat.",
        )
    return Softphone(
        seat=seat.seat,
        sip_uri=f"sip:{seat.seat}@{sip.domain}",
        websocket_url=sip.websocket_url,
        password=settings.sip_secret(seat.seat),
    )


@router.get("/softphone/targets")
async def targets(request: Request, principal: Annotated[Principal, Depends(requires("desk.sit"))]) -> PhoneTargets:
    """Whom the phone of this person's seat may call inside the hall, as things stand now."""
    async with _database(request).transaction() as tx:
        hall = await seats.list_seats(tx)
    others = [seat for seat in hall if seat.user_id not in (None, principal.user_id)]
    return PhoneTargets(seats=others, queues=list(_settings(request).queues))


class _Visitor(Access):
    """Like any signed-in access, but lets the handshake pass without a session: a browser hides the status of a
    refused handshake from its page, so the console could not tell "signed out" from "server away"."""

    async def __call__(self, connection: HTTPConnection) -> Principal | None:  # type: ignore[override]
        check_origin(connection)
        return await principal_of(connection)


@router.websocket("/console")
async def console(socket: WebSocket, principal: Annotated[Principal | None, Depends(_Visitor())]) -> None:
    """The console's WebSocket; a page of another origin is refused before the handshake ends."""
    await socket.accept()
    if principal is None:
        await socket.close(code=4401, reason="signed out")
        return
    state = socket.app.state
    settings: ConsoleSettings = state.console
    desk = Desk(
        state.database,
        principal,
        settings.references,
        settings.times,
        settings.pbx,
        settings.callbacks,
        show_supervision=settings.show_supervision,
    )
    await Connection(socket, cast("Hub", state.hub), desk, lambda: principal_of(socket)).serve()


def _settings(request: Request) -> ConsoleSettings:
    return cast("ConsoleSettings", request.app.state.console)


def _database(request: Request) -> Database:
    return cast("Database", request.app.state.database)
