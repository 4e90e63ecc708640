"""Promising, keeping and taking back a callback visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.callbacks import repository
from backend.callbacks.attempt_rules import Again, CallbackRules, GivenUp, Reached, what_follows
from backend.callbacks.errors import (
    CallbackChangedMeanwhile,
    CallbackNotFound,
    CallbackRequestReused,
    CancelWithoutReason,
)
from backend.callbacks.models import Callback
from backend.callbacks.rules import check_wish
from backend.callbacks.schemas import (
    AttemptResult,
    CallbackQuery,
    CallbackState,
    CallbackView,
    CallbackWay,
    CallbackWish,
)
from backend.callbacks.states import CallbackMove, move
from backend.cases import timeline
from backend.cases.models import Case
from backend.cases.rules import clean_text
from backend.cases.schemas import CaseStatus
from backend.cases.service import find_case, numbers_of_cases
from backend.citizens.numbers import mask, read_number
from backend.dispatch.service import refuse_handlers
from backend.identity.principal import Principal
from backend.identity.repository import display_names
from backend.kernel.database import Transaction
from backend.kernel.ids import new_id
from backend.kernel.paging import make_cursor, read_cursor
from backend.kernel.schemas import Page

UNREACHED_JOB = "end_unreached_child"


@dataclass(frozen=True, slots=True)
class Promiser:
    """In whose name the platform promises a callback."""

    user_id: UUID
    display_name: str


async def schedule(
    tx: Transaction, principal: Principal, case_id: UUID, wish: CallbackWish, request_id: UUID, now: datetime
) -> CallbackView:
    """Promise a callback visit for a filed case.

    The same request promises once, however often it comes; with another wish it raises `CallbackRequestReused`.
    Raises `CallbackInvalid` for what is wrong with the wish, `CaseNotFound` for a case that does not exist.
    """
    await repository.serialise_request(tx.session, request_id)
    scheduled = await repository.by_request(tx.session, request_id)
    if scheduled is not None:
        return await _view(tx, _same_request(scheduled, principal, case_id, wish))
    case = await find_case(tx, case_id)
    check_wish(wish, case.address, now)
    return await _promise(tx, principal, case, wish, request_id, now)


async def schedule_after_closing(
    tx: Transaction, closed_by: UUID, case_id: UUID, request_id: UUID, due_at: datetime, now: datetime
) -> CallbackView | None:
    """The callback that every closed case gets; None when one is promised already. The same request promises once."""
    await repository.serialise_request(tx.session, request_id)
    if await repository.by_request(tx.session, request_id) is not None:
        return None
    promised = await repository.of_case(tx.session, case_id)
    if any(each.state == CallbackState.SCHEDULED.value for each in promised):
        return None
    case, name = await find_case(tx, case_id), (await display_names(tx.session, [closed_by]))[closed_by]
    wish = CallbackWish(way=CallbackWay.PHONE, due_at=due_at)
    return await _promise(tx, Promiser(closed_by, name), case, wish, request_id, now)


async def _promise(
    tx: Transaction, by: Principal | Promiser, case: Case, wish: CallbackWish, request_id: UUID, now: datetime
) -> CallbackView:
    callback = Callback(
        callback_id=new_id(),
        request_id=request_id,
        case_id=case.case_id,
        case_number=case.number,
        way=wish.way.value,
        state=move(None, CallbackMove.SCHEDULE).value,
        version=1,
        due_at=wish.due_at,
        scheduled_at=now,
        scheduled_by_id=by.user_id,
        scheduled_by=by.display_name,
    )
    tx.session.add(callback)
    await tx.session.flush()
    detail: timeline.Detail = {"way": callback.way, "due_at": wish.due_at.isoformat()}
    who = by if isinstance(by, Principal) else None
    return await _changed(tx, who, callback, "callback_scheduled", detail, now)


async def cancel(tx: Transaction, principal: Principal, callback_id: UUID, reason: str, now: datetime) -> CallbackView:
    """Take a promise back, with the reason; the same once more is no error.

    Raises `CancelWithoutReason`, `CallbackNotFound`, `CallbackCannotMove` or `CallbackChangedMeanwhile`, and what
    `refuse_handlers` raises: who handled a case does not decide that its citizen is not asked.
    """
    said = clean_text(reason)
    if not said:
        raise CancelWithoutReason("reason", "A callback is taken back with a reason.", "Write why.")
    callback = await _find(tx, callback_id)
    await refuse_handlers(tx, principal, callback.case_id)
    if callback.state == CallbackState.CANCELED.value and callback.end_reason == said:
        return await _view(tx, callback)
    return await _end(tx, principal, callback, CallbackMove.CANCEL, said, now)


async def complete(tx: Transaction, principal: Principal, callback_id: UUID, now: datetime) -> CallbackView:
    """The citizen was called on. Raises like `cancel`."""
    return await _end(tx, principal, await _find(tx, callback_id), CallbackMove.COMPLETE, None, now)


async def follow_attempt(
    tx: Transaction,
    who: Principal | None,
    callback_id: UUID,
    result: AttemptResult,
    called_at: datetime,
    rules: CallbackRules,
    now: datetime,
) -> CallbackView:
    """What the result of a call means for its callback visit: kept, tried again later, or given up.

    `who` is None when the platform files the result. A visit that somebody ended meanwhile stays ended.
    """
    callback = await _find(tx, callback_id)
    if callback.state != CallbackState.SCHEDULED.value:
        return await _view(tx, callback)
    attempts = callback.attempts + 1
    match what_follows(result, attempts, called_at, rules):
        case Reached():
            return await _end(tx, who, callback, CallbackMove.COMPLETE, None, now, attempts=attempts)
        case GivenUp(reason):
            if (await find_case(tx, callback.case_id)).status == CaseStatus.MERGED.value:
                await tx.enqueue(UNREACHED_JOB, {"case_id": str(callback.case_id)})
            return await _end(tx, who, callback, CallbackMove.GIVE_UP, reason, now, attempts=attempts)
        case Again(not_before):
            state = move(CallbackState.SCHEDULED, CallbackMove.RETRY)
            changes = {"state": state.value, "attempts": attempts, "not_before": not_before}
            again = await repository.change(tx.session, callback, changes)
            return await _changed(tx, who, _still(again), None, {}, now)


async def callbacks_of_case(tx: Transaction, case_id: UUID) -> list[CallbackView]:
    """The callback visits of a case, by their time; raises `CaseNotFound`."""
    await find_case(tx, case_id)
    return [await _view(tx, callback) for callback in await repository.of_case(tx.session, case_id)]


async def list_callbacks(tx: Transaction, query: CallbackQuery) -> Page[CallbackView]:
    """Callback visits, those due first first; raises `CursorInvalid`."""
    after = read_cursor(query.cursor, UUID) if query.cursor else None
    rows = await repository.page(tx.session, query.state, query.due_before, after, query.limit + 1)
    last = rows[query.limit - 1] if len(rows) > query.limit else None
    return Page(
        items=await _views(tx, rows[: query.limit]),
        next_cursor=make_cursor(last.due_at, last.callback_id) if last is not None else None,
    )


async def _find(tx: Transaction, callback_id: UUID) -> Callback:
    callback = await repository.by_id(tx.session, callback_id)
    if callback is None:
        raise CallbackNotFound("There is no such callback visit.", next_step="Look for it in the list.")
    return callback


async def _end(
    tx: Transaction,
    who: Principal | None,
    callback: Callback,
    by: CallbackMove,
    reason: str | None,
    now: datetime,
    *,
    attempts: int | None = None,
) -> CallbackView:
    after = move(CallbackState(callback.state), by)
    changes = {
        "state": after.value,
        "attempts": callback.attempts if attempts is None else attempts,
        "not_before": None,
        "ended_at": now,
        "ended_by": who.display_name if who else None,
        "end_reason": reason,
    }
    ended = _still(await repository.change(tx.session, callback, changes))
    detail: timeline.Detail = {"way": ended.way, "due_at": ended.due_at.isoformat(), "reason": reason}
    return await _changed(tx, who, ended, f"callback_{after.value}", detail, now)


def _still(changed: Callback | None) -> Callback:
    if changed is None:
        raise CallbackChangedMeanwhile(
            "Somebody else changed this callback visit first.",
            kept="What you typed is still on the screen.",
            next_step="Load it anew and decide again.",
        )
    return changed


async def _changed(
    tx: Transaction, who: Principal | None, callback: Callback, kind: str | None, detail: timeline.Detail, now: datetime
) -> CallbackView:
    """Tell of the change, and enter it in the time line under `kind` if that is given."""
    if kind is not None:
        timeline.add_entry(tx, callback.case_id, kind, who, detail, now)
    view = await _view(tx, callback)
    audience = ["permission:callbacks.read", *([f"user:{who.user_id}"] if who else [])]
    tx.emit(
        "callback_changed",
        entity=str(callback.callback_id),
        audience=audience,
        payload=view.model_dump(mode="json"),
        at=now,
    )
    return view


def _same_request(scheduled: Callback, principal: Principal, case_id: UUID, wish: CallbackWish) -> Callback:
    promised = (scheduled.scheduled_by_id, scheduled.case_id, scheduled.way, scheduled.due_at)
    if promised != (principal.user_id, case_id, wish.way.value, wish.due_at):
        raise CallbackRequestReused(
            f"This request scheduled a callback for {scheduled.case_number} already, with another wish.",
            kept="That callback stands as it was scheduled first.",
            next_step="Cancel it and schedule a new one if the wish has changed.",
        )
    return scheduled


async def _view(tx: Transaction, callback: Callback) -> CallbackView:
    return (await _views(tx, [callback]))[0]


async def _views(tx: Transaction, callbacks: Sequence[Callback]) -> list[CallbackView]:
    """Callback visits with the masked numbers of their citizens, read at once."""
    raw = await numbers_of_cases(tx, {callback.case_id for callback in callbacks})
    numbers = {case_id: read_number(number) for case_id, number in raw.items()}
    return [
        CallbackView.model_validate(callback).model_copy(
            update={"number": mask(number) if (number := numbers[callback.case_id]).usable else None}
        )
        for callback in callbacks
    ]
