"""Where sealed samples lie: Django's storage "telemetry", a folder unless the settings say S3 or another."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import Storage, storages

_CHUNK = 1 << 20


def storage() -> Storage:
    """The storage, as the settings are now."""
    return storages["telemetry"]


def sha256_of(content: IO[bytes]) -> str:
    """Of all that can be read from its beginning."""
    content.seek(0)
    digest = hashlib.sha256()
    while chunk := content.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def opened(name: str) -> Iterator[IO[bytes]]:
    """The stored file, to be read. Raises OSError where it is missing."""
    with storage().open(name, "rb") as file:
        yield file


def keep(name: str, content: IO[bytes], sha256: str) -> None:
    """Store the content under this name, sure to stay. What half a crash left there is replaced."""
    if storage().exists(name):
        with opened(name) as there:
            if sha256_of(there) == sha256:
                return
        storage().delete(name)
    content.seek(0)
    stored = storage().save(name, File(content))
    if stored != name:
        raise OSError(f"{name} was stored as {stored}: somebody else writes there")
    _flush(name)


def remove(name: str) -> None:
    """Delete the file; nothing where it is gone."""
    storage().delete(name)


def names_in(folder: str) -> list[str]:
    """The stored files of this folder, without those below."""
    try:
        return [f"{folder}/{name}" for name in storage().listdir(folder)[1]]
    except FileNotFoundError:
        return []


def _flush(name: str) -> None:
    """A folder's file and the entries that lead to it, to the disk. An object store has done so when it answers."""
    try:
        path = Path(storage().path(name))
    except NotImplementedError:
        return
    root: Any = getattr(storage(), "location", path.parent)
    for each in (path, *[folder for folder in path.parents if folder.is_relative_to(root)]):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
