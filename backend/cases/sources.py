"""Where a case comes from: its call, or what its form says of another channel; pure."""

from __future__ import annotations

from dataclasses import dataclass

from backend.cases.channels import Channel, Channels, ReferenceNeed
from backend.cases.errors import (
    ChannelIsOfCall,
    ChannelIsOfEntry,
    ChannelWithoutReference,
    CitizenNumberNotWhole,
    NumberIsOfCall,
    UnknownChannel,
)
from backend.cases.origins import Origin
from backend.cases.rules import CallFacts, clean_line
from backend.cases.schemas import CaseForm
from backend.citizens.numbers import CallerNumber, read_number


@dataclass(frozen=True, slots=True)
class Source:
    """Where a case comes from: its call or entry, its channel, the reference there, and the citizen's number."""

    call: CallFacts | None
    channel: Channel
    reference: str
    caller: CallerNumber | None
    origin: Origin | None = None


def check_source(form: CaseForm, came_from: CallFacts | Origin | None, channels: Channels) -> Source:
    """Raises the first of the rules that the form breaks, as a `CaseInvalid` that names the field."""
    call = came_from if isinstance(came_from, CallFacts) else None
    origin = came_from if isinstance(came_from, Origin) else None
    reference, number = clean_line(form.source_reference), form.citizen_number.strip()
    if call is not None:
        channel = channels.of_call(call.dialed_number)
        if form.channel not in ("", channel.code):
            raise ChannelIsOfCall(
                "channel", f"This case was told in a call, by {channel.title_en}.", "Leave the channel to the call."
            )
        if number:
            raise NumberIsOfCall(
                "citizen_number", "The number of this case is that of its call.", "Leave the number empty."
            )
        return Source(call, channel, reference, call.caller)
    found = channels.find(form.channel) if form.channel else channels.of_call(None)
    if found is None:
        raise UnknownChannel("channel", f"There is no channel {form.channel[:32]}.", "Choose one from the list.")
    if found.by_entry and origin is None:
        raise ChannelIsOfEntry(
            "channel", f"A case by {found.title_en} is made of its entry.", "Make it there, or choose another channel."
        )
    if found.reference is ReferenceNeed.REQUIRED and not reference:
        raise ChannelWithoutReference(
            "source_reference",
            f"A case by {found.title_en} names its source.",
            "Enter the number, link or account under which it came.",
        )
    caller = read_number(number) if number else None
    if caller is not None and not caller.usable:
        raise CitizenNumberNotWhole(
            "citizen_number", "Under this number nobody can be called back.", "Enter it whole, or leave it empty."
        )
    return Source(None, found, reference, caller, origin)
