"""The delivered grid, generated once."""

from __future__ import annotations

import pytest

from backend.grid.area import Area
from backend.grid.file import GRID, GridFile
from backend.grid.grid import Grid
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.datafile import load_data

DISTRICT = PROJECT_ROOT / "configs" / "grid" / "district.yaml"


@pytest.fixture(scope="session")
def district() -> GridFile:
    """The delivered file."""
    return load_data(GridFile, DISTRICT, GRID.check)


@pytest.fixture(scope="session")
def areas(district: GridFile) -> list[Area]:
    """Every area of it."""
    return district.areas


@pytest.fixture(scope="session")
def grid(areas: list[Area]) -> Grid:
    """The areas as the platform holds them."""
    return Grid(areas)
