"""`hotline serve`: the API, the console's hub and the built console, in one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent_console import endpoints as console_endpoints
from agent_console.captions import CaptionDesk
from agent_console.hall import HallCalls
from agent_console.hub import Hub
from agent_console.phones import PhoneCalls
from agent_console.popups import Popups
from agent_console.renderers import renderers
from agent_console.schemas import QueueTarget
from agent_console.settings import ConsoleSettings, SipAccess
from backend.app import health
from backend.app.config import (
    Installation,
    attachment_limits,
    callback_rules,
    channels,
    export_limits,
    hall_times,
    loop_rules,
    patrol_rules,
    patrol_settings,
    timekeeping,
)
from backend.attachments import endpoints as attachment_endpoints
from backend.attachments.service import Cabinet
from backend.boards import endpoints as board_endpoints
from backend.callbacks import endpoints as callback_endpoints
from backend.calls import endpoints as call_endpoints
from backend.cases import endpoints as case_endpoints
from backend.cases import export_endpoints as case_export_endpoints
from backend.cases import list_endpoints as case_list_endpoints
from backend.cases import service as cases
from backend.cases import suggestion_endpoints
from backend.cases.reference import References
from backend.cases.suggestions import load_urgency_words
from backend.dispatch import desk_endpoints, group_endpoints, intake_endpoints
from backend.dispatch import endpoints as dispatch_endpoints
from backend.dispatch import unit_endpoints as unit_task_endpoints
from backend.figures import endpoints as figure_endpoints
from backend.figures.service import FiguresDesk
from backend.figures.views import Groups
from backend.grid import endpoints as grid_endpoints
from backend.grid.components import component_kinds_in_force
from backend.grid.gazetteer import names_in_force
from backend.identity import endpoints as identity_endpoints
from backend.identity.access import PUBLIC
from backend.identity.permissions import load_roles
from backend.kernel.bodies import TOO_LARGE, BodyLimit, RequestTooLarge
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.database import Database
from backend.kernel.errors import HotlineError, NotFound
from backend.kernel.files import FileStore
from backend.kernel.inputs import input_invalid, unreadable_input
from backend.patrols import endpoints as patrol_endpoints
from backend.quality import endpoints as quality_endpoints
from backend.quality import repository as quality_rows
from backend.quality import rule_endpoints as quality_rule_endpoints
from backend.queueing import endpoints as queueing_endpoints
from backend.recognition import endpoints as recognition_endpoints
from backend.rectification import endpoints as special_endpoints
from backend.rectification.kinds import kinds_in_force
from backend.reviews import endpoints as review_endpoints
from backend.reviews.drawing import ReviewDrawer
from backend.rounds import endpoints as round_endpoints
from backend.said import endpoints as said_endpoints
from backend.seats import endpoints as seat_endpoints
from backend.taxonomy import endpoints as taxonomy_endpoints
from backend.taxonomy.crossing import crossing_in_force
from backend.units import endpoints as unit_endpoints
from backend.units.directory import units_in_force
from telephony.names import DEFAULT_HOST
from telephony.pbx import ports as pbx_ports
from telephony.pbx.host_settings import HostSettings
from telephony.pbx.settings import PbxSettings

log = structlog.get_logger(__name__)

BUILT_CONSOLE = PROJECT_ROOT / "agent_console" / "web" / "dist"

_CONTENT_SECURITY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "worker-src 'self' blob:; connect-src 'self' {sip}; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)


def create_app(installation: Installation, database: Database, *, console: Path = BUILT_CONSOLE) -> FastAPI:
    """The application over an open database."""
    settings = console_settings(installation)
    popups = Popups(database, [installation.rings(host) for host in installation.hosts])
    calls = HallCalls(database, show_supervision=settings.show_supervision)
    boards = {host: installation.captions(host) for host in installation.hosts}
    captions = CaptionDesk(list(boards.values()))
    hub = Hub(database, settings.pbx, renderers(popups, calls, PhoneCalls(database)), popups, captions)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        hub.start()
        yield
        await hub.stop()
        await database.close()

    app = FastAPI(title="hotline", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.database = database
    app.state.roles = load_roles(installation.path(installation.config.data.roles))
    app.state.hub = hub
    app.state.console = settings
    app.state.files = FileStore(installation.recording_store)
    app.state.cabinet = Cabinet(database, app.state.files, attachment_limits(installation))
    app.state.export_limits = export_limits(installation)
    groups = Groups.of(installation.config.pbx)
    app.state.queue_titles = groups.queues
    app.state.figures = FiguresDesk(database, groups, short_ms=installation.config.hall.short_call_seconds * 1000)
    app.state.origins = settings.origins
    app.state.pbx = settings.pbx
    app.state.loop = loop_rules(installation, settings.references.time)
    app.state.references = settings.references
    app.state.patrols = patrol_rules(installation, settings.references.time)
    app.state.units = units_in_force()
    app.state.taxonomy = settings.references.taxonomy
    app.state.crossing = crossing_in_force()
    app.state.grid = settings.references.grid
    app.state.names = names_in_force()
    app.state.urgency_words = load_urgency_words(installation.path(installation.config.data.suggestions))
    app.state.component_kinds = component_kinds_in_force()
    app.state.special_kinds = kinds_in_force()
    app.state.reviews = ReviewDrawer(database, app.state.roles, installation.config.reviews)
    app.state.case_numbers_of_calls = cases.case_numbers_of_calls
    app.state.hit_counts_of_calls = quality_rows.hit_counts
    app.state.caption_boards = boards if installation.config.recognition.live.enabled else {}
    for part in (
        identity_endpoints,
        seat_endpoints,
        call_endpoints,
        case_list_endpoints,
        case_export_endpoints,
        suggestion_endpoints,
        case_endpoints,
        attachment_endpoints,
        patrol_endpoints,
        dispatch_endpoints,
        group_endpoints,
        intake_endpoints,
        desk_endpoints,
        unit_task_endpoints,
        grid_endpoints,
        callback_endpoints,
        queueing_endpoints,
        round_endpoints,
        special_endpoints,
        quality_endpoints,
        quality_rule_endpoints,
        said_endpoints,
        recognition_endpoints,
        review_endpoints,
        figure_endpoints,
        board_endpoints,
        unit_endpoints,
        taxonomy_endpoints,
        console_endpoints,
        health,
    ):
        app.include_router(part.router)
    _report_errors(app)
    _harden(app, settings)
    _serve_console(app, console)
    return app


def console_settings(installation: Installation) -> ConsoleSettings:
    """What the console's server needs to know of this installation."""
    config = installation.config
    return ConsoleSettings(
        references=References(
            timekeeping(installation), channels(installation), patrol_settings(installation).recurrence
        ),
        times=hall_times(installation),
        callbacks=callback_rules(installation),
        numbers=tuple(number.number for number in config.pbx.numbers),
        queues=queue_targets(config.pbx),
        sip={host.name: sip_access(installation, host) for host in config.pbx.all_hosts},
        sip_secret=lambda seat: installation.secrets.derive(f"sip:{seat}"),
        origins=frozenset(config.web.origins),
        pbx=config.pbx,
        show_supervision=config.hall.show_supervision,
        live_captions=config.recognition.live.enabled,
    )


