"""Which limit a case has, as delivered, and what the file may not say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.deadlines.clocks import Limit, LimitKind
from backend.deadlines.rules import Timekeeping, load_timekeeping
from backend.kernel.config import PROJECT_ROOT, ConfigurationInvalid

CALENDAR = PROJECT_ROOT / "configs" / "calendar.yaml"
HOURS, DAYS = LimitKind.CALENDAR_HOURS, LimitKind.WORKING_DAYS


@pytest.fixture(scope="module")
def delivered() -> Timekeeping:
    return load_timekeeping(CALENDAR, PROJECT_ROOT / "configs" / "deadlines.yaml")


@pytest.mark.parametrize(
    ("urgency", "class_code", "dispatch", "feedback", "level"),
    [
        ("emergency", "0101", Limit(HOURS, 1), Limit(HOURS, 2), 1),
        ("emergency", "1101", Limit(HOURS, 1), Limit(HOURS, 2), 1),
        ("urgent", "1101", Limit(HOURS, 2), Limit(HOURS, 24), 2),
        ("normal", "1201", Limit(HOURS, 2), Limit(DAYS, 7), 3),
        ("normal", "0101", Limit(HOURS, 24), Limit(DAYS, 7), 3),
        ("normal", "0401", Limit(HOURS, 24), Limit(DAYS, 15), 4),
    ],
)
def test_the_delivered_limits(
    delivered: Timekeeping, urgency: str, class_code: str, dispatch: Limit, feedback: Limit, level: int
) -> None:
    assert delivered.dispatch_limit(urgency, class_code) == dispatch
    assert delivered.feedback_limit(urgency, class_code) == feedback
    assert delivered.feedback_level(urgency, class_code) == level


def test_the_limit_itself_is_the_last_warning(delivered: Timekeeping) -> None:
    assert delivered.warnings == (50, 75, 90, 100)


def test_a_year_is_missed_before_a_clock_reaches_it(delivered: Timekeeping) -> None:
    assert delivered.unknown_years(datetime(2026, 6, 1, tzinfo=UTC)) == []
    assert delivered.unknown_years(datetime(2198, 12, 1, tzinfo=UTC)) == [2198, 2199]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dispatch: [{classes: ['11'], limit: {kind: calendar_hours, amount: 1}}]", "the last rule"),
        (
            "dispatch: [{limit: {kind: calendar_hours, amount: 1}}, {limit: {kind: calendar_hours, amount: 2}}]",
            "fits every case",
        ),
        ("dispatch: [{limit: {kind: moons, amount: 1}}]", "kind"),
        ("dispatch: [{limit: {kind: calendar_hours, amount: 0}}]", "amount"),
        ("dispatch: [{limit: {kind: calendar_hours, amount: 1}}]\nwarnings: [90, 50]", "must rise"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "deadlines.yaml"
    feedback = "feedback: [{level: 3, limit: {kind: working_days, amount: 7}}]"
    path.write_text(f'version: "x"\n{feedback}\n{text}\n')
    with pytest.raises(ConfigurationInvalid, match=told):
        load_timekeeping(CALENDAR, path)
