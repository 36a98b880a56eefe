"""Opening the admin port beside the proxy's."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack

from app.admin.local import LocalAdmin
from app.admin.parts import Parts
from app.connection import connections
from app.port import Port, open_port
from app.web.answers import unheard_answer
from app.web.api import AdminServer
from app.web.page import Page

log = logging.getLogger("429chain")


async def open_admin(stack: AsyncExitStack, parts: Parts) -> tuple[LocalAdmin, Port | None]:
    """The instance's `Admin`, and its port unless that is switched off. Raises UserError."""
    admin = LocalAdmin(parts)
    await admin.start(stack)
    loaded = parts.configured.loaded
    server = loaded.settings.server
    if server.admin_port == 0:
        return admin, None
    face = AdminServer(admin, parts.configured, parts.engine.clock, parts.database)
    await face.remember_ended()
    application = face.application()
    (await asyncio.to_thread(Page)).add_to(face, application)
    port = await stack.enter_async_context(
        open_port(
            connections(application, unheard_answer),
            server.host,
            server.admin_port,
            setting="admin_port",
        )
    )
    if server.admin_token is None:
        log.warning(
            "admin API at %s: every token is refused until server.admin_token is set "
            '(admin_token = "env:CHAIN429_ADMIN_TOKEN")',
            port.url,
        )
    else:
        log.info("web view and admin API: %s", port.url)
    return admin, port
