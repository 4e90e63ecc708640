"""What the sample's shapes are generated from: `sample` in configs/grid/district.yaml."""

from __future__ import annotations

from itertools import chain

from pydantic import BaseModel, ConfigDict, Field

from backend.grid.area import Attention, GridKind


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StreetShare(_Part):
    """A street and its share of the area."""

    street: str
    area: float = Field(gt=0)


class ComponentPlan(_Part):
    """So many components of one kind; `code` are the digits with which their codes begin."""

    kind: str
    code: str = Field(pattern=r"^\d{4}$")
    count: int = Field(ge=0, le=99_999)


Column = tuple[StreetShare, ...]


class SamplePlan(_Part):
    """The whole plan. `outline` holds longitude and latitude; `rows` go from north to south, a row from west to east,
    and a list within a row from north to south."""

    area_km2: float = Field(gt=0)
    outline: tuple[tuple[float, float], ...] = Field(min_length=3)
    rows: tuple[tuple[StreetShare | Column, ...], ...] = Field(min_length=1)
    base_grids: int = Field(gt=0)
    unit_grids: int = Field(gt=0)
    kinds: dict[GridKind, int]
    levels: dict[Attention, int]
    components: tuple[ComponentPlan, ...] = ()

    @property
    def columns(self) -> list[list[Column]]:
        """The rows, each as a list of columns, each of these a list of streets."""
        return [[(cell,) if isinstance(cell, StreetShare) else cell for cell in row] for row in self.rows]

    @property
    def streets(self) -> list[StreetShare]:
        """The streets of all rows."""
        return list(chain.from_iterable(chain.from_iterable(self.columns)))
