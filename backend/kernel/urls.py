"""The address of a database, as SQLAlchemy and as libpq write it."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from backend.kernel.errors import HotlineError


class DatabaseUrlInvalid(HotlineError):
    """The address that was given names no PostgreSQL database."""


def driver_url(url: str) -> str:
    """A SQLAlchemy URL as libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def sqlalchemy_url(url: str) -> str:
    """A libpq URL as SQLAlchemy reads it, with the psycopg 3 driver; raises `DatabaseUrlInvalid`."""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            read = "postgresql+psycopg://" + url.removeprefix(prefix)
            with suppress(ArgumentError, ValueError):
                make_url(read)
                return read
    raise DatabaseUrlInvalid(
        "HOTLINE_DATABASE_URL is not the address of a PostgreSQL database.",
        next_step="Write it as postgresql://user:password@host:5432/database.",
        field="HOTLINE_DATABASE_URL",
    )
