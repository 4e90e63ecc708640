"""Bring a public model here: resumed where it stopped, checked against what its publisher says, unpacked whole or not
at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeAlias

import httpx

from asr.model import KNOWN_MODELS, SITE, ModelNotFound, ModelSettings, ModelUnknown, NotAModel, check_model
from backend.kernel.errors import HotlineError, Unavailable

Progress: TypeAlias = Callable[[int, int | None], None]
_TIMEOUT = httpx.Timeout(30, connect=10)


class ModelUnreachable(Unavailable):
    """The site of the models cannot be reached from this machine."""


class ModelDamaged(HotlineError):
    """What was downloaded is not what its publisher announces."""


class NoSpaceForModel(HotlineError):
    """The disk is too full to unpack the model."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A model in its place. `archive_sha256` can be pinned for the next machine; None when nothing was downloaded."""

    model: ModelSettings
    archive_sha256: str | None


@dataclass(frozen=True, slots=True)
class Published:
    """What the publisher's list says of a model's archive; empty when the list does not hold it."""

    size_bytes: int | None = None
    md5: str | None = None


def fetch(
    name: str, to: Path, progress: Progress | None = None, *, sha256: str | None = None, site: str = SITE
) -> Fetched:
    """Put the model `name` under the folder `to`; at once if it stands there already.

    `progress` gets (bytes done, bytes in all if known). The archive is compared with the publisher's list (size and
    MD5) and, if you pin one, with `sha256`. Raises ModelUnknown, ModelUnreachable, ModelDamaged, NotAModel and
    NoSpaceForModel. A download that breaks off is resumed by the next call.
    """
    known = KNOWN_MODELS.get(name)
    if known is None or known.url is None:
        public = [each.name for each in KNOWN_MODELS.values() if each.url]
        raise ModelUnknown(f"{name} is not a public model.", next_step=f"Choose {' or '.join(public)}.", field="model")
    target = to / name
    try:
        return Fetched(check_model(target), None)
    except (ModelNotFound, NotAModel):
        to.mkdir(parents=True, exist_ok=True)
    archive = to / f".{name}.zip.part"
    try:
        with httpx.Client(follow_redirects=True, timeout=_TIMEOUT) as client:
            published = _published(client, site, name)
            _download(client, f"{site}/{name}.zip", archive, progress or _silent)
    except (httpx.HTTPError, json.JSONDecodeError) as error:  # a captive portal answers with a page of its own
        raise _unreachable(name, to, site, error) from error
    brought = _verify(archive, published, sha256)
    _unpack(archive, name, target)
    archive.unlink()
    return Fetched(check_model(target), brought)


def _silent(_done: int, _total: int | None) -> None:
    """Nobody watches."""


def _published(client: httpx.Client, site: str, name: str) -> Published:
    response = client.get(f"{site}/model-list.json")
    if response.status_code == httpx.codes.NOT_FOUND:
        return Published()  # a mirror without the list: the archive's own checksums and a pinned hash remain
    response.raise_for_status()
    for entry in response.json():
        if entry.get("name") == name:
            size = entry.get("size")
            return Published(int(size) if size else None, entry.get("md5"))
    return Published()


def _download(client: httpx.Client, url: str, archive: Path, progress: Progress) -> None:
    have = archive.stat().st_size if archive.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # nothing is left to bring; the verification decides whether it is right
        response.raise_for_status()
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        done = have if resumed else 0
        length = response.headers.get("Content-Length")
        total = done + int(length) if length else None
        with archive.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_raw():  # as they come: a chunk that waits to be full is lost on a break
                file.write(chunk)
                done += len(chunk)
                progress(done, total)


def _verify(archive: Path, published: Published, sha256: str | None) -> str:
    """The archive's SHA-256, once it is what it should be."""
    size = archive.stat().st_size
    with archive.open("rb") as file:
        # MD5 is all that the publisher gives; whoever needs more pins a SHA-256
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        file.seek(0)
        brought = hashlib.file_digest(file, "sha256").hexdigest()
    if published.size_bytes and size != published.size_bytes:
        raise _damaged(archive, f"{size} bytes came instead of {published.size_bytes}")
    if published.md5 and md5 != published.md5:
        raise _damaged(archive, "its MD5 is not the published one")
    if sha256 and brought != sha256.lower():
        raise _damaged(archive, "its SHA-256 is not the one given")
    return brought


def _unpack(archive: Path, name: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{name}.") as folder:
        try:
            with zipfile.ZipFile(archive) as bundle:
                _refuse_climbers(archive, bundle)
                _need_space(bundle, target.parent)
                bundle.extractall(folder)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise _damaged(archive, str(error)) from None
        unpacked = Path(folder) / name
        if not unpacked.is_dir():
            raise _damaged(archive, f"it has no folder {name}")
        check_model(unpacked)
        shutil.rmtree(target, ignore_errors=True)  # what stood there was found not to be a model
        unpacked.rename(target)


def _refuse_climbers(archive: Path, bundle: zipfile.ZipFile) -> None:
    for member in bundle.namelist():
        path = PurePosixPath(member.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise _damaged(archive, f"it holds {member}, which would climb out of its folder")


def _need_space(bundle: zipfile.ZipFile, folder: Path) -> None:
    needed = sum(member.file_size for member in bundle.infolist())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise NoSpaceForModel(
            f"The model needs {needed >> 20} MB unpacked; {free >> 20} MB are free.",
            kept="The archive is kept, so it need not be downloaded again.",
            next_step="Make room and fetch again.",
        )


def _damaged(archive: Path, why: str) -> ModelDamaged:
    archive.unlink(missing_ok=True)
    return ModelDamaged(
        f"The downloaded archive is not the model: {why}.",
        kept="Nothing was put in place; the bad archive was removed.",
        next_step="Fetch again; if it stays so, download it by hand and compare.",
    )


def _unreachable(name: str, to: Path, site: str, error: Exception) -> ModelUnreachable:
    return ModelUnreachable(
        f"{site} cannot be reached from here ({error or type(error).__name__}).",
        kept="What was downloaded so far is kept and resumed.",
        next_step=(
            f"Without a network: download {site}/{name}.zip on another machine, unzip it so that {to / name} holds am, "
            f"conf and graph, then `hotline model check {name}`."
        ),
    )
