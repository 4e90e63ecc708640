"""Drafts: what is typed is never lost, and never written over by an older copy of itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from backend.cases import repository
from backend.cases.errors import DraftFiled, DraftNotYours, DraftOutdated
from backend.cases.models import Draft
from backend.cases.schemas import DraftContent, DraftView
from backend.cases.views import draft_view
from backend.identity.principal import Principal
from backend.kernel.database import Transaction


@dataclass(frozen=True, slots=True)
class DraftSave:
    """One save: `revision` is the one that it builds on, 0 for a draft that is new."""

    draft_id: UUID
    call_id: str | None
    revision: int
    content: DraftContent


class Verdict(Enum):
    """What a save is to the draft that stands."""

    NEXT = "the next revision"
    REPEATED = "the one that was stored last, sent again"
    OUTDATED = "built on an older revision"


def judge(standing: int, stored: Mapping[str, Any], builds_on: int, content: Mapping[str, Any]) -> Verdict:
    """Judge a save that builds on one revision against the revision and content that stand."""
    if builds_on == standing:
        return Verdict.NEXT
    if builds_on + 1 == standing and content == stored:
        return Verdict.REPEATED
    return Verdict.OUTDATED


async def save_draft(tx: Transaction, principal: Principal, save: DraftSave, now: datetime) -> DraftView:
    """Save the form as typed and tell the person's other tabs.

    A save that comes again after its answer was lost is answered as before. A draft that was discarded elsewhere
    comes back: words are worth more than order. Raises `DraftOutdated` with the newest, `DraftFiled`, `DraftNotYours`.
    """
    content = storable(save.content)
    draft = await repository.draft_for_update(tx.session, save.draft_id)
    if draft is None:
        await _refuse_filed(tx, save.draft_id)
        draft = _new_draft(principal, save, content, now)
        if await repository.insert_draft(tx.session, draft):
            return _told(tx, principal, draft, discarded=False)
        draft = await repository.draft_for_update(tx.session, save.draft_id)
    if draft is None or draft.user_id != principal.user_id:
        raise DraftNotYours("There is no such draft of yours.", next_step="Begin a new one.")
    match judge(draft.revision, draft.content, save.revision, content):
        case Verdict.OUTDATED:
            raise DraftOutdated(draft_view(draft))
        case Verdict.REPEATED:
            return draft_view(draft)
        case Verdict.NEXT:
            draft.revision += 1
            draft.content, draft.call_id, draft.saved_at = content, save.call_id, now
            return _told(tx, principal, draft, discarded=False)


async def discard_draft(tx: Transaction, principal: Principal, draft_id: UUID) -> None:
    """Throw a draft away; one that is gone already is no error, somebody else's raises `DraftNotYours`."""
    draft = await repository.draft_for_update(tx.session, draft_id)
    if draft is None:
        return
    if draft.user_id != principal.user_id:
        raise DraftNotYours("There is no such draft of yours.", next_step="Look at your own drafts.")
    await tx.session.delete(draft)
    _told(tx, principal, draft, discarded=True)


async def open_drafts(tx: Transaction, user_id: UUID) -> list[DraftView]:
    """A person's drafts, the last saved first."""
    return [draft_view(draft) for draft in await repository.drafts_of_user(tx.session, user_id)]


async def draft_for_call(tx: Transaction, user_id: UUID, call_id: str) -> DraftView | None:
    """The form that this person began for a call, the last saved one if there are several."""
    return (await drafts_for_calls(tx, [call_id])).get((user_id, call_id))


async def drafts_for_calls(tx: Transaction, call_ids: Collection[str]) -> dict[tuple[UUID, str], DraftView]:
    """The forms begun for these calls, by person and call."""
    found: dict[tuple[UUID, str], DraftView] = {}
    for draft in await repository.drafts_of_calls(tx.session, call_ids):
        found.setdefault((draft.user_id, str(draft.call_id)), draft_view(draft))
    return found


def _new_draft(principal: Principal, save: DraftSave, content: dict[str, Any], now: datetime) -> Draft:
    return Draft(
        draft_id=save.draft_id,
        user_id=principal.user_id,
        call_id=save.call_id,
        revision=save.revision + 1,
        content=content,
        created_at=now,
        saved_at=now,
    )


async def _refuse_filed(tx: Transaction, draft_id: UUID) -> None:
    case = await repository.case_by_draft(tx.session, draft_id)
    if case is not None:
        raise DraftFiled(
            f"This draft was filed as {case.number} already.",
            kept="What you typed is still on the screen.",
            next_step="Begin a new draft for anything further.",
        )


def storable(content: DraftContent) -> dict[str, Any]:
    """A form as it can be stored."""
    # PostgreSQL holds every character but this one; all else stands in the draft exactly as typed
    fields = content.model_dump(mode="json")
    return {key: value.replace("\x00", "") if isinstance(value, str) else value for key, value in fields.items()}


def _told(tx: Transaction, principal: Principal, draft: Draft, *, discarded: bool) -> DraftView:
    view = draft_view(draft)
    tx.emit(
        "draft_saved",
        entity=str(draft.draft_id),
        audience=[f"user:{principal.user_id}"],
        payload={"draft": view.model_dump(mode="json"), "discarded": discarded},
    )
    return view
