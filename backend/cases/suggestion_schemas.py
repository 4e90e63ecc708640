"""What is suggested for the form from what the caller said so far."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from backend.grid.schemas import PlaceCandidate
from backend.kernel.schemas import Schema
from backend.taxonomy.schemas import Urgency

MOST_LINES = 400


class SpokenLine(Schema):
    """What the caller said in one breath; times from the start of the leg."""

    text: Annotated[str, Field(max_length=2000)]
    from_ms: Annotated[int, Field(ge=0)]
    to_ms: Annotated[int, Field(ge=0)]


class SuggestionsAsked(Schema):
    """All that the caller said so far, and the street that the form says already."""

    said: Annotated[list[SpokenLine], Field(max_length=MOST_LINES)]
    street_code: Annotated[str, Field(max_length=32)] = ""


class Evidence(Schema):
    """The words for which something is suggested, and when the breath was in which they were said."""

    words: str
    from_ms: int
    to_ms: int


class SuggestedPlace(Schema):
    """The addresses that may be meant, best first, with the place on the grid."""

    candidates: list[PlaceCandidate]
    why: Evidence


class SuggestedClass(Schema):
    """A class of cases that fits."""

    class_code: str
    name: str
    path: list[str]
    why: Evidence


class SuggestedNumber(Schema):
    """A telephone number that was told, in digits."""

    number: str
    why: Evidence


class SuggestedUrgency(Schema):
    """How urgent the caller makes it."""

    urgency: Urgency
    why: Evidence


class Suggestions(Schema):
    """What the form could say; nothing of it is ever taken without the agent's key."""

    place: SuggestedPlace | None
    classes: list[SuggestedClass]
    numbers: list[SuggestedNumber]
    urgency: SuggestedUrgency | None
