"""The terminal interface on an instance that runs elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from app.contract import AdminError
from app.instance_address import Target, connected
from app.options import UserError
from app.signals import Signals
from app.standard_streams import write_out
from app.status import told
from app.terminal import Draw, show, window_closed


async def show_attached(target: Target, draw: Draw, *, mouse: bool) -> int:
    """Show it until it is left; returns the exit code. Raises UserError.

    The instance goes on.
    """
    signals = Signals(closed=window_closed)
    signals.listen()
    async with connected(target) as admin:
        try:
            await admin.status()
        except AdminError as error:
            raise UserError(told(error)) from None
        code = await show(draw(admin), signals.stop, mouse=mouse)
    write_out(f"The instance on {urlsplit(target.url).netloc} goes on.\n")
    return signals.exit_code or code
