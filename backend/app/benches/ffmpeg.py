"""The ffmpeg that vosk-transcriber decodes with: the system's, else the one of a pinned package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import import_module, invalidate_caches
from importlib.util import find_spec
from pathlib import Path

from backend.app.benches.figure import BenchFailed
from backend.kernel.config import PROJECT_ROOT

_LOCK = PROJECT_ROOT / "requirements-bench.lock"
_PACKAGE = "imageio_ffmpeg"


def folder_with_ffmpeg(scratch: Path) -> Path:
    """A folder that holds an `ffmpeg`; the package is installed where neither it nor the system's is there."""
    system = shutil.which("ffmpeg")
    if system is not None:
        return Path(system).parent
    if find_spec(_PACKAGE) is None:
        _install()
        invalidate_caches()
    folder = scratch / "programs"
    folder.mkdir(exist_ok=True)
    program = folder / "ffmpeg"
    if not program.exists():
        program.symlink_to(import_module(_PACKAGE).get_ffmpeg_exe())
    return folder


def _install() -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    options = ["--require-hashes", "--only-binary", ":all:", "-r", str(_LOCK)]
    run = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if run.returncode:
        raise BenchFailed(
            f"There is no ffmpeg for vosk-transcriber, nor could its package be installed: {run.stderr.strip()[-300:]}",
            next_step="Install ffmpeg with the system's package manager.",
        )
