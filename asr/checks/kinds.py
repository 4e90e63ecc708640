"""Every kind of rule, and rules read from what a file or a table says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from asr.checks.forbidden_words import ForbiddenWords

AnyRule: TypeAlias = ForbiddenWords
_RULES: TypeAdapter[tuple[AnyRule, ...]] = TypeAdapter(tuple[AnyRule, ...])


def read_rules(said: Iterable[Any]) -> tuple[AnyRule, ...]:
    """The rules that these mappings describe; raises pydantic's `ValidationError`."""
    return _RULES.validate_python(list(said))
