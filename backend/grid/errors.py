"""What can be wrong with a place that somebody asks for."""

from __future__ import annotations

from backend.kernel.errors import NotFound


class OutsideDistrict(NotFound):
    """The point lies in no grid of the district."""
