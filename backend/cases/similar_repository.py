"""The query for open cases that may be about what is being typed: of the same caller, near by, in the same street.

Each part is served by an index of open cases, so it reads what is open and not what was ever filed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, RowMapping, literal_column, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from backend.cases.list_repository import LISTED
from backend.cases.models import Case

_OF_ONE_CALLER, _AT_THE_PLACE, _OF_THE_CLASS, _IN_THE_STREET = 20, 100, 100, 150
_COMPARED = (
    *LISTED, Case.address, Case.caller_e164, Case.street_code, Case.community_code, Case.unit_grid_code,
    Case.longitude, Case.latitude, Case.class_code, Case.source_reference,
)  # fmt: skip
COMPARED_ONLY = frozenset(column.key for column in _COMPARED) - frozenset(column.key for column in LISTED)
"""What of a row a list does not show."""


async def open_candidates(
    session: AsyncSession,
    *,
    e164: str | None,
    source: tuple[str, str] | None,
    unit_grids: Collection[str],
    street: str,
    class_code: str,
) -> Sequence[RowMapping]:
    """Open cases that are worth comparing, each once."""
    parts: list[tuple[ColumnElement[bool], int]] = []
    if e164 is not None:
        parts.append((Case.caller_e164 == e164, _OF_ONE_CALLER))
    if source is not None:
        named = Case.source_reference != literal_column("''::text")  # said as the index says it
        same = (Case.channel == source[0]) & (Case.source_reference == source[1])
        parts.append((named & same, _OF_ONE_CALLER))
    if unit_grids:
        parts.append((Case.unit_grid_code.in_(unit_grids), _AT_THE_PLACE))
    if street:
        parts.append((Case.street_code == street, _IN_THE_STREET))
    if street and class_code:
        parts.append(((Case.street_code == street) & (Case.class_code == class_code), _OF_THE_CLASS))
    if not parts:
        return []
    ids = [
        select(Case.case_id)
        .where(condition, Case.closed_at.is_(None))
        .order_by(Case.filed_at.desc())
        .limit(most)
        .subquery()
        for condition, most in parts
    ]
    wanted = union(*(select(each.c.case_id) for each in ids)).subquery()
    query = select(*_COMPARED).join(wanted, wanted.c.case_id == Case.case_id).order_by(Case.filed_at.desc())
    return (await session.execute(query)).mappings().all()
