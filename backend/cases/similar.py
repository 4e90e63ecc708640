"""How like two matters are: the form that is being typed and a case that is open; pure.

Likeness is made of words, place, class and the caller's number. Each part alone is common: the same words come from
every house with a broken lift, and at one crossing many things happen. So a case is offered when several parts agree,
or when the same citizen has it open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend.cases.schemas import SimilarReason
from backend.grid.measure import metres_between
from backend.kernel.grams import document, grams_of

MOST_OFFERED = 5
NEAR_M = 300.0
"""Beyond this distance two points say nothing about each other."""
WORTH_OFFERING = 0.4
_WORDS, _PLACE, _CLASS, _NUMBER = 0.35, 0.35, 0.2, 0.3
_FEW_GRAMS = 8
_SAME_GRID, _SAME_COMMUNITY, _SAME_STREET = 0.8, 0.3, 0.1
_ALIKE = 0.5
"""Words and places are named as a reason from here on."""
_MAJOR = 2
_SURE = frozenset({SimilarReason.SAME_NUMBER, SimilarReason.SAME_SOURCE})
"""Reasons enough by themselves."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What is compared of a form or of a case; "" and None are parts that are not known."""

    words: frozenset[str] = frozenset()
    address: str = ""
    e164: str | None = None
    street: str = ""
    community: str = ""
    unit_grid: str = ""
    point: tuple[float, float] | None = None
    class_code: str = ""
    source: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like a case is to the form, from 0 to 1, and what of it is; `metres` between them where both are known."""

    share: float
    reasons: tuple[SimilarReason, ...]
    metres: int | None

    @property
    def worth_offering(self) -> bool:
        """Whether an agent should see it."""
        return self.share >= WORTH_OFFERING or not _SURE.isdisjoint(self.reasons)


def words_in(*texts: str) -> frozenset[str]:
    """What is compared of texts."""
    return frozenset(grams_of(document(texts)))


def likeness(form: Matter, case: Matter) -> Likeness:
    """Compare the two; it does not matter which is which."""
    metres = metres_between(form.point, case.point) if form.point and case.point else None
    words, place, kind = _words(form.words, case.words), _place(form, case, metres), _kind(form, case)
    same_number = form.e164 is not None and form.e164 == case.e164
    share = _WORDS * words + _PLACE * place + _CLASS * kind + _NUMBER * same_number
    found = {
        SimilarReason.SAME_NUMBER: same_number,
        SimilarReason.SAME_SOURCE: form.source is not None and form.source == case.source,
        SimilarReason.SAME_ADDRESS: _same_address(form, case),
        SimilarReason.SAME_GRID: bool(form.unit_grid) and form.unit_grid == case.unit_grid,
        SimilarReason.NEAR: metres is not None and metres <= NEAR_M / 2,
        SimilarReason.SAME_CLASS: kind == 1,
        SimilarReason.LIKE_WORDS: words >= _ALIKE,
    }
    reasons = tuple(reason for reason, holds in found.items() if holds)
    return Likeness(min(1.0, share), reasons, round(metres) if metres is not None else None)


def best_first(found: Iterable[Likeness]) -> list[int]:
    """The places of those that are worth offering, the most like first, never more than an agent looks over."""
    ranked = [(-each.share, place) for place, each in enumerate(found) if each.worth_offering]
    return [place for _, place in sorted(ranked)[:MOST_OFFERED]]


def _words(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of the shorter text that stands in the longer: the form is still being typed."""
    shorter = min(len(one), len(other))
    if not shorter:
        return 0.0
    return len(one & other) / shorter * min(1.0, shorter / _FEW_GRAMS)


def _place(one: Matter, other: Matter, metres: float | None) -> float:
    near = max(0.0, 1 - metres / NEAR_M) if metres is not None else 0.0
    return max(
        near,
        1.0 if _same_address(one, other) else 0.0,
        _SAME_GRID * bool(one.unit_grid and one.unit_grid == other.unit_grid),
        _SAME_COMMUNITY * bool(one.community and one.community == other.community),
        _SAME_STREET * bool(one.street and one.street == other.street),
    )


def _same_address(one: Matter, other: Matter) -> bool:
    return bool(one.address) and one.address == other.address and one.street == other.street


def _kind(one: Matter, other: Matter) -> float:
    if not one.class_code or not other.class_code:
        return 0.0
    if one.class_code == other.class_code:
        return 1.0
    return 0.5 if one.class_code[:_MAJOR] == other.class_code[:_MAJOR] else 0.0
