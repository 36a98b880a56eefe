"""Outgoing connections: pooled, guarded, and prepared once per provider.

Where a host really leads is judged on the address that is connected to, not on its name: DNS may
answer otherwise the second time (rebinding).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from types import SimpleNamespace, TracebackType

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from proxy.addresses import literal_address, reach_of_address
from proxy.model import Provider
from proxy.providers.adapter import CHAT

USER_AGENT = "429chain"
"""Of our own: NVIDIA answers the OpenAI SDK's with 403 (HKUDS/Vibe-Trading#528, 2026-07)."""


class ForbiddenAddress(OSError):
    """A host led to an address that no request may go to."""


class GuardedResolver(AbstractResolver):
    """The system's resolver without the addresses that `allowed` refuses."""

    def __init__(self, allowed: Callable[[str, int], bool]) -> None:
        self._resolver = aiohttp.ThreadedResolver()
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        usable = [result for result in found if self._allowed(result["host"], port)]
        if not usable:
            raise ForbiddenAddress(f"{host} leads to an address that is refused")
        return usable

    async def close(self) -> None:
        await self._resolver.close()


@dataclass(frozen=True, slots=True)
class Prepared:
    """All of a provider's request that is the same each time."""

    url: URL
    headers: dict[str, str]
    timeout: aiohttp.ClientTimeout
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
    """The pools of outgoing connections. `async with`; `post` sends a chat request."""

    def __init__(self) -> None:
        self.own_ports: frozenset[int] = frozenset()
        """Ports that this program listens on: a provider there would be a loop."""
        self._prepared: dict[tuple[Provider, str], Prepared] = {}

    async def __aenter__(self) -> Connections:
        self._open = self._session(self._may_connect)
        self._local = self._session(self._may_connect_locally)
        self._fresh = self._session(self._may_connect, force_close=True)
        self._fresh_local = self._session(self._may_connect_locally, force_close=True)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for session in (self._open, self._local, self._fresh, self._fresh_local):
            await session.close()
        # Closing TLS connections takes one more turn of the loop (aiohttp's documentation).
        await asyncio.sleep(0)

    @staticmethod
    def _session(
        allowed: Callable[[str, int], bool], *, force_close: bool = False
    ) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        trace.on_request_headers_sent.append(_note_sent)
        connector = aiohttp.TCPConnector(
            limit=0, resolver=GuardedResolver(allowed), use_dns_cache=False, force_close=force_close
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[trace],
            auto_decompress=True,
            raise_for_status=False,
        )

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
            url = URL(provider.base_url + path)
            literal = literal_address(url.host or "")
            port = url.port or 0
            prepared = Prepared(
                url=url,
                headers=request_headers(provider),
                # The rest of the deadlines are ours (`Deadlines`): aiohttp's are per read.
                timeout=aiohttp.ClientTimeout(total=None, connect=provider.timeouts.connect),
                allowed=literal is None or self._may_connect(str(literal), port),
                allowed_locally=literal is None or self._may_connect_locally(str(literal), port),
            )
            self._prepared[provider, path] = prepared
        return prepared

    async def post(
        self,
        provider: Provider,
        body: bytes,
        *,
        path: str = CHAT,
        local_only: bool,
        fresh: bool,
        use: ConnectionUse,
    ) -> aiohttp.ClientResponse:
        """Send a request to a path below the base URL; returns when the answer's head has come.

        `fresh` takes a new connection. Raises what aiohttp raises, ForbiddenAddress among it.
        """
        prepared = self.prepared(provider, path)
        if not (prepared.allowed_locally if local_only else prepared.allowed):
            raise ForbiddenAddress(f"{prepared.url.host} is an address that is refused")
        if fresh:
            session = self._fresh_local if local_only else self._fresh
        else:
            session = self._local if local_only else self._open
        return await session.post(
            prepared.url,
            data=body,
            headers=prepared.headers,
            timeout=prepared.timeout,
            allow_redirects=False,
            trace_request_ctx=use,
        )

    async def get(self, provider: Provider, path: str, *, timeout: float) -> aiohttp.ClientResponse:
        """GET a path below the provider's base URL that costs no quota (models, key)."""
        prepared = self.prepared(provider)
        if not prepared.allowed:
            raise ForbiddenAddress(f"{prepared.url.host} is an address that is refused")
        return await self._open.get(
            URL(provider.base_url + path),
            headers=prepared.headers,
            timeout=aiohttp.ClientTimeout(total=timeout),
            allow_redirects=False,
        )


class ConnectionUse:
    """What a request did with its connection."""

    __slots__ = ("reused", "sent")

    def __init__(self) -> None:
        self.reused = False
        """It went out on a connection that had been used before."""
        self.sent = False
        """Something of it has been written: the provider may count it."""


async def _note_reuse(
    session: aiohttp.ClientSession,
    context: SimpleNamespace,
    params: aiohttp.TraceConnectionReuseconnParams,
) -> None:
    use = context.trace_request_ctx
    if isinstance(use, ConnectionUse):
        use.reused = True


async def _note_sent(
    session: aiohttp.ClientSession,
    context: SimpleNamespace,
    params: aiohttp.TraceRequestHeadersSentParams,
) -> None:
    use = context.trace_request_ctx
    if isinstance(use, ConnectionUse):
        use.sent = True
