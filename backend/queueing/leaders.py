"""Leaders on the line 领导接听: for a time a leader's seat gets calls before all others; each call that it answers
belongs to the session and is followed up to the end: until its cases are closed and the citizen was called back.

Which calls these are is read from the record (`backend.calls.leading`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, case, func, select

from backend.callbacks.models import Callback
from backend.callbacks.schemas import CallbackState
from backend.calls.leading import leaders_calls
from backend.calls.models import Call
from backend.cases.models import Case
from backend.cases.states import OPEN
from backend.citizens.numbers import read_number
from backend.citizens.service import caller_view
from backend.identity import audit
from backend.identity.models import User
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.kernel.ids import new_id
from backend.queueing.errors import LeaderAtWork, LeaderSessionNotFound, LeaderUnknown
from backend.queueing.schemas import LeaderCall, LeaderSessionView
from backend.seats.models import LeaderSession

CHANGED = "leaders_changed"
_SHOWN = 50
_FURTHEST = (CallbackState.DONE, CallbackState.SCHEDULED, CallbackState.FAILED, CallbackState.CANCELED)
"""Of several visits for a case the one that counts: a citizen who was reached once was called back."""
_FOLLOWED = 500
"""So many sessions are looked through for cases that are not at their end; a leader sits down some times a month."""


async def begin(tx: Transaction, who: Principal, user_id: UUID, minutes: int, now: datetime) -> LeaderSessionView:
    """Let this person's seat get calls first for so long. Raises `LeaderUnknown`, `LeaderAtWork`."""
    query = select(User.display_name).where(User.user_id == user_id).with_for_update(key_share=True)
    name = (await tx.session.execute(query)).scalar_one_or_none()
    if name is None:
        raise LeaderUnknown("There is no such person.", next_step="Choose somebody who sits at a seat.")
    if user_id in await at_work(tx, now):
        raise LeaderAtWork(
            f"{name} is answering citizens already.", kept="That session goes on.", next_step="End it first."
        )
    session = LeaderSession(
        session_id=new_id(),
        user_id=user_id,
        leader=name,
        starts_at=now,
        ends_at=now + timedelta(minutes=minutes),
        opened_by_id=who.user_id,
        opened_by=who.display_name,
    )
    tx.session.add(session)
    await tx.session.flush()
    return await _told(tx, who, session, "leader_session_opened", now)


async def finish(tx: Transaction, who: Principal, session_id: UUID, now: datetime) -> LeaderSessionView:
    """End a session now; one that has ended stays as it is. Raises `LeaderSessionNotFound`."""
    session = await tx.session.get(LeaderSession, session_id, with_for_update=True)
    if session is None:
        raise LeaderSessionNotFound("There is no such session.", next_step="Load the list anew.")
    if session.ends_at <= now:
        return (await _views(tx, [session], now))[0]
    session.ends_at = now
    await tx.session.flush()
    return await _told(tx, who, session, "leader_session_ended", now)


async def at_work(tx: Transaction, now: datetime) -> frozenset[UUID]:
    """Who answers citizens as a leader now."""
    query = select(LeaderSession.user_id).where(LeaderSession.starts_at <= now, LeaderSession.ends_at > now)
    return frozenset((await tx.session.execute(query)).scalars())


async def sessions(tx: Transaction, now: datetime) -> list[LeaderSessionView]:
    """The newest sessions, and every earlier one that is not at its end yet, newest first, with their calls."""
    query = select(LeaderSession).order_by(LeaderSession.starts_at.desc()).limit(_FOLLOWED)
    views = await _views(tx, list((await tx.session.execute(query)).scalars()), now)
    return [view for n, view in enumerate(views) if n < _SHOWN or view.open_cases]


async def _told(
    tx: Transaction, who: Principal, session: LeaderSession, action: str, now: datetime
) -> LeaderSessionView:
    detail = {"leader": session.leader, "ends_at": session.ends_at.isoformat()}
    await audit.record(tx, who, action, "leader_session", session.session_id, detail, at=now)
    tx.emit(CHANGED, entity=str(session.session_id), audience=["permission:leaders.read"], payload={}, at=now)
    return (await _views(tx, [session], now))[0]


async def _views(tx: Transaction, rows: list[LeaderSession], now: datetime) -> list[LeaderSessionView]:
    furthest = func.min(case({state.value: n for n, state in enumerate(_FURTHEST)}, value=Callback.state))
    visits = select(Callback.case_id, furthest.label("furthest")).group_by(Callback.case_id).subquery()
    query = (
        leaders_calls()
        .with_only_columns(
            LeaderSession.session_id,
            Call.call_id,
            Call.answered_at,
            Call.caller_number,
            Case.case_id,
            Case.number,
            Case.status,
            visits.c.furthest,
        )
        .outerjoin(Case, Case.call_id == Call.call_id)
        .outerjoin(visits, visits.c.case_id == Case.case_id)
        .where(LeaderSession.session_id.in_([row.session_id for row in rows]))
    )
    found = (await tx.session.execute(query)).all()
    return [_view(row, [call for call in found if call.session_id == row.session_id], now) for row in rows]


def _view(session: LeaderSession, calls: Sequence[Row[Any]], now: datetime) -> LeaderSessionView:
    shown = list({(call.call_id, call.case_id): _call_view(call) for call in calls}.values())
    return LeaderSessionView(
        session_id=session.session_id,
        user_id=session.user_id,
        leader=session.leader,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        running=session.starts_at <= now < session.ends_at,
        opened_by=session.opened_by,
        open_cases=sum(call.case_id is not None and not call.at_end for call in shown),
        calls=shown,
    )


def _call_view(call: Row[Any]) -> LeaderCall:
    callback = None if call.furthest is None else _FURTHEST[call.furthest]
    closed = call.status is not None and call.status not in OPEN
    return LeaderCall(
        call_id=call.call_id,
        answered_at=call.answered_at,
        caller=caller_view(read_number(call.caller_number), None),
        case_id=call.case_id,
        case_number=call.number,
        case_status=call.status,
        callback=callback,
        at_end=closed and callback is CallbackState.DONE,
    )
