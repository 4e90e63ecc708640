from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path

import pytest

from telephony.pbx.programs import Program
from telephony.simulate.citizens import CitizenCall, Manner, place_calls, read_log
from telephony.simulate.errors import SimulationFailed
from telephony.simulate.seats import SeatBehaviour, voices_by_digit
from telephony.simulate.sipp import injection_file, scenario
from telephony.simulate.speech import Legs
from telephony.simulate.stage import Address, Stage

LOG = """\
sent 13800000000 2026-11-22	16:02:42.718585	1795363362.718585
sent 13800000002 2026-11-22	16:02:43.218833	1795363363.218833
gave_up 13800000002 2026-11-22	16:02:44.025918	1795363364.025918
answered 13800000000 2026-11-22	16:02:44.219928	1795363364.219928
ended 13800000000 2026-11-22	16:03:10.776331	1795363390.776331
sent 13900000000 2026-11-22	16:03:11.000000	1795363391.000000
refused 13900000000 2026-11-22	16:03:11.004000	1795363391.004000
sent 13900000001 2026-11-22	16:03:12.000000	1795363392.000000
""".splitlines()


def stage(folder: Path, sipp_script: str = "exit 0") -> Stage:
    program = folder / "sipp"
    program.write_text(f"#!/bin/bash\n{sipp_script}\n")
    program.chmod(0o755)
    legs = Legs({"elevator": folder / "elevator.al"}, (folder / "seat.al",), folder / "silence.al", 20.0)
    return Stage(Program("sipp", (str(program),), (3, 8, 0), private=False), Address("127.0.0.1", 5060), legs, folder)


def test_the_log_tells_what_became_of_each_call() -> None:
    calls = read_log(LOG)
    assert [(call.caller_number, call.ending, call.answered_at is not None) for call in calls] == [
        ("13800000000", "ended", True),
        ("13800000002", "gave_up", False),
        ("13900000000", "refused", False),
        ("13900000001", "unknown", False),
    ]
    assert calls[0].sent_at.timestamp() == pytest.approx(1795363362.718585)


def test_a_log_that_is_still_written_is_read_as_far_as_it_goes() -> None:
    assert read_log([*LOG[:1], "answered 138000"]) == read_log(LOG[:1])


def test_rates_below_one_a_second_are_told_as_a_period() -> None:
    assert Manner(per_second=0.5).rate == ("-r", "1", "-rp", "2000")
    assert Manner(per_second=2.5).rate == ("-r", "2.5")


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ([], "at least one call"),
        ([CitizenCall("13800000000", "96010")] * 2, "of its own"),
        ([CitizenCall("138;0", "96010")], "not a number"),
        ([CitizenCall("13800000000", "96010\n")], "not a number"),
        ([CitizenCall("13800000000", "96010", says="weather")], "no dialogue"),
    ],
)
async def test_calls_that_cannot_be_placed_are_refused(tmp_path: Path, calls: list[CitizenCall], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        await place_calls(stage(tmp_path), calls)


async def test_a_sipp_that_breaks_off_is_reported_with_its_last_words(tmp_path: Path) -> None:
    broken = stage(tmp_path, "echo 'Unable to bind main socket'; exit 254")
    run = await place_calls(broken, [CitizenCall("13800000000", "96010")])
    with pytest.raises(SimulationFailed, match=r"status 254[^$]*Unable to bind main socket"):
        await run.finished()


async def test_calls_that_failed_do_not_break_the_run(tmp_path: Path) -> None:
    run = await place_calls(stage(tmp_path, "exit 1"), [CitizenCall("13800000000", "96010")])
    assert await run.finished() == []


async def test_a_run_can_be_stopped_before_its_end(tmp_path: Path) -> None:
    run = await place_calls(stage(tmp_path, "sleep 600"), [CitizenCall("13800000000", "96010")])
    assert await run.stop(within_s=0.1) == []


PHONES = """
import socket, sys, time
given = dict(zip(sys.argv[1:], sys.argv[2:]))
phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
phone.bind(("127.0.0.1", int(given["-p"])))
with open(given["-log_file"], "a") as log:
    print(f"sent 13800000000 2026-11-22 16:02:42.7 {time.time()}", file=log, flush=True)
    print(f"answered 13800000000 2026-11-22 16:02:44.2 {time.time()}", file=log, flush=True)
    while f"Call-ID: {given['-cid_str'].replace('%u', '1')}".encode() not in phone.recv(2000).splitlines():
        pass
    print(f"ended 13800000000 2026-11-22 16:03:10.7 {time.time()}", file=log, flush=True)
"""


async def test_those_who_talk_hang_up_once_they_have_talked_long_enough_and_are_told_to(tmp_path: Path) -> None:
    (tmp_path / "phones.py").write_text(PHONES)
    run = await place_calls(
        stage(tmp_path, f'exec {sys.executable} {tmp_path}/phones.py "$@"'), [CitizenCall("13800000000", "96010")]
    )
    (placed,) = await run.hang_up(after_s=0.5)
    assert placed.ending == "ended"
    assert placed.answered_at is not None
    assert placed.ended_at is not None
    assert placed.ended_at - placed.answered_at >= timedelta(seconds=0.5)


def test_scenarios_are_whole_and_every_jump_has_its_label() -> None:
    tracks = [("elevator", Path("elevator.al")), ("garbage", Path("garbage.al"))]
    waits = {"patient": 9_000, "hasty": 800}
    texts = [
        scenario(
            "citizen",
            {"tracks": tracks, "waits": waits, "refusals": (404,), "talk_ms": 5, "key": "1", "key_after_ms": 7},
        ),
        *(
            scenario(
                "seat",
                {
                    "voices": ["02468", "13579"],
                    "tracks": ["a", "b"],
                    "ring_ms": 5,
                    "longest_ms": 9,
                    "behaviour": behaviour,
                },
            )
            for behaviour in (SeatBehaviour(), SeatBehaviour(refuses=5, holds=20, hands_over=5, hands_over_to="12345"))
        ),
        scenario("register", {"contact_port": 5, "expires_s": 60}),
    ]
    for text in texts:
        root = ET.fromstring(text)
        labels = [element.get("id") for element in root.iter("label")]
        jumps = {element.get(name) for element in root.iter() for name in ("next", "ontimeout")} - {None}
        assert len(set(labels)) == len(labels)
        assert jumps <= set(labels)


@pytest.mark.parametrize("voices", [1, 2, 4, 10, 13])
def test_every_seat_has_exactly_one_voice(voices: int) -> None:
    digits = "".join(voices_by_digit(voices))
    assert sorted(digits) == list("0123456789")


def test_fields_of_a_call_stand_on_one_line(tmp_path: Path) -> None:
    path = injection_file(tmp_path / "calls.csv", [("138", "96010"), ("139", "12345")])
    assert path.read_text() == "SEQUENTIAL\n138;96010;\n139;12345;\n"
