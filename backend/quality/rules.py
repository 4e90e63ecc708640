"""The rules in force on a day; which rules a call is checked by is decided by the day of the call."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from asr.checks.kinds import AnyRule
from backend.kernel.database import Transaction
from backend.kernel.versions import InForce, in_force
from backend.quality.file import QUALITY, rule_of, said_by
from backend.quality.models import Recheck, RuleRow


@dataclass(frozen=True)
class RuleBook:
    """The rules of one day. `digest` tells whether two days, or two moments, have the same."""

    rules: tuple[AnyRule, ...]
    digest: str


def book_of(rules: Sequence[AnyRule]) -> RuleBook:
    """These rules as a book."""
    said = json.dumps([said_by(rule) for rule in rules], sort_keys=True, ensure_ascii=False)
    return RuleBook(tuple(rules), hashlib.sha256(said.encode()).hexdigest()[:16])


async def rules_on(session: AsyncSession, day: date) -> RuleBook:
    """The rules that were in force on a day."""
    rows = (await session.execute(in_force(RuleRow, day))).scalars()
    return book_of([rule_of(row.content) for row in rows])


@dataclass(frozen=True)
class OrderedRules:
    """The rules by which somebody ordered calls to be checked anew, and that order."""

    recheck_id: UUID
    book: RuleBook


async def rules_ordered(tx: Transaction, recheck_id: UUID) -> OrderedRules:
    """The rules of this order, as they stood when it was given."""
    order = await tx.session.get_one(Recheck, recheck_id)
    return OrderedRules(recheck_id, book_of([rule_of(said) for said in order.rules]))


def rules_in_force() -> InForce[RuleBook]:
    """The rules of the moment that is asked for, read anew when they change."""
    return InForce(QUALITY, rules_on)
