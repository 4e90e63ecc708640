"""One map from stored events to the messages that consoles know."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent_console import protocol as p
from agent_console.cards import cards
from agent_console.hub import Render
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.events import StoredEvent


def renderers(database: Database) -> dict[str, Render]:
    """The renderer of each topic; a topic that is not here is of no concern to consoles."""

    async def call_ringing(events: Sequence[StoredEvent]) -> list[p.EventBody | None]:
        async with database.transaction() as tx:
            made = await cards(tx, sorted({event.entity for event in events}), "ringing", clock.now())
        return [p.CallRinging(card=made[event.entity]) if event.entity in made else None for event in events]

    return {
        "call_ringing": call_ringing,
        "call_answered": _plain(lambda e: p.CallAnswered(call_id=e.entity, answered_at=e.at)),
        "call_ended": _plain(lambda e: p.CallEnded(call_id=e.entity, ended_at=e.at, outcome=e.payload["outcome"])),
        "seat_changed": _plain(lambda e: p.SeatChanged.model_validate({"seat": e.payload})),
        "queue_changed": _plain(lambda e: p.QueueChanged.model_validate({"queue": e.payload})),
        "link_changed": _plain(lambda e: p.LinkChanged.model_validate({"link": e.payload})),
        "case_filed": _plain(lambda e: p.CaseFiled.model_validate({"case": e.payload})),
        "callback_changed": _plain(lambda e: p.CallbackScheduled.model_validate({"callback": e.payload})),
        "recording_changed": _plain(lambda e: p.RecordingChanged(call_id=e.entity, state=e.payload["state"])),
        "transcript_changed": _plain(lambda e: p.TranscriptChanged(call_id=e.entity, state=e.payload["state"])),
        "draft_saved": _plain(lambda e: p.DraftSaved.model_validate(e.payload)),
    }


def _plain(body: Callable[[StoredEvent], p.EventBody]) -> Render:
    async def render(events: Sequence[StoredEvent]) -> list[p.EventBody | None]:
        return [body(event) for event in events]

    return render
