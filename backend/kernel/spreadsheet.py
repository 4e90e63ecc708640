"""Texts in spreadsheets: none of them may become a formula, wherever the file is opened or saved next."""

from __future__ import annotations

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""The media type of a workbook."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def quoted(text: str) -> bool:
    """Whether a text stands behind a quotation mark, as Excel itself marks such cells, because a spreadsheet would take
    it for a formula when it is saved as plain text and opened again."""
    return text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA)
