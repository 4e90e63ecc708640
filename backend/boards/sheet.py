"""A board as a spreadsheet: a sheet for each way in which it is parted, each with the whole on its first row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from backend.boards.schemas import Board, BoardFigures
from backend.kernel.spreadsheet import quoted

Value = str | int | float | None
_FIGURES = (
    "检查通数", "有命中通数", "致命命中通数", "表扬通数", "命中条数", "待判条数", "表扬条数", "每百通命中",
    "评分通数", "平均分", "合格率", "申诉数", "申诉改判率",
)  # fmt: skip
_BEFORE = "上期每百通命中"
_OF_RULE = ("规则", "编号", "级别", "命中条数", "待判条数", "通数", "每百通命中", _BEFORE)
_SEVERITY = {"fatal": "致命", "major": "严重", "minor": "一般", "praise": "表扬"}
_NONE = "（无）"


def board_sheet(board: Board) -> bytes:
    """The file."""
    content = BytesIO()
    book = Workbook(content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    paper = _Paper(book)
    whole = ("合计", *_figures(board.total))
    teams = [(each.name or _NONE, *_figures(each.figures)) for each in board.teams]
    queues = [(each.title or _NONE, *_figures(each.figures)) for each in board.queues]
    paper.sheet("按坐席", ("坐席", "班组", *_FIGURES, _BEFORE), _agents(board))
    paper.sheet("按班组", ("班组", *_FIGURES), [whole, *teams])
    paper.sheet("按队列", ("队列", *_FIGURES), [whole, *queues])
    paper.sheet("按规则", _OF_RULE, _rules(board))
    paper.sheet("按日期", ("从", "到", *_FIGURES), _parts(board))
    book.close()
    return content.getvalue()


class _Paper:
    """The sheets of a workbook, texts as texts and numbers as numbers."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._head: Format = book.add_format({"bold": True, "bottom": 1})
        self._quoted: Format = book.add_format()
        self._quoted.set_quote_prefix()
        self._rate: Format = book.add_format({"num_format": "0.0"})

    def sheet(self, name: str, titles: Sequence[str], lines: Iterable[Sequence[Value]]) -> None:
        """One sheet."""
        page = self._book.add_worksheet(name)
        page.set_column(0, len(titles) - 1, 13)
        page.freeze_panes(1, 1)
        for column, title in enumerate(titles):
            page.write_string(0, column, title, self._head)
        for row, line in enumerate(lines, start=1):
            for column, value in enumerate(line):
                if isinstance(value, str):
                    page.write_string(row, column, value, self._quoted if quoted(value) else None)
                elif value is not None:
                    page.write_number(row, column, value, self._rate if isinstance(value, float) else None)


def _figures(each: BoardFigures) -> tuple[Value, ...]:
    return (
        each.calls, each.calls_hit, each.calls_fatal, each.calls_praised, each.hits, each.unsure, each.praise,
        each.per_100, each.reviewed, each.mean_score, _percent(each.passed.share), each.appeals,
        _percent(each.granted.share),
    )  # fmt: skip


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100


def _agents(board: Board) -> list[tuple[Value, ...]]:
    rows = [(a.agent or "（无人登录）", a.team or _NONE, *_figures(a.figures), a.before) for a in board.agents]
    return [("合计", "", *_figures(board.total), board.before.per_100), *rows]


def _rules(board: Board) -> list[tuple[Value, ...]]:
    return [
        (r.title.zh, r.rule_id, _SEVERITY[r.severity], r.hits, r.unsure, r.calls, r.per_100, r.before)
        for r in board.rules
    ]


def _parts(board: Board) -> list[tuple[Value, ...]]:
    rows = [(p.first.isoformat(), p.last.isoformat(), *_figures(p.figures)) for p in board.parts]
    return [("合计", "", *_figures(board.total)), *rows]
