"""A port of ours: opened, closed to newcomers, wound up."""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from app.options import UserError

_KEEPALIVE = 15.0
"""Seconds an idle connection stays; aiohttp also gives a connection this long for its headers."""
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
    site: web.TCPSite

    async def close(self) -> None:
        """Take no new connection; those that are open stay."""
        await self.site.stop()


@asynccontextmanager
async def open_port(
    application: web.Application, host: str, number: int, *, setting: str
) -> AsyncGenerator[Port]:
    """Serve `application` while the block runs. `number` 0 takes a free one.

    Raises UserError where the port cannot be had; `setting` (`port`, `admin_port`) is what the
    person would change.
    """
    runner = web.AppRunner(
        application,
        handle_signals=False,
        handler_cancellation=True,
        access_log=None,
        keepalive_timeout=_KEEPALIVE,
        shutdown_timeout=_LAST_WORDS,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, number, backlog=_BACKLOG)
        try:
            await site.start()
        except OSError as error:
            raise UserError(_trouble(host, number, setting, error)) from None
        bound = runner.addresses[0][1]
        yield Port(bound, _url(host, bound), site)
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