def sip_access(installation: Installation, host: HostSettings) -> SipAccess:
    """Where the softphones of this PBX register: as configured, else on the loopback of this machine."""
    given = host.sip_websocket_url
    if host.name == DEFAULT_HOST:
        given = installation.config.web.sip_websocket_url
    http = host.ports.http or pbx_ports.load(installation.pbx_paths(host.name).ports).get("http", 0)
    return SipAccess("127.0.0.1", given or f"ws://127.0.0.1:{http}/ws")


def queue_targets(pbx: PbxSettings) -> tuple[QueueTarget, ...]:
    """The queues that a seat may dial, under their titles."""
    return tuple(QueueTarget(name=queue.name, title=queue.title or queue.name) for queue in pbx.queues)


def _report_errors(app: FastAPI) -> None:
    @app.exception_handler(HotlineError)
    async def named(_: Request, error: HotlineError) -> JSONResponse:
        return JSONResponse(error.as_dict(), status_code=error.http_status)

    @app.exception_handler(HTTPException)
    async def bare(_: Request, error: HTTPException) -> JSONResponse:
        # what the framework refuses by itself: a body that it cannot read, an address that is not there
        problem: HotlineError = NotFound("There is nothing at this address.", next_step="Load the page anew.")
        if error.status_code == 400:
            problem = unreadable_input()
        elif error.status_code == TOO_LARGE:
            problem = RequestTooLarge()
        return JSONResponse(problem.as_dict(), status_code=error.status_code, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        invalid_input = input_invalid(error.errors(), skip=1)
        return JSONResponse(invalid_input.as_dict(), status_code=invalid_input.http_status)


class _Headers:
    """Puts the headers of safety on every answer; bare ASGI, because every request pays for it."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                headers.setdefault("Content-Security-Policy", self._policy)
                if scope["path"].startswith("/api"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def _harden(app: FastAPI, settings: ConsoleSettings) -> None:
    policy = _CONTENT_SECURITY.format(sip=" ".join(access.websocket_url for access in settings.sip.values()))
    app.add_middleware(BodyLimit, streams=_is_upload)
    app.add_middleware(_Headers, policy=policy)


def _is_upload(scope: Scope) -> bool:
    """Files are read piece by piece, under the limit of attachments."""
    return str(scope["path"]).endswith("/attachments")


def _serve_console(app: FastAPI, console: Path) -> None:
    index = console / "index.html"
    if not index.exists():

        @app.get("/", include_in_schema=False, dependencies=[PUBLIC])
        async def not_built() -> PlainTextResponse:
            return PlainTextResponse("The console is not built yet. Run: make console\n", status_code=503)

        return
    loose_files = {file.name for file in console.iterdir() if file.is_file()}
    app.mount("/assets", StaticFiles(directory=console / "assets"), name="assets")

    @app.get("/{path:path}", include_in_schema=False, dependencies=[PUBLIC])
    async def page(path: str) -> Response:
        if path.startswith("api/"):
            return JSONResponse({"error": "NotFound", "message": f"There is no /{path}."}, status_code=404)
        if path in loose_files:
            return FileResponse(console / path)
        return FileResponse(index, headers={"Cache-Control": "no-cache"})
