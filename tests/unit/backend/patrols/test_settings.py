"""The delivered plans are right, and a mistake in them is named by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.kernel.config import PROJECT_ROOT
from backend.kernel.datafile import DataInvalid
from backend.patrols.errors import PatrolCannotMove
from backend.patrols.schemas import PatrolMove, PatrolState
from backend.patrols.settings import load_settings
from backend.patrols.states import TRANSITIONS, move

DELIVERED = PROJECT_ROOT / "configs" / "patrols.yaml"


def test_the_first_plan_that_fits_counts() -> None:
    settings = load_settings(DELIVERED)
    found = [settings.plan_for(code, "normal") for code in ("0205", "S050101", "0201", "0204", "0101")]
    assert [plan.name if plan else None for plan in found] == [
        "店外经营与游商",
        "店外经营与游商",
        "暴露垃圾",
        "小广告",
        None,
    ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('rounds: ["10:00", "16:00"]', 'rounds: ["10:00", "12:00"]', "so near"),
        ('rounds: ["10:00", "16:00"]', 'rounds: ["16:00", "10:00"]', "not in order"),
        ('2: ["10:00", "16:00"]', '2: ["10:00"]', "names 1 times for 2"),
        ("on_recurrence: reopen", "on_recurrence: forget", "new_case"),
        ("days: 30, metres", "days: 0, metres", "greater than or equal"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, before: str, after: str, said: str) -> None:
    content = DELIVERED.read_text(encoding="utf-8")
    assert before in content
    path = tmp_path / "patrols.yaml"
    path.write_text(content.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(DataInvalid, match=said):
        load_settings(path)


@pytest.mark.parametrize("state", list(PatrolState))
@pytest.mark.parametrize("by", list(PatrolMove))
def test_only_what_stands_in_the_table_can_be_done(state: PatrolState, by: PatrolMove) -> None:
    if (state, by) in TRANSITIONS:
        assert move(state, by) is TRANSITIONS[state, by]
    else:
        with pytest.raises(PatrolCannotMove):
            move(state, by)
