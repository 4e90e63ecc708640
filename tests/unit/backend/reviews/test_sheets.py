"""Score sheets as they are delivered, and what a file with mistakes is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from backend.app.datasets import DELIVERED
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.datafile import DataInvalid
from backend.reviews.sheets import SCORE_SHEETS

FILE = PROJECT_ROOT / "configs" / "reviews" / "score_sheets.yaml"


def broken(folder: Path, **changes: object) -> list[str]:
    """What a file is told whose first sheet says this instead."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    content["sheets"][0] |= changes
    path = folder / "sheets.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(DataInvalid) as refused:
        SCORE_SHEETS.content_of(path)
    return [str(mistake) for mistake in refused.value.mistakes]


def test_the_delivered_sheets_are_whole_and_loaded_with_the_platform() -> None:
    sheets = SCORE_SHEETS.content_of(FILE).sheets
    assert {sheet.direction.value for sheet in sheets} == {"inbound", "outbound"}
    assert all(sheet.fatal for sheet in sheets)
    assert DELIVERED["reviews"].files == (FILE,)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"items": [{"code": "one", "name": "一", "en": "One", "what": "一项", "weight": 99}]}, "add up to 99"),
        ({"levels": {5: 100, 4: 80, 3: 90, 2: 30, 1: 0}}, "cannot earn less"),
        ({"levels": {5: 100, 1: 0}}, "levels 1 to 5"),
        ({"direction": "outbound"}, "more than one sheet for outbound"),
        ({"fatal": [{"code": "bad", "name": "坏", "en": "Bad", "what": "坏"}] * 2}, "bad stands twice"),
    ],
)
def test_a_sheet_that_cannot_be_scored_by_is_refused_with_its_line(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    mistakes = broken(tmp_path, **changes)
    assert any(told in mistake and mistake.startswith("line ") for mistake in mistakes), mistakes


def test_a_direction_without_a_sheet_is_named(tmp_path: Path) -> None:
    assert any("no sheet for inbound calls" in mistake for mistake in broken(tmp_path, direction="outbound"))
