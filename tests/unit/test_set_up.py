"""What a bare machine is set up from: every package pinned by hash, no address of any registry written down."""

from __future__ import annotations

import json
import re
import tomllib
from itertools import pairwise

import pytest

from backend.kernel.config import PROJECT_ROOT

LOCKS = ["requirements-build.lock", "requirements.lock", "requirements-dev.lock", "requirements-node.lock"]
_NAME = re.compile(r"^([A-Za-z0-9._-]+)")


def normal(requirement: str) -> str:
    """The name of a package as registries compare it."""
    found = _NAME.match(requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[1]).lower()


def pinned(lock: str) -> set[str]:
    lines = (PROJECT_ROOT / lock).read_text().splitlines()
    return {normal(line) for line in lines if "==" in line and not line.startswith((" ", "#"))}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_by_hash_and_without_an_address(lock: str) -> None:
    lines = (PROJECT_ROOT / lock).read_text().splitlines()
    assert not [line for line in lines if "://" in line or "index-url" in line or "find-links" in line]
    for line, following in pairwise(lines):
        if "==" in line and not line.startswith((" ", "#")):
            assert following.strip().startswith("--hash=sha256:"), line


def test_what_the_project_needs_stands_in_its_locks() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())
    needed = {normal(requirement) for requirement in project["project"]["dependencies"]}
    for_tests = {normal(requirement) for requirement in project["project"]["optional-dependencies"]["dev"]}
    assert needed <= pinned("requirements.lock"), "run `make lock`"
    assert needed | for_tests <= pinned("requirements-dev.lock"), "run `make lock`"
    assert {normal(requirement) for requirement in project["build-system"]["requires"]} <= pinned(LOCKS[0])


def test_the_consoles_lock_is_whole_and_names_no_registry() -> None:
    lock = json.loads((PROJECT_ROOT / "agent_console/web/package-lock.json").read_text())
    packages = lock["packages"]
    assert not [path for path, package in packages.items() if "resolved" in package]
    # npm ci refuses a lock that lacks the variants of a package for other platforms
    for package in packages.values():
        for name in package.get("optionalDependencies", {}):
            assert any(path.endswith(f"node_modules/{name}") for path in packages), name
