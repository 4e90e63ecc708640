"""What a case is found by: written in the transaction of the case, read by the list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kernel.grams import Gram, as_query, as_vector, document, grams_for, grams_of

SOURCE = (
    "case_id", "filed_at", "what", "address", "answer", "class_name", "street_name", "community_name", "number",
    "citizen_name", "identity_secret", "street_code", "community_code", "class_code", "channel", "source_reference",
    "component_code", "component_name",
)  # fmt: skip
"""The columns of a case from which its row is made."""
_TEXTS = (
    "what", "address", "answer", "class_name", "street_name", "community_name", "number", "source_reference",
    "component_name", "component_code",
)  # fmt: skip
_CITIZEN = "name:"
"""Before the grams of the citizen's name: nobody finds them who may not search for names. No gram is so long."""

_KEEP = text(
    "INSERT INTO case_search (case_id, filed_at, document, citizen, grams)"
    " VALUES (:case_id, :filed_at, :document, :citizen, CAST(:grams AS tsvector))"
    " ON CONFLICT (case_id) DO UPDATE SET document = excluded.document, citizen = excluded.citizen,"
    " grams = excluded.grams"
)


def search_row(case: Mapping[str, Any], added: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The row of `case_search` for a case with the columns of `SOURCE` and the forms that were added to it; pure.

    A column that is not there, because the case is older than it, says nothing.
    """
    said = document([*(case.get(name) or "" for name in _TEXTS), *(text for form in added for text in _said_in(form))])
    citizen = "" if case["identity_secret"] else document([case["citizen_name"]])
    grams = grams_of(said) | {_CITIZEN + gram for gram in grams_of(citizen)} | set(_facets(case))
    return {
        "case_id": case["case_id"],
        "filed_at": case["filed_at"],
        "document": said,
        "citizen": citizen,
        "grams": as_vector(sorted(grams)),
    }


def words_query(words: Iterable[str], *, names: bool) -> str:
    """The tsquery for all of these words, each in the text or (with `names`) in the citizen's name."""
    return " & ".join(_word_query(word, names=names) for word in words)


def facet_query(name: str, code: str, *, below: bool = False) -> str:
    """The tsquery for a facet of `_facets`; with `below` also for all codes that continue this one."""
    return as_query([Gram(_facet(name, code), prefix=below)])


async def keep_findable(session: AsyncSession, case: object, added: Iterable[Mapping[str, Any]] = ()) -> None:
    """Let a case be found by what it and all that was `added` to it say now.

    To be called by whoever files it or changes its words, in that transaction.
    """
    await session.execute(_KEEP, search_row({name: getattr(case, name) for name in SOURCE}, added))


def _said_in(form: Mapping[str, Any]) -> Iterable[str]:
    """What an added form says of the matter: as the case's own words, and nothing of the citizen."""
    yield form.get("what") or ""
    yield form.get("address") or ""
    if form.get("answered_at_once"):
        yield form.get("answer") or ""


def _word_query(word: str, *, names: bool) -> str:
    needed = grams_for(word)
    in_text = as_query(needed)
    if not names:
        return in_text
    in_name = as_query(Gram(_CITIZEN + gram.text, prefix=gram.prefix) for gram in needed)
    return f"(({in_text}) | ({in_name}))"


def _facets(case: Mapping[str, Any]) -> Iterable[str]:
    for name in ("street", "community", "class"):
        if case[f"{name}_code"]:
            yield _facet(name, case[f"{name}_code"])
    yield _facet("channel", case["channel"])


def _facet(name: str, code: str) -> str:
    return f"{name}:{code}"
