"""The command line: `hotline --help`."""

from __future__ import annotations

import sys

from backend.app import cli_run
from backend.app.terminal import app, screen
from backend.kernel.errors import HotlineError

ROLES = (["serve"], ["telephony"], ["worker"], ["captions"])
COMMANDS = [cli_run]
"""The modules whose commands the program has; importing them registers these."""


def main() -> None:
    """The entry of the program `hotline`: a named error becomes a sentence, never a traceback."""
    if sys.argv[1:2] not in ROLES:
        from backend.app import (  # noqa: PLC0415 - a role that is started again does not wait for these
            cli_asr,
            cli_calls,
            cli_care,
            cli_jobs,
            cli_load,
            cli_quality,
            cli_recognition,
            cli_reviews,
            cli_sample,
            cli_special,
            cli_users,
        )

        COMMANDS.extend((cli_asr, cli_calls, cli_care, cli_jobs, cli_load))
        COMMANDS.extend((cli_quality, cli_recognition, cli_reviews, cli_sample, cli_special, cli_users))

    try:
        app()
    except HotlineError as error:
        screen.print(f"[bold red]{error.name}[/]  {error.message}")
        if error.kept:
            screen.print(f"  {error.kept}")
        if error.next_step:
            screen.print(f"  [bold]What to do:[/] {error.next_step}")
        sys.exit(1)
