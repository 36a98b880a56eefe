"""The lifecycle: everything is started in order and stopped in reverse. The only module that
knows everything."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.admin.parts import Parts
from app.configured import Configured, client_key, secrets_of
from app.console import WATCHED, narrate, tell_start
from app.drain import drain
from app.ground import Ground, RunsAlready, saved_limits
from app.later import load_the_rest
from app.logs import Logs
from app.memory import collect_less, give_back, keep_the_heap_whole
from app.options import Options, UserError
from app.port import Port, open_port
from app.savings import Savings
from app.signals import Signals
from app.standard_streams import write_out
from app.tasks import supervised
from app.terminal import Interface, can_show, show, window_closed
from proxy.bus import Bus
from proxy.clock import Clock, SystemClock
from proxy.engine import Engine
from proxy.providers.presets import load_presets
from proxy.server import Server
from store.config_file import remove_leftovers
from store.database import Database
from store.recorder import BATCH, FEED_SIZE, RECORDED, Recorder
from store.retention import prune_daily
from store.settings import UiSettings
from store.settings_load import Loaded

if TYPE_CHECKING:
    from app.admin.local import LocalAdmin
    from app.contract import Admin
    from app.demo.player import Player
    from screens.shell import Look

log = logging.getLogger("429chain")

_FLUSH_TIME = 5.0
"""Seconds that the last rows of the request log may take at the end."""


def serve(options: Options) -> int:
    """Run until told to stop; returns the exit code. Raises UserError when it can't start."""
    keep_the_heap_whole()
    # What we write holds keys and who asked what: nobody else reads it.
    os.umask(0o077)
    shown = not options.no_tui and can_show()
    try:
        return asyncio.run(_Instance(options, shown=shown).run())
    except RunsAlready as running:
        if not shown or running.url is None:
            raise
        gc.enable()
        return attach(options, url=running.url, insecure=False)


def attach(options: Options, *, url: str | None, insecure: bool) -> int:
    """The terminal interface on an instance that runs elsewhere; returns the exit code.

    Raises UserError.
    """
    if not can_show():
        raise UserError("attach needs a terminal; 429chain status asks without one")
    # What asks an admin API is of no use to a start that serves one.
    from app.attached import show_attached
    from app.instance_address import find_target, own_settings

    target = find_target(options, url=url, insecure=insecure)
    ui = own_settings(options, os.environ).ui

    def draw(admin: Admin) -> Interface:
        from app.own_theme import keep_own_theme
        from screens.shell import Shell
        from screens.surroundings import Surroundings

        keep = partial(keep_own_theme, options=options, environ=os.environ)
        surroundings = Surroundings(
            address=urlsplit(target.url).netloc, attached=True, keep_theme=keep
        )
        return Shell(admin, surroundings, _look(ui), elapsed=SystemClock().now)

    return asyncio.run(show_attached(target, draw, mouse=ui.mouse))


def _look(ui: UiSettings) -> Look:
    from screens.surroundings import Look

    return Look(ui.theme, ui.symbols, ui.motion, ui.mouse, ui.keys)


