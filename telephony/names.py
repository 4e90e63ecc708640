"""How the PBX writes channels, interfaces, queues and numbers, and what they mean to us."""

from __future__ import annotations

import re
from functools import lru_cache

DEFAULT_HOST = "hotline"
"""The name of the first PBX in the record. A PBX's name is the `systemname` in its asterisk.conf."""

LOST_CAUSES = frozenset({"18", "27", "34", "38", "41", "44", "102"})
"""Q.850 causes of a leg that is gone although nobody hung up: no sound (44), no answer to a request, no transport."""

_SEAT = re.compile(r"PJSIP/([0-9]+)(?:-[0-9a-f]+)?")
_OUTSIDE = re.compile(r"PJSIP/[^/]*[^/0-9-][^/]*-[0-9a-f]+")
_PEER = re.compile(r"PJSIP/host-([a-z][a-z0-9]*)-[0-9a-f]+")
_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_NOBODY = frozenset({"", "<unknown>"})


@lru_cache(maxsize=8192)
def seat_of(name: str) -> str | None:
    """The seat of a channel or an interface: `PJSIP/8001-0000002a` and `PJSIP/8001` are seat 8001.

    A numeric endpoint is a seat; trunks have names.
    """
    match = _SEAT.fullmatch(name)
    return match[1] if match else None


@lru_cache(maxsize=8192)
def is_outside(channel: str) -> bool:
    """Whether the channel leads to the public network: a SIP channel of an endpoint with a name, such as a trunk."""
    return _OUTSIDE.fullmatch(channel) is not None


@lru_cache(maxsize=8192)
def peer_of(channel: str) -> str | None:
    """The PBX host to which the channel leads: `PJSIP/host-labour-0000002a` is the line to the host labour."""
    match = _PEER.fullmatch(channel)
    return match[1] if match else None


def on_one_line(channel: str) -> bool:
    """Whether this is the leg by which the PBX consults somebody for a hardware phone, which has one line only."""
    return channel.startswith("Local/aside@seat-phone-") and channel.endswith(";1")


def interface_of(seat: str) -> str:
    """How queues name the seat's phone."""
    return f"PJSIP/{seat}"


def text_or_empty(value: str) -> str:
    """The PBX writes `<unknown>` for what it was not told."""
    return "" if value in _NOBODY else value


def is_number(text: str) -> bool:
    """Whether a citizen can be called back under this text."""
    return _NUMBER.fullmatch(text) is not None


def dialed_in(dial_string: str) -> str:
    """The number inside a dial string: `13912345678@trunk` or `PJSIP/13912345678@trunk`."""
    return dial_string.rpartition("/")[2].partition("@")[0]
