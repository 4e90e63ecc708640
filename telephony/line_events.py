"""What each PBX event means for a seat's line."""

from __future__ import annotations

from collections.abc import Callable

from telephony.ami import AmiEvent
from telephony.lines import Line, Membership

REACHABLE = frozenset({"Created", "Reachable", "NonQualified", "Updated"})


def contact_changed(line: Line, event: AmiEvent) -> None:
    """A phone registered, moved or went; a page that is reloaded has two contacts for a moment."""
    uri = event["URI"]
    line.contacts.pop(uri, None)
    if event["ContactStatus"] in REACHABLE:
        line.contacts[uri] = None


def member_described(line: Line, event: AmiEvent) -> None:
    """The seat joined a queue, or its pause or its place there changed."""
    line.memberships.pop(event["Queue"], None)  # so that the latest change comes last
    line.memberships[event["Queue"]] = Membership.from_event(event)


def member_removed(line: Line, event: AmiEvent) -> None:
    """The seat left a queue."""
    line.memberships.pop(event["Queue"], None)


LINE_EVENTS: dict[str, Callable[[Line, AmiEvent], None]] = {
    "ContactStatus": contact_changed,
    "QueueMemberAdded": member_described,
    "QueueMemberPause": member_described,
    "QueueMemberPenalty": member_described,
    "QueueMemberRemoved": member_removed,
}
