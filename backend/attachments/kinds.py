"""What a file is, by what it holds and not by what it is called; pure.

Only what a case needs is known here: pictures, and papers that a browser hands out without running them. A file that
breaks off in the middle is told apart from a whole one, as a photo over a bad line may look fine from its beginning.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class FileKind(StrEnum):
    """The kinds of files that may be attached."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    PDF = "pdf"
    DOCX = "docx"
    XLSX = "xlsx"


_OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA_TYPES = {
    FileKind.JPEG: "image/jpeg",
    FileKind.PNG: "image/png",
    FileKind.WEBP: "image/webp",
    FileKind.PDF: "application/pdf",
    FileKind.DOCX: f"{_OFFICE}.wordprocessingml.document",
    FileKind.XLSX: f"{_OFFICE}.spreadsheetml.sheet",
}
SUFFIXES = {
    FileKind.JPEG: (".jpg", ".jpeg"),
    FileKind.PNG: (".png",),
    FileKind.WEBP: (".webp",),
    FileKind.PDF: (".pdf",),
    FileKind.DOCX: (".docx",),
    FileKind.XLSX: (".xlsx",),
}
PICTURES = frozenset({FileKind.JPEG, FileKind.PNG, FileKind.WEBP})
_OFFICE_PARTS = {"word/document.xml": FileKind.DOCX, "xl/workbook.xml": FileKind.XLSX}
_MACROS = "vbaproject.bin"


@dataclass(frozen=True, slots=True)
class Content:
    """What a file is, and whether it is all there."""

    kind: FileKind
    whole: bool


def read_content(content: bytes) -> Content | None:
    """What this is; None for everything that may not be attached, office papers with macros among it."""
    for begins, read in _READERS:
        if begins(content):
            return read(content)
    return None


def _jpeg(content: bytes) -> Content:
    """Walks over the segments, as the small picture inside one of them has an end of its own."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA:
            return Content(FileKind.JPEG, content.find(b"\xff\xd9", at) >= 0)
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return Content(FileKind.JPEG, whole=False)


def _png(content: bytes) -> Content:
    at = 8
    while at + 12 <= len(content):
        length, name = struct.unpack(">I4s", content[at : at + 8])
        at += 12 + length
        if name == b"IEND":
            return Content(FileKind.PNG, at <= len(content))
    return Content(FileKind.PNG, whole=False)


def _webp(content: bytes) -> Content:
    return Content(FileKind.WEBP, int.from_bytes(content[4:8], "little") + 8 <= len(content))


def _pdf(content: bytes) -> Content:
    return Content(FileKind.PDF, b"%%EOF" in content[-2048:])


def _office(content: bytes) -> Content | None:
    """A ZIP whose list of parts, which stands at its end, names the part that makes it a paper; nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            names = parts.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        # without its end nobody knows which of the two it was
        return Content(FileKind.DOCX, whole=False) if b"[Content_Types].xml" in content[:200] else None
    if any(name.lower().endswith(_MACROS) for name in names):
        return None
    kind = next((kind for part, kind in _OFFICE_PARTS.items() if part in names), None)
    return Content(kind, whole=True) if kind is not None else None


_Begins = Callable[[bytes], bool]
_READERS: tuple[tuple[_Begins, Callable[[bytes], Content | None]], ...] = (
    (lambda content: content.startswith(b"\xff\xd8\xff"), _jpeg),
    (lambda content: content.startswith(b"\x89PNG\r\n\x1a\n"), _png),
    (lambda content: content.startswith(b"RIFF") and content[8:12] == b"WEBP", _webp),
    (lambda content: content.startswith(b"%PDF-"), _pdf),
    (lambda content: content.startswith(b"PK\x03\x04"), _office),
)
