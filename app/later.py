"""What a start loads once it serves: half of the program, which the first requests do without."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from app.admin.local import LocalAdmin
    from app.admin.parts import Parts
    from app.port import Port

OpenAdmin: TypeAlias = (
    "Callable[[AsyncExitStack, Parts], Awaitable[tuple[LocalAdmin, Port | None]]]"
)


def load_the_rest() -> OpenAdmin:
    """Returns what opens the admin port. For a thread: requests are served meanwhile."""
    # What refusals mean; `proxy.attempts` asks for it at the first one.
    import_module("proxy.limits.refusals")
    from app.web.listen import open_admin

    return open_admin
