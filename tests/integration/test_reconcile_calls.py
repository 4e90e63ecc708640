"""Asterisk's CDR file against the record: what was missed is entered, what lives is left alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from typer.testing import CliRunner

from backend.app import cli_calls
from backend.app.terminal import app
from backend.calls.models import Call, CallFact
from backend.calls.reconcile import reconcile
from backend.calls.reconcile_day import CdrFileMissing, DayReconciler, newest
from backend.calls.recorder import CallRecorder
from backend.kernel import clock
from backend.kernel.database import Database
from backend.seats.seating import HallTimes
from telephony import facts as f
from telephony.cdr import COLUMNS
from telephony.cdr_file import BEGINNING, Place, Reading, read
from telephony.pbx.paths import pbx_paths

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
TODAY = date(2026, 11, 22)


def line(call: str, *, seat: str | None = "8001", answer: float | None = 4, end: float = 60, start: float = 0) -> str:
    base = NOW.timestamp()
    fields = {
        "linkedid": call, "uniqueid": call, "channel": "PJSIP/trunk-00000001",
        "dstchannel": f"PJSIP/{seat}-00000002" if seat else "", "src": "13800001234", "dst": "q96010",
        "dcontext": "hotline", "lastapp": "Queue", "disposition": "ANSWERED" if answer else "NO ANSWER",
        "start": f"{base + start:.6f}", "answer": f"{base + answer:.6f}" if answer else "0.000000",
        "end": f"{base + end:.6f}", "billsec": "0.0", "dialed": "96010", "recording": f"/spool/{call}.raw",
        "called": "", "placed": "", "taken": "",
    }  # fmt: skip
    return ",".join(f'"{fields[name]}"' for name in COLUMNS) + "\n"


def line_out(call: str, *, taken: float | None = 9, disposition: str = "ANSWERED", end: float = 60) -> str:
    """A call to a citizen: ordered at the seat's phone at once, dialled after 3 s."""
    base = NOW.timestamp()
    fields = dict.fromkeys(COLUMNS, "") | {
        "linkedid": call, "uniqueid": call, "channel": "PJSIP/8001-00000001", "dstchannel": "PJSIP/trunk-00000002",
        "src": "96010", "dst": "13900005678", "dcontext": "outbound", "lastapp": "Dial", "disposition": disposition,
        "start": f"{base:.6f}", "answer": f"{base + 2:.6f}", "end": f"{base + end:.6f}",
        "recording": f"/spool/{call}.raw", "called": "13900005678", "placed": f"{base + 3:.6f}",
        "taken": f"{base + taken:.6f}" if taken else "",
    }  # fmt: skip
    return ",".join(f'"{value}"' for value in fields.values()) + "\n"


class Desk:
    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.file = folder / "calls.csv"
        self.recorder = CallRecorder(database, host="hotline", times=HallTimes(), now=lambda: NOW)

    def write(self, *lines: str) -> None:
        with self.file.open("a") as file:
            file.writelines(lines)

    async def look(self, now: datetime = LATER, alive: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
        found = await reconcile(self.database, self.recorder, self.file, host="hotline", alive=alive, now=now)
        return [(each.call_id, each.kind.value) for each in found]

    async def arrive(self, call: str, *more: f.Fact) -> None:
        arrived = f.CallArrived(
            at=NOW, call_id=call, caller_number="13800001234", caller_known=True, caller_name="",
            dialed_number="96010", channel="x",
        )  # fmt: skip
        await self.recorder.store(uuid4(), [arrived, *more])

    async def call(self, call_id: str) -> Call:
        async with self.database.transaction() as tx:
            call = await tx.session.get(Call, call_id)
        assert call is not None
        return call


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path)


async def test_a_call_that_nobody_followed_is_entered_whole_from_the_cdr(desk: Desk) -> None:
    desk.write(line("c1"), line("c2", seat=None, answer=None, end=20))
    assert await desk.look() == [("c1", "not_in_record"), ("c2", "not_in_record")]
    answered, abandoned = await desk.call("c1"), await desk.call("c2")
    assert (answered.source, answered.stage, answered.outcome, answered.seat) == ("cdr", "ended", "answered", "8001")
    assert (answered.wait_ms, answered.talk_ms, answered.caller_e164) == (4000, 56000, "+8613800001234")
    assert (answered.recording_state, answered.recording_file) == ("pending", "/spool/c1.raw")
    assert (abandoned.outcome, abandoned.wait_ms, abandoned.recording_state) == ("abandoned", 20000, "none")
    async with desk.database.transaction() as tx:
        jobs = (await tx.session.execute(text("SELECT dedupe_key FROM pgqueuer"))).scalars().all()
    assert jobs == ["store_recording:c1"]


