"""What can be wrong with a unit that somebody names."""

from __future__ import annotations

from backend.kernel.errors import NotFound


class UnknownUnit(NotFound):
    """There is no unit of this code in force."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"There is no unit {code[:20]} in force.",
            kept="Nothing was changed.",
            next_step="Look for it in the list of units.",
            field="unit_code",
        )
