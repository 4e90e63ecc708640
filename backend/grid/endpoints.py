"""Addresses and points on the grid over HTTP. What is asked for here says nothing of a person, so it is not audited;
what is filed with a case stands in the case."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request, Response

from backend.grid.components import Around, ComponentKinds, find_components
from backend.grid.errors import OutsideDistrict
from backend.grid.gazetteer import find_places
from backend.grid.grid import Grid
from backend.grid.names import Names
from backend.grid.schemas import ComponentOffer, GridLocation, PlaceCandidate
from backend.grid.shapes import DrawnLevel, shapes_of
from backend.grid.views import location
from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.versions import InForce

router = APIRouter(prefix="/api", tags=["grid"])

Store = Annotated[Database, Depends(database_of)]
Reader = Annotated[Principal, Depends(requires("cases.read"))]
Filer = Annotated[Principal, Depends(requires("cases.file", "rounds.write", "special.manage", "patrols.walk"))]


@router.get("/places")
async def places(
    request: Request,
    database: Store,
    _: Filer,
    q: Annotated[str, Query(max_length=200)],
    street: Annotated[str, Query(max_length=32)] = "",
) -> list[PlaceCandidate]:
    """Up to five addresses that may be meant by what was typed so far: characters, pinyin or initials.

    `street` is the street that the form says already; what lies there comes first among equals.
    """
    now = clock.now()
    async with database.transaction() as tx:
        grid = await _grid(request).at(tx.session, now)
        names = await cast("InForce[Names]", request.app.state.names).at(tx.session, now)
        day = clock.beijing(now).date()
        return await find_places(tx.session, names, grid, q.replace("\x00", ""), street=street, day=day)


@router.get("/components")
async def components(
    request: Request,
    database: Store,
    _: Filer,
    q: Annotated[str, Query(max_length=40, pattern=r"^[^\x00]*$")] = "",
    street: Annotated[str, Query(max_length=32)] = "",
    community: Annotated[str, Query(max_length=32)] = "",
    longitude: Annotated[float | None, Query(ge=-180, le=180)] = None,
    latitude: Annotated[float | None, Query(ge=-90, le=90)] = None,
) -> list[ComponentOffer]:
    """Up to eight city components 部件 of a kind, or with such a code, the nearest to a point first.

    Without a point they are looked for in the community, else in the street; with nothing typed all kinds are offered.
    """
    now = clock.now()
    point = (longitude, latitude) if longitude is not None and latitude is not None else None
    async with database.transaction() as tx:
        grid = await _grid(request).at(tx.session, now)
        kinds = await cast("InForce[ComponentKinds]", request.app.state.component_kinds).at(tx.session, now)
        around = Around(grid.street(street), grid.community(community), point)
        return await find_components(tx.session, kinds, grid, q, around, clock.beijing(now).date())


@router.get("/grid/at")
async def grid_at(
    request: Request,
    database: Store,
    _: Filer,
    longitude: Annotated[float, Query(ge=-180, le=180)],
    latitude: Annotated[float, Query(ge=-90, le=90)],
) -> GridLocation:
    """In which grid a point lies (WGS 84); raises `OutsideDistrict`."""
    async with database.transaction() as tx:
        grid = await _grid(request).at(tx.session, clock.now())
    unit = grid.locate(longitude, latitude)
    if unit is None:
        raise OutsideDistrict(
            f"The point {longitude:.5f}, {latitude:.5f} lies in no grid of the district.",
            next_step="Choose a point inside, or the street by hand.",
        )
    return location(grid, unit)


@router.get("/grid/shapes")
async def shapes(
    request: Request,
    database: Store,
    _: Reader,
    level: DrawnLevel,
    street: Annotated[str, Query(pattern=r"^\d{0,9}$")] = "",
) -> Response:
    """The areas of a level in force, of one street or of all, as GeoJSON. A base grid is no level of a map."""
    async with database.transaction() as tx:
        grid = await _grid(request).at(tx.session, clock.now())
    drawn = await asyncio.to_thread(shapes_of, grid, level, street)
    headers = {"Cache-Control": "private, no-cache", "ETag": f'"{hashlib.sha256(drawn.encode()).hexdigest()[:32]}"'}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(drawn, media_type="application/geo+json", headers=headers)


def _grid(request: Request) -> InForce[Grid]:
    return cast("InForce[Grid]", request.app.state.grid)
