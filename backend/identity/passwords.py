"""Hashing and checking passwords off the event loop, a few at a time.

One argon2 hash takes 19 MB and tens of milliseconds of a core; a shift that signs in together must not stall the event
loop, so the hashing has a few threads of its own.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from backend.identity.errors import PasswordTooWeak
from backend.kernel.security import hash_password, verify_password

SHORTEST = 10
LONGEST = 256
_HASHERS = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1), thread_name_prefix="argon2")


def check_strength(password: str, username: str) -> None:
    """Raises `PasswordTooWeak` for a password that is short, endless, or the user name itself."""
    if len(password) < SHORTEST:
        raise PasswordTooWeak(
            f"The password is shorter than {SHORTEST} characters.", next_step="Choose a longer one.", field="password"
        )
    if len(password) > LONGEST:
        raise PasswordTooWeak(
            f"The password is longer than {LONGEST} characters.", next_step="Choose a shorter one.", field="password"
        )
    if password.casefold() == username.casefold():
        raise PasswordTooWeak("The password is the user name.", next_step="Choose another password.", field="password")


async def make_hash(password: str) -> str:
    """An argon2id hash of the password."""
    return await asyncio.get_running_loop().run_in_executor(_HASHERS, hash_password, password)


async def matches(password: str, hashed: str | None) -> tuple[bool, str | None]:
    """Whether the password is right, and a fresh hash if the stored one is outdated.

    For `hashed` None (there is no such user) a hash is checked all the same, so that the time of the answer does not
    tell which names exist.
    """
    return await asyncio.get_running_loop().run_in_executor(_HASHERS, _matches, password, hashed)


def _matches(password: str, hashed: str | None) -> tuple[bool, str | None]:
    if hashed is None:
        verify_password(password, _hash_of_nobody())
        return False, None
    return verify_password(password, hashed)


@cache
def _hash_of_nobody() -> str:
    return hash_password(secrets.token_urlsafe(16))
