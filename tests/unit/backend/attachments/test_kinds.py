"""What a file is by its content, and whether it is all there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.attachments.kinds import Content, FileKind, read_content
from tests.integration import papers

WHOLE = {
    FileKind.JPEG: papers.jpeg(),
    FileKind.PNG: papers.png(),
    FileKind.WEBP: papers.webp(),
    FileKind.PDF: papers.pdf(),
    FileKind.DOCX: papers.office(),
    FileKind.XLSX: papers.office("xl/workbook.xml"),
}


@pytest.mark.parametrize("kind", list(FileKind))
def test_knows_a_whole_file(kind: FileKind) -> None:
    assert read_content(WHOLE[kind]) == Content(kind, whole=True)


@given(kind=st.sampled_from(sorted(WHOLE)), share=st.floats(0, 1, exclude_max=True))
def test_never_takes_a_file_for_whole_that_breaks_off(kind: FileKind, share: float) -> None:
    whole = WHOLE[kind].rstrip()
    cut = read_content(whole[: int(len(whole) * share)])
    assert cut is None or not cut.whole


@given(st.binary(max_size=400))
def test_bears_any_bytes(content: bytes) -> None:
    for begins in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFFabcdWEBP", b"%PDF-", b"PK\x03\x04"):
        read_content(begins + content)


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a" + bytes(20),
        b"MZ" + bytes(60),
        papers.office("word/document.xml", "word/vbaProject.bin"),
        papers.office("evil.exe"),
        b"",
    ],
)
def test_takes_nothing_else(content: bytes) -> None:
    assert read_content(content) is None
