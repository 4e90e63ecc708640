"""The three witnesses held against each other: every kind of gap is found, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app.reconcile import Kept, Promise, compare
from telephony.cdr import CdrCall

WHOLE = Kept("c1", answered=True, ended=True, recording="stored", transcript="ready", cases=1, callbacks=1)
ABANDONED = Kept("c2", answered=False, ended=True, recording="none", transcript="none", cases=0, callbacks=0)
PROMISE = Promise(case=True, callback=True)


def seen(call_id: str, outcome: Any = "answered") -> CdrCall:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    answered = outcome == "answered"
    return CdrCall(
        call_id=call_id, direction="inbound", caller_number="13800001234", dialed_number="96010", arrived_at=now,
        answered_at=now if answered else None, ended_at=now, outcome=outcome, seat="8001" if answered else None,
        recording="",
    )  # fmt: skip


SEEN = [seen("c1"), seen("c2", "abandoned")]


def test_nothing_is_lost_when_all_tell_the_same() -> None:
    found = compare([WHOLE, ABANDONED], SEEN, {"c1": PROMISE}, 2)
    counts = {"offered": 2, "answered": 1, "abandoned": 1}
    assert found.as_json() == {
        "calls": counts, "cdr": counts, "recordings": 1, "transcripts": 1, "cases": 1, "callbacks": 1, "lost": [],
    }  # fmt: skip
    assert (found.missing, found.doubled) == ({}, 0)


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        ({"ended": False}, "end of the call"),
        ({"answered": False, "recording": "none", "transcript": "none"}, "agreement: Asterisk says answered"),
        ({"recording": "failed"}, "recording (failed)"),
        ({"recording": "pending"}, "recording (pending)"),
        ({"transcript": "failed"}, "transcript (failed)"),
        ({"cases": 0}, "case (there are 0)"),
        ({"cases": 2}, "case (there are 2)"),
        ({"callbacks": 0}, "callback (there are 0)"),
        ({"callbacks": 2}, "callback (there are 2)"),
    ],
)
def test_each_gap_of_a_call_is_named(change: dict[str, Any], gap: str) -> None:
    found = compare([replace(WHOLE, **change), ABANDONED], SEEN, {"c1": PROMISE}, 2)
    assert found.missing == {"c1": [gap]}
    assert found.lost == ["c1"]


def test_a_call_without_a_promise_needs_no_case() -> None:
    assert compare([replace(WHOLE, cases=0, callbacks=0)], [SEEN[0]], {}, 1).lost == []


def test_a_callback_that_nobody_promised_is_a_gap() -> None:
    found = compare([WHOLE], [SEEN[0]], {"c1": Promise(case=True, callback=False)}, 1)
    assert found.missing == {"c1": ["callback (there are 1)"]}


def test_what_only_one_witness_knows_is_named() -> None:
    assert compare([WHOLE], SEEN, {}, 2).missing == {"c2": ["record of the call"]}
    assert compare([WHOLE, ABANDONED], [SEEN[0]], {}, 2).missing == {"c2": ["row in Asterisk's CDR file"]}
    assert compare([WHOLE, ABANDONED], [SEEN[0]], {}, 2, cdr_is_whole=False).lost == []
    assert compare([], [], {"c9": PROMISE}, 0).missing == {"c9": ["record of the call"]}
    assert compare([ABANDONED], [seen("c2")], {}, 1).missing == {"c2": ["agreement: Asterisk says answered"]}
    assert compare([WHOLE], [seen("c1", "abandoned")], {}, 1).missing == {"c1": ["agreement: Asterisk says abandoned"]}


def test_a_citizen_whose_call_left_no_trace_is_lost() -> None:
    found = compare([WHOLE], [SEEN[0]], {}, 3)
    assert found.missing == {"placed-2": ["any trace at the PBX"], "placed-3": ["any trace at the PBX"]}
    assert compare([WHOLE], [SEEN[0]], {}, None).lost == []


def test_what_was_filed_twice_is_counted() -> None:
    assert compare([replace(WHOLE, cases=3, callbacks=2)], [SEEN[0]], {}, 1).doubled == 3


RECORDS = st.builds(
    Kept,
    call_id=st.sampled_from([f"c{n}" for n in range(6)]),
    answered=st.booleans(),
    ended=st.booleans(),
    recording=st.sampled_from(["none", "pending", "stored", "failed"]),
    transcript=st.sampled_from(["none", "pending", "ready", "failed"]),
    cases=st.integers(0, 2),
    callbacks=st.integers(0, 2),
)
KEPT = st.lists(RECORDS, unique_by=lambda kept: kept.call_id)
WITNESSED = st.lists(
    st.builds(seen, st.sampled_from([f"c{n}" for n in range(6)]), st.sampled_from(["answered", "abandoned"])),
    unique_by=lambda call: call.call_id,
)


@given(KEPT, WITNESSED, st.integers(0, 10))
def test_the_counts_add_up_and_whole_calls_are_never_lost(
    kept: list[Kept], witnessed: list[CdrCall], placed: int
) -> None:
    found = compare(kept, witnessed, {}, placed)
    for counts in (found.calls, found.cdr):
        assert counts["offered"] == counts["answered"] + counts["abandoned"]
    known = {call.call_id for call in kept} | {call.call_id for call in witnessed}
    assert len([name for name in found.lost if name.startswith("placed-")]) == max(0, placed - len(known))
    outcome = {call.call_id: call.outcome == "answered" for call in witnessed}
    for call in kept:
        heard = not call.answered or (call.recording == "stored" and call.transcript == "ready")
        whole = call.ended and heard and outcome.get(call.call_id) is call.answered
        assert (call.call_id not in found.lost) is whole


@given(KEPT, WITNESSED, st.randoms())
def test_the_order_of_the_witnesses_does_not_matter(kept: list[Kept], witnessed: list[CdrCall], dice: Any) -> None:
    found = compare(kept, witnessed, {}, None)
    dice.shuffle(kept)
    dice.shuffle(witnessed)
    again = compare(kept, witnessed, {}, None)
    assert again.as_json() == found.as_json()
    assert again.missing == found.missing
