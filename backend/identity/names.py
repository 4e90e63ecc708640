"""User names: one spelling for one person."""

from __future__ import annotations

import re
import unicodedata

from backend.identity.errors import UsernameInvalid

_ALLOWED = re.compile(r"[\w.@-]{2,64}")


def normal_username(typed: str) -> str:
    """The name as it is stored and compared: trimmed, full-width letters made plain, without case, printable."""
    plain = unicodedata.normalize("NFKC", typed).strip().casefold()
    return "".join(character for character in plain if character.isprintable())[:64]


def check_username(typed: str) -> str:
    """The normal form of a name for a new user; raises `UsernameInvalid`."""
    name = normal_username(typed)
    if not _ALLOWED.fullmatch(name):
        raise UsernameInvalid(
            "The user name must have 2 to 64 letters, digits, dots, hyphens or underscores.",
            next_step="Choose another name.",
            field="username",
        )
    return name
