"""The private Asterisk, real: calls from SIPp citizens to SIPp seats, the recordings and the record that they leave."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from backend.kernel.config import PROJECT_ROOT
from telephony import cdr
from telephony.cdr_file import read
from telephony.pbx import child
from telephony.pbx.check import check
from telephony.pbx.errors import PbxAlreadyRunning, PbxNotRunning, PbxStartFailed, PortInUse
from telephony.pbx.install import install
from telephony.pbx.parts import part_of
from telephony.pbx.programs import find_private
from telephony.pbx.server import AsteriskProcess, Pbx, existing, prepare, running
from telephony.pbx.settings import PbxSettings, Phone
from telephony.simulate.citizens import CitizenCall, Manner, place_calls
from telephony.simulate.dialogues import load_dialogues
from telephony.simulate.seats import SeatBehaviour, simulated_seats
from telephony.simulate.speech import synthesise_legs
from telephony.simulate.stage import Address, Stage, set_stage

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

TEMPLATES = PROJECT_ROOT / "configs" / "asterisk"
DIALOGUES = PROJECT_ROOT / "configs" / "demo" / "dialogues.yaml"
ALAW_SILENCE = 0xD5
SEATS = ["8002", "8003", "8004"]
QUEUES = ["q96010", "q12345"]


def secret_for(purpose: str) -> str:
    return hashlib.sha256(purpose.encode()).hexdigest()[:32]


def settings(**changes: object) -> PbxSettings:
    given = yaml.safe_load((PROJECT_ROOT / "configs" / "hotline.yaml").read_text())["pbx"]
    return PbxSettings.model_validate({**given, **changes}).with_phones(Phone.SIP, 8002, 8056)


def ringing_for(seconds: int) -> list[dict[str, object]]:
    """The delivered queues, in the first of which a seat rings for so long."""
    queues = yaml.safe_load((PROJECT_ROOT / "configs" / "hotline.yaml").read_text())["pbx"]["queues"]
    return [queues[0] | {"ring_seconds": seconds}, *queues[1:]]


@pytest.fixture(scope="session")
def programs_folder(state_folder: Path) -> Path:
    """The state folder that holds Asterisk and SIPp, fetched once for all test runs."""
    asyncio.run(install(state_folder, use_system=False))
    return state_folder


@pytest.fixture
def state(programs_folder: Path, tmp_path: Path) -> Path:
    """A state folder of its own, with the private programs and the voices of the shared one."""
    for part in ("debian", "speech"):
        (programs_folder / part).mkdir(exist_ok=True)
        (tmp_path / part).symlink_to(programs_folder.resolve() / part)
    return tmp_path


@pytest.fixture
async def asterisk(state: Path) -> AsyncIterator[AsteriskProcess]:
    pbx = await prepare(part_of(settings()), state, secret_for, TEMPLATES)
    async with running(pbx) as process:
        yield process


@pytest.fixture
async def stage(asterisk: AsteriskProcess, state: Path) -> Stage:
    address = Address("127.0.0.1", asterisk.pbx.ports.sip)
    return await set_stage(state, address, DIALOGUES)


async def sign_in(pbx: Pbx, seats: list[str]) -> None:
    for seat in seats:
        for queue in QUEUES:
            await pbx.cli(f"queue add member PJSIP/{seat} to {queue} penalty 0 as {seat}")


async def recorded_calls(pbx: Pbx, wanted: int, *, rows: int = 0) -> list[cdr.CdrCall]:
    """The calls of the record once there are as many as wanted, and so many rows, one for each seat that rang: they are
    written one by one a moment after the hang-up."""
    while True:
        reading = read(pbx.paths.cdr)
        assert reading.damaged == ()
        calls = cdr.calls_from_rows(reading.rows)
        if len(calls) >= wanted and len(reading.rows) >= rows:
            return calls
        await asyncio.sleep(0.1)


async def on_disk(pbx: Pbx, seats: list[str]) -> None:
    """Wait until Asterisk's own database holds these members and phones: it is written once a second."""
    uri = f"file:{pbx.paths.db / 'astdb.sqlite3'}?mode=ro"
    wanted = [("/Queue/PersistentMembers/%", f"%PJSIP/{seat}%") for seat in seats]
    wanted += [(f"/registrar/contact/{seat}%", "%") for seat in seats]
    while True:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
            query = "SELECT count(*) FROM astdb WHERE key LIKE ? AND value LIKE ?"
            if all(database.execute(query, pair).fetchone()[0] for pair in wanted):
                return
        await asyncio.sleep(0.1)


