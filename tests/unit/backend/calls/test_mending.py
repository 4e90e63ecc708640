"""What the record lacks of a call that Asterisk knows, by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.calls.mending import CallSummary, DifferenceKind, compare
from telephony.cdr import CdrCall

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
KIND = DifferenceKind


def seen(end: float = 60) -> CdrCall:
    return CdrCall(
        call_id="c1", direction="inbound", caller_number="13800001234", dialed_number="96010", seat="8001",
        arrived_at=NOW, answered_at=NOW, ended_at=NOW + timedelta(seconds=end), outcome="answered", recording="",
    )  # fmt: skip


def known(*, answered: bool = True, end: float | None = 60, found_ended: bool = False) -> CallSummary:
    return CallSummary("c1", answered, None if end is None else NOW + timedelta(seconds=end), found_ended)


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ([], KIND.NOT_IN_RECORD),
        ([known(end=None)], KIND.LEFT_OPEN),
        ([known(answered=False)], KIND.ANSWER_DIFFERS),
        ([known(end=200, found_ended=True)], KIND.ENDED_EARLIER),
        ([known(end=200)], None),
        ([known(end=61, found_ended=True)], None),
        ([known()], None),
    ],
)
def test_each_disagreement_has_its_name(record: list[CallSummary], kind: DifferenceKind | None) -> None:
    assert [each.kind for each in compare(record, [seen()])] == ([] if kind is None else [kind])
