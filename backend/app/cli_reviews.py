"""Commands for reviews: make the draw of today now, instead of waiting for a worker's night."""

from __future__ import annotations

import typer

from backend.app.config import Installation
from backend.app.terminal import CARE, app, installation, run, screen
from backend.identity.permissions import load_roles
from backend.kernel import clock
from backend.kernel.database import Database
from backend.reviews.drawing import ReviewDrawer
from backend.reviews.schemas import DrawDone

review_app = typer.Typer(help="Reviews of calls by people 人工质检.", no_args_is_help=True)
app.add_typer(review_app, name="reviews", rich_help_panel=CARE)


@review_app.callback()
def reviews() -> None:
    """Reviews of calls by people 人工质检."""


@review_app.command("draw")
def draw() -> None:
    """Draw the calls of today for every reviewer, once a day; a worker does it by itself after midnight."""
    run(_draw(installation("cli")))


async def _draw(here: Installation) -> None:
    database = Database(here.database_url, pool_size=1)
    try:
        drawer = ReviewDrawer(database, load_roles(here.path(here.config.data.roles)), here.config.reviews)
        async with database.transaction() as tx:
            done = await drawer.draw_for_all(tx, clock.beijing(clock.now()).date())
    finally:
        await database.close()
    screen.print("Today's calls were drawn before." if done is None else _words(done))


def _words(done: DrawDone) -> str:
    counts = ", ".join(f"{count} {purpose.value}" for purpose, count in done.drawn.items())
    return f"Drawn for review: {counts}; {done.left} wait because no reviewer has room."
