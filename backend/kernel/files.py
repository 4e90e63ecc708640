"""Where recordings rest: a folder by default, any object store that fsspec knows in production."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import fsspec
from fsspec.spec import AbstractFileSystem

from backend.kernel.errors import HotlineError, NotFound, Unavailable
from backend.kernel.ids import new_id

_CHUNK = 1 << 20
_PROBE = b"hotline"
_LONGEST_DETAIL = 300
_PARTIAL = "partial"


class FileMissing(NotFound):
    """The store does not hold the file that the record names."""


class StoreAway(Unavailable):
    """The store does not answer, or not as it should; `facts` have what it said."""


class FileStore:
    """Files under one root address, such as a folder or `s3://bucket/prefix`.

    A file is written under its whole name only when it is complete: first among the partial ones, then moved.
    """

    def __init__(self, root: str) -> None:
        self._files: AbstractFileSystem
        self._files, self._root = fsspec.core.url_to_fs(root)

    @property
    def address(self) -> str:
        """Where it is."""
        return str(self._files.unstrip_protocol(self._root))

    def probe(self) -> None:
        """Write a small file, read it and remove it. Raises what the store raises, each kind its own."""
        path = self._path(f"probe-{new_id().hex}")
        self._files.makedirs(self._root, exist_ok=True)
        self._files.pipe_file(path, _PROBE)
        read = self._files.cat_file(path)
        self._files.rm_file(path)
        if read != _PROBE:
            raise OSError("It gives other bytes back than it was given.")

    def put(self, local: Path, key: str) -> str:
        """Store the local file under `key`; returns its SHA-256 (64 hex digits). Storing it again is harmless.

        Raises `StoreAway`.
        """
        with self._answering():
            self._put(local, key)
        return sha256_of(local)

    def _put(self, local: Path, key: str) -> None:
        target = self._path(key)
        # two workers may store the same file at once: each writes it under a name of its own
        partial = self._path(f"{_PARTIAL}/{new_id().hex}")
        for path in (target, partial):
            self._files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        try:
            self._files.put_file(str(local), partial)
            self._files.mv(partial, target)
        except BaseException:
            with suppress(OSError):
                self._files.rm_file(partial)
            raise

    def forget_partial(self, before: datetime) -> int:
        """Remove what was begun before this moment by processes that were killed over it; returns how many files.

        Raises `StoreAway`.
        """
        with self._answering():
            try:
                begun = self._files.ls(self._path(_PARTIAL), detail=False)
            except FileNotFoundError:
                return 0
            left = [path for path in begun if self._files.modified(path) < before]
            for path in left:
                with suppress(FileNotFoundError):
                    self._files.rm_file(path)
            return len(left)

    def size(self, key: str) -> int:
        """Bytes of the stored file. Raises `FileMissing` and `StoreAway`."""
        with self._answering():
            try:
                return int(self._files.size(self._path(key)))
            except FileNotFoundError as error:
                raise FileMissing(f"The store holds no file {key}.", next_step="Restore it from the backup.") from error

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in chunks."""
        size = self.size(key)
        end = size if end is None else min(end, size)
        with self._files.open(self._path(key), "rb") as source:
            source.seek(start)
            left = end - start
            while left > 0 and (chunk := source.read(min(_CHUNK, left))):
                left -= len(chunk)
                yield chunk

    def fetch(self, key: str, local: Path) -> None:
        """Copy the stored file to a local path. Raises `FileMissing` and `StoreAway`."""
        self.size(key)
        with self._answering():
            self._files.get_file(self._path(key), str(local))

    def remove(self, key: str) -> None:
        """Remove the stored file; one that is gone already is no error."""
        with suppress(FileNotFoundError):
            self._files.rm_file(self._path(key))

    def exists(self, key: str) -> bool:
        """Whether the store holds the file."""
        return bool(self._files.exists(self._path(key)))

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Each kind of store has errors of its own; what goes wrong here is told by one name."""
        try:
            yield
        except (HotlineError, FileNotFoundError):
            raise
        except Exception as error:
            raise StoreAway(
                f"The store {self.address} does not work: {type(error).__name__}: {error}",
                kept="What it holds stays as it is.",
                next_step="It is tried again by itself; see that the store is up, has room and lets this worker in.",
                facts={"detail": f"{type(error).__name__}: {error}"[:_LONGEST_DETAIL]},
            ) from error

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"


def sha256_of(path: Path) -> str:
    """SHA-256 of a local file as 64 hex digits."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Write a local file whole or not at all, whoever reads or writes it at the same time."""
    fresh = path.with_name(f"{path.name}.{new_id().hex[:8]}.new")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
