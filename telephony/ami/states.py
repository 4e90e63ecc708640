"""The states of the link to one PBX."""

from __future__ import annotations

from enum import StrEnum

from telephony.ami.errors import IllegalLinkMove


class LinkState(StrEnum):
    """Where the link stands. Only in `live` does what we know keep up with what the PBX does."""

    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    SYNCHRONISING = "synchronising"
    LIVE = "live"
    BACKING_OFF = "backing_off"
    REFUSED = "refused"
    CLOSED = "closed"


_S = LinkState

TRANSITIONS: dict[LinkState, frozenset[LinkState]] = {
    _S.CONNECTING: frozenset({_S.AUTHENTICATING, _S.BACKING_OFF, _S.CLOSED}),
    _S.AUTHENTICATING: frozenset({_S.SYNCHRONISING, _S.REFUSED, _S.BACKING_OFF, _S.CLOSED}),
    _S.SYNCHRONISING: frozenset({_S.LIVE, _S.BACKING_OFF, _S.CLOSED}),
    _S.LIVE: frozenset({_S.SYNCHRONISING, _S.BACKING_OFF, _S.CLOSED}),
    _S.BACKING_OFF: frozenset({_S.CONNECTING, _S.CLOSED}),
    _S.REFUSED: frozenset({_S.CONNECTING, _S.CLOSED}),
    _S.CLOSED: frozenset(),
}

TALKING = frozenset({_S.SYNCHRONISING, _S.LIVE})
"""The states in which an action can be sent."""


def check_move(present: LinkState, following: LinkState) -> None:
    """Raises IllegalLinkMove unless TRANSITIONS holds the move."""
    if following not in TRANSITIONS[present]:
        raise IllegalLinkMove(f"The link cannot go from {present} to {following}.")
