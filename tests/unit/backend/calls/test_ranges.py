from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.calls.ranges import Unsatisfiable, begins, read_range


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-", (0, 1000)),
        ("bytes=0-99", (0, 100)),
        ("bytes=900-2000", (900, 1000)),
        ("bytes=-100", (900, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("bytes=²-3", None),
    ],
)
def test_one_range_is_read_and_all_else_is_the_whole_file(header: str | None, part: tuple[int, int] | None) -> None:
    assert read_range(header, 1000) == part


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_what_lies_beyond_the_end_is_refused(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        read_range(header, 1000)


@given(st.text(max_size=30) | st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True), st.integers(1, 5000))
def test_any_header_gives_a_part_of_the_file(header: str, size: int) -> None:
    try:
        part = read_range(header, size)
    except Unsatisfiable:
        return
    if part is not None:
        start, end = part
        assert 0 <= start < end <= size


@pytest.mark.parametrize(
    ("header", "first"), [(None, True), ("bytes=0-", True), ("bytes=0-1", True), ("bytes=4096-", False), ("x", True)]
)
def test_hearing_begins_with_the_first_byte(header: str | None, first: bool) -> None:
    assert begins(header) is first
