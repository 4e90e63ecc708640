"""What can go wrong with quality checks."""

from __future__ import annotations

from backend.kernel.errors import Unavailable


class CheckOvertaken(Unavailable):
    """The transcript or the check of a call changed again and again while it was checked; it is tried later."""
