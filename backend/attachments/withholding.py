"""Files from before a citizen asked to stay unknown: a letter or a photo may show who it was, and no veil covers that.

Handling units and patrols see such a file once a dispatcher has looked at it and lets it go on 查看后放行, each file by
itself. What they attached themselves they know already; what is attached later is decided on by who attaches it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from backend.attachments import repository
from backend.attachments.errors import AttachmentNotLookedAt, AttachmentNotWithheld
from backend.attachments.models import Attachment
from backend.attachments.schemas import AttachmentStep
from backend.cases import timeline
from backend.cases.models import Case
from backend.cases.service import find_case, tell_changed
from backend.dispatch.repository import units_with_tasks
from backend.dispatch.service import tell_units
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction

SHOWN, DOWNLOADED = "attachment_shown", "attachment_downloaded"
"""What the audit log calls it when somebody is handed a file: as a part of the page, or to keep."""
_OF_THE_HOTLINE = frozenset({AttachmentStep.FILING, AttachmentStep.DISPATCH, AttachmentStep.VERIFICATION})


def withheld(row: Attachment, case: Case) -> bool:
    """Whether the file waits for a dispatcher's look; pure."""
    since = case.secret_since
    waits = since is not None and row.uploaded_at <= since and row.released_at is None
    return waits and not row.internal and AttachmentStep(row.step) in _OF_THE_HOTLINE


def shown_to_units(row: Attachment, case: Case) -> bool:
    """Whether units and patrols see the file; pure."""
    return not row.internal and not withheld(row, case)


async def release(tx: Transaction, who: Principal, row: Attachment, now: datetime) -> Case:
    """Let the units of the case see the file from now on; the audit log tells who let it go. Once more is no error.

    Raises `AttachmentNotWithheld`; `AttachmentNotLookedAt` unless the audit log tells that `who` was handed the file.
    """
    case = await find_case(tx, row.case_id)
    if row.released_at is not None:
        return case
    if not withheld(row, case):
        raise AttachmentNotWithheld(
            "This attachment is not withheld from the units.",
            kept="Who sees it is unchanged.",
            next_step="Look at the attachments of the case anew.",
        )
    which = {"attachment": str(row.attachment_id)}
    if not await audit.has_acted(tx, who, (SHOWN, DOWNLOADED), "case", case.case_id, which):
        raise AttachmentNotLookedAt(
            "You have not opened this attachment yet.",
            kept="It stays hidden from the units.",
            next_step="Open it, make sure that it shows nobody, then let it go on.",
        )
    if await repository.release(tx.session, row, now):
        detail = which | {"name": row.name, "sha256": row.sha256}
        await audit.record(tx, who, "attachment_released", "case", case.case_id, detail, at=now)
        timeline.add_entry(tx, case.case_id, "attachment_released", who, {"attachment": row.name}, now)
        tell_changed(tx, case, now)
        tell_units(tx, case.case_id, await units_with_tasks(tx.session, case.case_id), now)
    return case


async def may_be_shown(tx: Transaction, case_id: UUID, row: Attachment) -> bool:
    """Whether the file belongs to this case and is shown to units and patrols."""
    return row.case_id == case_id and shown_to_units(row, await find_case(tx, case_id))