class _Instance:
    """One running 429chain."""

    def __init__(self, options: Options, *, shown: bool) -> None:
        self._options = options
        self._shown = shown
        self._clock: Clock = SystemClock()
        self._bus = Bus()
        self._presets = load_presets()
        self._logs = Logs(options.log_level, stderr=True)
        self._signals = Signals(closed=window_closed if shown else None)
        # The demo is the same everywhere: what is set for the real thing does not count in it.
        self._environ: Mapping[str, str] = {} if options.demo else os.environ
        self._exit_code = 0
        self._hurried = False
        self._ground = Ground(
            options=options,
            clock=self._clock,
            presets=self._presets,
            logs=self._logs,
            signals=self._signals,
            environ=self._environ,
            process_environ=os.environ,
            shown=shown,
        )

    async def run(self) -> int:
        try:
            async with AsyncExitStack() as stack:
                await self._live(stack)
        except UserError:
            raise
        except Exception:
            # The last boundary: Python's own traceback would pass no redactor.
            log.critical("429chain failed", exc_info=True)
            return 1
        finally:
            self._logs.close()
        return self._signals.exit_code or self._exit_code

    async def _live(self, stack: AsyncExitStack) -> None:
        """From start to stop; what the stack holds is undone in reverse."""
        self._signals.listen()
        loaded = await self._ground.load(stack)
        self._logs.know(secrets_of(loaded))
        database, lock = await self._ground.open_store(stack)
        if loaded.path is not None:
            with suppress(OSError):
                remove_leftovers(loaded.path)
        engine = await stack.enter_async_context(Engine(self._clock, self._bus))
        engine.ledger.restore(await saved_limits(database))
        savings = Savings()
        recorder = await self._record(stack, database, engine, savings)

        def apply(fresh: Loaded) -> None:
            engine.configure(fresh.configuration, self._logs.know(secrets_of(fresh)))
            savings.configure(fresh.configuration, fresh.settings.savings.reference)

        apply(loaded)
        configured = Configured(
            loaded,
            presets=self._presets,
            options=self._options,
            bus=self._bus,
            apply=apply,
            environ=self._environ,
        )
        server = Server(engine)
        settings = loaded.settings.server
        port = await stack.enter_async_context(
            open_port(server.connections(), settings.host, settings.port, setting="port")
        )
        engine.connections.own_ports = frozenset({port.number, settings.admin_port} - {0})
        parts = Parts(
            engine=engine,
            configured=configured,
            database=database,
            recorder=recorder,
            options=self._options,
            price=savings.price,
            base_url=f"{port.url}/v1",
        )
        open_admin = await asyncio.to_thread(load_the_rest)
        admin, admin_port = await open_admin(stack, parts)
        lock.announce(admin_port.url if admin_port is not None else None, serves=port.url)
        await stack.enter_async_context(supervised("price list", savings.run_after_the_start))
        await self._background(stack, engine, configured, database)
        tell_start(loaded, self._options, f"{port.url}/v1", shown=self._shown)
        if self._options.demo:
            from app.demo.greeting import greet

            greet(f"{port.url}/v1", admin_port.url if admin_port else None, settings.admin_token)
        player = await self._play(stack, port) if self._options.demo else None
        collect_less()
        await self._until_stop(admin, configured, port, player)
        if player is not None:
            player.pause()
        port.close()
        grace = configured.loaded.settings.server.shutdown_grace
        await drain(engine, server, 0.0 if self._hurried else grace)

    # Starting.

    async def _record(
        self, stack: AsyncExitStack, database: Database, engine: Engine, savings: Savings
    ) -> Recorder:
        feed = stack.enter_context(self._bus.subscribe(*RECORDED, size=FEED_SIZE, many=BATCH))
        recorder = Recorder(
            database, feed, self._bus, changes=engine.ledger.changes, price=savings.price
        )

        async def flush() -> None:
            left = await recorder.flush(_FLUSH_TIME)
            if left:
                log.warning("%d rows of the request log could not be written", left)

        # Left in reverse: the loop is cancelled first, then what it had not written is.
        stack.push_async_callback(flush)
        await stack.enter_async_context(supervised("recorder", recorder.run))
        told = stack.enter_context(self._bus.subscribe(*WATCHED, size=1000))
        await stack.enter_async_context(supervised("console", lambda: narrate(told)))
        return recorder

    async def _background(
        self, stack: AsyncExitStack, engine: Engine, configured: Configured, database: Database
    ) -> None:
        async def prune() -> None:
            await prune_daily(database, lambda: configured.loaded.settings.log.retain_days)

        async def reload() -> None:
            await configured.reload_whenever(self._signals.reload)

        for name, run in (
            ("retention", prune),
            ("inquiries", engine.inquiries.run),
            ("config watch", configured.watch),
            ("reload", reload),
            ("memory", give_back),
        ):
            await stack.enter_async_context(supervised(name, run))

    async def _play(self, stack: AsyncExitStack, port: Port) -> Player:
        from app.demo.player import start_player

        return await start_player(stack, f"{port.url}/v1", playing=not self._options.quiet)

    async def _until_stop(
        self, admin: LocalAdmin, configured: Configured, port: Port, player: Player | None
    ) -> None:
        """Serve until told to stop, or until the terminal interface is left."""
        if not self._shown:
            await self._signals.stop.wait()
            return
        ui = configured.loaded.settings.ui
        shell = self._shell(admin, configured, port, player)
        self._logs.leave_terminal()
        self._exit_code = await show(shell, self._signals.stop, mouse=ui.mouse)
        self._hurried = shell.hurried
        self._logs.return_to_terminal()
        from app.words import parting_words

        write_out(parting_words(await admin.status(), self._logs.where))

    def _shell(
        self, admin: LocalAdmin, configured: Configured, port: Port, player: Player | None
    ) -> Interface:
        from app.connect import recipe_for
        from screens.shell import Shell
        from screens.surroundings import Surroundings

        loaded = configured.loaded
        settings = loaded.settings
        surroundings = Surroundings(
            address=urlsplit(port.url).netloc,
            client_key=client_key(loaded),
            toggle_demo=player.toggle if player is not None else None,
            demo_plays=player is not None and player.playing,
            recipe=partial(recipe_for, root=port.url, chain=settings.routing.default_chain),
            shutdown_grace_s=settings.server.shutdown_grace,
            keep_theme=admin.keep_theme,
            kept_theme=lambda: configured.loaded.settings.ui.theme,
        )
        return Shell(admin, surroundings, _look(settings.ui), elapsed=self._clock.now)
