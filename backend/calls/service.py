"""The record of calls as people may read it. Nobody sees a whole number except by `reveal`, which is audited."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.calls import hot, repository
from backend.calls.errors import CallUnknown, NoNumberSent, ReasonMissing, RecordingNotStored, TextUnknown, TooFewDigits
from backend.calls.leading import leaders_of_calls
from backend.calls.measures import day_start
from backend.calls.models import Call, Recording
from backend.calls.repository import CallFilter
from backend.calls.schemas import CallDetail, CallQuery, CallRow, EarlierText, HitCounts, RevealedNumber, TranscriptView
from backend.calls.views import call_row, earlier_view, event_view, recording_view, transcript_view
from backend.citizens.numbers import CallerNumber, read_number
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.kernel.paging import make_cursor, read_cursor
from backend.kernel.schemas import Page
from backend.seats import repository as seats

CaseNumbers = Callable[[Transaction, Sequence[str]], Awaitable[dict[str, list[str]]]]
"""Which cases were filed for these calls; cases stand above calls, so the application hands this in."""

CallHitCounts = Callable[[Transaction, Sequence[str]], Awaitable[dict[str, HitCounts]]]
"""What quality checks found in these calls, handed in for the same reason."""

_FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class CallForCase:
    """What filing a case needs to know of the call; the number stays on the server."""

    call_id: str
    dialed_number: str
    caller: CallerNumber


@dataclass(frozen=True, slots=True)
class QueueNow:
    """The hall in one line (see `backend.calls.measures`)."""

    waiting: int
    longest_since: datetime | None
    answered_within_15s: float | None


async def list_calls(
    tx: Transaction, who: Principal, asked: CallQuery, case_numbers: CaseNumbers, hit_counts: CallHitCounts
) -> Page[CallRow]:
    """Calls, newest first: all of them for those who may read all, else this person's own. What was found in them is
    counted for those who may read it of all."""
    chosen = CallFilter(
        user_id=who.user_id if asked.mine or not who.may("calls.read") else None,
        seat=asked.seat,
        outcome=asked.outcome,
        score=asked.score,
        **_number_filter(asked.number),
    )
    before = read_cursor(asked.cursor, str) if asked.cursor else None
    found = await repository.page(tx, chosen, before=before, limit=asked.limit + 1)
    shown = found[: asked.limit]
    ids = [call.call_id for call, _ in shown]
    numbers, leaders = await case_numbers(tx, ids), await leaders_of_calls(tx, ids)
    hits = await hit_counts(tx, ids) if who.may("quality.read") else {}
    items = [
        call_row(call, name, numbers.get(call.call_id, []), leaders.get(call.call_id), hits.get(call.call_id))
        for call, name in shown
    ]
    more = len(found) > asked.limit
    return Page(items=items, next_cursor=make_cursor(items[-1].arrived_at, items[-1].call_id) if more else None)


async def call_detail(tx: Transaction, who: Principal, call_id: str, case_numbers: CaseNumbers) -> CallDetail:
    """Everything about one call; the words that were said only for those who may read transcripts."""
    call, name = await visible_call(tx, who, call_id)
    numbers, leaders = await case_numbers(tx, [call_id]), await leaders_of_calls(tx, [call_id])
    transcript = await repository.transcript(tx, call_id)
    view = transcript_view(call, transcript, words=who.may("transcripts.read"))
    await audit.record(tx, who, "call_read", "call", call_id, {"transcript": bool(view.turns)})
    return CallDetail(
        call=call_row(call, name, numbers.get(call_id, []), leaders.get(call_id)),
        parts=[call_row(part, name, [], None) for part in await repository.other_parts(tx, call)],
        events=[event_view(fact) for fact in await repository.facts(tx, call_id)],
        recording=recording_view(call, await repository.recording(tx, call_id)),
        transcript=view,
    )


async def earlier_texts(tx: Transaction, who: Principal, call_id: str) -> list[EarlierText]:
    """Which texts the call had before, the last first. Raises `CallUnknown`."""
    await visible_call(tx, who, call_id)
    return [EarlierText.model_validate(text) for text in await repository.earlier_transcripts(tx, call_id)]


async def earlier_text(tx: Transaction, who: Principal, call_id: str, revision: int) -> TranscriptView:
    """A text that the call had before, as it was read then; looking is audited. Raises `CallUnknown`, `TextUnknown`."""
    await visible_call(tx, who, call_id)
    text = await repository.earlier_transcript(tx, call_id, revision)
    if text is None:
        raise TextUnknown(f"The call had no text number {revision} before.", next_step="Load the page anew.")
    await audit.record(tx, who, "earlier_transcript_read", "call", call_id, {"revision": revision})
    return earlier_view(text)


async def stored_recording(tx: Transaction, who: Principal, call_id: str) -> Recording:
    """The recording that this person may hear. Raises `CallUnknown` and `RecordingNotStored`."""
    call, _ = await visible_call(tx, who, call_id)
    recording = await repository.recording(tx, call_id)
    if recording is None or recording.state != "stored":
        why = recording.problem if recording is not None and recording.problem else f"it is {call.recording_state}"
        raise RecordingNotStored(f"There is no recording to play: {why}.")
    return recording


async def reveal_number(tx: Transaction, who: Principal, call_id: str, reason: str) -> RevealedNumber:
    """The caller's number as the network sent it; who asked, and why, goes to the audit log."""
    _refuse_without_reason(reason)
    call, _ = await visible_call(tx, who, call_id)
    if not call.caller_number:
        raise NoNumberSent("The network sent no number with this call.")
    await audit.record(tx, who, "number_revealed", "call", call_id, {"reason": reason.strip()})
    return RevealedNumber(number=call.caller_number)


