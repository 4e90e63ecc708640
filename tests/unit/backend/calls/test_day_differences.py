"""Every way in which the record and the CDR file can disagree about a day has its name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.calls.day_differences import (
    DayDifference,
    DayDifferenceKind,
    RecordedCall,
    RecordedConsult,
    compare_consults,
    compare_day,
)
from telephony.cdr import CdrCall, CdrLeg

SINCE = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=1)
OVER = UNTIL + timedelta(hours=1)
KIND = DayDifferenceKind


def at(seconds: float) -> datetime:
    return SINCE + timedelta(seconds=seconds)


def recorded(
    call_id: str = "c1", s: float = 100, *, wait: float | None = 4, length: float | None = 60, **more: Any
) -> RecordedCall:
    return RecordedCall(
        call_id=call_id, direction=more.get("direction", "inbound"), caller_number="13800001234", dialed_number="96010",
        outcome=more.get("outcome", "abandoned" if wait is None else "answered"), hung_up_by=more.get("by", "caller"),
        arrived_at=at(s), answered_at=None if wait is None else at(s + wait),
        ended_at=None if length is None else at(s + length),
    )  # fmt: skip


def witnessed(
    call_id: str = "c1", s: float = 100, *, wait: float | None = 4, length: float = 60, **more: Any
) -> CdrCall:
    return CdrCall(
        call_id=call_id, direction=more.get("direction", "inbound"), caller_number=more.get("caller", "13800001234"),
        dialed_number=more.get("dialed", "96010"), seat="8001", arrived_at=at(s),
        answered_at=None if wait is None else at(s + wait), ended_at=at(s + length),
        outcome=more.get("outcome", "abandoned" if wait is None else "answered"), recording="",
    )  # fmt: skip


def found(ours: list[RecordedCall], theirs: list[CdrCall], over_by: datetime = OVER) -> list[DayDifference]:
    return list(compare_day(ours, theirs, SINCE, UNTIL, over_by).differences)


def test_a_day_that_agrees_has_none() -> None:
    ours = [recorded(), recorded("c2", 500, wait=None)]
    theirs = [witnessed("c2", 500.4, wait=None, length=61), witnessed(wait=5.5)]
    comparison = compare_day(ours, theirs, SINCE, UNTIL, OVER)
    assert (comparison.compared, comparison.differences) == (2, ())


@pytest.mark.parametrize(
    ("ours", "theirs", "difference"),
    [
        ([], [witnessed()], DayDifference(KIND.NOT_IN_RECORD, "c1", "", "answered")),
        ([recorded(wait=None)], [], DayDifference(KIND.NOT_IN_CDR, "c1", "abandoned", "")),
        ([recorded(length=None)], [witnessed()], DayDifference(KIND.LEFT_OPEN, "c1", "open", "answered")),
        ([recorded(wait=None)], [witnessed()], DayDifference(KIND.OUTCOME, "c1", "abandoned", "answered")),
        ([recorded()], [witnessed(dialed="12345")], DayDifference(KIND.DIALED, "c1", "96010", "12345")),
        (
            [recorded(wait=None, outcome="busy", direction="outbound")],
            [witnessed(wait=None, outcome="no_answer", direction="outbound")],
            DayDifference(KIND.OUTCOME, "c1", "busy", "no_answer"),
        ),
        ([recorded(wait=8)], [witnessed()], DayDifference(KIND.WAIT, "c1", "8.0", "4.0")),
        ([recorded()], [witnessed(length=70)], DayDifference(KIND.LENGTH, "c1", "60.0", "70.0")),
    ],
    ids=lambda case: case.kind.value if isinstance(case, DayDifference) else "",
)
def test_each_disagreement_is_named(ours: list[RecordedCall], theirs: list[CdrCall], difference: DayDifference) -> None:
    assert found(ours, theirs) == [difference]


def test_a_call_that_the_pbx_cut_by_its_own_end_explains_itself() -> None:
    calls = [recorded(by="pbx_restart"), recorded("c2", 500, by="caller")]
    comparison = compare_day(calls, [], SINCE, UNTIL, OVER)
    assert [(each.kind, each.explained) for each in comparison.differences] == [
        (KIND.CUT_BY_PBX_RESTART, True),
        (KIND.NOT_IN_CDR, False),
    ]
    assert comparison.unexplained == 1


def consult(s: float = 100, channel: str = "PJSIP/8001-0000000a") -> RecordedConsult:
    return RecordedConsult("c1", channel, "8002", at(s))


def leg(s: float = 100, channel: str = "PJSIP/8001-0000000a", *, outside: bool = False) -> CdrLeg:
    return CdrLeg(channel, "13900005678" if outside else "8002", outside, at(s), at(s + 30))


def consult_differences(ours: list[RecordedConsult], theirs: list[CdrLeg], over_by: datetime = OVER) -> list[str]:
    found = compare_consults(ours, theirs, SINCE, UNTIL, over_by)
    assert "13900005678" not in str(found)
    return [each.kind.value for each in found]


def test_a_consultation_has_its_leg_and_a_leg_that_left_the_hall_its_consultation() -> None:
    assert consult_differences([consult()], [leg(100.4, outside=True)]) == []
    assert consult_differences([consult()], []) == ["consult_not_in_cdr"]
    assert consult_differences([], [leg(outside=True)]) == ["consult_not_in_record"]
    assert consult_differences([consult()], [leg(3000, outside=True)]) == [
        "consult_not_in_cdr",
        "consult_not_in_record",
    ]


def test_seats_may_call_each_other_and_a_leg_that_lives_is_compared_another_time() -> None:
    assert consult_differences([], [leg()]) == []
    assert consult_differences([], [leg(outside=True)], over_by=at(120)) == []
    assert consult_differences([consult(-5)], [leg(90_000, outside=True)]) == []


def test_another_caller_is_named_without_telling_the_numbers() -> None:
    [difference] = found([recorded()], [witnessed(caller="13900005678")])
    assert difference.kind is KIND.CALLER
    assert "13800001234" not in difference.record
    assert "13900005678" not in difference.cdr
    assert difference.record.endswith("1234")


def test_a_call_that_lives_or_only_just_ended_is_compared_another_time() -> None:
    assert found([recorded(length=None)], [], over_by=at(200)) == []
    assert found([], [witnessed()], over_by=at(159)) == []
    assert found([recorded()], [], over_by=at(159)) == []
    assert len(found([], [witnessed()], over_by=at(160))) == 1


def test_a_call_belongs_to_one_day_wherever_the_clocks_put_it() -> None:
    ours, theirs = [recorded(s=-0.2)], [witnessed(s=0.2)]
    assert compare_day(ours, theirs, SINCE, UNTIL, OVER).compared == 0
    assert compare_day(ours, theirs, SINCE - timedelta(days=1), SINCE, OVER).compared == 1
    assert compare_day([recorded(s=86400.1)], [witnessed(s=86399.9)], SINCE, UNTIL, OVER).compared == 1


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 86_000), st.none() | st.floats(0, 100)), max_size=20))
def test_a_record_agrees_with_itself_and_each_missing_call_is_named(
    seeds: list[tuple[int, float, float | None]],
) -> None:
    ours = {f"c{n}": recorded(f"c{n}", s, wait=wait, length=200) for n, s, wait in seeds}
    theirs = {f"c{n}": witnessed(f"c{n}", s, wait=wait, length=200) for n, s, wait in seeds}
    assert found(list(ours.values()), list(theirs.values())) == []
    assert {each.call_id for each in found([], list(theirs.values()))} == set(theirs)
    assert {each.call_id for each in found(list(ours.values()), [])} == set(ours)
