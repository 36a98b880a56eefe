"""Requests that no server should take: http-garden's payload classes, and other protocols."""

from __future__ import annotations

from tests.faults.product import CLIENT_KEY
from tests.peers.stage import CHAT

_BODY = b'{"model":"free","messages":[{"role":"user","content":"SMUGGLED"}]}'
_HOST = b"Host: 127.0.0.1\r\n"
_KEY = b"Authorization: Bearer " + CLIENT_KEY.encode() + b"\r\n"
_JSON = b"Content-Type: application/json\r\n"
_LENGTH = b"Content-Length: %d\r\n" % len(_BODY)
_CHUNKED = b"Transfer-Encoding: chunked\r\n"
_CHUNK = b"%x\r\n" % len(_BODY) + _BODY + b"\r\n0\r\n\r\n"


def post(*fields: bytes, body: bytes = _BODY, version: bytes = b"HTTP/1.1") -> bytes:
    """A chat request with the right key and these header lines, however wrong."""
    head = b"POST " + CHAT.encode() + b" " + version + b"\r\n"
    return head + b"".join(fields) + _KEY + _JSON + b"\r\n" + body


FRAMING = {
    "length and chunked": post(_HOST, _LENGTH, _CHUNKED, body=_CHUNK),
    "chunked and length": post(_HOST, _CHUNKED, _LENGTH, body=_CHUNK),
    "two lengths": post(_HOST, _LENGTH, b"Content-Length: 5\r\n"),
    "the same length twice": post(_HOST, _LENGTH, _LENGTH),
    "a length with a plus": post(_HOST, b"Content-Length: +%d\r\n" % len(_BODY)),
    "a negative length": post(_HOST, b"Content-Length: -1\r\n"),
    "a length in hexadecimal": post(_HOST, b"Content-Length: 0x43\r\n"),
    "a length with underscores": post(_HOST, b"Content-Length: 6_7\r\n"),
    "a length of other digits": post(_HOST, "Content-Length: ٦٧\r\n".encode()),
    "an empty length": post(_HOST, b"Content-Length: \r\n"),
    "a huge length": post(_HOST, b"Content-Length: 99999999999999999999999\r\n"),
    "a list of lengths": post(_HOST, b"Content-Length: 67, 67\r\n"),
    "an unknown coding": post(_HOST, b"Transfer-Encoding: xchunked\r\n", body=_CHUNK),
    "chunked, then identity": post(_HOST, b"Transfer-Encoding: chunked, identity\r\n", body=_CHUNK),
    "chunked twice": post(_HOST, b"Transfer-Encoding: chunked, chunked\r\n", body=_CHUNK),
    "chunked with a tab": post(_HOST, b"Transfer-Encoding:\x0bchunked\r\n", body=_CHUNK),
    "chunked in HTTP/1.0": post(_HOST, _CHUNKED, body=_CHUNK, version=b"HTTP/1.0"),
    "a chunk size in 0x": post(_HOST, _CHUNKED, body=b"0x43\r\n" + _BODY + b"\r\n0\r\n\r\n"),
    "a negative chunk size": post(_HOST, _CHUNKED, body=b"-43\r\n" + _BODY + b"\r\n0\r\n\r\n"),
    "a chunk size with underscores": post(
        _HOST, _CHUNKED, body=b"4_3\r\n" + _BODY + b"\r\n0\r\n\r\n"
    ),
    "a chunk longer than it says": post(_HOST, _CHUNKED, body=b"3\r\n" + _BODY + b"\r\n0\r\n\r\n"),
    "a bare LF in a chunk extension": post(
        _HOST, _CHUNKED, body=b"43;x\n" + _BODY + b"\r\n0\r\n\r\n"
    ),
    "bare LF in chunk lines": post(_HOST, _CHUNKED, body=b"43\n" + _BODY + b"\n0\n\n"),
    "a blank before the colon": post(_HOST, b"Content-Length : %d\r\n" % len(_BODY)),
    "a folded header": post(_HOST, _LENGTH, b"X-A: b\r\n c\r\n"),
    "a folded first header": post(b" Host: a\r\n", _HOST, _LENGTH),
    "a header without a colon": post(_HOST, _LENGTH, b"nonsense\r\n"),
    "a header without a name": post(_HOST, _LENGTH, b": b\r\n"),
    "NUL in a header": post(_HOST, _LENGTH, b"X-A: b\x00c\r\n"),
    "CR in a header": post(_HOST, _LENGTH, b"X-A: b\rc\r\n"),
    "bare LF lines": post(_HOST, _LENGTH).replace(b"\r\n", b"\n"),
    "no host": post(_LENGTH),
    "two hosts": post(_HOST, b"Host: evil.example\r\n", _LENGTH),
    "a header line of 64 KiB": post(_HOST, _LENGTH, b"X-A: " + b"a" * 65536 + b"\r\n"),
    "a thousand headers": post(_HOST, _LENGTH, b"X-A: b\r\n" * 1000),
    "a target of 64 KiB": b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\n" + _HOST + b"\r\n",
    "HTTP/9.9": b"GET /health HTTP/9.9\r\n" + _HOST + b"\r\n",
    "HTTP/1": b"GET /health HTTP/1\r\n" + _HOST + b"\r\n",
    "no version": b"GET /health\r\n\r\n",
    "no method": b" /health HTTP/1.1\r\n" + _HOST + b"\r\n",
    "a method of other letters": b"G\xc3\x89T /health HTTP/1.1\r\n" + _HOST + b"\r\n",
}
"""Answered 400 (or not at all), and the connection closed: what follows is never a request."""

PROTOCOLS = {
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(189),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "SOCKS": b"\x05\x01\x00",
    "NUL": bytes(4096),
    "noise": bytes(range(256)) * 8 + b"\r\n\r\n",
    "RTSP": b"DESCRIBE rtsp://127.0.0.1/a RTSP/1.0\r\nCSeq: 1\r\n\r\n",
}
"""Other protocols on our port."""

_REST = _LENGTH + _KEY + _JSON + b"\r\n" + _BODY
FOREIGN_TARGETS = {
    "a whole URL": b"POST http://evil.example/v1/chat/completions HTTP/1.1\r\n" + _HOST + _REST,
    "our own URL": b"POST http://127.0.0.1/v1/chat/completions HTTP/1.1\r\n" + _HOST + _REST,
    "an authority": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\n" + _HOST + b"\r\n",
    "two slashes": b"POST //evil.example/v1/chat/completions HTTP/1.1\r\n" + _HOST + _REST,
    "a path without a slash": b"POST v1/chat/completions HTTP/1.1\r\n" + _HOST + _REST,
    "dots": b"POST /health/../../admin HTTP/1.1\r\n" + _HOST + _REST,
    "encoded dots": b"POST /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + _HOST + _REST,
    "NUL in the path": b"POST /v1/%00/chat HTTP/1.1\r\n" + _HOST + _REST,
    "bytes in the path": b"POST /\xff\xfe HTTP/1.1\r\n" + _HOST + _REST,
    "half an escape": b"POST /%zz%f HTTP/1.1\r\n" + _HOST + _REST,
}
"""Targets that name no route of ours: 4xx, and no upstream is asked."""

ODD_HOSTS = (
    b"evil.example",
    b"evil.com:80/..@x",
    b"[::1]:99999",
    b"[::1",
    b"a b",
    b"127.0.0.1:port",
    b"%00",
    b"",
    b"\xff",
    b"x" * 5000,
)
"""The proxy port wants a key, and no more: these may be served or refused, but never break it."""


def with_host(host: bytes) -> bytes:
    return post(b"Host: " + host + b"\r\n", _LENGTH)
