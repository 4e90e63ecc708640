"""The figures over HTTP."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request

from backend.figures.schemas import FiguresQuery, FiguresView
from backend.figures.service import FiguresDesk
from backend.identity.access import requires
from backend.identity.principal import Principal
from backend.kernel import clock

router = APIRouter(prefix="/api/figures", tags=["figures"])


@router.get("")
async def figures(
    request: Request,
    asked: Annotated[FiguresQuery, Query()],
    _: Annotated[Principal, Depends(requires("figures.read"))],
) -> FiguresView:
    """Rates by queue and by seat, of a rolling window or of a day."""
    desk = cast("FiguresDesk", request.app.state.figures)
    return await desk.figures(asked.span, asked.day, clock.now())
