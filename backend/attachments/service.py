"""Attaching a file to a case, and looking at it.

A file and its row cannot be stored in one act, so that they come in this order, each in a commit of its own: the
intent, the file under its whole name, the row with the end of the intent. Who dies in between leaves an intent, by
which `clear_away` finds the file; a row without its file there never is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from backend.attachments import repository
from backend.attachments.errors import (
    AttachmentCutOff,
    AttachmentNotFound,
    AttachmentReused,
    AttachmentTypeMismatch,
    TooManyAttachments,
    UploadOvertaken,
)
from backend.attachments.incoming import AttachmentLimits, refused_type
from backend.attachments.kinds import MEDIA_TYPES, PICTURES, SUFFIXES, FileKind, read_content
from backend.attachments.models import Attachment, AttachmentIntent
from backend.attachments.names import checked_name, suffix_of
from backend.attachments.schemas import AttachmentStep, AttachmentView, UploadWish
from backend.attachments.withholding import DOWNLOADED, SHOWN, may_be_shown, release, shown_to_units, withheld
from backend.cases import timeline
from backend.cases.models import Case
from backend.cases.service import find_case, tell_changed
from backend.cases.veil import veil_of
from backend.dispatch.repository import units_with_tasks
from backend.dispatch.service import tell_units
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.clock import beijing
from backend.kernel.database import Database, Transaction
from backend.kernel.files import FileStore, sha256_of
from backend.kernel.ids import new_id

INTENT_KEPT = timedelta(hours=1)
"""How long a file may stand in the store without its row."""
_CLEARED_AT_ONCE = 100
_UNDECLARED = frozenset({"", "application/octet-stream"})


@dataclass(frozen=True, slots=True)
class Where:
    """What a file is attached to: a case, in a step, by whoever may do so there."""

    case: Case
    step: AttachmentStep
    task: int | None = None
    patrol_id: UUID | None = None


Admit = Callable[[Transaction], Awaitable[Where]]
"""Says where a file goes, or raises why it may not; asked before the file is stored and again before its row is."""


@dataclass(frozen=True)
class Cabinet:
    """What attaching works with."""

    database: Database
    files: FileStore
    limits: AttachmentLimits


def check_kind(content: bytes, wish: UploadWish, declared: str, limits: AttachmentLimits) -> tuple[str, FileKind]:
    """The name and the kind of a file that may be attached; pure.

    Raises `AttachmentNameInvalid`, `AttachmentTypeRefused`, `AttachmentTypeMismatch`, `AttachmentCutOff`.
    """
    name = checked_name(wish.name)
    found = read_content(content)
    if found is None or found.kind not in limits.kinds:
        raise refused_type(limits)
    if suffix_of(name) not in SUFFIXES[found.kind]:
        raise AttachmentTypeMismatch("name", name, found.kind.value.upper())
    said = declared.partition(";")[0].strip().lower()
    if said not in _UNDECLARED and said != MEDIA_TYPES[found.kind]:
        raise AttachmentTypeMismatch("file", said, found.kind.value.upper())
    if not found.whole:
        raise AttachmentCutOff
    return name, found.kind


async def attach(
    cabinet: Cabinet, who: Principal, admit: Admit, wish: UploadWish, declared: str, path: Path, now: datetime
) -> AttachmentView:
    """Attach the file at `path`. The same request attaches once; with another file it raises `AttachmentReused`.

    Raises what `admit` and `check_kind` raise, `TooManyAttachments`, `UploadOvertaken`.
    """
    name, kind = check_kind(await asyncio.to_thread(path.read_bytes), wish, declared, cabinet.limits)
    sha256 = await asyncio.to_thread(sha256_of, path)
    key = f"attachments/{beijing(now):%Y/%m/%d}/{new_id()}{SUFFIXES[kind][0]}"
    async with cabinet.database.transaction() as tx:
        where = await admit(tx)
        earlier = await _earlier(tx, who, where, wish, sha256)
        if earlier is not None:
            return earlier
        await _room_for_one(tx, where, cabinet.limits)
        tx.session.add(AttachmentIntent(key=key, begun_at=now))
    await asyncio.to_thread(cabinet.files.put, path, key)
    async with cabinet.database.transaction() as tx:
        where = await admit(tx)
        await repository.serialise_case(tx.session, where.case.case_id)
        earlier = await _earlier(tx, who, where, wish, sha256)
        if earlier is not None:
            return earlier  # the same came twice at once; the intent leads to the second file
        await _room_for_one(tx, where, cabinet.limits)
        if not await repository.end_intent(tx.session, key):
            raise UploadOvertaken("The upload took too long.", next_step="Send the file again.")
        row = _row(who, where, wish, now)
        row.name, row.kind, row.sha256, row.key = name, kind.value, sha256, key
        tx.session.add(row)
        await tx.session.flush()
        await _tell(tx, who, where, row, now)
        return attachment_view(row, where.case)


async def clear_away(tx: Transaction, files: FileStore, now: datetime) -> None:
    """Remove the files of uploads that never came to their end. Removing one again is harmless."""
    for key in await repository.take_old_intents(tx.session, now - INTENT_KEPT, _CLEARED_AT_ONCE):
        await asyncio.to_thread(files.remove, key)


async def attachments_of(tx: Transaction, case_id: UUID, *, internal: bool) -> list[AttachmentView]:
    """The attachments of a case; with `internal` also those that no unit sees, and each under its whole name."""
    case, rows = await find_case(tx, case_id), await repository.of_case(tx.session, case_id)
    if internal:
        return [attachment_view(row, case) for row in rows]
    shown, veil = [attachment_view(row, case) for row in rows if shown_to_units(row, case)], veil_of([case])
    return [each.model_copy(update={"name": veil.over(each.name)}) for each in shown]


async def name_for(tx: Transaction, who: Principal, row: Attachment) -> str:
    """Under which name this person is handed a file: a secret identity is in no name that a unit sees."""
    if who.may("cases.read"):
        return row.name
    return veil_of([await find_case(tx, row.case_id)]).over(row.name)


async def file_of(tx: Transaction, who: Principal, attachment_id: UUID) -> Attachment:
    """An attachment that this person may see: who reads cases all, a unit what is open to units in cases of its own.

    Raises `AttachmentNotFound`.
    """
    row = await repository.by_id(tx.session, attachment_id)
    if row is None or not await _may_see(tx, who, row):
        raise not_found()
    return row


async def let_go_on(
    tx: Transaction, who: Principal, case_id: UUID, attachment_id: UUID, now: datetime
) -> AttachmentView:
    """Let the units see a file that was withheld from them.

    Raises `AttachmentNotFound`, `AttachmentNotWithheld`, `AttachmentNotLookedAt`.
    """
    row = await file_of(tx, who, attachment_id)
    if row.case_id != case_id:
        raise not_found()
    return attachment_view(row, await release(tx, who, row, now))


async def note_look(tx: Transaction, who: Principal, row: Attachment, *, shown: bool, now: datetime) -> None:
    """Let the audit log tell that somebody was handed the file: shown in the page, or downloaded."""
    action = SHOWN if shown else DOWNLOADED
    detail = {"attachment": str(row.attachment_id), "name": row.name, "sha256": row.sha256}
    await audit.record(tx, who, action, "case", row.case_id, detail, at=now)


def not_found() -> AttachmentNotFound:
    """The error for what is not there, or not for this person."""
    return AttachmentNotFound("There is no such attachment.", next_step="Look at the attachments of the case.")


def attachment_view(row: Attachment, case: Case) -> AttachmentView:
    """An attachment of this case as it is shown."""
    reckoned = {"picture": FileKind(row.kind) in PICTURES, "withheld": withheld(row, case)}
    kept = {name: getattr(row, name) for name in AttachmentView.model_fields if name not in reckoned}
    return AttachmentView.model_validate(kept | reckoned)


async def _may_see(tx: Transaction, who: Principal, row: Attachment) -> bool:
    if who.may("cases.read"):
        return True
    if who.unit_code is None or not who.may("tasks.handle") or not await may_be_shown(tx, row.case_id, row):
        return False
    return who.unit_code in await units_with_tasks(tx.session, row.case_id)


async def _earlier(
    tx: Transaction, who: Principal, where: Where, wish: UploadWish, sha256: str
) -> AttachmentView | None:
    row = await repository.by_request(tx.session, wish.request_id)
    if row is None:
        return None
    if (row.case_id, row.uploaded_by_id, row.sha256) != (where.case.case_id, who.user_id, sha256):
        raise AttachmentReused(
            "This request attached another file already.",
            kept="What was attached first stands.",
            next_step="Send this file as a new one.",
            field="request_id",
        )
    return attachment_view(row, where.case)


async def _room_for_one(tx: Transaction, where: Where, limits: AttachmentLimits) -> None:
    if await repository.count_of_case(tx.session, where.case.case_id) >= limits.most_per_case:
        raise TooManyAttachments(limits.most_per_case)


def _row(who: Principal, where: Where, wish: UploadWish, now: datetime) -> Attachment:
    return Attachment(
        attachment_id=new_id(),
        request_id=wish.request_id,
        case_id=where.case.case_id,
        step=where.step.value,
        task=where.task,
        patrol_id=where.patrol_id,
        size=wish.size,
        internal=wish.internal,
        uploaded_at=now,
        uploaded_by_id=who.user_id,
        uploaded_by=who.display_name,
    )


async def _tell(tx: Transaction, who: Principal, where: Where, row: Attachment, now: datetime) -> None:
    """The time line names an internal file to nobody: units read it too."""
    name = None if row.internal else row.name
    detail: timeline.Detail = {"attachment": name, "step": row.step, "internal": row.internal or None}
    timeline.add_entry(tx, row.case_id, "attachment_added", who, detail, now)
    tell_changed(tx, where.case, now)
    if not row.internal:
        tell_units(tx, row.case_id, await units_with_tasks(tx.session, row.case_id), now)


async def carry_over(tx: Transaction, patrol_id: UUID, from_case: UUID, to_case: UUID) -> None:
    """Let a case that follows from a patrol have its photos too; each file stands in the store once."""
    for row in await repository.of_case(tx.session, from_case):
        if row.patrol_id == patrol_id:
            values = {column.key: getattr(row, column.key) for column in Attachment.__mapper__.column_attrs}
            fresh = {"attachment_id": new_id(), "request_id": new_id(), "case_id": to_case}
            tx.session.add(Attachment(**{**values, **fresh}))
