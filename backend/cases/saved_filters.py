"""Filters of the case list that a person keeps under a name."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.cases.errors import FilterNotYours, TooManyFilters
from backend.cases.list_models import SavedFilter
from backend.cases.list_schemas import FilterKept, SavedFilterView
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.kernel.ids import new_id

MOST_FILTERS = 30


async def filters_of(tx: Transaction, who: Principal) -> list[SavedFilterView]:
    """This person's filters by name."""
    query = select(SavedFilter).where(SavedFilter.user_id == who.user_id).order_by(SavedFilter.name)
    return [SavedFilterView.model_validate(row) for row in (await tx.session.execute(query)).scalars()]


async def keep_filter(tx: Transaction, who: Principal, kept: FilterKept, now: datetime) -> SavedFilterView:
    """Keep a filter; one of the same name is replaced, another default is one no longer. Raises `TooManyFilters`."""
    others = {each.name for each in await filters_of(tx, who)} - {kept.name}
    if len(others) >= MOST_FILTERS:
        raise TooManyFilters(
            f"You keep {MOST_FILTERS} filters already.", kept="They stand as they were.", next_step="Delete one first."
        )
    if kept.is_default:
        standing = update(SavedFilter).where(SavedFilter.user_id == who.user_id, SavedFilter.is_default)
        await tx.session.execute(standing.values(is_default=False))
    content = kept.content.model_dump(mode="json", exclude_defaults=True)
    fresh = insert(SavedFilter).values(
        filter_id=new_id(),
        user_id=who.user_id,
        name=kept.name,
        content=content,
        is_default=kept.is_default,
        saved_at=now,
    )
    change = {"content": content, "is_default": kept.is_default, "saved_at": now}
    stored = fresh.on_conflict_do_update(index_elements=[SavedFilter.user_id, SavedFilter.name], set_=change)
    row = (
        await tx.session.execute(stored.returning(SavedFilter).execution_options(populate_existing=True))
    ).scalar_one()
    return SavedFilterView.model_validate(row)


async def forget_filter(tx: Transaction, who: Principal, filter_id: UUID) -> None:
    """Delete a filter; raises `FilterNotYours`."""
    gone = delete(SavedFilter).where(SavedFilter.filter_id == filter_id, SavedFilter.user_id == who.user_id)
    if (await tx.session.execute(gone.returning(SavedFilter.filter_id))).scalar_one_or_none() is None:
        raise FilterNotYours("There is no such filter of yours.", next_step="Load the list of your filters anew.")
