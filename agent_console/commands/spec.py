"""What a console command is: a message type, the permission it needs, and what it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from agent_console.desk import Desk


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command. The handler gets the desk and the message, and returns what the reply carries."""

    permission: str
    handler: Callable[[Desk, Any], Awaitable[BaseModel | None]]
