"""One map from stored events to the messages that consoles know."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent_console.hall import HallCalls
from agent_console.hub import Render
from agent_console.messages import calls as of_calls
from agent_console.messages import cases as of_cases
from agent_console.messages import quality as of_quality
from agent_console.messages import seats as of_seats
from agent_console.messages import supervision as of_hall
from agent_console.phones import PhoneCalls
from agent_console.popups import Popups
from agent_console.protocol import DataLoaded, EventBody
from backend.kernel.events import StoredEvent


def renderers(ready: Popups, calls: HallCalls, phones: PhoneCalls) -> dict[str, Render]:
    """The renderer of each topic; a topic that is not here is of no concern to consoles."""

    def call_ended(event: StoredEvent) -> EventBody:
        ready.forget_call(event.entity)
        return of_calls.CallEnded(call_id=event.entity, ended_at=event.at, outcome=event.payload["outcome"])

    def case_filed(event: StoredEvent) -> EventBody:
        ready.forget_case(event.payload.get("call_id"))
        return of_cases.CaseFiled.model_validate({"case": event.payload})

    return {
        "call_ringing": ready.ring,
        "call_answered": ready.answer,
        "call_ended": _plain(call_ended),
        "seat_changed": _plain(lambda e: of_seats.SeatChanged.model_validate({"seat": e.payload})),
        "queue_changed": _plain(lambda e: of_seats.QueueChanged.model_validate({"queue": e.payload})),
        "link_changed": _plain(lambda e: of_seats.LinkChanged.model_validate({"link": e.payload})),
        "case_filed": _plain(case_filed),
        "case_changed": _plain(lambda e: of_cases.CaseChanged.model_validate({"case": e.payload})),
        "tasks_changed": _plain(lambda e: of_cases.TasksChanged.model_validate(e.payload)),
        "patrols_changed": _plain(lambda e: of_cases.PatrolsChanged.model_validate(e.payload)),
        "deadline_warned": _plain(lambda e: of_cases.DeadlineWarned.model_validate(e.payload)),
        "callback_changed": _plain(lambda e: of_cases.CallbackScheduled.model_validate({"callback": e.payload})),
        "recording_changed": _plain(lambda e: of_calls.RecordingChanged(call_id=e.entity, state=e.payload["state"])),
        "transcript_changed": _plain(lambda e: of_calls.TranscriptChanged(call_id=e.entity, state=e.payload["state"])),
        "recording_pause_changed": _plain(
            lambda e: of_calls.RecordingPauseChanged(call_id=e.entity, paused_at=e.at if e.payload["paused"] else None)
        ),
        "attempt_changed": _plain(lambda e: of_calls.AttemptChanged.model_validate(e.payload)),
        "order_changed": _plain(lambda e: of_calls.OrderChanged.model_validate({"order": e.payload})),
        "draft_saved": _plain(lambda e: of_cases.DraftSaved.model_validate(e.payload)),
        "data_loaded": _plain(lambda e: DataLoaded(dataset=e.entity, version=e.payload["version"])),
        "export_changed": _plain(lambda e: of_cases.ExportChanged.model_validate({"export": e.payload})),
        "call_checked": _plain(lambda e: of_quality.CallChecked.model_validate(e.payload)),
        "trial_changed": _plain(lambda e: of_quality.TrialChanged.model_validate(e.payload)),
        "recheck_changed": _plain(lambda e: of_quality.RecheckChanged.model_validate(e.payload)),
        "round_changed": _plain(lambda e: of_cases.RoundChanged.model_validate(e.payload)),
        "review_changed": _plain(lambda e: of_quality.ReviewChanged.model_validate(e.payload)),
        "coaching_changed": _plain(lambda e: of_quality.CoachingChanged.model_validate(e.payload)),
        "special_changed": _plain(lambda e: of_cases.SpecialChanged.model_validate(e.payload)),
        "hall_call": calls.render,
        "call_supervised": calls.supervised,
        "phone_moved": phones.render,
        "seat_alert": _plain(lambda e: of_hall.SeatAlerted.model_validate({"alert": e.payload})),
        "seat_forced": _plain(
            lambda e: of_hall.SeatWasForced.model_validate({"seat": e.entity, "at": e.at, "forced": e.payload})
        ),
        "notice_arrived": _plain(lambda e: of_hall.NoticeArrived.model_validate({"notice": e.payload})),
        "notice_sent": _plain(lambda e: of_hall.NoticeSent.model_validate({"notice": e.payload})),
        "notice_read": _plain(lambda e: of_hall.NoticeRead.model_validate(e.payload)),
    }


def _plain(body: Callable[[StoredEvent], EventBody]) -> Render:
    async def render(events: Sequence[StoredEvent]) -> list[EventBody | None]:
        return [body(event) for event in events]

    return render
