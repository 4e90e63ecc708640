"""One TCP session with the PBX: panoramisk's protocol with the unsafe parts replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from telephony.ami.action import SafeAction
from telephony.ami.errors import AmiDisconnected, AmiProtocolError
from telephony.ami.parser import AmiEvent, AmiParser


class SessionOwner(Protocol):
    """Who is told what happens on the session. None of these may block or raise."""

    def heard(self) -> None:
        """Bytes arrived: the peer is alive."""

    def received(self, events: list[AmiEvent]) -> None:
        """Events arrived together, in order."""

    def lost(self) -> None:
        """The session is over; told once."""


NEWS = frozenset({"OriginateResponse", "UserEvent"})
"""Events that are news to all, whoever asked for them: the fate of a dialled call, and what we let the PBX tell."""


class SafeProtocol(AMIProtocol):  # type: ignore[misc] # panoramisk carries no types
    """Reads with AmiParser, correlates replies by ActionID, and fails what is pending when the session ends.

    It never re-sends anything: panoramisk's list of awaiting actions is left unused.
    """

    encoding = "utf-8"
    transport: asyncio.Transport | None = None

    def __init__(self, owner: SessionOwner, new_parser: Callable[[], AmiParser]) -> None:
        self._owner = owner
        self._parser = new_parser()
        self.responses: dict[str, SafeAction] = {}
        self.over = False
        self.error: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio; a session that was ended before it began is cut here."""
        super().connection_made(transport)
        if self.over and self.transport is not None:
            self.transport.abort()

    def send(self, data: SafeAction, as_list: bool | None = None) -> None:  # noqa: ARG002 - panoramisk's signature
        """Put an action on the wire. Raises AmiUnsafeText, or AmiDisconnected when the session is over."""
        wire = str(data).encode(self.encoding)
        if self.over:
            raise AmiDisconnected("The link to the PBX is down.", kept="The action was not sent.")
        assert self.transport is not None
        self.responses[data.id] = data
        self.transport.write(wire)

    def forget(self, action: SafeAction) -> None:
        """Nobody waits for this action any more; a late reply is dropped."""
        self.responses.pop(action.id, None)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio with each chunk."""
        self._owner.heard()
        try:
            messages = self._parser.feed(data)
        except AmiProtocolError as error:
            self.end(error)
            return
        self.version = self._parser.version
        events = [message for message in messages if self._is_news(message)]
        if events:
            self._owner.received(events)

    def _is_news(self, message: AmiEvent | Message) -> bool:
        """Hand a reply to its action; True for an event that goes on to the consumer."""
        if isinstance(message, Message):
            self._settle(message.actionid, message)
            return False
        if message.name in NEWS:
            return True
        return not self._settle(message["ActionID"], message) and not message["ActionID"]

    def _settle(self, action_id: str, message: AmiEvent | Message) -> bool:
        action = self.responses.get(action_id)
        if action is not None and action.add_message(message):
            del self.responses[action_id]
        return action is not None

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio when the transport is gone."""
        self.end(exc)

    def end(self, error: Exception | None) -> None:
        """Cut the session, whatever its state: pending actions fail at once and the owner is told once."""
        if self.over:
            return
        self.over = True
        self.error = error
        if self.transport is not None:
            self.transport.abort()
        self.closed = True
        for action in self.responses.values():
            if not action.future.done():
                action.future.set_exception(
                    AmiDisconnected(
                        f"The link to the PBX broke before it answered {action['Action']}.",
                        kept="The action is not sent a second time; it may have been carried out.",
                        next_step="Look at the present state before you try again.",
                    )
                )
        self.responses.clear()
        self._owner.lost()
