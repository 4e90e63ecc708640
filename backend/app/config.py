"""The whole configuration of an installation: configs/hotline.yaml, with an overlay for the demo."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.attachments.incoming import AttachmentLimits
from backend.attachments.kinds import FileKind
from backend.callbacks.attempt_rules import CallbackRules
from backend.callbacks.schemas import AttemptResult
from backend.cases.channels import Channels, load_channels
from backend.cases.exports import ExportLimits
from backend.cases.sheet import MOST_ROWS
from backend.deadlines.rules import Timekeeping, load_timekeeping
from backend.dispatch.settings import LoopRules, load_settings
from backend.kernel import clock
from backend.kernel.config import PROJECT_ROOT, ConfigurationInvalid, Environment, load
from backend.kernel.errors import HotlineError
from backend.kernel.processes import socket_folder
from backend.kernel.security import Secrets, load_secrets
from backend.kernel.urls import sqlalchemy_url
from backend.patrols.planning import PatrolRules
from backend.patrols.settings import PatrolSettings
from backend.patrols.settings import load_settings as load_patrols
from backend.reviews.settings import ReviewSettings
from backend.seats.seating import HallTimes
from telephony.names import DEFAULT_HOST
from telephony.pbx import ports
from telephony.pbx.parts import HostPart, part_of
from telephony.pbx.paths import PbxPaths, pbx_paths
from telephony.pbx.routing_settings import Digits, MergedNumbers
from telephony.pbx.settings import PbxSettings

log = structlog.get_logger(__name__)


class DatabaseNotGiven(HotlineError):
    """Something needs a database, and HOTLINE_DATABASE_URL names none."""


class PbxUnknown(HotlineError):
    """The PBX was never started here, so nobody knows where it listens."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WebSettings(_Part):
    """Where the console is served.

    `port` 0 picks a free one. `origins` are further origins from which browsers may come, such as the public address
    of a proxy; the served address itself always may. `sip_websocket_url` is told to the softphones when a proxy
    stands before the PBX.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8096
    origins: tuple[str, ...] = ()
    sip_websocket_url: str | None = None


class HallSettings(_Part):
    """How the hall works: wrap-up time after a call, how long a seat is kept for a browser that went away, the wait
    below which an unanswered call is a slip of the finger and not an abandoned one, and after how long a paused
    recording goes on by itself.
    """

    wrap_up_seconds: Annotated[int, Field(ge=0, le=3600)] = 30
    absence_minutes: Annotated[int, Field(ge=1, le=480)] = 10
    short_call_seconds: Annotated[int, Field(ge=0, le=60)] = 5
    recording_pause_seconds: Annotated[int, Field(ge=10, le=600)] = 120
    show_supervision: bool = False
    """Whether an agent is shown that a supervisor takes part in the call; the record tells it in any case."""


class CallbackSettings(_Part):
    """How citizens are called back: what their telephone shows, how often, and how long after which result.

    A closed case is called back after `hours_after_closing`, unless a callback is promised anyway.
    A result that `minutes_between` does not name ends the callback visit as failed.
    """

    shown_number: Digits = "96010"
    most_attempts: Annotated[int, Field(ge=1, le=20)] = 3
    hours_after_closing: Annotated[int, Field(ge=1, le=30 * 24)] = 24
    minutes_between: dict[AttemptResult, Annotated[int, Field(ge=0, le=7 * 24 * 60)]] = {
        AttemptResult.BUSY: 10,
        AttemptResult.NO_ANSWER: 60,
        AttemptResult.REFUSED: 240,
    }


class ExportSettings(_Part):
    """How many cases one export may hold, and for how long its file can be fetched."""

    most_rows: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 50_000
    kept_hours: Annotated[int, Field(ge=1, le=30 * 24)] = 24


class AttachmentSettings(_Part):
    """What may be attached to a case: how large a file, how many a case, and of which kinds."""

    most_megabytes: Annotated[float, Field(gt=0, le=100)] = 10
    most_per_case: Annotated[int, Field(ge=1, le=1000)] = 40
    kinds: frozenset[FileKind] = frozenset(FileKind)


class RecordingSettings(_Part):
    """Where recordings rest: a folder below the state folder when `store` is empty, else any fsspec address."""

    store: str = ""


class LiveSettings(_Part):
    """Whether what is said is shown at the seat while it is said, and by how many processes it is recognised.

    Sound that has waited for `most_behind_seconds` is passed over: a caption that came later would be of no use.
    """

    enabled: bool = False
    processes: Annotated[int, Field(ge=1, le=64)] = 2
    most_behind_seconds: Annotated[float, Field(ge=2, le=60)] = 3


class RecognitionSettings(_Part):
    """Which Vosk model transcribes, and by how many processes; a relative path is below the project.

    Calls whose case is of one of `complaint_classes` or below it (by the begin of its code) are transcribed first.
    `live` are the captions of calls while they last; `names` is the file of names that are written as they are written.
    """

    model: Path = Path("asr/demo_model/model")
    processes: Annotated[int, Field(ge=1, le=64)] = 1
    complaint_classes: tuple[Annotated[str, Field(min_length=1)], ...] = ("08",)
    live: LiveSettings = LiveSettings()
    names: Path | None = Path("configs/names.yaml")


class DataSettings(_Part):
    """The files of roles, calendar, limits, dispatch, channels, patrols and words of urgency; relative paths are below
    the project."""

    roles: Path = Path("configs/roles.yaml")
    calendar: Path = Path("configs/calendar.yaml")
    deadlines: Path = Path("configs/deadlines.yaml")
    dispatch: Path = Path("configs/dispatch.yaml")
    channels: Path = Path("configs/channels.yaml")
    patrols: Path = Path("configs/patrols.yaml")
    suggestions: Path = Path("configs/suggestions.yaml")
    merged_numbers: Path = Path("configs/routing/merged_numbers.yaml")


class Configuration(_Part):
    """Everything that configs/hotline.yaml says."""

    pbx: PbxSettings
    web: WebSettings = WebSettings()
    hall: HallSettings = HallSettings()
    callbacks: CallbackSettings = CallbackSettings()
    exports: ExportSettings = ExportSettings()
    attachments: AttachmentSettings = AttachmentSettings()
    reviews: ReviewSettings = ReviewSettings()
    recordings: RecordingSettings = RecordingSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    data: DataSettings = DataSettings()


def _with_merged_numbers(config: Configuration) -> Configuration:
    """The numbers of merged hotlines stand in a file of their own. Raises `ConfigurationInvalid`."""
    given = config.data.merged_numbers
    path = given if given.is_absolute() else PROJECT_ROOT / given
    try:
        pbx = config.pbx.with_merged(load(MergedNumbers, path).numbers)
    except ValidationError as error:
        raise ConfigurationInvalid(
            f"{path} does not fit the configuration: {error.errors()[0]['msg']}.", next_step="Correct it."
        ) from error
    return config.model_copy(update={"pbx": pbx})


class Installation:
    """One installation: its environment, its configuration and its secrets."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.state = environment.state.resolve()
        self.config = _with_merged_numbers(load(Configuration, environment.config, environment.overlay))

    @property
    def secrets(self) -> Secrets:
        """The secrets of this installation; made at first use."""
        given = self.environment.secret
        return load_secrets(given.get_secret_value() if given else None, self.state / "secret")

    @property
    def database_url(self) -> str:
        """The database that the environment names; raises `DatabaseNotGiven`."""
        given = self.environment.database_url
        if given is None:
            raise DatabaseNotGiven(
                "HOTLINE_DATABASE_URL names no database.",
                next_step="Set it (a running platform's private one stands in .local/platform.json), "
                "or run `hotline up`, which starts one.",
            )
        return sqlalchemy_url(given.get_secret_value())

    @property
    def recording_store(self) -> str:
        """The address of the recordings."""
        return self.environment.store or self.config.recordings.store or str(self.state / "recordings")

    def rings(self, host: str = DEFAULT_HOST) -> Path:
        """The socket on which the telephony process of this PBX announces rings to the hubs of this machine."""
        return self._board("rings", host)

    def captions(self, host: str = DEFAULT_HOST) -> Path:
        """The socket on which the live captions of this PBX are told to the hubs of this machine."""
        return self._board("captions", host)

    def _board(self, what: str, host: str) -> Path:
        name = what if host == DEFAULT_HOST else f"{what}-{host}"
        return socket_folder(self.state / "sockets", kind="sockets") / name

    @property
    def hosts(self) -> tuple[str, ...]:
        """The PBX hosts that this machine carries, the first PBX first if it is one of them; "none" stands for none.

        Raises `HostUnknown` for a name that the configuration does not hold.
        """
        if self.environment.hosts.strip() == "none":
            return ()
        named = [name.strip() for name in self.environment.hosts.split(",") if name.strip()]
        for name in named:
            self.part(name)
        return tuple(host.name for host in self.config.pbx.all_hosts if not named or host.name in named)

    def part(self, host: str = DEFAULT_HOST) -> HostPart:
        """What this PBX carries of the telephone system. Raises `HostUnknown`."""
        return part_of(self.config.pbx, host)

    def pbx_paths(self, host: str = DEFAULT_HOST) -> PbxPaths:
        """The folders of this PBX."""
        return pbx_paths(self.state, host)

    def pbx_port(self, name: Literal["ami", "captions"], host: str = DEFAULT_HOST) -> int:
        """A port of this PBX: the one that it picked at its start, else the configured one. Raises `PbxUnknown`."""
        picked = ports.load(self.pbx_paths(host).ports).get(name)
        port: int = picked or getattr(self.part(host).host.ports, name)
        if not port:
            raise PbxUnknown(
                f"It is not known which port is that of {name} at the PBX {host}.",
                next_step=f"Start the PBX once with `hotline up` or `hotline pbx start`, or set its port ports.{name}.",
            )
        return port

    def path(self, configured: Path) -> Path:
        """A configured path, made absolute."""
        return configured if configured.is_absolute() else PROJECT_ROOT / configured

    @property
    def templates(self) -> Path:
        """The templates of Asterisk's files."""
        return PROJECT_ROOT / "configs" / "asterisk"


