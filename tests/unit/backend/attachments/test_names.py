"""Names of files: what could climb out, hide, or not be saved somewhere is refused, and says why."""

from __future__ import annotations

import pytest

from backend.attachments.errors import AttachmentNameInvalid
from backend.attachments.names import checked_name, suffix_of


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "../a.jpg", "..", "a/../../b.jpg", "/etc/passwd", "C:\\x.jpg", "\\\\host\\x.jpg", "a\x00.jpg",
        "a\n.jpg", "a\u202egpj.exe", "CON", "con.jpg", "LPT1.png", "nul.pdf", ".bashrc", "a..jpg", "a.jpg.",
        "a.jpg ", " a.jpg",
        'a".jpg', "a<b>.jpg", "a|b.jpg", "a?.jpg", "照" * 118 + ".jpg", "a" * 117 + ".jpg", "a\u2028.jpg", "\ud800.jpg",
    ],
)  # fmt: skip
def test_is_refused(name: str) -> None:
    with pytest.raises(AttachmentNameInvalid) as refused:
        checked_name(name)
    assert refused.value.field == "name"
    assert refused.value.kept
    assert refused.value.next_step


@pytest.mark.parametrize(
    "name", ["IMG_2026.jpg", "现场照片 1.JPEG", "忠实里西区3号楼（楼道）.png", "console.pdf", "a" * 116 + ".jpg"]
)
def test_is_taken(name: str) -> None:
    assert checked_name(name) == name


def test_the_suffix_is_what_stands_last() -> None:
    assert [suffix_of(name) for name in ("a.tar.GZ", "a", "a.JPG")] == [".gz", "", ".jpg"]
