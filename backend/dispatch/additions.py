"""A repeat becomes an addition to the case that is open, not a new case: once for each request, nothing typed lost."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from backend.calls.service import call_for_case
from backend.cases import drafts
from backend.cases import repository as case_rows
from backend.cases.errors import RequestReused
from backend.cases.models import Case, CaseAddition
from backend.cases.rules import clean_line, clean_text
from backend.cases.search import keep_findable
from backend.cases.service import find_case
from backend.cases.views import case_summary
from backend.deadlines.rules import Timekeeping
from backend.dispatch import case_moves, service
from backend.dispatch.errors import AdditionWithoutContent
from backend.dispatch.intake_schemas import AdditionAsked, AdditionMade
from backend.dispatch.life import Life, Moved, Occasion
from backend.dispatch.models import Loop
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.kernel.ids import new_id


async def add_to_case(
    tx: Transaction, who: Principal, case_id: UUID, asked: AdditionAsked, time: Timekeeping, now: datetime
) -> AdditionMade:
    """Add what was typed to an open case and throw its draft away.

    Raises `CaseNotFound`, `AddedToClosed`, `AdditionWithoutContent`, `CallUnknown` for a call that is not this
    person's, and `RequestReused` for a request that added something else.
    """
    await case_rows.serialise_request(tx.session, asked.request_id)
    query = select(CaseAddition).where(CaseAddition.request_id == asked.request_id)
    made = (await tx.session.execute(query)).scalar_one_or_none()
    if made is not None:
        return await _made(tx, _same_request(made, who, case_id, asked))
    call = await call_for_case(tx, who, asked.call_id) if asked.call_id is not None else None
    said = _said(await find_case(tx, case_id), asked)
    if not asked.urging and not any(said.values()):
        raise AdditionWithoutContent
    entry = {**said, "call_id": asked.call_id}

    def act(life: Life, at: Occasion) -> Moved:
        return case_moves.add(life, entry, urging=asked.urging, at=at)

    case = await service.move_case(tx, who, case_id, None, act, time, now)
    own = call is None or call.caller.e164 == case.caller_e164
    if asked.content.identity_secret and own and not case.identity_secret:
        # who asks for secrecy later has it from then on; what was attached until then is withheld from units
        case.identity_secret, case.secret_since = True, now
    made = CaseAddition(
        addition_id=new_id(),
        request_id=asked.request_id,
        fingerprint=_fingerprint(asked),
        case_id=case_id,
        draft_id=asked.draft_id,
        call_id=asked.call_id,
        urging=asked.urging,
        content=drafts.storable(asked.content),
        added_at=now,
        added_by_id=who.user_id,
        added_by=who.display_name,
    )
    tx.session.add(made)
    if asked.draft_id is not None:
        await drafts.discard_draft(tx, who, asked.draft_id)
    await tx.session.flush()
    await keep_findable(tx.session, case, await case_rows.forms_added_to(tx.session, case_id))
    return await _made(tx, made)


def _said(case: Case, asked: AdditionAsked) -> dict[str, str | None]:
    """What of the form is new to the case; never who says it."""
    content = asked.content
    what, address = clean_text(content.what), clean_line(content.address)
    return {
        "text": what or None,
        "address": address if address != case.address and address else None,
        "answer": (clean_text(content.answer) or None) if content.answered_at_once else None,
    }


def _same_request(made: CaseAddition, who: Principal, case_id: UUID, asked: AdditionAsked) -> CaseAddition:
    if (made.added_by_id, made.case_id, made.fingerprint) != (who.user_id, case_id, _fingerprint(asked)):
        raise RequestReused(
            "This request added something else already.",
            kept="That addition stands as it was made first.",
            next_step="Open the case and look at its time line.",
        )
    return made


def _fingerprint(asked: AdditionAsked) -> str:
    return hashlib.sha256(asked.model_dump_json(exclude={"request_id", "draft_id"}).encode()).hexdigest()


async def _made(tx: Transaction, made: CaseAddition) -> AdditionMade:
    loop = await tx.session.get(Loop, made.case_id)
    case = await find_case(tx, made.case_id)
    return AdditionMade(
        case=case_summary(case), urging=made.urging, urged=loop.urged if loop else 0, added_at=made.added_at
    )
