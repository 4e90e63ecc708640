"""Write the next Alembic migration: what the models have and a fresh, upgraded database has not."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from backend.app.schema import alembic_config, upgrade_schema
from backend.kernel.postgres import PrivatePostgres


def main() -> None:
    """Compare models and migrations on a throw-away PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="hotline-migration-") as folder:
        Path(folder).chmod(0o755)
        server = PrivatePostgres(Path(folder))
        url = server.start()
        try:
            asyncio.run(upgrade_schema(url))
            engine = create_engine(url)
            with engine.connect() as connection:
                config = alembic_config(url)
                config.attributes["connection"] = connection
                number = len(list((Path(__file__).parents[1] / "migrations" / "versions").glob("*.py"))) + 1
                command.revision(config, message=" ".join(sys.argv[1:]), autogenerate=True, rev_id=f"{number:04d}")
            engine.dispose()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
