"""What a link needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiSettings:
    """Where the PBX is and how patient the link is. All durations are in seconds."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)
    connect_timeout: float = 5.0
    action_timeout: float = 5.0
    boot_grace: float = 3.0
    """How long a PBX may take to say that it has booted; an account that may not hear it costs this once a session."""
    boot_timeout: float = 30.0
    """How long a PBX that is still loading may refuse the lists of a snapshot."""
    ping_interval: float = 5.0
    first_delay: float = 0.1
    longest_delay: float = 3.0
    refused_delay: float = 15.0
    longest_refused_delay: float = 300.0
    inbox_limit: int = 20_000
