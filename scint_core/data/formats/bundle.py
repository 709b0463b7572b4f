"""The files of a folder or a zip behind one face: their names, and each as a bounded stream."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scint_core.data.guard import LIMITS, quoted
from scint_core.data.guard_text import bounded
from scint_core.errors import FileError


@dataclass(frozen=True)
class Bundle:
    """`names` are paths inside the bundle, in order; `file` the quoted name of the bundle."""

    names: tuple[PurePosixPath, ...]
    file: str
    _folder: Path | None = None
    _archive: zipfile.ZipFile | None = None

    @contextmanager
    def open(self, name: PurePosixPath) -> Iterator[io.BufferedReader]:
        """One file as a stream of decompressed bytes."""
        what = f"{quoted(name)} in {self.file}"
        if self._archive is not None:
            info = self._archive.getinfo(str(name))
            with self._archive.open(info) as source, bounded(source, what, max(info.compress_size, 1)) as stream:
                yield stream
        else:
            path = Path(str(self._folder)) / name
            with path.open("rb") as source, bounded(source, what, path.stat().st_size) as stream:
                yield stream


def zip_bundle(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], file: str) -> Bundle:
    return Bundle(tuple(PurePosixPath(e.filename) for e in entries), file, _archive=archive)


def folder_bundle(folder: Path, file: str) -> Bundle:
    """The plain files below a folder, at most two levels down (samples in folders of their own)."""
    found = sorted(p for pattern in ("*", "*/*", "*/*/*") for p in folder.glob(pattern) if p.is_file())
    if len(found) > LIMITS.zip_entries:
        raise FileError(
            f"folder {file} holds too many files: {len(found):,}, the limit is {LIMITS.zip_entries}; "
            "give the folder with the matrix alone"
        )
    names = (PurePosixPath(p.relative_to(folder).as_posix()) for p in found)
    return Bundle(tuple(n for n in names if not n.name.startswith(".")), file, _folder=folder)
