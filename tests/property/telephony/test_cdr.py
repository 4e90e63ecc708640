"""Whatever pieces the file grows in, and whatever it holds, no row is lost, doubled or made up."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.cdr import COLUMNS, CdrRow, calls_from_rows, count, parse
from telephony.cdr_file import BEGINNING, read, read_span

text = st.text(st.characters(exclude_characters='\r\n"', exclude_categories=["C", "Zl", "Zp"]), max_size=12)
seconds = st.floats(1.6e9, 2.4e9).map(lambda value: f"{value:.6f}")


@st.composite
def lines(draw: st.DrawFn) -> str:
    values = {name: draw(text) for name in COLUMNS}
    values["linkedid"] = draw(st.sampled_from(["hotline-1.0", "hotline-1.2", "hotline-2.0"]))
    values["dialed"] = draw(st.sampled_from(["", "96010", "12345"]))
    values["dstchannel"] = draw(st.sampled_from(["", "PJSIP/8001-0000000a", "PJSIP/trunk-00000001"]))
    values |= {"start": draw(seconds), "answer": draw(st.just("0.000000") | seconds), "end": draw(seconds)}
    values |= {"billsec": "1.500000", "called": draw(st.sampled_from(["", "13800001234"]))}
    values |= {"placed": draw(st.just("") | seconds), "taken": draw(st.just("") | seconds)}
    return ",".join(f'"{value}"' for value in values.values())


@given(st.lists(lines(), max_size=6), st.data())
def test_reading_in_pieces_gives_what_reading_at_once_gives(written: list[str], data: st.DataObject) -> None:
    whole = "".join(f"{line}\n" for line in written).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    rows: list[CdrRow] = []
    place = BEGINNING
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.csv"
        for end in [*cuts, len(whole)]:
            path.write_bytes(whole[:end])
            reading = read(path, place)
            rows += reading.rows
            place = reading.place
    assert rows == parse(written)[0]
    assert len(rows) == len(written)


@given(st.lists(lines(), max_size=20), st.integers(1, 2000))
def test_reading_a_little_at_a_time_gives_every_row_once(written: list[str], most: int) -> None:
    rows: list[CdrRow] = []
    place, more = BEGINNING, True
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.csv"
        path.write_text("".join(f"{line}\n" for line in written))
        while more:
            reading = read(path, place, most=most)
            assert reading.place.offset > place.offset or not reading.more
            rows += reading.rows
            place, more = reading.place, reading.more
    assert rows == parse(written)[0]


@given(st.lists(st.integers(0, 100_000), max_size=1500), st.integers(0, 100_000), st.integers(0, 20_000))
@settings(max_examples=30)
def test_a_span_of_a_long_file_is_what_the_whole_file_says_of_it(ends: list[int], begin: int, length: int) -> None:
    rows = [row_that_ended(n, end) for n, end in enumerate(sorted(ends))]
    since, until = (datetime.fromtimestamp(EPOCH + seconds, UTC) for seconds in (begin, begin + length))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.csv"
        path.write_text("".join(f"{row}\n" for row in rows))
        found = read_span(path, since, until)
    assert found == [row for row in parse(rows)[0] if since <= row.end < until]


EPOCH = 1_795_000_000


def row_that_ended(n: int, end: int) -> str:
    values = dict.fromkeys(COLUMNS, "")
    values |= {
        "linkedid": f"hotline-{n}",
        "dialed": "96010",
        "start": f"{EPOCH + end - 5}.000000",
        "answer": "0.000000",
    }
    values |= {"end": f"{EPOCH + end}.000000", "billsec": "0.0", "recording": "/spool/" + "x" * 100}
    return ",".join(f'"{value}"' for value in values.values())


@given(st.lists(lines(), max_size=8))
def test_calls_are_counted_once_and_answered_only_by_a_seat(written: list[str]) -> None:
    rows, _ = parse(written)
    calls = calls_from_rows(rows)
    assert len({call.call_id for call in calls}) == len(calls)
    inbound = [call for call in calls if call.direction == "inbound"]
    assert {call.call_id for call in inbound} == {row.linkedid for row in rows if row.dialed}
    counts = count(calls)
    assert counts["offered"] == counts["answered"] + counts["abandoned"] == len(inbound)
    for call in inbound:
        assert (call.outcome == "answered") == (call.seat is not None) == (call.answered_at is not None)
        assert all(call.arrived_at <= row.start for row in rows if row.linkedid == call.call_id)
    for call in calls:
        assert call in inbound or any(row.called for row in rows if row.linkedid == call.call_id)


@given(st.lists(st.text(max_size=60), max_size=5))
def test_anything_else_in_the_file_never_raises(rubbish: list[str]) -> None:
    rows, damaged = parse(rubbish)
    assert rows == []
    assert damaged == [line for line in rubbish if line]
