"""Attachments as the console sends and shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from backend.attachments.kinds import FileKind
from backend.kernel.schemas import Schema


class AttachmentStep(StrEnum):
    """In which step of the loop something was attached."""

    FILING = "filing"
    DISPATCH = "dispatch"
    HANDLING = "handling"
    VERIFICATION = "verification"
    PATROL = "patrol"


class UploadWish(Schema):
    """What goes with the bytes of a file. `size` is how many there must be; the same `request_id` attaches once.

    An `internal` file is not shown to handling units.
    """

    request_id: UUID
    name: str = Field(max_length=4000)
    size: int = Field(ge=0)
    internal: bool = False


class AttachmentView(Schema):
    """A file of a case; one that is `withheld` no unit sees until a dispatcher lets it go on."""

    attachment_id: UUID
    case_id: UUID
    step: AttachmentStep
    patrol_id: UUID | None
    name: str
    kind: FileKind
    picture: bool
    size: int
    sha256: str
    internal: bool
    withheld: bool
    uploaded_at: datetime
    uploaded_by: str


class AttachmentRules(Schema):
    """What may be attached; the console asks before it sends."""

    most_bytes: int
    most_per_case: int
    accept: str
