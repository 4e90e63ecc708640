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
from pathlib import Path

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from backend.kernel.errors import HotlineError

_PASSWORDS = PasswordHash((Argon2Hasher(),))


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
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(48))
    return Secrets(file.read_text().strip())


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
