"""The table of docs/rules.md names only errors, guards and tests that exist, and leaves no rule of the loop out."""

from __future__ import annotations

import ast
import re
from functools import cache
from inspect import isfunction

import pytest

from backend.dispatch import errors, group_guards, guards
from backend.kernel.config import PROJECT_ROOT

TABLE = (PROJECT_ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
TESTS = PROJECT_ROOT / "tests" / "integration"
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TABLE.splitlines()
    if line.startswith("| ") and not line.startswith(("| rule ", "| ---"))
]
GENERAL = {"RuleBroken"}
"""What others are derived from is raised by those alone."""


@cache
def functions_of(name: str) -> frozenset[str]:
    tree = ast.parse((TESTS / name).read_text(encoding="utf-8"))
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, ast.AsyncFunctionDef | ast.FunctionDef))


@cache
def source() -> str:
    files = sorted((PROJECT_ROOT / "backend").rglob("*.py"))
    return "\n".join(path.read_text(encoding="utf-8") for path in files if "migrations" not in path.parts)


def ticked(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_table_has_its_four_columns() -> None:
    assert len(ROWS) > 40
    assert [row for row in ROWS if len(row) != 4] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_what_a_row_names_is_there(row: list[str]) -> None:
    rule, held_by, refused_as, tried_by = row
    assert rule
    for name in ticked(refused_as):
        assert re.search(rf"^class {name}\(", source(), re.MULTILINE), name
    tests = ticked(tried_by)
    assert tests, "a rule that nobody tries to break"
    for test in tests:
        file, _, name = test.partition("::")
        assert name in functions_of(file), test
    for name in ticked(held_by):
        if "/" in name:
            assert (PROJECT_ROOT / name).exists(), name
        else:
            assert re.search(rf"\b{re.escape(name.split('(')[0].rsplit('.', 1)[-1])}\b", source()), name


def test_every_error_of_the_loop_is_in_the_table_and_raised_by_a_test() -> None:
    own = {name for name, each in vars(errors).items() if isinstance(each, type) and each.__module__ == errors.__name__}
    named = {name for row in ROWS for name in ticked(row[2])}
    assert own - GENERAL - named == set()
    said = "\n".join(path.read_text(encoding="utf-8") for path in sorted(TESTS.glob("test_*.py")))
    assert {name for name in named if f'"{name}"' not in said} == set()


def test_every_guard_is_in_the_table() -> None:
    held_by = " ".join(row[1] for row in ROWS)
    beneath = {"being_handled", "open_for_more", "clocks_run_out", "reply_owner"}
    """What stands behind an order that is named by its table of moves, or only reads."""
    for module in (guards, group_guards):
        functions = {
            name for name, each in vars(module).items() if isfunction(each) and each.__module__ == module.__name__
        }
        own = {name for name in functions if not name.startswith("_")}
        assert {name for name in own - beneath if f"`{name}`" not in held_by} == set()
