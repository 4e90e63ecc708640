"""What can become of an order to the PBX, apart from what the PBX itself says."""

from __future__ import annotations

from backend.kernel.errors import Conflict, IllegalTransition, Unavailable


class OrderRequestReused(Conflict):
    """A request id came again with another order: nothing was ordered a second time."""


class OrderCannotMove(IllegalTransition):
    """The order does not stand where this move begins."""


class OrderExpired(Unavailable):
    """Nobody could carry the order out while it was fresh, and a late one would surprise people."""


class OrderFateUnknown(Unavailable):
    """The order was on its way when the link or the process broke: it may have been carried out; not repeated."""
