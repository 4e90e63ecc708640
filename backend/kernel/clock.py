"""Time, read in one place. Pure code never calls these: it is given the time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    return datetime.now(UTC)


def beijing(moment: datetime) -> datetime:
    """The same moment on the clock of the hall: days, case numbers and reports follow Beijing time."""
    return moment.astimezone(BEIJING)


def day_begins(day: date) -> datetime:
    """The first moment of a day in Beijing."""
    return datetime.combine(day, time(), BEIJING)


def day_ends(day: date) -> datetime:
    """The first moment after a day in Beijing; of the last day that there is, its last moment."""
    if day == date.max:
        return datetime.combine(day, time.max, BEIJING)
    return day_begins(day + timedelta(days=1))
