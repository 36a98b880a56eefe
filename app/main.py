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
from app.ground import Ground, RunsAlready, saved_limits
from app.later import load_the_rest
from app.logs import Logs
from app.memory import give_back, keep_the_heap_whole
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
    from app.contract import Admin
    from app.demo.player import Player
    from screens.shell import Look

log = logging.getLogger("429chain")

_FLUSH_TIME = 5.0
"""Seconds that the last rows of the request log may take at the end."""
_CUT_OFF_TIME = 1.0
"""Seconds for cut-off requests to tell their clients."""
_YOUNG = 10_000
"""New objects after which the collector looks for garbage in circles. Python's own 700 are three
requests, whose objects, not yet done with, it then looks through again and again: 6 % of the CPU.
"""


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
        from screens.shell import Shell, Surroundings

        surroundings = Surroundings(address=urlsplit(target.url).netloc, attached=True)
        return Shell(admin, surroundings, _look(ui), elapsed=SystemClock().now)

    return asyncio.run(show_attached(target, draw, mouse=ui.mouse))


def _look(ui: UiSettings) -> Look:
    from screens.shell import Look

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
        # What the start made lives as long as the process: not for the collector to walk, not
        # even once (that held up the first requests for 50 ms, and found next to nothing).
        gc.freeze()
        gc.enable()
        gc.set_threshold(_YOUNG, 10, 10)
        await self._until_stop(admin, configured, port, player)
        if player is not None:
            player.pause()
        port.close()
        await _drain(engine, server, configured.loaded.settings.server.shutdown_grace)

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
        self, admin: Admin, configured: Configured, port: Port, player: Player | None
    ) -> None:
        """Serve until told to stop, or until the terminal interface is left."""
        if not self._shown:
            await self._signals.stop.wait()
            return
        ui = configured.loaded.settings.ui
        shell = self._shell(admin, configured.loaded, port, player)
        self._logs.leave_terminal()
        self._exit_code = await show(shell, self._signals.stop, mouse=ui.mouse)
        self._logs.return_to_terminal()
        from app.words import parting_words

        write_out(parting_words(await admin.status(), self._logs.where))

    def _shell(self, admin: Admin, loaded: Loaded, port: Port, player: Player | None) -> Interface:
        from app.connect import recipe_for
        from screens.shell import Shell, Surroundings

        settings = loaded.settings
        surroundings = Surroundings(
            address=urlsplit(port.url).netloc,
            client_key=client_key(loaded),
            toggle_demo=player.toggle if player is not None else None,
            demo_plays=player is not None and player.playing,
            recipe=partial(recipe_for, root=port.url, chain=settings.routing.default_chain),
            shutdown_grace_s=settings.server.shutdown_grace,
        )
        return Shell(admin, surroundings, _look(settings.ui), elapsed=self._clock.now)


async def _drain(engine: Engine, server: Server, grace: float) -> None:
    """Take no new request, let running answers end for `grace` seconds, then cut them off."""
    server.stopping = True
    engine.line.close()
    if running := len(engine.in_flight):
        log.info("stopping; requests still running: %d, at most %g s more", running, grace)
    try:
        async with asyncio.timeout(grace):
            await engine.idle.wait()
    except TimeoutError:
        log.warning("requests cut off: %d", len(engine.in_flight))
        engine.interrupt()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CUT_OFF_TIME):
                await engine.idle.wait()
