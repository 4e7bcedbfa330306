"""Style sheets, scripts and pictures: served from where they lie, compressed when they are first asked for.

What was compressed is kept beside the data, under a name that another version of the file doesn't have.
"""

import gzip
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import brotli
import structlog
from django.conf import settings
from whitenoise.compress import Compressor
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import Response, StaticFile

WORTHWHILE: Final = 0.95
"""Of its size: a file that doesn't become smaller than that is sent as it is."""
QUALITY: Final = 6
"""Of 9 for gzip and 11 for brotli: a tenth of the time that the last twelfth of the size would take."""
logger = structlog.get_logger(__name__)
COMPRESS: Final = {
    "br": lambda data: brotli.compress(data, quality=QUALITY),
    "gzip": lambda data: gzip.compress(data, QUALITY, mtime=0),
}
WORTH_TRYING: Final = Compressor(quiet=True).should_compress


class CompressedFiles(WhiteNoiseMiddleware):
    """Answers with files, each in the smallest encoding that the browser accepts."""

    def get_static_file(self, path: str, url: str, stat_cache: Mapping[str, Any] | None = None) -> StaticFile:
        plain: StaticFile = super().get_static_file(path, url, stat_cache=stat_cache)
        return InEncodings(path, plain) if WORTH_TRYING(path) else plain


class InEncodings(StaticFile):
    """A file that is compressed when it is first asked for."""

    def __init__(self, path: str, plain: StaticFile) -> None:
        self.__dict__.update(plain.__dict__)
        self.path, self.is_ready = path, False

    def get_response(self, method: str, request_headers: Mapping[str, str]) -> Response:
        if not self.is_ready:
            _, _, headers = self.alternatives[-1]
            stated = [header for header in headers if header[0] not in {"Content-Length", "Last-Modified", "ETag"}]
            super().__init__(self.path, stated, encodings=encoded(Path(self.path)))
            self.is_ready = True
        return super().get_response(method, request_headers)


def encoded(file: Path) -> dict[str, str]:
    """The paths of the file in other encodings, made where they aren't there yet; none where nothing can be written."""
    try:
        return made(file)
    except OSError as error:
        logger.warning("files.uncompressed", file=str(file), error=str(error))
        return {}


def made(file: Path) -> dict[str, str]:
    facts = file.stat()
    name = blake2b(f"{file} {facts.st_size} {facts.st_mtime_ns}".encode(), digest_size=16).hexdigest()
    folder = Path(settings.DATA_DIR) / "compressed"
    folder.mkdir(parents=True, exist_ok=True)
    data, found = b"", {}
    for encoding, compress in COMPRESS.items():
        kept = folder / f"{name}.{encoding}"
        if not kept.exists():
            data = data or file.read_bytes()
            small = compress(data)
            # An empty one says that it isn't worth while.
            put(kept, small if len(small) <= WORTHWHILE * len(data) else b"")
        if kept.stat().st_size:
            found[encoding] = str(kept)
    return found


def put(target: Path, data: bytes) -> None:
    """All of it at once, whoever else is at it."""
    part = target.with_suffix(f"{target.suffix}.{id(data):x}")
    part.write_bytes(data)
    part.replace(target)
