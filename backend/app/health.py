"""Whether the platform is well: /healthz for machines, /metrics for Prometheus, /api/status for people."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from sqlalchemy import text

from agent_console.hub import Hub
from agent_console.schemas import PartStatus, PlatformStatus, ReconciledDay
from agent_console.settings import ConsoleSettings
from backend.calls import reconcile_day
from backend.calls.pbx_link import LinkNow, links_now
from backend.identity.access import PUBLIC, requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.errors import Unavailable
from backend.kernel.notices import is_posted
from backend.recognition import service as recognition
from telephony.names import DEFAULT_HOST
from telephony.pbx.settings import PbxSettings

router = APIRouter()

_LINK_STALE = timedelta(seconds=15)
NEEDS_CARE_ONLY = {"calendar", "captions"}
"""Parts that somebody must look after, while the platform goes on working."""


@router.get("/healthz", dependencies=[PUBLIC])
async def healthz(request: Request) -> Response:
    """200 while the database, the event stream and the PBX link work, else 503; says which part does not, captions
    among them, without which calls go on."""
    parts = await platform_parts(request)
    well = all(part.ok for part in parts if part.name not in NEEDS_CARE_ONLY)
    body = {"ok": well, "parts": {_name(part): part.ok for part in parts}}
    return JSONResponse(body, status_code=200 if well else 503)


@router.get("/api/status")
async def status(request: Request, _: Annotated[Principal, Depends(requires("system.watch"))]) -> PlatformStatus:
    """All parts as they stand, for the status page."""
    return PlatformStatus(parts=await platform_parts(request))


@router.get("/api/status/reconciliations")
async def reconciliations(
    request: Request, _: Annotated[Principal, Depends(requires("system.watch"))]
) -> list[ReconciledDay]:
    """The last days as they compared with Asterisk's CDR file, newest first."""
    async with cast("Database", request.app.state.database).transaction() as tx:
        return [ReconciledDay.model_validate(day) for day in await reconcile_day.newest(tx)]


@router.get("/metrics", dependencies=[PUBLIC])
async def metrics(request: Request) -> Response:
    """Counts and gauges for Prometheus; no citizen data."""
    registry = CollectorRegistry()
    hub = cast("Hub", request.app.state.hub)
    Gauge("hotline_consoles", "Connected consoles", registry=registry).set(hub.listeners)
    Gauge("hotline_events_seq", "Number of the newest event told", registry=registry).set(hub.newest_seq)
    up = Gauge("hotline_part_up", "1 while a part works", ["part"], registry=registry)
    for part in await platform_parts(request):
        up.labels(_name(part)).set(1 if part.ok else 0)
    jobs = Gauge("hotline_jobs", "Jobs by kind and status", ["kind", "status"], registry=registry)
    for kind, state, count in await _jobs(request):
        jobs.labels(kind, state).set(count)
    await _measure_recognition(request, registry)
    differing = Gauge(
        "hotline_record_differences",
        "Differences of a day's record from the CDR file",
        ["host", "day"],
        registry=registry,
    )
    for day, host, count in await _differences(request):
        differing.labels(host, day).set(count)
    return Response(generate_latest(PROCESS_REGISTRY) + generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


async def platform_parts(request: Request) -> list[PartStatus]:
    """Ask each part how it is; none of them can make this fail."""
    now = clock.now()
    database = cast("Database", request.app.state.database)
    hub = cast("Hub", request.app.state.hub)
    unknown = cast("ConsoleSettings", request.app.state.console).references.time.unknown_years(now)
    pbx = cast("PbxSettings", request.app.state.pbx)
    try:
        async with database.transaction() as tx:
            links = await links_now(tx, [host.name for host in pbx.all_hosts])
            failed = (await tx.session.execute(text("SELECT count(*) FROM pgqueuer WHERE status = 'failed'"))).scalar()
    except Unavailable as error:
        return [PartStatus(name="database", ok=False, detail=error.message, as_of=now)]
    return [
        PartStatus(name="database", ok=True, detail="", as_of=now),
        PartStatus(name="events", ok=hub.connected, detail=str(hub.newest_seq), as_of=now),
        *(_link_status(link, now) for link in links),
        *[await _captions_status(host, board, now) for host, board in _captions_here(request)],
        PartStatus(name="jobs", ok=True, detail=str(failed), as_of=now),
        PartStatus(name="calendar", ok=not unknown, detail=", ".join(map(str, unknown)), as_of=now),
    ]


def link_part(host: str) -> str:
    """What the link to this PBX is called to machines."""
    return "pbx_link" if host == DEFAULT_HOST else f"pbx_link:{host}"


def _name(part: PartStatus) -> str:
    return part.name if part.host in (None, DEFAULT_HOST) else f"{part.name}:{part.host}"


def _link_status(link: LinkNow, now: datetime) -> PartStatus:
    fresh = link.as_of is not None and now - link.as_of < _LINK_STALE
    ok = link.state == "live" and fresh
    return PartStatus(name="pbx_link", host=link.host, ok=ok, detail=link.state, as_of=link.as_of)


def _captions_here(request: Request) -> list[tuple[str, Path]]:
    """The PBX hosts whose calls are captioned on this machine: where they ever were, the socket is left."""
    boards = cast("dict[str, Path]", request.app.state.caption_boards)
    return [(host, board) for host, board in boards.items() if board.exists()]


async def _captions_status(host: str, board: Path, now: datetime) -> PartStatus:
    return PartStatus(name="captions", host=host, ok=await is_posted(board), detail="", as_of=now)


async def _jobs(request: Request) -> list[tuple[str, str, int]]:
    database = cast("Database", request.app.state.database)
    try:
        async with database.transaction() as tx:
            rows = await tx.session.execute(
                text("SELECT entrypoint, status::text, count(*) FROM pgqueuer GROUP BY 1, 2")
            )
            return [(row[0], row[1], row[2]) for row in rows]
    except Unavailable:
        return []


async def _measure_recognition(request: Request, registry: CollectorRegistry) -> None:
    database = cast("Database", request.app.state.database)
    try:
        async with database.transaction() as tx:
            now = clock.now()
            standing = await recognition.status(tx, now)
    except Unavailable:
        return
    waiting = Gauge("hotline_recognition_waiting", "Recordings that wait", ["kind"], registry=registry)
    oldest = Gauge("hotline_recognition_oldest_s", "Age of the oldest that waits", ["kind"], registry=registry)
    for kind in standing.waiting:
        waiting.labels(kind.kind).set(kind.waiting)
        oldest.labels(kind.kind).set(0 if kind.oldest_at is None else (now - kind.oldest_at).total_seconds())
    heard = Gauge("hotline_recognition_audio_s", "Seconds of audio heard in the last hour", registry=registry)
    heard.set(standing.speed.audio_s)
    spent = Gauge("hotline_recognition_cpu_s", "CPU seconds of recognition in the last hour", registry=registry)
    spent.set(standing.speed.cpu_s)
    failed = Gauge("hotline_recognition_failed", "Calls that could not be heard", registry=registry)
    failed.set(standing.failed_total)


async def _differences(request: Request) -> list[tuple[str, str, int]]:
    database = cast("Database", request.app.state.database)
    try:
        async with database.transaction() as tx:
            newest = await reconcile_day.newest(tx)
    except Unavailable:
        return []
    return [(str(day.day), day.host, sum(not each.get("explained") for each in day.differences)) for day in newest]
