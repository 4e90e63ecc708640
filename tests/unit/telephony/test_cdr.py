from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from telephony.cdr import COLUMNS, calls_from_rows, count, parse, read

# As Asterisk 22.10 wrote them: one call answered by the second seat that rang, one abandoned while ringing, one
# abandoned before any seat was free, and a call between two seats.
RANG_THEN_ANSWERED = [
    (
        '"hotline-1795363497.0","hotline-1795363497.0","PJSIP/trunk-00000000","PJSIP/8007-00000001",'
        '"13800000000","96010","inbound","Queue","NO ANSWER","1795363497.350421","0.000000",'
        '"1795363502.120000","0.000000","96010","/rec/0.raw"'
    ),
    (
        '"hotline-1795363497.0","hotline-1795363497.0","PJSIP/trunk-00000000","PJSIP/8003-00000002",'
        '"13800000000","96010","inbound","Queue","ANSWERED","1795363502.120000","1795363504.861828",'
        '"1795363525.670216","20.808388","96010","/rec/0.raw"'
    ),
]
ABANDONED_RINGING = [
    (
        '"hotline-1795363498.4","hotline-1795363498.4","PJSIP/trunk-00000004","PJSIP/8002-00000005",'
        '"13800000002","12345","inbound","Queue","NO ANSWER","1795363498.850011","0.000000",'
        '"1795363499.655020","0.000000","12345","/rec/4.raw"'
    ),
]
ABANDONED_WAITING = [
    (
        '"hotline-1795363499.6","hotline-1795363499.6","PJSIP/trunk-00000006","","anonymous","96010",'
        '"inbound","Queue","NO ANSWER","1795363499.100000","0.000000","1795363511.405850","0.000000",'
        '"96010","/rec/6.raw"'
    ),
]
BETWEEN_SEATS = [
    (
        '"hotline-1795363500.8","hotline-1795363500.8","PJSIP/8001-00000008","PJSIP/8002-00000009","8001",'
        '"8002","from-seat","Dial","ANSWERED","1795363500.000000","1795363501.000000","1795363502.000000",'
        '"1.000000","",""'
    ),
]
ALL = [*RANG_THEN_ANSWERED, *ABANDONED_RINGING, *ABANDONED_WAITING, *BETWEEN_SEATS]


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_a_call_goes_to_the_seat_that_answered_not_to_the_one_that_rang_first() -> None:
    rows, damaged = parse(RANG_THEN_ANSWERED)
    (call,) = calls_from_rows(rows)
    assert damaged == []
    assert (call.outcome, call.seat) == ("answered", "8003")
    assert (call.call_id, call.caller_number, call.dialed_number) == ("hotline-1795363497.0", "13800000000", "96010")
    assert call.arrived_at == moment(1795363497.350421)
    assert call.answered_at == moment(1795363504.861828)
    assert call.ended_at == moment(1795363525.670216)
    assert call.recording == "/rec/0.raw"


def test_an_abandoned_call_has_no_seat_even_when_one_rang() -> None:
    rows, _ = parse([*ABANDONED_RINGING, *ABANDONED_WAITING])
    calls = calls_from_rows(rows)
    assert [(call.outcome, call.seat, call.answered_at) for call in calls] == [("abandoned", None, None)] * 2
    assert calls[1].caller_number == "anonymous"


def test_calls_between_seats_are_not_citizens_calls() -> None:
    rows, _ = parse(ALL)
    assert count(calls_from_rows(rows)) == {"offered": 3, "answered": 1, "abandoned": 2}


def test_no_calls_are_counted_as_none() -> None:
    assert count([]) == {"offered": 0, "answered": 0, "abandoned": 0}


def test_the_order_of_the_rows_does_not_matter() -> None:
    forward, backward = parse(ALL)[0], parse(ALL[::-1])[0]
    assert calls_from_rows(forward) == calls_from_rows(backward)


def test_lines_that_are_no_rows_are_handed_back() -> None:
    short, wrong_time = '"a","b"', RANG_THEN_ANSWERED[0].replace("1795363497.350421", "yesterday")
    rows, damaged = parse([short, RANG_THEN_ANSWERED[0], wrong_time, ""])
    assert len(rows) == 1
    assert damaged == [short, wrong_time]


def test_quotes_and_commas_within_a_field_are_kept() -> None:
    line = RANG_THEN_ANSWERED[0].replace('"13800000000"', '"1,""2"""')
    (row,), _ = parse([line])
    assert row.src == '1,"2"'


def test_a_half_written_last_line_waits_for_its_rest(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    whole = "".join(f"{line}\n" for line in ALL).encode()
    cut = len(whole) - 40
    path.write_bytes(whole[:cut])
    first = read(path)
    assert len(first.rows) == len(ALL) - 1
    path.write_bytes(whole)
    second = read(path, first.offset)
    assert [row.uniqueid for row in second.rows] == ["hotline-1795363500.8"]
    assert second.offset == len(whole)
    assert read(path, second.offset).rows == ()


def test_a_file_that_was_rotated_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(f"{ABANDONED_WAITING[0]}\n")
    reading = read(path, offset=1_000_000)
    assert len(reading.rows) == 1
    assert reading.offset == path.stat().st_size


def test_a_missing_file_has_no_rows_yet(tmp_path: Path) -> None:
    assert read(tmp_path / "calls.csv", offset=12) == read(tmp_path / "calls.csv")


def test_every_column_that_is_read_is_written() -> None:
    assert all(expression.startswith("${CDR(") for expression in COLUMNS.values())
    assert len(parse(ALL)[0]) == len(ALL)
