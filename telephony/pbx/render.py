"""Asterisk's files, rendered from the templates in configs/asterisk by what the configuration says.

A rendering is a folder named by its content; `etc` is a link to the one in force, moved in one step, so Asterisk never
reads half a change, and rendering the same again changes nothing.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from telephony import cdr
from telephony.names import DEFAULT_HOST, LOST_CAUSES
from telephony.pbx.errors import PbxConfigInvalid
from telephony.pbx.modules import IGNORED_EVENTS, modules_in
from telephony.pbx.parts import HostPart, peer_endpoint
from telephony.pbx.paths import CDR_FILE, PbxPaths
from telephony.pbx.ports import PbxPorts
from telephony.pbx.programs import AsteriskFiles
from telephony.pbx.settings import OWN_SEAT_QUEUE
from telephony.routing import AREA_CODE, EVERY_LEVEL, open_level
from telephony.taps import CONNECTION

SecretFor = Callable[[str], str]
"""The secret for a purpose: "sip:8001" a seat's, `ami_secret` and `line_secret` name the others."""

RESTART_FILES = frozenset(
    {"asterisk.conf", "modules.conf", "http.conf", "rtp.conf", "pjsip.conf", "pjsip_transports.conf"}
)
_DEFAULTS_HOLD = ("acl.conf", "ccss.conf", "chan_websocket.conf", "pjproject.conf", "statsd.conf", "udptl.conf")
"""Files that Asterisk would report as missing at every start, although it needs nothing in them."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,128}")
_ADVANCED_FILTERS_SINCE = {20: 11, 21: 6, 22: 1}


@dataclass(frozen=True)
class Rendering:
    """Which files changed; `needs_restart` when Asterisk cannot take them up with a reload."""

    changed: tuple[str, ...]

    @property
    def needs_restart(self) -> bool:
        """Whether a changed file is read at the start only."""
        return not RESTART_FILES.isdisjoint(self.changed)


def ami_secret(host: str, user: str) -> str:
    """The purpose of the secret with which `user` ("platform", "bench") signs in at the PBX `host`."""
    return f"ami:{user}" if host == DEFAULT_HOST else f"ami:{user}@{host}"


def captions_secret(host: str) -> str:
    """The purpose of the secret with which the PBX `host` comes to the live captions' server."""
    return f"captions:{host}"


def line_secret(one: str, other: str) -> str:
    """The purpose of the secret by which two PBX hosts know each other."""
    return f"line:{':'.join(sorted((one, other)))}"


@dataclass(frozen=True)
class Host:
    """The Asterisk that the files are for.

    `sounds` holds what it plays for each announcement that it has, `peers` the SIP address of each other PBX.
    """

    paths: PbxPaths
    files: AsteriskFiles
    version: tuple[int, ...]
    sounds: Mapping[str, str] = field(default_factory=dict)
    peers: Mapping[str, str] = field(default_factory=dict)


def render(part: HostPart, ports: PbxPorts, host: Host, secret_for: SecretFor, templates: Path) -> dict[str, str]:
    """The text of every file, by name. Raises ProgramMissing on an Asterisk without a module that is needed,
    PbxConfigInvalid on a secret that Asterisk's files cannot hold.
    """
    environment = Environment(  # noqa: S701 -- Asterisk's files are no HTML; what is put in is validated
        loader=FileSystemLoader(templates), undefined=StrictUndefined, keep_trailing_newline=True
    )

    def secret(purpose: str) -> str:
        return _checked(purpose, secret_for(purpose))

    known = {
        "pbx": part.pbx,
        "here": part,
        "peers": host.peers,
        "peer_endpoint": peer_endpoint,
        "ports": ports,
        "paths": host.paths,
        "asterisk": host.files,
        "modules": modules_in(host.files.modules),
        "ignored_events": IGNORED_EVENTS,
        "advanced_filters": has_advanced_filters(host.version),
        "cdr_file": CDR_FILE,
        "cdr_columns": cdr.COLUMNS,
        "sounds": host.sounds,
        "open_level": open_level,
        "every_level": EVERY_LEVEL,
        "lost_causes": sorted(LOST_CAUSES, key=int),
        "own_seat_queue": OWN_SEAT_QUEUE,
        "area_code": AREA_CODE,
        "secret": secret,
        "ami_secret": lambda user: secret(ami_secret(part.name, user)),
        "captions_secret": lambda: secret(captions_secret(part.name)),
        "captions_connection": CONNECTION,
        "line_secret": lambda peer: secret(line_secret(part.name, peer)),
    }
    names = sorted(path.name for path in templates.glob("*.j2"))
    if not names:
        raise PbxConfigInvalid(f"There are no templates in {templates}.", next_step="Check the installation.")
    texts = {name.removesuffix(".j2"): environment.get_template(name).render(known) for name in names}
    return dict.fromkeys(_DEFAULTS_HOLD, "; the defaults hold\n") | texts


def has_advanced_filters(version: tuple[int, ...]) -> bool:
    """Whether this Asterisk filters AMI events by name (else by a regular expression over the whole event)."""
    newest = max(_ADVANCED_FILTERS_SINCE)
    return version[0] > newest or version[1] >= _ADVANCED_FILTERS_SINCE.get(version[0], 1_000)


def write(files: Mapping[str, str], etc: Path) -> Rendering:
    """Put these files in force; the link `etc` moves to them in one step."""
    digest = hashlib.sha256("\0".join(f"{n}\0{text}" for n, text in sorted(files.items())).encode()).hexdigest()
    target = etc.with_name(f"{etc.name}-{digest[:16]}")
    changed = tuple(name for name, text in sorted(files.items()) if _read(etc / name) != text)
    if not changed and etc.resolve() == target:
        return Rendering(())
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    for name, text in files.items():
        path = partial / name
        path.touch(mode=0o600)
        path.write_text(text)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    link = etc.with_name(f"{etc.name}.link")
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
    link.replace(etc)
    _drop_others(etc, keep=target)
    return Rendering(changed)


def _drop_others(etc: Path, *, keep: Path) -> None:
    for other in etc.parent.glob(f"{etc.name}-*"):
        if other != keep:
            shutil.rmtree(other, ignore_errors=True)


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def _checked(purpose: str, secret: str) -> str:
    if not _SECRET.fullmatch(secret):
        raise PbxConfigInvalid(
            f"The secret for {purpose} cannot stand in Asterisk's files.",
            next_step="Secrets have 16 to 128 letters, digits, underscores or hyphens.",
            field="secret",
        )
    return secret