async def test_a_second_look_finds_nothing_and_an_empty_file_neither(desk: Desk) -> None:
    assert await desk.look() == []
    desk.write(line("c1"))
    await desk.look()
    async with desk.database.transaction() as tx:
        facts = (await tx.session.execute(select(func.count()).select_from(CallFact))).scalar_one()
    assert await desk.look() == []
    async with desk.database.transaction() as tx:
        await tx.session.execute(text("DELETE FROM cdr_positions"))
    assert await desk.look() == []
    async with desk.database.transaction() as tx:
        assert (await tx.session.execute(select(func.count()).select_from(CallFact))).scalar_one() == facts


async def test_a_call_left_open_is_closed_and_one_that_lives_never(desk: Desk) -> None:
    await desk.arrive("c1", f.CallAnswered(at=NOW, call_id="c1", seat="8001", channel="y"))
    await desk.arrive("c2")
    desk.write(line("c1"), line("c2"))
    assert await desk.look(alive=frozenset({"c2"})) == [("c1", "left_open")]
    assert (await desk.call("c1")).ended_at == NOW + timedelta(seconds=60)
    assert (await desk.call("c1")).answered_at == NOW
    assert (await desk.call("c2")).stage == "arrived"
    assert await desk.look() == [("c2", "left_open")]
    assert (await desk.call("c2")).source == "live"
    assert (await desk.call("c2")).answered_at == NOW + timedelta(seconds=4)


async def test_a_fresh_difference_may_still_be_on_its_way_and_is_looked_at_again(desk: Desk) -> None:
    desk.write(line("c1"))
    assert await desk.look(NOW + timedelta(seconds=70)) == []
    await desk.arrive("c1", f.CallAnswered(at=NOW, call_id="c1", seat="8001", channel="y"))
    ended = f.CallEnded(
        at=NOW, call_id="c1", outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=16
    )  # fmt: skip
    await desk.recorder.store(uuid4(), [ended])
    assert await desk.look() == []
    assert (await desk.call("c1")).source == "live"


async def test_a_disagreement_about_the_answer_is_reported_and_not_rewritten(desk: Desk) -> None:
    ended = f.CallEnded(
        at=NOW, call_id="c1", outcome=f.CallOutcome.ABANDONED, hung_up_by=f.Party.CALLER, cause=16
    )  # fmt: skip
    await desk.arrive("c1", ended)
    desk.write(line("c1"))
    assert await desk.look() == [("c1", "answer_differs")]
    assert (await desk.call("c1")).outcome == "abandoned"


async def test_a_first_look_at_a_long_file_reads_it_in_pieces_and_finds_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Place] = []

    def little(path: Path, place: Place = BEGINNING) -> Reading:
        asked.append(place)
        return read(path, place, most=300)

    monkeypatch.setattr("backend.calls.reconcile.cdr_file.read", little)
    desk.write(*(line(f"c{n}", start=n) for n in range(6)))
    assert await desk.look() == [(f"c{n}", "not_in_record") for n in range(6)]
    assert len(asked) > 3
    assert await desk.look() == []


async def test_a_damaged_line_stops_nothing(desk: Desk) -> None:
    desk.write("no,row\n", line("c1"), line("c2")[:40])
    assert await desk.look() == [("c1", "not_in_record")]


async def test_a_call_to_a_citizen_that_nobody_followed_is_entered_too(desk: Desk) -> None:
    desk.write(line_out("o1"), line_out("o2", taken=None, disposition="BUSY", end=20))
    assert await desk.look() == [("o1", "not_in_record"), ("o2", "not_in_record")]
    reached, busy = await desk.call("o1"), await desk.call("o2")
    assert (reached.direction, reached.caller_e164, reached.dialed_number) == ("outbound", "+8613900005678", "96010")
    assert (reached.arrived_at, reached.answered_at) == (NOW + timedelta(seconds=3), NOW + timedelta(seconds=9))
    assert (reached.outcome, reached.seat, reached.recording_state) == ("answered", "8001", "pending")
    assert (busy.outcome, busy.recording_state, busy.recording_file) == ("busy", "none", None)


async def test_a_call_that_ended_during_an_absence_gets_its_true_end(desk: Desk) -> None:
    found = f.CallEnded(
        at=NOW + timedelta(minutes=3), call_id="c1", outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.UNKNOWN,
        cause=None, recovered=True,
    )  # fmt: skip
    await desk.arrive(
        "c1", f.CallAnswered(at=NOW + timedelta(seconds=4), call_id="c1", seat="8001", channel="y"), found
    )
    desk.write(line("c1"))
    assert await desk.look() == [("c1", "ended_earlier")]
    call = await desk.call("c1")
    assert (call.ended_at, call.talk_ms) == (NOW + timedelta(seconds=60), 56_000)
    desk.write(line("c2"))
    assert await desk.look() == [("c2", "not_in_record")]


