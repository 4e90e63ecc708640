"""Supervisors who come and go in any order: the facts tell once who is there, and nobody stays after the end."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from telephony import facts as f
from telephony.ami import AmiEvent
from telephony.state import PbxState

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
TRUNK, AGENT = "PJSIP/trunk-00000001", "PJSIP/8001-00000002"
ARRIVED = f.CallArrived(
    at=AT, call_id="c1", caller_number="138", caller_known=True, caller_name="", dialed_number="96010", channel=TRUNK
)
TALKING = f.CallAnswered(at=AT, call_id="c1", seat="8001", channel=AGENT)
BOSSES = ["8050", "8051"]


def spy(kind: str, boss: str, mode: str) -> AmiEvent:
    return AmiEvent({"Event": kind, "SpyerChannel": f"PJSIP/{boss}-1", "SpyeeChannel": AGENT, "SpyerExten": mode})


def takes_over(boss: str) -> AmiEvent:
    return AmiEvent(
        {
            "Event": "UserEvent", "UserEvent": "HotlineTakeOver", "Channel": f"PJSIP/{boss}-1", "DestChannel": TRUNK,
            "FromSeat": "8001",
        }
    )  # fmt: skip


EVENTS = st.one_of(
    st.builds(
        spy,
        st.sampled_from(["ChanSpyStart", "ChanSpyStop"]),
        st.sampled_from(BOSSES),
        st.sampled_from(["listen", "whisper", "barge", "*1"]),
    ),
    st.builds(takes_over, st.sampled_from(BOSSES)),
)


@given(st.lists(EVENTS, max_size=15))
def test_who_supervises_is_told_once_and_is_gone_with_the_call(events: list[AmiEvent]) -> None:
    state = PbxState.restore([ARRIVED, TALKING])
    told: list[f.Fact] = [fact for event in events for fact in state.apply(event, AT)]
    told += state.apply(AmiEvent({"Event": "Hangup", "Channel": TRUNK, "Cause": "16"}), AT)
    present: set[str] = set()
    talking = ["8001"]
    for fact in told:
        match fact:
            case f.SupervisionBegan():
                assert fact.by_seat not in present
                present.add(fact.by_seat)
            case f.SupervisionEnded():
                present.remove(fact.by_seat)
            case f.CallAnswered():
                talking.append(fact.seat)
            case f.TalkEnded():
                talking.remove(fact.seat)
    assert present == set()
    assert talking == []
    assert isinstance(told[-1], f.CallEnded)


@given(st.lists(EVENTS, max_size=15))
def test_a_restart_in_between_changes_nothing(events: list[AmiEvent]) -> None:
    whole, history = PbxState.restore([ARRIVED, TALKING]), [ARRIVED, TALKING]
    for event in events:
        restarted = PbxState.restore(history)
        facts = whole.apply(event, AT)
        assert restarted.apply(event, AT) == facts
        history += facts
