"""The sample's areas: every community cut into base grids and these into unit grids, without gap or overlap, so that
the children of each area add up to it exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random
from typing import TypeVar

from shapely import Polygon, STRtree, coverage_union_all, get_parts, normalize, polygonize, transform, union_all

from backend.grid.area import Area, Level
from backend.grid.sample.cutting import cut_in_blocks
from backend.grid.sample.land import UNEVEN, District, Lot, apportion

_SEED = 41840
_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class _Piece:
    """The land of one unit grid, in metres."""

    lot: Lot
    base: int
    unit: int
    land: Polygon


def sample_areas(district: District) -> list[Area]:
    """Every area of the sample: streets first, unit grids last, each level by code."""
    random = Random(_SEED)
    pieces = [piece for lot in district.lots() for piece in _pieces(lot, random)]
    shapes = _coverage(district, [piece.land for piece in pieces])
    units = [_unit(piece, shape) for piece, shape in zip(pieces, shapes, strict=True)]
    first = {_base_code(piece): piece for piece in reversed(pieces)}
    bases = [_base(district, first[code], code, shape, random) for code, shape in _wholes(units)]
    lots = {piece.lot.community.code: piece.lot for piece in pieces}
    communities = [
        Area(
            code,
            Level.COMMUNITY,
            lots[code].community.name,
            lots[code].street.code,
            shape,
            spelling=lots[code].community.pinyin,
        )
        for code, shape in _wholes(bases)
    ]
    streets = {street.code: street for street in district.streets}
    return [
        *(
            Area(code, Level.STREET, streets[code].name, None, shape, spelling=streets[code].pinyin)
            for code, shape in _wholes(communities)
        ),
        *communities,
        *bases,
        *units,
    ]


def _pieces(lot: Lot, random: Random) -> Iterator[_Piece]:
    counts = apportion(lot.unit_grids, [random.uniform(*UNEVEN) for _ in range(lot.base_grids)])
    unit = 0
    for base, (land, count) in enumerate(zip(cut_in_blocks(lot.land, counts), counts, strict=True), 1):
        for block in cut_in_blocks(land, [random.uniform(*UNEVEN) for _ in range(count)]):
            unit += 1
            yield _Piece(lot, base, unit, block)


def _coverage(district: District, lands: Sequence[Polygon]) -> list[Polygon]:
    """The same pieces in degrees, with a corner wherever a neighbour has one: a coverage in the strict sense."""
    rough = [transform(land, district.to_degrees) for land in lands]
    faces = get_parts(polygonize(list(get_parts(union_all([each.exterior for each in rough])))))
    pieces, found = STRtree(faces).query([each.representative_point() for each in rough], predicate="within")
    return [normalize(faces[face]) for _, face in sorted(zip(pieces.tolist(), found.tolist(), strict=True))]


def _wholes(parts: Sequence[Area]) -> Iterator[tuple[str, Polygon]]:
    """What each parent of these areas covers; the children of one parent stand together."""
    for code, children in groupby(parts, key=lambda part: str(part.parent)):
        whole = coverage_union_all([child.shape for child in children])
        assert isinstance(whole, Polygon), code
        yield code, normalize(whole)


def _base_code(piece: _Piece) -> str:
    return f"{piece.lot.community.code}{piece.base:02d}"


def _unit(piece: _Piece, shape: Polygon) -> Area:
    code = f"{piece.lot.community.code}{piece.unit:03d}"
    return Area(code, Level.UNIT_GRID, code, _base_code(piece), shape)


def _base(district: District, piece: _Piece, code: str, shape: Polygon, random: Random) -> Area:
    community = piece.lot.community
    return Area(
        code,
        Level.BASE_GRID,
        f"{community.name}第{piece.base}网格",
        community.code,
        shape,
        kind=_drawn(district.plan.kinds, random),
        attention=_drawn(district.plan.levels, random),
    )


def _drawn(shares: Mapping[_Kind, int], random: Random) -> _Kind:
    return random.choices(list(shares), weights=list(shares.values()))[0]