async def test_a_file_that_was_rotated_between_two_looks_is_read_to_its_end(desk: Desk) -> None:
    desk.write(line("c1"))
    assert await desk.look() == [("c1", "not_in_record")]
    desk.write(line("c2"))
    desk.file.rename(desk.file.with_name("calls.csv.1"))
    desk.write(line("c3"), line("c4"), line("c5"))
    assert [call for call, _ in await desk.look()] == ["c2", "c3", "c4", "c5"]
    assert await desk.look() == []


# --- a whole day ----------------------------------------------------------------------------------------------------


class Days(Desk):
    """The comparison of days, at a time that a test chooses."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder)
        self.time = LATER
        self.days = DayReconciler(database, self.file, host="hotline", now=lambda: self.time)

    async def compare(self, day: date = TODAY) -> list[tuple[str, str]]:
        found = await self.days.reconcile(day)
        return [(each.call_id, each.kind.value) for each in found.differences]

    async def asked(self) -> list[str]:
        async with self.database.transaction() as tx:
            await self.days.ask_for_last_night(tx)
        async with self.database.transaction() as tx:
            found = (await tx.session.execute(text("SELECT dedupe_key FROM pgqueuer ORDER BY id"))).scalars()
            return [key for key in found if key.startswith("reconcile_day")]


@pytest.fixture
def days(database: Database, tmp_path: Path) -> Days:
    return Days(database, tmp_path)


async def test_a_day_names_what_differs_and_keeps_it(days: Days) -> None:
    days.write(line("c1"), line("c2", seat=None, answer=None, end=20), line("c3"))
    await days.look()
    assert await days.compare() == []
    async with days.database.transaction() as tx:
        await tx.session.execute(text("UPDATE calls SET dialed_number = '12345' WHERE call_id = 'c1'"))
        await tx.session.execute(text("DELETE FROM call_facts WHERE call_id = 'c2'"))
        await tx.session.execute(text("DELETE FROM calls WHERE call_id = 'c2'"))
    assert await days.compare() == [("c1", "dialed"), ("c2", "not_in_record")]
    async with days.database.transaction() as tx:
        [kept] = await newest(tx)
    assert (kept.day, kept.compared, kept.at) == (TODAY, 3, LATER)
    missing = {"kind": "not_in_record", "call_id": "c2", "record": "", "cdr": "abandoned", "explained": False}
    assert kept.differences[1] == missing
    assert await days.compare(TODAY - timedelta(days=1)) == []


async def test_last_night_is_asked_for_once_it_is_over_and_until_it_was_compared(days: Days) -> None:
    days.write(line("c1"))
    await days.look()
    await days.compare()  # in the middle of the day: not the last word on it
    assert await days.asked() == [f"reconcile_day:hotline:{TODAY - timedelta(days=1)}"]
    await days.compare(TODAY - timedelta(days=1))
    async with days.database.transaction() as tx:
        await tx.session.execute(text("DELETE FROM pgqueuer"))
    days.time = NOW.replace(hour=16, minute=10)  # ten past midnight in Beijing
    assert await days.asked() == []
    days.time = NOW.replace(hour=16, minute=40)
    assert await days.asked() == await days.asked() == [f"reconcile_day:hotline:{TODAY}"]
    await days.compare()
    async with days.database.transaction() as tx:
        await tx.session.execute(text("DELETE FROM pgqueuer"))
    assert await days.asked() == []


async def test_without_a_cdr_file_it_is_said_and_nothing_kept(days: Days) -> None:
    with pytest.raises(CdrFileMissing):
        await days.compare()
    async with days.database.transaction() as tx:
        assert await newest(tx) == []


def test_the_command_says_what_differs_and_ends_with_its_status(
    days: Days, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert cli_calls.calls_app
    monkeypatch.setenv("HOTLINE_DATABASE_URL", days.database.url)
    monkeypatch.setenv("HOTLINE_STATE", str(tmp_path))
    cdr = pbx_paths(tmp_path).cdr
    cdr.parent.mkdir(parents=True)
    cdr.write_text("")
    lately = (clock.now() - NOW).total_seconds() - 300
    day = str(clock.beijing(NOW + timedelta(seconds=lately)).date())
    agrees = CliRunner().invoke(app, ["calls", "reconcile", "--day", day])
    assert agrees.exit_code == 0, agrees.output
    cdr.write_text(line("c1", start=lately, answer=lately + 4, end=lately + 60))
    differs = CliRunner().invoke(app, ["calls", "reconcile", "--day", day])
    assert differs.exit_code == 1
