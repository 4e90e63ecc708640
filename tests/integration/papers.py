"""Small files of every kind that may be attached, made of bytes."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib


def png(width: int = 8, height: int = 8, shade: int = 128) -> bytes:
    """A grey picture."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows = b"".join(b"\0" + bytes([shade]) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg(scan: bytes = b"\x12\x34") -> bytes:
    """The bones of a photo, with a small picture inside its first segment."""
    inner = b"Exif\0\0" + b"\xff\xd8\xff\xd9"
    segment = b"\xff\xe1" + struct.pack(">H", len(inner) + 2) + inner
    return b"\xff\xd8" + segment + b"\xff\xda\x00\x02" + scan + b"\xff\xd9"


def webp() -> bytes:
    """The bones of a WebP picture."""
    body = b"WEBPVP8 " + struct.pack("<I", 4) + b"abcd"
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pdf() -> bytes:
    """The bones of a paper."""
    return b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def office(part: str = "word/document.xml", *further: str) -> bytes:
    """The bones of an office paper."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as parts:
        for name in ("[Content_Types].xml", part, *further):
            parts.writestr(name, "<x/>")
    return content.getvalue()
