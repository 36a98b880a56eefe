"""Which client a key belongs to, compared in constant time as bytes."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256

from proxy.client_request import ClientRequest
from proxy.model import Client


def presented_key(request: ClientRequest) -> bytes | None:
    """The key of `Authorization: Bearer K` or `x-api-key: K`; None if missing or contradictory."""
    headers = request.headers
    offered: set[bytes] = set()
    for value in headers.getall("authorization", ()):
        scheme, _, key = value.strip().partition(" ")
        if scheme.lower() != "bearer":
            return None
        offered.add(key.strip().encode("utf-8", "surrogateescape"))
    for value in headers.getall("x-api-key", ()):
        offered.add(value.strip().encode("utf-8", "surrogateescape"))
    offered.discard(b"")
    return offered.pop() if len(offered) == 1 else None


class Keys:
    """The client keys of one configuration, as digests."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._digests = [
            (sha256(key.get_secret_value().encode()).digest(), client)
            for client in clients
            for key in client.keys
        ]

    def client(self, key: bytes | None) -> Client | None:
        """The client of that key. Takes as long whichever key matches, or none."""
        if not key:
            return None
        digest = sha256(key).digest()
        found = None
        for known, client in self._digests:
            if hmac.compare_digest(known, digest):
                found = client
        return found
