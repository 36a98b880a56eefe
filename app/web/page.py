"""The web page's files: one page, read once, served to anybody. What it shows wants the token."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Protocol

from aiohttp import hdrs, web

from app.web.api import Handler

_TYPES = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class Routes(Protocol):
    """Where routes that need no token are added."""

    def open(self, app: web.Application, method: str, path: str, handler: Handler) -> None: ...


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file as it goes out. `packed` is the same, gzipped."""

    body: bytes
    packed: bytes
    media: str
    tag: str
    keep: str
    """How long a browser may keep it, as Cache-Control says it."""


class Page:
    """The page's files in memory. Those that it loads lie in a folder named by what all hold.

    So they may be kept for ever: a newer version has other names. All names are relative, for a
    proxy may serve the page under a path of its own.
    """

    def __init__(self) -> None:
        folder = files(__package__ or __name__).joinpath("page")
        texts = {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}
        digest = sha256()
        for name in sorted(texts):
            digest.update(b"%s %d\n" % (name.encode(), len(texts[name])) + texts[name])
        self._digest = digest.hexdigest()[:16]
        index = _index(texts.pop("index.html"), texts, self._digest)
        self._index = _file("index.html", index, _ASK_AGAIN)
        self._files = {name: _file(name, body, _FOR_EVER) for name, body in texts.items()}

    def add_to(self, server: Routes, app: web.Application) -> None:
        """Open `/` and the folder of what it loads."""
        for method in ("GET", "HEAD"):
            server.open(app, method, "/", self._send_index)
            server.open(app, method, "/page/{digest}/{name}", self._send)

    async def _send_index(self, request: web.Request) -> web.Response:
        return _answer(request, self._index)

    async def _send(self, request: web.Request) -> web.Response:
        file = self._files.get(request.match_info["name"])
        if file is None or request.match_info["digest"] != self._digest:
            raise web.HTTPNotFound
        return _answer(request, file)


def _index(text: bytes, names: Iterable[str], digest: str) -> bytes:
    """With the names of this version, and all modules asked for at once, not one after another."""
    modules = sorted(name for name in names if name.endswith(".js"))
    links = "".join(f'  <link rel="modulepreload" href="page/{name}">\n' for name in modules)
    text = text.replace(b"</head>", links.encode() + b"</head>")
    return text.replace(b'"page/', f'"page/{digest}/'.encode())


def _file(name: str, body: bytes, keep: str) -> PageFile:
    media = _TYPES[name.rpartition(".")[2]]
    packed = gzip.compress(body, 9, mtime=0)
    return PageFile(body, packed, media, sha256(body).hexdigest()[:32], keep)


def _answer(request: web.Request, file: PageFile) -> web.Response:
    headers = {
        hdrs.ETAG: f'"{file.tag}"',
        hdrs.CACHE_CONTROL: file.keep,
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
    }
    known = request.if_none_match
    if known is not None and any(tag.value in ("*", file.tag) for tag in known):
        return web.Response(status=304, headers=headers)
    body = file.body
    if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        headers[hdrs.CONTENT_ENCODING] = "gzip"
        body = file.packed
    return web.Response(body=body, headers=headers, content_type=file.media, charset="utf-8")
