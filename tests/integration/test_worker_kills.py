"""Real workers with real recognisers: killed again and again as in the drill `worker_kills`, and on other machines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from backend.app.drill_workers import kill_workers
from backend.app.listening import Listening
from backend.kernel.database import Database

from .test_asr import DIALOGUES, DOCUMENT, call_sound

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

KILLS = 6


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One talk as the PBX writes it, whole and without its greeting."""
    folder = tmp_path_factory.mktemp("sounds")
    whole = call_sound(DIALOGUES[0], DIALOGUES[0]["voice"]["name"], DOCUMENT["speech"]["seat_voices"][0])
    files = []
    for n, sound in enumerate((whole, whole[8000 * 5 :])):
        files.append(folder / f"{n}.raw")
        files[-1].write_bytes(sound.astype("<i2").tobytes())
    return files


@pytest.fixture
def machine() -> Iterator[Path]:
    """The state folder of a machine; its path is short, because sockets stand below it."""
    with tempfile.TemporaryDirectory(prefix="hotline-") as folder:
        yield Path(folder)


async def test_each_recording_has_one_text_and_its_hits_however_often_workers_die(
    database: Database, machine: Path, sounds: list[Path]
) -> None:
    platform = Listening(machine, database)
    try:
        killed = await kill_workers(platform, sounds, KILLS, Random(KILLS), longest_s=4, hurry=True)
    finally:
        await platform.stop_workers()
    assert killed.offered >= KILLS
    assert (killed.lost, killed.doubled) == ((), ())
    assert await platform.count(text("SELECT count(*) FROM quality_hits")) > 0
    assert list((machine / "asterisk" / "spool" / "recordings").iterdir()) == []


async def test_a_recording_without_its_hits_or_with_two_texts_is_counted(
    database: Database, machine: Path, sounds: list[Path]
) -> None:
    platform = Listening(machine, database)
    try:
        assert (await kill_workers(platform, sounds, 0, Random(0), longest_s=0)).offered == 0
        await platform.start_worker()
        first, second, _ = await platform.record([sounds[1]] * 3)
        await platform.heard(within_s=300)
    finally:
        await platform.stop_workers()
    async with database.transaction() as tx:
        await tx.session.execute(text("DELETE FROM quality_hits WHERE call_id = :id"), {"id": first})
        await tx.session.execute(text("UPDATE transcripts SET revision = 2 WHERE call_id = :id"), {"id": second})
        await tx.session.execute(
            text("UPDATE call_checks SET transcript_revision = 2 WHERE call_id = :id"), {"id": second}
        )
    killed = await kill_workers(platform, sounds, 0, Random(0), longest_s=0)
    assert (killed.lost, killed.doubled) == ((first,), (second,))


async def test_workers_elsewhere_need_the_database_and_the_store_alone(
    database: Database, machine: Path, sounds: list[Path]
) -> None:
    platform = Listening(machine, database)
    try:
        for _ in range(2):
            await platform.start_worker_elsewhere()
        await platform.ask(await platform.keep([*sounds, *sounds]))
        await platform.heard(within_s=300)
    finally:
        await platform.stop_workers()
    assert await platform.count(text("SELECT count(*) FROM transcripts WHERE state = 'ready'")) == 4
    assert await platform.count(text("SELECT count(*) FROM quality_hits")) > 0
    assert not list(machine.glob("elsewhere-*")), "nothing is kept on those machines"
