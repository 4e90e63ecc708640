"""The safe AMI connection: panoramisk 1.4 with its thirteen known defects covered."""

from telephony.ami.action import AmiReply, Headers
from telephony.ami.errors import (
    AmiActionFailed,
    AmiDisconnected,
    AmiNotConnected,
    AmiProtocolError,
    AmiRefused,
    AmiTimeout,
    AmiUnsafeText,
)
from telephony.ami.link import AmiLink, Arrival
from telephony.ami.parser import AmiEvent, AmiParser
from telephony.ami.settings import AmiSettings
from telephony.ami.snapshot import Snapshot
from telephony.ami.states import LinkState

__all__ = [
    "AmiActionFailed",
    "AmiDisconnected",
    "AmiEvent",
    "AmiLink",
    "AmiNotConnected",
    "AmiParser",
    "AmiProtocolError",
    "AmiRefused",
    "AmiReply",
    "AmiSettings",
    "AmiTimeout",
    "AmiUnsafeText",
    "Arrival",
    "Headers",
    "LinkState",
    "Snapshot",
]
