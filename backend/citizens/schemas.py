"""A caller as the console may see one: never the whole number."""

from __future__ import annotations

from backend.kernel.schemas import Schema


class CallerView(Schema):
    """The caller of a call.

    `number` is masked (138****1234); the whole number is told only by the reveal command, which is audited.
    `usable` is False when the carrier sent none or something that is not a telephone number.
    """

    number: str
    usable: bool
    name: str | None
