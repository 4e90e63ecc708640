"""The reference data of an installation: which sets there are, and which files are delivered with the platform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from backend.app.config import Installation, timekeeping
from backend.cases.conditions import FILING
from backend.cases.reference import References
from backend.grid.file import GRID
from backend.grid.places_file import PLACES
from backend.identity import audit
from backend.kernel import clock
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.database import Database, Transaction
from backend.kernel.loading import ChangeKind, Dataset, Report, load
from backend.kernel.versions import versions_of
from backend.quality.file import RULES
from backend.rectification.file import EntriesReport, InForceNow, load_entries
from backend.rectification.kinds import SPECIAL, kinds_on
from backend.reviews.sheets import SCORE_SHEETS
from backend.taxonomy.crossing import CROSSING
from backend.taxonomy.file import TAXONOMY
from backend.units.directory import units_on
from backend.units.file import UNITS

_CONFIGS = PROJECT_ROOT / "configs"
SPECIAL_EXAMPLE = _CONFIGS / "special" / "entries.example.yaml"
"""Made-up entries of special lists: they show the format, and the demo has them."""


@dataclass(frozen=True)
class Delivered:
    """A set of reference data, and the files of it that the platform is delivered with."""

    dataset: Dataset[Any]
    files: tuple[Path, ...]
    what: str


DELIVERED: Mapping[str, Delivered] = {
    each.dataset.name: each
    for each in (
        Delivered(UNITS, (_CONFIGS / "units" / "dongcheng.yaml",), "Units 承办单位 and their duties."),
        Delivered(
            TAXONOMY,
            tuple(_CONFIGS / "taxonomy" / f"{scheme}.yaml" for scheme in ("hotline", "city", "social")),
            "Classes of cases in four levels; one file for each classification.",
        ),
        Delivered(CROSSING, (_CONFIGS / "taxonomy" / "crossing.yaml",), "The crossing index 七有五性."),
        Delivered(FILING, (_CONFIGS / "filing" / "conditions.yaml",), "Filing conditions 立案条件 of the classes."),
        Delivered(SPECIAL, (_CONFIGS / "special" / "kinds.yaml",), "Kinds of special lists 专项整治台账."),
        Delivered(
            RULES, tuple(sorted((_CONFIGS / "quality").glob("*.yaml"))), "Quality rules 质检规则, one file for a set."
        ),
        Delivered(SCORE_SHEETS, (_CONFIGS / "reviews" / "score_sheets.yaml",), "Score sheets 质检评分表 of reviews."),
        Delivered(GRID, (_CONFIGS / "grid" / "district.yaml",), "Streets, grids 网格 and components 部件."),
        Delivered(PLACES, (_CONFIGS / "grid" / "places.yaml",), "Addresses, which the case form finds."),
    )
}
"""In the order in which they are loaded: what refers to others comes after them."""


async def load_files(tx: Transaction, wanted: Iterable[tuple[str, Path]], now: datetime) -> list[Report]:
    """Load these files in their order; what each changed stands in the audit log.

    Raises `DataInvalid`; the transaction must not be committed then.
    """
    reports = []
    for name, path in wanted:
        report = await load(tx, DELIVERED[name].dataset, path, now)
        reports.append(report)
        if not report.known:
            counts = {kind.value: report.count(kind) for kind in ChangeKind}
            detail = {"version": report.version, "valid_from": f"{report.valid_from}", "file": path.name, **counts}
            await audit.record(tx, None, "data_loaded", "dataset", report.dataset, detail, at=now)
    return reports


def delivered_files(names: Iterable[str] = DELIVERED) -> list[tuple[str, Path]]:
    """The delivered files of these sets, in the order in which they are loaded."""
    wanted = set(names)
    return [(name, path) for name, each in DELIVERED.items() if name in wanted for path in each.files]


async def load_special_entries(tx: Transaction, here: Installation, path: Path, now: datetime) -> EntriesReport:
    """Load entries of special lists from a file, against the reference data in force; raises `DataInvalid`."""
    day = clock.beijing(now).date()
    reference = await References(timekeeping(here)).at(tx, now)
    held = InForceNow(await kinds_on(tx.session, day), await units_on(tx.session, day), reference)
    return await load_entries(tx, path, held, now)


async def load_what_is_missing(database_url: str) -> None:
    """Load the delivered files of every set of which nothing was ever loaded, so that a new installation can work."""
    database = Database(database_url, pool_size=1, application_name="hotline load")
    try:
        async with database.transaction() as tx:
            missing = [name for name in DELIVERED if not await versions_of(tx.session, name)]
            await load_files(tx, delivered_files(missing), clock.now())
    finally:
        await database.close()
