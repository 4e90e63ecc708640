"""What an order to the PBX is: something typed that can be stored, and the AMI actions that carry it out. Pure.

The kinds of orders stand in `telephony.commands` (calls) and `telephony.phone_commands` (a hardware phone at a seat).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from backend.kernel.errors import Conflict, HotlineError
from telephony.call import Call
from telephony.names import interface_of

Action = dict[str, str | list[str]]
"""One AMI action. An `Originate` carries an ActionID, under which the PBX tells later how it came out."""

SEAT_ANSWERS_WITHIN_S = 20.0
"""How long the phone of a seat may ring for an ordered call; a softphone answers at once."""

ORDER_HEADER = "X-Hotline-Order"
"""Marks a call at a seat's phone as ordered from the console, so that the softphone takes it by itself."""

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


class OrderUnreadable(HotlineError):
    """A stored order has an unknown kind, or its content does not fit it."""


class CallGone(Conflict):
    """The call that the order speaks of is over."""


class SeatNotInCall(Conflict):
    """The seat neither rings nor talks in the call that the order speaks of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something that the PBX is to do. Compare by value; store by `kind` and `as_payload()`."""

    kind: ClassVar[str] = "order"

    def __init_subclass__(cls) -> None:
        cls.kind = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        KINDS[cls.kind] = cls

    def as_payload(self) -> dict[str, Any]:
        """The order as JSON values; `from_payload(kind, payload)` gives an equal order back."""
        return asdict(self)


KINDS: dict[str, type[Order]] = {}


def originate(
    seat: str, order_id: str, *, channel_id: str, context: str, exten: str, caller_id: str = "", **variables: str
) -> Action:
    """Call the phone of `seat`, which takes it by itself, and let it go on in the dialplan at `exten` in `context`.

    `caller_id` is what the seat's phone shows (its own number if empty). `variables` are set on the seat's channel
    under their names in capitals. Asynchronous, so that the link stays free while the phone rings: how it came out is
    told by the event OriginateResponse with the order's id.
    """
    check_words(seat, order_id, channel_id, context, exten, caller_id or seat, *variables.values())
    headers = {ORDER_HEADER: order_id, "Call-Info": "<sip:hotline>;answer-after=0"}
    return {
        "Action": "Originate",
        "ActionID": order_id,
        "Channel": interface_of(seat),
        "ChannelId": channel_id,
        "Context": context,
        "Exten": exten,
        "Priority": "1",
        "CallerID": f"<{caller_id or seat}>",
        "Timeout": str(round(SEAT_ANSWERS_WITHIN_S * 1000)),
        "Async": "true",
        "Variable": [
            *(f"{name.upper()}={value}" for name, value in variables.items()),
            *(f"PJSIP_HEADER(add,{name})={value}" for name, value in headers.items()),
        ],
    }


def check_words(*words: str) -> None:
    """Refuse what the PBX could read as more than a word; raises OrderUnreadable."""
    for word in words:
        if not _ID.fullmatch(word.lstrip("+*_")):
            raise OrderUnreadable(f"{word!r} cannot stand in an order to the PBX.")


def seat_channel(calls: Mapping[str, Call], call_id: str, seat: str) -> str:
    """The channel of a seat's leg in a call, talking or ringing. Raises CallGone or SeatNotInCall."""
    call = call_of(calls, call_id)
    placing = call.placed_channel if call.placed_by == seat and not call.answered else ""
    channel = call.talking.get(seat) or call.ringing.get(seat) or placing
    if not channel:
        raise SeatNotInCall(f"Seat {seat} is not in this call any more.", kept="Nothing was changed.")
    return channel


def call_of(calls: Mapping[str, Call], call_id: str) -> Call:
    """The call, while the PBX holds it. Raises CallGone."""
    call = calls.get(call_id)
    if call is None:
        raise CallGone("The call is over.", kept="Nothing was changed.")
    return call


def bare(channel: str) -> str:
    """The channel's name without its technology, which the dialplan adds: a slash cannot stand in an order."""
    return channel.removeprefix("PJSIP/")


def hang_up(channel: str) -> Action:
    """End this channel."""
    return {"Action": "Hangup", "Channel": channel, "Cause": "16"}
