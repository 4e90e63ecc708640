"""How much is drawn for review, and for how long an agent may appeal (configs/hotline.yaml, `reviews`)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class ReviewSettings(BaseModel):
    """Quotas of drawing, and the time for appeals.

    Every call with a fatal hit of the last `fatal_days` is drawn; of each agent `random_per_agent` calls within
    `look_back_days`, and each day `risk_a_day` more, the riskier the likelier. Nobody is given more than
    `per_reviewer_a_day`; what is left over waits for the next day. Who draws by hand gets at most `at_once` more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_reviewer_a_day: Annotated[int, Field(ge=1, le=500)] = 30
    random_per_agent: Annotated[int, Field(ge=0, le=100)] = 2
    risk_a_day: Annotated[int, Field(ge=0, le=1000)] = 10
    at_once: Annotated[int, Field(ge=1, le=50)] = 5
    look_back_days: Annotated[int, Field(ge=1, le=60)] = 7
    fatal_days: Annotated[int, Field(ge=1, le=365)] = 90
    appeal_days: Annotated[int, Field(ge=1, le=60)] = 5
    calibrations_shown_days: Annotated[int, Field(ge=1, le=730)] = 180

    @property
    def look_back(self) -> timedelta:
        """How far back calls are drawn at random and by risk."""
        return timedelta(days=self.look_back_days)

    @property
    def appeal_time(self) -> timedelta:
        """How long an agent may appeal after the score."""
        return timedelta(days=self.appeal_days)
