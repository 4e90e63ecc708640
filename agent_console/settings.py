"""What the console's server needs to know of the installation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent_console.schemas import QueueTarget
from backend.callbacks.attempt_rules import CallbackRules
from backend.cases.reference import References
from backend.seats.seating import HallTimes
from telephony.pbx.settings import PbxSettings


@dataclass(frozen=True, slots=True)
class SipAccess:
    """Where the softphones of one PBX register: the domain of their SIP addresses, and its WebSocket."""

    domain: str
    websocket_url: str


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """`sip` tells for each PBX host where softphones register; `sip_secret` gives the SIP password of a seat; `origins`
    are further origins from which consoles may come; `show_supervision` tells agents when a supervisor takes part in
    their call; `live_captions` says that calls are captioned while they last."""

    references: References
    times: HallTimes
    callbacks: CallbackRules
    numbers: tuple[str, ...]
    queues: tuple[QueueTarget, ...]
    sip: Mapping[str, SipAccess]
    sip_secret: Callable[[str], str]
    origins: frozenset[str]
    pbx: PbxSettings
    show_supervision: bool
    live_captions: bool
