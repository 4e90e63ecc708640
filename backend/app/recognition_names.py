"""Names that recognition writes as they are written: of the district's streets, communities and units, and others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from backend.app.config import Installation
from backend.grid.file import GridFile
from backend.kernel.config import ConfigurationInvalid, load
from backend.units.file import UnitFile

MOST_BYTES = 100_000
"""The recogniser's process is given them on its command line, where one argument may have 128 KB."""


class NameFile(BaseModel):
    """The file `configs/names.yaml`; the files that it refers to stand relative to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    grid: Path | None = None
    units: Path | None = None
    names: tuple[str, ...] = ()


def recognition_names(installation: Installation) -> tuple[str, ...]:
    """All names of the configured file and of the files that it refers to; none without one.

    They are read from files and not from the database, which the machine of a PBX need not reach to write captions.
    Raises `ConfigurationInvalid`.
    """
    configured = installation.config.recognition.names
    if configured is None:
        return ()
    path = installation.path(configured)
    names = tuple(dict.fromkeys(_names(path)))
    size = sum(len(name.encode()) + len(',""') for name in names)  # as JSON
    if size > MOST_BYTES:
        raise ConfigurationInvalid(
            f"{path} has {len(names)} names of {size} bytes; {MOST_BYTES} bytes are the most.",
            next_step="Leave out names that callers hardly ever say.",
        )
    return names


def _names(path: Path) -> Iterator[str]:
    file = load(NameFile, path)
    yield from file.names
    if file.grid is not None:
        grid = load(GridFile, path.parent / file.grid)
        for street in grid.streets:
            yield street.name
            yield from (community.name for community in street.communities)
        yield from (feature.properties.name for feature in grid.features if feature.is_area)
    if file.units is not None:
        units = load(UnitFile, path.parent / file.units)
        for unit in (units.centre, *units.reception, *units.streets, *units.communities, *units.departments):
            yield unit.name
            yield from unit.aliases
