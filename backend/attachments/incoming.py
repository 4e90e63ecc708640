"""The bytes of an upload on their way in: into a file of their own, no more than may be, and none missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import Request
from starlette.requests import ClientDisconnect

from backend.attachments.errors import AttachmentCutOff, AttachmentEmpty, AttachmentTooLarge, AttachmentTypeRefused
from backend.attachments.kinds import FileKind

_DRAINED = 4
"""So many times the limit is read and thrown away before the answer, so that a browser hears it at all."""


@dataclass(frozen=True, slots=True)
class AttachmentLimits:
    """How large a file may be, how many a case may have, and of which kinds."""

    most_bytes: int
    most_per_case: int
    kinds: frozenset[FileKind]


@asynccontextmanager
async def received(request: Request, size: int, limits: AttachmentLimits) -> AsyncIterator[Path]:
    """The body of the request as a file that is gone after the block.

    Raises `AttachmentTooLarge`, `AttachmentEmpty`, and `AttachmentCutOff` when it is not exactly `size` bytes.
    """
    with TemporaryDirectory(prefix="hotline-upload-") as folder:
        path = Path(folder) / "file"
        count = await _receive(request, path, limits.most_bytes)
        if count > limits.most_bytes or size > limits.most_bytes:
            raise AttachmentTooLarge(limits.most_bytes)
        if count == 0 and size == 0:
            raise AttachmentEmpty
        if count != size:
            raise AttachmentCutOff(f"{count} of {size} bytes arrived.")
        yield path


async def _receive(request: Request, path: Path, most: int) -> int:
    count = 0
    try:
        with path.open("wb") as file:
            async for chunk in request.stream():
                count += len(chunk)
                if count <= most:
                    file.write(chunk)
                elif count > most * _DRAINED:
                    break
    except ClientDisconnect as error:
        raise AttachmentCutOff from error
    return count


def accepted(limits: AttachmentLimits) -> str:
    """The kinds in words."""
    return ", ".join(sorted(kind.value.upper() for kind in limits.kinds))


def refused_type(limits: AttachmentLimits) -> AttachmentTypeRefused:
    """The error for what is none of them."""
    return AttachmentTypeRefused(accepted(limits))
