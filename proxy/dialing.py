"""Opening a connection to an upstream: name, address, TCP, TLS, each judged.

Where a host really leads is judged on the address that is connected to, not on its name: DNS may
answer otherwise the second time (rebinding).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from functools import cache
from typing import NamedTuple, TypeVar

from aiohappyeyeballs import (
    start_connection,  # pyright: ignore[reportUnknownVariableType] - an address is a bare tuple
)

from proxy.breakage import ForbiddenAddress, NoConnection

_NEXT_ADDRESS = 0.25
"""Seconds until a host's next address is tried beside one that is silent (RFC 8305)."""

_Protocol = TypeVar("_Protocol", bound=asyncio.Protocol)


class Peer(NamedTuple):
    """Who is called."""

    host: str
    port: int
    tls: bool


async def dial(
    peer: Peer,
    protocol: Callable[[], _Protocol],
    *,
    allowed: Callable[[str, int], bool],
    patience: float,
) -> _Protocol:
    """A new connection to one of the host's addresses that `allowed(address, port)` lets pass.

    Raises NoConnection, also when there is none within `patience` seconds.
    """
    try:
        async with asyncio.timeout(patience):
            tls = await asyncio.to_thread(_trusting) if peer.tls else None
            connected = await _connect(peer, allowed)
            _, made = await asyncio.get_running_loop().create_connection(
                protocol, sock=connected, ssl=tls, server_hostname=peer.host if tls else None
            )
            return made
    except NoConnection:
        raise
    except TimeoutError:
        raise NoConnection("no connection within timeouts.connect") from None
    except ssl.CertificateError:
        raise NoConnection("its TLS certificate is not trusted") from None
    except ssl.SSLError:
        raise NoConnection("no TLS connection") from None
    except socket.gaierror:
        raise NoConnection("its host name is not known") from None
    except (OSError, UnicodeError):
        # A host that no DNS name can be made of is a UnicodeError.
        raise NoConnection("the connection was refused") from None


async def _connect(peer: Peer, allowed: Callable[[str, int], bool]) -> socket.socket:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(peer.host, peer.port, type=socket.SOCK_STREAM)
    usable = [info for info in found if allowed(str(info[4][0]), peer.port)]
    if not usable:
        raise ForbiddenAddress
    return await start_connection(usable, happy_eyeballs_delay=_NEXT_ADDRESS)


@cache
def _trusting() -> ssl.SSLContext:
    """Trusts what the system trusts. Made once, in a thread: it reads files."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
