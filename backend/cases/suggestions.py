"""Suggestions for the form from what the caller said: what was read out of it, looked up in the data in force."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from backend.cases import spoken
from backend.cases.rules import ReferenceData
from backend.cases.spoken import Breath, Finding, Where
from backend.cases.suggestion_schemas import (
    Evidence,
    SuggestedClass,
    SuggestedNumber,
    SuggestedPlace,
    SuggestedUrgency,
    Suggestions,
    SuggestionsAsked,
)
from backend.grid.gazetteer import find_places
from backend.grid.names import Names
from backend.kernel.config import load
from backend.kernel.database import Database
from backend.taxonomy.schemas import Urgency

_SURE_ENOUGH = 75.0
"""A place that was only guessed from where people say where they are must fit this well."""


class UrgencyWords(BaseModel):
    """The words of configs/suggestions.yaml, in lines of words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    urgency: dict[Urgency, list[list[str]]]

    @property
    def by_level(self) -> dict[Urgency, list[str]]:
        """The words of each urgency."""
        return {level: [word for line in lines for word in line] for level, lines in self.urgency.items()}


def load_urgency_words(path: Path) -> dict[Urgency, list[str]]:
    """The words by which callers show urgency; raises `ConfigurationInvalid`."""
    return load(UrgencyWords, path).by_level


@dataclass(frozen=True, slots=True)
class Suggesting:
    """What suggestions are made by: the data in force today, and the words of urgency."""

    reference: ReferenceData
    names: Names
    urgency_words: dict[Urgency, list[str]]
    day: date

    async def suggest(self, database: Database, asked: SuggestionsAsked) -> Suggestions:
        """What the form could say. Nothing is written or kept."""
        said = [Breath(line.text.replace("\x00", ""), line.from_ms, line.to_ms) for line in asked.said]
        # thousands of names and classes are looked for in all that was said: not on the loop that shows pop-ups
        read, where = await asyncio.to_thread(self._read, said)
        if where is None:
            return read
        async with database.transaction() as tx:
            grid = self.reference.grid
            found = await find_places(tx.session, self.names, grid, where.typed, street=asked.street_code, day=self.day)
        if not found or (not where.named and found[0].score < _SURE_ENOUGH):
            return read
        place = SuggestedPlace(candidates=found, why=_evidence(where.found))
        return read.model_copy(update={"place": place})

    def _read(self, said: list[Breath]) -> tuple[Suggestions, Where | None]:
        """All that needs no database, and the place to look up there."""
        urgency = spoken.urgency_said(said, self.urgency_words)
        read = Suggestions(
            place=None,
            classes=[
                SuggestedClass(class_code=each.code, name=each.name, path=each.path, why=_evidence(found))
                for each, found in spoken.classes_said(said, self.reference.taxonomy.classes)
            ],
            numbers=[
                SuggestedNumber(number=number, why=_evidence(found)) for number, found in spoken.numbers_said(said)
            ],
            urgency=None if urgency is None else SuggestedUrgency(urgency=urgency[0], why=_evidence(urgency[1])),
        )
        return read, spoken.where_said(said, self.names, [each.name for each in self.reference.grid.streets])


def _evidence(found: Finding) -> Evidence:
    return Evidence(words=found.words, from_ms=found.breath.from_ms, to_ms=found.breath.to_ms)
