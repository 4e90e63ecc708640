"""A board as a spreadsheet is read back as it was written, and no name in it becomes a formula."""

from __future__ import annotations

import re
import zipfile
from datetime import date
from io import BytesIO
from uuid import UUID

from backend.boards.period import Period
from backend.boards.sheet import board_sheet
from backend.boards.tally import Cell, RuleCell, Tally
from backend.boards.views import Counted, Names, board

DAY = date(2026, 3, 1)
WANG = UUID(int=1)


def test_every_part_has_its_sheet_and_a_name_stays_a_text() -> None:
    seen = Period(DAY, DAY)
    cells = [Cell(WANG, "q1", DAY, Tally(calls=40, calls_hit=2, hits=3, reviews=2, reviewed=2, score_sum=171))]
    now = Counted(seen, cells, [RuleCell("rude", 1, "fatal", 3, 1, 2)])
    names = Names({WANG: ("=王芳", "甲班")}, {"q1": "综合"}, {"rude": ("fatal", {"zh": "服务禁语", "en": "Rude"})}, {})
    book = zipfile.ZipFile(BytesIO(board_sheet(board(now, Counted(seen.before, [], []), names))))
    titles = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert titles == ["按坐席", "按班组", "按队列", "按规则", "按日期"]
    agents = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in agents
    assert ">7.5<" in agents, "hits in 100 calls"
    assert ">85.5<" in agents, "the mean score"
    words = book.read("xl/sharedStrings.xml").decode()
    assert "=王芳" in words
    assert "服务禁语" in words
