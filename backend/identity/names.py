"""Names of users and of their groups: one spelling for one thing, and two for two people."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from backend.identity.errors import TeamInvalid, UsernameInvalid

_LONGEST_TEAM = 32
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


def told_apart(people: Iterable[tuple[UUID, str, str]]) -> dict[UUID, str]:
    """What each of these people, given by id, name and user name, is called where one of them is chosen: namesakes
    also by their user names."""
    known = list(people)
    bearers = Counter(name for _, name, _ in known)
    return {who: name if bearers[name] == 1 else f"{name}（{username}）" for who, name, username in known}


def check_team(typed: str) -> str:
    """The name of a group of the hall 班组, trimmed and full-width letters made plain; raises `TeamInvalid`."""
    name = unicodedata.normalize("NFKC", typed).strip()
    if not (name.isprintable() and any(map(str.isalnum, name)) and len(name) <= _LONGEST_TEAM):
        raise TeamInvalid(
            f"The name of a group has 1 to {_LONGEST_TEAM} signs, one of them a letter or a digit.",
            next_step="Choose another name.",
            field="team",
        )
    return name
