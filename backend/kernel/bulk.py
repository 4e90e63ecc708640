"""Many rows in one statement and one round trip, for the paths where a caller is waiting."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Table, TextClause, text

_SURROGATE = re.compile("[\ud800-\udfff]")


def insert_many(table: Table, columns: Iterable[str]) -> TextClause:
    """An INSERT of `columns`; execute it with `rows(...)`."""
    names = _names(columns)
    return text(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {_source(table)}")  # noqa: S608


def upsert_many(table: Table, columns: Iterable[str], *, where: str = "TRUE") -> TextClause:
    """An INSERT that replaces the row of the same primary key; execute it with `rows(...)`.

    A row for which `where` does not hold (`excluded` is the new row) stays as it is; the statement's row count tells.
    """
    columns = list(columns)
    key = {column.name for column in table.primary_key}
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in key)
    inserted = insert_many(table, columns).text
    return text(f"{inserted} ON CONFLICT ({_names(sorted(key))}) DO UPDATE SET {changes} WHERE {where}")


def rows(values: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The parameter of these statements: the rows as JSON, which PostgreSQL reads by the types of the table.

    Text that PostgreSQL cannot hold (a NUL, half a surrogate pair) is replaced by U+FFFD rather than losing the row.
    """
    written = [dict(row) for row in values]
    text = json.dumps(written, default=_plain, ensure_ascii=False)
    if "\\u0000" in text or _SURROGATE.search(text):
        text = json.dumps(_storable(written), default=_plain, ensure_ascii=False)
    return {"rows": text}


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _source(table: Table) -> str:
    return f"jsonb_populate_recordset(NULL::{table.name}, CAST(:rows AS jsonb))"


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value.replace("\0", "\ufffd"))
    if isinstance(value, dict):
        return {_storable(key): _storable(each) for key, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list | tuple) else value


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a row")
