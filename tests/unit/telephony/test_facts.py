"""Facts go to JSON and back, under names that do not change."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from telephony import facts as f

AT = datetime(2026, 11, 22, 4, 39, 3, 4567, tzinfo=UTC)
CALL = {"at": AT, "call_id": "hotline-1795322342.6"}
FACTS: list[f.Fact] = [
    f.CallArrived(
        **CALL,
        caller_number="anonymous",
        caller_known=False,
        caller_name="王女士",
        dialed_number="96010",
        channel="PJSIP/trunk-1",
    ),
    f.CallPlaced(**CALL, seat="8001", number="139", shown_number="96010", channel="a", seat_channel="b"),
    f.CallQueued(**CALL, queue="q96010", position=3),
    f.CallLeftQueue(**CALL, queue="q96010", reason="abandoned"),
    f.SeatRinging(**CALL, seat="8001", channel="PJSIP/8001-1"),
    f.SeatRingEnded(**CALL, seat="8001", outcome=f.RingOutcome.REFUSED),
    f.CallAnswered(**CALL, seat="8001", channel="PJSIP/8001-1"),
    f.CallHeld(**CALL, seat="8001"),
    f.CallResumed(**CALL, seat="8001"),
    f.SeatMuted(**CALL, seat="8001"),
    f.SeatUnmuted(**CALL, seat="8001"),
    f.CallTakenBack(**CALL, seat="8001", channel="PJSIP/8001-2"),
    f.LegLost(**CALL, seat="8001", loss=f.Loss.SILENT),
    f.ConsultBegan(**CALL, seat="8001", to="8002", channel="PJSIP/8001-3"),
    f.ConsultAnswered(**CALL, seat="8002", asked_by="8001", channel="PJSIP/8002-1"),
    f.ConsultHeld(**CALL, seat="8002", asked_by="8001"),
    f.ConsultResumed(**CALL, seat="", asked_by="8001"),
    f.ConsultEnded(**CALL, seat="8002", asked_by="8001", outcome=f.ConsultOutcome.OVER),
    f.CallTransferred(**CALL, from_seat="8001", to="8002", mode=f.TransferMode.ATTENDED),
    f.CallHandedOver(**CALL, host="labour", to="q-labour"),
    f.CallCameBack(**CALL, host="labour"),
    f.CallContinues(**CALL, first_call_id="hotline-1.1", waited_ms=1200, talked=False),
    f.TalkEnded(**CALL, seat="8001", ended_by=f.Party.TRANSFER),
    f.RecordingStarted(**CALL, file="rec/one.raw"),
    f.RecordingPaused(**CALL),
    f.RecordingResumed(**CALL),
    f.SupervisionBegan(**CALL, seat="8001", by_seat="8050", mode=f.SpyMode.WHISPER, channel="PJSIP/8050-1"),
    f.SupervisionEnded(**CALL, seat="8001", by_seat="8050"),
    f.SurveyAnswered(**CALL, score=5, seat="8002"),
    f.CallEnded(**CALL, outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=None, recovered=True),
    f.CallEndWitnessed(**CALL, recovered=True),
    f.PhoneRegistered(at=AT, seat="8001", contact="sip:8001@127.0.0.1"),
    f.PhoneUnregistered(at=AT, seat="8001"),
    f.SeatJoinedQueue(at=AT, seat="8001", queue="q96010"),
    f.SeatLeftQueue(at=AT, seat="8001", queue="q96010"),
    f.SeatPaused(at=AT, seat="8001", reason="休息"),
    f.SeatUnpaused(at=AT, seat="8001"),
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.kind)
def test_a_fact_survives_json(fact: f.Fact) -> None:
    again = f.from_payload(fact.kind, json.loads(json.dumps(fact.as_payload(), ensure_ascii=False)))
    assert again == fact
    assert type(again) is type(fact)
    assert [type(getattr(again, name)) for name in fact.as_payload()] == [
        type(getattr(fact, name)) for name in fact.as_payload()
    ]


def test_the_kinds_are_a_contract() -> None:
    """Stored events carry these names: renaming a class breaks every reader."""
    assert {fact.kind for fact in FACTS} == set(f.KINDS) - {"call_fact", "seat_fact"}
    assert f.SeatRingEnded.kind == "seat_ring_ended"


def test_a_newer_field_is_ignored() -> None:
    payload = f.CallHeld(**CALL, seat="8001").as_payload() | {"mood": "good"}
    assert f.from_payload("call_held", payload) == f.CallHeld(**CALL, seat="8001")


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("no_such_fact", {}),
        ("call_fact", {"at": AT.isoformat(), "call_id": "1"}),
        ("call_held", {"at": AT.isoformat()}),
        ("call_held", {"at": "yesterday", "call_id": "1", "seat": "8001"}),
        ("talk_ended", {"at": AT.isoformat(), "call_id": "1", "seat": "8001", "ended_by": "a ghost"}),
    ],
)
def test_what_cannot_be_read_is_named(kind: str, payload: dict[str, str]) -> None:
    with pytest.raises(f.FactUnreadable):
        f.from_payload(kind, payload)
