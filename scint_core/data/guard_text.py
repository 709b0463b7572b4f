"""Compressed and plain text as one stream of bytes that ends with a sentence where it grows absurd or breaks off."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from typing import IO, Any

from scint_core.data.guard import LIMITS, gigabytes, reason
from scint_core.errors import FileError

GZIP_SIGNATURE = b"\x1f\x8b"


class BoundedStream(io.RawIOBase):
    """Bytes of `source`, decompressed if it is gzip (told by content), never more than the limits allow.

    `stored` is the size of the compressed data in bytes, `what` the quoted name for sentences.
    """

    def __init__(self, source: IO[bytes], what: str, stored: int) -> None:
        head = source.read(2)
        source.seek(0)
        self.is_gzip = head == GZIP_SIGNATURE
        self._source: IO[bytes] = gzip.GzipFile(fileobj=source) if self.is_gzip else source  # type: ignore[assignment]
        self._what = what
        self._stored = stored
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            got = self._source.read(len(buffer))
        except EOFError:
            raise FileError(f"{self._what} is truncated: its compressed data end too early; copy it again") from None
        except (gzip.BadGzipFile, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
            raise FileError(
                f"{self._what} is damaged: it cannot be decompressed ({reason(error)}); copy it again"
            ) from None
        self._count += len(got)
        self._guard()
        buffer[: len(got)] = got
        return len(got)

    def _guard(self) -> None:
        if self._count > LIMITS.text_bytes:
            raise FileError(
                f"{self._what} is too large: over the limit of {gigabytes(LIMITS.text_bytes)} of "
                "uncompressed text; store it as .h5ad or 10x .h5"
            )
        if self._count > max(LIMITS.text_always_fine, LIMITS.text_expansion * self._stored):
            raise FileError(
                f"{self._what} expands to more than {LIMITS.text_expansion} times its {self._stored:,} "
                "bytes, over the limit for uncompressed text: too large an expansion for real data"
            )


def bounded(source: IO[bytes], what: str, stored: int) -> io.BufferedReader:
    """`source` as a buffered, bounded stream of decompressed bytes."""
    return io.BufferedReader(BoundedStream(source, what, stored), 1 << 20)


def decoded_lines(stream: io.BufferedReader, what: str) -> Any:
    """Lines of text one by one, without a BOM. Bytes that are not UTF-8 come as surrogates, for `repaired`."""
    first = True
    while True:
        line = stream.readline(LIMITS.line_bytes)
        if not line:
            return
        if len(line) == LIMITS.line_bytes:
            raise FileError(
                f"{what} has a line of more than {LIMITS.line_bytes:,} bytes, over the limit: it is no table of counts"
            )
        yield line.decode("utf-8-sig" if first else "utf-8", "surrogateescape")
        first = False


def repaired(text: str) -> str:
    """A name with bytes that are not UTF-8, read as Latin-1, the usual encoding of older Windows tables."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    return text
