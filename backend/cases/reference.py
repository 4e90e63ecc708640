"""The reference data that a case form is checked against, as it is in force when it is filed."""

from __future__ import annotations

from datetime import datetime

from backend.cases.channels import HOTLINE_ONLY, Channels
from backend.cases.conditions import conditions_in_force
from backend.cases.rules import RecurrenceRule, ReferenceData
from backend.deadlines.rules import Timekeeping
from backend.grid.grid import grid_in_force
from backend.kernel.database import Transaction
from backend.taxonomy.taxonomy import taxonomy_in_force


class References:
    """Keeps grid, classes and filing conditions in memory, and notices when there is a new version of them."""

    def __init__(
        self, time: Timekeeping, channels: Channels = HOTLINE_ONLY, recurrence: RecurrenceRule | None = None
    ) -> None:
        self.time = time
        self.channels = channels
        self.recurrence = recurrence or RecurrenceRule()
        self.grid = grid_in_force()
        self.taxonomy = taxonomy_in_force()
        self.conditions = conditions_in_force()

    async def at(self, tx: Transaction, now: datetime) -> ReferenceData:
        """What is in force at this moment. Raises `DataMissing` when something was never loaded."""
        grid = await self.grid.at(tx.session, now)
        taxonomy = await self.taxonomy.at(tx.session, now)
        conditions = await self.conditions.at(tx.session, now)
        return ReferenceData(grid, taxonomy, self.time, conditions, self.channels, self.recurrence)
