"""What the platform says of itself: structured logs and metrics. Neither ever holds a whole telephone number."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_NUMBER = re.compile(r"(?<!\d)((?:\+|00)?86[- ]?)?(1\d{2}|0\d{2,3})[- ]?\d{4}[- ]?(\d{4})(?!\d)")


def mask_numbers(text: str) -> str:
    """The text with the middle four digits of every telephone number hidden."""
    return _NUMBER.sub(lambda found: f"{found.group(1) or ''}{found.group(2)}****{found.group(3)}", text)


def _hide_numbers(_: object, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in entry.items():
        if key not in ("timestamp", "call_id"):
            entry[key] = _masked(value)
    return entry


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask_numbers(value)
    if isinstance(value, dict):
        return {key: each if key == "call_id" else _masked(each) for key, each in value.items()}
    return [_masked(each) for each in value] if isinstance(value, list | tuple | set | frozenset) else value


def configure_logging(*, process: str, form: str = "console", level: str = "INFO") -> None:
    """Log one line an entry to stderr, as `form` "console" or "json", every line naming its process."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _hide_numbers,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for chatty in ("uvicorn.access", "pgqueuer", "asyncio", "panoramisk"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)
