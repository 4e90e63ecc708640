"""Every error that a person may meet has a name of its own, and words in Chinese beside the server's English ones."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator

import agent_console
import backend
import telephony
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.errors import HotlineError

WORDS = PROJECT_ROOT / "agent_console" / "web" / "src" / "i18n" / "errors.zh-CN.ts"
_NAMED = re.compile(r"^  (\w+): \{\s*message:|^  (\w+): \{$", re.MULTILINE)
OFF_SCREEN = (
    "agent_console.client",
    "backend.app",
    *(f"backend.kernel.{name}" for name in ("config", "datafile", "leadership", "parked", "security", "urls")),
    *(f"telephony.{name}" for name in ("ami", "facts", "pbx", "simulate")),
)
"""Where errors are met by the administrator at a terminal, which speaks English, or by a process alone."""


def _modules() -> Iterator[object]:
    for package in (backend, agent_console, telephony):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations." not in found.name and not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def _errors() -> Iterator[type[HotlineError]]:
    for module in _modules():
        for _, each in inspect.getmembers(module, inspect.isclass):
            if issubclass(each, HotlineError) and each.__module__ == module.__name__:  # type: ignore[attr-defined]
                yield each


def test_no_two_errors_have_one_name() -> None:
    names = Counter(each.__name__ for each in _errors())
    assert [name for name, count in names.items() if count > 1] == []


def test_every_error_says_what_it_is() -> None:
    assert [each.__name__ for each in _errors() if not (each.__doc__ or "").strip()] == []


def _reaches_a_screen(error: type[HotlineError]) -> bool:
    """What others are derived from is raised by those alone."""
    kept_to_itself = error.__module__.startswith(OFF_SCREEN)
    return not kept_to_itself and not error.__subclasses__()


def test_every_error_that_reaches_a_screen_has_chinese_words() -> None:
    known = {name for found in _NAMED.findall(WORDS.read_text(encoding="utf-8")) for name in found if name}
    assert sorted({each.__name__ for each in _errors() if _reaches_a_screen(each)} - known) == []
