"""Reference data on a real PostgreSQL: loaded whole or not at all, never deleted, noticed by who works with it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from backend.app.datasets import delivered_files, load_files, load_what_is_missing
from backend.app.schema import upgrade_schema
from backend.cases.conditions import load_conditions
from backend.cases.reference import References
from backend.deadlines.rules import load_timekeeping
from backend.identity.models import AuditEntry, User
from backend.identity.permissions import load_roles
from backend.identity.users import Account, ensure_users
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.database import Database, events_table
from backend.kernel.datafile import DataInvalid
from backend.kernel.loading import Report
from backend.kernel.versions import DataMissing, versions_of, versions_on
from backend.taxonomy.taxonomy import load_taxonomy, taxonomy_on
from backend.units.directory import units_in_force, units_on
from backend.units.models import Unit
from tests.conftest import REFERENCE, new_database

pytestmark = pytest.mark.integration

CONFIGS = PROJECT_ROOT / "configs"
KEPT_TIME = load_timekeeping(CONFIGS / "calendar.yaml", CONFIGS / "deadlines.yaml")
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
FIRST = """version: "1"
valid_from: 2026-11-01
centre: {code: C00, name: 区中心}
departments:
  - {code: D01, name: 区水务局, duties: [排水]}
  - {code: D02, name: 区商务局}
"""
SECOND = """version: "2"
valid_from: 2026-12-01
centre: {code: C00, name: 区中心}
departments:
  - {code: D01, name: 区水务局, duties: [排水, 防汛]}
  - {code: D03, name: 区体育局}
