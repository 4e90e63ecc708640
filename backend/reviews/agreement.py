"""How far two judges agree beyond what chance would give: Cohen's kappa. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

Pair = tuple[Hashable, Hashable]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Over so many pairs of judgements, the share that were equal, and kappa; None where that is not defined."""

    pairs: int
    equal: float | None
    kappa: float | None


def cohen_kappa(pairs: Sequence[Pair]) -> float | None:
    """Kappa of two judges: 1 when they always agree, 0 when not more than by chance, below 0 when less.

    None where it is not defined: without a pair, or when chance alone would make them agree (both always give one and
    the same level).
    """
    if not pairs:
        return None
    n = len(pairs)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    agreed = sum(one == other for one, other in pairs) * n
    by_chance = sum(count * second[level] for level, count in first.items())
    return None if by_chance == n * n else (agreed - by_chance) / (n * n - by_chance)


def agreement(judged: Iterable[Sequence[tuple[Hashable, Hashable]]]) -> Agreement:
    """The agreement of any number of judges. `judged` holds for each thing that was judged the (judge, level) of all.

    Kappa is that of each two judges over what both have judged, weighed by how much that is.
    """
    between: dict[frozenset[Hashable], list[Pair]] = {}
    for levels in judged:
        for (one, given), (other, given_by_other) in combinations(sorted(levels, key=lambda each: str(each[0])), 2):
            between.setdefault(frozenset({one, other}), []).append((given, given_by_other))
    pairs = [pair for each in between.values() for pair in each]
    if not pairs:
        return Agreement(0, None, None)
    defined = [(kappa, len(each)) for each in between.values() if (kappa := cohen_kappa(each)) is not None]
    weight = sum(count for _, count in defined)
    return Agreement(
        pairs=len(pairs),
        equal=sum(one == other for one, other in pairs) / len(pairs),
        kappa=sum(kappa * count for kappa, count in defined) / weight if weight else None,
    )
