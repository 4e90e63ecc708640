"""What checks found, as people may read it: those who may read all, and agents of the calls that they answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from asr.checks import Interval
from backend.calls.models import Call
from backend.calls.service import visible_call
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.quality import repository, rule_repository
from backend.quality.course import earlier_talks
from backend.quality.models import EarlierHit, QualityHit
from backend.quality.schemas import CallHits, EarlierHitView, HitView, RuleTitle


async def hits_of_call(tx: Transaction, who: Principal, call_id: str) -> CallHits:
    """The hits of one call; raises `CallUnknown` for one that this person may not see. Who looked is audited."""
    await visible_call(tx, who, call_id)
    check = await repository.check_of(tx, call_id)
    hits, gone = await repository.hits_of(tx, call_id), await repository.earlier_hits_of(tx, call_id)
    views = await _views(tx, call_id, [*hits, *gone], words=who.may("transcripts.read"))
    found, lost = views[: len(hits)], views[len(hits) :]
    earlier = [EarlierHitView(**dict(view), replaced_at=hit.replaced_at) for hit, view in zip(gone, lost, strict=True)]
    await audit.record(tx, who, "hits_read", "call", call_id, {"hits": len(hits)})
    return CallHits(checked_at=check.checked_at if check else None, hits=found, earlier=earlier)


async def hit_views(tx: Transaction, call_id: str, *, words: bool) -> list[HitView]:
    """The hits of a call as they are shown, with what was said there or without; asks nobody who looks."""
    return await _views(tx, call_id, await repository.hits_of(tx, call_id), words=words)


async def _views(
    tx: Transaction, call_id: str, hits: Sequence[QualityHit | EarlierHit], *, words: bool
) -> list[HitView]:
    titles = await repository.titles_of(tx, {(hit.rule_id, hit.rule_version) for hit in hits})
    doubtful = words and any(hit.leg == "seat" and not hit.sure for hit in hits)
    before = await _colleagues(tx, call_id) if doubtful else []
    return [
        HitView(
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
            spoken_by=_had_the_call(before, hit.from_ms) if hit.leg == "seat" else None,
        )
        for hit in hits
    ]


async def _colleagues(tx: Transaction, call_id: str) -> list[tuple[Interval, str]]:
    """Who had this call before it was handed on, and when: by name, by seat where nobody was signed in."""
    steps = await rule_repository.steps_of_calls(tx, [call_id])
    call = await tx.session.get(Call, call_id)
    talks = earlier_talks(steps.get(call_id, ()), call.ended_at if call else None)
    if not talks:
        return []
    sat, names = await repository.who_sat(tx, call_id), await rule_repository.names_of_people(tx)
    people = [[user for seat, at, user in sat if seat == talk.seat and at <= talk.until] for talk in talks]
    return [
        (talk.place, names.get(users[-1], talk.seat) if users else talk.seat)
        for talk, users in zip(talks, people, strict=True)
    ]


def _had_the_call(before: Iterable[tuple[Interval, str]], ms: int) -> str | None:
    return next((name for place, name in before if place.start_ms <= ms < place.end_ms), None)