"""


@pytest.fixture(scope="module")
def own_url(postgres_url: str) -> Iterator[str]:
    """A database of this module, whose reference data its tests change."""
    with new_database(postgres_url, f"hotline_load_{os.getpid()}") as url:
        asyncio.run(upgrade_schema(url))
        yield url


@pytest.fixture
async def own(own_url: str) -> AsyncIterator[Database]:
    """The same, with nothing loaded."""
    database = Database(own_url, pool_size=3)
    async with database.transaction() as tx:
        await tx.session.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.session.execute(text(f"TRUNCATE {', '.join(sorted(REFERENCE))}, users, audit_log, events CASCADE"))
    yield database
    await database.close()


async def load(database: Database, folder: Path, content: str, now: datetime = NOW) -> Report:
    file = folder / "units.yaml"
    file.write_text(content, encoding="utf-8")
    async with database.transaction() as tx:
        return (await load_files(tx, [("units", file)], now))[0]


def told(report: Report) -> list[tuple[str, str]]:
    return [(change.kind.value, change.code) for change in report.changes]


async def names_on(database: Database, day: date) -> list[str]:
    async with database.transaction() as tx:
        return [unit.name for unit in (await units_on(tx.session, day)).units]


async def rows(database: Database, column: Any) -> list[Any]:
    async with database.transaction() as tx:
        return list((await tx.session.execute(select(column))).scalars())


async def test_a_new_version_adds_changes_and_ends_and_what_was_is_still_known(own: Database, tmp_path: Path) -> None:
    first = await load(own, tmp_path, FIRST)
    assert told(first) == [("added", "C00"), ("added", "D01"), ("added", "D02")]
    second = await load(own, tmp_path, SECOND)
    assert told(second) == [("changed", "D01"), ("ended", "D02"), ("added", "D03")]
    assert second.changes[0].fields == {"duties": (["排水"], ["排水", "防汛"])}
    assert await names_on(own, date(2026, 10, 31)) == []
    assert await names_on(own, date(2026, 11, 30)) == ["区中心", "区水务局", "区商务局"]
    assert await names_on(own, date(2026, 12, 1)) == ["区中心", "区水务局", "区体育局"]
    async with own.transaction() as tx:
        assert await versions_on(tx.session, "units", date(2026, 11, 30)) == {"units": "1"}
        assert await versions_on(tx.session, "units", date(2026, 12, 1)) == {"units": "2"}
        centre = (await tx.session.execute(select(Unit).where(Unit.code == "C00"))).scalars().one()
        assert (centre.version, centre.valid_to) == ("1", None)


async def test_the_same_file_again_changes_nothing_and_tells_nobody(own: Database, tmp_path: Path) -> None:
    await load(own, tmp_path, FIRST)
    again = await load(own, tmp_path, FIRST.replace("departments:", "# a remark is no content\ndepartments:"))
    assert again.known
    assert again.changes == ()
    assert len(await rows(own, Unit.code)) == 3
    assert await rows(own, events_table.c.topic) == ["data_loaded"]
    assert await rows(own, AuditEntry.action) == ["data_loaded"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (FIRST.replace("区水务局", "区河湖局"), "line 1: version: 1 was loaded on 2026-11-22 with other content"),
        (SECOND.replace("2026-12-01", "2026-10-01"), "line 2: valid_from: it cannot begin before 2026-11-01"),
        (SECOND.replace("D03", "D01"), "line 5: code: the code D01 stands twice"),
    ],
)
async def test_a_file_with_a_mistake_changes_nothing(own: Database, tmp_path: Path, content: str, line: str) -> None:
    await load(own, tmp_path, FIRST)
    with pytest.raises(DataInvalid) as refused:
        await load(own, tmp_path, content)
    assert any(str(mistake).startswith(line) for mistake in refused.value.mistakes), refused.value.message
    assert refused.value.kept
    assert refused.value.next_step
    assert sorted(await rows(own, Unit.code)) == ["C00", "D01", "D02"]
    assert await rows(own, events_table.c.topic) == ["data_loaded"]


async def test_who_works_with_it_notices_a_new_version_and_a_new_day(own: Database, tmp_path: Path) -> None:
    units = units_in_force()
    async with own.transaction() as tx:
        with pytest.raises(DataMissing) as missing:
            await units.at(tx.session, NOW)
    assert "hotline load units" in missing.value.next_step
    await load(own, tmp_path, FIRST)
    async with own.transaction() as tx:
        before = await units.at(tx.session, NOW)
        assert await units.at(tx.session, NOW) is before
    await load(own, tmp_path, SECOND)
    async with own.transaction() as tx:
        assert (await units.at(tx.session, NOW)).unit("D03") is None
        december = await units.at(tx.session, NOW + timedelta(days=9))
    assert december.unit("D02") is None
    assert [unit.name for unit in december.search("防汛")] == ["区水务局"]
    assert before.unit("D02") is not None


async def test_what_is_delivered_fits_together_and_can_be_loaded_in_one_go(own: Database) -> None:
    async with own.transaction() as tx:
        reports = await load_files(tx, delivered_files(), NOW)
    assert [each.dataset for each in reports] == [
        "units", "taxonomy/hotline", "taxonomy/city", "taxonomy/social", "crossing", "filing", "special",
        "quality/citizen", "quality/course", "quality/discipline", "quality/record", "quality/sound", "reviews", "grid",
        "places",
    ]  # fmt: skip
    references = References(KEPT_TIME)
    async with own.transaction() as tx:
        now = await references.at(tx, NOW)
        units = await units_on(tx.session, NOW.date())
    files = (CONFIGS / "taxonomy" / f"{scheme}.yaml" for scheme in ("hotline", "city", "social"))
    assert now.taxonomy.as_options() == load_taxonomy(*files).as_options()
    for place in (*now.grid.streets, *now.grid.communities):
        unit = units.unit(place.code)
        assert unit is not None, place
        assert place.name in unit.aliases
    assert now.taxonomy.versions == dict.fromkeys(("hotline", "city", "social"), "sample-2026.11")
    conditions = load_conditions(CONFIGS / "filing" / "conditions.yaml").conditions
    assert sorted(now.conditions.conditions, key=lambda each: each.class_code) == sorted(
        conditions, key=lambda each: each.class_code
    )


CLASSES = """scheme: own
version: "{version}"
valid_from: 2026-11-01
classes:
  - {{code: X01, name: 甲类, limit: {{kind: working_days, amount: 3}}, duty: {duty}}}