async def reveal_said_numbers(tx: Transaction, who: Principal, call_id: str, reason: str) -> TranscriptView:
    """The transcript with the numbers in it as they were said; who asked, and why, goes to the audit log.

    Raises `CallUnknown`, `ReasonMissing`.
    """
    _refuse_without_reason(reason)
    call, _ = await visible_call(tx, who, call_id)
    transcript = await repository.transcript(tx, call_id)
    view = transcript_view(call, transcript, words=who.may("transcripts.read"), numbers=True)
    detail = {"reason": reason.strip(), "transcript": view.revision}
    await audit.record(tx, who, "number_revealed", "call", call_id, detail)
    return view


def _refuse_without_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing("A number is shown only for a reason.", next_step="Write why you need it.", field="reason")


async def call_for_case(tx: Transaction, who: Principal, call_id: str) -> CallForCase:
    """The call that a case is filed for; raises `CallUnknown` when it is not this person's to file for."""
    call, _ = await visible_call(tx, who, call_id, field="call_id")
    return CallForCase(call.call_id, call.dialed_number, read_number(call.caller_number))


async def queue_now(tx: Transaction, now: datetime) -> QueueNow:
    """How many wait, since when, and the share answered within 15 s today."""
    queue = await hot.waiting_calls(tx)
    return QueueNow(queue.waiting, queue.longest_since, await hot.share_in_target(tx, day_start(now)))


async def visible_call(
    tx: Transaction, who: Principal, call_id: str, *, field: str | None = None
) -> tuple[Call, str | None]:
    """The call, and the name of its caller, if this person may see it. Raises `CallUnknown`, of a form's `field`."""
    found = await repository.call_with_name(tx, call_id)
    if found is not None:
        call, name = found
        own = who.may("calls.read") or call.user_id == who.user_id
        if own or await seats.talked_in(tx, call_id, who.user_id):
            return call, name
    raise CallUnknown(
        f"There is no call {call_id}, or it is not yours to see.",
        kept="Nothing was changed.",
        next_step="Leave the call out, or name the one in which it was said." if field else "Look for it in the list.",
        field=field,
    )


def _number_filter(number: str | None) -> dict[str, Any]:
    if not number or not number.strip():
        return {}
    digits = "".join(sign for sign in number if sign.isdecimal() and sign.isascii())
    if len(digits) < _FEWEST_DIGITS:
        raise TooFewDigits(
            "So few digits would match too many calls.", next_step="Give at least the last three.", field="number"
        )
    return {"number_ends": digits, "e164": read_number(number).e164}
