"""An action on its way to the PBX and the reply that it waits for.

panoramisk's Action carries the headers, the id and the future; what is replaced is how it is put on the wire (nothing
that could start a second action) and when it is complete (by what the PBX says, never by guessing from a name).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from panoramisk.actions import Action
from panoramisk.message import Message

from telephony.ami.errors import AmiUnsafeText
from telephony.ami.parser import AmiEvent

Headers = Mapping[str, str | Sequence[str]]
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class AmiReply:
    """The PBX's answer: `items` holds the events of a list action, in order, without the closing one."""

    ok: bool
    message: str
    headers: Message
    items: tuple[AmiEvent, ...] = ()


class SafeAction(Action):  # type: ignore[misc] # panoramisk carries no types
    """An action that cannot be turned into two, and knows when its reply is whole."""

    def __init__(self, headers: Headers) -> None:
        super().__init__(dict(headers))
        self.items_seen: list[AmiEvent] = []
        self._first: Message | None = None

    def __str__(self) -> str:
        """The action as it goes on the wire. Raises AmiUnsafeText on a control character in a key or a value."""
        lines = [f"{key}: {value}" for key, value in self._pairs()]
        return "\r\n".join([*lines, "", ""])

    def _pairs(self) -> list[tuple[str, str]]:
        pairs = []
        for key, value in sorted(self.items(), key=lambda pair: (pair[0].lower() != "action", pair[0])):
            for one in [value] if isinstance(value, str) else value:
                _refuse_control_characters(key, key)
                _refuse_control_characters(key, one)
                if ":" in key or not key.strip():
                    raise AmiUnsafeText(f"{key!r} cannot be the name of a header.", field=key)
                pairs.append((key, one))
        return pairs

    def add_message(self, message: Message | AmiEvent) -> bool:
        """Take one message that carries this action's id; True when the reply is whole."""
        if isinstance(message, AmiEvent):
            return self._add_item(message)
        self._first = message
        listing = message.success and message.eventlist.lower() == "start"
        return False if listing else self._complete()

    def _add_item(self, event: AmiEvent) -> bool:
        if self._first is None:
            return False
        closing = event["EventList"].lower()
        if closing not in {"complete", "cancelled"}:
            self.items_seen.append(event)
            return False
        return self._complete(cut_short=closing == "cancelled")

    def _complete(self, *, cut_short: bool = False) -> bool:
        first = self._first
        assert first is not None
        if not self.future.done():
            ok = bool(first.success) and not cut_short
            self.future.set_result(AmiReply(ok, first.message, first, tuple(self.items_seen)))
        return True


def _refuse_control_characters(key: str, text: str) -> None:
    if _CONTROL.search(text):
        raise AmiUnsafeText(
            f"The header {key!r} holds a line break or a control character.",
            kept="Nothing was sent to the PBX.",
            next_step="Remove the line break and try again.",
            field=key,
        )
