"""A port of ours: opened, closed to newcomers, wound up."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from app.connection import Connection, Refuse
from app.options import UserError

_LAST_WORDS = 1.0
"""Seconds for handlers that still run when the port is wound up."""
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
    application: web.Application, host: str, number: int, *, setting: str, refuse: Refuse
) -> AsyncGenerator[Port]:
    """Serve `application` while the block runs. `number` 0 takes a free one.

    `refuse` answers what never reached the application. Raises UserError where the port cannot be
    had; `setting` (`port`, `admin_port`) is what the person would change.
    """
    runner = web.AppRunner(
        application,
        handle_signals=False,
        handler_cancellation=True,
        shutdown_timeout=_LAST_WORDS,
    )
    await runner.setup()
    try:
        server = runner.server
        assert server is not None
        try:
            listener = await asyncio.get_running_loop().create_server(
                lambda: Connection(server, refuse), host, number, backlog=_BACKLOG
            )
        except OSError as error:
            raise UserError(_trouble(host, number, setting, error)) from None
        try:
            bound = listener.sockets[0].getsockname()[1]
            yield Port(bound, _url(host, bound), listener)
        finally:
            listener.close()
    finally:
        await runner.cleanup()


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
