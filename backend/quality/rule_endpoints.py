"""Quality rules over HTTP: the list, drafts and their trials, and who switches a rule on or off."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.quality import drafts, rechecks, rule_list, trials
from backend.quality.schemas import (
    DraftMove,
    DraftText,
    RecheckAsked,
    RecheckView,
    RuleDetail,
    RuleList,
    SwitchOff,
    SwitchOn,
    TrialAsked,
    TrialView,
)

router = APIRouter(prefix="/api/quality", tags=["quality"])

Store = Annotated[Database, Depends(database_of)]
Reader = Annotated[Principal, Depends(requires("quality.read"))]
Trier = Annotated[Principal, Depends(requires("quality.try"))]
Keeper = Annotated[Principal, Depends(requires("quality.rules"))]


@router.get("/rules")
async def list_rules(database: Store, _: Reader) -> RuleList:
    """Every rule with its state and what it found in 30 days."""
    async with database.transaction() as tx:
        return await rule_list.rule_list(tx, clock.now())


@router.get("/rules/{rule_id}")
async def read_rule(rule_id: str, database: Store, who: Reader) -> RuleDetail:
    """One rule with its text, history, draft and last trial; looking is audited."""
    async with database.transaction() as tx:
        return await rule_list.rule_detail(tx, who, rule_id.replace("\x00", ""), clock.now())


@router.post("/rules/{rule_id}/off")
async def switch_off(rule_id: str, database: Store, who: Keeper, asked: SwitchOff) -> RuleDetail:
    """Let a rule hold no more from a day on."""
    now = clock.now()
    async with database.transaction() as tx:
        await drafts.switch_off(tx, who, rule_id.replace("\x00", ""), asked, now)
        return await rule_list.rule_detail(tx, who, rule_id.replace("\x00", ""), now)


@router.get("/rechecks")
async def list_rechecks(database: Store, _: Reader) -> list[RecheckView]:
    """The last orders to check calls of earlier days anew, with how far they have come."""
    async with database.transaction() as tx:
        return await rechecks.last_orders(tx)


@router.post("/rechecks")
async def order_recheck(database: Store, who: Keeper, asked: RecheckAsked) -> RecheckView:
    """Check the calls of some days anew; events tell how far it is."""
    async with database.transaction() as tx:
        return await rechecks.order(tx, who, asked, clock.now())


@router.put("/drafts")
async def save_draft(database: Store, who: Trier, typed: DraftText) -> RuleDetail:
    """Keep a draft as it was typed, once its examples prove it."""
    now = clock.now()
    async with database.transaction() as tx:
        draft = await drafts.save_draft(tx, who, typed, now)
        return await rule_list.rule_detail(tx, who, draft.rule_id, now)


@router.post("/drafts/{draft_id}/discard", status_code=204)
async def discard_draft(draft_id: UUID, database: Store, who: Trier, asked: DraftMove) -> None:
    """Throw a draft away."""
    async with database.transaction() as tx:
        await drafts.discard(tx, who, draft_id, asked.revision, clock.now())


@router.post("/drafts/{draft_id}/trials")
async def ask_for_trial(draft_id: UUID, database: Store, who: Trier, asked: TrialAsked) -> TrialView:
    """Run a draft over past calls; events tell how far it is."""
    async with database.transaction() as tx:
        return await trials.ask_for_trial(tx, who, draft_id, asked, clock.now())


@router.get("/trials/{trial_id}")
async def read_trial(trial_id: UUID, database: Store, who: Trier) -> TrialView:
    """A trial as it stands, with ten hits to listen to; looking at what was said is audited."""
    async with database.transaction() as tx:
        return await trials.read_trial(tx, who, trial_id)


@router.post("/drafts/{draft_id}/on")
async def switch_on(draft_id: UUID, database: Store, who: Keeper, asked: SwitchOn) -> RuleDetail:
    """Let a draft be the rule from a day on."""
    now = clock.now()
    async with database.transaction() as tx:
        draft = await drafts.switch_on(tx, who, draft_id, asked, now)
        return await rule_list.rule_detail(tx, who, draft.rule_id, now)