def legs_of(recording: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    frames = np.fromfile(recording, dtype="<i2").reshape(-1, 2).astype(np.float64)
    return frames[:, 0], frames[:, 1]


def loudness_by_second(leg: NDArray[np.float64]) -> NDArray[np.float64]:
    whole = leg[: leg.size // 8_000 * 8_000].reshape(-1, 8_000)
    return np.sqrt((whole**2).mean(axis=1))


async def test_answered_abandoned_and_refused_calls_leave_the_right_record(
    asterisk: AsteriskProcess, stage: Stage
) -> None:
    pbx = asterisk.pbx
    says = next(iter(stage.legs.callers))
    calls = [
        CitizenCall("13800000001", "96010", says=says),
        CitizenCall("13800000002", "12345", says=says),
        CitizenCall("13800000003", "96010", says=says, gives_up=True),
        CitizenCall("13800000004", "99999"),
    ]
    async with simulated_seats(stage, SEATS, lambda seat: secret_for(f"sip:{seat}"), SeatBehaviour(ring_s=6)):
        await sign_in(pbx, SEATS)
        run = await place_calls(stage, calls, Manner(per_second=4, patience_s=3, talk_s=10))
        placed = {call.caller_number: call for call in await run.finished()}
        answered_first, answered_second, abandoned = await recorded_calls(pbx, 3)

    assert [placed[f"1380000000{n}"].ending for n in (1, 2, 3, 4)] == ["ended", "ended", "gave_up", "refused"]
    assert cdr.count([answered_first, answered_second, abandoned]) == {"offered": 3, "answered": 2, "abandoned": 1}
    assert [(c.caller_number, c.dialed_number) for c in (answered_first, answered_second, abandoned)] == [
        ("13800000001", "96010"),
        ("13800000002", "12345"),
        ("13800000003", "96010"),
    ]
    assert {answered_first.seat, answered_second.seat} < set(SEATS)
    assert answered_first.seat != answered_second.seat
    assert "99999" in pbx.paths.messages.read_text()

    assert Path(abandoned.recording).stat().st_size == 0, "a call that nobody answered leaves an empty recording"
    for call in (answered_first, answered_second):
        assert call.answered_at is not None
        caller, seat = legs_of(Path(call.recording))
        # the seat greets at once and then listens; the caller speaks from the fifth second on
        assert loudness_by_second(seat)[0] > 300 > loudness_by_second(caller)[0]
        assert loudness_by_second(caller)[6] > 300 > loudness_by_second(seat)[6]
        talk = (call.ended_at - call.answered_at).total_seconds()
        assert abs(caller.size / 8_000 - talk) < 1


async def test_a_seat_that_lets_it_ring_is_paused_and_the_next_one_answers(
    asterisk: AsteriskProcess, stage: Stage, state: Path
) -> None:
    pbx = asterisk.pbx
    deaf = await prepare(part_of(settings(queues=ringing_for(3))), state, secret_for, TEMPLATES)
    assert deaf.rendering.changed == ("queues.conf",)
    await pbx.reload()
    elsewhere = replace(stage, folder=stage.folder / "deaf")
    elsewhere.folder.mkdir()
    never, soon = SeatBehaviour(ring_s=600), SeatBehaviour(ring_s=0.5)
    secret = lambda seat: secret_for(f"sip:{seat}")  # noqa: E731
    async with simulated_seats(elsewhere, ["8002"], secret, never), simulated_seats(stage, ["8003"], secret, soon):
        await sign_in(pbx, ["8002"])
        run = await place_calls(stage, [CitizenCall("13800000001", "96010")], Manner(talk_s=1))
        while "Auto-Pause" not in await pbx.cli("queue show q96010"):
            await asyncio.sleep(0.2)
        await sign_in(pbx, ["8003"])
        (placed,) = await run.finished()
        (call,) = await recorded_calls(pbx, 1, rows=2)
    assert placed.ending == "ended"
    assert (call.outcome, call.seat) == ("answered", "8003")
    rang = [row.seat for row in read(pbx.paths.cdr).rows]
    assert set(rang) == {"8002", "8003"}


async def test_a_caller_waits_when_every_seat_is_paused(asterisk: AsteriskProcess, stage: Stage) -> None:
    pbx = asterisk.pbx
    async with simulated_seats(stage, SEATS, lambda seat: secret_for(f"sip:{seat}"), SeatBehaviour(ring_s=0.2)):
        run = await place_calls(stage, [CitizenCall("13800000001", "96010")], Manner(talk_s=1))
        while "1 calls" not in await pbx.cli("queue show q96010"):
            await asyncio.sleep(0.1)
        assert "!Ring!Queue!" in await pbx.cli("core show channels concise"), "waiting is not answering"
        await sign_in(pbx, SEATS[:1])
        (placed,) = await run.finished()
    assert placed.ending == "ended"


async def test_a_seat_with_a_wrong_secret_is_not_registered(asterisk: AsteriskProcess, stage: Stage) -> None:
    from telephony.simulate.errors import SeatsNotRegistered

    with pytest.raises(SeatsNotRegistered, match="register"):
        async with simulated_seats(stage, SEATS, lambda _: "wrong-secret-wrong-secret"):
            pytest.fail("a phone with a wrong secret was let in")
    assert "8002/sip" not in await asterisk.pbx.cli("pjsip show contacts")


async def test_a_numbers_poison_reaches_neither_events_nor_paths(asterisk: AsteriskProcess, stage: Stage) -> None:
    """A stranger's display name and number with everything that means something to Asterisk."""
    pbx = asterisk.pbx
    _, writer = reader_writer = await asyncio.open_connection("127.0.0.1", pbx.ports.ami)
    reader = reader_writer[0]
    secret = secret_for("ami:platform")
    writer.write(f"Action: Login\r\nUsername: platform\r\nSecret: {secret}\r\n\r\n".encode())
    evil = "138,Queue: x%0d%0aAction: Originate;../${SHELL(id)}"
    invite = (
        f"INVITE sip:96010@{stage.pbx} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-evil\r\n"
        f'From: "x,y=$[1]" <sip:{"138%0d%0aAction%3a%20Originate"}@127.0.0.1>;tag=evil\r\n'
        f'P-Asserted-Identity: "{evil}" <sip:138%3b%2f..%2f%24%7bx%7d%2c7@127.0.0.1>\r\n'
        f"To: <sip:96010@{stage.pbx}>\r\nCall-ID: evil\r\nCSeq: 1 INVITE\r\nContact: <sip:x@127.0.0.1:9>\r\n"
        "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=(stage.pbx.host, stage.pbx.port)
    )
    transport.sendto(invite.encode())
    event = b""
    while b"UserEvent: HotlineArrive" not in event:
        event = await reader.readuntil(b"\r\n\r\n")
    transport.close()
    writer.close()
    fields = dict(line.split(": ", 1) for line in event.decode().strip().split("\r\n"))
    assert set(fields["Caller"]) <= set("0123456789ABCDEFabcdefghijklmnopqrstuvwxyzOA+*#._-")
    assert fields["Caller"].startswith("138")
    assert (fields["Dialed"], fields["Queue"]) == ("96010", "q96010")
    assert fields["RecFile"] == str(pbx.paths.recordings / f"{fields['CallId']}.raw")


async def test_the_check_finds_all_well_and_what_is_away(state: Path) -> None:
    pbx = await prepare(part_of(settings()), state, secret_for, TEMPLATES)
    here = part_of(settings())
    away = [finding for finding in await check(pbx, here) if not finding.ok and "disk" not in finding.what]
    assert [finding.what_to_do for finding in away] == ["Start it with `hotline up`."]
    async with running(pbx):
        findings = await check(await existing(state), part_of(settings()))
        assert [finding.what for finding in findings if not finding.ok and "disk" not in finding.what] == []
        more = settings(queues=[{"name": "q96010"}, {"name": "q12345"}, {"name": "q-new"}])
        (missing,) = [f for f in await check(pbx, part_of(more)) if not f.ok and "disk" not in f.what]
        assert "q-new" in missing.what_to_do


async def test_a_change_is_taken_up_without_dropping_a_call(
    asterisk: AsteriskProcess, stage: Stage, state: Path
) -> None:
    pbx = asterisk.pbx
    async with simulated_seats(stage, SEATS, lambda seat: secret_for(f"sip:{seat}"), SeatBehaviour(ring_s=0.2)):
        await sign_in(pbx, SEATS)
        run = await place_calls(stage, [CitizenCall("13800000001", "96010")], Manner(talk_s=60))
        while "!Up!Queue!" not in await pbx.cli("core show channels concise"):
            await asyncio.sleep(0.1)
        more = settings(queues=[{"name": "q96010", "weight": 9}, {"name": "q12345"}, {"name": "q-new"}])
        changed = await prepare(part_of(more), state, secret_for, TEMPLATES)
        assert changed.ports == pbx.ports
        assert not changed.rendering.needs_restart
        await changed.reload()
        assert "q-new has 0 calls" in await pbx.cli("queue show")
        assert "!Up!Queue!" in await pbx.cli("core show channels concise")
        await pbx.cli("channel request hangup all")
        (placed,) = await run.finished()
    assert placed.ending == "ended"


async def test_after_a_kill_it_starts_again_with_its_members_and_registrations(
    asterisk: AsteriskProcess, stage: Stage, state: Path
) -> None:
    async with simulated_seats(stage, SEATS, lambda seat: secret_for(f"sip:{seat}"), SeatBehaviour(ring_s=0.2)):
        await sign_in(asterisk.pbx, SEATS)
        await on_disk(asterisk.pbx, SEATS)
        os.kill(asterisk.pid, signal.SIGKILL)
        assert await asterisk.wait() == -signal.SIGKILL
        assert asterisk.pbx.paths.socket.exists(), "the kill leaves a stale control socket"
        assert not await asterisk.pbx.is_running()
        again = await prepare(part_of(settings()), state, secret_for, TEMPLATES)
        assert again.ports == asterisk.pbx.ports
        async with running(again):
            queue = await again.cli("queue show q96010")
            assert all(f"PJSIP/{seat}" in queue for seat in SEATS)
            run = await place_calls(stage, [CitizenCall("13800000001", "96010")], Manner(talk_s=1))
            (placed,) = await run.finished()
    assert placed.ending == "ended"


async def test_a_second_one_in_the_same_folder_is_refused(asterisk: AsteriskProcess, state: Path) -> None:
    again = await prepare(part_of(settings()), state, secret_for, TEMPLATES)
    assert again.rendering.changed == ()
    with pytest.raises(PbxAlreadyRunning):
        await AsteriskProcess.start(again)
    assert await asterisk.pbx.is_running()


async def test_a_port_that_is_taken_is_named(asterisk: AsteriskProcess, state: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "debian").symlink_to((state / "debian").resolve())
    taken = settings(ports={"ami": asterisk.pbx.ports.ami})
    pbx = await prepare(part_of(taken), other, secret_for, TEMPLATES)
    with pytest.raises(PortInUse, match=f"Port {asterisk.pbx.ports.ami}/tcp.*process {asterisk.pid}"):
        await AsteriskProcess.start(pbx)


async def test_an_asterisk_that_cannot_start_says_why(state: Path) -> None:
    pbx = await prepare(part_of(settings()), state, secret_for, TEMPLATES)
    modules = pbx.paths.etc / "modules.conf"
    modules.write_text(modules.read_text() + "require=no_such_module.so\n")
    with pytest.raises(PbxStartFailed, match="no_such_module"):
        await AsteriskProcess.start(pbx)


async def test_it_does_not_outlive_the_process_that_started_it(state: Path) -> None:
    pbx = await prepare(part_of(settings()), state, secret_for, TEMPLATES)
    parent = (
        "import asyncio, os, signal, sys; from pathlib import Path; from telephony.pbx.server import *\n"
        "async def main():\n"
        f"    await AsteriskProcess.start(await existing(Path({str(state)!r})))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())"
    )
    python = shutil.which("python", path=str(PROJECT_ROOT / ".venv" / "bin")) or "python3"
    status, output = await child.run([python, "-c", parent], cwd=PROJECT_ROOT, timeout_s=120)
    assert status == -signal.SIGKILL, output
    while await pbx.is_running():
        await asyncio.sleep(0.1)
    with pytest.raises(PbxNotRunning):
        await pbx.cli("core show version")


async def test_the_private_copy_is_complete_and_is_not_fetched_again(programs_folder: Path) -> None:
    said: list[str] = []
    done = await install(programs_folder, use_system=False, say=lambda what, _: said.append(what))
    assert [program.name for program in done.programs if program.private] == ["asterisk", "sipp", "espeak-ng"]
    assert said == ["done"]


async def test_the_private_synthesiser_speaks_mandarin(programs_folder: Path, tmp_path: Path) -> None:
    espeak = await find_private("espeak-ng", programs_folder)
    assert espeak is not None
    legs = await synthesise_legs(load_dialogues(DIALOGUES), espeak, tmp_path)
    for path in [*legs.callers.values(), *legs.seats]:
        spoken = np.frombuffer(path.read_bytes(), dtype=np.uint8) != ALAW_SILENCE
        assert 0.2 < spoken.mean() < 0.8
