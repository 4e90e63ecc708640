"""Drafts and filing."""

from __future__ import annotations

from datetime import datetime

from agent_console.desk import Desk
from agent_console.messages.cases import DiscardDraft, FileCase, FiledCase, SaveDraft
from backend.callbacks import service as callbacks
from backend.calls.popups import CallInHand, calls_in_hand
from backend.cases import drafts, filing
from backend.cases.drafts import DraftSave
from backend.cases.rules import CallFacts
from backend.cases.schemas import DraftView
from backend.citizens.numbers import read_number
from backend.dispatch import groups
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.kernel.errors import NotFound
from backend.seats import repository as seats


class CallNotYours(NotFound):
    """The case was to be filed for a call that this person did not take."""


async def save_draft(desk: Desk, command: SaveDraft) -> DraftView:
    """Keep the form as typed."""
    save = DraftSave(command.draft_id, command.call_id, command.revision, command.content)
    async with desk.database.transaction() as tx:
        return await drafts.save_draft(tx, desk.principal, save, clock.now())


async def discard_draft(desk: Desk, command: DiscardDraft) -> None:
    """Throw a draft away on purpose."""
    async with desk.database.transaction() as tx:
        await drafts.discard_draft(tx, desk.principal, command.draft_id)


async def file_case(desk: Desk, command: FileCase) -> FiledCase:
    """File the case, schedule its callback visit, put it under its parent: all or nothing."""
    now = clock.now()
    form, wish = command.case, command.callback
    async with desk.database.transaction() as tx:
        call = await _call(tx, desk, form.call_id, now) if form.call_id is not None else None
        reference = await desk.references.at(tx, now)
        case = await filing.file_case(tx, desk.principal, form, call, reference, now)
        callback = None
        if wish is not None:
            callback = await callbacks.schedule(tx, desk.principal, case.case_id, wish, form.request_id, now)
        if command.parent_id is not None:
            time = desk.references.time
            await groups.join_at_filing(tx, desk.principal, case.case_id, command.parent_id, time, now)
        return FiledCase(case=case, callback=callback)


async def _call(tx: Transaction, desk: Desk, call_id: str, now: datetime) -> CallFacts:
    call = (await calls_in_hand(tx, [call_id], now)).get(call_id)
    if call is None or not await _took_part(tx, desk.principal, call):
        raise CallNotYours(
            "There is no such call of yours.",
            kept="What you typed is still on the screen.",
            next_step="File the case without a call, or from the call that you took.",
            field="call_id",
        )
    return CallFacts(call.call_id, call.dialed_number, read_number(call.caller_number))


async def _took_part(tx: Transaction, who: Principal, call: CallInHand) -> bool:
    """Whoever handed the citizen over has begun the case and may still file it."""
    if call.user_id == who.user_id or who.may("calls.read"):
        return True
    return await seats.talked_in(tx, call.call_id, who.user_id)
