"""What checks found, as people may read it: those who may read all, and agents of the calls that they answered."""

from __future__ import annotations

from collections.abc import Iterable

from backend.calls.service import visible_call
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.quality import repository
from backend.quality.models import EarlierHit, QualityHit
from backend.quality.schemas import CallHits, EarlierHitView, HitView, RuleTitle


async def hits_of_call(tx: Transaction, who: Principal, call_id: str) -> CallHits:
    """The hits of one call; raises `CallUnknown` for one that this person may not see. Who looked is audited."""
    await visible_call(tx, who, call_id)
    check = await repository.check_of(tx, call_id)
    hits = await hit_views(tx, call_id, words=who.may("transcripts.read"))
    gone = await repository.earlier_hits_of(tx, call_id)
    titles = await repository.titles_of(tx, {(hit.rule_id, hit.rule_version) for hit in gone})
    views = _views(gone, titles, words=who.may("transcripts.read"))
    earlier = [EarlierHitView(**dict(view), replaced_at=hit.replaced_at) for hit, view in zip(gone, views, strict=True)]
    await audit.record(tx, who, "hits_read", "call", call_id, {"hits": len(hits)})
    return CallHits(checked_at=check.checked_at if check else None, hits=hits, earlier=earlier)


async def hit_views(tx: Transaction, call_id: str, *, words: bool) -> list[HitView]:
    """The hits of a call as they are shown, with what was said there or without; asks nobody who looks."""
    hits = await repository.hits_of(tx, call_id)
    titles = await repository.titles_of(tx, {(hit.rule_id, hit.rule_version) for hit in hits})
    return list(_views(hits, titles, words=words))


def _views(
    hits: Iterable[QualityHit | EarlierHit], titles: dict[tuple[str, int], dict[str, str]], *, words: bool
) -> Iterable[HitView]:
    for hit in hits:
        yield HitView(
            hit_id=hit.hit_id,
            rule_id=hit.rule_id,
            rule_version=hit.rule_version,
            title=RuleTitle.model_validate(
                titles.get((hit.rule_id, hit.rule_version), {"zh": hit.rule_id, "en": hit.rule_id})
            ),
            kind=hit.kind,
            leg=hit.leg,
            from_ms=hit.from_ms,
            to_ms=hit.to_ms,
            text=hit.text if words else "",
            severity=hit.severity,
            sure=hit.sure,
            points=hit.points,
        )
