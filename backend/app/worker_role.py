"""`hotline worker`: stores and transcribes recordings, looks for what a crash left behind, and clears away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import psycopg
import structlog

from asr.recognizer import RecognizerPool, transcribe_recording
from backend.app.config import (
    Installation,
    callback_rules,
    channels,
    export_limits,
    loop_rules,
    patrol_rules,
    timekeeping,
)
from backend.app.recognition_names import recognition_names
from backend.app.store_check import check_store
from backend.app.upkeep import beside, often, once
from backend.attachments.service import clear_away as clear_uploads
from backend.callbacks.attempt_rules import CallbackRules
from backend.callbacks.attempts import file_overdue
from backend.callbacks.evaluation import ClosedCaseCaller, UnreachedChildren
from backend.calls.reconcile_day import DayReconciler
from backend.calls.recordings import RecordingKeeper
from backend.calls.sweep import sweep
from backend.calls.transcripts import Transcriber
from backend.cases.export_job import CaseExporter
from backend.dispatch.keeper import SuspensionKeeper
from backend.dispatch.warnings import DeadlineWarner
from backend.identity.permissions import load_roles
from backend.identity.sessions import forget_old
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.events import forget_before
from backend.kernel.files import FileStore
from backend.kernel.jobs import JobKind, forget_done, run_worker
from backend.patrols.keeper import PatrolKeeper
from backend.quality.checking import CallChecker
from backend.quality.rechecks import Rechecker
from backend.quality.trials import RuleTrier
from backend.recognition.haste import hasten
from backend.reviews.drawing import ReviewDrawer
from telephony.pbx.paths import PbxPaths

log = structlog.get_logger(__name__)

_SWEEP_EVERY_S = 20.0
_CLEAR_EVERY_S = 600.0
_NIGHT_EVERY_S = 300.0
_FORGET_EVERY_S = 3600.0
_AFTER_START_S = 120.0
"""Until then the telephony process has entered the calls that came while nothing ran."""
_EVENTS_KEPT = timedelta(days=3)
_JOBS_KEPT = timedelta(days=30)
_PARTIAL_KEPT = timedelta(hours=6)
_RECONNECT_S = 1.0
_OTHERS_AT_ONCE = 6


async def work_jobs(installation: Installation, database: Database, stop: asyncio.Event) -> None:
    """Take jobs until `stop` is set; goes on by itself when the database was away. Raises `StoreUnusable`."""
    rules = callback_rules(installation)
    recognition = installation.config.recognition
    complaints = recognition.complaint_classes
    files = FileStore(installation.recording_store)
    paths = pbxs_here(installation)
    await check_store(database, files, stop, elsewhere=not paths)
    keepers = [RecordingKeeper(database, files, here.recordings, host=host) for host, here in paths.items()]
    days = [DayReconciler(database, here.cdr, host=host) for host, here in paths.items()]
    checker, trier, rechecker = CallChecker(database), RuleTrier(database), Rechecker(database)
    drawer = review_drawer(installation, database)
    names = await asyncio.to_thread(recognition_names, installation)
    async with RecognizerPool(installation.path(recognition.model), recognition.processes, names=names) as pool:
        transcriber = Transcriber(database, files, lambda path: transcribe_recording(path, pool))
        exporter = CaseExporter(database, files, export_limits(installation), channels(installation))
        others = [
            checker.job,
            trier.job,
            rechecker.job,
            drawer.job,
            exporter.job,
            *loop_jobs(installation, database),
            *(keeper.job for keeper in keepers),
            *(each.job for each in days),
        ]
        upkeep = [
            often(database, _SWEEP_EVERY_S, lambda tx: _sweep(tx, rules, complaints)),
            often(database, _CLEAR_EVERY_S, _clear_away),
            often(database, _FORGET_EVERY_S, lambda tx: forget_done(tx.session, clock.now() - _JOBS_KEPT)),
            often(database, _CLEAR_EVERY_S, exporter.expire),
            often(database, _CLEAR_EVERY_S, checker.sweep),
            often(database, _CLEAR_EVERY_S, lambda tx: clear_uploads(tx, files, clock.now())),
            often(database, _CLEAR_EVERY_S, lambda _: _clear_store(files)),
            *(often(database, _NIGHT_EVERY_S, each.ask_for_last_night) for each in days),
            often(database, _NIGHT_EVERY_S, drawer.ask_for_tonight),
            *(once(database, _AFTER_START_S, each.ask_after_start) for each in days),
        ]
        # apart, for what is heard may take minutes: clocks, new recordings and exports wait behind none of it
        async with beside(upkeep), asyncio.TaskGroup() as group:
            group.create_task(_serve(database, [transcriber.job], stop, at_once=2 * recognition.processes))
            group.create_task(_serve(database, others, stop, at_once=_OTHERS_AT_ONCE))


async def _serve(database: Database, kinds: list[JobKind], stop: asyncio.Event, *, at_once: int) -> None:
    """Take jobs of these kinds, and wait for the database where it is away."""
    while not stop.is_set():
        try:
            await run_worker(database.url, kinds, stop=stop, max_at_once=at_once)
        except (psycopg.Error, OSError) as error:
            log.warning("the database is away; the worker waits for it", error=str(error).strip())
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _RECONNECT_S)


def pbxs_here(installation: Installation) -> dict[str, PbxPaths]:
    """The PBX hosts whose files lie on this machine. Elsewhere a worker leaves what needs them to others: it would
    give up recordings that it cannot see."""
    known = {host: installation.pbx_paths(host) for host in installation.hosts}
    here = {host: paths for host, paths in known.items() if paths.recordings.is_dir()}
    if len(here) < len(known):
        log.info("recordings are stored where their PBX is, not here", hosts=sorted(known.keys() - here.keys()))
    return here


def loop_jobs(installation: Installation, database: Database) -> list[JobKind]:
    """What the seven-step loop asks of a worker."""
    rules = loop_rules(installation, timekeeping(installation))
    after_closing = timedelta(hours=installation.config.callbacks.hours_after_closing)
    return [
        DeadlineWarner(database, rules.time).job,
        SuspensionKeeper(database, rules).job,
        ClosedCaseCaller(database, after_closing).job,
        UnreachedChildren(database, rules.time).job,
        *PatrolKeeper(database, patrol_rules(installation, rules.time)).jobs,
    ]


def review_drawer(installation: Installation, database: Database) -> ReviewDrawer:
    """Who draws calls for review here."""
    roles = load_roles(installation.path(installation.config.data.roles))
    return ReviewDrawer(database, roles, installation.config.reviews)


async def _sweep(tx: Transaction, rules: CallbackRules, complaint_classes: Sequence[str]) -> None:
    found = await sweep(tx, clock.now())
    if found:
        log.info("recordings or transcripts were asked for again", count=found)
    await hasten(tx, complaint_classes, clock.now())
    filed = await file_overdue(tx, rules, clock.now())
    if filed:
        log.info("results of calls to citizens were filed by themselves", count=filed)


async def _clear_away(tx: Transaction) -> None:
    """What is of no use any more: old sessions, sign-in attempts, and events that no console will resume from."""
    now = clock.now()
    await forget_old(tx, now)
    await forget_before(tx.session, now - _EVENTS_KEPT)


async def _clear_store(files: FileStore) -> None:
    left = await asyncio.to_thread(files.forget_partial, clock.now() - _PARTIAL_KEPT)
    if left:
        log.info("half-written files of workers that died were removed", count=left)