"""


async def load_other(database: Database, folder: Path, name: str, content: str) -> Report:
    file = folder / "other.yaml"
    file.write_text(content, encoding="utf-8")
    async with database.transaction() as tx:
        return (await load_files(tx, [(name, file)], NOW))[0]


async def test_what_refers_to_what_does_not_exist_is_refused_by_its_line(own: Database, tmp_path: Path) -> None:
    await load(own, tmp_path, FIRST)
    with pytest.raises(DataInvalid, match=r"line 5: duty: there is no department D09"):
        await load_other(own, tmp_path, "taxonomy", CLASSES.format(version=1, duty="D09"))
    await load_other(own, tmp_path, "taxonomy", CLASSES.format(version=1, duty="D01"))
    with pytest.raises(DataInvalid, match=r"line 5: code: the code X01 belongs to taxonomy/own"):
        await load_other(
            own, tmp_path, "taxonomy", CLASSES.format(version=1, duty="D01").replace("scheme: own", "scheme: other")
        )
    head = 'version: "1"\nvalid_from: 2026-11-01\n'
    with pytest.raises(DataInvalid, match=r"line 4: classes: there is no class X02"):
        await load_other(
            own, tmp_path, "crossing", f"{head}entries:\n  - {{code: Q01, name: 幼有所育, classes: [X01, X02]}}\n"
        )
    with pytest.raises(DataInvalid, match=r"line 4: class: there is no class X02"):
        await load_other(own, tmp_path, "filing", f"{head}conditions:\n  - {{class: X02, needs: [address]}}\n")


async def test_a_class_that_is_gone_is_not_offered_but_what_it_was_is_known(own: Database, tmp_path: Path) -> None:
    await load(own, tmp_path, FIRST)
    await load_other(own, tmp_path, "taxonomy", CLASSES.format(version=1, duty="street"))
    changed = CLASSES.format(version=2, duty="street").replace("X01", "X02").replace("2026-11-01", "2026-11-10")
    report = await load_other(own, tmp_path, "taxonomy", changed)
    assert told(report) == [("ended", "X01"), ("added", "X02")]
    async with own.transaction() as tx:
        before, after = [await taxonomy_on(tx.session, date(2026, 11, day)) for day in (9, 10)]
    assert (before.case_class("X02"), after.case_class("X01")) == (None, None)
    assert before.version_of(before.classes[0]) == "own/1"
    assert after.version_of(after.classes[0]) == "own/2"


async def test_several_that_load_at_once_load_once(own_url: str, own: Database) -> None:
    await asyncio.gather(*(load_what_is_missing(own_url) for _ in range(3)))
    async with own.transaction() as tx:
        loaded = await versions_of(tx.session, "units")
    assert [each.version for each in loaded] == ["sample-2026.11"]
    assert len(await rows(own, Unit.code)) == 289


def hotline(database: Database, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return subprocess.run(
        [sys.executable, "-m", "backend.app", *arguments],
        env={**environment, "HOTLINE_DATABASE_URL": database.url}, cwd=PROJECT_ROOT,
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip


async def test_the_command_says_line_by_line_what_it_does(own: Database, tmp_path: Path) -> None:
    file = tmp_path / "units.yaml"
    file.write_text(FIRST, encoding="utf-8")
    dry = hotline(own, "load", "units", str(file), "--dry-run")
    assert "+ D01 区水务局" in dry.stderr
    assert await rows(own, Unit.code) == []
    assert "3 added, 0 changed, 0 ended" in hotline(own, "load", "units", str(file)).stderr
    file.write_text(SECOND, encoding="utf-8")
    said = hotline(own, "load", "units", str(file)).stderr
    assert "~ D01 区水务局  duties: ['排水'] -> ['排水', '防汛']" in said
    assert "- D02 区商务局" in said
    file.write_text(SECOND.replace('"2"', '"3"').replace("D03", "d3"), encoding="utf-8")
    refused = hotline(own, "load", "units", str(file))
    assert refused.returncode == 1
    assert "! line 6: code: String should match" in refused.stderr
    assert sorted(await rows(own, Unit.code)) == ["C00", "D01", "D01", "D02", "D03"]
    shown = hotline(own, "load", "history", "units", "--on", "2026-11-30").stderr
    marked = [line.split()[1] for line in shown.splitlines() if line.rstrip().endswith("in force")]
    assert marked == ["1"]


async def test_a_person_works_for_a_unit_that_exists(own: Database) -> None:
    async with own.transaction() as tx:
        await load_files(tx, delivered_files(["units"]), NOW)
        await tx.session.execute(
            text(
                "INSERT INTO users (user_id, username, display_name, password_hash, roles, active, created_at)"
                " VALUES (gen_random_uuid(), 'liu', '刘强', '', '{unit}', true, now())"
            )
        )
    assert hotline(own, "user", "unit", "liu", "110101013").returncode == 0
    assert "110101013" in hotline(own, "user", "list").stderr
    nowhere = hotline(own, "user", "unit", "liu", "X99")
    assert nowhere.returncode == 1
    assert "UnknownUnit" in nowhere.stderr
    assert await rows(own, AuditEntry.action) == ["data_loaded", "unit_set"]
    zhao = Account("zhao", "赵敏", "a long enough password", ("unit",), "110101001")
    roles = load_roles(CONFIGS / "roles.yaml")
    for moved in (zhao, zhao, replace(zhao, unit_code="110101002")):
        async with own.transaction() as tx:
            await ensure_users(tx, roles, [moved], NOW)
    assert sorted(filter(None, await rows(own, User.unit_code))) == ["110101002", "110101013"]
    assert (await rows(own, AuditEntry.action))[2:] == ["user_created", "unit_set"]
