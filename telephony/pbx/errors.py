"""What can go wrong with the PBX, as named errors."""

from __future__ import annotations

from backend.kernel.errors import Conflict, HotlineError, Unavailable


class ProgramMissing(HotlineError):
    """A program (Asterisk, SIPp, espeak-ng) is neither on this machine nor in the private copy."""

    http_status = 503


class InstallFailed(HotlineError):
    """The private copy could not be fetched or unpacked; whatever was complete before is untouched."""

    http_status = 503


class PortInUse(Conflict):
    """Another process listens on a port that the PBX needs."""


class PbxAlreadyRunning(Conflict):
    """An Asterisk of this state folder runs already."""


class PbxStartFailed(Unavailable):
    """Asterisk ended, or did not become ready, after it was started."""


class PbxNotRunning(Unavailable):
    """Nothing answers on Asterisk's control socket."""


class PbxConfigInvalid(HotlineError):
    """The PBX part of the configuration cannot be turned into Asterisk's files."""
