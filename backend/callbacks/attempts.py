"""Calling a citizen from a case or for a promised callback visit, and filing how it came out.

A dial is one order to the PBX (`backend.orders`), stored with the attempt in one transaction. How far the call has come
is read from the order and from the record of calls each time it is asked for; only what the agent files is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from backend.callbacks import attempt_repository as repository
from backend.callbacks import service as callbacks
from backend.callbacks.attempt_repository import NOT_PLACED, Attempt
from backend.callbacks.attempt_rules import CallbackRules, proposed_result, stage_of
from backend.callbacks.errors import (
    AttemptNotFound,
    CallbackNotFound,
    NoNumberToDial,
    NotByPhone,
    NothingToFile,
    ResultFiled,
    ResultOwing,
    StillDialling,
    TooSoonToDial,
)
from backend.callbacks.models import CallbackAttempt
from backend.callbacks.schemas import AttemptResult, AttemptStage, AttemptView, CallbackState, CallbackWay
from backend.callbacks.states import CallbackMove, move
from backend.cases import timeline
from backend.cases.models import Case
from backend.cases.service import find_case
from backend.citizens.numbers import dial_digits, mask, read_number
from backend.dispatch import service as dispatch
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.clock import beijing
from backend.kernel.database import Transaction
from backend.orders import service as orders
from backend.seats import service as seats
from telephony.commands import DialOut

OVER = frozenset({AttemptStage.ENDED, AttemptStage.NOT_PLACED})
FILED_BY_ITSELF_AFTER = timedelta(minutes=30)
"""How long an agent may take to file a result before the platform files what the PBX said."""
FAILURE_SHOWN_FOR = timedelta(minutes=1)
"""How long a console that is loaded anew still learns that the last call could not be placed."""
_AT_ONCE = 100
_NOBODY_CALLED = "Nobody was called."


@dataclass(frozen=True, slots=True)
class DialWish:
    """Whom to call. `request_id` is made by the client; the same request calls once, however often it comes."""

    request_id: UUID
    case_id: UUID
    callback_id: UUID | None


async def dial(tx: Transaction, who: Principal, wish: DialWish, rules: CallbackRules, now: datetime) -> AttemptView:
    """Call the citizen of a case from this person's own seat.

    Raises `CannotDial` and its kinds, `SeatInCall`, `AtNoSeat`, `PhoneNotRegistered`, `CaseNotFound`,
    `CallbackNotFound`, `CallbackCannotMove`, or `OrderRequestReused`; nobody was called then.
    """
    repeated = await _made_by(tx, who, wish.request_id)
    if repeated is not None:
        return _view(repeated, now)
    seat = await seats.seat_to_dial_from(tx, who)
    repeated = await _made_by(tx, who, wish.request_id)  # the same request may have held the seat until now
    if repeated is not None:
        return _view(repeated, now)
    _refuse_while_unfinished(await repository.open_of_user(tx, who.user_id), now)
    case = await find_case(tx, wish.case_id)
    await dispatch.refuse_handlers(tx, who, case.case_id)
    if wish.callback_id is not None:
        await _refuse_callback(tx, wish.callback_id, case, now)
    digits = dial_digits(read_number(case.caller_number))
    if digits is None:
        raise NoNumberToDial("The case has no number that can be called.", kept=_NOBODY_CALLED)
    order = DialOut(
        seat=seat.seat, number=digits, shown_number=rules.shown_number, call_id=f"out-{wish.request_id.hex}"
    )
    await orders.place(tx, wish.request_id, order, who, now, host=seat.host)
    attempt = CallbackAttempt(
        attempt_id=wish.request_id,
        case_id=case.case_id,
        callback_id=wish.callback_id,
        call_id=order.call_id,
        n=await repository.count_of_case(tx, case.case_id) + 1,
        seat=seat.seat,
        user_id=who.user_id,
        agent_name=who.display_name,
        at=now,
    )
    tx.session.add(attempt)
    await tx.session.flush()
    await audit.record(tx, who, "citizen_called", "case", case.case_id, {"number": case.number}, at=now)
    return await _told(tx, wish.request_id, now)


async def file_result(
    tx: Transaction, who: Principal, attempt_id: UUID, result: AttemptResult, rules: CallbackRules, now: datetime
) -> AttemptView:
    """File how one's own call came out; the same once more is no error.

    What follows for the callback visit is decided at once: done, another attempt later, or given up. Raises
    `AttemptNotFound`, `NothingToFile`, `ResultFiled`.
    """
    attempt = await _made_by(tx, who, attempt_id)
    if attempt is None:
        raise AttemptNotFound("There is no such call of yours.")
    if attempt.row.result == result.value:
        return _view(attempt, now)
    stage, over_at = stage_of(attempt.order, attempt.call, now)
    if stage is not AttemptStage.ENDED:
        raise NothingToFile("This call has no result to file yet.", next_step="Wait until the call is over.")
    if not await repository.file(tx, attempt_id, result.value, who.display_name, now):
        raise ResultFiled("The result of this call was filed already.", kept="It stands as it was filed first.")
    await _follow_up(tx, who, attempt, result, over_at, rules, now)
    return await _told(tx, attempt_id, now)


async def file_overdue(tx: Transaction, rules: CallbackRules, now: datetime) -> int:
    """File what the PBX said for calls whose agent has not filed anything for long; returns for how many."""
    overdue = await repository.open_before(tx, now - FILED_BY_ITSELF_AFTER, _AT_ONCE)
    filed = 0
    for attempt in overdue:
        stage, over_at = stage_of(attempt.order, attempt.call, now)
        if stage not in OVER:
            continue
        result = proposed_result(attempt.call) or AttemptResult.NO_ANSWER
        nobody = stage is AttemptStage.NOT_PLACED
        if not await repository.file(tx, attempt.row.attempt_id, NOT_PLACED if nobody else result.value, None, now):
            continue
        if not nobody:
            await _follow_up(tx, None, attempt, result, over_at, rules, now)
            await _told(tx, attempt.row.attempt_id, now)
        filed += 1
    return filed


async def attempts_of_case(tx: Transaction, case_id: UUID, now: datetime) -> list[AttemptView]:
    """Every call to the citizen of a case, oldest first; raises `CaseNotFound`."""
    await find_case(tx, case_id)
    return [_view(attempt, now) for attempt in await repository.of_case(tx, case_id)]


async def current_attempt(tx: Transaction, who: Principal, now: datetime) -> AttemptView | None:
    """The call that this person is making, or whose result they owe, or that just now could not be placed."""
    for attempt in await repository.open_of_user(tx, who.user_id):
        view = _view(attempt, now)
        if view.stage is not AttemptStage.NOT_PLACED or now - view.since < FAILURE_SHOWN_FOR:
            return view
    return None


async def _made_by(tx: Transaction, who: Principal, attempt_id: UUID) -> Attempt | None:
    attempt = await repository.by_id(tx, attempt_id)
    return attempt if attempt is not None and attempt.row.user_id == who.user_id else None


def _refuse_while_unfinished(mine: list[Attempt], now: datetime) -> None:
    stages = {stage_of(attempt.order, attempt.call, now)[0] for attempt in mine}
    if stages - OVER:
        raise StillDialling("You are making a call already.", kept=_NOBODY_CALLED, next_step="End that call first.")
    if AttemptStage.ENDED in stages:
        raise ResultOwing(
            "The result of your last call is not filed.", kept=_NOBODY_CALLED, next_step="File it, then dial."
        )


async def _refuse_callback(tx: Transaction, callback_id: UUID, case: Case, now: datetime) -> None:
    callback = await repository.lock_callback(tx, callback_id)
    if callback is None or callback.case_id != case.case_id:
        raise CallbackNotFound("There is no such callback visit for this case.", next_step="Look for it in the list.")
    move(CallbackState(callback.state), CallbackMove.COMPLETE)
    if callback.way != CallbackWay.PHONE.value:
        raise NotByPhone("This callback visit is made in person.", kept=_NOBODY_CALLED)
    if callback.not_before is not None and now < callback.not_before:
        raise TooSoonToDial(
            f"The next attempt may be made at {beijing(callback.not_before):%H:%M}.",
            kept=_NOBODY_CALLED,
            next_step="Call again then.",
        )
    for other in await repository.open_of_callback(tx, callback_id):
        if stage_of(other.order, other.call, now)[0] not in OVER:
            raise StillDialling(f"{other.row.agent_name} is calling this citizen now.", kept=_NOBODY_CALLED)


async def _follow_up(
    tx: Transaction,
    who: Principal | None,
    attempt: Attempt,
    result: AttemptResult,
    over_at: datetime,
    rules: CallbackRules,
    now: datetime,
) -> None:
    row = attempt.row
    detail: timeline.Detail = {"n": row.n, "result": result.value, "call_id": row.call_id}
    timeline.add_entry(tx, row.case_id, "citizen_called", who, detail, now)
    if row.callback_id is not None:
        await callbacks.follow_attempt(tx, who, row.callback_id, result, over_at, rules, now)


async def _told(tx: Transaction, attempt_id: UUID, now: datetime) -> AttemptView:
    attempt = await repository.by_id(tx, attempt_id)
    assert attempt is not None
    view = _view(attempt, now)
    tx.emit(
        "attempt_changed",
        entity=str(attempt_id),
        audience=["permission:callbacks.read", f"user:{view.user_id}"],
        payload={"attempt_id": str(attempt_id), "case_id": str(view.case_id)},
        at=now,
    )
    return view


def _view(attempt: Attempt, now: datetime) -> AttemptView:
    row, case = attempt.row, attempt.case
    stage, since = stage_of(attempt.order, attempt.call, now)
    filed = None if row.result in (None, NOT_PLACED) else AttemptResult(row.result)
    return AttemptView(
        attempt_id=row.attempt_id,
        case_id=row.case_id,
        case_number=case.number,
        callback_id=row.callback_id,
        call_id=row.call_id,
        n=row.n,
        seat=row.seat,
        user_id=row.user_id,
        agent_name=row.agent_name,
        at=row.at,
        number=mask(read_number(case.caller_number)),
        name=case.citizen_name or None,
        stage=stage,
        since=since,
        talk_ms=attempt.call.talk_ms if attempt.call else None,
        proposed=proposed_result(attempt.call),
        result=filed,
        owes_result=stage is AttemptStage.ENDED and row.result is None,
        problem=attempt.problem,
    )