def hall_times(installation: Installation) -> HallTimes:
    """The times of the hall as the seats' rules take them."""
    hall = installation.config.hall
    return HallTimes(wrap_up=timedelta(seconds=hall.wrap_up_seconds), absence=timedelta(minutes=hall.absence_minutes))


def export_limits(installation: Installation) -> ExportLimits:
    """What exports of cases may hold."""
    exports = installation.config.exports
    return ExportLimits(exports.most_rows, timedelta(hours=exports.kept_hours))


def attachment_limits(installation: Installation) -> AttachmentLimits:
    """What may be attached to a case."""
    wanted = installation.config.attachments
    return AttachmentLimits(int(wanted.most_megabytes * 1_000_000), wanted.most_per_case, wanted.kinds)


def callback_rules(installation: Installation) -> CallbackRules:
    """How citizens are called back, as the rules of callbacks take it."""
    wanted = installation.config.callbacks
    spans = {result: timedelta(minutes=minutes) for result, minutes in wanted.minutes_between.items()}
    return CallbackRules(wanted.shown_number, wanted.most_attempts, spans)


def channels(installation: Installation) -> Channels:
    """The channels by which cases come."""
    return load_channels(installation.path(installation.config.data.channels))


def timekeeping(installation: Installation) -> Timekeeping:
    """The working calendar and the limits in force; years whose holidays nobody entered are told in the log."""
    data = installation.config.data
    time = load_timekeeping(installation.path(data.calendar), installation.path(data.deadlines))
    unknown = time.unknown_years(clock.now())
    if unknown:
        log.error(
            "holidays_unknown", years=unknown, next_step=f"enter them in {data.calendar}; weekends are off so far"
        )
    return time


def loop_rules(installation: Installation, time: Timekeeping) -> LoopRules:
    """All that moves in the seven-step loop go by."""
    return LoopRules(time, load_settings(installation.path(installation.config.data.dispatch)))


def patrol_settings(installation: Installation) -> PatrolSettings:
    """Which cases are followed up after their closing, and what counts as a recurrence."""
    return load_patrols(installation.path(installation.config.data.patrols))


def patrol_rules(installation: Installation, time: Timekeeping) -> PatrolRules:
    """All that patrols go by."""
    return PatrolRules(patrol_settings(installation), time)
