"""Time, read in one place. Pure code never calls these: it is given the time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    return datetime.now(UTC)


def beijing(moment: datetime) -> datetime:
    """The same moment on the clock of the hall: days, case numbers and reports follow Beijing time."""
    return moment.astimezone(BEIJING)
