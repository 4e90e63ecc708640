"""What leads from one version of reference data to the next."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.loading import Change, ChangeKind, compare

CODES = st.sampled_from(["01", "02", "03", "0101", "0102"])
VALUES = st.fixed_dictionaries(
    {"name": st.sampled_from("甲乙丙"), "duties": st.lists(st.sampled_from("xy"), max_size=2)}
)
ROWS = st.dictionaries(CODES, VALUES)


def carried_out(rows: dict[str, Any], changes: list[Change], wanted: dict[str, Any]) -> dict[str, Any]:
    after = dict(rows)
    for change in changes:
        match change.kind:
            case ChangeKind.ADDED:
                after[change.code] = wanted[change.code]
            case ChangeKind.ENDED:
                del after[change.code]
            case ChangeKind.CHANGED:
                after[change.code] = {**after[change.code], **{key: new for key, (_, new) in change.fields.items()}}
    return after


@given(ROWS, ROWS)
def test_the_changes_lead_from_what_stands_to_what_is_wanted(standing: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert carried_out(standing, compare(standing, wanted), wanted) == wanted


@given(ROWS)
def test_what_is_equal_is_left_alone(rows: dict[str, Any]) -> None:
    assert compare(rows, rows) == []


@given(ROWS, ROWS)
def test_every_entry_is_named_once_in_order_and_a_change_says_what_was_and_what_is(
    standing: dict[str, Any], wanted: dict[str, Any]
) -> None:
    changes = compare(standing, wanted)
    codes = [change.code for change in changes]
    assert codes == sorted(set(codes))
    for change in changes:
        assert bool(change.fields) is (change.kind is ChangeKind.CHANGED)
        assert all(before != after for before, after in change.fields.values())
