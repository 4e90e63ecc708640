"""What a PBX says of citizens who go on at another PBX, and of those who come from one.

A citizen's call that changes hosts is a call at each of them: the first keeps his line and says where he went
(`CallHandedOver`), the second says which call it is the rest of (`CallContinues`). What else runs over the lines
between the hosts is no citizen's call: a colleague who asks, or a call out for a host without a carrier of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from telephony import facts as f
from telephony.ami import AmiEvent
from telephony.call import Call
from telephony.names import is_outside, peer_of

HANDING_OVER = frozenset({"HotlineArrive", "HotlineHandOver", "HotlineBack"})
_TO_THE_OUTSIDE = frozenset({"outbound", "to-outside"})
_RELAYED = "from-host"


def is_arrival(channel: str) -> bool:
    """Whether a citizen's call begins with this channel; one from another PBX says by itself when it is a citizen's."""
    return is_outside(channel) and peer_of(channel) is None


def is_placing(event: AmiEvent) -> bool:
    """Whether this DialBegin calls the outside, by the carrier or by way of another PBX."""
    called = event["DestChannel"]
    return is_outside(called) and (peer_of(called) is None or event["Context"] in _TO_THE_OUTSIDE)


def is_relayed(leg: AmiEvent) -> bool:
    """Whether this listed channel only passes on what another PBX calls."""
    return peer_of(leg["Channel"]) is not None and leg["Context"] == _RELAYED


def handing_over(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    """The citizen comes from another PBX, goes to one, or was not taken there."""
    name = event["UserEvent"]
    if name == "HotlineArrive" and event["Continues"] and not call.continues:
        talked = bool(event["Talked"])
        waited_ms = 0 if talked else _milliseconds(event["Waited"])
        yield f.CallContinues(
            at=at, call_id=call.id, first_call_id=event["Continues"], waited_ms=waited_ms, talked=talked
        )
    elif name == "HotlineHandOver" and event["Host"] and event["Host"] != call.handed_to:
        yield f.CallHandedOver(at=at, call_id=call.id, host=event["Host"], to=event["To"])
    elif name == "HotlineBack" and call.handed_to:
        yield f.CallCameBack(at=at, call_id=call.id, host=call.handed_to)


def _milliseconds(seconds: str) -> int:
    try:
        return max(0, round(float(seconds) * 1000))
    except ValueError:
        return 0
