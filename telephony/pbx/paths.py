"""Where a private Asterisk keeps its things below the state folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from telephony.names import DEFAULT_HOST
from telephony.pbx.errors import PbxConfigInvalid

CDR_FILE = "calls.csv"
_LONGEST_SOCKET_PATH = 107


@dataclass(frozen=True)
class PbxPaths:
    """The folders of one Asterisk. `etc` is a link to the rendering in force."""

    home: Path
    etc: Path
    lib: Path
    db: Path
    spool: Path
    recordings: Path
    run: Path
    log: Path

    @property
    def socket(self) -> Path:
        """The control socket."""
        return self.run / "asterisk.ctl"

    @property
    def config(self) -> Path:
        """The main configuration file."""
        return self.etc / "asterisk.conf"

    @property
    def ports(self) -> Path:
        """The ports that were picked, so that a restart finds them again."""
        return self.home / "ports.json"

    @property
    def cdr(self) -> Path:
        """The call detail records."""
        return self.log / "cdr-custom" / CDR_FILE

    @property
    def output(self) -> Path:
        """What Asterisk prints."""
        return self.log / "console.log"

    @property
    def messages(self) -> Path:
        """Asterisk's notices, warnings and errors."""
        return self.log / "messages.log"

    @property
    def sounds(self) -> Path:
        """The announcements, a folder for each language."""
        return self.home / "sounds"

    def create(self) -> None:
        """Make the folders, for this user alone: recordings of citizens lie here.

        Raises PbxConfigInvalid when a path cannot serve Asterisk.
        """
        self._refuse_what_asterisk_cannot_take()
        for folder in (
            self.lib / "keys",
            self.lib / "moh",
            self.db,
            self.spool,
            self.recordings,
            self.run,
            self.cdr.parent,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)

    def _refuse_what_asterisk_cannot_take(self) -> None:
        if len(str(self.socket).encode()) > _LONGEST_SOCKET_PATH:
            raise PbxConfigInvalid(
                f"The state folder's path is too long for a control socket: {self.socket}",
                next_step="Set HOTLINE_STATE to a folder with a shorter path.",
                field="HOTLINE_STATE",
            )
        if any(character in str(self.home) for character in ",;${}[]\"'\n\t "):
            raise PbxConfigInvalid(
                f"Asterisk's files cannot hold this folder's name: {self.home}",
                next_step="Set HOTLINE_STATE to a folder without spaces, commas, semicolons, quotes or brackets.",
                field="HOTLINE_STATE",
            )


def pbx_paths(state: Path, host: str = DEFAULT_HOST) -> PbxPaths:
    """The folders of this PBX below the state folder, whether it runs there or elsewhere."""
    home = state.resolve() / ("asterisk" if host == DEFAULT_HOST else f"asterisk-{host}")
    return PbxPaths(
        home=home,
        etc=home / "etc",
        lib=home / "lib",
        db=home / "db",
        spool=home / "spool",
        recordings=home / "spool" / "recordings",
        run=home / "run",
        log=home / "log",
    )
