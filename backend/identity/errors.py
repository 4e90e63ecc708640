"""What can go wrong when somebody signs in or asks for something."""

from __future__ import annotations

from typing import ClassVar

from backend.kernel.errors import Conflict, Forbidden, HotlineError


class NotSignedIn(HotlineError):
    """There is no session, or it has ended."""

    http_status: ClassVar[int] = 401

    def __init__(self) -> None:
        super().__init__(
            "Nobody is signed in here, or the session has ended.",
            kept="Drafts that were saved are kept.",
            next_step="Sign in again.",
        )


class SignInRefused(HotlineError):
    """The name or the password is wrong, or the account is closed; which of these is not told."""

    http_status: ClassVar[int] = 401

    def __init__(self) -> None:
        super().__init__(
            "The user name or the password is wrong.",
            next_step="Try again; the administrator can set a new password.",
            field="password",
        )


class TeamInvalid(HotlineError):
    """The name of a group of the hall is empty, too long, or cannot be read."""


class TooManyAttempts(HotlineError):
    """Signing in failed too often from here or under this name. `retry_after_s` is in seconds."""

    http_status: ClassVar[int] = 429

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            f"Signing in failed too often. It is possible again in {retry_after_s} s.",
            next_step="Wait, then try again; the administrator can set a new password.",
        )
        self.retry_after_s = retry_after_s


class NotPermitted(Forbidden):
    """The roles of this person do not include what was asked for."""

    def __init__(self, *permissions: str) -> None:
        super().__init__(
            f"Your roles do not include {' or '.join(permissions)}.",
            next_step="Ask the administrator if you need it.",
        )


class ForeignOrigin(Forbidden):
    """A page of another site sent this request."""

    def __init__(self) -> None:
        super().__init__(
            "The request came from a page of another site and was refused.",
            kept="Nothing was changed.",
            next_step="Open the console by its own address.",
        )


class UsernameTaken(Conflict):
    """There is a user of this name already."""


class UsernameInvalid(HotlineError):
    """The user name cannot be used."""


class PasswordTooWeak(HotlineError):
    """The password is too short, or is the user name."""
