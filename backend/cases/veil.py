"""A secret identity in words: whoever typed a text or named a file may have put the citizen's name or number into it.

Handling units and patrols see such a text with a veil over both. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from backend.cases.models import Case
from backend.citizens.numbers import CallerNumber, read_number

HIDDEN = "（保密）"
_SHORTEST_NAME = 2
_SHORTEST_NUMBER = 7
_NO_NAMES = frozenset({"市民", "匿名", "群众", "居民", "来电人", "热心市民", "不详", "保密"})
"""What is written in place of a name says nothing about anybody."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Veil:
    """Hides names and numbers wherever they stand in a text."""

    secrets: tuple[re.Pattern[str], ...] = ()

    def over(self, said: str) -> str:
        """The text without them."""
        for secret in self.secrets:
            said = secret.sub(HIDDEN, said)
        return said

    def over_all(self, detail: Mapping[str, Value]) -> dict[str, Value]:
        """The details of an entry without them."""
        return {key: self.over(value) if isinstance(value, str) else value for key, value in detail.items()}  # type: ignore[misc]


def veil_of(cases: Iterable[Case]) -> Veil:
    """The veil over the citizens of those of these cases whose identity is secret."""
    secret = [case for case in cases if case.identity_secret]
    found = {each for case in secret for each in _secrets(case.citizen_name, read_number(case.caller_number))}
    return Veil(tuple(re.compile(each, re.IGNORECASE) for each in sorted(found, key=len, reverse=True)))


def _secrets(name: str, number: CallerNumber) -> Iterator[str]:
    plain = name.strip()
    if len(plain) >= _SHORTEST_NAME and plain not in _NO_NAMES:
        yield re.escape(plain)
    digits = re.sub(r"\D", "", number.e164 or number.raw)
    for each in {digits, digits.removeprefix("86"), digits.removeprefix("8610")}:
        if len(each) >= _SHORTEST_NUMBER:
            # in any spelling: 138-1234-1234, +86 138 1234 1234
            yield r"\+?" + r"[\s.\-—()（）]*".join(each)
