"""Bytes to AMI messages: incremental, fed any chunks, quick to drop what nobody wants.

The filter looks at the first line only, before any text is decoded. Decoding happens on whole messages, so a character
is never cut in two; bytes that are not UTF-8 become a visible replacement character instead of vanishing.
"""

from __future__ import annotations

from collections.abc import Collection

from panoramisk.message import Message

from telephony.ami.errors import AmiProtocolError

BANNER = b"Asterisk Call Manager/"
_EOL = b"\r\n"
_END = b"\r\n\r\n"
_EVENT = b"Event: "
_ACTION_ID = b"\r\nActionID: "
LONGEST_BANNER = 256
LONGEST_MESSAGE = 4 * 1024 * 1024


class AmiEvent(dict[str, str]):
    """One event: its headers under the names that Asterisk gives them. A missing header reads as an empty string."""

    __slots__ = ()

    def __missing__(self, key: str) -> str:
        return ""

    @property
    def name(self) -> str:
        """What kind of event this is, for instance `QueueCallerJoin`."""
        return self["Event"]


class AmiParser:
    """Cuts a byte stream into events and replies.

    `wanted` names the events to keep (None keeps all); an event that answers an action (it carries an ActionID) is
    always kept. `version` is the manager version of the banner, once it has been read.
    """

    def __init__(self, wanted: Collection[str] | None = None) -> None:
        self._wanted = None if wanted is None else frozenset(name.encode() for name in wanted)
        self._rest = b""
        self.version: str | None = None

    def feed(self, data: bytes) -> list[AmiEvent | Message]:
        """The messages completed by `data`: an AmiEvent, or panoramisk's Message for a reply.

        Raises AmiProtocolError when the peer does not speak AMI or a message never ends.
        """
        data = self._rest + data if self._rest else data
        if self.version is None:
            data = self._cut_banner(data)
        *blocks, self._rest = data.split(_END)
        if len(self._rest) > LONGEST_MESSAGE:
            raise AmiProtocolError(f"A message of the PBX did not end within {LONGEST_MESSAGE} bytes.")
        wanted, messages = self._wanted, []
        for block in blocks:
            if wanted is not None and block.startswith(_EVENT):
                end = block.find(_EOL)
                if block[7 : end if end > 0 else None] not in wanted and _ACTION_ID not in block:
                    continue
            message = _read(block)
            if message is not None:
                messages.append(message)
        return messages

    def _cut_banner(self, data: bytes) -> bytes:
        line, eol, rest = data.partition(_EOL)
        if (
            not line.startswith(BANNER[: len(line)])
            or (eol and not line.startswith(BANNER))
            or len(line) > LONGEST_BANNER
        ):
            raise AmiProtocolError(
                "What answers on the AMI port is not an Asterisk manager.",
                next_step="Check the host and port of the PBX in the configuration.",
            )
        if eol:
            self.version = line[len(BANNER) :].decode("ascii", "replace").strip()
            return rest
        return data


def _read(block: bytes) -> AmiEvent | Message | None:
    text = block.decode("utf-8", "replace").strip("\r\n")
    if not text.startswith("Event: "):
        return Message.from_line(text)
    try:
        return AmiEvent([line.split(": ", 1) for line in text.split("\r\n")])
    except ValueError:
        return AmiEvent(_headers(text))


def _headers(text: str) -> list[tuple[str, str]]:
    """The slow way, for a message with a line that is no header."""
    pairs = (line.partition(":") for line in text.split("\r\n"))
    return [(key, value.removeprefix(" ")) for key, colon, value in pairs if colon]
