"""Which names a file may have; pure. A name is only ever shown and offered for saving, never used as a path, and still:

it is saved on the machine of whoever downloads it, so what is dangerous there is refused here.
"""

from __future__ import annotations

import re
import unicodedata

from backend.attachments.errors import AttachmentNameInvalid

LONGEST = 120
_LONGEST_BYTES = 240
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)


def checked_name(name: str) -> str:
    """The name in its composed form; raises `AttachmentNameInvalid` that says which rule it breaks."""
    composed = unicodedata.normalize("NFC", name)
    broken = _broken_rule(composed)
    if broken:
        raise AttachmentNameInvalid(broken)
    return composed


def _broken_rule(name: str) -> str:
    if not name.strip():
        return "The file has no name."
    if any(unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for each in name):
        return "The name of the file holds control characters."
    if "/" in name or "\\" in name or name.startswith(".") or ".." in name:
        return "The name of the file leads out of its folder."
    if _FORBIDDEN.search(name) or _DEVICES.match(name) or name != name.strip() or name.endswith("."):
        return "The name of the file cannot be saved on every machine."
    if len(name) > LONGEST or len(name.encode()) > _LONGEST_BYTES:
        return f"The name of the file is longer than {LONGEST} characters."
    return ""


def suffix_of(name: str) -> str:
    """What stands behind the last dot, in small letters and with the dot; "" when there is none."""
    _, dot, end = name.rpartition(".")
    return f".{end.lower()}" if dot else ""
