"""What is wrong with a field, by the shape that it must have: one named error for requests and messages alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from backend.kernel.errors import HotlineError


class InputInvalid(HotlineError):
    """A field is missing, too long, or of another kind than it must be; `field` is the way down to it."""

    http_status: ClassVar[int] = 422


def unreadable_input() -> InputInvalid:
    """The error for what is no message at all."""
    return InputInvalid("What was sent is no JSON.", kept="Nothing was changed.", next_step="Send it again as JSON.")


def input_invalid(problems: Sequence[Mapping[str, Any]], *, skip: int = 0) -> InputInvalid:
    """The error for what Pydantic found; `skip` steps of each place are not the sender's ("body", the command)."""
    first = problems[0]
    field = ".".join(str(step) for step in first["loc"][skip:])
    if first["type"] == "json_invalid":
        return unreadable_input()
    return InputInvalid(
        f"{field}: {first['msg']}" if field else str(first["msg"]),
        kept="Nothing was changed.",
        next_step="Correct the field and send it again.",
        field=field or None,
        facts={"rule": str(first["type"]), "limit": _limit(first.get("ctx") or {})},
    )


def _limit(context: Mapping[str, Any]) -> str:
    """The number that a rule holds a field to, if it is such a rule."""
    known = (context[name] for name in ("max_length", "min_length", "le", "ge") if name in context)
    return next((str(limit) for limit in known), "")
