"""Commands that keep the accounts. What they do stands in the audit log, as done by nobody who is signed in."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from backend.app.config import Installation
from backend.app.terminal import CARE, app, in_transaction, screen
from backend.identity import users
from backend.identity.permissions import load_roles
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.units.staff import set_unit

user_app = typer.Typer(help="People who sign in.", no_args_is_help=True)
app.add_typer(user_app, name="user", rich_help_panel=CARE)

RoleNames = Annotated[list[str], typer.Option("--role", help="agent, supervisor, qa, admin, unit; may be repeated.")]
UnitCode = Annotated[str | None, typer.Option("--unit", help="Code of the unit that the person works for.")]
TeamName = Annotated[str | None, typer.Option("--team", help="Group of the hall 班组, such as 甲班.")]
NewPassword = Annotated[str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True)]


@user_app.command("add")
def add(
    username: str,
    display_name: Annotated[str, typer.Option("--name", help="As colleagues know this person.")],
    role: RoleNames,
    password: NewPassword,
    unit: UnitCode = None,
    team: TeamName = None,
) -> None:
    """Let a person sign in."""

    async def work(tx: Transaction, here: Installation) -> None:
        roles = load_roles(here.path(here.config.data.roles))
        account = users.Account(username, display_name, password, tuple(role), team=team)
        await users.create_user(tx, roles, account, clock.now(), None)
        if unit is not None:
            await set_unit(tx, username, unit, clock.now(), None)

    in_transaction(work)
    screen.print(f"{username} can sign in.")


@user_app.command("list")
def show() -> None:
    """Who can sign in, in which roles, and when they last did."""
    table = Table(box=None)
    for column in ("user", "name", "roles", "unit", "team", "last sign-in", ""):
        table.add_column(column)

    async def work(tx: Transaction, _: Installation) -> None:
        for user in await users.list_users(tx):
            last = f"{clock.beijing(user.last_sign_in_at):%Y-%m-%d %H:%M}" if user.last_sign_in_at else "never"
            closed = "" if user.active else "[red]closed[/]"
            roles, unit, team = ", ".join(user.roles), user.unit_code or "", user.team or ""
            table.add_row(user.username, user.display_name, roles, unit, team, last, closed)

    in_transaction(work)
    screen.print(table)


@user_app.command("password")
def password(username: str, password: NewPassword) -> None:
    """Give a person a new password; whoever is signed in with the old one is signed out."""
    in_transaction(lambda tx, _: users.set_password(tx, username, password, clock.now(), None))
    screen.print(f"{username} has a new password.")


@user_app.command("roles")
def set_roles(username: str, role: RoleNames) -> None:
    """Give a person these roles and no others."""

    async def work(tx: Transaction, here: Installation) -> None:
        roles = load_roles(here.path(here.config.data.roles))
        await users.set_roles(tx, roles, username, role, clock.now(), None)

    in_transaction(work)
    screen.print(f"{username} is now {', '.join(sorted(set(role)))}.")


@user_app.command("unit")
def place(
    username: str,
    unit: Annotated[str | None, typer.Argument(help="Code of the unit; none: the hotline itself.")] = None,
) -> None:
    """Let a person work for this unit (hotline load units), or for the hotline itself."""
    in_transaction(lambda tx, _: set_unit(tx, username, unit, clock.now(), None))
    screen.print(f"{username} works for {unit or 'the hotline itself'}.")


@user_app.command("team")
def group(
    username: str,
    team: Annotated[str | None, typer.Argument(help="Name of the group 班组; none: no group.")] = None,
) -> None:
    """Let a person belong to this group of the hall: its shift leader sees the quality of just that group."""
    in_transaction(lambda tx, _: users.set_team(tx, username, team, clock.now(), None))
    screen.print(f"{username} belongs to {team or 'no group'}.")


@user_app.command("close")
def close(username: str) -> None:
    """Close an account; whoever is signed in with it is signed out at once."""
    in_transaction(lambda tx, _: users.set_active(tx, username, False, clock.now(), None))
    screen.print(f"{username} can no longer sign in.")


@user_app.command("open")
def reopen(username: str) -> None:
    """Open a closed account again."""
    in_transaction(lambda tx, _: users.set_active(tx, username, True, clock.now(), None))
    screen.print(f"{username} can sign in again.")
