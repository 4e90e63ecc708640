"""What can be wrong with a place that somebody asks for."""

from __future__ import annotations

from backend.kernel.errors import Forbidden, NotFound


class OutsideDistrict(NotFound):
    """The point lies in no grid of the district."""


class NoBeat(Forbidden):
    """The person's account belongs to no community or street of the grid."""

    def __init__(self) -> None:
        super().__init__(
            "Your account belongs to no community and no street.",
            kept="Nothing was changed.",
            next_step="The administrator enters it: hotline user unit NAME CODE.",
        )


class NotYourBeat(Forbidden):
    """The place lies in a community that is not the person's own."""

    def __init__(self) -> None:
        super().__init__(
            "This community is not yours.",
            kept="What you typed is still on the screen.",
            next_step="Choose a community of your own.",
            field="community_code",
        )
