"""`hotline bench`: figures that mean something, because each stands beside a named peer in the same run.

ami_facts           events per CPU second from recorded AMI bytes to typed facts; the peer is a bare panoramisk with a
                    callback on the same bytes
popup_1, popup_56   ms from INVITE to the pop-up in a console, p95, at one call and at 56 calls at once;
                    the peer is a bare panoramisk client that notes AgentCalled of the very same calls
address             ms from what an agent typed so far to the addresses offered, p95, on 100,000 addresses; the peer is
                    plain rapidfuzz over the same addresses
case_list           ms of a page of the case list through the API, p95, on 2,000,000 cases; the peer is the same SQL by
                    hand (loading the cases takes minutes, once)
case_search         the same for pages that words were searched for
captions_56         ms from the end of a spoken word to its text in a console, p95, at 56 calls at once; the peer is a
                    bare websockets server with a vosk recogniser a leg on the same tracks
case_map            the same for the map of the grid with its open cases
transcription       seconds of recorded calls per CPU second through the whole job of a worker, database and all; the
                    peer is vosk-transcriber on the same files (it needs ffmpeg: the system's, or that of
                    requirements-bench.lock)
transcription_2     seconds of recorded calls a second with two workers; the peer is one worker on the same recordings
worker_memory       MiB of a worker and its recognisers after 2,000 recordings; the peer is itself after 200
calls_per_second    new calls a second at which the pop-up's p95 doubles; the peer is a bare panoramisk on the same PBX
                    while the platform is not attached
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.table import Table

from backend.app.benches.address import address
from backend.app.benches.ami_facts import ami_facts
from backend.app.benches.captions import captions_56
from backend.app.benches.cases import case_list, case_map, case_search
from backend.app.benches.figure import BenchFailed, Figure
from backend.app.benches.load import calls_per_second
from backend.app.benches.memory import worker_memory
from backend.app.benches.popups import popup_1, popup_56
from backend.app.benches.sightings import Sightings, watching
from backend.app.benches.transcription import transcription, transcription_2
from backend.app.hall import ALL_SIMULATED, Hall, demo_hall, demo_installation
from backend.app.terminal import screen

REPORT = Path("build/bench.json")

ALONE: dict[str, Callable[[], Awaitable[Figure]]] = {
    "ami_facts": ami_facts,
    "address": address,
    "case_list": case_list,
    "case_search": case_search,
    "case_map": case_map,
    "captions_56": captions_56,
    "transcription": transcription,
    "transcription_2": transcription_2,
    "worker_memory": worker_memory,
}
"""Measurements that need no hall, or one of their own."""
IN_HALL: dict[str, Callable[[Hall, Sightings], Awaitable[Figure]]] = {
    "popup_1": popup_1,
    "popup_56": popup_56,
    "calls_per_second": calls_per_second,
}
"""Measurements of the whole platform; the last one ends it."""


async def run_bench(names: list[str]) -> None:
    """Run the named measurements (all, if none is named) and leave build/bench.json."""
    known = [*ALONE, *IN_HALL]
    unknown = set(names) - set(known)
    if unknown:
        raise BenchFailed(
            f"There is no measurement {', '.join(sorted(unknown))}.", next_step=f"Known: {', '.join(known)}."
        )
    figures: list[Figure] = []
    for name, measure in ALONE.items():
        if not names or name in names:
            with screen.status(f"measuring {name} ..."):
                figures.append(await measure())
    wanted = [name for name in IN_HALL if not names or name in names]
    if wanted:
        async with demo_hall(demo_installation(overlay=ALL_SIMULATED)) as hall, watching(hall) as sightings:
            for name in wanted:
                with screen.status(f"measuring {name} ..."):
                    figures.append(await IN_HALL[name](hall, sightings))
    _leave(figures)


def _leave(figures: list[Figure]) -> None:
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps([figure.as_json() for figure in figures], indent=2) + "\n")
    table = Table(box=None, header_style="dim")
    for column in ("name", "value", "peer", "ratio", ""):
        table.add_column(column)
    for f in figures:
        table.add_row(f.name, f"{f.value} {f.unit}", f"{f.peer_value} {f.unit}", f"{f.ratio}", _verdict(f))
        for step in f.steps:
            table.add_row("", f"{step.who} at {step.per_second:g}/s", f"p50 {step.p50} ms", f"p95 {step.p95} ms", "")
    screen.print(table)


def _verdict(figure: Figure) -> str:
    words = f"{figure.better} is better"
    if figure.errors is not None:
        words += f"; wrong characters {figure.errors.ours:.2%}, the peer's {figure.errors.peer:.2%}"
    if figure.limit is not None:
        words += f"; limit {figure.limit:g}"
    return words if figure.held else f"{words} [red]not kept[/]"
