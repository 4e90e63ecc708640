"""What can go wrong with a simulation, as named errors."""

from __future__ import annotations

from backend.kernel.errors import HotlineError


class DialoguesInvalid(HotlineError):
    """The file of dialogues cannot be played."""


class SpeechFailed(HotlineError):
    """The synthesiser did not speak."""


class SimulationFailed(HotlineError):
    """SIPp ended before its work was done."""


class SeatsNotRegistered(SimulationFailed):
    """The PBX did not take the simulated seats' registrations."""
