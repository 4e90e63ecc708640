"""What holds of the kernel's pure parts for any input."""

from __future__ import annotations

import os
import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel import clock
from backend.kernel.config import merge
from backend.kernel.files import FileMissing, FileStore, StoreAway, sha256_of
from backend.kernel.paging import CursorInvalid, make_cursor, read_cursor
from backend.kernel.telemetry import _hide_numbers, mask_numbers

KEYS = st.sampled_from("abcd")
TREES = st.dictionaries(
    KEYS, st.recursive(st.integers() | st.text(max_size=3), lambda inner: st.dictionaries(KEYS, inner), max_leaves=8)
)


def leaves(tree: Any, place: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if not isinstance(tree, dict):
        return {place: tree}
    return {key: value for name, each in tree.items() for key, value in leaves(each, (*place, name)).items()}


def places(tree: Any, place: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Where the tree says anything, empty mappings included."""
    if not isinstance(tree, dict) or not tree:
        return {place}
    return set().union(*(places(each, (*place, name)) for name, each in tree.items()))


@given(TREES, TREES)
def test_every_value_of_an_overlay_is_in_force(base: dict[str, object], overlay: dict[str, object]) -> None:
    merged = leaves(merge(base, overlay))
    wanted = leaves(overlay)
    assert wanted.items() <= merged.items()
    hidden = {place for place in leaves(base) if any(_touches(place, other) for other in places(overlay))}
    for place, value in leaves(base).items():
        if place not in hidden:
            assert merged.get(place) == value


def _touches(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    short = min(len(one), len(other))
    return one[:short] == other[:short]


@given(TREES, TREES)
def test_merging_again_changes_nothing_and_harms_no_input(base: dict[str, object], overlay: dict[str, object]) -> None:
    before = repr((base, overlay))
    merged = merge(base, overlay)
    assert merge(merged, overlay) == merged
    assert merge({}, overlay) == overlay
    assert merge(base, {}) == base
    assert repr((base, overlay)) == before


SEPARATORS = st.sampled_from(["", "-", " "])
PREFIXES = st.sampled_from(["", "86", "+86", "+86 ", "0086", "0086-"])
AREAS = st.from_regex(r"1\d{2}|0\d{2,3}", fullmatch=True)
DIGITS = st.from_regex(r"[0-9]{4}", fullmatch=True)
AROUND = st.text(max_size=20).map(lambda text: re.sub(r"\d", "x", text))


@given(AROUND, PREFIXES, AREAS, SEPARATORS, DIGITS, SEPARATORS, DIGITS, AROUND)
def test_the_middle_of_a_number_is_hidden_wherever_it_stands(
    before: str, prefix: str, area: str, one: str, middle: str, two: str, last: str, after: str
) -> None:
    number = f"{prefix}{area}{one}{middle}{two}{last}"
    masked = mask_numbers(f"{before}{number}{after}")
    assert number not in masked
    assert f"****{last}" in masked
    nested = {"event": "x", "caller": {"numbers": [number, (number,)]}, "call_id": number}
    hidden = _hide_numbers(None, "info", nested)
    assert number not in repr(hidden["caller"])
    assert hidden["call_id"] == number


@given(st.text(max_size=60))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask_numbers(text)
    assert mask_numbers(once) == once


@given(st.text(alphabet="abc 王电梯,.:{}", max_size=60))
def test_text_without_numbers_is_left_alone(text: str) -> None:
    assert mask_numbers(text) == text


@pytest.mark.parametrize(
    "text", ["hotline-1795322342.6", "96010-20261122-000123", "2026-11-22T01:02:03.000004Z", "8001"]
)
def test_what_is_no_telephone_number_stays_readable(text: str) -> None:
    assert mask_numbers(text) == text


@given(st.binary(max_size=300), st.integers(0, 400), st.none() | st.integers(0, 400))
def test_a_range_of_a_stored_file_is_what_it_would_be_in_memory(content: bytes, start: int, end: int | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder) / "local"
        local.write_bytes(content)
        store = FileStore(str(Path(folder) / "store"))
        assert store.put(local, "2026/11/22/a.flac") == sha256_of(local)
        assert store.put(local, "2026/11/22/a.flac") == sha256_of(local)
        assert store.size("2026/11/22/a.flac") == len(content)
        assert b"".join(store.read("2026/11/22/a.flac", start, end)) == content[start:end]
        store.fetch("2026/11/22/a.flac", Path(folder) / "back")
        assert (Path(folder) / "back").read_bytes() == content
        assert [path.name for path in Path(folder, "store").rglob("*") if path.is_file()] == ["a.flac"]


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path))
    assert not store.exists("gone.flac")
    for ask in (store.size, lambda key: list(store.read(key)), lambda key: store.fetch(key, tmp_path / "x")):
        with pytest.raises(FileMissing, match=r"gone\.flac"):
            ask("gone.flac")


def test_what_a_killed_process_left_half_written_is_forgotten_after_a_while(tmp_path: Path) -> None:
    store, local = FileStore(str(tmp_path / "store")), tmp_path / "sound"
    local.write_bytes(b"voice")
    assert store.forget_partial(clock.now()) == 0
    store.put(local, "day/a.flac")
    for name in ("old", "young"):
        (tmp_path / "store" / "partial" / name).write_bytes(b"vo")
    os.utime(tmp_path / "store" / "partial" / "old", (0, 0))
    assert store.forget_partial(clock.now() - timedelta(hours=1)) == 1
    left = [path.name for path in sorted((tmp_path / "store").rglob("*")) if path.is_file()]
    assert left == ["a.flac", "young"]


def test_a_store_that_does_not_work_is_told_by_one_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    store = FileStore(str(tmp_path / "file" / "store"))
    for ask in (
        store.size,
        lambda key: store.put(tmp_path / "file", key),
        lambda key: store.fetch(key, tmp_path / "x"),
    ):
        with pytest.raises(StoreAway, match="NotADirectoryError"):
            ask("a.flac")


def test_storing_what_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path / "store"))
    with pytest.raises(FileNotFoundError):
        store.put(tmp_path / "missing", "a.flac")
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


@given(st.datetimes(timezones=st.just(UTC)), st.uuids() | st.integers() | st.text(max_size=30))
def test_a_cursor_is_read_as_it_was_made(moment: datetime, key: UUID | int | str) -> None:
    assert read_cursor(make_cursor(moment, key), type(key)) == (moment, key)


@given(st.text(max_size=60))
def test_a_cursor_that_nobody_made_is_named(cursor: str) -> None:
    with pytest.raises(CursorInvalid) as refused:
        read_cursor(f"{cursor}!", UUID)
    assert refused.value.field == "cursor"
