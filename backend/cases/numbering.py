"""Case numbers such as 96010-20261122-000123: hotline number, Beijing day, count of the day without gaps."""

from __future__ import annotations

import re
from datetime import date, datetime

from backend.kernel.clock import beijing

DISTRICT_HOTLINE = "96010"
_DIALED = re.compile(r"[0-9]{3,12}")


def prefix_of(dialed_number: str | None) -> str:
    """The number that was dialed; the district's own for a case without a call, or with a garbled number."""
    if dialed_number is not None and _DIALED.fullmatch(dialed_number):
        return dialed_number
    return DISTRICT_HOTLINE


def day_of(moment: datetime) -> date:
    """The day to which a case of this moment belongs: the hall's day changes at midnight in Beijing."""
    return beijing(moment).date()


def case_number(prefix: str, day: date, count: int) -> str:
    """The number of the `count`-th case of a day; beyond a million it grows a digit rather than repeat."""
    return f"{prefix}-{day:%Y%m%d}-{count:06d}"
