"""How often somebody may try to sign in: a pure decision on the failures so far.

After a few free failures each further one doubles the wait, up to a cap. A person who mistypes hardly notices; who
guesses gets a few tries an hour. A name is never locked for good, so that nobody can shut an agent out for a shift.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` failures cost nothing; then the wait starts at `first_wait` and doubles up to `longest_wait`.

    Only failures of the last `window` count.
    """

    free: int
    first_wait: timedelta
    longest_wait: timedelta
    window: timedelta


PER_USERNAME = Limit(
    free=5, first_wait=timedelta(seconds=5), longest_wait=timedelta(minutes=5), window=timedelta(minutes=30)
)
# a whole hall may come from one address, so an address has more room than a name
PER_ADDRESS = Limit(
    free=60, first_wait=timedelta(seconds=1), longest_wait=timedelta(minutes=2), window=timedelta(minutes=30)
)


def wait_seconds(failures: Sequence[datetime], now: datetime, limit: Limit) -> int:
    """Whole seconds until the next try is allowed, 0 for now. `failures` are times of failed tries, in any order."""
    counted = [at for at in failures if now - at < limit.window]
    beyond = len(counted) - limit.free
    if beyond < 0:
        return 0
    # the exponent is bounded so that the doubling cannot overflow before the cap is taken
    wait = min(limit.longest_wait, limit.first_wait * 2 ** min(beyond, 32))
    left = (max(counted) + wait - now).total_seconds() if counted else 0.0
    return max(0, math.ceil(left))
