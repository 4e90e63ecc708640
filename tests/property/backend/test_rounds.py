"""Whatever is typed into the diary or the ledger is kept clean or refused by a named rule; the rest is never lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.cases.rules import ReferenceData, clean_text
from backend.deadlines.rules import load_timekeeping
from backend.grid.beat import Beat, own_beat
from backend.grid.errors import NoBeat
from backend.grid.file import GridFile
from backend.grid.grid import Grid
from backend.identity.principal import Principal
from backend.kernel.clock import day_begins, day_ends
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.datafile import load_data
from backend.kernel.errors import HotlineError
from backend.rounds.rules import OLDEST, CheckedEntry, Held, check_entry, fingerprint
from backend.rounds.schemas import DiaryKind, Journal, RoundContent, RoundWritten
from backend.taxonomy.taxonomy import load_taxonomy

CONFIGS = PROJECT_ROOT / "configs"
REFERENCE = ReferenceData(
    Grid(load_data(GridFile, CONFIGS / "grid" / "district.yaml").areas),
    load_taxonomy(CONFIGS / "taxonomy" / "hotline.yaml", CONFIGS / "taxonomy" / "social.yaml"),
    load_timekeeping(CONFIGS / "calendar.yaml", CONFIGS / "deadlines.yaml"),
)
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
STREET, COMMUNITY, ELSEWHERE = "110101013", "110101013007", "110101014001"
codes = st.sampled_from(["", COMMUNITY, ELSEWHERE, STREET, "1"]) | st.text(max_size=15)
contents = st.builds(
    RoundContent,
    at=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    kind=st.none() | st.sampled_from(DiaryKind),
    class_code=st.sampled_from(["", "0102", "G030102", "G03", "X"]),
    what=st.text(max_size=60),
    result=st.text(max_size=60),
    address=st.text(max_size=60),
    community_code=codes,
    place=st.none(),
)
beats = st.sampled_from([Beat(STREET, COMMUNITY), Beat(STREET), Beat("110101014", ELSEWHERE)])


def checked(journal: Journal, said: RoundContent, beat: Beat) -> tuple[CheckedEntry | None, HotlineError | None]:
    try:
        return check_entry(journal, said, Held(beat, REFERENCE), NOW, NOW), None
    except HotlineError as error:
        return None, error


@given(contents, st.sampled_from(Journal), beats)
def test_an_entry_is_clean_or_refused_by_a_rule_that_names_its_field(
    said: RoundContent, journal: Journal, beat: Beat
) -> None:
    kept, refusal = checked(journal, said, beat)
    if kept is None:
        assert refusal is not None
        assert refusal.field in RoundContent.model_fields
        assert refusal.next_step
        return
    assert NOW - OLDEST <= kept.at <= NOW
    assert kept.what == clean_text(kept.what) != ""
    assert (kept.kind is None) == (journal is Journal.LEDGER)
    assert kept.where.community is not None
    assert beat.covers(kept.where.street.code, kept.where.community.code)
    if journal is Journal.LEDGER:
        assert kept.case_class is not None
        assert kept.case_class.scheme == "social"


@given(contents, contents)
def test_two_entries_have_one_fingerprint_when_they_say_the_same(one: RoundContent, other: RoundContent) -> None:
    assert (fingerprint(Journal.DIARY, one) == fingerprint(Journal.DIARY, other)) == (one == other)
    again = RoundWritten(entry_id=uuid4(), **one.model_dump())
    assert fingerprint(Journal.DIARY, again) == fingerprint(Journal.DIARY, one)
    assert fingerprint(Journal.LEDGER, one) != fingerprint(Journal.DIARY, one)


def person(unit: str | None) -> Principal:
    return Principal(UUID(int=1), "grid", "网格员", (), frozenset(), UUID(int=2), NOW, unit)


@pytest.mark.parametrize(
    ("unit", "beat"), [(COMMUNITY, Beat(STREET, COMMUNITY)), (STREET, Beat(STREET)), ("D34", None), (None, None)]
)
def test_the_beat_is_that_of_the_unit(unit: str | None, beat: Beat | None) -> None:
    if beat is None:
        with pytest.raises(NoBeat):
            own_beat(person(unit), REFERENCE.grid)
    else:
        assert own_beat(person(unit), REFERENCE.grid) == beat


@given(st.dates())
def test_a_day_has_a_beginning_and_an_end_whichever_it_is(day: object) -> None:
    begins, ends = day_begins(day), day_ends(day)  # type: ignore[arg-type]
    assert begins < ends
    assert begins.date() == day
    assert ends - begins <= timedelta(days=1)
