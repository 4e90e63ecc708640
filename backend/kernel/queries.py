"""What the queries of several domains have in common."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, cast, func, inspect, text
from sqlalchemy.dialects.postgresql import TSQUERY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from backend.kernel.database import Base
from backend.kernel.grams import query_for

_PLAN_FOR_THIS = text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)")


async def plan_for_this(session: AsyncSession) -> None:
    """Until the transaction ends, each query is planned for what it asks: a word, a street or a community may find all
    or nothing, so no plan fits two of them."""
    await session.execute(_PLAN_FOR_THIS)


async def insert_new(session: AsyncSession, row: Base) -> bool:
    """Store a new row, which the session does not hold; False when one stands already with which it would clash."""
    table = inspect(type(row))
    values = {column.key: getattr(row, column.key) for column in table.column_attrs}
    stored = await session.execute(
        insert(type(row)).values(values).on_conflict_do_nothing().returning(*table.primary_key)
    )
    return stored.first() is not None


def holding(
    words: Sequence[str], grams: InstrumentedAttribute[str], document: InstrumentedAttribute[str]
) -> list[ColumnElement[bool]]:
    """What holds of texts with all of these words, as `backend.kernel.grams` makes texts and words: their grams offer
    what may hold them, and the words themselves are looked for in that."""
    if not words:
        return []
    offered = grams.bool_op("@@")(cast(query_for(words), TSQUERY))
    return [offered, *(func.strpos(document, word) > 0 for word in words)]
