"""The CDR file goes on being read whatever is done to it while Asterisk writes."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telephony.cdr import COLUMNS
from telephony.cdr_file import BEGINNING, Place, read, read_span

BEGAN = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def row(n: int) -> str:
    """The call c<n>, which ended n minutes after the beginning."""
    end = BEGAN.timestamp() + 60 * n
    values = dict.fromkeys(COLUMNS, "") | {"linkedid": f"c{n}", "start": f"{end - 9:.6f}", "end": f"{end:.6f}"}
    return ",".join(f'"{value}"' for value in values.values()) + "\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "calls.csv"


def write(file: Path, *calls: int) -> None:
    with file.open("a") as opened:
        opened.writelines(map(row, calls))


def all_since(file: Path, place: Place) -> tuple[list[str], Place]:
    """The calls that were added since then, look by look."""
    found: list[str] = []
    while True:
        reading = read(file, place)
        assert not reading.damaged
        found += [each.linkedid for each in reading.rows]
        place = reading.place
        if not reading.more:
            return found, place


def renamed(file: Path) -> None:
    file.rename(file.with_name("calls.csv.1"))


def renamed_by_date(file: Path) -> None:
    file.rename(file.with_name("calls.csv-20261122"))


def copied_and_emptied(file: Path) -> None:
    shutil.copy(file, file.with_name("calls.csv.1"))
    file.write_text("")


def compressed(file: Path) -> None:
    with gzip.open(file.with_name("calls.csv.1.gz"), "wb") as packed:
        packed.write(file.read_bytes())
    file.unlink()


ROTATIONS = [renamed, renamed_by_date, copied_and_emptied, compressed]


@pytest.mark.parametrize("rotate", ROTATIONS)
def test_what_was_written_before_a_rotation_and_after_is_read_once(file: Path, rotate: Callable[[Path], None]) -> None:
    write(file, 1, 2)
    found, place = all_since(file, BEGINNING)
    assert found == ["c1", "c2"]
    write(file, 3)
    rotate(file)
    write(file, 4)
    found, place = all_since(file, place)
    assert found == ["c3", "c4"]
    write(file, 5)
    assert all_since(file, place)[0] == ["c5"]


@pytest.mark.parametrize("rotate", ROTATIONS)
def test_a_file_that_was_just_rotated_away_says_nothing_twice(file: Path, rotate: Callable[[Path], None]) -> None:
    write(file, 1)
    _, place = all_since(file, BEGINNING)
    rotate(file)
    assert all_since(file, place) == ([], place)


def test_a_file_that_outgrew_the_one_before_it_is_not_taken_for_it(file: Path) -> None:
    write(file, 1)
    _, place = all_since(file, BEGINNING)
    renamed(file)
    write(file, 2, 3, 4)
    assert all_since(file, place)[0] == ["c2", "c3", "c4"]


def test_several_rotations_during_an_absence_are_made_up_for_in_order(file: Path) -> None:
    write(file, 1)
    _, place = all_since(file, BEGINNING)
    write(file, 2)
    file.rename(file.with_name("calls.csv.2"))
    write(file, 3)
    file.rename(file.with_name("calls.csv.1"))
    write(file, 4)
    assert all_since(file, place)[0] == ["c2", "c3", "c4"]


def test_a_part_that_was_removed_is_passed_over(file: Path) -> None:
    write(file, 1)
    _, place = all_since(file, BEGINNING)
    file.unlink()
    write(file, 2)
    assert all_since(file, place)[0] == ["c2"]


def test_a_span_goes_over_all_parts(file: Path) -> None:
    write(file, 1, 2)
    compressed(file)
    write(file, 3, 4)
    renamed_by_date(file)
    write(file, 5)
    found = read_span(file, BEGAN + timedelta(minutes=2), BEGAN + timedelta(minutes=5))
    assert [each.linkedid for each in found] == ["c2", "c3", "c4"]
    with pytest.raises(FileNotFoundError):
        read_span(file.with_name("other.csv"), BEGAN, BEGAN + timedelta(days=1))


def test_a_half_written_last_line_waits_for_its_rest(file: Path) -> None:
    whole = "".join(map(row, (1, 2))).encode()
    file.write_bytes(whole[:-40])
    found, place = all_since(file, BEGINNING)
    assert found == ["c1"]
    file.write_bytes(whole)
    found, place = all_since(file, place)
    assert (found, place.offset) == (["c2"], len(whole))


def test_a_missing_file_has_no_rows_yet(file: Path) -> None:
    assert read(file).rows == read(file, Place("gone", 12)).rows == ()
