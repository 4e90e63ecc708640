"""The delivered calendar on days that people remember, and what a file may not say."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from backend.deadlines.calendar import WorkingCalendar, load_calendar
from backend.deadlines.clocks import Clock, Limit, LimitKind, due
from backend.kernel.config import PROJECT_ROOT, ConfigurationInvalid

BEIJING = ZoneInfo("Asia/Shanghai")
DELIVERED = load_calendar(PROJECT_ROOT / "configs" / "calendar.yaml")


def at(day: int, hour: int, minute: int = 0, month: int = 2) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 10, 1), False),  # 国庆节, a Thursday
        (date(2026, 10, 10), True),  # 调休, a Saturday
        (date(2026, 11, 21), False),
        (date(2026, 11, 23), True),
        (date(2026, 2, 14), True),  # 调休 before the Spring Festival
        (date(2026, 2, 17), False),
    ],
)
def test_public_holidays_and_make_up_days(day: date, worked: bool) -> None:
    assert DELIVERED.is_working_day(day) is worked


@pytest.mark.parametrize(
    ("start", "kind", "amount", "end"),
    [
        # the evening before the Spring Festival of 2026, 15 to 23 February, with 14 and 28 February worked
        (at(14, 17), LimitKind.URGENT_WORKING_HOURS, 2, at(14, 19)),
        (at(14, 17), LimitKind.WORKING_HOURS, 2, at(24, 10)),
        (at(14, 17), LimitKind.WORKING_DAYS, 1, at(24, 17)),
        (at(14, 17), LimitKind.CALENDAR_DAYS, 7, at(21, 17)),
        (at(27, 11), LimitKind.WORKING_HOURS, 2, at(27, 14)),  # across the midday break
        (at(27, 17, 59), LimitKind.WORKING_HOURS, 1, at(28, 9, 59)),
        (at(27, 20), LimitKind.WORKING_DAYS, 2, at(2, 18, month=3)),
        (at(17, 3), LimitKind.WORKING_HOURS, 8, at(24, 18)),
    ],
)
def test_what_is_due_when(start: datetime, kind: LimitKind, amount: int, end: datetime) -> None:
    assert due(Clock(start, Limit(kind, amount)), DELIVERED) == end


def test_years_that_nobody_entered_are_told_and_have_their_weekends_off() -> None:
    assert DELIVERED.unknown_years(date(2026, 11, 1), date(2200, 1, 1)) != []
    assert 2026 not in DELIVERED.unknown_years(date(2026, 1, 1), date(2200, 1, 1))
    saturday = date(2199, 1, 5)
    assert not DELIVERED.is_working_day(saturday)
    assert DELIVERED.is_working_day(saturday - timedelta(days=1))


def a_file(folder: Path, text: str) -> Path:
    path = folder / "calendar.yaml"
    path.write_text('version: "x"\nhours:\n  - {from: "09:00", to: "12:00"}\n  - {from: "13:00", to: "18:00"}\n' + text)
    return path


def test_the_override_goes_before_the_package(tmp_path: Path) -> None:
    calendar = load_calendar(
        a_file(
            tmp_path,
            "years: [2199]\nholidays: {2199-01-01: 元旦, 2026-11-23: 停工}\nworkdays: {2199-01-05: 调休}\n",
        )
    )
    assert calendar.unknown_years(date(2199, 1, 1), date(2199, 12, 31)) == []
    assert not calendar.is_working_day(date(2199, 1, 1))
    assert calendar.is_working_day(date(2199, 1, 5))
    assert not calendar.is_working_day(date(2026, 11, 23))
    assert calendar.day_length == timedelta(hours=8)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hours: []\n", "hours"),
        ('hours:\n  - {from: "12:00", to: "09:00"}\n', "ends before it begins"),
        ('hours:\n  - {from: "09:00", to: "14:00"}\n  - {from: "13:00", to: "18:00"}\n', "before the one above"),
        ("holidays: {2027-01-01: 元旦}\nworkdays: {2027-01-01: 调休}\n", "2027-01-01"),
        ("weekends: true\n", "weekends"),
    ],
)
def test_a_mistake_is_named_and_nothing_taken(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=told):
        load_calendar(a_file(tmp_path, text))


def test_working_time_between_two_moments() -> None:
    calendar = WorkingCalendar(version="x", hours=((time(9), time(12)), (time(13), time(18))))
    assert calendar.worked_between(at(27, 8), at(27, 19)) == timedelta(hours=8)
    assert calendar.worked_between(at(27, 12), at(27, 13)) == timedelta(0)
    assert calendar.worked_between(at(27, 19), at(27, 8)) == timedelta(0)
