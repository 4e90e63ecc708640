"""What a person may do: the permissions that the platform knows, and the roles that give them (configs/roles.yaml).

A permission is something that code asks for, so its name stands in code; who has it is data.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from backend.kernel.config import load
from backend.kernel.errors import HotlineError


class Permission(StrEnum):
    """Everything that an endpoint or a console command may ask for.

    `calls.read_own` shows the calls that this person answered, `calls.read` all; the same holds for what hangs on a
    call: its recording, its transcript, its whole number. `rounds.write` is for the diary and ledger of the own
    community or street, `rounds.read` shows those of all. `quality.read` shows what checks found in all calls,
    `quality.read_own` in those that this person answered. `reviews.judge` is for who scores calls,
    `reviews.read_own` for who reads the scores of own calls and may appeal. `reviews.assign` gives waiting
    reviews to other reviewers. `boards.read` shows how quality stands with everybody, `boards.read_group` with the own
    group of the hall.
    """

    DESK_SIT = "desk.sit"
    CALLS_READ = "calls.read"
    CALLS_READ_OWN = "calls.read_own"
    CALLS_DIAL = "calls.dial"
    RECORDINGS_PLAY = "recordings.play"
    RECORDINGS_CLIP = "recordings.clip"
    TRANSCRIPTS_READ = "transcripts.read"
    TRANSCRIPTS_SEARCH = "transcripts.search"
    NUMBERS_REVEAL = "numbers.reveal"
    CASES_READ = "cases.read"
    CASES_FILE = "cases.file"
    CASES_DISPATCH = "cases.dispatch"
    CASES_EXPORT = "cases.export"
    CASES_COORDINATE = "cases.coordinate"
    CASES_GRANT = "cases.grant"
    CASES_SUPERVISE = "cases.supervise"
    CASES_VERIFY = "cases.verify"
    APPEALS_REVIEW = "appeals.review"
    TASKS_HANDLE = "tasks.handle"
    TASKS_AGREE = "tasks.agree"
    PATROLS_WALK = "patrols.walk"
    CALLBACKS_READ = "callbacks.read"
    CALLBACKS_SCHEDULE = "callbacks.schedule"
    CALLBACKS_EVALUATE = "callbacks.evaluate"
    SEATS_WATCH = "seats.watch"
    FIGURES_READ = "figures.read"
    SEATS_FORCE = "seats.force"
    SEATS_SIGN_OUT = "seats.sign_out"
    NOTICES_SEND = "notices.send"
    SEATS_SKILLS = "seats.skills"
    CALLS_LISTEN = "calls.listen"
    CALLS_WHISPER = "calls.whisper"
    CALLS_BARGE = "calls.barge"
    CALLS_TAKE_OVER = "calls.take_over"
    CALLS_END = "calls.end"
    LEADERS_READ = "leaders.read"
    LEADERS_OPEN = "leaders.open"
    MISSED_READ = "missed.read"
    MISSED_END = "missed.end"
    BLACKLIST_READ = "blacklist.read"
    BLACKLIST_ASK = "blacklist.ask"
    BLACKLIST_DECIDE = "blacklist.decide"
    ROUNDS_WRITE = "rounds.write"
    ROUNDS_READ = "rounds.read"
    SPECIAL_READ = "special.read"
    SPECIAL_MANAGE = "special.manage"
    SPECIAL_CHECK = "special.check"
    QUALITY_READ = "quality.read"
    QUALITY_READ_OWN = "quality.read_own"
    QUALITY_TRY = "quality.try"
    QUALITY_RULES = "quality.rules"
    RECOGNITION_WATCH = "recognition.watch"
    RECOGNITION_RETRY = "recognition.retry"
    REVIEWS_JUDGE = "reviews.judge"
    REVIEWS_READ_OWN = "reviews.read_own"
    REVIEWS_ASSIGN = "reviews.assign"
    BOARDS_READ = "boards.read"
    BOARDS_READ_GROUP = "boards.read_group"
    USERS_MANAGE = "users.manage"
    SYSTEM_WATCH = "system.watch"
    AUDIT_READ = "audit.read"


class UnknownRole(HotlineError):
    """A user was to get a role that configs/roles.yaml does not hold."""


class Role(BaseModel):
    """One role: its title on the screen and what it permits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1)
    permissions: frozenset[Permission]


class Roles(BaseModel):
    """All roles of this installation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    roles: dict[str, Role] = Field(min_length=1)

    def permissions_of(self, names: Iterable[str]) -> frozenset[str]:
        """What these roles permit together. A role that was taken out of the file permits nothing."""
        granted: set[str] = set()
        for name in names:
            role = self.roles.get(name)
            if role is not None:
                granted.update(permission.value for permission in role.permissions)
        return frozenset(granted)

    def check(self, names: Iterable[str]) -> list[str]:
        """The names, sorted and once each. Raises `UnknownRole` for one that is not in the file."""
        wanted = sorted(set(names))
        unknown = [name for name in wanted if name not in self.roles]
        if unknown:
            raise UnknownRole(
                f"There is no role {', '.join(unknown)}.",
                next_step=f"Choose among {', '.join(self.roles)}.",
                field="roles",
            )
        return wanted


def load_roles(path: Path) -> Roles:
    """Read the roles; raises `ConfigurationInvalid` that names the role and the permission at fault."""
    return load(Roles, path)
