"""Outgoing connections: guarded, kept for the next request, and prepared once per provider."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType

from yarl import URL

from proxy.addresses import literal_address, reach_of_address
from proxy.breakage import ForbiddenAddress
from proxy.dialing import Peer, dial
from proxy.model import Provider
from proxy.providers.adapter import CHAT
from proxy.upstream_connection import Answered, UpstreamConnection

USER_AGENT = "429chain"
"""Of our own: NVIDIA answers the OpenAI SDK's with 403 (HKUDS/Vibe-Trading#528, 2026-07)."""

_KEEP = 15.0
"""Seconds for which a connection waits for another request."""


class Pool:
    """The connections to one peer that wait for another request."""

    __slots__ = ("_allowed", "_idle", "_peer", "_sweeping")

    def __init__(self, peer: Peer, allowed: Callable[[str, int], bool]) -> None:
        self._peer = peer
        self._allowed = allowed
        self._idle: list[UpstreamConnection] = []
        self._sweeping: asyncio.TimerHandle | None = None

    def take(self) -> UpstreamConnection | None:
        """The one that was used last, the least likely to be closed by now."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        return None

    async def dial(self, patience: float) -> UpstreamConnection:
        """A new one. Raises NoConnection, also after `patience` seconds."""
        return await dial(
            self._peer,
            lambda: UpstreamConnection(self._put_back),
            allowed=self._allowed,
            patience=patience,
        )

    def _put_back(self, connection: UpstreamConnection) -> None:
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.append(connection)
        if self._sweeping is None:
            self._sweeping = loop.call_later(_KEEP, self._sweep)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        oldest = loop.time() - _KEEP
        found, self._idle = self._idle, []
        for connection in found:
            if connection.usable and connection.idle_since > oldest:
                self._idle.append(connection)
            else:
                connection.abort()
        self._sweeping = loop.call_later(_KEEP, self._sweep) if self._idle else None

    def close(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        while self._idle:
            self._idle.pop().abort()


@dataclass(frozen=True, slots=True)
class Prepared:
    """All of a provider's request that is the same each time."""

    post: bytes
    """The head of a chat request, up to the number of its bytes."""
    headers: bytes
    """Of every request, the key among them: not for logs."""
    pool: Pool
    local_pool: Pool
    """Of connections to loopback and private addresses."""
    allowed: bool
    """Its literal address, if it is one, may be connected to."""
    allowed_locally: bool


def request_headers(provider: Provider) -> dict[str, str]:
    """The headers of every request to the provider, its key among them: not for logs."""
    headers = {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "user-agent": USER_AGENT,
        **provider.preset.headers,
    }
    if provider.key is not None:
        key = provider.key.get_secret_value()
        name = provider.preset.key_header
        headers[name] = f"Bearer {key}" if name == "authorization" else key
    for name, value in provider.headers.items():
        headers[name.lower()] = value.get_secret_value()
    return headers


class Connections:
    """Where requests go out. `async with`; `post` sends a chat request."""

    def __init__(self) -> None:
        self.own_ports: frozenset[int] = frozenset()
        """Ports that this program listens on: a provider there would be a loop."""
        self._prepared: dict[tuple[Provider, str], Prepared] = {}
        self._pools: dict[tuple[Peer, bool], Pool] = {}

    async def __aenter__(self) -> Connections:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pool in self._pools.values():
            pool.close()
        # A transport is closed in the loop's next turn.
        await asyncio.sleep(0)

    def _may_connect(self, host: str, port: int) -> bool:
        reach = reach_of_address(ip_address(host.partition("%")[0]))
        return reach != "refused" and not (reach == "loopback" and port in self.own_ports)

    def _may_connect_locally(self, host: str, port: int) -> bool:
        reach = reach_of_address(ip_address(host.partition("%")[0]))
        return reach in ("loopback", "private") and self._may_connect(host, port)

    def forget(self) -> None:
        """The configuration changed: prepare anew what is asked for."""
        self._prepared.clear()

    def prepared(self, provider: Provider, path: str = CHAT) -> Prepared:
        prepared = self._prepared.get((provider, path))
        if prepared is None:
            prepared = self._prepared[provider, path] = self._prepare(provider, path)
        return prepared

    def _prepare(self, provider: Provider, path: str) -> Prepared:
        url = URL(provider.base_url + path)
        host, port = url.host or "", url.port or 0
        peer = Peer(host, port, tls=url.scheme == "https")
        literal = literal_address(host)
        fields = {"host": url.host_port_subcomponent or "", "accept": "*/*"}
        headers = _field_lines({**fields, **request_headers(provider)})
        return Prepared(
            post=b"POST %b HTTP/1.1\r\n%bcontent-length: " % (url.raw_path_qs.encode(), headers),
            headers=headers,
            pool=self._pool(peer, local_only=False),
            local_pool=self._pool(peer, local_only=True),
            allowed=literal is None or self._may_connect(str(literal), port),
            allowed_locally=literal is None or self._may_connect_locally(str(literal), port),
        )

    def _pool(self, peer: Peer, *, local_only: bool) -> Pool:
        allowed = self._may_connect_locally if local_only else self._may_connect
        return self._pools.setdefault((peer, local_only), Pool(peer, allowed))

    async def post(
        self,
        provider: Provider,
        body: bytes,
        *,
        path: str = CHAT,
        local_only: bool,
        fresh: bool,
        use: ConnectionUse,
    ) -> Answered:
        """Send a request to a path below the base URL; returns when the answer's head has come.

        `fresh` takes a new connection. Raises NoConnection, or what `breakage.BROKEN` lists.
        """
        prepared = self.prepared(provider, path)
        if not (prepared.allowed_locally if local_only else prepared.allowed):
            raise ForbiddenAddress
        pool = prepared.local_pool if local_only else prepared.pool
        connection = None if fresh else pool.take()
        if connection is None:
            connection = await pool.dial(provider.timeouts.connect)
        else:
            use.reused = True
        use.sent = True
        return await _ask(connection, b"%b%d\r\n\r\n%b" % (prepared.post, len(body), body))

    async def get(self, provider: Provider, path: str) -> Answered:
        """GET a path below the provider's base URL that costs no quota (models, key)."""
        prepared = self.prepared(provider)
        if not prepared.allowed:
            raise ForbiddenAddress
        target = URL(provider.base_url + path).raw_path_qs.encode()
        # On a fresh one: not worth the case of a connection that the provider has closed meanwhile.
        connection = await prepared.pool.dial(provider.timeouts.connect)
        return await _ask(connection, b"GET %b HTTP/1.1\r\n%b\r\n" % (target, prepared.headers))


async def _ask(connection: UpstreamConnection, request: bytes) -> Answered:
    try:
        return await connection.ask(request)
    except BaseException:
        # Left or too late: nobody will read the answer.
        connection.abort()
        raise


def _field_lines(headers: dict[str, str]) -> bytes:
    """Raises ValueError for what would end its line."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if any(end in line for line in lines for end in "\r\n\0"):
        raise ValueError("a header that holds a line break")
    return "\r\n".join([*lines, ""]).encode()


class ConnectionUse:
    """What a request did with its connection."""

    __slots__ = ("reused", "sent")

    def __init__(self) -> None:
        self.reused = False
        """It went out on a connection that had been used before."""
        self.sent = False
        """Something of it has been written: the provider may count it."""
