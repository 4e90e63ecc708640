"""Secrets: one master secret, everything else derived or hashed.

The SIP password of a seat, the AMI password and the like are derived, never stored: whoever has the master secret can
render the PBX and serve the console, nobody else can.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from backend.kernel.errors import HotlineError

# OWASP's parameters for argon2id: a whole shift that signs in at once costs seconds of the machine, not half a minute
_PASSWORDS = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))


class SecretUnreadable(HotlineError):
    """The file of the master secret cannot be used."""


class Secrets:
    """Derives the secrets of one installation from its master secret (at least 32 characters)."""

    def __init__(self, master: str) -> None:
        if len(master) < 32:
            raise SecretUnreadable(
                "The master secret is shorter than 32 characters.",
                next_step="Give HOTLINE_SECRET a longer value, or remove the file so that a new one is made.",
            )
        self._master = master.encode()

    def derive(self, purpose: str) -> str:
        """The secret for one purpose, such as "sip:8001" or "ami:platform"; 32 URL-safe characters."""
        digest = hmac.new(self._master, purpose.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:24]).decode()


def load_secrets(given: str | None, file: Path) -> Secrets:
    """The secrets of this installation: from the value given, else from `file`, made once, for its owner only."""
    if given:
        return Secrets(given)
    if not file.exists():
        _make_secret(file)
    return Secrets(file.read_text().strip())


def _make_secret(file: Path) -> None:
    # several processes may start at once, and each may be killed at any instant: the file appears whole, and only once
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(48))
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            file.hardlink_to(fresh)
    finally:
        fresh.unlink()


def hash_password(password: str) -> str:
    """An argon2id hash with its own salt."""
    return _PASSWORDS.hash(password)


def verify_password(password: str, hashed: str) -> tuple[bool, str | None]:
    """Whether the password is right, and a fresh hash if the stored one uses outdated parameters."""
    return _PASSWORDS.verify_and_update(password, hashed)


def new_token() -> str:
    """An unguessable token for a session cookie."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a token: a database leak then gives no sessions away."""
    return hashlib.sha256(token.encode()).hexdigest()
