"""What can be wrong with an attachment; each names the field, the rule and what to do, and nothing is half saved."""

from __future__ import annotations

from backend.kernel.errors import Conflict, HotlineError, NotFound

_KEPT = "Nothing of this file was stored; the case is unchanged."


class AttachmentRefused(HotlineError):
    """A file cannot be attached as it is."""

    def __init__(self, field: str, message: str, next_step: str) -> None:
        super().__init__(message, kept=_KEPT, next_step=next_step, field=field)


class AttachmentNameInvalid(AttachmentRefused):
    """The name of the file is none that can be saved everywhere."""

    def __init__(self, message: str) -> None:
        super().__init__("name", message, "Give the file a plain name, such as photo.jpg, and send it again.")


class AttachmentTooLarge(AttachmentRefused):
    """The file is larger than what may be attached."""

    http_status = 413

    def __init__(self, most: int) -> None:
        super().__init__(
            "size",
            f"The file is larger than {most / 1_000_000:g} MB.",
            "Send a smaller picture, or parts of the paper.",
        )


class AttachmentEmpty(AttachmentRefused):
    """The file holds nothing."""

    def __init__(self) -> None:
        super().__init__("size", "The file is empty.", "Take the photo again, or choose another file.")


class AttachmentCutOff(AttachmentRefused):
    """The file broke off in the middle."""

    def __init__(self, message: str = "The file breaks off in the middle.") -> None:
        super().__init__("file", message, "Send it again; if that fails, take the photo anew.")


class AttachmentTypeRefused(AttachmentRefused):
    """The content is none of the kinds that may be attached."""

    http_status = 415

    def __init__(self, accepted: str) -> None:
        super().__init__("file", f"Only these can be attached: {accepted}.", "Send it as one of these.")


class AttachmentTypeMismatch(AttachmentRefused):
    """The name, or what the sender declares, says another type than the content."""

    http_status = 415

    def __init__(self, field: str, said: str, found: str) -> None:
        super().__init__(
            field, f"The file is called {said[:40]}, but its content is {found}.", "Name it after what it is."
        )


class TooManyAttachments(AttachmentRefused):
    """The case has as many attachments as it may have."""

    http_status = 409

    def __init__(self, most: int) -> None:
        super().__init__("file", f"A case has at most {most} attachments.", "Say the rest in words.")


class AttachmentsClosed(AttachmentRefused):
    """Nothing more is attached here: the case is closed, or the task is not in this unit's hands."""

    http_status = 409


class AttachmentReused(Conflict):
    """A request that attached one file came again with another."""


class UploadOvertaken(Conflict):
    """The upload took so long that it was cleared away."""


class AttachmentNotWithheld(Conflict):
    """An attachment that was to be let go on to the units is open to them already, or is the hotline's own."""


class AttachmentNotLookedAt(Conflict):
    """Who would let an attachment go on to the units has not opened it."""


class AttachmentNotFound(NotFound):
    """There is no such attachment, or not for this person."""
