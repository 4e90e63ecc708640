"""Cases as a spreadsheet, written row by row so that its size does not matter.

Every text is written as a text, never as a formula or a link; one that a spreadsheet would take for a formula when it
is saved as plain text and opened again stands behind a quotation mark, as Excel itself marks such cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from backend.cases.channels import HOTLINE_ONLY, Channels
from backend.cases.marks import Marks
from backend.cases.models import Case
from backend.cases.schemas import GroupMark
from backend.cases.veil import HIDDEN, veil_of
from backend.citizens.numbers import mask, read_number
from backend.kernel.clock import beijing
from backend.kernel.spreadsheet import quoted

MOST_ROWS = 1_000_000
"""A sheet holds 1,048,576 rows."""
_COLUMNS = (
    ("工单编号", 24), ("受理时间", 18), ("状态", 10), ("紧急程度", 10), ("诉求内容", 60), ("分类", 30), ("街道", 14),
    ("社区", 14), ("地址", 30), ("来电人", 12), ("来电号码", 18), ("答复", 40), ("受理人", 12), ("办结时间", 18),
    ("渠道", 14), ("来源编号", 20), ("部件", 26), ("复发", 24), ("群诉", 30), ("疑难", 8), ("接听领导", 12),
)  # fmt: skip
_WORDS = {
    "filed": "待派遣", "handling": "办理中", "coordination": "协调会商", "suspended": "已挂账", "merged": "已并案",
    "reported": "待核查",
    "verified": "待结案", "closed": "已结案", "evaluated": "已评价",
    "normal": "一般", "urgent": "紧急", "emergency": "特急",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Batch:
    """Cases as they are written, with what the list shows beside them; `recurred` are the numbers of earlier cases."""

    cases: Sequence[Case]
    marks: Marks
    recurred: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the reader of a sheet may see of citizens, and what channels are called."""

    names: bool
    whole_numbers: bool
    channels: Channels = HOTLINE_ONLY


class CaseSheet:
    """A workbook at `path` with one sheet; `close` completes the file."""

    def __init__(self, path: Path, shown: Shown) -> None:
        self._shown = shown
        self.rows = 0
        self._book = Workbook(path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
        self._sheet = self._book.add_worksheet("工单")
        self._quoted = self._book.add_format()
        self._quoted.set_quote_prefix()
        head = self._book.add_format({"bold": True, "bottom": 1})
        for column, (title, width) in enumerate(_COLUMNS):
            self._sheet.set_column(column, column, width)
            self._sheet.write_string(0, column, title, head)
        self._sheet.freeze_panes(1, 1)

    def write(self, batch: Batch) -> None:
        """Add rows."""
        for case in batch.cases:
            self.rows += 1
            for column, said in enumerate((*_cells(case, self._shown), *_marks(case, batch))):
                self._sheet.write_string(self.rows, column, said, self._form(said))

    def close(self) -> None:
        """Complete the file."""
        self._sheet.autofilter(0, 0, max(1, self.rows), len(_COLUMNS) - 1)
        self._book.close()

    def _form(self, said: str) -> Format | None:
        return self._quoted if quoted(said) else None


def _cells(case: Case, shown: Shown) -> tuple[str, ...]:
    veil = veil_of([case])  # a file goes on to others
    return (
        case.number,
        _time(case.filed_at),
        _WORDS.get(case.status, case.status),
        _WORDS.get(case.urgency, case.urgency),
        veil.over(case.what),
        " / ".join(case.class_path),
        case.street_name,
        case.community_name or "",
        veil.over(case.address),
        _name(case, shown),
        _number(case, shown),
        veil.over(case.answer),
        case.filed_by,
        _time(case.closed_at),
        shown.channels.title(case.channel),
        case.source_reference,
    )


def _marks(case: Case, batch: Batch) -> tuple[str, ...]:
    return (
        f"{case.component_name} {case.component_code}" if case.component_code else "",
        batch.recurred.get(case.recurs_id, "") if case.recurs_id is not None else "",
        _group(batch.marks.groups.get(case.case_id)),
        "是" if case.case_id in batch.marks.hard else "",
        batch.marks.leaders.get(case.call_id, "") if case.call_id is not None else "",
    )


def _group(mark: GroupMark | None) -> str:
    if mark is None:
        return ""
    if mark.parent_number is not None:
        return f"并入 {mark.parent_number}"
    return f"主案（{mark.children} 件子案，{mark.callers} 位来电人）"


def _name(case: Case, shown: Shown) -> str:
    if not shown.names:
        return ""
    return HIDDEN if case.identity_secret else case.citizen_name


def _number(case: Case, shown: Shown) -> str:
    if case.identity_secret:
        return HIDDEN
    if not case.caller_number:
        return ""
    return case.caller_number if shown.whole_numbers else mask(read_number(case.caller_number))


def _time(moment: datetime | None) -> str:
    return f"{beijing(moment):%Y-%m-%d %H:%M:%S}" if moment is not None else ""
