"""What the PBX holds at one moment, asked for after each connect and after each gap."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from telephony.ami.action import AmiReply, Headers
from telephony.ami.errors import AmiActionFailed
from telephony.ami.parser import AmiEvent

_NO_CONTACTS = "No Contacts found"  # Asterisk reports an empty list of contacts as an error
Ask = Callable[[Headers], Awaitable[AmiReply]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The PBX as it stands: channels, queue members, waiting callers and registered contacts, as its own list events.

    `booted_at` is when the PBX started, if known: a call older than that was cut by the restart.
    """

    channels: tuple[AmiEvent, ...] = ()
    members: tuple[AmiEvent, ...] = ()
    waiting: tuple[AmiEvent, ...] = ()
    contacts: tuple[AmiEvent, ...] = ()
    booted_at: datetime | None = None


async def take_snapshot(ask: Ask, booted_at: datetime | None) -> Snapshot:
    """Ask the PBX for all three lists at once. Raises what `ask` raises: half a snapshot is none."""
    channels, queued, contacts = await asyncio.gather(
        _list(ask, "CoreShowChannels"), _list(ask, "QueueStatus"), _list(ask, "PJSIPShowContacts")
    )
    return Snapshot(
        channels=channels,
        members=tuple(item for item in queued if item.name == "QueueMember"),
        waiting=tuple(item for item in queued if item.name == "QueueEntry"),
        contacts=contacts,
        booted_at=booted_at,
    )


async def _list(ask: Ask, name: str) -> tuple[AmiEvent, ...]:
    try:
        return (await ask({"Action": name})).items
    except AmiActionFailed as error:
        if error.message.strip() == _NO_CONTACTS:
            return ()
        raise
