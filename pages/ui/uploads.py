"""Uploaded files on disk: streamed there as they arrive, kept under the digest of their content."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from scint_core.contract.folders import state_folder

_RESERVE = 200 << 20  # bytes of the disk that are left free
_DIGEST = re.compile(r"[0-9a-f]{40}")


class UploadRefused(Exception):
    """The upload cannot be kept; the message is for the person who sent it."""


@dataclass(frozen=True)
class Upload:
    """One uploaded file: `id` is the digest of its content, `name` what its owner calls it."""

    id: str
    name: str
    size: int

    @property
    def path(self) -> Path:
        return upload_path(self.id)


def uploads_folder() -> Path:
    folder = state_folder() / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def upload_path(upload_id: str) -> Path:
    """Where the content of an upload lies. Raises `UploadRefused` for what is not an upload's id."""
    if not _DIGEST.fullmatch(upload_id):
        raise UploadRefused("There is no such upload.")
    return uploads_folder() / upload_id


async def receive(chunks: AsyncIterator[bytes], name: str, announced: int | None) -> Upload:
    """Write an upload to disk as it arrives, without holding it in memory. A cut upload leaves nothing behind."""
    folder = uploads_folder()
    _require_space(folder, announced or 0)
    digest, size = hashlib.blake2b(digest_size=20), 0
    handle, temporary = tempfile.mkstemp(prefix=".arriving-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            async for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                if size % (64 << 20) < len(chunk):
                    _require_space(folder, 0)
        if announced is not None and size != announced:
            raise UploadRefused(f"The upload was cut: {size} of {announced} bytes arrived. Send it again.")
        os.replace(temporary, folder / digest.hexdigest())
    except OSError as error:
        raise UploadRefused(f"The file could not be stored ({error.strerror}): free some disk space.") from error
    finally:
        Path(temporary).unlink(missing_ok=True)
    return Upload(digest.hexdigest(), name, size)


def _require_space(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if free - wanted < _RESERVE:
        raise UploadRefused(
            f"The disk of the server has {free / 1e6:.0f} MB left, too little for this file: free some space."
        )
