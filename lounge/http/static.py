"""The browser's client, as built: a few files, held in memory with their validators and compressed forms."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import Route

from lounge.errors import NotFound
from lounge.http.operation import error_response

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

HASHED: Final = "assets/"
"""Where the build puts files whose names change with their content."""

IMMUTABLE: Final = "public, max-age=31536000, immutable"
REVALIDATE: Final = "no-cache"

_PAGES: Final = re.compile(
    r"(|cases|cases/[^/]+|new|lounges|rooms/[^/]+|notices|pager|pager/duty|pulse|me|design|sign-in)"
)
_TEXT: Final = re.compile(r"text/|application/(json|javascript|manifest\+json)|image/svg")
_WORTH_COMPRESSING: Final = 1024


class File(Struct, frozen=True):
    """One file as it is sent; `packed` is its gzip form where that is smaller."""

    content: bytes
    packed: bytes | None
    etag: str
    media: str
    cache: str


class Static:
    """Serves the client; unknown paths of its own routes get its one page."""

    def __init__(self, folder: Path) -> None:
        """Read all files of `folder`; a folder that is not there is a client that was not built."""
        self._files = {
            path.relative_to(folder).as_posix(): _load(path, path.relative_to(folder).as_posix())
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def route(self) -> Route:
        """Return the route that takes whatever no other does."""
        return Route("/{path:path}", self._serve, methods=["GET"], name="static")

    async def _serve(self, request: Request) -> Response:
        path = request.path_params["path"]
        if path in self._files:
            return _sent(request, self._files[path], HTTPStatus.OK)
        known = _PAGES.fullmatch(path) is not None
        if not known and not _reader(request, path):
            return error_response(NotFound())
        if "index.html" not in self._files:
            return error_response(NotFound("the client is not built: run make build"))
        # Whoever mistyped an address is told so by the page, not by a line for programs.
        return _sent(request, self._files["index.html"], HTTPStatus.OK if known else HTTPStatus.NOT_FOUND)


def _sent(request: Request, file: File, status: HTTPStatus) -> Response:
    headers = {"etag": file.etag, "cache-control": file.cache, "vary": "accept-encoding"}
    if status is HTTPStatus.OK and file.etag in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, status, {**headers, "content-encoding": "gzip"}, file.media)
    return Response(file.content, status, headers, file.media)


def _reader(request: Request, path: str) -> bool:
    """Tell whether somebody looks for a page here: a browser says so, and programs and parts of pages live elsewhere."""
    return "text/html" in request.headers.get("accept", "") and not path.startswith((HASHED, "api/"))


def _load(path: Path, name: str) -> File:
    content = path.read_bytes()
    media = mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = None
    if _TEXT.match(media) and len(content) >= _WORTH_COMPRESSING:
        # mtime 0: the same file is the same bytes on every node.
        packed = gzip.compress(content, mtime=0)
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:20]}"'
    return File(content, packed, etag, media, IMMUTABLE if name.startswith(HASHED) else REVALIDATE)
