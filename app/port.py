"""A port of ours: opened, closed to newcomers, wound up."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from app.options import UserError

_BACKLOG = 1024
_ANY = ("0.0.0.0", "::", "")


@dataclass(frozen=True, slots=True)
class Port:
    """An open port."""

    number: int
    url: str
    """`http://127.0.0.1:4290`: where a program on this machine finds it."""
    listener: asyncio.Server

    def close(self) -> None:
        """Take no new connection; those that are open stay."""
        self.listener.close()


@asynccontextmanager
async def open_port(
    connections: AbstractAsyncContextManager[Callable[[], asyncio.BaseProtocol]],
    host: str,
    number: int,
    *,
    setting: str,
) -> AsyncGenerator[Port]:
    """Listen while the block runs. `number` 0 takes a free one.

    `connections` makes a connection for each client, and closes those that are left at its end.
    Raises UserError where the port cannot be had; `setting` (`port`, `admin_port`) is what the
    person would change.
    """
    async with connections as connection:
        try:
            listener = await asyncio.get_running_loop().create_server(
                connection, host, number, backlog=_BACKLOG
            )
        except OSError as error:
            raise UserError(_trouble(host, number, setting, error)) from None
        try:
            bound = listener.sockets[0].getsockname()[1]
            yield Port(bound, _url(host, bound), listener)
        finally:
            listener.close()


def _url(host: str, port: int) -> str:
    name = "127.0.0.1" if host in _ANY else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _trouble(host: str, port: int, setting: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        flag = "--" + setting.replace("_", "-")
        return (
            f"address {host}:{port} is in use: stop what listens there, or choose another port "
            f"with {flag} or server.{setting}"
        )
    if error.errno is None or error.errno == errno.EADDRNOTAVAIL:
        # From Python 3.13 on asyncio says without a number that it could not bind.
        reason = "this machine has no such address"
    elif error.errno > 0:
        # asyncio's own text would name the address once more.
        reason = os.strerror(error.errno)
    else:
        # A resolver's numbers are negative.
        reason = error.strerror or str(error)
    return (
        f"cannot listen on {host}:{port}: {reason.lower()} (see server.host and server.{setting})"
    )
